//! JSON objects and Python dicts, alone or behind a logger's prefix; dicts may spread over several lines.

use super::words::{Meaning, meaning};
use super::{Found, Pair};
use crate::wire::json::Value;

/// Most pairs of one object.
const MAX_PAIRS: usize = 200;
/// Most lines of one dict.
const MAX_LINES: usize = 50;

/// A dict whose end has not come yet.
#[derive(Debug, Default)]
pub struct Dicts {
    text: String,
    lines: usize,
}

impl Dicts {
    /// Whether the lines of a dict are being collected.
    pub fn is_open(&self) -> bool {
        self.lines > 0
    }

    /// Takes a line that opens or continues a dict; gives the object when it is complete.
    /// The first part of the answer says whether the line belongs to one.
    pub fn line(&mut self, line: &str) -> (bool, Option<Found>) {
        let text = line.trim();
        if self.lines == 0 {
            let opens = text.ends_with(['{', ',']) && text.starts_with('{') && !text.contains('}');
            if !opens {
                return (false, None);
            }
        } else if !text.starts_with(['\'', '"', '}']) || self.lines >= MAX_LINES {
            self.text.clear();
            self.lines = 0;
            return (false, None);
        }
        self.text.push_str(text);
        self.lines += 1;
        if !text.ends_with('}') {
            return (true, None);
        }
        self.lines = 0;
        (true, find(&std::mem::take(&mut self.text)))
    }
}

/// Pairs of the object between the first `{` and the last `}` of a line.
pub fn find(line: &str) -> Option<Found> {
    let start = memchr::memchr(b'{', line.as_bytes())?;
    let end = memchr::memrchr(b'}', line.as_bytes())?;
    let text = line.get(start..=end)?;
    let value = match Value::parse(text) {
        Ok(value) => value,
        Err(_) => Value::parse(&from_python(text)?).ok()?,
    };
    let Value::Map(members) = value else {
        return None;
    };
    let before = line[..start].trim();
    // `… with parameters: {…}`: what is meant by the object stands in front of it.
    if before.contains(' ') && before.ends_with([':', '=']) {
        return None;
    }
    let mut found = Found {
        whole_line: before.is_empty() && line[end + 1..].trim().is_empty(),
        settings: true,
        ..Found::default()
    };
    flatten("", members, &mut found);
    Some(found)
}

fn flatten(prefix: &str, members: Vec<(String, Value)>, found: &mut Found) {
    for (key, value) in members {
        if found.pairs.len() >= MAX_PAIRS {
            return;
        }
        let key = if prefix.is_empty() {
            key
        } else {
            format!("{prefix}/{key}")
        };
        let value = match value {
            Value::Map(members) => {
                flatten(&key, members, found);
                continue;
            }
            Value::Int(_) | Value::Float(_) => value,
            Value::Text(text) => match super::number::parse(text.trim()) {
                Some(value) => value,
                None => continue,
            },
            _ => continue,
        };
        match (meaning(&key), &value) {
            (Meaning::Step(rank), Value::Int(step)) => found.step(*step, rank),
            (Meaning::Step(rank), Value::Float(step)) if step.fract() == 0.0 => {
                found.step(*step as i64, rank);
            }
            (Meaning::Epoch, value) => found.epoch = found.epoch.or(value.as_f64()),
            _ => found.pairs.push(Pair { key, value }),
        }
    }
}

/// A Python dict as JSON: single quotes, `None`, `True`, `nan`. Only what `print` makes of numbers and text.
fn from_python(text: &str) -> Option<String> {
    if !text.starts_with("{'") {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == '\'' || c == '"' {
            let end = rest[1..].find(c)? + 1;
            crate::wire::json::write_text(&rest[1..end], &mut out);
            rest = &rest[end + 1..];
            continue;
        }
        if c.is_ascii_alphabetic() {
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.')
                .unwrap_or(rest.len());
            let (word, behind) = rest.split_at(end);
            out.push_str(match word {
                "None" => "null",
                "True" => "true",
                "False" => "false",
                "nan" => "NaN",
                "inf" => "Infinity",
                // Numbers in a wrapper: np.float64(1.0), tensor(0.5).
                _ if behind.starts_with('(') => {
                    let close = behind.find(')')?;
                    let inner = behind[1..close].split(',').next()?.trim();
                    rest = &behind[close + 1..];
                    out.push_str(inner);
                    continue;
                }
                _ => return None,
            });
            rest = behind;
            continue;
        }
        if c == '}' && out.ends_with(',') {
            out.pop();
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(found: &Found) -> Vec<String> {
        found
            .pairs
            .iter()
            .map(|p| format!("{}={}", p.key, p.value.to_json()))
            .collect()
    }

    #[test]
    fn python_dicts_are_read() {
        let found = find("{'loss': np.float64(0.5), 'n': '3', 'x': None, 'ok': True, 'nan': nan, 'd': {'a': 1}, 'epoch': 0.42}").unwrap();
        assert_eq!(show(&found), ["loss=0.5", "n=3", "nan=NaN", "d/a=1"]);
        assert_eq!(found.epoch, Some(0.42));
        assert_eq!(find("{'a': object}"), None);
        assert_eq!(find("}{"), None);
        assert_eq!(find("Trial 0 with parameters: {'x': 1}"), None);
    }

    #[test]
    fn dicts_over_several_lines() {
        let mut dicts = Dicts::default();
        assert_eq!(dicts.line("{'epoch': 1,"), (true, None));
        assert_eq!(dicts.line(" 'loss': 0.5,"), (true, None));
        let (taken, found) = dicts.line(" 'acc': 0.9}");
        assert!(taken);
        assert_eq!(show(&found.unwrap()), ["loss=0.5", "acc=0.9"]);
        assert_eq!(dicts.line("text"), (false, None));
    }
}
