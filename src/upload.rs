//! Uploads one run: reads its log, finished or growing, and tells the server what is in it.
//!
//! There is one way to the server, live or later: an online run is this engine following the log that is being
//! written. So nothing is sent that is not in the log, and what the server did not get can be sent at any time.
//!
//! ```text
//! log ─ reader ─▶ fold ─ rows, samples, console lines ─▶ requests of the file stream, one in flight
//!                  ├──── config, name, tags ───────────▶ upsert when registered, when changed, at the end
//!                  └──── files, artifacts, alerts ─────▶ transfers beside the stream
//! ```
//!
//! Lines are sent with their numbers, so that a request that is sent again replaces itself; the [`journal`] holds where
//! the run's lines begin. The end (`complete`) goes out last, when everything else is stored. Source:
//! `core/internal/{runsync,stream,filestream}` of the official repository.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::api::stream::Said;
use crate::api::{Api, ApiError, Caller, Stop};
use crate::settings::Resume;
use crate::store::log_reader::{End, LogReader, ReadError};
use crate::wire::log::{LogError, Piece};

pub mod align;
pub mod artifact;
pub mod batch;
pub mod console;
pub mod edits;
pub mod files;
pub mod fold;
pub mod journal;
pub mod register;
pub mod summary;
mod transfers;
pub mod verify;

use batch::{Counts, Extras};
use edits::Edits;
use fold::Fold;
use journal::{Journal, JournalError};
use register::{RegisterError, Registrar, Target};
use transfers::{Outcome, Transfers};

/// A growing log is looked at this often.
const POLL: Duration = Duration::from_millis(250);
/// Without anything to say, the server hears this often that the run goes on.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// Changes of config and name are gathered for this long.
const GATHER: Duration = Duration::from_secs(5);

/// How long a log is followed.
#[derive(Debug, Clone)]
pub enum Follow {
    /// What is there now.
    No,
    /// Until it ends with an exit record.
    ToExit,
    /// Until this flag is set and everything written before is read.
    While(Arc<AtomicBool>),
}

/// A run to be uploaded.
#[derive(Debug, Clone)]
pub struct Job {
    pub log: PathBuf,
    pub edits: Edits,
    /// What happens if the run is on the server already; `None`: what the log says.
    pub resume: Option<Resume>,
    pub follow: Follow,
}

/// How far an upload is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the log that were read, and its size.
    pub read: u64,
    pub size: u64,
    /// Bytes that were sent.
    pub sent: u64,
    /// Files that are stored, and those that are known.
    pub files: (u64, u64),
}

/// Hears how an upload goes.
pub trait Watch: Send + Sync {
    /// The run is on the server.
    fn registered(&self, target: &Target);
    fn progress(&self, progress: Progress);
    /// Something is tried again, for this reason; `None` when it goes on.
    fn trouble(&self, reason: Option<&str>);
    /// The user has pressed the stop button.
    fn stop_requested(&self);
}

/// What was uploaded.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub target: Option<Target>,
    /// Files by kind: other, W&B's own, media, artifacts.
    pub files: [u64; 4],
    /// Damage of the log; what could be read was uploaded.
    pub damage: Vec<LogError>,
    /// What the user should know.
    pub notes: Vec<String>,
    /// What failed; the run is not synced then.
    pub problems: Vec<String>,
    /// The run goes on: its end was not sent.
    pub unfinished: bool,
    pub rows: u64,
}

impl Report {
    /// Whether everything in the log is on the server, and the run has ended there.
    pub fn is_synced(&self) -> bool {
        self.problems.is_empty() && !self.unfinished
    }
}

/// Why an upload has ended early. What was sent stays; the rest can be sent later.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    #[error("another process is uploading this run")]
    Busy,
    #[error("cannot read the log: {0}")]
    Log(#[from] ReadError),
    #[error("the log has no run record")]
    NoRun,
    #[error("cannot open the journal {}: {error}", path.display())]
    Journal {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error(transparent)]
    Register(#[from] RegisterError),
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error("the upload has failed (a bug)")]
    Panic,
}

impl UploadError {
    /// The error of the server, if it is one.
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Api(error) | Self::Register(RegisterError::Api(error)) => Some(error),
            _ => None,
        }
    }

    /// Whether the user has ended it.
    pub fn is_stopped(&self) -> bool {
        matches!(self.api(), Some(ApiError::Stopped(_)))
    }
}

