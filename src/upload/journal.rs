//! The journal of an upload, beside the log: `run-<id>.wandb.syncstate`.
//!
//! It holds what cannot be found out again: where the run's lines begin on the server. All else in it saves work only,
//! since lines that are sent twice replace themselves. The file is the official client's, with one member more:
//!
//! ```text
//! {"starting_step":0,"starting_runtime":0,"wandb_rs":{"server":…,"entity":…,"history_base":0,"history":25,…}}
//! ```
//!
//! Whoever uploads holds a lock on it. Source: `core/internal/runsyncstate` of the official repository, which locks the
//! file in the same way for a moment, and drops the member that it does not know.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};

use super::batch::{Bases, Counts};

/// A journal that this process alone writes.
#[derive(Debug)]
pub struct Journal {
    /// `None`: the directory cannot be written to.
    file: Option<File>,
    /// Held to the end; `None` where there are no locks.
    _lock: Option<Flock<File>>,
    content: Content,
    /// What is in the file.
    written: String,
}

/// Why there is no journal.
#[derive(Debug)]
pub enum JournalError {
    /// Another process uploads this run.
    Busy,
    Io(io::Error),
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Content {
    starting_step: Option<i64>,
    /// Milliseconds.
    starting_runtime: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wandb_rs: Option<Place>,
}

/// Where a run was uploaded to, and how much of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    pub server: String,
    pub entity: String,
    pub project: String,
    pub run: String,
    pub history_base: u64,
    pub events_base: u64,
    pub console_base: u64,
    /// Lines that the server has of this log.
    pub history: u64,
    pub events: u64,
    pub console: u64,
    pub alerts: u64,
    pub artifacts: u64,
    /// Files that the server has: name, and what tells whether they changed.
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub files: std::collections::BTreeMap<String, String>,
    /// Size in bytes of the log of which everything is on the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished: Option<u64>,
}

impl Place {
    /// Where the lines begin.
    pub fn bases(&self) -> Bases {
        Bases {
            history: self.history_base,
            events: self.events_base,
            console: self.console_base,
        }
    }

    /// How many lines the server has.
    pub fn counts(&self) -> Counts {
        Counts {
            history: self.history,
            events: self.events,
            console: self.console,
        }
    }
}

/// The journal of a log.
pub fn path_of(log: &Path) -> PathBuf {
    let mut path = log.as_os_str().to_owned();
    path.push(".syncstate");
    PathBuf::from(path)
}

/// Size in bytes of the log when it was uploaded as a whole, if a journal says so.
pub fn finished_size(log: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(path_of(log)).ok()?;
    let content: Content = serde_json::from_str(&text).ok()?;
    content.wandb_rs?.finished
}

