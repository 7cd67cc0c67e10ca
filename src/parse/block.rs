//! Lines that follow each other with one name and one value each: the results of a step below its counter, a list of
//! results, or of settings.
//!
//! A block below a line that counts is one row. Any other block gives its rows at once, as long as metrics prevail in it;
//! if most of it are texts and names that are no metrics', it is a list of settings, and what follows does not count.

use super::number;
use super::words::{Meaning, meaning};
use super::{Found, Row, scan};

/// Most lines of one block.
const MAX_LINES: usize = 200;

/// The block that is being collected.
#[derive(Debug, Default)]
pub struct Block {
    /// Below a counter: the pairs so far.
    pub headed: Option<Found>,
    /// Otherwise: the rows that wait for the end.
    pub rows: Vec<Row>,
    lines: usize,
    others: usize,
    metrics: usize,
}

impl Block {
    /// Whether lines are being collected.
    pub fn is_open(&self) -> bool {
        self.lines > 0
    }

    /// Whether a line can go on with the block, or begin one; counts it.
    pub fn takes(&mut self, line: &str) -> bool {
        let Some((key, value)) = single(line) else {
            return false;
        };
        if self.lines >= MAX_LINES {
            return false;
        }
        self.lines += 1;
        let number = number::parse_local(value.trim_end_matches('%')).is_some();
        match meaning(key) {
            Meaning::Metric if number => self.metrics += 1,
            _ => self.others += 1,
        }
        true
    }

    /// Whether other lines prevail so far.
    pub fn looks_like_settings(&self) -> bool {
        self.others > self.metrics
    }

    /// Ends the block; says whether it was a list of settings.
    pub fn end(&mut self) -> (Self, bool) {
        let block = std::mem::take(self);
        let settings = block.looks_like_settings();
        (block, settings)
    }
}

/// The name and the value of a line that has one of each and nothing else.
pub fn single(line: &str) -> Option<(&str, &str)> {
    let text = line.trim();
    let (key, value) = scan::split_two(text, *b": ")
        .or_else(|| text.split_once(" = "))
        .or_else(|| text.split_once('='))?;
    let (key, value) = (key.trim_end(), value.trim());
    let named = key.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && key.split_whitespace().count() <= 6
        && !key.contains([',', ';', '|', '=', ':']);
    let one =
        !value.is_empty() && !value.contains([' ', '|', ';', '\t']) && !value.contains(['=', '{']);
    (named && one).then_some((key, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_one_pair() {
        for (line, pair) in [
            ("  Mean reward: -0.71", Some(("Mean reward", "-0.71"))),
            (
                "\t Train loss/train/total: 1.5",
                Some(("Train loss/train/total", "1.5")),
            ),
            ("precision: 16", Some(("precision", "16"))),
            ("monitor: val/acc", Some(("monitor", "val/acc"))),
            ("eval_loss = 0.5", Some(("eval_loss", "0.5"))),
            ("loss: 0.5 acc: 0.9", None),
            ("loss=0.5, acc=0.9", None),
            ("12:30", None),
            ("note: it is late", None),
        ] {
            assert_eq!(single(line), pair, "{line}");
        }
    }

    #[test]
    fn mostly_other_names_are_settings() {
        let mut block = Block::default();
        for line in ["dice: 0.5", "gamma: 2.0", "name: x"] {
            assert!(block.takes(line));
        }
        assert!(block.end().1);
        for line in ["accuracy: 0.5", "f1: 0.5", "n: 3"] {
            assert!(block.takes(line));
        }
        assert!(!block.end().1);
        assert!(block.takes("accuracy: 0.5") && !block.looks_like_settings());
    }
}
