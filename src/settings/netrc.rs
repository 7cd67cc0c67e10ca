//! `.netrc`: credentials by host.
//!
//! ```text
//! machine api.wandb.ai
//!   login user
//!   password KEY
//! ```
//!
//! Words are separated by white space, and may be quoted; `\` takes the next character as it is; a word that begins with
//! `#` begins a comment, `macdef` a macro that ends at an empty line. `default` stands for any host. Of two entries for a
//! machine the later one holds, as in Python's `netrc`.

use std::ffi::OsString;
use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::str::Chars;

use super::credentials::Secret;

/// What is stored for a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `None` is the entry `default`.
    pub machine: Option<String>,
    /// Empty if there is none.
    pub password: Secret,
}

/// Why a netrc file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("error on line {line}: {reason}")]
pub struct NetrcError {
    /// Counted from 1.
    pub line: usize,
    pub reason: String,
}

/// Where the file is, or is to be made: what `NETRC` names, else the one of `~/.netrc` and `~/_netrc` that exists.
pub fn path(
    environment: &dyn Fn(&str) -> Option<OsString>,
    home: Option<&Path>,
) -> Option<PathBuf> {
    if let Some(named) = environment("NETRC").filter(|value| !value.is_empty()) {
        let named = PathBuf::from(named);
        return Some(match (named.strip_prefix("~"), home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => named,
        });
    }
    let usual = home?.join(".netrc");
    let other = home?.join("_netrc");
    Some(if !usual.exists() && other.exists() {
        other
    } else {
        usual
    })
}

/// All entries, in the file's order.
pub fn parse(text: &str) -> Result<Vec<Entry>, NetrcError> {
    let mut words = Words {
        rest: text.chars().peekable(),
        line: 1,
    };
    let mut entries: Vec<Entry> = Vec::new();
    while let Some((line, word)) = words.keyword() {
        let mut value = |what: &str| {
            words.next().map(|(_, value)| value).ok_or(NetrcError {
                line,
                reason: format!("missing {what:?} name"),
            })
        };
        match (word.as_str(), entries.last_mut()) {
            ("machine", _) => entries.push(Entry {
                machine: Some(value("machine")?),
                password: Secret::default(),
            }),
            ("default", _) => entries.push(Entry {
                machine: None,
                password: Secret::default(),
            }),
            ("macdef", _) => {
                value("macdef")?;
                words.skip_macro();
            }
            ("login" | "user" | "account", Some(_)) => drop(words.next()),
            ("password", Some(entry)) => {
                let password = words.next().map(|(_, word)| word).unwrap_or_default();
                entry.password = Secret::new(password);
            }
            // The word could be a password, so it is not repeated.
            (_, Some(_)) => return Err(unexpected(line, "login, account, password or machine")),
            (_, None) => return Err(unexpected(line, "machine, default or macdef")),
        }
    }
    Ok(entries)
}

fn unexpected(line: usize, wanted: &str) -> NetrcError {
    NetrcError {
        line,
        reason: format!("unexpected word, where {wanted} is expected"),
    }
}

/// The entry that holds for a machine: its own, else `default`.
pub fn find<'a>(entries: &'a [Entry], machine: &str) -> Option<&'a Entry> {
    let last = |wanted: Option<&str>| {
        let mut entries = entries.iter().rev();
        entries.find(|entry| entry.machine.as_deref() == wanted)
    };
    last(Some(machine)).or_else(|| last(None))
}

struct Words<'a> {
    rest: Peekable<Chars<'a>>,
    line: usize,
}

impl Words<'_> {
    fn char(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        self.line += usize::from(c == '\n');
        Some(c)
    }

    /// The next word that is no comment, with its line.
    fn keyword(&mut self) -> Option<(usize, String)> {
        loop {
            self.skip_white();
            if self.rest.peek() != Some(&'#') {
                return self.next();
            }
            self.skip_line();
        }
    }

    fn skip_white(&mut self) {
        while self.rest.peek().is_some_and(|c| c.is_whitespace()) {
            self.char();
        }
    }

    /// Goes to the next line; says whether this one was empty.
    fn skip_line(&mut self) -> bool {
        let mut empty = true;
        while let Some(c) = self.char() {
            if c == '\n' {
                break;
            }
            empty &= c == '\r';
        }
        empty
    }

    fn skip_macro(&mut self) {
        // The rest of the line with the macro's name.
        self.skip_line();
        while self.rest.peek().is_some() && !self.skip_line() {}
    }
}

impl Iterator for Words<'_> {
    type Item = (usize, String);

    fn next(&mut self) -> Option<Self::Item> {
        self.skip_white();
        let line = self.line;
        // The official client quotes as a shell does, so both kinds of quotes occur.
        let quote = *self.rest.peek()?;
        let quote = matches!(quote, '"' | '\'').then_some(quote);
        if quote.is_some() {
            self.char();
        }
        let mut word = String::new();
        while let Some(&c) = self.rest.peek() {
            if quote.is_none() && c.is_whitespace() {
                break;
            }
            self.char();
            match c {
                c if Some(c) == quote => break,
                '\\' if quote != Some('\'') => word.extend(self.char()),
                c => word.push(c),
            }
        }
        Some((line, word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str, machine: &str) -> Option<String> {
        let entries = parse(text).unwrap();
        find(&entries, machine).map(|entry| entry.password.expose().to_owned())
    }

    #[test]
    fn entries_are_found_by_machine() {
        let text = "# keys, mine\nmachine a.b #c\n  login user\n  password k1\nmacdef init\n  password no\n\nmachine c.d login u password \"k 2\"\ndefault login u password k3\nmachine '[::1]:80' password 'k\\4'\nmachine a.b password #k5";
        assert_eq!(password(text, "a.b").as_deref(), Some("#k5"));
        assert_eq!(password(text, "c.d").as_deref(), Some("k 2"));
        assert_eq!(password(text, "other").as_deref(), Some("k3"));
        assert_eq!(password(text, "[::1]:80").as_deref(), Some("k\\4"));
        assert_eq!(password("machine a.b login x", "a.b").as_deref(), Some(""));
        assert_eq!(password("machine a.b password x", "a.b:80"), None);
        assert_eq!(password("", "a.b"), None);
    }

    #[test]
    fn errors_name_the_line_but_not_the_word() {
        for (text, message) in [
            (
                "\nhello",
                "error on line 2: unexpected word, where machine, default or macdef is expected",
            ),
            (
                "machine a\n login b\n secret c",
                "error on line 3: unexpected word, where login, account, password or machine is expected",
            ),
            ("machine", "error on line 1: missing \"machine\" name"),
        ] {
            assert_eq!(parse(text).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn the_file_is_looked_for_in_the_official_places() {
        let home = tempfile::tempdir().unwrap();
        let at = |netrc: Option<&'static str>| {
            path(
                &move |name| netrc.filter(|_| name == "NETRC").map(Into::into),
                Some(home.path()),
            )
        };
        assert_eq!(at(None), Some(home.path().join(".netrc")));
        std::fs::write(home.path().join("_netrc"), "").unwrap();
        assert_eq!(at(None), Some(home.path().join("_netrc")));
        std::fs::write(home.path().join(".netrc"), "").unwrap();
        assert_eq!(at(None), Some(home.path().join(".netrc")));
        assert_eq!(at(Some("~/keys")), Some(home.path().join("keys")));
        assert_eq!(at(Some("/keys")), Some(PathBuf::from("/keys")));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text: String) {
            let _ = parse(&text);
        }
    }
}
