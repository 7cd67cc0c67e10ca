//! From text in pieces to complete lines.
//!
//! A line ends at `\n`. `\r` begins it anew: what stood there before was a passing state. Escape sequences and
//! backspaces are resolved. Lines of more than [`LIMIT`] bytes are left out: no one prints metrics that way.

/// Longest line in bytes that is looked at.
pub const LIMIT: usize = 16 * 1024;

/// Puts lines together.
#[derive(Debug, Default)]
pub struct Lines {
    partial: String,
    /// The present line is too long, or its beginning was lost.
    skipping: bool,
}

impl Lines {
    /// Takes the next text and gives the lines that it completes.
    pub fn feed(&mut self, mut text: &str, mut emit: impl FnMut(&str)) {
        while let Some(end) = memchr::memchr(b'\n', text.as_bytes()) {
            let line = &text[..end];
            text = &text[end + 1..];
            if self.partial.is_empty() && !self.skipping {
                give(line, &mut emit);
            } else {
                self.extend(line);
                if !self.skipping {
                    give(&self.partial, &mut emit);
                }
                self.partial.clear();
                self.skipping = false;
            }
        }
        self.extend(text);
    }

    fn extend(&mut self, text: &str) {
        // What a later `\r` overwrites need not be kept. A `\r` at the very end may belong to a `\r\n`.
        let visible = match memchr::memrchr(b'\r', text.trim_end_matches('\r').as_bytes()) {
            Some(at) => {
                self.partial.clear();
                self.skipping = false;
                &text[at + 1..]
            }
            None => text,
        };
        if !visible.is_empty() && self.partial.ends_with('\r') && !visible.starts_with('\r') {
            self.partial.clear();
            self.skipping = false;
        }
        if self.partial.len() + visible.len() > LIMIT {
            self.skipping = true;
            self.partial.clear();
        }
        if !self.skipping {
            self.partial.push_str(visible);
        }
    }

    /// Forgets the present line up to its end.
    pub fn abandon(&mut self) {
        self.partial.clear();
        self.skipping = true;
    }

    /// Gives the last line if it lacks its newline.
    pub fn finish(&mut self, mut emit: impl FnMut(&str)) {
        if !self.skipping && !self.partial.is_empty() {
            give(&self.partial, &mut emit);
        }
        self.partial.clear();
    }
}

fn give(line: &str, emit: &mut impl FnMut(&str)) {
    let line = line.trim_end_matches('\r');
    if line.len() > LIMIT
        || !line
            .bytes()
            .any(|b| b.is_ascii_digit() || matches!(b, b'a' | b'A' | b'f' | b'F'))
    {
        return;
    }
    let line = line.rsplit_once('\r').map_or(line, |(_, last)| last);
    if memchr::memchr2(0x1b, 0x08, line.as_bytes()).is_some() {
        emit(&plain(line));
    } else {
        emit(line);
    }
}

/// The line without escape sequences, backspaces applied.
fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
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
            '\u{8}' => {
                out.pop();
            }
            c => out.push(c),
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
            lines.feed(piece, |line| out.push(line.to_owned()));
        }
        lines.finish(|line| out.push(line.to_owned()));
        out
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
    }

    #[test]
    fn long_lines_cost_no_memory() {
        let mut lines = Lines::default();
        for _ in 0..1000 {
            lines.feed(&"x1".repeat(10_000), |_| panic!("no line ended"));
            assert!(lines.partial.capacity() <= 4 * LIMIT);
        }
        let mut out = Vec::new();
        lines.feed("\nb1\n", |line| out.push(line.to_owned()));
        assert_eq!(out, ["b1"]);
    }
}
