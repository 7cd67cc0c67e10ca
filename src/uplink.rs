//! Uploads the runs of a wrapped script while they go on: each of their logs is followed by an engine of its own.
//!
//! Nothing here reaches the script or the recorder: what cannot be sent waits in the logs.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::api::scripts::ScriptAccount;
use crate::api::{Api, ApiError, Caller, Stop};
use crate::inbox::{Inbox, Item, News};
use crate::run::Registration;
use crate::settings::server::Server;
use crate::settings::{self, Resume};
use crate::store::Place;
use crate::store::log_reader::run_of;
use crate::store::runs::{self, LocalRun};
use crate::sync;
use crate::upload::edits::Edits;
use crate::upload::register::{RegisterError, Target};
use crate::upload::{Fate, Follow, Job, Progress, Report, UploadError, Watch, upload};
use crate::wire::sdk::text;

/// How often it is looked for runs that the script has opened.
const POLL: Duration = Duration::from_millis(200);

/// Hears of the runs.
pub trait Listener: Send + Sync {
    /// A log is followed, and sent to this server; `main` is that of the command, and `own` if no SDK has opened it.
    fn begins(&self, log: &Path, api: &Arc<Api>, main: bool, own: bool) -> Arc<dyn Watch>;
    /// A run cannot be uploaded any more; what it has recorded stays.
    fn fails(&self, log: &Path, error: &UploadError);
}

/// How runs are uploaded.
pub struct Setup {
    /// The server of runs for which the script has no key of its own.
    pub api: Option<Arc<Api>>,
    /// Authorities whose certificates are trusted besides the system's.
    pub ca_bundle: Option<PathBuf>,
    /// The recorder, which tells scripts how their uploads go.
    pub inbox: Arc<Inbox>,
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
    active: Arc<AtomicUsize>,
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
        let active = Arc::<AtomicUsize>::default();
        let crowd = Crowd {
            setup,
            accounts: Vec::new(),
            active: Arc::clone(&active),
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
            active,
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

    /// Whether runs are being uploaded at this moment.
    pub fn is_active(&self) -> bool {
        self.active.load(Ordering::SeqCst) > 0
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
    api: Arc<Api>,
    /// Its thread has ended.
    over: Arc<AtomicBool>,
    thread: JoinHandle<Result<Report, UploadError>>,
}

struct Crowd {
    setup: Setup,
    /// Clients of servers that scripts have named.
    accounts: Vec<(ScriptAccount, Arc<Api>)>,
    active: Arc<AtomicUsize>,
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
                    let uploaded = self.finish(engine);
                    // A service that goes on for weeks has nobody who would want to know.
                    done.extend(uploaded.filter(|_| self.setup.api.is_some()));
                } else {
                    self.engines.push(engine);
                }
            }
            self.active.store(self.engines.len(), Ordering::SeqCst);
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

    /// The client for a run: with the key of its script, or the wrapper's.
    fn api_of(&mut self, log: &Path) -> Result<Arc<Api>, String> {
        let own = self.setup.api.as_ref();
        let account = match self.setup.place.settings_of(log) {
            Some(settings) => ScriptAccount::new(&settings, self.setup.ca_bundle.clone())?,
            None => {
                return own
                    .map(Arc::clone)
                    .ok_or_else(|| "there is no server".to_owned());
            }
        };
        if let Some((_, api)) = self.accounts.iter().find(|(known, _)| *known == account) {
            return Ok(Arc::clone(api));
        }
        let api = account.client(own)?;
        self.accounts.push((account, Arc::clone(&api)));
        Ok(api)
    }

