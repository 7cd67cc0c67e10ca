//! Reads a transaction log from a file: finished, damaged or still growing.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::wire::log::{Decoder, LogError, Piece};
use crate::wire::raw::RawRecord;

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
        let mut piece = vec![0; 256 * 1024];
        loop {
            let n = match self.file.read(&mut piece) {
                Ok(0) => break,
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            self.held.extend_from_slice(&piece[..n]);
            let used = self.decoder.decode(&self.held, &mut take)?;
            self.held.drain(..used);
        }
        if self.held.is_empty() && self.decoder.at_record_boundary() {
            Ok(End::Complete)
        } else {
            Ok(End::Incomplete(self.decoder.offset()))
        }
    }

    /// Reads the first records of a log until `take` says that it has enough.
    pub fn head<T>(
        path: &Path,
        mut take: impl FnMut(RawRecord) -> Option<T>,
    ) -> Result<Option<T>, ReadError> {
        let mut bytes = Vec::new();
        File::open(path)?.take(64 * 1024).read_to_end(&mut bytes)?;
        let mut found = None;
        Decoder::default().decode(&bytes, |piece| {
            if let (None, Piece::Record { bytes, .. }) = (&found, piece) {
                found = take(RawRecord::from_bytes(bytes.to_vec()));
            }
        })?;
        Ok(found)
    }
}
