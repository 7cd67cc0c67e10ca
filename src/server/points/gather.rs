//! Gathers the points of a curve from a segment: from its pyramid, or one by one.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use super::Result;
use super::chart::{Item, Points, Request, Span, X};
use super::keys::Stat;
use super::plan::Wanted;
use super::pyramid::{BIN_ROWS, Pyramid};
use super::reads::combine;
use super::segment_reader::Reader;
use super::table::{Ident, Table};

/// Row numbers and values.
pub(super) type Cells = (Vec<u32>, Vec<f64>);

/// Columns that one chart reads more than once.
#[derive(Default)]
pub(super) struct Cache {
    columns: HashMap<(u64, String, Range<usize>), Rc<Cells>>,
    keys: HashMap<(u64, Range<usize>), Rc<Vec<i64>>>,
}

impl Cache {
    fn keys(&mut self, reader: &Reader, rows: &Range<usize>) -> Result<Rc<Vec<i64>>> {
        let id = (reader.segment.number, rows.clone());
        if let Some(keys) = self.keys.get(&id) {
            return Ok(Rc::clone(keys));
        }
        let keys = Rc::new(reader.keys(rows)?);
        self.keys.insert(id, Rc::clone(&keys));
        Ok(keys)
    }

    fn column(&mut self, reader: &Reader, name: &str, rows: &Range<usize>) -> Result<Rc<Cells>> {
        let idents = reader.named(name);
        let read = || -> Result<_> {
            if let [ident] = idents.as_slice() {
                return Ok(Rc::new(reader.column(ident, rows)?));
            }
            let names = [name];
            let wanted = Wanted {
                names: Some(&names),
                rest: false,
            };
            let table = reader.table(rows.clone(), |ident| wanted.has(ident), false)?;
            Ok(Rc::new(combine(&table.named(name))))
        };
        let id = (reader.segment.number, name.to_owned(), rows.clone());
        if let Some(column) = self.columns.get(&id) {
            return Ok(Rc::clone(column));
        }
        let column = read()?;
        self.columns.insert(id, Rc::clone(&column));
        Ok(column)
    }
}

pub(super) fn tail_column(tail: &Table, name: &str, rows: &Range<usize>) -> Cells {
    let (numbers, values) = combine(&tail.named(name));
    let within = |at: &usize| rows.contains(&(numbers[*at] as usize));
    (0..numbers.len())
        .filter(within)
        .map(|at| (numbers[at], values[at]))
        .unzip()
}

/// Adds the points of a column; rows are numbered as those of `keys` and of the axis.
pub(super) fn add(
    rows: &[u32],
    values: &[f64],
    keys: &[i64],
    axis: Option<&Cells>,
    request: &Request<'_>,
    points: &mut Points,
) {
    points.items.reserve(rows.len());
    let Some((axis_rows, axis)) = axis else {
        for (row, value) in rows.iter().zip(values) {
            points.point(keys[*row as usize] as f64, *value);
        }
        return;
    };
    let mut at = 0;
    for (row, value) in rows.iter().zip(values) {
        while axis_rows.get(at).is_some_and(|r| r < row) {
            at += 1;
        }
        if axis_rows.get(at) == Some(row) && request.span.has(axis[at]) {
            points.point(axis[at], *value);
        }
    }
}

/// Adds the points in some rows of a segment.
pub(super) fn raw(
    reader: &Reader,
    rows: &Range<usize>,
    request: &Request<'_>,
    metric: &str,
    points: &mut Points,
    cache: &mut Cache,
) -> Result<()> {
    if rows.is_empty() || reader.named(metric).is_empty() {
        return Ok(());
    }
    let column = cache.column(reader, metric, rows)?;
    match request.x {
        X::Key => {
            let keys = cache.keys(reader, rows)?;
            add(&column.0, &column.1, &keys, None, request, points);
        }
        X::Column(name) => {
            let axis = cache.column(reader, name, rows)?;
            add(&column.0, &column.1, &[], Some(&axis), request, points);
        }
    }
    Ok(())
}

/// Where a bin is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Inside,
    Outside,
    Edge,
}

impl Place {
    fn of(span: Span, first: f64, last: f64) -> Self {
        match (span.has(first), span.has(last)) {
            (true, true) => Self::Inside,
            _ if last < span.from || first > span.to => Self::Outside,
            _ => Self::Edge,
        }
    }
}

