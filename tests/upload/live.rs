//! `sync --live`: logs are followed while they grow.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Child;

use nix::sys::signal::Signal;

use crate::common::fake::FakeWandb;
use crate::common::logs::LogWriter;
use crate::common::uploads::env_for;
use crate::common::{self, TestEnv, eventually};

fn live(env: &mut TestEnv, paths: &[&str]) -> Child {
    env.set("WANDB_X_FILE_STREAM_TRANSMIT_INTERVAL", "0.05");
    common::start(env.wandb_rs(["sync", "--live"].iter().chain(paths)))
}

fn rows(server: &FakeWandb, id: &str) -> usize {
    let run = server.find_run("fake-user", "proj", id);
    run.map_or(0, |run| run.history.len())
}

#[test]
fn a_run_is_followed_to_its_end() {
    let server = FakeWandb::start();
    let mut env = env_for(&server);
    let mut log = LogWriter::begin(&env.work(), "grows");
    log.rows(3, 5);
    let dir = log.dir.to_str().unwrap().to_owned();
    let child = live(&mut env, &[&dir]);
    assert!(eventually(|| rows(&server, "grows") == 3));
    assert_eq!(server.only_run().state, "running");
    // A record that comes in two pieces, rows, and lines of the console.
    for i in 0..5 {
        log.row(40_000);
        log.print(&format!("line {i}\n"));
        assert!(eventually(|| rows(&server, "grows") == 4 + i));
    }
    log.file("note.txt", b"note");
    log.exit(0);
    let done = common::wait(child);
    assert_eq!(done.code(), 0, "{done:?}");
    let run = server.only_run();
    assert_eq!((run.state.as_str(), run.exit_code), ("finished", Some(0)));
    assert_eq!((run.history.len(), run.history_rewritten), (8, 0));
    assert_eq!(run.console_texts().len(), 5);
    assert_eq!(run.files["note.txt"], b"note");
    assert!(log.is_synced());
}

#[test]
fn a_run_of_another_process_is_followed_and_new_ones_are_found() {
    let server = FakeWandb::start();
    let mut env = env_for(&server);
    env.set("WANDB_X_FILE_STREAM_TRANSMIT_INTERVAL", "0.05");
    // It may begin before the first run does.
    let child = common::start(env.wandb_rs(["sync", "--live"]));
    let run = |id: &str| {
        let option = format!("--id={id}");
        let options = ["--mode=offline", "--project=proj", &option];
        common::start(env.script(&options, "echo loss=1; read go; echo loss=2; echo loss=3"))
    };
    let mut first = run("first");
    assert!(eventually(|| rows(&server, "first") == 1));
    let mut second = run("second");
    common::feed(&mut first, "go\n");
    assert_eq!(common::wait(first).code(), 0);
    assert!(eventually(|| rows(&server, "second") == 1));
    common::feed(&mut second, "go\n");
    assert_eq!(common::wait(second).code(), 0);
    let is_finished = |id: &str| {
        let run = server.find_run("fake-user", "proj", id);
        run.is_some_and(|run| run.state == "finished" && run.history.len() == 3)
    };
    assert!(eventually(|| is_finished("first") && is_finished("second")));
    common::kill(&child, Signal::SIGINT);
    let done = common::wait(child);
    assert!(done.stderr.contains("Interrupted."), "{done:?}");
    assert!(done.stderr.contains("Finished syncing"), "{done:?}");
    let rest = env.run(["sync", "--yes"]);
    assert!(rest.stderr.contains("No runs to sync."), "{rest:?}");
}

#[test]
fn an_interrupt_leaves_what_a_later_sync_completes() {
    let server = FakeWandb::start();
    let mut env = env_for(&server);
    let mut log = LogWriter::begin(&env.work(), "grows");
    log.rows(3, 5);
    let dir = log.dir.to_str().unwrap().to_owned();
    let child = live(&mut env, &[&dir]);
    assert!(eventually(|| rows(&server, "grows") == 3));
    common::kill(&child, Signal::SIGINT);
    let done = common::wait(child);
    assert!(
        done.stderr.contains("Interrupted. What was uploaded stays"),
        "{done:?}"
    );
    let code = done
        .status
        .code()
        .or(done.status.signal().map(|signal| 128 + signal));
    assert_eq!(code, Some(130), "{done:?}");
    assert!(!log.is_synced());
    let run = server.only_run();
    assert_eq!((run.state.as_str(), run.exit_code), ("running", None));
    log.rows(4, 5);
    log.exit(1);
    let done = env.run(["sync", "--yes"]);
    assert_eq!(done.code(), 0, "{done:?}");
    let run = server.only_run();
    assert_eq!((run.history.len(), run.history_rewritten), (7, 0));
    assert_eq!(run.state, "failed");
    assert!(log.is_synced());
}
