//! Finds metrics in what a program prints.
//!
//! [`Parser`] takes the text of one stream in pieces of any size and gives [`Row`]s. The path of a line:
//! [`lines`] puts it together (rewritten lines count in their last state), [`prefix`] takes off what launchers and
//! loggers put in front, the recognisers are tried in the order of [`RULES`], and [`row`] decides whether what was
//! found is a report. Precision comes before recall: a port number among the charts annoys everyone, a missed format
//! can be logged over the socket, or be named with a pattern ([`options`]). Linear in the input, bounded in memory.

use crate::wire::json::Value;

pub mod bar;
pub mod block;
pub mod boxes;
pub mod coco;
pub mod first;
pub mod json;
pub mod lines;
pub mod number;
pub mod options;
pub mod pairs;
pub mod prefix;
pub mod row;
pub mod scan;
pub mod seen;
pub mod split;
pub mod stamp;
mod state;
pub mod table;
pub mod words;

use lines::Lines;
pub use options::Options;
use options::Ranks;
use seen::Seen;
use state::{Line, Out, State};
pub use state::{RULES, Rule};

/// What a line says: metrics and the counters they belong to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// Global step, if the line names one or stands below one that does.
    pub step: Option<i64>,
    /// Epoch; may be fractional.
    pub epoch: Option<f64>,
    /// Names and numbers in the order of the line.
    pub metrics: Vec<(String, Value)>,
    /// Name of the recogniser.
    pub rule: &'static str,
    /// Number of the line in its stream, from 1.
    pub line: u64,
}

impl Row {
    /// Whether another row says the same.
    fn repeats(&self, other: &Self) -> bool {
        self.step == other.step && self.epoch == other.epoch && self.metrics == other.metrics
    }
}

/// A line that looked like a report, and why no row came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miss {
    pub line: u64,
    pub text: String,
    pub rule: &'static str,
    pub reason: &'static str,
}

/// A key and its number, before it is known whether it is a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    pub key: String,
    pub value: Value,
}

/// What a recogniser found in a line.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    pub pairs: Vec<Pair>,
    /// Step and the rank of its name; the lowest rank wins.
    step: Option<(u8, i64)>,
    pub epoch: Option<f64>,
    /// A position inside an epoch.
    pub batch: bool,
    /// A bar, a row of a table, a box: reports by their form.
    pub report: bool,
    /// The line holds pairs and nothing else.
    pub whole_line: bool,
    /// The line begins as a sentence.
    pub prose: bool,
    /// Objects of this layout are also used for settings.
    pub settings: bool,
    /// The names are metrics, whatever they are called.
    pub sure: bool,
    /// The line repeats the best values so far.
    pub best: bool,
}

impl Found {
    /// A counter of steps; of several the one with the lowest rank counts.
    pub fn step(&mut self, step: i64, rank: u8) {
        if self.step.is_none_or(|(known, _)| rank < known) {
            self.step = Some((rank, step));
        }
    }

    /// The step, if there is one.
    pub fn step_value(&self) -> Option<i64> {
        self.step.map(|(_, step)| step)
    }

    /// Whether the line counts something by itself.
    pub fn counted(&self) -> bool {
        self.step.is_some() || self.epoch.is_some()
    }

    /// Counters and pairs on one line, for tables of tests.
    #[cfg(test)]
    fn show(&self) -> String {
        let step = self.step_value().map(|step| format!("step {step} "));
        let epoch = self.epoch.map(|epoch| format!("epoch {epoch} "));
        let batch = if self.batch { "batch " } else { "" };
        let pairs: Vec<_> = self
            .pairs
            .iter()
            .map(|pair| format!("{}={}", pair.key, pair.value.to_json()))
            .collect();
        let pairs = pairs.join(" ");
        format!(
            "{}{}{batch}{pairs}",
            step.unwrap_or_default(),
            epoch.unwrap_or_default()
        )
    }
}

/// Most ranks that are told apart.
const RANKS: usize = 64;

/// The parser of one stream.
#[derive(Debug)]
pub struct Parser {
    lines: Lines,
    options: Options,
    /// What is known of each rank's output.
    states: Vec<(u32, State)>,
    misses: Option<Vec<Miss>>,
    seen: Seen,
}

impl Default for Parser {
    fn default() -> Self {
        Self::new(Options::default())
    }
}

impl Parser {
    /// A parser that follows the user's wishes.
    pub fn new(options: Options) -> Self {
        Self {
            lines: Lines::default(),
            options,
            states: vec![(0, State::default())],
            misses: None,
            seen: Seen::default(),
        }
    }

