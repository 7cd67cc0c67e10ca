//! Console lines on their way to the server, with the times at which they were written.
//!
//! The last lines can still change; what was sent of them is remembered, so that only changes are sent again. Source:
//! `core/internal/runconsolelogs` of the official repository, which gives lines the time of the upload.

use std::collections::BTreeMap;

use crate::run::Stream;
use crate::term::{ConsoleLog, Mark, Numbered};
use crate::wire::json::write_text;

/// Bytes of lines that one request takes.
const FULL: usize = 2 << 20;

/// The console of a run, folded from its records.
#[derive(Debug)]
pub struct Console {
    log: ConsoleLog,
    /// Final lines that wait, in a row.
    waiting: Vec<String>,
    waiting_bytes: usize,
    /// Number of the first waiting line; of the next final one if none waits.
    first: u64,
    /// Lines below this number are on the server.
    known: u64,
    /// Last lines as they were sent.
    sent: BTreeMap<u64, String>,
    /// Lines are JSON objects; old servers want text.
    structured: bool,
    /// Bytes that `output.log` has, as far as its lines are final.
    final_bytes: u64,
    changed: bool,
}

/// Lines in a row for one request.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Part {
    pub first: u64,
    pub lines: Vec<String>,
    /// Lines below this number will not change any more.
    pub settled: u64,
}

impl Console {
    /// A console of which the server has the lines below `known`.
    pub fn new(known: u64, structured: bool) -> Self {
        Self {
            log: ConsoleLog::marked(),
            waiting: Vec::new(),
            waiting_bytes: 0,
            first: 0,
            known,
            sent: BTreeMap::new(),
            structured,
            final_bytes: 0,
            changed: false,
        }
    }

    /// Says how the server wants its lines; none may have been sent.
    pub fn set_structured(&mut self, structured: bool) {
        self.structured = structured;
    }

    /// Says how many lines the server has; none may have been sent.
    pub fn set_known(&mut self, known: u64) {
        self.known = known;
    }

    /// Takes text; `micros` are microseconds since the Unix epoch.
    pub fn write(&mut self, stream: Stream, micros: i64, text: &str) {
        self.changed = true;
        self.log.write_at(Mark { stream, at: micros }, text);
        if self.log.finished().len() > 64 << 10 {
            self.collect();
        }
    }

    /// Takes a line that the script has logged past its terminal.
    pub fn add_line(&mut self, micros: i64, text: &str) {
        self.changed = true;
        let stream = Stream::Stdout;
        self.log.add_line(Mark { stream, at: micros }, text);
        if self.log.finished().len() > 64 << 10 {
            self.collect();
        }
    }

    /// Whether something came since [`Console::take`].
    pub fn has_changed(&self) -> bool {
        self.changed
    }

    /// Whether a request should be sent at once.
    pub fn is_full(&self) -> bool {
        self.waiting_bytes >= FULL
    }

    /// How many lines there are.
    pub fn line_count(&self) -> u64 {
        self.log.line_count()
    }

    /// Size in bytes of `output.log`, and its last lines that are not final.
    pub fn text_size(&mut self) -> u64 {
        self.collect();
        self.final_bytes + self.log.tail().len() as u64
    }

    /// Moves lines that became final to those that wait.
    fn collect(&mut self) {
        self.final_bytes += self.log.finished().len() as u64;
        for line in self.log.final_lines() {
            let number = line.number;
            let sent = self.sent.remove(&number);
            if number < self.known {
                self.first = number + 1;
                continue;
            }
            let encoded = encode(line, self.structured);
            if sent.as_ref() == Some(&encoded) && self.waiting.is_empty() {
                self.first = number + 1;
                continue;
            }
            if self.waiting.is_empty() {
                self.first = number;
            }
            self.waiting_bytes += encoded.len() + 3;
            self.waiting.push(encoded);
        }
        self.log.forget_finished();
    }

