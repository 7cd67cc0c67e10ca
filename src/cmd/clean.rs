//! `wandb-rs clean`: runs that have been uploaded are deleted from this disk.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Local, NaiveDateTime};

use super::local;
use super::show::bytes;
use crate::cli::local::CleanArgs;
use crate::error::Error;
use crate::output::Ui;
use crate::store::runs::{self, FileId, LocalRun};

/// A log without an end that was written this short ago belongs to a run that goes on, whatever its clock says.
const ALIVE: Duration = Duration::from_secs(600);

/// A run directory with all logs in it.
#[derive(Debug)]
struct Place {
    dir: PathBuf,
    runs: Vec<LocalRun>,
    started: NaiveDateTime,
    size: u64,
}

impl Place {
    fn synced(&self) -> bool {
        self.runs.iter().all(|run| run.synced)
    }

    fn alive(&self, open: &HashSet<FileId>) -> bool {
        self.runs.iter().any(|run| alive(run, open))
    }
}

/// Carries the command out.
pub fn exec(args: &CleanArgs) -> Result<(), Error> {
    let (wandb, runs) = local::all(args.dir.as_deref())?;
    let ui = super::loud_ui();
    let doomed = choose(places(&wandb, runs), args, &ui);
    if doomed.is_empty() {
        ui.info("Found no runs to clean up.");
        if !args.dry_run {
            remove_dangling(&wandb);
        }
        return Ok(());
    }
    let total = doomed.iter().map(|place| place.size).sum();
    ui.info(&format!(
        "Found {} run(s) to clean ({}).",
        doomed.len(),
        bytes(Some(total))
    ));
    for place in &doomed {
        let tag = if place.synced() { "" } else { "[unsynced] " };
        ui.info(&format!(
            "  {tag}{} ({})",
            ui.path(&place.dir.display().to_string()),
            bytes(Some(place.size))
        ));
    }
    if args.dry_run {
        return Ok(());
    }
    if !args.force {
        confirm(&doomed)?;
    }
    let mut failed = 0;
    // Between the list and the answer time has passed.
    let open = runs::being_written();
    for place in &doomed {
        if place.alive(&open) {
            ui.warning(&format!("{} is being written: kept", place.dir.display()));
            failed += 1;
        } else if let Err(error) = fs::remove_dir_all(&place.dir) {
            ui.warning(&format!("{}: {error}", place.dir.display()));
            failed += 1;
        }
    }
    remove_dangling(&wandb);
    if failed > 0 {
        return Err(Error::new(format!(
            "Some runs may not have been removed: {failed} of {}",
            doomed.len()
        )));
    }
    ui.info("Success.");
    Ok(())
}

/// The run directories that lie in the `wandb` directory itself, the oldest first. What a link leads to is not ours.
fn places(wandb: &Path, runs: Vec<LocalRun>) -> Vec<Place> {
    let mut places: BTreeMap<PathBuf, Place> = BTreeMap::new();
    for run in runs {
        // A directory of another name was not made for a run, whatever lies in it.
        let name = run.dir.file_name().unwrap_or_default().to_string_lossy();
        let inside = run.dir.parent() == Some(wandb)
            && (name.starts_with("run-") || name.starts_with("offline-run-"))
            && run
                .dir
                .symlink_metadata()
                .is_ok_and(|metadata| metadata.is_dir());
        if !inside {
            continue;
        }
        let place = places.entry(run.dir.clone()).or_insert_with(|| Place {
            started: started(&run),
            size: size(&run.dir),
            dir: run.dir.clone(),
            runs: Vec::new(),
        });
        place.runs.push(run);
    }
    let mut places: Vec<Place> = places.into_values().collect();
    places.sort_unstable_by(|a, b| (a.started, &a.dir).cmp(&(b.started, &b.dir)));
    places
}

