//! The run directory: its names, links and files. Layout and names are the official ones.
//!
//! ```text
//! <root>/wandb/                          or <root>/.wandb/ if that exists
//!   latest-run -> offline-run-20241105_111816-pdo5110r
//!   debug.log  -> offline-run-…/logs/debug.log
//!   offline-run-20241105_111816-pdo5110r/
//!     run-pdo5110r.wandb                 the transaction log: the truth
//!     files/                             output.log, config.yaml, wandb-summary.json, wandb-metadata.json, …
//!     logs/debug.log
//!     tmp/code/
//! ```
//!
//! Everything is made private to the user: directories 0700, files 0600, whatever the umask.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::run::id::RunId;
use crate::wire::sdk::Settings;

pub mod derived;
pub mod log_reader;
pub mod log_writer;
pub mod output_log;
pub mod rewrite;
pub mod runs;
pub mod survey;
pub mod yaml;

/// A run directory that exists.
#[derive(Debug, Clone)]
pub struct RunDir {
    wandb_dir: PathBuf,
    path: PathBuf,
    log: PathBuf,
}

impl RunDir {
    /// Makes the directory of a run under `root`; `stamp` is the local start time as `YYYYMMDD_HHMMSS`.
    /// If the name is taken, `-1`, `-2` … is appended.
    pub fn create(root: &Path, id: &RunId, stamp: &str, offline: bool) -> io::Result<Self> {
        let wandb_dir = wandb_dir(root);
        private_dir(&wandb_dir)?;
        let kind = if offline { "offline-run" } else { "run" };
        let name = format!("{kind}-{stamp}-{}", id.as_str());
        let mut builder = DirBuilder::new();
        builder.mode(0o700);
        for attempt in 0..1000 {
            let path = match attempt {
                0 => wandb_dir.join(&name),
                n => wandb_dir.join(format!("{name}-{n}")),
            };
            match builder.create(&path) {
                Ok(()) => {
                    for inner in ["files", "logs", "tmp", "tmp/code"] {
                        builder.create(path.join(inner))?;
                    }
                    return Ok(Self {
                        wandb_dir,
                        log: path.join(format!("run-{}.wandb", id.as_str())),
                        path,
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            format!(
                "{} and 999 others like it exist",
                wandb_dir.join(name).display()
            ),
        ))
    }

    /// The directory of a run that somebody else has made, and its log.
    pub fn of_others(path: PathBuf, log: PathBuf) -> Self {
        Self {
            wandb_dir: path.parent().unwrap_or(Path::new(".")).to_owned(),
            path,
            log,
        }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory that holds all runs.
    pub fn wandb_dir(&self) -> &Path {
        &self.wandb_dir
    }

    /// A path below `files/`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join("files").join(name)
    }

    /// Where logs of this program about the run lie.
    pub fn logs(&self) -> PathBuf {
        self.path.join("logs")
    }

    /// The transaction log's path.
    pub fn log_path(&self) -> &Path {
        &self.log
    }

    /// Points `latest-run` and `debug.log` to this run, relative, so that the directory can be moved.
    pub fn link(&self) -> io::Result<()> {
        let name = self.path.file_name().unwrap_or_default();
        replace_link(&self.wandb_dir.join("latest-run"), Path::new(name))?;
        replace_link(
            &self.wandb_dir.join("debug.log"),
            &Path::new(name).join("logs/debug.log"),
        )
    }

    /// Takes the directory away again, and the links if they point to it; for runs that did not come to be.
    pub fn remove(self) {
        let name = self.path.file_name().unwrap_or_default();
        for (link, target) in [
            ("latest-run", PathBuf::from(name)),
            ("debug.log", Path::new(name).join("logs/debug.log")),
        ] {
            let link = self.wandb_dir.join(link);
            if fs::read_link(&link).is_ok_and(|found| found == target) {
                let _ = fs::remove_file(link);
            }
        }
        let _ = fs::remove_dir_all(&self.path);
        // Only if nothing else is in it.
        let _ = fs::remove_dir(&self.wandb_dir);
    }
}

/// Where the runs of a wrapped script lie at present: the main one's directory changes when it becomes that of the
/// script's SDK, and the script may open more.
#[derive(Debug, Clone, Default)]
pub struct Place(Arc<Mutex<Places>>);

#[derive(Debug, Default)]
struct Places {
    main: Option<RunDir>,
    others: Vec<PathBuf>,
    closed: Vec<PathBuf>,
    over: Vec<PathBuf>,
    followed: Vec<PathBuf>,
    /// What the script's SDK has told of runs, by log.
    settings: Vec<(PathBuf, Arc<Settings>)>,
    /// The main run has moved.
    moved: bool,
    /// Called on every change.
    listener: Option<Listener>,
}

/// Somebody who is called.
struct Listener(Box<dyn Fn() + Send>);

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Listener")
    }
}

impl Place {
    /// A run that lies here, or nowhere.
    pub fn new(dir: Option<RunDir>) -> Self {
        Self(Arc::new(Mutex::new(Places {
            main: dir,
            ..Places::default()
        })))
    }

