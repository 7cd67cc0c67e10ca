//! From the child's bytes to the text that is recorded.
//!
//! Two things happen, both without changing what a terminal shows:
//! * bytes become UTF-8: a character split between two reads is kept together, anything invalid becomes U+FFFD
//!   (a record with invalid text could not be read);
//! * a line that is rewritten in place (`\r`, progress bars) is held back and recorded in its newest state only:
//!   when it ends, or when the caller asks ([`Collapser::flush`]). An hour of a progress bar then costs a few
//!   records, and the log still gives the same `output.log`.
//!
//! Cursor movements (`ESC[A`, `ESC[B`) are passed on as they are.

use std::borrow::Cow;

/// Decodes a stream of bytes to text across the borders of its reads.
#[derive(Debug, Default)]
pub struct Utf8Stream {
    /// The beginning of a character whose rest has not come yet; at most 3 bytes.
    split: Vec<u8>,
}

impl Utf8Stream {
    /// The text of `bytes`, after whatever was left over from the last call.
    pub fn decode<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, str> {
        if self.split.is_empty() {
            match std::str::from_utf8(bytes) {
                Ok(text) => return Cow::Borrowed(text),
                Err(error) if error.error_len().is_none() => {
                    let (text, split) = bytes.split_at(error.valid_up_to());
                    self.split.extend_from_slice(split);
                    // Checked just above, so nothing is replaced here.
                    return String::from_utf8_lossy(text);
                }
                Err(_) => {}
            }
        }
        let mut joined = std::mem::take(&mut self.split);
        joined.extend_from_slice(bytes);
        let end = joined.len() - unfinished(&joined);
        self.split = joined.split_off(end);
        Cow::Owned(String::from_utf8_lossy(&joined).into_owned())
    }

    /// What is left at the end of the stream: one replacement character, or nothing.
    pub fn finish(&mut self) -> &'static str {
        if std::mem::take(&mut self.split).is_empty() {
            ""
        } else {
            "\u{fffd}"
        }
    }
}

/// How many bytes at the end are the valid beginning of a longer character.
fn unfinished(bytes: &[u8]) -> usize {
    for back in 1..=bytes.len().min(3) {
        let tail = &bytes[bytes.len() - back..];
        if tail[0] >= 0xc0 {
            let incomplete = matches!(std::str::from_utf8(tail), Err(e) if e.error_len().is_none() && e.valid_up_to() == 0);
            return if incomplete { back } else { 0 };
        }
    }
    0
}

/// Longest line that is held back; a longer one is passed on as it is.
const HOLD_LIMIT: usize = 64 * 1024;

/// Holds back lines that are being rewritten; see the module's text.
#[derive(Debug, Default)]
pub struct Collapser {
    held: Option<Held>,
    /// The last two bytes passed on: they tell whether a line begins here and whether an escape is open.
    tail: [u8; 2],
    started: bool,
}

#[derive(Debug, Default)]
struct Held {
    /// Text in front of the first `\r`, if it did not begin in column 0: it cannot be merged.
    before: Option<String>,
    /// What the line shows from column 0, without `segment`.
    line: String,
    /// Text since the last `\r`.
    segment: String,
}

impl Collapser {
    /// Takes the next text and appends what is to be recorded to `out`.
    pub fn feed(&mut self, mut text: &str, out: &mut String) {
        while !text.is_empty() {
            text = if self.held.is_some() {
                self.feed_held(text, out)
            } else {
                self.feed_plain(text, out)
            };
        }
    }

    /// Whether text is held back.
    pub fn holds(&self) -> bool {
        self.held.is_some()
    }

    /// Passes on what is held back, in its present state.
    pub fn flush(&mut self, out: &mut String) {
        let Some(held) = self.held.take() else { return };
        let covers =
            movable(held.segment.as_bytes()) && char_count(&held.segment) >= char_count(&held.line);
        if let Some(before) = &held.before {
            self.pass(before, out);
            self.pass("\r", out);
        }
        if !covers {
            self.pass(&held.line, out);
            self.pass("\r", out);
        }
        self.pass(&held.segment, out);
    }

