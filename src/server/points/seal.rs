//! Changes of files: the tail becomes segments, rows are taken back.
//!
//! New files are written and synchronised first; then the manifest names them and the next generation of the tail;
//! then the old ones are removed. Stopped at any point, the next open finds the state before or after.
//!
//! Where the tail overlaps segments, these are merged with it and replaced. Small neighbours are merged if they are at
//! most twice as large as what is added, so that a row is rewritten only a logarithmic number of times.

use std::ops::Range;

use super::manifest::{Manifest, Segment};
use super::plan::{self, Part, Wanted};
use super::series::Series;
use super::table::Table;
use super::{Error, Key, Result, SEGMENT_ROWS, SEGMENT_WEIGHT, TEXT_WEIGHT, merge, segment};

/// What becomes of a stretch of keys.
#[derive(Debug)]
enum Unit {
    Keep(Segment),
    /// Segments and rows of the tail that are written anew.
    Merge {
        segments: Vec<Segment>,
        tail: Range<usize>,
        weight: usize,
        rows: usize,
    },
}

impl Unit {
    fn size(&self) -> (usize, usize) {
        match self {
            Self::Keep(segment) => (segment.weight, segment.rows),
            Self::Merge { weight, rows, .. } => (*weight, *rows),
        }
    }

    /// Whether both are better one.
    fn should_join(&self, next: &Self) -> bool {
        let (weight, rows) = (self.size().0 + next.size().0, self.size().1 + next.size().1);
        let worth = match (self, next) {
            (Self::Keep(_), Self::Keep(_)) => false,
            (Self::Merge { .. }, Self::Merge { .. }) => true,
            (Self::Keep(kept), Self::Merge { weight, .. })
            | (Self::Merge { weight, .. }, Self::Keep(kept)) => kept.weight <= 2 * weight,
        };
        worth && weight <= SEGMENT_WEIGHT && rows <= SEGMENT_ROWS
    }

    fn join(self, next: Self) -> Self {
        let (weight, rows) = (self.size().0 + next.size().0, self.size().1 + next.size().1);
        let (mut segments, first) = self.split();
        let (more, second) = next.split();
        segments.extend(more);
        let tail = match (first.is_empty(), second.is_empty()) {
            (true, _) => second,
            (_, true) => first,
            _ => first.start..second.end,
        };
        Self::Merge {
            segments,
            tail,
            weight,
            rows,
        }
    }

    fn split(self) -> (Vec<Segment>, Range<usize>) {
        match self {
            Self::Keep(segment) => (vec![segment], 0..0),
            Self::Merge { segments, tail, .. } => (segments, tail),
        }
    }
}

impl Series {
    /// Makes segments of the tail; of a series in memory the tail is all there is, and stays.
    ///
    /// # Errors
    /// The tail is as it was, unless the series has [failed](Series::failed).
    pub fn seal(&mut self) -> Result<()> {
        if self.is_in_memory() {
            return Ok(());
        }
        let result = self.write_and_commit();
        if let (false, Err(Error::Write { .. } | Error::Io { .. })) = (self.failed, &result) {
            // Perhaps the disk is full.
            let _ = self.manifest.sweep(&self.directory);
        }
        result
    }

    fn write_and_commit(&mut self) -> Result<()> {
        let parts = self.parts(&plan::ALL)?;
        if self.tail.rows() == 0 {
            return Ok(());
        }
        let mut units: Vec<Unit> = Vec::new();
        for part in parts {
            let mut next = self.unit(part);
            while let Some(before) = units.pop_if(|before| before.should_join(&next)) {
                next = before.join(next);
            }
            units.push(next);
        }
        let mut manifest = Manifest {
            generation: self.manifest.generation + 1,
            lines: self.lines,
            next: self.manifest.next,
            segments: Vec::new(),
        };
        for unit in units {
            match unit {
                Unit::Keep(segment) => manifest.segments.push(segment),
                Unit::Merge { segments, tail, .. } => {
                    self.write_unit(&mut manifest, &segments, tail)?;
                }
            }
        }
        self.stop(1)?;
        self.commit(manifest, Table::default())
    }

    fn unit(&self, part: Part) -> Unit {
        let (segments, tail) = match part {
            Part::Segment(segment) => return Unit::Keep(segment),
            Part::Tail(rows) => (Vec::new(), rows),
            Part::Both(segment, rows) => (vec![segment], rows),
        };
        let share = self.tail.weight() * tail.len() / self.tail.rows().max(1);
        let weight = segments.iter().map(|segment| segment.weight).sum::<usize>() + share;
        let rows = segments.iter().map(|segment| segment.rows).sum::<usize>() + tail.len();
        Unit::Merge {
            segments,
            tail,
            weight,
            rows,
        }
    }

