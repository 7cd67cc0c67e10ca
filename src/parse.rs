//! Finds metrics in what a program prints.
//!
//! [`Parser`] takes the text of one stream in pieces of any size and gives [`Row`]s. The path of a line:
//! [`lines`] puts it together (rewritten lines count in their last state), [`prefix`] takes off what launchers and
//! loggers put in front, the recognisers are tried in the order of [`RULES`], and [`row`] decides whether what was
//! found is a report. Precision comes before recall: a port number among the charts annoys everyone, a missed format
//! can be logged over the socket, or be named with a pattern ([`options`]). Linear in the input, bounded in memory.

use std::collections::HashMap;

use crate::wire::json::Value;

pub mod bar;
pub mod boxes;
pub mod first;
pub mod json;
pub mod lines;
pub mod number;
pub mod options;
pub mod pairs;
pub mod prefix;
pub mod row;
pub mod split;
pub mod stamp;
pub mod table;
pub mod words;

use lines::Lines;
pub use options::Options;
use options::Ranks;
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

/// A recogniser: its name, what it knows, and the function that says whether it has dealt with a line.
pub struct Rule {
    pub name: &'static str,
    pub about: &'static str,
    take: fn(&mut State, &Line<'_>, &mut Out<'_>) -> bool,
}

/// The recognisers in the order in which they are tried; the first that knows a line decides.
pub const RULES: &[Rule] = &[
    Rule {
        name: "pattern",
        about: "a pattern of the user's",
        take: State::pattern,
    },
    Rule {
        name: "json",
        about: "an object in JSON or as Python prints a dict, also over several lines",
        take: State::object,
    },
    Rule {
        name: "box",
        about: "rows `| name | value |` between rules; one box is one row",
        take: State::boxed,
    },
    Rule {
        name: "bar",
        about: "a progress bar with pairs in front of it or behind its rate",
        take: State::bar,
    },
    Rule {
        name: "table",
        about: "cells below a line of column names",
        take: State::table,
    },
    Rule {
        name: "pairs",
        about: "name=value, name: value, name value",
        take: State::pairs,
    },
    Rule {
        name: "first",
        about: "a line of numbers with their names behind them: `0.25 train loss, 0.91 accuracy`",
        take: State::first,
    },
];

/// Lines of one shape after which a report without a known name is believed.
const REPETITIONS: usize = 3;
/// Most shapes and rows that wait for that.
const SHAPES: usize = 200;
const WAITING: usize = 50;
/// Most ranks that are told apart.
const RANKS: usize = 64;
/// Longest text of a miss in characters.
const MISS_TEXT: usize = 200;

/// The parser of one stream.
#[derive(Debug)]
pub struct Parser {
    lines: Lines,
    options: Options,
    /// What is known of each rank's output.
    states: Vec<(u32, State)>,
    misses: Option<Vec<Miss>>,
}

impl Default for Parser {
    fn default() -> Self {
        Self::new(Options::default())
    }
}

/// A line without its prefixes.
#[derive(Clone, Copy)]
struct Line<'a> {
    text: &'a str,
    number: u64,
    logger: Option<&'a str>,
}

impl Line<'_> {
    /// The split that the line or its logger names.
    fn about(&self) -> Option<&'static str> {
        split::of_line(self.text.trim_start_matches([' ', '*', '-', '|', '>']))
            .or_else(|| self.logger.and_then(split::word))
    }

    /// Whether there is anything in the line that a rule could take: most lines of most programs end here.
    fn may_report(&self) -> bool {
        let bytes = self.text.trim_start().as_bytes();
        let Some(first) = bytes.first() else {
            return false;
        };
        if !first.is_ascii_alphabetic() || bytes.starts_with(b"Traceback") || words::signals(self.text) {
            return true;
        }
        // A position, a bar, the upper line of a header.
        let position = |at: usize| {
            let before = bytes[..at].trim_ascii_end();
            before.last().is_some_and(u8::is_ascii_digit)
        };
        memchr::memchr_iter(b'/', bytes).any(position)
            || memchr::memmem::find(bytes, b"%|").is_some()
            || table::is_words(self.text)
    }
}

