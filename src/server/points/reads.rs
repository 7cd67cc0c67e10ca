//! Reads rows, columns and statistics of a series: of its segments and its tail as one.

use std::ops::RangeBounds;

use super::keys::{KeyInfo, Stats};
use super::manifest::Segment;
use super::plan::{self, Part, Source, Wanted, keys_of};
use super::scan::{Item, members};
use super::series::Series;
use super::table::{Column, Ident, Table};
use super::{Key, Result, rows, segment};
use crate::wire::json::write_text;

/// Columns side by side: an entry for each row, `None` where it has no number there.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Values {
    pub keys: Vec<i64>,
    /// In the order in which they were asked for.
    pub columns: Vec<Vec<Option<f64>>>,
}

impl Series {
    /// The number of rows.
    pub fn count(&mut self) -> Result<u64> {
        self.check()?;
        self.settle();
        let tail = std::mem::take(&mut self.tail);
        let count = self.count_of(&self.manifest.segments.clone(), &tail);
        self.tail = tail;
        count
    }

    /// The number of rows of these segments with a sorted tail over them.
    pub(super) fn count_of(&mut self, segments: &[Segment], tail: &Table) -> Result<u64> {
        let mut count = 0;
        for part in plan::parts(segments, tail, &plan::ALL) {
            count += match part {
                Part::Segment(segment) => segment.rows,
                Part::Tail(rows) => rows.len(),
                Part::Both(segment, rows) => {
                    let reader = self.reader(&segment)?;
                    let known =
                        reader.table(0..segment.rows, |ident| Wanted::KEYS.has(ident), false)?;
                    let mut place = 0;
                    let new = rows.filter(|row| {
                        let id = tail.id(*row);
                        while place < known.rows() && known.id(place) < id {
                            place += 1;
                        }
                        place == known.rows() || known.id(place) != id
                    });
                    segment.rows + new.count()
                }
            };
        }
        Ok(count as u64)
    }

    /// The largest key.
    pub fn last_key(&mut self) -> Option<i64> {
        self.settle();
        let sealed = self.manifest.segments.last().map(|segment| segment.last);
        self.tail.keys.last().copied().max(sealed)
    }

    /// The columns, in order of their names.
    pub fn keys(&mut self) -> Result<Vec<KeyInfo>> {
        let key = (self.key == Key::Step).then_some(segment::key_name(self.key));
        Ok(self.stats()?.infos(key))
    }

    /// The statistics of all columns.
    pub(super) fn stats(&mut self) -> Result<Stats> {
        let parts = self.parts(&plan::ALL)?;
        self.refresh_tail_stats();
        if self.tail_is_behind() {
            let mut stats = self.sealed_stats()?.clone();
            stats.follow(&self.tail_stats.1);
            return Ok(stats);
        }
        let mut all = Stats::default();
        for part in &parts {
            all.follow(&match part {
                Part::Segment(segment) => self.reader(segment)?.stats()?,
                Part::Tail(rows) => Stats::of(&self.tail.slice(rows.clone(), |_| true, true)),
                Part::Both(..) => match self.source(part, &plan::ALL, Wanted::ALL)? {
                    Source::Merged(table) => Stats::of(&table),
                    _ => Stats::default(),
                },
            });
        }
        Ok(all)
    }

    /// Whether all of the tail is behind the segments, as is usual.
    fn tail_is_behind(&self) -> bool {
        let sealed = self.manifest.segments.last().map(|segment| segment.last);
        let first = self.tail.keys.first();
        first.is_none_or(|first| Some(*first) > sealed)
    }

    /// The statistics of the segments alone.
    fn sealed_stats(&mut self) -> Result<&Stats> {
        if self.sealed_stats.is_none() {
            let mut all = Stats::default();
            for segment in self.manifest.segments.clone() {
                all.follow(&self.reader(&segment)?.stats()?);
            }
            self.sealed_stats = Some(all);
        }
        Ok(self.sealed_stats.get_or_insert_default())
    }

    /// Adds rows that have come since to the statistics of the tail.
    fn refresh_tail_stats(&mut self) {
        let (known, rows) = (self.tail_stats.0, self.tail.rows());
        if known < rows {
            let new = if known == 0 {
                Stats::of(&self.tail)
            } else {
                Stats::of(&self.tail.slice(known..rows, |_| true, true))
            };
            self.tail_stats.1.follow(&new);
            self.tail_stats.0 = rows;
        }
    }

