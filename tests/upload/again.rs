//! Syncing again, whoever synced before: no row is doubled, none is lost.

use std::fs;

use crate::common::fake::{FakeWandb, Fault, RequestKind};
use crate::common::logs::{LogWriter, varied};
use crate::common::uploads::{Held, assert_held, clean, env_for, held};
use crate::common::{self, Finished, TestEnv, peers};

fn official(env: &TestEnv, arguments: &[&str]) -> Option<Finished> {
    let mut command = env.program(peers::bin()?.join("wandb"));
    command
        .args(["sync", "--yes", "--include-synced"])
        .args(arguments)
        .env("WANDB_CONFIG_DIR", env.path("client"))
        .env("WANDB_ERROR_REPORTING", "false");
    Some(common::finish(command))
}

#[track_caller]
fn sync_again(server: &FakeWandb, env: &TestEnv, expected: &Held, context: &str) {
    let done = env.run(["sync", "--yes", "--include-synced"]);
    assert_eq!(done.code(), 0, "{context}: {done:?}");
    assert_held(expected, &held(&server.only_run()), context);
}

#[test]
fn a_second_sync_changes_nothing_with_or_without_its_journal() {
    let expected = clean(|work| {
        varied(work, "r1");
    });
    let server = FakeWandb::start();
    let env = env_for(&server);
    let run = varied(&env.work(), "r1");
    sync_again(&server, &env, &expected, "first");
    assert!(run.is_synced());
    sync_again(&server, &env, &expected, "second");
    let operations = server.operations();
    let alerts = operations.iter().filter(|name| name.starts_with("Notify"));
    assert_eq!(alerts.count(), 1, "an alert is sent once");
    fs::remove_file(run.journal()).unwrap();
    sync_again(&server, &env, &expected, "without journal");
    fs::write(
        run.journal(),
        "{\"starting_step\":0,\"starting_runtime\":0}",
    )
    .unwrap();
    sync_again(&server, &env, &expected, "journal of the official client");
    fs::write(run.journal(), "not a journal").unwrap();
    sync_again(&server, &env, &expected, "broken journal");
    // The directory is copied to another machine, without journal and marker.
    let other = env_for(&server);
    varied(&other.work(), "r1");
    sync_again(&server, &other, &expected, "copied elsewhere");
}

#[test]
fn rows_that_are_the_same_are_kept_apart() {
    // All rows are equal but for their steps, so that only their number tells which of them the server has.
    let write = |work: &std::path::Path| {
        use wandb_rs::wire::schema::{HistoryItem, HistoryRecord, HistoryStep, Kind};
        let mut log = LogWriter::begin(work, "same");
        for num in 0..20 {
            log.push(Kind::History(HistoryRecord {
                item: vec![HistoryItem {
                    key: "loss".to_owned(),
                    value_json: "0.5".to_owned(),
                    ..HistoryItem::default()
                }],
                step: Some(HistoryStep { num }),
            }));
        }
        log.exit(0);
        log.journal()
    };
    let expected = clean(|work| {
        write(work);
    });
    let server = FakeWandb::start();
    let env = env_for(&server);
    let journal = write(&env.work());
    sync_again(&server, &env, &expected, "first");
    fs::remove_file(&journal).unwrap();
    sync_again(&server, &env, &expected, "without journal");
}

#[test]
fn a_log_that_grew_is_synced_from_where_it_was() {
    let expected = clean(|work| {
        let mut log = LogWriter::begin(work, "grown");
        log.rows(30, 10);
        log.exit(0);
    });
    for keep_journal in [true, false] {
        let server = FakeWandb::start();
        let env = env_for(&server);
        let mut log = LogWriter::begin(&env.work(), "grown");
        log.rows(10, 10);
        // It counts as crashed at first: this process is not seen writing it, since the log is opened anew.
        let (dir, bytes) = (log.dir.clone(), fs::read(&log.log).unwrap());
        log.rows(20, 10);
        log.exit(0);
        let whole = fs::read(&log.log).unwrap();
        let (path, journal) = (log.log.clone(), log.journal());
        drop(log);
        fs::write(&path, bytes).unwrap();
        let first = env.run(["sync".as_ref(), dir.as_os_str()]);
        assert_eq!(first.code(), 0, "{first:?}");
        assert_eq!(server.only_run().exit_code, Some(1));
        let marker = wandb_rs::store::runs::synced_marker(&path);
        assert!(marker.exists());
        fs::write(&path, whole).unwrap();
        // A marked run whose log grew is synced without being asked for, as far as a journal tells how long it was.
        let mut arguments = vec!["sync", "--yes"];
        if !keep_journal {
            fs::remove_file(&journal).unwrap();
            arguments.push("--include-synced");
        }
        let again = env.run(arguments);
        assert_eq!(again.code(), 0, "{again:?}");
        assert_held(
            &expected,
            &held(&server.only_run()),
            &format!("journal kept: {keep_journal}, {}", again.stderr),
        );
    }
}

