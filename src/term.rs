//! `output.log`: what the console lines look like by the official terminal rules.
//!
//! Both streams share one growing list of lines; each has its own small terminal. Only `\r`, `\n`, `ESC[A` and
//! `ESC[B` mean something; every other character is stored as it is. Source:
//! `core/internal/terminalemulator` and `core/internal/runconsolelogs` of the official repository.
//!
//! * a terminal has [`HEIGHT`] lines of view and a cursor; a line comes into being, at the end of the shared list,
//!   when something is written on it;
//! * the last [`HEIGHT`] lines of the shared list can change, older ones are final;
//! * a line has at most [`WIDTH`] characters, the rest is dropped;
//! * blanks at the end of a line are not part of it until something else changes the line.

use std::collections::VecDeque;

use crate::run::Stream;

const HEIGHT: usize = 32;
const WIDTH: usize = 4096;

/// The shared list of lines and the two terminals that write to it.
#[derive(Debug, Default)]
pub struct ConsoleLog {
    lines: VecDeque<Line>,
    /// Number of the first line in `lines`; all before it are final.
    first: u64,
    finished: String,
    /// Where from and when the lines in `finished` came, if that is wanted.
    marks: Option<Vec<Mark>>,
    stdout: Terminal,
    stderr: Terminal,
}

/// Where a line came from, and when it came into being: microseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub stream: Stream,
    pub at: i64,
}

/// A line with its number, counted from 0 for both streams together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbered<'a> {
    pub number: u64,
    pub mark: Mark,
    pub text: &'a str,
}

#[derive(Debug)]
struct Line {
    mark: Mark,
    text: String,
    /// Characters in `text`.
    length: usize,
    /// Bytes of `text` that are shown; what follows are blanks.
    shown: usize,
}

#[derive(Debug)]
struct Terminal {
    /// Of the text that is being written.
    mark: Mark,
    /// Line numbers from the top of the view down.
    view: VecDeque<u64>,
    x: usize,
    y: usize,
    escape: Escape,
}

#[derive(Debug, Default, Clone, Copy, PartialEq)]
enum Escape {
    #[default]
    None,
    Esc,
    Bracket,
}

impl ConsoleLog {
    /// A log that knows where from and when its lines came.
    pub fn marked() -> Self {
        Self {
            marks: Some(Vec::new()),
            ..Self::default()
        }
    }

    /// Writes text as it came from one stream.
    pub fn write(&mut self, stream: Stream, text: &str) {
        self.write_at(Mark { stream, at: 0 }, text);
    }

