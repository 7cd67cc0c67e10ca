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
use std::ops::Range;
use std::path::{Path, PathBuf};

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
    let mut words = Words::of(text);
    let mut entries: Vec<Entry> = Vec::new();
    // A macro ends the entry before it.
    let mut open = false;
    while let Some((line, word)) = words.keyword() {
        let mut value = || {
            words.next().map(|(_, value)| value).ok_or(NetrcError {
                line,
                reason: format!("nothing follows {word}"),
            })
        };
        let entry = entries.last_mut().filter(|_| open);
        open = word != "macdef";
        match (word.as_str(), entry) {
            ("machine", _) => entries.push(Entry {
                machine: Some(value()?),
                password: Secret::default(),
            }),
            ("default", _) => entries.push(Entry {
                machine: None,
                password: Secret::default(),
            }),
            ("macdef", _) => {
                value()?;
                words.skip_macro();
            }
            ("login" | "user" | "account", Some(_)) => drop(value()?),
            ("password", Some(entry)) => entry.password = Secret::new(value()?),
            // The word could be a password, so it is not repeated.
            (_, Some(_)) => return Err(unexpected(line, "login, account, password or machine")),
            (_, None) => return Err(unexpected(line, "machine, default or macdef")),
        }
    }
    match words.unclosed {
        Some(line) => Err(NetrcError {
            line,
            reason: "a quote is not closed".to_owned(),
        }),
        None => Ok(entries),
    }
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

/// The text with this key for the machine, in place of what stood there for it before. All else stays as it is.
pub fn with_key(text: &str, machine: &str, key: &str) -> String {
    let mut text = without(text, machine).unwrap_or_else(|| text.to_owned());
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    let block = format!(
        "machine {}\n  login user\n  password {}\n",
        quoted(machine),
        quoted(key)
    );
    let holds = |whole: &String| {
        parse(whole).is_ok_and(|entries| {
            find(&entries, machine).is_some_and(|entry| entry.password.expose() == key)
        })
    };
    let whole = format!("{text}{block}");
    if parse(&text).is_err() {
        return whole;
    }
    // A macro at the end of the file goes on to the next empty line; a backslash at its very end takes one newline away.
    let tries = [
        whole,
        format!("{text}\n{block}"),
        format!("{text}\n\n{block}"),
    ];
    let found = tries.iter().position(holds).unwrap_or(0);
    tries.into_iter().nth(found).unwrap_or_default()
}

/// The text without what it says about the machine; `None` if it says nothing. A file that cannot be read as a whole is
/// searched all the same, so that a mistake elsewhere in it keeps nobody from logging in or out.
pub fn without(text: &str, machine: &str) -> Option<String> {
    let mut words = Words::of(text);
    let mut cuts: Vec<Range<usize>> = Vec::new();
    let mut inside = false;
    while let Some((_, word)) = words.keyword() {
        let start = words.word;
        match word.as_str() {
            "machine" => {
                inside = words.next().is_some_and(|(_, name)| name == machine);
                if inside {
                    cuts.push(start..words.at);
                }
            }
            "default" => inside = false,
            "macdef" => {
                inside = false;
                // Its name, which may stand on the next line.
                words.next();
                words.skip_macro();
            }
            "login" | "user" | "account" | "password" => drop(words.next()),
            _ => {}
        }
        if inside && let Some(cut) = cuts.last_mut() {
            cut.end = words.at;
        }
    }
    if cuts.is_empty() {
        return None;
    }
    let mut out = String::new();
    let mut from = 0;
    for cut in cuts {
        let cut = whole_lines(text, cut);
        out.push_str(text.get(from..cut.start).unwrap_or_default());
        from = cut.end.max(from);
    }
    out.push_str(text.get(from..).unwrap_or_default());
    Some(out)
}

