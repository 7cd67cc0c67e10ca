//! Programs that we start for ourselves (`git`), kept apart from the orphans that the supervisor collects.

use std::collections::HashSet;
use std::process::{Command, Output, Stdio};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::unistd::Pid;

static RUNNING: LazyLock<Mutex<HashSet<i32>>> = LazyLock::new(Mutex::default);
/// Held while a helper is started, so that it is known before anyone can collect it.
static STARTING: Mutex<()> = Mutex::new(());

/// Keeps helpers from being started while it is held.
pub fn lock() -> MutexGuard<'static, ()> {
    STARTING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a process is a helper that its starter waits for.
pub fn is_ours(pid: Pid) -> bool {
    running().contains(&pid.as_raw())
}

fn running() -> MutexGuard<'static, HashSet<i32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a program without input; its output if it succeeds within `patience`.
pub fn output(command: &mut Command, patience: Duration) -> Option<Output> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let child = {
        let _lock = lock();
        let child = command.spawn().ok()?;
        running().insert(child.id() as i32);
        child
    };
    let pid = child.id() as i32;
    let (done, ended) = std::sync::mpsc::sync_channel(1);
    let waiting = std::thread::Builder::new()
        .name("helper".to_owned())
        .spawn(move || {
            let _ = done.send(child.wait_with_output());
        });
    let output = if let Ok(output) = ended.recv_timeout(patience) {
        output.ok()
    } else {
        let _ = nix::sys::signal::kill(Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL);
        None
    };
    if let Ok(waiting) = waiting {
        let _ = waiting.join();
    }
    running().remove(&pid);
    output.filter(|output| output.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_of_those_who_succeed_in_time() {
        let shell = |script: &str, patience| {
            output(Command::new("sh").args(["-c", script]), patience)
                .map(|o| String::from_utf8(o.stdout).unwrap())
        };
        let patience = Duration::from_secs(20);
        assert_eq!(shell("echo a", patience).as_deref(), Some("a\n"));
        assert_eq!(shell("exit 1", patience), None);
        assert_eq!(shell("exec sleep 100", Duration::from_millis(10)), None);
        assert_eq!(output(&mut Command::new("no-such-program"), patience), None);
        assert!(running().is_empty());
    }
}
