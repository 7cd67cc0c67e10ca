//! A server that is slow, down or broken: the script does not notice, and nothing is lost.

use crate::common::fake::{FakeWandb, Fault, Gate};
use crate::common::{TestEnv, eventually, finish, start, wait};

use super::{TWO_ROWS, assert_state_is_the_logs, env, is_synced, run, told, warnings};

/// Uploads the newest run, which was not uploaded as a whole, and compares.
#[track_caller]
fn sync_later(env: &TestEnv, server: &FakeWandb, id: &str) {
    assert!(!is_synced(env));
    let done = env.run(["sync".as_ref(), env.run_dir().as_os_str()]);
    assert_eq!(done.code(), 0, "{done:?}");
    assert!(is_synced(env));
    let run = run(server, id);
    assert_eq!(run.history_rewritten, 0);
    assert_state_is_the_logs(env, &run);
}

#[test]
fn a_closed_port_costs_a_warning() {
    let server = FakeWandb::start();
    server.pause();
    let env = env(&server);
    let done = env.run_script(
        &["--id=one", "--name=first", "--finish-timeout=0.2"],
        &format!("{TWO_ROWS}; exit 3"),
    );
    assert_eq!(done.code(), 3, "{done:?}");
    assert_eq!(done.stdout, "epoch=1, loss=0.5\nepoch=2, loss=0.25\n");
    insta::assert_snapshot!(told(&done, &server), @r"
    wandb: Loaded credentials for SERVER from WANDB_API_KEY.
    wandb: Tracking run with wandb-rs 0.1.0
    wandb: Run data is saved locally in ./wandb/run-STAMP-one
    wandb: Run `wandb-rs offline` to turn off syncing.
    wandb: Syncing run first
    wandb: WARNING the upload stands still (no connection: Connection refused); the script goes on, everything is recorded, and it is tried again
    wandb: WARNING Timed out finishing run.
    wandb: Run data was not uploaded as a whole; `wandb-rs sync ./wandb/run-STAMP-one` uploads the rest.
    wandb: Run history:
    wandb: loss █▁
    wandb: Run summary:
    wandb: loss 0.25
    wandb: Run failed (exit code 3) in TIME
    wandb: You can sync this run to the cloud by running:
    wandb: wandb-rs sync ./wandb/run-STAMP-one
    wandb: See it in a browser: wandb-rs ui ./wandb/run-STAMP-one
    wandb: Find logs at: ./wandb/run-STAMP-one/logs
    ");
    server.resume();
    sync_later(&env, &server, "one");
    let run = run(&server, "one");
    assert_eq!((run.state.as_str(), run.exit_code), ("failed", Some(3)));
}

#[test]
fn a_server_that_goes_down_in_the_middle_and_comes_back() {
    let server = FakeWandb::start();
    let env = env(&server);
    let mut child = start(env.script(
        &["--id=one"],
        "echo epoch=1 loss=0.5; until [ -e go ]; do sleep 0.01; done; echo epoch=2 loss=0.25; echo more
         until [ -e on ]; do sleep 0.01; done; echo epoch=3 loss=0.125; exit 3",
    ));
    rows(&server, 1);
    server.pause();
    env.write("go", "");
    // The script goes on meanwhile.
    crate::common::read_until(&mut child, "more\n");
    server.resume();
    rows(&server, 2);
    server.pause();
    env.write("on", "");
    crate::common::read_until(&mut child, "0.125\n");
    server.resume();
    let done = wait(child);
    assert_eq!(done.code(), 3);
    assert!(warnings(&done).len() <= 1, "{done:?}");
    let run = run(&server, "one");
    assert_eq!((run.history.len(), run.history_rewritten), (3, 0));
    assert!(is_synced(&env));
    assert_state_is_the_logs(&env, &run);
}

/// Waits until the server has so many rows.
#[track_caller]
fn rows(server: &FakeWandb, count: usize) {
    let found = || server.find_run("fake-user", "proj", "one");
    assert!(
        eventually(|| found().is_some_and(|run| run.history.len() >= count)),
        "{:?}",
        server.operations()
    );
}

#[test]
fn errors_for_the_whole_run() {
    for status in [500, 503, 429] {
        let server = FakeWandb::start();
        server.faults(move |_| Fault::status(status));
        let mut env = env(&server);
        // As often as usual, it would take longer than the test.
        env.set("WANDB_X_GRAPHQL_RETRY_MAX", "1000");
        let done = env.run_script(
            &["--id=one", "--finish-timeout=0.2"],
            &format!("{TWO_ROWS}; exit 3"),
        );
        assert_eq!(done.code(), 3);
        let warnings = warnings(&done);
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(warnings[0].contains(&format!("{status}")), "{warnings:?}");
        assert!(
            warnings[1].contains("Timed out finishing run."),
            "{warnings:?}"
        );
        assert!(
            done.stderr.contains("`wandb-rs sync ./wandb/run-"),
            "{done:?}"
        );
        server.faults(|_| Fault::None);
        sync_later(&env, &server, "one");
    }
}

#[test]
fn a_server_that_fails_too_often_is_given_up() {
    let server = FakeWandb::start();
    server.faults(|_| Fault::status(500));
    let mut env = env(&server);
    env.set("WANDB_X_GRAPHQL_RETRY_MAX", "3");
    let done = env.run_script(
        &["--id=one", "--name=first"],
        &format!("{TWO_ROWS}; exit 3"),
    );
    assert_eq!(done.code(), 3);
    insta::assert_snapshot!(told(&done, &server), @r"
    wandb: Loaded credentials for SERVER from WANDB_API_KEY.
    wandb: Tracking run with wandb-rs 0.1.0
    wandb: Run data is saved locally in ./wandb/run-STAMP-one
    wandb: Run `wandb-rs offline` to turn off syncing.
    wandb: Syncing run first
    wandb: WARNING the upload stands still (HTTP 500: injected fault 500); the script goes on, everything is recorded, and it is tried again
    wandb: WARNING the run is not uploaded any more: UpsertBucket: HTTP 500: injected fault 500 (is the server up and the address right? `wandb-rs status` shows it); it is recorded all the same, `wandb-rs sync ./wandb/run-STAMP-one` uploads it later
    wandb: Run history:
    wandb: loss █▁
    wandb: Run summary:
    wandb: loss 0.25
    wandb: Run failed (exit code 3) in TIME
    wandb: You can sync this run to the cloud by running:
    wandb: wandb-rs sync ./wandb/run-STAMP-one
    wandb: See it in a browser: wandb-rs ui ./wandb/run-STAMP-one
    wandb: Find logs at: ./wandb/run-STAMP-one/logs
    ");
    server.faults(|_| Fault::None);
    sync_later(&env, &server, "one");
}

#[test]
fn files_and_streams_that_are_refused_are_told_and_sent_later() {
    let server = FakeWandb::start();
    let env = env(&server);
    env.write("note.txt", "a note");
    server.faults(|request| {
        if request.is_upload() {
            Fault::status(403)
        } else {
            Fault::None
        }
    });
    let script = format!("{TWO_ROWS}; wandb-rs save note.txt");
    let done = env.run_script(&["--id=one", "--name=first"], &script);
    assert_eq!(done.code(), 0);
    // Several at once, in any order.
    let mut problems = warnings(&done);
    problems.sort_unstable();
    let dir = env.run_dir();
    let path = format!("./wandb/{}", dir.file_name().unwrap().to_str().unwrap());
    let mut expected = vec![format!(
        "wandb: ERROR Not everything was uploaded; run `wandb-rs sync {path}` to try again"
    )];
    for name in [
        "config.yaml",
        "note.txt",
        "output.log",
        "wandb-metadata.json",
        "wandb-summary.json",
    ] {
        expected.push(format!(
            "wandb: ERROR file {name}: HTTP 403: injected fault 403"
        ));
    }
    assert_eq!(problems, expected);
    server.faults(|_| Fault::None);
    sync_later(&env, &server, "one");

    server.faults(|request| {
        if request.is_stream() {
            Fault::status(404)
        } else {
            Fault::None
        }
    });
    let done = env.run_script(&["--id=two", "--name=second"], &script);
    assert_eq!(done.code(), 0);
    insta::assert_snapshot!(told(&done, &server), @r"
    wandb: Loaded credentials for SERVER from WANDB_API_KEY.
    wandb: Tracking run with wandb-rs 0.1.0
    wandb: Run data is saved locally in ./wandb/run-STAMP-two
    wandb: Run `wandb-rs offline` to turn off syncing.
    wandb: Syncing run second
    wandb: ⭐️ View project at SERVER/fake-user/proj
    wandb: 🚀 View run at SERVER/fake-user/proj/runs/two
    wandb: WARNING the run is not uploaded any more: file stream: HTTP 404: injected fault 404; it is recorded all the same, `wandb-rs sync ./wandb/run-STAMP-two` uploads it later
    wandb: Run history:
    wandb: loss █▁
    wandb: Run summary:
    wandb: loss 0.25
    wandb: Run finished (exit code 0) in TIME
    wandb: You can sync this run to the cloud by running:
    wandb: wandb-rs sync ./wandb/run-STAMP-two
    wandb: See it in a browser: wandb-rs ui ./wandb/run-STAMP-two
    wandb: Find logs at: ./wandb/run-STAMP-two/logs
    ");
    server.faults(|_| Fault::None);
    sync_later(&env, &server, "two");
}

#[test]
fn a_script_ends_before_the_server_has_answered_anything() {
    let server = FakeWandb::start();
    let gate = Gate::new();
    let stalled = gate.clone();
    server.faults(move |_| Fault::Stall(stalled.clone()));
    let env = env(&server);
    let child = start(env.script(&["--id=one"], &format!("{TWO_ROWS}; : > ended; exit 3")));
    assert!(eventually(|| env.path("ended").exists()));
    assert!(
        server
            .requests()
            .iter()
            .all(|request| request.status.is_none())
    );
    gate.open();
    let done = wait(child);
    assert_eq!((done.code(), warnings(&done).len()), (3, 0), "{done:?}");
    assert!(is_synced(&env));
    assert_state_is_the_logs(&env, &run(&server, "one"));
}

#[test]
fn faults_of_all_kinds_change_nothing() {
    let script = "for i in 1 2 3 4 5 6 7 8; do echo epoch=$i loss=0.$i; sleep 0.03; done
        wandb-rs save note.txt; wandb-rs config late=1; wandb-rs summary best=1";
    for seed in 0..crate::common::uploads::rounds("WANDB_RS_ONLINE_FAULTS", 4) {
        let server = FakeWandb::start();
        server.faults(crate::common::fake::random_faults(seed, 0.4));
        let env = env(&server);
        env.write("note.txt", "a note");
        let done = finish(env.script(&["--id=one"], script));
        assert_eq!(done.code(), 0, "seed {seed}: {done:?}");
        assert!(is_synced(&env), "seed {seed}: {done:?}");
        server.faults(|_| Fault::None);
        let run = run(&server, "one");
        assert_eq!(run.history.len(), 8, "seed {seed}");
        assert_state_is_the_logs(&env, &run);
    }
}
