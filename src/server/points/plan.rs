//! Where the rows of a range of keys are, in order: in segments, in the tail, or in both, merged.

use std::collections::HashSet;
use std::ops::{Bound, Range, RangeBounds};
use std::sync::Arc;

use super::Result;
use super::manifest::Segment;
use super::merge;
use super::segment_reader::Reader;
use super::series::Series;
use super::table::{Ident, Table};

/// A range of keys that can end behind the last one.
pub(super) type Keys = Range<i128>;

/// Every key.
pub(super) const ALL: Keys = i64::MIN as i128..i64::MAX as i128 + 1;

/// Rows in order of their keys; no two parts have keys in common.
#[derive(Debug)]
pub(super) enum Part {
    Segment(Segment),
    /// Rows of the tail.
    Tail(Range<usize>),
    /// A segment, and rows of the tail with keys within its range.
    Both(Segment, Range<usize>),
}

/// The rows of a part that were asked for.
pub(super) enum Source {
    Segment(Arc<Reader>, Range<usize>),
    Tail(Range<usize>),
    Merged(Box<Table>),
}

impl Source {
    pub(super) fn rows(&self) -> usize {
        match self {
            Self::Segment(_, rows) | Self::Tail(rows) => rows.len(),
            Self::Merged(table) => table.rows(),
        }
    }
}

/// Which columns are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// All if `None`.
    pub(super) names: Option<&'a [&'a str]>,
    pub(super) rest: bool,
}

impl Wanted<'_> {
    pub(super) const ALL: Self = Self {
        names: None,
        rest: true,
    };
    pub(super) const KEYS: Self = Self {
        names: Some(&[]),
        rest: false,
    };

    pub(super) fn has(&self, ident: &Ident) -> bool {
        self.names.is_none_or(|names| names.contains(&&*ident.name))
    }
}

pub(super) fn keys_of(range: &impl RangeBounds<i64>) -> Keys {
    let start = match range.start_bound() {
        Bound::Included(key) => i128::from(*key),
        Bound::Excluded(key) => i128::from(*key) + 1,
        Bound::Unbounded => ALL.start,
    };
    let end = match range.end_bound() {
        Bound::Included(key) => i128::from(*key) + 1,
        Bound::Excluded(key) => i128::from(*key),
        Bound::Unbounded => ALL.end,
    };
    start..end.max(start)
}

/// The rows of a sorted tail with keys in this range.
pub(super) fn tail_rows(tail: &Table, keys: &Keys) -> Range<usize> {
    let place = |key: i128| tail.keys.partition_point(|k| i128::from(*k) < key);
    let start = place(keys.start);
    start..place(keys.end).max(start)
}

/// The parts that have rows in a range of keys; each is whole, its other rows included, but for those of the tail.
pub(super) fn parts(segments: &[Segment], tail: &Table, keys: &Keys) -> Vec<Part> {
    let mut parts = Vec::new();
    let wanted = tail_rows(tail, keys);
    let mut next = wanted.start;
    for segment in segments {
        let (first, last) = (i128::from(segment.first), i128::from(segment.last));
        if last < keys.start || first >= keys.end {
            continue;
        }
        let within = tail_rows(tail, &(first..last + 1));
        let (start, end) = (within.start.max(next), within.end.min(wanted.end));
        if next < start.min(wanted.end) {
            parts.push(Part::Tail(next..start));
        }
        next = next.max(start);
        if start < end {
            parts.push(Part::Both(segment.clone(), start..end));
            next = end;
        } else {
            parts.push(Part::Segment(segment.clone()));
        }
    }
    if next < wanted.end {
        parts.push(Part::Tail(next..wanted.end));
    }
    parts
}

impl Series {
    /// The parts that have rows in a range of keys.
    pub(super) fn parts(&mut self, keys: &Keys) -> Result<Vec<Part>> {
        self.check()?;
        self.settle();
        Ok(parts(&self.manifest.segments, &self.tail, keys))
    }

    /// The rows of a part within a range of keys.
    pub(super) fn source(
        &mut self,
        part: &Part,
        keys: &Keys,
        wanted: Wanted<'_>,
    ) -> Result<Source> {
        Ok(match part {
            Part::Tail(rows) => Source::Tail(rows.clone()),
            Part::Segment(segment) => {
                let reader = self.reader(segment)?;
                let rows = reader.rows(keys)?;
                Source::Segment(reader, rows)
            }
            Part::Both(segment, tail) => {
                let reader = self.reader(segment)?;
                let rows = reader.rows(keys)?;
                let table = self.merged(&reader, rows, tail.clone(), wanted)?;
                Source::Merged(Box::new(table))
            }
        })
    }

    /// Rows of a segment, and rows of the tail merged over them.
    pub(super) fn merged(
        &self,
        reader: &Reader,
        rows: Range<usize>,
        tail: Range<usize>,
        wanted: Wanted<'_>,
    ) -> Result<Table> {
        let mut table = reader.table(rows, |ident| wanted.has(ident), wanted.rest)?;
        // What stands in for a member hides the columns that were derived from it.
        let idents = table.columns.iter().chain(&self.tail.columns);
        let derived = idents
            .map(|column| &column.ident)
            .filter(|i| i.root.is_some() && wanted.has(i));
        let roots: HashSet<Box<str>> = derived.map(|ident| ident.root().into()).collect();
        let in_tail = |ident: &Ident| {
            wanted.has(ident) || (ident.root.is_none() && roots.contains(&*ident.name))
        };
        table.extend(&self.tail.slice(tail, in_tail, true));
        merge::sort(&mut table, self.key);
        if wanted.names.is_some() {
            table = table.slice(0..table.rows(), |ident| wanted.has(ident), wanted.rest);
        }
        Ok(table)
    }

    /// The rows of a source, as a table of their own; of a merged source it has what that was made with.
    pub(super) fn table(
        &self,
        source: &Source,
        rows: Range<usize>,
        wanted: Wanted<'_>,
    ) -> Result<Table> {
        let within = |all: &Range<usize>| all.start + rows.start..all.start + rows.end;
        match source {
            Source::Segment(reader, all) => {
                reader.table(within(all), |ident| wanted.has(ident), wanted.rest)
            }
            Source::Tail(all) => {
                Ok(self
                    .tail
                    .slice(within(all), |ident| wanted.has(ident), wanted.rest))
            }
            Source::Merged(table) => Ok(table.slice(rows, |ident| wanted.has(ident), wanted.rest)),
        }
    }
}
