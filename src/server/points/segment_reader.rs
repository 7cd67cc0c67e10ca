//! Reads segments: the rows of a range, of chosen columns.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Cursor};
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::serialized_reader::SerializedPageReader;

use super::keys::Stats;
use super::manifest::Segment;
use super::pyramid::Pyramid;
use super::segment::{COLUMNS, REST, WRITER, key_name};
use super::table::{Ident, Table};
use super::{At as _, Error, Key, Result};
use crate::wire::json::Value;

/// An open segment: its footer and its pyramid's directory, without their files.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) segment: Segment,
    path: PathBuf,
    pub(super) bins_path: PathBuf,
    metadata: ParquetMetaData,
    /// The columns of numbers, by place.
    columns: Vec<Option<Ident>>,
    places: HashMap<Ident, usize>,
    writer: Option<usize>,
    rest: Option<usize>,
    /// `None` if its file is lost or damaged.
    pub(super) pyramid: Option<Pyramid>,
}

/// A part of a file, in memory.
struct Part {
    start: u64,
    end: u64,
    bytes: Bytes,
}

impl Length for Part {
    fn len(&self) -> u64 {
        self.end
    }
}

impl Part {
    fn range(&self, start: u64, length: Option<usize>) -> std::result::Result<Bytes, ParquetError> {
        let outside = || ParquetError::EOF("a page is outside of its column".to_owned());
        let from = start.checked_sub(self.start).ok_or_else(outside)? as usize;
        let to = match length {
            Some(length) => from.checked_add(length).ok_or_else(outside)?,
            None => self.bytes.len(),
        };
        if from > to || to > self.bytes.len() {
            return Err(outside());
        }
        Ok(self.bytes.slice(from..to))
    }
}

impl ChunkReader for Part {
    type T = Cursor<Bytes>;

    fn get_read(&self, start: u64) -> std::result::Result<Self::T, ParquetError> {
        self.range(start, None).map(Cursor::new)
    }

    fn get_bytes(&self, start: u64, length: usize) -> std::result::Result<Bytes, ParquetError> {
        self.range(start, Some(length))
    }
}

impl Reader {
    pub(super) fn open(directory: &Path, segment: &Segment, key: Key) -> Result<Self> {
        let path = directory.join(segment.data());
        let file = File::open(&path).at(&path)?;
        let end = file.metadata().at(&path)?.len();
        let length = end.checked_sub(segment.footer);
        let length = length.ok_or_else(|| Error::damaged(&path, "cut short"))?;
        let bytes = read(&file, segment.footer, length as usize).at(&path)?;
        if crc32fast::hash(&bytes) != segment.crc {
            return Err(Error::damaged(&path, "wrong checksum of the footer"));
        }
        let part = Part {
            start: segment.footer,
            end,
            bytes: bytes.into(),
        };
        let metadata = ParquetMetaDataReader::new()
            .parse_and_finish(&part)
            .map_err(|error| Error::damaged(&path, error))?;
        if metadata.num_row_groups() != 1 || metadata.row_group(0).num_rows() != segment.rows as i64
        {
            return Err(Error::damaged(&path, "not the rows of the manifest"));
        }
        let bins_path = directory.join(segment.bins());
        let mut pyramid = Pyramid::load(&bins_path).ok();
        if let Some(pyramid) = &mut pyramid {
            pyramid.stats.set_rows(segment.rows as u64, segment.last);
        }
        let mut reader = Self {
            segment: segment.clone(),
            path,
            bins_path,
            metadata,
            columns: Vec::new(),
            places: HashMap::new(),
            writer: None,
            rest: None,
            pyramid,
        };
        reader.name_columns(key)?;
        Ok(reader)
    }

