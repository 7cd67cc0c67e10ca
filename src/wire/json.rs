//! JSON as the W&B tools speak it: plain JSON plus the bare tokens `NaN`, `Infinity` and `-Infinity`,
//! which Python's `json` module writes and `value_json` fields contain.
//!
//! Nesting is limited to [`MAX_DEPTH`]. Integers beyond `i64` become floats, as in wandb-core.
//! Object keys keep their order; of duplicate keys all are kept, and whoever merges lets the last win.

use std::fmt::Write as _;
use std::time::Duration;

mod cursor;
mod number;
mod reader;

pub use cursor::Cursor;
pub use number::{Number, plain_number};
pub use reader::Reader;

/// Deepest nesting of arrays and objects that is accepted.
pub const MAX_DEPTH: usize = 100;

/// A JSON value with the number kinds that the W&B tools tell apart.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
}

/// Why a text is not JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {offset}")]
pub struct JsonError {
    /// What was found or missing.
    pub what: &'static str,
    /// Byte offset in the text.
    pub offset: usize,
}

impl Value {
    /// Parses one JSON document; anything but white space behind it is an error.
    pub fn parse(text: &str) -> Result<Self, JsonError> {
        let mut reader = Reader::new(text);
        let value = reader.value(0)?;
        reader.end()?;
        Ok(value)
    }

    /// The value as a number; booleans and numeric text are not numbers.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int(i) => Some(*i as f64),
            Self::Float(f) => Some(*f),
            _ => None,
        }
    }

    /// Whether this is an object.
    pub fn is_object(&self) -> bool {
        matches!(self, Self::Map(_))
    }

    /// The value as text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The last member with this name, if this is an object.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(members) => members
                .iter()
                .rev()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// Puts a value at a path below this one; what stood there, or on the way there, is lost.
    pub fn put<S: AsRef<str>>(&mut self, path: &[S], value: Self) {
        let mut slot = self;
        for name in path.iter().map(AsRef::as_ref) {
            if !slot.is_object() {
                *slot = Self::Map(Vec::new());
            }
            let Self::Map(members) = slot else { return };
            let known = members.iter().position(|(key, _)| key == name);
            let place = known.unwrap_or_else(|| {
                members.push((name.to_owned(), Self::Null));
                members.len() - 1
            });
            slot = &mut members[place].1;
        }
        *slot = value;
    }

    /// The value as it stands at this path: within one object for each name, the first of them outermost.
    #[must_use]
    pub fn nested<S: AsRef<str>>(self, path: &[S]) -> Self {
        let names = path.iter().map(AsRef::as_ref);
        names.rev().fold(self, |value, name: &str| {
            Self::Map(vec![(name.to_owned(), value)])
        })
    }

    /// What kind of value this is, in the words of an error message.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Map(_) => "an object",
        }
    }

    /// Compact JSON text; see [`Value::write`].
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    /// Appends compact JSON text. Floats are in their shortest form and keep their point, so they stay floats.
    pub fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Int(i) => {
                let _ = write!(out, "{i}");
            }
            Self::Float(f) => write_float(*f, out),
            Self::Text(text) => write_text(text, out),
            Self::List(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Map(members) => {
                out.push('{');
                for (i, (key, value)) in members.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    write_text(key, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    /// Indented JSON text (two blanks a level) with a final newline, for files that people open.
    pub fn to_pretty_json(&self) -> String {
        let mut out = String::new();
        self.write_pretty(0, &mut out);
        out.push('\n');
        out
    }

    fn write_pretty(&self, level: usize, out: &mut String) {
        let indent = |level: usize, out: &mut String| {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', 2 * level));
        };
        match self {
            Self::List(items) if !items.is_empty() => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    indent(level + 1, out);
                    item.write_pretty(level + 1, out);
                }
                indent(level, out);
                out.push(']');
            }
            Self::Map(members) if !members.is_empty() => {
                out.push('{');
                for (i, (key, value)) in members.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    indent(level + 1, out);
                    write_text(key, out);
                    out.push_str(": ");
                    value.write_pretty(level + 1, out);
                }
                indent(level, out);
                out.push('}');
            }
            _ => self.write(out),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// Appends a float: shortest text that reads back as the same number, or a bare token.
pub fn write_float(f: f64, out: &mut String) {
    if f.is_nan() {
        out.push_str("NaN");
    } else if f.is_infinite() {
        out.push_str(if f > 0.0 { "Infinity" } else { "-Infinity" });
    } else {
        let _ = write!(out, "{f:?}");
    }
}

/// Appends a time in seconds, with as many decimals as it has.
pub fn write_seconds(time: Duration, out: &mut String) {
    let _ = write!(out, "{}.", time.as_secs());
    let mut rest = time.subsec_nanos();
    let mut unit = 100_000_000;
    loop {
        out.push(char::from(b'0' + (rest / unit % 10) as u8));
        rest %= unit;
        if rest == 0 {
            break;
        }
        unit /= 10;
    }
}

/// Appends a quoted JSON string.
pub fn write_text(text: &str, out: &mut String) {
    out.push('"');
    let mut from = 0;
    for (i, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&text[from..i]);
        from = i + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            _ => {
                let _ = write!(out, "\\u{byte:04x}");
            }
        }
    }
    out.push_str(&text[from..]);
    out.push('"');
}

