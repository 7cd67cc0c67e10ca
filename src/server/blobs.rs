//! Content of files and artifacts, stored once under its MD5 digest, which is what clients name it by.
//!
//! Content is written beside its place, brought to the disk and then renamed: what has a name is complete.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use md5::{Digest as _, Md5};

use crate::wire::hex;
use crate::{store, sys};

/// The store of content.
#[derive(Debug)]
pub(crate) struct Blobs {
    root: PathBuf,
    uploads: PathBuf,
}

/// Content that is arriving.
#[derive(Debug)]
pub(crate) struct Upload {
    path: PathBuf,
    file: File,
    digest: Md5,
    size: u64,
    kept: bool,
}

/// Content that is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    /// Hexadecimal.
    pub(crate) md5: String,
    /// Bytes.
    pub(crate) size: u64,
}

impl Blobs {
    /// A store in these directories, which exist. What was left of uploads is removed.
    pub(crate) fn open(root: PathBuf, uploads: PathBuf) -> io::Result<Self> {
        for entry in fs::read_dir(&uploads)?.flatten() {
            // Parts of multipart uploads are directories: their client may go on.
            if entry.file_type().is_ok_and(|kind| kind.is_file()) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Self { root, uploads })
    }

    /// The file of some content, whether it is there or not; `None` if the digest is none.
    pub(crate) fn path(&self, md5: &str) -> Option<PathBuf> {
        let fits = md5.len() == 32
            && md5
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        fits.then(|| self.root.join(&md5[..2]).join(&md5[2..]))
    }

    pub(crate) fn has(&self, md5: &str) -> bool {
        self.path(md5).is_some_and(|path| path.is_file())
    }

    /// Begins to take content in.
    pub(crate) fn begin(&self) -> io::Result<Upload> {
        let path = self.uploads.join(hex::encode(&sys::random::<12>()));
        Ok(Upload {
            file: store::new_private_file(&path)?,
            path,
            digest: Md5::new(),
            size: 0,
            kept: false,
        })
    }

    /// Keeps content that is complete.
    pub(crate) fn keep(&self, mut upload: Upload) -> io::Result<Stored> {
        let stored = Stored {
            md5: upload.md5(),
            size: upload.size,
        };
        let path = self
            .path(&stored.md5)
            .ok_or_else(|| io::Error::other("a digest of its own making"))?;
        if !path.is_file() {
            let directory = self.root.join(&stored.md5[..2]);
            if !directory.is_dir() {
                store::private_dir(&directory)?;
                File::open(&self.root)?.sync_all()?;
            }
            upload.file.sync_all()?;
            fs::rename(&upload.path, &path)?;
            File::open(&directory)?.sync_all()?;
            upload.kept = true;
        }
        Ok(stored)
    }

    /// Keeps bytes.
    pub(crate) fn put(&self, bytes: &[u8]) -> io::Result<Stored> {
        let mut upload = self.begin()?;
        upload.write(bytes)?;
        self.keep(upload)
    }

    /// Reads content into memory.
    pub(crate) fn read(&self, md5: &str) -> io::Result<Vec<u8>> {
        let path = self
            .path(md5)
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        fs::read(path)
    }

