//! Signals and the stop button while a run goes on, and while its upload is waited for.

use nix::sys::signal::Signal;

use crate::common::fake::{FakeWandb, Fault, Gate};
use crate::common::terminal::Terminal;
use crate::common::{TestEnv, eventually, finish, kill, read_until, start, wait, wait_status};

use super::{TWO_ROWS, assert_state_is_the_logs, env, is_synced, run};

/// Says that it was interrupted, once for each time, and ends with 7.
const TRAP: &str = "trap 'echo interrupted; exit 7' INT; echo epoch=1 loss=0.5; echo ready
    while :; do echo .; sleep 0.02; done";

/// A server that lets nothing through until it is told so.
fn stalled() -> (FakeWandb, Gate) {
    let (server, gate) = (FakeWandb::start(), Gate::new());
    let stalled = gate.clone();
    server.faults(move |_| Fault::Stall(stalled.clone()));
    (server, gate)
}

/// Uploads the newest run.
#[track_caller]
fn sync(env: &TestEnv, server: &FakeWandb) {
    assert!(!is_synced(env));
    let done = env.run(["sync".as_ref(), env.run_dir().as_os_str()]);
    assert_eq!(done.code(), 0, "{done:?}");
    assert!(is_synced(env));
    assert_state_is_the_logs(env, &run(server, "one"));
}

#[test]
fn an_interrupt_during_the_run_is_the_scripts() {
    let server = FakeWandb::start();
    let env = env(&server);
    let mut child = start(env.script(&["--id=one"], TRAP));
    read_until(&mut child, "ready\n");
    kill(&child, Signal::SIGINT);
    let done = wait(child);
    assert_eq!(done.code(), 7, "{done:?}");
    assert!(is_synced(&env));
    let run = run(&server, "one");
    assert_eq!((run.state.as_str(), run.exit_code), ("failed", Some(7)));
    assert_eq!(
        run.console_texts().last().map(String::as_str),
        Some("interrupted")
    );
    assert_state_is_the_logs(&env, &run);
}

#[test]
fn a_script_that_dies_of_a_signal_is_uploaded_with_it() {
    let server = FakeWandb::start();
    let env = env(&server);
    let mut child = start(env.script(&["--id=one"], "echo ready; while :; do sleep 0.02; done"));
    read_until(&mut child, "ready\n");
    kill(&child, Signal::SIGTERM);
    let done = wait(child);
    assert_eq!(
        std::os::unix::process::ExitStatusExt::signal(&done.status),
        Some(15),
        "{done:?}"
    );
    let run = run(&server, "one");
    assert_eq!((run.state.as_str(), run.exit_code), ("failed", Some(143)));
    assert_eq!(run.config_value("_wandb")["exit_signal"], "SIGTERM");
    assert_state_is_the_logs(&env, &run);
}

#[test]
fn the_second_interrupt_ends_the_wait_for_the_upload() {
    let (server, gate) = stalled();
    let env = env(&server);
    let mut terminal = Terminal::start(env.script(&["--id=one"], &format!("{TWO_ROWS}; exit 3")));
    terminal.expect("Uploading what is left");
    terminal.press("\x03");
    terminal.expect("Press Ctrl-C again to stop uploading; everything is safe on disk.");
    assert!(terminal.child.try_wait().unwrap().is_none());
    terminal.press("\x03");
    let status = wait_status(&mut terminal.child);
    assert_eq!(status.code(), Some(3), "{}", terminal.screen());
    terminal.expect("wandb-rs sync ./wandb/run-");
    gate.open();
    sync(&env, &server);
}

#[test]
fn one_interrupt_is_enough_after_one_of_the_script() {
    let (server, gate) = stalled();
    let env = env(&server);
    let mut terminal = Terminal::start(env.script(&["--id=one"], TRAP));
    terminal.expect("ready");
    terminal.press("\x03");
    terminal.expect("Uploading what is left");
    terminal.press("\x03");
    let status = wait_status(&mut terminal.child);
    assert_eq!(status.code(), Some(7), "{}", terminal.screen());
    gate.open();
    sync(&env, &server);
}

