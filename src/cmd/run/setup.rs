//! What a run needs before its child starts: settings, variables for the child, the directory.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::online::Online;
use crate::cli::run::RunArgs;
use crate::cmd::account;
use crate::cmd::client;
use crate::cmd::identity::Identity;
use crate::cmd::sources::Sources;
use crate::command::Command;
use crate::error::{BEFORE_SPAWN, Error};
use crate::output::{Ui, redact};
use crate::service::Bound;
use crate::settings::Settings;
use crate::settings::credentials::NO_KEY;
use crate::settings::server::{self, Server};
use crate::store::{self, RunDir};
use crate::system::python::Python;

/// The settings that hold, and warnings about files that were left out.
pub(super) fn settings(args: &RunArgs, cwd: &Path) -> Result<(Settings, Vec<String>), Error> {
    let mut sources = Sources::read(args.dir.as_deref(), cwd)?;
    sources.identity(&args.identity);
    let yes = |set: bool| set.then(|| "true".to_owned());
    let mut flag = |setting, value, origin| sources.flag(setting, value, origin);
    let mode = args.mode.map(|mode| mode.as_str().to_owned());
    flag("mode", mode, "--mode");
    let mut resume = args.resume.map(|resume| resume.as_str().to_owned());
    if args.requeue {
        let id = requeued_id(|name| std::env::var(name).ok()).ok_or_else(|| {
            Error::new("--requeue: SLURM_JOB_ID is not set")
                .hint("it is for jobs of Slurm; elsewhere `--id` and `--resume allow` do the same")
                .code(BEFORE_SPAWN)
        })?;
        flag("run_id", Some(id), "--requeue");
        resume.get_or_insert_with(|| "allow".to_owned());
    }
    flag("resume", resume, "--resume");
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
    sources.resolve()
}

/// The id of a run whose Slurm job may be requeued: the same each time the job, or its task, is started.
fn requeued_id(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let number = |name: &str| variable(name).filter(|text| !text.is_empty());
    let mut id = match (number("SLURM_ARRAY_JOB_ID"), number("SLURM_ARRAY_TASK_ID")) {
        (Some(job), Some(task)) => format!("slurm-{job}_{task}"),
        _ => format!("slurm-{}", number("SLURM_JOB_ID")?),
    };
    // Each process of `srun` is a run of its own.
    if let Some(rank) = number("SLURM_PROCID").filter(|rank| rank != "0") {
        id.push_str(&format!("-{rank}"));
    }
    Some(id)
}

/// What the environment says about the character set of the terminal.
pub(in crate::cmd) fn locale() -> Option<String> {
    let first = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(std::env::var_os)
        .find(|value| !value.is_empty())?;
    let locale = first.to_string_lossy().into_owned();
    // Python, which prints the official footer, treats these as UTF-8 too.
    (!matches!(locale.as_str(), "C" | "POSIX")).then_some(locale)
}