    fn lock(&self) -> MutexGuard<'_, Places> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The main run's directory now.
    pub fn get(&self) -> Option<RunDir> {
        self.lock().main.clone()
    }

    /// The main run has moved.
    pub fn set(&self, dir: RunDir) {
        self.change(|places| {
            places.main = Some(dir);
            places.moved = true;
        });
    }

    /// Whether this is the main run's log now.
    pub fn is_main(&self, log: &Path) -> bool {
        let places = self.lock();
        places
            .main
            .as_ref()
            .is_some_and(|dir| dir.log_path() == log)
    }

    /// Whether the main run has moved.
    pub fn has_moved(&self) -> bool {
        self.lock().moved
    }

    /// Calls `listener` on every change; it must not look here.
    pub fn listen(&self, listener: impl Fn() + Send + 'static) {
        self.lock().listener = Some(Listener(Box::new(listener)));
    }

    fn change(&self, change: impl FnOnce(&mut Places)) {
        let mut places = self.lock();
        change(&mut places);
        if let Some(Listener(call)) = &places.listener {
            call();
        }
    }

    /// The script has opened another run, with this log.
    pub fn add(&self, log: &Path) {
        self.change(|places| places.others.push(log.to_owned()));
    }

    /// Nothing will be written to this log any more.
    pub fn close(&self, log: &Path) {
        self.change(|places| places.closed.push(log.to_owned()));
    }

    /// The script has said that the run of this log is over; all that it has said is written.
    pub fn set_over(&self, log: &Path) {
        self.change(|places| places.over.push(log.to_owned()));
    }

    /// Whether the script has said that the run of a log is over.
    pub fn is_over(&self, log: &Path) -> bool {
        self.lock().over.iter().any(|over| over == log)
    }

    /// Whether nothing will be written to a log any more.
    pub fn is_closed(&self, log: &Path) -> bool {
        self.lock().closed.iter().any(|closed| closed == log)
    }

    /// What the script's SDK has told of the run of a log.
    pub fn set_settings(&self, log: &Path, settings: &Settings) {
        self.lock()
            .settings
            .push((log.to_owned(), Arc::new(settings.clone())));
    }

    /// What the script's SDK has told of the run of a log; `None` if it has not opened it.
    pub fn settings_of(&self, log: &Path) -> Option<Arc<Settings>> {
        let places = self.lock();
        let found = places.settings.iter().rfind(|(known, _)| known == log);
        found.map(|(_, settings)| Arc::clone(settings))
    }

    /// The logs of all other runs.
    pub fn others(&self) -> Vec<PathBuf> {
        self.lock().others.clone()
    }

    /// Whether the log is being uploaded, or was.
    pub fn is_followed(&self, log: &Path) -> bool {
        self.lock().followed.iter().any(|known| known == log)
    }

    /// Nobody will ask for a log any more.
    pub fn forget(&self, log: &Path) {
        let mut places = self.lock();
        let places = &mut *places;
        for logs in [
            &mut places.others,
            &mut places.closed,
            &mut places.over,
            &mut places.followed,
        ] {
            logs.retain(|known| known != log);
        }
        places.settings.retain(|(known, _)| known != log);
    }

    /// The log is being uploaded from now on.
    pub fn set_followed(&self, log: &Path) {
        self.lock().followed.push(log.to_owned());
    }
}

/// `<root>/.wandb` if that exists, else `<root>/wandb`.
pub fn wandb_dir(root: &Path) -> PathBuf {
    let hidden = root.join(".wandb");
    if hidden.is_dir() {
        hidden
    } else {
        root.join("wandb")
    }
}

/// Makes a directory (and its parents) that only the user can enter; one that exists is left as it is.
pub fn private_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Opens a new private file for writing; it must not exist.
pub fn new_private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Opens a private file for writing from its beginning; what was in it is gone.
pub fn empty_private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
}