#[test]
fn other_signals_end_the_wait_at_once() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP] {
        let (server, gate) = stalled();
        let env = env(&server);
        let mut terminal =
            Terminal::start(env.script(&["--id=one"], &format!("{TWO_ROWS}; exit 3")));
        terminal.expect("Uploading what is left");
        kill(&terminal.child, signal);
        let status = wait_status(&mut terminal.child);
        assert_eq!(status.code(), Some(3), "{}", terminal.screen());
        gate.open();
        sync(&env, &server);
    }
}

#[test]
fn what_is_killed_in_the_wait_can_be_synced() {
    let (server, gate) = stalled();
    let env = env(&server);
    let mut child = start(env.script(&["--id=one"], &format!("{TWO_ROWS}; exit 3")));
    // The log is complete when the wait begins.
    assert!(eventually(
        || env.path("wandb/latest-run").exists() && env.read_run().exit_code() == Some(3)
    ));
    kill(&child, Signal::SIGKILL);
    wait_status(&mut child);
    gate.open();
    sync(&env, &server);
    let run = run(&server, "one");
    assert_eq!((run.history.len(), run.exit_code), (2, Some(3)));
}

#[test]
fn the_stop_button_interrupts_the_script_once() {
    let server = FakeWandb::start();
    let env = env(&server);
    let child = start(env.script(
        &["--id=one"],
        "n=0; trap 'n=$((n+1)); echo interrupted; stop=yes' INT; echo epoch=1 loss=0.5
         while [ ! -e go ]; do echo .; sleep 0.02; done; echo times=$n; exit 7",
    ));
    assert!(eventually(|| server
        .find_run("fake-user", "proj", "one")
        .is_some()));
    server.set_stopped("fake-user", "proj", "one", true);
    let console = || server.run("fake-user", "proj", "one").console_texts();
    assert!(eventually(|| console()
        .iter()
        .any(|line| line == "interrupted")));
    // It is said with every answer, but not heard again.
    let requests = run(&server, "one").stream_requests;
    assert!(eventually(
        || run(&server, "one").stream_requests >= requests + 3
    ));
    env.write("go", "");
    let done = wait(child);
    assert_eq!(done.code(), 7);
    assert_eq!(done.stdout.matches("interrupted").count(), 1, "{done:?}");
    let message = "The run was stopped on the server: the script is interrupted.";
    assert_eq!(done.stderr.matches(message).count(), 1, "{done:?}");
    let run = run(&server, "one");
    assert_eq!(run.exit_code, Some(7));
    assert_state_is_the_logs(&env, &run);
}

#[test]
fn the_stop_button_ends_a_script_that_does_not_listen() {
    let server = FakeWandb::start();
    let env = env(&server);
    let child = start(env.wandb_rs([
        "run",
        "--id=one",
        "--",
        "python3",
        "-u",
        "-c",
        "import time\nprint('epoch=1 loss=0.5')\nwhile True: print('.'); time.sleep(0.02)",
    ]));
    assert!(eventually(|| server
        .find_run("fake-user", "proj", "one")
        .is_some()));
    server.set_stopped("fake-user", "proj", "one", true);
    let done = wait(child);
    assert!(done.stderr.contains("KeyboardInterrupt"), "{done:?}");
    assert_eq!(run(&server, "one").state, "failed");
    assert!(is_synced(&env));
}

#[test]
fn the_wait_is_limited_by_a_setting_too() {
    let (server, gate) = stalled();
    let mut env = env(&server);
    env.set("WANDB_FINISH_TIMEOUT", "0.1");
    let done = finish(env.script(&["--id=one"], TWO_ROWS));
    assert_eq!(done.code(), 0);
    assert!(done.stderr.contains("Timed out finishing run."), "{done:?}");
    gate.open();
    sync(&env, &server);
}
