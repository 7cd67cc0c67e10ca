//! The `.bins` file of a segment: statistics, checksums, and minima and maxima of bins of rows.
//!
//! All integers are little-endian. `WBBINS1\n`, `length u32` and `crc32 u32` of the directory, the directory, then
//! blocks of bins. The directory: `rows u32`, crc32 of the key and writer chunks (`u32` each), of the chunk of the
//! rest, whether there are bins (`u8`), the block of keys, and for each column `name`, `root u32` (`u32::MAX` for a
//! plain one), crc32 of its chunk, `numbers u64`, `nans u64`, `first f64`, `latest f64`, `rising u8`, its other types
//! (`count u32`, then name and `u64` each), whether its last value is here (`u8`) and that as text, and its two blocks, for bins
//! of 64 and of 4096 rows. A block is named by `offset u64`, `length u32`, `crc32 u32`; length 0 says it is absent.
//!
//! A column's block: `minimum f64`, `maximum f64`, `last f64` of each bin, and, unless each row has a value,
//! `count u32` and `key i64` of the last value. Minima and maxima leave NaN out and are NaN if nothing is left. The
//! block of keys: the first and the last key (`i64`) of each bin of 64 rows, then of 4096.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use super::keys::{Stat, Stats};
use super::table::{Column, Ident, Table};
use super::{At as _, Error, Result};

const MAGIC: &[u8; 8] = b"WBBINS1\n";
/// Rows of a bin, by level.
pub(super) const BIN_ROWS: [usize; 2] = [64, 4096];
/// A segment with fewer rows has no bins.
const MIN_ROWS: usize = 1024;
const NONE: u32 = u32::MAX;
/// Bytes that a bin takes at least and at most.
const BIN_BYTES: [usize; 2] = [24, 36];

/// Where a block is; of length 0 if there is none.
#[derive(Debug, Clone, Copy, Default)]
struct Block {
    offset: u64,
    length: u32,
    crc: u32,
}

/// The bins of one column.
#[derive(Debug, Default)]
pub(super) struct Bins {
    pub(super) min: Vec<f64>,
    pub(super) max: Vec<f64>,
    pub(super) last: Vec<f64>,
    pub(super) count: Vec<u32>,
    /// The key of the last value.
    pub(super) key: Vec<i64>,
}

/// What a `.bins` file says of its segment.
#[derive(Debug)]
pub(super) struct Pyramid {
    pub(super) stats: Stats,
    /// The crc32 of the chunks of the parquet file: the key, the writer, the rest.
    pub(super) fixed_crcs: [u32; 3],
    pub(super) crcs: HashMap<Ident, u32>,
    rows: usize,
    keys: Block,
    blocks: HashMap<Ident, [Block; 2]>,
}

/// Builds a `.bins` file while a segment is written.
#[derive(Debug)]
pub(super) struct Builder {
    rows: usize,
    blocks: Vec<u8>,
    keys: Block,
    columns: Vec<(Ident, [Block; 2])>,
}

impl Builder {
    pub(super) fn new(table: &Table) -> Self {
        let rows = table.rows();
        let mut builder = Self {
            rows,
            blocks: Vec::new(),
            keys: Block::default(),
            columns: Vec::new(),
        };
        if rows >= MIN_ROWS {
            let mut bytes = Vec::new();
            for size in BIN_ROWS {
                for bin in table.keys.chunks(size) {
                    bytes.extend(bin[0].to_le_bytes());
                    bytes.extend(bin[bin.len() - 1].to_le_bytes());
                }
            }
            builder.keys = builder.block(&bytes);
        }
        builder
    }

    fn block(&mut self, bytes: &[u8]) -> Block {
        let block = Block {
            offset: self.blocks.len() as u64,
            length: bytes.len() as u32,
            crc: crc32fast::hash(bytes),
        };
        self.blocks.extend_from_slice(bytes);
        block
    }

    pub(super) fn column(&mut self, column: &Column, keys: &[i64]) {
        let mut blocks = [Block::default(); 2];
        if self.rows >= MIN_ROWS {
            for (block, size) in blocks.iter_mut().zip(BIN_ROWS) {
                let bins = Bins::of(column, keys, size);
                *block = self.block(&bins.to_bytes(column.rows.len() == self.rows));
            }
        }
        self.columns.push((column.ident.clone(), blocks));
    }

