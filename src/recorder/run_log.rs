//! One run on its way to the disk: its state, its log and its `output.log`.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::Warning;
use super::streams::PIECE;
use crate::inbox::Gate;
use crate::parse::Row;
use crate::run::{Event, Now, Registration, RunState, Stream};
use crate::store::RunDir;
use crate::store::log_reader::{Item, LogReader};
use crate::store::log_writer::{Append, Gap, LogWriter};
use crate::store::output_log::OutputLog;
use crate::term::ConsoleLog;
use crate::wire::fields::{Fields, Part};
use crate::wire::json::Value;
use crate::wire::raw::RawRecord;
use crate::wire::records::Records;
use crate::wire::schema::{HeaderRecord, Kind, RunRecord, Timestamp, VersionInfo};

/// Summary values reach the log at most this much later than their row: it can be rebuilt from the rows.
const SUMMARY: Duration = Duration::from_millis(40);
/// `output.log` is brought up to date this often.
const OUTPUT_LOG: Duration = Duration::from_secs(1);
/// Data reach the disk at most this much later than the kernel.
const SYNC: Duration = Duration::from_secs(5);
/// A disk that refused a write is tried again this often.
const RETRY: Duration = Duration::from_secs(1);

/// Tells the user; each kind of warning comes at most once a run.
pub type Warn = Arc<dyn Fn(Warning) + Send + Sync>;

/// Where a run is recorded.
pub struct Files {
    /// The log's file; without one the run is not recorded.
    pub log: Option<File>,
    pub output_log: Option<OutputLog>,
    /// The run's debug log.
    pub debug: Option<File>,
}

/// The log's file; who waits for the recorder can tell when it hangs in a write.
struct GatedFile {
    file: File,
    gate: Gate,
}

impl Append for GatedFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.gate.pass(|| self.file.append(bytes))
    }
}

/// A run that is being recorded.
pub struct RunLog {
    state: RunState,
    log: Option<LogWriter<GatedFile>>,
    gate: Gate,
    output_log: Option<OutputLog>,
    console: ConsoleLog,
    debug: Option<File>,
    warn: Warn,
    /// Records that have not been handed to the log's writer.
    records: Records,
    /// Something was pushed since the last write.
    changed: bool,
    refused: bool,
    settle_at: Option<Instant>,
    retry_at: Option<Instant>,
    console_changed: Option<Instant>,
    unsynced_since: Option<Instant>,
    sync: Arc<SyncState>,
    sync_told: bool,
}

/// Whether a record of the log before goes into the log of the client that has joined: what the client says itself,
/// and what was only found in the output, does not.
fn moves(record: &RawRecord, keeps_rows: bool) -> bool {
    match record.decode().map(|record| record.kind) {
        Ok(Some(Kind::Header(_) | Kind::Run(_) | Kind::Telemetry(_) | Kind::Config(_))) => false,
        Ok(Some(Kind::History(_) | Kind::Summary(_) | Kind::Metric(_))) => keeps_rows,
        _ => true,
    }
}

#[derive(Default)]
struct SyncState {
    running: AtomicBool,
    failed: AtomicBool,
}

impl RunLog {
    /// Begins the log of a new run.
    pub fn new(state: RunState, files: Files, gate: Gate, warn: Warn) -> Self {
        let mut opening = Records::default();
        state.start(&mut opening);
        Self::begin(state, &opening, files, gate, warn)
    }

    /// Begins the log of a run whose first records are given.
    pub fn begin(state: RunState, opening: &Records, files: Files, gate: Gate, warn: Warn) -> Self {
        let mut records = Records::default();
        records.push(Kind::Header(HeaderRecord {
            version_info: Some(VersionInfo {
                producer: format!(
                    "{}+wandb-rs-{}",
                    crate::run::FORMAT_VERSION,
                    env!("CARGO_PKG_VERSION")
                ),
                min_consumer: "0.70.0".to_owned(),
            }),
        }));
        opening
            .iter()
            .for_each(|record| records.push_encoded(record));
        Self {
            state,
            log: files.log.map(|file| {
                let gate = gate.clone();
                LogWriter::new(GatedFile { file, gate })
            }),
            gate,
            output_log: files.output_log,
            console: ConsoleLog::default(),
            debug: files.debug,
            warn,
            records,
            changed: false,
            refused: false,
            settle_at: None,
            retry_at: None,
            console_changed: None,
            unsynced_since: None,
            sync: Arc::default(),
            sync_told: false,
        }
    }

