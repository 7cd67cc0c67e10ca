//! A place in a JSON text, and the marks between values: what all readers of JSON here share.

use super::JsonError;
use super::number::Number;

/// A place in a JSON text.
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    text: &'a str,
    bytes: &'a [u8],
    /// Byte offset of what comes next.
    pub at: usize,
}

impl<'a> Cursor<'a> {
    /// The beginning of a text.
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
        }
    }

    /// The error that this was found, or is missing, here.
    pub fn error(&self, what: &'static str) -> JsonError {
        JsonError {
            what,
            offset: self.at,
        }
    }

    /// The next byte.
    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// All bytes from here on.
    pub fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// The text from an earlier place up to here.
    pub fn since(&self, start: usize) -> &'a str {
        &self.text[start..self.at]
    }

    /// Steps over white space.
    pub fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Steps over a word that stands for a value.
    pub fn token<T>(&mut self, token: &str, value: T) -> Result<T, JsonError> {
        if self.rest().starts_with(token.as_bytes()) {
            self.at += token.len();
            Ok(value)
        } else {
            Err(self.error("expected a JSON value"))
        }
    }

    /// Steps over a number.
    pub fn number(&mut self) -> Result<Number<'a>, JsonError> {
        match Number::read(&self.bytes[self.at..]) {
            Ok(number) => {
                self.at += number.text.len();
                Ok(number)
            }
            Err(length) => {
                self.at += length;
                Err(self.error("expected a digit"))
            }
        }
    }

    /// Whether an object comes next.
    pub fn at_object(&mut self) -> bool {
        self.space();
        self.peek() == Some(b'{')
    }

    /// Enters the object that comes next; false if it is empty, and left again.
    pub fn enter_object(&mut self) -> Result<bool, JsonError> {
        if !self.at_object() {
            return Err(self.error("expected an object"));
        }
        Ok(self.enter(b'}'))
    }

    /// Enters the list whose bracket comes next; false if it is empty, and left again.
    pub fn enter_list(&mut self) -> bool {
        self.enter(b']')
    }

    fn enter(&mut self, end: u8) -> bool {
        self.at += 1;
        self.space();
        let empty = self.peek() == Some(end);
        self.at += usize::from(empty);
        !empty
    }

    /// A quoted name comes next.
    pub fn expect_name(&mut self) -> Result<(), JsonError> {
        self.space();
        match self.peek() {
            Some(b'"') => Ok(()),
            _ => Err(self.error("expected a quoted name")),
        }
    }

    /// Steps over the colon behind a name.
    pub fn colon(&mut self) -> Result<(), JsonError> {
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.error("expected ':'"));
        }
        self.at += 1;
        Ok(())
    }

    /// Whether another member of the object follows the value that was read; the object is left otherwise.
    pub fn more_members(&mut self) -> Result<bool, JsonError> {
        self.more(b'}', "expected ',' or '}'")
    }

    /// Whether another value of the list follows the one that was read; the list is left otherwise.
    pub fn more_values(&mut self) -> Result<bool, JsonError> {
        self.more(b']', "expected ',' or ']'")
    }

    fn more(&mut self, end: u8, expected: &'static str) -> Result<bool, JsonError> {
        self.space();
        let more = match self.peek() {
            Some(b',') => true,
            Some(byte) if byte == end => false,
            _ => return Err(self.error(expected)),
        };
        self.at += 1;
        Ok(more)
    }

    /// Nothing but white space may follow.
    pub fn end(&mut self) -> Result<(), JsonError> {
        self.space();
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.error("unexpected text behind the value")),
        }
    }
}
