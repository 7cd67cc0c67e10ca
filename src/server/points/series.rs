//! One stream of one run: appends, and the state that the other modules read and change.
//!
//! An append is first taken into memory, then written to the log; if that fails it is taken back. Rows are kept in
//! the order in which they came, and sorted and merged when somebody reads after one has come out of order.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::ingest::Ingest;
use super::keys::Stats;
use super::manifest::{Manifest, Segment};
use super::merge;
use super::segment_reader::Reader;
use super::table::Table;
use super::tail::{self, Frame, Log};
use super::{
    At as _, Error, FINISH_WEIGHT, Key, Options, Result, SEGMENT_ROWS, SEGMENT_WEIGHT, TAIL_BYTES,
};
use crate::store::private_dir;

/// Open segments that are kept, and their columns in all.
const MAX_READERS: usize = 64;
const MAX_READER_COLUMNS: usize = 8192;
/// Rows that a tail can have: row numbers are `u32`.
const MAX_ROWS: usize = 1 << 30;
/// Bytes of the lines of one append.
const MAX_BYTES: usize = 1 << 30;
/// The largest number of an append's first line.
const MAX_LINE: u64 = 1 << 53;
/// Bytes that an open segment takes for each column, about.
const COLUMN_BYTES: usize = 1500;
/// Bytes of lines in one frame of a rewritten log.
const FRAME_BYTES: usize = 1 << 20;

/// What became of the lines of an append.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Appended {
    /// Lines that are rows now.
    pub accepted: usize,
    /// Lines that are no JSON objects, and are not kept.
    pub rejected: usize,
    /// Why the first of these was rejected, with its line number.
    pub reason: Option<String>,
}

/// One stream of points of one run.
#[derive(Debug)]
pub struct Series {
    pub(super) directory: PathBuf,
    pub(super) key: Key,
    pub(super) options: Options,
    pub(super) manifest: Manifest,
    pub(super) tail: Table,
    pub(super) lines: u64,
    ingest: Ingest,
    frame: Frame,
    log: Option<Log>,
    /// Whether rows of the tail are out of order, or parts of one row.
    unsorted: bool,
    readers: Vec<Arc<Reader>>,
    /// The statistics of the segments alone, once they were asked for.
    pub(super) sealed_stats: Option<Stats>,
    /// The statistics of the tail's first rows, and how many these are.
    pub(super) tail_stats: (usize, Stats),
    /// The state on disk may be another than that in memory.
    pub(super) failed: bool,
    removed: bool,
    damaged: usize,
    /// There is no directory: what comes is kept in the tail alone.
    in_memory: bool,
}

impl Series {
    /// Opens a series, and makes the directory if it is new. Nobody else may have it open.
    ///
    /// # Errors
    /// A manifest that cannot be read, or is of a newer version.
    pub fn open(directory: &Path, key: Key, options: Options) -> Result<Self> {
        if !directory.is_dir() {
            private_dir(directory).at(directory)?;
            if options.sync {
                // A new run's directory is new too.
                for parent in directory.ancestors().skip(1).take(2) {
                    tail::sync_directory(parent)?;
                }
            }
        }
        let manifest = Manifest::load(directory, key)?;
        manifest.sweep(directory)?;
        let mut series = Self {
            directory: directory.to_owned(),
            options,
            lines: manifest.lines,
            manifest,
            in_memory: false,
            ..Self::in_memory(key)
        };
        let path = directory.join(tail::name(series.manifest.generation));
        series.damaged = tail::replay(&path, |frame| {
            series.lines = series.lines.max(frame.lines);
            for (number, line) in frame.lines() {
                // It was accepted once.
                let _ = series.take(number, frame.writer, line);
            }
        })?;
        if path.exists() {
            series.log = Some(Log::open(
                directory,
                series.manifest.generation,
                options.sync,
            )?);
        }
        Ok(series)
    }

