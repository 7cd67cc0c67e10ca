//! Reads a row's JSON without building values: numbers as numbers, everything else as the text it is.
//!
//! Accepts exactly what [`crate::wire::json`] accepts, nesting up to [`MAX_DEPTH`] included.

use std::borrow::Cow;

use memchr::memchr2;

use crate::wire::json::{Cursor, JsonError, MAX_DEPTH, Value};

/// A member's value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Item<'a> {
    Number(f64),
    /// An integer that `f64` does not hold exactly: its text, and the nearest `f64`.
    Large(&'a str, f64),
    /// Any other JSON.
    Other(&'a str),
}

/// Reads one row.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    cursor: Cursor<'a>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            cursor: Cursor::new(text),
        }
    }

    /// Enters an object; false if it is empty, and left again.
    pub(super) fn enter(&mut self) -> Result<bool, JsonError> {
        self.cursor.enter_object()
    }

    /// Reads this quoted name and its colon, if they come next.
    pub(super) fn is_name(&mut self, quoted: &str) -> bool {
        self.cursor.space();
        let rest = self.cursor.rest();
        if !rest.starts_with(quoted.as_bytes()) {
            return false;
        }
        let start = self.cursor.at;
        self.cursor.at += quoted.len();
        if self.cursor.colon().is_err() {
            self.cursor.at = start;
            return false;
        }
        true
    }

    /// Reads a member's name and its colon.
    pub(super) fn name(&mut self) -> Result<Cow<'a, str>, JsonError> {
        self.cursor.expect_name()?;
        let start = self.cursor.at;
        let escaped = self.string()?;
        let quoted = self.cursor.since(start);
        self.cursor.colon()?;
        if escaped && let Value::Text(name) = Value::parse(quoted)? {
            return Ok(Cow::Owned(name));
        }
        Ok(Cow::Borrowed(&quoted[1..quoted.len() - 1]))
    }

    /// Whether another member follows the value that was read; the object is left otherwise.
    pub(super) fn more(&mut self) -> Result<bool, JsonError> {
        self.cursor.more_members()
    }

    /// Nothing but white space may follow.
    pub(super) fn end(&mut self) -> Result<(), JsonError> {
        self.cursor.end()
    }

    /// Reads a member's value; the row itself is depth 0.
    pub(super) fn item(&mut self) -> Result<Item<'a>, JsonError> {
        self.cursor.space();
        match self.cursor.peek() {
            Some(b'-') if self.cursor.rest().get(1) == Some(&b'I') => self
                .cursor
                .token("-Infinity", Item::Number(f64::NEG_INFINITY)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'N') => self.cursor.token("NaN", Item::Number(f64::NAN)),
            Some(b'I') => self.cursor.token("Infinity", Item::Number(f64::INFINITY)),
            _ => {
                let start = self.cursor.at;
                self.skip(1)?;
                Ok(Item::Other(self.cursor.since(start)))
            }
        }
    }

    fn number(&mut self) -> Result<Item<'a>, JsonError> {
        let start = self.cursor.at;
        let number = self.cursor.number()?;
        let value = number.value();
        Ok(if number.is_exact_integer() {
            // There is no negative integer zero.
            Item::Number(value + 0.0)
        } else if number.integer {
            Item::Large(self.cursor.since(start), value)
        } else {
            Item::Number(value)
        })
    }

    /// Steps over a string; whether it has escapes.
    fn string(&mut self) -> Result<bool, JsonError> {
        self.cursor.at += 1;
        let mut escaped = false;
        loop {
            let rest = self.cursor.rest();
            let Some(length) = memchr2(b'"', b'\\', rest) else {
                self.cursor.at += rest.len();
                return Err(self.cursor.error("unterminated string"));
            };
            if let Some(control) = rest[..length].iter().position(|byte| *byte < 0x20) {
                self.cursor.at += control;
                return Err(self.cursor.error("control character in a string"));
            }
            self.cursor.at += length + 1;
            if rest[length] == b'"' {
                return Ok(escaped);
            }
            escaped = true;
            match self.cursor.peek() {
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.cursor.at += 1,
                Some(b'u') => {
                    let hex = self.cursor.rest().get(1..5);
                    if !hex.is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) {
                        return Err(self.cursor.error("expected four hex digits"));
                    }
                    self.cursor.at += 5;
                }
                _ => return Err(self.cursor.error("unknown escape")),
            }
        }
    }

    fn skip(&mut self, depth: usize) -> Result<(), JsonError> {
        self.cursor.space();
        if depth > MAX_DEPTH {
            return Err(self.cursor.error("nested too deeply"));
        }
        match self.cursor.peek() {
            None => Err(self.cursor.error("unexpected end")),
            Some(b'"') => self.string().map(drop),
            Some(b't') => self.cursor.token("true", ()),
            Some(b'f') => self.cursor.token("false", ()),
            Some(b'n') => self.cursor.token("null", ()),
            Some(b'{') => {
                let mut more = self.enter()?;
                while more {
                    self.name()?;
                    self.skip(depth + 1)?;
                    more = self.more()?;
                }
                Ok(())
            }
            Some(b'[') => self.list(depth),
            Some(b'-' | b'0'..=b'9' | b'N' | b'I') => self.item().map(drop),
            Some(_) => Err(self.cursor.error("expected a JSON value")),
        }
    }

    fn list(&mut self, depth: usize) -> Result<(), JsonError> {
        let mut more = self.cursor.enter_list();
        while more {
            self.skip(depth + 1)?;
            more = self.cursor.more_values()?;
        }
        Ok(())
    }
}

