//! Makes the run on the server, or finds it there, and settles where its lines begin.
//!
//! Source: `core/internal/runupserter` and `core/internal/runbranch` of the official repository. It differs where a run
//! is there already and is not resumed: the official client then adds the log's rows behind those of the server, even
//! if they are the same ones.

use crate::api::runs::{Existing, Registered, Upsert};
use crate::api::{Api, ApiError, Caller};
use crate::run::config::Config;
use crate::settings::Resume;
use crate::store::log_reader::ReadError;
use crate::wire::json::Value;

use super::align;
use super::batch::{Bases, Counts};
use super::edits::Edits;
use super::fold::{Fold, config_json};
use super::journal::{Journal, Place};

/// Why a run cannot be uploaded.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error("{0}")]
    Resume(String),
    #[error("cannot read the log: {0}")]
    Log(#[from] ReadError),
    #[error("cannot write the journal of the upload: {0}")]
    Journal(std::io::Error),
}

/// A run on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub run: Registered,
    pub bases: Bases,
    /// The server goes on with a run that it had.
    pub resumed: bool,
    /// The step of the log's first row there.
    pub first_step: i64,
    /// Lines of this log that the server has.
    pub counts: Counts,
    /// The config of a run that goes on, with what it had before: keys and values as JSON.
    pub config: Vec<(String, String)>,
}

/// What registering needs to know besides the log.
#[derive(Debug)]
pub struct Registrar<'a> {
    pub api: &'a Api,
    pub caller: Caller<'a>,
    pub log: &'a std::path::Path,
    pub edits: &'a Edits,
    /// What the user wants with a run that is there; `None`: what the log says.
    pub resume: Option<Resume>,
}

impl std::fmt::Debug for Caller<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Caller")
    }
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api")
            .field("server", &self.network().server)
            .finish_non_exhaustive()
    }
}

/// Whether a run must be asked for on the server before its rows can be given their steps.
pub fn wants_past(fold: &Fold, resume: Option<Resume>) -> bool {
    match resume {
        Some(Resume::Allow | Resume::Must | Resume::Auto) => true,
        Some(Resume::Never) => false,
        None => fold.run.as_ref().is_some_and(|run| run.resume),
    }
}

/// What is said about the run, without its config.
pub fn describe(fold: &Fold, edits: &Edits) -> Upsert {
    let mut run = fold.run.clone().unwrap_or_default();
    edits.apply(&mut run);
    let git = run.git.unwrap_or_default();
    Upsert {
        storage_id: String::new(),
        run_id: run.run_id,
        project: run.project,
        entity: run.entity,
        group: run.run_group,
        display_name: run.display_name,
        notes: run.notes,
        commit: git.commit,
        remote_url: git.remote_url,
        host: run.host,
        program: fold.program(),
        job_type: run.job_type,
        sweep: run.sweep_id,
        tags: (!run.tags.is_empty()).then_some(run.tags),
        config: None,
    }
}

/// The whole config as the server takes it.
pub fn config_of(fold: &Fold, edits: &Edits) -> String {
    let mut config = fold.full_config();
    edits.apply_config(&mut config);
    config_json(&config)
}