    fn start(&mut self, log: PathBuf, main: bool) {
        let api = match self.api_of(&log) {
            Ok(api) => api,
            Err(message) => {
                self.setup.place.set_followed(&log);
                let what = "upload".to_owned();
                return self.failed(&log, &ApiError::Source { what, message }.into());
            }
        };
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
                } else if place.is_over(&log) {
                    Fate::Hurries
                } else {
                    Fate::GoesOn
                }
            }
        };
        // A run that the SDK has opened is what the script wants it to be, and stays that.
        let own = main && !self.setup.place.has_moved();
        let told = self.setup.place.settings_of(&log).unwrap_or_default();
        let stays_open = told.x_update_finish_state.is_some_and(|flag| !flag.value);
        let (resume, hold) = if own {
            (self.setup.resume, self.setup.hold)
        } else {
            let asked = settings::resume(text(told.resume.as_ref()));
            (asked.unwrap_or(None), Duration::ZERO)
        };
        let job = Job {
            log: log.clone(),
            edits: Edits::default(),
            resume,
            follow: Follow::While(Arc::new(fate)),
            hold,
            stays_open,
        };
        let watch: Arc<dyn Watch> = Arc::new(Relay {
            watch: self.setup.listener.begins(&log, &api, main, own),
            log: log.clone(),
            inbox: Arc::clone(&self.setup.inbox),
            server: api.network().server.clone(),
        });
        let stop = self.stop.clone();
        let of_engine = Arc::clone(&api);
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
                let engine = std::panic::AssertUnwindSafe(|| {
                    if goes_on {
                        earlier(&job.log, &place, &api, &stop, &watch);
                    }
                    upload(&job, &api, &stop, &watch)
                });
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
                api: of_engine,
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
            self.take_back(result.ok().as_ref(), &engine.api);
            return None;
        }
        let result = result.map(|mut report| {
            // Its end is that of the log in which the run has gone on.
            report.unfinished &= !engine.superseded.load(Ordering::SeqCst);
            sync::mark(&LocalRun::of_log(&engine.log), report)
        });
        match &result {
            Err(error) if !error.is_stopped() => self.failed(&engine.log, error),
            _ => self.tell(&engine.log, News::Ended(None)),
        }
        Some(Uploaded {
            log: engine.log,
            result,
        })
    }

    fn failed(&self, log: &Path, error: &UploadError) {
        let news = match error {
            UploadError::Register(RegisterError::Resume(reason)) => News::Forbidden(reason.clone()),
            _ => News::Ended(Some(error.to_string())),
        };
        self.tell(log, news);
        self.setup.listener.fails(log, error);
    }

    fn tell(&self, log: &Path, news: News) {
        let item = Item::Upload(log.to_owned(), news);
        self.setup.inbox.push_surely(item, 512);
    }

    /// The run goes on under another id: what was made for it on the server is taken back, if it was new.
    fn take_back(&self, report: Option<&Report>, api: &Api) {
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
        let caller = Caller::new(&self.stop, &|_| {});
        // A run that stays there is empty, and does no harm.
        let _ = api.delete_run(&target.run.storage_id, caller);
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
            stays_open: false,
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

/// Tells the script how its upload goes, and then whoever else wants to know.
struct Relay {
    log: PathBuf,
    inbox: Arc<Inbox>,
    server: Server,
    watch: Arc<dyn Watch>,
}

impl Relay {
    fn tell(&self, news: News) {
        let item = Item::Upload(self.log.clone(), news);
        self.inbox.push_surely(item, 512);
    }
}

impl Watch for Relay {
    fn registered(&self, target: &Target) {
        let run = &target.run;
        self.tell(News::Registered(Box::new(Registration {
            entity: run.entity.clone(),
            project: run.project.clone(),
            display_name: run.display_name.clone(),
            url: self.server.run_url(&run.entity, &run.project, &run.run_id),
            resumed_at: target.resumed.then_some(target.first_step),
            config: target.config.clone(),
        })));
        self.watch.registered(target);
    }

    fn progress(&self, progress: Progress) {
        self.watch.progress(progress);
    }

    fn trouble(&self, reason: Option<&str>) {
        self.tell(match reason {
            Some(reason) => News::StandsStill(reason.to_owned()),
            None => News::GoesOn,
        });
        self.watch.trouble(reason);
    }

    fn stop_requested(&self) {
        self.tell(News::Stop);
        self.watch.stop_requested();
    }

    fn artifact(&self, client_id: &str, result: Result<&str, &str>) {
        self.tell(News::Artifact {
            client_id: client_id.to_owned(),
            result: result.map(str::to_owned).map_err(str::to_owned),
        });
        self.watch.artifact(client_id, result);
    }

    fn caught_up(&self) {
        self.tell(News::CaughtUp);
        self.watch.caught_up();
    }
}