    /// Hands out at most `limit` rows as JSON in order of their keys; history rows have their `_step`. Gives how many
    /// there were.
    pub fn rows(
        &mut self,
        keys: impl RangeBounds<i64>,
        limit: usize,
        mut take: impl FnMut(i64, &str),
    ) -> Result<usize> {
        let keys = keys_of(&keys);
        let mut left = limit;
        for part in self.parts(&keys)? {
            if left == 0 {
                break;
            }
            let source = self.source(&part, &keys, Wanted::ALL)?;
            let count = source.rows().min(left);
            let table = self.table(&source, 0..count, Wanted::ALL)?;
            rows::write(&table, self.key, None, |key, json| {
                take(key, json);
                true
            });
            left -= count;
        }
        Ok(limit - left)
    }

    /// Hands out at most `samples` rows as JSON, evenly spread, the first and the last among them. With `columns` only
    /// rows that have all of these count, and only these are handed out (with `_step`); numbers within nested objects
    /// are named by their path, as in [`KeyInfo`].
    pub fn sampled(
        &mut self,
        columns: Option<&[&str]>,
        keys: impl RangeBounds<i64>,
        samples: usize,
        mut take: impl FnMut(i64, &str),
    ) -> Result<usize> {
        let keys = keys_of(&keys);
        let names: Option<Vec<&str>> = columns.map(|columns| {
            // The key is there anyway.
            let names = columns.iter().copied();
            names
                .filter(|name| self.key != Key::Step || *name != segment::key_name(self.key))
                .collect()
        });
        let wanted = match &names {
            Some(names) => Wanted {
                names: Some(names),
                rest: self.has_text(names)?,
            },
            None => Wanted::ALL,
        };
        let chosen = names.as_ref().is_some_and(|names| !names.is_empty());
        let parts = self.parts(&keys)?;
        // Which rows of each part count; all of them if that is not said.
        let mut found: Vec<(usize, Option<Vec<usize>>)> = Vec::new();
        for part in &parts {
            let source = self.source(part, &keys, if chosen { wanted } else { Wanted::KEYS })?;
            if let (true, Some(names)) = (chosen, &names) {
                let table = self.table(&source, 0..source.rows(), wanted)?;
                let rows = complete(&table, names);
                found.push((rows.len(), Some(rows)));
            } else {
                found.push((source.rows(), None));
            }
        }
        let total = found.iter().map(|part| part.0).sum();
        let mut picks = picks(total, samples).peekable();
        let (mut before, mut given) = (0, 0);
        for (part, (count, rows)) in parts.iter().zip(found) {
            let mut picked = Vec::new();
            while let Some(pick) = picks.next_if(|pick| *pick < before + count) {
                picked.push(
                    rows.as_ref()
                        .map_or(pick - before, |rows| rows[pick - before]),
                );
            }
            before += count;
            let (Some(first), Some(last)) = (picked.first(), picked.last()) else {
                continue;
            };
            let source = self.source(part, &keys, wanted)?;
            let range = *first..*last + 1;
            let mut table = self.table(&source, range.clone(), wanted)?;
            for row in &mut picked {
                *row -= range.start;
            }
            if let Some(names) = &names {
                table = narrow(&table, names);
            }
            rows::write(&table, self.key, Some(&picked), |key, json| {
                take(key, json);
                true
            });
            given += picked.len();
        }
        Ok(given)
    }

    /// Whether any of these columns has other values than numbers.
    fn has_text(&mut self, names: &[&str]) -> Result<bool> {
        let has = |stats: &Stats| {
            let mut columns = stats.columns.iter();
            columns.any(|(ident, stat)| !stat.types.is_empty() && names.contains(&&*ident.name))
        };
        self.check()?;
        self.settle();
        if !self.tail_is_behind() {
            return Ok(has(&self.stats()?));
        }
        self.refresh_tail_stats();
        Ok(has(&self.tail_stats.1) || has(self.sealed_stats()?))
    }

