//! What the pages show, wherever it is stored: in the server's store, or in run directories in place.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::sync::broadcast;

use super::points::{Series, Stream};
use super::run_list::Listed;
use super::runs::RunPath;
use super::{Change, Failure};

mod columns;
pub(super) mod local;
mod stored;

/// How many runs are looked at for what a project's runs have; the newest ones.
const LOOKED_AT: usize = 200;
/// The largest `wandb-metadata.json` that is shown, in bytes.
const LARGEST_METADATA: u64 = 1 << 20;

/// What the pages read. All may take a while; shapes of JSON are those that the pages expect.
pub(crate) trait Source: Send + Sync {
    /// Whether nothing can be changed.
    fn is_read_only(&self) -> bool;

    /// The directory that is shown in place.
    fn directory(&self) -> Option<String>;

    /// `[{"entity", "name", "description", "runs", "running", "created", "updated"}]`.
    fn projects(&self) -> Result<Value, Failure>;

    /// All runs of a project.
    fn runs(&self, entity: &str, project: &str) -> Result<Vec<Listed>, Failure>;

    /// `{"config", "summary", "metrics", "system", "media", "x"}`: what runs of a project have.
    fn columns(&self, entity: &str, project: &str) -> Result<Value, Failure>;

    /// A run.
    fn run(&self, path: &RunPath) -> Result<RunDetail, Failure>;

    /// What a run has told over time.
    fn series(&self, path: &RunPath, stream: Stream) -> Result<Arc<Mutex<Series>>, Failure>;

    /// `[{"name", "size", "updated", "mimetype"}]`.
    fn files(&self, path: &RunPath) -> Result<Value, Failure>;

    /// Where the content of a file is.
    fn file(&self, path: &RunPath, name: &str) -> Result<PathBuf, Failure>;

    /// `{"logged": [{"collection", "version", "type", "size", "aliases"}], "used": […]}`.
    fn run_artifacts(&self, path: &RunPath) -> Result<Value, Failure>;

    /// `{"types": [{"type", "collections": [{"name", "versions", "latest", "size", "updated"}]}]}`.
    fn artifacts(&self, entity: &str, project: &str) -> Result<Value, Failure>;

    /// `{"type", "description", "versions": [{"version", "aliases", …}]}`.
    fn artifact_versions(&self, entity: &str, project: &str, name: &str) -> Result<Value, Failure>;

    /// `[{"path", "size", "digest", "ref"}]`.
    fn artifact_files(
        &self,
        entity: &str,
        project: &str,
        name: &str,
        version: &str,
    ) -> Result<Value, Failure>;

    /// Where the content of an artifact's file is.
    fn artifact_file(
        &self,
        entity: &str,
        project: &str,
        name: &str,
        version: &str,
        file: &str,
    ) -> Result<PathBuf, Failure>;

    /// `{"id", "name", "method", "state", "config", "metric", "parameters", "runs", "best"}`.
    fn sweep(&self, entity: &str, project: &str, name: &str) -> Result<Value, Failure>;

    /// Changes what is said about a run.
    fn edit(&self, path: &RunPath, edit: &Edit) -> Result<(), Failure>;

    /// Deletes a run.
    fn delete(&self, path: &RunPath) -> Result<(), Failure>;

    /// Tells of changes from now on.
    fn changes(&self) -> broadcast::Receiver<Change>;
}

/// A run, with what its page shows besides its rows.
#[derive(Debug, Clone)]
pub(crate) struct RunDetail {
    pub(crate) listed: Listed,
    /// `wandb-metadata.json`, or an empty object.
    pub(crate) metadata: Value,
    pub(crate) exit_code: Option<i64>,
    pub(crate) file_count: i64,
}

/// A change of what is said about a run; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Edit {
    pub(crate) name: Option<String>,
    pub(crate) notes: Option<String>,
    pub(crate) tags: Option<Vec<String>>,
}