/// Where the results of a line go.
struct Out<'a> {
    rows: &'a mut Vec<Row>,
    misses: Option<&'a mut Vec<Miss>>,
    options: &'a Options,
    /// Rank in the names of the metrics.
    rank: Option<u32>,
}

impl Out<'_> {
    fn miss(&mut self, line: &Line<'_>, rule: &'static str, reason: &'static str) {
        if let Some(misses) = &mut self.misses {
            misses.push(Miss {
                line: line.number,
                text: line.text.chars().take(MISS_TEXT).collect(),
                rule,
                reason,
            });
        }
    }
}

/// What a shape of lines has shown so far.
#[derive(Debug)]
enum Shape {
    Waiting(Vec<Row>),
    Proved,
}

#[derive(Debug, Default)]
struct State {
    dicts: json::Dicts,
    boxes: boxes::Boxes,
    tables: table::Tables,
    step: Option<i64>,
    epoch: Option<f64>,
    last: Option<Row>,
    shapes: HashMap<String, Shape>,
    waiting: usize,
    traceback: bool,
    /// The line before was a counter alone: it heads this one.
    headed: bool,
}

impl Parser {
    /// A parser that follows the user's wishes.
    pub fn new(options: Options) -> Self {
        Self {
            lines: Lines::default(),
            options,
            states: vec![(0, State::default())],
            misses: None,
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
        self.misses
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// Takes the next text and appends the rows it completes.
    pub fn feed(&mut self, text: &str, rows: &mut Vec<Row>) {
        let (lines, mut rest) = (&mut self.lines, Rest::of(&self.options, &mut self.states, &mut self.misses));
        lines.feed(text, |line, number| rest.line(line, number, rows));
    }

    /// The text so far does not go on: what follows begins a new line. Used when input had to be skipped.
    pub fn skip(&mut self) {
        self.lines.abandon();
    }

    /// The end of the stream: an unfinished line counts.
    pub fn finish(&mut self, rows: &mut Vec<Row>) {
        let (lines, mut rest) = (&mut self.lines, Rest::of(&self.options, &mut self.states, &mut self.misses));
        lines.finish(|line, number| rest.line(line, number, rows));
        rest.finish(rows);
    }
}

/// A parser without its lines: those are borrowed while they are taken.
struct Rest<'a> {
    options: &'a Options,
    states: &'a mut Vec<(u32, State)>,
    misses: &'a mut Option<Vec<Miss>>,
}

impl<'a> Rest<'a> {
    fn of(
        options: &'a Options,
        states: &'a mut Vec<(u32, State)>,
        misses: &'a mut Option<Vec<Miss>>,
    ) -> Self {
        Self {
            options,
            states,
            misses,
        }
    }

