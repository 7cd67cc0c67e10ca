//! `manifest.json`: which files of a series count.
//!
//! `{"format":1,"key":"step"|"line","generation":G,"lines":N,"next":F,"segments":[{"number":…,"rows":…,"first":…,
//! "last":…,"bytes":…,"weight":…,"footer":…,"crc":…}]}`, segments in order of their keys. It is replaced as a whole:
//! written beside, synchronised, renamed. Statistics of columns are in each segment's own `.bins` file, so that the
//! manifest stays small for runs with thousands of columns.

use std::io::{self, Write as _};
use std::path::Path;

use super::tail::{self, sync_directory};
use super::{At as _, Error, Key, Result};
use crate::store::empty_private_file;
use crate::wire::json::Value;

const NAME: &str = "manifest.json";
const FORMAT: i64 = 1;

/// A segment, as the manifest knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    /// Names its files; never used again.
    pub(super) number: u64,
    pub(super) rows: usize,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) bytes: u64,
    /// Numbers and text, in numbers.
    pub(super) weight: usize,
    /// Where the parquet footer begins, and its crc32.
    pub(super) footer: u64,
    pub(super) crc: u32,
}

impl Segment {
    /// The name of its parquet file.
    pub(super) fn data(&self) -> String {
        format!("segment-{}.parquet", self.number)
    }

    /// The name of its pyramid.
    pub(super) fn bins(&self) -> String {
        format!("segment-{}.bins", self.number)
    }
}

/// What a series consists of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) generation: u64,
    pub(super) lines: u64,
    /// The number of the next segment.
    pub(super) next: u64,
    pub(super) segments: Vec<Segment>,
}

impl Manifest {
    /// Reads the manifest of a directory; that of a new series if there is none.
    pub(super) fn load(directory: &Path, key: Key) -> Result<Self> {
        let path = directory.join(NAME);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(error).at(&path),
        };
        let value = Value::parse(&text).map_err(|error| Error::damaged(&path, error))?;
        match number(&value, "format") {
            Some(FORMAT) => {}
            Some(format) if format > FORMAT => return Err(Error::TooNew { path, format }),
            _ => return Err(Error::damaged(&path, "no format")),
        }
        if value.get("key").and_then(Value::as_str) != Some(kind(key)) {
            return Err(Error::damaged(&path, "another kind of series"));
        }
        Self::parse(&value).ok_or_else(|| Error::damaged(&path, "a field is missing"))
    }

    fn parse(value: &Value) -> Option<Self> {
        let Some(Value::List(segments)) = value.get("segments") else {
            return None;
        };
        let segments = segments.iter().map(|segment| {
            Some(Segment {
                number: unsigned(segment, "number")?,
                rows: unsigned(segment, "rows")? as usize,
                first: number(segment, "first")?,
                last: number(segment, "last")?,
                bytes: unsigned(segment, "bytes")?,
                weight: unsigned(segment, "weight")? as usize,
                footer: unsigned(segment, "footer")?,
                crc: u32::try_from(number(segment, "crc")?).ok()?,
            })
        });
        Some(Self {
            generation: unsigned(value, "generation")?,
            lines: unsigned(value, "lines")?,
            next: unsigned(value, "next")?,
            segments: segments.collect::<Option<_>>()?,
        })
    }

    fn to_value(&self, key: Key) -> Value {
        let int = |number: u64| Value::Int(number as i64);
        let segments = self.segments.iter().map(|segment| {
            object([
                ("number", int(segment.number)),
                ("rows", int(segment.rows as u64)),
                ("first", Value::Int(segment.first)),
                ("last", Value::Int(segment.last)),
                ("bytes", int(segment.bytes)),
                ("weight", int(segment.weight as u64)),
                ("footer", int(segment.footer)),
                ("crc", int(u64::from(segment.crc))),
            ])
        });
        object([
            ("format", Value::Int(FORMAT)),
            ("key", kind(key).into()),
            ("generation", int(self.generation)),
            ("lines", int(self.lines)),
            ("next", int(self.next)),
            ("segments", Value::List(segments.collect())),
        ])
    }

    /// Replaces the manifest on disk. After an error it is unknown which of the two is there.
    pub(super) fn save(&self, directory: &Path, key: Key) -> Result<()> {
        let new = directory.join(format!("{NAME}.new"));
        let mut file = empty_private_file(&new).at(&new)?;
        file.write_all(self.to_value(key).to_json().as_bytes())
            .at(&new)?;
        file.sync_all().at(&new)?;
        // The names of new segments first: the manifest must not be there without them.
        sync_directory(directory)?;
        let path = directory.join(NAME);
        std::fs::rename(&new, &path).at(&path)?;
        sync_directory(directory)
    }

    /// Removes the files of a series that the manifest does not name.
    pub(super) fn sweep(&self, directory: &Path) -> Result<()> {
        for entry in std::fs::read_dir(directory).at(directory)? {
            let name = entry.at(directory)?.file_name();
            let Some(name) = name.to_str() else { continue };
            let ours = name.starts_with("tail-") || name.starts_with("segment-");
            let named = name == tail::name(self.generation)
                || self
                    .segments
                    .iter()
                    .any(|segment| name == segment.data() || name == segment.bins());
            if (ours && !named) || name == "manifest.json.new" {
                let path = directory.join(name);
                std::fs::remove_file(&path).at(&path)?;
            }
        }
        Ok(())
    }
}

fn kind(key: Key) -> &'static str {
    match key {
        Key::Step => "step",
        Key::Line => "line",
    }
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Map(members.map(|(name, value)| (name.to_owned(), value)).into())
}

fn number(value: &Value, name: &str) -> Option<i64> {
    match value.get(name)? {
        Value::Int(number) => Some(*number),
        _ => None,
    }
}

fn unsigned(value: &Value, name: &str) -> Option<u64> {
    u64::try_from(number(value, name)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_format_is_refused_by_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(NAME);
        let manifest = Manifest {
            generation: 1,
            lines: 2,
            next: 3,
            segments: Vec::new(),
        };
        manifest.save(directory.path(), Key::Step).unwrap();
        assert_eq!(
            Manifest::load(directory.path(), Key::Step).unwrap(),
            manifest
        );
        assert!(Manifest::load(directory.path(), Key::Line).is_err());
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("\"format\":1", "\"format\":7")).unwrap();
        let error = Manifest::load(directory.path(), Key::Step).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("manifest.json was written by a newer version (format 7)")
        );
    }
}
