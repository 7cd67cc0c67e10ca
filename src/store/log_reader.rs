//! Reads a transaction log from a file: finished, damaged or still growing.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::wire::log::{Decoder, LogError, Piece};
use crate::wire::raw::RawRecord;
use crate::wire::schema::{Kind, RunRecord};

/// Bytes that are read at once.
const PIECE: usize = 256 * 1024;
/// Bytes that are read at once where the first records will do.
pub const HEAD: usize = 64 * 1024;

/// A record, or a place where records were lost.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    Record(RawRecord),
    Damage(LogError),
}

/// Why a log cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Log(#[from] LogError),
}

/// How a log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// After a complete record.
    Complete,
    /// Within a record, which began at or before this offset; more may be on its way.
    Incomplete(u64),
}

/// Reads one log from the beginning; after the end it can be asked again, for what has been added.
#[derive(Debug)]
pub struct LogReader {
    file: File,
    decoder: Decoder,
    held: Vec<u8>,
}

impl LogReader {
    /// Opens a log.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: File::open(path)?,
            decoder: Decoder::default(),
            held: Vec::new(),
        })
    }

    /// Opens a log near its end: the first record is one that begins in the last `bytes` or a block before them.
    pub fn open_tail(path: &Path, bytes: u64) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let decoder = Decoder::at_block(length.saturating_sub(bytes));
        file.seek(SeekFrom::Start(decoder.offset()))?;
        Ok(Self {
            file,
            decoder,
            held: Vec::new(),
        })
    }

    /// Hands out what is there now, in order.
    pub fn read(&mut self, mut take: impl FnMut(Item)) -> Result<End, ReadError> {
        self.pieces(|piece| {
            take(match piece {
                Piece::Record { bytes, .. } => Item::Record(RawRecord::from_bytes(bytes.to_vec())),
                Piece::Damage(error) => Item::Damage(error),
            });
        })
    }

    /// As [`LogReader::read`], without a copy of each record, and with the place of each in the file.
    pub fn pieces(&mut self, mut take: impl FnMut(Piece<'_>)) -> Result<End, ReadError> {
        while self.read_some(&mut take)? {}
        Ok(self.end())
    }

    /// Hands out the records in the next piece of the file, without copying them; false if there was nothing to read.
    pub fn read_some(&mut self, take: impl FnMut(Piece<'_>)) -> Result<bool, ReadError> {
        self.read_at_most(PIECE, take)
    }

    fn read_at_most(
        &mut self,
        bytes: usize,
        take: impl FnMut(Piece<'_>),
    ) -> Result<bool, ReadError> {
        let held = self.held.len();
        self.held.resize(held + bytes, 0);
        let read = loop {
            match self.file.read(&mut self.held[held..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.held.truncate(held + read.as_ref().map_or(0, |n| *n));
        if read? == 0 {
            return Ok(false);
        }
        let used = self.decoder.decode(&self.held, take)?;
        self.held.drain(..used);
        Ok(true)
    }

    /// How the log ends, as far as it was read.
    pub fn end(&self) -> End {
        if self.held.is_empty() && self.decoder.at_record_boundary() {
            End::Complete
        } else {
            End::Incomplete(self.decoder.offset())
        }
    }

    /// How many bytes of the file were decoded.
    pub fn offset(&self) -> u64 {
        self.decoder.offset()
    }

    /// The log's size in bytes at this moment.
    pub fn size(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Reads the first records of a log, those within so many pieces of [`HEAD`] bytes, until `take` has enough.
    pub fn head<T>(
        path: &Path,
        pieces: usize,
        mut take: impl FnMut(RawRecord) -> Option<T>,
    ) -> Result<Option<T>, ReadError> {
        let mut reader = Self::open(path)?;
        let mut found = None;
        for _ in 0..pieces {
            let more = reader.read_at_most(HEAD, |piece| {
                if let (None, Piece::Record { bytes, .. }) = (&found, piece) {
                    found = take(RawRecord::from_bytes(bytes.to_vec()));
                }
            })?;
            if !more || found.is_some() {
                break;
            }
        }
        Ok(found)
    }
}

/// The run of a log, as its first record of the run tells it; `None` if that is not near the beginning, or cannot be
/// read.
pub fn run_of(log: &Path) -> Option<Box<RunRecord>> {
    LogReader::head(log, PIECE / HEAD, |record| {
        match record.decode().ok()?.kind? {
            Kind::Run(run) => Some(run),
            _ => None,
        }
    })
    .ok()?
}
