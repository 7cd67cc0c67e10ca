//! `wandb-rs service`: the socket for the official SDK without a wrapper around the script.
//!
//! The service writes the value for `WANDB_SERVICE` into a private file of the user's; who finds it and can connect to the
//! socket that it names has found a running service.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::unistd::Pid;

use super::account::Account;
use super::background;
use super::run::{report, service_token, socket_places};
use crate::api::Api;
use crate::child::signals::{FORWARDED, Signals};
use crate::cli::service::{Action, ServiceArgs};
use crate::error::Error;
use crate::inbox::Inbox;
use crate::output::{Ui, Verbosity};
use crate::recorder::{self, Setup};
use crate::service::{Bound, Info, RunInfo, Service};
use crate::store::{self, Place};
use crate::uplink::{self, Listener, Uplink};
use crate::upload::register::Target;
use crate::upload::{Progress, UploadError, Watch};

/// How often the service looks whether it is still needed.
const LOOK: Duration = Duration::from_millis(500);
/// How long the end of the service waits for uploads.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Carries the command out.
pub fn exec(args: &ServiceArgs) -> Result<(), Error> {
    match args.action {
        Action::Start {
            idle_timeout,
            foreground: true,
        } => serve(idle_timeout),
        Action::Start { idle_timeout, .. } => start(idle_timeout),
        Action::Status => status(),
        Action::Stop => stop(),
    }
}

/// A service that runs.
struct Running {
    token: String,
    pid: Pid,
}

/// The file that tells where the service is; its directory is the user's alone.
fn state_file() -> Result<PathBuf, Error> {
    let unusable =
        |path: &Path, why: String| Error::new(format!("{} cannot be used: {why}", path.display()));
    let place = socket_places()
        .into_iter()
        .find(|place| place.is_dir())
        .unwrap_or_else(|| PathBuf::from("/tmp"));
    let directory = place.join(format!("wandb-rs-{}", nix::unistd::geteuid()));
    store::private_dir(&directory).map_err(|error| unusable(&directory, error.to_string()))?;
    let metadata = directory
        .symlink_metadata()
        .map_err(|error| unusable(&directory, error.to_string()))?;
    if !metadata.is_dir() || metadata.uid() != nix::unistd::geteuid().as_raw() {
        return Err(unusable(
            &directory,
            "it belongs to somebody else".to_owned(),
        ));
    }
    Ok(directory.join("service"))
}

/// The service that runs, if one does.
fn running() -> Result<Option<Running>, Error> {
    let Ok(text) = fs::read_to_string(state_file()?) else {
        return Ok(None);
    };
    let token = text.trim().to_owned();
    let mut parts = token.splitn(4, '-');
    let (Some("3"), Some(pid), Some("unix"), Some(socket)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Ok(None);
    };
    let alive = UnixStream::connect(socket).is_ok();
    Ok(pid
        .parse()
        .ok()
        .filter(|_| alive)
        .map(Pid::from_raw)
        .map(|pid| Running {
            token: token.clone(),
            pid,
        }))
}

fn start(idle_timeout: Duration) -> Result<(), Error> {
    if let Some(running) = running()? {
        return super::print(&format!("{}\n", running.token));
    }
    let failed = |why: String| Error::new(format!("the service cannot be started: {why}"));
    let program = std::env::current_exe().map_err(|error| failed(error.to_string()))?;
    let mut child = Command::new(program)
        .args(["service", "start", "--foreground", "--idle-timeout"])
        .arg(idle_timeout.as_secs_f64().to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        let _ = BufReader::new(stdout).read_line(&mut line);
    }
    if line.is_empty() {
        return Err(failed("it has ended at once".to_owned())
            .hint("`wandb-rs service start --foreground` shows why"));
    }
    super::print(&line)
}

fn status() -> Result<(), Error> {
    match running()? {
        Some(Running { token, pid }) => super::print(&format!(
            "running as process {pid}\nWANDB_SERVICE={token}\n"
        )),
        None => Err(Error::new("the service is not running")
            .hint("start it with `export WANDB_SERVICE=\"$(wandb-rs service start)\"`")),
    }
}