    /// Writes text that came at this time.
    pub fn write_at(&mut self, mark: Mark, text: &str) {
        let stream = mark.stream;
        let mut terminal = std::mem::take(match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        });
        terminal.mark = mark;
        let rest = self.write_final(&mut terminal, text);
        self.write_to(&mut terminal, rest);
        match stream {
            Stream::Stdout => self.stdout = terminal,
            Stream::Stderr => self.stderr = terminal,
        }
    }

    /// Adds a line that no terminal writes to.
    pub fn add_line(&mut self, mark: Mark, text: &str) {
        let number = self.allocate(mark);
        self.lines[(number - self.first) as usize].write(0, text);
    }

    fn write_to(&mut self, terminal: &mut Terminal, mut text: &str) {
        loop {
            if terminal.escape != Escape::None {
                let Some(c) = text.chars().next() else { return };
                text = &text[c.len_utf8()..];
                self.escaped(terminal, c);
                continue;
            }
            let Some(at) = memchr::memchr3(b'\r', b'\n', 0x1b, text.as_bytes()) else {
                self.put(terminal, text);
                return;
            };
            self.put(terminal, &text[..at]);
            match text.as_bytes()[at] {
                b'\r' => terminal.x = 0,
                b'\n' => {
                    terminal.x = 0;
                    terminal.down();
                }
                _ => terminal.escape = Escape::Esc,
            }
            text = &text[at + 1..];
        }
    }

    /// Takes the lines that are final before the text ends, without making lines of them that could change; gives the
    /// rest of the text. A program that prints much has hundreds of them in each piece.
    fn write_final<'a>(&mut self, terminal: &mut Terminal, text: &'a str) -> &'a str {
        let begins_line = terminal.x == 0 && terminal.y == terminal.view.len();
        if terminal.escape != Escape::None || !begins_line {
            return text;
        }
        // Those in front of the last `HEIGHT`, if all of these come into being: empty ones may not.
        let mut ends = memchr::memrchr_iter(b'\n', text.as_bytes());
        let Some(mut end) = ends.next() else {
            return text;
        };
        for _ in 0..HEIGHT {
            match ends.next() {
                Some(before) if before + 1 < end => end = before,
                _ => return text,
            }
        }
        if memchr::memchr2(b'\r', 0x1b, text.as_bytes()).is_some() {
            return text;
        }
        let (lines, rest) = text.split_at(end + 1);
        for line in self.lines.drain(..) {
            line.finish(&mut self.finished);
            self.first += 1;
            if let Some(marks) = &mut self.marks {
                marks.push(line.mark);
            }
        }
        let (mut from, mut start, mut count, mut empty) = (0, 0, 0, 0);
        for end in memchr::memchr_iter(b'\n', lines.as_bytes()) {
            let line = &lines[start..end];
            empty = if line.is_empty() { empty + 1 } else { 0 };
            if empty >= HEIGHT {
                // It has left the view before anything was written below it.
                self.finished.push_str(&lines[from..start]);
                (from, start) = (end + 1, end + 1);
                continue;
            }
            if line.ends_with(' ') || line.len() > WIDTH {
                let room = line
                    .char_indices()
                    .nth(WIDTH)
                    .map_or(line.len(), |(at, _)| at);
                let shown = line[..room].trim_end_matches(' ').len();
                self.finished.push_str(&lines[from..start + shown]);
                from = end;
            }
            start = end + 1;
            count += 1;
        }
        self.finished.push_str(&lines[from..]);
        self.first += count as u64;
        if let Some(marks) = &mut self.marks {
            marks.resize(marks.len() + count, terminal.mark);
        }
        terminal.view.clear();
        terminal.y = 0;
        rest
    }

    fn escaped(&mut self, terminal: &mut Terminal, c: char) {
        let held = match (terminal.escape, c) {
            (Escape::Esc, '[') => {
                terminal.escape = Escape::Bracket;
                return;
            }
            (Escape::Bracket, 'A') => {
                terminal.y = terminal.y.saturating_sub(1);
                terminal.escape = Escape::None;
                return;
            }
            (Escape::Bracket, 'B') => {
                terminal.down();
                terminal.escape = Escape::None;
                return;
            }
            (Escape::Bracket, _) => "\u{1b}[",
            _ => "\u{1b}",
        };
        terminal.escape = Escape::None;
        self.put(terminal, held);
        self.put(terminal, c.encode_utf8(&mut [0; 4]));
    }

    /// Writes characters at the cursor; they are stored whatever they are.
    fn put(&mut self, terminal: &mut Terminal, run: &str) {
        if run.is_empty() {
            return;
        }
        while terminal.y >= terminal.view.len() {
            let number = self.allocate(terminal.mark);
            terminal.view.push_back(number);
        }
        let number = terminal.view[terminal.y];
        let written = if number >= self.first {
            self.lines[(number - self.first) as usize].write(terminal.x, run)
        } else if run.is_ascii() {
            run.len()
        } else {
            run.chars().count()
        };
        terminal.x += written;
    }

    fn allocate(&mut self, mark: Mark) -> u64 {
        let mut line = Line::new(mark);
        if self.lines.len() == HEIGHT
            && let Some(mut oldest) = self.lines.pop_front()
        {
            self.first += 1;
            oldest.finish(&mut self.finished);
            if let Some(marks) = &mut self.marks {
                marks.push(oldest.mark);
            }
            oldest.clear();
            oldest.mark = mark;
            line = oldest;
        }
        self.lines.push_back(line);
        self.first + self.lines.len() as u64 - 1
    }

    /// The text of the lines that became final since [`ConsoleLog::forget_finished`].
    pub fn finished(&self) -> &str {
        &self.finished
    }

    /// Lets go of the final lines: they have been written.
    pub fn forget_finished(&mut self) {
        self.finished.clear();
        if let Some(marks) = &mut self.marks {
            marks.clear();
        }
    }

    /// The lines that became final since [`ConsoleLog::forget_finished`]; none unless the log is marked.
    pub fn final_lines(&self) -> impl Iterator<Item = Numbered<'_>> {
        let marks = self.marks.as_deref().unwrap_or_default();
        let from = self.first - marks.len() as u64;
        let texts = self.finished.split('\n');
        marks
            .iter()
            .zip(texts)
            .enumerate()
            .map(move |(i, (mark, text))| Numbered {
                number: from + i as u64,
                mark: *mark,
                text,
            })
    }

    /// The lines that may still change.
    pub fn last_lines(&self) -> impl Iterator<Item = Numbered<'_>> {
        self.lines.iter().enumerate().map(|(i, line)| Numbered {
            number: self.first + i as u64,
            mark: line.mark,
            text: &line.text[..line.shown],
        })
    }

    /// How many lines there are.
    pub fn line_count(&self) -> u64 {
        self.first + self.lines.len() as u64
    }

    /// The text of the lines that may still change.
    pub fn tail(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            line.finish(&mut text);
        }
        text
    }

    /// Everything that was not taken yet, final or not.
    pub fn text(&self) -> String {
        format!("{}{}", self.finished, self.tail())
    }
}