    /// Collects lines that were no reports from now on; see [`Parser::take_misses`].
    #[must_use]
    pub fn explained(mut self) -> Self {
        self.misses = Some(Vec::new());
        self
    }

    /// The lines that were no reports although they looked like some, in order.
    pub fn take_misses(&mut self) -> Vec<Miss> {
        self.misses.as_mut().map(std::mem::take).unwrap_or_default()
    }

    fn parts(&mut self) -> (&mut Lines, Rest<'_>) {
        let rest = Rest {
            options: &self.options,
            states: &mut self.states,
            misses: &mut self.misses,
            seen: &mut self.seen,
        };
        (&mut self.lines, rest)
    }

    /// Takes the next text and appends the rows it completes.
    pub fn feed(&mut self, text: &str, rows: &mut Vec<Row>) {
        let (lines, mut rest) = self.parts();
        lines.feed(text, |line, number| rest.line(line, number, rows));
    }

    /// The text so far does not go on: what follows begins a new line. Used when input had to be skipped.
    pub fn skip(&mut self) {
        self.lines.abandon();
    }

    /// The end of the stream: an unfinished line counts.
    pub fn finish(&mut self, rows: &mut Vec<Row>) {
        let (lines, mut rest) = self.parts();
        lines.finish(|line, number| rest.line(line, number, rows));
        rest.finish(rows);
    }
}

/// A parser without its lines: those are borrowed while they are taken.
struct Rest<'a> {
    options: &'a Options,
    states: &'a mut Vec<(u32, State)>,
    misses: &'a mut Option<Vec<Miss>>,
    seen: &'a mut Seen,
}

impl Rest<'_> {
    fn line(&mut self, line: &str, number: u64, rows: &mut Vec<Row>) {
        // Other trackers' words about metrics are no metrics.
        if line.starts_with("wandb: ") || line.starts_with("COMET ") {
            return;
        }
        // Nobody asks why a line is no report, and no pattern of the user's may hold.
        let unasked = self.misses.is_none() && !self.options.has_patterns();
        // Nor does anything that was begun go on in it, whichever rank printed it.
        let closed = || !self.states.iter().any(|(_, state)| state.is_open());
        if unasked && closed() && self.seen.knows(line) {
            return;
        }
        let message = prefix::strip(line);
        let wanted = match (self.options.ranks, message.rank) {
            (Ranks::All, rank) => rank.unwrap_or(0),
            (Ranks::One(_), None) => 0,
            (Ranks::One(wanted), Some(rank)) if wanted == rank => 0,
            (Ranks::One(_), Some(_)) => return,
        };
        let whole = line;
        let line = Line {
            text: message.text,
            number,
            logger: message.logger,
        };
        let place = match self.states.iter().position(|(rank, _)| *rank == wanted) {
            Some(place) => place,
            None if self.states.len() < RANKS => {
                self.states.push((wanted, State::default()));
                self.states.len() - 1
            }
            None => return,
        };
        let state = &mut self.states[place].1;
        if unasked && !state.is_open() && !line.may_report() {
            self.seen.remember(whole);
            return;
        }
        let mut out = Out {
            rows,
            misses: self.misses.as_mut(),
            options: self.options,
            rank: (wanted > 0).then_some(wanted),
        };
        state.line(&line, &mut out);
    }

    fn finish(&mut self, rows: &mut Vec<Row>) {
        for (rank, state) in self.states.iter_mut() {
            let mut out = Out {
                rows,
                misses: self.misses.as_mut(),
                options: self.options,
                rank: (*rank > 0).then_some(*rank),
            };
            state.finish(&mut out);
        }
        if let Some(misses) = self.misses {
            misses.sort_by_key(|miss| miss.line);
        }
    }
}

