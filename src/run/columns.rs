//! The columns of history: the open row, the latest values, the summary and the series of each.
//!
//! One lookup a value finds everything that is known about its column, so that a row costs about the same
//! for each of its values however many columns there are.

use std::collections::HashMap;

use super::metric::{Definitions, Rule, escaped};
use super::series::Series;
use crate::wire::json::Value;
use crate::wire::schema::{HistoryItem, KeyedItem, MetricRecord, MetricSummary};

#[derive(Debug)]
struct Column {
    path: Vec<String>,
    /// Components joined by dots, dots inside them escaped: the name that `define_metric` uses.
    name: String,
    rule: Rule,
    aggregate: Aggregate,
    /// Latest value; what the summary shows if no aggregation is asked for.
    last: Option<Value>,
    /// Latest number in a row; what rows without this column get if it is their x axis.
    number: Option<Value>,
    series: Series,
    /// Where the value of the open row stands.
    slot: Option<usize>,
    /// The summary value changed since it was last written.
    dirty: bool,
    /// `run.summary[...]` was set: aggregations are off.
    explicit: bool,
}

#[derive(Debug, Default)]
struct Aggregate {
    first: Option<Value>,
    min: f64,
    max: f64,
    sum: f64,
    count: u64,
}

/// All columns of a run and the row that is being collected.
#[derive(Debug, Default)]
pub struct Columns {
    all: Vec<Column>,
    by_name: HashMap<String, usize>,
    definitions: Definitions,
    row: Option<Vec<(usize, Value)>>,
    dirty: bool,
}

impl Columns {
    /// Begins a row if none is open.
    pub fn open_row(&mut self) {
        self.row.get_or_insert_default();
    }

    /// Whether a row is being collected.
    pub fn row_is_open(&self) -> bool {
        self.row.is_some()
    }

    /// Whether the open row lacks all of these top-level names.
    pub fn row_has_none_of(&self, values: &[(String, Value)]) -> bool {
        values.iter().all(|(key, _)| {
            let index = self.by_name.get(escaped(key).as_str());
            index.is_none_or(|index| self.all[*index].slot.is_none())
        })
    }

    /// Puts a value into the open row; objects are taken apart into leaves, later values win.
    pub fn collect(&mut self, key: String, value: Value) {
        if let Value::Map(members) = value {
            let mut path = vec![key];
            self.collect_members(&mut path, members);
        } else {
            let index = self.index_of_key(key);
            self.put(index, value);
        }
    }

    fn collect_members(&mut self, path: &mut Vec<String>, members: Vec<(String, Value)>) {
        for (key, value) in members {
            path.push(key);
            if let Value::Map(members) = value {
                self.collect_members(path, members);
            } else {
                let index = self.index_of_path(path);
                self.put(index, value);
            }
            path.pop();
        }
    }

    fn put(&mut self, index: usize, value: Value) {
        let row = self.row.get_or_insert_default();
        if let Some(slot) = self.all[index].slot {
            row[slot].1 = value;
        } else {
            self.all[index].slot = Some(row.len());
            row.push((index, value));
        }
    }

    fn index_of_key(&mut self, key: String) -> usize {
        if !key.contains('.') {
            return match self.by_name.get(&key) {
                Some(index) => *index,
                None => self.add_column(vec![key.clone()], key),
            };
        }
        self.index_of_path(std::slice::from_ref(&key))
    }

    fn index_of_path(&mut self, path: &[String]) -> usize {
        let name = path
            .iter()
            .map(|part| escaped(part))
            .collect::<Vec<_>>()
            .join(".");
        match self.by_name.get(&name) {
            Some(index) => *index,
            None => self.add_column(path.to_vec(), name),
        }
    }

    fn add_column(&mut self, path: Vec<String>, name: String) -> usize {
        let index = self.all.len();
        self.all.push(Column {
            rule: self.definitions.rule(&name),
            path,
            name: name.clone(),
            aggregate: Aggregate::default(),
            last: None,
            number: None,
            series: Series::default(),
            slot: None,
            dirty: false,
            explicit: false,
        });
        self.by_name.insert(name, index);
        index
    }

