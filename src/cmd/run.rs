//! `wandb-rs run`: puts the pieces together around one child.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use nix::sys::signal::Signal;

use super::Exit;
use super::identity::{self, Identity};
use crate::child::signals::Signals;
use crate::child::spawn::Plan;
use crate::child::{Ending, SpawnError, find_program};
use crate::cli::run::RunArgs;
use crate::command::Command;
use crate::error::{BEFORE_SPAWN, Error};
use crate::inbox::{Inbox, Item};
use crate::observer::{Code, Observer, Task};
use crate::output::{Ui, Verbosity, footer, redact};
use crate::recorder::{self, Setup, Warning};
use crate::run::{Event, RunState, Stream};
use crate::service::{Bound, RunInfo, Service};
use crate::settings::{Layers, Mode, Resume, Settings, ini};
use crate::store::output_log::OutputLog;
use crate::store::{self, RunDir, yaml};
use crate::supervise::{Notice, Outcome, Supervised, Watcher};
use crate::sys::{self, Clock};
use crate::system::host;
use crate::wire::json::Value;
use crate::wire::schema::{EnvironmentRecord, GitRepoRecord, TelemetryFeature, Timestamp};

/// How long clients of the socket may take to end after the child.
const GRACE: Duration = Duration::from_millis(200);

/// Carries the command out; the result is how the child ended.
pub fn exec(args: &RunArgs) -> Result<Exit, Error> {
    let cwd = std::env::current_dir().map_err(|error| {
        Error::new(format!("the current directory cannot be used: {error}")).code(BEFORE_SPAWN)
    })?;
    let (settings, notes) = settings(args, &cwd)?;
    let program = args.command[0].clone();
    let file = find_program(&program, std::env::var_os("PATH").as_deref())?;
    if settings.mode == Mode::Disabled {
        return Err(run_unrecorded(&file, &args.command, &program));
    }
    let argv: Vec<String> = args
        .command
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let command = Command::new(&argv, |path| cwd.join(path).is_file());
    let arguments = (!args.no_args_config).then_some(&command);
    let config = identity::config(arguments, &args.config_file, &args.config, &cwd)?;
    let wandb_dir = store::wandb_dir(&settings.root_dir);
    let identity = identity::identify(&settings, &command, &config, &wandb_dir, &cwd);
    let verbosity = match (settings.silent, settings.quiet) {
        (true, _) => Verbosity::Silent,
        (false, true) => Verbosity::Quiet,
        (false, false) => Verbosity::Normal,
    };
    let mut ui = Ui::new(verbosity, locale().as_deref());
    if args.dry_run {
        super::print(&dry_run(args, &settings, &identity, &config))?;
        return Ok(Exit::Code(0));
    }
    for note in notes {
        ui.warning(&note);
    }
    // Before any thread exists: all of them must leave the signals to the supervisor.
    let signals = Signals::receive().map_err(|error| {
        Error::new(format!("signals cannot be received: {error}")).code(BEFORE_SPAWN)
    })?;
    let clock = Clock::start();
    let started = chrono::Local::now();
    let stamp = started.format("%Y%m%d_%H%M%S").to_string();
    let files = Files::create(&settings.root_dir, &identity, &stamp, &ui);
    let places = socket_places();
    let socket = Bound::new(&places, sys::random());
    let plan = Plan {
        file: file.clone(),
        argv: args.command.clone(),
        environment: environment(args, &identity, files.dir.as_ref(), socket.as_ref().ok()),
    };
    let kill_after = args
        .kill_after
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let child = match Supervised::start(&plan, signals, kill_after) {
        Ok(child) => child,
        Err(error) => {
            if let Ok(socket) = socket {
                socket.remove();
            }
            if let Some(dir) = files.dir {
                dir.remove();
            }
            return Err(SpawnError::new(&program, error).into());
        }
    };
    if let Some(raw) = child.raw_flag() {
        ui.set_raw(raw);
    }
    if let Some(dir) = &files.dir {
        if let Err(error) = dir.link() {
            ui.warning(&format!("latest-run cannot be linked: {error}"));
        }
        if settings.resume == Some(Resume::Auto) {
            let text =
                Value::Map(vec![("run_id".to_owned(), identity.id.as_str().into())]).to_json();
            let _ = store::write_atomic(&identity::resume_file(dir.wandb_dir()), text.as_bytes());
        }
    }
    header(&ui, &settings, &identity, files.dir.as_ref(), &cwd);
    let session = Session {
        settings,
        identity,
        command,
        config_feature: !config.members().is_empty(),
        files,
        clock,
        started,
        cwd,
        program: file,
        places,
    };
    let (outcome, state) = session.record(child, socket, args, &ui)?;
    session.finish(outcome, state.as_ref(), args, &ui);
    Ok(match outcome.ending {
        Ending::Exit(code) => Exit::Code(code as u8),
        Ending::Signal(signal) => Exit::Signal(signal),
    })
}

