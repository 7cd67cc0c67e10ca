//! The recorder: one thread that turns everything that happens into records.
//!
//! It alone owns the run's state, its log and its `output.log` ([`run_log`]), so no lock guards them. It takes batches
//! from the [`Inbox`], folds them into the run, writes the records of the batch with one system call and then answers
//! those who asked. Everything it has taken is in the kernel within milliseconds; `fsync` runs beside it.
//! No failure here reaches the script: each is told once as a [`Warning`].

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::inbox::{Answer, Batch, Inbox, Item};
use crate::parse::Options;
use crate::run::{Event, Now, RunState, Stream};
use crate::service::Info;
use crate::store::Place;
use crate::store::log_writer::Gap;
use crate::sys::Clock;
use crate::wire::json::Value;
use crate::wire::jsonl;

mod client_files;
pub mod clients;
pub mod run_log;
pub mod streams;

use clients::{Clients, Ended};
use run_log::{Files, RunLog, Warn};
use streams::{Piece, Streams};

/// Backlog in bytes beyond which output is recorded but not searched for metrics.
const PARSE_BACKLOG: usize = 3584 * 1024;

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
    /// The wrapper's own run; a service on its own has none.
    pub main: Option<MainSetup>,
    /// How the output is searched for metrics, if it is.
    pub parse: Option<Options>,
    /// Go on searching when the script logs through the SDK.
    pub parse_always: bool,
    pub warn: Warn,
    /// Where the main run lies.
    pub place: Place,
    /// What clients of the socket are told.
    pub info: Option<Info>,
    /// The runs are uploaded while they go on.
    pub uploads: bool,
}

/// The wrapper's own run.
pub struct MainSetup {
    pub state: RunState,
    pub files: Files,
    pub clock: Clock,
}

/// What is left at the end.
pub struct Finished {
    /// The main run, and its clock.
    pub main: Option<(RunState, Clock)>,
    /// The script's SDK has told the user how the main run went.
    pub shown: bool,
    /// The script believes that the main run has been uploaded.
    pub online: bool,
    /// Further runs of the script.
    pub others: Vec<Ended>,
}

/// Starts the recorder; it ends after [`Inbox::close`] and gives back what it knows at the end.
pub fn start(setup: Setup, inbox: Arc<Inbox>) -> io::Result<JoinHandle<Option<Finished>>> {
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
            let mut recorder = Recorder::new(setup, &guard.0);
            let run = std::panic::AssertUnwindSafe(|| recorder.run(&guard.0));
            let finished = std::panic::catch_unwind(run).ok();
            if finished.is_none() {
                (recorder.warn)(Warning::Panic);
            }
            finished
        })
}

/// The wrapper's own run while it is recorded.
pub struct Main {
    pub run: RunLog,
    pub clock: Clock,
}

struct Recorder {
    main: Option<Main>,
    clients: Clients,
    streams: Streams,
    parse_always: bool,
    warn: Warn,
    answers: Vec<Answer>,
    dropped: u64,
    /// The exit code, once the child has ended.
    ended: Option<i32>,
}

impl Recorder {
    fn new(setup: Setup, inbox: &Arc<Inbox>) -> Self {
        let main = setup.main.map(|main| Main {
            run: RunLog::new(
                main.state,
                main.files,
                inbox.gate(),
                Arc::clone(&setup.warn),
            ),
            clock: main.clock,
        });
        let standalone = main.is_none();
        Self {
            main,
            clients: Clients::new(
                Arc::clone(inbox),
                Arc::clone(&setup.warn),
                setup.place,
                setup.info,
                setup.uploads,
                standalone,
            ),
            streams: Streams::new(setup.parse.as_ref()),
            parse_always: setup.parse_always,
            warn: setup.warn,
            answers: Vec::new(),
            dropped: 0,
            ended: None,
        }
    }

    fn run(&mut self, inbox: &Inbox) -> Finished {
        self.write(false);
        let mut items = VecDeque::new();
        let mut used = Vec::new();
        loop {
            let mut batch = inbox.take(self.patience(), std::mem::take(&mut items));
            self.batch(&mut batch, &mut used);
            inbox.progress(&mut used);
            if batch.closed || self.ended.is_some() {
                break;
            }
            items = batch.items;
        }
        self.finish()
    }

    /// The logs that are open, each with its clock.
    fn logs(&mut self) -> impl Iterator<Item = (&mut RunLog, Clock)> {
        let main = self.main.as_mut().map(|main| (&mut main.run, main.clock));
        main.into_iter().chain(self.clients.open())
    }

    /// How long nothing needs to be done if nothing arrives.
    fn patience(&mut self) -> Option<Duration> {
        let others = [self.streams.deadline(), self.clients.deadline()];
        let logs = self.logs().filter_map(|(log, _)| log.deadline());
        let next = logs.chain(others.into_iter().flatten()).min()?;
        Some(next.saturating_duration_since(Instant::now()))
    }