fn stop() -> Result<(), Error> {
    let Some(Running { pid, .. }) = running()? else {
        return Err(Error::new("the service is not running"));
    };
    background::end(pid, || Ok(running()?.is_some()))
}

/// The service itself, until a signal or until nobody has needed it for `idle_timeout`.
fn serve(idle_timeout: Duration) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::new(format!("the service cannot run: {error}"));
    let signals = Signals::receive().map_err(|error| failed(error.into()))?;
    // Not ended with the terminal from which it was started.
    let _ = nix::unistd::setsid();
    let ui = Ui::new(Verbosity::Normal, None);
    let bound = Bound::new(&socket_places(), crate::sys::random()).map_err(failed)?;
    let token = service_token(&bound.path());
    let file = state_file()?;
    let inbox = Arc::new(Inbox::default());
    let place = Place::default();
    // Each script names its own server; what the environment says of certificates it does not pass on.
    let ca_bundle = Account::read()
        .ok()
        .and_then(|account| account.settings.network.ca_bundle);
    let uplink = Uplink::start(uplink::Setup {
        api: None,
        ca_bundle: ca_bundle.clone(),
        inbox: Arc::clone(&inbox),
        place: place.clone(),
        resume: None,
        hold: Duration::ZERO,
        listener: Arc::new(Silent),
    })
    .map_err(failed)?;
    let setup = Setup {
        main: None,
        parse: None,
        parse_always: false,
        warn: Arc::new(move |warning| report::warn(&ui, &warning)),
        place,
        uploads: true,
        info: None,
    };
    let recorder = recorder::start(setup, Arc::clone(&inbox)).map_err(failed)?;
    let info = Info::new(RunInfo {
        members: Vec::new(),
        files: None,
        directory: PathBuf::new(),
    });
    let service = bound
        .serve(info, Arc::clone(&inbox), None, ca_bundle)
        .map_err(failed)?;
    let mut line = token.into_encoded_bytes();
    line.push(b'\n');
    store::write_atomic(&file, &line).map_err(failed)?;
    background::say_and_let_go(&line);
    wait(&signals, &service, &uplink, idle_timeout);
    service.stop(Duration::from_millis(200));
    inbox.close();
    let _ = recorder.join();
    finish(&uplink);
    if fs::read(&file).is_ok_and(|text| text == line) {
        let _ = fs::remove_file(&file);
    }
    Ok(())
}

/// Sends what is left, if that does not take long; the rest waits for `wandb-rs sync`.
fn finish(uplink: &Uplink) {
    uplink.end();
    let start = Instant::now();
    while !uplink.is_done() && start.elapsed() < LAST_WORDS {
        std::thread::park_timeout(Duration::from_millis(5));
    }
    uplink.stop();
}

/// Nobody is there to be told: the scripts' SDK tells how their uploads go.
struct Silent;

impl Listener for Silent {
    fn begins(&self, _: &Path, _: &Arc<Api>, _: bool, _: bool) -> Arc<dyn Watch> {
        Arc::new(Self)
    }

    fn fails(&self, _: &Path, _: &UploadError) {}
}

impl Watch for Silent {
    fn registered(&self, _: &Target) {}

    fn progress(&self, _: Progress) {}

    fn trouble(&self, _: Option<&str>) {}

    fn stop_requested(&self) {}
}

fn wait(signals: &Signals, service: &Service, uplink: &Uplink, idle_timeout: Duration) {
    let mut needed = Instant::now();
    loop {
        let mut fds = [nix::poll::PollFd::new(
            signals.fd(),
            nix::poll::PollFlags::POLLIN,
        )];
        let timeout = nix::poll::PollTimeout::try_from(LOOK.as_millis() as i64);
        let _ = nix::poll::poll(&mut fds, timeout.unwrap_or(nix::poll::PollTimeout::ZERO));
        while let Some(received) = signals.next() {
            if FORWARDED.contains(&received.signal) {
                return;
            }
        }
        if service.has_clients() || uplink.is_active() {
            needed = Instant::now();
        }
        if !idle_timeout.is_zero() && needed.elapsed() >= idle_timeout {
            return;
        }
    }
}
