//! What the log of a run on this disk says, read as far as a list or a report needs it.

use std::collections::HashSet;
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use chrono::{Local, NaiveDateTime};

use super::log_reader::{End, LogReader, ReadError};
use super::runs::{self, FileId, LocalRun};
use crate::run::recorded::{RecordedRun, State};
use crate::wire::keys::{Aside, Put, row_keys, summary_keys};
use crate::wire::log::{LogError, Piece};
use crate::wire::proto::fields;
use crate::wire::raw::RawRecord;
use crate::wire::records::{HISTORY, SUMMARY};

/// A log that was written this short ago may still be growing.
const FRESH: Duration = Duration::from_secs(60);

/// What a log says as a whole.
#[derive(Debug)]
pub struct Told {
    pub run: RecordedRun,
    /// Places where records were lost.
    pub damage: Vec<LogError>,
    /// The log ends within a record.
    pub incomplete: bool,
    /// Only the beginning and the end were read: rows are not counted.
    pub partly: bool,
    /// When the log was last written.
    pub modified: SystemTime,
    /// Size of the log in bytes.
    pub size: u64,
    /// Which file the log is.
    pub id: FileId,
}

impl Told {
    /// How the run stands, in a program that asks once: which logs are open is looked up a single time.
    ///
    /// A log without an end that was written a moment ago, or that a program has open for writing, belongs to a run
    /// that goes on.
    pub fn state(&self) -> State {
        static OPEN: OnceLock<HashSet<FileId>> = OnceLock::new();
        let open = || OPEN.get_or_init(runs::being_written).contains(&self.id);
        let growing = self.run.exit.is_none() && (is_fresh(self.modified) || open());
        self.run.state(growing)
    }

    /// When the run began, in local time.
    pub fn started(&self, run: &LocalRun) -> Option<NaiveDateTime> {
        let told = self.run.run.start_time.as_ref().and_then(|start| {
            let time = chrono::DateTime::from_timestamp(start.seconds, 0)?;
            Some(time.with_timezone(&Local).naive_local())
        });
        told.or(run.started)
    }

    /// Seconds that the run took, or has taken so far.
    pub fn seconds(&self) -> Option<f64> {
        match (self.state(), self.run.run.start_time) {
            (State::Running, Some(start)) => {
                let now = SystemTime::now()
                    .duration_since(SystemTime::UNIX_EPOCH)
                    .ok()?;
                Some((now.as_secs_f64() - start.as_secs_f64()).max(0.0))
            }
            _ => self.run.seconds(),
        }
    }
}

/// Whether a file was written a moment ago.
pub fn is_fresh(modified: SystemTime) -> bool {
    // A time in the future is a clock that was set: better to wait than to take a run away.
    SystemTime::now()
        .duration_since(modified)
        .is_ok_and(|age| age < FRESH)
        || modified > SystemTime::now()
}

/// Reads a whole log.
///
/// # Errors
/// There is no log, or the file is none.
pub fn read(run: &LocalRun) -> Result<Told, ReadError> {
    let mut told = begin(run)?;
    told.take(LogReader::open(&run.log)?)?;
    Ok(told)
}

/// Size in bytes up to which a log is read as a whole for a list, and how much is read of the end of a larger one.
const WHOLE: u64 = 2 << 20;
const TAIL: u64 = 256 << 10;

/// Reads what a list needs.
///
/// The first records say what the run is, the last ones how it stands: a row of history has its step, and the exit
/// record comes last. So of a large log both ends are enough, and a hundred runs are listed as quickly as small ones.
/// A name that was changed in the middle is missed, which is why `show` reads all of it. If the ends do not have what
/// is needed (the run record, or a row), the whole log is read after all.
///
/// # Errors
/// As those of [`read`].
pub fn survey(run: &LocalRun) -> Result<Told, ReadError> {
    let mut told = begin(run)?;
    if told.size <= WHOLE {
        return read(run);
    }
    let complete =
        told.ends(&run.log).is_ok() && told.run.described && told.run.last_step.is_some();
    if !complete {
        return read(run);
    }
    told.partly = true;
    Ok(told)
}

fn begin(run: &LocalRun) -> Result<Told, ReadError> {
    let metadata = std::fs::metadata(&run.log)?;
    Ok(Told {
        run: RecordedRun::default(),
        damage: Vec::new(),
        incomplete: false,
        partly: false,
        modified: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
        size: metadata.len(),
        id: runs::file_id(&metadata),
    })
}

impl Told {
    fn ends(&mut self, log: &Path) -> Result<(), ReadError> {
        LogReader::head(log, 1, |record| {
            self.apply(&record);
            None::<()>
        })?;
        self.take(LogReader::open_tail(log, TAIL)?)
    }