/// The members of an object's text, which was read before: names, and values as they are written.
pub(super) fn members<'a>(
    object: &'a str,
    mut take: impl FnMut(Cow<'a, str>, Item<'a>),
) -> Result<(), JsonError> {
    let mut scanner = Scanner::new(object);
    let mut more = scanner.enter()?;
    while more {
        let name = scanner.name()?;
        take(name, scanner.item()?);
        more = scanner.more()?;
    }
    scanner.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agree(text: &str) {
        let mut found = Vec::new();
        let scanned = members(text, |name, item| found.push((name.into_owned(), item)));
        match Value::parse(text) {
            Ok(Value::Map(members)) => {
                assert!(scanned.is_ok(), "{text}: {scanned:?}");
                assert_eq!(found.len(), members.len());
                for ((name, item), (known, value)) in found.iter().zip(&members) {
                    assert_eq!(name, known);
                    match item {
                        Item::Number(f) => {
                            assert_eq!(
                                value.as_f64().map(f64::to_bits),
                                Some(f.to_bits()),
                                "{text}"
                            );
                        }
                        Item::Large(raw, _) | Item::Other(raw) => {
                            assert_eq!(&Value::parse(raw).unwrap(), value);
                        }
                    }
                }
            }
            _ => assert!(scanned.is_err(), "{text}"),
        }
    }

    #[test]
    fn reads_what_the_json_reader_reads() {
        for text in [
            r#"{"a":1,"b":-2.5e-3,"c":9007199254740993,"d":{"e":[1,{"f":"g\u00e9"}]},"h\n":null}"#,
            r#"{"a":NaN,"b":-Infinity,"c":Infinity,"d":0.6931471824645996,"e":123456789012345678901234567890}"#,
            r#"{"a":0.00000000000000000000000001,"b":1e999,"c":18446744073709551616.5}"#,
            "{}",
            " { } ",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "[1]",
            "1",
            "",
            "{\"a\":\"\n\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":1} x",
            "{\"a\":-}",
            "{\"a\":1.}",
            "{\"a\":1e}",
            "{\"a\":nul}",
            "{\"a\":\"\\u12\"}",
        ] {
            agree(text);
        }
        let deep = |n| format!("{{\"a\":{}{}}}", "[".repeat(n), "]".repeat(n));
        for n in [MAX_DEPTH - 1, MAX_DEPTH, MAX_DEPTH + 1, 50_000] {
            agree(&deep(n));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_json_like_text_is_judged_alike(text in r#"\{("[ab\\n"]{0,3}":[\[\]{}:,"\\ 0-9eE+.a-zINf-]{0,12},?){0,3}\}"#) {
            agree(&text);
        }

        #[test]
        fn any_float_is_read_exactly(bits: u64, digits in 0_usize..20) {
            let f = f64::from_bits(bits);
            if f.is_finite() {
                agree(&format!("{{\"a\":{f:?},\"b\":{f:.digits$e}}}"));
            }
            agree(&format!("{{\"a\":{:.digits$}}}", bits as f64 / 1e19));
        }
    }
}
