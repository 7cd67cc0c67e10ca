//! The recorder: one thread that turns everything that happens into records.
//!
//! It alone owns the run's state, its log and its `output.log`, so no lock guards them. It takes batches from the
//! [`Inbox`], folds them into [`RunState`], writes the records of the batch with one system call and then answers
//! those who asked. Everything it has taken is in the kernel within milliseconds; `fsync` runs beside it.
//! No failure here reaches the script: each is told once as a [`Warning`].

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::inbox::{Answer, Batch, Gate, Inbox, Item};
use crate::parse::{Parser, Row};
use crate::run::{Event, Now, RunState, Stream};
use crate::store::log_writer::{Append, Gap, LogWriter};
use crate::store::output_log::OutputLog;
use crate::sys::Clock;
use crate::term::ConsoleLog;
use crate::text::{Collapser, Utf8Stream};
use crate::wire::fields::Fields;
use crate::wire::json::Value;
use crate::wire::jsonl;
use crate::wire::records::Records;
use crate::wire::schema::{HeaderRecord, Kind, Timestamp, VersionInfo};

/// A rewritten line is recorded at most this often before it ends.
const REFRESH: Duration = Duration::from_secs(1);
/// `output.log` is brought up to date this often.
const OUTPUT_LOG: Duration = Duration::from_secs(1);
/// Data reach the disk at most this much later than the kernel.
const SYNC: Duration = Duration::from_secs(5);
/// A disk that refused a write is tried again this often.
const RETRY: Duration = Duration::from_secs(1);
/// Backlog in bytes beyond which output is recorded but not searched for metrics.
const PARSE_BACKLOG: usize = 1536 * 1024;
/// Longest text of one console record.
const RECORD_TEXT: usize = 64 * 1024;

/// Something the user should know; each kind comes at most once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// The log cannot be written.
    Log(String),
    /// It can be again; this was lost.
    Recovered(Gap),
    /// The log could not be written to the end.
    Incomplete,
    OutputLog(String),
    Sync(String),
    /// Output that was not kept because nothing could be written for too long.
    Dropped(u64),
    /// Output that was recorded, but came too fast to be searched for metrics.
    NotParsed(u64),
    /// A bug of ours.
    Panic,
}

/// What the recorder needs to begin.
pub struct Setup {
    pub state: RunState,
    /// The log's file; without one the run is not recorded.
    pub log: Option<File>,
    pub output_log: Option<OutputLog>,
    pub clock: Clock,
    /// Search the output for metrics.
    pub parse: bool,
    /// The run's debug log.
    pub debug: Option<File>,
    pub warn: Box<dyn Fn(Warning) + Send>,
}

