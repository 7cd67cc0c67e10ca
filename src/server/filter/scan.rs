//! Walks over JSON without a look at the values that nobody asks for.
//!
//! Strings are passed eight bytes at a time, and what is nested in a value is told by its brackets and strings alone.

use std::borrow::Cow;

use crate::wire::json::{Reader, Value};

/// A place in a text; the methods are `None` at a fault.
pub(super) struct Scan<'t> {
    text: &'t str,
    at: usize,
}

/// A key between its quotes.
pub(super) struct Key<'t> {
    text: &'t str,
    at: usize,
    end: usize,
    escaped: bool,
}

impl<'t> Key<'t> {
    /// The bytes as they stand in the text.
    pub(super) fn bytes(&self) -> &'t [u8] {
        &self.text.as_bytes()[self.at..self.end]
    }

    /// Whether the bytes are not yet the key.
    pub(super) fn is_escaped(&self) -> bool {
        self.escaped
    }

    pub(super) fn text(&self) -> Cow<'t, str> {
        if self.escaped {
            let quoted = self.text.get(self.at - 1..=self.end).unwrap_or_default();
            if let Ok(Value::Text(text)) = Reader::new(quoted).value(0) {
                return Cow::Owned(text);
            }
        }
        Cow::Borrowed(self.text.get(self.at..self.end).unwrap_or_default())
    }
}

impl<'t> Scan<'t> {
    /// At the first value of a text.
    pub(super) fn new(text: &'t str) -> Self {
        let mut scan = Self { text, at: 0 };
        scan.space();
        scan
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The text between a place and this one.
    pub(super) fn since(&self, start: usize) -> Option<&'t str> {
        self.text.get(start..self.at)
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek() == Some(byte)).then(|| self.at += 1)
    }

    /// The object that stands here: `member` is called behind each key and must pass the value.
    pub(super) fn members(
        &mut self,
        mut member: impl FnMut(&mut Self, Key<'t>) -> Option<()>,
    ) -> Option<()> {
        self.expect(b'{')?;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Some(());
        }
        loop {
            self.space();
            self.expect(b'"')?;
            let at = self.at;
            let (end, escaped) = string_end(self.text.as_bytes(), at)?;
            self.at = end + 1;
            self.space();
            self.expect(b':')?;
            self.space();
            let text = self.text;
            let key = Key {
                text,
                at,
                end,
                escaped,
            };
            member(self, key)?;
            self.space();
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    /// Passes the value that stands here, without a look at what is in it.
    #[inline]
    pub(super) fn skip(&mut self) -> Option<()> {
        let rest = self.text.as_bytes().get(self.at..)?;
        if let b'"' | b'{' | b'[' = rest.first()? {
            return self.skip_enclosed();
        }
        let end = |b: &u8| matches!(b, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
        self.at += rest.iter().position(end)?;
        Some(())
    }

    /// Passes a string, a list or an object.
    fn skip_enclosed(&mut self) -> Option<()> {
        let bytes = self.text.as_bytes();
        let mut at = self.at;
        let mut open = 0_usize;
        loop {
            match bytes.get(at)? {
                b'"' => at = string_end(bytes, at + 1)?.0,
                b'{' | b'[' => open += 1,
                b'}' | b']' => open -= 1,
                _ => {}
            }
            at += 1;
            if open == 0 {
                self.at = at;
                return Some(());
            }
        }
    }
}

/// Where the string ends that begins in front of `at`: the place of its closing quote, and whether it has escapes.
fn string_end(bytes: &[u8], mut at: usize) -> Option<(usize, bool)> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // The lowest high bit that is set marks the first byte that is zero.
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & (ONES << 7);
    let mut escaped = false;
    loop {
        // Eight bytes at a time, as long as there are so many.
        while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
            let word = u64::from_le_bytes(*chunk);
            let quote = zero(word ^ (ONES * u64::from(b'"')));
            let hits = quote | zero(word ^ (ONES * u64::from(b'\\')));
            if hits != 0 {
                at += hits.trailing_zeros() as usize / 8;
                break;
            }
            at += 8;
        }
        match bytes.get(at)? {
            b'"' => return Some((at, escaped)),
            b'\\' => {
                escaped = true;
                at += 2;
            }
            _ => at += 1,
        }
    }
}