    fn name_columns(&mut self, key: Key) -> Result<()> {
        let metadata = self.metadata.file_metadata();
        let mut others: HashMap<usize, Ident> = HashMap::new();
        let entries = metadata.key_value_metadata().into_iter().flatten();
        for entry in entries.filter(|entry| entry.key == COLUMNS) {
            let text = entry.value.as_deref().unwrap_or_default();
            let list = Value::parse(text).map_err(|error| Error::damaged(&self.path, error))?;
            let Value::List(list) = list else { continue };
            for other in list {
                if let Value::List(parts) = other
                    && let [Value::Int(place), Value::Text(name), root] = parts.as_slice()
                {
                    let ident = Ident {
                        name: name.as_str().into(),
                        root: root.as_f64().map(|root| root as u32),
                    };
                    others.insert(*place as usize, ident);
                }
            }
        }
        let mut columns = Vec::new();
        for (place, column) in metadata.schema_descr().columns().iter().enumerate() {
            let name = column.name();
            let ident = match others.remove(&place) {
                Some(ident) => Some(ident),
                None if name == key_name(key) => None,
                None if name == WRITER => {
                    self.writer = Some(place);
                    None
                }
                None if name == REST => {
                    self.rest = Some(place);
                    None
                }
                None => Some(Ident::plain(name)),
            };
            if let Some(ident) = &ident {
                self.places.insert(ident.clone(), place);
            }
            columns.push(ident);
        }
        self.columns = columns;
        Ok(())
    }

    /// The columns of this name.
    pub(super) fn named(&self, name: &str) -> Vec<Ident> {
        let plain = Ident::plain(name);
        if self.places.contains_key(&plain) && self.derived(name).next().is_none() {
            return vec![plain];
        }
        let columns = self.columns.iter().flatten();
        columns
            .filter(|ident| *ident.name == *name)
            .cloned()
            .collect()
    }

    fn derived<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Ident> {
        let columns = self.columns.iter().flatten();
        columns.filter(move |ident| ident.root.is_some() && *ident.name == *name)
    }

    /// The keys of some rows.
    pub(super) fn keys(&self, rows: &Range<usize>) -> Result<Vec<i64>> {
        let crc = self.pyramid.as_ref().map(|pyramid| pyramid.fixed_crcs[0]);
        let (keys, _) = self.read::<Int64Type>(0, crc, rows)?;
        if keys.len() != rows.len() {
            return Err(Error::damaged(&self.path, "keys are missing"));
        }
        Ok(keys)
    }

    /// Which rows have keys in this range.
    pub(super) fn rows(&self, keys: &Range<i128>) -> Result<Range<usize>> {
        let (first, last) = (
            i128::from(self.segment.first),
            i128::from(self.segment.last),
        );
        if keys.start <= first && last < keys.end {
            return Ok(0..self.segment.rows);
        }
        let all = self.keys(&(0..self.segment.rows))?;
        let place = |key: i128| all.partition_point(|k| i128::from(*k) < key);
        let start = place(keys.start);
        Ok(start..place(keys.end).max(start))
    }

    /// The rows of a range, with the wanted columns, and with the rest or without.
    pub(super) fn table(
        &self,
        rows: Range<usize>,
        wanted: impl Fn(&Ident) -> bool,
        rest: bool,
    ) -> Result<Table> {
        let mut table = Table::default();
        table.keys = self.keys(&rows)?;
        match self.writer {
            None => table.writers.resize(rows.len(), 0),
            Some(place) => {
                let crc = self.pyramid.as_ref().map(|pyramid| pyramid.fixed_crcs[1]);
                let (writers, _) = self.read::<Int64Type>(place, crc, &rows)?;
                table
                    .writers
                    .extend(writers.iter().map(|writer| *writer as u32));
            }
        }
        for (place, ident) in self.columns.iter().enumerate() {
            let Some(ident) = ident.as_ref().filter(|ident| wanted(ident)) else {
                continue;
            };
            let (numbers, values) = self.numbers(place, ident, &rows)?;
            let at = table.place(ident.clone()) as usize;
            table.columns[at].rows = numbers;
            table.columns[at].values = values;
        }
        if let (true, Some(place)) = (rest, self.rest) {
            let crc = self.pyramid.as_ref().map(|pyramid| pyramid.fixed_crcs[2]);
            let (texts, numbers) = self.read::<ByteArrayType>(place, crc, &rows)?;
            for (row, text) in numbers.iter().zip(&texts) {
                let text = text
                    .as_utf8()
                    .map_err(|error| Error::damaged(&self.path, error))?;
                table.rest.push(*row, text);
            }
        }
        if table.writers.len() != rows.len() {
            return Err(Error::damaged(&self.path, "writers are missing"));
        }
        Ok(table)
    }