/// Uploads a run.
pub fn upload(
    job: &Job,
    api: &Arc<Api>,
    stop: &Stop,
    watch: &Arc<dyn Watch>,
) -> Result<Report, UploadError> {
    let journal = Journal::open(&job.log).map_err(|error| match error {
        JournalError::Busy => UploadError::Busy,
        JournalError::Io(error) => UploadError::Journal {
            path: journal::path_of(&job.log),
            error,
        },
    })?;
    let reader = LogReader::open(&job.log).map_err(ReadError::from)?;
    let trouble = {
        let watch = Arc::clone(watch);
        Arc::new(move |reason: Option<&str>| watch.trouble(reason))
    };
    let engine = Engine {
        job,
        api,
        stop,
        watch,
        trouble,
        reader,
        journal,
        fold: Fold::new(Counts::default()),
        target: None,
        in_flight: None,
        transfers: Transfers::new(&job.log),
        report: Report::default(),
        progress: Progress::default(),
        uploaded: Vec::new(),
        sent_at: None,
        told_at: None,
        preempting_told: false,
        stop_told: false,
    };
    engine.run()
}

type SharedTrouble = Arc<dyn Fn(Option<&str>) + Send + Sync>;

/// A request of the file stream on its way, and what the server has when it is answered.
struct InFlight {
    thread: JoinHandle<Result<Said, ApiError>>,
    counts: Counts,
    uploaded: Vec<(String, String)>,
    bytes: u64,
}

struct Engine<'a> {
    job: &'a Job,
    api: &'a Arc<Api>,
    stop: &'a Stop,
    watch: &'a Arc<dyn Watch>,
    trouble: SharedTrouble,
    reader: LogReader,
    journal: Journal,
    fold: Fold,
    target: Option<Target>,
    in_flight: Option<InFlight>,
    transfers: Transfers,
    report: Report,
    progress: Progress,
    /// Files that are stored and that the stream has not said so of: name and mark.
    uploaded: Vec<(String, String)>,
    sent_at: Option<Instant>,
    /// When config and name were told last.
    told_at: Option<Instant>,
    preempting_told: bool,
    stop_told: bool,
}

