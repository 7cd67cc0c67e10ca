//! The netrc file on the disk.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::store;

/// A netrc file, with its bytes kept whatever they mean.
pub(super) struct NetrcFile {
    path: PathBuf,
    pub(super) text: String,
    utf8: bool,
    /// Permissions; those of a new file if there is none.
    pub(super) mode: u32,
}

impl NetrcFile {
    /// Reads the file; one that does not exist is empty.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        use std::os::unix::fs::PermissionsExt as _;
        let failed = |error: &std::io::Error| {
            Error::new(format!("{} cannot be read: {error}", path.display()))
                .hint("mend it, or set NETRC to the path of another netrc file")
        };
        let (bytes, mode) = match std::fs::read(path) {
            Ok(bytes) => {
                let metadata = std::fs::metadata(path).map_err(|error| failed(&error))?;
                (bytes, metadata.permissions().mode())
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => (Vec::new(), 0o600),
            Err(error) => return Err(failed(&error)),
        };
        let (text, utf8) = match String::from_utf8(bytes) {
            Ok(text) => (text, true),
            // An older character set: each byte is taken for one character, and written as it was.
            Err(error) => (
                error.into_bytes().into_iter().map(char::from).collect(),
                false,
            ),
        };
        Ok(Self {
            path: path.to_owned(),
            text,
            utf8,
            mode,
        })
    }

    /// Replaces the file.
    pub(super) fn write(&self, text: &str) -> Result<(), Error> {
        let bytes = if self.utf8 {
            text.as_bytes().to_vec()
        } else {
            text.chars().map(|c| c as u8).collect()
        };
        store::rewrite(&self.path, &bytes).map_err(|error| {
            Error::new(format!(
                "{} cannot be written: {error}",
                self.path.display()
            ))
            .hint("set WANDB_API_KEY, or NETRC to the path of another netrc file")
        })
    }
}
