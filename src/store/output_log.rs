//! `files/output.log`: final lines are appended, the last lines that may still change are rewritten in place.
//!
//! A convenience copy: it can be rebuilt from the transaction log, so an error here ends only this file.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use crate::store::new_private_file;
use crate::term::ConsoleLog;

/// Writer of one `output.log`; the file comes into being with the first line.
#[derive(Debug)]
pub struct OutputLog {
    path: PathBuf,
    file: Option<File>,
    /// Where the lines that may change begin.
    settled: u64,
    failed: bool,
}

impl OutputLog {
    /// A writer for a file that does not exist yet.
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            file: None,
            settled: 0,
            failed: false,
        }
    }

    /// Moves the file; what comes is written there.
    pub fn move_to(&mut self, path: PathBuf) -> io::Result<()> {
        if self.file.is_some() {
            std::fs::rename(&self.path, &path)?;
        }
        self.path = path;
        Ok(())
    }

    /// Appends the lines that have become final.
    pub fn settle(&mut self, console: &mut ConsoleLog) -> io::Result<()> {
        let text = console.finished();
        if text.is_empty() {
            return Ok(());
        }
        let written = self.attempt(|log| {
            let at = log.settled;
            log.open()?.write_all_at(text.as_bytes(), at)?;
            log.settled += text.len() as u64;
            Ok(())
        });
        console.forget_finished();
        written
    }

    /// Brings the file up to date, with the lines that may still change at its end.
    pub fn write(&mut self, console: &mut ConsoleLog) -> io::Result<()> {
        self.settle(console)?;
        let tail = console.tail();
        if tail.is_empty() {
            return Ok(());
        }
        self.attempt(|log| {
            let at = log.settled;
            let file = log.open()?;
            file.write_all_at(tail.as_bytes(), at)?;
            file.set_len(at + tail.len() as u64)
        })
    }

    /// The first error is reported, everything after it is silence.
    fn attempt(&mut self, write: impl FnOnce(&mut Self) -> io::Result<()>) -> io::Result<()> {
        if self.failed {
            return Ok(());
        }
        write(self).inspect_err(|_| self.failed = true)
    }

    fn open(&mut self) -> io::Result<&File> {
        if self.file.is_none() {
            self.file = Some(new_private_file(&self.path)?);
        }
        self.file
            .as_ref()
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Stream;

    #[test]
    fn the_file_follows_the_console() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("output.log");
        let mut log = OutputLog::new(path.clone());
        let mut console = ConsoleLog::default();
        log.write(&mut console).unwrap();
        assert!(!path.exists());
        let mut expected = String::new();
        for i in 0..100 {
            console.write(Stream::Stdout, &format!("line {i}\n50%"));
            log.write(&mut console).unwrap();
            let now = std::fs::read_to_string(&path).unwrap();
            assert!(now.ends_with("50%\n"), "{now}");
            console.write(Stream::Stdout, "\r");
            expected.push_str(&format!("line {i}\n"));
        }
        console.write(Stream::Stdout, "end");
        expected.push_str("end\n");
        log.write(&mut console).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
    }
}
