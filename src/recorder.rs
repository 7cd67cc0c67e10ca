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
use crate::run::{Event, RunState};
use crate::store::log_writer::Gap;
use crate::sys::Clock;
use crate::wire::json::Value;
use crate::wire::jsonl;

pub mod run_log;
pub mod streams;

use run_log::{Files, RunLog, Warn};
use streams::Streams;

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
    pub state: RunState,
    pub files: Files,
    pub clock: Clock,
    /// How the output is searched for metrics, if it is.
    pub parse: Option<Options>,
    pub warn: Warn,
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
            let mut recorder = Recorder::new(setup, &guard.0);
            let run = std::panic::AssertUnwindSafe(|| recorder.run(&guard.0));
            let ended = std::panic::catch_unwind(run);
            if ended.is_err() {
                (recorder.warn)(Warning::Panic);
                return None;
            }
            Some(recorder.run.into_state())
        })
}

struct Recorder {
    run: RunLog,
    streams: Streams,
    clock: Clock,
    warn: Warn,
    answers: Vec<Answer>,
    dropped: u64,
    ended: bool,
}

impl Recorder {
    fn new(setup: Setup, inbox: &Inbox) -> Self {
        Self {
            run: RunLog::new(
                setup.state,
                setup.files,
                inbox.gate(),
                Arc::clone(&setup.warn),
            ),
            streams: Streams::new(setup.parse.as_ref()),
            clock: setup.clock,
            warn: setup.warn,
            answers: Vec::new(),
            dropped: 0,
            ended: false,
        }
    }

    fn run(&mut self, inbox: &Inbox) {
        self.run.write(self.clock.now(), false);
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
        let deadlines = [self.streams.deadline(), self.run.deadline()];
        let next = deadlines.into_iter().flatten().min()?;
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
                    let now = self.clock.at(at);
                    let run = &mut self.run;
                    self.streams.feed(stream, at, &bytes, search, &mut |piece| {
                        run.console(piece.stream, piece.text, now);
                        run.rows(piece.rows, now);
                    });
                    used.push(bytes);
                }
                Item::Event(event, answer) => {
                    self.ended = matches!(event, Event::Exit { .. });
                    if self.ended {
                        self.end_streams();
                    }
                    self.run.apply(event, self.clock.now());
                    self.answers.extend(answer);
                }
                Item::Flush(answer) => self.answers.push(answer),
                Item::Debug(line) => self.run.debug(&line),
            }
        }
        let now = self.clock.now();
        if batch.dropped > 0 {
            if self.dropped == 0 {
                (self.warn)(Warning::Dropped(batch.dropped));
            }
            self.dropped += batch.dropped;
            let line = format!(
                "wandb-rs: {} bytes of output could not be kept here\n",
                batch.dropped
            );
            self.run.mark(&line, now);
        }
        self.refresh(false);
        if !self.ended {
            self.run.settle(now);
        }
        self.run.write(now, self.ended);
        self.answer();
        self.run.housekeeping();
    }

    fn refresh(&mut self, all: bool) {
        let (run, now) = (&mut self.run, self.clock.now());
        self.streams.refresh(all, &mut |piece| {
            run.console(piece.stream, piece.text, now);
        });
    }

    fn end_streams(&mut self) {
        let (run, now) = (&mut self.run, self.clock.now());
        self.streams.finish(&mut |piece| {
            run.console(piece.stream, piece.text, now);
            run.rows(piece.rows, now);
        });
    }

    fn answer(&mut self) {
        let refused = self.run.is_refused();
        for answer in self.answers.drain(..) {
            // The row is taken; that the disk refuses it is no fault of the client, who must not send it again.
            let warning = "the run's log cannot be written at this moment";
            let extra = refused.then(|| ("warning".to_owned(), Value::from(warning)));
            let line = jsonl::accepted(answer.id, extra.into_iter().collect());
            crate::service::send(&answer.connection, &line);
        }
    }

    fn finish(&mut self) {
        self.refresh(true);
        self.run.finish(self.clock.now());
        self.answer();
        if self.streams.skipped() > 0 {
            (self.warn)(Warning::NotParsed(self.streams.skipped()));
        }
    }
}
