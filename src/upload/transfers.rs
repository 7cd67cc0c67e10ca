//! Files and artifacts on their way, beside the file stream: while a run goes on, on a thread of their own.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use super::Watch;
use super::artifact;
use super::edits::Edits;
use super::engine::SharedTrouble;
use super::files::{self, File, Of, Source};
use super::fold::Fold;
use super::journal::Place;
use super::register::Target;
use crate::api::{Api, Caller, Stop};
use crate::run::Stream;
use crate::store::log_reader::LogReader;
use crate::store::output_log::OutputLog;
use crate::store::{self, yaml};
use crate::term::{ConsoleLog, Mark};
use crate::wire::console::{Printed, logged_lines, printed};
use crate::wire::json::Value;
use crate::wire::log::Piece;
use crate::wire::proto::fields;
use crate::wire::schema::ArtifactRecord;

/// Files that are made from the log.
pub(super) const MADE: [&str; 4] = [
    "config.yaml",
    "wandb-summary.json",
    "wandb-metadata.json",
    "output.log",
];

/// A file that is stored.
#[derive(Debug)]
pub(super) struct StoredFile {
    pub name: String,
    pub mark: String,
    pub kind: i32,
    pub size: u64,
}

/// What became of a number of transfers.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub stored: Vec<StoredFile>,
    /// Artifacts that are uploaded, and the files in them.
    pub artifacts: u64,
    pub artifact_files: u64,
    pub problems: Vec<String>,
    pub notes: Vec<String>,
}

/// What is transferred, and what was.
#[derive(Debug)]
pub(super) struct Transfers {
    log: PathBuf,
    /// The run's `files/`.
    directory: PathBuf,
    /// Files as they were when they were stored: name and mark.
    known: std::collections::BTreeMap<String, String>,
    /// Alerts and artifacts that were sent before this upload began, and those seen since.
    alerts: (u64, u64),
    artifacts: (u64, u64),
    thread: Option<JoinHandle<Outcome>>,
}

impl Transfers {
    pub(super) fn new(log: &Path) -> Self {
        let directory = log.parent().unwrap_or(Path::new("")).join("files");
        Self {
            log: log.to_owned(),
            directory,
            known: std::collections::BTreeMap::new(),
            alerts: (0, 0),
            artifacts: (0, 0),
            thread: None,
        }
    }

    /// Goes on with an upload that was begun before.
    pub(super) fn resume(&mut self, place: &Place) {
        self.known.clone_from(&place.files);
        self.alerts.0 = place.alerts;
        self.artifacts.0 = place.artifacts;
    }

    /// Counts an alert; false if it was sent before.
    pub(super) fn next_alert(&mut self) -> bool {
        self.alerts.1 += 1;
        self.alerts.1 > self.alerts.0
    }

    /// How many files there are to be stored at the end, as far as is known.
    pub(super) fn count(fold: &Fold) -> u64 {
        let others = fold
            .files
            .keys()
            .filter(|name| !MADE.contains(&name.as_str()));
        (MADE.len() + others.count()) as u64
    }

    fn new_artifacts(&mut self, fold: &mut Fold) -> Vec<ArtifactRecord> {
        let (before, seen) = &mut self.artifacts;
        std::mem::take(&mut fold.artifacts)
            .into_iter()
            .filter(|_| {
                *seen += 1;
                *seen > *before
            })
            .collect()
    }

    /// Whether transfers were started whose outcome is not taken yet.
    pub(super) fn are_under_way(&self) -> bool {
        self.thread.is_some()
    }

    /// The result of the transfers that were started, once they are done.
    pub(super) fn outcome(&mut self) -> Option<Outcome> {
        if self.thread.as_ref()?.is_finished() {
            self.wait()
        } else {
            None
        }
    }

    /// Waits for the transfers that were started.
    pub(super) fn wait(&mut self) -> Option<Outcome> {
        let outcome = self.thread.take()?.join().unwrap_or_else(|_| Outcome {
            problems: vec!["a transfer has failed (a bug)".to_owned()],
            ..Outcome::default()
        });
        let stored = outcome.stored.iter();
        self.known
            .extend(stored.map(|file| (file.name.clone(), file.mark.clone())));
        Some(outcome)
    }

