//! Writes segments: immutable parquet files of sorted rows, for us and for any other reader of parquet.
//!
//! One row group. Columns: the key (`_step` or `_line`, INT64, required), `_writer` (INT64, required) if any is not 0,
//! one optional column for each column of numbers (INT64 if all are integers, else DOUBLE), and `rest` (UTF-8 JSON of
//! what rows have besides numbers) if there is any. A column has its own name if it can; derived columns and those
//! with names that are empty, very long, taken or unprintable are told by the key-value entry `points.columns`:
//! `[[column, name, root], …]`, where `root` is null or the bytes of the name of a derived column's member.
//!
//! The columns are written one by one: beside the table itself memory is needed for one column.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufWriter, Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, Encoding, LogicalType, Repetition, Type as Physical, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, ParquetMetaData, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{ColumnPath, Type};

use super::keys::Stats;
use super::manifest::Segment;
use super::pyramid::Builder;
use super::table::{Column, Ident, Table};
use super::{At as _, Error, Key, Result};
use crate::store::empty_private_file;
use crate::wire::json::Value;

pub(super) const WRITER: &str = "_writer";
pub(super) const REST: &str = "rest";
/// The key-value entry that tells the columns whose names are not theirs.
pub(super) const COLUMNS: &str = "points.columns";
/// Rows of a page: what is read for one row.
const PAGE_ROWS: usize = 16_384;
/// Longer names are not the names of parquet columns.
const LONGEST_NAME: usize = 256;

/// The name of the key column.
pub(super) fn key_name(key: Key) -> &'static str {
    match key {
        Key::Step => super::ingest::STEP,
        Key::Line => "_line",
    }
}

/// Writes both files of a segment and synchronises them. The table must be sorted and not empty.
pub(super) fn write(directory: &Path, number: u64, table: &Table, key: Key) -> Result<Segment> {
    let mut segment = Segment {
        number,
        rows: table.rows(),
        first: table.keys[0],
        last: table.keys[table.rows() - 1],
        bytes: 0,
        weight: table.weight(),
        footer: 0,
        crc: 0,
    };
    let path = directory.join(segment.data());
    let columns: Vec<&Column> = table
        .columns
        .iter()
        .filter(|c| !c.rows.is_empty())
        .collect();
    let mut bins = Builder::new(table);
    let metadata = empty_private_file(&path)
        .map_err(ParquetError::from)
        .and_then(|file| write_parquet(file, table, &columns, key, &mut bins))
        .map_err(|error| Error::Write {
            path: path.clone(),
            what: error.to_string(),
        })?;
    let crcs = checksums(&path, &metadata, &mut segment)?;
    let has_writer = usize::from(table.writers.iter().any(|writer| *writer != 0));
    let fixed = [
        crcs[0],
        if has_writer == 1 { crcs[1] } else { 0 },
        crcs.get(1 + has_writer + columns.len())
            .copied()
            .unwrap_or(0),
    ];
    let idents = columns.iter().map(|column| column.ident.clone());
    let by_ident: HashMap<Ident, u32> =
        idents.zip(crcs[1 + has_writer..].iter().copied()).collect();
    let path = directory.join(segment.bins());
    let bytes = bins.end(&Stats::of(table), fixed, &by_ident);
    let mut file = empty_private_file(&path).at(&path)?;
    file.write_all(&bytes).at(&path)?;
    file.sync_all().at(&path)?;
    segment.bytes += bytes.len() as u64;
    Ok(segment)
}

