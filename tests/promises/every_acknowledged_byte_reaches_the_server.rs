//! Promise 9, every acknowledged byte reaches the server, none twice in effect: all faults at all requests.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::common::fake::{FakeWandb, Fault, Gate, RequestKind, RequestView, random_faults};
use crate::common::logs::{LogWriter, run_record, varied};
use crate::common::uploads::{assert_held, clean, env_for, held, rounds};
use crate::common::{self, TestEnv, eventually};

/// Writes a run into a directory.
type Write = dyn Fn(&Path) -> LogWriter;

/// A plan that lets one fault happen to the first request that it is meant for.
fn once(
    meant: impl Fn(&RequestView) -> bool + Send + 'static,
    fault: Fault,
) -> (impl FnMut(&RequestView) -> Fault + Send, Arc<Mutex<u32>>) {
    let seen = Arc::new(Mutex::new(0));
    let count = Arc::clone(&seen);
    let plan = move |request: &RequestView| {
        if !meant(request) {
            return Fault::None;
        }
        let mut seen = count.lock().unwrap();
        *seen += 1;
        if *seen == 1 {
            fault.clone()
        } else {
            Fault::None
        }
    };
    (plan, seen)
}

/// Kinds of requests of an upload of [`varied`], by the names that the server's log gives them.
const KINDS: &[&str] = &[
    "UpsertBucket",
    "ServerFeaturesQuery",
    "CreateRunFiles",
    "NotifyScriptableRunAlert",
    "CreateArtifact",
    "CreateArtifactManifest",
    "CreateArtifactFiles",
    "CommitArtifact",
    "upload note.txt",
    "upload ds/a.txt",
    "upload ds/wandb_manifest.json",
    "file_stream",
];

fn is(kind: &RequestKind, name: &str) -> bool {
    match kind {
        RequestKind::Graphql(operation) => operation == name,
        RequestKind::Stream => name == "file_stream",
        RequestKind::Upload { name: file } => name.strip_prefix("upload ") == Some(file),
        RequestKind::Other => false,
    }
}

#[test]
fn every_request_survives_every_fault_that_passes() {
    let expected = clean(|work| varied(work, "r1"));
    let faults = [
        Fault::status(429).header("Retry-After", "0.01"),
        Fault::status(500),
        Fault::status(503),
        Fault::Html(502),
        Fault::ApplyThenStatus(500),
        Fault::ResetBefore,
        Fault::ResetInBody,
        Fault::ApplyThenReset,
        Fault::ResetInReply,
        Fault::Delay(Duration::from_millis(5)),
    ];
    for &kind in KINDS {
        let mut cases = faults.to_vec();
        if !kind.starts_with("upload") {
            // A page in place of the answer: a proxy that wants a login. A store's answers hold nothing.
            cases.extend([Fault::Html(200), Fault::status(408)]);
        }
        if kind.chars().all(char::is_alphanumeric) {
            cases.push(Fault::TruncatedJson);
        }
        if kind == "UpsertBucket" {
            cases.push(Fault::error(409, "Error 1062: Duplicate entry"));
        }
        for fault in cases {
            let context = format!("{kind}: {fault:?}");
            let server = FakeWandb::start();
            let env = env_for(&server);
            let log = varied(&env.work(), "r1");
            let (plan, seen) = once(move |request| is(&request.kind, kind), fault);
            server.faults(plan);
            let done = env.run(["sync", "--yes"]);
            assert_eq!(done.code(), 0, "{context}: {done:?}");
            assert!(log.is_synced(), "{context}");
            assert!(*seen.lock().unwrap() > 0, "{context} did not happen");
            assert_held(&expected, &held(&server.only_run()), &context);
        }
    }
}

