//! Lines that said nothing, so that those that differ from them only in their numbers need not be looked at.
//!
//! What prints so much that time counts prints the same few sentences again and again. Comparing is some twenty times
//! faster than searching a line for names of metrics.

/// How many are remembered, and how long they may be.
const REMEMBERED: usize = 4;
const LONGEST: usize = 1024;

/// The last lines that were no reports.
#[derive(Debug, Default)]
pub struct Seen {
    lines: [Vec<u8>; REMEMBERED],
    /// The one that is forgotten next.
    oldest: usize,
}

impl Seen {
    /// Whether a line differs from one of them in nothing but digits.
    pub fn knows(&self, line: &str) -> bool {
        !line.is_empty()
            && self
                .lines
                .iter()
                .any(|seen| differ_in_digits(seen, line.as_bytes()))
    }

    /// Remembers a line that was no report. Names that end with a number (`top1`, `ap50`) are other names with another
    /// one: lines with such are not remembered.
    pub fn remember(&mut self, line: &str) {
        let bytes = line.as_bytes();
        let named = |pair: &[u8]| is_part_of_name(pair[0]) && pair[1].is_ascii_digit();
        if bytes.len() > LONGEST || bytes.windows(2).any(named) {
            return;
        }
        let place = &mut self.lines[self.oldest];
        place.clear();
        place.extend_from_slice(bytes);
        self.oldest = (self.oldest + 1) % REMEMBERED;
    }
}

fn is_part_of_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte == b'@' || !byte.is_ascii()
}

/// Whether two lines are equal but for the values of their digits.
fn differ_in_digits(one: &[u8], other: &[u8]) -> bool {
    // Without a branch for each byte, so that many are compared at once.
    let differ = |one: &[u8], other: &[u8]| {
        one.iter().zip(other).fold(0, |differ, (a, b)| {
            differ | u8::from((a != b) & !(a.is_ascii_digit() & b.is_ascii_digit()))
        })
    };
    one.len() == other.len()
        && one
            .chunks(64)
            .zip(other.chunks(64))
            .all(|(one, other)| differ(one, other) == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::Parser;

    #[test]
    fn other_numbers_are_no_other_line_but_other_names_are() {
        let mut seen = Seen::default();
        let long = "x".repeat(200);
        for line in [
            "worker 17 has read its part",
            "at 12:30:45",
            "top2 3.5",
            &long,
        ] {
            seen.remember(line);
        }
        for (line, known) in [
            ("worker 17 has read its part", true),
            ("worker 99 has read its part", true),
            ("worker 9 has read its part", false),
            ("worker 1x has read its part", false),
            ("worker 17 has read its loss", false),
            ("at 99:99:99", true),
            ("top2 3.5", false),
            ("top1 3.5", false),
            ("", false),
        ] {
            assert_eq!(seen.knows(line), known, "{line}");
        }
        assert!(seen.knows(&long));
        assert!(!seen.knows(&format!("{}y", "x".repeat(199))));
        for number in 0..REMEMBERED {
            seen.remember(&"-".repeat(number + 1));
        }
        assert!(!seen.knows("at 12:30:45"));
    }

    proptest::proptest! {
        /// A parser that remembers finds what one finds that forgets everything.
        #[test]
        fn nothing_is_missed(lines in proptest::collection::vec(
            "(\\[rank [0-3]\\] )?(worker |at |it |top|ap|loss |acc[: ]|epoch |x|  [a-z]{1,4}  ){0,3}[0-9]{0,2}[:/=. %|]{0,2}[0-9]{0,2}\n", 0..12,
        )) {
            let (mut parser, mut rows) = (Parser::default(), Vec::new());
            let (mut forgetful, mut expected) = (Parser::default(), Vec::new());
            for line in &lines {
                parser.feed(line, &mut rows);
                forgetful.feed(line, &mut expected);
                forgetful.seen = Seen::default();
            }
            parser.finish(&mut rows);
            forgetful.finish(&mut expected);
            assert_eq!(rows, expected);
        }
    }
}