pub(in crate::cmd) fn socket_places() -> Vec<PathBuf> {
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
pub(super) fn environment(
    args: &RunArgs,
    online: Option<&Online>,
    settings: &Settings,
    identity: &Identity,
    dir: Option<&RunDir>,
    socket: Option<(&Bound, OsString)>,
) -> Vec<(OsString, OsString)> {
    let mut variables: Vec<(OsString, OsString)> = Vec::new();
    let mut add = |name: &str, value: OsString| variables.push((name.into(), value));
    add("WANDB_RS_RUN_ID", identity.id.as_str().into());
    if let Some(dir) = dir {
        add("WANDB_RS_RUN_DIR", dir.path().into());
    }
    if let Some((socket, token)) = socket {
        add("WANDB_SERVICE", token);
        add(client::SOCKET, socket.path().into());
    }
    // An SDK in the script takes our place in all that it would do a second time.
    add("WANDB_CONSOLE", "off".into());
    // What the wrapper does, the SDK does, too. A script that insists on the mode online must not end because there is
    // no key.
    let mode = if online.is_some() {
        "online"
    } else {
        "offline"
    };
    add("WANDB_MODE", mode.into());
    if let Some((base_url, key)) = online.and_then(Online::local) {
        // Nobody has told the script of this server.
        add("WANDB_BASE_URL", base_url.into());
        add("WANDB_API_KEY", key.expose().into());
    } else if !has_api_key(settings) {
        add("WANDB_API_KEY", NO_KEY.into());
    }
    for (name, value) in identity_variables(args) {
        add(name, value.into());
    }
    if args.requeue {
        // The script's SDK goes on with the job's run, too.
        add("WANDB_RUN_ID", identity.id.as_str().into());
        if args.resume.is_none() {
            add("WANDB_RESUME", "allow".into());
        }
    }
    if !args.no_unbuffered && std::env::var_os("PYTHONUNBUFFERED").is_none() {
        add("PYTHONUNBUFFERED", "1".into());
    }
    variables
}

/// Whether an SDK in the script will find an API key that it accepts; keys of a settings file are not its business.
fn has_api_key(settings: &Settings) -> bool {
    let mut servers = vec![settings.network.server.clone()];
    // Older SDKs talk to another server unless they are told one.
    if settings.network.server.base() == server::DEFAULT {
        servers.extend(Server::new(server::OLDER_DEFAULT, None));
    }
    servers.iter().all(|server| {
        // One that is wrong is the SDK's to complain about.
        !matches!(
            account::credentials(server, settings, &mut |_| {}),
            Ok(None)
        )
    })
}

/// How an SDK finds the service, `WANDB_SERVICE`. Source: `wandb/sdk/lib/service/service_token.py`.
pub(in crate::cmd) fn service_token(socket: &Path) -> OsString {
    let mut token = OsString::from(format!("3-{}-unix-", std::process::id()));
    token.push(socket);
    token
}

/// The value of `WANDB_SERVICE` that the SDK of the command's interpreter understands: before 0.21 it knows only ports.
pub(super) fn token_for(program: &Path, command: &Command, socket: &mut Bound) -> OsString {
    let old = command.is_python
        && Python::find(program, None)
            .and_then(|python| python.installed("wandb"))
            .is_some_and(|version| is_before_0_21(&version));
    if old && let Ok(port) = socket.open_loopback() {
        return format!("2-{}-tcp-localhost-{port}", std::process::id()).into();
    }
    service_token(&socket.path())
}

fn is_before_0_21(version: &str) -> bool {
    let mut parts = version.split('.').map(str::parse::<u32>);
    matches!((parts.next(), parts.next()), (Some(Ok(0)), Some(Ok(minor))) if minor < 21)
}

/// What the command line says about the run, for an SDK in the script.
fn identity_variables(args: &RunArgs) -> Vec<(&'static str, String)> {
    let identity = &args.identity;
    let tags = (!identity.tags.is_empty()).then(|| identity.tags.join(","));
    let dir = args
        .dir
        .as_ref()
        .and_then(|dir| std::path::absolute(dir).ok());
    [
        ("WANDB_PROJECT", identity.project.clone()),
        ("WANDB_ENTITY", identity.entity.clone()),
        ("WANDB_NAME", identity.name.clone()),
        ("WANDB_RUN_ID", identity.id.clone()),
        ("WANDB_RUN_GROUP", identity.group.clone()),
        ("WANDB_JOB_TYPE", identity.job_type.clone()),
        ("WANDB_TAGS", tags),
        ("WANDB_NOTES", identity.notes.clone()),
        (
            "WANDB_RESUME",
            args.resume.map(|resume| resume.as_str().to_owned()),
        ),
        ("WANDB_RESUME_FROM", args.resume_from.clone()),
        ("WANDB_FORK_FROM", args.fork_from.clone()),
        (
            "WANDB_DIR",
            dir.map(|dir| dir.to_string_lossy().into_owned()),
        ),
        ("WANDB_SILENT", args.silent.then(|| "true".to_owned())),
        ("WANDB_QUIET", args.quiet.then(|| "true".to_owned())),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}

pub(super) fn dry_run(
    args: &RunArgs,
    online: Option<&Online>,
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
    for (name, value) in environment(args, online, settings, identity, None, None) {
        let value = match name.to_str() {
            Some("WANDB_API_KEY") if value == NO_KEY => "(a placeholder)".into(),
            Some("WANDB_API_KEY") => "(that of the local server)".into(),
            _ => value.to_string_lossy(),
        };
        text.push_str(&format!("  {}={value}\n", name.to_string_lossy()));
    }
    text.push_str(&format!(
        "  WANDB_SERVICE=(made when the run starts)\n  {}=(made when the run starts)\nproject: {}\nname: {}\ndirectory: {}\nconfig:\n",
        client::SOCKET,
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
pub(super) struct Files {
    pub(super) dir: Option<RunDir>,
    pub(super) log: Mutex<Option<File>>,
    pub(super) debug: Mutex<Option<File>>,
}

impl Files {
    /// Makes the run directory under `root`, else under the system's directory for temporary files.
    pub(super) fn create(
        root: &Path,
        identity: &Identity,
        stamp: &str,
        offline: bool,
        ui: &Ui,
    ) -> Self {
        let attempt = |root: &Path| -> std::io::Result<Self> {
            let dir = RunDir::create(root, &identity.id, stamp, offline)?;
            let open = store::new_private_file(dir.log_path())
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
        // A directory of our own: the one that everybody shares could be somebody else's.
        let temporary = std::env::temp_dir().join(format!("wandb-rs-{}", nix::unistd::geteuid()));
        let wanted = store::wandb_dir(root);
        let ours = store::private_dir(&temporary).is_ok()
            && temporary.symlink_metadata().is_ok_and(|metadata| {
                metadata.is_dir() && metadata.uid() == nix::unistd::geteuid().as_raw()
            });
        if ours && let Ok(files) = attempt(&temporary) {
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

pub(super) fn taken<T>(slot: &Mutex<Option<T>>) -> Option<T> {
    slot.lock().unwrap_or_else(PoisonError::into_inner).take()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requeued_job_has_the_same_id() {
        let id = |pairs: &[(&str, &str)]| {
            let pairs: Vec<(String, String)> = pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            requeued_id(move |name| {
                let pair = pairs.iter().find(|(known, _)| known == name);
                pair.map(|(_, value)| value.clone())
            })
        };
        assert_eq!(id(&[]), None);
        assert_eq!(
            id(&[("SLURM_JOB_ID", "12"), ("SLURM_PROCID", "0")]).as_deref(),
            Some("slurm-12")
        );
        assert_eq!(
            id(&[
                ("SLURM_JOB_ID", "14"),
                ("SLURM_ARRAY_JOB_ID", "12"),
                ("SLURM_ARRAY_TASK_ID", "3"),
                ("SLURM_PROCID", "2"),
            ])
            .as_deref(),
            Some("slurm-12_3-2")
        );
    }
}
