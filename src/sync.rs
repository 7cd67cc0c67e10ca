//! Uploads many runs at once: groups of runs go through a number of workers.
//!
//! Logs of one run, parts of it that were written one after another, go one after another, in the order of their start;
//! so do forks and the runs that they begin with.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::api::{Api, Stop};
use crate::settings::Resume;
use crate::store::log_reader::run_of;
use crate::store::runs::{LocalRun, synced_marker};
use crate::upload::edits::Edits;
use crate::upload::journal::finished_size;
use crate::upload::{Follow, Job, Report, UploadError, Watch, upload};

/// How often a run that another process uploads is looked at.
const PATIENCE: Duration = Duration::from_millis(200);

/// How runs are uploaded.
#[derive(Debug, Clone)]
pub struct Options {
    /// Runs at once.
    pub parallel: usize,
    pub edits: Edits,
    pub resume: Option<Resume>,
    pub follow: Follow,
}

/// Hears of runs; called by several threads.
pub trait Listener: Sync {
    /// A run is begun; what is given back hears how it goes.
    fn begins(&self, run: &LocalRun) -> Arc<dyn Watch>;
    /// Another process uploads the run; its end is awaited.
    fn waits(&self, run: &LocalRun);
    fn ends(&self, run: &LocalRun, result: &Result<Report, UploadError>);
}

/// Whether a run needs no upload: it is marked, and has not grown since.
pub fn is_synced(run: &LocalRun) -> bool {
    run.synced
        && match (finished_size(&run.log), run.log.metadata()) {
            (Some(size), Ok(metadata)) => metadata.len() <= size,
            _ => true,
        }
}

/// Uploads runs; gives their results in the order in which they ended.
pub fn run(
    runs: Vec<LocalRun>,
    options: &Options,
    api: &Arc<Api>,
    stop: &Stop,
    listener: &dyn Listener,
) -> Vec<(LocalRun, Result<Report, UploadError>)> {
    let groups = groups(runs);
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    let work = || {
        loop {
            let Some(group) = groups.get(next.fetch_add(1, Ordering::SeqCst)) else {
                return;
            };
            for run in group {
                let result = one(run, options, api, stop, listener);
                listener.ends(run, &result);
                let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                results.push((run.clone(), result));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..options.parallel.min(groups.len()) {
            // Without a thread the others do its part.
            let _ = std::thread::Builder::new()
                .name("sync".to_owned())
                .stack_size(1 << 20)
                .spawn_scoped(scope, work);
        }
        work();
    });
    results.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Puts runs together that must go one after another: the parts of a run, and forks with what they begin with.
fn groups(mut runs: Vec<LocalRun>) -> Vec<Vec<LocalRun>> {
    runs.sort_by_key(|run| run.started);
    let mut groups: Vec<Vec<LocalRun>> = Vec::new();
    let mut places: HashMap<(PathBuf, String), usize> = HashMap::new();
    for run in runs {
        // Runs of the same id in other places are others, as far as is known before they are read.
        let place = run.dir.parent().unwrap_or(Path::new("")).to_owned();
        let own = (place.clone(), run.id.clone());
        let known = places.get(&own).copied().or_else(|| {
            let parent = parent(&run.log)?;
            places.get(&(place, parent)).copied()
        });
        let group = known.unwrap_or(groups.len());
        places.insert(own, group);
        match groups.get_mut(group) {
            Some(group) => group.push(run),
            None => groups.push(vec![run]),
        }
    }
    groups
}

/// The run from which that of a log has branched off.
fn parent(log: &Path) -> Option<String> {
    Some(run_of(log)?.branch_point?.run)
}

fn one(
    run: &LocalRun,
    options: &Options,
    api: &Arc<Api>,
    stop: &Stop,
    listener: &dyn Listener,
) -> Result<Report, UploadError> {
    let watch = listener.begins(run);
    let job = Job {
        log: run.log.clone(),
        edits: options.edits.clone(),
        resume: options.resume,
        follow: options.follow.clone(),
        hold: Duration::ZERO,
        stays_open: false,
    };
    let mut waited = false;
    loop {
        let upload = std::panic::AssertUnwindSafe(|| upload(&job, api, stop, &watch));
        let result = std::panic::catch_unwind(upload).unwrap_or(Err(UploadError::Panic));
        match result {
            Err(UploadError::Busy) => {
                if !std::mem::replace(&mut waited, true) {
                    listener.waits(run);
                }
                if stop.wait(PATIENCE) {
                    return Err(UploadError::Busy);
                }
            }
            Ok(report) => {
                return Ok(mark(run, report));
            }
            Err(error) => return Err(error),
        }
    }
}

/// Marks a run that is on the server as a whole.
pub fn mark(run: &LocalRun, mut report: Report) -> Report {
    if report.is_synced() {
        let marker = synced_marker(&run.log);
        if let Err(error) = std::fs::OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .open(&marker)
        {
            report.notes.push(format!(
                "{} cannot be written ({error}): the run counts as not synced",
                marker.display()
            ));
        }
    }
    report
}