/// Mode `disabled`: the command takes our place.
fn run_unrecorded(file: &Path, argv: &[OsString], program: &OsStr) -> Error {
    use std::os::unix::process::CommandExt as _;
    let mut command = std::process::Command::new(file);
    command
        .arg0(program)
        .args(&argv[1..])
        .env("WANDB_MODE", "disabled");
    command.env_remove(super::client::SOCKET);
    SpawnError::new(program, command.exec()).into()
}

/// The settings that hold, and warnings about files that were left out.
fn settings(args: &RunArgs, cwd: &Path) -> Result<(Settings, Vec<String>), Error> {
    let mut layers = Layers::default();
    let mut notes = Vec::new();
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let root = args
        .dir
        .clone()
        .or_else(|| variable("WANDB_DIR").map(PathBuf::from))
        .unwrap_or_default();
    let root = cwd.join(root);
    let global = variable("WANDB_CONFIG_DIR")
        .map(PathBuf::from)
        .or_else(|| variable("HOME").map(|home| Path::new(&home).join(".config/wandb")));
    let workspace = store::wandb_dir(&root);
    for file in global
        .into_iter()
        .chain([workspace])
        .map(|dir| dir.join("settings"))
    {
        let Ok(text) = std::fs::read_to_string(&file) else {
            continue;
        };
        match ini::parse(&text) {
            Ok(values) => layers.add_file(&file, values),
            Err(error) => notes.push(format!(
                "settings file {} is not used: {error}",
                file.display()
            )),
        }
    }
    layers.add_environment(|name| std::env::var_os(name))?;
    let mut flag = |setting: &str, value: Option<String>, origin: &str| {
        if let Some(value) = value {
            layers.set(setting, value, origin.to_owned());
        }
    };
    let yes = |set: bool| set.then(|| "true".to_owned());
    flag("project", args.project.clone(), "--project");
    flag("entity", args.entity.clone(), "--entity");
    flag("run_name", args.name.clone(), "--name");
    flag("run_id", args.id.clone(), "--id");
    flag("run_group", args.group.clone(), "--group");
    flag("run_job_type", args.job_type.clone(), "--job-type");
    flag(
        "run_tags",
        (!args.tags.is_empty()).then(|| args.tags.join(",")),
        "--tags",
    );
    flag("run_notes", args.notes.clone(), "--notes");
    flag(
        "mode",
        args.mode.map(|mode| mode.as_str().to_owned()),
        "--mode",
    );
    flag(
        "resume",
        args.resume.map(|resume| resume.as_str().to_owned()),
        "--resume",
    );
    flag("resume_from", args.resume_from.clone(), "--resume-from");
    flag("fork_from", args.fork_from.clone(), "--fork-from");
    flag("save_code", yes(args.save_code), "--save-code");
    flag("disable_git", yes(args.no_git), "--no-git");
    flag("x_disable_stats", yes(args.no_stats), "--no-stats");
    flag(
        "x_stats_sampling_interval",
        args.stats_interval.clone(),
        "--stats-interval",
    );
    flag("quiet", yes(args.quiet), "--quiet");
    flag("silent", yes(args.silent), "--silent");
    let mut settings = layers.resolve()?;
    settings.root_dir = root;
    if settings.mode == Mode::Online {
        notes.push(
            "this version cannot upload while the run lasts: it is recorded offline and can be synced afterwards".to_owned(),
        );
    }
    Ok((settings, notes))
}

/// What the environment says about the character set of the terminal.
fn locale() -> Option<String> {
    let first = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(std::env::var_os)
        .find(|value| !value.is_empty())?;
    let locale = first.to_string_lossy().into_owned();
    // Python, which prints the official footer, treats these as UTF-8 too.
    (!matches!(locale.as_str(), "C" | "POSIX")).then_some(locale)
}

fn socket_places() -> Vec<PathBuf> {
    let named = ["XDG_RUNTIME_DIR", "TMPDIR"]
        .into_iter()
        .filter_map(std::env::var_os)
        .map(PathBuf::from);
    named
        .filter(|place| place.is_absolute())
        .chain([PathBuf::from("/tmp")])
        .collect()
}

