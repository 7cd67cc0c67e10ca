//! The pages over run directories in place: nothing is imported, and nothing is written.
//!
//! ```text
//! index   which runs there are, read as far as lists need it  ─┐
//! follow  rows, samples and console of one run, in memory      ├▶ LocalRuns ─▶ pages
//! files   what lies in the `files/` of a run                  ─┘
//! ```
//!
//! A run that was gone on with has several logs: they are shown as one run. Entity and project are those that the log
//! names; a run without them is `local` and `uncategorized`.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::sync::broadcast;

use super::columns::Columns;
use super::{Edit, LARGEST_METADATA, LOOKED_AT, RunDetail, Source};
use crate::server::points::{Series, Stream};
use crate::server::run_list::Listed;
use crate::server::runs::RunPath;
use crate::server::{CHANGES, Change, Failure};
use crate::settings::server::segment;
use crate::store::runs::{self, FindError, LocalRun};

mod files;
mod follow;
mod index;
mod kept;
mod part;
mod run;
#[cfg(test)]
mod tests;
mod watch;

use index::Index;
use kept::Kept;
use run::Run;

/// Bytes of memory that rows may take, about.
const BUDGET: usize = 256 << 20;

/// What is shown.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// All runs of a `wandb` directory.
    Directory(PathBuf),
    /// One log, or the directory of one run.
    Run(PathBuf),
}

impl Place {
    /// The logs that lie there now.
    fn find(&self) -> io::Result<Vec<LocalRun>> {
        match self {
            Self::Directory(path) => runs::all(path),
            Self::Run(path) => {
                runs::find(std::slice::from_ref(path)).map_err(|error| match error {
                    FindError::Read(_, error) => error,
                    other => io::Error::new(io::ErrorKind::NotFound, other.to_string()),
                })
            }
        }
    }
}

/// Runs in their directories.
#[derive(Debug)]
pub(crate) struct LocalRuns {
    shown_as: String,
    index: Index,
    kept: Kept,
    changes: broadcast::Sender<Change>,
}

impl LocalRuns {
    /// Looks which runs there are, and watches them from now on; `shown_as` is the place as people read it.
    pub(crate) fn open(place: Place, shown_as: String) -> Arc<Self> {
        let changes = broadcast::channel(CHANGES).0;
        let runs = Arc::new(Self {
            shown_as,
            index: Index::new(place, changes.clone()),
            kept: Kept::new(BUDGET),
            changes,
        });
        runs.index.refresh();
        watch::start(&runs);
        runs
    }

    /// How many runs there are.
    pub(crate) fn count(&self) -> usize {
        self.index.all().len()
    }

    /// Address of the newest run's page, on this server.
    pub(crate) fn newest_page(&self) -> Option<String> {
        let runs = self.index.all();
        let newest = runs
            .iter()
            .max_by(|one, other| one.created().total_cmp(&other.created()))?;
        let RunPath {
            entity,
            project,
            run,
        } = &newest.path;
        let [entity, project, run] = [entity, project, run].map(|name| segment(name));
        Some(format!("/{entity}/{project}/runs/{run}"))
    }

    fn found(&self, path: &RunPath) -> Result<Arc<Run>, Failure> {
        self.index.refresh();
        self.index.run(path).ok_or_else(|| {
            Failure::NotFound(format!("run {}/{}/{}", path.entity, path.project, path.run))
        })
    }

    /// The runs of a project, the newest first.
    fn of_project(&self, entity: &str, project: &str) -> Result<Vec<Arc<Run>>, Failure> {
        self.index.refresh();
        let mut runs = self.index.all();
        runs.retain(|run| run.path.entity == entity && run.path.project == project);
        if runs.is_empty() {
            return Err(Failure::NotFound(format!("project {entity}/{project}")));
        }
        runs.sort_by(|one, other| other.created().total_cmp(&one.created()));
        Ok(runs)
    }
}

fn no_versions(name: &str) -> Failure {
    Failure::NotFound(format!(
        "artifact {name}: a run directory does not hold the artifacts of its run"
    ))
}

impl Source for LocalRuns {
    fn is_read_only(&self) -> bool {
        true
    }

    fn directory(&self) -> Option<String> {
        Some(self.shown_as.clone())
    }

