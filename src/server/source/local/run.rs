//! A run as lists have it, put together of all its logs.

use std::sync::Arc;

use super::super::columns::Columns;
use super::part::{Part, Stamp};
use crate::run::config::Config;
use crate::run::recorded::State;
use crate::server::now;
use crate::server::run_list::Listed;
use crate::server::runs::RunPath;
use crate::store::runs::LocalRun;
use crate::upload::fold::config_json;
use crate::wire::json::Value as Wire;

/// A run, put together of all its logs.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) path: RunPath,
    /// In order of their start.
    pub(super) logs: Vec<LocalRun>,
    pub(super) state: State,
    listed: Listed,
    parts: Vec<Arc<Part>>,
}

impl Run {
    pub(super) fn of(path: RunPath, parts: Vec<Arc<Part>>, state: State) -> Self {
        let mut config = Config::default();
        let mut summary = Wire::Map(Vec::new());
        let mut listed = Listed::default();
        for (number, part) in parts.iter().enumerate() {
            for (key, value) in part.config.members() {
                config.update(key, value);
            }
            if let Wire::Map(members) = &part.summary {
                for (key, value) in members {
                    summary.put(&[key], value.clone());
                }
            }
            let earlier = std::mem::replace(&mut listed, part.listed.clone());
            if number > 0 {
                go_on(&mut listed, earlier);
            }
        }
        listed.config = config_json(&config);
        listed.summary = summary.to_json();
        state.word().clone_into(&mut listed.state);
        Self {
            path,
            logs: parts.iter().map(|part| part.log.clone()).collect(),
            state,
            listed,
            parts,
        }
    }

    /// Which content of the logs was read.
    pub(super) fn stamps(&self) -> impl Iterator<Item = Stamp> {
        self.parts.iter().map(|part| part.stamp)
    }

    /// As lists have it at this moment.
    pub(super) fn listed(&self) -> Listed {
        let mut listed = self.listed.clone();
        if let (State::Running, Some(part)) = (self.state, self.parts.last()) {
            let so_far = (now() - part.listed.created).max(0.0);
            listed.runtime += (so_far - part.listed.runtime).max(0.0);
        }
        listed
    }

    /// Adds what the run has.
    pub(super) fn add_to(&self, columns: &mut Columns) {
        columns.add_run(&self.listed);
        for part in &self.parts {
            columns.add_last(&part.last);
            columns.add_sampled(&part.system);
        }
    }

    /// When it began, in Unix seconds.
    pub(super) fn created(&self) -> f64 {
        self.listed.created
    }

    /// When its log was written last, in Unix seconds.
    pub(super) fn heartbeat(&self) -> f64 {
        self.listed.heartbeat
    }

    pub(super) fn is_running(&self) -> bool {
        self.state == State::Running
    }

    /// The sweep that it belongs to; empty if to none.
    pub(super) fn sweep(&self) -> &str {
        &self.listed.sweep
    }
}

/// A later part of a run takes over from the earlier ones what it does not say itself.
fn go_on(listed: &mut Listed, earlier: Listed) {
    listed.created = earlier.created;
    listed.heartbeat = listed.heartbeat.max(earlier.heartbeat);
    listed.runtime += earlier.runtime;
    if listed.tags.is_empty() {
        listed.tags = earlier.tags;
    }
    for (own, earlier) in [
        (&mut listed.notes, earlier.notes),
        (&mut listed.group, earlier.group),
        (&mut listed.job_type, earlier.job_type),
        (&mut listed.user, earlier.user),
        (&mut listed.sweep, earlier.sweep),
    ] {
        if own.is_empty() {
            *own = earlier;
        }
    }
}
