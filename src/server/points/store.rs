//! All series of a server, opened when they are needed and closed when memory is short.
//!
//! `<root>/<run>/history`, `…/events`, `…/console`. A series is open at most once: each has a slot, and only who holds
//! the slot's lock opens or closes it. Locks are taken in the order: the map of slots, a slot, a series.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use super::{At as _, Error, Key, Options, Result, Series};

/// Which points of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stream {
    /// What the script logs, by step.
    History,
    /// System metrics.
    Events,
    /// Console lines.
    Console,
}

impl Stream {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::History, Self::Events, Self::Console];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::History => "history",
            Self::Events => "events",
            Self::Console => "console",
        }
    }

    fn key(self) -> Key {
        match self {
            Self::History => Key::Step,
            Self::Events | Self::Console => Key::Line,
        }
    }
}

/// How a store works.
#[derive(Debug, Clone, Copy)]
pub struct StoreOptions {
    pub series: Options,
    /// Bytes of memory that open series may take, about.
    pub budget: usize,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            series: Options::default(),
            budget: 64 << 20,
        }
    }
}

type Id = (i64, Stream);
type Shared = Arc<Mutex<Series>>;

#[derive(Debug, Default)]
struct Slot {
    series: Mutex<Option<Shared>>,
    /// When it was asked for, in calls.
    used: AtomicU64,
}

/// The series of all runs.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    options: StoreOptions,
    slots: Mutex<HashMap<Id, Arc<Slot>>>,
    clock: AtomicU64,
}

/// Runs that are being removed are renamed first.
const REMOVED: &str = "removed-";

impl Store {
    /// A store in a directory, which nobody else uses.
    pub fn new(root: &Path, options: StoreOptions) -> Result<Self> {
        crate::store::private_dir(root).at(root)?;
        for entry in std::fs::read_dir(root).at(root)? {
            let name = entry.at(root)?.file_name();
            if name.to_str().is_some_and(|name| name.starts_with(REMOVED)) {
                let path = root.join(name);
                std::fs::remove_dir_all(&path).at(&path)?;
            }
        }
        Ok(Self {
            root: root.to_owned(),
            options,
            slots: Mutex::default(),
            clock: AtomicU64::new(0),
        })
    }

    /// A series, opened if it is not. Do not keep it for long: while somebody has it, it is not closed.
    pub fn series(&self, run: i64, stream: Stream) -> Result<Arc<Mutex<Series>>> {
        let slot = Arc::clone(lock(&self.slots).entry((run, stream)).or_default());
        slot.used.store(
            self.clock.fetch_add(1, Ordering::Relaxed),
            Ordering::Relaxed,
        );
        let mut open = lock(&slot.series);
        if let Some(series) = &*open {
            // A thread that panicked with it may have left it half changed.
            let broken = match series.try_lock() {
                Ok(series) => series.failed(),
                Err(TryLockError::Poisoned(series)) => {
                    series.into_inner().failed = true;
                    true
                }
                Err(TryLockError::WouldBlock) => false,
            };
            if !broken {
                return Ok(Arc::clone(series));
            }
        }
        // A failed one does not write any more, whoever still has it.
        *open = None;
        let directory = self.root.join(run.to_string()).join(stream.name());
        let series = Series::open(&directory, stream.key(), self.options.series)?;
        if series.damaged() > 0 {
            complain(&directory, series.damaged());
        }
        let series = Arc::new(Mutex::new(series));
        *open = Some(Arc::clone(&series));
        Ok(series)
    }

