//! What launchers and loggers put in front of a message.

use super::scan;
use super::words::{Meaning, meaning};

/// A message and what its prefixes said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Message<'a> {
    pub text: &'a str,
    /// Rank of the process that printed it.
    pub rank: Option<u32>,
    /// The logger's name or event.
    pub logger: Option<&'a str>,
    /// Something was taken off.
    stripped: bool,
}

/// Most prefixes of one line.
const MAX: usize = 6;

fn is_level(word: &str) -> bool {
    matches!(
        word,
        "DEBUG" | "INFO" | "WARNING" | "WARN" | "ERROR" | "CRITICAL" | "NOTICE" | "TRACE"
    )
}

/// Takes the prefixes off a line.
pub fn strip(line: &str) -> Message<'_> {
    let mut message = Message {
        text: line,
        ..Message::default()
    };
    for _ in 0..MAX {
        let text = message.text.trim_start();
        let stripped = rank(text, &mut message)
            .or_else(|| bracket(text, &mut message))
            .or_else(|| stamp(text))
            .or_else(|| glog(text))
            .or_else(|| level(text, &mut message));
        match stripped {
            Some(rest) => {
                message.text = rest;
                message.stripped = true;
            }
            None => break,
        }
    }
    message
}

/// `[rank0]:`, `[Rank 3]`, `[rank:1]`, `[default0]:`, `[1,0]<stdout>:`, `(Name pid=12, ip=…) `, `svc-1  | `.
fn rank<'a>(text: &'a str, message: &mut Message<'a>) -> Option<&'a str> {
    if let Some(inner) = text.strip_prefix('[')
        && let Some((word, rest)) = inner.split_once(']')
    {
        let lower = word.to_ascii_lowercase();
        let digits = ["rank", "default", "gpu"]
            .iter()
            .find_map(|name| lower.strip_prefix(name));
        if let Some(number) =
            digits.and_then(|digits| rank_number(digits.trim_matches([':', ' ', '_', '=', '#'])))
            && (rest.is_empty() || rest.starts_with([':', ' ', '[', '\t']))
        {
            message.rank = Some(number);
            return Some(rest.trim_start_matches(':'));
        }
        // `[1]: epoch 3 …`: the line has a counter of its own, so this is none.
        if let Some(tail) = rest.strip_prefix(": ")
            && let Ok(number) = word.parse()
            && number < 1024
            && matches!(
                meaning(tail.split([' ', '=', ':']).next().unwrap_or_default()),
                Meaning::Epoch | Meaning::Step(_)
            )
        {
            message.rank = Some(number);
            return Some(tail);
        }
        // `[gpu01:0/2] `: host, rank, number of ranks.
        if let Some((host, ranks)) = word.split_once(':')
            && host.starts_with(|c: char| c.is_ascii_alphabetic())
            && let Some((number, total)) = ranks.split_once('/')
            && total.parse::<u32>().is_ok()
            && let Ok(number) = number.parse()
        {
            message.rank = Some(number);
            return Some(rest);
        }
        if let Some(rest) = rest
            .strip_prefix("<stdout>:")
            .or_else(|| rest.strip_prefix("<stderr>:"))
        {
            message.rank = word
                .rsplit(',')
                .next()
                .and_then(|number| number.parse().ok());
            return Some(rest);
        }
    }
    // srun -l: `0: loss …`.
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if (1..=4).contains(&digits)
        && let Some(rest) = text[digits..].strip_prefix(": ")
        && rest.starts_with(char::is_alphabetic)
        && let Ok(number) = text[..digits].parse()
    {
        message.rank = Some(number);
        return Some(rest);
    }
    if let Some((inner, rest)) = text
        .strip_prefix('(')
        .and_then(|text| scan::split_two(text, *b") "))
    {
        if inner.contains("pid=") {
            return Some(rest);
        }
        // `(1/4) ` behind a logger's prefix.
        if message.stripped
            && let Some((number, total)) = inner.split_once('/')
            && let (Ok(number), Ok(total)) = (number.parse::<u32>(), total.parse::<u32>())
            && number < total
        {
            message.rank = Some(number);
            return Some(rest);
        }
        if let Some(number) = inner
            .strip_prefix("rank")
            .and_then(|rank| rank_number(rank.trim_matches(['=', ' ', ':'])))
        {
            message.rank = Some(number);
            return Some(rest);
        }
    }
    let end = memchr::memchr(b' ', text.as_bytes())?;
    let service = &text[..end];
    let rest = text[end..].trim_start_matches(' ').strip_prefix("| ")?;
    let numbered = service
        .rsplit_once('-')
        .is_some_and(|(_, n)| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    (numbered && !service.contains(' ') && !service.starts_with(|c: char| c.is_ascii_digit()))
        .then_some(rest)
}

/// `3`, or `3/8`: this one of so many.
fn rank_number(text: &str) -> Option<u32> {
    text.split(['/', ' ']).next()?.parse().ok()
}

/// `[2025-01-09 15:02:11,004 INFO] `, `[07/12 11:20:24 d2.utils.events]: `, `[I 2026-11-23 …] `, `[INFO] [file.py:96] `,
/// `[LightGBM] [Info] `.
fn bracket<'a>(text: &'a str, message: &mut Message<'a>) -> Option<&'a str> {
    let (inner, rest) = text.strip_prefix('[')?.split_once(']')?;
    let timed = inner.split_whitespace().any(is_time);
    let word = inner.trim();
    let named = is_level(&word.to_ascii_uppercase())
        || word == "LightGBM"
        || (word.contains(".py:") && !word.contains(' '));
    if !timed && !named {
        return None;
    }
    if timed {
        message.logger = inner
            .split_whitespace()
            .last()
            .filter(|word| !is_time(word) && word.starts_with(char::is_alphabetic));
    }
    let rest = rest.trim_start_matches(':');
    Some(logger(rest.trim_start(), message).unwrap_or(rest))
}

/// `trainer.validation: ` behind a level.
fn logger<'a>(text: &'a str, message: &mut Message<'a>) -> Option<&'a str> {
    let (name, rest) = scan::split_two(text, *b": ")?;
    let dotted = name.contains('.')
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._".contains(&b));
    dotted.then(|| {
        message.logger = Some(name);
        rest
    })
}

fn is_time(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    digits >= 5
        && word.bytes().filter(|b| *b == b':').count() == 2
        && word.bytes().all(|b| {
            b.is_ascii_digit() || matches!(b, b':' | b',' | b'.' | b'-' | b'T' | b'Z' | b'+')
        })
}

/// `2026-11-23 12:25:36,405 - `, `11/23/2026 12:34:45 - `, `2025-01-01T00:00:13.1Z stdout F `.
fn stamp(text: &str) -> Option<&str> {
    let mut words = text.splitn(3, ' ');
    let first = words.next()?;
    let date = first.len() >= 8
        && first.starts_with(|c: char| c.is_ascii_digit())
        && first.bytes().filter(|b| matches!(b, b'-' | b'/')).count() == 2;
    if !date {
        return is_time(first).then(|| text[first.len()..].trim_start_matches([' ', '-', '|']));
    }
    let rest = if first.contains('T') {
        &text[first.len()..]
    } else {
        let second = words
            .next()
            .filter(|word| is_time(word.trim_end_matches(':')))?;
        &text[first.len() + 1 + second.len()..]
    };
    let rest = rest.trim_start();
    let rest = rest
        .strip_prefix("stdout F ")
        .or_else(|| rest.strip_prefix("stderr F "))
        .unwrap_or(rest);
    Some(rest.trim_start_matches(['-', '|', ':', ' ']))
}

/// `I1123 12:34:46.313283 1399 f.py:5] `.
fn glog(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    if bytes.len() < 6 || !b"IWEFD".contains(&bytes[0]) {
        return None;
    }
    // Without the time, which stood in front: `I runner.py:310] `.
    if bytes[1] == b' '
        && let Some((place, rest)) = scan::split_two(&text[2..], *b"] ")
        && !place.contains(' ')
        && place.contains(':')
    {
        return Some(rest);
    }
    if !bytes[1..5].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let (head, rest) = scan::split_two(text, *b"] ")?;
    (head.split(' ').nth(1).is_some_and(is_time) && head.contains(':')).then_some(rest)
}

/// `INFO - `, `name - INFO - `, `INFO     | mod:fn:3 - `, `INFO:root:`, `| INFO | train_inner | `, `info     ] `.
fn level<'a>(text: &'a str, message: &mut Message<'a>) -> Option<&'a str> {
    for (i, word) in text.split_whitespace().take(3).enumerate() {
        let bare = word.trim_matches(['[', ']', '|', ':']);
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        if let Some((level, rest)) = word.split_once(':')
            && i == 0
            && is_level(level)
            && !rest.is_empty()
            && let Some((name, _)) = rest.split_once(':')
        {
            message.logger = Some(name);
            return Some(&text[level.len() + 1 + name.len() + 1..]);
        }
        let bracketed = word.starts_with('[') && is_level(&bare.to_ascii_uppercase());
        if !bracketed && !is_level(bare) {
            continue;
        }
        if i > 0 {
            message.logger = text.split_whitespace().next();
        }
        let rest = text[start + word.len()..]
            .trim_start()
            .trim_start_matches([']', '|', '-', ':'])
            .trim_start();
        // `| mod:fn:3 - message` and `| name | message`.
        if let Some((name, tail)) = rest.split_once(" - ").or_else(|| rest.split_once(" | "))
            && !name.contains(' ')
            && !name.contains('=')
        {
            message.logger = Some(name);
            return Some(tail);
        }
        return Some(logger(rest, message).unwrap_or(rest));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_taken_off() {
        for (line, text, rank, logger) in [
            ("plain loss=1", "plain loss=1", None, None),
            (
                "[rank1]:step 0 | loss 2.5",
                "step 0 | loss 2.5",
                Some(1),
                None,
            ),
            ("[default0]:loss=1", "loss=1", Some(0), None),
            ("[1]: epoch 1 loss=1", "epoch 1 loss=1", Some(1), None),
            ("[1]: loss=1", "[1]: loss=1", None, None),
            ("(rank=1) eval loss=1", "eval loss=1", Some(1), None),
            (
                "[gpu01:1/2] 2024-03-05 08:48:24,512 (trainer:311) INFO: loss=1",
                "loss=1",
                Some(1),
                Some("(trainer:311)"),
            ),
            (
                "2024-03-05 10:36:52.871000: I training.py:192] loss=1",
                "loss=1",
                None,
                None,
            ),
            (
                "2024-03-05T10:12:34Z [info] trainer.validation: loss=1",
                "loss=1",
                None,
                Some("trainer.validation"),
            ),
            ("[Rank 3] loss=1", "loss=1", Some(3), None),
            (
                "[rank:1/8][epoch 2] loss=1",
                "[epoch 2] loss=1",
                Some(1),
                None,
            ),
            (
                "[2026-01-01 10:00:00][rank:2] loss=1",
                "loss=1",
                Some(2),
                None,
            ),
            ("[1,3]<stdout>:loss=1", "loss=1", Some(3), None),
            ("0: loss 1", "loss 1", Some(0), None),
            ("(Train pid=12, ip=10.0.0.1) loss=1", "loss=1", None, None),
            ("svc-1  | loss=1", "loss=1", None, None),
            (
                "2026-11-23 12:25:36,405 - __main__ - INFO - loss=1",
                "loss=1",
                None,
                Some("__main__"),
            ),
            (
                "2025-02-03 07:11:02 | INFO | train_inner | epoch 001: loss=1",
                "epoch 001: loss=1",
                None,
                Some("train_inner"),
            ),
            (
                "2026-11-23 12:25:36.405 | INFO     | mod:fn:3 - loss=1",
                "loss=1",
                None,
                Some("mod:fn:3"),
            ),
            (
                "I1123 12:34:46.313283 1399 f.py:5] loss=1",
                "loss=1",
                None,
                None,
            ),
            (
                "[07/12 11:20:24 d2.utils.events]:  eta: 1",
                "  eta: 1",
                None,
                Some("d2.utils.events"),
            ),
            (
                "[I 2026-11-23 12:22:09,984] Trial 0",
                " Trial 0",
                None,
                None,
            ),
            (
                "[2025-01-09 15:02:11,004 INFO] Step 50/100",
                " Step 50/100",
                None,
                Some("INFO"),
            ),
            ("INFO:root:loss=1", "loss=1", None, Some("root")),
            ("[INFO] [file.py:96] loss=1", "loss=1", None, None),
            (
                "2025-01-01T00:00:13.1Z stdout F loss=1",
                "loss=1",
                None,
                None,
            ),
            ("[200] train_loss=0.1", "[200] train_loss=0.1", None, None),
            ("[5]\tauc: 0.5", "[5]\tauc: 0.5", None, None),
        ] {
            let message = strip(line);
            assert_eq!(
                (message.text.trim_start(), message.rank, message.logger),
                (text.trim_start(), rank, logger),
                "{line}"
            );
        }
    }
}
