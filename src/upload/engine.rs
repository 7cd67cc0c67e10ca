//! The engine: one run's log from its first byte to the end of the run on the server.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::batch::{self, Counts, Extras};
use super::fold::{self, Fold};
use super::journal::{self, Journal, JournalError};
use super::register::{self, Registrar, Target};
use super::transfers::{Outcome, Transfers};
use super::{Fate, Follow, Job, Progress, Report, UploadError, Watch};
use crate::api::stream::Said;
use crate::api::{Api, ApiError, Caller, Stop};
use crate::store::log_reader::{End, LogReader, ReadError};
use crate::store::runs;
use crate::wire::log::Piece;

/// A growing log is looked at this often.
const POLL: Duration = Duration::from_millis(250);
/// Without anything to say, the server hears this often that the run goes on.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// Changes of config and name are gathered for this long.
const GATHER: Duration = Duration::from_secs(5);

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
    let mut fold = Fold::new(Counts::default());
    if !matches!(job.follow, Follow::While(_)) {
        fold::mark_synced(&mut fold);
    }
    let engine = Engine {
        job,
        api,
        stop,
        watch,
        trouble,
        reader,
        journal,
        fold,
        target: None,
        held: Vec::new(),
        in_flight: None,
        transfers: Transfers::new(&job.log),
        report: Report::default(),
        progress: Progress::default(),
        uploaded: Vec::new(),
        began: Instant::now(),
        sent_at: None,
        told_at: None,
        preempting_told: false,
        stop_told: false,
        hurry: Hurry::NotYet,
    };
    engine.run()
}

pub(super) type SharedTrouble = Arc<dyn Fn(Option<&str>) + Send + Sync>;

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
    /// Records that must wait until the run's past is known.
    held: Vec<Vec<u8>>,
    in_flight: Option<InFlight>,
    transfers: Transfers,
    report: Report,
    progress: Progress,
    /// Files that are stored and that the stream has not said so of: name and mark.
    uploaded: Vec<(String, String)>,
    began: Instant,
    sent_at: Option<Instant>,
    /// When config and name were told last.
    told_at: Option<Instant>,
    preempting_told: bool,
    stop_told: bool,
    hurry: Hurry,
}

/// How far the engine is with what somebody waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hurry {
    /// Nobody has asked, or it was not begun.
    NotYet,
    /// The request that has all of it is on its way.
    Sent,
    Done,
}

impl Engine<'_> {
    fn run(mut self) -> Result<Report, UploadError> {
        loop {
            // Looked at before the log is: what was written before is read then.
            let fate = match &self.job.follow {
                Follow::No => Fate::Ended,
                Follow::ToExit if self.fold.exit.is_some() => Fate::Ended,
                Follow::ToExit => Fate::GoesOn,
                Follow::While(fate) => fate(),
            };
            if fate == Fate::Gone {
                let _ = self.settle();
                self.report.unfinished = true;
                return Ok(self.report);
            }
            if self.read(fate)? {
                if self.fold.batch.is_full() || self.fold.console.is_full() {
                    self.send(None)?;
                }
                continue;
            }
            if fate == Fate::Ended {
                break;
            }
            self.idle(fate == Fate::Hurries)?;
        }
        self.finish()?;
        Ok(self.report)
    }

    fn caller(&self) -> Caller<'_> {
        Caller::new(self.stop, &*self.trouble)
    }

    /// Whether the run may still become another one: it is not made on the server as long as it has no rows.
    fn may_move(&self, fate: Fate) -> bool {
        fate == Fate::GoesOn
            && self.target.is_none()
            && self.fold.batch.history.next() == 0
            && self.began.elapsed() < self.job.hold
    }

    /// Reads the next piece of the log; false if there is no more at present.
    fn read(&mut self, fate: Fate) -> Result<bool, UploadError> {
        if !self.held.is_empty() {
            if self.may_move(fate) {
                return Ok(false);
            }
            return self.release();
        }
        // A run that goes on must know its first step, and what the server has, before its first row.
        let mut held: Vec<Vec<u8>> = Vec::new();
        let (fold, damage) = (&mut self.fold, &mut self.report.damage);
        let (registered, resume) = (self.target.is_some(), self.job.resume);
        let begun = self.journal.begun().is_some();
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
        self.held = held;
        if !self.held.is_empty() && !self.may_move(fate) {
            self.release()?;
        }
        if more {
            self.progress.read = self.reader.offset();
            self.progress.size = self.reader.size().unwrap_or(0).max(self.progress.read);
            self.watch.progress(self.progress);
        }
        Ok(more)
    }

    /// Registers a run that goes on, and takes what had to wait for that.
    fn release(&mut self) -> Result<bool, UploadError> {
        self.register()?;
        for record in std::mem::take(&mut self.held) {
            self.fold.apply(&record);
        }
        Ok(true)
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
                caller: Caller::new(self.stop, &*trouble),
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
            if let Some(place) = self.journal.begun() {
                self.transfers.resume(place);
            }
            self.report.target = Some(target.clone());
            self.target = Some(target);
        }
        self.target.as_ref().ok_or(UploadError::NoRun)
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
            // A packer has tables of its own.
            .stack_size(2 << 20)
            .spawn(move || {
                let caller = Caller::new(&stop, &*trouble);
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

    /// Nothing new in the log: does what is due, or everything if somebody waits for it, and waits a little.
    fn idle(&mut self, hurries: bool) -> Result<(), UploadError> {
        // What comes after the first hurry takes its time again.
        let hurries = hurries && self.hurry != Hurry::Done;
        if self.fold.run.is_some() && (hurries || !self.may_move(Fate::GoesOn)) {
            self.register()?;
            if self
                .in_flight
                .as_ref()
                .is_some_and(|sent| sent.thread.is_finished())
            {
                self.settle()?;
            }
            self.tell_changes(hurries)?;
            self.alerts()?;
            if let Some(outcome) = self.transfers.outcome() {
                self.take_outcome(outcome);
            }
            self.transfers.start(
                &mut self.fold,
                self.target.as_ref(),
                self.api,
                self.stop,
                (&self.trouble, self.watch),
            );
            let since = self.sent_at.map(|at| at.elapsed());
            let interval = self.api.network().transmit_interval;
            let waits = !self.fold.batch.is_empty() || self.has_news();
            let hurried = hurries && self.hurry == Hurry::NotYet;
            let due = waits && (hurried || since.is_none_or(|since| since >= interval));
            let urgent = self.fold.preempting && !self.preempting_told;
            let heartbeat = since.is_none_or(|since| since >= HEARTBEAT);
            let free = self.in_flight.is_none();
            if free && (due || urgent || heartbeat) {
                self.send(None)?;
            }
            if hurried && free {
                self.hurry = Hurry::Sent;
            }
            let busy = self.in_flight.is_some() || self.transfers.are_under_way();
            if self.hurry == Hurry::Sent && !busy {
                self.hurry = Hurry::Done;
                self.watch.caught_up();
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
            None => (!runs::is_being_written(&self.job.log)).then_some(1),
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
        self.progress.files.1 = self.progress.files.0 + Transfers::count(&self.fold);
        self.watch.progress(self.progress);
        let outcome = self.transfers.finish(
            &mut self.fold,
            &self.job.edits,
            &target,
            self.api,
            self.stop,
            (&self.trouble, self.watch),
        );
        self.take_outcome(outcome);
        if self.stop.is_stopped() {
            return Err(UploadError::Api(ApiError::Stopped("upload".to_owned())));
        }
        self.left_out();
        self.send(complete.filter(|_| !self.job.stays_open))?;
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
