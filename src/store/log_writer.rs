//! Appends records to a transaction log and survives a file system that refuses them.
//!
//! Records are framed into a buffer and handed to the kernel by [`LogWriter::flush`], whole chunks first, so
//! that a crash leaves a readable log. If a write fails, what was begun is kept and finished later at the same
//! place; records that come meanwhile are kept in memory, newest first when the bound is reached: console text
//! and everything else have bounds of their own, so that a flood of output does not push out metrics.

use std::collections::VecDeque;
use std::io;

use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint};
use prost::length_delimiter_len;

use crate::wire::log::{FILE_HEADER, Framer};
use crate::wire::records::{OUTPUT_RAW, encode_text};
use crate::wire::schema::{OutputRawRecord, Timestamp};

/// Buffered bytes after which [`LogWriter::push`] writes by itself.
const FLUSH_AT: usize = 256 * 1024;
/// Bound in bytes for console records, and for all others, that wait while the disk refuses.
const KEEP: usize = 4 * 1024 * 1024;

/// The part of a file that the writer needs; tests replace it.
pub trait Append {
    /// Appends some of the bytes and says how many.
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize>;
}

impl Append for std::fs::File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::Write::write(self, bytes)
    }
}

/// What was lost while the disk refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gap {
    pub records: u64,
    pub bytes: u64,
}

/// The writer of one log.
#[derive(Debug)]
pub struct LogWriter<F> {
    file: F,
    framer: Framer,
    /// Framed bytes that are not in the file yet.
    framed: Vec<u8>,
    num: i64,
    scratch: Vec<u8>,
    refused: Option<Refused>,
}

#[derive(Debug, Default)]
struct Refused {
    console: Kept,
    others: Kept,
    gap: Gap,
}

/// Encoded records by number, bounded; the oldest go first.
#[derive(Debug, Default)]
struct Kept {
    records: VecDeque<(i64, Vec<u8>)>,
    bytes: usize,
}

impl Kept {
    fn push(&mut self, num: i64, record: Vec<u8>, gap: &mut Gap) {
        self.bytes += record.len();
        self.records.push_back((num, record));
        while self.bytes > KEEP
            && let Some((_, oldest)) = self.records.pop_front()
        {
            self.bytes -= oldest.len();
            gap.records += 1;
            gap.bytes += oldest.len() as u64;
        }
    }
}

impl<F: Append> LogWriter<F> {
    /// A writer for an empty file; the file header goes out with the first flush.
    pub fn new(file: F) -> Self {
        Self {
            file,
            framer: Framer::new(),
            framed: FILE_HEADER.to_vec(),
            num: 0,
            scratch: Vec::new(),
            refused: None,
        }
    }

    /// Takes the next record, encoded without its number: that is appended here, and readers keep the last value of
    /// a field.
    pub fn push(&mut self, record: &[u8]) -> io::Result<()> {
        self.num += 1;
        self.scratch.clear();
        self.scratch.extend_from_slice(record);
        encode_key(1, WireType::Varint, &mut self.scratch);
        encode_varint(self.num.cast_unsigned(), &mut self.scratch);
        self.push_encoded(false)
    }

    /// Takes the next record, of console text, without copying the text more often than needed.
    pub fn push_output(
        &mut self,
        output_type: i32,
        timestamp: Timestamp,
        text: &str,
    ) -> io::Result<()> {
        self.num += 1;
        let head = OutputRawRecord {
            output_type,
            timestamp: Some(timestamp),
            line: String::new(),
        }
        .encode_to_vec();
        let length = head.len() + 1 + length_delimiter_len(text.len()) + text.len();
        self.scratch.clear();
        encode_key(1, WireType::Varint, &mut self.scratch);
        encode_varint(self.num.cast_unsigned(), &mut self.scratch);
        encode_key(OUTPUT_RAW, WireType::LengthDelimited, &mut self.scratch);
        encode_varint(length as u64, &mut self.scratch);
        self.scratch.extend_from_slice(&head);
        encode_text(3, text, &mut self.scratch);
        self.push_encoded(true)
    }