    /// A column's row numbers, counted from the beginning of the range, and values.
    pub(super) fn column(
        &self,
        ident: &Ident,
        rows: &Range<usize>,
    ) -> Result<(Vec<u32>, Vec<f64>)> {
        match self.places.get(ident) {
            Some(place) => self.numbers(*place, ident, rows),
            None => Ok((Vec::new(), Vec::new())),
        }
    }

    fn numbers(
        &self,
        place: usize,
        ident: &Ident,
        rows: &Range<usize>,
    ) -> Result<(Vec<u32>, Vec<f64>)> {
        let crc = self
            .pyramid
            .as_ref()
            .and_then(|pyramid| pyramid.crcs.get(ident).copied());
        let kind = self.metadata.row_group(0).column(place).column_type();
        if kind == parquet::basic::Type::INT64 {
            let (values, rows) = self.read::<Int64Type>(place, crc, rows)?;
            return Ok((rows, values.iter().map(|value| *value as f64).collect()));
        }
        let (values, rows) = self.read::<DoubleType>(place, crc, rows)?;
        Ok((rows, values))
    }

    /// The values of a chunk in some rows, and in which of them they are.
    fn read<T: DataType>(
        &self,
        place: usize,
        crc: Option<u32>,
        rows: &Range<usize>,
    ) -> Result<(Vec<T::T>, Vec<u32>)> {
        let chunk = self.metadata.row_group(0).column(place);
        if chunk.column_type() != T::get_physical_type() {
            return Err(Error::damaged(&self.path, "a column has a wrong type"));
        }
        let (start, length) = chunk.byte_range();
        let file = File::open(&self.path).at(&self.path)?;
        let bytes = read(&file, start, length as usize).at(&self.path)?;
        if crc.is_some_and(|crc| crc32fast::hash(&bytes) != crc) {
            let what = format!("wrong checksum of column {:?}", chunk.column_descr().name());
            return Err(Error::damaged(&self.path, what));
        }
        let part = Part {
            start,
            end: start + length,
            bytes: bytes.into(),
        };
        decode::<T>(part, chunk, self.segment.rows, rows)
            .map_err(|error| Error::damaged(&self.path, error))
    }

    /// The statistics of the rows; made anew if the file that has them is lost.
    pub(super) fn stats(&self) -> Result<Stats> {
        match &self.pyramid {
            Some(pyramid) => Ok(pyramid.stats.clone()),
            None => Ok(Stats::of(&self.table(
                0..self.segment.rows,
                |_| true,
                true,
            )?)),
        }
    }

    /// What it costs to keep it open: columns.
    pub(super) fn cost(&self) -> usize {
        self.columns.len()
    }
}

fn read(file: &File, start: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, start)?;
    Ok(bytes)
}

fn decode<T: DataType>(
    part: Part,
    chunk: &ColumnChunkMetaData,
    total: usize,
    rows: &Range<usize>,
) -> std::result::Result<(Vec<T::T>, Vec<u32>), ParquetError> {
    let pages = SerializedPageReader::new(Arc::new(part), chunk, total, None)?;
    let mut reader = ColumnReaderImpl::<T>::new(chunk.column_descr_ptr(), Box::new(pages));
    let skipped = reader.skip_records(rows.start)?;
    let mut values = Vec::with_capacity(rows.len());
    let mut levels = Vec::new();
    let optional = chunk.column_descr().max_def_level() > 0;
    let mut read = 0;
    while read < rows.len() {
        let levels = optional.then_some(&mut levels);
        let (records, _, _) = reader.read_records(rows.len() - read, levels, None, &mut values)?;
        if records == 0 {
            break;
        }
        read += records;
    }
    if skipped != rows.start || read != rows.len() {
        return Err(ParquetError::EOF("rows are missing".to_owned()));
    }
    let numbers: Vec<u32> = if values.len() == rows.len() {
        (0..rows.len() as u32).collect()
    } else {
        let with = levels.iter().enumerate().filter(|(_, level)| **level > 0);
        with.map(|(row, _)| row as u32).collect()
    };
    if numbers.len() != values.len() {
        return Err(ParquetError::General("values are missing".to_owned()));
    }
    Ok((values, numbers))
}