#[test]
fn a_run_that_goes_on_survives_faults_too() {
    use wandb_rs::wire::schema::BranchPoint;
    let rewind = |work: &Path| {
        let mut run = run_record("r1");
        run.branch_point = Some(BranchPoint {
            run: "r1".to_owned(),
            value: 3.0,
            metric: "_step".to_owned(),
        });
        let dir = work.join("wandb/offline-run-20260528_202650-r1");
        let mut log = LogWriter::create(dir, "r1");
        log.push(wandb_rs::wire::schema::Kind::Run(Box::new(run)));
        log.rows(2, 3);
        log.exit(0);
        log
    };
    let resume = |work: &Path| {
        let mut run = run_record("r1");
        run.resume = true;
        let dir = work.join("wandb/offline-run-20260528_202650-r1");
        let mut log = LogWriter::create(dir, "r1");
        log.push(wandb_rs::wire::schema::Kind::Run(Box::new(run)));
        log.rows(2, 3);
        log.exit(0);
        log
    };
    for (operation, more, steps) in [
        ("RewindRun", &rewind as &Write, 6),
        ("RunResumeStatus", &resume as &Write, 12),
    ] {
        let mut expected = None;
        for fault in [
            Fault::None,
            Fault::status(500),
            Fault::ApplyThenStatus(502),
            Fault::ApplyThenReset,
            Fault::TruncatedJson,
            Fault::Html(200),
        ] {
            let context = format!("{operation}: {fault:?}");
            let server = FakeWandb::start();
            let env = env_for(&server);
            varied(&env.work(), "r1");
            assert_eq!(env.run(["sync", "--yes"]).code(), 0);
            more(&env.work());
            let (plan, seen) = once(move |request| request.is_graphql(operation), fault);
            server.faults(plan);
            let done = env.run(["sync", "--yes"]);
            assert_eq!(done.code(), 0, "{context}: {done:?}");
            assert!(*seen.lock().unwrap() > 0, "{context} did not happen");
            let run = server.only_run();
            assert_eq!(run.history.len(), steps, "{context}");
            let held = held(&run);
            assert_held(expected.get_or_insert(held.clone()), &held, &context);
        }
    }
}

#[test]
fn random_faults_cost_nothing_but_time() {
    let write = |work: &Path| {
        let mut log = LogWriter::begin(work, "r1");
        for step in 0..8 {
            // Two of the long ones fill a request.
            log.row(if [0, 2, 4].contains(&step) {
                1_580_000
            } else {
                10
            });
            log.sample(f64::from(step));
            log.print(&format!("step {step}\n"));
        }
        log.file("note.txt", b"text of a file");
        log.artifact("ds", &[("a.txt", b"small"), ("sub/b.bin", &[7; 5000])]);
        log.alert("title");
        log.exit(3);
        log
    };
    let expected = clean(write);
    for seed in 0..rounds("WANDB_RS_SEEDS", 10) {
        let probability = if seed % 2 == 0 { 0.2 } else { 0.5 };
        let context = format!("seed {seed}, probability {probability}");
        let server = FakeWandb::start();
        let env = env_for(&server);
        let log = write(&env.work());
        server.faults(random_faults(seed, probability));
        let done = env.run(["sync", "--yes"]);
        assert_eq!(done.code(), 0, "{context}: {done:?}");
        assert!(log.is_synced(), "{context}");
        assert_held(&expected, &held(&server.only_run()), &context);
    }
}

#[test]
fn what_is_refused_is_not_asked_for_again_and_the_run_stays_unsynced() {
    for &kind in KINDS {
        // An alert and a question that a server does not know are no reason to fail; see below.
        if matches!(kind, "ServerFeaturesQuery" | "NotifyScriptableRunAlert") {
            continue;
        }
        for code in [400, 401, 403, 404, 410, 413, 422, 501] {
            let context = format!("{kind}: {code}");
            let server = FakeWandb::start();
            let env = env_for(&server);
            let log = varied(&env.work(), "r1");
            server.faults(move |request| {
                if is(&request.kind, kind) {
                    Fault::status(code)
                } else {
                    Fault::None
                }
            });
            let done = env.run(["sync", "--yes"]);
            assert_eq!(done.code(), 1, "{context}: {done:?}");
            assert!(!log.is_synced(), "{context}");
            let told = format!("HTTP {code}: injected fault {code}");
            assert!(done.stderr.contains(&told), "{context}: {done:?}");
            assert!(
                !done.stderr.contains("Finished syncing"),
                "{context}: {done:?}"
            );
            let asked = server.operations();
            let asked = asked.iter().filter(|name| *name == kind).count();
            assert_eq!(asked, 1, "{context}");
            // The end may be told only when everything else is stored.
            if let Some(run) = server.find_run("fake-user", "proj", "r1")
                && kind == "file_stream"
            {
                assert_eq!(run.exit_code, None, "{context}");
            }
        }
    }
}