/// The runs that are to be deleted, the oldest first; says what is kept and why.
fn choose(mut places: Vec<Place>, args: &CleanArgs, ui: &Ui) -> Vec<Place> {
    let now = Local::now().naive_local();
    let mut total: u64 = places.iter().map(|place| place.size).sum();
    let newest = args.keep.unwrap_or(0).min(places.len());
    places.truncate(places.len() - newest);
    let open = runs::being_written();
    let (mut young, mut unsynced, mut alive) = (0, 0, 0);
    places.retain(|place| {
        // Whole hours, as the official command counts them.
        if (now - place.started).num_hours() < i64::try_from(args.min_hours).unwrap_or(i64::MAX) {
            young += 1;
        } else if !place.synced() && !args.include_unsynced {
            unsynced += 1;
        } else if place.alive(&open) {
            alive += 1;
        } else {
            return true;
        }
        false
    });
    for (count, text) in [
        (
            young,
            format!("created fewer than {} hours ago", args.min_hours),
        ),
        (newest, "that are the newest".to_owned()),
        (alive, "that are being written".to_owned()),
    ] {
        if count > 0 {
            ui.info(&format!("Skipping {count} run(s) {text}."));
        }
    }
    if unsynced > 0 {
        ui.info(&format!("Skipping {unsynced} unsynced run(s)."));
    }
    if let Some(limit) = args.max_size {
        places.retain(|place| {
            let wanted = total > limit;
            if wanted {
                total -= place.size;
            }
            wanted
        });
    }
    places
}

fn confirm(doomed: &[Place]) -> Result<(), Error> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Error::new(
            "clean: there is no terminal to ask whether these runs may be deleted",
        )
        .hint("--force deletes without asking, --dry-run only lists")
        .code(2));
    }
    let unsynced = doomed.iter().filter(|place| !place.synced()).count();
    let extra = match unsynced {
        0 => String::new(),
        1 => ", 1 of which is unsynced".to_owned(),
        n => format!(", {n} of which are unsynced"),
    };
    let mut answer = String::new();
    let asked = write!(
        io::stderr(),
        "Are you sure you want to remove {} run(s){extra}? [y/n] ",
        doomed.len()
    );
    let read = asked.and_then(|()| io::stdin().lock().read_line(&mut answer));
    match (read, answer.trim().to_ascii_lowercase().as_str()) {
        (Ok(_), "y" | "yes") => Ok(()),
        _ => Err(Error::new("clean: nothing was removed")),
    }
}

/// When a run began: by the directory's name, else when its log was last written.
fn started(run: &LocalRun) -> NaiveDateTime {
    run.started.unwrap_or_else(|| {
        let modified = fs::metadata(&run.log).and_then(|metadata| metadata.modified());
        DateTime::<Local>::from(modified.unwrap_or_else(|_| SystemTime::now())).naive_local()
    })
}

/// Whether somebody may still be writing.
fn alive(run: &LocalRun, open: &HashSet<FileId>) -> bool {
    let Ok(metadata) = fs::metadata(&run.log) else {
        return false;
    };
    if open.contains(&runs::file_id(&metadata)) {
        return true;
    }
    let recent = metadata.modified().is_ok_and(|modified| {
        // A time in the future counts as recent.
        SystemTime::now()
            .duration_since(modified)
            .map_or(true, |age| age < ALIVE)
    });
    recent && local::survey(run).map_or(true, |told| told.run.exit.is_none())
}

/// Bytes of all files below a directory; links are not followed.
fn size(directory: &Path) -> u64 {
    let mut total = 0;
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        total += match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        };
    }
    total
}

/// Takes away the links to the latest run if it has gone.
fn remove_dangling(wandb: &Path) {
    for name in [
        "latest-run",
        "debug.log",
        "debug-internal.log",
        "debug-core.log",
        "debug-cli.log",
    ] {
        let link = wandb.join(name);
        if link.is_symlink() && !link.exists() {
            let _ = fs::remove_file(link);
        }
    }
}
