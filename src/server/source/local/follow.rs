//! Follows the logs of one run: what they say becomes series in memory, as an upload would send it.
//!
//! The fold of uploads does the reading, so that pages over a directory show what a server would: the same steps, the
//! same lines, the same config.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::part::Stamp;
use crate::run::config::Config;
use crate::server::points::{Key, Series, Stream};
use crate::server::{Failure, graphql, held};
use crate::store::log_reader::LogReader;
use crate::store::runs::{FileId, LocalRun};
use crate::store::survey::is_fresh;
use crate::upload::batch::Counts;
use crate::upload::fold::{Fold, config_json};
use crate::wire::log::Piece;
use crate::wire::schema::ArtifactRecord;

/// Bytes of memory that a run takes besides its rows, about.
const BASE: usize = 64 << 10;

/// A run's logs, read as far as they go.
#[derive(Debug)]
pub(super) struct Follower {
    parts: Vec<Followed>,
    /// Of the last part: those before it are not written any more. Closed when it has ended, too.
    reader: Option<LogReader>,
    /// Bytes of the last part when it was closed.
    closed_at: Option<u64>,
    history: Arc<Mutex<Series>>,
    events: Arc<Mutex<Series>>,
    console: Arc<Mutex<Series>>,
    artifacts: Vec<Value>,
}

/// One log.
#[derive(Debug)]
struct Followed {
    log: PathBuf,
    id: FileId,
    fold: Fold,
    /// The step behind the last one of the parts before, until the run's record was read.
    first_step: Option<i64>,
    /// Console lines of the parts before.
    console_base: u64,
}

impl Default for Follower {
    fn default() -> Self {
        let series = |key| Arc::new(Mutex::new(Series::in_memory(key)));
        Self {
            parts: Vec::new(),
            reader: None,
            closed_at: None,
            history: series(Key::Step),
            events: series(Key::Line),
            console: series(Key::Line),
            artifacts: Vec::new(),
        }
    }
}

impl Follower {
    /// Reads what has been added to the logs. After an error it begins anew at the next call.
    pub(super) fn catch_up(&mut self, logs: &[LocalRun]) -> Result<(), Failure> {
        let result = self.read(logs);
        if result.is_err() {
            *self = Self::default();
        }
        result
    }

    fn read(&mut self, logs: &[LocalRun]) -> Result<(), Failure> {
        let stamps = logs
            .iter()
            .map(|log| std::fs::metadata(&log.log).map(|metadata| Stamp::of(&metadata)));
        let stamps: Vec<Stamp> = stamps.collect::<std::io::Result<_>>()?;
        if !self.is_of(logs, &stamps) {
            *self = Self::default();
        }
        self.read_on()?;
        for (log, stamp) in logs.iter().zip(&stamps).skip(self.parts.len()) {
            self.begin(log.log.clone(), stamp.id)?;
            self.read_on()?;
        }
        self.close_what_has_ended(stamps.last());
        Ok(())
    }

    /// Whether what was read still stands in these logs.
    fn is_of(&self, logs: &[LocalRun], stamps: &[Stamp]) -> bool {
        let mut known = self.parts.iter().zip(logs.iter().zip(stamps));
        let same = known.all(|(part, (log, stamp))| part.log == log.log && part.id == stamp.id);
        let size = self
            .parts
            .len()
            .checked_sub(1)
            .and_then(|last| Some(stamps.get(last)?.size));
        let whole = match (&self.reader, self.closed_at) {
            (Some(reader), _) => size.is_some_and(|size| size >= reader.offset()),
            (None, closed_at) => size == closed_at,
        };
        same && whole
    }

    /// Of runs that are not going on no file stays open: there may be more of them than a process may have open.
    fn close_what_has_ended(&mut self, stamp: Option<&Stamp>) {
        let ended = self
            .parts
            .last()
            .is_some_and(|part| part.fold.exit.is_some());
        if let (Some(reader), Some(stamp)) = (&self.reader, stamp)
            && (ended || !is_fresh(stamp.modified))
            // What has been written meanwhile is read first.
            && reader.size().is_ok_and(|size| size == stamp.size)
        {
            self.closed_at = Some(stamp.size);
            self.reader = None;
        }
    }

