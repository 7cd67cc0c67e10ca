//! The server's data directory: who may use it, and what lies where.
//!
//! ```text
//! lock          held by the process that serves it (flock)
//! server.json   {"pid", "url"} of that process
//! api-key       the first key, for `wandb-rs login --local`
//! secret        signs the addresses of uploads and downloads
//! meta.db       users, projects, runs, artifacts, sweeps (SQLite)
//! blobs/        content of files, by digest
//! points/       history, system metrics and console of runs
//! server.log    what the server in the background has to say
//! ```
//!
//! All of it is the user's alone: directories 0700, files 0600.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};

use crate::wire::hex;
use crate::{store, sys};

/// The directory that is used unless another one is named.
pub const VARIABLE: &str = "WANDB_RS_SERVER_DIR";

/// How often a lock is tried for.
const LOOKS: usize = 5;

/// A data directory.
#[derive(Debug, Clone)]
pub struct DataDir(PathBuf);

/// A server that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    pub pid: i32,
    /// The address of its pages and its API.
    pub url: String,
}

impl DataDir {
    /// The directory at this path, which need not exist.
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// The user's own: what the variable [`VARIABLE`] names, else `wandb-rs/server` among the user's data.
    pub fn default_of(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        if let Some(path) = set(VARIABLE) {
            return Some(Self(path.into()));
        }
        let data = set("XDG_DATA_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| set("HOME").map(|home| Path::new(&home).join(".local/share")))?;
        Some(Self(data.join("wandb-rs").join("server")))
    }

    /// Makes the directory, unless it is there.
    pub fn create(&self) -> io::Result<()> {
        store::private_dir(&self.0)?;
        for name in ["blobs", "points", "uploads"] {
            store::private_dir(&self.0.join(name))?;
        }
        Ok(())
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Whether a server has run on it.
    pub fn has_server(&self) -> bool {
        self.database().is_file()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.0.join("meta.db")
    }

    pub(crate) fn blobs(&self) -> PathBuf {
        self.0.join("blobs")
    }

    pub(crate) fn points(&self) -> PathBuf {
        self.0.join("points")
    }

    /// Where content waits until it is complete.
    pub(crate) fn uploads(&self) -> PathBuf {
        self.0.join("uploads")
    }

    /// Where the server in the background writes what it has to say.
    pub fn log(&self) -> PathBuf {
        self.0.join("server.log")
    }

    /// The file of the first API key.
    pub fn key_file(&self) -> PathBuf {
        self.0.join("api-key")
    }

    /// The first API key, if there is one.
    pub fn key(&self) -> Option<String> {
        let text = fs::read_to_string(self.key_file()).ok()?;
        Some(text.trim().to_owned()).filter(|key| !key.is_empty())
    }

    /// Takes the directory for this process; `None` if another one has it.
    pub(crate) fn lock(&self) -> io::Result<Option<Flock<File>>> {
        let path = self.0.join("lock");
        let file = match store::new_private_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                File::options().read(true).write(true).open(&path)?
            }
            other => other?,
        };
        let mut file = file;
        for _ in 0..LOOKS {
            match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                Ok(lock) => return Ok(Some(lock)),
                // Or somebody only looks whether a server runs.
                Err((back, nix::errno::Errno::EWOULDBLOCK)) => file = back,
                Err((_, error)) => return Err(error.into()),
            }
            std::thread::park_timeout(Duration::from_millis(10));
        }
        Ok(None)
    }

    /// The server that runs on this directory, if one does.
    pub fn running(&self) -> Option<Running> {
        let text = fs::read_to_string(self.0.join("server.json")).ok()?;
        let file = File::open(self.0.join("lock")).ok()?;
        // Who serves has the lock; without one the file was left behind.
        match Flock::lock(file, FlockArg::LockSharedNonblock) {
            Ok(_) => None,
            Err(_) => serde_json::from_str(&text).ok(),
        }
    }

    /// Tells others that this process serves the directory.
    pub(crate) fn announce(&self, url: &str) -> io::Result<()> {
        let running = Running {
            pid: std::process::id() as i32,
            url: url.to_owned(),
        };
        let text = serde_json::to_vec(&running).map_err(io::Error::other)?;
        store::write_atomic(&self.0.join("server.json"), &text)
    }

    /// The secret that signs addresses; made when it is first needed.
    pub(crate) fn secret(&self) -> io::Result<Vec<u8>> {
        let path = self.0.join("secret");
        match fs::read(&path) {
            Ok(secret) if secret.len() == 32 => Ok(secret),
            Ok(_) => Err(io::Error::other(format!(
                "{} is damaged; remove it",
                path.display()
            ))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let secret = sys::random::<32>().to_vec();
                store::rewrite(&path, &secret)?;
                Ok(secret)
            }
            Err(error) => Err(error),
        }
    }
}

/// A new API key: as long as the official clients want it, and of characters that they accept.
pub(crate) fn new_key() -> String {
    format!("local-{}", hex::encode(&sys::random::<20>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_is_found_by_variables() {
        let with = |set: &'static [(&'static str, &'static str)]| {
            DataDir::default_of(|name| {
                set.iter()
                    .find(|(known, _)| *known == name)
                    .map(|(_, value)| (*value).to_owned())
            })
            .map(|directory| directory.path().to_string_lossy().into_owned())
        };
        assert_eq!(
            with(&[(VARIABLE, "/x"), ("HOME", "/h")]).as_deref(),
            Some("/x")
        );
        assert_eq!(
            with(&[("XDG_DATA_HOME", "/d"), ("HOME", "/h")]).as_deref(),
            Some("/d/wandb-rs/server")
        );
        assert_eq!(
            with(&[("XDG_DATA_HOME", "relative"), ("HOME", "/h")]).as_deref(),
            Some("/h/.local/share/wandb-rs/server")
        );
        assert_eq!(with(&[]), None);
    }

    #[test]
    fn one_process_serves_a_directory_and_others_see_it() {
        let temporary = tempfile::tempdir().unwrap();
        let directory = DataDir::new(temporary.path().join("data"));
        directory.create().unwrap();
        let lock = directory.lock().unwrap();
        assert!(lock.is_some() && directory.lock().unwrap().is_none());
        directory.announce("http://127.0.0.1:1").unwrap();
        assert_eq!(directory.running().unwrap().url, "http://127.0.0.1:1");
        drop(lock);
        assert_eq!(directory.running(), None);
    }

    #[test]
    fn keys_are_accepted_by_official_clients() {
        let key = new_key();
        assert_eq!(key.split_once('-').unwrap().1.len(), 40);
        assert_ne!(key, new_key());
    }
}