#[test]
fn what_a_server_need_not_know_is_no_failure() {
    for kind in ["ServerFeaturesQuery", "NotifyScriptableRunAlert"] {
        for fault in [Fault::status(400), Fault::status(200), Fault::status(403)] {
            let server = FakeWandb::start();
            let env = env_for(&server);
            let log = varied(&env.work(), "r1");
            let context = format!("{kind}: {fault:?}");
            server.faults(move |request| {
                if is(&request.kind, kind) {
                    fault.clone()
                } else {
                    Fault::None
                }
            });
            let done = env.run(["sync", "--yes"]);
            assert_eq!(done.code(), 0, "{context}: {done:?}");
            assert!(log.is_synced(), "{context}");
            assert_eq!(server.only_run().console_texts().len(), 10, "{context}");
        }
    }
}

#[test]
fn a_deleted_run_is_given_up_at_once() {
    let server = FakeWandb::start();
    let env = env_for(&server);
    let log = varied(&env.work(), "r1");
    let message = "run fake-user/proj/r1 was previously created and deleted; try a new run name";
    server.faults(|request| {
        if request.is_graphql("UpsertBucket") {
            Fault::error(
                409,
                "run fake-user/proj/r1 was previously created and deleted; try a new run name",
            )
        } else {
            Fault::None
        }
    });
    let done = env.run(["sync", "--yes"]);
    assert_eq!(done.code(), 1, "{done:?}");
    assert!(done.stderr.contains(message), "{done:?}");
    assert!(!log.is_synced());
    let upserts = server.operations();
    let upserts = upserts
        .iter()
        .filter(|name| *name == "UpsertBucket")
        .count();
    assert_eq!(upserts, 1);
    // Another id is a way out.
    server.faults(|_| Fault::None);
    let done = env.run(["sync", "--yes", "--id=r2"]);
    assert_eq!(done.code(), 0, "{done:?}");
    assert_eq!(server.only_run().id, "r2");
}

#[test]
fn the_server_says_how_long_to_wait() {
    for kind in ["UpsertBucket", "file_stream", "upload note.txt"] {
        let server = FakeWandb::start();
        let env = env_for(&server);
        varied(&env.work(), "r1");
        let times = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&times);
        server.faults(move |request| {
            if !is(&request.kind, kind) {
                return Fault::None;
            }
            let mut seen = seen.lock().unwrap();
            seen.push(Instant::now());
            if seen.len() == 1 {
                Fault::status(429).header("Retry-After", "0.3")
            } else {
                Fault::None
            }
        });
        let done = env.run(["sync", "--yes"]);
        assert_eq!(done.code(), 0, "{done:?}");
        let times = times.lock().unwrap();
        let waited = times[1] - times[0];
        assert!(waited >= Duration::from_millis(290), "{kind}: {waited:?}");
    }
}

#[test]
fn a_request_that_stalls_is_sent_again() {
    let expected = clean(|work| varied(work, "r1"));
    for kind in ["UpsertBucket", "file_stream", "upload note.txt"] {
        let server = FakeWandb::start();
        let mut env = env_for(&server);
        env.set("WANDB_HTTP_TIMEOUT", "0.3")
            .set("WANDB_X_FILE_STREAM_TIMEOUT_SECONDS", "0.3")
            .set("WANDB_FILE_PUSHER_TIMEOUT", "0.3");
        varied(&env.work(), "r1");
        let gate = Gate::new();
        let (plan, _) = once(move |request| is(&request.kind, kind), Fault::Stall(gate));
        server.faults(plan);
        let done = env.run(["sync", "--yes"]);
        assert_eq!(done.code(), 0, "{kind}: {done:?}");
        assert_held(&expected, &held(&server.only_run()), kind);
    }
}