/// The variables that the child gets besides ours.
fn environment(
    args: &RunArgs,
    identity: &Identity,
    dir: Option<&RunDir>,
    socket: Option<&Bound>,
) -> Vec<(OsString, OsString)> {
    let mut variables: Vec<(OsString, OsString)> = Vec::new();
    let mut add = |name: &str, value: OsString| variables.push((name.into(), value));
    add("WANDB_RS_RUN_ID", identity.id.as_str().into());
    if let Some(dir) = dir {
        add("WANDB_RS_RUN_DIR", dir.path().into());
    }
    if let Some(socket) = socket {
        add(super::client::SOCKET, socket.path().into());
    }
    if !args.no_unbuffered && std::env::var_os("PYTHONUNBUFFERED").is_none() {
        add("PYTHONUNBUFFERED", "1".into());
    }
    variables
}

fn dry_run(
    args: &RunArgs,
    settings: &Settings,
    identity: &Identity,
    config: &crate::run::config::Config,
) -> String {
    let words: Vec<String> = args
        .command
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let mut text = format!(
        "command: {}\nenvironment:\n",
        redact::arguments(&words).join(" ")
    );
    for (name, value) in environment(args, identity, None, None) {
        text.push_str(&format!(
            "  {}={}\n",
            name.to_string_lossy(),
            value.to_string_lossy()
        ));
    }
    text.push_str(&format!(
        "  {}=(made when the run starts)\nproject: {}\nname: {}\ndirectory: {}\nconfig:\n",
        super::client::SOCKET,
        identity.record.project,
        identity.record.display_name,
        store::wandb_dir(&settings.root_dir).display(),
    ));
    for (key, value) in config.members() {
        text.push_str(&format!("  {key}: {}\n", value.to_json()));
    }
    text
}

/// The run directory and its open files, as far as they could be made.
struct Files {
    dir: Option<RunDir>,
    log: Mutex<Option<File>>,
    debug: Mutex<Option<File>>,
}

impl Files {
    /// Makes the run directory under `root`, else under the system's directory for temporary files.
    fn create(root: &Path, identity: &Identity, stamp: &str, ui: &Ui) -> Self {
        let attempt = |root: &Path| -> std::io::Result<Self> {
            let dir = RunDir::create(root, &identity.id, stamp, true)?;
            let open = store::new_private_file(&dir.log_path())
                .and_then(|log| Ok((log, store::new_private_file(&dir.logs().join("debug.log"))?)));
            match open {
                Ok((log, debug)) => Ok(Self {
                    dir: Some(dir),
                    log: Mutex::new(Some(log)),
                    debug: Mutex::new(Some(debug)),
                }),
                Err(error) => {
                    dir.remove();
                    Err(error)
                }
            }
        };
        let error = match attempt(root) {
            Ok(files) => return files,
            Err(error) => error,
        };
        let temporary = std::env::temp_dir();
        let wanted = store::wandb_dir(root);
        if let Ok(files) = attempt(&temporary) {
            ui.warning(&format!(
                "{} cannot be written ({error}); the run is stored below {}",
                wanted.display(),
                temporary.display()
            ));
            return files;
        }
        ui.warning(&format!(
            "{} cannot be written ({error}), nor can {}; the script runs, but NOTHING IS RECORDED",
            wanted.display(),
            temporary.display()
        ));
        Self {
            dir: None,
            log: Mutex::new(None),
            debug: Mutex::new(None),
        }
    }
}