/// Widens a cut to whole lines, where nothing but white space or a comment shares them with it.
fn whole_lines(text: &str, cut: Range<usize>) -> Range<usize> {
    let line_start = text[..cut.start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[cut.end..]
        .find('\n')
        .map_or(text.len(), |at| cut.end + at + 1);
    let rest = text[cut.end..line_end].trim_start();
    let alone_before = text[line_start..cut.start].trim().is_empty();
    let alone_after = rest.is_empty() || rest.starts_with('#');
    match (alone_before, alone_after) {
        (true, true) => line_start..line_end,
        (true, false) => line_start..line_end - rest.len(),
        (false, _) => cut,
    }
}

/// A word as it is written; quoted only if it has to be, in the one way that all readers understand.
fn quoted(word: &str) -> String {
    let special = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\');
    if !word.is_empty() && !word.starts_with('#') && !word.contains(special) {
        return word.to_owned();
    }
    let escaped = word.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

struct Words<'a> {
    text: &'a str,
    /// Byte that comes next.
    at: usize,
    /// Where the last word began.
    word: usize,
    line: usize,
    /// Line of a quote without an end.
    unclosed: Option<usize>,
}

impl<'a> Words<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            word: 0,
            line: 1,
            unclosed: None,
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn char(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        self.line += usize::from(c == '\n');
        Some(c)
    }

    /// The next word that is no comment, with its line.
    fn keyword(&mut self) -> Option<(usize, String)> {
        loop {
            self.skip_white();
            if self.peek() != Some('#') {
                return self.next();
            }
            self.skip_line();
        }
    }

    fn skip_white(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
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
        while self.peek().is_some() && !self.skip_line() {}
    }
}

impl Iterator for Words<'_> {
    type Item = (usize, String);

    fn next(&mut self) -> Option<Self::Item> {
        self.skip_white();
        let line = self.line;
        self.word = self.at;
        // The official client quotes as a shell does, so both kinds of quotes occur.
        let quote = self.peek()?;
        let quote = matches!(quote, '"' | '\'').then_some(quote);
        if quote.is_some() {
            self.char();
        }
        let mut word = String::new();
        while let Some(c) = self.peek() {
            if quote.is_none() && c.is_whitespace() {
                break;
            }
            self.char();
            match c {
                c if Some(c) == quote => return Some((line, word)),
                '\\' if quote != Some('\'') => word.extend(self.char()),
                c => word.push(c),
            }
        }
        if quote.is_some() {
            self.unclosed = Some(line);
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
            ("machine", "error on line 1: nothing follows machine"),
            (
                "machine a\n password \"x",
                "error on line 2: a quote is not closed",
            ),
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

    #[test]
    fn a_key_takes_the_place_of_the_old_one() {
        for (before, after) in [
            ("", ""),
            (
                "# mine\nmachine a\n  login x\n  password y\n# below\nmachine h:1\n login user # old\n password old # !\n\n# for c\nmachine c password z",
                "# mine\nmachine a\n  login x\n  password y\n# below\n\n# for c\nmachine c password z\n",
            ),
            (
                "machine h:1 password old machine c password z\nmachine h:1 password older\n",
                "machine c password z\n",
            ),
            (
                "machine c password z machine h:1 password old",
                "machine c password z \n",
            ),
            (
                "machine \"h:1\" macdef m\n x\n\ndefault password q\n",
                "macdef m\n x\n\ndefault password q\n",
            ),
            ("what is this\nmachine 'h:1'\n password x", "what is this\n"),
            ("macdef m\n x", "macdef m\n x\n\n"),
        ] {
            let block = "machine h:1\n  login user\n  password new\n";
            assert_eq!(with_key(before, "h:1", "new"), format!("{after}{block}"));
        }
        assert_eq!(without("machine a password b", "c"), None);
        assert_eq!(without("machine a password b", "a").as_deref(), Some(""));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text: String) {
            let _ = parse(&text);
        }

        #[test]
        fn what_is_written_is_read_back(
            text in "(machine [a-c]\n|  login u\n|  password \"p q\" # c\n|default\n|# machine a\n|macdef m\n x\n\n|machine [a-c] login u password p|\n){0,12}",
            machine in "[a-d]|\\[::1\\]:80",
            key in "[ -~]{1,10}",
        ) {
            if parse(&text).is_err() {
                return Ok(());
            }
            let once = with_key(&text, &machine, &key);
            proptest::prop_assert_eq!(&with_key(&once, &machine, &key), &once);
            let entries = parse(&once).unwrap();
            let entry = find(&entries, &machine).unwrap();
            proptest::prop_assert_eq!(entry.password.expose(), &key);
            for old in parse(&text).unwrap() {
                if old.machine.as_ref() != Some(&machine) {
                    proptest::prop_assert!(entries.contains(&old));
                }
            }
        }
    }
}
