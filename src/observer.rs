//! What is found out about a run beside the child: where it was started, on what, and how the machine does.
//!
//! One thread. Nothing here can delay the child; the end of a run waits for the description only shortly.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::unistd::Pid;

use crate::inbox::{Inbox, Item};
use crate::run::Event;
use crate::store::{self, Place};
use crate::sys::Clock;
use crate::system::gpu::Gpus;
use crate::system::host;
use crate::system::python::Python;
use crate::system::stats::Sampler;
use crate::wire::json::Value;
use crate::wire::schema::{EnvironmentRecord, FilesItem};

/// How long the end of a run waits for its description.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long `git diff` may take.
const DIFF: Duration = Duration::from_secs(20);

/// What is to be observed.
#[derive(Debug, Clone)]
pub struct Task {
    pub child: Pid,
    /// What is known already; the Python version is added.
    pub environment: EnvironmentRecord,
    /// The program as it was found; tells which Python it is.
    pub program: PathBuf,
    pub is_python: bool,
    /// Where the run lies.
    pub place: Place,
    /// Describe host and hardware.
    pub describe: bool,
    /// The script to copy (below `code/`) and the repository to diff, if code is saved.
    pub code: Option<Code>,
    /// Time between two samples; `None` takes none.
    pub interval: Option<Duration>,
    /// Where sockets of killed runs may lie.
    pub stale: Vec<PathBuf>,
}

/// What `--save-code` records.
#[derive(Debug, Clone)]
pub struct Code {
    pub script: Option<(PathBuf, String)>,
    pub repository: Option<PathBuf>,
}

/// The running observer.
#[derive(Debug)]
pub struct Observer {
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    phase: Mutex<Phase>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Phase {
    stop: bool,
    finished: bool,
}

impl Observer {
    /// Starts to observe.
    pub fn start(task: Task, clock: Clock, inbox: Arc<Inbox>) -> io::Result<Self> {
        let state = Arc::new(State::default());
        std::thread::Builder::new()
            .name("observer".to_owned())
            .spawn({
                let state = Arc::clone(&state);
                move || {
                    observe(&task, clock, &inbox, &state);
                    state
                        .phase
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .finished = true;
                    state.changed.notify_all();
                }
            })?;
        Ok(Self { state })
    }

