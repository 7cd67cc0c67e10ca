//! `wandb-rs sync`: which runs, how they are changed on the way, and what the user sees of it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::account::Account;
use super::run::report::shown;
use super::{Exit, interrupt};
use crate::api::{Api, Stop};
use crate::cli::sync::SyncArgs;
use crate::error::Error;
use crate::output::board::{Bar, Board};
use crate::output::{Ui, prompt::NoAnswer};
use crate::run::id;
use crate::store::{self, runs, runs::LocalRun};
use crate::sync::{self, Listener, Options};
use crate::upload::edits::Edits;
use crate::upload::register::Target;
use crate::upload::{Follow, Progress, Report, UploadError, Watch};
use crate::wire::json::Value;

/// Most runs that are listed.
const LISTED: usize = 20;
/// A live sync looks for new runs this often.
const RESCAN: Duration = Duration::from_secs(2);

/// Carries the command out.
pub fn exec(args: &SyncArgs) -> Result<Exit, Error> {
    let account = Account::read()?;
    let ui = &account.ui;
    let edits = edits(args)?;
    let cwd = super::sources::current_dir()?;
    let chosen = choose(args, &account, &cwd)?;
    for line in &chosen.skipped {
        ui.info(line);
    }
    if chosen.runs.is_empty() && !args.live {
        ui.info("No runs to sync.");
        // Runs that were synced before are verified, too.
        if !args.verify || args.dry_run || chosen.synced.is_empty() {
            return Ok(Exit::Code(0));
        }
    } else if args.live && !args.dry_run {
        // Whatever is there is followed, and what comes.
    } else {
        let word = if args.dry_run {
            "Would sync"
        } else {
            "Syncing"
        };
        ui.info(&format!("{word} {} run(s):", chosen.runs.len()));
        list(ui, &chosen.runs, args.verbose, &cwd);
    }
    if args.dry_run {
        return Ok(Exit::Code(0));
    }
    if args.paths.is_empty() && !args.yes && !args.live && !chosen.runs.is_empty() {
        confirm(ui)?;
    }
    if args.id.is_some() && chosen.runs.len() > 1 {
        let ids: std::collections::BTreeSet<&str> =
            chosen.runs.iter().map(|run| run.id.as_str()).collect();
        if ids.len() > 1 {
            return Err(Error::new(format!(
                "--id gives one run its id, but {} runs are chosen",
                ids.len()
            ))
            .hint("name the one run directory that is meant")
            .code(2));
        }
    }
    // Before any thread exists: all of them must leave the signals to the one that waits for them.
    let stop = Stop::default();
    let interrupted = interrupt::watch(&stop);
    let (api, source) = super::account::connect(&account)?;
    let server = api.network().server.base();
    ui.info(&format!(
        "[wandb-rs sync] Loaded credentials for {server} from {source}."
    ));
    let board = Board::new(ui);
    let listener = Screen {
        board: board.clone(),
        api: &api,
        cwd: &cwd,
        json: args.json,
        failed: AtomicBool::new(false),
    };
    let options = Options {
        parallel: usize::from(args.parallel),
        edits,
        resume: account.settings.resume,
        follow: if args.live {
            Follow::ToExit
        } else {
            Follow::No
        },
    };
    let results = if args.live {
        live(
            args,
            &account,
            chosen.runs,
            &options,
            &api,
            &stop,
            &listener,
        )
    } else {
        sync::run(chosen.runs, &options, &api, &stop, &listener)
    };
    let mut failed = listener.failed.into_inner();
    if args.verify && !stop.is_stopped() {
        let mut checked: Vec<(LocalRun, Option<Target>)> = results
            .into_iter()
            .filter_map(|(run, result)| Some((run, result.ok()?.target)))
            .collect();
        checked.extend(chosen.synced.into_iter().map(|run| (run, None)));
        failed |= !super::verify::exec(&checked, &options.edits, &api, &stop, ui, &cwd);
    }
    if let Some(signal) = interrupted.signal() {
        ui.notice("Interrupted. What was uploaded stays; run the same command again for the rest.");
        return Ok(Exit::Signal(signal));
    }
    Ok(Exit::Code(u8::from(failed)))
}