    fn pass(&mut self, text: &str, out: &mut String) {
        out.push_str(text);
        match text.as_bytes() {
            [] => return,
            [last] => self.tail = [self.tail[1], *last],
            [.., a, b] => self.tail = [*a, *b],
        }
        self.started = true;
    }

    /// The next character comes first in its line. (A newline behind an open escape is stored as a character.)
    fn at_line_start(&self) -> bool {
        !self.started || (self.tail[1] == b'\n' && !matches!(self.tail[0], 0x1b | b'['))
    }

    /// An escape sequence may still go on behind what was passed on.
    fn escape_is_open(&self) -> bool {
        self.tail[1] == 0x1b || self.tail == [0x1b, b'[']
    }

    /// Passes text on up to the first line that is rewritten; returns the rest.
    fn feed_plain<'a>(&mut self, text: &'a str, out: &mut String) -> &'a str {
        let mut from = 0;
        for at in memchr::memchr_iter(b'\r', text.as_bytes()) {
            // How lines end at a terminal.
            if text.as_bytes().get(at + 1) == Some(&b'\n')
                && !self.escape_is_open()
                && memchr::memchr(0x1b, &text.as_bytes()[from..at]).is_none()
            {
                self.pass(&text[from..at], out);
                from = at + 1;
                continue;
            }
            let line =
                memchr::memrchr(b'\n', &text.as_bytes()[from..at]).map_or(from, |i| from + i + 1);
            self.pass(&text[from..line], out);
            let head = &text[line..at];
            if self.escape_is_open() || !movable(head.as_bytes()) {
                self.pass(&text[line..=at], out);
                from = at + 1;
                continue;
            }
            if text.as_bytes().get(at + 1) == Some(&b'\n') {
                self.pass(head, out);
                from = at + 1;
                continue;
            }
            let head = head.to_owned();
            let (before, line) = if self.at_line_start() {
                (None, head)
            } else {
                (Some(head), String::new())
            };
            self.held = Some(Held {
                before,
                line,
                segment: String::new(),
            });
            return &text[at + 1..];
        }
        self.pass(&text[from..], out);
        ""
    }

    fn feed_held<'a>(&mut self, text: &'a str, out: &mut String) -> &'a str {
        let Some(held) = &mut self.held else {
            return text;
        };
        let Some(at) = memchr::memchr2(b'\r', b'\n', text.as_bytes()) else {
            held.segment.push_str(text);
            if held.segment.len() + held.line.len() > HOLD_LIMIT {
                self.flush(out);
            }
            return "";
        };
        held.segment.push_str(&text[..at]);
        if !movable(held.segment.as_bytes()) {
            self.flush(out);
            self.pass(&text[at..=at], out);
            return &text[at + 1..];
        }
        overlay(&mut held.line, &mut held.segment);
        if text.as_bytes()[at] == b'\n'
            && let Some(held) = self.held.take()
        {
            if let Some(before) = &held.before {
                self.pass(before, out);
                if !held.line.is_empty() {
                    self.pass("\r", out);
                }
            }
            self.pass(&held.line, out);
            self.pass("\n", out);
        } else if self
            .held
            .as_ref()
            .is_some_and(|held| held.line.len() > HOLD_LIMIT)
        {
            // The cursor is in column 0; an empty segment keeps it there.
            self.flush(out);
        }
        &text[at + 1..]
    }
}

/// Writes `segment` over `line` from column 0 and empties it; costs only the segment's length.
fn overlay(line: &mut String, segment: &mut String) {
    let covered = match line.char_indices().nth(char_count(segment)) {
        Some((at, _)) => at,
        None => line.len(),
    };
    if covered == line.len() {
        if !segment.is_empty() || line.is_empty() {
            std::mem::swap(line, segment);
        }
    } else {
        line.replace_range(..covered, segment);
    }
    segment.clear();
}

fn char_count(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.chars().count()
    }
}

