//! The rows in a log, one at a time: logged history, system metrics, or lines of the console.

use std::collections::HashMap;

use super::recorded::json_of;
use crate::wire::json::Value;
use crate::wire::schema::{HistoryRecord, Kind, OutputRawRecord, StatsRecord, Timestamp};

/// Which rows of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    History,
    /// System metrics.
    Events,
    Console,
}

/// A row: values by path.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    pub cells: Vec<(Vec<String>, Value)>,
}

impl Row {
    /// The row as nested objects.
    pub fn tree(self) -> Value {
        let mut tree = Value::Map(Vec::new());
        for (path, value) in self.cells {
            tree.put(&path, value);
        }
        tree
    }

    /// Every value that is no object, with its name joined by dots.
    pub fn each(&self, mut take: impl FnMut(&str, &Value)) {
        let mut name = String::new();
        for (path, value) in &self.cells {
            name.clear();
            for (depth, part) in path.iter().enumerate() {
                if depth > 0 {
                    name.push('.');
                }
                name.push_str(part);
            }
            each_below(&mut name, value, &mut take);
        }
    }

    /// Whether one of these names, or one below it, has a value.
    pub fn has_any(&self, names: &[String]) -> bool {
        let mut found = false;
        self.each(|name, value| {
            found |= *value != Value::Null && names.iter().any(|key| key == name);
        });
        found
    }

    /// Keeps only these names, in their order. Names that were joined become names of their own.
    #[must_use]
    pub fn only(&self, names: &[String]) -> Self {
        let mut cells = vec![None; names.len()];
        self.each(|name, value| {
            if let Some(place) = names.iter().position(|key| key == name) {
                cells[place] = Some((vec![name.to_owned()], value.clone()));
            }
        });
        Self {
            cells: cells.into_iter().flatten().collect(),
        }
    }

    fn add(&mut self, name: &str, value: Value) {
        self.cells.push((vec![name.to_owned()], value));
    }
}

fn each_below(name: &mut String, value: &Value, take: &mut impl FnMut(&str, &Value)) {
    let Value::Map(members) = value else {
        take(name, value);
        return;
    };
    let length = name.len();
    for (key, value) in members {
        name.push('.');
        name.push_str(key);
        each_below(name, value, take);
        name.truncate(length);
    }
}

/// Makes rows of records.
#[derive(Debug)]
pub struct Rows {
    source: Source,
    /// Lines of stderr and stdout that have not ended.
    open: [Line; 2],
}

#[derive(Debug, Default)]
struct Line {
    time: Option<Timestamp>,
    text: String,
}

impl Rows {
    /// Rows of this source.
    pub fn new(source: Source) -> Self {
        Self {
            source,
            open: <[Line; 2]>::default(),
        }
    }

    /// Takes the next record; hands out the rows that it completes.
    pub fn apply(&mut self, kind: &Kind, take: &mut impl FnMut(Row)) {
        match (self.source, kind) {
            (Source::History, Kind::History(history)) => take(history_row(history)),
            (Source::Events, Kind::Stats(stats)) => take(stats_row(stats)),
            (Source::Console, Kind::Output(output) | Kind::OutputRaw(output)) => {
                self.console(output, take);
            }
            _ => {}
        }
    }

    /// Hands out the lines that have no end.
    pub fn finish(&mut self, take: &mut impl FnMut(Row)) {
        for stream in 0..2 {
            if !self.open[stream].text.is_empty() {
                take(self.line(stream));
            }
        }
    }

    fn console(&mut self, output: &OutputRawRecord, take: &mut impl FnMut(Row)) {
        let stream = usize::from(output.output_type == 1);
        for part in output.line.split_inclusive('\n') {
            let line = &mut self.open[stream];
            if line.text.is_empty() {
                line.time = output.timestamp;
            }
            line.text.push_str(part);
            if part.ends_with('\n') {
                take(self.line(stream));
            }
        }
    }