impl Registrar<'_> {
    /// Registers the run; afterwards the fold knows its past and the journal where it begins.
    pub fn register(
        &self,
        fold: &mut Fold,
        journal: &mut Journal,
    ) -> Result<Target, RegisterError> {
        let mut upsert = describe(fold, self.edits);
        let server = self.api.network().server.base().to_owned();
        let noted = journal
            .place(&server, &upsert.run_id)
            .filter(|place| {
                let same = |wanted: &str, noted: &str| wanted.is_empty() || wanted == noted;
                same(&upsert.entity, &place.entity) && same(&upsert.project, &place.project)
            })
            .cloned();
        if let Some(place) = &noted {
            upsert.entity.clone_from(&place.entity);
            upsert.project.clone_from(&place.project);
        }
        let mut bases = Bases::default();
        let mut past = None;
        let mut runtime = 0.0;
        let branch = fold.run.as_ref().and_then(|run| run.branch_point.clone());
        let rewinds = branch
            .as_ref()
            .is_some_and(|branch| branch.run == upsert.run_id);
        if wants_past(fold, self.resume) || self.resume == Some(Resume::Never) {
            past = self.existing(&upsert)?.filter(|existing| existing.started);
            if noted.is_none() {
                self.check_resume(&upsert.run_id, past.is_some())?;
            }
        } else if let (Some(branch), true, None) = (&branch, rewinds, &noted) {
            let (entity, project) = (&upsert.entity, &upsert.project);
            let run =
                self.api
                    .rewind(entity, project, &upsert.run_id, branch.value, self.caller)?;
            bases.history = run.history_lines;
            upsert.storage_id = run.storage_id;
            if !run.project.is_empty() {
                upsert.project = run.project;
                upsert.entity = run.entity;
            }
            self.keep_name(fold, &mut upsert, &run.display_name);
            inherit_config(fold, run.config.as_deref());
        }
        if let Some(existing) = &past {
            upsert.storage_id.clone_from(&existing.storage_id);
            // A step that was noted for another place says nothing about this one.
            let noted_step = (noted.is_some() || journal.begun().is_none())
                .then(|| journal.starting_step())
                .flatten();
            let resumption = self.resume_from(fold, noted_step, existing, &mut upsert)?;
            bases = resumption.0;
            runtime = resumption.1;
        }
        let resumed = past.is_some();
        upsert.config = Some(config_of(fold, self.edits));
        let run = self.api.upsert(&upsert, self.caller)?;
        let mut counts = Counts::default();
        if let Some(place) = &noted {
            bases = place.bases();
            counts = place.counts();
        } else if !resumed && !rewinds && run.history_lines > 0 {
            // A fork begins behind its parent's rows; a run that was there already perhaps with rows of this log.
            let mut same = upsert.clone();
            same.entity.clone_from(&run.entity);
            same.project.clone_from(&run.project);
            let found = match self.existing(&same)? {
                Some(existing) => align::find(self.log, &existing)?,
                None => None,
            };
            bases = found.map_or(
                Bases {
                    history: run.history_lines,
                    ..Bases::default()
                },
                |found| found.bases,
            );
        }
        // A server that has less than was noted has lost or deleted it: everything is sent anew. One that knows the run
        // and says 0 does not count.
        let has_less = (1..bases.history + counts.history).contains(&run.history_lines);
        if counts.history > 0 && (run.inserted || has_less) {
            counts = Counts::default();
            if run.inserted {
                bases = Bases::default();
            }
        }
        let mut place = Place {
            server,
            entity: run.entity.clone(),
            project: run.project.clone(),
            run: upsert.run_id.clone(),
            history_base: bases.history,
            events_base: bases.events,
            console_base: bases.console,
            history: counts.history,
            events: counts.events,
            console: counts.console,
            ..Place::default()
        };
        if let Some(noted) = noted.filter(|_| counts != Counts::default()) {
            place.alerts = noted.alerts;
            place.artifacts = noted.artifacts;
            place.files = noted.files;
        }
        let step = fold.steps.last() + 1;
        journal
            .begin(
                place,
                if resumed { step } else { 0 },
                (runtime * 1e3) as i64,
            )
            .map_err(RegisterError::Journal)?;
        Ok(Target {
            run,
            bases,
            resumed,
            first_step: step,
            counts,
            config: if resumed {
                users_config(fold)
            } else {
                Vec::new()
            },
        })
    }

    fn existing(&self, upsert: &Upsert) -> Result<Option<Existing>, ApiError> {
        self.api
            .existing(&upsert.entity, &upsert.project, &upsert.run_id, self.caller)
    }

    /// A run keeps the name that it had, not one that was made up for this part of it.
    fn keep_name(&self, fold: &mut Fold, upsert: &mut Upsert, name: &str) {
        fold.keep_name(name);
        if let (true, Some(run)) = (self.edits.name.is_empty(), &fold.run) {
            upsert.display_name.clone_from(&run.display_name);
        }
    }

    fn check_resume(&self, id: &str, exists: bool) -> Result<(), RegisterError> {
        match (self.resume, exists) {
            (Some(Resume::Must), false) => Err(RegisterError::Resume(format!(
                "run {id} does not exist on the server, and `resume must` asks for a run that is there; is the id right, and the project?"
            ))),
            (Some(Resume::Never), true) => Err(RegisterError::Resume(format!(
                "run {id} exists already, and `resume never` forbids to go on with it; use another id, or `resume allow`"
            ))),
            _ => Ok(()),
        }
    }

    /// Takes over the past of a run: steps, summary, config, tags and notes. Gives where the lines begin, and the
    /// run's time so far in seconds.
    fn resume_from(
        &self,
        fold: &mut Fold,
        noted_step: Option<i64>,
        existing: &Existing,
        upsert: &mut Upsert,
    ) -> Result<(Bases, f64), RegisterError> {
        let (Some(history), Some(events), Some(console)) = (
            existing.history_lines,
            existing.events_lines,
            existing.console_lines,
        ) else {
            return Err(RegisterError::Resume(
                "the server does not say how long the run is: it cannot be gone on with".to_owned(),
            ));
        };
        let object = |text: Option<&str>| text.and_then(|text| Value::parse(text).ok());
        let summary = object(existing.summary.as_deref());
        let tail = object(existing.history_tail.as_deref());
        let events_tail = object(existing.events_tail.as_deref());
        let whole = |value: Option<&Value>| match value.and_then(|value| value.get("_step")) {
            Some(Value::Int(step)) => *step,
            _ => -1,
        };
        let last = whole(summary.as_ref())
            .max(whole(tail.as_ref()))
            .max(history as i64 - 1);
        let mut bases = Bases {
            history,
            events,
            console,
        };
        let mut step = last + 1;
        if let Some(noted) = noted_step {
            // This part of the run has been uploaded before, at least in part.
            step = noted;
            if let Some(found) = align::find(self.log, existing)? {
                bases = found.bases;
            }
        } else if let Some(found) = align::find(self.log, existing)? {
            bases = found.bases;
            step = found.shift;
        }
        fold.start_at(step);
        let seconds = |value: Option<&Value>, key: &str| value?.get(key)?.as_f64();
        let runtime = [
            seconds(summary.as_ref().and_then(|s| s.get("_wandb")), "runtime"),
            seconds(summary.as_ref(), "_runtime"),
            seconds(tail.as_ref(), "_runtime"),
            seconds(events_tail.as_ref(), "_runtime"),
        ]
        .into_iter()
        .flatten()
        .fold(0.0, f64::max);
        if let Some(Value::Map(members)) = summary {
            fold.summary.start_from(members);
        }
        inherit_config(fold, existing.config.as_deref());
        self.keep_name(fold, upsert, &existing.display_name);
        if upsert.tags.is_none() && !existing.tags.is_empty() {
            upsert.tags = Some(existing.tags.clone());
        }
        if upsert.notes.is_empty() {
            upsert.notes.clone_from(&existing.notes);
        }
        Ok((bases, runtime))
    }
}

/// The config that the user sees.
fn users_config(fold: &Fold) -> Vec<(String, String)> {
    let members = fold.config.members().iter();
    members
        .filter(|(key, _)| key != "_wandb")
        .map(|(key, value)| (key.clone(), value.to_json()))
        .collect()
}

/// Adds the server's config values that the run does not set itself. Of what is below `_wandb` only what the user sees
/// is kept.
fn inherit_config(fold: &mut Fold, config: Option<&str>) {
    let Some(Ok(Value::Map(members))) = config.map(Value::parse) else {
        return;
    };
    let mut inherited = Config::default();
    for (key, wrapped) in members {
        let Some(value) = wrapped.get("value") else {
            continue;
        };
        if key == "_wandb" {
            for kept in ["viz", "visualize", "mask/class_labels"] {
                let own = fold.config.get("_wandb").and_then(|own| own.get(kept));
                if let (None, Some(value)) = (own, value.get(kept)) {
                    let member = Value::Map(vec![(kept.to_owned(), value.clone())]);
                    inherited.update("_wandb", &member);
                }
            }
        } else if fold.config.get(&key).is_none() {
            inherited.update(&key, value);
        }
    }
    for (key, value) in inherited.members() {
        fold.config.update(key, value);
    }
}
