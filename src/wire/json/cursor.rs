//! A place in a JSON text, and the marks between values: what all readers of JSON here share.

use super::JsonError;

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

    /// Steps over a number; gives its text, and whether it is written as an integer.
    pub fn number(&mut self) -> Result<(&'a str, bool), JsonError> {
        let start = self.at;
        match number_length(self.rest()) {
            Ok((length, integer)) => {
                self.at += length;
                Ok((self.since(start), integer))
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

/// How many bytes the number has that comes first, and whether it is written as an integer; or where a digit is missing.
pub fn number_length(bytes: &[u8]) -> Result<(usize, bool), usize> {
    let some_digits = |at: usize| match digits(&bytes[at..]) {
        0 => Err(at),
        count => Ok(at + count),
    };
    let mut at = some_digits(usize::from(bytes.first() == Some(&b'-')))?;
    let mut integer = true;
    if bytes.get(at) == Some(&b'.') {
        integer = false;
        at = some_digits(at + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        integer = false;
        let signed = matches!(bytes.get(at + 1), Some(b'+' | b'-'));
        at = some_digits(at + 1 + usize::from(signed))?;
    }
    Ok((at, integer))
}

/// How many digits come first. Eight bytes are looked at together: numbers that are logged have many.
fn digits(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        // A digit becomes its value; what is more than 9 then, or was no ASCII, gets its highest bit.
        let values = u64::from_le_bytes(*word) ^ 0x3030_3030_3030_3030;
        let others = (values.wrapping_add(0x7676_7676_7676_7676) | values) & 0x8080_8080_8080_8080;
        if others != 0 {
            return i * 8 + others.trailing_zeros() as usize / 8;
        }
    }
    let last = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    words.len() * 8 + last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_where_the_grammar_says() {
        for (text, expected) in [
            ("0", Ok((1, true))),
            ("-12,", Ok((3, true))),
            ("0.12345678901234567 ", Ok((19, false))),
            ("12345678.5", Ok((10, false))),
            ("1e-05}", Ok((5, false))),
            ("1.5E+12345678", Ok((13, false))),
            ("", Err(0)),
            ("-", Err(1)),
            ("-x", Err(1)),
            ("1.", Err(2)),
            ("1.e5", Err(2)),
            ("1e+", Err(3)),
        ] {
            assert_eq!(number_length(text.as_bytes()), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn digits_are_counted_as_one_by_one(bytes in "[0-9]{0,20}.{0,12}|[0-9/:]{0,30}|.*") {
            let expected = bytes.bytes().take_while(u8::is_ascii_digit).count();
            proptest::prop_assert_eq!(digits(bytes.as_bytes()), expected);
        }
    }
}
