//! The local W&B server: what official clients and browsers ask for, on one directory.
//!
//! ```text
//! http       routes, who may ask, pages           ─┐
//! graphql    what official clients ask             ├─▶ Server ─▶ meta    users, projects, runs, … (SQLite)
//! ingest     file streams of runs                  │          ─▶ points  history, metrics, console (logs, Parquet)
//! storage    uploads and downloads                ─┘          ─▶ blobs   content, by digest
//! ```
//!
//! What is acknowledged is on the disk. Nothing is sent anywhere: the server opens no connection of its own.

use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use nix::fcntl::Flock;
use tokio::sync::broadcast;

use data::DataDir;
use meta::{Meta, users};

use crate::store::log_reader::ReadError;

pub mod backup;
mod blobs;
mod console;
pub mod data;
pub mod filter;
pub mod graphql;
mod http;
pub mod ingest;
mod links;
mod meta;
pub mod order;
pub mod points;
mod run_list;
mod runs;
mod source;
mod storage;
pub mod sweep;
mod sweeps;

pub use http::serve::{Bind, Listening, ServeError, Socket, Tls};
pub(crate) use source::local::{LocalRuns, Place};

/// Bytes that points in memory may take, about.
const MEMORY: usize = 128 << 20;
/// How many changes may wait for a browser that is slow.
const CHANGES: usize = 1024;

/// A server's state, shared by all requests.
#[derive(Debug)]
pub struct Server {
    data: DataDir,
    meta: Meta,
    points: points::Store,
    blobs: blobs::Blobs,
    links: links::Links,
    /// Held by who puts content in and says in the database who has it; and, alone, by who looks whether anybody has some
    /// content and removes it. Without it, content could go between the two.
    content: RwLock<()>,
    /// Content that is to go once the backups that are being made have ended.
    held_back: Mutex<HeldBack>,
    changes: broadcast::Sender<Change>,
    /// Held for as long as the directory is served.
    _lock: Flock<File>,
}

/// Removals that wait.
#[derive(Debug, Default)]
struct HeldBack {
    backups: usize,
    digests: Vec<String>,
}

/// Something about a run has changed.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) entity: String,
    pub(crate) project: String,
    pub(crate) run: String,
    /// `run`, `history`, `events`, `logs` or `files`.
    pub(crate) what: &'static str,
}

/// Why a directory cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("another server runs on {0}")]
    Taken(String),
    #[error("{path}: {source}")]
    Io { path: String, source: io::Error },
    #[error("{path}: {reason}")]
    Database { path: String, reason: String },
}

/// Why a request fails.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the database failed: {0}")]
    Database(#[from] rusqlite::Error),
    #[error("points cannot be stored or read: {0}")]
    Points(#[from] points::Error),
    #[error("a file cannot be stored or read: {0}")]
    Io(#[from] io::Error),
    #[error("{0} not found")]
    NotFound(String),
    #[error("{0}")]
    Invalid(String),
    #[error(
        "these are run directories, shown in place: `wandb-rs edit` and `wandb-rs clean` change them"
    )]
    ReadOnly,
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Io(error) => Self::Io(error),
            ReadError::Log(error) => Self::Io(io::Error::other(error)),
        }
    }
}

impl Failure {
    /// The HTTP status that goes with it.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::NotFound(_) => 404,
            Self::Invalid(_) | Self::Points(points::Error::TooLarge(_)) => 400,
            Self::Database(error)
                if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) =>
            {
                409
            }
            Self::ReadOnly => 403,
            Self::Io(error) if error.kind() == io::ErrorKind::StorageFull => 507,
            Self::Database(_) | Self::Points(_) | Self::Io(_) => 500,
        }
    }
}

/// The first key of a server, and whether it was made just now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstKey {
    pub user: String,
    pub key: String,
    pub is_new: bool,
}

impl Server {
    /// Opens a data directory, or makes it. `user` is the name of the first user of a new one.
    pub fn open(data: DataDir, user: &str) -> Result<(Arc<Self>, Option<FirstKey>), OpenError> {
        let failed = |path: &std::path::Path| {
            let path = path.display().to_string();
            move |source| OpenError::Io { path, source }
        };
        data.create().map_err(failed(data.path()))?;
        let lock = data
            .lock()
            .map_err(failed(data.path()))?
            .ok_or_else(|| OpenError::Taken(data.path().display().to_string()))?;
        let database = |reason: String| OpenError::Database {
            path: data.database().display().to_string(),
            reason,
        };
        let meta = Meta::open(&data.database()).map_err(|error| database(error.to_string()))?;
        let options = points::StoreOptions {
            budget: MEMORY,
            ..points::StoreOptions::default()
        };
        let points = points::Store::new(&data.points(), options)
            .map_err(|error| database(error.to_string()))?;
        let blobs =
            blobs::Blobs::open(data.blobs(), data.uploads()).map_err(failed(&data.blobs()))?;
        let secret = data.secret().map_err(failed(data.path()))?;
        let first = first_key(&data, &meta, user).map_err(|error| database(error.to_string()))?;
        let server = Self {
            meta,
            points,
            blobs,
            links: links::Links::new(&secret),
            content: RwLock::default(),
            held_back: Mutex::default(),
            changes: broadcast::channel(CHANGES).0,
            data,
            _lock: lock,
        };
        Ok((Arc::new(server), first))
    }

