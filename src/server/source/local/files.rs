//! The files of a run, where they lie. Nothing outside of a run's `files/` is ever shown, whatever links lead there.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde_json::{Value, json};

use crate::server::storage::{mime_type, normal_name};
use crate::store::runs::LocalRun;

/// Most files of a list, and how deep directories are looked into.
const MOST: usize = 50_000;
const DEEPEST: usize = 32;

/// A file of a run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct File {
    /// With `/` between its parts.
    name: String,
    /// Bytes.
    size: u64,
    /// Unix seconds.
    updated: f64,
}

impl File {
    fn of(name: String, metadata: &Metadata) -> Self {
        let modified = metadata.modified().ok();
        let age = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Self {
            name,
            size: metadata.len(),
            updated: age.map_or(0.0, |time| time.as_secs_f64()),
        }
    }

    /// As the pages show it.
    pub(super) fn shown(&self) -> Value {
        json!({
            "name": self.name,
            "size": self.size,
            "updated": self.updated,
            "mimetype": mime_type(&self.name),
        })
    }
}

/// The files of all parts of a run, by name; of one name that of the last part.
pub(super) fn all(logs: &[LocalRun]) -> Vec<File> {
    let mut found = BTreeMap::new();
    for root in roots(logs) {
        collect(&root, &root, 0, &mut found);
    }
    found.into_values().collect()
}

/// Where a file lies, with all links resolved; `None` if there is none, or one that is not for showing.
pub(super) fn find(logs: &[LocalRun], name: &str) -> Option<PathBuf> {
    let name = normal_name(name);
    if name.is_empty() {
        return None;
    }
    let mut roots: Vec<PathBuf> = roots(logs).collect();
    roots.reverse();
    roots
        .iter()
        .find_map(|root| inside(root, &root.join(&name)))
}

/// The content of a file that is not larger than so many bytes.
pub(super) fn read(logs: &[LocalRun], name: &str, most: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = fs::File::open(find(logs, name)?).ok()?;
    file.take(most + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= most).then_some(bytes)
}

fn roots(logs: &[LocalRun]) -> impl Iterator<Item = PathBuf> {
    logs.iter().filter_map(|log| {
        let run = fs::canonicalize(&log.dir).ok()?;
        // `files` itself may be a link, but not out of the run.
        let root = fs::canonicalize(run.join("files")).ok()?;
        root.starts_with(&run).then_some(root)
    })
}

/// The regular file behind a path, if it lies below the root.
fn inside(root: &Path, path: &Path) -> Option<PathBuf> {
    let real = fs::canonicalize(path).ok()?;
    (real.starts_with(root) && real.is_file()).then_some(real)
}

fn collect(root: &Path, directory: &Path, depth: usize, found: &mut BTreeMap<String, File>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if found.len() >= MOST {
            return;
        }
        let path = entry.path();
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() {
            if depth < DEEPEST {
                collect(root, &path, depth + 1, found);
            }
            continue;
        }
        // Names that are no text cannot be asked for.
        let name = path.strip_prefix(root).ok().and_then(Path::to_str);
        // What is reached without a link lies below the root.
        let metadata = if kind.is_symlink() {
            inside(root, &path).and_then(|real| fs::metadata(real).ok())
        } else {
            entry.metadata().ok().filter(Metadata::is_file)
        };
        if let Some(name) = name
            && let Some(metadata) = metadata
        {
            found.insert(name.to_owned(), File::of(name.to_owned(), &metadata));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn only_what_lies_in_the_files_of_the_run_is_shown() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("run-x");
        let files = dir.join("files");
        fs::create_dir_all(files.join("media/images")).unwrap();
        fs::write(files.join("media/images/a.png"), "png").unwrap();
        fs::write(files.join("output.log"), "text").unwrap();
        fs::write(dir.join("run-x.wandb"), "").unwrap();
        fs::write(root.path().join("secret"), "secret").unwrap();
        symlink(root.path().join("secret"), files.join("out")).unwrap();
        symlink(root.path(), files.join("up")).unwrap();
        symlink("output.log", files.join("same")).unwrap();
        let logs = [LocalRun::of_log(&dir.join("run-x.wandb"))];
        let names: Vec<String> = all(&logs).into_iter().map(|file| file.name).collect();
        assert_eq!(names, ["media/images/a.png", "output.log", "same"]);
        let read = |name: &str| read(&logs, name, 10);
        assert_eq!(read("media/images/a.png").unwrap(), b"png");
        assert_eq!(read("same").unwrap(), b"text");
        for hidden in [
            "out",
            "up/secret",
            "../run-x.wandb",
            "media/../../run-x.wandb",
            "/etc/passwd",
            "media",
            "none",
            "",
        ] {
            assert_eq!(find(&logs, hidden), None, "{hidden}");
        }
        assert_eq!(super::read(&logs, "output.log", 3), None);
    }

    #[test]
    fn of_a_run_with_several_parts_the_last_file_of_a_name_counts() {
        let root = tempfile::tempdir().unwrap();
        let logs: Vec<LocalRun> = ["one", "two"]
            .map(|part| {
                let dir = root.path().join(part);
                fs::create_dir_all(dir.join("files")).unwrap();
                fs::write(dir.join("files/output.log"), part).unwrap();
                fs::write(dir.join("files").join(part), part).unwrap();
                LocalRun::of_log(&dir.join("run-x.wandb"))
            })
            .into();
        assert_eq!(all(&logs).len(), 3);
        assert_eq!(read(&logs, "output.log", 10).unwrap(), b"two");
        assert_eq!(read(&logs, "one", 10).unwrap(), b"one");
    }
}