#[test]
fn a_server_that_is_down_for_a_while_gets_everything() {
    let write = |work: &Path| {
        let mut log = LogWriter::begin(work, "r1");
        log.rows(5, 1_580_000);
        log.file("note.txt", b"note");
        log.exit(0);
        log
    };
    let expected = clean(write);
    let server = FakeWandb::start();
    let env = env_for(&server);
    write(&env.work());
    let gate = Gate::new();
    let (plan, _) = once(
        |request| request.is_stream() && request.attempt == 2,
        Fault::Stall(gate.clone()),
    );
    server.faults(plan);
    let mut child = common::start(env.wandb_rs(["sync", "--yes"]));
    assert!(eventually(|| gate.waiting() == 1));
    server.pause();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let refused = |line: std::io::Result<String>| line.is_ok_and(|line| line.contains("refused"));
    assert!(lines.by_ref().any(refused));
    server.resume();
    lines.for_each(drop);
    let done = common::wait(child);
    assert_eq!(done.code(), 0, "{done:?}");
    assert_held(&expected, &held(&server.only_run()), "paused");
}

#[test]
fn a_server_that_stays_away_is_named() {
    let server = FakeWandb::start();
    let mut env = env_for(&server);
    env.set("WANDB_X_GRAPHQL_RETRY_MAX", "2");
    let log = varied(&env.work(), "r1");
    server.pause();
    let done = env.run(["sync", "--yes"]);
    assert_eq!(done.code(), 1, "{done:?}");
    assert!(done.stderr.contains("is the server up"), "{done:?}");
    assert!(!log.is_synced());
}

#[test]
fn redirects_carry_no_credentials_away() {
    // Whoever connects here has followed a redirect.
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let target = format!("http://{}/graphql", elsewhere.local_addr().unwrap());
    for (kind, code) in [
        ("UpsertBucket", 307),
        ("file_stream", 308),
        ("upload note.txt", 302),
    ] {
        let server = FakeWandb::start();
        let env = env_for(&server);
        let log = varied(&env.work(), "r1");
        let target = target.clone();
        server.faults(move |request| {
            if is(&request.kind, kind) {
                Fault::status(code).header("Location", &target)
            } else {
                Fault::None
            }
        });
        let done = env.run(["sync", "--yes"]);
        assert_eq!(done.code(), 1, "{kind}: {done:?}");
        assert!(!log.is_synced());
        assert!(
            elsewhere.accept().is_err(),
            "{kind}: a redirect was followed"
        );
    }
}

#[test]
fn the_key_goes_to_the_server_and_nowhere_else() {
    let mut env = TestEnv::new();
    let storage = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = storage.local_addr().unwrap();
    let server = FakeWandb::start();
    server.configure(&mut env);
    env.set("WANDB_X_FILE_TRANSFER_RETRY_MAX", "0");
    varied(&env.work(), "r1");
    let answer = format!(
        r#"{{"data":{{"createRunFiles":{{"runID":"x","uploadHeaders":[],"files":[{}]}}}}}}"#,
        [
            "note.txt",
            "media/images/a.png",
            "config.yaml",
            "wandb-summary.json",
            "output.log"
        ]
        .map(|name| format!(r#"{{"name":"{name}","uploadUrl":"http://{address}/{name}"}}"#))
        .join(",")
    );
    server.faults(move |request| {
        if request.is_graphql("CreateRunFiles") {
            Fault::status(200).body(answer.clone())
        } else {
            Fault::None
        }
    });
    // What is stored elsewhere is not there for the fake: it says so.
    server.allow_violations();
    let heads = std::thread::spawn(move || {
        let mut heads = Vec::new();
        for _ in 0..5 {
            let (mut stream, _) = storage.accept().unwrap();
            let mut buffer = vec![0; 64 << 10];
            let read = stream.read(&mut buffer).unwrap();
            heads.push(String::from_utf8_lossy(&buffer[..read]).into_owned());
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            stream.write_all(answer.as_bytes()).unwrap();
            // The rest of the body is read, so that closing does not reset the connection.
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        }
        heads
    });
    let done = env.run(["sync", "--yes"]);
    assert_eq!(done.code(), 0, "{done:?}");
    for head in heads.join().unwrap() {
        let head = head.to_ascii_lowercase();
        assert!(head.starts_with("put /"), "{head}");
        assert!(!head.contains("authorization"), "{head}");
        assert!(!head.contains(server.api_key()), "{head}");
    }
}
