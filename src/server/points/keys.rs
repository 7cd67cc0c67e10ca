//! What is known of the columns of a series: how many values of which type, the last one, whether it only rises.
//!
//! Each segment has the statistics of its own rows; those of the series are made of them in order of the keys.

use std::collections::{BTreeMap, HashMap};

use super::rows::push_number;
use super::scan::{Item, members};
use super::table::{Ident, Table};
use crate::wire::json::Value;

/// A last value of more bytes is not kept here.
const LONGEST_LAST: usize = 4096;

/// A column, for people and for charts.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyInfo {
    pub name: String,
    /// How many values of which type: `number`, `string`, `boolean`, `nil`, `list`, `map`, or an object's `_type`.
    pub type_counts: BTreeMap<String, u64>,
    /// Rows with a value.
    pub count: u64,
    /// The last value as JSON; `None` if that is longer than 4 KiB.
    pub last: Option<String>,
    /// Whether the values are numbers within a nested object, which is itself a column too.
    pub derived: bool,
    /// Whether all are numbers, and none is smaller than the one before it or NaN.
    pub monotonic: bool,
}

/// The statistics of one column in some rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stat {
    pub(super) numbers: u64,
    pub(super) nans: u64,
    pub(super) first: f64,
    /// The last number.
    pub(super) latest: f64,
    pub(super) rising: bool,
    /// Of what is no number, or too large for one: how many of each type.
    pub(super) types: BTreeMap<String, u64>,
    pub(super) last: Option<String>,
}

impl Default for Stat {
    fn default() -> Self {
        Self {
            numbers: 0,
            nans: 0,
            first: f64::NAN,
            latest: f64::NAN,
            rising: true,
            types: BTreeMap::new(),
            last: None,
        }
    }
}

impl Stat {
    /// The statistics of a column's numbers.
    pub(super) fn of_numbers(values: &[f64]) -> Self {
        let mut stat = Self::default();
        let mut before = f64::NEG_INFINITY;
        for value in values {
            stat.nans += u64::from(value.is_nan());
            stat.rising &= *value >= before;
            before = *value;
        }
        if let (Some(first), Some(latest)) = (values.first(), values.last()) {
            stat.numbers = values.len() as u64;
            (stat.first, stat.latest) = (*first, *latest);
            stat.last = Some(number_text(*latest));
        }
        stat
    }

    fn add_item(&mut self, item: Item<'_>, is_last: bool) {
        self.rising = false;
        *self.types.entry(type_of(item)).or_insert(0) += 1;
        if is_last {
            self.last = match item {
                Item::Number(number) => Some(number_text(number)),
                Item::Large(text, _) | Item::Other(text) => {
                    (text.len() <= LONGEST_LAST).then(|| text.to_owned())
                }
            };
        }
    }

    /// Adds the statistics of later rows.
    fn follow(&mut self, later: &Self) {
        self.rising &=
            later.rising && (self.numbers == 0 || later.numbers == 0 || self.latest <= later.first);
        if later.numbers > 0 {
            if self.numbers == 0 {
                self.first = later.first;
            }
            self.latest = later.latest;
        }
        self.numbers += later.numbers;
        self.nans += later.nans;
        for (kind, count) in &later.types {
            *self.types.entry(kind.clone()).or_insert(0) += count;
        }
        self.last.clone_from(&later.last);
    }

    /// Whether charts may rely on these values as an ascending axis.
    pub(super) fn is_axis(&self) -> bool {
        self.rising && self.nans == 0 && self.numbers > 0
    }
}

/// The statistics of all columns in some rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Stats {
    pub(super) columns: HashMap<Ident, Stat>,
    pub(super) rows: u64,
    last_key: Option<i64>,
}

impl Stats {
    /// The statistics of a sorted table.
    pub(super) fn of(table: &Table) -> Self {
        let mut stats = Self {
            rows: table.rows() as u64,
            last_key: table.keys.last().copied(),
            ..Self::default()
        };
        let mut last_rows = HashMap::new();
        for (row, text) in table.rest.iter() {
            let _ = members(text, |name, _| {
                last_rows.insert(name.into_owned(), row);
            });
        }
        for column in &table.columns {
            if !column.rows.is_empty() {
                let stat = Stat::of_numbers(&column.values);
                stats.columns.insert(column.ident.clone(), stat);
            }
        }
        for (row, text) in table.rest.iter() {
            let _ = members(text, |name, item| {
                let ident = Ident::plain(&name);
                let of_number = table.find(&ident).and_then(|column| column.rows.last());
                let is_last = last_rows.get(&*name) == Some(&row)
                    && of_number.is_none_or(|number| *number < row);
                let stat = stats.columns.entry(ident).or_default();
                stat.add_item(item, is_last);
            });
        }
        stats
    }

