//! The tail log: lines as they came, on disk before they are acknowledged.
//!
//! A file of frames, all integers little-endian: `length u32`, `crc32 u32` of the payload, and the payload of that
//! length: `lines u64` (the line count of the series with this frame), `writer u32`, `count u32`, then for each line
//! `number u64`, `bytes u32` and the text. A payload has at least [`HEAD`] bytes, so that zeros are no frame.
//!
//! What follows the last good frame is cut at open. A damaged frame with a good one behind it is no torn write; it is
//! stepped over and reported.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::{At as _, Error, Result};

/// Bytes of a payload before its lines.
const HEAD: usize = 16;
/// Bytes of a frame before its payload.
const FRAME: usize = 8;

/// A log that is appended to.
#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    file: File,
    bytes: u64,
    sync: bool,
    /// A write failed, and what it left could not be taken back.
    failed: bool,
}

/// Builds one frame.
#[derive(Debug, Default)]
pub(super) struct Frame {
    bytes: Vec<u8>,
    count: u32,
}

impl Frame {
    /// Begins the next frame.
    pub(super) fn begin(&mut self, writer: u32) {
        self.bytes.clear();
        self.bytes.resize(FRAME + HEAD, 0);
        self.bytes[FRAME + 8..FRAME + 12].copy_from_slice(&writer.to_le_bytes());
        self.count = 0;
    }

    pub(super) fn push(&mut self, number: u64, line: &str) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
        self.bytes
            .extend_from_slice(&(line.len() as u32).to_le_bytes());
        self.bytes.extend_from_slice(line.as_bytes());
        self.count += 1;
    }

    /// Bytes of the frame so far.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Completes the frame.
    pub(super) fn end(&mut self, lines: u64) -> &[u8] {
        self.bytes[FRAME..FRAME + 8].copy_from_slice(&lines.to_le_bytes());
        self.bytes[FRAME + 12..FRAME + HEAD].copy_from_slice(&self.count.to_le_bytes());
        let length = (self.bytes.len() - FRAME) as u32;
        let crc = crc32fast::hash(&self.bytes[FRAME..]);
        self.bytes[..4].copy_from_slice(&length.to_le_bytes());
        self.bytes[4..FRAME].copy_from_slice(&crc.to_le_bytes());
        &self.bytes
    }

    /// Gives large buffers back.
    pub(super) fn rest(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(64 << 10);
    }
}

/// A frame that was read.
pub(super) struct Read<'a> {
    pub(super) lines: u64,
    pub(super) writer: u32,
    count: u32,
    body: &'a [u8],
}

