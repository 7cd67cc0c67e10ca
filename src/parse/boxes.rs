//! Boxes of two columns: `| key | value |` between rules, with section rows that end in `/`. One box is one row.

use super::number;
use super::{Found, Pair};
use crate::wire::json::Value;

/// Most rows of one box.
const MAX_ROWS: usize = 200;
/// Words in the head of a box that holds settings.
const SETTINGS: &[&str] = &["hyper", "param", "config", "setting", "argument", "option"];
const EDGES: [char; 3] = ['|', '│', '┃'];

/// Collects the rows of a box.
#[derive(Debug, Default)]
pub struct Boxes {
    section: String,
    pairs: Vec<Pair>,
    open: bool,
    /// What is in it are settings.
    settings: bool,
}

/// What a line was to the box.
#[derive(Debug, PartialEq)]
pub enum Step {
    /// Part of a box.
    Taken,
    /// Not part of one; if one was open, it is complete.
    Outside(Option<Found>),
    /// The rule below a box.
    Complete(Found),
}

impl Boxes {
    /// Whether rows are being collected.
    pub fn is_open(&self) -> bool {
        self.open || !self.pairs.is_empty()
    }

    /// Takes one line.
    pub fn line(&mut self, line: &str) -> Step {
        let text = line.trim();
        if is_rule(text) {
            let found = self.finish();
            self.open = true;
            return found.map_or(Step::Taken, Step::Complete);
        }
        let Some((key, value)) = cells(text) else {
            self.open = false;
            self.settings = false;
            return Step::Outside(self.finish());
        };
        if !self.open {
            return Step::Outside(self.finish());
        }
        let lower = key.to_ascii_lowercase();
        if SETTINGS.iter().any(|word| lower.starts_with(word)) {
            // The head of a list of settings.
            self.settings = true;
            return Step::Taken;
        }
        if value.is_empty() {
            self.section = if key.ends_with('/') {
                key.to_owned()
            } else {
                String::new()
            };
            return Step::Taken;
        }
        if let Some(value) = number::parse(value)
            && !self.settings
            && self.pairs.len() < MAX_ROWS
            && !key.is_empty()
        {
            self.pairs.push(Pair {
                key: format!("{}{key}", self.section),
                value,
            });
        }
        Step::Taken
    }

    /// The box that is complete now, if it holds numbers.
    pub fn finish(&mut self) -> Option<Found> {
        self.section.clear();
        let pairs = std::mem::take(&mut self.pairs);
        if pairs.is_empty() {
            return None;
        }
        let mut found = Found {
            report: true,
            ..Found::default()
        };
        for pair in pairs {
            match (super::words::meaning(&pair.key), &pair.value) {
                (super::words::Meaning::Step(rank), Value::Int(step)) => found.step(*step, rank),
                (super::words::Meaning::Epoch, value) => {
                    found.epoch = found.epoch.or(value.as_f64());
                }
                _ => found.pairs.push(pair),
            }
        }
        Some(found)
    }
}

fn is_rule(text: &str) -> bool {
    let drawn = |c: char| "-=+_ ".contains(c) || ('\u{2500}'..='\u{257f}').contains(&c);
    // Almost every line is told apart by its first character.
    text.starts_with(drawn)
        && text.chars().all(|c| drawn(c) && !EDGES.contains(&c))
        && !text.contains("  ")
        && text.chars().count() >= 4
}

/// The two cells of a row.
fn cells(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix(EDGES)?.strip_suffix(EDGES)?;
    let (key, value) = inner.split_once(EDGES)?;
    (!value.contains(EDGES)).then(|| (key.trim(), value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_box_is_one_row() {
        let text = "----------------------\n| rollout/ |      |\n|  ep_rew_mean | 14.8 |\n| time/ | |\n| total_timesteps | 59 |\n----------------------";
        let mut boxes = Boxes::default();
        let mut found = None;
        for line in text.lines() {
            if let Step::Complete(complete) = boxes.line(line) {
                found = Some(complete);
            }
        }
        let found = found.unwrap();
        assert_eq!(found.step_value(), Some(59));
        assert_eq!(
            (found.pairs[0].key.as_str(), found.pairs.len()),
            ("rollout/ep_rew_mean", 1)
        );
        assert_eq!(boxes.line("text"), Step::Outside(None));
    }
}