    /// The whole file.
    pub(super) fn end(self, stats: &Stats, fixed: [u32; 3], crcs: &HashMap<Ident, u32>) -> Vec<u8> {
        let mut directory = Vec::new();
        let out = &mut directory;
        put(out, self.rows as u32);
        for crc in fixed {
            put(out, crc);
        }
        put_block(out, self.keys);
        let mut columns: HashMap<Ident, [Block; 2]> = self.columns.into_iter().collect();
        put(out, stats.columns.len() as u32);
        for (ident, stat) in &stats.columns {
            put_text(out, &ident.name);
            put(out, ident.root.unwrap_or(NONE));
            put(out, crcs.get(ident).copied().unwrap_or(0));
            for number in [stat.numbers, stat.nans] {
                out.extend(number.to_le_bytes());
            }
            for number in [stat.first, stat.latest] {
                out.extend(number.to_le_bytes());
            }
            out.push(u8::from(stat.rising));
            put(out, stat.types.len() as u32);
            for (kind, count) in &stat.types {
                put_text(out, kind);
                out.extend(count.to_le_bytes());
            }
            out.push(u8::from(stat.last.is_some()));
            if let Some(last) = &stat.last {
                put_text(out, last);
            }
            for block in columns.remove(ident).unwrap_or_default() {
                put_block(out, block);
            }
        }
        let mut file = MAGIC.to_vec();
        put(&mut file, directory.len() as u32);
        put(&mut file, crc32fast::hash(&directory));
        file.extend(directory);
        file.extend(self.blocks);
        file
    }
}

impl Bins {
    fn of(column: &Column, keys: &[i64], size: usize) -> Self {
        let mut bins = Self::default();
        let mut at = 0;
        for start in (0..keys.len()).step_by(size) {
            let begin = at;
            let (mut min, mut max) = (f64::NAN, f64::NAN);
            while at < column.rows.len() && (column.rows[at] as usize) < start + size {
                // Of a number and NaN these give the number.
                min = min.min(column.values[at]);
                max = max.max(column.values[at]);
                at += 1;
            }
            bins.min.push(min);
            bins.max.push(max);
            bins.count.push((at - begin) as u32);
            let last = (at > begin).then(|| at - 1);
            bins.last
                .push(last.map_or(f64::NAN, |at| column.values[at]));
            bins.key
                .push(last.map_or(0, |at| keys[column.rows[at] as usize]));
        }
        bins
    }

    fn to_bytes(&self, dense: bool) -> Vec<u8> {
        let floats = [&self.min, &self.max, &self.last].into_iter().flatten();
        let mut bytes: Vec<u8> = floats.flat_map(|f| f.to_le_bytes()).collect();
        if !dense {
            bytes.extend(self.count.iter().flat_map(|count| count.to_le_bytes()));
            bytes.extend(self.key.iter().flat_map(|key| key.to_le_bytes()));
        }
        bytes
    }
}

impl Pyramid {
    /// Reads the directory of a file.
    pub(super) fn load(path: &Path) -> Result<Self> {
        let file = File::open(path).at(path)?;
        let mut head = [0; 16];
        file.read_exact_at(&mut head, 0).at(path)?;
        let mut cursor = Cursor(&head[8..]);
        let (Some(length), Some(crc), true) = (cursor.u32(), cursor.u32(), head.starts_with(MAGIC))
        else {
            return Err(Error::damaged(path, "no bins file"));
        };
        if u64::from(length) + 16 > file.metadata().at(path)?.len() {
            return Err(Error::damaged(path, "cut short"));
        }
        let mut directory = vec![0; length as usize];
        file.read_exact_at(&mut directory, 16).at(path)?;
        if crc32fast::hash(&directory) != crc {
            return Err(Error::damaged(path, "wrong checksum"));
        }
        Self::parse(&mut Cursor(&directory), 16 + u64::from(length))
            .ok_or_else(|| Error::damaged(path, "cut short"))
    }

    fn parse(cursor: &mut Cursor<'_>, base: u64) -> Option<Self> {
        let rows = cursor.u32()? as usize;
        let mut pyramid = Self {
            stats: Stats::default(),
            fixed_crcs: [cursor.u32()?, cursor.u32()?, cursor.u32()?],
            crcs: HashMap::new(),
            rows,
            keys: cursor.block(base)?,
            blocks: HashMap::new(),
        };
        for _ in 0..cursor.u32()? {
            let name = cursor.text()?;
            let root = cursor.u32()?;
            let ident = Ident {
                name: name.into(),
                root: (root != NONE).then_some(root),
            };
            pyramid.crcs.insert(ident.clone(), cursor.u32()?);
            let mut stat = Stat {
                numbers: u64::from_le_bytes(cursor.take()?),
                nans: u64::from_le_bytes(cursor.take()?),
                first: f64::from_le_bytes(cursor.take()?),
                latest: f64::from_le_bytes(cursor.take()?),
                rising: cursor.take::<1>()? == [1],
                ..Stat::default()
            };
            for _ in 0..cursor.u32()? {
                let kind = cursor.text()?;
                let count = u64::from_le_bytes(cursor.take()?);
                stat.types.insert(kind.to_owned(), count);
            }
            if cursor.take::<1>()? == [1] {
                stat.last = Some(cursor.text()?.to_owned());
            }
            let blocks = [cursor.block(base)?, cursor.block(base)?];
            pyramid.blocks.insert(ident.clone(), blocks);
            pyramid.stats.columns.insert(ident, stat);
        }
        Some(pyramid)
    }

