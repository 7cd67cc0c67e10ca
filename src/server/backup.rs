//! Copies of a data directory, also of one that is being served.
//!
//! The copy is made by the process that serves the directory, because only that one can hold a series still while its
//! files are copied: the command asks it, by `POST /-/api/backup`. The database is copied first: content and points that
//! it knows of are there already.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::data::DataDir;
use super::points::Stream;
use super::{Failure, Server, held};
use crate::store;
use crate::tls;

/// How long the copy of a large directory may take.
const PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// Copies a data directory to a new one.
pub fn run(data: &DataDir, target: &Path) -> Result<(), String> {
    if target.symlink_metadata().is_ok() {
        return Err("it exists already".to_owned());
    }
    let Some(running) = data.running() else {
        let (server, _) = Server::open(data.clone(), "user").map_err(|error| error.to_string())?;
        return server
            .back_up(target)
            .map_err(|failure| failure.to_string());
    };
    let key = data.key().ok_or_else(|| {
        format!(
            "{} is missing: the server that runs must be asked with it",
            data.key_file().display()
        )
    })?;
    let client = tls::client()
        .timeout(PATIENCE)
        .no_proxy()
        .build()
        .map_err(|error| error.to_string())?;
    let answer = client
        .post(format!("{}/-/api/backup", running.url))
        .bearer_auth(key)
        .json(&serde_json::json!({"target": target}))
        .send()
        .map_err(|error| error.without_url().to_string())?;
    if answer.status().is_success() {
        return Ok(());
    }
    let told: serde_json::Value = answer.json().unwrap_or_default();
    Err(told["error"]
        .as_str()
        .unwrap_or("the server refused")
        .to_owned())
}

impl Server {
    /// Copies all data to a directory that does not exist.
    pub(crate) fn back_up(&self, target: &Path) -> Result<(), Failure> {
        if !target.is_absolute() || target.symlink_metadata().is_ok() {
            return Err(Failure::Invalid(format!(
                "{} exists already",
                target.display()
            )));
        }
        let copy = DataDir::new(target.to_owned());
        let done = copy
            .create()
            .map_err(Failure::from)
            .and_then(|()| self.without_removals(|| self.copy_all(&copy)));
        if done.is_err() {
            // Half a backup would be taken for one.
            let _ = fs::remove_dir_all(target);
        }
        done
    }

    fn copy_all(&self, copy: &DataDir) -> Result<(), Failure> {
        self.meta.copy_to(&copy.database())?;
        fs::set_permissions(
            copy.database(),
            std::os::unix::fs::PermissionsExt::from_mode(0o600),
        )?;
        for name in ["api-key", "secret"] {
            let source = self.data.path().join(name);
            if source.exists() {
                copy_file(&source, &copy.path().join(name))?;
            }
        }
        for directory in directories(&self.data.blobs())? {
            copy_directory(&directory, &copy.blobs())?;
        }
        for directory in directories(&self.data.points())? {
            let name = directory.file_name().and_then(|name| name.to_str());
            let Some(run) = name.and_then(|name| name.parse::<i64>().ok()) else {
                continue;
            };
            let target = copy.points().join(run.to_string());
            store::private_dir(&target)?;
            for stream in Stream::ALL {
                let source = directory.join(stream.name());
                if source.is_dir() {
                    let series = self.points.series(run, stream)?;
                    let _still = held(&series);
                    copy_directory(&source, &target)?;
                }
            }
        }
        Ok(())
    }
}

fn directories(path: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(path)?.flatten();
    let directories = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    Ok(directories.map(|entry| entry.path()).collect())
}

/// Copies a directory of files into another directory, under the same name.
fn copy_directory(source: &Path, into: &Path) -> io::Result<()> {
    let target = into.join(source.file_name().unwrap_or_default());
    store::private_dir(&target)?;
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            match copy_file(&entry.path(), &target.join(entry.file_name())) {
                // The points of a run that is deleted meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => other?,
            }
        }
    }
    Ok(())
}

fn copy_file(source: &Path, target: &Path) -> io::Result<()> {
    let mut from = fs::File::open(source)?;
    let mut to = store::new_private_file(target)?;
    io::copy(&mut from, &mut to)?;
    to.sync_all()
}