impl<'a> Read<'a> {
    /// The frame at the beginning of these bytes, and the bytes behind it.
    fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let payload = frame_at(bytes)?;
        let crc = u32_at(bytes, 4)?;
        if crc32fast::hash(payload) != crc {
            return None;
        }
        let read = Self {
            lines: u64::from_le_bytes(payload.get(..8)?.try_into().ok()?),
            writer: u32_at(payload, 8)?,
            count: u32_at(payload, 12)?,
            body: payload.get(HEAD..)?,
        };
        Some((read, &bytes[FRAME + payload.len()..]))
    }

    /// Its lines with their numbers.
    pub(super) fn lines(&self) -> impl Iterator<Item = (u64, &'a str)> {
        let mut body = self.body;
        (0..self.count).map_while(move |_| {
            let number = u64::from_le_bytes(body.get(..8)?.try_into().ok()?);
            let end = 12_usize.checked_add(u32_at(body, 8)? as usize)?;
            let line = std::str::from_utf8(body.get(12..end)?).ok()?;
            body = &body[end..];
            Some((number, line))
        })
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

/// The payload of the frame at the beginning of these bytes, going by its length alone.
fn frame_at(bytes: &[u8]) -> Option<&[u8]> {
    let length = u32_at(bytes, 0)? as usize;
    let payload = bytes.get(FRAME..FRAME.checked_add(length)?)?;
    (length >= HEAD).then_some(payload)
}

/// Reads the frames of a log, cuts off a torn end, and gives the number of damaged frames.
pub(super) fn replay(path: &Path, mut take: impl FnMut(&Read<'_>)) -> Result<usize> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error).at(path),
    };
    let mut rest = bytes.as_slice();
    let mut damaged = 0;
    while !rest.is_empty() {
        if let Some((read, behind)) = Read::parse(rest) {
            take(&read);
            rest = behind;
            continue;
        }
        match frame_at(rest).map(|payload| &rest[FRAME + payload.len()..]) {
            Some(behind) if Read::parse(behind).is_some() => {
                damaged += 1;
                rest = behind;
            }
            _ => break,
        }
    }
    if !rest.is_empty() {
        let file = OpenOptions::new().write(true).open(path).at(path)?;
        file.set_len((bytes.len() - rest.len()) as u64).at(path)?;
        file.sync_all().at(path)?;
    }
    Ok(damaged)
}

impl Log {
    /// Opens a log to append to it; it must have been replayed. A new one's name is on disk too.
    pub(super) fn open(directory: &Path, generation: u64, sync: bool) -> Result<Self> {
        let path = directory.join(name(generation));
        let mut options = OpenOptions::new();
        options.append(true);
        let file = match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let file = options.create(true).mode(0o600).open(&path).at(&path)?;
                if sync {
                    sync_directory(directory)?;
                }
                file
            }
            other => other.at(&path)?,
        };
        let bytes = file.metadata().at(&path)?.len();
        Ok(Self {
            path,
            file,
            bytes,
            sync,
            failed: false,
        })
    }

    /// Writes a frame. After an error it is not there, or the log refuses all that follows.
    pub(super) fn append(&mut self, frame: &[u8]) -> Result<()> {
        if self.failed {
            return Err(Error::Failed(self.path.clone()));
        }
        let mut written = self.file.write_all(frame);
        if self.sync && written.is_ok() {
            written = self.file.sync_data();
        }
        if let Err(error) = written {
            self.failed = self.file.set_len(self.bytes).is_err();
            return Err(error).at(&self.path);
        }
        self.bytes += frame.len() as u64;
        Ok(())
    }

    /// Whether it must be opened again.
    pub(super) fn failed(&self) -> bool {
        self.failed
    }

    /// Its size in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// The name of a tail log.
pub(super) fn name(generation: u64) -> String {
    format!("tail-{generation}.log")
}

/// Makes new, renamed and removed names of a directory durable.
pub(super) fn sync_directory(directory: &Path) -> Result<()> {
    File::open(directory)
        .and_then(|handle| handle.sync_all())
        .at(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &Path) -> (Vec<String>, usize) {
        let mut found = Vec::new();
        let damaged = replay(path, |read| {
            found.extend(read.lines().map(|(n, line)| format!("{n}{line}")));
        });
        (found, damaged.unwrap())
    }

    fn log(directory: &Path) -> PathBuf {
        let mut log = Log::open(directory, 0, false).unwrap();
        let mut frame = Frame::default();
        for n in 0..3 {
            frame.begin(0);
            frame.push(n, "a");
            frame.push(n, "bc");
            log.append(frame.end(n)).unwrap();
        }
        directory.join(name(0))
    }

    #[test]
    fn whatever_a_crash_leaves_behind_the_last_frame_is_cut() {
        let directory = tempfile::tempdir().unwrap();
        let path = log(directory.path());
        let whole = std::fs::read(&path).unwrap();
        let frame = whole.len() / 3;
        for length in 0..=whole.len() {
            for tail in [&b""[..], &[0; 100], &[255; 9]] {
                std::fs::write(&path, [&whole[..length], tail].concat()).unwrap();
                let (found, damaged) = lines(&path);
                let good = length / frame;
                assert_eq!((found.len(), damaged), (2 * good, 0), "{length}");
                assert_eq!(
                    std::fs::metadata(&path).unwrap().len(),
                    (good * frame) as u64
                );
            }
        }
    }

    #[test]
    fn a_damaged_frame_does_not_take_those_behind_it_along() {
        let directory = tempfile::tempdir().unwrap();
        let path = log(directory.path());
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[FRAME + HEAD + 2] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(
            lines(&path),
            (["1a", "1bc", "2a", "2bc"].map(str::to_owned).to_vec(), 1)
        );
    }
}
