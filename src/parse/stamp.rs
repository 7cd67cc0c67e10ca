//! Times at the beginning of a logger's lines, for logs that are imported.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

/// A time as a line gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    /// With its offset from UTC.
    Exact(DateTime<chrono::FixedOffset>),
    /// By the clock on the wall.
    Local(NaiveDateTime),
}

/// Bytes at the beginning of a line that are looked at.
const HEAD: usize = 80;
/// Most words in front of a time: `[rank0]: INFO 2026-…`.
const WORDS: usize = 5;

/// The first time in the beginning of a line. `year` is for stamps that have none.
pub fn find(line: &str, year: i32) -> Option<Stamp> {
    let mut end = line.len().min(HEAD);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    let head = &line[..end];
    let words: Vec<&str> = head
        .split([' ', '[', ']', '(', ')', '|', '\t'])
        .filter(|word| !word.is_empty())
        .take(WORDS + 1)
        .collect();
    words.iter().enumerate().find_map(|(i, word)| {
        let next = words.get(i + 1).copied();
        both(word).or_else(|| {
            let time = time(next?)?;
            Some(Stamp::Local(date(word, year)?.and_time(time)))
        })
    })
}

/// `2025-01-01T00:00:13.1Z`, `2025-01-01T00:00:13+01:00`, `2025-01-01T00:00:13`, `2025-01-01_00:00:13`.
fn both(word: &str) -> Option<Stamp> {
    let word = word.trim_matches([',', ':', '-']);
    if let Ok(exact) = DateTime::parse_from_rfc3339(word) {
        return Some(Stamp::Exact(exact));
    }
    let (day, clock) = word.split_once(['T', '_'])?;
    Some(Stamp::Local(date(day, 0)?.and_time(time(clock)?)))
}

/// `2026-11-23`, `2025/06/22`, `11/23/2026`, and without a year `11/23` or glog's `I1123`.
fn date(word: &str, year: i32) -> Option<NaiveDate> {
    let parts: Vec<&str> = word.split(['-', '/']).collect();
    let number = |text: &str| {
        let digits =
            !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse::<u32>().ok()).flatten()
    };
    match parts.as_slice() {
        [a, b, c] if a.len() == 4 => {
            NaiveDate::from_ymd_opt(number(a)?.cast_signed(), number(b)?, number(c)?)
        }
        [a, b, c] if c.len() == 4 => {
            NaiveDate::from_ymd_opt(number(c)?.cast_signed(), number(a)?, number(b)?)
        }
        [a, b] if year > 0 => NaiveDate::from_ymd_opt(year, number(a)?, number(b)?),
        [word] if year > 0 => {
            let digits = word.strip_prefix(['I', 'W', 'E', 'F', 'D'])?;
            let digits = (digits.len() == 4).then_some(digits)?;
            NaiveDate::from_ymd_opt(year, number(&digits[..2])?, number(&digits[2..])?)
        }
        _ => None,
    }
}

/// `12:25:36`, with a fraction behind a point or a comma.
fn time(word: &str) -> Option<NaiveTime> {
    let word = word.trim_end_matches([':', ',', 'Z', '-']);
    let word = word.replace(',', ".");
    NaiveTime::parse_from_str(&word, "%H:%M:%S%.f").ok()
}

impl Stamp {
    /// Nanoseconds since the Unix epoch; `local` says what the wall's clock means.
    pub fn unix_nanos(self, local: impl Fn(NaiveDateTime) -> Option<i128>) -> Option<i128> {
        match self {
            Self::Exact(exact) => exact.timestamp_nanos_opt().map(i128::from),
            Self::Local(naive) => local(naive),
        }
    }

    /// The stamp without a year's guess: a log that runs over New Year goes on in the next one.
    #[must_use]
    pub fn after(self, earlier: Self) -> Self {
        match (self, earlier) {
            (Self::Local(now), Self::Local(before))
                if before - now > TimeDelta::days(180) && before.year() == now.year() =>
            {
                let date = now.date().with_year(now.year() + 1);
                Self::Local(date.unwrap_or(now.date()).and_time(now.time()))
            }
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(line: &str) -> String {
        match find(line, 2024) {
            Some(Stamp::Exact(exact)) => exact.to_rfc3339(),
            Some(Stamp::Local(local)) => local.to_string(),
            None => "-".to_owned(),
        }
    }

    #[test]
    fn times_of_loggers_are_read() {
        for (line, time) in [
            (
                "2026-11-23 12:25:36,405 - train - INFO - loss=1",
                "2026-11-23 12:25:36.405",
            ),
            (
                "[rank0]: 2026-11-23 12:25:36.405 | INFO | loss=1",
                "2026-11-23 12:25:36.405",
            ),
            (
                "2025-01-01T00:00:13.5Z stdout F x",
                "2025-01-01T00:00:13.500+00:00",
            ),
            ("[2025-01-01T00:00:13][INFO] x", "2025-01-01 00:00:13"),
            (
                "I1123 12:34:46.313283 1399 f.py:5] x",
                "2024-11-23 12:34:46.313283",
            ),
            ("[07/12 11:20:24 d2.utils.events]: x", "2024-07-12 11:20:24"),
            ("07/12/2025 10:00:13 - INFO - x", "2025-07-12 10:00:13"),
            (
                "[I 2026-11-23 12:22:09,984] Trial",
                "2026-11-23 12:22:09.984",
            ),
            ("epoch 3 loss 0.5", "-"),
            ("step 10/500 12:30:00 left", "-"),
            ("", "-"),
        ] {
            assert_eq!(show(line), time, "{line}");
        }
    }

    #[test]
    fn a_log_without_years_goes_over_new_year() {
        let before = find("[12/31 23:59:59 x]", 2024).unwrap();
        let after = find("[01/01 00:00:01 x]", 2024).unwrap().after(before);
        assert_eq!(after, Stamp::Local("2025-01-01T00:00:01".parse().unwrap()));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_looked_at(text in "[-0-9/:.,TZ \\[\\]Ié]{0,100}") {
            find(&text, 2024);
        }
    }
}