    fn push_encoded(&mut self, console: bool) -> io::Result<()> {
        if let Some(refused) = &mut self.refused {
            let kept = if console {
                &mut refused.console
            } else {
                &mut refused.others
            };
            kept.push(self.num, self.scratch.clone(), &mut refused.gap);
            return Ok(());
        }
        self.framer.frame(&self.scratch, &mut self.framed);
        if self.framed.len() >= FLUSH_AT {
            self.flush().map(|_| ())
        } else {
            Ok(())
        }
    }

    /// Hands everything to the kernel. While the disk refuses, this is the retry; when it takes writes again,
    /// the result says what was lost.
    pub fn flush(&mut self) -> io::Result<Option<Gap>> {
        self.write_framed()?;
        let Some(refused) = self.refused.take() else {
            return Ok(None);
        };
        let mut records: Vec<_> = refused
            .console
            .records
            .into_iter()
            .chain(refused.others.records)
            .collect();
        records.sort_unstable_by_key(|(num, _)| *num);
        for (_, record) in records {
            self.framer.frame(&record, &mut self.framed);
        }
        if let Err(error) = self.write_framed() {
            // Refused again: what was lost is still to be told.
            self.refused.get_or_insert_default().gap = refused.gap;
            return Err(error);
        }
        Ok(Some(refused.gap))
    }

