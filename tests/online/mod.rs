//! `wandb-rs run` with a server: what it promises to the script, to the user, and to the run's page.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::common::fake::{FakeWandb, RunView};
use crate::common::uploads::{self, Held, env_for, held};
use crate::common::{self, Finished, TestEnv};

mod clients;
mod down;
mod ends;
mod races;
mod resume;
mod told;

/// Prints two rows.
const TWO_ROWS: &str = "echo 'epoch=1, loss=0.5'; echo 'epoch=2, loss=0.25'";

/// An environment whose runs are sent to this server as they grow, and not described.
fn env(server: &FakeWandb) -> TestEnv {
    let mut env = env_for(server);
    env.set("WANDB_X_FILE_STREAM_TRANSMIT_INTERVAL", "0.02")
        .set("WANDB_X_DISABLE_STATS", "true")
        .set("WANDB_PROJECT", "proj");
    env
}

/// The run of this id.
#[track_caller]
fn run(server: &FakeWandb, id: &str) -> RunView {
    server.run("fake-user", "proj", id)
}

/// What was told, without what differs between runs and machines.
fn told(done: &Finished, server: &FakeWandb) -> String {
    let text = done.told().replace(&server.url(), "SERVER");
    let mut out = String::new();
    for line in text.lines() {
        let mut line = line.to_owned();
        if let Some(at) = line.find("/run-") {
            let stamp = at + "/run-".len();
            line.replace_range(stamp..stamp + "20260528_202640".len(), "STAMP");
        }
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// Lines that warn.
fn warnings(done: &Finished) -> Vec<&str> {
    let lines = done.stderr.lines();
    lines
        .filter(|line| line.contains("WARNING") || line.contains("ERROR"))
        .collect()
}

/// Whether the newest run is marked as uploaded.
fn is_synced(env: &TestEnv) -> bool {
    let mut entries = fs::read_dir(env.run_dir()).unwrap();
    entries.any(|entry| entry.unwrap().path().extension() == Some("synced".as_ref()))
}

/// What a server has of a run, but for which client has uploaded it.
fn state(run: &RunView) -> Held {
    let mut run = run.clone();
    let tidy = |config: &mut Value| {
        if let Some(telemetry) = config.pointer_mut("/_wandb/value/t") {
            *telemetry = Value::Null;
        }
    };
    tidy(&mut run.config);
    if let Some(file) = run.files.get_mut("config.yaml") {
        let mut config: Value = serde_saphyr::from_str(&String::from_utf8_lossy(file)).unwrap();
        tidy(&mut config);
        *file = config.to_string().into_bytes();
    }
    // The order of its members is when they came first, or were told first.
    if let Some(summary) = &mut run.summary {
        *summary = sorted(summary.as_bytes());
    }
    if let Some(file) = run.files.get_mut("wandb-summary.json") {
        *file = sorted(file).into_bytes();
    }
    held(&run)
}

/// A JSON object with its members in order.
fn sorted(object: &[u8]) -> String {
    let text = String::from_utf8_lossy(object);
    let mut value = wandb_rs::wire::json::Value::parse(&text).unwrap();
    if let wandb_rs::wire::json::Value::Map(members) = &mut value {
        members.sort_by(|a, b| a.0.cmp(&b.0));
    }
    value.to_json()
}

/// Fails unless the server has what the newest run's log says: what another server gets from the log alone.
#[track_caller]
fn assert_state_is_the_logs(env: &TestEnv, run: &RunView) {
    let other = FakeWandb::start();
    let copy = copy(env, &env.run_dir());
    let mut sync = env.wandb_rs(["sync".as_ref(), copy.as_os_str()]);
    sync.env("WANDB_BASE_URL", other.url());
    let done = common::finish(sync);
    assert_eq!(done.code(), 0, "{done:?}");
    let expected = state(&other.run(&run.entity, &run.project, &run.id));
    uploads::assert_held(&expected, &state(run), &format!("run {}", run.id));
}

/// A copy of a run directory of which no upload is known.
fn copy(env: &TestEnv, dir: &Path) -> PathBuf {
    let copies = env.path("copies");
    let _ = fs::remove_dir_all(&copies);
    fs::create_dir(&copies).unwrap();
    let mut command = env.program("cp");
    command.arg("-a").arg(dir).arg(&copies);
    assert_eq!(common::finish(command).code(), 0);
    let copy = copies.join(dir.file_name().unwrap());
    for entry in fs::read_dir(&copy).unwrap() {
        let path = entry.unwrap().path();
        let name = path.to_string_lossy();
        if name.ends_with(".synced") || name.ends_with(".syncstate") {
            fs::remove_file(&path).unwrap();
        }
    }
    copy
}