impl Default for Terminal {
    fn default() -> Self {
        Self {
            mark: Mark {
                stream: Stream::Stdout,
                at: 0,
            },
            view: VecDeque::new(),
            x: 0,
            y: 0,
            escape: Escape::None,
        }
    }
}

impl Terminal {
    fn down(&mut self) {
        self.y += 1;
        if self.y >= HEIGHT {
            self.view.pop_front();
            self.y -= 1;
        }
    }
}

impl Line {
    fn new(mark: Mark) -> Self {
        Self {
            mark,
            text: String::new(),
            length: 0,
            shown: 0,
        }
    }

    fn finish(&self, out: &mut String) {
        out.push_str(&self.text[..self.shown]);
        out.push('\n');
    }

    fn clear(&mut self) {
        self.text.clear();
        self.text.shrink_to(WIDTH);
        self.length = 0;
        self.shown = 0;
    }

    /// Writes characters from column `x` on; returns how many columns the cursor moves.
    fn write(&mut self, x: usize, run: &str) -> usize {
        if x != self.length {
            return self.overwrite(x, run);
        }
        let (mut kept, mut count) = (run, run.len());
        if !run.is_ascii() {
            count = run.chars().count();
        }
        let room = WIDTH - self.length.min(WIDTH);
        if count > room {
            let end = run.char_indices().nth(room).map_or(run.len(), |(at, _)| at);
            kept = &run[..end];
        }
        self.length += count.min(room);
        let visible = kept.trim_end_matches(' ').len();
        if visible > 0 {
            self.shown = self.text.len() + visible;
        }
        self.text.push_str(kept);
        count
    }

    fn overwrite(&mut self, x: usize, run: &str) -> usize {
        let mut chars: Vec<char> = self.text.chars().collect();
        let mut changed = false;
        let mut shown = self.text[..self.shown].chars().count();
        let mut count = 0;
        for (i, c) in run.chars().enumerate() {
            count += 1;
            let at = x + i;
            if at >= WIDTH {
                continue;
            }
            if at >= chars.len() {
                chars.resize(at + 1, ' ');
            }
            if chars[at] != c {
                chars[at] = c;
                changed = true;
                shown = chars.len();
            }
        }
        if changed || chars.len() > self.length {
            self.length = chars.len();
            self.shown = chars[..shown].iter().map(|c| c.len_utf8()).sum();
            self.text = chars.into_iter().collect();
        }
        count
    }
}

