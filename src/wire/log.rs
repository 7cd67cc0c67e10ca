//! The `.wandb` transaction log: records in checksummed chunks in 32 KiB blocks.
//!
//! Source: `core/pkg/leveldb/record.go`, `core/internal/transactionlog` of the official repository.
//!
//! ```text
//! file   = header, then blocks of 32768 bytes counted from offset 0 (the header lies in block 0)
//! header = ":W&B" (4 bytes), 0xBEE1 (u16 LE), version 0 (1 byte)
//! chunk  = CRC-32 IEEE over type and payload (u32 LE), payload length (u16 LE), type (1 byte), payload
//! type   = 1 FULL, 2 FIRST, 3 MIDDLE, 4 LAST; a record is FULL, or FIRST MIDDLE* LAST
//! ```
//!
//! A chunk never crosses a block; fewer than 7 bytes at the end of a block are zero padding. A record may be
//! larger than a block. Damage costs the records of its block only: the decoder reports it with its offset,
//! goes on at the next block and takes records again from the next FULL or FIRST chunk.

/// Block size in bytes.
pub const BLOCK: u64 = 32 * 1024;
/// The seven bytes that open every log: ident, magic, version 0.
pub const FILE_HEADER: [u8; 7] = [0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0x00];
const CHUNK_HEADER: usize = 7;

const FULL: u8 = 1;
const FIRST: u8 = 2;
const MIDDLE: u8 = 3;
const LAST: u8 = 4;

/// Why a log, or a part of it, cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    #[error("not a .wandb transaction log")]
    Header,
    #[error("written by a newer version of the log format ({0})")]
    Version(u8),
    #[error("checksum mismatch at offset {0}")]
    Checksum(u64),
    #[error("chunk at offset {0} is longer than its block")]
    Length(u64),
    #[error("record cut off at offset {0}")]
    Cut(u64),
    #[error("zeroed chunk inside a record at offset {0}")]
    Zeroed(u64),
    #[error("record at offset {0} is not a valid message")]
    Message(u64),
}

/// Splits records into chunks. `offset` is where in the file the next byte goes.
#[derive(Debug, Clone)]
pub struct Framer {
    offset: u64,
}

impl Default for Framer {
    fn default() -> Self {
        Self::new()
    }
}

impl Framer {
    /// A framer for a new file whose [`FILE_HEADER`] has been written.
    pub fn new() -> Self {
        Self {
            offset: FILE_HEADER.len() as u64,
        }
    }

    /// File offset behind everything framed so far.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Appends the chunks of one record to `out`.
    pub fn frame(&mut self, mut record: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        let mut first = true;
        loop {
            let room = (BLOCK - (self.offset + (out.len() - start) as u64) % BLOCK) as usize;
            if room < CHUNK_HEADER {
                out.extend(std::iter::repeat_n(0, room));
                continue;
            }
            let take = record.len().min(room - CHUNK_HEADER);
            let (payload, rest) = record.split_at(take);
            record = rest;
            let kind = match (first, record.is_empty()) {
                (true, true) => FULL,
                (true, false) => FIRST,
                (false, false) => MIDDLE,
                (false, true) => LAST,
            };
            out.extend_from_slice(&checksum(kind, payload).to_le_bytes());
            out.extend_from_slice(&(take as u16).to_le_bytes());
            out.push(kind);
            out.extend_from_slice(payload);
            first = false;
            if record.is_empty() {
                break;
            }
        }
        self.offset += (out.len() - start) as u64;
    }
}

fn checksum(kind: u8, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[kind]);
    hasher.update(payload);
    hasher.finalize()
}

/// What the decoder hands out, in file order.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A complete record and the offset of its first chunk.
    Record { offset: u64, bytes: &'a [u8] },
    /// Something was skipped.
    Damage(LogError),
}

/// Push decoder: feed it the file's bytes in order, in pieces of any size.
#[derive(Debug, Default)]
pub struct Decoder {
    /// File offset of the next byte to decode.
    offset: u64,
    /// Payload of a record whose LAST chunk has not come yet, and where the record began.
    open: Option<u64>,
    parts: Vec<u8>,
    /// Bytes up to this offset are skipped.
    skip_to: u64,
    /// After damage: silent until a chunk that starts a record.
    lost: bool,
}