    /// Takes what is to be sent now: waiting lines, and the last ones if they fit and have changed.
    pub fn take(&mut self) -> Option<Part> {
        self.collect();
        self.changed = self.waiting_bytes > FULL;
        let mut part = Part {
            first: self.first,
            lines: Vec::new(),
            settled: 0,
        };
        if self.waiting_bytes > FULL {
            let mut bytes = 0;
            let count = self
                .waiting
                .iter()
                .take_while(|line| {
                    bytes += line.len() + 3;
                    bytes <= FULL
                })
                .count()
                .max(1);
            part.lines = self.waiting.drain(..count).collect();
            self.first += count as u64;
            self.waiting_bytes = self.waiting.iter().map(|line| line.len() + 3).sum();
            part.settled = self.first;
            return Some(part);
        }
        part.lines = std::mem::take(&mut self.waiting);
        self.waiting_bytes = 0;
        part.settled = part.first + part.lines.len() as u64;
        self.first = part.settled;
        let mut start = !part.lines.is_empty();
        for line in self.log.last_lines() {
            let encoded = encode(line, self.structured);
            let same = self.sent.get(&line.number) == Some(&encoded);
            if !start && same {
                continue;
            }
            if !start {
                part.first = line.number;
                start = true;
            }
            if !same {
                self.sent.insert(line.number, encoded.clone());
            }
            part.lines.push(encoded);
        }
        start.then_some(part)
    }
}

fn encode(line: Numbered<'_>, structured: bool) -> String {
    let time = chrono::DateTime::from_timestamp_micros(line.mark.at)
        .unwrap_or_default()
        .format("%Y-%m-%dT%H:%M:%S%.6f");
    let is_error = line.mark.stream == Stream::Stderr;
    if !structured {
        let level = if is_error { "ERROR " } else { "" };
        return format!("{level}{time} {}", line.text);
    }
    let level = if is_error { "\"level\":\"error\"," } else { "" };
    let mut encoded = format!("{{{level}\"ts\":\"{time}\",\"content\":");
    write_text(line.text, &mut encoded);
    encoded.push('}');
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn lines_carry_their_own_time_and_changes_are_sent_again() {
        let mut console = Console::new(0, true);
        console.write(Stream::Stdout, 1_700_000_000 * SECOND + 5, "hello\n10%");
        console.write(Stream::Stderr, 1_700_000_001 * SECOND, "oh \"no\"\n");
        let part = console.take().unwrap();
        assert_eq!(
            part.lines,
            [
                r#"{"ts":"2023-11-14T22:13:20.000005","content":"hello"}"#,
                r#"{"ts":"2023-11-14T22:13:20.000005","content":"10%"}"#,
                r#"{"level":"error","ts":"2023-11-14T22:13:21.000000","content":"oh \"no\""}"#,
            ]
        );
        assert_eq!(console.take(), None);
        console.write(Stream::Stdout, 1_700_000_009 * SECOND, "\r20%");
        let part = console.take().unwrap();
        assert_eq!((part.first, part.lines.len()), (1, 2));
        assert!(part.lines[0].contains("20.000005\",\"content\":\"20%"));
        for i in 0..100 {
            console.write(Stream::Stdout, 1_700_000_010 * SECOND, &format!("\n{i}"));
        }
        let part = console.take().unwrap();
        assert_eq!((part.first, part.lines.len()), (3, 100));
        assert_eq!(part.settled, 103 - 32);
        assert_eq!(console.take(), None);
    }

    #[test]
    fn old_servers_get_text_and_known_lines_are_left_out() {
        let mut console = Console::new(50, false);
        for i in 0..100 {
            console.write(Stream::Stderr, i, &format!("{i}\n"));
        }
        let part = console.take().unwrap();
        assert_eq!(part.first, 50);
        assert_eq!(part.lines[0], "ERROR 1970-01-01T00:00:00.000050 50");
        assert_eq!(console.text_size(), 10 * 2 + 90 * 3);
    }

    #[test]
    fn floods_are_sent_in_parts() {
        let mut console = Console::new(0, true);
        let line = format!("{}\n", "x".repeat(1000));
        for _ in 0..5000 {
            console.write(Stream::Stdout, 0, &line);
        }
        assert!(console.is_full());
        let mut next = 0;
        while let Some(part) = console.take() {
            assert_eq!(part.first, next);
            next += part.lines.len() as u64;
            assert!(part.lines.iter().map(String::len).sum::<usize>() < FULL + (1 << 18));
        }
        assert_eq!(next, 5000);
    }
}
