//! Runs that go on with what the server has: `--resume`, `--fork-from`, `--resume-from`, `--requeue`.

use nix::sys::signal::Signal;

use crate::common::fake::{FakeWandb, RunView};
use crate::common::{Finished, TestEnv, eventually, kill, read_until, start, wait, wait_status};

use super::{TWO_ROWS, assert_state_is_the_logs, env, is_synced, run, warnings};

/// Steps and losses of all rows.
fn rows(run: &RunView) -> Vec<(i64, f64)> {
    let rows = run.history_rows();
    rows.iter()
        .map(|row| {
            (
                row["_step"].as_i64().unwrap(),
                row["loss"].as_f64().unwrap(),
            )
        })
        .collect()
}

/// A run that ends well.
#[track_caller]
fn good(env: &TestEnv, options: &[&str], script: &str) -> Finished {
    let done = env.run_script(options, script);
    assert_eq!((done.code(), warnings(&done)), (0, vec![]), "{done:?}");
    assert!(is_synced(env));
    done
}

#[test]
fn what_must_be_there_and_what_must_not_is_asked_before_the_command() {
    let server = FakeWandb::start();
    let env = env(&server);
    let missing = env.run_script(&["--id=one", "--resume=must"], ": > ran");
    assert_eq!(missing.code(), 125);
    insta::assert_snapshot!(missing.stderr, @r"
    wandb-rs: --resume must: the server has no run one
    hint: is the id right, and the project? `--resume allow` begins a new run if there is none
    ");

    good(&env, &["--id=one", "--resume=never"], TWO_ROWS);
    let there = env.run_script(&["--id=one", "--resume=never"], ": > ran");
    assert_eq!(there.code(), 125);
    insta::assert_snapshot!(there.stderr, @r"
    wandb-rs: --resume never: the server has a run one already
    hint: use another id, or `--resume allow` to go on with it
    ");
    assert!(!env.path("ran").exists());
    let left = std::fs::read_dir(env.path("wandb")).unwrap();
    let left = left
        .filter(|entry| entry.as_ref().unwrap().path().is_dir())
        .count();
    // The one run, and the link to it.
    assert_eq!(left, 2);

    good(
        &env,
        &["--id=one", "--resume=must"],
        "echo epoch=3 loss=0.125",
    );
    let run = run(&server, "one");
    assert_eq!(rows(&run), [(0, 0.5), (1, 0.25), (2, 0.125)]);
}

#[test]
fn a_server_that_cannot_be_asked_does_not_stop_the_run() {
    let server = FakeWandb::start();
    server.pause();
    let mut env = env(&server);
    env.set("WANDB_INIT_TIMEOUT", "0.05");
    let done = env.run_script(
        &["--id=one", "--resume=must", "--finish-timeout=0.1"],
        &format!("{TWO_ROWS}; exit 3"),
    );
    assert_eq!(done.code(), 3);
    assert!(
        warnings(&done)[0].contains("it cannot be told whether the server has run one"),
        "{done:?}"
    );
    server.resume();
    // The condition holds for an upload later too: there is nothing to go on with.
    assert!(!is_synced(&env));
}

#[test]
fn allow_goes_on_or_begins() {
    let server = FakeWandb::start();
    let env = env(&server);
    good(
        &env,
        &[
            "--id=one",
            "--resume=allow",
            "--tags=a",
            "--notes=first",
            "-c",
            "lr=0.1",
            "-c",
            "only=1",
        ],
        &format!("{TWO_ROWS}; wandb-rs summary best=1"),
    );
    let first = run(&server, "one");
    let done = good(
        &env,
        &["--id=one", "--resume=allow", "-c", "lr=0.2"],
        "echo epoch=3 loss=0.125; echo again",
    );
    assert!(
        done.stderr
            .contains(&format!("Resuming run {}", first.display_name)),
        "{done:?}"
    );
    let second = run(&server, "one");
    assert_eq!(rows(&second), [(0, 0.5), (1, 0.25), (2, 0.125)]);
    assert_eq!(second.display_name, first.display_name);
    assert_eq!(
        (second.tags.len(), second.notes.as_deref()),
        (1, Some("first"))
    );
    assert_eq!(second.config_value("lr"), 0.2);
    assert_eq!(second.config_value("only"), 1);
    assert_eq!(second.summary_value()["best"], 1);
    assert_eq!(second.summary_value()["loss"], 0.125);
    assert_eq!(second.console.len(), 4);
    assert_eq!(second.state, "finished");

    good(
        &env,
        &["--id=one", "--resume=allow", "--name=other"],
        "true",
    );
    assert_eq!(run(&server, "one").display_name, "other");
}

#[test]
fn auto_goes_on_after_a_crash_and_after_a_failure_but_not_after_success() {
    let server = FakeWandb::start();
    let env = env(&server);
    let mut child = start(env.script(
        &["--resume=auto"],
        "echo epoch=1 loss=0.5; echo ready; sleep 60",
    ));
    read_until(&mut child, "ready\n");
    let sent = || {
        server
            .runs()
            .first()
            .map_or(0, |(_, _, id)| run(&server, id).history.len())
    };
    assert!(eventually(|| sent() == 1));
    let file = env.path("wandb/wandb-resume.json");
    let id = std::fs::read_to_string(&file).unwrap();
    kill(&child, Signal::SIGKILL);
    wait_status(&mut child);

    let failed = env.run_script(&["--resume=auto"], "echo epoch=2 loss=0.25; exit 3");
    assert_eq!(failed.code(), 3);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), id);
    good(&env, &["--resume=auto"], "echo epoch=3 loss=0.125");
    assert!(!file.exists());
    let whole = server.only_run();
    assert_eq!(rows(&whole), [(0, 0.5), (1, 0.25), (2, 0.125)]);
    assert_eq!(
        (whole.state.as_str(), whole.exit_code),
        ("finished", Some(0))
    );

    good(&env, &["--resume=auto"], TWO_ROWS);
    assert_eq!(server.runs().len(), 2);
}

