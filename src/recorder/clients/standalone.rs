//! Runs that no wrapper looks after: they end with their script, also if it dies, and are forgotten then.

use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;

use super::Clients;
use super::client_run::{ClientRun, Upload};
use crate::run::Event;

/// Time between two looks.
const LOOK: Duration = Duration::from_secs(2);
/// How long a run may be silent after the process that has opened it is gone: others may have joined it.
const SILENT: Duration = Duration::from_secs(5);

impl Clients {
    /// Ends the runs of scripts that are gone, and forgets those that are over.
    pub(super) fn look_after(&mut self) {
        if !self.standalone || self.looked.elapsed() < LOOK {
            return;
        }
        self.looked = Instant::now();
        for place in 0..self.runs.len() {
            let run = &self.runs[place];
            if !run.over && is_gone(run.creator) && run.heard.elapsed() >= SILENT {
                self.abandon(place);
            }
        }
        let (over, open): (Vec<_>, Vec<_>) = std::mem::take(&mut self.runs)
            .into_iter()
            .partition(ClientRun::is_done_with);
        self.runs = open;
        for run in over {
            self.place.forget(run.dir().log_path());
        }
    }

    /// When to look again.
    pub(super) fn next_look(&self) -> Option<Instant> {
        (self.standalone && !self.runs.is_empty()).then(|| self.looked + LOOK)
    }

    /// A run that nobody goes on with. Nobody knows how it has ended, if it has not said so.
    pub(super) fn abandon(&mut self, place: usize) {
        let run = &mut self.runs[place];
        run.over = true;
        run.samples = None;
        if run.exit.is_none()
            && let Some((mut log, clock)) = run.own.take()
        {
            log.apply(Event::Over, clock.now());
            log.finish(clock.now());
            self.place.close(run.dir().log_path());
        }
    }
}

impl ClientRun {
    /// Whether nothing will be asked or told about the run any more.
    fn is_done_with(&self) -> bool {
        let closed = self.own.is_none() || self.exit.is_some() && self.close_at.is_none();
        let sent = !self.uploads || self.upload == Upload::Ended;
        self.over && closed && sent && self.leaving.is_empty() && self.unregistered.is_none()
    }
}

fn is_gone(process: i32) -> bool {
    process > 0 && kill(Pid::from_raw(process), None) == Err(Errno::ESRCH)
}