    /// The digests of all content that is there.
    pub(crate) fn all(&self) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        for directory in fs::read_dir(&self.root)?.flatten() {
            let first = directory.file_name();
            for entry in fs::read_dir(directory.path())?.flatten() {
                let name = [first.to_string_lossy(), entry.file_name().to_string_lossy()].concat();
                found.extend(self.path(&name).is_some().then_some(name));
            }
        }
        Ok(found)
    }

    /// Removes content that nobody needs any more.
    pub(crate) fn remove(&self, md5: &str) -> io::Result<()> {
        match self.path(md5).map(fs::remove_file) {
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The directory in which the parts of a multipart upload wait.
    pub(crate) fn parts(&self, id: &str) -> Option<PathBuf> {
        let fits =
            !id.is_empty() && id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        fits.then(|| self.uploads.join(format!("parts-{id}")))
    }

    /// Keeps one part of a multipart upload.
    pub(crate) fn keep_part(
        directory: &Path,
        number: u32,
        mut upload: Upload,
    ) -> io::Result<Stored> {
        store::private_dir(directory)?;
        let stored = Stored {
            md5: upload.md5(),
            size: upload.size,
        };
        upload.file.sync_all()?;
        fs::rename(&upload.path, directory.join(number.to_string()))?;
        upload.kept = true;
        File::open(directory)?.sync_all()?;
        Ok(stored)
    }

    /// Puts the parts together, in the order of their numbers. `None`, and nothing is kept, if they are not the content
    /// with this digest.
    pub(crate) fn join_parts(&self, directory: &Path, md5: &str) -> io::Result<Option<Stored>> {
        let mut parts: Vec<(u32, PathBuf)> = fs::read_dir(directory)?
            .flatten()
            .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
            .collect();
        parts.sort_unstable();
        let mut upload = self.begin()?;
        for (_, path) in parts {
            let mut part = File::open(path)?;
            let mut buffer = vec![0; 1 << 20];
            loop {
                let read = io::Read::read(&mut part, &mut buffer)?;
                if read == 0 {
                    break;
                }
                upload.write(&buffer[..read])?;
            }
        }
        if upload.md5() != md5 {
            return Ok(None);
        }
        let stored = self.keep(upload)?;
        fs::remove_dir_all(directory)?;
        Ok(Some(stored))
    }
}

impl Upload {
    /// Adds bytes.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.digest.update(bytes);
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// The digest of what has arrived, hexadecimal.
    pub(crate) fn md5(&self) -> String {
        hex::encode(&self.digest.clone().finalize())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if !self.kept {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blobs(directory: &Path) -> Blobs {
        for name in ["blobs", "uploads"] {
            fs::create_dir_all(directory.join(name)).unwrap();
        }
        Blobs::open(directory.join("blobs"), directory.join("uploads")).unwrap()
    }

    #[test]
    fn content_is_kept_once_under_its_digest() {
        let directory = tempfile::tempdir().unwrap();
        let blobs = blobs(directory.path());
        let stored = blobs.put(b"hello").unwrap();
        assert_eq!(stored.md5, "5d41402abc4b2a76b9719d911017c592");
        assert_eq!(blobs.put(b"hello").unwrap(), stored);
        assert_eq!(blobs.read(&stored.md5).unwrap(), b"hello");
        assert_eq!(
            fs::read_dir(directory.path().join("uploads"))
                .unwrap()
                .count(),
            0
        );
        blobs.remove(&stored.md5).unwrap();
        assert!(!blobs.has(&stored.md5));
    }

    #[test]
    fn what_did_not_arrive_completely_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let blobs = blobs(directory.path());
        let mut upload = blobs.begin().unwrap();
        upload.write(b"half").unwrap();
        drop(upload);
        assert_eq!(
            fs::read_dir(directory.path().join("uploads"))
                .unwrap()
                .count(),
            0
        );
    }

    #[test]
    fn parts_are_joined_by_their_numbers() {
        let directory = tempfile::tempdir().unwrap();
        let blobs = blobs(directory.path());
        let parts = blobs.parts("abc").unwrap();
        for (number, text) in [(10, "c"), (2, "b"), (1, "a")] {
            let mut upload = blobs.begin().unwrap();
            upload.write(text.as_bytes()).unwrap();
            Blobs::keep_part(&parts, number, upload).unwrap();
        }
        assert_eq!(blobs.join_parts(&parts, "00").unwrap(), None);
        let md5 = "900150983cd24fb0d6963f7d28e17f72";
        let stored = blobs.join_parts(&parts, md5).unwrap().unwrap();
        assert_eq!(blobs.read(&stored.md5).unwrap(), b"abc");
        assert!(!parts.exists());
    }

    #[test]
    fn a_digest_never_leads_out_of_the_store() {
        let directory = tempfile::tempdir().unwrap();
        let blobs = blobs(directory.path());
        for bad in [
            "",
            "../../../../etc/passwd",
            "5D41402ABC4B2A76B9719D911017C592",
            "5d41402abc4b2a76b9719d911017c59/",
        ] {
            assert_eq!(blobs.path(bad), None, "{bad}");
        }
        assert_eq!(blobs.parts("../x"), None);
    }
}