    fn projects(&self) -> Result<Value, Failure> {
        self.index.refresh();
        let mut projects: BTreeMap<(String, String), Vec<Arc<Run>>> = BTreeMap::new();
        for run in self.index.all() {
            let name = (run.path.entity.clone(), run.path.project.clone());
            projects.entry(name).or_default().push(run);
        }
        let shown = projects.into_iter().map(|((entity, name), runs)| {
            let created = runs
                .iter()
                .map(|run| run.created())
                .fold(f64::MAX, f64::min);
            let updated = runs.iter().map(|run| run.heartbeat()).fold(0.0, f64::max);
            json!({
                "entity": entity,
                "name": name,
                "description": "",
                "runs": runs.len(),
                "running": runs.iter().filter(|run| run.is_running()).count(),
                "created": created,
                "updated": updated,
            })
        });
        Ok(shown.collect())
    }

    fn runs(&self, entity: &str, project: &str) -> Result<Vec<Listed>, Failure> {
        let runs = self.of_project(entity, project)?;
        Ok(runs.iter().map(|run| run.listed()).collect())
    }

    fn columns(&self, entity: &str, project: &str) -> Result<Value, Failure> {
        let mut columns = Columns::default();
        for run in self.of_project(entity, project)?.iter().take(LOOKED_AT) {
            run.add_to(&mut columns);
        }
        Ok(columns.shown())
    }

    fn run(&self, path: &RunPath) -> Result<RunDetail, Failure> {
        let run = self.found(path)?;
        let mut listed = run.listed();
        // The whole log knows better than its two ends.
        let (exit_code, metadata) = self.kept.look(&run, |follower| {
            listed.config = follower.config();
            listed.summary = follower.summary();
            (follower.exit_code(), follower.metadata())
        })?;
        let saved = files::read(&run.logs, "wandb-metadata.json", LARGEST_METADATA)
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Ok(RunDetail {
            listed,
            metadata: saved.unwrap_or(metadata),
            exit_code,
            file_count: files::all(&run.logs).len() as i64,
        })
    }

    fn series(&self, path: &RunPath, stream: Stream) -> Result<Arc<Mutex<Series>>, Failure> {
        let run = self.found(path)?;
        self.kept.look(&run, |follower| follower.series(stream))
    }

    fn files(&self, path: &RunPath) -> Result<Value, Failure> {
        let run = self.found(path)?;
        Ok(files::all(&run.logs)
            .iter()
            .map(files::File::shown)
            .collect())
    }

    fn file(&self, path: &RunPath, name: &str) -> Result<PathBuf, Failure> {
        let run = self.found(path)?;
        files::find(&run.logs, name).ok_or_else(|| Failure::NotFound(format!("file {name}")))
    }

    fn run_artifacts(&self, path: &RunPath) -> Result<Value, Failure> {
        let run = self.found(path)?;
        let logged = self.kept.look(&run, |follower| follower.artifacts())?;
        Ok(json!({"logged": logged, "used": []}))
    }

    fn artifacts(&self, entity: &str, project: &str) -> Result<Value, Failure> {
        self.of_project(entity, project)?;
        Ok(json!({"types": []}))
    }

    fn artifact_versions(&self, _: &str, _: &str, name: &str) -> Result<Value, Failure> {
        Err(no_versions(name))
    }

    fn artifact_files(&self, _: &str, _: &str, name: &str, _: &str) -> Result<Value, Failure> {
        Err(no_versions(name))
    }

    fn artifact_file(
        &self,
        _: &str,
        _: &str,
        name: &str,
        _: &str,
        _: &str,
    ) -> Result<PathBuf, Failure> {
        Err(no_versions(name))
    }

    fn sweep(&self, entity: &str, project: &str, name: &str) -> Result<Value, Failure> {
        let mut runs = self.of_project(entity, project)?;
        runs.retain(|run| run.sweep() == name);
        if runs.is_empty() {
            return Err(Failure::NotFound(format!("sweep {name}")));
        }
        let running = runs.iter().any(|run| run.is_running());
        let ids: Vec<&str> = runs.iter().map(|run| run.path.run.as_str()).collect();
        // What the sweep searches is told to its server, and to no run.
        Ok(json!({
            "id": name,
            "name": name,
            "method": null,
            "state": if running { "running" } else { "finished" },
            "config": "",
            "metric": null,
            "parameters": [],
            "runs": ids,
            "best": null,
        }))
    }

    fn edit(&self, _: &RunPath, _: &Edit) -> Result<(), Failure> {
        Err(Failure::ReadOnly)
    }

    fn delete(&self, _: &RunPath) -> Result<(), Failure> {
        Err(Failure::ReadOnly)
    }

    fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }
}

/// Tells whoever has started the pages what cannot be shown.
#[expect(clippy::print_stderr, reason = "there is no page that could show it")]
fn complain(text: &str) {
    eprintln!("wandb-rs ui: {text}");
}