/// Whether the terminal emulation stores every character of this text where it stands: no cursor movement,
/// no escape sequence that is still open at the end.
fn movable(bytes: &[u8]) -> bool {
    memchr::memchr_iter(0x1b, bytes).all(|at| {
        bytes.get(at + 1) == Some(&b'[')
            && !matches!(bytes.get(at + 2), None | Some(b'A' | b'B' | 0x1b))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Stream;
    use crate::term::ConsoleLog;
    use proptest::prelude::*;

    fn collapse(pieces: &[&str]) -> String {
        let (mut collapser, mut out) = (Collapser::default(), String::new());
        for piece in pieces {
            collapser.feed(piece, &mut out);
        }
        collapser.flush(&mut out);
        out
    }

    #[test]
    fn only_the_last_state_of_a_line_is_kept() {
        for (text, kept) in [
            ("plain\nlines\n", "plain\nlines\n"),
            ("a\r\nb\r\n", "a\nb\n"),
            ("10%\r20%\r100%\n", "100%\n"),
            ("longer text\rXY\n", "XYnger text\n"),
            ("\r 1%\r 2%\r 3%", " 3%"),
            ("done\r", "done\r"),
            ("abc\rx", "abc\rx"),
            ("up\x1b[A\rx\n", "up\x1b[A\rx\n"),
            (
                "\x1b[31mred\x1b[0m\r\x1b[31mRED\x1b[0m\n",
                "\x1b[31mRED\x1b[0m\n",
            ),
        ] {
            assert_eq!(collapse(&[text]), kept, "{text:?}");
        }
        assert_eq!(collapse(&["wait", "\r1", "\r2", "\r", "\n"]), "wait\r2\n");
    }

    #[test]
    fn flushing_keeps_the_cursor_column() {
        let (mut collapser, mut out) = (Collapser::default(), String::new());
        collapser.feed("abcdef\rxy", &mut out);
        collapser.flush(&mut out);
        collapser.feed("Z\n", &mut out);
        assert_eq!(out, "abcdef\rxyZ\n");
    }

    #[test]
    fn characters_split_between_reads_are_joined_and_bad_bytes_replaced() {
        let mut stream = Utf8Stream::default();
        let mut text = String::new();
        for byte in "aé漢👍\n".bytes() {
            text.push_str(&stream.decode(&[byte]));
        }
        assert_eq!(text, "aé漢👍\n");
        assert_eq!(stream.decode(b"x\xff\xc3"), "x\u{fffd}");
        assert_eq!(stream.decode(b"\xa9y"), "éy");
        assert_eq!(stream.decode(b"\xf0\x9f"), "");
        assert_eq!(stream.decode(b"A"), "\u{fffd}A");
        stream.decode(b"\xe6");
        assert_eq!((stream.finish(), stream.finish()), ("\u{fffd}", ""));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        /// Whatever is written, flushed wherever: the recorded text gives the same lines as the raw text,
        /// but for blanks at the ends of lines (which the official rules keep or drop by accident).
        #[test]
        fn the_terminal_shows_the_same(
            pieces in prop::collection::vec(("[a-cé\r\n\u{1b}\\[ABm ]{0,12}", any::<bool>()), 1..8),
        ) {
            let mut raw = ConsoleLog::default();
            let mut recorded = ConsoleLog::default();
            let mut collapser = Collapser::default();
            for (piece, flush) in &pieces {
                raw.write(Stream::Stdout, piece);
                let mut out = String::new();
                collapser.feed(piece, &mut out);
                if *flush {
                    collapser.flush(&mut out);
                }
                recorded.write(Stream::Stdout, &out);
            }
            let mut out = String::new();
            collapser.flush(&mut out);
            recorded.write(Stream::Stdout, &out);
            let lines = |console: ConsoleLog| {
                let text = console.text();
                let lines: Vec<String> = text.lines().map(|line| line.trim_end_matches(' ').to_owned()).collect();
                lines.join("\n").trim_end().to_owned()
            };
            prop_assert_eq!(lines(recorded), lines(raw));
        }

        #[test]
        fn decoding_does_not_depend_on_the_pieces(bytes: Vec<u8>, piece in 1..5usize) {
            let mut stream = Utf8Stream::default();
            let mut text = String::new();
            for part in bytes.chunks(piece) {
                text.push_str(&stream.decode(part));
            }
            text.push_str(stream.finish());
            let whole = String::from_utf8_lossy(&bytes).into_owned();
            // A cut-off character at the very end may count as one or several bad bytes.
            let trim = |text: &str| text.trim_end_matches('\u{fffd}').to_owned();
            prop_assert_eq!(trim(&text), trim(&whole));
        }
    }
}