    /// The run becomes that of an official client: what is recorded so far moves to the client's log, behind the
    /// client's announcement `run` (also given encoded). On an error everything stays where it is.
    pub fn join(
        &mut self,
        run: &RunRecord,
        encoded: &[u8],
        old: &RunDir,
        new: &RunDir,
        now: Now,
    ) -> io::Result<()> {
        let log = crate::store::new_private_file(new.log_path())?;
        self.write(now, true);
        let state = std::mem::replace(&mut self.state, RunState::official(RunRecord::default()));
        let keeps_rows = state.is_told();
        let name = state.run().display_name.clone();
        let state = state.joined_by(run.clone());
        let mut opening = Records::default();
        opening.push_encoded(encoded);
        if run.display_name.is_empty() {
            // A second part of the same record: readers put both together.
            opening.extend_last(Kind::Run(Box::new(RunRecord {
                display_name: name,
                ..RunRecord::default()
            })));
        }
        opening.extend(state.added_config(run));
        let files = Files {
            log: Some(log),
            output_log: self.output_log.take(),
            debug: self.debug.take(),
        };
        let mut joined = Self::begin(
            state,
            &opening,
            files,
            self.gate.clone(),
            Arc::clone(&self.warn),
        );
        joined.console = std::mem::take(&mut self.console);
        joined.console_changed = self.console_changed;
        if let Ok(mut reader) = LogReader::open(old.log_path()) {
            let read = reader.read(|item| {
                if let Item::Record(record) = item
                    && moves(&record, keeps_rows)
                {
                    joined.records.push_encoded(record.bytes());
                    joined.push_records();
                }
            });
            if let Err(error) = read {
                joined.debug(&format!("{}: {error}", old.log_path().display()));
            }
        }
        joined.write(now, true);
        if let Some(output_log) = &mut joined.output_log
            && let Err(error) = output_log.move_to(new.file("output.log"))
        {
            (joined.warn)(Warning::OutputLog(error.to_string()));
        }
        *self = joined;
        Ok(())
    }

    /// The run as it stands.
    pub fn state(&self) -> &RunState {
        &self.state
    }

    /// The run as it stands at the end.
    pub fn into_state(self) -> RunState {
        self.state
    }

    /// Whether the log cannot be written at this moment.
    pub fn is_refused(&self) -> bool {
        self.log.as_ref().is_none_or(LogWriter::is_refused)
    }

    /// The server has taken the run.
    pub fn register(&mut self, registration: &Registration) {
        self.state.register(registration);
    }

    /// Something for the user that the run's events have caused.
    pub fn take_notice(&mut self) -> Option<String> {
        self.state.take_notice()
    }

    /// Takes one event.
    pub fn apply(&mut self, event: Event, now: Now) {
        self.state.apply(event, now, &mut self.records);
    }

    /// Takes a row of a client, or a part of one; see [`Event::Log`].
    pub fn log(&mut self, row: &Part<'_>, step: Option<i64>, commit: Option<bool>, now: Now) {
        self.state.log(row, step, commit, now, &mut self.records);
    }

    /// Takes rows that were found in the output.
    pub fn rows(&mut self, rows: &mut Vec<Row>, now: Now) {
        for row in rows.drain(..) {
            let axis = match (row.step, row.epoch) {
                (Some(_), _) => Some("step"),
                (None, Some(_)) => Some("epoch"),
                (None, None) => None,
            };
            let mut fields = Fields::from_values(&row.metrics);
            if let Some(epoch) = row.epoch {
                let whole = epoch.fract() == 0.0 && epoch.abs() < 9e15;
                let epoch = if whole {
                    Value::Int(epoch as i64)
                } else {
                    Value::Float(epoch)
                };
                fields.push_value("epoch", &epoch);
            }
            if let Some(step) = row.step {
                fields.push_value("step", &Value::Int(step));
            }
            self.apply(Event::Parsed { fields, axis }, now);
        }
    }

    /// Text of the console as it is recorded, in order with all other records.
    pub fn console(&mut self, stream: Stream, text: &str, now: Now) {
        if text.is_empty() {
            return;
        }
        self.console.write(stream, text);
        self.console_changed.get_or_insert_with(Instant::now);
        if self.console.finished().len() > PIECE
            && let Some(log) = &mut self.output_log
            && let Err(error) = self.gate.pass(|| log.settle(&mut self.console))
        {
            (self.warn)(Warning::OutputLog(error.to_string()));
        }
        self.push_records();
        if let Some(log) = &mut self.log {
            let time = Timestamp::from_nanos(now.unix_nanos);
            self.changed = true;
            if let Err(error) = log.push_output(i32::from(stream == Stream::Stdout), time, text) {
                self.log_error(&error);
            }
        }
    }

    /// A line of our own in the console, where something is missing.
    pub fn mark(&mut self, line: &str, now: Now) {
        self.debug(line.trim_end());
        self.console(Stream::Stderr, line, now);
    }

    /// A line of the debug log.
    pub fn debug(&mut self, line: &str) {
        use io::Write as _;
        if let Some(file) = &mut self.debug {
            let time = chrono::Local::now().format("%Y-%m-%d %H:%M:%S%.3f");
            let _ = writeln!(file, "{time} {line}");
        }
    }

