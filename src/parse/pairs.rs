//! `key=value`, `key = value` and `key: value`, alone or in lists, in any order of delimiters.

use super::words::{Meaning, meaning};
use super::{Found, Pair};
use crate::wire::json::Value;

/// Most pairs of one line.
const MAX_PAIRS: usize = 200;

/// Pairs of a line. A line without `=` or `:` has none.
pub fn find(line: &str) -> Option<Found> {
    let bytes = line.as_bytes();
    memchr::memchr2(b'=', b':', bytes)?;
    let mut pairs = Vec::new();
    // Everything that is neither pair nor delimiter: words of a sentence, paths, settings.
    let mut other = 0usize;
    let mut from = behind_prefix(line);
    while pairs.len() < MAX_PAIRS {
        let Some(at) = memchr::memchr2(b'=', b':', &bytes[from..]).map(|i| from + i) else {
            break;
        };
        let Some((key, key_start)) = key_before(line, from, at) else {
            other += 1;
            from = at + 1;
            continue;
        };
        let spaced = bytes.get(at + 1) == Some(&b' ');
        let value_at = at + 1 + line[at + 1..].len() - line[at + 1..].trim_start_matches(' ').len();
        let Some((value, end)) = value_at_start(&line[value_at..]) else {
            let counted = leading_counter(&line[from..at], &mut pairs);
            other += usize::from(!counted && (bytes[at] == b'=' || spaced));
            from = at + 1;
            continue;
        };
        other += usize::from(leading_words(&line[from..key_start], &mut pairs));
        let end = value_at + end;
        if let Some(value) = value {
            pairs.push(Pair {
                key: key.to_owned(),
                value,
            });
        }
        from = end;
    }
    if pairs.is_empty() {
        return None;
    }
    other += usize::from(has_words(&line[from..]));
    Some(Found {
        pairs,
        whole_line: other == 0,
        may_be_settings: false,
    })
}

/// Where the message begins behind a logger's prefix (`date time - name - LEVEL - `), or 0.
fn behind_prefix(line: &str) -> usize {
    for level in ["INFO", "DEBUG", "WARNING", "ERROR"] {
        for end in [" - ", ": ", "] ", " "] {
            let mark = [level, end].concat();
            if let Some(at) = line.find(&mark)
                && at < 120
            {
                return at + mark.len();
            }
        }
    }
    0
}

/// The key that ends at `at`, no further back than `from`, and where it begins.
fn key_before(line: &str, from: usize, at: usize) -> Option<(&str, usize)> {
    let text = line[from..at].trim_end_matches(' ');
    // The nearest delimiter in front of the key; a single blank may belong to the key of a `key: value`.
    let cut = text
        .rfind([',', ';', '|', '\t', '(', '{', '[', ']', '>', '"', '\''])
        .map_or(0, |i| i + 1);
    let cut = cut.max(text.rfind("  ").map_or(0, |i| i + 2));
    let cut = cut.max(text.rfind(" - ").map_or(0, |i| i + 3));
    let mut key = text[cut..].trim_start_matches(' ');
    if line.as_bytes()[at] == b'=' {
        key = key.rsplit(' ').next().unwrap_or(key);
    }
    // At most three words; more is a sentence, of which the last word counts if it is a metric's name.
    if key.split(' ').count() > 3 || key.starts_with(|c: char| c.is_ascii_digit()) {
        key = key.rsplit(' ').next().unwrap_or(key);
        if meaning(key) == Meaning::Unknown {
            return None;
        }
    }
    let first = key.chars().next()?;
    let good = first.is_alphabetic()
        && key
            .chars()
            .all(|c| c.is_alphanumeric() || "_@.%/'- ".contains(c))
        && !key.contains("//");
    // `--flag=value` is a command line, `a/b.c:` a path with a line number.
    let start = from + text.len() - key.len();
    let before = line[..start].chars().next_back();
    let flag = before == Some('-') || matches!(before, Some('/' | '.' | '?' | '&'));
    (good && !flag && key.len() <= 100).then_some((key, start))
}

