//! Rows in memory, column by column: the tail, and parts of segments while they are read or merged.
//!
//! A *physical* table has its rows in order of arrival, and several may be parts of one row. A *sorted* table is
//! strictly ascending by key and writer; [`super::merge`] makes one of the other.

use std::collections::HashMap;
use std::mem::size_of;
use std::ops::Range;
use std::sync::Arc;

use super::TEXT_WEIGHT;
use crate::wire::json::write_text;

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Ident {
    pub(super) name: Arc<str>,
    /// For a column derived from a member that is kept as text: how many bytes of `name` name that member.
    pub(super) root: Option<u32>,
}

impl Ident {
    pub(super) fn plain(name: &str) -> Self {
        Self {
            name: name.into(),
            root: None,
        }
    }

    /// The member of a row that the values come from.
    pub(super) fn root(&self) -> &str {
        self.root
            .and_then(|root| self.name.get(..root as usize))
            .unwrap_or(&self.name)
    }
}

/// The numbers of one column: ascending row numbers, and as many values.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) ident: Ident,
    /// The name as JSON.
    pub(super) quoted: Box<str>,
    pub(super) rows: Vec<u32>,
    pub(super) values: Vec<f64>,
}

impl Column {
    pub(super) fn new(ident: Ident) -> Self {
        let mut quoted = String::with_capacity(ident.name.len() + 2);
        write_text(&ident.name, &mut quoted);
        Self {
            ident,
            quoted: quoted.into(),
            rows: Vec::new(),
            values: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, row: u32, value: f64) {
        self.rows.push(row);
        self.values.push(value);
    }

    /// Which of the values are in these rows.
    pub(super) fn within(&self, rows: &Range<usize>) -> Range<usize> {
        self.place(rows.start)..self.place(rows.end)
    }

    /// Where the values of this row and later ones begin.
    fn place(&self, row: usize) -> usize {
        self.rows.partition_point(|r| (*r as usize) < row)
    }

    /// Forgets this row's and later values.
    pub(super) fn truncate(&mut self, row: u32) {
        if self.rows.last().is_some_and(|last| *last >= row) {
            let length = self.rows.partition_point(|r| *r < row);
            self.rows.truncate(length);
            self.values.truncate(length);
        }
    }
}

/// What rows have besides numbers: for each of them one JSON object.
#[derive(Debug, Clone, Default)]
pub(super) struct Rest {
    pub(super) rows: Vec<u32>,
    ends: Vec<usize>,
    text: String,
}

impl Rest {
    pub(super) fn push(&mut self, row: u32, object: &str) {
        self.text.push_str(object);
        self.rows.push(row);
        self.ends.push(self.text.len());
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The object at a place, not a row.
    pub(super) fn get(&self, place: usize) -> &str {
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        &self.text[start..self.ends[place]]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &str)> {
        (0..self.len()).map(|at| (self.rows[at], self.get(at)))
    }

    fn truncate(&mut self, row: u32) {
        let length = self.rows.partition_point(|r| *r < row);
        self.rows.truncate(length);
        self.ends.truncate(length);
        self.text.truncate(self.ends.last().copied().unwrap_or(0));
    }

    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }
}

/// Rows, column by column.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    pub(super) keys: Vec<i64>,
    pub(super) writers: Vec<u32>,
    pub(super) columns: Vec<Column>,
    pub(super) rest: Rest,
    places: HashMap<Ident, u32>,
    plain: HashMap<Arc<str>, u32>,
}

impl Table {
    pub(super) fn rows(&self) -> usize {
        self.keys.len()
    }

    pub(super) fn id(&self, row: usize) -> (i64, u32) {
        (self.keys[row], self.writers[row])
    }

    /// The place of a plain column, which is added if it is new.
    pub(super) fn plain(&mut self, name: &str) -> u32 {
        match self.plain.get(name) {
            Some(place) => *place,
            None => self.place(Ident::plain(name)),
        }
    }

    /// The place of a column, which is added if it is new.
    pub(super) fn place(&mut self, ident: Ident) -> u32 {
        if let Some(place) = self.places.get(&ident) {
            return *place;
        }
        let place = self.columns.len() as u32;
        if ident.root.is_none() {
            self.plain.insert(Arc::clone(&ident.name), place);
        }
        self.places.insert(ident.clone(), place);
        self.columns.push(Column::new(ident));
        place
    }