    /// A series that is never on a disk: for rows that lie in another form elsewhere, and can be read again.
    pub fn in_memory(key: Key) -> Self {
        Self {
            directory: PathBuf::from("memory"),
            key,
            options: Options::default(),
            manifest: Manifest::default(),
            tail: Table::default(),
            lines: 0,
            ingest: Ingest::default(),
            frame: Frame::default(),
            log: None,
            unsorted: false,
            readers: Vec::new(),
            sealed_stats: None,
            tail_stats: (0, Stats::default()),
            failed: false,
            removed: false,
            damaged: 0,
            in_memory: true,
        }
    }

    /// Takes a line into memory.
    fn take(
        &mut self,
        number: u64,
        writer: u32,
        line: &str,
    ) -> std::result::Result<(), crate::wire::json::JsonError> {
        let before = self.tail.rows().checked_sub(1).map(|row| self.tail.id(row));
        self.ingest
            .line(&mut self.tail, self.key, line, number as i64, writer)?;
        let id = self.tail.id(self.tail.rows() - 1);
        self.unsorted |= before.is_some_and(|before| before >= id);
        Ok(())
    }

    /// Adds lines, of which the first has the number `offset` in the stream. When this returns they are on disk.
    ///
    /// # Errors
    /// None of the lines were kept. After some errors the series must be opened again ([`Series::failed`]).
    pub fn append(&mut self, offset: u64, writer: u32, lines: &[&str]) -> Result<Appended> {
        self.check()?;
        let bytes: usize = lines.iter().map(|line| line.len()).sum();
        if self.tail.rows() + lines.len() > MAX_ROWS || bytes > MAX_BYTES || offset > MAX_LINE {
            return Err(Error::TooLarge(self.directory.clone()));
        }
        let (rows, unsorted) = (self.tail.rows(), self.unsorted);
        let mut appended = Appended::default();
        self.frame.begin(writer);
        for (number, line) in (offset..).zip(lines) {
            match self.take(number, writer, line) {
                Ok(()) => {
                    if !self.in_memory {
                        self.frame.push(number, line);
                    }
                    appended.accepted += 1;
                }
                Err(error) => {
                    appended.rejected += 1;
                    appended
                        .reason
                        .get_or_insert_with(|| format!("line {number}: {error}"));
                }
            }
        }
        let total = self.lines.max(offset.saturating_add(lines.len() as u64));
        if let Err(error) = self.log_frame(total) {
            self.tail.truncate(rows);
            self.ingest.reset();
            self.unsorted = unsorted;
            return Err(error);
        }
        self.lines = total;
        Ok(appended)
    }

    fn log_frame(&mut self, lines: u64) -> Result<()> {
        if self.in_memory {
            return Ok(());
        }
        let log = match &mut self.log {
            Some(log) => log,
            none => none.insert(Log::open(
                &self.directory,
                self.manifest.generation,
                self.options.sync,
            )?),
        };
        let result = log.append(self.frame.end(lines));
        self.failed |= log.failed();
        self.frame.rest();
        result
    }