    /// Tells others that this process serves the directory, and where.
    pub fn announce(&self, url: &str) -> io::Result<()> {
        self.data.announce(url)
    }

    /// Seals, compacts and lets go what is not in use; to be called from time to time by one thread.
    pub(crate) fn maintain(&self) -> Result<(), Failure> {
        Ok(self.points.maintain()?)
    }

    /// Tells browsers that something has changed.
    pub(crate) fn changed(&self, entity: &str, project: &str, run: &str, what: &'static str) {
        // Nobody may be listening.
        let _ = self.changes.send(Change {
            entity: entity.to_owned(),
            project: project.to_owned(),
            run: run.to_owned(),
            what,
        });
    }

    /// Nothing is removed while this is held.
    pub(crate) fn keep_content(&self) -> RwLockReadGuard<'_, ()> {
        self.content.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes content that nobody has any more, of what was just let go.
    pub(crate) fn sweep_blobs(&self, digests: &[String]) -> Result<(), Failure> {
        let mut held_back = held(&self.held_back);
        if held_back.backups > 0 {
            held_back.digests.extend_from_slice(digests);
            return Ok(());
        }
        drop(held_back);
        for md5 in digests {
            let _alone = self.content.write().unwrap_or_else(PoisonError::into_inner);
            let needed = self.meta.read(|db| meta::files::is_needed(db, md5))?;
            if !needed {
                self.blobs.remove(md5)?;
            }
        }
        Ok(())
    }

    /// Does something while which no content is removed, however long it takes and whatever is deleted.
    pub(crate) fn without_removals<T>(
        &self,
        work: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        held(&self.held_back).backups += 1;
        let result = work();
        let mut held_back = held(&self.held_back);
        held_back.backups -= 1;
        let digests = if held_back.backups == 0 {
            std::mem::take(&mut held_back.digests)
        } else {
            Vec::new()
        };
        drop(held_back);
        self.sweep_blobs(&digests)?;
        result
    }

    /// Removes what was left behind: content and points that belong to nothing, because the server was killed while they
    /// were deleted.
    pub(crate) fn collect_garbage(&self) -> Result<(), Failure> {
        for run in self.points.runs()? {
            if self.meta.read(|db| meta::runs::by_id(db, run))?.is_none() {
                self.points.remove(run)?;
            }
        }
        self.sweep_blobs(&self.blobs.all()?)
    }
}

/// The key of the first user, who is made with it if there is no user yet.
fn first_key(data: &DataDir, meta: &Meta, name: &str) -> Result<Option<FirstKey>, Failure> {
    let users = meta.read(users::all)?;
    if let Some(first) = users.first() {
        return Ok(data.key().map(|key| FirstKey {
            user: first.name.clone(),
            key,
            is_new: false,
        }));
    }
    let key = data::new_key();
    // The file first: a server that is killed between the two makes the user anew, with another key.
    crate::store::rewrite(&data.key_file(), format!("{key}\n").as_bytes())?;
    meta.write(|db| {
        if let Some(user) = users::create(db, name, true, now())? {
            users::add_key(db, user.id, &key, now())?;
        }
        Ok::<_, Failure>(())
    })?;
    Ok(Some(FirstKey {
        user: name.to_owned(),
        key,
        is_new: true,
    }))
}

/// Whom a new key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    NewUser,
    /// A user who has keys.
    FurtherKey,
    /// A user whose earlier keys and sessions end.
    OnlyKey,
}

/// Makes a key and returns it. Works beside a server that runs.
pub fn add_key(data: &DataDir, name: &str, grant: Grant) -> Result<String, String> {
    let new_user = grant == Grant::NewUser;
    if new_user {
        graphql::check_entity(name)?;
    }
    let meta = Meta::open(&data.database()).map_err(|error| error.to_string())?;
    let key = data::new_key();
    let mut is_first = false;
    let added = meta.write(|db| {
        let user = if new_user {
            users::create(db, name, false, now())?
        } else {
            users::by_name(db, name)?
        };
        is_first = user.as_ref().is_some_and(|user| user.admin);
        if let Some(user) = &user {
            if grant == Grant::OnlyKey {
                users::revoke_keys(db, user.id)?;
            }
            users::add_key(db, user.id, &key, now())?;
        }
        Ok::<_, rusqlite::Error>(user.is_some())
    });
    match added {
        Ok(true) if is_first && grant == Grant::OnlyKey => {
            // What `login --local` finds must not be a key that is no longer good.
            let path = data.key_file();
            crate::store::rewrite(&path, format!("{key}\n").as_bytes())
                .map_err(|error| format!("{}: {error}", path.display()))?;
            Ok(key)
        }
        Ok(true) => Ok(key),
        Ok(false) if new_user => Err(format!("there is a user {name} already")),
        Ok(false) => Err(format!("there is no user {name}")),
        Err(error) => Err(error.to_string()),
    }
}

/// The value of a lock, also if its last holder panicked: what is behind locks here is whole between calls.
pub(crate) fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// This moment, in Unix seconds, to the millisecond: clients see no more of it, and find again what they saw.
pub(crate) fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |time| time.as_millis() as f64 / 1000.0)
}
