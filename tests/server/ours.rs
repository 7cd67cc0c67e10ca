//! Our own commands with our own server.

use serde_json::json;

use super::{TestServer, env_for, until};
use crate::common::TestEnv;

const SCRIPT: &str = "for i in 0 1 2 3 4; do echo \"epoch=$i, loss=0.$i\"; done";

#[test]
fn a_run_is_there_with_its_rows_config_console_and_files() {
    let mut env = TestEnv::new();
    let server = TestServer::start(&env);
    env_for(&mut env, &server);
    let done = env.run_script(
        &["--project", "p", "--id", "r1", "--config", "lr=0.5"],
        SCRIPT,
    );
    assert_eq!(done.code(), 0, "{done:?}");
    let link = format!("{}/{}/p/runs/r1", server.url, server.user());
    assert!(done.stderr.contains(&link), "{done:?}");
    assert_eq!(
        server
            .get(link.strip_prefix(&server.url).unwrap())
            .send()
            .unwrap()
            .status(),
        200
    );
    let base = format!("/p/{}/p/runs/r1", server.user());
    let run = server.page(&base);
    assert_eq!(
        (&run["state"], &run["exit_code"]),
        (&json!("finished"), &json!(0))
    );
    assert_eq!(run["config"]["lr"], 0.5);
    assert_eq!(run["summary"]["loss"], 0.4);
    assert!(run["metadata"]["host"].is_string());
    let rows = server.rows("p", "r1");
    let losses: Vec<_> = rows
        .iter()
        .map(|row| row["loss"].as_f64().unwrap())
        .collect();
    assert_eq!(losses, [0.0, 0.1, 0.2, 0.3, 0.4]);
    let logs = server.page(&format!("{base}/logs"));
    assert_eq!(logs["lines"][4]["text"], "epoch=4, loss=0.4");
    let found = server.page(&format!("{base}/logs?search=EPOCH%3D3"));
    assert_eq!(
        (&found["matched"], &found["lines"][0]["n"]),
        (&json!(1), &json!(3))
    );
    let files = server.page(&format!("{base}/files"));
    let names: Vec<_> = files["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["name"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"output.log") && names.contains(&"config.yaml"),
        "{names:?}"
    );
    let output = server
        .get(&format!("/-/api{base}/files/output.log"))
        .bearer_auth(&server.key);
    assert!(output.send().unwrap().text().unwrap().contains("epoch=4"));
    let verified = env.run([
        "sync",
        "--yes",
        "--verify",
        "--include-synced",
        "--include-online",
    ]);
    assert_eq!(verified.code(), 0, "{verified:?}");
}

#[test]
fn an_offline_run_is_synced_and_synced_again_without_doubling() {
    let mut env = TestEnv::new();
    let server = TestServer::start(&env);
    let done = env.run_script(
        &["--mode", "offline", "--project", "p", "--id", "r1"],
        SCRIPT,
    );
    assert_eq!(done.code(), 0);
    env_for(&mut env, &server);
    for _ in 0..2 {
        let synced = env.run(["sync", "--yes", "--include-synced"]);
        assert_eq!(synced.code(), 0, "{synced:?}");
    }
    assert_eq!(server.rows("p", "r1").len(), 5);
    let failed = env.run_script(&["--project", "p", "--id", "r2"], "echo loss=1; exit 3");
    assert_eq!(failed.code(), 3);
    let run = server.page(&format!("/p/{}/p/runs/r2", server.user()));
    assert_eq!(
        (&run["state"], &run["exit_code"]),
        (&json!("failed"), &json!(3))
    );
}

#[test]
fn a_server_that_runs_here_is_used_without_configuration_and_else_runs_are_offline() {
    let mut env = TestEnv::new();
    let data = env.path("data");
    env.set("WANDB_RS_SERVER_DIR", data.to_str().unwrap());
    let offline = env.run_script(&[], SCRIPT);
    assert!(offline.stderr.contains("offline-run-"), "{offline:?}");
    let server = TestServer::start_on(&env, &data, &[]);
    let online = env.run_script(&["--project", "p"], SCRIPT);
    assert!(
        online
            .stderr
            .contains(&format!("{}/{}/p/runs/", server.url, server.user())),
        "{online:?}"
    );
    assert!(!online.stderr.contains(&server.key), "{online:?}");
    let named = env.run_script(&["--mode", "offline"], SCRIPT);
    assert!(named.stderr.contains("offline-run-"), "{named:?}");
    let synced = env.run(["sync", "--yes"]);
    assert_eq!(synced.code(), 0, "{synced:?}");
    assert_eq!(
        server.page("/projects")["projects"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn login_local_stores_the_key_where_official_clients_find_it() {
    let mut env = TestEnv::new();
    let data = env.path("data");
    env.set("WANDB_RS_SERVER_DIR", data.to_str().unwrap());
    let none = env.run(["login", "--local"]);
    assert_eq!(none.code(), 1);
    assert!(none.stderr.contains("no server runs on"), "{none:?}");
    let server = TestServer::start_on(&env, &data, &[]);
    let done = env.run(["login", "--local"]);
    assert_eq!(done.code(), 0, "{done:?}");
    assert!(!done.stderr.contains(&server.key), "{done:?}");
    let netrc = std::fs::read_to_string(env.path("../home/.netrc")).unwrap();
    assert!(
        netrc.contains(&server.key) && netrc.contains(server.url.strip_prefix("http://").unwrap())
    );
    let settings = std::fs::read_to_string(env.path("../home/.config/wandb/settings")).unwrap();
    assert!(settings.contains(&server.url), "{settings}");
}

#[test]
fn a_live_run_grows_on_the_server() {
    let mut env = TestEnv::new();
    let server = TestServer::start(&env);
    env_for(&mut env, &server);
    env.set("WANDB_X_FILE_STREAM_TRANSMIT_INTERVAL", "0.1");
    let go = env.path("go");
    let script = format!(
        "echo loss=1; while [ ! -e {0} ]; do sleep 0.05; done; echo loss=2",
        go.display()
    );
    let mut command = env.script(&["--project", "p", "--id", "r1"], &script);
    let child = command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let base = format!("/p/{}/p/runs", server.user());
    assert!(crate::common::eventually(
        || server.page("/projects")["projects"][0]["running"] == 1
    ));
    until(&server, &format!("{base}/r1"), |run| {
        run["state"] == "running" && run["keys"][0]["key"] == "loss"
    });
    std::fs::write(&go, "").unwrap();
    assert!(crate::common::wait(child).status.success());
    until(&server, &format!("{base}/r1"), |run| {
        run["state"] == "finished" && run["keys"][0]["count"] == 2
    });
}
