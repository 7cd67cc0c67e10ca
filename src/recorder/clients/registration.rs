//! Runs of clients that have been registered on the server: the script hears where its run is.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::{Clients, announcement};
use crate::inbox::NotRegistered;
use crate::recorder::Main;
use crate::run::{Registration, RunState};
use crate::service::RunInfo;
use crate::store::RunDir;
use crate::wire::json::Value;
use crate::wire::sdk::Answer;

impl Clients {
    /// The run of a log was registered on the server, or was not: who waits for that goes on.
    pub fn registered(
        &mut self,
        log: &Path,
        result: Result<Box<Registration>, NotRegistered>,
        main: &mut Option<Main>,
    ) {
        let place = self
            .runs
            .iter()
            .rposition(|run| run.begun && run.dir().log_path() == log);
        if let Ok(registration) = &result {
            match place.and_then(|place| self.runs[place].log(main)) {
                Some((run, _)) => run.register(registration),
                // The wrapper's own run, which no client has joined.
                None => {
                    if let Some(main) = main {
                        main.run.register(registration);
                    }
                }
            }
            let is_main = place.is_none_or(|place| self.runs[place].main);
            if let (true, Some(info), Some(main)) = (is_main, &self.info, main.as_ref()) {
                let dir = self.place.get();
                let mut told = match &dir {
                    Some(dir) => told(info.get(), main.run.state(), dir),
                    None => info.get(),
                };
                for (name, value) in &mut told.members {
                    if name == "url" {
                        *value = Value::from(registration.url.as_str());
                    }
                }
                info.set(told);
            }
        }
        let Some(place) = place else { return };
        let Some((peer, id, _)) = self.runs[place].unregistered.take() else {
            return;
        };
        let answer = match (result, self.runs[place].log(main)) {
            (Err(NotRegistered::Forbidden(reason)), _) => Answer::RunError(reason),
            (_, Some((log, _))) => Answer::Run(Box::new(announcement(log.state()))),
            (_, None) => Answer::Done,
        };
        self.reply(&peer, &id, answer);
    }

    /// Lets those go on who have waited long enough for the server.
    pub(super) fn release_due(&mut self, main: &mut Option<Main>) {
        let now = Instant::now();
        let due: Vec<PathBuf> = self
            .runs
            .iter()
            .filter(|run| {
                let until = run.unregistered.as_ref().map(|(_, _, until)| *until);
                until.is_some_and(|until| until <= now)
            })
            .map(|run| run.dir().log_path().to_owned())
            .collect();
        for log in due {
            self.registered(&log, Err(NotRegistered::Yet), main);
        }
    }
}

/// What clients of the socket are told about a run that has moved.
pub(super) fn told(mut info: RunInfo, state: &RunState, dir: &RunDir) -> RunInfo {
    let run = state.run();
    for (name, value) in &mut info.members {
        match name.as_str() {
            "id" => *value = Value::from(run.run_id.as_str()),
            "name" => *value = Value::from(run.display_name.as_str()),
            "project" => *value = Value::from(run.project.as_str()),
            "entity" => *value = Value::from(run.entity.as_str()),
            "dir" => *value = Value::from(dir.path().to_string_lossy().into_owned()),
            _ => {}
        }
    }
    info.files = Some(dir.path().join("files"));
    info
}

/// Why a request for the server is not carried out.
pub(super) fn no_server(request: u32) -> String {
    format!(
        "wandb-rs {} does not ask the server for scripts (request {request}); the run is recorded, and uploaded now or by `wandb-rs sync`",
        env!("CARGO_PKG_VERSION")
    )
}
