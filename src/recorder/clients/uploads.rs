//! How the uploads of clients' runs go: the script hears where its run is, and may wait for its artifacts and its end.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Clients, PATIENCE, Upload, announcement};
use crate::inbox::News;
use crate::peer::Peer;
use crate::recorder::Main;
use crate::run::{Registration, RunState};
use crate::service::RunInfo;
use crate::store::RunDir;
use crate::wire::json::Value;
use crate::wire::schema::{ConfigRecord, KeyedItem, Kind};
use crate::wire::sdk::Answer;

impl Clients {
    /// How the upload of a log goes: who waits for that goes on.
    pub fn news(&mut self, log: &Path, news: News, main: &mut Option<Main>) {
        let place = self
            .runs
            .iter()
            .rposition(|run| run.begun && run.dir().log_path() == log);
        match news {
            News::Registered(registration) => self.registered(place, Ok(registration), main),
            News::Forbidden(message) => {
                let error = Answer::RunError {
                    message,
                    usage: true,
                };
                self.registered(place, Err(Some(error)), main);
                if let Some(place) = place {
                    self.upload_ended(place, "the run was refused");
                }
            }
            News::StandsStill(reason) => {
                if let Some(place) = place {
                    self.runs[place].trouble = Some(reason);
                }
                // A wrapped script does not wait for a server that does not answer: the wrapper will.
                if main.is_some() {
                    if let Some(place) = place {
                        self.runs[place].upload = Upload::StandsStill;
                        self.let_go(place, false);
                    }
                    self.registered(place, Err(None), main);
                }
            }
            News::GoesOn => {
                if let Some(place) = place {
                    self.runs[place].trouble = None;
                    self.runs[place].upload = Upload::GoesOn;
                }
            }
            News::Artifact { client_id, result } => {
                if let Some(place) = place {
                    let wanted = |id: &str| id == client_id;
                    self.artifact_stored(place, wanted, &result);
                }
            }
            News::Stop => {
                if let Some(place) = place {
                    self.runs[place].stop = true;
                }
            }
            News::CaughtUp => {
                // Only the wrapper's own run goes on behind the end that the script has told.
                if let Some(place) = place.filter(|place| self.runs[*place].main) {
                    self.let_go(place, false);
                }
            }
            News::Ended(reason) => {
                let error = reason.clone().filter(|_| main.is_none());
                let error = error.map(|message| Answer::RunError {
                    message,
                    usage: false,
                });
                self.registered(place, Err(error), main);
                if let Some(place) = place {
                    self.upload_ended(place, reason.as_deref().unwrap_or("the run has ended"));
                }
            }
        }
    }

    /// Nothing will be uploaded any more: nobody waits for it.
    fn upload_ended(&mut self, place: usize, reason: &str) {
        self.runs[place].upload = Upload::Ended;
        self.let_go(place, false);
        self.artifact_stored(place, |_| true, &Err(reason.to_owned()));
    }

    /// Artifacts are stored, or will not be: who waits for them is told.
    fn artifact_stored(
        &mut self,
        place: usize,
        is_meant: impl Fn(&str) -> bool,
        result: &Result<String, String>,
    ) {
        let waiting = std::mem::take(&mut self.runs[place].artifacts);
        for (peer, id, client_id) in waiting {
            if is_meant(&client_id) {
                self.reply(&peer, &id, Answer::Artifact(result.clone()));
            } else {
                self.runs[place].artifacts.push((peer, id, client_id));
            }
        }
    }

