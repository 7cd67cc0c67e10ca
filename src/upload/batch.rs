//! Lines that wait to be sent, and the request that they become.
//!
//! Lines are kept as they stand in the request: as the content of JSON strings. Their numbers are put in when the
//! request is made: where the run's lines begin on the server is not known before it is registered.

use crate::wire::json::write_text;
use crate::wire::row::escape;

/// A request is sent when its lines have this many bytes. The server takes 10 MiB; smaller ones keep memory small and
/// the line busy while the next is made.
const FULL: usize = 3 << 20;
/// Longest line in bytes that the server takes: 10 MiB less 100 KiB.
pub const MAX_LINE: usize = 10_383_360;

/// Lines of one file of the stream.
#[derive(Debug, Default)]
pub struct Lines {
    /// `"…","…"`
    text: Vec<u8>,
    /// Number of the first line in `text`.
    first: u64,
    count: u64,
}

impl Lines {
    /// Adds a line.
    pub fn push(&mut self, line: &str) {
        if self.count > 0 {
            self.text.push(b',');
        }
        self.text.push(b'"');
        escape(line, &mut self.text);
        self.text.push(b'"');
        self.count += 1;
    }

    /// Adds a line that `write` appends as the content of a string; it gives what it likes, or `None` for no line.
    pub fn push_with<T>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Option<T>) -> Option<T> {
        let start = self.text.len();
        if self.count > 0 {
            self.text.push(b',');
        }
        self.text.push(b'"');
        let written = write(&mut self.text);
        if written.is_some() {
            self.text.push(b'"');
            self.count += 1;
        } else {
            self.text.truncate(start);
        }
        written
    }

    /// Leaves out a line that the server has; no line may wait.
    pub fn skip(&mut self) {
        self.first += 1;
    }

    /// Number of the line behind those that were added.
    pub fn next(&self) -> u64 {
        self.first + self.count
    }

    /// Takes the waiting lines out, as they are outside of a request.
    pub fn take(&mut self) -> Vec<String> {
        let mut text = std::mem::take(&mut self.text);
        text.insert(0, b'[');
        text.push(b']');
        self.clear();
        // What was put in is a list of strings.
        serde_json::from_slice(&text).unwrap_or_default()
    }

    fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn clear(&mut self) {
        self.first = self.next();
        self.count = 0;
        self.text.clear();
    }
}

/// Where the lines of a run begin on the server: how many there are of runs that it goes on with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bases {
    pub history: u64,
    pub events: u64,
    pub console: u64,
}

/// How many lines of a run the server has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub history: u64,
    pub events: u64,
    pub console: u64,
}

/// What goes into a request besides the waiting lines.
#[derive(Debug, Default)]
pub struct Extras<'a> {
    pub summary: Option<&'a str>,
    /// Number of the first line, and lines in a row.
    pub console: Option<(u64, &'a [String])>,
    /// Files that have been stored.
    pub uploaded: &'a [String],
    pub preempting: bool,
    /// The end, with the exit code.
    pub complete: Option<i32>,
}

/// The rows that wait.
#[derive(Debug, Default)]
pub struct Batch {
    pub history: Lines,
    pub events: Lines,
}

impl Batch {
    /// Whether a request should be sent at once.
    pub fn is_full(&self) -> bool {
        self.history.text.len() + self.events.text.len() >= FULL
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.history.is_empty() && self.events.is_empty()
    }