    /// Writes the summary changes, at most once in [`SUMMARY`]: rows that come fast share a summary.
    pub fn settle(&mut self, now: Now) {
        if !self.state.is_unsettled() {
            // The end of a run settles it, too.
            self.settle_at = None;
            return;
        }
        let due = *self
            .settle_at
            .get_or_insert_with(|| Instant::now() + SUMMARY);
        if due <= Instant::now() {
            self.settle_at = None;
            self.state.settle(now, &mut self.records);
        }
    }

    fn push_records(&mut self) {
        let Some(log) = &mut self.log else {
            self.records.clear();
            return;
        };
        let mut error = None;
        self.changed |= !self.records.is_empty();
        for record in self.records.iter() {
            if let Err(e) = log.push(record) {
                error = Some(e);
            }
        }
        self.records.clear();
        if let Some(error) = error {
            self.log_error(&error);
        }
    }

    /// Hands the records to the kernel; while the disk refuses, only now and then or if `now_or_never`.
    pub fn write(&mut self, now: Now, now_or_never: bool) {
        self.push_records();
        let due = self.retry_at.is_none_or(|at| at <= Instant::now()) || now_or_never;
        let Some(log) = &mut self.log else { return };
        if !due {
            return;
        }
        match log.flush() {
            Ok(gap) => {
                self.retry_at = None;
                if std::mem::take(&mut self.changed) {
                    self.unsynced_since.get_or_insert_with(Instant::now);
                }
                if let Some(gap) = gap {
                    self.recovered(gap, now);
                }
            }
            Err(error) => self.log_error(&error),
        }
    }

    fn log_error(&mut self, error: &io::Error) {
        self.retry_at = Some(Instant::now() + RETRY);
        if !std::mem::replace(&mut self.refused, true) {
            self.debug(&format!("log: {error}"));
            (self.warn)(Warning::Log(error.to_string()));
        }
    }

    /// The disk takes writes again: what was lost is marked, and what later records build on is said anew.
    fn recovered(&mut self, gap: Gap, now: Now) {
        (self.warn)(Warning::Recovered(gap));
        if gap.records > 0 {
            self.mark(
                &format!(
                    "wandb-rs: {} records ({} bytes) could not be written and are missing here\n",
                    gap.records, gap.bytes
                ),
                now,
            );
            self.state.restate(now, &mut self.records);
            self.push_records();
        }
    }

    /// When [`RunLog::housekeeping`] or a retry is due, if nothing comes.
    pub fn deadline(&self) -> Option<Instant> {
        [
            self.settle_at,
            self.retry_at,
            self.console_changed.map(|since| since + OUTPUT_LOG),
            self.unsynced_since.map(|since| since + SYNC),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Does what is due.
    pub fn housekeeping(&mut self) {
        if self
            .console_changed
            .is_some_and(|since| since.elapsed() >= OUTPUT_LOG)
        {
            self.write_output_log();
        }
        if self
            .unsynced_since
            .is_some_and(|since| since.elapsed() >= SYNC)
        {
            self.start_sync();
        }
        if self.sync.failed.load(Ordering::Relaxed) && !std::mem::replace(&mut self.sync_told, true)
        {
            // After a failed fsync the kernel may have dropped the data: trying again would only look like success.
            (self.warn)(Warning::Sync("fsync failed".to_owned()));
        }
    }

    fn write_output_log(&mut self) {
        self.console_changed = None;
        if let Some(log) = &mut self.output_log
            && let Err(error) = self.gate.pass(|| log.write(&mut self.console))
        {
            // That the disk takes nothing is told once.
            if self.refused {
                self.debug(&format!("output.log: {error}"));
            } else {
                (self.warn)(Warning::OutputLog(error.to_string()));
            }
        }
    }

    /// Syncs on a thread of its own: a slow disk must not hold up the recorder.
    fn start_sync(&mut self) {
        self.unsynced_since = None;
        let Some(file) = self
            .log
            .as_ref()
            .and_then(|log| log.file().file.try_clone().ok())
        else {
            return;
        };
        if self.sync.failed.load(Ordering::Relaxed)
            || self.sync.running.swap(true, Ordering::Relaxed)
        {
            return;
        }
        let sync = Arc::clone(&self.sync);
        let run = move || {
            if file.sync_data().is_err() {
                sync.failed.store(true, Ordering::Relaxed);
            }
            sync.running.store(false, Ordering::Relaxed);
        };
        let started = std::thread::Builder::new()
            .name("sync".to_owned())
            .stack_size(64 * 1024)
            .spawn(run);
        if started.is_err() {
            self.sync.running.store(false, Ordering::Relaxed);
        }
    }

    /// Brings everything to the disk.
    pub fn finish(&mut self, now: Now) {
        self.write(now, true);
        self.write_output_log();
        if let Some(log) = &self.log
            && !log.is_refused()
            && !self.sync.failed.load(Ordering::Relaxed)
            && let Err(error) = log.file().file.sync_data()
        {
            (self.warn)(Warning::Sync(error.to_string()));
        }
        if let Some(log) = &self.log
            && log.is_refused()
        {
            (self.warn)(Warning::Incomplete);
        }
    }
}