#[test]
fn an_upload_that_ended_half_way_is_completed() {
    let write = |work: &std::path::Path| {
        let mut log = LogWriter::begin(work, "half");
        // Two of them fill a request.
        log.rows(5, 1_580_000);
        for i in 0..50 {
            log.print(&format!("line {i}\n"));
            log.sample(f64::from(i));
        }
        log.file("note.txt", b"note");
        log.exit(0);
        log
    };
    let expected = clean(|work| drop(write(work)));
    for (served, keep_journal) in [(0, true), (1, true), (1, false), (2, true), (2, false)] {
        let server = FakeWandb::start();
        let env = env_for(&server);
        let log = write(&env.work());
        server.faults(move |request| match request.kind {
            RequestKind::Stream if request.attempt > served => Fault::status(403),
            _ => Fault::None,
        });
        let broken = env.run(["sync", "--yes"]);
        assert_eq!(broken.code(), 1, "{broken:?}");
        assert!(!log.is_synced());
        server.faults(|_| Fault::None);
        if !keep_journal {
            fs::remove_file(log.journal()).unwrap();
        }
        let context = format!("{served} requests, journal {keep_journal}");
        let done = env.run(["sync", "--yes"]);
        assert_eq!(done.code(), 0, "{context}: {done:?}");
        assert!(log.is_synced());
        assert_held(&expected, &held(&server.only_run()), &context);
    }
}

#[test]
fn a_run_that_the_server_has_lost_is_sent_anew() {
    let expected = clean(|work| {
        varied(work, "r1");
    });
    let server = FakeWandb::start();
    let env = env_for(&server);
    varied(&env.work(), "r1");
    sync_again(&server, &env, &expected, "first");
    server.forget(("fake-user", "proj", "r1"));
    let done = env.run(["sync", "--yes", "--include-synced"]);
    assert_eq!(done.code(), 0, "{done:?}");
    let now = held(&server.only_run());
    let kinds = |held: &Held| -> Vec<String> {
        let kept = held
            .iter()
            .filter(|(name, _)| !name.starts_with("artifact"));
        kept.map(|(name, value)| format!("{name} {value}"))
            .collect()
    };
    assert_eq!(kinds(&expected), kinds(&now));
}

#[test]
fn clients_take_turns_without_doubling_rows() {
    let expected = clean(|work| {
        varied(work, "r1");
    });
    let rows = |held: &Held| -> Vec<(String, serde_json::Value)> {
        held.iter()
            .filter(|(name, _)| name.starts_with("history"))
            .map(|(name, row)| (name.clone(), serde_json::from_str(row).unwrap()))
            .collect()
    };
    let server = FakeWandb::start();
    let env = env_for(&server);
    let run = varied(&env.work(), "r1");
    let dir = run.dir.to_str().unwrap().to_owned();
    // Official, then ours: the rows that are there are recognized, however their numbers are written.
    let Some(done) = official(&env, &[&dir]) else {
        return;
    };
    assert_eq!(done.code(), 0, "{done:?}");
    let first = held(&server.only_run());
    assert_eq!(rows(&expected).len(), rows(&first).len(), "{done:?}");
    sync_again_rows(&server, &env, 10);
    // The official client doubles rows that are there: its rows begin behind ours.
    assert_eq!(official(&env, &[&dir]).unwrap().code(), 0);
    assert_eq!(server.only_run().history.len(), 20);
    // Whichever half counts as ours, no third one is added.
    sync_again_rows(&server, &env, 20);
}

#[track_caller]
fn sync_again_rows(server: &FakeWandb, env: &TestEnv, count: usize) {
    let before = server.only_run().history_rows();
    let done = env.run(["sync", "--yes", "--include-synced"]);
    assert_eq!(done.code(), 0, "{done:?}");
    let run = server.only_run();
    assert_eq!(run.history.len(), count, "{done:?}");
    let numbers = |rows: &[serde_json::Value]| -> Vec<String> {
        rows.iter()
            .map(|row| row["loss"].as_f64().unwrap().to_string())
            .collect()
    };
    assert_eq!(numbers(&before), numbers(&run.history_rows()));
}