fn write_parquet(
    file: File,
    table: &Table,
    columns: &[&Column],
    key: Key,
    bins: &mut Builder,
) -> std::result::Result<ParquetMetaData, ParquetError> {
    let has_writer = table.writers.iter().any(|writer| *writer != 0);
    let first = 1 + usize::from(has_writer);
    let names = Names::new(columns, key);
    let integers: Vec<bool> = columns.iter().map(|column| is_integer(column)).collect();
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_max_row_group_row_count(None)
        .set_sorting_columns(Some(
            (0..first as i32)
                .map(|column_idx| SortingColumn {
                    column_idx,
                    descending: false,
                    nulls_first: false,
                })
                .collect(),
        ))
        .set_key_value_metadata(names.metadata(first))
        .set_encoding(Encoding::PLAIN);
    let mut fields = Vec::with_capacity(columns.len() + 3);
    let mut field = |name: &str, kind: Physical, logical: Option<LogicalType>, optional| {
        let repetition = if optional {
            Repetition::OPTIONAL
        } else {
            Repetition::REQUIRED
        };
        let field = Type::primitive_type_builder(name, kind)
            .with_repetition(repetition)
            .with_logical_type(logical)
            .build()?;
        fields.push(Arc::new(field));
        Ok::<_, ParquetError>(())
    };
    field(key_name(key), Physical::INT64, None, false)?;
    properties = encode(properties, key_name(key), Encoding::DELTA_BINARY_PACKED);
    if has_writer {
        field(WRITER, Physical::INT64, None, false)?;
        properties = encode(properties, WRITER, Encoding::DELTA_BINARY_PACKED);
    }
    for (name, integer) in names.0.iter().zip(&integers) {
        let (kind, encoding) = if *integer {
            (Physical::INT64, Encoding::DELTA_BINARY_PACKED)
        } else {
            (Physical::DOUBLE, Encoding::BYTE_STREAM_SPLIT)
        };
        field(&name.shown, kind, None, true)?;
        properties = encode(properties, &name.shown, encoding);
    }
    if table.rest.len() > 0 {
        field(REST, Physical::BYTE_ARRAY, Some(LogicalType::String), true)?;
    }
    let schema = Type::group_type_builder("schema")
        .with_fields(fields)
        .build()?;
    let out = BufWriter::with_capacity(1 << 18, file);
    let mut writer =
        SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties.build()))?;
    let mut group = writer.next_row_group()?;
    put_integers(&mut group, &table.keys, None)?;
    let mut numbers: Vec<i64> = Vec::new();
    if has_writer {
        numbers.extend(table.writers.iter().map(|writer| i64::from(*writer)));
        put_integers(&mut group, &numbers, None)?;
    }
    let mut levels = Vec::new();
    for (column, integer) in columns.iter().zip(&integers) {
        set_levels(&mut levels, &column.rows, table.rows());
        if *integer {
            numbers.clear();
            numbers.extend(column.values.iter().map(|value| *value as i64));
            put_integers(&mut group, &numbers, Some(&levels))?;
        } else if let Some(mut out) = group.next_column()? {
            out.typed::<DoubleType>()
                .write_batch(&column.values, Some(&levels), None)?;
            out.close()?;
        }
        bins.column(column, &table.keys);
    }
    if table.rest.len() > 0
        && let Some(mut out) = group.next_column()?
    {
        set_levels(&mut levels, &table.rest.rows, table.rows());
        put_rest(out.typed::<ByteArrayType>(), table, &levels)?;
        out.close()?;
    }
    group.close()?;
    let metadata = writer.finish()?;
    writer.inner_mut().flush()?;
    writer.inner().get_ref().sync_all()?;
    Ok(metadata)
}

type ByteColumn<'a> = parquet::column::writer::ColumnWriterImpl<'a, ByteArrayType>;

/// In small batches: the texts are copied.
fn put_rest(
    out: &mut ByteColumn<'_>,
    table: &Table,
    levels: &[i16],
) -> std::result::Result<(), ParquetError> {
    let mut next = 0;
    for levels in levels.chunks(1024) {
        let texts: Vec<ByteArray> = levels
            .iter()
            .filter(|level| **level == 1)
            .map(|_| {
                next += 1;
                ByteArray::from(table.rest.get(next - 1))
            })
            .collect();
        out.write_batch(&texts, Some(levels), None)?;
    }
    Ok(())
}

