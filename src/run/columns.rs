//! The columns of history: the open row, the latest values, the summary and the series of each.
//!
//! One lookup a value finds everything that is known about its column, so that a row costs about the same
//! for each of its values however many columns there are. Values stay the JSON text that they came as.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::metric::Definitions;
use super::series::Series;
use crate::wire::fields::{Fields, Part, name_of, path_of};
use crate::wire::json::Value;
use crate::wire::records::{encode_item, encoded_path};
use crate::wire::schema::MetricRecord;

mod column;
mod latest;

use column::Column;

/// The row that is being collected; its memory is kept from row to row.
#[derive(Debug, Default)]
struct Row {
    open: bool,
    /// Everything that was logged for it.
    values: Fields,
    cells: Vec<Cell>,
}

/// Where the value of a column stands in the row.
#[derive(Debug)]
struct Cell {
    column: usize,
    value: usize,
}

/// Names that are no columns: every row has such values, which [`crate::run::RunState`] adds.
pub const RESERVED: [&str; 3] = ["_timestamp", "_runtime", "_step"];

/// Values that a row may have been given before those that were replaced are thrown away.
const REPLACED: usize = 64;

impl Row {
    /// Throws away what was replaced, if that is the larger part: a loop may log one value for ever and never end the row.
    fn compact(&mut self) {
        if self.values.len() <= REPLACED + 2 * self.cells.len() {
            return;
        }
        let mut kept = Fields::default();
        for (index, cell) in self.cells.iter_mut().enumerate() {
            kept.append(&self.values.part(cell.value..cell.value + 1));
            cell.value = index;
        }
        self.values = kept;
    }
}

/// Byte strings, one behind the other.
#[derive(Debug, Default)]
struct Packed {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Packed {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.ends.push(self.bytes.len());
    }

    fn get(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.bytes[start..end])
    }
}

/// All columns of a run and the row that is being collected.
#[derive(Debug, Default)]
pub struct Columns {
    all: Vec<Column>,
    /// The name of each.
    names: Packed,
    /// Its path as it stands in the items of rows and summaries.
    paths: Packed,
    /// Where its value stands in the open row.
    slots: Vec<Option<usize>>,
    by_name: HashMap<String, usize>,
    /// The column that is looked for next, probably: rows mostly have the same ones in the same order, and are compared with
    /// names that lie behind each other.
    next: usize,
    /// Names of everything that has columns below it.
    parents: HashSet<String>,
    definitions: Definitions,
    row: Row,
    dirty: bool,
}

impl Columns {
    /// Whether a row is being collected.
    pub fn row_is_open(&self) -> bool {
        self.row.open
    }

    /// Whether the open row lacks all of these columns.
    pub fn row_has_none_of(&self, fields: &Fields) -> bool {
        fields.iter().all(|field| {
            let index = self.by_name.get(field.name);
            index.is_none_or(|index| self.slots[*index].is_none())
        })
    }

    /// Puts values into the open row, but for [`RESERVED`] ones; later values win.
    pub fn collect(&mut self, part: &Part<'_>) {
        let mut row = std::mem::take(&mut self.row);
        row.open = true;
        let before = row.values.len();
        row.values.append(part);
        for value in before..row.values.len() {
            let (name, _) = row.values.bytes(value);
            if name.first() == Some(&b'_') && RESERVED.contains(&row.values.name(value)) {
                continue;
            }
            let column = if self.names.get(self.next) == Some(name) {
                self.next += 1;
                self.next - 1
            } else {
                self.index_of(row.values.name(value))
            };
            let cell = Cell { column, value };
            if let Some(slot) = self.slots[column] {
                row.cells[slot] = cell;
            } else {
                self.slots[column] = Some(row.cells.len());
                row.cells.push(cell);
            }
        }
        row.compact();
        self.row = row;
    }

    fn index_of(&mut self, name: &str) -> usize {
        let index = match self.by_name.get(name) {
            Some(index) => *index,
            None => self.add_column(name),
        };
        self.next = index + 1;
        index
    }

