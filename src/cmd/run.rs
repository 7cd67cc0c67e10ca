//! `wandb-rs run`: puts the pieces together around one child.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use nix::sys::signal::Signal;

use super::Exit;
use super::identity::{self, Identity};
use super::sources;
use crate::child::signals::{FORWARDED, Signals};
use crate::child::spawn::Plan;
use crate::child::{Ending, SpawnError, find_program};
use crate::cli::run::RunArgs;
use crate::command::Command;
use crate::error::{BEFORE_SPAWN, Error};
use crate::inbox::{Inbox, Item};
use crate::observer::{Code, Observer, Task};
use crate::output::{Ui, redact};
use crate::parse::Options;
use crate::recorder::{self, Finished, MainSetup, Setup};
use crate::run::{Event, RunState, Stream};
use crate::service::{Bound, Info, Own, RunInfo, Service};
use crate::settings::{Mode, Resume, Settings};
use crate::store::output_log::OutputLog;
use crate::store::{self, Place};
use crate::supervise::{Notice, Outcome, Supervised, Watcher};
use crate::sys::{self, Clock};
use crate::system::host;
use crate::wire::json::Value;
use crate::wire::schema::{EnvironmentRecord, GitRepoRecord, TelemetryFeature, Timestamp};

mod online;
pub(super) mod report;
mod setup;

use online::Online;
use report::{Told, header, warn};
use setup::{Files, dry_run, environment, settings, taken, token_for};
pub(super) use setup::{locale, service_token, socket_places};

/// How long clients of the socket may take to end after the child.
const GRACE: Duration = Duration::from_millis(200);
/// How long the last records may take to reach the disk.
const END: Duration = Duration::from_secs(60);

/// Carries the command out; the result is how the child ended.
pub fn exec(args: &RunArgs) -> Result<Exit, Error> {
    let cwd = sources::current_dir().map_err(|error| error.code(BEFORE_SPAWN))?;
    let (settings, notes) = settings(args, &cwd)?;
    let rules = sources::rules(&args.rules, &cwd).map_err(|error| error.code(BEFORE_SPAWN))?;
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
    let identity = identity::identify(
        &settings,
        command.script.as_deref(),
        &config,
        &wandb_dir,
        &cwd,
    );
    let mut ui = super::ui(&settings);
    for note in notes {
        ui.warning(&note);
    }
    // Before any thread exists (the client of the server has one): all of them must leave the signals to the supervisor.
    let signals = Signals::receive().map_err(|error| {
        Error::new(format!("signals cannot be received: {error}")).code(BEFORE_SPAWN)
    })?;
    let online = online::decide(&settings, &ui)?;
    if args.dry_run {
        super::print(&dry_run(
            args,
            online.as_ref(),
            &settings,
            &identity,
            &config,
        ))?;
        return Ok(Exit::Code(0));
    }
    if let Some(online) = &online {
        online.check(&settings, &identity, args, &signals, &ui)?;
    }
    let clock = Clock::start();
    let started = chrono::Local::now();
    let stamp = started.format("%Y%m%d_%H%M%S").to_string();
    let offline = online.is_none();
    let files = Files::create(&settings.root_dir, &identity, &stamp, offline, &ui);
    let places = socket_places();
    let mut socket = Bound::new(&places, sys::random());
    let token = socket
        .as_mut()
        .ok()
        .map(|socket| token_for(&file, &command, socket));
    let plan = Plan {
        file: file.clone(),
        argv: args.command.clone(),
        environment: environment(
            args,
            online.as_ref(),
            &settings,
            &identity,
            files.dir.as_ref(),
            socket.as_ref().ok().zip(token),
        ),
    };
    let child = match Supervised::start(&plan, signals, args.kill_after) {
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
    header(
        &ui,
        &settings,
        &identity,
        files.dir.as_ref(),
        &cwd,
        online.as_ref(),
    );
    let place = Place::new(files.dir.clone());
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
        rules: rules.filter(|_| !args.no_parse),
        place,
        online,
    };
    let inbox = Arc::new(Inbox::default());
    let group = child.pid();
    let uplink = session
        .online
        .as_ref()
        .and_then(|online| online.start(&session, &inbox, group, &ui));
    let uploads = uplink.is_some();
    let (outcome, finished) = session.record(child, socket, &inbox, uploads, args, &ui)?;
    let elapsed = session.clock.elapsed();
    let uploaded = uplink.map(|uplink| {
        let online = session.online.as_ref();
        online::wait(uplink, online, &session, &outcome, args.finish_timeout, &ui)
    });
    let told = Told {
        outcome: &outcome,
        elapsed,
        finished: finished.as_ref(),
        uploaded: uploaded.as_deref(),
    };
    session.finish(&told, args, &ui);
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
    /// How the output is searched for metrics, if it is.
    rules: Option<Options>,
    /// Where the run lies: elsewhere, once the script's SDK has joined it.
    place: Place,
    /// The server, if the run is uploaded while it goes on.
    online: Option<Online>,
}