    fn write_framed(&mut self) -> io::Result<()> {
        let mut written = 0;
        let result = loop {
            if written == self.framed.len() {
                break Ok(());
            }
            match self.file.append(&self.framed[written..]) {
                Ok(0) => break Err(io::Error::from(io::ErrorKind::WriteZero)),
                Ok(n) => written += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        self.framed.drain(..written);
        if result.is_err() && self.refused.is_none() {
            self.refused = Some(Refused::default());
        }
        result
    }

    /// Whether records are waiting for the disk.
    pub fn is_refused(&self) -> bool {
        self.refused.is_some()
    }

    /// The file, for syncing.
    pub fn file(&self) -> &F {
        &self.file
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::log::{Decoder, Piece};
    use crate::wire::raw::RawRecord;
    use crate::wire::schema::{Kind, Record, RunExitRecord};
    use proptest::prelude::*;

    /// Takes `room` bytes, then refuses until given more.
    #[derive(Debug, Default)]
    struct SmallDisk {
        bytes: Vec<u8>,
        room: usize,
    }

    impl Append for SmallDisk {
        fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let n = bytes.len().min(self.room);
            if n == 0 {
                return Err(io::Error::from(io::ErrorKind::StorageFull));
            }
            self.bytes.extend_from_slice(&bytes[..n]);
            self.room -= n;
            Ok(n)
        }
    }

    fn encoded(kind: Kind) -> Vec<u8> {
        Record {
            num: 0,
            kind: Some(kind),
        }
        .encode_to_vec()
    }

    fn exit() -> Vec<u8> {
        encoded(Kind::Exit(RunExitRecord::default()))
    }

    fn push_line(writer: &mut LogWriter<SmallDisk>, text: &str) -> io::Result<()> {
        writer.push_output(0, Timestamp::from_nanos(0), text)
    }

    fn nums(bytes: &[u8]) -> Vec<i64> {
        let mut nums = Vec::new();
        let mut decoder = Decoder::default();
        decoder
            .decode(bytes, |piece| match piece {
                Piece::Record { bytes, .. } => {
                    nums.push(RawRecord::from_bytes(bytes.to_vec()).decode().unwrap().num);
                }
                Piece::Damage(error) => panic!("{error}"),
            })
            .unwrap();
        nums
    }

    #[test]
    fn records_are_numbered_and_readable() {
        let mut writer = LogWriter::new(SmallDisk {
            room: usize::MAX,
            ..SmallDisk::default()
        });
        for i in 0..5000 {
            push_line(&mut writer, &format!("line {i}\n")).unwrap();
        }
        assert_eq!(writer.flush().unwrap(), None);
        assert_eq!(nums(&writer.file.bytes), (1..=5000).collect::<Vec<_>>());
    }

    #[test]
    fn numbering_keeps_unknown_fields_and_the_last_number_wins() {
        let mut record = encoded(Kind::Exit(RunExitRecord {
            exit_code: 3,
            runtime: 0,
        }));
        let unknown = [0xca, 0x3e, 0x02, b'h', b'i'];
        record.extend_from_slice(&[8, 77]);
        record.extend_from_slice(&unknown);
        let mut writer = LogWriter::new(SmallDisk {
            room: usize::MAX,
            ..SmallDisk::default()
        });
        writer.push(&record).unwrap();
        writer.flush().unwrap();
        assert_eq!(nums(&writer.file.bytes), [1]);
        assert!(writer.file.bytes.windows(5).any(|window| window == unknown));
    }

    #[test]
    fn console_text_is_encoded_like_any_record() {
        let disk = || {
            LogWriter::new(SmallDisk {
                room: usize::MAX,
                ..SmallDisk::default()
            })
        };
        for text in ["b", "a\n", &"ü".repeat(40_000)] {
            for output_type in [0, 1] {
                let timestamp = Timestamp::from_nanos(1_700_000_000_123_456_789);
                let (mut fast, mut slow) = (disk(), disk());
                fast.push_output(output_type, timestamp, text).unwrap();
                let record = encoded(Kind::OutputRaw(OutputRawRecord {
                    output_type,
                    timestamp: Some(timestamp),
                    line: text.to_owned(),
                }));
                slow.push(&record).unwrap();
                fast.flush().unwrap();
                slow.flush().unwrap();
                let record = |bytes: &[u8]| {
                    let mut found = None;
                    let mut take = |piece: Piece<'_>| {
                        if let Piece::Record { bytes, .. } = piece {
                            found = Some(RawRecord::from_bytes(bytes.to_vec()).decode().unwrap());
                        }
                    };
                    Decoder::default().decode(bytes, &mut take).unwrap();
                    found
                };
                assert_eq!(record(&fast.file.bytes), record(&slow.file.bytes));
            }
        }
    }

    #[test]
    fn console_floods_do_not_push_out_other_records() {
        let mut writer = LogWriter::new(SmallDisk::default());
        writer.push(&exit()).unwrap();
        assert!(writer.flush().is_err());
        writer.push(&exit()).unwrap();
        for _ in 0..100 {
            push_line(&mut writer, &"x".repeat(100_000)).unwrap();
        }
        writer.file.room = usize::MAX;
        let gap = writer.flush().unwrap().unwrap();
        assert!(gap.records > 50 && gap.bytes > 5_000_000, "{gap:?}");
        let nums = nums(&writer.file.bytes);
        assert_eq!((nums[0], nums[1], *nums.last().unwrap()), (1, 2, 102));
        assert_eq!(nums.len() as u64 + gap.records, 102);
        assert!(!writer.is_refused());
    }

    proptest! {
        /// However often and wherever the disk refuses: what is in the file is readable, in order and complete.
        #[test]
        fn refusals_lose_nothing_within_the_bound(
            rooms in prop::collection::vec(0..3000usize, 1..10),
            sizes in prop::collection::vec(0..2000usize, 1..40),
        ) {
            let mut writer = LogWriter::new(SmallDisk::default());
            let mut rooms = rooms.into_iter();
            for size in &sizes {
                let _ = push_line(&mut writer, &"x".repeat(*size));
                if writer.flush().is_err() {
                    writer.file.room += rooms.next().unwrap_or(0);
                }
                let _ = nums(&writer.file.bytes);
            }
            writer.file.room = usize::MAX;
            writer.flush().unwrap();
            prop_assert_eq!(nums(&writer.file.bytes), (1..=sizes.len() as i64).collect::<Vec<_>>());
        }
    }
}