    /// A run was registered on the server, or was not; the script then goes on, or gets an error.
    fn registered(
        &mut self,
        place: Option<usize>,
        result: Result<Box<Registration>, Option<Answer>>,
        main: &mut Option<Main>,
    ) {
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
            (Err(Some(error)), _) => {
                if main.is_none() {
                    // The script gives it up without a word.
                    self.abandon(place);
                }
                error
            }
            (registered, Some((log, _))) => {
                let mut run = announcement(log.state());
                run.config = registered.ok().and_then(|told| past_config(&told.config));
                Answer::Run(Box::new(run))
            }
            (_, None) => Answer::Done,
        };
        self.reply(&peer, &id, answer);
    }

    /// The script says that a run is over, and waits until that is on the server.
    pub(super) fn leave(
        &mut self,
        place: usize,
        (peer, id): (&Arc<Peer>, String),
        code: i32,
        main: &mut Option<Main>,
    ) {
        let answer = self.exit(place, code, main);
        if id.is_empty() || !self.runs[place].is_uploading() {
            self.last_warnings(place);
            return self.reply(peer, &id, answer);
        }
        let run = &mut self.runs[place];
        let asked = run.settings.finish_timeout.map_or(0.0, |time| time.value);
        let patience = match main {
            Some(_) => Some(PATIENCE),
            None if asked > 0.0 => Duration::try_from_secs_f64(asked).ok(),
            None => None,
        };
        let now = Instant::now();
        run.since = now;
        let until = patience.and_then(|patience| now.checked_add(patience));
        run.leaving.push((Arc::clone(peer), id, until));
    }

    /// Those who have waited for the end of an upload go on.
    fn let_go(&mut self, place: usize, timed_out: bool) {
        if self.runs[place].leaving.is_empty() {
            return;
        }
        self.last_warnings(place);
        for (peer, id, _) in std::mem::take(&mut self.runs[place].leaving) {
            self.reply(&peer, &id, Answer::Exit { timed_out });
        }
    }

    /// Records an artifact; who has logged it may wait until it is stored.
    pub(super) fn artifact(
        &mut self,
        place: usize,
        (peer, id): (&Arc<Peer>, String),
        record: Vec<u8>,
        kind: Option<Box<Kind>>,
        main: &mut Option<Main>,
    ) {
        let client_id = match kind.as_deref() {
            Some(Kind::Artifact(artifact)) => artifact.client_id.clone(),
            _ => String::new(),
        };
        let _ = self.record(place, record, kind, main);
        let run = &mut self.runs[place];
        let uploads = run.uploads && run.upload != Upload::Ended;
        if uploads && run.exit.is_none() && !client_id.is_empty() {
            if !id.is_empty() {
                run.artifacts.push((Arc::clone(peer), id, client_id));
            }
            return;
        }
        let reason =
            "the run is recorded offline: the artifact is uploaded with it, by `wandb-rs sync`";
        self.reply(peer, &id, Answer::Artifact(Err(reason.to_owned())));
    }

    /// Lets those go on who have waited long enough for the server.
    pub(super) fn release_due(&mut self, main: &mut Option<Main>) {
        let now = Instant::now();
        for place in 0..self.runs.len() {
            let leaving = &self.runs[place].leaving;
            if leaving
                .iter()
                .any(|(.., until)| until.is_some_and(|until| until <= now))
            {
                if main.is_none() {
                    self.warn_client(place, "Timed out finishing run.".to_owned());
                }
                self.let_go(place, main.is_none());
            }
            let until = self.runs[place].unregistered.as_ref();
            let until = until.and_then(|(_, _, until)| *until);
            if until.is_none_or(|until| until > now) {
                continue;
            }
            let run = &self.runs[place];
            let error = main.is_none().then(|| Answer::RunError {
                message: format!(
                    "the server did not take the run within {:.0} s ({}); the setting init_timeout gives it more time",
                    run.init_timeout().as_secs_f64(),
                    run.trouble.as_deref().unwrap_or("no answer"),
                ),
                usage: false,
            });
            self.registered(Some(place), Err(error), main);
        }
    }
}

/// The config of a run that goes on, as the script's SDK takes it over.
fn past_config(config: &[(String, String)]) -> Option<ConfigRecord> {
    let update = config.iter().map(|(key, json)| KeyedItem {
        key: key.clone(),
        value_json: format!("{{\"value\":{json}}}"),
        ..KeyedItem::default()
    });
    (!config.is_empty()).then(|| ConfigRecord {
        update: update.collect(),
        ..ConfigRecord::default()
    })
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
