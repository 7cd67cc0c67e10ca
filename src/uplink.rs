//! Uploads the runs of a wrapped script while they go on: each of their logs is followed by an engine of its own.
//!
//! Nothing here reaches the script or the recorder: what cannot be sent waits in the logs.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::api::{Api, Caller, Stop};
use crate::settings::{self, Resume};
use crate::store::Place;
use crate::store::log_reader::run_of;
use crate::store::runs::{self, LocalRun};
use crate::sync;
use crate::upload::edits::Edits;
use crate::upload::register::Target;
use crate::upload::{Fate, Follow, Job, Progress, Report, UploadError, Watch, upload};

/// How often it is looked for runs that the script has opened.
const POLL: Duration = Duration::from_millis(200);

/// Hears of the runs.
pub trait Listener: Send + Sync {
    /// A log is followed; `main` is that of the command, and `own` if no SDK has opened it.
    fn begins(&self, log: &Path, main: bool, own: bool) -> Arc<dyn Watch>;
    /// A run cannot be uploaded any more; what it has recorded stays.
    fn fails(&self, log: &Path, error: &UploadError);
}

/// How runs are uploaded.
pub struct Setup {
    pub api: Arc<Api>,
    /// Where the runs lie.
    pub place: Place,
    pub resume: Option<Resume>,
    /// How long the main run may still become that of the script's SDK: until then it is not made on the server,
    /// unless it has rows.
    pub hold: Duration,
    pub listener: Arc<dyn Listener>,
}

/// What became of a run.
#[derive(Debug)]
pub struct Uploaded {
    pub log: PathBuf,
    pub result: Result<Report, UploadError>,
}

/// Uploads under way.
pub struct Uplink {
    ended: Arc<AtomicBool>,
    stop: Stop,
    thread: JoinHandle<Vec<Uploaded>>,
}

impl Uplink {
    /// Begins to follow the runs.
    pub fn start(setup: Setup) -> io::Result<Self> {
        let (ended, stop) = (Arc::new(AtomicBool::new(false)), Stop::default());
        {
            let stop = stop.clone();
            setup.place.listen(move || stop.wake());
        }
        let crowd = Crowd {
            setup,
            ended: Arc::clone(&ended),
            stop: stop.clone(),
            engines: Vec::new(),
        };
        let thread = std::thread::Builder::new()
            .name("uplink".to_owned())
            .stack_size(256 << 10)
            .spawn(move || crowd.run())?;
        Ok(Self {
            ended,
            stop,
            thread,
        })
    }

    /// Says that the logs are complete.
    pub fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        self.stop.wake();
    }

    /// Whether everything has been sent, or given up.
    pub fn is_done(&self) -> bool {
        self.thread.is_finished()
    }

    /// Gives up; what was not sent can be sent later.
    pub fn stop(&self) {
        self.stop.stop();
    }

    /// What became of the runs; waits for them.
    pub fn results(self) -> Vec<Uploaded> {
        self.thread.join().unwrap_or_default()
    }
}

/// An engine that follows a log.
struct Engine {
    log: PathBuf,
    main: bool,
    /// The run goes on in another log.
    superseded: Arc<AtomicBool>,
    /// Its thread has ended.
    over: Arc<AtomicBool>,
    thread: JoinHandle<Result<Report, UploadError>>,
}

struct Crowd {
    setup: Setup,
    ended: Arc<AtomicBool>,
    stop: Stop,
    engines: Vec<Engine>,
}

impl Crowd {
    fn run(mut self) -> Vec<Uploaded> {
        let mut done = Vec::new();
        loop {
            let ended = self.ended.load(Ordering::SeqCst);
            self.follow();
            let engines = std::mem::take(&mut self.engines);
            for engine in engines {
                if engine.thread.is_finished() {
                    done.extend(self.finish(engine));
                } else {
                    self.engines.push(engine);
                }
            }
            if ended && self.engines.is_empty() {
                return done;
            }
            if self.stop.wait_or_wake(POLL) {
                // What is on its way is given up, too.
                done.extend(
                    std::mem::take(&mut self.engines)
                        .into_iter()
                        .filter_map(|engine| self.finish(engine)),
                );
                return done;
            }
        }
    }

    /// Starts engines for logs that have none.
    fn follow(&mut self) {
        let main = self.setup.place.get().map(|dir| dir.log_path().to_owned());
        let others = self.setup.place.others();
        let logs = main.map(|log| (log, true)).into_iter();
        for (log, main) in logs.chain(others.into_iter().map(|log| (log, false))) {
            let known = self.setup.place.is_followed(&log);
            if !known {
                self.start(log, main);
            }
        }
    }

