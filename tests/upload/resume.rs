//! Runs that go on with others: their steps, rows and config on the server, whatever the order of uploads.

use serde_json::Value;

use wandb_rs::wire::schema::{BranchPoint, ConfigRecord, RunRecord};

use crate::common::fake::{FakeWandb, Fault};
use crate::common::logs::{LogWriter, item, run_record, time};
use crate::common::uploads::{assert_held, env_for, held};

fn steps(rows: &[Value]) -> Vec<i64> {
    rows.iter()
        .map(|row| row["_step"].as_i64().unwrap())
        .collect()
}

/// A part of run `r` with another time and config.
fn part(work: &std::path::Path, number: i64, change: impl FnOnce(&mut RunRecord)) -> LogWriter {
    let mut run = run_record("r");
    run.start_time = Some(time(1000 * number));
    run.resume = number > 0;
    run.config = Some(ConfigRecord {
        update: vec![
            item("lr", &format!("0.{number}")),
            item(&format!("of_{number}"), "1"),
        ],
        ..ConfigRecord::default()
    });
    change(&mut run);
    let dir = work.join(format!("wandb/offline-run-20260528_20264{number}-r"));
    let mut log = LogWriter::create(dir, "r");
    log.push(wandb_rs::wire::schema::Kind::Run(Box::new(run)));
    log.rows(3, number as usize);
    log.print(&format!("part {number}\n"));
    log.sample(number as f64);
    log.exit(0);
    log
}