    fn line(&mut self, line: &str, number: u64, rows: &mut Vec<Row>) {
        let message = prefix::strip(line);
        let wanted = match (self.options.ranks, message.rank) {
            (Ranks::All, rank) => rank.unwrap_or(0),
            (Ranks::One(_), None) => 0,
            (Ranks::One(wanted), Some(rank)) if wanted == rank => 0,
            (Ranks::One(_), Some(_)) => return,
        };
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
        if !state.is_open() && !self.options.has_patterns() && !line.may_report() {
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

impl State {
    /// Whether something has begun that the next line may go on with, whatever it says.
    fn is_open(&self) -> bool {
        self.traceback
            || self.headed
            || self.dicts.is_open()
            || self.boxes.is_open()
            || self.tables.is_open()
    }

    fn line(&mut self, line: &Line<'_>, out: &mut Out<'_>) {
        if self.is_noise(line.text) {
            return;
        }
        let before = out.rows.len();
        RULES.iter().any(|rule| (rule.take)(self, line, out));
        if out.options.has_patterns() {
            self.add_named(line, out, before);
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

    fn pattern(&mut self, line: &Line<'_>, out: &mut Out<'_>) -> bool {
        let Some(captured) = out.options.row(line.text) else {
            return false;
        };
        self.step = captured.step.or(self.step);
        self.epoch = captured.epoch.or(self.epoch);
        if !captured.metrics.is_empty() {
            let row = Row {
                step: captured.step,
                epoch: captured.epoch,
                metrics: captured.metrics,
                rule: "pattern",
                line: line.number,
            };
            let counted = captured.step.is_some() || captured.epoch.is_some();
            self.emit(row, counted, out);
        }
        true
    }

    /// Metrics that the user has asked for by name go into the row of their line, or make one.
    fn add_named(&mut self, line: &Line<'_>, out: &mut Out<'_>, before: usize) {
        let metrics = out.options.metrics(line.text);
        if metrics.is_empty() {
            return;
        }
        match out.rows.get_mut(before..) {
            Some([row]) if row.line == line.number => {
                row.metrics
                    .retain(|(name, _)| metrics.iter().all(|(other, _)| other != name));
                row.metrics.extend(metrics);
            }
            _ => {
                let row = Row {
                    metrics,
                    rule: "pattern",
                    line: line.number,
                    ..Row::default()
                };
                self.emit(row, false, out);
            }
        }
    }

    fn object(&mut self, line: &Line<'_>, out: &mut Out<'_>) -> bool {
        let text = line.text;
        if !(self.dicts.is_open() || memchr::memchr(b'{', text.as_bytes()).is_some()) {
            return false;
        }
        let (taken, found) = self.dicts.line(text);
        let found = found.or_else(|| if taken { None } else { json::find(text) });
        match found {
            Some(found) => {
                self.take(found, "json", line, out);
                true
            }
            None => taken,
        }
    }

    fn boxed(&mut self, line: &Line<'_>, out: &mut Out<'_>) -> bool {
        match self.boxes.line(line.text) {
            boxes::Step::Taken => true,
            boxes::Step::Complete(found) => {
                self.take_box(found, line.number, out);
                true
            }
            boxes::Step::Outside(found) => {
                if let Some(found) = found {
                    self.take_box(found, line.number, out);
                }
                false
            }
        }
    }

    fn take_box(&mut self, found: Found, number: u64, out: &mut Out<'_>) {
        let line = Line {
            text: "",
            number,
            logger: None,
        };
        self.take(found, "box", &line, out);
    }

    fn bar(&mut self, line: &Line<'_>, out: &mut Out<'_>) -> bool {
        let Some(bar) = bar::split(line.text) else {
            return false;
        };
        let step = match bar.description.trim() {
            "" => table::Step::Outside,
            description => self.tables.line(description),
        };
        match step {
            table::Step::Row(found) => self.take(found, "table", line, out),
            table::Step::Header => {}
            table::Step::Outside => {
                if let Some(found) = bar::find(&bar) {
                    self.take(found, "bar", line, out);
                }
            }
        }
        if !bar.rest.trim().is_empty() {
            let rest = Line {
                text: bar.rest,
                ..*line
            };
            self.line(&rest, out);
        }
        true
    }

    fn table(&mut self, line: &Line<'_>, out: &mut Out<'_>) -> bool {
        match self.tables.line(line.text) {
            table::Step::Header => true,
            table::Step::Row(found) => {
                self.take(found, "table", line, out);
                true
            }
            table::Step::Outside => false,
        }
    }

    fn pairs(&mut self, line: &Line<'_>, out: &mut Out<'_>) -> bool {
        let Some(found) = pairs::find(line.text) else {
            return false;
        };
        // Counters alone may stand in front of values with their names behind them.
        if found.pairs.is_empty()
            && let Some(first) = first::find(line.text)
        {
            self.take(first, "first", line, out);
        } else {
            self.take(found, "pairs", line, out);
        }
        true
    }

    fn first(&mut self, line: &Line<'_>, out: &mut Out<'_>) -> bool {
        let Some(found) = first::find(line.text) else {
            return false;
        };
        self.take(found, "first", line, out);
        true
    }

    fn take(&mut self, found: Found, rule: &'static str, line: &Line<'_>, out: &mut Out<'_>) {
        // A counter alone holds for the lines below it.
        let (own_step, own_epoch) = (found.step_value(), found.epoch);
        self.step = own_step.or(self.step);
        self.epoch = own_epoch.or(self.epoch);
        let counted = found.counted();
        let mut found = found;
        found.report |= std::mem::replace(&mut self.headed, counted && found.pairs.is_empty());
        let empty = found.pairs.is_empty();
        match row::judge(found, rule, line.about()) {
            Verdict::Row(mut row) => {
                row.line = line.number;
                self.emit(row, counted, out);
            }
            Verdict::Candidate(mut row) => {
                row.line = line.number;
                self.wait(row, line, out);
            }
            Verdict::Nothing(_) if empty => {}
            Verdict::Nothing(reason) => out.miss(line, rule, reason),
        }
    }

    /// Keeps a row of a shape that has not proved itself; when it has, all its rows are given.
    fn wait(&mut self, row: Row, line: &Line<'_>, out: &mut Out<'_>) {
        let shape = row
            .metrics
            .iter()
            .fold(row.rule.to_owned(), |shape, (key, _)| shape + "\0" + key);
        if self.shapes.len() >= SHAPES && !self.shapes.contains_key(&shape) {
            return out.miss(line, row.rule, "too many shapes of lines without a metric's name");
        }
        let shape = self
            .shapes
            .entry(shape)
            .or_insert_with(|| Shape::Waiting(Vec::new()));
        let Shape::Waiting(earlier) = shape else {
            return self.emit(row, true, out);
        };
        let changing = earlier.iter().any(|other| other.metrics != row.metrics);
        if earlier.len() + 1 < REPETITIONS || !changing {
            if earlier.len() + 1 < REPETITIONS && self.waiting < WAITING {
                self.waiting += 1;
                earlier.push(row);
            } else {
                out.miss(line, row.rule, "no metric's name, and the values do not change");
            }
            return;
        }
        // Proved: the rows that wait are given once, later ones at once.
        let waited = std::mem::take(earlier);
        *shape = Shape::Proved;
        self.waiting = self.waiting.saturating_sub(waited.len());
        for row in waited {
            self.emit(row, true, out);
        }
        self.emit(row, true, out);
    }

    fn emit(&mut self, mut row: Row, counted: bool, out: &mut Out<'_>) {
        if !counted {
            row.step = self.step;
            row.epoch = self.epoch;
        }
        row.metrics.retain(|(name, _)| out.options.wants(name));
        if row.metrics.is_empty() {
            return;
        }
        // Bars and launchers print the same thing twice.
        if counted && self.last.as_ref().is_some_and(|last| last.repeats(&row)) {
            return;
        }
        self.last = Some(row.clone());
        if let Some(rank) = out.rank {
            for (name, _) in &mut row.metrics {
                *name = format!("rank{rank}/{name}");
            }
        }
        out.rows.push(row);
    }

    fn finish(&mut self, out: &mut Out<'_>) {
        if let Some(found) = self.boxes.finish() {
            self.take_box(found, 0, out);
        }
        if let Some(misses) = &mut out.misses {
            for shape in self.shapes.values() {
                let Shape::Waiting(rows) = shape else { continue };
                misses.extend(rows.iter().map(|row| Miss {
                    line: row.line,
                    text: text_of(row),
                    rule: row.rule,
                    reason: "no metric's name, and fewer than three lines of this shape",
                }));
            }
        }
    }
}

/// The metrics of a row as text.
fn text_of(row: &Row) -> String {
    let parts: Vec<String> = row
        .metrics
        .iter()
        .map(|(name, value)| format!("{name}={}", value.to_json()))
        .collect();
    parts.join(" ").chars().take(MISS_TEXT).collect()
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