    /// Closes the open row: fills in step metrics, updates summary and series, appends the row's items.
    pub fn flush_row(&mut self, items: &mut Vec<HistoryItem>) {
        let Some(mut row) = self.row.take() else {
            return;
        };
        for i in 0..row.len() {
            let rule = &self.all[row[i].0].rule;
            if !rule.step_sync {
                continue;
            }
            let Some(axis) = rule.step_metric.clone() else {
                continue;
            };
            let axis = match self.by_name.get(&axis) {
                Some(index) => *index,
                None => self.add_column(unescaped_path(&axis), axis),
            };
            if self.all[axis].slot.is_none() {
                self.all[axis].slot = Some(row.len());
                let last = self.all[axis].number.clone();
                // As the official core: an axis that was never logged counts as 0.
                row.push((axis, last.unwrap_or(Value::Int(0))));
            }
        }
        items.reserve(row.len() + 3);
        for (index, value) in row {
            let column = &mut self.all[index];
            column.slot = None;
            items.push(HistoryItem {
                nested_key: column.path.clone(),
                value_json: value.to_json(),
                ..HistoryItem::default()
            });
            column.record(value);
        }
        self.dirty = true;
    }

    /// Sets a summary value; objects become one value, and the metric's aggregations end.
    pub fn set_summary(&mut self, key: &str, value: Value) {
        let index = self.index_of_key(key.to_owned());
        let column = &mut self.all[index];
        column.explicit = true;
        column.last = Some(value);
        column.dirty = true;
        self.dirty = true;
    }

    /// Adds a definition and applies it to the columns that exist.
    pub fn define(&mut self, metric: &MetricRecord) {
        self.definitions.add(metric);
        if metric.glob_name.is_empty() {
            if let Some(index) = self.by_name.get(&metric.name) {
                let column = &mut self.all[*index];
                column.rule = self.definitions.rule(&column.name);
                // As the official core: defining a metric anew brings its aggregations back.
                column.explicit = false;
            }
        } else {
            for column in &mut self.all {
                column.rule = self.definitions.rule(&column.name);
            }
        }
    }

    /// Whether a metric of this name was defined exactly.
    pub fn is_defined(&self, name: &str) -> bool {
        self.definitions.is_defined(&escaped(name))
    }

    /// Whether summary values changed since [`Columns::take_summary`].
    pub fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Marks every summary value as changed.
    pub fn touch_all(&mut self) {
        for column in &mut self.all {
            column.dirty = column.last.is_some();
        }
        self.dirty = true;
    }

    /// Appends the changed summary values and marks them as written.
    pub fn take_summary(&mut self, update: &mut Vec<KeyedItem>) {
        for column in &mut self.all {
            if std::mem::take(&mut column.dirty)
                && let Some(value) = column.summary()
            {
                update.push(KeyedItem {
                    nested_key: column.path.clone(),
                    value_json: value.to_json(),
                    ..KeyedItem::default()
                });
            }
        }
        self.dirty = false;
    }

    /// The summary as nested objects; where a value and a tree meet, the later column wins. Null is no value.
    pub fn summary_tree(&self) -> Vec<(String, Value)> {
        let mut root: Vec<(String, Value)> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for column in &self.all {
            let Some(value) = column.summary().filter(|value| *value != Value::Null) else {
                continue;
            };
            let place = *places.entry(column.path[0].as_str()).or_insert_with(|| {
                root.push((column.path[0].clone(), Value::Null));
                root.len() - 1
            });
            let mut one = vec![(
                column.path[0].clone(),
                std::mem::replace(&mut root[place].1, Value::Null),
            )];
            insert(&mut one, &column.path, value);
            root[place] = one.swap_remove(0);
        }
        root
    }

    /// Series of public top-level columns that hold numbers and are no x axis, by name.
    pub fn history_view(&self) -> Vec<(&str, &Series)> {
        let mut rows: Vec<(&str, &Series)> = self
            .visible()
            .filter(|column| column.series.count() > 0)
            .map(|column| (column.path[0].as_str(), &column.series))
            .collect();
        rows.sort_unstable_by_key(|(name, _)| *name);
        rows
    }

    /// Summary values of public top-level columns that are no x axis, by name.
    pub fn summary_view(&self) -> Vec<(&str, Value)> {
        let mut rows: Vec<(&str, Value)> = self
            .visible()
            .filter_map(|column| Some((column.path[0].as_str(), column.summary()?)))
            .filter(|(_, value)| *value != Value::Null)
            .collect();
        rows.sort_unstable_by_key(|(name, _)| *name);
        rows
    }