    /// Goes over to the next log.
    fn begin(&mut self, log: PathBuf, id: FileId) -> Result<(), Failure> {
        self.reader = Some(LogReader::open(&log)?);
        self.closed_at = None;
        let mut fold = Fold::new(Counts::default());
        let mut first_step = None;
        if let Some(before) = self.parts.last_mut() {
            let step = before.fold.last_step();
            let members = before.fold.summary.members(step).to_vec();
            fold.summary.start_from(members);
            let next = before.fold.steps.last() + 1;
            fold.start_at(next);
            first_step = Some(next);
        }
        self.parts.push(Followed {
            log,
            id,
            fold,
            first_step,
            console_base: held(&self.console).lines(),
        });
        Ok(())
    }

    fn read_on(&mut self) -> Result<(), Failure> {
        while let (Some(reader), Some(part)) = (&mut self.reader, self.parts.last_mut()) {
            let more = reader.read_some(|piece| {
                if let Piece::Record { bytes, .. } = piece {
                    part.take(bytes);
                }
            })?;
            let fold = &mut part.fold;
            if !more || fold.batch.is_full() || fold.console.is_full() {
                self.flush()?;
            }
            if !more {
                break;
            }
        }
        Ok(())
    }

    /// Moves what was read into the series.
    fn flush(&mut self) -> Result<(), Failure> {
        let Some(part) = self.parts.last_mut() else {
            return Ok(());
        };
        let fold = &mut part.fold;
        for (lines, series) in [
            (fold.batch.history.take(), &self.history),
            (fold.batch.events.take(), &self.events),
        ] {
            let next = held(series).lines();
            append(series, next, &lines)?;
        }
        while let Some(lines) = fold.console.take() {
            append(&self.console, part.console_base + lines.first, &lines.lines)?;
        }
        self.artifacts.extend(
            fold.artifacts
                .drain(..)
                .filter(is_made)
                .map(|record| shown(&record)),
        );
        fold.alerts.clear();
        Ok(())
    }

    pub(super) fn series(&self, stream: Stream) -> Arc<Mutex<Series>> {
        Arc::clone(match stream {
            Stream::History => &self.history,
            Stream::Events => &self.events,
            Stream::Console => &self.console,
        })
    }

    /// Bytes of memory, about.
    pub(super) fn memory(&self) -> usize {
        let series = Stream::ALL.map(|stream| held(&self.series(stream)).memory());
        series.iter().sum::<usize>() + BASE
    }

    /// The config as the server has it, with what it holds below `_wandb`.
    pub(super) fn config(&self) -> String {
        let mut config = Config::default();
        for part in &self.parts {
            for (key, value) in part.fold.full_config().members() {
                config.update(key, value);
            }
        }
        config_json(&config)
    }

    pub(super) fn summary(&mut self) -> String {
        match self.parts.last_mut() {
            Some(part) => {
                let step = part.fold.last_step();
                part.fold.summary.json(step)
            }
            None => "{}".to_owned(),
        }
    }

    pub(super) fn exit_code(&self) -> Option<i64> {
        self.parts.last()?.fold.exit.map(i64::from)
    }

    /// Where and how the run was executed.
    pub(super) fn metadata(&self) -> Value {
        match self.parts.last() {
            Some(part) => graphql::strict(&part.fold.metadata()),
            None => json!({}),
        }
    }

    /// The artifacts that the run has logged.
    pub(super) fn artifacts(&self) -> Vec<Value> {
        self.artifacts.clone()
    }
}

impl Followed {
    fn take(&mut self, record: &[u8]) {
        self.fold.apply(record);
        if let Some(run) = &self.fold.run
            && let Some(first) = self.first_step.take()
            // One that was rewound repeats steps of the parts before.
            && run.branch_point.is_none()
            && self.fold.steps.last() < first
        {
            self.fold.start_at(first);
        }
    }
}

fn append(series: &Mutex<Series>, first: u64, lines: &[String]) -> Result<(), Failure> {
    if !lines.is_empty() {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        held(series).append(first, 0, &lines)?;
    }
    Ok(())
}

/// Whether the record is one of an artifact that the run has made itself.
fn is_made(record: &ArtifactRecord) -> bool {
    !record.user_created
}

/// Which version it becomes only a server knows.
fn shown(record: &ArtifactRecord) -> Value {
    let entries = record
        .manifest
        .iter()
        .flat_map(|manifest| &manifest.contents);
    let size: i64 = entries.map(|entry| entry.size).sum();
    json!({
        "collection": record.name,
        "version": null,
        "type": record.artifact_type,
        "size": size,
        "aliases": record.aliases,
    })
}
