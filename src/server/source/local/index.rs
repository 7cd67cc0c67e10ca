//! Which runs there are. A log is read again when its file has changed, and the directory looked at again when
//! somebody asks and the last look is a second old.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::broadcast;

use super::part::{Part, Stamp};
use super::run::Run;
use super::{Place, complain};
use crate::run::recorded::State;
use crate::server::runs::RunPath;
use crate::server::{Change, held};
use crate::store::log_reader::ReadError;
use crate::store::runs::{self, FileId, LocalRun};
use crate::store::survey::is_fresh;

/// How old what is known may be.
const PACE: Duration = Duration::from_secs(1);
/// A look at very many runs takes at most one part in so many of the time.
const SHARE: u32 = 10;
/// How long it counts which logs are open: all processes of the user are looked through for that.
const OPEN_FOR: Duration = Duration::from_secs(5);
/// Most threads that read logs.
const READERS: usize = 8;

/// All runs of a place.
#[derive(Debug)]
pub(super) struct Index {
    place: Place,
    changes: broadcast::Sender<Change>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    next_look: Option<Instant>,
    parts: HashMap<PathBuf, Arc<Part>>,
    runs: BTreeMap<RunPath, Arc<Run>>,
    open: Option<(Instant, HashSet<FileId>)>,
    /// What has been complained about.
    told: HashSet<String>,
}

impl Index {
    pub(super) fn new(place: Place, changes: broadcast::Sender<Change>) -> Self {
        Self {
            place,
            changes,
            known: Mutex::default(),
        }
    }

    /// All runs, as they were at the last look.
    pub(super) fn all(&self) -> Vec<Arc<Run>> {
        held(&self.known).runs.values().cloned().collect()
    }

    pub(super) fn run(&self, path: &RunPath) -> Option<Arc<Run>> {
        held(&self.known).runs.get(path).cloned()
    }

    /// Looks again, unless that was done a moment ago, and tells what has changed.
    pub(super) fn refresh(&self) {
        let mut known = held(&self.known);
        let start = Instant::now();
        if known.next_look.is_some_and(|next| start < next) {
            return;
        }
        match self.place.find() {
            Ok(logs) => known.read(logs),
            // It may be back in a moment, and what was read before is still true.
            Err(error) => known.complain(error.to_string()),
        }
        let is_first = known.next_look.is_none();
        let runs = known.group();
        let before = std::mem::replace(&mut known.runs, runs);
        known.next_look = Some(Instant::now() + PACE.max(start.elapsed() * SHARE));
        if !is_first {
            self.tell(&before, &known.runs);
        }
    }

    fn tell(&self, before: &BTreeMap<RunPath, Arc<Run>>, after: &BTreeMap<RunPath, Arc<Run>>) {
        for (path, run) in after {
            match before.get(path) {
                None => self.send(path, &["run"]),
                Some(old) if Arc::ptr_eq(old, run) => {}
                Some(old) if old.state == run.state => {
                    self.send(path, &["history", "events", "logs", "run"]);
                }
                Some(_) => self.send(path, &["history", "events", "logs", "run", "files"]),
            }
        }
        for path in before.keys().filter(|path| !after.contains_key(path)) {
            self.send(path, &["run"]);
        }
    }

    fn send(&self, path: &RunPath, what: &[&'static str]) {
        for what in what {
            // Nobody may be listening.
            let _ = self.changes.send(Change {
                entity: path.entity.clone(),
                project: path.project.clone(),
                run: path.run.clone(),
                what,
            });
        }
    }
}

impl Known {
    /// Reads the logs that are new or have changed, and forgets those that have gone.
    fn read(&mut self, logs: Vec<LocalRun>) {
        let mut parts = HashMap::new();
        let mut changed = Vec::new();
        for log in logs {
            let Ok(metadata) = std::fs::metadata(&log.log) else {
                continue;
            };
            let stamp = Stamp::of(&metadata);
            match self.parts.remove(&log.log) {
                Some(part) if part.stamp == stamp => {
                    parts.insert(log.log, part);
                }
                _ => changed.push((log, stamp)),
            }
        }
        for (at, read) in read_all(&changed) {
            let (log, stamp) = &changed[at];
            match read {
                Ok(part) => {
                    parts.insert(log.log.clone(), Arc::new(part));
                }
                // A log that has just begun may have no beginning yet.
                Err(_) if is_fresh(stamp.modified) && stamp.size < FIRST => {}
                Err(error) => self.complain(format!("{}: {error}", log.log.display())),
            }
        }
        self.parts = parts;
    }

    /// The runs of the logs. One that is as it was is the same.
    fn group(&mut self) -> BTreeMap<RunPath, Arc<Run>> {
        let mut groups: BTreeMap<RunPath, Vec<Arc<Part>>> = BTreeMap::new();
        let parts: Vec<Arc<Part>> = self.parts.values().cloned().collect();
        for part in parts {
            let state = self.state(&part);
            // Nothing is known yet of a run that is just beginning.
            if part.described || state != State::Running {
                groups.entry(part.path.clone()).or_default().push(part);
            }
        }
        let mut runs = BTreeMap::new();
        for (path, mut parts) in groups {
            parts.sort_unstable_by(|one, other| {
                let by_start = one.listed.created.total_cmp(&other.listed.created);
                by_start.then_with(|| one.log.log.cmp(&other.log.log))
            });
            parts.dedup_by(|later, earlier| {
                let is_copy = later.is_copy_of(earlier);
                if is_copy && later.stamp.size > earlier.stamp.size {
                    std::mem::swap(later, earlier);
                }
                is_copy
            });
            let Some(state) = parts.last().map(|part| self.state(part)) else {
                continue;
            };
            let same = |run: &&Arc<Run>| {
                run.state == state && run.stamps().eq(parts.iter().map(|part| part.stamp))
            };
            let run = match self.runs.get(&path).filter(same) {
                Some(run) => Arc::clone(run),
                None => Arc::new(Run::of(path.clone(), parts, state)),
            };
            runs.insert(path, run);
        }
        runs
    }

    fn state(&mut self, part: &Part) -> State {
        let must_ask = !part.has_ended() && !is_fresh(part.stamp.modified);
        part.state(must_ask && self.is_open(part.stamp.id))
    }

    fn is_open(&mut self, id: FileId) -> bool {
        let fresh = self.open.take().filter(|(at, _)| at.elapsed() < OPEN_FOR);
        let (_, open) = self
            .open
            .insert(fresh.unwrap_or_else(|| (Instant::now(), runs::being_written())));
        open.contains(&id)
    }

    /// Says something once.
    fn complain(&mut self, text: String) {
        if !self.told.contains(&text) {
            complain(&text);
            self.told.insert(text);
        }
    }
}

/// Bytes of a log's header.
const FIRST: u64 = 7;

/// Reads logs beside each other, as there may be thousands when the pages start. Gives each with its place in the list.
fn read_all(logs: &[(LocalRun, Stamp)]) -> Vec<(usize, Result<Part, ReadError>)> {
    let threads = thread::available_parallelism().map_or(1, |count| count.get().min(READERS));
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some((log, stamp)) = logs.get(at) else {
                return done;
            };
            done.push((at, Part::read(log.clone(), *stamp)));
        }
    };
    if logs.len() < 2 * threads {
        work()
    } else {
        thread::scope(|scope| {
            let readers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            readers
                .into_iter()
                .filter_map(|reader| reader.join().ok())
                .flatten()
                .collect()
        })
    }
}
