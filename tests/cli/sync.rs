//! `wandb-rs sync`: what it finds, what it says, and how it ends.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use prost::Message as _;
use serde_json::{Value, json};

use wandb_rs::wire::schema::{HistoryItem, HistoryRecord, HistoryStep, Kind, Record};

use crate::common::fake::{FakeWandb, Fault, Gate, RequestKind};
use crate::common::logs::{LogWriter, run_record, varied};
use crate::common::uploads::env_for;
use crate::common::{self, Finished, TestEnv, eventually};

/// A finished run of two rows.
fn short(work: &Path, id: &str) -> LogWriter {
    let mut log = LogWriter::begin(work, id);
    log.rows(2, 0);
    log.exit(0);
    log
}

/// What was printed, without the server's port.
fn told(done: &Finished, server: &FakeWandb) -> String {
    assert_eq!(done.stdout, "");
    done.stderr.replace(&server.url(), "SERVER")
}

fn objects(done: &Finished) -> Vec<Value> {
    let lines = done.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn what_lies_here_is_found_and_told() {
    let server = FakeWandb::start();
    let env = env_for(&server);
    let first = short(&env.work(), "aaa");
    let second = short(&env.work(), "bbb");
    fs::write(wandb_rs::store::runs::synced_marker(&second.log), "").unwrap();
    let online = env.path("wandb/run-20260528_202641-ccc");
    let mut online = LogWriter::create(online, "ccc");
    online.push(Kind::Run(Box::new(run_record("ccc"))));
    online.exit(0);

    let listed = env.run(["sync", "--dry-run"]);
    assert_eq!(listed.code(), 0);
    insta::assert_snapshot!(told(&listed, &server), @r"
    wandb: Skipped 1 synced run(s). Include with --include-synced.
    wandb: Skipped 1 online run(s). Include with --include-online.
    wandb: Would sync 1 run(s):
    wandb:   ./wandb/offline-run-20260528_202640-aaa
    ");
    assert_eq!(server.requests().len(), 0);

    // Nobody can be asked.
    let asked = env.run(["sync"]);
    assert_eq!(asked.code(), 2);
    insta::assert_snapshot!(told(&asked, &server), @r"
    wandb: Skipped 1 synced run(s). Include with --include-synced.
    wandb: Skipped 1 online run(s). Include with --include-online.
    wandb: Syncing 1 run(s):
    wandb:   ./wandb/offline-run-20260528_202640-aaa
    wandb-rs: sync: nobody can be asked whether to upload these runs
    hint: name the run directories, or use --yes
    ");
    assert_eq!(server.requests().len(), 0);

    let synced = env.run(["sync", "--sync-all"]);
    assert_eq!(synced.code(), 0);
    insta::assert_snapshot!(told(&synced, &server), @r"
    wandb: Skipped 1 synced run(s). Include with --include-synced.
    wandb: Skipped 1 online run(s). Include with --include-online.
    wandb: Syncing 1 run(s):
    wandb:   ./wandb/offline-run-20260528_202640-aaa
    wandb: [wandb-rs sync] Loaded credentials for SERVER from WANDB_API_KEY.
    wandb: [proj/aaa] View run brave-river-1 at SERVER/fake-user/proj/runs/aaa
    wandb: [proj/aaa] Finished syncing ./wandb/offline-run-20260528_202640-aaa
    ");
    assert!(first.is_synced());

    let again = env.run(["sync"]);
    assert_eq!(again.code(), 0);
    insta::assert_snapshot!(told(&again, &server), @r"
    wandb: Skipped 2 synced run(s). Include with --include-synced.
    wandb: Skipped 1 online run(s). Include with --include-online.
    wandb: No runs to sync.
    ");

    // What is named is meant, and what is asked for.
    let named = env.run(["sync".as_ref(), online.dir.as_os_str()]);
    assert_eq!(named.code(), 0, "{named:?}");
    assert_eq!(
        env.run(["sync", "-y", "--include-online", "--include-synced"])
            .code(),
        0
    );
    let ids: Vec<String> = server.runs().into_iter().map(|(_, _, id)| id).collect();
    assert_eq!(ids, ["aaa", "bbb", "ccc"]);
    let nothing = TestEnv::new().run(["sync"]);
    assert_eq!(
        (nothing.code(), nothing.stderr.as_str()),
        (0, "wandb: No runs to sync.\n")
    );
}

#[test]
fn json_is_an_object_for_each_run() {
    let server = FakeWandb::start();
    let env = env_for(&server);
    short(&env.work(), "aaa");
    let broken = varied(&env.work(), "bbb");
    server.faults(|request| match &request.kind {
        RequestKind::Upload { name } if name == "note.txt" => Fault::status(403),
        _ => Fault::None,
    });
    let done = env.run(["sync", "--yes", "--json", "-n1"]);
    assert_eq!(done.code(), 1, "{done:?}");
    let mut objects = objects(&done);
    objects.sort_by_key(|object| object["id"].to_string());
    let path = |id: &str| format!("./wandb/offline-run-20260528_202640-{id}");
    let url = |id: &str| format!("{}/fake-user/proj/runs/{id}", server.url());
    for (object, id) in objects.iter_mut().zip(["aaa", "bbb"]) {
        assert!(object["path"].as_str().unwrap().ends_with(&path(id)[2..]));
        assert_eq!(object["url"], url(id));
        let members = object.as_object_mut().unwrap();
        members.remove("path");
        members.remove("url");
    }
    let expected = json!([
        {"id": "aaa", "status": "synced", "entity": "fake-user", "project": "proj", "run": "aaa",
         "name": "brave-river-1", "rows": 2, "notes": [], "problems": []},
        {"id": "bbb", "status": "incomplete", "entity": "fake-user", "project": "proj", "run": "bbb",
         "name": "brave-river-2", "rows": 10, "notes": [],
         "problems": ["file note.txt: HTTP 403: injected fault 403"]},
    ]);
    assert_eq!(Value::from(objects), expected);
    assert!(!broken.is_synced());
    server.faults(|_| Fault::None);
    let mut log = LogWriter::create(env.path("wandb/offline-run-20260528_202640-ccc"), "ccc");
    log.exit(0);
    let done = env.run(["sync", "--yes", "--json"]);
    assert_eq!(done.code(), 1, "{done:?}");
    let failed = done
        .stdout
        .lines()
        .find(|line| line.contains("ccc"))
        .unwrap();
    let failed: Value = serde_json::from_str(failed).unwrap();
    assert_eq!(failed["status"], "failed");
    assert_eq!(failed["error"], "the log has no run record");
}

#[test]
fn runs_are_changed_on_the_way() {
    let server = FakeWandb::start();
    let env = env_for(&server);
    let mut run = run_record("aaa");
    run.tags = ["old", "gone", "kept"].map(str::to_owned).into();
    run.display_name = "name of the log".to_owned();
    let mut log = LogWriter::begin_with(&env.work(), "aaa", run);
    log.rows(1, 0);
    log.exit(0);
    let before = fs::read(&log.log).unwrap();
    let dir = log.dir.to_str().unwrap();
    let done = env.run([
        "sync",
        dir,
        "--project=p2",
        "--entity=team",
        "--id=zzz",
        "--name=other name",
        "--notes=some\nnotes",
        "--tags=new,kept",
        "--replace-tags=old=fresh,gone=",
        "--job-type=eval",
        "-c",
        "lr=0.5",
        "-c",
        "opt.name=adam",
    ]);
    assert_eq!(done.code(), 0, "{done:?}");
    let run = server.run("team", "p2", "zzz");
    assert_eq!(run.display_name, "other name");
    assert_eq!(run.notes.as_deref(), Some("some\nnotes"));
    assert_eq!(run.job_type.as_deref(), Some("eval"));
    assert_eq!(run.tags, ["fresh", "kept", "new"]);
    assert_eq!(run.config_value("lr"), 0.5);
    assert_eq!(run.config_value("opt"), json!({"name": "adam"}));
    let yaml = String::from_utf8_lossy(&run.files["config.yaml"]).into_owned();
    assert!(yaml.contains("adam"), "{yaml}");
    assert_eq!(
        fs::read(&log.log).unwrap(),
        before,
        "the log stays as it is"
    );

    short(&env.work(), "bbb");
    for (arguments, message) in [
        (
            &["--id=x"][..],
            "--id gives one run its id, but 2 runs are chosen",
        ),
        (&["--id=a/b"], "--id: "),
        (&["--project=a/b"], "--project: "),
        (
            &["--replace-tags=a"],
            "--replace-tags \"a\": expected old=new",
        ),
        (&["--config=lr"], "lr"),
    ] {
        let done = env.run(
            ["sync", "--yes", "--include-synced"]
                .iter()
                .chain(arguments),
        );
        assert_eq!(done.code(), 2, "{done:?}");
        assert!(done.stderr.contains(message), "{done:?}");
    }
}

#[test]
fn a_key_is_needed_and_told_nowhere() {
    let server = FakeWandb::start();
    let mut env = env_for(&server);
    let log = varied(&env.work(), "aaa");
    env.set("WANDB_API_KEY", "");
    let none = env.run(["sync", "--yes"]);
    assert_eq!(none.code(), 1, "{none:?}");
    insta::assert_snapshot!(told(&none, &server), @r"
    wandb: Syncing 1 run(s):
    wandb:   ./wandb/offline-run-20260528_202640-aaa
    wandb-rs: no API key configured for SERVER
    hint: `wandb-rs login` stores one; WANDB_API_KEY works, too
    ");
    let canary = "canary0123456789abcdefcanary0123456789abcdef";
    env.set("WANDB_API_KEY", canary);
    let wrong = env.run(["sync", "--yes"]);
    assert_eq!(wrong.code(), 1, "{wrong:?}");
    insta::assert_snapshot!(told(&wrong, &server), @r"
    wandb: Syncing 1 run(s):
    wandb:   ./wandb/offline-run-20260528_202640-aaa
    wandb: [wandb-rs sync] Loaded credentials for SERVER from WANDB_API_KEY.
    wandb: ERROR [aaa] ./wandb/offline-run-20260528_202640-aaa: UpsertBucket: HTTP 401: user is not logged in
    wandb: ERROR [aaa] the server does not accept the API key: `wandb-rs login --relogin`
    ");
    assert!(!log.is_synced());
    env.set("WANDB_API_KEY", server.api_key());
    let good = env.run(["sync", "--yes", "--json", "--verify"]);
    assert_eq!(good.code(), 0, "{good:?}");
    for key in [canary, server.api_key()] {
        for done in [&none, &wrong, &good] {
            assert!(
                !done.stdout.contains(key) && !done.stderr.contains(key),
                "{done:?}"
            );
        }
        for mut request in server.requests() {
            request
                .headers
                .retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
            assert!(!request.contains(key), "{}", request.operation);
        }
        let mut grep = env.program("grep");
        grep.args(["-rlF", key, "."]);
        let found = common::finish(grep);
        assert_eq!((found.code(), found.stdout.as_str()), (1, ""));
    }
}

#[test]
fn what_is_no_log_is_named() {
    let server = FakeWandb::start();
    let env = env_for(&server);
    let synced = |path: &Path| {
        let done = env.run(["sync".as_ref(), path.as_os_str()]);
        assert_eq!(done.code(), 1, "{done:?}");
        assert!(!path.with_extension("wandb.synced").exists());
        let told = done
            .stderr
            .replace(&format!("{}/", env.work().display()), "");
        told.lines()
            .filter(|line| line.contains("ERROR") || !line.starts_with("wandb: "))
            .collect::<Vec<_>>()
            .join("\n")
    };
    env.write("note.txt", "");
    env.write("not/run-not.wandb", "this is a text, and not a log");
    env.write("empty/run-empty.wandb", "");
    fs::create_dir(env.path("nothing")).unwrap();
    let mut log = LogWriter::create(env.path("norun"), "norun");
    log.rows(3, 0);
    let told: Vec<String> = [
        "missing",
        "note.txt",
        "nothing",
        "not/run-not.wandb",
        "empty/run-empty.wandb",
        "norun",
    ]
    .iter()
    .map(|name| synced(&env.path(name)))
    .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    wandb-rs: sync: no such file or directory: missing
    hint: name a run directory, its .wandb file or a wandb directory; `wandb-rs ls` lists what there is
    wandb-rs: sync: not the log of a run: note.txt
    hint: the log is the file in the run directory that ends in .wandb
    wandb-rs: sync: no run in nothing
    hint: runs lie in the directory `wandb` below the one where they were started; a run has a .wandb file
    wandb: ERROR [not] ./not: cannot read the log: not a .wandb transaction log
    wandb: ERROR [not] is it the log of a run, and yours? `wandb-rs inspect` shows what can be read
    wandb: ERROR [empty] ./empty: the log has no run record
    wandb: ERROR [empty] the run ended before anything of it was written: there is nothing to upload, and the directory can go
    wandb: ERROR [norun] ./norun: the log has no run record
    wandb: ERROR [norun] the run ended before anything of it was written: there is nothing to upload, and the directory can go
    ");
    assert_eq!(server.runs().len(), 0);
}

#[test]
fn what_cannot_be_uploaded_is_told_and_the_rest_is_uploaded() {
    let server = FakeWandb::start();
    let env = env_for(&server);
    let mut log = LogWriter::begin(&env.work(), "odd");
    log.rows(2, 0);
    let row = |step: i64, key: &str, json: String| {
        Kind::History(HistoryRecord {
            item: vec![HistoryItem {
                key: key.to_owned(),
                value_json: json,
                ..HistoryItem::default()
            }],
            step: Some(HistoryStep { num: step }),
        })
    };
    log.push(row(2, "long", format!("\"{}\"", "x".repeat(10_383_360))));
    log.push(row(3, "bad", "not json".to_owned()));
    // A kind of record that is not known, and bytes that are no record.
    log.push_encoded(&[0xaa, 0x3f, 0x02, 0x08, 0x01]);
    log.push_encoded(b"\xff\xff\xff\xff\xff");
    log.push(row(4, "loss", "0.5".to_owned()));
    log.file("gone.txt", b"gone");
    fs::remove_file(log.dir.join("files/gone.txt")).unwrap();
    log.file("kept.txt", b"kept");
    log.exit(0);
    let done = env.run(["sync", "--yes"]);
    assert_eq!(done.code(), 0, "{done:?}");
    insta::assert_snapshot!(told(&done, &server), @r"
    wandb: Syncing 1 run(s):
    wandb:   ./wandb/offline-run-20260528_202640-odd
    wandb: [wandb-rs sync] Loaded credentials for SERVER from WANDB_API_KEY.
    wandb: [proj/odd] View run brave-river-1 at SERVER/fake-user/proj/runs/odd
    wandb: WARNING [proj/odd] file gone.txt was not uploaded: it is not there any more
    wandb: WARNING [proj/odd] 1 row was not uploaded: longer than the 10383360 bytes that the server takes (up to 10383381)
    wandb: WARNING [proj/odd] 1 value was not uploaded: not JSON
    wandb: WARNING [proj/odd] 1 record was not uploaded: not readable
    wandb: WARNING [proj/odd] 1 record was not uploaded: of a kind that this version does not know
    wandb: [proj/odd] Finished syncing ./wandb/offline-run-20260528_202640-odd
    ");
    let run = server.only_run();
    let steps: Vec<Value> = run
        .history_rows()
        .iter()
        .map(|row| row["_step"].clone())
        .collect();
    assert_eq!(steps, [0, 1, 3, 4]);
    assert_eq!(run.state, "finished");
    assert!(run.files.contains_key("kept.txt"));
    assert!(log.is_synced());
}

#[test]
fn damage_costs_its_block_and_no_more() {
    let server = FakeWandb::start();
    let env = env_for(&server);
    let mut log = LogWriter::begin(&env.work(), "torn");
    log.rows(300, 1000);
    log.exit(0);
    let mut bytes = fs::read(&log.log).unwrap();
    bytes[100_000] ^= 1;
    fs::write(&log.log, &bytes).unwrap();
    let done = env.run(["sync", "--yes"]);
    assert_eq!(done.code(), 0, "{done:?}");
    assert!(
        done.stderr
            .contains("damaged log, what could be read was uploaded"),
        "{done:?}"
    );
    let run = server.only_run();
    assert!(
        (240..300).contains(&run.history.len()),
        "{}",
        run.history.len()
    );
    assert_eq!(run.history_rows().last().unwrap()["_step"], 299);
    // Cut within a record, as a full disk leaves it.
    bytes.truncate(60_000);
    let mut cut = LogWriter::begin(&env.work(), "cut");
    cut.rows(1, 0);
    fs::write(&cut.log, &bytes).unwrap();
    let dir = cut.dir.clone();
    drop(cut);
    let done = env.run(["sync".as_ref(), dir.as_os_str()]);
    assert_eq!(done.code(), 0, "{done:?}");
    assert!(
        done.stderr.contains("the log ends within a record"),
        "{done:?}"
    );
}

#[test]
fn ignored_files_stay_here() {
    let server = FakeWandb::start();
    let mut env = env_for(&server);
    env.set("WANDB_IGNORE_GLOBS", "*.pt,media/**,config.yaml");
    let mut log = LogWriter::begin(&env.work(), "aaa");
    log.rows(1, 0);
    for name in ["model.pt", "sub/model.pt", "media/images/a.png", "note.txt"] {
        log.file(name, b"x");
    }
    log.exit(0);
    assert_eq!(env.run(["sync", "--yes"]).code(), 0);
    let names: Vec<String> = server.only_run().files.into_keys().collect();
    assert_eq!(names, ["note.txt", "sub/model.pt", "wandb-summary.json"]);
}

#[test]
fn a_run_that_is_being_written_is_uploaded_and_not_marked() {
    let server = FakeWandb::start();
    let env = env_for(&server);
    let mut child = common::start(env.script(
        &["--mode=offline", "--project=proj", "--id=busy"],
        "echo loss=1; echo loss=2; read go; echo loss=3",
    ));
    let sync = || env.run(["sync", "--yes", "wandb/latest-run"]);
    let uploaded = || {
        let run = server.find_run("fake-user", "proj", "busy");
        run.map_or(0, |run| run.history.len())
    };
    assert!(eventually(|| env
        .path("wandb/latest-run/run-busy.wandb")
        .exists()));
    let mut done = sync();
    assert!(eventually(|| {
        if uploaded() < 2 {
            done = sync();
        }
        uploaded() >= 1
    }));
    assert_eq!(done.code(), 0, "{done:?}");
    assert!(done.stderr.contains("is still being written"), "{done:?}");
    let run = server.only_run();
    assert_eq!((run.state.as_str(), run.exit_code), ("running", None));
    let marker = env.path("wandb/latest-run/run-busy.wandb.synced");
    assert!(!marker.exists());
    common::feed(&mut child, "go\n");
    assert_eq!(common::wait(child).code(), 0);
    assert_eq!(sync().code(), 0);
    let run = server.only_run();
    assert_eq!((run.history.len(), run.history_rewritten), (3, 0));
    assert_eq!(run.state, "finished");
    assert!(marker.exists());
}

#[test]
fn two_at_once_upload_a_run_once() {
    let server = FakeWandb::start();
    let env = env_for(&server);
    let log = varied(&env.work(), "aaa");
    let gate = Gate::new();
    let held = gate.clone();
    server.faults(move |request| {
        if request.is_stream() && request.attempt == 1 {
            Fault::Stall(held.clone())
        } else {
            Fault::None
        }
    });
    let first = common::start(env.wandb_rs(["sync", "--yes"]));
    assert!(eventually(|| gate.waiting() == 1));
    let mut second = common::start(env.wandb_rs(["sync", "--yes"]));
    let mut seen = String::new();
    let stderr = second.stderr.take().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(stderr));
    while !seen.contains("waiting: another process uploads") {
        seen.push_str(&lines.next().unwrap().unwrap());
    }
    gate.open();
    assert_eq!(common::wait(first).code(), 0);
    lines.for_each(drop);
    assert_eq!(common::wait(second).code(), 0);
    let run = server.only_run();
    assert_eq!((run.history.len(), run.history_rewritten), (10, 0));
    assert_eq!(run.alerts.len(), 1);
    assert!(log.is_synced());
}

#[test]
fn a_directory_that_cannot_be_written_to_is_uploaded_and_not_marked() {
    let server = FakeWandb::start();
    let env = env_for(&server);
    let log = short(&env.work(), "aaa");
    fs::set_permissions(&log.dir, fs::Permissions::from_mode(0o500)).unwrap();
    if OpenOptions::new()
        .create(true)
        .append(true)
        .open(log.dir.join("probe"))
        .is_ok()
    {
        // Nothing is forbidden to root.
        return;
    }
    for _ in 0..2 {
        let done = env.run(["sync", "--yes"]);
        assert_eq!(done.code(), 0, "{done:?}");
        assert!(done.stderr.contains("cannot be written"), "{done:?}");
        assert_eq!(server.only_run().history.len(), 2);
    }
    fs::set_permissions(&log.dir, fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn nothing_that_failed_is_marked() {
    for (kind, left) in [
        ("note.txt", "file note.txt: HTTP 403"),
        ("ds/a.txt", "artifact ds: "),
        ("ds/wandb_manifest.json", "artifact ds: "),
    ] {
        let server = FakeWandb::start();
        let env = env_for(&server);
        let log = varied(&env.work(), "aaa");
        server.faults(move |request| match &request.kind {
            RequestKind::Upload { name } if name == kind => Fault::status(403),
            _ => Fault::None,
        });
        let done = env.run(["sync", "--yes"]);
        assert_eq!(done.code(), 1, "{done:?}");
        assert!(done.stderr.contains(left), "{done:?}");
        assert!(done.stderr.contains("Not everything of"), "{done:?}");
        assert!(!log.is_synced());
        // All that could be stored is.
        let run = server.only_run();
        assert_eq!(run.history.len(), 10);
        assert!(run.files.contains_key("config.yaml"));
        server.faults(|_| Fault::None);
        assert_eq!(env.run(["sync", "--yes"]).code(), 0);
        assert!(log.is_synced());
        let run = server.only_run();
        assert!(run.files.contains_key("note.txt") && run.artifact("ds").committed);
    }
}

#[test]
fn many_runs_are_uploaded_at_once() {
    let server = FakeWandb::start();
    let env = env_for(&server);
    for i in 0..40 {
        short(&env.work(), &format!("r{i:02}"));
    }
    server.latency(std::time::Duration::from_millis(5));
    let done = env.run(["sync", "--yes"]);
    assert_eq!(done.code(), 0, "{done:?}");
    assert!(
        done.stderr.contains("+20 more (pass --verbose to see all)"),
        "{done:?}"
    );
    assert_eq!(done.stderr.matches("Finished syncing").count(), 40);
    for (entity, project, id) in server.runs() {
        let run = server.run(&entity, &project, &id);
        assert_eq!(
            (run.history.len(), run.state.as_str()),
            (2, "finished"),
            "{id}"
        );
    }
}

/// A record that is longer than all that is read at once still comes through.
#[test]
fn long_records_are_read() {
    let server = FakeWandb::start();
    let env = env_for(&server);
    let mut log = LogWriter::begin(&env.work(), "long");
    log.rows(2, 3_000_000);
    let record = Record {
        num: 0,
        kind: Some(Kind::Exit(wandb_rs::wire::schema::RunExitRecord::default())),
    };
    log.push_encoded(&record.encode_to_vec());
    std::io::stdout().flush().unwrap();
    assert_eq!(env.run(["sync", "--yes"]).code(), 0);
    assert_eq!(
        server.only_run().history_rows()[1]["text"]
            .as_str()
            .unwrap()
            .len(),
        3_000_000
    );
}
