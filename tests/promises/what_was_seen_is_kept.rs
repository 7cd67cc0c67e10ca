//! Promise 3, what was seen is kept: killed at any moment, the log holds what had come 50 ms before and reads without a
//! note.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::common::{Run, TestEnv, eventually, kill, read_until, start};

/// Prints rows and tells when each was printed.
const SCRIPT: &str = "i=0; while :; do echo \"step=$i loss=0.$i\"; i=$((i + 1)); sleep 0.01; done";

/// `0.{i}` as a number: without the zeros at its end.
fn shown(i: usize) -> String {
    let value: f64 = format!("0.{i}").parse().unwrap();
    format!("{value:?}")
}

#[test]
fn killed_at_any_time_the_log_is_readable_and_current() {
    for round in 0..super::rounds(20) as usize {
        let env = TestEnv::new();
        let mut child = start(env.script(&["--silent", "--no-stats"], SCRIPT));
        read_until(&mut child, &format!("step={} ", round % 7));
        // Everything seen now must be in the log 50 ms later, whatever happens then.
        std::thread::sleep(Duration::from_millis(50));
        kill(&child, Signal::SIGKILL);
        child.wait().unwrap();
        let run = Run::read(&env.run_dir());
        let rows = run.rows();
        assert!(rows.len() > round % 7, "round {round}: {rows:?}");
        for (i, row) in rows.iter().enumerate() {
            assert_eq!(
                *row,
                format!("{i}: loss={} step={i}", shown(i)),
                "round {round}"
            );
        }
        assert_eq!(run.exit_code(), None);
        // The script's pipe is broken now: it ends by itself.
        assert!(eventually(|| child.try_wait().is_ok()));
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
