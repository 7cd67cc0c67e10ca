//! The harness: an isolated directory and environment, the program under test, and ways to look at what it did.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use wandb_rs::store::log_reader::{End, Item, LogReader};
use wandb_rs::wire::json::Value;
use wandb_rs::wire::schema::{Kind, Record};

pub(crate) mod browser;
#[expect(dead_code, reason = "the fake offers more than is used yet")]
pub(crate) mod fake;
pub(crate) mod logs;
pub(crate) mod peers;
pub(crate) mod terminal;
pub(crate) mod uploads;

/// How long anything may take before a test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A directory of its own, an environment with nothing of the machine's but PATH, and fixed identity.
pub(crate) struct TestEnv {
    dir: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

/// What a finished program left.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Signals mean to the programs under test what they mean to those that a shell starts, also if the tests were started
/// with some of them ignored (in the background, below `nohup`).
#[allow(unsafe_code, reason = "the only way to change what a signal means")]
fn usual_signals() {
    use nix::sys::signal::{SigHandler, Signal, signal};
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        for name in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT] {
            // SAFETY: no handler is installed, so none can run at a bad moment.
            unsafe { signal(name, SigHandler::SigDfl) }.unwrap();
        }
    });
}

impl TestEnv {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["work", "home", "tmp"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        Self {
            dir,
            variables: Vec::new(),
        }
    }

    /// Sets a variable for all programs of this test.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// The directory in which programs run.
    pub(crate) fn work(&self) -> PathBuf {
        self.dir.path().join("work")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.work().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// Any program in this environment.
    pub(crate) fn program(&self, program: impl AsRef<OsStr>) -> Command {
        usual_signals();
        let mut command = Command::new(program);
        command
            .env_clear()
            .current_dir(self.work())
            .stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.dir.path().join("home"));
        command.env("TMPDIR", self.dir.path().join("tmp"));
        command.env("LANG", "C.UTF-8").env("TZ", "UTC");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The program under test.
    pub(crate) fn wandb_rs<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_wandb-rs"));
        command.args(arguments);
        command
    }

    /// Runs the program under test to its end.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Finished {
        finish(self.wandb_rs(arguments))
    }

    /// Runs a shell script under `wandb-rs run`; the program under test is on its PATH.
    pub(crate) fn run_script(&self, options: &[&str], script: &str) -> Finished {
        finish(self.script(options, script))
    }

    pub(crate) fn script(&self, options: &[&str], script: &str) -> Command {
        let mut command = self.wandb_rs(
            ["run"]
                .iter()
                .chain(options)
                .chain(&["--", "sh", "-c", script]),
        );
        let own = Path::new(env!("CARGO_BIN_EXE_wandb-rs")).parent().unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", own.display()));
        command
    }

    /// Files that were left in the directory for temporary files.
    pub(crate) fn temporary_files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.dir.path().join("tmp")).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    /// The directory of the newest run.
    pub(crate) fn run_dir(&self) -> PathBuf {
        self.path("wandb/latest-run").canonicalize().unwrap()
    }

    /// The only run, also if it was not begun properly.
    pub(crate) fn find_run_dir(&self) -> Option<PathBuf> {
        let mut entries = fs::read_dir(self.path("wandb")).ok()?.flatten();
        let is_run = |name: &OsStr| name.to_string_lossy().contains("run-2");
        entries
            .find(|entry| is_run(&entry.file_name()))
            .map(|entry| entry.path())
    }

    /// The newest run, read back.
    pub(crate) fn read_run(&self) -> Run {
        Run::read(&self.run_dir())
    }
}

/// Runs a program to its end, with a limit of time.
pub(crate) fn finish(mut command: Command) -> Finished {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    wait(child)
}

/// Waits for a program with piped output.
pub(crate) fn wait(mut child: Child) -> Finished {
    let read = |stream: Option<Box<dyn std::io::Read + Send>>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(mut stream) = stream {
                stream.read_to_end(&mut bytes).unwrap();
            }
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let stdout = read(child.stdout.take().map(|s| Box::new(s) as Box<_>));
    let stderr = read(child.stderr.take().map(|s| Box::new(s) as Box<_>));
    let status = wait_status(&mut child);
    Finished {
        status,
        stdout: stdout.join().unwrap(),
        stderr: stderr.join().unwrap(),
    }
}