    /// Files of the run's directory with these policies that have changed since they were stored.
    fn changed(&self, fold: &Fold, api: &Api, at_end: bool) -> (Vec<File>, Vec<String>) {
        let mut notes = Vec::new();
        let mut found = Vec::new();
        let ignored = &api.network().ignore_globs;
        for (name, kind) in &fold.files {
            if (kind.policy == 1 && !at_end) || ignored.iter().any(|glob| files::fits(glob, name)) {
                continue;
            }
            if !files::is_inside(name) {
                if at_end {
                    notes.push(format!(
                        "file {name:?} was not uploaded: not a name within the run"
                    ));
                }
                continue;
            }
            match File::found(&self.directory, name, kind.kind) {
                Some(file) if self.known.get(name) != Some(&file.mark) => found.push(file),
                None if at_end => {
                    notes.push(format!(
                        "file {name} was not uploaded: it is not there any more"
                    ));
                }
                _ => {}
            }
        }
        (found, notes)
    }

    /// Starts transfers of what has come since the last ones, unless some are under way.
    pub(super) fn start(
        &mut self,
        fold: &mut Fold,
        target: Option<&Target>,
        api: &Arc<Api>,
        stop: &Stop,
        (trouble, watch): (&SharedTrouble, &Arc<dyn Watch>),
    ) {
        let (None, Some(target)) = (&self.thread, target) else {
            return;
        };
        let artifacts = self.new_artifacts(fold);
        let (files, _) = self.changed(fold, api, false);
        if artifacts.is_empty() && files.is_empty() {
            return;
        }
        let (api, stop, trouble) = (Arc::clone(api), stop.clone(), Arc::clone(trouble));
        let watch = Arc::clone(watch);
        let target = target.clone();
        self.thread = std::thread::Builder::new()
            .name("transfers".to_owned())
            .spawn(move || {
                let caller = Caller::new(&stop, &*trouble);
                let mut outcome = Outcome::default();
                store_files(&api, &target, &files, caller, &mut outcome);
                store_artifacts(&api, &target, &artifacts, caller, &*watch, &mut outcome);
                outcome
            })
            .ok();
    }

    /// Transfers everything that is left at the end of a log.
    pub(super) fn finish(
        &mut self,
        fold: &mut Fold,
        edits: &Edits,
        target: &Target,
        api: &Arc<Api>,
        stop: &Stop,
        (trouble, watch): (&SharedTrouble, &Arc<dyn Watch>),
    ) -> Outcome {
        let caller = Caller::new(stop, &**trouble);
        let mut outcome = Outcome::default();
        let artifacts = self.new_artifacts(fold);
        store_artifacts(api, target, &artifacts, caller, &**watch, &mut outcome);
        let (mut files, notes) = self.changed(fold, api, true);
        outcome.notes.extend(notes);
        for file in self.own_files(fold, edits, &mut outcome) {
            let ignored = &api.network().ignore_globs;
            let is_ignored = ignored.iter().any(|glob| files::fits(glob, &file.name));
            if !is_ignored && self.known.get(&file.name) != Some(&file.mark) {
                files.retain(|other| other.name != file.name);
                files.push(file);
            }
        }
        store_files(api, target, &files, caller, &mut outcome);
        outcome
    }

    /// The files that are made from the log.
    fn own_files(&self, fold: &mut Fold, edits: &Edits, outcome: &mut Outcome) -> Vec<File> {
        let mut config = fold.full_config();
        edits.apply_config(&mut config);
        let mut files = vec![
            File::made("config.yaml", yaml::config_yaml(config.members())),
            File::made("wandb-summary.json", fold.summary.json(fold.last_step())),
        ];
        let metadata = fold.metadata();
        if matches!(&metadata, Value::Map(members) if !members.is_empty()) {
            files.push(File::made("wandb-metadata.json", metadata.to_pretty_json()));
        }
        let size = fold.console.text_size();
        if size > 0 {
            match self.output_log(size) {
                Ok(file) => files.extend(file),
                Err(error) => outcome
                    .notes
                    .push(format!("output.log was not uploaded: {error}")),
            }
        }
        files
    }

