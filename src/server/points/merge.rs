//! Makes a sorted table of a physical one: rows that are parts of one row are merged, the later part over the earlier.
//!
//! Of each member of a row the last part that has it counts, whatever its kind: a number that comes after a text
//! replaces it, and with it the numbers that were derived from it.

use std::collections::HashMap;

use super::Key;
use super::reads::sort_by_row;
use super::scan::members;
use super::table::{Column, Rest, Table};
use crate::wire::json::write_text;

/// Whether the rows are strictly ascending by key and writer.
pub(super) fn is_sorted(table: &Table) -> bool {
    let keys = table.keys.windows(2).zip(table.writers.windows(2));
    keys.into_iter()
        .all(|(keys, writers)| (keys[0], writers[0]) < (keys[1], writers[1]))
}

/// Sorts and merges the rows of a table.
pub(super) fn sort(table: &mut Table, key: Key) {
    if is_sorted(table) {
        return;
    }
    let moves = Moves::new(table, key);
    let winners = match key {
        Key::Step if moves.has_merges => Winners::new(table, &moves),
        _ => Winners::default(),
    };
    for column in &mut table.columns {
        move_column(column, &moves, &winners);
    }
    table.rest = move_rest(&table.rest, &moves, &winners);
    let ids: Vec<_> = moves
        .first
        .iter()
        .map(|row| table.id(*row as usize))
        .collect();
    table.keys = ids.iter().map(|id| id.0).collect();
    table.writers = ids.iter().map(|id| id.1).collect();
}

/// Stands for a row that goes.
const GONE: u32 = u32::MAX;

/// Where the rows go.
struct Moves {
    /// By old row: its new place.
    target: Vec<u32>,
    /// By new row: one of the old ones.
    first: Vec<u32>,
    /// By new row: whether it is merged of several.
    merged: Vec<bool>,
    has_merges: bool,
}

impl Moves {
    fn new(table: &Table, key: Key) -> Self {
        let mut order: Vec<u32> = (0..table.rows() as u32).collect();
        order.sort_by_key(|row| table.id(*row as usize));
        let mut moves = Self {
            target: vec![GONE; table.rows()],
            first: Vec::new(),
            merged: Vec::new(),
            has_merges: false,
        };
        for group in order.chunk_by(|a, b| table.id(*a as usize) == table.id(*b as usize)) {
            let target = moves.first.len() as u32;
            // A line replaces, so that all but the last are gone.
            let kept = match key {
                Key::Step => group,
                Key::Line => &group[group.len() - 1..],
            };
            for row in kept {
                moves.target[*row as usize] = target;
            }
            moves.first.push(group[0]);
            moves.merged.push(kept.len() > 1);
            moves.has_merges |= kept.len() > 1;
        }
        moves
    }

    /// The new place of an old row, and whether others go there too.
    fn of(&self, row: u32) -> Option<(u32, bool)> {
        let target = self.target[row as usize];
        (target != GONE).then(|| (target, self.merged[target as usize]))
    }
}

/// Of merged rows: the part that each member comes from, by new row and name.
#[derive(Default)]
struct Winners {
    names: HashMap<Box<str>, u32>,
    parts: HashMap<(u32, u32), u32>,
}

impl Winners {
    fn new(table: &Table, moves: &Moves) -> Self {
        let mut winners = Self::default();
        // Derived columns can be here without the text that they come from.
        let mut has_text = table
            .columns
            .iter()
            .any(|column| column.ident.root.is_some() && !column.rows.is_empty());
        for (row, text) in table.rest.iter() {
            let Some((target, true)) = moves.of(row) else {
                continue;
            };
            has_text = true;
            // The text was checked when it came.
            let _ = members(text, |name, _| winners.add(&name, target, row));
        }
        if !has_text {
            // Numbers alone: the last of a column counts, which needs no table.
            return Self::default();
        }
        for column in &table.columns {
            if column.ident.root.is_some() {
                continue;
            }
            for row in &column.rows {
                if let Some((target, true)) = moves.of(*row) {
                    winners.add(&column.ident.name, target, *row);
                }
            }
        }
        winners
    }

    fn add(&mut self, name: &str, target: u32, row: u32) {
        let next = self.names.len() as u32;
        let name = match self.names.get(name) {
            Some(name) => *name,
            None => *self.names.entry(name.into()).or_insert(next),
        };
        let part = self.parts.entry((target, name)).or_insert(row);
        *part = row.max(*part);
    }

    /// Whether a part that has this member gives way to a later one.
    fn hides(&self, name: Option<u32>, target: u32, row: u32) -> bool {
        name.and_then(|name| self.parts.get(&(target, name)))
            .is_some_and(|part| *part != row)
    }
}

fn move_column(column: &mut Column, moves: &Moves, winners: &Winners) {
    let name = winners.names.get(column.ident.root()).copied();
    let mut cells: Vec<(u32, f64)> = Vec::with_capacity(column.rows.len());
    for (row, value) in column.rows.iter().zip(&column.values) {
        match moves.of(*row) {
            Some((target, true)) if winners.hides(name, target, *row) => {}
            Some((target, _)) => cells.push((target, *value)),
            None => {}
        }
    }
    // Stable: of one row's values the last one came last.
    sort_by_row(&mut cells);
    column.rows.clear();
    column.values.clear();
    for (at, (row, value)) in cells.iter().enumerate() {
        if cells.get(at + 1).is_none_or(|next| next.0 != *row) {
            column.push(*row, *value);
        }
    }
}

fn move_rest(rest: &Rest, moves: &Moves, winners: &Winners) -> Rest {
    let mut places: Vec<(u32, usize)> = (0..rest.len())
        .filter_map(|at| Some((moves.of(rest.rows[at])?.0, at)))
        .collect();
    places.sort_unstable();
    let mut out = Rest::default();
    let mut object = String::new();
    for group in places.chunk_by(|a, b| a.0 == b.0) {
        let target = group[0].0;
        if !moves.merged[target as usize] {
            out.push(target, rest.get(group[0].1));
            continue;
        }
        object.clear();
        for (_, at) in group {
            let row = rest.rows[*at];
            let _ = members(rest.get(*at), |name, item| {
                let id = winners.names.get(&*name).copied();
                if let (super::scan::Item::Other(text) | super::scan::Item::Large(text, _), false) =
                    (item, winners.hides(id, target, row))
                {
                    object.push(if object.is_empty() { '{' } else { ',' });
                    write_text(&name, &mut object);
                    object.push(':');
                    object.push_str(text);
                }
            });
        }
        if !object.is_empty() {
            object.push('}');
            out.push(target, &object);
        }
    }
    out
}
