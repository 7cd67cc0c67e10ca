//! Numbers with their names behind them: `0.25 train loss, 0.91 accuracy`, `250: 1.23, 1.20 avg loss, 0.001 rate`.
//!
//! Text reads this way too (`3 errors were found`), so the rule is strict: a value stands at the beginning of its
//! segment, what follows up to the delimiter is the name, and only metrics' names count.

use super::number::{self, Kind};
use super::words::{Meaning, meaning};
use super::{Found, Pair, scan};
use crate::wire::json::Value;

const DELIMITERS: [char; 4] = [',', ';', '|', '\t'];

/// Pairs of such a line.
pub fn find(line: &str) -> Option<Found> {
    let text = line.trim_start();
    let counter_or_value = text.starts_with(|c: char| c.is_ascii_digit() || "[.-+".contains(c))
        || matches!(
            meaning(text.split([' ', ':']).next().unwrap_or_default()),
            Meaning::Step(_) | Meaning::Epoch
        );
    let has_names = || {
        text.bytes()
            .any(|b| b.is_ascii_alphabetic() || !b.is_ascii())
    };
    if !counter_or_value || !has_names() {
        return None;
    }
    let mut found = Found {
        whole_line: true,
        ..Found::default()
    };
    let mut whole_numbers = true;
    let line = line.replacen(" - ", " , ", 8);
    for (i, segment) in line.split(DELIMITERS).enumerate() {
        let mut segment = segment.trim();
        if i == 0
            && let Some(rest) = counter(segment, &mut found)
        {
            segment = rest;
        }
        let Some(token) = number::next(segment, 0).filter(|token| token.start == 0) else {
            found.whole_line &= segment.is_empty();
            continue;
        };
        let name = segment[token.end..].trim();
        let Kind::Plain(value) = token.kind else {
            continue;
        };
        if name.is_empty() {
            continue;
        }
        let words = name.split(' ').count();
        if words > 3 || name.contains(['=', ':']) || meaning(name) != Meaning::Metric {
            found.whole_line &= words <= 3;
            continue;
        }
        whole_numbers &= matches!(value, Value::Int(_));
        if !found.pairs.iter().any(|pair| pair.key == name) {
            found.pairs.push(Pair {
                key: name.to_owned(),
                value,
            });
        }
    }
    // `1 error, 2 warnings` counts things.
    let counts = whole_numbers && !found.counted();
    (!found.pairs.is_empty() && !counts).then_some(found)
}

/// A counter in front of the first value, and what is behind it: `250: …`, `[250] …`, `epoch 3: …`.
fn counter<'a>(segment: &'a str, found: &mut Found) -> Option<&'a str> {
    let (head, rest) = match segment.strip_prefix('[') {
        Some(inner) => inner.split_once(']')?,
        None => scan::split_two(segment, *b": ").unwrap_or((segment, "")),
    };
    let (name, digits) = head.rsplit_once(' ').unwrap_or(("step", head));
    let Some(Value::Int(count)) = number::parse(digits) else {
        return None;
    };
    match meaning(name) {
        Meaning::Step(rank) => found.step(count, rank),
        Meaning::Epoch => found.epoch = Some(count as f64),
        _ => return None,
    }
    Some(rest.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(line: &str) -> String {
        find(line).map_or("-".into(), |found| found.show())
    }

    #[test]
    fn names_stand_behind_their_numbers() {
        for (line, pairs) in [
            (
                "0.25 train loss, 0.91 accuracy",
                "train loss=0.25 accuracy=0.91",
            ),
            (
                " 250: 1.234567, 1.5 avg loss, 0.001000 rate, 2.3 seconds, 16000 images",
                "step 250 avg loss=1.5",
            ),
            ("[7] 3 loss; 50% acc", "step 7 loss=3 acc=50"),
            (
                "step 1200 - 0.5533 train loss, 0.84 accuracy",
                "step 1200 train loss=0.5533 accuracy=0.84",
            ),
            ("1 error, 2 warnings", "-"),
            ("3 errors were found in the loss of 2.5 days", "-"),
            ("loss 0.5, acc 0.9", "-"),
            ("12:30: 0.5 loss", "-"),
        ] {
            assert_eq!(show(line), pairs, "{line}");
        }
    }
}