    /// `output.log` as the log tells it: the file in the run's directory, if it has the right size.
    fn output_log(&self, size: u64) -> std::io::Result<Option<File>> {
        let own = File::found(&self.directory, "output.log", 1);
        if own.as_ref().is_some_and(|file| file.size() == size) {
            return Ok(own);
        }
        store::private_dir(&self.directory)?;
        let path = self.directory.join("output.log");
        let made = path.with_extension("log.new");
        let _ = std::fs::remove_file(&made);
        let mut log = OutputLog::new(made.clone());
        let mut console = ConsoleLog::default();
        let mut reader = LogReader::open(&self.log)?;
        let mut failed = None;
        while reader
            .read_some(|piece| {
                if let Piece::Record { bytes, .. } = piece {
                    console_text(bytes, &mut console);
                    if console.finished().len() > 1 << 20
                        && let Err(error) = log.settle(&mut console)
                    {
                        failed = Some(error);
                    }
                }
            })
            .map_err(std::io::Error::other)?
        {}
        if let Some(error) = failed {
            return Err(error);
        }
        log.write(&mut console)?;
        std::fs::rename(&made, &path)?;
        Ok(File::found(&self.directory, "output.log", 1))
    }
}

/// Writes the console text in an encoded record, if it has some.
fn console_text(record: &[u8], console: &mut ConsoleLog) {
    let mut fields = fields(record).flatten();
    match fields.find_map(|field| printed(field).ok()?) {
        Some(Printed::Raw(output)) => console.write(Stream::of(output.stdout), output.text),
        Some(Printed::Logged(text)) => {
            let stream = Stream::Stdout;
            for line in logged_lines(text) {
                console.add_line(Mark { stream, at: 0 }, line);
            }
        }
        None => {}
    }
}

fn of(target: &Target) -> Of<'_> {
    Of {
        entity: &target.run.entity,
        project: &target.run.project,
        run: &target.run.run_id,
    }
}

fn store_files(
    api: &Api,
    target: &Target,
    files: &[File],
    caller: Caller<'_>,
    outcome: &mut Outcome,
) {
    if files.is_empty() || caller.stop.is_stopped() {
        return;
    }
    match files::store(api, of(target), files, caller, &|_| {}) {
        Ok(stored) => {
            outcome
                .stored
                .extend(stored.stored.iter().map(|i| StoredFile {
                    name: files[*i].name.clone(),
                    mark: files[*i].mark.clone(),
                    kind: files[*i].kind,
                    size: files[*i].size(),
                }));
            for (i, error) in stored.failed {
                // A file that has gone since it was looked at is told as one that was not there.
                let gone = matches!(&files[i].source, Source::Disk(path, _) if !path.exists());
                if gone {
                    outcome.notes.push(format!(
                        "file {} was not uploaded: it is not there any more",
                        files[i].name
                    ));
                } else {
                    outcome.problems.push(format!("file {error}"));
                }
            }
        }
        Err(error) => {
            let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
            outcome
                .problems
                .push(format!("files {}: {error}", names.join(", ")));
        }
    }
}

fn store_artifacts(
    api: &Api,
    target: &Target,
    artifacts: &[ArtifactRecord],
    caller: Caller<'_>,
    watch: &dyn Watch,
    outcome: &mut Outcome,
) {
    for record in artifacts {
        if caller.stop.is_stopped() {
            return;
        }
        let uploaded = artifact::upload(api, record, of(target), caller);
        match &uploaded {
            Ok(id) => watch.artifact(&record.client_id, Ok(id)),
            Err(error) => watch.artifact(&record.client_id, Err(&error.to_string())),
        }
        match uploaded {
            Ok(_) => {
                outcome.artifacts += 1;
                let contents = record.manifest.as_ref().map_or(0, |m| m.contents.len());
                outcome.artifact_files += contents as u64;
            }
            Err(error) => outcome
                .problems
                .push(format!("artifact {}: {error}", record.name)),
        }
    }
}