fn taken<T>(slot: &Mutex<Option<T>>) -> Option<T> {
    slot.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// A path as it is shown: with `./` below the current directory.
fn shown(path: &Path, cwd: &Path) -> String {
    match path.strip_prefix(cwd) {
        Ok(below) => format!("./{}", below.display()),
        Err(_) => path.display().to_string(),
    }
}

fn header(ui: &Ui, settings: &Settings, identity: &Identity, dir: Option<&RunDir>, cwd: &Path) {
    ui.info(&format!(
        "Tracking run with wandb-rs {}",
        env!("CARGO_PKG_VERSION")
    ));
    if let Some(dir) = dir {
        ui.notice(&format!(
            "Run data is saved locally in {}",
            ui.path(&shown(dir.path(), cwd))
        ));
    }
    let verb = match settings.resume {
        Some(Resume::Must) => "Resuming",
        _ => "Syncing",
    };
    ui.info(&format!(
        "{verb} run {}",
        ui.name(&identity.record.display_name)
    ));
}

/// One run from the child's start to the footer.
struct Session {
    settings: Settings,
    identity: Identity,
    command: Command,
    config_feature: bool,
    files: Files,
    clock: Clock,
    started: chrono::DateTime<chrono::Local>,
    cwd: PathBuf,
    program: PathBuf,
    places: Vec<PathBuf>,
}

impl Session {
    /// Records the child to its end.
    fn record(
        &self,
        child: Supervised,
        socket: std::io::Result<Bound>,
        args: &RunArgs,
        ui: &Ui,
    ) -> Result<(Outcome, Option<RunState>), Error> {
        let inbox = Arc::new(Inbox::default());
        let dir = self.files.dir.as_ref();
        let setup = Setup {
            state: self.state(),
            log: taken(&self.files.log),
            output_log: dir.map(|dir| OutputLog::new(dir.file("output.log"))),
            clock: self.clock,
            parse: !args.no_parse,
            debug: taken(&self.files.debug),
            warn: {
                let ui = ui.clone();
                Box::new(move |warning| warn(&ui, &warning))
            },
        };
        let watcher = Arc::new(RunWatcher {
            inbox: Arc::clone(&inbox),
            ui: ui.clone(),
        });
        let pid = child.pid();
        inbox.push(
            Item::Debug(format!(
                "started {} as process {pid}",
                self.program.display()
            )),
            64,
        );
        let recorder = recorder::start(setup, Arc::clone(&inbox));
        if let Err(error) = &recorder {
            inbox.close();
            ui.warning(&format!(
                "nothing is recorded: no thread can be started: {error}"
            ));
        }
        let service = self.serve(socket, &inbox, ui);
        let observer = Observer::start(self.task(pid, args), self.clock, Arc::clone(&inbox)).ok();
        let outcome = child.run(&watcher).map_err(|error| {
            Error::new(format!("the script cannot be followed: {error}")).code(BEFORE_SPAWN)
        })?;
        if let Some(service) = service {
            service.stop(GRACE);
        }
        if let Some(observer) = observer {
            observer.stop();
        }
        if let Some(name) = outcome.ending.signal_name() {
            let signal = vec![("exit_signal".to_owned(), Value::from(name))];
            inbox.push(
                Item::Event(
                    Event::Config(vec![("_wandb".to_owned(), Value::Map(signal))]),
                    None,
                ),
                64,
            );
        }
        inbox.push(
            Item::Debug(format!(
                "{} after {:?}",
                outcome.ending,
                self.clock.elapsed()
            )),
            64,
        );
        let code = outcome.ending.recorded_code();
        inbox.push(Item::Event(Event::Exit { code }, None), 64);
        inbox.close();
        let state = recorder
            .ok()
            .and_then(|thread| thread.join().ok().flatten());
        Ok((outcome, state))
    }

    fn state(&self) -> RunState {
        let mut record = self.identity.record.clone();
        record.start_time = Some(Timestamp::from_nanos(sys::unix_nanos(SystemTime::from(
            self.started,
        ))));
        record.git = self.git();
        let telemetry = crate::run::telemetry(
            TelemetryFeature {
                offline: true,
                set_init_id: self.settings.run_id.is_some(),
                set_init_name: self.settings.run_name.is_some(),
                set_init_tags: !self.settings.run_tags.is_empty(),
                set_init_config: self.config_feature,
                ..TelemetryFeature::default()
            },
            String::new(),
        );
        record.telemetry = Some(telemetry.clone());
        RunState::new(record, telemetry)
    }

    fn git(&self) -> Option<GitRepoRecord> {
        let repository = self.identity.repository.as_ref();
        let git = GitRepoRecord {
            remote_url: self
                .settings
                .git_remote_url
                .as_deref()
                .map(redact::text)
                .or_else(|| repository?.remote_url(&self.settings.git_remote))
                .unwrap_or_default(),
            commit: self
                .settings
                .git_commit
                .clone()
                .or_else(|| repository?.commit())
                .unwrap_or_default(),
        };
        (git != GitRepoRecord::default()).then_some(git)
    }

    fn serve(
        &self,
        socket: std::io::Result<Bound>,
        inbox: &Arc<Inbox>,
        ui: &Ui,
    ) -> Option<Service> {
        let text = |text: &str| Value::from(text);
        let run = &self.identity.record;
        let dir = self.files.dir.as_ref();
        let info = RunInfo {
            members: vec![
                ("id".to_owned(), text(&run.run_id)),
                ("name".to_owned(), text(&run.display_name)),
                ("project".to_owned(), text(&run.project)),
                ("entity".to_owned(), text(&run.entity)),
                (
                    "dir".to_owned(),
                    dir.map_or(Value::Null, |dir| text(&dir.path().to_string_lossy())),
                ),
                ("mode".to_owned(), text("offline")),
                // There is a URL only once a run is on a server.
                ("url".to_owned(), Value::Null),
            ],
            files: dir.map(|dir| dir.path().join("files")),
            directory: self.cwd.clone(),
        };
        match socket.and_then(|socket| socket.serve(info, Arc::clone(inbox))) {
            Ok(service) => Some(service),
            Err(error) => {
                ui.warning(&format!("the local socket is not available: {error}"));
                None
            }
        }
    }

    fn task(&self, child: nix::unistd::Pid, args: &RunArgs) -> Task {
        let settings = &self.settings;
        let record = &self.identity.record;
        let repository = self.identity.repository.as_ref();
        let script = self
            .command
            .script
            .as_ref()
            .map(|script| self.cwd.join(script));
        let script = script
            .as_ref()
            .and_then(|script| script.canonicalize().ok());
        let code_path = script.as_ref().and_then(|script| {
            host::path_below(
                script,
                repository.map_or(self.cwd.as_path(), |repository| &repository.root),
            )
        });
        let program = match (&settings.program, &script) {
            (Some(program), _) => program.clone(),
            (None, Some(script)) => script.to_string_lossy().into_owned(),
            (None, None) => self.command.program.clone(),
        };
        let environment = EnvironmentRecord {
            os: host::os(),
            started_at: Some(Timestamp::from_nanos(sys::unix_nanos(SystemTime::from(
                self.started,
            )))),
            docker: settings.docker.clone(),
            args: redact::arguments(&self.command.arguments),
            program: redact::text(&program),
            code_path: code_path.clone().unwrap_or_default(),
            code_path_local: script
                .as_ref()
                .and_then(|script| host::path_below(script, &self.cwd))
                .unwrap_or_default(),
            git: self.git(),
            email: settings.email.clone(),
            root: settings.root_dir.to_string_lossy().into_owned(),
            host: record.host.clone(),
            username: settings.username.clone(),
            executable: self.program.to_string_lossy().into_owned(),
            slurm: host::slurm(
                std::env::vars_os()
                    .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))),
            ),
            writer_id: host::writer_id(self.clock.now().unix_nanos, sys::random()),
            ..EnvironmentRecord::default()
        };
        Task {
            child,
            environment,
            program: self.program.clone(),
            is_python: self.command.is_python,
            files: self.files.dir.as_ref().map(|dir| dir.path().join("files")),
            describe: !settings.disable_meta,
            code: settings.save_code.then(|| Code {
                script: script.zip(code_path),
                repository: repository.map(|repository| repository.root.clone()),
            }),
            interval: (!settings.disable_stats).then_some(settings.stats_interval),
            stale: if args.dry_run {
                Vec::new()
            } else {
                self.places.clone()
            },
        }
    }

    /// Writes what is derived from the log, and tells the user how it went.
    fn finish(&self, outcome: Outcome, state: Option<&RunState>, args: &RunArgs, ui: &Ui) {
        let elapsed = self.clock.elapsed();
        if let Some(state) = state {
            let summary = state.summary(self.clock.now());
            if let Some(dir) = &self.files.dir {
                let files = [
                    ("config.yaml", yaml::config_yaml(state.config().members())),
                    ("wandb-summary.json", summary.to_json()),
                ];
                for (name, text) in files {
                    if let Err(error) = store::write_atomic(&dir.file(name), text.as_bytes()) {
                        ui.warning(&format!("files/{name} cannot be written: {error}"));
                    }
                }
                if self.settings.resume == Some(Resume::Auto) && outcome.ending == Ending::Exit(0) {
                    let _ = std::fs::remove_file(identity::resume_file(dir.wandb_dir()));
                }
            }
            if let Some(file) = &args.summary_json {
                let text = self.summary_json(outcome, state, summary).to_pretty_json();
                if let Err(error) = store::write_atomic(&self.cwd.join(file), text.as_bytes()) {
                    ui.warning(&format!("{} cannot be written: {error}", file.display()));
                }
            }
            if ui.verbosity() == Verbosity::Normal {
                for line in footer::grids(state, ui.unicode(), ui.width()) {
                    ui.info(&line);
                }
            }
        }
        ui.info(&format!(
            "{} in {}",
            outcome.ending,
            footer::duration(elapsed)
        ));
        if let Some(dir) = &self.files.dir {
            let path = shown(dir.path(), &self.cwd);
            ui.info("You can sync this run to the cloud by running:");
            ui.info(&ui.code(&format!("wandb-rs sync {}", quoted(&path))));
            ui.info(&format!(
                "Find logs at: {}",
                ui.path(&format!("{path}/logs"))
            ));
        }
    }

    fn summary_json(&self, outcome: Outcome, state: &RunState, summary: Value) -> Value {
        let text = |text: &str| Value::from(text);
        let dir = self.files.dir.as_ref();
        let run = state.run();
        Value::Map(vec![
            ("id".to_owned(), text(&run.run_id)),
            ("name".to_owned(), text(&run.display_name)),
            ("project".to_owned(), text(&run.project)),
            (
                "dir".to_owned(),
                dir.map_or(Value::Null, |dir| text(&dir.path().to_string_lossy())),
            ),
            (
                "exit_code".to_owned(),
                Value::Int(outcome.ending.recorded_code().into()),
            ),
            (
                "signal".to_owned(),
                outcome
                    .ending
                    .signal_name()
                    .map_or(Value::Null, Value::from),
            ),
            (
                "runtime".to_owned(),
                Value::Float(self.clock.elapsed().as_secs_f64()),
            ),
            ("rows".to_owned(), Value::Int(state.rows() as i64)),
            ("summary".to_owned(), summary),
        ])
    }
}