    /// Whether there are bins.
    pub(super) fn has_bins(&self) -> bool {
        self.keys.length > 0
    }

    /// The first and the last key of each bin of a level.
    pub(super) fn keys(&self, path: &Path, level: usize) -> Result<Vec<(i64, i64)>> {
        let bytes = read(path, self.keys)?;
        let finer: usize = (0..level).map(|level| self.bins_at(level)).sum();
        let mut cursor = Cursor(bytes.get(16 * finer..).unwrap_or_default());
        let keys = (0..self.bins_at(level))
            .map(|_| {
                let first = i64::from_le_bytes(cursor.take()?);
                Some((first, i64::from_le_bytes(cursor.take()?)))
            })
            .collect::<Option<_>>();
        keys.ok_or_else(|| Error::damaged(path, "bins are cut short"))
    }

    fn bins_at(&self, level: usize) -> usize {
        self.rows.div_ceil(BIN_ROWS[level])
    }

    /// The bins of a column; none if it has no numbers here.
    pub(super) fn bins(
        &self,
        path: &Path,
        ident: &Ident,
        level: usize,
        keys: &[(i64, i64)],
    ) -> Result<Option<Bins>> {
        let Some(block) = self.blocks.get(ident).map(|blocks| blocks[level]) else {
            return Ok(None);
        };
        if block.length == 0 {
            return Ok(None);
        }
        let bytes = read(path, block)?;
        let count = self.bins_at(level);
        let dense = bytes.len() == BIN_BYTES[0] * count;
        if (!dense && bytes.len() != BIN_BYTES[1] * count) || keys.len() != count {
            return Err(Error::damaged(path, "bins of a wrong length"));
        }
        let floats = |part: usize| {
            let (numbers, _) = bytes[8 * part * count..8 * (part + 1) * count].as_chunks::<8>();
            numbers.iter().map(|f| f64::from_le_bytes(*f)).collect()
        };
        let mut bins = Bins {
            min: floats(0),
            max: floats(1),
            last: floats(2),
            ..Bins::default()
        };
        if dense {
            let size = BIN_ROWS[level];
            bins.count = (0..count)
                .map(|bin| size.min(self.rows - bin * size) as u32)
                .collect();
            bins.key = keys.iter().map(|keys| keys.1).collect();
        } else {
            let counts = &bytes[24 * count..28 * count];
            let keys = &bytes[28 * count..];
            bins.count = counts
                .as_chunks::<4>()
                .0
                .iter()
                .map(|n| u32::from_le_bytes(*n))
                .collect();
            bins.key = keys
                .as_chunks::<8>()
                .0
                .iter()
                .map(|n| i64::from_le_bytes(*n))
                .collect();
        }
        Ok(Some(bins))
    }
}

fn read(path: &Path, block: Block) -> Result<Vec<u8>> {
    let file = File::open(path).at(path)?;
    let mut bytes = vec![0; block.length as usize];
    file.read_exact_at(&mut bytes, block.offset).at(path)?;
    if crc32fast::hash(&bytes) != block.crc {
        return Err(Error::damaged(path, "wrong checksum"));
    }
    Ok(bytes)
}

fn put(out: &mut Vec<u8>, number: u32) {
    out.extend(number.to_le_bytes());
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put(out, text.len() as u32);
    out.extend(text.as_bytes());
}

fn put_block(out: &mut Vec<u8>, block: Block) {
    out.extend(block.offset.to_le_bytes());
    put(out, block.length);
    put(out, block.crc);
}

/// Takes a directory apart.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*head)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = self.u32()?;
        let (text, rest) = self.0.split_at_checked(length as usize)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    fn block(&mut self, base: u64) -> Option<Block> {
        Some(Block {
            offset: base.checked_add(u64::from_le_bytes(self.take()?))?,
            length: self.u32()?,
            crc: self.u32()?,
        })
    }
}