    fn add_column(&mut self, name: &str) -> usize {
        let index = self.all.len();
        let path = path_of(name);
        let mut rivals = self.parents.contains(name);
        for depth in 1..path.len() {
            let parent = name_of(&path[..depth]);
            if let Some(above) = self.by_name.get(&parent) {
                self.all[*above].rivals = true;
                rivals = true;
            }
            self.parents.insert(parent);
        }
        if rivals {
            for column in &mut self.all {
                column.rivals |= column.detail.path.starts_with(&path);
            }
        }
        self.names.push(name.as_bytes());
        self.paths.push(&encoded_path(&path));
        self.slots.push(None);
        let rule = self.definitions.rule(name);
        self.all.push(Column::new(path, name, rule, rivals));
        self.by_name.insert(name.to_owned(), index);
        index
    }

    /// Closes the open row: fills in step metrics, updates summary and series, appends the row's encoded items.
    pub fn flush_row(&mut self, items: &mut Vec<u8>) {
        let mut row = std::mem::take(&mut self.row);
        self.next = row.cells.first().map_or(0, |cell| cell.column);
        for i in 0..row.cells.len() {
            let column = &self.all[row.cells[i].column];
            if !column.step_sync {
                continue;
            }
            let Some(axis) = &column.detail.rule.step_metric else {
                continue;
            };
            let axis = match self.by_name.get(axis) {
                Some(index) => *index,
                None => self.add_column(&axis.clone()),
            };
            if self.slots[axis].is_none() {
                self.slots[axis] = Some(row.cells.len());
                // As the official core: an axis that was never logged counts as 0.
                row.cells.push(Cell {
                    column: axis,
                    value: row.values.len(),
                });
                let column = &self.all[axis];
                let latest = column.latest_number().unwrap_or("0");
                row.values.push(&column.detail.name, latest);
            }
        }
        for cell in &row.cells {
            let (_, json) = row.values.bytes(cell.value);
            self.slots[cell.column] = None;
            let path = self.paths.get(cell.column).unwrap_or_default();
            encode_item(path, json, row.values.extra(cell.value), items);
            let column = &mut self.all[cell.column];
            column.record(json, row.values.number(cell.value));
            // Null is no value, so it replaces none.
            if column.rivals && json != b"null" {
                self.silence_rivals(cell.column);
            }
        }
        row.open = false;
        row.cells.clear();
        row.values.clear();
        self.row = row;
        self.dirty = true;
    }

    /// A value replaces the tree that stood at its place, and a tree the value.
    fn silence_rivals(&mut self, index: usize) {
        let path = self.all[index].detail.path.clone();
        for (i, other) in self.all.iter_mut().enumerate() {
            let place = &other.detail.path;
            if i != index && (place.starts_with(&path) || path.starts_with(place)) {
                other.forget(false);
            }
        }
    }

    /// Sets a summary value by its name, whatever it is, as one leaf: the metric's aggregations end.
    /// `told` says that the log has the change already.
    pub fn set_summary(&mut self, name: &str, json: &str, told: bool) {
        let index = self.index_of(name);
        let column = &mut self.all[index];
        column.explicit = true;
        column.set_last(json.as_bytes(), false);
        column.dirty = !told;
        self.dirty |= !told;
        if column.rivals {
            self.silence_rivals(index);
        }
    }

    /// Takes a summary value, or all below it, away.
    pub fn remove_summary(&mut self, name: &str) {
        let path = path_of(name);
        for column in &mut self.all {
            if column.detail.path.starts_with(&path) {
                column.forget(true);
            }
        }
    }

    /// Adds a definition and applies it to the columns that exist.
    pub fn define(&mut self, metric: &MetricRecord) {
        let name = self.definitions.add(metric);
        if metric.glob_name.is_empty() {
            if let Some(index) = self.by_name.get(&name) {
                let column = &mut self.all[*index];
                column.set_rule(self.definitions.rule(&column.detail.name));
                // As the official core: defining a metric anew brings its aggregations back.
                column.explicit = false;
            }
        } else {
            for column in &mut self.all {
                column.set_rule(self.definitions.rule(&column.detail.name));
            }
        }
    }

    /// Whether a metric of this name was defined exactly.
    pub fn is_defined(&self, name: &str) -> bool {
        self.definitions.is_defined(name)
    }

