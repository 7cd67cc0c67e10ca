//! The run on the server: whether it goes there, what the user sees of it, and the wait for it at the end.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::unistd::Pid;

use super::Session;
use super::report::{quoted, shown};
use crate::api::runs::Existing;
use crate::api::{Api, Caller, Stop};
use crate::child::signals::{self, Signals};
use crate::cli::run::RunArgs;
use crate::cmd::account;
use crate::cmd::identity::Identity;
use crate::error::{BEFORE_SPAWN, Error};
use crate::inbox::Inbox;
use crate::output::Ui;
use crate::output::board::Board;
use crate::settings::credentials::{Credentials, Secret, Source};
use crate::settings::network::Network;
use crate::settings::{Mode, Resume, Settings};
use crate::supervise::Outcome;
use crate::uplink::{Listener, Setup, Uplink, Uploaded};
use crate::upload::register::Target;
use crate::upload::{Progress, UploadError, Watch};
use crate::wire::schema::RunRecord;

/// How long a script may take until it opens its own run, if it looks as if it will.
const OPENS_A_RUN: Duration = Duration::from_secs(60);
/// How long any other may.
const HOLD: Duration = Duration::from_secs(2);
/// The most of a script that is looked at.
const LOOK: u64 = 1 << 20;
/// The wait for the upload is told after this time.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long the uploads may take to give up.
const LET_GO: Duration = Duration::from_secs(1);

/// The server of an online run.
pub(super) struct Online {
    network: Network,
    credentials: Credentials,
    source: Source,
    user: (String, String),
    /// Made when it is needed: the command must not wait for it.
    api: OnceLock<Result<Arc<Api>, String>>,
}

/// Whether the run goes to the server: if that was asked for, or if there is a key for it and nothing else was.
pub(super) fn decide(settings: &Settings, ui: &Ui) -> Result<Option<Online>, Error> {
    if settings.mode_is_explicit && settings.mode != Mode::Online {
        return Ok(None);
    }
    let server = &settings.network.server;
    let found = match account::credentials(server, settings, &mut |warning| ui.warning(&warning)) {
        Ok(found) => found,
        // A key that is wrong stops only who asked for the server.
        Err(error) if settings.mode_is_explicit => {
            return Err(Error::from(error).code(BEFORE_SPAWN));
        }
        Err(error) => {
            ui.warning(&format!("{error}; the run is recorded offline"));
            return Ok(None);
        }
    };
    let found = found.map(|(credentials, source)| (settings.network.clone(), credentials, source));
    let found = found.or_else(|| account::local_server(&settings.network));
    let Some((network, credentials, source)) = found else {
        if settings.mode_is_explicit {
            ui.warning(&format!(
                "no API key for {}: the run is recorded offline; `wandb-rs login` stores a key",
                settings.network.server.base()
            ));
        }
        return Ok(None);
    };
    Ok(Some(Online {
        network,
        credentials,
        source,
        user: (settings.username.clone(), settings.email.clone()),
        api: OnceLock::new(),
    }))
}

impl Online {
    /// Address and key of the server, if it is the one that was found running on this machine.
    pub(super) fn local(&self) -> Option<(&str, &Secret)> {
        match (&self.source, &self.credentials) {
            (Source::LocalServer(_), Credentials::ApiKey(key)) => {
                Some((self.network.server.base(), key))
            }
            _ => None,
        }
    }

    /// The client of the server.
    pub(super) fn api(&self) -> Result<&Arc<Api>, String> {
        let made = self.api.get_or_init(|| {
            let credentials = Some(self.credentials.clone());
            let api = Api::new(&self.network, credentials, &self.user.0, &self.user.1);
            api.map(Arc::new)
        });
        made.as_ref().map_err(Clone::clone)
    }

    /// Where the key comes from.
    pub(super) fn announce(&self, ui: &Ui) {
        ui.notice(&format!(
            "Loaded credentials for {} from {}.",
            self.network.server.base(),
            self.source
        ));
    }