impl Engine<'_> {
    fn run(mut self) -> Result<Report, UploadError> {
        loop {
            // Looked at before the log is: what was written before the flag was set is read then.
            let ended = match &self.job.follow {
                Follow::No => true,
                Follow::ToExit => self.fold.exit.is_some(),
                Follow::While(ended) => ended.load(Ordering::SeqCst),
            };
            if self.read()? {
                if self.fold.batch.is_full() || self.fold.console.is_full() {
                    self.send(None)?;
                }
                continue;
            }
            if ended {
                break;
            }
            self.idle()?;
        }
        self.finish()?;
        Ok(self.report)
    }

    fn caller(&self) -> Caller<'_> {
        Caller {
            stop: self.stop,
            trouble: &*self.trouble,
        }
    }

    /// Reads the next piece of the log; false if there is no more at present.
    fn read(&mut self) -> Result<bool, UploadError> {
        // A run that goes on must know its first step, and what the server has, before its first row.
        let mut held: Vec<Vec<u8>> = Vec::new();
        let (fold, damage) = (&mut self.fold, &mut self.report.damage);
        let (registered, resume) = (self.target.is_some(), self.job.resume);
        let begun = self.journal.is_begun();
        let mut goes_on = None;
        let more = self.reader.read_some(|piece| match piece {
            Piece::Record { bytes, .. } => {
                if !registered && fold.run.is_some() {
                    let goes_on =
                        *goes_on.get_or_insert_with(|| begun || register::wants_past(fold, resume));
                    if goes_on {
                        held.push(bytes.to_vec());
                        return;
                    }
                }
                fold.apply(bytes);
            }
            Piece::Damage(error) => damage.push(error),
        })?;
        if !held.is_empty() {
            self.register()?;
            held.iter().for_each(|record| self.fold.apply(record));
        }
        if more {
            self.progress.read = self.reader.offset();
            self.progress.size = self.reader.size().unwrap_or(0).max(self.progress.read);
            self.watch.progress(self.progress);
        }
        Ok(more)
    }

    /// Makes the run on the server, once.
    fn register(&mut self) -> Result<&Target, UploadError> {
        if self.target.is_none() {
            if self.fold.run.is_none() {
                return Err(UploadError::NoRun);
            }
            let trouble = Arc::clone(&self.trouble);
            let registrar = Registrar {
                api: self.api,
                caller: Caller {
                    stop: self.stop,
                    trouble: &*trouble,
                },
                log: &self.job.log,
                edits: &self.job.edits,
                resume: self.job.resume,
            };
            self.fold.run_changed = false;
            self.fold.config_changed = false;
            // Asked beside, since one answer does not depend on the other.
            let structured = std::thread::scope(|scope| {
                let features = std::thread::Builder::new()
                    .name("features".to_owned())
                    .stack_size(256 << 10)
                    .spawn_scoped(scope, || {
                        self.api
                            .has_feature("STRUCTURED_CONSOLE_LOGS", registrar.caller)
                    });
                let target = registrar.register(&mut self.fold, &mut self.journal);
                let features = features.ok().and_then(|thread| thread.join().ok());
                target.map(|target| (target, features))
            });
            let (target, structured) = structured?;
            let structured = structured.unwrap_or_else(|| {
                self.api
                    .has_feature("STRUCTURED_CONSOLE_LOGS", self.caller())
            });
            self.fold.console.set_structured(structured);
            self.fold.set_known(target.counts);
            self.told_at = Some(Instant::now());
            self.watch.registered(&target);
            let place = self
                .journal
                .place(self.api.network().server.base(), &self.own_id(&target));
            if let Some(place) = place {
                self.transfers.resume(place);
            }
            self.report.target = Some(target.clone());
            self.target = Some(target);
        }
        self.target.as_ref().ok_or(UploadError::NoRun)
    }

    fn own_id(&self, target: &Target) -> String {
        let named = &self.job.edits.run_id;
        if named.is_empty() {
            self.fold
                .run
                .as_ref()
                .map_or_else(|| target.run.run_id.clone(), |run| run.run_id.clone())
        } else {
            named.clone()
        }
    }

    /// Sends what waits; `complete` is the run's exit code, in its last request.
    fn send(&mut self, complete: Option<i32>) -> Result<(), UploadError> {
        self.register()?;
        self.settle()?;
        let summary = (self.fold.summary.take_changed() || complete.is_some())
            .then(|| self.fold.summary.json(self.fold.last_step()))
            .filter(|summary| summary != "{}");
        let summary = match summary {
            Some(summary) if summary.len() > batch::MAX_LINE => {
                self.note(format!(
                    "the summary has {} bytes, more than the server takes: it was not uploaded",
                    summary.len()
                ));
                None
            }
            summary => summary,
        };
        let console = self.fold.console.take();
        let Some(target) = &self.target else {
            return Err(UploadError::NoRun);
        };
        let preempting = self.fold.preempting && !self.preempting_told;
        self.preempting_told |= preempting;
        let uploaded = std::mem::take(&mut self.uploaded);
        let names: Vec<String> = uploaded.iter().map(|(name, _)| name.clone()).collect();
        let counts = Counts {
            history: self.fold.batch.history.next(),
            events: self.fold.batch.events.next(),
            console: console.as_ref().map_or(0, |part| part.settled),
        };
        let body = self.fold.batch.take(
            target.bases,
            &Extras {
                summary: summary.as_deref(),
                console: console
                    .as_ref()
                    .map(|part| (part.first, part.lines.as_slice())),
                uploaded: &names,
                preempting,
                complete,
            },
        );
        let bytes = body.len() as u64;
        let (api, stop, trouble) = (
            Arc::clone(self.api),
            self.stop.clone(),
            Arc::clone(&self.trouble),
        );
        let run = target.run.clone();
        let thread = std::thread::Builder::new()
            .name("stream".to_owned())
            .stack_size(256 << 10)
            .spawn(move || {
                let caller = Caller {
                    stop: &stop,
                    trouble: &*trouble,
                };
                let said = api.stream(&run.entity, &run.project, &run.run_id, body, caller);
                stop.wake();
                said
            })
            .map_err(|error| {
                UploadError::Api(ApiError::Source {
                    what: "file stream".to_owned(),
                    message: format!("no thread can be started: {error}"),
                })
            })?;
        self.in_flight = Some(InFlight {
            thread,
            counts,
            uploaded,
            bytes,
        });
        self.sent_at = Some(Instant::now());
        Ok(())
    }

    /// Waits for the answer to the last request.
    fn settle(&mut self) -> Result<(), UploadError> {
        let Some(sent) = self.in_flight.take() else {
            return Ok(());
        };
        let said = sent.thread.join().map_err(|_| UploadError::Panic)??;
        self.progress.sent += sent.bytes;
        self.watch.progress(self.progress);
        self.journal.note(|place| {
            place.history = place.history.max(sent.counts.history);
            place.events = place.events.max(sent.counts.events);
            place.console = place.console.max(sent.counts.console);
            place.files.extend(sent.uploaded);
        });
        if said.stopped && !std::mem::replace(&mut self.stop_told, true) {
            self.watch.stop_requested();
        }
        Ok(())
    }

    /// Nothing new in the log: does what is due, and waits a little.
    fn idle(&mut self) -> Result<(), UploadError> {
        if self.fold.run.is_some() {
            self.register()?;
            if self
                .in_flight
                .as_ref()
                .is_some_and(|sent| sent.thread.is_finished())
            {
                self.settle()?;
            }
            self.tell_changes(false)?;
            self.alerts()?;
            if let Some(outcome) = self.transfers.outcome() {
                self.take_outcome(outcome);
            }
            self.transfers.start(
                &mut self.fold,
                self.target.as_ref(),
                self.api,
                self.stop,
                &self.trouble,
            );
            let since = self.sent_at.map(|at| at.elapsed());
            let interval = self.api.network().transmit_interval;
            let due = since.is_none_or(|since| since >= interval)
                && (!self.fold.batch.is_empty() || self.has_news());
            let urgent = self.fold.preempting && !self.preempting_told;
            let heartbeat = since.is_none_or(|since| since >= HEARTBEAT);
            if self.in_flight.is_none() && (due || urgent || heartbeat) {
                self.send(None)?;
            }
        }
        if self.stop.wait_or_wake(POLL) {
            return Err(UploadError::Api(ApiError::Stopped("upload".to_owned())));
        }
        Ok(())
    }

    fn has_news(&self) -> bool {
        self.fold.summary.has_changed()
            || self.fold.console.has_changed()
            || !self.uploaded.is_empty()
    }

    /// Tells the server changes of config and name, at most once in [`GATHER`] unless at the end.
    fn tell_changes(&mut self, at_end: bool) -> Result<(), UploadError> {
        if !(self.fold.run_changed || self.fold.config_changed)
            || !(at_end || self.told_at.is_none_or(|at| at.elapsed() >= GATHER))
        {
            return Ok(());
        }
        let Some(target) = &self.target else {
            return Ok(());
        };
        let mut upsert = register::describe(&self.fold, &self.job.edits);
        upsert.storage_id.clone_from(&target.run.storage_id);
        upsert.entity.clone_from(&target.run.entity);
        upsert.project.clone_from(&target.run.project);
        upsert.run_id.clone_from(&target.run.run_id);
        upsert.config = Some(register::config_of(&self.fold, &self.job.edits));
        self.fold.run_changed = false;
        self.fold.config_changed = false;
        self.told_at = Some(Instant::now());
        self.api.upsert(&upsert, self.caller())?;
        Ok(())
    }

    /// Sends alerts that were not sent before.
    fn alerts(&mut self) -> Result<(), UploadError> {
        let Some(target) = &self.target else {
            return Ok(());
        };
        let run = target.run.clone();
        for alert in std::mem::take(&mut self.fold.alerts) {
            if !self.transfers.next_alert() {
                continue;
            }
            let sent = self.api.alert(
                &run.entity,
                &run.project,
                &run.run_id,
                &alert.title,
                &alert.text,
                &alert.level,
                alert.wait_duration,
                self.caller(),
            );
            match sent {
                Ok(()) => self.journal.note(|place| place.alerts += 1),
                Err(error @ ApiError::Stopped(_)) => return Err(error.into()),
                // As the official client: a server without alerts is no reason to fail.
                Err(error) => self.note(format!("alert {:?}: {error}", alert.title)),
            }
        }
        Ok(())
    }

    fn note(&mut self, text: String) {
        if !self.report.notes.contains(&text) {
            self.report.notes.push(text);
        }
    }

    fn take_outcome(&mut self, outcome: Outcome) {
        for file in outcome.stored {
            self.progress.sent += file.size;
            self.progress.files.0 += 1;
            if let Some(count) = self.report.files.get_mut(file.kind as usize) {
                *count += 1;
            }
            self.uploaded.push((file.name, file.mark));
        }
        if outcome.artifacts > 0 {
            self.journal
                .note(|place| place.artifacts += outcome.artifacts);
            self.report.files[3] += outcome.artifact_files;
        }
        self.report.problems.extend(outcome.problems);
        for note in outcome.notes {
            self.note(note);
        }
        self.progress.files.1 = self.progress.files.1.max(self.progress.files.0);
        self.watch.progress(self.progress);
    }

    /// Everything has been read: sends the rest, and the end.
    fn finish(&mut self) -> Result<(), UploadError> {
        if self.fold.run.is_none() {
            return Err(UploadError::NoRun);
        }
        self.register()?;
        let following = !matches!(self.job.follow, Follow::No);
        let complete = match self.fold.exit {
            Some(code) => Some(code),
            None if following => None,
            // As the official client: a run without an end has crashed, unless somebody is at it.
            None => (!is_being_written(&self.job.log)).then_some(1),
        };
        self.report.unfinished = complete.is_none();
        if let End::Incomplete(offset) = self.reader.end()
            && complete.is_some()
        {
            self.note(format!(
                "the log ends within a record (at byte {offset}): what was written last is missing"
            ));
        }
        while self.fold.batch.is_full() || self.fold.console.is_full() {
            self.send(None)?;
        }
        self.alerts()?;
        self.tell_changes(true)?;
        if let Some(outcome) = self.transfers.wait() {
            self.take_outcome(outcome);
        }
        let target = self.target.clone().ok_or(UploadError::NoRun)?;
        self.progress.files.1 = self.progress.files.0 + self.transfers.count(&self.fold);
        self.watch.progress(self.progress);
        let outcome = self.transfers.finish(
            &mut self.fold,
            &self.job.edits,
            &target,
            self.api,
            self.stop,
            &self.trouble,
        );
        self.take_outcome(outcome);
        if self.stop.is_stopped() {
            return Err(UploadError::Api(ApiError::Stopped("upload".to_owned())));
        }
        self.left_out();
        self.send(complete)?;
        self.settle()?;
        self.report.rows = self.fold.batch.history.next();
        if self.report.is_synced() {
            let size = self.reader.offset();
            self.journal.note(|place| place.finished = Some(size));
        }
        Ok(())
    }

    /// Says what was not uploaded.
    fn left_out(&mut self) {
        let left_out = self.fold.left_out;
        let plural = |count: u64, one: &str, many: &str| {
            if count == 1 {
                format!("1 {one}")
            } else {
                format!("{count} {many}")
            }
        };
        if left_out.long_rows > 0 {
            self.note(format!(
                "{} not uploaded: longer than the {} bytes that the server takes (up to {})",
                plural(left_out.long_rows, "row was", "rows were"),
                batch::MAX_LINE,
                left_out.longest
            ));
        }
        if left_out.values > 0 {
            self.note(format!(
                "{} not uploaded: not JSON",
                plural(left_out.values, "value was", "values were")
            ));
        }
        if left_out.records > 0 {
            self.note(format!(
                "{} not uploaded: not readable",
                plural(left_out.records, "record was", "records were")
            ));
        }
        if left_out.unknown > 0 {
            self.note(format!(
                "{} not uploaded: of a kind that this version does not know",
                plural(left_out.unknown, "record was", "records were")
            ));
        }
        for damage in self.report.damage.clone() {
            self.note(format!(
                "damaged log, what could be read was uploaded: {damage}"
            ));
        }
    }
}

/// Whether a process of this machine has the log open for writing.
fn is_being_written(log: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(log) = log.metadata() else {
        return false;
    };
    let same = |path: &Path| {
        path.metadata()
            .is_ok_and(|other| (other.dev(), other.ino()) == (log.dev(), log.ino()))
    };
    let own = std::process::id().to_string();
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    for process in processes {
        let name = process.file_name();
        let name = name.to_string_lossy();
        if !name.bytes().all(|byte| byte.is_ascii_digit()) || name == own {
            continue;
        }
        let open = std::fs::read_dir(process.path().join("fd"));
        for file in open.into_iter().flatten().flatten() {
            let is_log = std::fs::read_link(file.path())
                .is_ok_and(|target| target.extension().is_some_and(|ending| ending == "wandb"));
            if !is_log || !same(&file.path()) {
                continue;
            }
            // The file's access mode stands in octal in the last digit of its flags.
            let info = process.path().join("fdinfo").join(file.file_name());
            let flags = std::fs::read_to_string(info).unwrap_or_default();
            let flags = flags.lines().find_map(|line| line.strip_prefix("flags:"));
            if flags.is_none_or(|flags| !flags.trim().ends_with('0')) {
                return true;
            }
        }
    }
    false
}
