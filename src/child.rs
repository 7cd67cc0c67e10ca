//! The child process: how it is found and started, how its output reaches us, how it ends.
//!
//! The child gets a process group of its own. Each of its three streams is of the same kind as ours: where ours
//! is a terminal it gets a pseudo-terminal (then the child is also the leader of a session), otherwise stdin is
//! handed through and output goes through a pipe. Its bytes are passed on before they are looked at.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use nix::sys::signal::Signal;

pub mod capture;
pub mod signals;
pub mod spawn;
pub mod terminal;
pub mod tree;

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Exit(i32),
    Signal(i32),
}

impl From<ExitStatus> for Ending {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Exit(code),
            (None, signal) => Self::Signal(signal.unwrap_or(9)),
        }
    }
}

impl Ending {
    /// The exit code that the run records: the child's own, 128 + n for signal n, 255 for an interrupt
    /// (as the SDK records a Ctrl-C).
    pub fn recorded_code(self) -> i32 {
        match self {
            Self::Exit(code) => code,
            Self::Signal(signal) if signal == Signal::SIGINT as i32 => 255,
            Self::Signal(signal) => 128 + signal,
        }
    }

    /// The signal's name, if it was one.
    pub fn signal_name(self) -> Option<String> {
        match self {
            Self::Exit(_) => None,
            Self::Signal(number) => Some(
                Signal::try_from(number)
                    .map_or_else(|_| format!("signal {number}"), |signal| signal.to_string()),
            ),
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.signal_name()) {
            (Self::Exit(0), _) => write!(f, "Run finished (exit code 0)"),
            (Self::Exit(code), _) => write!(f, "Run failed (exit code {code})"),
            (_, Some(name)) if name == "SIGINT" => write!(f, "Run interrupted ({name})"),
            (_, name) => write!(f, "Run killed ({})", name.unwrap_or_default()),
        }
    }
}

/// Why a program could not be started.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    #[error("{0}: command not found")]
    NotFound(String),
    #[error("{0}: not executable: {1}")]
    NotExecutable(String, io::Error),
    #[error("{0}: {1}")]
    Other(String, io::Error),
}

impl SpawnError {
    /// Sorts an error of starting `program` by what the user can do about it.
    pub fn new(program: &OsStr, error: io::Error) -> Self {
        let name = program.to_string_lossy().into_owned();
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound(name),
            io::ErrorKind::PermissionDenied | io::ErrorKind::IsADirectory => {
                Self::NotExecutable(name, error)
            }
            _ if error.raw_os_error() == Some(nix::libc::ENOEXEC) => {
                Self::NotExecutable(name, error)
            }
            _ => Self::Other(name, error),
        }
    }

    /// The exit status that `env` and `timeout` use for it.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NotFound(_) => 127,
            Self::NotExecutable(..) => 126,
            Self::Other(..) => 125,
        }
    }
}

/// The file that `program` means: itself if it has a slash, else the first executable in `path`.
pub fn find_program(program: &OsStr, path: Option<&OsStr>) -> Result<PathBuf, SpawnError> {
    let check = |file: &Path| -> io::Result<()> {
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        if metadata.permissions().mode() & 0o111 == 0 {
            return Err(io::Error::from(io::ErrorKind::PermissionDenied));
        }
        Ok(())
    };
    if program.is_empty() {
        return Err(SpawnError::NotFound("\"\"".to_owned()));
    }
    if program.as_encoded_bytes().contains(&b'/') {
        let file = PathBuf::from(program);
        return check(&file)
            .map(|()| file)
            .map_err(|error| SpawnError::new(program, error));
    }
    let default = OsString::from("/bin:/usr/bin");
    let mut denied = None;
    for directory in std::env::split_paths(path.unwrap_or(&default)) {
        let file = directory.join(program);
        match check(&file) {
            Ok(()) => return Ok(file),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => denied = Some(error),
            Err(_) => {}
        }
    }
    let error = denied.unwrap_or_else(|| io::Error::from(io::ErrorKind::NotFound));
    Err(SpawnError::new(program, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_say_what_happened() {
        for (ending, text, code) in [
            (Ending::Exit(0), "Run finished (exit code 0)", 0),
            (Ending::Exit(3), "Run failed (exit code 3)", 3),
            (Ending::Signal(2), "Run interrupted (SIGINT)", 255),
            (Ending::Signal(9), "Run killed (SIGKILL)", 137),
            (Ending::Signal(40), "Run killed (signal 40)", 168),
        ] {
            assert_eq!(
                (ending.to_string().as_str(), ending.recorded_code()),
                (text, code)
            );
        }
    }

    #[test]
    fn programs_are_found_as_a_shell_finds_them() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("tool");
        std::fs::write(&file, "").unwrap();
        let path = dir.path().as_os_str();
        let code = |name: &str| {
            find_program(OsStr::new(name), Some(path))
                .unwrap_err()
                .exit_code()
        };
        assert_eq!(
            (code("missing"), code("tool"), code(""), code("/")),
            (127, 126, 127, 126)
        );
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(find_program(OsStr::new("tool"), Some(path)).unwrap(), file);
    }
}