/// Must not panic and must stay small, whatever the input.
#[doc(hidden)]
pub fn fuzz_term(input: &[u8]) {
    let mut log = ConsoleLog::default();
    for (i, part) in input.chunks(7).enumerate() {
        let stream = if i % 3 == 2 {
            Stream::Stderr
        } else {
            Stream::Stdout
        };
        log.write(stream, &String::from_utf8_lossy(part));
    }
    // A line costs at most WIDTH characters; one allocation may bring up to HEIGHT empty lines.
    assert!(log.text().chars().count() <= input.len() * (WIDTH + HEIGHT) + HEIGHT);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(writes: &[(char, &str)]) -> Vec<String> {
        let mut log = ConsoleLog::default();
        for (stream, text) in writes {
            let stream = if *stream == 'E' {
                Stream::Stderr
            } else {
                Stream::Stdout
            };
            log.write(stream, text);
        }
        let text = log.text();
        assert!(text.is_empty() || text.ends_with('\n'));
        text.split_terminator('\n').map(str::to_owned).collect()
    }

    #[test]
    fn marked_lines_know_their_number_stream_and_time() {
        let mut log = ConsoleLog::marked();
        let mark = |stream, at| Mark { stream, at };
        for i in 0..40 {
            log.write_at(mark(Stream::Stdout, i), &format!("line {i}\n"));
        }
        log.write_at(mark(Stream::Stderr, 100), "10%\r20%");
        log.write_at(mark(Stream::Stderr, 101), "\r30%");
        let finals: Vec<_> = log.final_lines().collect();
        assert_eq!(finals.len(), 9);
        assert_eq!(
            (finals[8].number, finals[8].mark.at, finals[8].text),
            (8, 8, "line 8")
        );
        let last = log.last_lines().last().unwrap();
        assert_eq!(
            (last.number, last.mark, last.text),
            (40, mark(Stream::Stderr, 100), "30%")
        );
        log.forget_finished();
        log.write_at(mark(Stream::Stdout, 200), "x\n");
        let numbers: Vec<u64> = log.final_lines().map(|line| line.number).collect();
        assert_eq!((numbers, log.line_count()), (vec![9], 42));
    }

    /// Each case was run with the official client 0.31.0; this is its `output.log`.
    #[test]
    fn lines_are_those_of_the_official_client() {
        let feeds = format!("a{}b\n", "\n".repeat(40));
        let mut collapsed = vec!["a".to_owned()];
        collapsed.extend(std::iter::repeat_n(String::new(), 31));
        collapsed.push("b".to_owned());
        assert_eq!(lines(&[('S', &feeds)]), collapsed);
        assert_eq!(
            lines(&[
                ('S', "abc   \n"),
                ('S', "   \n"),
                ('S', "abc  \rX\n"),
                ('S', "x\x1b[K \n"),
                ('S', "end")
            ]),
            ["abc", "", "Xbc  ", "x\x1b[K", "end"]
        );
        assert_eq!(
            lines(&[
                ('S', "one\ntwo\n"),
                ('S', "\x1b"),
                ('E', "E1"),
                ('S', "["),
                ('S', "A"),
                ('S', "TW\x1b[Bdown\x1b[A\x1b[A\x1b[A\x1b[Atop"),
                ('E', " E2\n"),
                ('S', "\ntail\x1b["),
            ]),
            ["one   top", "tail", "E1 E2", "  down"]
        );
        let mut log = ConsoleLog::default();
        log.write(Stream::Stdout, "q\x1b\nz\x1b\x1b[Ay\n");
        assert_eq!(log.text(), "q\x1b\nz\x1b\x1b[Ay\n");
        assert_eq!(
            lines(&[
                ('S', &format!("{}XYZ\rab\x1b[Bc\n", "L".repeat(4096))),
                ('S', &format!("{}\x1b[Ahello\n", "p".repeat(4097)))
            ]),
            [
                format!("ab{}", "L".repeat(4094)),
                "  c".to_owned(),
                "p".repeat(4096)
            ]
        );
        assert_eq!(
            lines(&[
                ('S', "\n\n\n"),
                ('S', "x\n"),
                ('E', "\n\ne\n"),
                ('S', "\x1b[B\x1b[By\n"),
                ('S', "é漢👍z\rAB\n"),
                ('S', "  ")
            ]),
            ["", "", "", "x", "", "", "e", "", "", "y", "AB👍z", ""]
        );
        assert_eq!(
            lines(&[
                ('S', "a\n\n\n\n\n\nb"),
                ('E', "E"),
                ('S', "\x1b[A\x1b[Amid\n")
            ]),
            ["a", "", "", "", " mid", "", "b", "E"]
        );
    }

    #[test]
    fn lines_older_than_the_view_are_final() {
        let mut writes: Vec<(char, String)> = (0..31).map(|i| ('S', format!("o{i}\n"))).collect();
        writes.push(('S', "cur".into()));
        writes.push(('E', "e0\ne1\n".into()));
        writes.push((
            'S',
            format!(
                "{}\rMOD-TOP\x1b[B\rMOD-1\x1b[B\rMOD-2\n",
                "\x1b[A".repeat(40)
            ),
        ));
        let writes: Vec<(char, &str)> =
            writes.iter().map(|(c, text)| (*c, text.as_str())).collect();
        assert_eq!(lines(&writes)[..3], ["o0", "o1", "MOD-2"]);
    }

    #[test]
    fn memory_is_bounded_by_the_view() {
        let mut log = ConsoleLog::default();
        for _ in 0..1000 {
            log.write(Stream::Stdout, &"x".repeat(10_000));
        }
        assert_eq!(log.text().len(), 4097);
        for _ in 0..1000 {
            log.write(Stream::Stdout, "y\n");
        }
        assert!(log.tail().len() <= 33 * 4097);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_handled(bytes: Vec<u8>) {
            fuzz_term(&bytes);
        }

        /// Lines that are taken many at once, and one by one.
        #[test]
        fn many_lines_are_as_one_by_one(
            before in ("[ab\r\n\u{1b}\\[AB ]{0,9}", "[ab\r\n]{0,9}"),
            parts in proptest::collection::vec(("(é?[ab]{0,3} {0,2}\n){0,40}", 0..40usize, 0..2usize), 0..5),
            last in 30..50usize,
            behind in ("[ab\r\n]{0,9}", "[ab\n\u{1b}\\[AB ]{0,20}"),
        ) {
            let parts = parts.iter().map(|(lines, empty, long)| {
                // In characters it is too long by three, in bytes twice that.
                let long = format!("{}\n", "é".repeat(WIDTH + 3)).repeat(*long);
                format!("{lines}{}{long}", "\n".repeat(*empty))
            });
            let parts = parts.collect::<String>() + &"z\n".repeat(last);
            let mark = |stream, at| Mark { stream, at };
            let (mut many, mut single) = (ConsoleLog::marked(), ConsoleLog::marked());
            for log in [&mut many, &mut single] {
                log.write_at(mark(Stream::Stdout, 1), &before.0);
                log.write_at(mark(Stream::Stderr, 2), &before.1);
            }
            many.write_at(mark(Stream::Stdout, 3), &parts);
            for line in parts.split_inclusive('\n') {
                single.write_at(mark(Stream::Stdout, 3), line);
            }
            for log in [&mut many, &mut single] {
                log.write_at(mark(Stream::Stderr, 4), &behind.0);
                log.write_at(mark(Stream::Stdout, 5), &behind.1);
            }
            assert_eq!(many.text(), single.text());
            assert_eq!(many.line_count(), single.line_count());
            let lines = |log: &ConsoleLog| -> Vec<(u64, i64, String)> {
                let lines = log.final_lines().chain(log.last_lines());
                lines.map(|line| (line.number, line.mark.at, line.text.to_owned())).collect()
            };
            assert_eq!(lines(&many), lines(&single));
        }

        #[test]
        fn pieces_do_not_matter(text in "[ab\r\n\u{1b}\\[ABé ]{0,60}", cut in 0..60usize) {
            let mut whole = ConsoleLog::default();
            whole.write(Stream::Stdout, &text);
            let mut parts = ConsoleLog::default();
            let at = text.char_indices().nth(cut).map_or(text.len(), |(at, _)| at);
            parts.write(Stream::Stdout, &text[..at]);
            parts.write(Stream::Stdout, &text[at..]);
            proptest::prop_assert_eq!(parts.text(), whole.text());
        }
    }
}