    /// Before the command runs: whether a run that must exist does, and one that must not does not. A server that
    /// cannot be reached is no reason not to begin.
    pub(super) fn check(
        &self,
        settings: &Settings,
        identity: &Identity,
        args: &RunArgs,
        signals: &Signals,
        ui: &Ui,
    ) -> Result<(), Error> {
        let (Some(resume @ (Resume::Must | Resume::Never)), false) =
            (settings.resume, args.requeue)
        else {
            return Ok(());
        };
        let run = &identity.record;
        match self.existing(run, signals)? {
            Ok(existing) => {
                let exists = existing.is_some_and(|existing| existing.started);
                match (resume, exists) {
                    (Resume::Must, false) => Err(Error::new(format!(
                        "--resume must: the server has no run {}",
                        run.run_id
                    ))
                    .hint("is the id right, and the project? `--resume allow` begins a new run if there is none")
                    .code(BEFORE_SPAWN)),
                    (Resume::Never, true) => Err(Error::new(format!(
                        "--resume never: the server has a run {} already",
                        run.run_id
                    ))
                    .hint("use another id, or `--resume allow` to go on with it")
                    .code(BEFORE_SPAWN)),
                    _ => Ok(()),
                }
            }
            Err(reason) => {
                ui.warning(&format!(
                    "it cannot be told whether the server has run {} ({reason}); it is recorded, and uploaded when that is possible",
                    run.run_id
                ));
                Ok(())
            }
        }
    }

    /// Asks for a run of the server, at most for the time that the beginning of a run may take; Ctrl-C ends the wait
    /// and the command. The inner error is that of the question.
    fn existing(
        &self,
        run: &RunRecord,
        signals: &Signals,
    ) -> Result<Result<Option<Existing>, String>, Error> {
        let api = match self.api() {
            Ok(api) => Arc::clone(api),
            Err(reason) => return Ok(Err(reason)),
        };
        let stop = Stop::default();
        let deadline = Instant::now() + self.network.init_timeout;
        let (asked, asking) = (run.clone(), stop.clone());
        let question = std::thread::Builder::new()
            .name("question".to_owned())
            .spawn(move || {
                let caller = Caller::new(&asking, &|_| {});
                api.existing(&asked.entity, &asked.project, &asked.run_id, caller)
            });
        let question = match question {
            Ok(question) => question,
            Err(error) => return Ok(Err(error.to_string())),
        };
        while !question.is_finished() {
            let ends = std::iter::from_fn(|| signals.next())
                .any(|received| signals::FORWARDED.contains(&received.signal));
            if ends {
                return Err(Error::new("interrupted before the command began").code(BEFORE_SPAWN));
            }
            if Instant::now() >= deadline {
                stop.stop();
                return Ok(Err("no answer in time".to_owned()));
            }
            std::thread::park_timeout(Duration::from_millis(2));
        }
        let answer = question.join();
        Ok(match answer {
            Ok(answer) => answer.map_err(|error| error.to_string()),
            Err(_) => Err("a bug".to_owned()),
        })
    }

    /// Begins to upload.
    pub(super) fn start(
        &self,
        session: &Session,
        inbox: &Arc<Inbox>,
        group: Pid,
        ui: &Ui,
    ) -> Option<Sending> {
        let told = Arc::<Told>::default();
        let api = match self.api() {
            Ok(api) => api,
            Err(reason) => {
                ui.warning(&format!(
                    "the run is not uploaded: no connection can be made: {reason}"
                ));
                return None;
            }
        };
        let setup = Setup {
            api: Some(Arc::clone(api)),
            ca_bundle: self.network.ca_bundle.clone(),
            inbox: Arc::clone(inbox),
            place: session.place.clone(),
            resume: session.settings.resume,
            hold: hold(session),
            listener: Arc::new(RunListener {
                ui: ui.clone(),
                group,
                cwd: session.cwd.clone(),
                told: Arc::clone(&told),
            }),
        };
        match Uplink::start(setup) {
            Ok(uplink) => Some(Sending { uplink, told }),
            Err(error) => {
                ui.warning(&format!(
                    "the run is not uploaded: no thread can be started: {error}"
                ));
                None
            }
        }
    }

