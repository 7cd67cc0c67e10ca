//! Writes a log anew as a whole, with some of its records changed.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};

use super::log_reader::{LogReader, ReadError};
use super::runs::file_id;
use crate::wire::log::{FILE_HEADER, Framer, LogError, Piece};
use crate::wire::proto::ProtoError;

/// Why a log was left as it is.
#[derive(Debug, thiserror::Error)]
pub enum RewriteError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("the log is damaged ({0}); writing it anew could lose more of it")]
    Damaged(LogError),
    #[error("another program works on it")]
    Busy,
    #[error("cannot write {}: {}", .0.display(), .1)]
    Write(PathBuf, io::Error),
}

/// Replaces the log by one in which `change` has been made to each record; gives how many were changed.
///
/// Records keep their order and numbers, those that are not changed their bytes. A record at the end that is not
/// complete is dropped: nobody can read it. Until the new log is complete the old one stays. Two programs that rewrite
/// one log exclude each other by a lock on it.
pub fn rewrite(
    log: &Path,
    mut change: impl FnMut(&[u8]) -> Result<Option<Vec<u8>>, ProtoError>,
) -> Result<usize, RewriteError> {
    let lock = lock(log)?;
    let mut name = log.as_os_str().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = PathBuf::from(name);
    let failed = |error| RewriteError::Write(temporary.clone(), error);
    let _ = fs::remove_file(&temporary);
    let mut out = BufWriter::new(super::new_private_file(&temporary).map_err(failed)?);
    let written = out
        .write_all(&FILE_HEADER)
        .map_err(failed)
        .and_then(|()| copy(log, &mut out, &mut change, failed))
        .and_then(|changed| {
            let permissions = lock.metadata().map_err(failed)?.permissions();
            let file = out
                .into_inner()
                .map_err(|error| failed(error.into_error()))?;
            file.set_permissions(permissions)
                .and_then(|()| file.sync_all())
                .and_then(|()| fs::rename(&temporary, log))
                .map_err(failed)?;
            Ok(changed)
        });
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn copy(
    log: &Path,
    out: &mut BufWriter<File>,
    change: &mut impl FnMut(&[u8]) -> Result<Option<Vec<u8>>, ProtoError>,
    failed: impl Fn(io::Error) -> RewriteError,
) -> Result<usize, RewriteError> {
    let mut framer = Framer::new();
    let mut framed = Vec::new();
    let mut changed = 0;
    let mut done = Ok(());
    LogReader::open(log)
        .map_err(ReadError::from)?
        .pieces(|piece| {
            if done.is_err() {
                return;
            }
            done = match piece {
                Piece::Damage(error) => Err(RewriteError::Damaged(error)),
                Piece::Record { offset, bytes } => match change(bytes) {
                    Err(_) => Err(RewriteError::Damaged(LogError::Message(offset))),
                    Ok(amended) => {
                        changed += usize::from(amended.is_some());
                        framed.clear();
                        framer.frame(amended.as_deref().unwrap_or(bytes), &mut framed);
                        out.write_all(&framed).map_err(&failed)
                    }
                },
            };
        })?;
    done.map(|()| changed)
}

fn lock(log: &Path) -> Result<Flock<File>, RewriteError> {
    let file = File::open(log).map_err(ReadError::from)?;
    let lock =
        Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|_| RewriteError::Busy)?;
    // Another one may have replaced the log between opening and locking.
    let (ours, now) = (lock.metadata(), fs::metadata(log));
    match (ours, now) {
        (Ok(ours), Ok(now)) if file_id(&ours) == file_id(&now) => Ok(lock),
        (Err(error), _) | (_, Err(error)) => Err(ReadError::Io(error).into()),
        _ => Err(RewriteError::Busy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::log_reader::Item;

    fn log(directory: &Path, records: &[&[u8]]) -> PathBuf {
        let mut bytes = FILE_HEADER.to_vec();
        let mut framer = Framer::new();
        for record in records {
            framer.frame(record, &mut bytes);
        }
        let path = directory.join("run-x.wandb");
        fs::write(&path, bytes).unwrap();
        path
    }

    fn records(log: &Path) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        let mut reader = LogReader::open(log).unwrap();
        let take = |item| match item {
            Item::Record(record) => found.push(record.bytes().to_vec()),
            Item::Damage(error) => panic!("{error}"),
        };
        reader.read(take).unwrap();
        found
    }

    #[expect(clippy::unnecessary_wraps, reason = "as the caller wants it")]
    fn double(record: &[u8]) -> Result<Option<Vec<u8>>, ProtoError> {
        Ok((record[0] == 2).then(|| [record, record].concat()))
    }

    #[test]
    fn only_what_is_meant_changes() {
        let directory = tempfile::tempdir().unwrap();
        let long = vec![2; 40_000];
        let path = log(directory.path(), &[b"one", &long, b"three"]);
        assert_eq!(rewrite(&path, double).unwrap(), 1);
        assert_eq!(
            records(&path),
            [b"one".to_vec(), vec![2; 80_000], b"three".to_vec()]
        );
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_or_locked_log_stays_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let path = log(directory.path(), &[b"one", b"two"]);
        let held = lock(&path).unwrap();
        assert!(matches!(rewrite(&path, double), Err(RewriteError::Busy)));
        drop(held);
        let mut bytes = fs::read(&path).unwrap();
        bytes[15] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert!(matches!(
            rewrite(&path, double),
            Err(RewriteError::Damaged(_))
        ));
        assert_eq!(fs::read(&path).unwrap(), bytes);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
