//! Runs on this disk as the commands about them need them: which one is meant, and what its log says.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::store;
use crate::store::log_reader::ReadError;
use crate::store::runs::{self, FindError, LocalRun};
use crate::store::survey;
pub use crate::store::survey::Told;

/// Exit status when a part of a log could not be read.
pub const DAMAGED: u8 = 4;

impl From<FindError> for Error {
    fn from(error: FindError) -> Self {
        let hint = error.hint();
        Self::new(error.to_string()).hint(hint)
    }
}

/// The directory that holds the runs: the one that is named, or the `wandb` in it.
pub fn wandb_dir(dir: Option<&Path>) -> PathBuf {
    let variable = std::env::var_os("WANDB_DIR").filter(|value| !value.is_empty());
    let Some(dir) = dir else {
        return store::wandb_dir(&variable.map(PathBuf::from).unwrap_or_default());
    };
    let inner = store::wandb_dir(dir);
    if inner.is_dir() {
        inner
    } else {
        dir.to_owned()
    }
}

/// All runs of the directory that is meant, the oldest first.
pub fn all(dir: Option<&Path>) -> Result<(PathBuf, Vec<LocalRun>), Error> {
    let wandb = wandb_dir(dir);
    match runs::all(&wandb) {
        Ok(runs) => Ok((wandb, runs)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Error::new(format!(
            "no wandb directory found: {} does not exist",
            wandb.display()
        ))
        .hint("go to the directory where the runs were started, or name it")),
        Err(error) => Err(Error::new(format!(
            "{} cannot be read: {error}",
            wandb.display()
        ))),
    }
}

/// The run that is meant: a path, an id, or the newest one. Of several at a path, or with an id, the newest.
pub fn one(run: Option<&Path>) -> Result<LocalRun, Error> {
    if let Some(path) = run
        && (path.exists() || path.components().count() > 1)
    {
        let found = runs::find(&[path.to_owned()])?;
        return found.into_iter().next_back().ok_or_else(nothing);
    }
    let (wandb, found) = all(None)?;
    let Some(id) = run else {
        // Of two runs that began within a second, the link knows which one is newer.
        if let Ok(latest) = runs::find(&[wandb.join("latest-run")])
            && let Some(run) = latest.into_iter().next_back()
        {
            return Ok(run);
        }
        return found.into_iter().next_back().ok_or_else(|| {
            Error::new(format!("no run in {}", wandb.display()))
                .hint("`wandb-rs run -- COMMAND` makes one")
        });
    };
    let mut with_id = found
        .into_iter()
        .filter(|run| Path::new(&run.id) == id)
        .rev();
    with_id.next().ok_or_else(|| {
        Error::new(format!(
            "no run with the id {} in {}",
            id.display(),
            wandb.display()
        ))
        .hint("`wandb-rs ls --all` lists the runs; a path to a run directory or a .wandb file will do, too")
    })
}

fn nothing() -> Error {
    Error::new("no run")
}

/// Why a log cannot be read, for people.
pub fn unreadable(log: &Path, error: &ReadError) -> Error {
    Error::new(format!("{}: {error}", log.display()))
}

/// Reads a whole log.
pub fn read(run: &LocalRun) -> Result<Told, Error> {
    survey::read(run).map_err(|error| unreadable(&run.log, &error))
}

/// Reads what a list needs of a log; see [`survey::survey`].
pub fn survey(run: &LocalRun) -> Result<Told, Error> {
    survey::survey(run).map_err(|error| unreadable(&run.log, &error))
}

/// Prints where records of a log were lost.
pub fn warn(log: &Path, told: &Told) {
    for error in &told.damage {
        super::complain(&format!("{}: {error}", log.display()));
    }
}