impl Session {
    /// Records the child to its end.
    fn record(
        &self,
        child: Supervised,
        socket: std::io::Result<Bound>,
        inbox: &Arc<Inbox>,
        uploads: bool,
        args: &RunArgs,
        ui: &Ui,
    ) -> Result<(Outcome, Option<Finished>), Error> {
        let git = self.git();
        let dir = self.files.dir.as_ref();
        let info = self.info();
        let setup = Setup {
            main: Some(MainSetup {
                state: self.state(git.clone()),
                files: recorder::run_log::Files {
                    log: taken(&self.files.log),
                    output_log: dir.map(|dir| OutputLog::new(dir.file("output.log"))),
                    debug: taken(&self.files.debug),
                },
                clock: self.clock,
            }),
            parse: self.rules.clone(),
            parse_always: args.parse,
            warn: {
                let ui = ui.clone();
                Arc::new(move |warning| warn(&ui, &warning))
            },
            place: self.place.clone(),
            info: Some(info.clone()),
            uploads,
        };
        let watcher = Arc::new(RunWatcher {
            inbox: Arc::clone(inbox),
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
        let recorder = recorder::start(setup, Arc::clone(inbox));
        if let Err(error) = &recorder {
            inbox.close();
            ui.warning(&format!(
                "nothing is recorded: no thread can be started: {error}"
            ));
        }
        let service = serve(socket, info, inbox, self, ui);
        let observer = Observer::start(self.task(pid, git), self.clock, Arc::clone(inbox)).ok();
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
        let finished = recorder
            .ok()
            .and_then(|thread| wait_for(thread, &outcome, ui));
        Ok((outcome, finished))
    }

    fn state(&self, git: Option<GitRepoRecord>) -> RunState {
        let mut record = self.identity.record.clone();
        record.start_time = Some(Timestamp::from_nanos(sys::unix_nanos(SystemTime::from(
            self.started,
        ))));
        record.git = git;
        let telemetry = crate::run::telemetry(
            TelemetryFeature {
                offline: self.online.is_none(),
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

    /// What clients of the socket are told.
    fn info(&self) -> Info {
        let text = |text: &str| Value::from(text);
        let run = &self.identity.record;
        let dir = self.files.dir.as_ref();
        Info::new(RunInfo {
            members: vec![
                ("id".to_owned(), text(&run.run_id)),
                ("name".to_owned(), text(&run.display_name)),
                ("project".to_owned(), text(&run.project)),
                ("entity".to_owned(), text(&run.entity)),
                (
                    "dir".to_owned(),
                    dir.map_or(Value::Null, |dir| text(&dir.path().to_string_lossy())),
                ),
                (
                    "mode".to_owned(),
                    text(if self.online.is_some() {
                        "online"
                    } else {
                        "offline"
                    }),
                ),
                // Known once the run is on the server.
                ("url".to_owned(), Value::Null),
            ],
            files: dir.map(|dir| dir.path().join("files")),
            directory: self.cwd.clone(),
        })
    }

    fn task(&self, child: nix::unistd::Pid, git: Option<GitRepoRecord>) -> Task {
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
            git,
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
            place: self.place.clone(),
            describe: !settings.disable_meta,
            code: settings.save_code.then(|| Code {
                script: script.zip(code_path),
                repository: repository.map(|repository| repository.root.clone()),
            }),
            interval: (!settings.disable_stats).then_some(settings.stats_interval),
            stale: self.places.clone(),
        }
    }
}

/// Serves the socket, if there is one.
fn serve(
    socket: std::io::Result<Bound>,
    info: Info,
    inbox: &Arc<Inbox>,
    session: &Session,
    ui: &Ui,
) -> Option<Service> {
    let own = session.online.as_ref().and_then(|online| {
        Some(Own {
            api: Arc::clone(online.api().ok()?),
            entity: session.identity.record.entity.clone(),
        })
    });
    let ca_bundle = session.settings.network.ca_bundle.clone();
    match socket.and_then(|socket| socket.serve(info, Arc::clone(inbox), own, ca_bundle)) {
        Ok(service) => Some(service),
        Err(error) => {
            ui.warning(&format!("the local socket is not available: {error}"));
            None
        }
    }
}

/// Waits until everything is written. A disk that hangs does not keep the exit status back for ever, and a signal
/// ends the waiting at once.
fn wait_for(
    recorder: JoinHandle<Option<Finished>>,
    outcome: &Outcome,
    ui: &Ui,
) -> Option<Finished> {
    let start = Instant::now();
    let mut pause = Duration::from_micros(50);
    while !recorder.is_finished() {
        let cut = std::iter::from_fn(|| outcome.signals.next())
            .any(|received| FORWARDED.contains(&received.signal));
        if cut || start.elapsed() > END {
            ui.warning(
                "the end of the run could not be written in time; what came last may be missing",
            );
            return None;
        }
        std::thread::park_timeout(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
    recorder.join().ok().flatten()
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
