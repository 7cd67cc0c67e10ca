//! Files that are put into a run.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::RunInfo;
use crate::wire::jsonl::Policy;
use crate::wire::schema::FilesItem;

/// Names below `files/` that are the run's own.
const RESERVED: &[&str] = &[
    "output.log",
    "config.yaml",
    "wandb-summary.json",
    "wandb-metadata.json",
    "requirements.txt",
    "diff.patch",
];

/// Puts a file into the run: a copy if it is to be uploaded now, else a link to where it is.
pub(super) fn save(info: &RunInfo, path: &str, policy: Policy) -> Result<FilesItem, String> {
    let files = info
        .files
        .as_ref()
        .ok_or("save: the run has no directory")?;
    let source = info.directory.join(path);
    let error = |error: io::Error| format!("save {path:?}: {error}");
    let source = source.canonicalize().map_err(error)?;
    if !source.is_file() {
        return Err(format!("save {path:?}: not a regular file"));
    }
    let base = info.directory.canonicalize().map_err(error)?;
    let inside = files.canonicalize().map_err(error)?;
    let there = source.strip_prefix(&inside).ok().map(Path::to_owned);
    let name = match (&there, source.strip_prefix(&base)) {
        (Some(below), _) => below.clone(),
        (None, Ok(below)) => below.to_owned(),
        (None, Err(_)) => PathBuf::from(source.file_name().unwrap_or_default()),
    };
    let name_text = name
        .to_str()
        .ok_or_else(|| format!("save {path:?}: the name is not UTF-8"))?
        .to_owned();
    if RESERVED.contains(&name_text.as_str()) {
        return Err(format!(
            "save {path:?}: {name_text} is a file of the run itself"
        ));
    }
    if there.is_none() {
        let target = files.join(&name);
        if let Some(parent) = target.parent() {
            crate::store::private_dir(parent).map_err(error)?;
        }
        let _ = fs::remove_file(&target);
        match policy {
            Policy::Now => copy_private(&source, &target).map_err(error)?,
            Policy::End | Policy::Live => {
                std::os::unix::fs::symlink(&source, &target).map_err(error)?;
            }
        }
    }
    Ok(FilesItem {
        path: name_text,
        policy: policy.number(),
        file_type: 0,
    })
}

fn copy_private(source: &Path, target: &Path) -> io::Result<()> {
    let mut from = fs::File::open(source)?;
    let mut to = crate::store::new_private_file(target)?;
    io::copy(&mut from, &mut to).map(|_| ())
}
