//! From text in pieces to complete lines.
//!
//! A line ends at `\n`. `\r` begins it anew: what stood there before was a passing state, unless the new text is about
//! something else (another bar, a message over a bar): then the old one was complete. Escape sequences and backspaces
//! are resolved. Lines of more than [`LIMIT`] bytes are left out: no one prints metrics that way.

use super::bar;

/// Longest line in bytes that is looked at.
pub const LIMIT: usize = 16 * 1024;

/// Puts lines together.
#[derive(Debug, Default)]
pub struct Lines {
    /// Text since the last `\r` or `\n`.
    partial: String,
    /// The last state of the line that was not blank, without escape sequences.
    shown: String,
    /// The present text is too long, or its beginning was lost.
    skipping: bool,
    /// The text so far ends with `\r`.
    returned: bool,
    /// Cursor movements were seen: bars are drawn below each other.
    nested: bool,
    /// How many lines have ended.
    ended: u64,
}

impl Lines {
    /// Takes the next text and gives the lines that it completes, with their numbers from 1.
    ///
    /// What is given does not depend on where the text is cut.
    pub fn feed(&mut self, mut text: &str, mut emit: impl FnMut(&str, u64)) {
        if text.is_empty() {
            return;
        }
        if std::mem::take(&mut self.returned) {
            let rest = text.strip_prefix('\n');
            self.state(rest.is_some(), &mut emit);
            text = rest.unwrap_or(text);
        }
        while let Some(end) = memchr::memchr2(b'\n', b'\r', text.as_bytes()) {
            let (part, behind) = (&text[..end], &text[end..]);
            if behind == "\r" {
                // Whether it is half of `\r\n` will be seen.
                self.extend(part);
                self.returned = true;
                return;
            }
            // `\r\n` is one end.
            let both = behind.starts_with("\r\n");
            let ends = both || behind.starts_with('\n');
            if ends && self.partial.is_empty() && self.shown.is_empty() && !self.skipping {
                self.give(part, &mut emit);
                self.ended += 1;
            } else {
                self.extend(part);
                self.state(ends, &mut emit);
            }
            text = &behind[1 + usize::from(both)..];
        }
        self.extend(text);
    }

    fn extend(&mut self, text: &str) {
        if self.partial.len() + text.len() > LIMIT {
            self.skipping = true;
            self.partial.clear();
        }
        if !self.skipping {
            self.partial.push_str(text);
        }
    }

    /// The line has a new state: it is complete, or it will be rewritten.
    fn state(&mut self, complete: bool, emit: &mut impl FnMut(&str, u64)) {
        let skipped = std::mem::take(&mut self.skipping);
        if complete && self.shown.is_empty() {
            // It was written once: it is what it is.
            let line = std::mem::take(&mut self.partial);
            self.give(if skipped { "" } else { &line }, emit);
            self.partial = line;
        } else if !skipped {
            self.rewrite(emit);
        }
        self.partial.clear();
        if complete {
            self.end_rewritten(emit);
            self.ended += 1;
        }
    }

    /// The text since the last `\r` takes the place of what was there.
    fn rewrite(&mut self, emit: &mut impl FnMut(&str, u64)) {
        if memchr::memchr2(0x1b, 0x08, self.partial.as_bytes()).is_some() {
            self.nested |= self.partial.contains("\u{1b}[A");
            self.partial = plain(&self.partial);
        }
        if self.partial.trim().is_empty() {
            return;
        }
        if !self.shown.is_empty() && is_another(&self.shown, &self.partial) {
            let old = std::mem::take(&mut self.shown);
            self.give(&old, emit);
        }
        std::mem::swap(&mut self.shown, &mut self.partial);
    }

    /// Gives the last state of a line that was rewritten.
    fn end_rewritten(&mut self, emit: &mut impl FnMut(&str, u64)) {
        if self.shown.is_empty() {
            return;
        }
        let line = std::mem::take(&mut self.shown);
        // A bar among others below each other is drawn anew for each of its states: the last one counts.
        let passing = self.nested
            && bar::split(&line)
                .is_some_and(|bar| bar.position.is_some_and(|(n, total)| n < total));
        if !passing {
            self.give(&line, emit);
        }
        self.shown = line;
        self.shown.clear();
    }

    /// Forgets the present line up to its end.
    pub fn abandon(&mut self) {
        self.partial.clear();
        self.shown.clear();
        self.returned = false;
        self.skipping = true;
    }

    /// Gives the last line if it lacks its newline.
    pub fn finish(&mut self, mut emit: impl FnMut(&str, u64)) {
        self.returned = false;
        if !self.partial.is_empty() || !self.shown.is_empty() {
            // Nobody has said that the line is complete: it is the last state of one that may be rewritten.
            self.state(false, &mut emit);
            self.state(true, &mut emit);
        }
    }

