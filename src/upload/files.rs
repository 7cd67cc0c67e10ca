//! The files of a run: what the server has of them, and what is to be stored.
//!
//! Names are sent in one question, the bytes by several threads at once. Source: `core/internal/runfiles` of the
//! official repository.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::UNIX_EPOCH;

use bytes::Bytes;

use crate::api::transfer::Content;
use crate::api::{Api, ApiError, Caller};
use crate::wire::hex;

/// Files that one question names.
const QUESTION: usize = 500;
/// Files that are sent at once.
const AT_ONCE: usize = 8;

/// A file to be stored.
#[derive(Debug, Clone)]
pub struct File {
    /// Its name in the run, with `/`.
    pub name: String,
    pub source: Source,
    /// 0 other, 1 W&B's own, 2 media, 3 artifact.
    pub kind: i32,
    /// Tells whether it has changed since it was stored.
    pub mark: String,
}

/// Where a file's content is.
#[derive(Debug, Clone)]
pub enum Source {
    Memory(Bytes),
    /// A file and its size in bytes.
    Disk(PathBuf, u64),
}

impl File {
    /// A file that is made from the log.
    pub fn made(name: &str, content: String) -> Self {
        use md5::Digest as _;
        let mark = hex::encode(&md5::Md5::digest(content.as_bytes()));
        Self {
            name: name.to_owned(),
            source: Source::Memory(Bytes::from(content)),
            kind: 1,
            mark,
        }
    }

    /// A file of the run's directory; `None` if it is not there.
    pub fn found(files: &Path, name: &str, kind: i32) -> Option<Self> {
        let path = files.join(name);
        let metadata = path.metadata().ok()?;
        let changed = metadata
            .modified()
            .ok()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
            .map_or(0, |time| time.as_nanos());
        metadata.is_file().then(|| Self {
            name: name.to_owned(),
            mark: format!("{}-{changed}", metadata.len()),
            source: Source::Disk(path, metadata.len()),
            kind,
        })
    }

    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        match &self.source {
            Source::Memory(bytes) => bytes.len() as u64,
            Source::Disk(_, size) => *size,
        }
    }
}

/// Whether a name stays within the run's directory.
pub fn is_inside(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('/')
        && name.split('/').all(|part| part != ".." && !part.is_empty())
}

/// A run on the server, for its files.
#[derive(Debug, Clone, Copy)]
pub struct Of<'a> {
    pub entity: &'a str,
    pub project: &'a str,
    pub run: &'a str,
}

/// What became of files.
#[derive(Debug, Default)]
pub struct Stored {
    /// Places in the list of files.
    pub stored: Vec<usize>,
    pub failed: Vec<(usize, ApiError)>,
}

/// Stores files; `done` hears of each that is stored.
pub fn store(
    api: &Api,
    of: Of<'_>,
    files: &[File],
    caller: Caller<'_>,
    done: &(dyn Fn(&File) + Sync),
) -> Result<Stored, ApiError> {
    let mut result = Stored::default();
    for (question, part) in files.chunks(QUESTION).enumerate() {
        let names: Vec<String> = part.iter().map(|file| file.name.clone()).collect();
        let places = api.create_files(of.entity, of.project, of.run, &names, caller)?;
        let next = AtomicUsize::new(0);
        let results = Mutex::new(Vec::new());
        let work = || {
            loop {
                let i = next.fetch_add(1, Ordering::SeqCst);
                let Some(file) = part.get(i) else { return };
                let sent = send(api, file, &places, caller);
                if sent.is_ok() {
                    done(file);
                }
                let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                results.push((question * QUESTION + i, sent));
            }
        };
        match part.len().min(AT_ONCE) {
            0 | 1 => work(),
            threads => std::thread::scope(|scope| {
                for _ in 1..threads {
                    // Without a thread the others do its part.
                    let _ = std::thread::Builder::new()
                        .name("upload".to_owned())
                        .stack_size(256 << 10)
                        .spawn_scoped(scope, work);
                }
                work();
            }),
        }
        let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
        for (i, sent) in results {
            match sent {
                Ok(()) => result.stored.push(i),
                Err(error) => result.failed.push((i, error)),
            }
        }
    }
    result.stored.sort_unstable();
    Ok(result)
}

fn send(
    api: &Api,
    file: &File,
    places: &crate::api::runs::Places,
    caller: Caller<'_>,
) -> Result<(), ApiError> {
    let url = places.urls.iter().find(|(name, _)| *name == file.name);
    let Some((_, url)) = url else {
        return Err(ApiError::Answer {
            what: file.name.clone(),
            message: "the server does not say where to store it".to_owned(),
        });
    };
    // A server that gives no URL does not want the file.
    let Some(url) = url else { return Ok(()) };
    let content = match &file.source {
        Source::Memory(bytes) => Content::Bytes(bytes.clone()),
        Source::Disk(path, size) => Content::File(path, 0, *size),
    };
    api.put(&file.name, url, &places.headers, &content, caller)
        .map(drop)
}

/// Whether a name fits a glob: `*` and `?` stand for anything but `/`, `**` for anything.
pub fn fits(glob: &str, name: &str) -> bool {
    fn fits(glob: &[u8], name: &[u8]) -> bool {
        match glob {
            [] => name.is_empty(),
            [b'*', b'*', rest @ ..] => (0..=name.len()).any(|at| fits(rest, &name[at..])),
            [b'*', rest @ ..] => {
                let end = name.iter().position(|byte| *byte == b'/');
                (0..=end.unwrap_or(name.len())).any(|at| fits(rest, &name[at..]))
            }
            [b'?', rest @ ..] => {
                matches!(name, [byte, tail @ ..] if *byte != b'/' && fits(rest, tail))
            }
            [byte, rest @ ..] => {
                matches!(name, [first, tail @ ..] if first == byte && fits(rest, tail))
            }
        }
    }
    fits(glob.as_bytes(), name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_stay_within_a_directory() {
        for (glob, name, expected) in [
            ("*.pt", "model.pt", true),
            ("*.pt", "a/model.pt", false),
            ("**.pt", "a/model.pt", true),
            ("a/*", "a/b", true),
            ("a/?.txt", "a/bc.txt", false),
            ("output.log", "output.log", true),
        ] {
            assert_eq!(fits(glob, name), expected, "{glob} {name}");
        }
    }

    #[test]
    fn names_cannot_leave_the_directory() {
        for (name, inside) in [
            ("a/b.txt", true),
            ("../b", false),
            ("/etc/passwd", false),
            ("a/../../b", false),
            ("", false),
        ] {
            assert_eq!(is_inside(name), inside, "{name}");
        }
    }
}