impl Decoder {
    /// A decoder that begins in the middle of a file, at the block that this offset lies in: what comes before the first
    /// record that begins there is skipped.
    pub fn at_block(offset: u64) -> Self {
        Self {
            offset: offset / BLOCK * BLOCK,
            lost: offset >= BLOCK,
            ..Self::default()
        }
    }

    /// Offset behind the last chunk that was decoded.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the file could end here: no record is open.
    pub fn at_record_boundary(&self) -> bool {
        self.open.is_none()
    }

    /// Decodes what is complete in `data`, which starts at [`Decoder::offset`]; returns how many bytes were used.
    ///
    /// The caller keeps the unused rest and brings it again with more behind it.
    pub fn decode(
        &mut self,
        data: &[u8],
        mut emit: impl FnMut(Piece<'_>),
    ) -> Result<usize, LogError> {
        let mut at = 0;
        if self.offset == 0 {
            let Some(header) = data.get(..FILE_HEADER.len()) else {
                return Ok(0);
            };
            if header[..6] != FILE_HEADER[..6] {
                return Err(LogError::Header);
            }
            if header[6] != 0 {
                return Err(LogError::Version(header[6]));
            }
            at = FILE_HEADER.len();
        }
        let base = self.offset;
        loop {
            let here = base + at as u64;
            if here < self.skip_to {
                let step = ((self.skip_to - here) as usize).min(data.len() - at);
                at += step;
                if step == 0 {
                    break;
                }
                continue;
            }
            let room = (BLOCK - here % BLOCK) as usize;
            if room < CHUNK_HEADER {
                self.skip_to = here + room as u64;
                continue;
            }
            let Some(header) = data.get(at..at + CHUNK_HEADER) else {
                break;
            };
            let crc = u32::from_le_bytes([header[0], header[1], header[2], header[3]]);
            let length = usize::from(u16::from_le_bytes([header[4], header[5]]));
            let kind = header[6];
            if crc == 0 && length == 0 && kind == 0 {
                if self.open.is_some() {
                    self.damage(LogError::Zeroed(here), &mut emit);
                }
                self.skip_to = here + room as u64;
                continue;
            }
            if length > room - CHUNK_HEADER {
                self.damage(LogError::Length(here), &mut emit);
                self.skip_to = here + room as u64;
                continue;
            }
            let Some(payload) = data.get(at + CHUNK_HEADER..at + CHUNK_HEADER + length) else {
                break;
            };
            if checksum(kind, payload) != crc {
                self.damage(LogError::Checksum(here), &mut emit);
                self.skip_to = here + room as u64;
                continue;
            }
            at += CHUNK_HEADER + length;
            self.chunk(kind, here, payload, &mut emit);
        }
        self.offset = base + at as u64;
        Ok(at)
    }

    fn chunk(&mut self, kind: u8, here: u64, payload: &[u8], emit: &mut impl FnMut(Piece<'_>)) {
        if let (FULL | FIRST, Some(start)) = (kind, self.open) {
            // The official reader glues such records together and loses both.
            self.damage(LogError::Cut(start), emit);
        }
        match kind {
            FULL => {
                self.lost = false;
                emit(Piece::Record {
                    offset: here,
                    bytes: payload,
                });
            }
            FIRST => {
                self.lost = false;
                self.open = Some(here);
                self.parts.clear();
                self.parts.extend_from_slice(payload);
            }
            MIDDLE | LAST => {
                let Some(start) = self.open else {
                    return;
                };
                self.parts.extend_from_slice(payload);
                if kind == LAST {
                    self.open = None;
                    emit(Piece::Record {
                        offset: start,
                        bytes: &self.parts,
                    });
                    self.parts.clear();
                    self.parts.shrink_to(1 << 20);
                }
            }
            _ => {}
        }
    }

    fn damage(&mut self, error: LogError, emit: &mut impl FnMut(Piece<'_>)) {
        self.open = None;
        self.parts.clear();
        if !self.lost {
            emit(Piece::Damage(error));
        }
        self.lost = true;
    }
}

/// Must not panic, hang, or hand out more bytes than it was given, whatever the input.
#[doc(hidden)]
pub fn fuzz_log(input: &[u8]) {
    let mut decoder = Decoder::default();
    let mut handed_out = 0;
    let _ = decoder.decode(input, |piece| {
        if let Piece::Record { bytes, .. } = piece {
            handed_out += bytes.len();
            let _ = super::raw::RawRecord::from_bytes(bytes.to_vec()).decode();
        }
    });
    assert!(handed_out <= input.len());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(records: &[Vec<u8>]) -> Vec<u8> {
        let mut framer = Framer::new();
        let mut out = FILE_HEADER.to_vec();
        for record in records {
            framer.frame(record, &mut out);
        }
        assert_eq!(framer.offset(), out.len() as u64);
        out
    }

    fn read(bytes: &[u8]) -> (Vec<Vec<u8>>, Vec<LogError>) {
        read_in_pieces(bytes, bytes.len().max(1))
    }

    fn read_in_pieces(bytes: &[u8], piece: usize) -> (Vec<Vec<u8>>, Vec<LogError>) {
        let (mut records, mut errors) = (Vec::new(), Vec::new());
        let mut decoder = Decoder::default();
        let mut held = Vec::new();
        for part in bytes.chunks(piece) {
            held.extend_from_slice(part);
            let used = decoder
                .decode(&held, |piece| match piece {
                    Piece::Record { bytes, .. } => records.push(bytes.to_vec()),
                    Piece::Damage(error) => errors.push(error),
                })
                .unwrap();
            held.drain(..used);
        }
        (records, errors)
    }

    #[test]
    fn bytes_are_those_of_the_official_writer() {
        let run = [0x08, 0x01, 0x8a, 0x01, 0x05, 0x0a, 0x03, 0x61, 0x62, 0x63].to_vec();
        let exit = [0x08, 0x02, 0x92, 0x01, 0x02, 0x08, 0x03].to_vec();
        let expected = [
            0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0x00, 0x11, 0x16, 0x84, 0x08, 0x0a, 0x00, 0x01,
            0x08, 0x01, 0x8a, 0x01, 0x05, 0x0a, 0x03, 0x61, 0x62, 0x63, 0x52, 0x2c, 0x81, 0x96,
            0x07, 0x00, 0x01, 0x08, 0x02, 0x92, 0x01, 0x02, 0x08, 0x03,
        ];
        assert_eq!(file(&[run, exit]), expected);
        assert_eq!(file(&[vec![]])[7..], [0x1b, 0xdf, 0x05, 0xa5, 0, 0, 1]);
    }

    #[test]
    fn block_edges() {
        for (size, chunk_kinds) in [
            (32_754, vec![FULL]),
            (32_755, vec![FIRST, LAST]),
            (32_747, vec![FULL]),
            (32_748, vec![FULL]),
            (100_000, vec![FIRST, MIDDLE, MIDDLE, LAST]),
        ] {
            let records = vec![vec![7; size], b"next".to_vec()];
            let bytes = file(&records);
            assert_eq!(bytes[13], chunk_kinds[0], "{size}");
            assert_eq!(read(&bytes), (records, vec![]), "{size}");
        }
        // Exactly 7 bytes left: an empty FIRST chunk stands there.
        let bytes = file(&[vec![7; 32_747], b"next".to_vec()]);
        assert_eq!(bytes[32_761 + 4..32_761 + 7], [0, 0, FIRST]);
    }

    #[test]
    fn damage_costs_its_block_only_and_is_named() {
        let records: Vec<Vec<u8>> = (0..100u8).map(|i| vec![i; 1000]).collect();
        let mut bytes = file(&records);
        bytes[40_000] ^= 1;
        let (found, errors) = read(&bytes);
        assert_eq!(errors.len(), 1);
        assert!(
            matches!(errors[0], LogError::Checksum(offset) if offset > 32_768 && offset < 40_000)
        );
        assert!(found.len() >= 67 && found.len() < 100, "{}", found.len());
        assert_eq!(found.last(), records.last());
        assert!(found.iter().all(|record| records.contains(record)));
    }

    #[test]
    fn a_new_record_inside_an_open_one_costs_only_the_open_one() {
        let mut framer = Framer::new();
        let mut bytes = FILE_HEADER.to_vec();
        framer.frame(&vec![1; 40_000], &mut bytes);
        bytes.truncate(BLOCK as usize);
        let mut framer = Framer { offset: BLOCK };
        framer.frame(b"after", &mut bytes);
        let (found, errors) = read(&bytes);
        assert_eq!(found, [b"after".to_vec()]);
        assert_eq!(errors, [LogError::Cut(7)]);
    }

    #[test]
    fn decoding_can_begin_at_any_block() {
        let records: Vec<Vec<u8>> = (0..100u8).map(|i| vec![i; 1000]).collect();
        let bytes = file(&records);
        for (offset, expected) in [(100, 100), (40_000, 67), (70_000, 34)] {
            let mut found = Vec::new();
            let mut decoder = Decoder::at_block(offset);
            let from = decoder.offset() as usize;
            decoder
                .decode(&bytes[from..], |piece| match piece {
                    Piece::Record { bytes, .. } => found.push(bytes.to_vec()),
                    Piece::Damage(error) => panic!("{error}"),
                })
                .unwrap();
            assert_eq!(found, records[100 - expected..], "{offset}");
        }
    }

    #[test]
    fn zeroed_space_is_skipped_silently_between_records() {
        let mut bytes = file(&[b"one".to_vec()]);
        bytes.resize(BLOCK as usize, 0);
        Framer { offset: BLOCK }.frame(b"two", &mut bytes);
        assert_eq!(
            read(&bytes),
            (vec![b"one".to_vec(), b"two".to_vec()], vec![])
        );
    }

    #[test]
    fn foreign_and_newer_files_are_refused() {
        let mut decoder = Decoder::default();
        assert_eq!(
            decoder.decode(b"PK\x03\x04 zip", |_| ()),
            Err(LogError::Header)
        );
        let newer = [0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0x01];
        assert_eq!(decoder.decode(&newer, |_| ()), Err(LogError::Version(1)));
    }

    #[test]
    fn every_cut_gives_exactly_the_complete_records() {
        let records: Vec<Vec<u8>> = (0..40u8).map(|i| vec![i; usize::from(i) * 97]).collect();
        let bytes = file(&records);
        let mut ends = Vec::new();
        let mut framer = Framer::new();
        for record in &records {
            framer.frame(record, &mut Vec::new());
            ends.push(framer.offset());
        }
        for cut in 7..bytes.len() {
            let complete = ends.iter().filter(|end| **end <= cut as u64).count();
            let (found, errors) = read(&bytes[..cut]);
            assert_eq!(found, records[..complete], "cut at {cut}");
            assert_eq!(errors, [], "cut at {cut}");
        }
    }

    #[test]
    fn any_flipped_byte_is_contained() {
        let records: Vec<Vec<u8>> = (0..30u8).map(|i| vec![i; 40]).collect();
        let bytes = file(&records);
        for at in 7..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x55;
            let (found, _) = read(&damaged);
            assert!(
                found.iter().all(|record| records.contains(record)),
                "flip at {at}"
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn round_trip_in_any_pieces(
            sizes in prop::collection::vec(prop_oneof![0..200usize, 32_700..32_800usize, 65_000..66_000usize], 1..12),
            piece in 1..70_000usize,
        ) {
            let records: Vec<Vec<u8>> = sizes.iter().enumerate().map(|(i, size)| vec![i as u8; *size]).collect();
            let bytes = file(&records);
            prop_assert_eq!(read_in_pieces(&bytes, piece), (records, vec![]));
        }

        #[test]
        fn any_bytes_are_handled(bytes: Vec<u8>) {
            fuzz_log(&bytes);
            fuzz_log(&[&FILE_HEADER[..], &bytes].concat());
        }
    }
}
