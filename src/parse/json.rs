//! JSON objects and Python dicts on one line, alone or behind a logger's prefix.

use super::{Found, Pair};
use crate::wire::json::Value;

/// Most pairs of one line.
const MAX_PAIRS: usize = 200;

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
    let mut pairs = Vec::new();
    flatten("", members, &mut pairs);
    Some(Found {
        pairs,
        whole_line: line[..start].trim().is_empty() && line[end + 1..].trim().is_empty(),
        may_be_settings: true,
    })
}

fn flatten(prefix: &str, members: Vec<(String, Value)>, pairs: &mut Vec<Pair>) {
    for (key, value) in members {
        if pairs.len() >= MAX_PAIRS {
            return;
        }
        let key = if prefix.is_empty() {
            key
        } else {
            format!("{prefix}/{key}")
        };
        match value {
            Value::Map(members) => flatten(&key, members, pairs),
            Value::Int(_) | Value::Float(_) => pairs.push(Pair { key, value }),
            Value::Text(text) => {
                if let Some(value) = super::pairs::number(text.trim()) {
                    pairs.push(Pair { key, value });
                }
            }
            _ => {}
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
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_dicts_are_read() {
        let found = find(
            "{'loss': np.float64(0.5), 'n': '3', 'x': None, 'ok': True, 'nan': nan, 'd': {'a': 1}}",
        )
        .unwrap();
        let pairs: Vec<_> = found
            .pairs
            .iter()
            .map(|p| format!("{}={}", p.key, p.value.to_json()))
            .collect();
        assert_eq!(pairs, ["loss=0.5", "n=3", "nan=NaN", "d/a=1"]);
        assert_eq!(find("{'a': object}"), None);
        assert_eq!(find("}{"), None);
    }
}
