//! Points: the rows that a run logs (history, system metrics, console lines), kept on disk and read as charts and tables.
//!
//! A [`Series`] is one stream of one run in a directory of its own:
//!
//! - `tail-<generation>.log`: what came last, as raw JSON lines in frames with a checksum ([`tail`]). An append is
//!   on disk before it is acknowledged.
//! - `segment-<n>.parquet`: older rows, sorted by key, immutable ([`segment`]); `DuckDB` and pandas read them as they are.
//! - `segment-<n>.bins`: for each segment the statistics of its columns, checksums, and minima and maxima of every
//!   64 and 4096 rows ([`pyramid`]). It can be lost without loss of data.
//! - `manifest.json`: which of these files count ([`manifest`]). All others are leftovers and removed at open.
//!
//! A row is known by its key (`_step`, or the line number) and its writer. A row that comes again is merged into the
//! first (history) or replaces it (lines). Segments never overlap in key; the tail may overlap them, and is merged
//! over them by whoever reads ([`plan`]).
//!
//! Without a directory ([`Series::in_memory`]) the tail alone holds all rows, and nothing is written.
//!
//! Bounds: a segment has about [`SEGMENT_WEIGHT`] values and at most [`SEGMENT_ROWS`] rows or a few more (rows of one
//! key are never parted); the tail is sealed at about the same size.

mod chart;
mod gather;
mod ingest;
mod keys;
mod manifest;
mod merge;
mod plan;
mod pyramid;
mod reads;
mod rows;
mod scan;
mod seal;
mod segment;
mod segment_reader;
mod series;
mod store;
mod table;
mod tail;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

pub use chart::{Curve, X};
pub(crate) use ingest::numbers;
pub use keys::KeyInfo;
pub use reads::Values;
pub use series::{Appended, Series};
pub use store::{Store, StoreOptions, Stream};

/// Values of a segment, and of a tail that is worth sealing. Other JSON than numbers weighs as [`TEXT_WEIGHT`] says.
pub const SEGMENT_WEIGHT: usize = 1 << 20;
/// Rows of a segment.
pub const SEGMENT_ROWS: usize = 262_144;
/// Bytes of text that weigh as much as one number.
pub const TEXT_WEIGHT: usize = 16;
/// Bytes of a tail log that is worth sealing: it is parsed at open.
pub const TAIL_BYTES: u64 = 16 << 20;
/// Values that are worth a segment when a run ends.
pub const FINISH_WEIGHT: usize = 4096;

/// What the key of a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Its integer `_step`, or its line number when it has none; rows that come again are merged.
    Step,
    /// Its line number; rows that come again replace the first.
    Line,
}

/// How a series is kept.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Whether appends are synchronised to the disk before they are acknowledged.
    pub sync: bool,
    /// Tests only: the step of a change of files after which it stops as if killed.
    #[cfg(test)]
    pub(crate) stop_after: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            sync: true,
            #[cfg(test)]
            stop_after: None,
        }
    }
}

/// Why points cannot be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{path}: {error}")]
    Io { path: PathBuf, error: io::Error },
    #[error("{path} is damaged: {what}")]
    Damaged { path: PathBuf, what: String },
    #[error("{path} was written by a newer version (format {format})")]
    TooNew { path: PathBuf, format: i64 },
    #[error("{0} must be opened again after a failed write")]
    Failed(PathBuf),
    #[error("{0} was removed")]
    Removed(PathBuf),
    #[error("{path} cannot be written: {what}")]
    Write { path: PathBuf, what: String },
    #[error("too much for one append to {0}, or a line number out of range")]
    TooLarge(PathBuf),
    #[cfg(test)]
    #[error("stopped by the test")]
    Stopped,
}

pub(crate) type Result<T> = std::result::Result<T, Error>;

impl Error {
    fn damaged(path: &Path, what: impl std::fmt::Display) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            what: what.to_string(),
        }
    }
}

/// Names the file of an I/O error.
trait At<T> {
    fn at(self, path: &Path) -> Result<T>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, path: &Path) -> Result<T> {
        self.map_err(|error| Error::Io {
            path: path.to_owned(),
            error,
        })
    }
}
