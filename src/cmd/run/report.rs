//! What the user is told about a run, and the files that are derived from its log.

use std::path::{Path, PathBuf};

use super::Session;
use super::online::Online;
use crate::child::Ending;
use crate::cli::run::RunArgs;
use crate::cmd::identity::{self, Identity};
use crate::output::{Ui, Verbosity, footer};
use crate::recorder::{Finished, Warning};
use crate::run::RunState;
use crate::settings::{Resume, Settings};
use crate::store::{self, RunDir, derived};
use crate::supervise::Outcome;
use crate::uplink::Uploaded;
use crate::wire::json::Value;

/// A path as it is shown: with `./` below the current directory.
pub(crate) fn shown(path: &Path, cwd: &Path) -> String {
    match path.strip_prefix(cwd) {
        Ok(below) => format!("./{}", below.display()),
        Err(_) => path.display().to_string(),
    }
}

pub(super) fn header(
    ui: &Ui,
    settings: &Settings,
    identity: &Identity,
    dir: Option<&RunDir>,
    cwd: &Path,
    online: Option<&Online>,
) {
    if let Some(online) = online {
        online.announce(ui);
    }
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
    if online.is_some() {
        let command = ui.code("`wandb-rs offline`");
        ui.info(&format!("Run {command} to turn off syncing."));
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

/// How a run went.
pub(super) struct Told<'a> {
    pub(super) outcome: &'a Outcome,
    /// Time from the start to the end of the command.
    pub(super) elapsed: std::time::Duration,
    pub(super) finished: Option<&'a Finished>,
    /// What became of the uploads, if there were some.
    pub(super) uploaded: Option<&'a [Uploaded]>,
}

impl Session {
    /// Writes what is derived from the logs, and tells the user how it went.
    pub(super) fn finish(&self, told: &Told<'_>, args: &RunArgs, ui: &Ui) {
        let Told {
            outcome,
            elapsed,
            finished,
            uploaded,
        } = *told;
        let dir = self.place.get();
        let state = finished.and_then(|finished| finished.main.as_ref());
        if let Some((state, clock)) = state {
            let summary = state.summary(clock.now());
            if let Some(dir) = &dir {
                let failed = derived::write(dir, state, clock.now());
                if let Some((_, error)) = failed.first() {
                    let names: Vec<String> = failed
                        .iter()
                        .map(|(name, _)| format!("files/{name}"))
                        .collect();
                    ui.warning(&format!(
                        "{} cannot be written: {error}; `wandb-rs sync` makes them from the run's log",
                        names.join(" and ")
                    ));
                }
                if self.settings.resume == Some(Resume::Auto) && outcome.ending == Ending::Exit(0) {
                    let _ = std::fs::remove_file(identity::resume_file(dir.wandb_dir()));
                }
            }
            if let Some(file) = &args.summary_json {
                let text = self.summary_json(told, state, summary).to_pretty_json();
                if let Err(error) = store::write_where_asked(&self.cwd.join(file), text.as_bytes())
                {
                    ui.warning(&format!("{} cannot be written: {error}", file.display()));
                }
            }
        }
        // What the script's SDK has told is not told again.
        let shown = finished.is_some_and(|finished| finished.shown);
        if let (Some((state, _)), false) = (state, shown) {
            grids(state, ui);
        }
        ui.info(&format!(
            "{} in {}",
            outcome.ending,
            footer::duration(elapsed)
        ));
        let online = finished.is_some_and(|finished| finished.online);
        if let Some(dir) = &dir {
            let upload = of_log(uploaded, dir.log_path());
            if !shown || (online && !upload.is_some_and(is_whole)) {
                self.where_to_go(dir.path(), upload, ui);
            }
        }
        for run in finished.iter().flat_map(|finished| &finished.others) {
            let dir = RunDir::of_others(run.dir.clone(), PathBuf::new());
            // What cannot be written can be made from the log at any time.
            let _ = derived::write(&dir, &run.state, self.clock.now());
            if run.silent {
                continue;
            }
            let upload =
                uploaded.and_then(|all| all.iter().find(|one| one.log.parent() == Some(&run.dir)));
            if run.shown && run.online && !upload.is_some_and(is_whole) {
                self.where_to_go(&run.dir, upload, ui);
            }
            if !run.shown {
                let name = &run.state.run().run_id;
                ui.info(&format!("Run {} ended with the script:", ui.name(name)));
                grids(&run.state, ui);
                self.where_to_go(&run.dir, upload, ui);
            }
        }
    }

    fn where_to_go(&self, dir: &Path, upload: Option<&Uploaded>, ui: &Ui) {
        let path = shown(dir, &self.cwd);
        if let (Some(online), Some(upload)) = (&self.online, upload)
            && online.footer(upload, &path, ui)
        {
            ui.info(&format!(
                "Find logs at: {}",
                ui.path(&format!("{path}/logs"))
            ));
            return;
        }
        ui.info("You can sync this run to the cloud by running:");
        ui.info(&ui.code(&format!("wandb-rs sync {}", quoted(&path))));
        pages(&path, ui);
        ui.info(&format!(
            "Find logs at: {}",
            ui.path(&format!("{path}/logs"))
        ));
    }

    fn summary_json(&self, told: &Told<'_>, state: &RunState, summary: Value) -> Value {
        let outcome = told.outcome;
        let text = |text: &str| Value::from(text);
        let dir = self.place.get();
        let run = state.run();
        Value::Map(vec![
            ("id".to_owned(), text(&run.run_id)),
            ("name".to_owned(), text(&run.display_name)),
            ("project".to_owned(), text(&run.project)),
            (
                "dir".to_owned(),
                dir.as_ref()
                    .map_or(Value::Null, |dir| text(&dir.path().to_string_lossy())),
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
                Value::Float(told.elapsed.as_secs_f64()),
            ),
            ("rows".to_owned(), Value::Int(state.rows() as i64)),
            ("summary".to_owned(), summary),
        ])
    }
}

/// Where a run can be looked at without a server; `path` is that of its directory, as it is shown.
pub(crate) fn pages(path: &str, ui: &Ui) {
    let command = ui.code(&format!("wandb-rs ui {}", quoted(path)));
    ui.info(&format!("See it in a browser: {command}"));
}

/// Whether everything of a run is on the server.
fn is_whole(upload: &Uploaded) -> bool {
    upload
        .result
        .as_ref()
        .is_ok_and(crate::upload::Report::is_synced)
}

/// The upload of a log.
fn of_log<'a>(uploaded: Option<&'a [Uploaded]>, log: &Path) -> Option<&'a Uploaded> {
    uploaded?.iter().find(|one| one.log == log)
}

/// The history and the summary of a run.
fn grids(state: &RunState, ui: &Ui) {
    if ui.verbosity() == Verbosity::Normal {
        for line in footer::grids(state, ui.unicode(), ui.width()) {
            ui.info(&line);
        }
    }
}

/// A word that a shell reads back as it is.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./+@%,".contains(c);
    if word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

pub(crate) fn warn(ui: &Ui, warning: &Warning) {
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