    fn visible(&self) -> impl Iterator<Item = &Column> {
        self.all.iter().filter(|column| {
            column.path.len() == 1
                && !column.path[0].starts_with('_')
                && !self.definitions.is_axis(&column.name)
        })
    }
}

impl Column {
    fn record(&mut self, value: Value) {
        if let Some(number) = value.as_f64() {
            self.number = Some(value.clone());
            let a = &mut self.aggregate;
            if a.count == 0 {
                (a.min, a.max) = (number, number);
            } else if number.is_nan() || a.min.is_nan() {
                (a.min, a.max) = (f64::NAN, f64::NAN);
            } else {
                (a.min, a.max) = (a.min.min(number), a.max.max(number));
            }
            a.sum += number;
            a.count += 1;
            if self.path.len() == 1 {
                self.series.push(number);
            }
        }
        if value == Value::Null {
            return;
        }
        if self.aggregate.first.is_none() {
            self.aggregate.first = Some(value.clone());
        }
        self.last = Some(value);
        self.dirty = true;
    }

    /// The summary value: the latest, or the asked aggregations, or nothing.
    fn summary(&self) -> Option<Value> {
        let last = self.last.as_ref()?;
        let MetricSummary {
            min,
            max,
            mean,
            last: latest,
            first,
            none,
            ..
        } = self.rule.summary;
        if self.explicit || !(min || max || mean || latest || first || none) {
            return Some(last.clone());
        }
        if none {
            return None;
        }
        let mut members = Vec::new();
        let mut add = |name: &str, value: Value| members.push((name.to_owned(), value));
        if latest {
            add("last", last.clone());
        }
        if first && let Some(value) = &self.aggregate.first {
            add("first", value.clone());
        }
        if self.aggregate.count > 0 {
            if min {
                add("min", Value::Float(self.aggregate.min));
            }
            if max {
                add("max", Value::Float(self.aggregate.max));
            }
            if mean {
                let mean = self.aggregate.sum / self.aggregate.count as f64;
                add("mean", Value::Float(mean));
            }
        }
        Some(Value::Map(members))
    }
}

/// Splits a dotted name at the dots that are not escaped.
fn unescaped_path(name: &str) -> Vec<String> {
    let mut path = vec![String::new()];
    let mut chars = name.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => path
                .last_mut()
                .into_iter()
                .for_each(|part| part.extend(chars.next())),
            '.' => path.push(String::new()),
            _ => path.last_mut().into_iter().for_each(|part| part.push(c)),
        }
    }
    path
}

fn insert(members: &mut Vec<(String, Value)>, path: &[String], value: Value) {
    let Some((key, rest)) = path.split_first() else {
        return;
    };
    let at = members.iter().position(|(name, _)| name == key);
    if rest.is_empty() {
        match at {
            Some(at) => members[at].1 = value,
            None => members.push((key.clone(), value)),
        }
        return;
    }
    let at = at.unwrap_or_else(|| {
        members.push((key.clone(), Value::Map(Vec::new())));
        members.len() - 1
    });
    if !matches!(members[at].1, Value::Map(_)) {
        members[at].1 = Value::Map(Vec::new());
    }
    if let Value::Map(inner) = &mut members[at].1 {
        insert(inner, rest, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotted_names_and_nested_names_are_different_columns() {
        let mut columns = Columns::default();
        columns.collect("d.ot".into(), Value::Int(1));
        columns.collect("d".into(), Value::Map(vec![("ot".into(), Value::Int(2))]));
        columns.collect("d.ot".into(), Value::Int(3));
        let mut items = Vec::new();
        columns.flush_row(&mut items);
        let rows: Vec<_> = items
            .iter()
            .map(|item| (item.nested_key.join("|"), item.value_json.as_str()))
            .collect();
        assert_eq!(rows, [("d.ot".into(), "3"), ("d|ot".into(), "2")]);
        assert_eq!(unescaped_path("a\\.b.c"), ["a.b", "c"]);
    }

    #[test]
    fn nan_poisons_min_and_max_and_null_changes_nothing() {
        let mut columns = Columns::default();
        columns.define(&super::super::metric::define("x", "min,last").unwrap());
        for value in [Value::Float(1.0), Value::Float(f64::NAN), Value::Null] {
            columns.collect("x".into(), value);
            columns.flush_row(&mut Vec::new());
        }
        let tree = Value::Map(columns.summary_tree()).to_json();
        assert_eq!(tree, r#"{"x":{"last":NaN,"min":NaN}}"#);
    }
}
