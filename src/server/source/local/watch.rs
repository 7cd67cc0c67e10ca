//! Looks for new runs and grown logs while a browser is there to be told.

use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use super::LocalRuns;

/// How often the runs are looked at.
const PACE: Duration = Duration::from_secs(1);

/// Watches for as long as somebody else has the runs.
pub(super) fn start(runs: &Arc<LocalRuns>) {
    let runs = Arc::downgrade(runs);
    let watching = thread::Builder::new().name("watch".to_owned());
    // Without it the pages show what they are asked for, but do not move by themselves.
    if let Err(error) = watching.spawn(move || watch(&runs)) {
        super::complain(&format!("runs are not watched: {error}"));
    }
}

fn watch(runs: &Weak<LocalRuns>) {
    loop {
        thread::park_timeout(PACE);
        let Some(runs) = runs.upgrade() else {
            return;
        };
        if runs.changes.receiver_count() > 0 {
            runs.index.refresh();
        }
    }
}
