//! Commands that stay in the background: what they say once they are ready, and how they are ended.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::error::Error;

/// How long ending may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Prints what whoever has started this process waits for, and lets go of stdout: the pipe must not stay open with us.
pub(super) fn say_and_let_go(told: &[u8]) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(told).and_then(|()| stdout.flush());
    drop(stdout);
    if let Ok(null) = OpenOptions::new().write(true).open("/dev/null") {
        let _ = nix::unistd::dup2_stdout(null);
    }
}

/// Ends a process and waits until it runs no more.
pub(super) fn end(pid: Pid, still_runs: impl Fn() -> Result<bool, Error>) -> Result<(), Error> {
    kill(pid, Signal::SIGTERM)
        .map_err(|error| Error::new(format!("process {pid} cannot be stopped: {error}")))?;
    let start = Instant::now();
    while kill(pid, None).is_ok() && still_runs()? {
        if start.elapsed() > PATIENCE {
            return Err(Error::new(format!("process {pid} does not end")));
        }
        std::thread::park_timeout(Duration::from_millis(5));
    }
    Ok(())
}
