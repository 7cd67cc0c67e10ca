//! Reads JSON from front to back, and builds [`Value`]s of what is wanted.

use std::borrow::Cow;

use super::cursor::Cursor;
use super::{JsonError, MAX_DEPTH, Value};

/// Reads a JSON text from front to back, for who does not need a [`Value`] of all of it.
#[derive(Debug)]
pub struct Reader<'a> {
    cursor: Cursor<'a>,
}

impl<'a> Reader<'a> {
    /// A reader at the beginning of the text.
    pub fn new(text: &'a str) -> Self {
        Self {
            cursor: Cursor::new(text),
        }
    }

    /// Nothing but white space may follow.
    pub fn end(&mut self) -> Result<(), JsonError> {
        self.cursor.end()
    }

    /// Whether an object comes next.
    pub fn at_object(&mut self) -> bool {
        self.cursor.at_object()
    }

    /// The text of the number, boolean or null that comes next, and what it is as a number; `None`, and nothing is read, if
    /// it is anything else.
    pub fn scalar(&mut self) -> Result<Option<(&'a str, Option<f64>)>, JsonError> {
        self.cursor.space();
        let start = self.cursor.at;
        let number = match self.cursor.peek() {
            Some(b'-') if self.cursor.rest().get(1) == Some(&b'I') => self.value(0)?.as_f64(),
            Some(b'-' | b'0'..=b'9') => Some(self.cursor.number()?.value()),
            Some(b't' | b'f' | b'n' | b'N' | b'I') => self.value(0)?.as_f64(),
            _ => return Ok(None),
        };
        Ok(Some((self.cursor.since(start), number)))
    }

    /// The value that comes next, at this depth of nesting.
    pub fn value(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.cursor.space();
        if depth > MAX_DEPTH {
            return Err(self.cursor.error("nested too deeply"));
        }
        match self.cursor.peek() {
            None => Err(self.cursor.error("unexpected end")),
            Some(b'{') => self.map(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => Ok(Value::Text(self.string()?.into_owned())),
            Some(b't') => self.cursor.token("true", Value::Bool(true)),
            Some(b'f') => self.cursor.token("false", Value::Bool(false)),
            Some(b'n') => self.cursor.token("null", Value::Null),
            Some(b'N') => self.cursor.token("NaN", Value::Float(f64::NAN)),
            Some(b'I') => self.cursor.token("Infinity", Value::Float(f64::INFINITY)),
            Some(b'-') if self.cursor.rest().get(1) == Some(&b'I') => self
                .cursor
                .token("-Infinity", Value::Float(f64::NEG_INFINITY)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) => Err(self.cursor.error("expected a JSON value")),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, JsonError> {
        let mut items = Vec::new();
        let mut more = self.cursor.enter_list();
        while more {
            items.push(self.value(depth + 1)?);
            more = self.cursor.more_values()?;
        }
        Ok(Value::List(items))
    }

    fn map(&mut self, depth: usize) -> Result<Value, JsonError> {
        let mut members = Vec::new();
        self.object(|reader, key| {
            members.push((key.into_owned(), reader.value(depth + 1)?));
            Ok::<_, JsonError>(())
        })?;
        Ok(Value::Map(members))
    }

    /// Reads the object that comes next: `member` is called with each name and must read its value.
    pub fn object<E: From<JsonError>>(
        &mut self,
        mut member: impl FnMut(&mut Self, Cow<'a, str>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut more = self.cursor.enter_object()?;
        while more {
            self.cursor.expect_name()?;
            let key = self.string()?;
            self.cursor.colon()?;
            member(self, key)?;
            more = self.cursor.more_members()?;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let number = self.cursor.number()?;
        Ok(match number.as_i64() {
            Some(integer) => Value::Int(integer),
            None => Value::Float(number.value()),
        })
    }

    fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        self.cursor.at += 1;
        let start = self.cursor.at;
        while let Some(byte) = self.cursor.peek() {
            match byte {
                b'"' => {
                    let text = self.cursor.since(start);
                    self.cursor.at += 1;
                    return Ok(Cow::Borrowed(text));
                }
                b'\\' => return self.escaped_string(start).map(Cow::Owned),
                0..=0x1f => return Err(self.cursor.error("control character in a string")),
                _ => self.cursor.at += 1,
            }
        }
        Err(self.cursor.error("unterminated string"))
    }

    fn escaped_string(&mut self, start: usize) -> Result<String, JsonError> {
        let mut out = self.cursor.since(start).to_owned();
        let mut from = self.cursor.at;
        loop {
            match self.cursor.peek() {
                None => return Err(self.cursor.error("unterminated string")),
                Some(b'"') => {
                    out.push_str(self.cursor.since(from));
                    self.cursor.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    out.push_str(self.cursor.since(from));
                    self.cursor.at += 1;
                    let c = self.escape()?;
                    out.push(c);
                    from = self.cursor.at;
                }
                Some(0..=0x1f) => return Err(self.cursor.error("control character in a string")),
                Some(_) => self.cursor.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let byte = self
            .cursor
            .peek()
            .ok_or_else(|| self.cursor.error("unterminated string"))?;
        let c = match byte {
            b'"' | b'\\' | b'/' => byte as char,
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.cursor.at += 1;
                return self.unicode_escape();
            }
            _ => return Err(self.cursor.error("unknown escape")),
        };
        self.cursor.at += 1;
        Ok(c)
    }

    fn hex4(&mut self) -> Result<u32, JsonError> {
        let digits = self
            .cursor
            .rest()
            .get(..4)
            .ok_or_else(|| self.cursor.error("unterminated string"))?;
        let mut code = 0;
        for digit in digits {
            let digit = (*digit as char)
                .to_digit(16)
                .ok_or_else(|| self.cursor.error("expected four hex digits"))?;
            code = code * 16 + digit;
        }
        self.cursor.at += 4;
        Ok(code)
    }

    /// A lone surrogate becomes U+FFFD, as in wandb-core.
    fn unicode_escape(&mut self) -> Result<char, JsonError> {
        let high = self.hex4()?;
        if (0xd800..0xdc00).contains(&high) && self.cursor.rest().starts_with(b"\\u") {
            let back = self.cursor.at;
            self.cursor.at += 2;
            let low = self.hex4()?;
            if (0xdc00..0xe000).contains(&low) {
                let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.cursor.at = back;
        }
        Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER))
    }
}