    /// Sorts and merges the rows of the tail.
    pub(super) fn settle(&mut self) {
        if self.unsorted {
            merge::sort(&mut self.tail, self.key);
            self.ingest.reset();
            self.tail_stats = (0, Stats::default());
            self.unsorted = false;
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        if self.removed {
            return Err(Error::Removed(self.directory.clone()));
        }
        if self.failed {
            return Err(Error::Failed(self.directory.clone()));
        }
        Ok(())
    }

    /// Lines that came, rejected ones included: the number of the next line.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Whether it must be dropped and opened again, as a write failed.
    pub fn failed(&self) -> bool {
        self.failed
    }

    /// Damaged places in the log that were found at open; the lines in them are lost.
    pub fn damaged(&self) -> usize {
        self.damaged
    }

    /// Whether the tail is large enough for a segment of its own.
    pub fn should_seal(&self) -> bool {
        let log_bytes = self.log.as_ref().map_or(0, Log::bytes);
        !self.in_memory
            && (self.tail.rows() >= SEGMENT_ROWS
                || self.tail.weight() >= SEGMENT_WEIGHT
                || log_bytes >= TAIL_BYTES)
    }

    /// Whether there are no files, and none are to be made.
    pub(super) fn is_in_memory(&self) -> bool {
        self.in_memory
    }

    /// The run has ended: seals the tail if that is worth it.
    pub fn finish(&mut self) -> Result<()> {
        if self.tail.weight() > FINISH_WEIGHT {
            self.seal()?;
        }
        Ok(())
    }

    /// Bytes of memory, about.
    pub fn memory(&self) -> usize {
        let stats =
            self.sealed_stats.as_ref().map_or(0, Stats::memory) + self.tail_stats.1.memory();
        let columns: usize = self.readers.iter().map(|reader| reader.cost()).sum();
        self.tail.memory() + self.ingest.memory() + stats + columns * COLUMN_BYTES
    }

    /// An open segment; those used last are kept.
    pub(super) fn reader(&mut self, segment: &Segment) -> Result<Arc<Reader>> {
        let known = self.readers.iter().position(|r| r.segment == *segment);
        let reader = match known {
            Some(at) => self.readers.remove(at),
            None => Arc::new(Reader::open(&self.directory, segment, self.key)?),
        };
        self.readers.push(Arc::clone(&reader));
        let mut columns: usize = self.readers.iter().map(|reader| reader.cost()).sum();
        while self.readers.len() > 1
            && (columns > MAX_READER_COLUMNS || self.readers.len() > MAX_READERS)
        {
            columns -= self.readers.remove(0).cost();
        }
        Ok(reader)
    }

    /// Makes the files that were written the state of the series: those that it names, an empty tail, and its lines.
    /// If this fails it is unknown which state is on disk.
    pub(super) fn commit(&mut self, manifest: Manifest, tail: Table) -> Result<()> {
        if self.in_memory {
            self.lines = manifest.lines;
            self.manifest = manifest;
            self.replace_tail(tail);
            return Ok(());
        }
        self.failed = true;
        manifest.save(&self.directory, self.key)?;
        self.stop(2)?;
        self.lines = manifest.lines;
        self.manifest = manifest;
        self.replace_tail(tail);
        self.log = None;
        let path = self.directory.join(tail::name(self.manifest.generation));
        if path.exists() {
            self.log = Some(Log::open(
                &self.directory,
                self.manifest.generation,
                self.options.sync,
            )?);
        }
        self.failed = false;
        // What is left over now is swept at the next open at the latest.
        let _ = self.manifest.sweep(&self.directory);
        Ok(())
    }

    pub(super) fn replace_tail(&mut self, tail: Table) {
        self.tail = tail;
        self.ingest.reset();
        self.unsorted = false;
        self.tail_stats = (0, Stats::default());
        self.sealed_stats = None;
        let segments = &self.manifest.segments;
        self.readers
            .retain(|reader| segments.iter().any(|segment| *segment == reader.segment));
    }

    /// Writes a tail as the log of a generation that is not yet in the manifest.
    pub(super) fn write_log(&self, generation: u64, tail: &Table) -> Result<()> {
        if self.in_memory {
            return Ok(());
        }
        let path = self.directory.join(tail::name(generation));
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).at(&path);
            }
            _ => {}
        }
        let mut log = Log::open(&self.directory, generation, true)?;
        let mut frame = Frame::default();
        let mut written = Ok(());
        let mut row = 0;
        super::rows::write(tail, self.key, None, |key, json| {
            let writer = tail.writers[row];
            if row == 0 || writer != tail.writers[row - 1] || frame.len() > FRAME_BYTES {
                if row > 0 {
                    written = log.append(frame.end(0));
                }
                frame.begin(writer);
            }
            frame.push(key as u64, json);
            row += 1;
            written.is_ok()
        });
        written?;
        if row > 0 {
            log.append(frame.end(0))?;
        }
        Ok(())
    }

    /// Tests only: stops here as if killed.
    #[cfg_attr(not(test), expect(clippy::unused_self, clippy::unnecessary_wraps))]
    pub(super) fn stop(&self, step: u32) -> Result<()> {
        #[cfg(test)]
        if self.options.stop_after == Some(step) {
            return Err(Error::Stopped);
        }
        let _ = step;
        Ok(())
    }

    /// The series is no more: whoever still has it gets errors.
    pub(super) fn set_removed(&mut self) {
        self.removed = true;
        self.log = None;
        self.manifest.segments.clear();
        self.replace_tail(Table::default());
    }
}