    fn write_unit(
        &mut self,
        manifest: &mut Manifest,
        segments: &[Segment],
        tail: Range<usize>,
    ) -> Result<()> {
        if segments.is_empty() && tail == (0..self.tail.rows()) {
            // Without a copy: this is the common case.
            return self.write_segments(manifest, &self.tail);
        }
        let mut table = Table::default();
        for segment in segments {
            let reader = self.reader(segment)?;
            table.extend(&reader.table(0..segment.rows, |ident| Wanted::ALL.has(ident), true)?);
        }
        table.extend(&self.tail.slice(tail, |_| true, true));
        merge::sort(&mut table, self.key);
        self.write_segments(manifest, &table)
    }

    fn write_segments(&self, manifest: &mut Manifest, table: &Table) -> Result<()> {
        let cuts = cuts(table);
        let mut start = 0;
        for end in cuts {
            let number = manifest.next;
            manifest.next += 1;
            let written = if start == 0 && end == table.rows() {
                segment::write(&self.directory, number, table, self.key)?
            } else {
                let part = table.slice(start..end, |_| true, true);
                segment::write(&self.directory, number, &part, self.key)?
            };
            manifest.segments.push(written);
            start = end;
        }
        Ok(())
    }

    /// Takes back the rows with larger keys; the line count becomes the number of rows.
    ///
    /// # Errors
    /// Nothing has changed, unless the series has [failed](Series::failed).
    pub fn truncate_after(&mut self, key: i64) -> Result<()> {
        self.check()?;
        self.settle();
        let mut manifest = Manifest {
            generation: self.manifest.generation + 1,
            ..self.manifest.clone()
        };
        manifest.segments.clear();
        for segment in self.manifest.segments.clone() {
            if segment.last <= key {
                manifest.segments.push(segment);
            } else if segment.first <= key {
                let reader = self.reader(&segment)?;
                let rows = reader.rows(&(plan::ALL.start..i128::from(key) + 1))?;
                let table = reader.table(rows, |_| true, true)?;
                self.write_segments(&mut manifest, &table)?;
            }
        }
        let rows = plan::tail_rows(&self.tail, &(plan::ALL.start..i128::from(key) + 1));
        let tail = self.tail.slice(rows, |_| true, true);
        let last_key = tail
            .keys
            .last()
            .copied()
            .max(manifest.segments.last().map(|s| s.last));
        manifest.lines = self.count_of(&manifest.segments, &tail)?;
        if let (Key::Line, Some(last)) = (self.key, last_key) {
            // Lines that were rejected have numbers too; the next line must not replace the last row.
            manifest.lines = manifest.lines.max(last as u64 + 1);
        }
        self.write_log(manifest.generation, &tail)?;
        self.stop(1)?;
        self.commit(manifest, tail)
    }

    /// Removes all rows; the line count is 0 again.
    ///
    /// # Errors
    /// Nothing has changed, unless the series has [failed](Series::failed).
    pub fn clear(&mut self) -> Result<()> {
        self.check()?;
        let manifest = Manifest {
            generation: self.manifest.generation + 1,
            lines: 0,
            next: self.manifest.next,
            segments: Vec::new(),
        };
        self.commit(manifest, Table::default())
    }
}

/// Where a table is cut into segments of about equal weight: never between rows of one key.
fn cuts(table: &Table) -> Vec<usize> {
    let rows = table.rows();
    let total = table.weight();
    // A quarter more is not worth two segments.
    let count = total
        .div_ceil(SEGMENT_WEIGHT + SEGMENT_WEIGHT / 4)
        .max(rows.div_ceil(SEGMENT_ROWS));
    if count <= 1 {
        return vec![rows];
    }
    let mut weights = vec![0; rows];
    for column in &table.columns {
        for row in &column.rows {
            weights[*row as usize] += TEXT_WEIGHT;
        }
    }
    for (row, text) in table.rest.iter() {
        weights[row as usize] += text.len();
    }
    let limit = (weights.iter().sum::<usize>() / count).max(1);
    let most = rows.div_ceil(count);
    let (mut cuts, mut weight, mut start) = (Vec::new(), 0, 0);
    for row in 1..rows {
        weight += weights[row - 1];
        let full = weight >= limit || row - start >= SEGMENT_ROWS.min(most.max(SEGMENT_ROWS / 2));
        if full && table.keys[row] != table.keys[row - 1] {
            cuts.push(row);
            (weight, start) = (0, row);
        }
    }
    cuts.push(rows);
    cuts
}