fn edits(args: &SyncArgs) -> Result<Edits, Error> {
    let usage = |message: String| Error::new(message).code(2);
    if let Some(project) = &args.project {
        id::check_project(project).map_err(|reason| usage(format!("--project: {reason}")))?;
    }
    if let Some(id) = &args.id {
        id::RunId::parse(id).map_err(|error| usage(format!("--id: {error}")))?;
    }
    let words = |lists: &[String]| -> Vec<String> {
        lists
            .iter()
            .flat_map(|list| list.split(','))
            .map(|word| word.trim().to_owned())
            .filter(|word| !word.is_empty())
            .collect()
    };
    let tags = words(&args.tags);
    for tag in &tags {
        id::check_tag(tag).map_err(|reason| usage(format!("--tags: {reason}")))?;
    }
    let mut replaced_tags = HashMap::new();
    for pair in words(&args.replace_tags) {
        let (old, new) = pair
            .split_once('=')
            .ok_or_else(|| usage(format!("--replace-tags {pair:?}: expected old=new")))?;
        replaced_tags.insert(old.trim().to_owned(), new.trim().to_owned());
    }
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    Ok(Edits {
        run_id: text(&args.id),
        entity: text(&args.entity),
        project: text(&args.project),
        name: text(&args.name),
        notes: text(&args.notes),
        group: String::new(),
        job_type: text(&args.job_type),
        tags,
        replaced_tags,
        config: super::identity::values(&args.config).map_err(|error| error.code(2))?,
    })
}

/// The runs that are meant, and those that are left out.
struct Chosen {
    runs: Vec<LocalRun>,
    synced: Vec<LocalRun>,
    skipped: Vec<String>,
}

fn choose(args: &SyncArgs, account: &Account, cwd: &Path) -> Result<Chosen, Error> {
    let wandb_dir = store::wandb_dir(&account.settings.root_dir);
    let found = if args.paths.is_empty() {
        if wandb_dir.is_dir() {
            runs::all(&wandb_dir).map_err(|error| {
                Error::new(format!("{} cannot be read: {error}", wandb_dir.display()))
            })?
        } else {
            Vec::new()
        }
    } else {
        let missing_is_fine = args.live.then(|| {
            let there = |path: &&PathBuf| path.is_dir();
            args.paths.iter().filter(there).cloned().collect::<Vec<_>>()
        });
        match runs::find(&args.paths) {
            Ok(found) => found,
            // A live sync may begin before the first run does.
            Err(_) if missing_is_fine.is_some_and(|paths| paths.len() == args.paths.len()) => {
                Vec::new()
            }
            Err(error) => {
                return Err(Error::new(format!("sync: {error}"))
                    .hint(error.hint())
                    .code(1));
            }
        }
    };
    // What is named is meant, whatever it is called.
    let named: Vec<PathBuf> = args
        .paths
        .iter()
        .filter_map(|path| cwd.join(path).canonicalize().ok())
        .collect();
    let is_named = |run: &LocalRun| {
        let real = |path: &Path| cwd.join(path).canonicalize().ok();
        [real(&run.dir), real(&run.log)]
            .into_iter()
            .flatten()
            .any(|path| named.contains(&path))
    };
    let mut chosen = Chosen {
        runs: Vec::new(),
        synced: Vec::new(),
        skipped: Vec::new(),
    };
    let mut online = 0;
    for run in found {
        if !args.include_synced && sync::is_synced(&run) {
            chosen.synced.push(run);
        } else if !args.include_online && !run.offline && !is_named(&run) && !args.live {
            online += 1;
        } else {
            chosen.runs.push(run);
        }
    }
    if !chosen.synced.is_empty() {
        chosen.skipped.push(format!(
            "Skipped {} synced run(s). Include with --include-synced.",
            chosen.synced.len()
        ));
    }
    if online > 0 {
        chosen.skipped.push(format!(
            "Skipped {online} online run(s). Include with --include-online."
        ));
    }
    Ok(chosen)
}

fn list(ui: &Ui, runs: &[LocalRun], all: bool, cwd: &Path) {
    let count = if all { runs.len() } else { LISTED };
    for run in runs.iter().take(count) {
        ui.info(&format!("  {}", ui.path(&shown(&run.dir, cwd))));
    }
    if runs.len() > count {
        ui.info(&format!(
            "  +{} more (pass --verbose to see all)",
            runs.len() - count
        ));
    }
}

