//! Signals reach the child, interrupts escalate, and nothing of an interrupted run is left.

use std::os::unix::process::ExitStatusExt as _;

use nix::sys::signal::Signal;

use crate::common::{TestEnv, kill, read_until, ready, start, wait};

#[test]
fn every_forwarded_signal_reaches_the_child() {
    let env = TestEnv::new();
    for signal in [
        Signal::SIGTERM,
        Signal::SIGHUP,
        Signal::SIGUSR1,
        Signal::SIGUSR2,
        Signal::SIGQUIT,
    ] {
        let name = signal.as_str().trim_start_matches("SIG");
        let child = ready(
            &env,
            &["--silent"],
            &format!("trap 'echo got {name}; exit 42' {name}"),
        );
        kill(&child, signal);
        let done = wait(child);
        assert_eq!(
            (done.code(), done.stdout.as_str()),
            (42, format!("got {name}\n").as_str())
        );
        let run = env.read_run();
        assert_eq!(run.exit_code(), Some(42));
        assert!(run.console(1).ends_with(&format!("got {name}\n")) && run.complete);
    }
}

#[test]
fn a_terminated_run_is_complete_and_says_so() {
    let env = TestEnv::new();
    let child = ready(&env, &[], "echo 'epoch=1, loss=0.5'");
    kill(&child, Signal::SIGTERM);
    let done = wait(child);
    assert_eq!(done.status.signal(), Some(15));
    assert!(
        done.stderr.contains("wandb: Run killed (SIGTERM) in"),
        "{}",
        done.stderr
    );
    let run = env.read_run();
    assert_eq!(
        (run.rows(), run.exit_code()),
        (vec!["0: epoch=1 loss=0.5".to_owned()], Some(143))
    );
}

#[test]
fn the_second_interrupt_terminates_and_the_third_kills() {
    let env = TestEnv::new();
    let mut child = ready(&env, &[], "trap 'echo int' INT; trap 'echo term' TERM");
    kill(&child, Signal::SIGINT);
    read_until(&mut child, "int\n");
    std::thread::sleep(std::time::Duration::from_millis(60)); // Two of one sender within 50 ms are one.
    kill(&child, Signal::SIGINT);
    read_until(&mut child, "term\n");
    std::thread::sleep(std::time::Duration::from_millis(60));
    kill(&child, Signal::SIGINT);
    let done = wait(child);
    assert_eq!(done.status.signal(), Some(9));
    for text in [
        "Press Ctrl-C again to terminate the script.",
        "Press Ctrl-C again to kill the script.",
        "Run killed (SIGKILL)",
    ] {
        assert!(
            done.stderr.contains(text),
            "{text:?} is not in {}",
            done.stderr
        );
    }
    assert_eq!(env.read_run().exit_code(), Some(137));
}

#[test]
fn ignored_signals_stay_ignored() {
    let env = TestEnv::new();
    let mut command = env.program("sh");
    let own = env!("CARGO_BIN_EXE_wandb-rs");
    command.args([
        "-c",
        &format!("trap '' HUP; exec {own} run --silent -- sh -c 'echo ready; read x; exit 5'"),
    ]);
    let mut child = start(command);
    read_until(&mut child, "ready\n");
    kill(&child, Signal::SIGHUP);
    crate::common::feed(&mut child, "go\n");
    assert_eq!(wait(child).code(), 5);
}

#[test]
fn children_start_with_the_signal_mask_that_we_got() {
    let env = TestEnv::new();
    let mask = "grep -E 'SigBlk' /proc/self/status";
    let bare = env.program("sh").args(["-c", mask]).output().unwrap();
    assert_eq!(
        env.run_script(&["--silent"], mask).stdout.as_bytes(),
        bare.stdout
    );
}