    /// Ends the sampling; waits a little for what is under way. A driver or a disk that hangs is left behind.
    pub fn stop(self) {
        let mut phase = self
            .state
            .phase
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        phase.stop = true;
        self.state.changed.notify_all();
        let waited = self
            .state
            .changed
            .wait_timeout_while(phase, PATIENCE, |phase| !phase.finished);
        drop(waited);
    }
}

fn observe(task: &Task, clock: Clock, inbox: &Inbox, state: &State) {
    let gpus = describe(task, clock, inbox);
    crate::service::remove_stale(&task.stale);
    let Some(interval) = task.interval else {
        return;
    };
    let mut sampler = Sampler::new(task.child, gpus);
    let start = Instant::now();
    let mut next = interval;
    loop {
        let stats = sampler.sample(clock.now().unix_nanos);
        inbox.push(Item::Event(Event::Stats(stats), None), 4096);
        let phase = state.phase.lock().unwrap_or_else(PoisonError::into_inner);
        let left = next.saturating_sub(start.elapsed());
        let (phase, _) = state
            .changed
            .wait_timeout_while(phase, left, |phase| !phase.stop)
            .unwrap_or_else(PoisonError::into_inner);
        if phase.stop {
            return;
        }
        next += interval;
    }
}

fn describe(task: &Task, clock: Clock, inbox: &Inbox) -> Option<Gpus> {
    let mut environment = task.environment.clone();
    let python = task.is_python.then(|| find_python(task)).flatten();
    if let Some(python) = &python {
        environment.python = format!("CPython {}", python.version);
    }
    let writer_id = environment.writer_id.clone();
    let mut records = Vec::new();
    if task.describe {
        send(inbox, Event::Environment(Box::new(environment.clone())));
        records.push(environment);
    }
    let mut files = Vec::new();
    let files_of = |place: &Place| Some(place.get()?.path().join("files"));
    if let (Some(directory), Some(python)) = (files_of(&task.place), &python) {
        let (requirements, path) = (python.requirements(), directory.join("requirements.txt"));
        // The script's own client may have been faster, and knows it better.
        if !requirements.is_empty() && !path.exists() {
            let text = requirements.join("\n") + "\n";
            if store::write_atomic(&path, text.as_bytes()).is_ok() {
                files.push(FilesItem::wandb("requirements.txt"));
            }
        }
    }
    if let (Some(directory), Some(code)) = (files_of(&task.place), &task.code) {
        save_code(code, &directory, inbox, &mut files);
    }
    if !files.is_empty() {
        send(inbox, Event::Files(files));
    }
    let gpus = (task.describe || task.interval.is_some())
        .then(Gpus::load)
        .flatten();
    if task.describe {
        let hardware = host::hardware(&writer_id, gpus.as_ref());
        send(inbox, Event::Environment(Box::new(hardware.clone())));
        records.push(hardware);
        if let Some(directory) = files_of(&task.place) {
            let text = host::metadata_json(&records).to_pretty_json();
            if let Err(error) =
                store::write_atomic(&directory.join("wandb-metadata.json"), text.as_bytes())
            {
                inbox.push(Item::Debug(format!("wandb-metadata.json: {error}")), 64);
            }
        }
    }
    let time = format!(
        "described after {:.1} ms",
        clock.elapsed().as_secs_f64() * 1000.0
    );
    inbox.push(Item::Debug(time), 64);
    gpus
}

fn send(inbox: &Inbox, event: Event) {
    inbox.push(Item::Event(event, None), 1024);
}

/// The interpreter may hide behind a shim that starts it only later: what the kernel runs is asked a few times.
fn find_python(task: &Task) -> Option<Python> {
    for _ in 0..20 {
        let running = std::fs::read_link(format!("/proc/{}/exe", task.child)).ok();
        let found = Python::find(&task.program, running.as_deref());
        // Without a running file the child has ended.
        if found.is_some() || running.is_none() {
            return found;
        }
        std::thread::park_timeout(Duration::from_millis(25));
    }
    None
}

/// Copies the script and writes the difference to the last commit, and to the upstream branch if there is one.
fn save_code(code: &Code, directory: &Path, inbox: &Inbox, files: &mut Vec<FilesItem>) {
    if let Some((script, name)) = &code.script {
        let target = directory.join("code").join(name);
        match store::copy_atomic(script, &target) {
            Ok(()) => {
                let path = format!("code/{name}");
                let saved = vec![("code_path".to_owned(), Value::from(path.as_str()))];
                send(
                    inbox,
                    Event::Config(vec![("_wandb".to_owned(), Value::Map(saved))]),
                );
                files.push(FilesItem::wandb(&path));
            }
            Err(error) => {
                inbox.push(
                    Item::Debug(format!("save-code {}: {error}", script.display())),
                    64,
                );
            }
        }
    }
    let Some(repository) = &code.repository else {
        return;
    };
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command
            .args(["-c", "core.fsmonitor=false", "-C"])
            .arg(repository)
            .args(arguments);
        command.env("GIT_OPTIONAL_LOCKS", "0");
        crate::helper::output(&mut command, DIFF).map(|output| output.stdout)
    };
    let mut diff = |from: &str, name: &str| {
        if let Some(text) = git(&["diff", from, "--submodule=diff"])
            && !text.is_empty()
            && store::write_atomic(&directory.join(name), &text).is_ok()
        {
            files.push(FilesItem::wandb(name));
        }
    };
    diff("HEAD", "diff.patch");
    if let Some(upstream) = git(&["rev-parse", "@{upstream}"]) {
        let commit = String::from_utf8_lossy(&upstream).trim().to_owned();
        if commit.len() >= 40 && commit.bytes().all(|b| b.is_ascii_hexdigit()) {
            diff(&commit, &format!("diff_{commit}.patch"));
        }
    }
}