    /// The numbers of some columns, for all rows of a range.
    pub fn values(&mut self, columns: &[&str], keys: impl RangeBounds<i64>) -> Result<Values> {
        let keys = keys_of(&keys);
        let wanted = Wanted {
            names: Some(columns),
            rest: false,
        };
        let mut values = Values {
            columns: vec![Vec::new(); columns.len()],
            ..Values::default()
        };
        for part in self.parts(&keys)? {
            let source = self.source(&part, &keys, wanted)?;
            let table = self.table(&source, 0..source.rows(), wanted)?;
            for (name, out) in columns.iter().zip(&mut values.columns) {
                let start = out.len();
                out.resize(start + table.rows(), None);
                let (rows, numbers) = combine(&table.named(name));
                for (row, number) in rows.iter().zip(&numbers) {
                    out[start + *row as usize] = Some(*number);
                }
            }
            values.keys.extend(table.keys);
        }
        Ok(values)
    }
}

/// Columns of one name as one: where a row is in several, the first, plain ones before derived ones.
pub(super) fn combine(columns: &[&Column]) -> (Vec<u32>, Vec<f64>) {
    if let [column] = columns {
        return (column.rows.clone(), column.values.clone());
    }
    let mut order = columns.to_vec();
    order.sort_by_key(|column| column.ident.root);
    let mut cells: Vec<(u32, f64)> = Vec::new();
    for column in order {
        cells.extend(
            column
                .rows
                .iter()
                .copied()
                .zip(column.values.iter().copied()),
        );
    }
    sort_by_row(&mut cells);
    cells.dedup_by_key(|cell| cell.0);
    cells.into_iter().unzip()
}

/// Those of one row stay in their order.
pub(super) fn sort_by_row(cells: &mut [(u32, f64)]) {
    cells.sort_by_key(|cell| cell.0);
}

/// The rows that have all of these columns.
fn complete(table: &Table, names: &[&str]) -> Vec<usize> {
    let mut has = vec![0; table.rows()];
    for (place, name) in names.iter().enumerate() {
        // Each name counts once, and only where all before it were found.
        let mut mark = |row: u32| {
            let has = &mut has[row as usize];
            *has = if *has == place { place + 1 } else { *has };
        };
        for column in table.named(name) {
            column.rows.iter().for_each(|row| mark(*row));
        }
        rows_with(table, name).for_each(&mut mark);
    }
    let rows = has
        .iter()
        .enumerate()
        .filter(|(_, has)| **has == names.len());
    rows.map(|(row, _)| row).collect()
}

/// Leaves only these members, each at most once in a row: as text, else as a plain number, else as a derived one.
fn narrow(table: &Table, names: &[&str]) -> Table {
    let mut out = table.slice(0..table.rows(), |_| false, false);
    for (row, text) in table.rest.iter() {
        let mut object = String::new();
        let _ = members(text, |name, item| {
            if let Item::Large(text, _) | Item::Other(text) = item
                && names.contains(&&*name)
            {
                object.push(if object.is_empty() { '{' } else { ',' });
                write_text(&name, &mut object);
                object.push(':');
                object.push_str(text);
            }
        });
        if !object.is_empty() {
            object.push('}');
            out.rest.push(row, &object);
        }
    }
    for name in names {
        let texts: Vec<u32> = rows_with(table, name).collect();
        let (rows, values) = combine(&table.named(name));
        let place = out.place(Ident::plain(name)) as usize;
        for (row, value) in rows.into_iter().zip(values) {
            if texts.binary_search(&row).is_err() {
                out.columns[place].push(row, value);
            }
        }
    }
    out
}

/// The rows that have a member as text.
fn rows_with<'a>(table: &'a Table, name: &'a str) -> impl Iterator<Item = u32> + 'a {
    let rows = table.rest.iter().filter(move |(_, text)| {
        let mut has = false;
        let _ = members(text, |member, _| has |= member == name);
        has
    });
    rows.map(|(row, _)| row)
}

/// At most `samples` of `total` places, evenly spread, the first and the last among them.
fn picks(total: usize, samples: usize) -> impl Iterator<Item = usize> {
    let count = samples.min(total);
    (0..count).map(move |at| match count {
        1 => total - 1,
        _ => (at as u128 * (total - 1) as u128 / (count - 1) as u128) as usize,
    })
}