/// Writes a private file as a whole: readers see the old content or the new, never a part.
pub fn write_atomic(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}.tmp", std::process::id()));
    let temporary = PathBuf::from(temporary);
    let _ = fs::remove_file(&temporary);
    let written = new_private_file(&temporary)
        .and_then(|mut file| file.write_all(content))
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Writes a file that is not ours alone, as a whole: what a link points to is replaced, not the link, and a file that
/// exists keeps its owner and its mode. A new one is private, as is the directory that is made for it.
pub fn rewrite(path: &Path, content: &[u8]) -> io::Result<()> {
    let path = target_of(path)?;
    if let Some(directory) = path.parent() {
        private_dir(directory)?;
    }
    let old = match fs::metadata(&path) {
        Ok(metadata) if metadata.is_file() => Some(metadata),
        Ok(_) => return Err(io::Error::other("not a regular file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}.tmp", std::process::id()));
    let temporary = PathBuf::from(temporary);
    let _ = fs::remove_file(&temporary);
    let write = || {
        let mut file = new_private_file(&temporary)?;
        file.write_all(content)?;
        if let Some(old) = old {
            // Only root can give files away; for everybody else the owner is the same already.
            let _ = std::os::unix::fs::fchown(&file, Some(old.uid()), Some(old.gid()));
            file.set_permissions(old.permissions())?;
        }
        file.sync_all()?;
        fs::rename(&temporary, &path)
    };
    write().inspect_err(|_| drop(fs::remove_file(&temporary)))
}

/// What a path stands for when links are followed, also if nothing is there yet.
fn target_of(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..40 {
        let Ok(link) = fs::read_link(&path) else {
            return Ok(path);
        };
        path = path.parent().unwrap_or(Path::new("/")).join(link);
    }
    Err(io::Error::from(nix::errno::Errno::ELOOP))
}

/// Copies a file as [`write_atomic`] writes one; makes the directory for it.
pub fn copy_atomic(source: &Path, target: &Path) -> io::Result<()> {
    if let Some(directory) = target.parent() {
        private_dir(directory)?;
    }
    write_atomic(target, &fs::read(source)?)
}

/// Writes a file that the user named: a regular file is replaced as a whole; into anything else (a device, a pipe, what
/// a link points to) it is written.
pub fn write_where_asked(path: &Path, content: &[u8]) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(metadata) if !metadata.is_file() => OpenOptions::new()
            .write(true)
            .truncate(true)
            .open(path)?
            .write_all(content),
        _ => write_atomic(path, content),
    }
}

fn replace_link(link: &Path, target: &Path) -> io::Result<()> {
    let mut temporary = link.as_os_str().to_owned();
    temporary.push(format!(".{}", std::process::id()));
    let temporary = PathBuf::from(temporary);
    let _ = fs::remove_file(&temporary);
    std::os::unix::fs::symlink(target, &temporary)?;
    fs::rename(&temporary, link).inspect_err(|_| {
        let _ = fs::remove_file(&temporary);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn create(root: &Path) -> RunDir {
        let id = RunId::parse("abc12345").unwrap();
        RunDir::create(root, &id, "20241105_111816", true).unwrap()
    }

    #[test]
    fn names_links_and_permissions() {
        let root = tempfile::tempdir().unwrap();
        let first = create(root.path());
        let second = create(root.path());
        assert!(
            first
                .path()
                .ends_with("wandb/offline-run-20241105_111816-abc12345")
        );
        assert!(
            second
                .path()
                .ends_with("wandb/offline-run-20241105_111816-abc12345-1")
        );
        assert!(second.log_path().ends_with("run-abc12345.wandb"));
        first.link().unwrap();
        second.link().unwrap();
        let link = fs::read_link(root.path().join("wandb/latest-run")).unwrap();
        assert_eq!(link, Path::new("offline-run-20241105_111816-abc12345-1"));
        for path in [first.wandb_dir(), first.path(), &first.logs()] {
            assert_eq!(
                fs::metadata(path).unwrap().permissions().mode() & 0o777,
                0o700
            );
        }
        write_atomic(&first.file("x.json"), b"{}").unwrap();
        write_atomic(&first.file("x.json"), b"{1}").unwrap();
        assert_eq!(fs::read(first.file("x.json")).unwrap(), b"{1}");
        assert_eq!(
            fs::metadata(first.file("x.json"))
                .unwrap()
                .permissions()
                .mode()
                & 0o777,
            0o600
        );
        assert_eq!(fs::read_dir(first.path().join("files")).unwrap().count(), 1);
    }

    #[test]
    fn a_hidden_directory_is_used_if_it_exists() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join(".wandb")).unwrap();
        assert!(
            create(root.path())
                .path()
                .starts_with(root.path().join(".wandb"))
        );
    }

    #[test]
    fn a_file_of_others_keeps_its_mode_and_its_links() {
        let root = tempfile::tempdir().unwrap();
        let (file, link) = (root.path().join("real"), root.path().join("deep/link"));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        fs::create_dir(root.path().join("deep")).unwrap();
        std::os::unix::fs::symlink("../real", &link).unwrap();
        rewrite(&link, b"new").unwrap();
        assert_eq!(
            (fs::read(&file).unwrap(), mode(&file)),
            (b"new".into(), 0o600)
        );
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        rewrite(&link, b"newer").unwrap();
        assert_eq!(
            (fs::read(&file).unwrap(), mode(&file)),
            (b"newer".into(), 0o640)
        );
        assert!(link.is_symlink());
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 2);
        let round = root.path().join("round");
        std::os::unix::fs::symlink("round", &round).unwrap();
        assert!(rewrite(&round, b"").is_err());
        assert!(rewrite(Path::new("/dev/null"), b"").is_err());
    }

    #[test]
    fn removing_leaves_other_runs_alone() {
        let root = tempfile::tempdir().unwrap();
        let (first, second) = (create(root.path()), create(root.path()));
        first.remove();
        assert!(second.path().is_dir());
        second.remove();
        assert!(!root.path().join("wandb").exists());
    }
}