/// Starts the recorder; it ends after [`Inbox::close`] and gives back the run's final state.
pub fn start(setup: Setup, inbox: Arc<Inbox>) -> io::Result<JoinHandle<Option<RunState>>> {
    /// Whatever happens, producers must not wait for a recorder that has gone.
    struct CloseOnDrop(Arc<Inbox>);
    impl Drop for CloseOnDrop {
        fn drop(&mut self) {
            self.0.close();
        }
    }
    std::thread::Builder::new()
        .name("recorder".to_owned())
        .spawn(move || {
            let guard = CloseOnDrop(inbox);
            let mut recorder = Recorder::new(setup, guard.0.gate());
            let run = std::panic::AssertUnwindSafe(|| recorder.run(&guard.0));
            let ended = std::panic::catch_unwind(run);
            if ended.is_err() {
                (recorder.warn)(Warning::Panic);
                return None;
            }
            Some(recorder.state)
        })
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

struct Recorder {
    state: RunState,
    log: Option<LogWriter<GatedFile>>,
    gate: Gate,
    output_log: Option<OutputLog>,
    console: ConsoleLog,
    stdout: StreamState,
    stderr: StreamState,
    clock: Clock,
    debug: Option<File>,
    warn: Box<dyn Fn(Warning) + Send>,
    /// Records of the present batch.
    records: Records,
    rows: Vec<Row>,
    answers: Vec<Answer>,
    /// Collapsed text; kept for its memory.
    text: String,
    /// Something was pushed since the last write.
    log_changed: bool,
    log_refused: bool,
    retry_at: Option<Instant>,
    console_changed: Option<Instant>,
    unsynced_since: Option<Instant>,
    sync: Arc<SyncState>,
    sync_told: bool,
    dropped: u64,
    not_parsed: u64,
    ended: bool,
}

#[derive(Default)]
struct SyncState {
    running: AtomicBool,
    failed: AtomicBool,
}

/// What is kept of one stream of the child.
struct StreamState {
    utf8: Utf8Stream,
    collapser: Collapser,
    held_since: Option<Instant>,
    parser: Option<Parser>,
}

impl StreamState {
    fn new(parse: bool) -> Self {
        Self {
            utf8: Utf8Stream::default(),
            collapser: Collapser::default(),
            held_since: None,
            parser: parse.then(Parser::default),
        }
    }
}

impl Recorder {
    fn new(setup: Setup, gate: Gate) -> Self {
        Self {
            state: setup.state,
            log: setup.log.map(|file| {
                let gate = gate.clone();
                LogWriter::new(GatedFile { file, gate })
            }),
            gate,
            output_log: setup.output_log,
            console: ConsoleLog::default(),
            stdout: StreamState::new(setup.parse),
            stderr: StreamState::new(setup.parse),
            clock: setup.clock,
            debug: setup.debug,
            warn: setup.warn,
            records: Records::default(),
            rows: Vec::new(),
            answers: Vec::new(),
            text: String::new(),
            log_changed: false,
            log_refused: false,
            retry_at: None,
            console_changed: None,
            unsynced_since: None,
            sync: Arc::default(),
            sync_told: false,
            dropped: 0,
            not_parsed: 0,
            ended: false,
        }
    }

    fn run(&mut self, inbox: &Inbox) {
        self.records.push(Kind::Header(HeaderRecord {
            version_info: Some(VersionInfo {
                producer: format!(
                    "{}+wandb-rs-{}",
                    crate::run::FORMAT_VERSION,
                    env!("CARGO_PKG_VERSION")
                ),
                min_consumer: "0.70.0".to_owned(),
            }),
        }));
        self.state.start(&mut self.records);
        self.write();
        let mut items = VecDeque::new();
        let mut used = Vec::new();
        loop {
            let mut batch = inbox.take(self.patience(), std::mem::take(&mut items));
            self.batch(&mut batch, &mut used);
            inbox.progress(&mut used);
            if batch.closed || self.ended {
                break;
            }
            items = batch.items;
        }
        self.finish();
    }

    /// How long nothing needs to be done if nothing arrives.
    fn patience(&self) -> Option<Duration> {
        let refresh = [&self.stdout, &self.stderr]
            .into_iter()
            .filter_map(|s| Some(s.held_since? + REFRESH));
        let others = [
            self.retry_at,
            self.console_changed.map(|since| since + OUTPUT_LOG),
            self.unsynced_since.map(|since| since + SYNC),
        ];
        let next = refresh.chain(others.into_iter().flatten()).min()?;
        Some(next.saturating_duration_since(Instant::now()))
    }

    fn batch(&mut self, batch: &mut Batch, used: &mut Vec<Vec<u8>>) {
        let search = batch.backlog < PARSE_BACKLOG;
        for item in batch.items.drain(..) {
            if self.ended {
                break;
            }
            match item {
                Item::Console { stream, at, bytes } => {
                    self.output(stream, at, &bytes, search);
                    used.push(bytes);
                }
                Item::Event(event, answer) => {
                    self.ended = matches!(event, Event::Exit { .. });
                    if self.ended {
                        self.end_streams();
                    }
                    let now = self.clock.now();
                    self.state.apply(event, now, &mut self.records);
                    self.answers.extend(answer);
                }
                Item::Flush(answer) => self.answers.push(answer),
                Item::Debug(line) => self.debug(&line),
            }
        }
        if batch.dropped > 0 {
            if self.dropped == 0 {
                (self.warn)(Warning::Dropped(batch.dropped));
            }
            self.dropped += batch.dropped;
            self.mark(&format!(
                "wandb-rs: {} bytes of output could not be kept here\n",
                batch.dropped
            ));
        }
        self.refresh(false);
        if !self.ended {
            self.state.settle(self.clock.now(), &mut self.records);
        }
        self.write();
        self.answer();
        self.housekeeping();
    }

    /// Output as it came: to the parser, and collapsed to the console.
    fn output(&mut self, stream: Stream, at: Instant, bytes: &[u8], search: bool) {
        let now = self.clock.at(at);
        // What the other stream showed before goes before: lines are in the order in which they were begun.
        let other = match stream {
            Stream::Stdout => Stream::Stderr,
            Stream::Stderr => Stream::Stdout,
        };
        if self.stream(other).held_since.is_some() {
            self.release(other, now);
        }
        let mut kept = std::mem::take(&mut self.text);
        for bytes in bytes.chunks(RECORD_TEXT) {
            let state = match stream {
                Stream::Stdout => &mut self.stdout,
                Stream::Stderr => &mut self.stderr,
            };
            let text = state.utf8.decode(bytes);
            if let Some(parser) = &mut state.parser {
                if search {
                    parser.feed(&text, &mut self.rows);
                } else {
                    parser.skip();
                    self.not_parsed += bytes.len() as u64;
                }
            }
            kept.clear();
            state.collapser.feed(&text, &mut kept);
            state.held_since = state
                .collapser
                .holds()
                .then(|| state.held_since.unwrap_or(at));
            self.console_text(stream, &kept, now);
            self.apply_rows(now);
        }
        kept.clear();
        self.text = kept;
    }

    /// Text of the console as it is recorded, in order with all other records.
    fn console_text(&mut self, stream: Stream, text: &str, now: Now) {
        if text.is_empty() {
            return;
        }
        self.console.write(stream, text);
        self.console_changed.get_or_insert_with(Instant::now);
        if self.console.finished().len() > RECORD_TEXT
            && let Some(log) = &mut self.output_log
            && let Err(error) = self.gate.pass(|| log.settle(&mut self.console))
        {
            (self.warn)(Warning::OutputLog(error.to_string()));
        }
        self.push_records();
        if let Some(log) = &mut self.log {
            let time = Timestamp::from_nanos(now.unix_nanos);
            self.log_changed = true;
            if let Err(error) = log.push_output(i32::from(stream == Stream::Stdout), time, text) {
                self.log_error(&error);
            }
        }
    }

    fn apply_rows(&mut self, now: Now) {
        for row in std::mem::take(&mut self.rows) {
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
            self.state
                .apply(Event::Parsed { fields, axis }, now, &mut self.records);
        }
    }

    /// Records lines that are being rewritten in their present state: now, or when they have been held for long.
    fn refresh(&mut self, all: bool) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let held = self.stream(stream).held_since;
            if held.is_some_and(|since| all || since.elapsed() >= REFRESH) {
                self.release(stream, self.clock.now());
            }
        }
    }

    /// Records what a stream holds back, in its present state.
    fn release(&mut self, stream: Stream, now: Now) {
        let state = self.stream(stream);
        let mut text = String::new();
        state.collapser.flush(&mut text);
        state.held_since = None;
        self.console_text(stream, &text, now);
    }

    fn stream(&mut self, stream: Stream) -> &mut StreamState {
        match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        }
    }

    /// The streams are over: what is unfinished counts.
    fn end_streams(&mut self) {
        let now = self.clock.now();
        for stream in [Stream::Stdout, Stream::Stderr] {
            let state = match stream {
                Stream::Stdout => &mut self.stdout,
                Stream::Stderr => &mut self.stderr,
            };
            let mut text = String::new();
            state.collapser.feed(state.utf8.finish(), &mut text);
            state.collapser.flush(&mut text);
            state.held_since = None;
            if let Some(parser) = &mut state.parser {
                parser.finish(&mut self.rows);
            }
            self.console_text(stream, &text, now);
        }
        self.apply_rows(now);
    }

    /// A line of our own in the console, where something is missing.
    fn mark(&mut self, line: &str) {
        self.debug(line.trim_end());
        self.console_text(Stream::Stderr, line, self.clock.now());
    }

    fn push_records(&mut self) {
        let Some(log) = &mut self.log else {
            self.records.clear();
            return;
        };
        let mut error = None;
        self.log_changed |= !self.records.is_empty();
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

    /// Hands the records to the kernel.
    fn write(&mut self) {
        self.push_records();
        let due = self.retry_at.is_none_or(|at| at <= Instant::now()) || self.ended;
        let Some(log) = &mut self.log else { return };
        if !due {
            return;
        }
        match log.flush() {
            Ok(gap) => {
                self.retry_at = None;
                if std::mem::take(&mut self.log_changed) {
                    self.unsynced_since.get_or_insert_with(Instant::now);
                }
                if let Some(gap) = gap {
                    self.recovered(gap);
                }
            }
            Err(error) => self.log_error(&error),
        }
    }

    fn log_error(&mut self, error: &io::Error) {
        self.retry_at = Some(Instant::now() + RETRY);
        if !std::mem::replace(&mut self.log_refused, true) {
            self.debug(&format!("log: {error}"));
            (self.warn)(Warning::Log(error.to_string()));
        }
    }

    /// The disk takes writes again: what was lost is marked, and what later records build on is said anew.
    fn recovered(&mut self, gap: Gap) {
        (self.warn)(Warning::Recovered(gap));
        if gap.records > 0 {
            self.mark(&format!(
                "wandb-rs: {} records ({} bytes) could not be written and are missing here\n",
                gap.records, gap.bytes
            ));
            self.state.restate(self.clock.now(), &mut self.records);
            self.push_records();
        }
    }

    fn answer(&mut self) {
        let refused = self.log.as_ref().is_none_or(LogWriter::is_refused);
        for answer in self.answers.drain(..) {
            // The row is taken; that the disk refuses it is no fault of the client, who must not send it again.
            let warning = "the run's log cannot be written at this moment";
            let extra = refused.then(|| ("warning".to_owned(), Value::from(warning)));
            let line = jsonl::accepted(answer.id, extra.into_iter().collect());
            crate::service::send(&answer.connection, &line);
        }
    }

    fn housekeeping(&mut self) {
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
            (self.warn)(Warning::OutputLog(error.to_string()));
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

    fn finish(&mut self) {
        self.refresh(true);
        self.write();
        self.answer();
        self.write_output_log();
        if self.not_parsed > 0 {
            (self.warn)(Warning::NotParsed(self.not_parsed));
        }
        if let Some(log) = &self.log
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

    fn debug(&mut self, line: &str) {
        use io::Write as _;
        if let Some(file) = &mut self.debug {
            let time = chrono::Local::now().format("%Y-%m-%d %H:%M:%S%.3f");
            let _ = writeln!(file, "{time} {line}");
        }
    }
}