/// Adds a segment's bins, and the points of bins at the edges; false if that cannot be done.
pub(super) fn binned(
    reader: &Reader,
    request: &Request<'_>,
    metric: &str,
    level: usize,
    points: &mut Points,
    cache: &mut Cache,
) -> Result<bool> {
    let Some(pyramid) = reader.pyramid.as_ref().filter(|pyramid| pyramid.has_bins()) else {
        return Ok(false);
    };
    let idents = reader.named(metric);
    let [ident] = idents.as_slice() else {
        return Ok(idents.is_empty());
    };
    let path = &reader.bins_path;
    let keys = pyramid.keys(path, level)?;
    let Some(bins) = pyramid.bins(path, ident, level, &keys)? else {
        return Ok(false);
    };
    let axis = match request.x {
        X::Key => None,
        X::Column(name) => {
            let idents = reader.named(name);
            let [ident] = idents.as_slice() else {
                // Without an axis there are no points.
                return Ok(idents.is_empty());
            };
            // Each row must have a place on it.
            if !is_axis(pyramid, ident) || numbers(pyramid, ident) != reader.segment.rows as u64 {
                return Ok(false);
            }
            let Some(axis) = pyramid.bins(path, ident, level, &keys)? else {
                return Ok(false);
            };
            Some(axis)
        }
    };
    let size = BIN_ROWS[level];
    for (bin, (first, last)) in keys.iter().enumerate() {
        if bins.count[bin] == 0 {
            continue;
        }
        let (place, x) = match &axis {
            None => (
                Place::of(request.span, *first as f64, *last as f64),
                bins.key[bin] as f64,
            ),
            Some(axis) => (
                Place::of(request.span, axis.min[bin], axis.max[bin]),
                axis.last[bin],
            ),
        };
        match place {
            Place::Outside => {}
            Place::Inside => points.push(Item {
                x,
                last: bins.last[bin],
                min: bins.min[bin],
                max: bins.max[bin],
                count: bins.count[bin],
            }),
            Place::Edge => {
                let rows = bin * size..((bin + 1) * size).min(reader.segment.rows);
                edge(reader, &rows, request, metric, points, cache)?;
            }
        }
    }
    Ok(true)
}

/// Adds those points of a bin that are in the range.
fn edge(
    reader: &Reader,
    rows: &Range<usize>,
    request: &Request<'_>,
    metric: &str,
    points: &mut Points,
    cache: &mut Cache,
) -> Result<()> {
    if request.x != X::Key {
        return raw(reader, rows, request, metric, points, cache);
    }
    let keys = cache.keys(reader, rows)?;
    let start = keys.partition_point(|key| i128::from(*key) < request.keys.start);
    let end = keys.partition_point(|key| i128::from(*key) < request.keys.end);
    let rows = rows.start + start..rows.start + end.max(start);
    raw(reader, &rows, request, metric, points, cache)
}

/// Whether bins tell where on the axis their rows are: all are in order.
fn is_axis(pyramid: &Pyramid, ident: &Ident) -> bool {
    let stat = pyramid.stats.columns.get(ident);
    stat.is_some_and(Stat::is_axis)
}

fn numbers(pyramid: &Pyramid, ident: &Ident) -> u64 {
    let stat = pyramid.stats.columns.get(ident);
    stat.map_or(0, |stat| stat.numbers)
}

/// Of some rows of a segment those that can be in the range of a column's values, as far as its pyramid tells.
pub(super) fn axis_rows(
    reader: &Reader,
    request: &Request<'_>,
    rows: Range<usize>,
) -> Range<usize> {
    let X::Column(name) = request.x else {
        return rows;
    };
    let idents = reader.named(name);
    let (Some(pyramid), [ident]) = (&reader.pyramid, idents.as_slice()) else {
        return rows;
    };
    let Some(stat) = pyramid
        .stats
        .columns
        .get(ident)
        .filter(|stat| stat.is_axis())
    else {
        return rows;
    };
    if stat.latest < request.span.from || stat.first > request.span.to {
        return 0..0;
    }
    let path = &reader.bins_path;
    let bins = pyramid
        .keys(path, 0)
        .and_then(|keys| pyramid.bins(path, ident, 0, &keys));
    let Ok(Some(bins)) = bins else { return rows };
    // Bins without values have NaN, which is nowhere.
    let start = bins.max.iter().position(|max| *max >= request.span.from);
    let end = bins.min.iter().rposition(|min| *min <= request.span.to);
    match (start, end) {
        (Some(start), Some(end)) if start <= end => {
            let size = BIN_ROWS[0];
            let (start, end) = (start * size, (end + 1) * size);
            start.clamp(rows.start, rows.end)..end.clamp(rows.start, rows.end)
        }
        _ => 0..0,
    }
}