/// A word that a shell reads back as it is.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./+@%,".contains(c);
    if word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn warn(ui: &Ui, warning: &Warning) {
    ui.warning(&match warning {
        Warning::Log(error) => format!(
            "the run's log cannot be written ({error}); the script goes on, what comes now is kept in memory and written when it is possible again"
        ),
        Warning::Recovered(gap) if gap.records == 0 => "the run's log can be written again; nothing is missing".to_owned(),
        Warning::Recovered(gap) => format!(
            "the run's log can be written again; {} records ({} bytes) are missing",
            gap.records, gap.bytes
        ),
        Warning::Incomplete => "the run's log could not be written to the end: what came last is missing".to_owned(),
        Warning::OutputLog(error) => {
            format!("files/output.log cannot be written ({error}); the output is in the run's log")
        }
        Warning::Sync(error) => {
            format!("the disk reports an error ({error}); what was recorded last may not survive a power failure")
        }
        Warning::Dropped(bytes) => format!(
            "the run's log has stood still for too long: {bytes} bytes of output are not recorded, the script goes on"
        ),
        Warning::NotParsed(bytes) => format!(
            "{:.1} MB of output came too fast to be searched for metrics; it is recorded, but metrics in it are not",
            *bytes as f64 / 1e6
        ),
        Warning::Panic => "wandb-rs has failed (a bug); the script goes on, but is not recorded any more".to_owned(),
    });
}

