//! Which runs lie on this disk: found by their logs, each of them once.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use chrono::NaiveDateTime;

/// A run that lies on this disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalRun {
    /// Its transaction log.
    pub log: PathBuf,
    /// The directory of the log.
    pub dir: PathBuf,
    /// Its id, as the log's name tells it.
    pub id: String,
    /// The directory's name begins with `offline-`.
    pub offline: bool,
    /// The marker of the official client, `<log>.synced`, lies beside the log.
    pub synced: bool,
    /// Local time of the start, as the directory's name tells it.
    pub started: Option<NaiveDateTime>,
}

/// Why runs were not found at a path.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    #[error("no such file or directory: {}", .0.display())]
    Missing(PathBuf),
    #[error("not the log of a run: {}", .0.display())]
    NotALog(PathBuf),
    #[error("no run in {}", .0.display())]
    Empty(PathBuf),
    #[error("cannot read {}: {}", .0.display(), .1)]
    Read(PathBuf, io::Error),
}

impl FindError {
    /// The way out.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Missing(_) => {
                "name a run directory, its .wandb file or a wandb directory; `wandb-rs ls` lists what there is"
            }
            Self::NotALog(_) => "the log is the file in the run directory that ends in .wandb",
            Self::Empty(_) => {
                "runs lie in the directory `wandb` below the one where they were started; a run has a .wandb file"
            }
            Self::Read(..) => "is the directory yours, and the disk in order?",
        }
    }
}

impl LocalRun {
    /// The run of a log. The directory is that behind a link like `latest-run`.
    pub fn of_log(log: &Path) -> Self {
        let parent = match log.parent() {
            Some(parent) if parent != Path::new("") => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let dir = match fs::read_link(&parent) {
            Ok(target) => parent.parent().unwrap_or(Path::new("")).join(target),
            Err(_) => parent,
        };
        let log = dir.join(log.file_name().unwrap_or_default());
        let stem = log.file_stem().unwrap_or_default().to_string_lossy();
        // `.` has no name of its own.
        let real = fs::canonicalize(&dir).unwrap_or_else(|_| dir.clone());
        let name = real.file_name().unwrap_or_default().to_string_lossy();
        let (offline, rest) = match name.strip_prefix("offline-") {
            Some(rest) => (true, rest),
            None => (false, name.as_ref()),
        };
        Self {
            id: stem.strip_prefix("run-").unwrap_or(&stem).to_owned(),
            offline,
            synced: synced_marker(&log).exists(),
            started: started(rest),
            dir,
            log,
        }
    }
}

/// The file that says that a log has been uploaded.
pub fn synced_marker(log: &Path) -> PathBuf {
    let mut marker = log.as_os_str().to_owned();
    marker.push(".synced");
    PathBuf::from(marker)
}

/// A file whatever its names: device and number on it.
pub type FileId = (u64, u64);

/// Which file this is the metadata of.
pub fn file_id(metadata: &fs::Metadata) -> FileId {
    (metadata.dev(), metadata.ino())
}

/// The logs that programs of this user on this machine have open for writing. Empty where the system does not tell.
pub fn being_written() -> HashSet<FileId> {
    let mut found = HashSet::new();
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        // Of processes of others the directory cannot be read, and most entries are no processes.
        let descriptors = fs::read_dir(process.path().join("fd"));
        for descriptor in descriptors.into_iter().flatten().flatten() {
            let writes = || {
                let number = descriptor.file_name();
                let info = fs::read_to_string(process.path().join("fdinfo").join(number)).ok()?;
                let flags = info.lines().find_map(|line| line.strip_prefix("flags:"))?;
                // The lowest two bits are the access: 0 is reading.
                Some(u32::from_str_radix(flags.trim(), 8).ok()? & 3 != 0)
            };
            if fs::read_link(descriptor.path()).is_ok_and(|target| is_log(&target))
                && writes() == Some(true)
                && let Ok(metadata) = fs::metadata(descriptor.path())
            {
                found.insert(file_id(&metadata));
            }
        }
    }
    found
}

/// Whether one of those is this log.
pub fn is_being_written(log: &Path) -> bool {
    fs::metadata(log).is_ok_and(|metadata| being_written().contains(&file_id(&metadata)))
}

/// The start in `run-YYYYMMDD_HHMMSS-<id>`.
fn started(name: &str) -> Option<NaiveDateTime> {
    let stamp = name.strip_prefix("run-")?.get(..15)?;
    NaiveDateTime::parse_from_str(stamp, "%Y%m%d_%H%M%S").ok()
}

/// The runs at these paths, by start and path. Each path is a log, a run directory, a `wandb` directory, or a directory
/// that has one of those.
pub fn find(paths: &[PathBuf]) -> Result<Vec<LocalRun>, FindError> {
    let mut logs = Vec::new();
    for path in paths {
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(FindError::Missing(path.clone()));
            }
            Err(error) => return Err(FindError::Read(path.clone(), error)),
        };
        if !metadata.is_dir() {
            if !is_log(path) {
                return Err(FindError::NotALog(path.clone()));
            }
            logs.push(path.clone());
            continue;
        }
        let found = below(path).map_err(|error| FindError::Read(path.clone(), error))?;
        if found.is_empty() {
            return Err(FindError::Empty(path.clone()));
        }
        logs.extend(found);
    }
    Ok(distinct(&logs))
}

/// Whether a path is that of one run: its log, or its directory.
pub fn is_run(path: &Path) -> bool {
    if path.is_dir() {
        logs_in(path).is_ok_and(|logs| !logs.is_empty())
    } else {
        is_log(path) && path.exists()
    }
}

