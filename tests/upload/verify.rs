//! `sync --verify`: what the server has is compared with the log, and what is not there is named.

use crate::common::fake::{FakeWandb, RunView};
use crate::common::logs::varied;
use crate::common::uploads::env_for;

#[test]
fn a_run_that_is_there_is_verified_at_once_or_later() {
    let server = FakeWandb::start();
    let env = env_for(&server);
    varied(&env.work(), "r1");
    let done = env.run(["sync", "--yes", "--verify"]);
    assert_eq!(done.code(), 0, "{done:?}");
    let told = "Verified ./wandb/offline-run-20260528_202640-r1: 10 row(s), summary, config and";
    assert!(done.stderr.contains(told), "{done:?}");
    let later = env.run(["sync", "--yes", "--verify"]);
    assert_eq!(later.code(), 0, "{later:?}");
    assert!(later.stderr.contains(told), "{later:?}");
}

#[test]
fn every_difference_is_named() {
    type Change = fn(&mut RunView);
    let changes: [(&str, Change, &str); 7] = [
        (
            "a lost row",
            |run| {
                run.history.remove(4);
            },
            "1 row(s) missing on the server: step 4",
        ),
        (
            "a changed row",
            |run| run.history[3] = run.history[3].replace("0.25", "0.26"),
            "1 row(s) different on the server: step 3",
        ),
        (
            "all rows",
            |run| run.history.clear(),
            "10 row(s) missing on the server: step 0, 1, 2, 3, 4, …",
        ),
        (
            "a lost file",
            |run| {
                run.files.remove("note.txt");
            },
            "note.txt",
        ),
        (
            "half a file",
            |run| {
                run.files.insert("note.txt".to_owned(), b"text".to_vec());
            },
            "note.txt",
        ),
        (
            "another config",
            |run| run.config["lr"]["value"] = 0.2.into(),
            "config differs on the server: lr",
        ),
        (
            "another summary",
            |run| run.summary = Some(r#"{"loss":7}"#.to_owned()),
            "summary differs on the server: _timestamp, _runtime, loss, _step",
        ),
    ];
    let server = FakeWandb::start();
    let env = env_for(&server);
    varied(&env.work(), "r1");
    assert_eq!(env.run(["sync", "--yes"]).code(), 0);
    let place = ("fake-user", "proj", "r1");
    let good = server.run(place.0, place.1, place.2);
    for (name, change, told) in changes {
        server.tamper(place, change);
        let done = env.run(["sync", "--yes", "--verify"]);
        assert_eq!(done.code(), 1, "{name}: {done:?}");
        assert!(done.stderr.contains(told), "{name}: {done:?}");
        assert!(!done.stderr.contains("Verified"), "{name}: {done:?}");
        server.tamper(place, |run| *run = good.clone());
    }
    server.forget(place);
    let done = env.run(["sync", "--yes", "--verify"]);
    assert_eq!(done.code(), 1, "{done:?}");
    assert!(
        done.stderr
            .contains("the server has no run fake-user/proj/r1"),
        "{done:?}"
    );
}