    /// What the user is told about an upload that has ended; false if the run is not on the server.
    pub(super) fn footer(&self, uploaded: &Uploaded, path: &str, ui: &Ui) -> bool {
        let Ok(report) = &uploaded.result else {
            return false;
        };
        let Some(target) = &report.target else {
            return false;
        };
        let [other, wandb, media, artifact] = report.files;
        for note in &report.notes {
            ui.warning(note);
        }
        for problem in &report.problems {
            ui.error(problem);
        }
        if !report.problems.is_empty() {
            ui.error(&format!(
                "Not everything was uploaded; run `wandb-rs sync {}` to try again",
                quoted(path)
            ));
        }
        links(&self.network, target, "at:", ui);
        ui.notice(&format!(
            "Synced {wandb} W&B file(s), {media} media file(s), {artifact} artifact file(s) and {other} other file(s)"
        ));
        true
    }
}

/// The addresses of run and project. While a run begins it is the project's turn first.
fn links(network: &Network, target: &Target, at: &str, ui: &Ui) {
    let server = &network.server;
    let run = &target.run;
    let (star, rocket) = if ui.unicode() {
        ("⭐️ ", "🚀 ")
    } else {
        ("", "")
    };
    let project = format!(
        "{star}View project {at} {}",
        ui.link(&server.project_url(&run.entity, &run.project))
    );
    let url = ui.link(&server.run_url(&run.entity, &run.project, &run.run_id));
    if at == "at" {
        ui.info(&project);
        if !run.sweep.is_empty() {
            let broom = if ui.unicode() { "🧹 " } else { "" };
            let sweep = ui.link(&server.sweep_url(&run.entity, &run.project, &run.sweep));
            ui.info(&format!("{broom}View sweep at {sweep}"));
        }
        ui.notice(&format!("{rocket}View run at {url}"));
    } else {
        ui.notice(&format!(
            "{rocket}View run {} {at} {url}",
            ui.name(&run.display_name)
        ));
        ui.notice(&project);
    }
}

/// How long the run may still become that of the script's SDK.
fn hold(session: &Session) -> Duration {
    use std::io::Read as _;
    let script = session.command.script.as_ref();
    let text = script.and_then(|script| {
        let mut text = Vec::new();
        let file = std::fs::File::open(session.cwd.join(script)).ok()?;
        file.take(LOOK).read_to_end(&mut text).ok()?;
        Some(text)
    });
    if text.is_some_and(|text| memchr::memmem::find(&text, b"wandb").is_some()) {
        OPENS_A_RUN
    } else {
        HOLD
    }
}

/// Uploads under way, and what is known of them.
pub(super) struct Sending {
    uplink: Uplink,
    told: Arc<Told>,
}

/// Tells the user how the upload goes, and the script when the server says stop.
struct RunListener {
    ui: Ui,
    group: Pid,
    cwd: PathBuf,
    told: Arc<Told>,
}

/// What is told once.
#[derive(Default)]
struct Told {
    trouble: AtomicBool,
    stop: AtomicBool,
    progress: Mutex<Progress>,
    reason: Mutex<Option<String>>,
}

struct RunWatch {
    /// No SDK tells the user about the run.
    own: bool,
    api: Arc<Api>,
    ui: Ui,
    group: Pid,
    main: bool,
    told: Arc<Told>,
}

impl Listener for RunListener {
    fn begins(&self, _: &Path, api: &Arc<Api>, main: bool, own: bool) -> Arc<dyn Watch> {
        Arc::new(RunWatch {
            own,
            api: Arc::clone(api),
            ui: self.ui.clone(),
            group: self.group,
            main,
            told: Arc::clone(&self.told),
        })
    }

    fn fails(&self, log: &Path, error: &UploadError) {
        let dir = log.parent().unwrap_or(Path::new(""));
        let path = shown(dir, &self.cwd);
        let hint = error.api().and_then(crate::api::ApiError::hint);
        let hint = hint.map_or_else(String::new, |hint| format!(" ({hint})"));
        self.ui.warning(&format!(
            "the run is not uploaded any more: {error}{hint}; it is recorded all the same, `wandb-rs sync {}` uploads it later",
            quoted(&path)
        ));
    }
}