    fn start(&mut self, log: PathBuf, main: bool) {
        let [superseded, over] = std::array::from_fn(|_| Arc::new(AtomicBool::new(false)));
        let before = self.supersede(&log);
        let fate = {
            let ended = Arc::clone(&self.ended);
            let superseded = Arc::clone(&superseded);
            let (place, log) = (self.setup.place.clone(), log.clone());
            move || {
                // Asked for first, and here: the script may have ended right after its run has moved.
                if main && !place.is_main(&log) {
                    Fate::Gone
                } else if ended.load(Ordering::SeqCst)
                    || superseded.load(Ordering::SeqCst)
                    || place.is_closed(&log)
                {
                    Fate::Ended
                } else {
                    Fate::GoesOn
                }
            }
        };
        // A run that the SDK has opened is what the script wants it to be, and stays that.
        let own = main && !self.setup.place.has_moved();
        let (resume, hold) = if own {
            (self.setup.resume, self.setup.hold)
        } else {
            let asked = settings::resume(&self.setup.place.resume_of(&log));
            (asked.unwrap_or(None), Duration::ZERO)
        };
        let job = Job {
            log: log.clone(),
            edits: Edits::default(),
            resume,
            follow: Follow::While(Arc::new(fate)),
            hold,
        };
        let watch = self.setup.listener.begins(&log, main, own);
        let (api, stop) = (Arc::clone(&self.setup.api), self.stop.clone());
        let goes_on = resume.is_some();
        let place = self.setup.place.clone();
        let ends = Arc::clone(&over);
        let thread = std::thread::Builder::new()
            .name("upload".to_owned())
            .stack_size(1 << 20)
            .spawn(move || {
                while before.iter().any(|over| !over.load(Ordering::SeqCst)) {
                    if stop.wait_or_wake(POLL) {
                        break;
                    }
                }
                if goes_on {
                    earlier(&job.log, &place, &api, &stop, &watch);
                }
                let engine = std::panic::AssertUnwindSafe(|| upload(&job, &api, &stop, &watch));
                let result = std::panic::catch_unwind(engine).unwrap_or(Err(UploadError::Panic));
                ends.store(true, Ordering::SeqCst);
                stop.wake();
                result
            });
        // Without a thread it is tried again soon.
        if let Ok(thread) = thread {
            self.setup.place.set_followed(&log);
            self.engines.push(Engine {
                log,
                main,
                superseded,
                over,
                thread,
            });
        }
    }

    /// A script has opened a run again: what it has written to the earlier log goes first, and the end is that of the
    /// new one. Gives what says that the earlier ones are over.
    fn supersede(&self, log: &Path) -> Vec<Arc<AtomicBool>> {
        let id = LocalRun::of_log(log).id;
        let same = |engine: &&Engine| LocalRun::of_log(&engine.log).id == id;
        let earlier = self.engines.iter().filter(same);
        earlier
            .map(|engine| {
                engine.superseded.store(true, Ordering::SeqCst);
                Arc::clone(&engine.over)
            })
            .collect()
    }

    /// What became of an engine; nothing if its log has moved.
    fn finish(&self, engine: Engine) -> Option<Uploaded> {
        let gone = engine.main && !self.setup.place.is_main(&engine.log);
        let result = engine.thread.join().unwrap_or(Err(UploadError::Panic));
        if gone {
            self.take_back(result.ok().as_ref());
            return None;
        }
        let result = result.map(|mut report| {
            // Its end is that of the log in which the run has gone on.
            report.unfinished &= !engine.superseded.load(Ordering::SeqCst);
            sync::mark(&LocalRun::of_log(&engine.log), report)
        });
        if let Err(error) = &result
            && !error.is_stopped()
        {
            self.setup.listener.fails(&engine.log, error);
        }
        Some(Uploaded {
            log: engine.log,
            result,
        })
    }

    /// The run goes on under another id: what was made for it on the server is taken back, if it was new.
    fn take_back(&self, report: Option<&Report>) {
        let target = report.and_then(|report| report.target.as_ref());
        let Some(target) = target.filter(|target| target.run.inserted) else {
            return;
        };
        let now = self.setup.place.get();
        let now = now.and_then(|dir| run_of(dir.log_path()));
        if now
            .is_some_and(|now| now.run_id == target.run.run_id && now.project == target.run.project)
        {
            // It goes on as what it was.
            return;
        }
        let caller = Caller {
            stop: &self.stop,
            trouble: &|_| {},
        };
        // A run that stays there is empty, and does no harm.
        let _ = self.setup.api.delete_run(&target.run.storage_id, caller);
    }
}

/// Sends what a crash has left of earlier parts of a run that goes on: behind them comes what is new.
fn earlier(log: &Path, place: &Place, api: &Arc<Api>, stop: &Stop, watch: &Arc<dyn Watch>) {
    let own = LocalRun::of_log(log);
    let parts = own.dir.parent().map(runs::all);
    let is_left = |run: &LocalRun| {
        // Logs of this command are followed for themselves; the one that has moved is about to go.
        let followed = place.is_followed(&run.log);
        run.id == own.id && !run.offline && run.log != own.log && !followed && !sync::is_synced(run)
    };
    for run in parts.into_iter().flatten().flatten().filter(is_left) {
        let job = Job {
            log: run.log.clone(),
            edits: Edits::default(),
            resume: None,
            follow: Follow::No,
            hold: Duration::ZERO,
        };
        let watch: Arc<dyn Watch> = Arc::new(Earlier(Arc::clone(watch)));
        // What cannot be sent stays for `sync`.
        if let Ok(report) = upload(&job, api, stop, &watch) {
            sync::mark(&run, report);
        }
    }
}

/// Hears of an earlier part of a run: only what keeps all of it from going on is told.
struct Earlier(Arc<dyn Watch>);

impl Watch for Earlier {
    fn registered(&self, _: &Target) {}

    fn progress(&self, _: Progress) {}

    fn trouble(&self, reason: Option<&str>) {
        self.0.trouble(reason);
    }

    fn stop_requested(&self) {}
}