/// Hands what happens to the child to the recorder and to the user.
struct RunWatcher {
    inbox: Arc<Inbox>,
    ui: Ui,
}

impl Watcher for RunWatcher {
    fn output(&self, stream: Stream, bytes: &[u8]) {
        self.inbox.console(stream, bytes);
    }

    fn notice(&self, notice: Notice) {
        let debug = match notice {
            Notice::Interrupted(next) => {
                self.ui.info(&format!(
                    "Interrupted. Press Ctrl-C again to {next} the script."
                ));
                "interrupted".to_owned()
            }
            Notice::StillOpen => {
                self.ui.info(
                    "The script has ended, but processes it started keep its output open; what they print from here on is not recorded.",
                );
                "output is still held open".to_owned()
            }
            Notice::Broken(stream, error) => {
                format!("our {stream:?} cannot be written any more: {error}")
            }
        };
        self.inbox.push(Item::Debug(debug), 64);
    }

    fn signal(&self, signal: Signal) {
        self.inbox
            .push(Item::Debug(format!("passing on {signal}")), 64);
        if matches!(signal, Signal::SIGUSR1 | Signal::SIGTERM)
            && std::env::var_os("SLURM_JOB_ID").is_some()
        {
            self.inbox.push(Item::Event(Event::Preempting, None), 16);
        }
    }
}