/// Waits for a program's end; one that takes too long is killed and fails the test.
pub(crate) fn wait_status(child: &mut Child) -> ExitStatus {
    let mut status = None;
    let ended = eventually(|| {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    if !ended {
        child.kill().unwrap();
        panic!("the program did not end in time");
    }
    status.unwrap()
}

/// Waits until a condition holds; says whether it did in time.
pub(crate) fn eventually(mut condition: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !condition() {
        if start.elapsed() > PATIENCE {
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    true
}

impl Finished {
    /// The exit code; a death by signal fails the test.
    pub(crate) fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("{self:?}"))
    }

    /// What was printed on stderr, with ids, times and names that differ between runs replaced.
    pub(crate) fn told(&self) -> String {
        redact(&self.stderr)
    }
}

/// Replaces what differs between runs: directory stamps and ids, generated names, durations.
pub(crate) fn redact(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut line = line.to_owned();
        if let Some(at) = line.find("offline-run-") {
            let end = line[at..]
                .find(['/', ' '])
                .map_or(line.len(), |end| at + end);
            line.replace_range(at..end, "offline-run-STAMP-ID");
        }
        if let Some(name) = line.strip_prefix("wandb: Syncing run ")
            && name.split('-').count() == 3
        {
            line = String::from("wandb: Syncing run NAME");
        }
        if line.starts_with("wandb: Run ")
            && let Some(at) = line.rfind(") in ")
        {
            line.truncate(at + 5);
            line.push_str("TIME");
        }
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// A run read back from its log.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) dir: PathBuf,
    pub(crate) records: Vec<Record>,
    pub(crate) complete: bool,
}

impl Run {
    pub(crate) fn read(dir: &Path) -> Self {
        let log = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| path.extension().is_some_and(|ending| ending == "wandb"))
            .unwrap_or_else(|| panic!("{} has no log", dir.display()));
        let mut records = Vec::new();
        let end = LogReader::open(&log)
            .unwrap()
            .read(|item| match item {
                Item::Record(record) => records.push(record.decode().unwrap()),
                Item::Damage(error) => panic!("{error}"),
            })
            .unwrap();
        Self {
            dir: dir.to_owned(),
            records,
            complete: end == End::Complete,
        }
    }

    pub(crate) fn kinds(&self) -> impl Iterator<Item = &Kind> {
        self.records
            .iter()
            .filter_map(|record| record.kind.as_ref())
    }

    /// History rows as `step: a=1 b=2` without reserved keys, names sorted.
    pub(crate) fn rows(&self) -> Vec<String> {
        self.kinds()
            .filter_map(|kind| match kind {
                Kind::History(history) => {
                    let mut items: Vec<String> = history
                        .item
                        .iter()
                        .filter(|item| !item.nested_key[0].starts_with('_'))
                        .map(|item| format!("{}={}", item.nested_key.join("/"), item.value_json))
                        .collect();
                    items.sort();
                    let step = history.step.as_ref().unwrap().num;
                    Some(format!("{step}: {}", items.join(" ")))
                }
                _ => None,
            })
            .collect()
    }

    /// Everything that one stream printed, as recorded.
    pub(crate) fn console(&self, output_type: i32) -> String {
        self.kinds()
            .filter_map(|kind| match kind {
                Kind::OutputRaw(output) if output.output_type == output_type => {
                    Some(output.line.as_str())
                }
                _ => None,
            })
            .collect()
    }

    /// Config values as they stand at the end, by top-level key.
    pub(crate) fn config(&self) -> Value {
        let mut config = wandb_rs::run::config::Config::default();
        for kind in self.kinds() {
            let items = match kind {
                Kind::Run(run) => run
                    .config
                    .iter()
                    .flat_map(|config| &config.update)
                    .collect::<Vec<_>>(),
                Kind::Config(config) => config.update.iter().collect(),
                _ => continue,
            };
            for item in items {
                config.update(&item.key, &Value::parse(&item.value_json).unwrap());
            }
        }
        Value::Map(
            config
                .members()
                .iter()
                .filter(|(key, _)| key != "_wandb")
                .cloned()
                .collect(),
        )
    }

    /// The last run record.
    pub(crate) fn run(&self) -> &wandb_rs::wire::schema::RunRecord {
        self.kinds()
            .filter_map(|kind| match kind {
                Kind::Run(run) => Some(&**run),
                _ => None,
            })
            .last()
            .unwrap()
    }

    /// The recorded exit code, if the run has ended.
    pub(crate) fn exit_code(&self) -> Option<i32> {
        self.kinds().find_map(|kind| match kind {
            Kind::Exit(exit) => Some(exit.exit_code),
            _ => None,
        })
    }

    /// A file below `files/`.
    pub(crate) fn file(&self, name: &str) -> String {
        let path = self.dir.join("files").join(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// `wandb-summary.json`.
    pub(crate) fn summary(&self) -> Value {
        Value::parse(&self.file("wandb-summary.json")).unwrap()
    }
}

/// Starts a program with piped output and stdin.
pub(crate) fn start(mut command: Command) -> Child {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Reads from a program's stdout until it has printed `text`.
pub(crate) fn read_until(child: &mut Child, text: &str) -> String {
    let mut seen = Vec::new();
    let mut byte = [0];
    let stdout = child.stdout.as_mut().unwrap();
    while !String::from_utf8_lossy(&seen).contains(text) {
        let read = stdout.read(&mut byte).unwrap();
        assert!(
            read > 0,
            "ended before {text:?}: {}",
            String::from_utf8_lossy(&seen)
        );
        seen.push(byte[0]);
    }
    String::from_utf8_lossy(&seen).into_owned()
}

/// Sends a signal to a process.
pub(crate) fn kill(child: &Child, signal: nix::sys::signal::Signal) {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(child.id() as i32), signal).unwrap();
}

/// Writes to a program's stdin.
pub(crate) fn feed(child: &mut Child, text: &str) {
    child
        .stdin
        .as_mut()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
}

/// All files and directories below a directory.
pub(crate) fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        found.push(path.clone());
        if path.is_dir() && !path.is_symlink() {
            walk(&path, found);
        }
    }
}

/// A wrapped script that has said that it is ready.
pub(crate) fn ready(env: &TestEnv, options: &[&str], script: &str) -> Child {
    let mut child = start(env.script(
        options,
        &format!("{script}\necho ready\nwhile :; do sleep 0.02; done"),
    ));
    read_until(&mut child, "ready\n");
    child
}
