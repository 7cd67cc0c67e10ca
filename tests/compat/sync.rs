//! `wandb sync` of the official client uploads our runs: the server has what the script said, also after a crash.
//!
//! The server is `openwandb`, on a loopback port; `/files/…` gives back what the client sent, byte for byte.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use nix::sys::signal::Signal;
use wandb_rs::store::log_reader::End;
use wandb_rs::wire::json::Value;

use super::fold::{self, Log};
use super::protojson::{canonical, canonical_without};
use crate::common::{self, Finished, TestEnv, eventually, peers};

/// A server with a store of its own; it ends with the test.
pub(super) struct Server {
    child: Child,
    port: u16,
}

impl Server {
    pub(super) fn start(env: &TestEnv) -> Self {
        // The port is free when we ask for it; who else takes it before the server does is unlucky.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| listener.local_addr())
            .unwrap()
            .port();
        let mut command = env.program(peers::bin().unwrap().join("openwandb"));
        command
            .args(["serve", "--host", "127.0.0.1", "--log-level", "warning"])
            .args(["--port", &port.to_string(), "--data-dir"])
            .arg(env.path("server"))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn().unwrap();
        let server = Self { child, port };
        assert!(
            eventually(|| server.get("/api/v1/viewer").is_some()),
            "the server did not start"
        );
        server
    }