    /// Adds the statistics of rows with larger keys.
    pub(super) fn follow(&mut self, later: &Self) {
        self.rows += later.rows;
        self.last_key = later.last_key.or(self.last_key);
        for (ident, stat) in &later.columns {
            match self.columns.get_mut(ident) {
                Some(known) => known.follow(stat),
                None => {
                    self.columns.insert(ident.clone(), stat.clone());
                }
            }
        }
    }

    pub(super) fn set_rows(&mut self, rows: u64, last_key: i64) {
        (self.rows, self.last_key) = (rows, Some(last_key));
    }

    /// What people see of it, in order of the names; `key` names the key as a column, if it is one.
    pub(super) fn infos(&self, key: Option<&str>) -> Vec<KeyInfo> {
        let mut infos: BTreeMap<&str, KeyInfo> = BTreeMap::new();
        for (ident, stat) in &self.columns {
            let mut type_counts = stat.types.clone();
            if stat.numbers > 0 {
                *type_counts.entry("number".to_owned()).or_insert(0) += stat.numbers;
            }
            let info = KeyInfo {
                name: ident.name.to_string(),
                count: type_counts.values().sum(),
                type_counts,
                last: stat.last.clone(),
                derived: ident.root.is_some(),
                monotonic: stat.rising,
            };
            // A plain column goes before derived ones of that name.
            let known = infos.get(&*ident.name);
            if known.is_none_or(|known| known.derived && !info.derived) {
                infos.insert(&ident.name, info);
            }
        }
        if let (Some(name), Some(last)) = (key, self.last_key) {
            let info = KeyInfo {
                name: name.to_owned(),
                type_counts: [("number".to_owned(), self.rows)].into(),
                count: self.rows,
                last: Some(last.to_string()),
                derived: false,
                monotonic: true,
            };
            infos.insert(name, info);
        }
        infos.into_values().collect()
    }

    /// Bytes of memory, about.
    pub(super) fn memory(&self) -> usize {
        let columns = self.columns.iter();
        columns
            .map(|(ident, stat)| 200 + ident.name.len() + stat.last.as_ref().map_or(0, String::len))
            .sum()
    }
}

fn number_text(number: f64) -> String {
    let mut text = String::new();
    push_number(number, &mut text);
    text
}

fn type_of(item: Item<'_>) -> String {
    let text = match item {
        Item::Number(_) | Item::Large(..) => return "number".to_owned(),
        Item::Other(text) => text,
    };
    let kind = match text.as_bytes().first() {
        Some(b'"') => "string",
        Some(b't' | b'f') => "boolean",
        Some(b'n') => "nil",
        Some(b'[') => "list",
        _ => {
            let mut kind = None;
            let _ = members(text, |name, item| {
                if name == "_type"
                    && let Item::Other(text) = item
                    && let Ok(Value::Text(text)) = Value::parse(text)
                {
                    kind = Some(text);
                }
            });
            return kind.unwrap_or_else(|| "map".to_owned());
        }
    };
    kind.to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::Key;
    use super::super::ingest::Ingest;
    use super::*;

    #[test]
    fn keys_tell_types_and_last_values() {
        let mut table = Table::default();
        let mut ingest = Ingest::default();
        let lines = [
            r#"{"_step":0,"a":1,"b":"x","n":{"c":2},"i":{"_type":"image-file","w":3}}"#,
            r#"{"_step":1,"a":1.5,"b":null,"n":{"c":1},"l":[1],"t":true,"big":12345678901234567}"#,
        ];
        for line in lines {
            ingest.line(&mut table, Key::Step, line, 0, 0).unwrap();
        }
        let infos = Stats::of(&table).infos(Some("_step"));
        let shown: Vec<_> = infos
            .iter()
            .map(|i| {
                let last = i.last.as_deref().unwrap_or("-");
                format!(
                    "{} {:?} {last} {} {}",
                    i.name, i.type_counts, i.derived, i.monotonic
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                r#"_step {"number": 2} 1 false true"#,
                r#"a {"number": 2} 1.5 false true"#,
                r#"b {"nil": 1, "string": 1} null false false"#,
                r#"big {"number": 1} 12345678901234567 false false"#,
                r#"i {"image-file": 1} {"_type":"image-file","w":3} false false"#,
                r#"l {"list": 1} [1] false false"#,
                r#"n {"map": 2} {"c":1} false false"#,
                r#"n.c {"number": 2} 1 true false"#,
                r#"t {"boolean": 1} true false false"#,
            ]
        );
    }
}
