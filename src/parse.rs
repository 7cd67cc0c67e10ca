//! Finds metrics in what a program prints.
//!
//! [`Parser`] takes the text of one stream in pieces of any size and gives [`Row`]s. The path of a line:
//! [`lines`] puts it together (rewritten lines count in their last state), [`prefix`] takes off what launchers and
//! loggers put in front, the recognisers are tried in the order of [`RULES`], and [`row`] decides whether what was
//! found is a report. Precision comes before recall: a port number among the charts annoys everyone, a missed format
//! can be logged over the socket. Linear in the input, bounded in memory.

use std::collections::HashMap;

use crate::wire::json::Value;

pub mod bar;
pub mod boxes;
pub mod json;
pub mod lines;
pub mod number;
pub mod pairs;
pub mod prefix;
pub mod row;
pub mod split;
pub mod table;
pub mod words;

use lines::Lines;
use row::Verdict;

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
}

/// The recognisers in the order in which they are tried; the first that knows a line decides.
pub const RULES: &[(&str, &str)] = &[
    (
        "json",
        "an object in JSON or as Python prints a dict, also over several lines",
    ),
    (
        "box",
        "rows `| name | value |` between rules; one box is one row",
    ),
    (
        "bar",
        "a progress bar with pairs in front of it or behind its rate",
    ),
    ("table", "cells below a line of column names"),
    ("pairs", "name=value, name: value, name value"),
];

/// Lines of one shape after which a report without a known name is believed.
const REPETITIONS: usize = 3;
/// Most shapes and rows that wait for that.
const SHAPES: usize = 200;
const WAITING: usize = 50;

/// The parser of one stream.
#[derive(Debug, Default)]
pub struct Parser {
    lines: Lines,
    state: State,
}

#[derive(Debug, Default)]
struct State {
    dicts: json::Dicts,
    boxes: boxes::Boxes,
    tables: table::Tables,
    step: Option<i64>,
    epoch: Option<f64>,
    last: Option<Row>,
    shapes: HashMap<String, Vec<Row>>,
    waiting: usize,
    traceback: bool,
    /// The line before was a counter alone: it heads this one.
    headed: bool,
}

impl Parser {
    /// Takes the next text and appends the rows it completes.
    pub fn feed(&mut self, text: &str, rows: &mut Vec<Row>) {
        let state = &mut self.state;
        self.lines.feed(text, |line| state.line(line, rows));
    }

    /// The text so far does not go on: what follows begins a new line. Used when input had to be skipped.
    pub fn skip(&mut self) {
        self.lines.abandon();
    }

    /// The end of the stream: an unfinished line counts.
    pub fn finish(&mut self, rows: &mut Vec<Row>) {
        let state = &mut self.state;
        self.lines.finish(|line| state.line(line, rows));
        if let Some(found) = self.state.boxes.finish() {
            self.state.take(found, "box", None, rows);
        }
    }
}

impl State {
    fn line(&mut self, line: &str, rows: &mut Vec<Row>) {
        let message = prefix::strip(line);
        let text = message.text;
        if message.rank.is_some_and(|rank| rank > 0) || self.is_noise(text) {
            return;
        }
        let about = split::of_line(text.trim_start_matches([' ', '*', '-', '|', '>']))
            .or_else(|| message.logger.and_then(split::word));
        if text.contains('{') || text.starts_with([' ', '\'', '"', '}']) {
            let (taken, found) = self.dicts.line(text);
            let found = found.or_else(|| if taken { None } else { json::find(text) });
            if let Some(found) = found {
                return self.take(found, "json", about, rows);
            }
            if taken {
                return;
            }
        }
        match self.boxes.line(text) {
            boxes::Step::Taken => return,
            boxes::Step::Complete(found) => return self.take(found, "box", None, rows),
            boxes::Step::Outside(found) => {
                if let Some(found) = found {
                    self.take(found, "box", None, rows);
                }
            }
        }
        if let Some(bar) = bar::split(text) {
            let step = match bar.description.trim() {
                "" => table::Step::Outside,
                description => self.tables.line(description),
            };
            match step {
                table::Step::Row(found) => self.take(found, "table", about, rows),
                table::Step::Header => {}
                table::Step::Outside => {
                    if let Some(found) = bar::find(&bar) {
                        self.take(found, "bar", about, rows);
                    }
                }
            }
            if !bar.rest.trim().is_empty() {
                self.line(bar.rest, rows);
            }
            return;
        }
        match self.tables.line(text) {
            table::Step::Header => return,
            table::Step::Row(found) => return self.take(found, "table", about, rows),
            table::Step::Outside => {}
        }
        if let Some(found) = pairs::find(text) {
            self.take(found, "pairs", about, rows);
        }
    }

    /// Lines that are never reports: our own and W&B's, echoes of commands, tracebacks.
    fn is_noise(&mut self, text: &str) -> bool {
        if self.traceback {
            self.traceback = text.starts_with([' ', '\t']) || text.is_empty();
            return true;
        }
        if text.starts_with("Traceback (most recent call last)") {
            self.traceback = true;
            return true;
        }
        text.starts_with("wandb: ") || text.starts_with("$ ") || text.starts_with("+ ")
    }

    fn take(
        &mut self,
        found: Found,
        rule: &'static str,
        about: Option<&'static str>,
        rows: &mut Vec<Row>,
    ) {
        // A counter alone holds for the lines below it.
        let (own_step, own_epoch) = (found.step_value(), found.epoch);
        self.step = own_step.or(self.step);
        self.epoch = own_epoch.or(self.epoch);
        let counted = found.counted();
        let mut found = found;
        found.report |= std::mem::replace(&mut self.headed, counted && found.pairs.is_empty());
        match row::judge(found, rule, about) {
            Verdict::Row(row) => self.emit(row, counted, rows),
            Verdict::Candidate(row) => self.wait(row, rows),
            Verdict::Nothing(_) => {}
        }
    }

    /// Keeps a row of a shape that has not proved itself; when it has, all its rows are given.
    fn wait(&mut self, row: Row, rows: &mut Vec<Row>) {
        let shape = row
            .metrics
            .iter()
            .fold(row.rule.to_owned(), |shape, (key, _)| shape + "\0" + key);
        if self.shapes.len() >= SHAPES && !self.shapes.contains_key(&shape) {
            return;
        }
        let earlier = self.shapes.entry(shape).or_default();
        if earlier.len() + 1 < REPETITIONS {
            if self.waiting < WAITING {
                self.waiting += 1;
                earlier.push(row);
            }
            return;
        }
        let changing = earlier.iter().any(|other| other.metrics != row.metrics);
        if !changing {
            return;
        }
        // Proved: the rows that wait are given once, later ones at once.
        let waited: Vec<Row> = earlier
            .iter()
            .filter(|row| row.rule != "given")
            .cloned()
            .collect();
        for row in earlier.iter_mut() {
            row.rule = "given";
        }
        self.waiting = self.waiting.saturating_sub(waited.len());
        for row in waited {
            self.emit(row, true, rows);
        }
        self.emit(row, true, rows);
    }

    fn emit(&mut self, mut row: Row, counted: bool, rows: &mut Vec<Row>) {
        if !counted {
            row.step = self.step;
            row.epoch = self.epoch;
        }
        // Bars and launchers print the same thing twice.
        if counted && self.last.as_ref() == Some(&row) {
            return;
        }
        self.last = Some(row.clone());
        rows.push(row);
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
