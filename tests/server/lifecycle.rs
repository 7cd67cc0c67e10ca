//! `server start`, `status`, `stop`, `user` and `backup`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::json;

use super::TestServer;
use crate::common::TestEnv;

#[test]
fn the_server_starts_in_the_background_tells_its_key_once_and_stops() {
    let mut env = TestEnv::new();
    let data = env.path("data");
    env.set("WANDB_RS_SERVER_DIR", data.to_str().unwrap());
    let started = env.run(["server", "start", "--port", "0"]);
    assert_eq!(started.code(), 0, "{started:?}");
    let key = fs::read_to_string(data.join("api-key")).unwrap();
    assert!(started.stdout.contains(key.trim()), "{started:?}");
    let again = env.run(["server", "start", "--port", "0"]);
    assert!(
        again
            .stdout
            .starts_with("wandb-rs server runs already: http://127.0.0.1:"),
        "{again:?}"
    );
    let status = env.run(["server", "status"]);
    assert!(status.stdout.contains("running as process"), "{status:?}");
    assert_eq!(env.run(["server", "stop"]).code(), 0);
    let status = env.run(["server", "status"]);
    assert_eq!(status.code(), 1);
    assert!(status.stderr.contains("no server runs on"), "{status:?}");
    let second = env.run(["server", "start", "--port", "0"]);
    assert!(!second.stdout.contains(key.trim()), "{second:?}");
    assert_eq!(env.run(["server", "stop"]).code(), 0);
}

#[test]
fn all_that_it_writes_is_the_users_alone() {
    let env = TestEnv::new();
    let data = env.path("data");
    let server = TestServer::start_on(&env, &data, &[]);
    server.make_run("p", "r");
    let body =
        json!({"files": {"wandb-history.jsonl": {"offset": 0, "content": ["{\"_step\":0}"]}}});
    server.stream("p", "r", &body).unwrap();
    let mut seen = 0;
    check(&data, &mut seen);
    assert!(seen > 8, "{seen}");
}

fn check(path: &Path, seen: &mut usize) {
    let metadata = path.symlink_metadata().unwrap();
    assert_eq!(
        metadata.permissions().mode() & 0o077,
        0,
        "{}",
        path.display()
    );
    *seen += 1;
    if metadata.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            check(&entry.unwrap().path(), seen);
        }
    }
}

#[test]
fn other_machines_reach_it_only_with_tls_or_if_that_was_said() {
    let env = TestEnv::new();
    let refused = env.run([
        "server",
        "start",
        "--foreground",
        "--host",
        "0.0.0.0",
        "--port",
        "0",
        "--data-dir",
        "d",
    ]);
    assert_eq!(refused.code(), 1);
    assert!(
        refused
            .stderr
            .contains("can be reached from other machines"),
        "{refused:?}"
    );
    assert!(refused.stderr.contains("--allow-plain"), "{refused:?}");
    assert!(!env.path("d/api-key").exists());
    let server = TestServer::start_on(
        &env,
        &env.path("d"),
        &["--host", "0.0.0.0", "--allow-plain"],
    );
    assert!(
        server.url.starts_with("http://localhost:"),
        "{}",
        server.url
    );
}

#[test]
fn a_port_that_is_taken_is_told_with_the_way_out() {
    let env = TestEnv::new();
    let server = TestServer::start(&env);
    let port = server.url.rsplit_once(':').unwrap().1;
    let refused = env.run(["server", "start", "--port", port, "--data-dir", "other"]);
    assert_eq!(refused.code(), 1);
    assert!(
        refused.stderr.contains("another program listens there"),
        "{refused:?}"
    );
}

#[test]
fn users_have_keys_of_their_own_which_can_be_taken_away() {
    let env = TestEnv::new();
    let server = TestServer::start(&env);
    let user = |arguments: &[&str]| {
        env.run(
            [
                &["server", "user"][..],
                arguments,
                &["--data-dir", "server"],
            ]
            .concat(),
        )
    };
    let added = user(&["add", "alice"]);
    assert_eq!(added.code(), 0, "{added:?}");
    let key = added.stdout.trim().to_owned();
    let viewer = |key: &str| {
        let request = server.post("/graphql").basic_auth("api", Some(key));
        let answer = request
            .json(&json!({"query": "{viewer{username entity}}"}))
            .send()
            .unwrap();
        answer.json::<serde_json::Value>().unwrap()["data"]["viewer"]["username"].clone()
    };
    assert_eq!(viewer(&key), "alice");
    assert_eq!(user(&["add", "alice"]).code(), 1);
    assert_eq!(user(&["add", "a/b"]).code(), 1);
    assert_eq!(user(&["key", "bob"]).code(), 1);
    let other = user(&["key", "alice", "--revoke"]).stdout.trim().to_owned();
    assert_eq!(
        (viewer(&other), viewer(&key)),
        (json!("alice"), serde_json::Value::Null)
    );
    // Whoever is no admin cannot have files written.
    let backup = server
        .post("/-/api/backup")
        .bearer_auth(&other)
        .json(&json!({"target": env.path("x")}));
    assert_eq!(backup.send().unwrap().status(), 403);
}

#[test]
fn a_backup_of_a_server_that_runs_is_a_server() {
    let env = TestEnv::new();
    let mut server = TestServer::start(&env);
    server.make_run("p", "r");
    let rows: Vec<String> = (0..1000)
        .map(|step| format!("{{\"_step\":{step},\"x\":{step}}}"))
        .collect();
    let body = json!({"files": {"wandb-history.jsonl": {"offset": 0, "content": rows}}});
    server.stream("p", "r", &body).unwrap();
    for (target, code) in [("copy", 0), ("copy", 1)] {
        let done = env.run(["server", "backup", target, "--data-dir", "server"]);
        assert_eq!(done.code(), code, "{done:?}");
    }
    server.terminate();
    let done = env.run(["server", "backup", "copy2", "--data-dir", "server"]);
    assert_eq!(done.code(), 0, "{done:?}");
    for name in ["copy", "copy2"] {
        let copy = TestServer::start_on(&env, &env.path(name), &[]);
        assert_eq!(copy.rows("p", "r").len(), 1000, "{name}");
        assert_eq!(copy.key, server.key);
    }
}
