//! The tokens of the filter language.
//!
//! A quote begins a string only where a token begins, so `don't` is a word. Between backquotes a word may hold any
//! character. Behind a backslash in a string the quote and the backslash itself stand for themselves; any other
//! backslash stays, as regular expressions need it.

use super::text::TextError;

/// A token and the place of its first character.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) at: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// With its backquotes.
    Word(String),
    Quoted(String),
    /// One of `< <= > >= = == != ~`.
    Operator(&'static str),
    /// One of `( ) [ ] ,`.
    Mark(char),
}

/// Splits a text; most tokens are words.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, TextError> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().enumerate().peekable();
    while let Some(&(at, c)) = chars.peek() {
        let kind = match c {
            _ if c.is_whitespace() => {
                chars.next();
                continue;
            }
            '(' | ')' | '[' | ']' | ',' => {
                chars.next();
                Kind::Mark(c)
            }
            '<' | '>' | '=' | '!' | '~' => {
                chars.next();
                let equals = c != '~' && chars.next_if(|(_, next)| *next == '=').is_some();
                Kind::Operator(match (c, equals) {
                    ('<', false) => "<",
                    ('<', true) => "<=",
                    ('>', false) => ">",
                    ('>', true) => ">=",
                    ('=', false) => "=",
                    ('=', true) => "==",
                    ('!', true) => "!=",
                    ('!', false) => return Err(TextError::new("`!` needs a `=` behind it", at)),
                    _ => "~",
                })
            }
            '"' | '\'' => {
                chars.next();
                let mut text = String::new();
                loop {
                    match chars.next() {
                        None => return Err(TextError::new("the string has no end", at)),
                        Some((_, end)) if end == c => break,
                        Some((_, '\\')) => {
                            match chars.next_if(|(_, next)| *next == c || *next == '\\') {
                                Some((_, escaped)) => text.push(escaped),
                                None => text.push('\\'),
                            }
                        }
                        Some((_, c)) => text.push(c),
                    }
                }
                Kind::Quoted(text)
            }
            _ => {
                let mut word = String::new();
                let mut quoted = false;
                while let Some((_, c)) = chars.next_if(|(_, c)| quoted || !ends_word(*c)) {
                    quoted ^= c == '`';
                    word.push(c);
                }
                if quoted {
                    return Err(TextError::new("the backquote has no end", at));
                }
                Kind::Word(word)
            }
        };
        tokens.push(Token { kind, at });
    }
    Ok(tokens)
}

fn ends_word(c: char) -> bool {
    c.is_whitespace() || "()[],<>=!~".contains(c)
}