    /// Makes a request of everything that waits.
    pub fn take(&mut self, bases: Bases, extras: &Extras<'_>) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.history.text.len() + self.events.text.len() + 4096);
        let mut files = Members::new(&mut body, b"{\"files\":{");
        for (name, lines, base) in [
            ("wandb-history.jsonl", &mut self.history, bases.history),
            ("wandb-events.jsonl", &mut self.events, bases.events),
        ] {
            if !lines.is_empty() {
                files.file(name, base + lines.first, &lines.text);
                lines.clear();
            }
        }
        if let Some(summary) = extras.summary {
            let mut line = vec![b'"'];
            escape(summary, &mut line);
            line.push(b'"');
            files.file("wandb-summary.json", 0, &line);
        }
        if let Some((first, lines)) = extras.console {
            let mut text = Lines::default();
            for line in lines {
                text.push(line);
            }
            files.file("output.log", bases.console + first, &text.text);
        }
        let any_file = files.any;
        let mut members = if any_file {
            body.push(b'}');
            Members {
                out: &mut body,
                any: true,
            }
        } else {
            body.clear();
            Members::new(&mut body, b"{")
        };
        if !extras.uploaded.is_empty() {
            let mut list = String::from("[");
            for (i, name) in extras.uploaded.iter().enumerate() {
                if i > 0 {
                    list.push(',');
                }
                write_text(name, &mut list);
            }
            list.push(']');
            members.member("uploaded", &list);
        }
        if extras.preempting {
            members.member("preempting", "true");
        }
        if let Some(code) = extras.complete {
            members.member("complete", "true");
            members.member("exitcode", &code.to_string());
        }
        body.push(b'}');
        body
    }
}

/// Members of an object that is being written.
struct Members<'a> {
    out: &'a mut Vec<u8>,
    any: bool,
}

impl<'a> Members<'a> {
    fn new(out: &'a mut Vec<u8>, opening: &[u8]) -> Self {
        out.extend_from_slice(opening);
        Self { out, any: false }
    }

    fn key(&mut self, name: &str) {
        if self.any {
            self.out.push(b',');
        }
        self.any = true;
        self.out
            .extend_from_slice(format!("\"{name}\":").as_bytes());
    }

    fn file(&mut self, name: &str, offset: u64, lines: &[u8]) {
        self.key(name);
        self.out
            .extend_from_slice(format!("{{\"offset\":{offset},\"content\":[").as_bytes());
        self.out.extend_from_slice(lines);
        self.out.extend_from_slice(b"]}");
    }

    fn member(&mut self, name: &str, json: &str) {
        self.key(name);
        self.out.extend_from_slice(json.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: Vec<u8>) -> String {
        let text = String::from_utf8(body).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap();
        text
    }

    #[test]
    fn requests_hold_what_waits_and_nothing_else() {
        let bases = Bases {
            history: 10,
            events: 20,
            console: 30,
        };
        let mut batch = Batch::default();
        assert_eq!(text(batch.take(bases, &Extras::default())), "{}");
        batch.history.skip();
        batch.history.push(r#"{"a":"x\n"}"#);
        batch.history.push("{}");
        batch.events.push("{}");
        let lines = ["a \"b\"".to_owned()];
        let extras = Extras {
            summary: Some("{\"a\":1}"),
            console: Some((4, &lines)),
            ..Extras::default()
        };
        assert_eq!(
            text(batch.take(bases, &extras)),
            r#"{"files":{"wandb-history.jsonl":{"offset":11,"content":["{\"a\":\"x\\n\"}","{}"]},"wandb-events.jsonl":{"offset":20,"content":["{}"]},"wandb-summary.json":{"offset":0,"content":["{\"a\":1}"]},"output.log":{"offset":34,"content":["a \"b\""]}}}"#
        );
        assert!(batch.is_empty());
        batch.history.push("{}");
        let extras = Extras {
            uploaded: &["a b.txt".to_owned(), "ü".to_owned()],
            preempting: true,
            complete: Some(3),
            ..Extras::default()
        };
        assert_eq!(
            text(batch.take(bases, &extras)),
            r#"{"files":{"wandb-history.jsonl":{"offset":13,"content":["{}"]}},"uploaded":["a b.txt","ü"],"preempting":true,"complete":true,"exitcode":3}"#
        );
        let extras = Extras {
            complete: Some(0),
            ..Extras::default()
        };
        assert_eq!(
            text(batch.take(bases, &extras)),
            r#"{"complete":true,"exitcode":0}"#
        );
        assert_eq!((batch.history.next(), batch.events.next()), (4, 1));
    }
}