/// A number at the start of a text and its length; the number is `None` for what looks like one but is none.
fn value_at_start(text: &str) -> Option<(Option<Value>, usize)> {
    let inner = text.trim_start_matches(['[', '(']);
    let opened = text.len() - inner.len();
    if opened > 1 {
        return None;
    }
    let length = number_length(inner);
    if length == 0 {
        return None;
    }
    let value = number(inner[..length].trim_end_matches('.'))?;
    let mut end = opened + length;
    let mut rest = &text[end..];
    if opened > 0 {
        let close = rest.strip_prefix([']', ')'])?;
        rest = close;
        end += 1;
    }
    if let Some(behind) = rest.strip_prefix('%') {
        return Some((Some(value), end + (rest.len() - behind.len())));
    }
    // 10/500: the first part is the value of a counter.
    if let Some(total) = rest.strip_prefix('/')
        && let digits = number_length(total)
        && digits > 0
        && matches!(value, Value::Int(_))
    {
        let whole = &total[digits..];
        return (!whole.starts_with(|c: char| c.is_alphanumeric() || c == '/'))
            .then_some((Some(value), end + 1 + digits));
    }
    let mut chars = rest.chars();
    if let Some(c) = chars.next()
        && (c.is_alphanumeric() || "/:-.×_+".contains(c))
        && !(c == '.' && chars.next().is_none_or(|c| c == ' '))
    {
        // Dates, versions, times, shapes, hashes, file names, units.
        let length = rest.find([' ', ',', ';', '|', '\t']).unwrap_or(rest.len());
        return Some((None, end + length));
    }
    // A unit as a word of its own: 12.5 s, 43 ms.
    let unit = rest.trim_start_matches(' ');
    if rest.starts_with(' ')
        && let Some(word) = unit.split([' ', ',', ';', '|']).next()
        && matches!(
            word,
            "s" | "ms" | "us" | "ns" | "min" | "h" | "sec" | "secs" | "seconds" | "s/it" | "it/s"
        )
    {
        let length = rest.len() - unit.len() + word.len();
        return Some((None, end + length));
    }
    Some((Some(value), end))
}

/// Length in bytes of the number at the start of a text; 0 if there is none.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    for word in ["nan", "inf", "infinity"].into_iter().rev() {
        if bytes.len() >= at + word.len()
            && bytes[at..at + word.len()].eq_ignore_ascii_case(word.as_bytes())
        {
            return at + word.len();
        }
    }
    let digits = |at: usize| {
        bytes[at.min(bytes.len())..]
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count()
    };
    let whole = digits(at);
    at += whole;
    while bytes.get(at) == Some(&b',') && whole > 0 && whole <= 3 && digits(at + 1) == 3 {
        at += 4;
    }
    if bytes.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if whole == 0 && fraction == 0 {
            return 0;
        }
        // A dot that ends a sentence is no decimal point, but `83.]` has one.
        if fraction > 0 || matches!(bytes.get(at + 1), Some(b']' | b')')) {
            at += 1 + fraction;
        }
    } else if whole == 0 {
        return 0;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at + 1 + sign);
        if exponent > 0 {
            at += 1 + sign + exponent;
        }
    }
    at
}

/// Reads a whole text as a number.
pub fn number(text: &str) -> Option<Value> {
    if text.is_empty() || number_length(text) != text.len() {
        return None;
    }
    let plain = text.replace(',', "");
    if let Ok(i) = plain.parse() {
        return Some(Value::Int(i));
    }
    plain.parse().ok().map(Value::Float)
}

/// Counters in front of a pair that are written without a separator (`Epoch 3: …`, `Step [20/100] …`).
/// Says whether there are other words.
fn leading_words(text: &str, pairs: &mut Vec<Pair>) -> bool {
    let counted = leading_counter(text, pairs);
    !counted && has_words(text)
}

fn leading_counter(text: &str, pairs: &mut Vec<Pair>) -> bool {
    let text = text
        .trim_start_matches([' ', ',', '|', '-', '[', '('])
        .trim_end();
    let Some(end) = text.find([' ', '[', '=']) else {
        return false;
    };
    let (word, rest) = text.split_at(end);
    if !matches!(meaning(word), Meaning::Epoch | Meaning::Step(_)) {
        return false;
    }
    let rest = rest.trim_start_matches([' ', '[', ':']);
    let length = number_length(rest);
    let behind = rest[length..].chars().next();
    if length == 0 || behind.is_some_and(|c| c.is_alphanumeric() || c == '-' || c == '.') {
        return false;
    }
    let Some(value) = number(&rest[..length]) else {
        return false;
    };
    pairs.push(Pair {
        key: word.to_owned(),
        value,
    });
    true
}

/// Whether text between pairs is more than delimiters and numbers.
fn has_words(text: &str) -> bool {
    text.chars().any(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (text, json) in [
            ("1", "1"),
            ("-1.5e-3", "-0.0015"),
            ("1,234.5", "1234.5"),
            (".5", "0.5"),
            ("nan", "NaN"),
            ("-inf", "-Infinity"),
            ("Infinity", "Infinity"),
            ("12345678901234567890", "1.2345678901234567e19"),
        ] {
            assert_eq!(
                number(text).map(|v| v.to_json()).as_deref(),
                Some(json),
                "{text}"
            );
        }
        for text in ["", "-", ".", "1e", "0x10", "1.2.3", "12:30", "abc"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn a_line_of_pairs_is_told_from_a_sentence() {
        assert!(find("a=1, b=2").unwrap().whole_line);
        assert!(find("Epoch 3: a: 1 b: 2").unwrap().whole_line);
        assert!(!find("the value is a=1").unwrap().whole_line);
        assert!(!find("a=1 is the value").unwrap().whole_line);
    }
}
