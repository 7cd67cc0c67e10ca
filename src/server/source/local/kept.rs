//! Runs that were read into memory. Those not looked at for longest are let go when there are too many rows.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::follow::Follower;
use super::run::Run;
use crate::server::runs::RunPath;
use crate::server::{Failure, held};

/// Followers by run.
#[derive(Debug)]
pub(super) struct Kept {
    /// Bytes.
    budget: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    followers: HashMap<RunPath, Entry>,
    /// Counts the looks.
    clock: u64,
}

#[derive(Debug, Default)]
struct Entry {
    follower: Arc<Mutex<Follower>>,
    /// Bytes, after the last look.
    memory: usize,
    used: u64,
}

impl Kept {
    pub(super) fn new(budget: usize) -> Self {
        Self {
            budget,
            state: Mutex::default(),
        }
    }

    /// Looks at a run, up to what its logs say now.
    pub(super) fn look<T>(
        &self,
        run: &Run,
        look: impl FnOnce(&mut Follower) -> T,
    ) -> Result<T, Failure> {
        let follower = {
            let mut state = held(&self.state);
            state.clock += 1;
            let now = state.clock;
            let entry = state.followers.entry(run.path.clone()).or_default();
            entry.used = now;
            Arc::clone(&entry.follower)
        };
        // The map is free meanwhile: a large log holds up only those who ask for it.
        let mut follower = held(&follower);
        follower.catch_up(&run.logs)?;
        let seen = look(&mut follower);
        let memory = follower.memory();
        drop(follower);
        self.settle(&run.path, memory);
        Ok(seen)
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        held(&self.state).followers.len()
    }

    fn settle(&self, path: &RunPath, memory: usize) {
        let mut state = held(&self.state);
        if let Some(entry) = state.followers.get_mut(path) {
            entry.memory = memory;
        }
        let mut total: usize = state.followers.values().map(|entry| entry.memory).sum();
        while total > self.budget {
            let others = state.followers.iter().filter(|(other, _)| *other != path);
            let Some(oldest) = others
                .min_by_key(|(_, entry)| entry.used)
                .map(|(path, _)| path.clone())
            else {
                break;
            };
            let gone = state.followers.remove(&oldest);
            total -= gone.map_or(0, |entry| entry.memory);
        }
    }
}
