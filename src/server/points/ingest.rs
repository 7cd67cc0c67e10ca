//! Takes JSON lines into a table.
//!
//! Most rows have the names of the row before in the same order: each name is then compared with the expected one
//! and never looked up.

use std::borrow::Cow;

use super::Key;
use super::scan::{Item, Scanner};
use super::table::{Ident, Table};
use crate::wire::json::{JsonError, Value};

/// The name of the key among the members of a row.
pub(super) const STEP: &str = "_step";
const QUOTED_STEP: &str = "\"_step\"";
/// Stands for the key where columns are named by their places.
const KEY: u32 = u32::MAX;
/// More columns than these are not derived from nested objects.
const MAX_DERIVED: usize = 10_000;

/// What is remembered from row to row.
#[derive(Debug, Default)]
pub(super) struct Ingest {
    /// The places of the members of the row before.
    template: Vec<u32>,
    /// The places of the members of this row.
    places: Vec<u32>,
    /// By place: in which row, counted from one, a column was seen last.
    seen: Vec<u32>,
    derived: usize,
}

/// A member that is kept as text.
struct Text<'a> {
    place: u32,
    json: &'a str,
    derived: Vec<u32>,
}

impl Ingest {
    /// Adds a line's row to the table, or says why it is no row, and leaves the table as it was.
    pub(super) fn line(
        &mut self,
        table: &mut Table,
        key: Key,
        line: &str,
        number: i64,
        writer: u32,
    ) -> Result<(), JsonError> {
        // Rows are written to files of lines; a line break can only stand between tokens.
        let whole = if line.contains(['\n', '\r']) {
            Cow::Owned(Value::parse(line)?.to_json())
        } else {
            Cow::Borrowed(line)
        };
        let row = table.rows();
        self.places.clear();
        match self.members(table, &whole, key) {
            Ok(step) => {
                table.keys.push(step.unwrap_or(number));
                table.writers.push(writer);
                if self.places != self.template {
                    std::mem::swap(&mut self.places, &mut self.template);
                }
                Ok(())
            }
            Err(error) => {
                table.truncate(row);
                self.seen.clear();
                Err(error)
            }
        }
    }

    fn members<'a>(
        &mut self,
        table: &mut Table,
        line: &'a str,
        key: Key,
    ) -> Result<Option<i64>, JsonError> {
        let row = table.rows() as u32;
        let mut step = None;
        let mut texts: Vec<Text<'a>> = Vec::new();
        let mut scanner = Scanner::new(line);
        let mut more = scanner.enter()?;
        let mut expected = true;
        while more {
            let place = if expected && let Some(place) = self.next(table, &mut scanner) {
                place
            } else {
                if expected {
                    expected = false;
                    for at in 0..self.places.len() {
                        self.see(self.places[at], row);
                    }
                }
                let name = scanner.name()?;
                let place = if key == Key::Step && name == STEP {
                    KEY
                } else {
                    table.plain(&name)
                };
                if self.see(place, row) {
                    self.forget(table, &mut texts, place, row);
                }
                place
            };
            self.places.push(place);
            let item = scanner.item()?;
            if place == KEY {
                step = as_step(item);
            } else if let Item::Number(number) = item {
                table.columns[place as usize].push(row, number);
            } else {
                let mut derived = Vec::new();
                self.derive(table, place, item, row, &mut derived);
                let (Item::Large(text, _) | Item::Other(text)) = item else {
                    continue;
                };
                texts.push(Text {
                    place,
                    json: text,
                    derived,
                });
            }
            more = scanner.more()?;
        }
        scanner.end()?;
        if !texts.is_empty() {
            let mut object = String::new();
            for text in &texts {
                object.push(if object.is_empty() { '{' } else { ',' });
                object.push_str(&table.columns[text.place as usize].quoted);
                object.push(':');
                object.push_str(text.json);
            }
            object.push('}');
            table.rest.push(row, &object);
        }
        Ok(step)
    }

    /// The next member's place, if it has the name that it had in the row before.
    fn next(&self, table: &Table, scanner: &mut Scanner<'_>) -> Option<u32> {
        let place = *self.template.get(self.places.len())?;
        let quoted = match place {
            KEY => QUOTED_STEP,
            place => &table.columns[place as usize].quoted,
        };
        scanner.is_name(quoted).then_some(place)
    }

    /// Whether a member of this name came before in this row.
    fn see(&mut self, place: u32, row: u32) -> bool {
        let slot = if place == KEY { 0 } else { place as usize + 1 };
        if self.seen.len() <= slot {
            self.seen.resize(slot + 1, 0);
        }
        std::mem::replace(&mut self.seen[slot], row + 1) == row + 1
    }

    /// Of members with one name the last counts.
    fn forget(&mut self, table: &mut Table, texts: &mut Vec<Text<'_>>, place: u32, row: u32) {
        self.places.retain(|known| *known != place);
        if place == KEY {
            return;
        }
        table.columns[place as usize].truncate(row);
        texts.retain(|text| {
            if text.place == place {
                for derived in &text.derived {
                    table.columns[*derived as usize].truncate(row);
                }
            }
            text.place != place
        });
    }

    /// Adds the numbers within a member that is kept as text to columns of their own.
    fn derive(
        &mut self,
        table: &mut Table,
        place: u32,
        item: Item<'_>,
        row: u32,
        places: &mut Vec<u32>,
    ) {
        let name = &table.columns[place as usize].ident.name;
        let root = name.len() as u32;
        let mut leaves = Vec::new();
        match item {
            Item::Large(_, number) => leaves.push((name.to_string(), number)),
            Item::Other(text) if text.starts_with('{') => {
                if let Ok(value) = Value::parse(text) {
                    numbers(name, &value, &mut leaves);
                }
            }
            _ => {}
        }
        for (name, number) in leaves {
            let ident = Ident {
                name: name.into(),
                root: Some(root),
            };
            if table.find(&ident).is_none() {
                if self.derived == MAX_DERIVED {
                    continue;
                }
                self.derived += 1;
            }
            let place = table.place(ident);
            let column = &mut table.columns[place as usize];
            column.truncate(row);
            column.push(row, number);
            places.push(place);
        }
    }

    /// Forgets what it knows of the table, as that has been replaced.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// Bytes of memory, about.
    pub(super) fn memory(&self) -> usize {
        4 * (self.template.capacity() + self.places.capacity() + self.seen.capacity())
    }
}

/// The numbers in a value and in the objects within it, unless they are typed, as media are, with dots in their names.
pub(crate) fn numbers(name: &str, value: &Value, leaves: &mut Vec<(String, f64)>) {
    match value {
        Value::Map(members) if value.get("_type").is_none() => {
            for (member, value) in members {
                if matches!(value, Value::Map(_) | Value::Int(_) | Value::Float(_)) {
                    numbers(&format!("{name}.{member}"), value, leaves);
                }
            }
        }
        value => leaves.extend(value.as_f64().map(|number| (name.to_owned(), number))),
    }
}

fn as_step(item: Item<'_>) -> Option<i64> {
    match item {
        // Beyond 2^53 only integers as text are exact.
        Item::Number(f) if f.fract() == 0.0 && f.abs() <= 9_007_199_254_740_992.0 => Some(f as i64),
        Item::Large(text, _) => text.parse().ok(),
        _ => None,
    }
}