impl Journal {
    /// Opens the journal of a log. Without the right to write there, what it would hold is kept in memory.
    pub fn open(log: &Path) -> Result<Self, JournalError> {
        let path = path_of(log);
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path);
        let file = match opened {
            Ok(file) => file,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
                ) =>
            {
                return Ok(Self {
                    file: None,
                    _lock: None,
                    content: std::fs::read_to_string(&path)
                        .map(|text| parse(&text))
                        .unwrap_or_default(),
                    written: String::new(),
                });
            }
            Err(error) => return Err(JournalError::Io(error)),
        };
        let same = file.try_clone().map_err(JournalError::Io)?;
        let lock = match Flock::lock(same, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => Some(lock),
            Err((_, nix::Error::EWOULDBLOCK)) => return Err(JournalError::Busy),
            // A file system without locks: two uploads of one run at once are the user's care.
            Err((_, nix::Error::ENOLCK | nix::Error::EOPNOTSUPP | nix::Error::ENOSYS)) => None,
            Err((_, error)) => return Err(JournalError::Io(error.into())),
        };
        let text = io::read_to_string(&file).map_err(JournalError::Io)?;
        Ok(Self {
            file: Some(file),
            _lock: lock,
            content: parse(&text),
            written: text,
        })
    }

    /// What is known of an upload to this place.
    pub fn place(&self, server: &str, run: &str) -> Option<&Place> {
        self.begun()
            .filter(|place| place.server == server && place.run == run)
    }

    /// The upload that was begun last, if any.
    pub fn begun(&self) -> Option<&Place> {
        self.content.wandb_rs.as_ref()
    }

    /// The step with which a resumed run goes on, if it was found out before.
    pub fn starting_step(&self) -> Option<i64> {
        self.content.starting_step
    }

    /// Writes down where the run begins; nothing may be sent before.
    pub fn begin(&mut self, place: Place, starting_step: i64, runtime_ms: i64) -> io::Result<()> {
        let elsewhere = self.content.wandb_rs.as_ref().is_some_and(|known| {
            let path = |place: &Place| {
                let Place {
                    server,
                    entity,
                    project,
                    run,
                    ..
                } = place;
                [server, entity, project, run].map(String::clone)
            };
            path(known) != path(&place)
        });
        if elsewhere {
            self.content.starting_step = None;
            self.content.starting_runtime = None;
        }
        self.content.starting_step.get_or_insert(starting_step);
        self.content.starting_runtime.get_or_insert(runtime_ms);
        self.content.wandb_rs = Some(place);
        self.write()?;
        match &self.file {
            Some(file) => file.sync_data(),
            None => Ok(()),
        }
    }

    /// Writes down what the server has. Losing this costs time, no data.
    pub fn note(&mut self, change: impl FnOnce(&mut Place)) {
        if let Some(place) = &mut self.content.wandb_rs {
            change(place);
            let _ = self.write();
        }
    }

    /// Written in place, since the lock is the file's; shorter content is filled up with blanks until it is cut.
    fn write(&mut self) -> io::Result<()> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let text = serde_json::to_string(&self.content)?;
        if text == self.written {
            return Ok(());
        }
        let padded = format!("{text:<width$}", width = self.written.len());
        file.write_all_at(padded.as_bytes(), 0)?;
        if padded.len() > text.len() {
            file.set_len(text.len() as u64)?;
        }
        self.written = text;
        Ok(())
    }
}

/// A journal that cannot be read counts as none: what it held is found out from the server.
fn parse(text: &str) -> Content {
    serde_json::from_str(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_there_the_next_time() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("run-a.wandb");
        let mut journal = Journal::open(&log).unwrap();
        assert!(matches!(Journal::open(&log), Err(JournalError::Busy)));
        let place = Place {
            server: "http://s".into(),
            run: "a".into(),
            history_base: 7,
            ..Place::default()
        };
        journal.begin(place, 3, 1500).unwrap();
        journal.note(|place| {
            place.files.insert("a long name.txt".into(), "12-5".into());
        });
        journal.note(|place| {
            place.history = 5;
            place.files.clear();
        });
        drop(journal);
        let text = std::fs::read_to_string(path_of(&log)).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["starting_step"], 3);
        assert_eq!(json["starting_runtime"], 1500);
        let journal = Journal::open(&log).unwrap();
        let place = journal.place("http://s", "a").unwrap();
        assert_eq!((place.history_base, place.history), (7, 5));
        assert!(journal.place("http://other", "a").is_none());
        assert_eq!(journal.starting_step(), Some(3));
    }

    #[test]
    fn journals_of_others_and_broken_ones_are_taken() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("run-a.wandb");
        for (text, step) in [
            ("", None),
            ("{\"starting_step\":4,\"starting_runtime\":0}", Some(4)),
            ("{\"starting_st", None),
        ] {
            std::fs::write(path_of(&log), text).unwrap();
            let journal = Journal::open(&log).unwrap();
            assert_eq!(journal.starting_step(), step);
            assert_eq!(journal.place("http://s", "a"), None);
        }
    }
}