    /// The body of a successful answer.
    fn get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n")?;
        head.lines()
            .next()?
            .contains(" 200")
            .then(|| body.to_owned())
    }

    /// A file of a run, as the client sent it.
    pub(super) fn file(&self, run: &str, name: &str) -> String {
        let path = format!("/files/default/compat/{run}/{name}");
        self.get(&path).unwrap_or_else(|| panic!("no {path}"))
    }

    /// Rows in canonical form.
    pub(super) fn rows(&self, run: &str) -> Vec<String> {
        let rows = self.file(run, "wandb-history.jsonl");
        rows.lines()
            .map(|row| canonical(&Value::parse(row).unwrap()))
            .collect()
    }

    pub(super) fn sync(&self, env: &TestEnv, dir: &Path) -> Finished {
        let mut command = env.program(peers::bin().unwrap().join("wandb"));
        command.arg("sync").arg(dir);
        self.finish(env, command)
    }

    /// Runs a client of this server.
    pub(super) fn finish(&self, env: &TestEnv, mut command: std::process::Command) -> Finished {
        command
            .env("WANDB_BASE_URL", format!("http://127.0.0.1:{}", self.port))
            .env("WANDB_API_KEY", format!("local{}", "0".repeat(40)))
            .env("WANDB_CONFIG_DIR", env.path("client"))
            .env("WANDB_ERROR_REPORTING", "false");
        common::finish(command)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn log_path(dir: &Path, id: &str) -> PathBuf {
    dir.join(format!("run-{id}.wandb"))
}

/// A copy of a run directory: sync writes into what it reads.
pub(super) fn copy(env: &TestEnv, dir: &Path) -> PathBuf {
    let copies = env.path("copies");
    fs::create_dir_all(&copies).unwrap();
    let mut command = env.program("cp");
    command.arg("-a").arg(dir).arg(&copies);
    assert_eq!(common::finish(command).code(), 0);
    copies.join(dir.file_name().unwrap())
}

/// Lines of the console on the server; what the client sends line by line has a time in front.
fn console_lines(text: &str) -> Vec<&str> {
    let stamped = |line: &str| {
        let line = line.strip_prefix("ERROR ").unwrap_or(line);
        line.len() > 26 && line.as_bytes()[10] == b'T' && line.as_bytes()[19] == b'.'
    };
    text.lines().filter(|line| !stamped(line)).collect()
}

/// The values in a `config.yaml`, without what the client says about itself.
pub(super) fn config(text: &str) -> serde_json::Value {
    let mut config: serde_json::Map<_, _> = serde_saphyr::from_str(text).unwrap();
    config.remove("_wandb");
    config.into()
}

#[test]
fn the_server_gets_the_rows_config_summary_and_console_of_the_example() {
    let Some(bin) = peers::bin() else { return };
    let env = TestEnv::new();
    let server = Server::start(&env);
    let python = bin.join("python3").display().to_string();
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/train.py");
    let arguments = [
        "run",
        "--project=compat",
        "--id=train",
        "--",
        &python,
        example,
    ];
    let done = env.run(arguments.iter().chain(&["--lr", "0.5"]));
    assert_eq!(done.code(), 0, "{done:?}");
    let run = env.read_run();
    let log = Log::read(&log_path(&run.dir, "train"));

    let synced = server.sync(&env, &run.dir);
    assert_eq!(synced.code(), 0, "{synced:?}");
    assert!(run.dir.join("run-train.wandb.synced").exists());

    let rows = server.rows("train");
    assert_eq!(rows.len(), 10);
    for (i, (row, line)) in rows.iter().zip(done.stdout.lines()).enumerate() {
        let row = Value::parse(row).unwrap();
        for pair in line.split(", ") {
            let (name, printed) = pair.split_once('=').unwrap();
            let printed: f64 = printed.parse().unwrap();
            assert_eq!(row.get(name).and_then(Value::as_f64), Some(printed));
        }
        assert_eq!(row.get("_step"), Some(&Value::Int(i as i64)));
    }
    let ours: Vec<String> = log
        .history()
        .map(|row| canonical(&fold::row(row)))
        .collect();
    assert_eq!(rows, ours);

    let summary = Value::parse(&server.file("train", "wandb-summary.json")).unwrap();
    assert_eq!(canonical(&summary), canonical(&log.summary()));
    let sent = config(&server.file("train", "config.yaml"));
    assert_eq!(sent["lr"]["value"], 0.5);
    let output = server.file("train", "output.log");
    assert_eq!(
        console_lines(&output),
        done.stdout.lines().collect::<Vec<_>>()
    );
}

#[test]
fn what_was_edited_is_uploaded_as_edited() {
    if peers::bin().is_none() {
        return;
    }
    let env = TestEnv::new();
    let server = Server::start(&env);
    let options = ["--project", "draft", "--id", "edited", "--config", "lr=0.1"];
    let done = env.run_script(&options, "wandb-rs config late=1; wandb-rs log loss=1");
    assert_eq!(done.code(), 0, "{done:?}");
    let changes = [
        "--project=compat",
        "--config=lr=0.7",
        "--config=late=2",
        "--config=opt.beta=0.9",
    ];
    let done = env.run(["edit", "edited"].iter().chain(&changes));
    assert_eq!((done.code(), done.stderr.as_str()), (0, ""));
    let synced = server.sync(&env, &env.run_dir());
    assert_eq!(synced.code(), 0, "{synced:?}");
    let sent = config(&server.file("edited", "config.yaml"));
    assert_eq!(sent["lr"]["value"], 0.7);
    assert_eq!(sent["late"]["value"], 2);
    assert_eq!(sent["opt"]["value"]["beta"], 0.9);
    assert_eq!(server.rows("edited").len(), 1);
}

#[test]
fn files_beside_the_log_are_what_sync_makes_of_it() {
    if peers::bin().is_none() {
        return;
    }
    let env = TestEnv::new();
    let server = Server::start(&env);
    env.write(
        "config.json",
        r##"{"yes": "yes", "text": "1e-3", "colon": "a: b", "empty": "", "none": null, "on": true, "int": 3,
            "list": [1, [2, 3], {"b": 1, "a": [4]}, [], {}], "deep": {"é 漢": {"3": 1.5, "#": "x\ny\n"}}, "big": 1e300,
            "long": "word word word word word word word word word word word word word word word word word word"}"##,
    );
    let done = env.run_script(
        &[
            "--project=compat",
            "--id=files",
            "--config-file=config.json",
        ],
        r"set -e
        printf 'epoch=1, loss=0.5\r\n\n\033[32mgreen\033[0m   \n10%%\r20%%\n'
        printf 'warn\n' >&2
        wandb-rs define-metric acc --summary max,mean
        wandb-rs log acc=1 nan=NaN text=x
        wandb-rs log acc=0.5 nested.leaf=1
        wandb-rs config late.value=1
        wandb-rs summary best=0.9 tree.leaf=1 none=null
        exit 3
        ",
    );
    assert_eq!(done.code(), 3, "{done:?}");
    let run = env.read_run();
    let copy = copy(&env, &run.dir);
    let synced = server.sync(&env, &copy);
    assert_eq!(synced.code(), 0, "{synced:?}");

    let theirs = |name: &str| {
        let path = copy.join("files").join(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    assert_eq!(theirs("output.log"), run.file("output.log"));
    assert_eq!(
        canonical(&Value::parse(&theirs("wandb-summary.json")).unwrap()),
        canonical(&run.summary())
    );
    assert_eq!(
        config(&theirs("config.yaml")),
        config(&run.file("config.yaml"))
    );
    let metadata = |text: &str| canonical_without(&Value::parse(text).unwrap(), &["writerId"]);
    assert_eq!(
        metadata(&theirs("wandb-metadata.json")),
        metadata(&run.file("wandb-metadata.json"))
    );
}

#[test]
fn what_was_recorded_before_a_kill_is_uploaded() {
    if peers::bin().is_none() {
        return;
    }
    let env = TestEnv::new();
    let server = Server::start(&env);
    let mut child = common::start(env.script(
        &["--project=compat", "--id=killed", "--config=lr=0.1"],
        "i=0; while echo step=$i loss=0.5; do i=$((i+1)); done",
    ));
    let mut stdout = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
    let log = || {
        let dir = env.path("wandb/latest-run").canonicalize().ok()?;
        let path = log_path(&dir, "killed");
        path.exists().then(|| Log::read(&path))
    };
    let busy = eventually(|| log().is_some_and(|log| log.history().count() > 300));
    common::kill(&child, Signal::SIGKILL);
    common::wait_status(&mut child);
    assert!(busy, "no rows came to the log");
    reader.join().unwrap().unwrap();

    let log = log().unwrap();
    assert_eq!((log.damage.as_slice(), log.end), (&[][..], End::Complete));
    let rows: Vec<String> = log
        .history()
        .map(|row| canonical(&fold::row(row)))
        .collect();
    for (i, row) in rows.iter().enumerate() {
        assert!(row.contains(&format!("\"_step\":{i},")), "{i}: {row}");
    }
    let dir = env.run_dir();
    let synced = server.sync(&env, &dir);
    assert_eq!(synced.code(), 0, "{synced:?}");
    assert!(dir.join("run-killed.wandb.synced").exists());
    assert_eq!(server.rows("killed"), rows);
    let sent = config(&server.file("killed", "config.yaml"));
    assert_eq!(sent["lr"]["value"], 0.1);
}