    /// Whether summary values changed since [`Columns::take_summary`].
    pub fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Marks every summary value as changed.
    pub fn touch_all(&mut self) {
        for column in &mut self.all {
            column.dirty = column.has_last();
        }
        self.dirty = true;
    }

    /// Appends the changed summary values as encoded items and marks them as written.
    pub fn take_summary(&mut self, items: &mut Vec<u8>) {
        for (index, column) in self.all.iter_mut().enumerate() {
            if std::mem::take(&mut column.dirty)
                && let Some(json) = column.summary()
            {
                let path = self.paths.get(index).unwrap_or_default();
                encode_item(path, json.as_bytes(), &[], items);
            }
        }
        self.dirty = false;
    }

    /// Every summary value with its path, as JSON text.
    pub fn summary_leaves(&self) -> impl Iterator<Item = (&[String], Cow<'_, str>)> {
        self.all
            .iter()
            .filter_map(|column| Some((column.detail.path.as_slice(), column.summary()?)))
    }

    /// The summary as nested objects. Null is no value.
    pub fn summary_tree(&self) -> Vec<(String, Value)> {
        let mut root: Vec<(String, Value)> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for column in &self.all {
            let Some(value) = column.summary_value() else {
                continue;
            };
            let place = *places
                .entry(column.detail.path[0].as_str())
                .or_insert_with(|| {
                    root.push((column.detail.path[0].clone(), Value::Null));
                    root.len() - 1
                });
            root[place].1.put(&column.detail.path[1..], value);
        }
        root
    }

    /// Series of all top-level columns that hold numbers.
    pub fn series(&self) -> impl Iterator<Item = (&str, &Series)> {
        self.all
            .iter()
            .filter(|column| column.series.count() > 0)
            .map(|column| (column.detail.path[0].as_str(), &column.series))
    }

    /// Series of public top-level columns that hold numbers and are no x axis, by name.
    pub fn history_view(&self) -> Vec<(&str, &Series)> {
        let mut rows: Vec<(&str, &Series)> = self
            .visible()
            .filter(|column| column.series.count() > 0)
            .map(|column| (column.detail.path[0].as_str(), &column.series))
            .collect();
        rows.sort_unstable_by_key(|(name, _)| *name);
        rows
    }

    /// Summary values of public top-level columns that are no x axis, by name.
    pub fn summary_view(&self) -> Vec<(&str, Value)> {
        let mut rows: Vec<(&str, Value)> = self
            .visible()
            .filter_map(|column| Some((column.detail.path[0].as_str(), column.summary_value()?)))
            .collect();
        rows.sort_unstable_by_key(|(name, _)| *name);
        rows
    }