    fn take(&mut self, mut reader: LogReader) -> Result<(), ReadError> {
        let mut latest = Latest(Aside::new(SETS));
        let end = reader.pieces(|piece| match piece {
            Piece::Record { offset, bytes } => {
                match latest.hold(bytes, &mut self.run) {
                    Place::Aside => return,
                    Place::Behind => latest.take().for_each(|record| {
                        self.apply(&record);
                    }),
                    Place::Beside => {}
                }
                if !self.apply(&RawRecord::from_bytes(bytes.to_vec())) {
                    self.damage.push(LogError::Message(offset));
                }
            }
            Piece::Damage(error) => self.damage.push(error),
        })?;
        for record in latest.take() {
            self.apply(&record);
        }
        self.incomplete = end != End::Complete;
        Ok(())
    }

    fn apply(&mut self, record: &RawRecord) -> bool {
        match record.decode() {
            Ok(record) => {
                if let Some(kind) = &record.kind {
                    self.run.apply(kind);
                }
                true
            }
            Err(_) => false,
        }
    }
}

/// Rows and summaries of which only the last of each kind and set of keys matters: those before it are counted, but not
/// taken apart.
struct Latest(Aside<(u32, u64)>);

/// Where a record belongs.
enum Place {
    /// It was put aside.
    Aside,
    /// It is to be taken now, after all that was put aside.
    Behind,
    /// It is to be taken now; rows and summaries have nothing to do with it.
    Beside,
}

/// Most sets of keys that are held.
const SETS: usize = 16;

impl Latest {
    /// Puts a record aside if it is a row or a summary.
    fn hold(&mut self, record: &[u8], run: &mut RecordedRun) -> Place {
        let mut kinds = fields(record).flatten();
        let Some(kind) = kinds.find(|field| matches!(field.number, HISTORY | SUMMARY)) else {
            return Place::Beside;
        };
        let message = kind.content.bytes();
        let keys = match kind.number {
            HISTORY => row_keys(message).map(Some),
            _ => summary_keys(message),
        };
        let Ok(Some(keys)) = keys else {
            return Place::Behind;
        };
        match self.0.put((kind.number, keys), record) {
            Put::Full => return Place::Behind,
            Put::Replaced => run.rows += u64::from(kind.number == HISTORY),
            Put::Added => {}
        }
        Place::Aside
    }

    /// What was put aside, in order.
    fn take(&mut self) -> impl Iterator<Item = RawRecord> + use<> {
        self.0.take().map(RawRecord::from_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::log::{FILE_HEADER, Framer};
    use crate::wire::schema::{HistoryItem, HistoryRecord, KeyedItem, Kind, SummaryRecord};
    use prost::Message as _;

    fn row(values: &[(&str, &str)]) -> Kind {
        let item = |(key, json): &(&str, &str)| HistoryItem {
            nested_key: vec![(*key).to_owned()],
            value_json: (*json).to_owned(),
            ..HistoryItem::default()
        };
        Kind::History(HistoryRecord {
            item: values.iter().map(item).collect(),
            step: None,
        })
    }

    fn summary(values: &[(&str, &str)], removed: &[&str]) -> Kind {
        let item = |key: &str, json: &str| KeyedItem {
            nested_key: vec![key.to_owned()],
            value_json: json.to_owned(),
            ..KeyedItem::default()
        };
        Kind::Summary(SummaryRecord {
            update: values.iter().map(|(key, json)| item(key, json)).collect(),
            remove: removed.iter().map(|key| item(key, "")).collect(),
        })
    }

    #[test]
    fn what_is_put_aside_says_the_same_as_what_is_taken_at_once() {
        let mut kinds = Vec::new();
        for i in 0..40 {
            let json = i.to_string();
            kinds.push(row(&[("_step", &json), ("a", &json)]));
            kinds.push(summary(&[("a", &json), ("b", "1")], &[]));
            kinds.push(summary(&[("a", "0.5")], &[]));
            // More sets of keys than are held.
            let key = format!("k{}", i % 25);
            kinds.push(row(&[("_step", &json), (&key, &json)]));
            if i % 7 == 0 {
                kinds.push(summary(&[], &["b"]));
            }
        }
        kinds.push(row(&[("_step", "99"), ("late", "1")]));
        let mut direct = RecordedRun::default();
        let mut framer = Framer::new();
        let mut bytes = FILE_HEADER.to_vec();
        for kind in kinds {
            direct.apply(&kind);
            let record = crate::wire::schema::Record {
                num: 0,
                kind: Some(kind),
            };
            framer.frame(&record.encode_to_vec(), &mut bytes);
        }
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("run-a.wandb");
        std::fs::write(&log, bytes).unwrap();
        let read = read(&LocalRun::of_log(&log)).unwrap().run;
        let leaves = |run: &RecordedRun| {
            let text = |(path, json): (&[String], &str)| (path.to_vec(), json.to_owned());
            let last: Vec<_> = run.last.iter().map(text).collect();
            let summary: Vec<_> = run.summary.iter().map(text).collect();
            (run.rows, run.last_step, last, summary)
        };
        assert_eq!(leaves(&read), leaves(&direct));
    }
}