    pub(super) fn find(&self, ident: &Ident) -> Option<&Column> {
        self.places
            .get(ident)
            .map(|place| &self.columns[*place as usize])
    }

    /// The columns of this name; more than one if it is both plain and derived.
    pub(super) fn named(&self, name: &str) -> Vec<&Column> {
        let found = self
            .columns
            .iter()
            .filter(|column| &*column.ident.name == name && !column.rows.is_empty());
        found.collect()
    }

    /// Forgets this row and all behind it, whatever part of them is there.
    pub(super) fn truncate(&mut self, row: usize) {
        self.keys.truncate(row);
        self.writers.truncate(row);
        for column in &mut self.columns {
            column.truncate(row as u32);
        }
        self.rest.truncate(row as u32);
    }

    /// A copy of these rows, of those columns that `wanted` names, with or without the rest.
    pub(super) fn slice(
        &self,
        rows: Range<usize>,
        wanted: impl Fn(&Ident) -> bool,
        rest: bool,
    ) -> Self {
        let mut out = Self {
            keys: self.keys[rows.clone()].to_vec(),
            writers: self.writers[rows.clone()].to_vec(),
            ..Self::default()
        };
        out.append_columns(self, &rows, 0, wanted, rest);
        out
    }

    /// Adds the rows of another table behind these.
    pub(super) fn extend(&mut self, other: &Self) {
        let first = self.rows() as u32;
        self.keys.extend_from_slice(&other.keys);
        self.writers.extend_from_slice(&other.writers);
        self.append_columns(other, &(0..other.rows()), first, |_| true, true);
    }

    fn append_columns(
        &mut self,
        other: &Self,
        rows: &Range<usize>,
        first: u32,
        wanted: impl Fn(&Ident) -> bool,
        rest: bool,
    ) {
        let shift = |row: &u32| *row - rows.start as u32 + first;
        for column in &other.columns {
            let part = column.within(rows);
            if part.is_empty() || !wanted(&column.ident) {
                continue;
            }
            let place = self.place(column.ident.clone()) as usize;
            let out = &mut self.columns[place];
            out.rows.extend(column.rows[part.clone()].iter().map(shift));
            out.values.extend_from_slice(&column.values[part]);
        }
        if rest {
            for (row, text) in other.rest.iter() {
                if rows.contains(&(row as usize)) {
                    self.rest.push(shift(&row), text);
                }
            }
        }
    }

    /// Numbers and text, in numbers.
    pub(super) fn weight(&self) -> usize {
        let numbers: usize = self.columns.iter().map(|column| column.rows.len()).sum();
        numbers + self.rest.bytes() / TEXT_WEIGHT
    }

    /// Bytes of memory, about.
    pub(super) fn memory(&self) -> usize {
        let columns = self.columns.iter().map(|column| {
            column.rows.capacity() * size_of::<u32>()
                + column.values.capacity() * size_of::<f64>()
                + 2 * column.quoted.len()
                + size_of::<Column>()
                + 2 * size_of::<Ident>()
        });
        columns.sum::<usize>()
            + self.keys.capacity() * size_of::<i64>()
            + self.writers.capacity() * size_of::<u32>()
            + self.rest.text.capacity()
            + self.rest.rows.capacity() * (size_of::<u32>() + size_of::<usize>())
    }

    /// The values of each row: `(column, value)` in order of the columns, and where each row's end.
    pub(super) fn by_row(&self) -> (Vec<usize>, Vec<(u32, f64)>) {
        let mut ends = vec![0; self.rows() + 1];
        for column in &self.columns {
            for row in &column.rows {
                ends[*row as usize + 1] += 1;
            }
        }
        for row in 0..self.rows() {
            ends[row + 1] += ends[row];
        }
        let mut cells = vec![(0, 0.0); ends[self.rows()]];
        let mut next = ends.clone();
        for (place, column) in self.columns.iter().enumerate() {
            for (row, value) in column.rows.iter().zip(&column.values) {
                let slot = &mut next[*row as usize];
                cells[*slot] = (place as u32, *value);
                *slot += 1;
            }
        }
        (ends, cells)
    }
}