/// Must not panic, whatever the input.
#[doc(hidden)]
pub fn fuzz_parse(input: &[u8]) {
    let mut parser = Parser::default();
    let mut rows = Vec::new();
    for part in input.chunks(11) {
        parser.feed(&String::from_utf8_lossy(part), &mut rows);
    }
    parser.finish(&mut rows);
    assert!(rows.iter().all(|row| !row.metrics.is_empty()));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row as `step=1 epoch=2 | a=0.5`.
    fn show(line: &str) -> String {
        let (mut parser, mut rows) = (Parser::default(), Vec::new());
        parser.feed(line, &mut rows);
        parser.finish(&mut rows);
        let Some(row) = rows.pop() else {
            return "-".to_owned();
        };
        let mut parts = Vec::new();
        parts.extend(row.step.map(|step| format!("step={step}")));
        parts.extend(row.epoch.map(|epoch| format!("epoch={epoch}")));
        parts.push("|".to_owned());
        parts.extend(
            row.metrics
                .iter()
                .map(|(key, value)| format!("{key}={}", value.to_json())),
        );
        parts.join(" ")
    }

    #[test]
    fn lines_and_their_rows() {
        for (line, row) in [
            (
                "epoch=3, accuracy=0.76, loss=0.26",
                "epoch=3 | accuracy=0.76 loss=0.26",
            ),
            (
                "Epoch 3: accuracy: 0.76 loss: 0.26",
                "epoch=3 | accuracy=0.76 loss=0.26",
            ),
            ("loss=0.5", "| loss=0.5"),
            (
                "step: 10/500 | loss: 2.5e-3 | lr: 1e-4",
                "step=10 | loss=0.0025 lr=0.0001",
            ),
            (
                "global_step=58, episodic_return=[83.]",
                "step=58 | episodic_return=83",
            ),
            (
                "{\"step\": 5, \"loss\": NaN, \"elapsed_s\": 2.5}",
                "step=5 | loss=NaN",
            ),
            (
                "{\"epoch\": 1, \"val\": {\"acc\": 0.5}}",
                "epoch=1 | val/acc=0.5",
            ),
            ("{\"loss\": 0.5, \"lr\": 1}", "| loss=0.5"),
            ("{'loss': 0.5, 'epoch': 0.42}", "epoch=0.42 | loss=0.5"),
            (
                "Step [20/100] train_loss = 1,234.5 acc = 98.7%",
                "step=20 | train_loss=1234.5 acc=98.7",
            ),
            ("epoch 1 val_loss=nan", "epoch=1 | val_loss=NaN"),
            (
                "2026-11-23 12:25:36,405 - train - INFO - epoch=1 loss=0.5",
                "epoch=1 | loss=0.5",
            ),
            ("iter 250: loss 1.5000, time 43.06ms", "step=250 | loss=1.5"),
            (
                "epoch=1, loss=0.5, time=12.5s, eta=0:10:02",
                "epoch=1 | loss=0.5",
            ),
            (
                "step=1 loss=0.5 lr=0.1 batch_size=32 seed=42",
                "step=1 | loss=0.5 lr=0.1",
            ),
            // Not metrics.
            ("listening on port=8080", "-"),
            ("Seed: 42", "-"),
            ("wandb: loss 0.1", "-"),
            ("wandb:  loss=0.1", "-"),
            ("python=3.10.12 torch=2.5.1", "-"),
            ("lr=0.1, batch_size=32, epochs=10", "-"),
            ("Namespace(lr=0.1, loss='mse', epochs=3)", "-"),
            (
                "12:30:45 the loss is high: see http://host:80/x?loss=3",
                "-",
            ),
            ("python train.py --loss=0.5", "-"),
            ("epoch=3-step=1200-loss=0.5.ckpt saved", "-"),
            ("precision=16", "-"),
            ("{\"lr\": 0.1, \"seed\": 3}", "-"),
            ("{\"epoch\": 10, \"lr\": 0.1}", "-"),
            ("total params: 1200000", "-"),
            ("", "-"),
        ] {
            assert_eq!(show(line), row, "{line}");
        }
    }

    #[test]
    fn rows_do_not_depend_on_the_pieces() {
        let text = "x\nepoch=1, loss=0.5\r\n\r10% loss=9\repoch=2, loss=0.25\nloss=7";
        let rows = |size: usize| {
            let (mut parser, mut rows) = (Parser::default(), Vec::new());
            for part in text.as_bytes().chunks(size) {
                parser.feed(std::str::from_utf8(part).unwrap(), &mut rows);
            }
            parser.finish(&mut rows);
            rows
        };
        assert_eq!(rows(1000).len(), 3);
        for size in 1..text.len() {
            assert_eq!(rows(size), rows(1000), "pieces of {size}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_handled(bytes: Vec<u8>) {
            fuzz_parse(&bytes);
        }

        #[test]
        fn likely_text_is_handled(text in "[a-z=:,{}'\"\\[\\]() 0-9.eE+%\\-\r\n\u{1b}]{0,80}") {
            fuzz_parse(text.as_bytes());
        }
    }
}
