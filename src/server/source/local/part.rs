//! What a list needs of one log.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::run::config::Config;
use crate::run::recorded::State;
use crate::server::run_list::Listed;
use crate::server::runs::RunPath;
use crate::store::log_reader::ReadError;
use crate::store::runs::{self, FileId, LocalRun};
use crate::store::survey::{self, Told};
use crate::wire::json::Value as Wire;

/// Entity and project of a run that names none.
const ENTITY: &str = "local";
const PROJECT: &str = "uncategorized";

/// Which content of a log was read. Equal stamps, equal content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) id: FileId,
    /// Bytes.
    pub(super) size: u64,
    pub(super) modified: SystemTime,
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            id: runs::file_id(metadata),
            size: metadata.len(),
            modified: metadata.modified().unwrap_or(UNIX_EPOCH),
        }
    }
}

/// One log of a run; most runs have no other.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) log: LocalRun,
    pub(super) stamp: Stamp,
    pub(super) path: RunPath,
    /// Whether the log says which run it is of.
    pub(super) described: bool,
    /// Without state, config and summary: these are put together of all parts.
    pub(super) listed: Listed,
    pub(super) config: Config,
    pub(super) summary: Wire,
    /// The last value of everything that was logged.
    pub(super) last: Wire,
    /// Names of system metrics.
    pub(super) system: BTreeSet<String>,
    exit: Option<i32>,
    /// Unix seconds, as the log tells it.
    start: Option<f64>,
}

impl Part {
    /// Reads what is needed of a log.
    pub(super) fn read(log: LocalRun, stamp: Stamp) -> Result<Self, ReadError> {
        let told = survey::survey(&log)?;
        Ok(Self::of(log, stamp, told))
    }

    fn of(log: LocalRun, stamp: Stamp, told: Told) -> Self {
        let recorded = told.run;
        let run = &recorded.run;
        let or = |text: &str, other: &str| if text.is_empty() { other } else { text }.to_owned();
        let path = RunPath {
            entity: or(&run.entity, ENTITY),
            project: or(&run.project, PROJECT),
            run: or(&run.run_id, &log.id),
        };
        let modified = seconds(stamp.modified);
        let start = run.start_time.map(|start| start.as_secs_f64());
        let named = log.started.and_then(|started| {
            let started = started.and_local_timezone(chrono::Local).earliest()?;
            Some(started.timestamp() as f64)
        });
        let mut summary = recorded.summary.tree();
        if let Some(step) = recorded.last_step {
            summary.put(&["_step"], Wire::Int(step));
        }
        let user = &recorded.environment.username;
        let listed = Listed {
            id: path.run.clone(),
            name: or(&run.display_name, &path.run),
            created: start.or(named).unwrap_or(modified),
            heartbeat: modified,
            runtime: recorded.seconds().unwrap_or(0.0),
            tags: run.tags.clone(),
            notes: run.notes.clone(),
            group: run.run_group.clone(),
            job_type: run.job_type.clone(),
            user: user.clone(),
            sweep: run.sweep_id.clone(),
            ..Listed::default()
        };
        Self {
            stamp,
            path,
            described: recorded.described,
            listed,
            summary,
            last: recorded.last.tree(),
            exit: recorded.exit.as_ref().map(|exit| exit.exit_code),
            config: recorded.config,
            system: recorded.system,
            start,
            log,
        }
    }

    /// Whether the log has its end.
    pub(super) fn has_ended(&self) -> bool {
        self.exit.is_some()
    }

    /// Whether another log is the same part of the run, in a directory that was copied.
    pub(super) fn is_copy_of(&self, other: &Self) -> bool {
        self.start.is_some() && self.start == other.start
    }

    /// How the run stands; `open` says whether a program has its log open for writing.
    pub(super) fn state(&self, open: bool) -> State {
        match self.exit {
            Some(0) => State::Finished,
            Some(code) => State::Failed(code),
            None if open || survey::is_fresh(self.stamp.modified) => State::Running,
            None => State::Crashed,
        }
    }
}

/// Unix seconds.
fn seconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0.0, |time| time.as_secs_f64())
}