    /// The open line as it looked at the end: what was overwritten from its beginning is left out.
    fn line(&mut self, stream: usize) -> Row {
        let line = std::mem::take(&mut self.open[stream]);
        let text = line.text.trim_end_matches(['\n', '\r']);
        let text = text.rsplit('\r').next().unwrap_or_default();
        let mut row = Row::default();
        row.add("_timestamp", time(line.time.as_ref()));
        row.add("stream", ["stderr", "stdout"][stream].into());
        row.add("line", text.into());
        row
    }
}

fn time(time: Option<&Timestamp>) -> Value {
    time.map_or(Value::Null, |time| Value::Float(time.as_secs_f64()))
}

/// What is no JSON is text.
fn value(json: &str) -> Value {
    Value::parse(json).unwrap_or_else(|_| json.into())
}

fn history_row(history: &HistoryRecord) -> Row {
    let mut row = Row {
        cells: history
            .item
            .iter()
            .map(|item| (item.path().to_vec(), value(&json_of(item))))
            .collect(),
    };
    let told = row.cells.iter().position(|(path, _)| path == &["_step"]);
    match (told, &history.step) {
        (Some(place), _) => row.cells[..=place].rotate_right(1),
        (None, Some(step)) => row
            .cells
            .insert(0, (vec!["_step".to_owned()], Value::Int(step.num))),
        (None, None) => {}
    }
    row
}

fn stats_row(stats: &StatsRecord) -> Row {
    let mut row = Row::default();
    row.add("_timestamp", time(stats.timestamp.as_ref()));
    for item in &stats.item {
        row.add(&item.key, value(&item.value_json));
    }
    row
}

/// What the values of a column are together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ColumnType {
    /// Nothing but null so far.
    #[default]
    Null,
    Bool,
    Int,
    Double,
    /// Text, and everything else as JSON text.
    Text,
}

impl ColumnType {
    fn with(self, value: &Value) -> Self {
        let other = match value {
            Value::Null => return self,
            Value::Bool(_) => Self::Bool,
            Value::Int(_) => Self::Int,
            Value::Float(_) => Self::Double,
            _ => Self::Text,
        };
        match (self, other) {
            (Self::Null, other) => other,
            (Self::Int, Self::Double) | (Self::Double, Self::Int) => Self::Double,
            (a, b) if a == b => a,
            _ => Self::Text,
        }
    }
}

/// The columns of all rows, in the order in which they first came.
#[derive(Debug, Default)]
pub struct Table {
    columns: Vec<(String, ColumnType)>,
    places: HashMap<String, usize>,
}

impl Table {
    /// Columns of these names, for the case that no row has them, too.
    pub fn with_names(names: &[String]) -> Self {
        let mut table = Self::default();
        for name in names {
            table.place(name);
        }
        table
    }

    /// Takes a row's names and types in.
    pub fn note(&mut self, row: &Row) {
        row.each(|name, value| {
            let place = self.place(name);
            let known = &mut self.columns[place].1;
            *known = known.with(value);
        });
    }

    /// Takes the types of the columns that have the same name there.
    pub fn take_types(&mut self, other: &Self) {
        for (name, kind) in &mut self.columns {
            if let Some(place) = other.places.get(name) {
                *kind = other.columns[*place].1;
            }
        }
    }

    /// Names and types.
    pub fn columns(&self) -> &[(String, ColumnType)] {
        &self.columns
    }

    /// Fills the cells of a row, one for each column; of values with one name the last counts.
    pub fn fill(&self, row: &Row, cells: &mut Vec<Value>) {
        cells.clear();
        cells.resize(self.columns.len(), Value::Null);
        row.each(|name, value| {
            if let Some(place) = self.places.get(name) {
                cells[*place].clone_from(value);
            }
        });
    }

