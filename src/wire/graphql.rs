//! The words of GraphQL documents, and changes to documents ([`rewrite`]).
//!
//! The grammar is that of the specification of October 2021. Documents are foreign bytes: every input gives words or an
//! error.

pub mod rewrite;

/// Deepest nesting of selections, and of values.
pub(crate) const MAX_DEPTH: usize = 32;

/// Why a text is no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("syntax error at byte {offset}: {what}")]
pub struct SyntaxError {
    pub(crate) what: String,
    offset: usize,
}

/// A word of a document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Token<'a> {
    Name(&'a str),
    Variable(&'a str),
    /// With its quotes.
    Text(&'a str),
    Number(&'a str),
    Spread,
    Sign(char),
    End,
}

/// Reads a document word by word; [`Lexer::token`] is the one that comes next.
pub struct Lexer<'a> {
    text: &'a str,
    /// Where `token` begins, and where the next one may begin.
    start: usize,
    next: usize,
    pub(crate) token: Token<'a>,
}

impl<'a> Lexer<'a> {
    /// Begins to read.
    pub(crate) fn new(text: &'a str) -> Result<Self, SyntaxError> {
        let mut reader = Self {
            text,
            start: 0,
            next: 0,
            token: Token::End,
        };
        reader.advance()?;
        Ok(reader)
    }

    /// An error at this place.
    pub(crate) fn error(&self, what: impl Into<String>) -> SyntaxError {
        SyntaxError {
            what: what.into(),
            offset: self.start,
        }
    }

    /// Something else was wanted here.
    pub(crate) fn unexpected(&self, wanted: &str) -> SyntaxError {
        self.error(format!("{:?} instead of {wanted}", self.token))
    }

    /// What the next word looks like in the document.
    pub(crate) fn source(&self) -> &'a str {
        &self.text[self.start..self.next]
    }

    /// Goes on; gives the word that was next.
    pub(crate) fn advance(&mut self) -> Result<Token<'a>, SyntaxError> {
        let before = self.token;
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.next) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b',' => self.next += 1,
                b'#' => {
                    let rest = &bytes[self.next..];
                    self.next += rest
                        .iter()
                        .position(|byte| *byte == b'\n')
                        .unwrap_or(rest.len());
                }
                0xef if bytes[self.next..].starts_with("\u{feff}".as_bytes()) => self.next += 3,
                _ => break,
            }
        }
        self.start = self.next;
        let rest = &self.text[self.start..];
        let (token, length) = match rest.chars().next() {
            None => (Token::End, 0),
            Some('.') if rest.starts_with("...") => (Token::Spread, 3),
            Some('$') => {
                let name = word(&rest[1..]);
                (Token::Variable(name), name.len() + 1)
            }
            Some('"') => {
                let length =
                    text_length(rest).ok_or_else(|| self.error("a text without an end"))?;
                (Token::Text(&rest[..length]), length)
            }
            Some('-' | '0'..='9') => {
                let length = rest
                    .find(|letter: char| !letter.is_ascii_alphanumeric() && !"+-.".contains(letter))
                    .unwrap_or(rest.len());
                (Token::Number(&rest[..length]), length)
            }
            Some(letter) if letter.is_ascii_alphabetic() || letter == '_' => {
                let name = word(rest);
                (Token::Name(name), name.len())
            }
            Some(sign) => (Token::Sign(sign), sign.len_utf8()),
        };
        self.token = token;
        self.next = self.start + length;
        Ok(before)
    }

    /// Takes a name.
    pub(crate) fn name(&mut self) -> Result<String, SyntaxError> {
        match self.token {
            Token::Name(name) => {
                self.advance()?;
                Ok(name.to_owned())
            }
            _ => Err(self.unexpected("a name")),
        }
    }

    /// Takes this name and no other.
    pub(crate) fn keyword(&mut self, word: &'static str) -> Result<(), SyntaxError> {
        if self.token == Token::Name(word) {
            self.advance()?;
            return Ok(());
        }
        Err(self.unexpected(word))
    }

    /// Passes a sign over if it comes next.
    pub(crate) fn passes(&mut self, sign: char) -> Result<bool, SyntaxError> {
        if self.token == Token::Sign(sign) {
            self.advance()?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Takes this sign.
    pub(crate) fn sign(&mut self, sign: char) -> Result<(), SyntaxError> {
        if self.passes(sign)? {
            return Ok(());
        }
        Err(self.unexpected(&format!("{sign:?}")))
    }
}

fn word(text: &str) -> &str {
    let end = text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    &text[..end.unwrap_or(text.len())]
}

/// The length of a text with its quotes; `None` if it does not end.
fn text_length(text: &str) -> Option<usize> {
    if let Some(block) = text.strip_prefix("\"\"\"") {
        return block.find("\"\"\"").map(|end| end + 6);
    }
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            b'\n' => return None,
            _ => {}
        }
    }
    None
}