fn confirm(ui: &Ui) -> Result<(), Error> {
    loop {
        match ui.ask("Sync the listed runs? [y/n] ") {
            Ok(answer) => match answer.trim().to_ascii_lowercase().as_str() {
                "y" | "yes" => return Ok(()),
                "n" | "no" => return Err(Error::new("nothing was uploaded")),
                _ => {}
            },
            Err(NoAnswer::NoTerminal) => {
                return Err(
                    Error::new("sync: nobody can be asked whether to upload these runs")
                        .hint("name the run directories, or use --yes")
                        .code(2),
                );
            }
            Err(_) => return Err(Error::new("nothing was uploaded")),
        }
    }
}

/// Follows runs, and looks for new ones, until it is stopped; runs that were named alone are followed to their ends.
fn live(
    args: &SyncArgs,
    account: &Account,
    first: Vec<LocalRun>,
    options: &Options,
    api: &Arc<Api>,
    stop: &Stop,
    listener: &Screen<'_>,
) -> Vec<(LocalRun, Result<Report, UploadError>)> {
    let places: Vec<PathBuf> = if args.paths.is_empty() {
        vec![store::wandb_dir(&account.settings.root_dir)]
    } else {
        args.paths.clone()
    };
    // A directory of runs may get new ones; a run does not.
    let open_ended = places.iter().any(|path| {
        runs::find(std::slice::from_ref(path)).map_or(true, |found| {
            found.iter().all(|run| run.dir != *path && run.log != *path)
        })
    });
    let results = Mutex::new(Vec::new());
    let mut known: HashMap<PathBuf, u64> = HashMap::new();
    if open_ended {
        listener.board.print(|ui| {
            let places: Vec<String> = places
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            ui.info(&format!(
                "Following runs in {}; Ctrl-C ends.",
                places.join(", ")
            ));
        });
    }
    std::thread::scope(|scope| {
        let mut queue = first;
        loop {
            for run in queue.drain(..) {
                let size = run.log.metadata().map_or(0, |metadata| metadata.len());
                known.insert(run.log.clone(), size);
                let results = &results;
                let one = move || {
                    let result = sync::run(vec![run], options, api, stop, listener);
                    results
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .extend(result);
                };
                if let Err(error) = std::thread::Builder::new()
                    .name("live".to_owned())
                    .stack_size(1 << 20)
                    .spawn_scoped(scope, one)
                {
                    listener
                        .board
                        .print(|ui| ui.warning(&format!("a run is not followed: {error}")));
                }
            }
            if !open_ended || stop.wait(RESCAN) {
                return;
            }
            let found = places
                .iter()
                .filter_map(|path| runs::find(std::slice::from_ref(path)).ok())
                .flatten();
            queue.extend(found.filter(|run| {
                !known.contains_key(&run.log) && (args.include_synced || !sync::is_synced(run))
            }));
        }
    });
    results.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// What the user sees.
struct Screen<'a> {
    board: Board,
    api: &'a Api,
    cwd: &'a Path,
    json: bool,
    failed: AtomicBool,
}

/// One run on the screen.
struct RunWatch {
    board: Board,
    bar: Bar,
    label: Mutex<String>,
    trouble: Mutex<Option<String>>,
    run_url: Box<dyn Fn(&Target) -> String + Send + Sync>,
}

