//! Uploads one run: reads its log, finished or growing, and tells the server what is in it.
//!
//! There is one way to the server, live or later: an online run is this engine following the log that is being
//! written. So nothing is sent that is not in the log, and what the server did not get can be sent at any time.
//!
//! ```text
//! log ─ reader ─▶ fold ─ rows, samples, console lines ─▶ requests of the file stream, one in flight
//!                  ├──── config, name, tags ───────────▶ upsert when registered, when changed, at the end
//!                  └──── files, artifacts, alerts ─────▶ transfers beside the stream
//! ```
//!
//! Lines are sent with their numbers, so that a request that is sent again replaces itself; the [`journal`] holds where
//! the run's lines begin. The end (`complete`) goes out last, when everything else is stored. Source:
//! `core/internal/{runsync,stream,filestream}` of the official repository.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::api::ApiError;
use crate::settings::Resume;
use crate::store::log_reader::ReadError;
use crate::wire::log::LogError;

pub mod align;
pub mod artifact;
pub mod batch;
pub mod console;
pub mod edits;
mod engine;
pub mod files;
pub mod fold;
pub mod journal;
pub mod register;
pub mod summary;
mod transfers;
pub mod verify;

pub use engine::upload;

use edits::Edits;
use register::{RegisterError, Target};

/// How long a log is followed.
#[derive(Clone)]
pub enum Follow {
    /// What is there now.
    No,
    /// Until it ends with an exit record.
    ToExit,
    /// As long as this says so, and until everything written before is read.
    While(Arc<dyn Fn() -> Fate + Send + Sync>),
}

impl std::fmt::Debug for Follow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::No => "No",
            Self::ToExit => "ToExit",
            Self::While(_) => "While",
        })
    }
}

/// What becomes of a log that is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    GoesOn,
    /// Somebody waits for what is written to be sent.
    Hurries,
    /// Nothing will be written any more.
    Ended,
    /// It has moved: whoever follows it lets go.
    Gone,
}

/// A run to be uploaded.
#[derive(Debug, Clone)]
pub struct Job {
    pub log: PathBuf,
    pub edits: Edits,
    /// What happens if the run is on the server already; `None`: what the log says.
    pub resume: Option<Resume>,
    pub follow: Follow,
    /// A followed run without rows is not made on the server before this time has passed.
    pub hold: Duration,
    /// The server is not told of the end: another process goes on with the run.
    pub stays_open: bool,
}

/// How far an upload is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the log that were read, and its size.
    pub read: u64,
    pub size: u64,
    /// Bytes that were sent.
    pub sent: u64,
    /// Files that are stored, and those that are known.
    pub files: (u64, u64),
}

/// Hears how an upload goes.
pub trait Watch: Send + Sync {
    /// The run is on the server.
    fn registered(&self, target: &Target);
    fn progress(&self, progress: Progress);
    /// Something is tried again, for this reason; `None` when it goes on.
    fn trouble(&self, reason: Option<&str>);
    /// The user has pressed the stop button.
    fn stop_requested(&self);
    /// An artifact is stored, under this id of the server's; or cannot be. `client_id` is the id in its record.
    fn artifact(&self, _client_id: &str, _result: Result<&str, &str>) {}
    /// All that was written to a log that [`Fate::Hurries`] is sent.
    fn caught_up(&self) {}
}

/// What was uploaded.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub target: Option<Target>,
    /// Files by kind: other, W&B's own, media, artifacts.
    pub files: [u64; 4],
    /// Damage of the log; what could be read was uploaded.
    pub damage: Vec<LogError>,
    /// What the user should know.
    pub notes: Vec<String>,
    /// What failed; the run is not synced then.
    pub problems: Vec<String>,
    /// The run goes on: its end was not sent.
    pub unfinished: bool,
    pub rows: u64,
}

impl Report {
    /// Whether everything in the log is on the server, and the run has ended there.
    pub fn is_synced(&self) -> bool {
        self.problems.is_empty() && !self.unfinished
    }
}

/// Why an upload has ended early. What was sent stays; the rest can be sent later.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    #[error("another process is uploading this run")]
    Busy,
    #[error("cannot read the log: {0}")]
    Log(#[from] ReadError),
    #[error("the log has no run record")]
    NoRun,
    #[error("cannot open the journal {}: {error}", path.display())]
    Journal {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error(transparent)]
    Register(#[from] RegisterError),
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error("the upload has failed (a bug)")]
    Panic,
}

impl UploadError {
    /// The error of the server, if it is one.
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Api(error) | Self::Register(RegisterError::Api(error)) => Some(error),
            _ => None,
        }
    }

    /// What the user can do about it, where there is something.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoRun => Some(
                "a log begins with it: the run ended before, or the beginning is damaged; `wandb-rs inspect` shows what there is",
            ),
            Self::Log(_) => {
                Some("is it the log of a run, and yours? `wandb-rs inspect` shows what can be read")
            }
            _ => self.api().and_then(ApiError::hint),
        }
    }

    /// Whether the user has ended it.
    pub fn is_stopped(&self) -> bool {
        matches!(self.api(), Some(ApiError::Stopped(_)))
    }
}