impl Watch for RunWatch {
    fn registered(&self, target: &Target) {
        if !self.own {
            return;
        }
        if target.resumed {
            let name = self.ui.name(&target.run.display_name);
            self.ui.info(&format!("Resuming run {name}"));
        }
        links(self.api.network(), target, "at", &self.ui);
    }

    fn progress(&self, progress: Progress) {
        if self.main {
            *self
                .told
                .progress
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = progress;
        }
    }

    fn trouble(&self, reason: Option<&str>) {
        *self
            .told
            .reason
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = reason.map(str::to_owned);
        if let Some(reason) = reason
            && !self.told.trouble.swap(true, Ordering::SeqCst)
        {
            self.ui.warning(&format!(
                "the upload stands still ({reason}); the script goes on, everything is recorded, and it is tried again"
            ));
        }
    }

    fn stop_requested(&self) {
        if !self.told.stop.swap(true, Ordering::SeqCst) {
            self.ui
                .notice("The run was stopped on the server: the script is interrupted.");
            signals::send_to_group(self.group, Signal::SIGINT);
        }
    }
}

/// Waits for the uploads. The user can end the wait: what is left is safe.
pub(super) fn wait(
    sending: Sending,
    online: Option<&Online>,
    session: &Session,
    outcome: &Outcome,
    limit: Option<Duration>,
    ui: &Ui,
) -> Vec<Uploaded> {
    let Sending {
        uplink,
        told: known,
    } = sending;
    uplink.end();
    let start = Instant::now();
    let limit = limit.or(online.and_then(|online| online.network.finish_timeout));
    let board = Board::new(ui);
    let bar = board.bar("uploading");
    let mut pause = Duration::from_micros(100);
    let mut told = false;
    // A run that was interrupted has had its first Ctrl-C.
    let mut interrupts = u32::from(outcome.interrupted);
    let given_up = loop {
        if uplink.is_done() {
            break false;
        }
        let mut cut = false;
        for received in std::iter::from_fn(|| outcome.signals.next()) {
            match received.signal {
                Signal::SIGINT => {
                    interrupts += 1;
                    if interrupts == 1 {
                        board.print(|ui| {
                            ui.notice(
                                "Press Ctrl-C again to stop uploading; everything is safe on disk.",
                            );
                        });
                    }
                    cut |= interrupts > 1;
                }
                signal if signals::FORWARDED.contains(&signal) => cut = true,
                _ => {}
            }
        }
        let timed_out = limit.is_some_and(|limit| start.elapsed() >= limit);
        if timed_out && !cut {
            board.print(|ui| ui.warning("Timed out finishing run."));
        }
        if cut || timed_out {
            break true;
        }
        if !told && start.elapsed() >= PATIENCE {
            told = true;
            board.print(|ui| {
                ui.info("Uploading what is left. Ctrl-C twice stops that; it can be synced later.");
            });
        }
        if told {
            let progress = *known
                .progress
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let reason = known.reason.lock().unwrap_or_else(PoisonError::into_inner);
            let note = reason
                .as_ref()
                .map_or_else(String::new, |reason| format!("retrying: {reason}"));
            bar.set(progress.read, progress.size, &note);
        }
        std::thread::park_timeout(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    };
    drop(bar);
    if given_up {
        uplink.stop();
        let end = Instant::now() + LET_GO;
        while !uplink.is_done() && Instant::now() < end {
            std::thread::park_timeout(Duration::from_millis(5));
        }
        if !uplink.is_done() {
            return Vec::new();
        }
    }
    let results = uplink.results();
    let left = results
        .iter()
        .any(|one| one.result.as_ref().is_err_and(UploadError::is_stopped));
    if given_up
        && left
        && let Some(dir) = session.place.get()
    {
        let path = shown(dir.path(), &session.cwd);
        ui.notice(&format!(
            "Run data was not uploaded as a whole; `wandb-rs sync {}` uploads the rest.",
            quoted(&path)
        ));
    }
    results
}