impl RunWatch {
    fn label(&self) -> String {
        self.label
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Watch for RunWatch {
    fn registered(&self, target: &Target) {
        let label = format!("{}/{}", target.run.project, target.run.run_id);
        self.bar.label(&format!("[{label}]"));
        label.clone_into(&mut self.label.lock().unwrap_or_else(PoisonError::into_inner));
        let url = (self.run_url)(target);
        self.board.print(|ui| {
            let name = &target.run.display_name;
            let name = if name.is_empty() {
                String::new()
            } else {
                format!("{} ", ui.name(name))
            };
            ui.info(&format!("[{label}] View run {name}at {}", ui.link(&url)));
        });
    }

    fn progress(&self, progress: Progress) {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let (stored, files) = progress.files;
        let note = match &*trouble {
            Some(reason) => format!("retrying: {reason}"),
            None if files > stored => format!("{stored}/{files} files"),
            None => String::new(),
        };
        self.bar.set(progress.read, progress.size, &note);
    }

    fn trouble(&self, reason: Option<&str>) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = trouble.as_deref() != reason;
        *trouble = reason.map(str::to_owned);
        drop(trouble);
        if let (Some(reason), true) = (reason, changed) {
            let label = self.label();
            self.board
                .print(|ui| ui.info(&format!("[{label}] retrying: {reason}")));
        }
    }

    fn stop_requested(&self) {}
}

impl Listener for Screen<'_> {
    fn begins(&self, run: &LocalRun) -> Arc<dyn Watch> {
        let server = self.api.network().server.clone();
        let label = run.id.clone();
        Arc::new(RunWatch {
            bar: self.board.bar(&format!("[{label}]")),
            board: self.board.clone(),
            label: Mutex::new(label),
            trouble: Mutex::new(None),
            run_url: Box::new(move |target| {
                server.run_url(&target.run.entity, &target.run.project, &target.run.run_id)
            }),
        })
    }

    fn waits(&self, run: &LocalRun) {
        let path = shown(&run.dir, self.cwd);
        self.board.print(|ui| {
            ui.info(&format!(
                "[{}] waiting: another process uploads {path}",
                run.id
            ));
        });
    }

    fn ends(&self, run: &LocalRun, result: &Result<Report, UploadError>) {
        let path = shown(&run.dir, self.cwd);
        let failed = !matches!(result, Ok(report) if report.problems.is_empty());
        self.failed.fetch_or(failed, Ordering::Relaxed);
        self.board.print(|ui| match result {
            Ok(report) => {
                let label = report.target.as_ref().map_or_else(
                    || run.id.clone(),
                    |target| format!("{}/{}", target.run.project, target.run.run_id),
                );
                for note in &report.notes {
                    ui.warning(&format!("[{label}] {note}"));
                }
                for problem in &report.problems {
                    ui.error(&format!("[{label}] {problem}"));
                }
                if !report.problems.is_empty() {
                    ui.error(&format!(
                        "[{label}] Not everything of {path} was uploaded; run `wandb-rs sync {path}` again"
                    ));
                } else if report.unfinished {
                    ui.info(&format!(
                        "[{label}] {path} is still being written: uploaded as far as it is; `--live` follows it"
                    ));
                } else {
                    ui.info(&format!("[{label}] Finished syncing {path}"));
                }
            }
            Err(error) => {
                ui.error(&format!("[{}] {path}: {error}", run.id));
                if let Some(hint) = error.hint() {
                    ui.error(&format!("[{}] {hint}", run.id));
                }
            }
        });
        if self.json {
            let _ = super::print(&format!("{}\n", self.json(run, result)));
        }
    }
}

impl Screen<'_> {
    fn json(&self, run: &LocalRun, result: &Result<Report, UploadError>) -> String {
        let text = |text: &str| Value::from(text);
        let list = |items: &[String]| Value::List(items.iter().map(|item| text(item)).collect());
        let mut members = vec![
            ("path".to_owned(), text(&run.dir.to_string_lossy())),
            ("id".to_owned(), text(&run.id)),
        ];
        let status = match result {
            Ok(report) if !report.problems.is_empty() => "incomplete",
            Ok(report) if report.unfinished => "running",
            Ok(_) => "synced",
            Err(_) => "failed",
        };
        members.push(("status".to_owned(), text(status)));
        match result {
            Ok(report) => {
                if let Some(target) = &report.target {
                    let place = &target.run;
                    let server = &self.api.network().server;
                    let url = server.run_url(&place.entity, &place.project, &place.run_id);
                    members.extend([
                        ("entity".to_owned(), text(&place.entity)),
                        ("project".to_owned(), text(&place.project)),
                        ("run".to_owned(), text(&place.run_id)),
                        ("name".to_owned(), text(&place.display_name)),
                        ("url".to_owned(), text(&url)),
                    ]);
                }
                members.extend([
                    ("rows".to_owned(), Value::Int(report.rows as i64)),
                    ("notes".to_owned(), list(&report.notes)),
                    ("problems".to_owned(), list(&report.problems)),
                ]);
            }
            Err(error) => {
                members.push(("error".to_owned(), text(&error.to_string())));
            }
        }
        Value::Map(members).to_json()
    }
}