    /// Removes a run. Who still has one of its series gets errors from it.
    pub fn remove(&self, run: i64) -> Result<()> {
        let slots: Vec<Arc<Slot>> = {
            let mut slots = lock(&self.slots);
            let ids = Stream::ALL.map(|stream| (run, stream));
            ids.map(|id| Arc::clone(slots.entry(id).or_default()))
                .into()
        };
        // None of them can be opened until all is done.
        let mut open: Vec<MutexGuard<'_, Option<Shared>>> =
            slots.iter().map(|slot| lock(&slot.series)).collect();
        for series in &mut open {
            if let Some(series) = series.take() {
                lock(&series).set_removed();
            }
        }
        let path = self.root.join(run.to_string());
        let unique = self.clock.fetch_add(1, Ordering::Relaxed);
        let gone = self.root.join(format!("{REMOVED}{run}-{unique}"));
        match std::fs::rename(&path, &gone) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error).at(&path),
        }
        if self.options.series.sync {
            super::tail::sync_directory(&self.root)?;
        }
        std::fs::remove_dir_all(&gone).at(&gone)
    }

    /// The numbers of all runs that have points.
    pub fn runs(&self) -> Result<Vec<i64>> {
        let entries = std::fs::read_dir(&self.root).at(&self.root)?.flatten();
        let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        Ok(numbers.collect())
    }

    /// Seals what is large, and closes what has not been used for longest while there is too much in memory. To be
    /// called every few seconds by one thread. All is done even if some of it fails; the first error is given.
    pub fn maintain(&self) -> Result<()> {
        let mut slots: Vec<(Id, Arc<Slot>)> = lock(&self.slots)
            .iter()
            .map(|(id, slot)| (*id, Arc::clone(slot)))
            .collect();
        slots.sort_by_cached_key(|(_, slot)| slot.used.load(Ordering::Relaxed));
        let mut result = Ok(());
        let mut sizes = HashMap::new();
        for (id, slot) in &slots {
            let Some(series) = lock(&slot.series).clone() else {
                continue;
            };
            let mut series = lock(&series);
            if series.failed() {
                continue;
            }
            if series.should_seal() {
                result = result.and(ignore_removed(series.seal()));
            }
            sizes.insert(*id, series.memory());
        }
        let mut total: usize = sizes.values().sum();
        for (id, slot) in &slots {
            if total <= self.options.budget {
                break;
            }
            // Nobody can get it while the slot is locked.
            let mut open = lock(&slot.series);
            if open
                .as_ref()
                .is_some_and(|series| Arc::strong_count(series) == 1)
            {
                *open = None;
                total -= sizes.remove(id).unwrap_or(0);
            }
        }
        // What is left is in use.
        let mut left: Vec<_> = sizes.into_iter().collect();
        left.sort_unstable_by_key(|(_, size)| std::cmp::Reverse(*size));
        for (id, size) in left {
            if total <= self.options.budget {
                break;
            }
            let slot = slots.iter().find(|slot| slot.0 == id);
            let series = slot.and_then(|(_, slot)| lock(&slot.series).clone());
            if let Some(series) = series {
                let mut series = lock(&series);
                result = result.and(ignore_removed(series.seal()));
                total = total.saturating_sub(size.saturating_sub(series.memory()));
            }
        }
        drop(slots);
        // Of closed series nothing is kept; those that somebody is about to open have their slot in hand.
        lock(&self.slots)
            .retain(|_, slot| Arc::strong_count(slot) > 1 || lock(&slot.series).is_some());
        result
    }

    /// Bytes of memory that open series take, about.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        let slots: Vec<_> = lock(&self.slots).values().cloned().collect();
        let open = slots.iter().filter_map(|slot| lock(&slot.series).clone());
        open.map(|series| lock(&series).memory()).sum()
    }
}

/// Tells the log of the server what a disk has spoiled.
#[expect(clippy::print_stderr, reason = "the server's stderr is its log")]
fn complain(directory: &Path, places: usize) {
    eprintln!(
        "wandb-rs server: {}: {places} damaged places in the newest lines, which are lost; the others are shown. To have \
         all again, delete the run and sync its directory once more",
        directory.display()
    );
}

fn ignore_removed(result: Result<()>) -> Result<()> {
    match result {
        Err(Error::Removed(_) | Error::Failed(_)) => Ok(()),
        other => other,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