#[test]
fn parts_of_a_run_follow_each_other_however_often_they_are_synced() {
    let server = FakeWandb::start();
    let env = env_for(&server);
    let parts: Vec<LogWriter> = (0..3)
        .map(|number| {
            part(&env.work(), number, |run| {
                if number == 0 {
                    run.tags = vec!["a".to_owned()];
                    run.notes = "first".to_owned();
                }
            })
        })
        .collect();
    let done = env.run(["sync", "--yes"]);
    assert_eq!(done.code(), 0, "{done:?}");
    let run = server.only_run();
    assert_eq!(steps(&run.history_rows()), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(run.console_texts(), ["part 0", "part 1", "part 2"]);
    assert_eq!(run.events.len(), 3);
    assert_eq!(run.tags, ["a"]);
    assert_eq!(run.notes.as_deref(), Some("first"));
    assert_eq!(run.summary_value()["_step"], 8);
    for (key, value) in [("lr", 0.2), ("of_0", 1.0), ("of_1", 1.0), ("of_2", 1.0)] {
        assert_eq!(run.config_value(key).as_f64(), Some(value), "{key}");
    }
    let whole = held(&run);
    let rows = |held: &crate::common::uploads::Held| -> Vec<(String, String)> {
        let lines = ["history", "events", "console", "rewritten"];
        held.iter()
            .filter(|(name, _)| lines.iter().any(|kind| name.starts_with(kind)))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    // Again as a whole, each part alone, and without the journal of the last part, which the server's last row is from.
    for without_journal in [false, true] {
        for arguments in [
            vec![],
            vec![&parts[2].dir],
            vec![&parts[0].dir],
            vec![&parts[1].dir],
        ] {
            if without_journal {
                let _ = std::fs::remove_file(parts[2].journal());
            }
            let mut command = env.wandb_rs(["sync", "--yes", "--include-synced"]);
            command.args(&arguments);
            let again = crate::common::finish(command);
            assert_eq!(again.code(), 0, "{again:?}");
            assert_eq!(
                rows(&whole),
                rows(&held(&server.only_run())),
                "journal lost: {without_journal}, {arguments:?}"
            );
        }
    }
    let again = env.run(["sync", "--yes", "--include-synced"]);
    assert_eq!(again.code(), 0, "{again:?}");
    assert_held(&whole, &held(&server.only_run()), "at last");
}

#[test]
fn a_fork_is_uploaded_after_the_run_that_it_begins_with() {
    let server = FakeWandb::start();
    let env = env_for(&server);
    // The parent takes long; other runs are uploaded beside it.
    part(&env.work(), 0, |_| {});
    let mut log = LogWriter::begin(&env.work(), "other");
    log.rows(2, 0);
    log.exit(0);
    let mut fork = run_record("fork");
    fork.start_time = Some(time(5000));
    fork.branch_point = Some(BranchPoint {
        run: "r".to_owned(),
        value: 1.0,
        metric: "_step".to_owned(),
    });
    let dir = env.path("wandb/offline-run-20260528_202659-fork");
    let mut log = LogWriter::create(dir, "fork");
    log.push(wandb_rs::wire::schema::Kind::Run(Box::new(fork)));
    log.rows(2, 7);
    log.exit(0);
    server.latency(std::time::Duration::from_millis(10));
    for _ in 0..2 {
        let done = env.run(["sync", "--yes", "--include-synced"]);
        assert_eq!(done.code(), 0, "{done:?}");
        let run = server.run("fake-user", "proj", "fork");
        assert_eq!(steps(&run.history_rows()), [0, 1, 2, 3]);
        assert_eq!(run.history_rows()[2]["text"], "aaaaaaa");
        assert_eq!(run.history_rewritten, 0);
        std::fs::remove_file(log.journal()).unwrap();
    }
}

#[test]
fn what_the_user_wants_with_a_run_that_is_there() {
    let server = FakeWandb::start();
    let mut env = env_for(&server);
    let log = part(&env.work(), 0, |_| {});
    env.set("WANDB_RESUME", "must");
    let done = env.run(["sync", "--yes"]);
    assert_eq!(done.code(), 1, "{done:?}");
    assert!(
        done.stderr.contains("run r does not exist on the server"),
        "{done:?}"
    );
    env.set("WANDB_RESUME", "never");
    assert_eq!(env.run(["sync", "--yes"]).code(), 0);
    // It is the same log: syncing again is no resuming.
    assert_eq!(env.run(["sync", "--yes", "--include-synced"]).code(), 0);
    assert_eq!(server.only_run().history.len(), 3);
    std::fs::remove_file(log.journal()).unwrap();
    let done = env.run(["sync", "--yes", "--include-synced"]);
    assert_eq!(done.code(), 1, "{done:?}");
    assert!(done.stderr.contains("run r exists already"), "{done:?}");
    env.set("WANDB_RESUME", "allow");
    part(&env.work(), 1, |run| run.resume = false);
    let done = env.run(["sync", "--yes"]);
    assert_eq!(done.code(), 0, "{done:?}");
    assert_eq!(steps(&server.only_run().history_rows()), [0, 1, 2, 3, 4, 5]);
}

#[test]
fn a_part_that_was_cut_short_leaves_the_parts_before_it_alone() {
    let server = FakeWandb::start();
    let env = env_for(&server);
    part(&env.work(), 0, |_| {});
    assert_eq!(env.run(["sync", "--yes"]).code(), 0);
    let mut run = run_record("r");
    run.resume = true;
    run.start_time = Some(time(5000));
    let dir = env.path("wandb/offline-run-20260528_202659-r");
    let mut log = LogWriter::create(dir, "r");
    log.push(wandb_rs::wire::schema::Kind::Run(Box::new(run)));
    for i in 0..5 {
        // Two of them fill a request.
        log.row(1_580_000);
        log.sample(f64::from(i));
        log.print(&format!("line {i}\n"));
    }
    log.exit(0);
    server.faults(|request| {
        if request.is_stream() && request.attempt > 1 {
            Fault::status(403)
        } else {
            Fault::None
        }
    });
    let before = server.only_run();
    assert_eq!(env.run(["sync", "--yes"]).code(), 1);
    assert_eq!(server.only_run().history.len(), 5);
    std::fs::remove_file(log.journal()).unwrap();
    server.faults(|_| Fault::None);
    let done = env.run(["sync", "--yes"]);
    assert_eq!(done.code(), 0, "{done:?}");
    let run = server.only_run();
    assert_eq!((run.history.len(), run.history_rewritten), (8, 0));
    assert_eq!(run.events[..1], before.events);
    assert_eq!(run.events.len(), 6, "{:?}", run.events);
    // Of console lines nobody knows where they begin: rather twice than over those of another part.
    assert_eq!(run.console[..1], before.console);
    let texts = run.console_texts();
    for i in 0..5 {
        assert!(texts.contains(&format!("line {i}")), "{texts:?}");
    }
}

#[test]
fn where_a_run_goes_on_in_one_place_says_nothing_about_another() {
    let server = FakeWandb::start();
    let mut env = env_for(&server);
    let other = env_for(&server);
    let first = part(&other.work(), 0, |run| run.project = "p2".to_owned());
    assert_eq!(other.run(["sync", "--yes"]).code(), 0);
    assert!(first.is_synced());
    part(&env.work(), 1, |run| run.resume = false);
    assert_eq!(env.run(["sync", "--yes"]).code(), 0);
    env.set("WANDB_RESUME", "allow");
    for _ in 0..2 {
        let done = env.run(["sync", "--yes", "--include-synced", "--project=p2"]);
        assert_eq!(done.code(), 0, "{done:?}");
        let run = server.run("fake-user", "p2", "r");
        assert_eq!(steps(&run.history_rows()), [0, 1, 2, 3, 4, 5]);
        assert_eq!(run.history_rewritten, 0);
    }
}