/// All runs of a `wandb` directory, by start and path.
pub fn all(wandb_dir: &Path) -> io::Result<Vec<LocalRun>> {
    Ok(distinct(&logs_of_runs(wandb_dir)?))
}

/// The logs in a directory; if there are none, those of the runs in it; if there are none, those in its `wandb`.
fn below(path: &Path) -> io::Result<Vec<PathBuf>> {
    let own = logs_in(path)?;
    if !own.is_empty() {
        return Ok(own);
    }
    let runs = logs_of_runs(path)?;
    let inner = super::wandb_dir(path);
    if runs.is_empty() && inner.is_dir() {
        return logs_of_runs(&inner);
    }
    Ok(runs)
}

fn logs_of_runs(wandb_dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut logs = Vec::new();
    for entry in fs::read_dir(wandb_dir)? {
        let path = entry?.path();
        // A link whose target has gone is no directory.
        if path.is_dir() {
            let found = logs_in(&path).map_err(|error| {
                io::Error::new(error.kind(), format!("{}: {error}", path.display()))
            })?;
            logs.extend(found);
        }
    }
    Ok(logs)
}

fn logs_in(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut logs = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if is_log(&path) && path.is_file() {
            logs.push(path);
        }
    }
    Ok(logs)
}

fn is_log(path: &Path) -> bool {
    path.extension() == Some(OsStr::new("wandb"))
}

/// One run for each log, however many names lead to it; a name without a link in it is preferred.
fn distinct(logs: &[PathBuf]) -> Vec<LocalRun> {
    let mut runs: HashMap<FileId, (bool, LocalRun)> = HashMap::new();
    for log in logs {
        let Ok(metadata) = fs::metadata(log) else {
            continue;
        };
        let linked = log.is_symlink() || log.parent().is_some_and(Path::is_symlink);
        let candidate = (linked, LocalRun::of_log(log));
        let known = runs
            .entry(file_id(&metadata))
            .or_insert_with(|| candidate.clone());
        if (candidate.0, &candidate.1.log) < (known.0, &known.1.log) {
            *known = candidate;
        }
    }
    let mut runs: Vec<LocalRun> = runs.into_values().map(|(_, run)| run).collect();
    runs.sort_unstable_by(|a, b| (a.started, &a.log).cmp(&(b.started, &b.log)));
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn run(wandb: &Path, name: &str, id: &str) -> PathBuf {
        let dir = wandb.join(name);
        fs::create_dir_all(&dir).unwrap();
        let log = dir.join(format!("run-{id}.wandb"));
        fs::write(&log, id).unwrap();
        log
    }

    fn ids(runs: &[LocalRun]) -> Vec<&str> {
        runs.iter().map(|run| run.id.as_str()).collect()
    }

    #[test]
    fn runs_are_found_once_and_in_order_of_their_start() {
        let root = tempfile::tempdir().unwrap();
        let wandb = root.path().join("wandb");
        let late = run(&wandb, "offline-run-20260102_000000-late", "late");
        let early = run(&wandb, "run-20260101_000000-early", "early");
        fs::write(synced_marker(&early), "").unwrap();
        symlink("offline-run-20260102_000000-late", wandb.join("latest-run")).unwrap();
        symlink("gone", wandb.join("broken")).unwrap();
        fs::write(wandb.join("settings"), "").unwrap();
        let runs = all(&wandb).unwrap();
        assert_eq!(ids(&runs), ["early", "late"]);
        assert!(runs[0].synced && !runs[0].offline);
        assert!(!runs[1].synced && runs[1].offline);
        assert_eq!(runs[1].log, late);
        assert_eq!(runs[0].started.unwrap().to_string(), "2026-01-01 00:00:00");
        for (paths, expected) in [
            (vec![early.clone()], vec!["early"]),
            (
                vec![late.parent().unwrap().to_owned(), early],
                vec!["early", "late"],
            ),
            (
                vec![wandb.clone(), wandb.join("latest-run")],
                vec!["early", "late"],
            ),
            (vec![root.path().to_owned()], vec!["early", "late"]),
        ] {
            assert_eq!(ids(&find(&paths).unwrap()), expected, "{paths:?}");
        }
        // A link alone is the directory behind it.
        let one = find(&[wandb.join("latest-run")]).unwrap();
        assert_eq!(one[0].log, late);
    }

    #[test]
    fn a_path_without_a_run_is_named() {
        let root = tempfile::tempdir().unwrap();
        let other = root.path().join("x.txt");
        fs::write(&other, "").unwrap();
        let told = |path: &Path| find(&[path.to_owned()]).unwrap_err().to_string();
        assert!(told(&root.path().join("none")).starts_with("no such file or directory: /"));
        assert!(told(&other).ends_with("x.txt"));
        assert!(told(root.path()).starts_with("no run in "));
    }

    #[test]
    fn a_log_that_is_open_for_writing_is_known() {
        let root = tempfile::tempdir().unwrap();
        let log = run(root.path(), "run-x", "x");
        let id = file_id(&fs::metadata(&log).unwrap());
        let reading = fs::File::open(&log).unwrap();
        assert!(!being_written().contains(&id));
        let writing = fs::File::options().append(true).open(&log).unwrap();
        assert_eq!(being_written().contains(&id), cfg!(target_os = "linux"));
        assert_eq!(is_being_written(&log), cfg!(target_os = "linux"));
        drop((reading, writing));
        assert!(!being_written().contains(&id));
    }

    #[test]
    fn names_without_a_stamp_have_no_start() {
        assert_eq!(started("run-x"), None);
        assert_eq!(started("run-20269999_000000-x"), None);
        let run = LocalRun::of_log(Path::new("some/where/simple.wandb"));
        assert_eq!(
            (run.id.as_str(), run.offline, run.started),
            ("simple", false, None)
        );
    }
}