    fn write(&mut self, now_or_never: bool) {
        for (log, clock) in self.logs() {
            log.write(clock.now(), now_or_never);
        }
    }

    fn batch(&mut self, batch: &mut Batch, used: &mut Vec<Vec<u8>>) {
        let search = batch.backlog < PARSE_BACKLOG;
        for item in batch.items.drain(..) {
            if self.ended.is_some() {
                break;
            }
            match item {
                Item::Console { stream, at, bytes } => {
                    self.console(stream, at, &bytes, search);
                    used.push(bytes);
                }
                Item::Event(event, answer) => {
                    self.event(event);
                    self.answers.extend(answer);
                }
                Item::Flush(answer) => self.answers.push(answer),
                Item::Calls(calls, peer) => {
                    let joined = self.clients.has_joined();
                    self.clients.calls(calls, &peer, &mut self.main);
                    if !joined && self.clients.has_joined() && !self.parse_always {
                        self.streams.stop_searching();
                    }
                }
                Item::Sample(log, stats) => self.clients.sample(&log, stats),
                Item::Upload(log, news) => self.clients.news(&log, news, &mut self.main),
                Item::Debug(line) => {
                    if let Some(main) = &mut self.main {
                        main.run.debug(&line);
                    }
                }
            }
        }
        self.dropped(batch.dropped);
        self.refresh(false);
        let ended = self.ended.is_some();
        if !ended {
            for (log, clock) in self.logs() {
                log.settle(clock.now());
            }
        }
        self.write(ended);
        self.clients.close_due(&mut self.main);
        self.answer();
        for (log, _) in self.logs() {
            log.housekeeping();
        }
    }

    fn console(&mut self, stream: Stream, at: Instant, bytes: &[u8], search: bool) {
        let Some(main) = &mut self.main else { return };
        let (run, now, clients) = (&mut main.run, main.clock.at(at), &mut self.clients);
        self.streams.feed(stream, at, bytes, search, &mut |piece| {
            record(piece, run, now, clients, at);
        });
    }

    fn event(&mut self, event: Event) {
        let mut event = event;
        if let Event::Exit { code } = &mut event {
            self.ended = Some(*code);
            *code = self.clients.exit_code(*code);
            self.end_streams();
        }
        if matches!(event, Event::Stats(_)) {
            self.clients.event(&event);
        }
        if let Some(main) = &mut self.main {
            main.run.apply(event, main.clock.now());
        }
    }

    fn dropped(&mut self, bytes: u64) {
        if bytes == 0 {
            return;
        }
        if self.dropped == 0 {
            (self.warn)(Warning::Dropped(bytes));
        }
        self.dropped += bytes;
        if let Some(main) = &mut self.main {
            let line = format!("wandb-rs: {bytes} bytes of output could not be kept here\n");
            main.run.mark(&line, main.clock.now());
        }
    }

    fn refresh(&mut self, all: bool) {
        let Some(main) = &mut self.main else { return };
        let (run, now, clients) = (&mut main.run, main.clock.now(), &mut self.clients);
        self.streams.refresh(all, &mut |piece| {
            record(piece, run, now, clients, Instant::now());
        });
    }

    fn end_streams(&mut self) {
        let Some(main) = &mut self.main else { return };
        let (run, now, clients) = (&mut main.run, main.clock.now(), &mut self.clients);
        self.streams.finish(&mut |piece| {
            record(piece, run, now, clients, Instant::now());
        });
    }

    fn answer(&mut self) {
        self.clients.answer();
        let refused = self.main.as_ref().is_some_and(|main| main.run.is_refused());
        for answer in self.answers.drain(..) {
            // The row is taken; that the disk refuses it is no fault of the client, who must not send it again.
            let warning = "the run's log cannot be written at this moment";
            let extra = refused.then(|| ("warning".to_owned(), Value::from(warning)));
            let line = jsonl::accepted(answer.id, extra.into_iter().collect());
            answer.peer.offer(&line);
        }
    }

    fn finish(&mut self) -> Finished {
        self.refresh(true);
        if let Some(main) = &mut self.main {
            main.run.finish(main.clock.now());
        }
        self.answer();
        if self.streams.skipped() > 0 {
            (self.warn)(Warning::NotParsed(self.streams.skipped()));
        }
        let shown = self.clients.has_shown();
        let online = self.clients.is_online();
        // Without a child nobody knows how a script has ended that did not say so.
        let others = self.clients.end(self.ended);
        Finished {
            main: self
                .main
                .take()
                .map(|main| (main.run.into_state(), main.clock)),
            shown,
            online,
            others,
        }
    }
}

/// Console text of the child goes into the main run and its siblings, the rows found in it into the main run.
fn record(piece: Piece<'_>, run: &mut RunLog, now: Now, clients: &mut Clients, at: Instant) {
    let Piece { stream, text, rows } = piece;
    run.console(stream, text, now);
    clients.console(stream, text, at);
    run.rows(rows, now);
}
