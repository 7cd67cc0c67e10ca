//! Who a run is: its id, project, display name and config, from settings, files and the command line.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command::Command;
use crate::error::{BEFORE_SPAWN, Error};
use crate::git::{self, Repository};
use crate::output::redact;
use crate::run::config::Config;
use crate::run::id::RunId;
use crate::run::name;
use crate::settings::{Resume, Settings, config_file};
use crate::store::log_reader::run_of;
use crate::wire::json::Value;
use crate::wire::schema::{BranchPoint, RunRecord};

/// Most run directories that are looked at for the next number.
const LOOK_BACK: usize = 200;

/// What is known about a run before it begins.
#[derive(Debug)]
pub struct Identity {
    pub id: RunId,
    pub record: RunRecord,
    pub repository: Option<Repository>,
}

/// Finds everything out. `script` is what is run, `wandb_dir` is where earlier runs lie.
pub fn identify(
    settings: &Settings,
    script: Option<&Path>,
    config: &Config,
    wandb_dir: &Path,
    cwd: &Path,
) -> Identity {
    let repository = (!settings.disable_git)
        .then(|| Repository::discover(cwd))
        .flatten();
    let script_dir = match script {
        Some(script) => cwd
            .join(script)
            .parent()
            .and_then(|dir| dir.canonicalize().ok()),
        None => cwd.canonicalize().ok(),
    };
    let project = settings
        .project
        .clone()
        .unwrap_or_else(|| git::project_name(repository.as_ref(), script_dir.as_deref()));
    let branch = settings
        .resume_from
        .as_ref()
        .or(settings.fork_from.as_ref());
    let id = settings
        .run_id
        .clone()
        .or_else(|| {
            settings
                .resume_from
                .as_ref()
                .and_then(|rewind| RunId::parse(&rewind.run).ok())
        })
        .or_else(|| {
            (settings.resume == Some(Resume::Auto))
                .then(|| resumable(wandb_dir))
                .flatten()
        })
        .unwrap_or_else(|| RunId::from_random(|| crate::sys::random::<1>()[0]));
    let display_name = settings
        .run_name
        .clone()
        .unwrap_or_else(|| name::generate(crate::sys::random(), next_number(wandb_dir, &project)));
    let mut config = config.clone();
    if let Some(moment) = branch {
        // As the official SDK: the server goes by the config, the record is for clients.
        let point = Value::Map(vec![
            ("run_id".to_owned(), Value::from(moment.run.as_str())),
            ("step".to_owned(), Value::Int(moment.step as i64)),
        ]);
        let members = vec![("branch_point".to_owned(), point)];
        config.update("_wandb", &Value::Map(members));
    }
    let record = RunRecord {
        run_id: id.as_str().to_owned(),
        entity: settings.entity.clone(),
        project,
        config: Some(config.record()),
        run_group: settings.run_group.clone(),
        job_type: settings.run_job_type.clone(),
        display_name,
        notes: settings.run_notes.clone(),
        tags: settings.run_tags.clone(),
        sweep_id: settings.sweep_id.clone(),
        host: settings
            .host
            .clone()
            .unwrap_or_else(crate::system::host::hostname),
        branch_point: branch.map(|moment| BranchPoint {
            run: moment.run.clone(),
            value: moment.step,
            metric: "_step".to_owned(),
        }),
        resume: matches!(settings.resume, Some(Resume::Allow | Resume::Must)),
        ..RunRecord::default()
    };
    Identity {
        id,
        record,
        repository,
    }
}

/// The file that remembers a run for `--resume auto` until it ends well.
pub fn resume_file(wandb_dir: &Path) -> PathBuf {
    wandb_dir.join("wandb-resume.json")
}

fn resumable(wandb_dir: &Path) -> Option<RunId> {
    let text = fs::read_to_string(resume_file(wandb_dir)).ok()?;
    let value = Value::parse(&text).ok()?;
    RunId::parse(value.get("run_id")?.as_str()?).ok()
}

/// One more than the number of runs of this project, counted from the newest one that has a number.
fn next_number(wandb_dir: &Path, project: &str) -> u64 {
    let mut directories: Vec<(String, PathBuf)> = fs::read_dir(wandb_dir)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let stamp = name
                .strip_prefix("offline-run-")
                .or_else(|| name.strip_prefix("run-"))?;
            Some((stamp.to_owned(), entry.path()))
        })
        .collect();
    directories.sort_unstable_by(|a, b| b.cmp(a));
    let mut later = 0;
    for (_, directory) in directories.into_iter().take(LOOK_BACK) {
        let Some(run) = run_in(&directory).filter(|run| run.project == project) else {
            continue;
        };
        later += 1;
        if let Some(number) = name::number_of(&run.display_name) {
            return number.saturating_add(later);
        }
    }
    later + 1
}

fn run_in(directory: &Path) -> Option<Box<RunRecord>> {
    let entries = fs::read_dir(directory).ok()?.flatten();
    let log = entries
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|ending| ending == "wandb"))?;
    run_of(&log)
}

/// The run's config. Weakest first: `config-defaults.yaml`, the given files, the command's arguments, the given
/// values. Values of secret names are replaced.
pub fn config(
    command: Option<&Command>,
    files: &[PathBuf],
    values: &[String],
    cwd: &Path,
) -> Result<Config, Error> {
    let mut config = Config::default();
    let defaults = cwd.join("config-defaults.yaml");
    let defaults = defaults.is_file().then_some(defaults);
    for file in defaults.iter().chain(files) {
        let failed = |reason: String| {
            Error::new(format!("config file {}: {reason}", file.display())).code(BEFORE_SPAWN)
        };
        let text = fs::read_to_string(file).map_err(|error| failed(error.to_string()))?;
        for (key, value) in config_file::parse(&text).map_err(failed)? {
            config.update(&key, &redact::value(&key, value));
        }
    }
    for (key, value) in command.map(Command::config).unwrap_or_default() {
        config.update(&key, &value);
    }
    for (key, value) in self::values(values).map_err(|error| error.code(BEFORE_SPAWN))? {
        config.update(&key, &value);
    }
    Ok(config)
}

/// Config values of `NAME=VALUE` words by top-level key; dots in names lead into objects. Values of secret names are
/// replaced.
pub fn values(words: &[String]) -> Result<Vec<(String, Value)>, Error> {
    let mut values = Vec::new();
    for word in words {
        let (name, value) = super::client::pair(word).map_err(|error| {
            let text = error.to_string();
            Error::new(format!(
                "--config {}",
                text.trim_start_matches("wandb-rs: ")
            ))
        })?;
        let value = redact::value(&name, value);
        let parts: Vec<&str> = name.split('.').collect();
        values.push((parts[0].to_owned(), value.nested(&parts[1..])));
    }
    Ok(values)
}