#[test]
fn what_a_crash_left_unsent_is_not_lost_when_the_run_has_gone_on() {
    let server = FakeWandb::start();
    let env = env(&server);
    let mut child = start(env.script(
        &["--id=one"],
        "echo epoch=1 loss=0.5; until [ -e go ]; do sleep 0.01; done; echo epoch=2 loss=0.25; echo ready; sleep 60",
    ));
    assert!(eventually(|| server
        .find_run("fake-user", "proj", "one")
        .is_some_and(|run| run.history.len() == 1)));
    server.pause();
    env.write("go", "");
    read_until(&mut child, "ready\n");
    let crashed = env.run_dir();
    // It is on the disk before it is killed.
    assert!(eventually(|| env.read_run().rows().len() == 2));
    kill(&child, Signal::SIGKILL);
    wait_status(&mut child);
    server.resume();
    good(
        &env,
        &["--id=one", "--resume=allow"],
        "echo epoch=3 loss=0.125",
    );
    let done = env.run(["sync".as_ref(), crashed.as_os_str()]);
    assert_eq!(done.code(), 0, "{done:?}");
    let run = run(&server, "one");
    let losses: std::collections::BTreeSet<String> = rows(&run)
        .iter()
        .map(|(_, loss)| loss.to_string())
        .collect();
    assert_eq!(losses.len(), 3, "{:?} {done:?}", run.history);
    assert_eq!(run.history.len(), 3);
    assert_eq!((run.state.as_str(), run.exit_code), ("finished", Some(0)));
    assert_eq!(run.summary_value()["loss"], 0.125);
}

#[test]
fn forks_and_rewinds() {
    let server = FakeWandb::start();
    let env = env(&server);
    let script = "for i in 0 1 2 3; do echo epoch=$i loss=$i.5; done";
    good(
        &env,
        &["--id=parent", "--name=kept", "-c", "lr=0.1"],
        script,
    );
    good(
        &env,
        &["--id=fork", "--fork-from=parent?_step=1"],
        "echo loss=7; echo loss=8",
    );
    let fork = run(&server, "fork");
    assert_eq!(rows(&fork), [(0, 0.5), (1, 1.5), (2, 7.0), (3, 8.0)]);
    assert_eq!(run(&server, "parent").history.len(), 4);

    good(&env, &["--resume-from=parent?_step=2"], "echo loss=9");
    let again = run(&server, "parent");
    assert_eq!(rows(&again), [(0, 0.5), (1, 1.5), (2, 2.5), (3, 9.0)]);
    assert_eq!(
        (
            again.display_name.as_str(),
            again.config_value("lr").as_f64()
        ),
        ("kept", Some(0.1))
    );
    assert_eq!(server.runs().len(), 2);
}

#[test]
fn a_requeued_job_is_one_run() {
    let server = FakeWandb::start();
    let mut env = env(&server);
    env.set("SLURM_JOB_ID", "12");
    let mut child = start(env.script(
        &["--requeue"],
        "trap 'exit 9' USR1; echo epoch=1 loss=0.5; echo ready; while :; do sleep 0.02; done",
    ));
    read_until(&mut child, "ready\n");
    kill(&child, Signal::SIGUSR1);
    let done = wait(child);
    assert_eq!((done.code(), warnings(&done)), (9, vec![]), "{done:?}");
    let first = run(&server, "slurm-12");
    assert_eq!(
        (first.state.as_str(), first.exit_code),
        ("preempted", Some(9))
    );

    good(&env, &["--requeue"], "echo epoch=2 loss=0.25");
    let second = server.only_run();
    assert_eq!(rows(&second), [(0, 0.5), (1, 0.25)]);
    assert_eq!(
        (second.state.as_str(), second.exit_code),
        ("finished", Some(0))
    );
    assert_eq!(second.display_name, first.display_name);
    assert_eq!(second.history_rewritten, 0);
}

#[test]
fn a_run_that_is_preempted_says_so_while_it_goes_on() {
    let server = FakeWandb::start();
    let mut env = env(&server);
    // It does not wait for the next request.
    env.set("WANDB_X_FILE_STREAM_TRANSMIT_INTERVAL", "3600")
        .set("SLURM_JOB_ID", "12");
    let mut child = start(env.script(
        &["--id=one"],
        "trap 'echo told' USR1; echo epoch=1 loss=0.5; echo ready; until [ -e go ]; do sleep 0.02; done",
    ));
    read_until(&mut child, "ready\n");
    assert!(eventually(|| server
        .find_run("fake-user", "proj", "one")
        .is_some_and(|run| run.stream_requests > 0)));
    kill(&child, Signal::SIGUSR1);
    assert!(eventually(|| run(&server, "one").state == "preempting"));
    env.write("go", "");
    assert_eq!(wait(child).code(), 0);
    assert_state_is_the_logs(&env, &run(&server, "one"));
}