    fn visible(&self) -> impl Iterator<Item = &Column> {
        self.all.iter().filter(|column| {
            column.detail.path.len() == 1
                && !column.detail.path[0].starts_with('_')
                && !self.definitions.is_axis(&column.detail.name)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::records::{HISTORY, Records};
    use crate::wire::schema::{Kind, MetricOptions};

    fn collect(columns: &mut Columns, json: &str) -> Vec<String> {
        let value = Value::parse(json).unwrap();
        let Value::Map(members) = value else { panic!() };
        columns.collect(&Fields::from_values(&members).all());
        let mut items = Vec::new();
        columns.flush_row(&mut items);
        let mut records = Records::default();
        records.push_parts(HISTORY, &items, &[]);
        let Kind::History(row) = records.decoded().remove(0) else {
            panic!()
        };
        row.item
            .iter()
            .map(|item| format!("{}={}", item.nested_key.join("|"), item.value_json))
            .collect()
    }

    fn tree(columns: &Columns) -> String {
        Value::Map(columns.summary_tree()).to_json()
    }

    #[test]
    fn dotted_names_and_nested_names_are_different_columns() {
        let mut columns = Columns::default();
        let row = collect(&mut columns, r#"{"d.ot":1,"d":{"ot":2},"d.ot":3}"#);
        assert_eq!(row, ["d.ot=3", "d|ot=2"]);
    }

    #[test]
    fn an_axis_goes_on_with_its_latest_number_whatever_came_since() {
        let mut columns = Columns::default();
        let mut metric = super::super::metric::define("y", "").unwrap();
        metric.step_metric = "x".into();
        metric.options = Some(MetricOptions {
            step_sync: true,
            ..MetricOptions::default()
        });
        columns.define(&metric);
        assert_eq!(collect(&mut columns, r#"{"y":1}"#), ["y=1", "x=0"]);
        assert_eq!(collect(&mut columns, r#"{"x":7}"#), ["x=7"]);
        assert_eq!(collect(&mut columns, r#"{"y":2}"#), ["y=2", "x=7"]);
        collect(&mut columns, r#"{"x":8}"#);
        collect(&mut columns, r#"{"x":"text"}"#);
        columns.set_summary("x", "5", false);
        collect(&mut columns, r#"{"x":null}"#);
        assert_eq!(tree(&columns), r#"{"y":2,"x":5}"#);
        columns.remove_summary("x");
        assert_eq!(collect(&mut columns, r#"{"y":3}"#), ["y=3", "x=8"]);
        assert_eq!(tree(&columns), r#"{"y":3,"x":8}"#);
    }

    #[test]
    fn a_row_that_never_ends_keeps_what_counts_only() {
        let mut columns = Columns::default();
        let log = |columns: &mut Columns, json: &str| {
            let Ok(Value::Map(members)) = Value::parse(json) else {
                panic!("{json}")
            };
            let fields = Fields::from_values(&members);
            columns.collect(&fields.all());
        };
        for i in 0..640 {
            log(&mut columns, &format!(r#"{{"x":{i},"_step":1}}"#));
            assert!(columns.row.values.len() <= REPLACED + 2);
        }
        assert_eq!(collect(&mut columns, r#"{"y":1}"#), ["x=639", "y=1"]);
        assert!(columns.row.values.is_empty() && columns.row.cells.is_empty());
        for i in 0..640 {
            log(&mut columns, &format!(r#"{{"k{i}":{i}}}"#));
        }
        let row = collect(&mut columns, r#"{"k7":"seven"}"#);
        assert_eq!(row.len(), 640);
        assert_eq!((row[7].as_str(), row[8].as_str()), ("k7=\"seven\"", "k8=8"));
    }

    #[test]
    fn a_definition_holds_for_columns_that_exist() {
        let mut columns = Columns::default();
        collect(&mut columns, r#"{"x":5,"train/a":1,"b":1}"#);
        for (name, summary) in [("train/*", ""), ("b", "max")] {
            let mut metric = super::super::metric::define(name, summary).unwrap();
            metric.step_metric = "x".into();
            metric.options = Some(MetricOptions {
                step_sync: true,
                ..MetricOptions::default()
            });
            columns.define(&metric);
        }
        let row = collect(&mut columns, r#"{"train/a":2}"#);
        assert_eq!(row, ["train/a=2", "x=5"]);
        assert_eq!(collect(&mut columns, r#"{"b":0}"#), ["b=0", "x=5"]);
        assert_eq!(tree(&columns), r#"{"x":5,"train/a":2,"b":{"max":1}}"#);
    }

    #[test]
    fn nan_poisons_min_and_max_and_null_changes_nothing() {
        let mut columns = Columns::default();
        columns.define(&super::super::metric::define("x", "min,last").unwrap());
        for value in ["1.0", "NaN", "null"] {
            collect(&mut columns, &format!("{{\"x\":{value}}}"));
        }
        assert_eq!(tree(&columns), r#"{"x":{"last":NaN,"min":NaN}}"#);
    }

    #[test]
    fn of_a_value_and_a_tree_at_one_place_the_latest_counts() {
        let mut columns = Columns::default();
        collect(&mut columns, r#"{"d":{"e":1,"f":{"g":2}},"x":0}"#);
        columns.set_summary("d", r#"{"h":3}"#, false);
        assert_eq!(tree(&columns), r#"{"x":0,"d":{"h":3}}"#);
        collect(&mut columns, r#"{"d":{"f":{"g":4}}}"#);
        assert_eq!(tree(&columns), r#"{"d":{"f":{"g":4}},"x":0}"#);
        columns.remove_summary("d");
        assert_eq!(tree(&columns), r#"{"x":0}"#);
    }
}
