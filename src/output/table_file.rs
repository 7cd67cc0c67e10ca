//! Tables for other programs: csv and parquet.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use crate::run::rows::ColumnType;
use crate::wire::json::Value;

/// Cells of a row group: what is held in memory before it is written.
const GROUP_CELLS: usize = 2 << 20;
/// Bytes of text in a row group.
const GROUP_TEXT: usize = 32 << 20;

/// Writes a row of csv. Missing values are empty, what is no number or text is JSON.
pub fn write_csv_row(out: &mut impl Write, cells: &[Value]) -> io::Result<()> {
    let mut line = String::new();
    for (i, cell) in cells.iter().enumerate() {
        if i > 0 {
            line.push(',');
        }
        match cell {
            Value::Null => {}
            Value::Float(f) if f.is_nan() => line.push_str("nan"),
            Value::Float(f) if f.is_infinite() => {
                line.push_str(if *f > 0.0 { "inf" } else { "-inf" });
            }
            // Empty text is not a missing value.
            Value::Text(text) if text.is_empty() => line.push_str("\"\""),
            Value::Text(text) => push_csv(text, &mut line),
            other => push_csv(&other.to_json(), &mut line),
        }
    }
    line.push('\n');
    out.write_all(line.as_bytes())
}

fn push_csv(text: &str, line: &mut String) {
    if text.contains([',', '"', '\n', '\r']) {
        line.push('"');
        line.push_str(&text.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(text);
    }
}

/// Writes a parquet file, one row group at a time.
pub struct Parquet<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    columns: Vec<Column>,
    cells: usize,
    text: usize,
}

/// The values of one column that wait for their row group.
struct Column {
    values: Values,
    /// 1 for a value, 0 for null.
    levels: Vec<i16>,
}

enum Values {
    Bool(Vec<bool>),
    Int(Vec<i64>),
    Double(Vec<f64>),
    Text(Vec<ByteArray>),
}

impl<W: Write + Send> Parquet<W> {
    /// A file with these columns; all may be null.
    pub fn new(out: W, columns: &[(String, ColumnType)]) -> Result<Self, ParquetError> {
        let fields = columns
            .iter()
            .map(|(name, kind)| {
                let (physical, logical) = match kind {
                    ColumnType::Bool => (Physical::BOOLEAN, None),
                    ColumnType::Int => (Physical::INT64, None),
                    ColumnType::Double => (Physical::DOUBLE, None),
                    ColumnType::Text | ColumnType::Null => {
                        (Physical::BYTE_ARRAY, Some(LogicalType::String))
                    }
                };
                let field = Type::primitive_type_builder(name, physical)
                    .with_repetition(Repetition::OPTIONAL)
                    .with_logical_type(logical)
                    .build()?;
                Ok(Arc::new(field))
            })
            .collect::<Result<Vec<_>, ParquetError>>()?;
        let schema = Type::group_type_builder("schema")
            .with_fields(fields)
            .build()?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let columns = columns
            .iter()
            .map(|(_, kind)| Column {
                values: match kind {
                    ColumnType::Bool => Values::Bool(Vec::new()),
                    ColumnType::Int => Values::Int(Vec::new()),
                    ColumnType::Double => Values::Double(Vec::new()),
                    ColumnType::Text | ColumnType::Null => Values::Text(Vec::new()),
                },
                levels: Vec::new(),
            })
            .collect();
        Ok(Self {
            writer: SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties))?,
            columns,
            cells: 0,
            text: 0,
        })
    }

    /// Adds a row: one value a column, of the column's type.
    pub fn push(&mut self, cells: &[Value]) -> Result<(), ParquetError> {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            self.text += column.push(cell);
        }
        self.cells += self.columns.len();
        if self.cells >= GROUP_CELLS || self.text >= GROUP_TEXT {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what is held, and the end of the file.
    pub fn finish(mut self) -> Result<(), ParquetError> {
        if self.cells > 0 {
            self.flush()?;
        }
        self.writer.close().map(drop)
    }

    fn flush(&mut self) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for column in &mut self.columns {
            let Some(mut out) = group.next_column()? else {
                break;
            };
            let levels = Some(column.levels.as_slice());
            match &mut column.values {
                Values::Bool(values) => {
                    out.typed::<BoolType>().write_batch(values, levels, None)?;
                    values.clear();
                }
                Values::Int(values) => {
                    out.typed::<Int64Type>().write_batch(values, levels, None)?;
                    values.clear();
                }
                Values::Double(values) => {
                    out.typed::<DoubleType>()
                        .write_batch(values, levels, None)?;
                    values.clear();
                }
                Values::Text(values) => {
                    out.typed::<ByteArrayType>()
                        .write_batch(values, levels, None)?;
                    values.clear();
                }
            }
            column.levels.clear();
            out.close()?;
        }
        group.close()?;
        (self.cells, self.text) = (0, 0);
        Ok(())
    }
}

impl Column {
    /// Gives the bytes of text that were added.
    fn push(&mut self, cell: &Value) -> usize {
        let mut bytes = 0;
        let fits = match (&mut self.values, cell) {
            (_, Value::Null) => false,
            (Values::Bool(values), Value::Bool(flag)) => {
                values.push(*flag);
                true
            }
            (Values::Int(values), Value::Int(number)) => {
                values.push(*number);
                true
            }
            (Values::Double(values), cell) => cell.as_f64().is_some_and(|number| {
                values.push(number);
                true
            }),
            (Values::Text(values), cell) => {
                let text = match cell {
                    Value::Text(text) => text.clone(),
                    other => other.to_json(),
                };
                bytes = text.len();
                values.push(ByteArray::from(text.into_bytes()));
                true
            }
            _ => false,
        };
        self.levels.push(i16::from(fits));
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_cells() {
        let cells = Value::parse(r#"[1, 0.5, NaN, -Infinity, null, "", "a,\"b\"", [1, 2], true]"#);
        let Ok(Value::List(cells)) = cells else {
            panic!()
        };
        let mut out = Vec::new();
        write_csv_row(&mut out, &cells).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "1,0.5,nan,-inf,,\"\",\"a,\"\"b\"\"\",\"[1,2]\",true\n"
        );
    }

    #[test]
    fn a_parquet_file_has_its_frame() {
        let mut out = Vec::new();
        let columns = [
            ("a".to_owned(), ColumnType::Int),
            ("b".to_owned(), ColumnType::Text),
        ];
        let mut file = Parquet::new(&mut out, &columns).unwrap();
        file.push(&[Value::Int(1), Value::Null]).unwrap();
        file.push(&[Value::Null, Value::List(vec![])]).unwrap();
        file.finish().unwrap();
        assert!(out.starts_with(b"PAR1") && out.ends_with(b"PAR1"));
    }
}
