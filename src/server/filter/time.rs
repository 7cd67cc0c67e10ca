//! Times and durations as people type them.
//!
//! ```text
//! duration  90s  30m  2h  1.5h  1h30m  7d  2w   (a plain number is seconds)
//! time      2026-11-23   2026-11-23T12:25   2026-11-23 12:25:36.5   …Z   …+01:00   (UTC without an offset)
//! ago       -7d  -1h30m
//! ```

use chrono::{DateTime, NaiveDate, NaiveDateTime};

/// A time, and how long the moment lasts that its text names: a day, a minute, a second, or nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// Seconds since the Unix epoch.
    pub start: f64,
    /// Seconds.
    pub length: f64,
}

/// Seconds since the Unix epoch.
pub fn now() -> f64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0.0, |now| now.as_secs_f64())
}

/// The seconds of a duration.
pub fn duration(text: &str) -> Option<f64> {
    if let Some(seconds) = number(text) {
        return Some(seconds);
    }
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let value: f64 = rest[..digits].parse().ok()?;
        let unit = match rest.as_bytes()[digits] {
            b's' => 1.0,
            b'm' => 60.0,
            b'h' => 3600.0,
            b'd' => 86_400.0,
            b'w' => 604_800.0,
            _ => return None,
        };
        seconds += value * unit;
        rest = &rest[digits + 1..];
    }
    (!text.is_empty()).then_some(seconds)
}

/// A time: a date, a date with a time of day, or a duration before now.
pub fn moment(text: &str, now: f64) -> Option<Moment> {
    let exactly = |start| Moment { start, length: 0.0 };
    if let Some(ago) = text.strip_prefix('-') {
        return duration(ago).map(|ago| exactly(now - ago));
    }
    iso(text).or_else(|| number(text).map(exactly))
}

/// A date, or a date with a time of day.
pub fn iso(text: &str) -> Option<Moment> {
    let moment = |micros: i64, length| Moment {
        start: micros as f64 / 1e6,
        length,
    };
    let length = if text.contains('.') { 0.0 } else { 1.0 };
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(moment(time.timestamp_micros(), length));
    }
    let text = text.strip_suffix('Z').unwrap_or(text);
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        let midnight = day.and_hms_opt(0, 0, 0)?;
        return Some(moment(midnight.and_utc().timestamp_micros(), 86_400.0));
    }
    let formats = [
        ("%Y-%m-%dT%H:%M:%S%.f", length),
        ("%Y-%m-%d %H:%M:%S%.f", length),
        ("%Y-%m-%dT%H:%M", 60.0),
        ("%Y-%m-%d %H:%M", 60.0),
    ];
    formats.into_iter().find_map(|(format, length)| {
        let time = NaiveDateTime::parse_from_str(text, format).ok()?;
        Some(moment(time.and_utc().timestamp_micros(), length))
    })
}

/// A finite number; words such as `inf` are none.
pub(super) fn number(text: &str) -> Option<f64> {
    let digits = text.trim_start_matches(['+', '-', '.']);
    let plausible = digits.starts_with(|c: char| c.is_ascii_digit());
    plausible.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        for (text, seconds) in [
            ("90", Some(90.0)),
            ("90s", Some(90.0)),
            ("1.5h", Some(5400.0)),
            ("1h30m", Some(5400.0)),
            ("2w", Some(1_209_600.0)),
            ("", None),
            ("h", None),
            ("1h30", None),
            ("1x", None),
            ("1é", None),
        ] {
            assert_eq!(duration(text), seconds, "{text}");
        }
    }

    #[test]
    fn a_time_lasts_as_long_as_its_text_says() {
        for (text, start, length) in [
            ("2026-11-25", 1_795_564_800.0, 86_400.0),
            ("2026-11-25T12:00", 1_795_608_000.0, 60.0),
            ("2026-11-25 12:00:00", 1_795_608_000.0, 1.0),
            ("2026-11-25T12:00:00.5Z", 1_795_608_000.5, 0.0),
            ("2026-11-25T13:00:00+01:00", 1_795_608_000.0, 1.0),
            ("-1d", 13_600.0, 0.0),
            ("1795608000", 1_795_608_000.0, 0.0),
        ] {
            let moment = moment(text, 100_000.0);
            assert_eq!(moment, Some(Moment { start, length }), "{text}");
        }
        for bad in [
            "",
            "-",
            "tomorrow",
            "2026-13-01",
            "2026-11-25T",
            "7d",
            "--7d",
        ] {
            assert_eq!(moment(bad, 0.0), None, "{bad}");
        }
    }
}
