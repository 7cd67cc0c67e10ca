//! What is known of one stream while it is read, and the rules that take its lines.

use std::collections::HashMap;

use super::row::{self, Verdict};
use super::{
    Found, Miss, Options, Row, bar, block, boxes, coco, first, json, pairs, scan, split, table,
    words,
};

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
        name: "coco",
        about: "the evaluation of detectors as pycocotools prints it",
        take: State::coco,
    },
    Rule {
        name: "block",
        about: "lines of one pair each below a counter: one row",
        take: State::block,
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
/// Longest text of a miss in characters.
const MISS_TEXT: usize = 200;

/// A line without its prefixes.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    pub(super) number: u64,
    pub(super) logger: Option<&'a str>,
}

impl Line<'_> {
    /// The split that the line or its logger names.
    fn about(&self) -> Option<&'static str> {
        split::of_line(self.text.trim_start_matches([' ', '*', '-', '|', '>']))
            .or_else(|| self.logger.and_then(split::of_logger))
    }

    /// Whether there is anything in the line that a rule could take: most lines of most programs end here.
    pub(super) fn may_report(&self) -> bool {
        let text = self.text.trim_start();
        let bytes = text.as_bytes();
        let Some(first) = bytes.first() else {
            return false;
        };
        if !first.is_ascii_alphabetic()
            || bytes.starts_with(b"Traceback")
            || words::signals(text)
            || split::announced(text).is_some()
        {
            return true;
        }
        // A position, a bar, the upper line of a header.
        let position = |at: usize| {
            let (before, behind) = (&bytes[..at], &bytes[at + 1..]);
            let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
            digit(before.trim_ascii_end().last()) && digit(behind.trim_ascii_start().first())
        };
        memchr::memchr_iter(b'/', bytes).any(position)
            || scan::has_two(text, *b"%|")
            || table::is_words(self.text)
    }
}

/// Where the results of a line go.
pub(super) struct Out<'a> {
    pub(super) rows: &'a mut Vec<Row>,
    pub(super) misses: Option<&'a mut Vec<Miss>>,
    pub(super) options: &'a Options,
    /// Rank in the names of the metrics.
    pub(super) rank: Option<u32>,
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
pub(super) struct State {
    dicts: json::Dicts,
    boxes: boxes::Boxes,
    tables: table::Tables,
    block: block::Block,
    step: Option<i64>,
    epoch: Option<f64>,
    last: Option<Row>,
    shapes: HashMap<String, Shape>,
    waiting: usize,
    traceback: bool,
    /// The line before was a counter alone: it heads this one.
    headed: bool,
    section: Option<Section>,
}

/// A split that was announced for the lines that come.
#[derive(Debug, Clone, Copy)]
struct Section {
    split: &'static str,
    /// Whether its rows count something; one that is different is not part of it.
    counted: Option<bool>,
}

impl State {
    /// Whether something has begun that the next line may go on with, whatever it says.
    pub(super) fn is_open(&self) -> bool {
        self.traceback
            || self.headed
            || self.section.is_some()
            || self.dicts.is_open()
            || self.boxes.is_open()
            || self.block.is_open()
            || self.tables.is_open()
    }

    pub(super) fn line(&mut self, line: &Line<'_>, out: &mut Out<'_>) {
        if self.is_noise(line.text) {
            return;
        }
        if self.block.is_open() && block::single(line.text).is_none() {
            self.end_block(line.number, out);
        }
        let before = out.rows.len();
        RULES.iter().any(|rule| (rule.take)(self, line, out));
        if out.rows.len() == before && !self.block.is_open() && !line.text.trim().is_empty() {
            self.section = split::announced(line.text).map(|split| Section {
                split,
                counted: None,
            });
        }
        if out.options.has_patterns() {
            self.add_named(line, out, before);
        }
    }

    /// Lines that are never reports: echoes of commands, tracebacks.
    fn is_noise(&mut self, text: &str) -> bool {
        if self.traceback {
            self.traceback = text.starts_with([' ', '\t']) || text.is_empty();
            return true;
        }
        if text.starts_with("Traceback (most recent call last)") {
            self.traceback = true;
            return true;
        }
        text.starts_with("export ") || text.starts_with("$ ") || text.starts_with("+ ")
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

    fn coco(&mut self, line: &Line<'_>, out: &mut Out<'_>) -> bool {
        if !scan::has_two(line.text, *b"@[") {
            return false;
        }
        let Some(found) = coco::find(line.text) else {
            return false;
        };
        self.take(found, "coco", line, out);
        true
    }

    /// Lines of one pair each: below a counter they are one row, else they wait for the end of the block.
    fn block(&mut self, line: &Line<'_>, out: &mut Out<'_>) -> bool {
        let begins = !self.block.is_open();
        if !self.block.takes(line.text) {
            return false;
        }
        let found = pairs::find(line.text);
        if begins && std::mem::take(&mut self.headed) {
            self.block.headed = Some(Found {
                report: true,
                ..Found::default()
            });
        }
        if let Some(block) = &mut self.block.headed {
            let found = found.unwrap_or_default();
            if let Some((rank, step)) = found.step {
                block.step(step, rank);
                self.step = Some(step);
            }
            self.epoch = found.epoch.or(self.epoch);
            block.pairs.extend(found.pairs);
            return true;
        }
        let Some(found) = found else {
            return true;
        };
        let before = out.rows.len();
        self.take(found, "pairs", line, out);
        // What looks like a list of settings so far is held until its end tells.
        if self.block.looks_like_settings() {
            self.block.rows.extend(out.rows.drain(before..));
        }
        true
    }

    fn end_block(&mut self, number: u64, out: &mut Out<'_>) {
        let (block, settings) = self.block.end();
        if let Some(found) = block.headed {
            let line = Line {
                text: "",
                number: number.saturating_sub(1),
                logger: None,
            };
            return self.take(found, "block", &line, out);
        }
        for row in block.rows {
            if settings {
                let text = text_of(&row);
                let line = Line {
                    text: &text,
                    number: row.line,
                    logger: None,
                };
                out.miss(&line, row.rule, "one of a list of settings");
            } else {
                out.rows.push(row);
            }
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
        let heads = counted && found.pairs.is_empty();
        found.report |= self.headed && !heads;
        self.headed = heads || (self.headed && found.pairs.is_empty());
        let empty = found.pairs.is_empty();
        let about = match (line.about(), self.section) {
            (Some(about), _) => {
                self.section = None;
                Some(about)
            }
            (None, Some(section)) if section.counted.is_none_or(|known| known == counted) => {
                self.section = Some(Section {
                    counted: Some(counted),
                    ..section
                });
                Some(section.split)
            }
            (None, _) => {
                self.section = None;
                None
            }
        };
        match row::judge(found, rule, about) {
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
            return out.miss(
                line,
                row.rule,
                "too many shapes of lines without a metric's name",
            );
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
                out.miss(
                    line,
                    row.rule,
                    "no metric's name, and the values do not change",
                );
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

    pub(super) fn finish(&mut self, out: &mut Out<'_>) {
        if let Some(found) = self.boxes.finish() {
            self.take_box(found, 0, out);
        }
        self.end_block(0, out);
        if let Some(misses) = &mut out.misses {
            for shape in self.shapes.values() {
                let Shape::Waiting(rows) = shape else {
                    continue;
                };
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