/// Must not panic or recurse without bound, whatever the input; what parses must survive a round trip.
#[doc(hidden)]
pub fn fuzz_json(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Ok(value) = Value::parse(&text) {
        let again = value.to_json();
        let back = Value::parse(&again).map(|value| value.to_json());
        assert_eq!(back.as_deref(), Ok(again.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_written_as_the_number_that_they_are() {
        for (nanos, expected) in [
            (0, "0.0"),
            (5_000_000_000, "5.0"),
            (1_500_000_000, "1.5"),
            (3_000_000_001, "3.000000001"),
            (123_456_789_012, "123.456789012"),
            (40_000_000, "0.04"),
        ] {
            let mut text = String::new();
            write_seconds(Duration::from_nanos(nanos), &mut text);
            assert_eq!(text, expected);
            assert_eq!(text, format!("{:?}", nanos as f64 / 1e9));
        }
    }

    #[test]
    fn values_are_put_at_their_path() {
        let mut tree = Value::Int(1);
        tree.put(&["a", "b"], Value::Int(2));
        tree.put(&["c"], Value::Null.nested(&["d", "e"]));
        tree.put(&["a", "x"], Value::Int(3));
        assert_eq!(
            tree.to_json(),
            r#"{"a":{"b":2,"x":3},"c":{"d":{"e":null}}}"#
        );
        tree.put(&["a"], Value::Bool(true));
        tree.put(&["c", "d", "e", "f"], Value::Int(4));
        assert_eq!(tree.to_json(), r#"{"a":true,"c":{"d":{"e":{"f":4}}}}"#);
        tree.put::<&str>(&[], Value::Null);
        assert_eq!(tree, Value::Null);
    }

    #[test]
    fn accepts_what_python_writes() {
        let text = r#"{"loss": NaN, "best": -Infinity, "n": 12345678901234567890, "s": "a\u00e9\ud83d\ude00\n", "l": [1, 2.0, true, null]}"#;
        let value = Value::parse(text).unwrap();
        assert_eq!(
            value.to_json(),
            r#"{"loss":NaN,"best":-Infinity,"n":1.2345678901234567e19,"s":"aé😀\n","l":[1,2.0,true,null]}"#
        );
    }

    #[test]
    fn names_the_place_of_an_error() {
        let cases = [
            ("", "unexpected end at byte 0"),
            ("{\"a\": }", "expected a JSON value at byte 6"),
            ("{a: 1}", "expected a quoted name at byte 1"),
            ("[1 2]", "expected ',' or ']' at byte 3"),
            ("1 2", "unexpected text behind the value at byte 2"),
            ("\"a\nb\"", "control character in a string at byte 2"),
            ("\"\\x\"", "unknown escape at byte 2"),
            ("-", "expected a digit at byte 1"),
            ("nan", "expected a JSON value at byte 0"),
        ];
        for (text, message) in cases {
            assert_eq!(
                Value::parse(text).unwrap_err().to_string(),
                message,
                "{text}"
            );
        }
    }

    #[test]
    fn lone_surrogates_become_replacement_characters() {
        assert_eq!(
            Value::parse(r#""\ud800x\udc00""#).unwrap(),
            "\u{fffd}x\u{fffd}".into()
        );
        assert_eq!(
            Value::parse(r#""\ud800\u0041""#).unwrap(),
            "\u{fffd}A".into()
        );
    }

    #[test]
    fn depth_is_limited() {
        let deep = "[".repeat(100_000);
        assert_eq!(Value::parse(&deep).unwrap_err().what, "nested too deeply");
        let ok = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        assert!(Value::parse(&ok).is_ok());
    }

    #[test]
    fn pretty_text_reads_back_the_same() {
        let value = Value::parse(r#"{"a":[1,{"b":[]}],"c":{}}"#).unwrap();
        assert_eq!(Value::parse(&value.to_pretty_json()).unwrap(), value);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_handled(bytes: Vec<u8>) {
            fuzz_json(&bytes);
        }

        #[test]
        fn json_like_bytes_are_handled(text in r#"[\[\]{}:,"\\ 0-9eE+.a-zINf-]{0,40}"#) {
            fuzz_json(text.as_bytes());
        }
    }
}