    fn place(&mut self, name: &str) -> usize {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let place = self.columns.len();
        self.columns.push((name.to_owned(), ColumnType::Null));
        self.places.insert(name.to_owned(), place);
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::schema::{HistoryItem, HistoryStep};

    fn history(step: i64, items: &[(&[&str], &str)]) -> Kind {
        Kind::History(HistoryRecord {
            item: items
                .iter()
                .map(|(path, json)| HistoryItem {
                    nested_key: path.iter().map(|&part| part.to_owned()).collect(),
                    value_json: (*json).to_owned(),
                    ..HistoryItem::default()
                })
                .collect(),
            step: Some(HistoryStep { num: step }),
        })
    }

    fn rows(source: Source, kinds: &[Kind]) -> Vec<Row> {
        let mut found = Vec::new();
        let mut rows = Rows::new(source);
        for kind in kinds {
            rows.apply(kind, &mut |row| found.push(row));
        }
        rows.finish(&mut |row| found.push(row));
        found
    }

    #[test]
    fn history_as_trees_and_as_a_table() {
        let found = rows(
            Source::History,
            &[
                history(3, &[(&["a", "b"], "1"), (&["img"], r#"{"w":2,"l":[1]}"#)]),
                history(
                    4,
                    &[(&["a", "b"], "NaN"), (&["_step"], "4"), (&["t"], "true")],
                ),
            ],
        );
        assert_eq!(
            found[0].clone().tree().to_json(),
            r#"{"_step":3,"a":{"b":1},"img":{"w":2,"l":[1]}}"#
        );
        let mut table = Table::default();
        for row in &found {
            table.note(row);
        }
        let columns: Vec<_> = table
            .columns()
            .iter()
            .map(|(name, kind)| (name.as_str(), *kind))
            .collect();
        assert_eq!(
            columns,
            [
                ("_step", ColumnType::Int),
                ("a.b", ColumnType::Double),
                ("img.w", ColumnType::Int),
                ("img.l", ColumnType::Text),
                ("t", ColumnType::Bool),
            ]
        );
        let mut cells = Vec::new();
        table.fill(&found[1], &mut cells);
        assert_eq!(Value::List(cells).to_json(), "[4,NaN,null,null,true]");
        let names = ["t".to_owned(), "_step".to_owned()];
        assert!(!found[0].has_any(&names[..1]) && found[1].has_any(&names[..1]));
        assert_eq!(
            found[1].only(&names).tree().to_json(),
            r#"{"t":true,"_step":4}"#
        );
    }

    #[test]
    fn console_fragments_become_lines() {
        let output = |stream, text: &str| {
            Kind::OutputRaw(OutputRawRecord {
                output_type: stream,
                timestamp: Some(Timestamp {
                    seconds: 5,
                    nanos: 0,
                }),
                line: text.to_owned(),
            })
        };
        let found = rows(
            Source::Console,
            &[
                output(1, "one "),
                output(0, "err"),
                output(1, "two\n10%\r20%\r\n"),
                output(1, "end"),
            ],
        );
        let lines: Vec<String> = found.into_iter().map(|row| row.tree().to_json()).collect();
        assert_eq!(
            lines,
            [
                r#"{"_timestamp":5.0,"stream":"stdout","line":"one two"}"#,
                r#"{"_timestamp":5.0,"stream":"stdout","line":"20%"}"#,
                r#"{"_timestamp":5.0,"stream":"stderr","line":"err"}"#,
                r#"{"_timestamp":5.0,"stream":"stdout","line":"end"}"#,
            ]
        );
    }

    #[test]
    fn a_column_of_many_kinds_is_text() {
        let of = |values: &[&str]| {
            values
                .iter()
                .fold(ColumnType::Null, |known, json| known.with(&value(json)))
        };
        assert_eq!(of(&["null", "1", "2"]), ColumnType::Int);
        assert_eq!(of(&["1", "Infinity"]), ColumnType::Double);
        assert_eq!(of(&["1", "true"]), ColumnType::Text);
        assert_eq!(of(&["null"]), ColumnType::Null);
    }
}