fn put_integers<W: std::io::Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    numbers: &[i64],
    levels: Option<&[i16]>,
) -> std::result::Result<(), ParquetError> {
    if let Some(mut out) = group.next_column()? {
        out.typed::<Int64Type>()
            .write_batch(numbers, levels, None)?;
        out.close()?;
    }
    Ok(())
}

fn encode(
    properties: parquet::file::properties::WriterPropertiesBuilder,
    name: &str,
    encoding: Encoding,
) -> parquet::file::properties::WriterPropertiesBuilder {
    properties.set_column_encoding(ColumnPath::new(vec![name.to_owned()]), encoding)
}

fn set_levels(levels: &mut Vec<i16>, rows: &[u32], count: usize) {
    levels.clear();
    levels.resize(count, 0);
    for row in rows {
        levels[*row as usize] = 1;
    }
}

/// Whether all values are integers that both types hold exactly.
fn is_integer(column: &Column) -> bool {
    column.values.iter().all(|value| {
        value.fract() == 0.0
            && value.abs() <= 9_007_199_254_740_992.0
            && !(*value == 0.0 && value.is_sign_negative())
    })
}

/// Gives the checksum of each column chunk, and notes that of the footer and the size of the file.
fn checksums(path: &Path, metadata: &ParquetMetaData, segment: &mut Segment) -> Result<Vec<u32>> {
    let mut file = File::open(path).at(path)?;
    let mut bytes = vec![0; 4];
    file.read_exact(&mut bytes).at(path)?;
    let mut crcs = Vec::new();
    let mut at = 4;
    for chunk in metadata.row_group(0).columns() {
        let (start, length) = chunk.byte_range();
        if start != at {
            return Err(Error::damaged(path, "gaps between columns"));
        }
        bytes.resize(length as usize, 0);
        file.read_exact(&mut bytes).at(path)?;
        crcs.push(crc32fast::hash(&bytes));
        at += length;
    }
    bytes.clear();
    file.read_to_end(&mut bytes).at(path)?;
    segment.footer = at;
    segment.crc = crc32fast::hash(&bytes);
    segment.bytes = at + bytes.len() as u64;
    Ok(crcs)
}

struct Name {
    shown: String,
    /// What it stands for, if that is something else.
    ident: Option<Ident>,
}

/// The names of the columns in the file.
struct Names(Vec<Name>);

impl Names {
    fn new(columns: &[&Column], key: Key) -> Self {
        let reserved = [key_name(key), WRITER, REST].map(str::to_owned);
        let mut taken: HashSet<String> = reserved.into();
        // Plain columns come first, whatever their place.
        let plain = columns
            .iter()
            .filter(|c| c.ident.root.is_none() && is_name(&c.ident.name));
        let plain: HashSet<&str> = plain.map(|column| &*column.ident.name).collect();
        let mut names = Vec::new();
        for (place, column) in columns.iter().enumerate() {
            let ident = &column.ident;
            let clash = ident.root.is_some() && plain.contains(&*ident.name);
            let mut shown = ident.name.to_string();
            if !is_name(&shown) || clash || taken.contains(&shown) {
                shown = format!("column {place}");
                while taken.contains(&shown) || plain.contains(&*shown) {
                    shown.push('\'');
                }
            }
            taken.insert(shown.clone());
            let own = ident.root.is_none() && *shown == *ident.name;
            names.push(Name {
                shown,
                ident: (!own).then(|| ident.clone()),
            });
        }
        Self(names)
    }

    fn metadata(&self, first: usize) -> Option<Vec<KeyValue>> {
        let others = self.0.iter().enumerate().filter_map(|(place, name)| {
            let ident = name.ident.as_ref()?;
            let root = ident
                .root
                .map_or(Value::Null, |root| Value::Int(root.into()));
            let place = Value::Int((place + first) as i64);
            Some(Value::List(vec![place, Value::from(&*ident.name), root]))
        });
        let others: Vec<Value> = others.collect();
        let text = Value::List(others.clone()).to_json();
        (!others.is_empty()).then(|| vec![KeyValue::new(COLUMNS.to_owned(), text)])
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= LONGEST_NAME && !name.contains(char::is_control)
}
