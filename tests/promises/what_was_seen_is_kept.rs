//! Promise 3, what was seen is kept: killed at any moment, the log holds what had come 50 ms before and reads without a
//! note.

use std::os::unix::process::ExitStatusExt as _;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::common::{Run, TestEnv, kill, read_until, start};

/// Prints rows and tells when each was printed.
const SCRIPT: &str = "i=0; while :; do echo \"step=$i loss=0.$i\"; i=$((i + 1)); sleep 0.01; done";

/// `0.{i}` as a number: without the zeros at its end.
fn shown(i: usize) -> String {
    let value: f64 = format!("0.{i}").parse().unwrap();
    format!("{value:?}")
}

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Wrapper,
    Script,
    Both,
}

/// Lets so much time pass, without that in which a process waits for a processor that others keep busy.
fn let_it_work(pid: u32, time: Duration) {
    // Of all threads the time for which they have waited, and whether none of them has to do anything now: a wait that
    // goes on is not in the sum.
    let look = || {
        let (mut waited, mut idle) = (0, true);
        for thread in std::fs::read_dir(format!("/proc/{pid}/task")).unwrap() {
            let thread = thread.unwrap().path();
            let read = |name: &str| std::fs::read_to_string(thread.join(name)).unwrap_or_default();
            let nanoseconds = read("schedstat");
            waited += nanoseconds
                .split(' ')
                .nth(1)
                .and_then(|word| word.parse::<u64>().ok())
                .unwrap_or_default();
            let state = read("stat");
            idle &= state
                .rsplit_once(") ")
                .is_none_or(|(_, rest)| !rest.starts_with(['R', 'D']));
        }
        (Duration::from_nanos(waited), idle)
    };
    let (start, (before, _)) = (Instant::now(), look());
    loop {
        let (waited, idle) = look();
        if idle && start.elapsed() >= time + waited.saturating_sub(before) {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn killed_at_any_time_the_log_is_readable_and_current() {
    let script = format!("echo $$ >script; {SCRIPT}");
    for round in 0..super::rounds(21) as usize {
        let victim = [Victim::Wrapper, Victim::Script, Victim::Both][round % 3];
        let context = format!("round {round}, {victim:?}");
        let env = TestEnv::new();
        let mut child = start(env.script(&["--silent", "--no-stats"], &script));
        let seen = read_until(&mut child, &format!("step={} ", round % 7));
        // Everything seen now must be in the log 50 ms later, whatever happens then.
        let_it_work(child.id(), Duration::from_millis(50));
        if victim != Victim::Wrapper {
            let pid = std::fs::read_to_string(env.work().join("script")).unwrap();
            let pid = nix::unistd::Pid::from_raw(pid.trim().parse().unwrap());
            nix::sys::signal::kill(pid, Signal::SIGKILL).unwrap();
        }
        if victim != Victim::Script {
            kill(&child, Signal::SIGKILL);
        }
        let done = crate::common::wait(child);
        assert_eq!(done.status.signal(), Some(9), "{context}");
        let run = Run::read(&env.run_dir());
        let rows = run.rows();
        assert!(rows.len() > round % 7, "{context}: {rows:?}");
        for (i, row) in rows.iter().enumerate() {
            assert_eq!(
                *row,
                format!("{i}: loss={} step={i}", shown(i)),
                "{context}"
            );
        }
        if victim == Victim::Script {
            // We were there to the end: nothing that was printed is missing, and the end is known.
            let printed = format!("{seen}{}", done.stdout);
            assert_eq!(run.console(1), printed, "{context}");
            assert_eq!(rows.len(), printed.matches('\n').count(), "{context}");
            assert_eq!(run.exit_code(), Some(137), "{context}");
            assert!(run.complete, "{context}");
        } else {
            // Of the two the script dies first: its end may be known.
            let known = victim == Victim::Both && run.exit_code() == Some(137);
            assert!(known || run.exit_code().is_none(), "{context}");
        }
    }
}

#[test]
fn a_signal_to_everyone_loses_nothing() {
    for _ in 0..5 {
        let env = TestEnv::new();
        let mut command = env.script(&["--silent"], SCRIPT);
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = start(command);
        let seen = read_until(&mut child, "step=5 ");
        nix::sys::signal::killpg(
            nix::unistd::Pid::from_raw(child.id() as i32),
            Signal::SIGTERM,
        )
        .unwrap();
        let done = crate::common::wait(child);
        let printed = format!("{seen}{}", done.stdout);
        let run = env.read_run();
        assert_eq!(run.console(1), printed);
        assert_eq!(run.rows().len(), printed.matches('\n').count());
        assert!(run.exit_code().is_some() && run.complete);
    }
}