    fn give(&mut self, line: &str, emit: &mut impl FnMut(&str, u64)) {
        if line.len() > LIMIT {
            emit("", self.ended + 1);
        } else if memchr::memchr2(0x1b, 0x08, line.as_bytes()).is_some() {
            self.nested |= line.contains("\u{1b}[A");
            emit(&plain(line), self.ended + 1);
        } else {
            emit(line, self.ended + 1);
        }
    }
}

/// Whether text that is written over other text is about something else.
fn is_another(old: &str, new: &str) -> bool {
    match (bar::identity(old), bar::identity(new)) {
        (Some((old, from)), Some((new, to))) => old != new || to < from,
        // A message over a bar, or a bar over a message: what was there is complete.
        (Some(_), None) | (None, Some(_)) => true,
        // Counters of other kinds (`Progress: 3.1% …`) grow in place, records follow each other.
        (None, None) => old.contains('{') && old != new,
    }
}

/// The line without escape sequences, backspaces applied.
fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut back = 0;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => match chars.next() {
                // CSI: parameters, then one final character.
                Some('[') => {
                    let _ = chars.find(|c| ('\u{40}'..='\u{7e}').contains(c));
                }
                // OSC: up to BEL or ESC \.
                Some(']') => {
                    while let Some(c) = chars.next() {
                        if c == '\u{7}' || (c == '\u{1b}' && chars.next_if_eq(&'\\').is_some()) {
                            break;
                        }
                    }
                }
                _ => {}
            },
            // The cursor goes back; what is there goes only when something is written.
            '\u{8}' => back += 1,
            c => {
                for _ in 0..std::mem::take(&mut back) {
                    out.pop();
                }
                out.push(c);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&str]) -> Vec<String> {
        let (mut lines, mut out) = (Lines::default(), Vec::new());
        for piece in pieces {
            lines.feed(piece, |line, _| out.push(line.to_owned()));
        }
        lines.finish(|line, _| out.push(line.to_owned()));
        out
    }

    proptest::proptest! {
        #[test]
        fn lines_do_not_depend_on_the_pieces(
            text in r"(\r|\n|\r\n|\x1b\[A| |[ab] |a:  50%\|██ \| [1-9]/9 \[x, loss=[1-9]\]|b: 99%\|█\| 9/9 \[x\]|\{'a': [12]\}|x=[12]|\x08){0,30}",
            cut in 1usize..8,
        ) {
            let chars: Vec<char> = text.chars().collect();
            let pieces: Vec<String> = chars.chunks(cut).map(|piece| piece.iter().collect()).collect();
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            proptest::prop_assert_eq!(lines(&pieces), lines(&[&text]));
        }
    }

    #[test]
    fn lines_that_are_too_long_count_wherever_they_are_cut() {
        let text = format!("a1\n{}\nb2\n", "x".repeat(LIMIT + 1));
        for cut in [3, 1000, LIMIT, LIMIT + 4, LIMIT + 5] {
            let (head, tail) = text.split_at(cut);
            assert_eq!(lines(&[head, tail]), ["a1", "", "b2"], "cut at {cut}");
        }
    }

    #[test]
    fn rewritten_coloured_and_split_lines() {
        assert_eq!(lines(&["a1\nb", "2\r\nc3"]), ["a1", "b2", "c3"]);
        assert_eq!(lines(&["10%\r20%\r", "30%\n"]), ["30%"]);
        assert_eq!(lines(&["a1\r", "\n"]), ["a1"]);
        assert_eq!(
            lines(&["\x1b[32mloss\x1b[0m=\x1b]8;;x\x07", "1\n"]),
            ["loss=1"]
        );
        assert_eq!(lines(&["12\x08\x083\n"]), ["3"]);
        assert_eq!(
            lines(&["3/16 - loss: 1\x08\x08\x08\r16/16 - loss: 2\n"]),
            ["16/16 - loss: 2"]
        );
    }

    #[test]
    fn what_is_overwritten_by_something_else_was_complete() {
        let bar = |name: &str, n: u32| {
            format!("\r{name}:  50%|██ | {n}/20 [00:00<00:00, 9it/s, loss={n}]")
        };
        let text = [
            bar("Epoch 1", 1),
            bar("Epoch 1", 20),
            bar("Epoch 2", 2),
            "\r      \r{'loss': 1}\n".to_owned(),
        ]
        .concat();
        let found = lines(&[&text]);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(
            found[0].contains("20/20") && found[1].contains("2/20") && found[2].starts_with('{')
        );
    }

    #[test]
    #[cfg_attr(miri, ignore = "20 MB take an interpreter too long")]
    fn long_lines_cost_no_memory() {
        let mut lines = Lines::default();
        for _ in 0..1000 {
            lines.feed(&"x1".repeat(10_000), |_, _| panic!("no line ended"));
            assert!(lines.partial.capacity() <= 4 * LIMIT);
        }
        let mut out = Vec::new();
        lines.feed("\nb1\n", |line, _| out.push(line.to_owned()));
        assert_eq!(out.last().map(String::as_str), Some("b1"));
    }
}
