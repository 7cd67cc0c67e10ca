//! The commands about runs on this disk.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use wandb_rs::wire::json::Value;
use wandb_rs::wire::schema::Kind;

use crate::common::terminal::Terminal;
use crate::common::{self, Finished, Run, TestEnv};

/// Two runs with names, metrics and a nested value; the second fails.
fn two_runs() -> TestEnv {
    let env = TestEnv::new();
    for (name, code) in [("first", 0), ("second", 7)] {
        let script = format!(
            r#"set -e
            wandb-rs log --step 0 loss=NaN 'd={{"e":1}}' ok=true
            wandb-rs log --step 1 loss=0.5 'd={{"e":2}}' 'list=[1,"x,y"]' big=3
            echo "to stderr" >&2
            exit {code}"#
        );
        let options = [
            "--name",
            name,
            "--id",
            name,
            "--project",
            "p",
            "--tags",
            "a,b",
        ];
        let done = env.run_script(
            &[&options[..], &["--config", "opt.lr=0.1"]].concat(),
            &script,
        );
        assert_eq!(done.code(), code, "{done:?}");
    }
    env
}

fn dir_of(env: &TestEnv, id: &str) -> PathBuf {
    let mut entries = fs::read_dir(env.path("wandb"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .find(|path| path.is_dir() && !path.is_symlink() && path.to_str().unwrap().ends_with(id))
        .unwrap_or_else(|| panic!("no run {id}"))
}

fn log_of(env: &TestEnv, id: &str) -> PathBuf {
    dir_of(env, id).join(format!("run-{id}.wandb"))
}

fn mark_synced(env: &TestEnv, id: &str) {
    let log = log_of(env, id);
    fs::write(log.with_extension("wandb.synced"), "").unwrap();
}

/// The log without its exit record, as of a run that was killed.
fn cut_off(env: &TestEnv, id: &str) {
    let log = log_of(env, id);
    let bytes = fs::read(&log).unwrap();
    fs::write(&log, &bytes[..bytes.len() - 3]).unwrap();
}

fn age(path: &std::path::Path, seconds: u64) {
    let then = std::time::SystemTime::now() - std::time::Duration::from_secs(seconds);
    fs::File::options()
        .append(true)
        .open(path)
        .unwrap()
        .set_modified(then)
        .unwrap();
}

fn json(done: &Finished) -> Value {
    Value::parse(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done:?}"))
}

#[test]
fn ls_lists_the_runs_and_how_they_ended() {
    let env = two_runs();
    let listed = env.run(["ls"]);
    assert_eq!(listed.stderr, "");
    let lines: Vec<&str> = listed.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{}", listed.stdout);
    let words =
        |line: &str| -> Vec<String> { line.split_whitespace().map(str::to_owned).collect() };
    let second = lines
        .iter()
        .find(|line| line.starts_with("second"))
        .unwrap();
    assert_eq!(
        words(second)[..5],
        ["second", "second", "p", "failed(7)", "1"]
    );
    assert!(
        second.contains("loss=0.5") && second.contains("d.e=2"),
        "{second}"
    );
    let listed = env.run(["ls", "--json", "wandb"]);
    let runs: Vec<Value> = listed
        .stdout
        .lines()
        .map(|line| Value::parse(line).unwrap())
        .collect();
    let first = runs
        .iter()
        .find(|run| run.get("id") == Some(&"first".into()))
        .unwrap();
    assert_eq!(first.get("state"), Some(&"finished".into()));
    assert_eq!(first.get("rows"), Some(&Value::Int(2)));
    assert_eq!(
        first.get("config").unwrap().to_json(),
        r#"{"opt":{"lr":0.1}}"#
    );
    assert_eq!(first.get("synced"), Some(&Value::Bool(false)));

    cut_off(&env, "first");
    assert!(env.run(["ls"]).stdout.contains(" running "));
    age(&log_of(&env, "first"), 120);
    assert!(env.run(["ls", "--all"]).stdout.contains(" crashed "));
}

#[test]
fn commands_without_runs_say_where_they_looked() {
    let env = TestEnv::new();
    for command in [
        &["ls"][..],
        &["show"],
        &["clean"],
        &["inspect"],
        &["export", "x", "--format", "csv"],
    ] {
        let done = env.run(command);
        assert_eq!(done.code(), 1, "{command:?}");
        assert!(
            done.stderr
                .contains("no wandb directory found: wandb does not exist\nhint: "),
            "{done:?}"
        );
    }
    fs::create_dir(env.path("wandb")).unwrap();
    assert!(env.run(["ls"]).stderr.contains("no runs in wandb"));
    assert!(
        env.run(["show", "nope"])
            .stderr
            .contains("no run with the id nope in wandb\nhint: ")
    );
    assert!(
        env.run(["show", "./nope"])
            .stderr
            .contains("no such file or directory: ./nope\nhint: ")
    );
    env.write("some/file.txt", "");
    assert!(
        env.run(["show", "some/file.txt"])
            .stderr
            .contains("not the log of a run")
    );
    assert!(
        env.run(["show", "some"])
            .stderr
            .contains("no run in some\nhint: ")
    );
    env.write("some/x.wandb", "PK zip archive");
    assert!(
        env.run(["show", "some"])
            .stderr
            .contains("not a .wandb transaction log")
    );
}

#[test]
fn show_has_everything_about_one_run() {
    let env = two_runs();
    for run in [
        "second",
        "wandb/latest-run",
        dir_of(&env, "second").to_str().unwrap(),
    ] {
        let shown = env.run(["show", run]);
        for part in [
            "name       second\n",
            "project    p\n",
            "state      failed(7)\n",
            "history    2 rows, the last is step 1\n",
            "tags       a, b\n",
            "uploaded   no\n",
            "  opt.lr  0.1\n",
            "  loss        0.5\n",
            "  output.log ",
        ] {
            assert!(
                shown.stdout.contains(part),
                "{run}: {part} is not in {}",
                shown.stdout
            );
        }
    }
    let run = json(&env.run(["show", "second", "--json"]));
    assert_eq!(run.get("exit_code"), Some(&Value::Int(7)));
    assert_eq!(
        run.get("summary").unwrap().get("d").unwrap().to_json(),
        r#"{"e":2}"#
    );
    assert!(
        run.get("dir")
            .unwrap()
            .as_str()
            .unwrap()
            .starts_with("wandb/offline-run-")
    );
}

#[test]
fn inspect_prints_every_record_and_names_damage() {
    let env = two_runs();
    let plain = env.run(["inspect", "first"]);
    assert_eq!((plain.code(), plain.stderr.as_str()), (0, ""));
    assert!(
        plain.stdout.starts_with("     1 header "),
        "{}",
        plain.stdout
    );
    assert!(
        plain
            .stdout
            .contains(" history      loss=\"NaN\" d.e=1 ok=true"),
        "{}",
        plain.stdout
    );
    let summary = env.run(["inspect", "first", "--summary"]);
    assert!(
        summary
            .stdout
            .starts_with("run      first (first)\nproject  p\nfile     /")
    );
    assert!(summary.stdout.contains("state    finished (exit code 0)\n"));
    assert!(summary.stdout.contains("\nconfig\n  opt.lr  0.1\n"));

    let log = log_of(&env, "first");
    let mut bytes = fs::read(&log).unwrap();
    bytes[30] ^= 1;
    fs::write(&log, bytes).unwrap();
    for option in ["--json", "--summary"] {
        let done = env.run(["inspect", option, "first"]);
        assert_eq!(done.code(), 4, "{done:?}");
        assert!(
            done.stderr.contains("checksum mismatch at offset 7\n"),
            "{}",
            done.stderr
        );
    }
}

#[test]
fn export_keeps_values_and_gaps() {
    let env = two_runs();
    let csv = env.run(["export", "first", "--format", "csv"]);
    assert_eq!((csv.code(), csv.stderr.as_str()), (0, ""));
    let mut lines = csv.stdout.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert_eq!(head[0], "_step");
    for name in ["loss", "d.e", "ok", "list", "big", "_timestamp"] {
        assert!(head.contains(&name), "{head:?}");
    }
    let keys = "--keys=loss,d.e,ok,list,big";
    let csv = env.run(["export", "first", "--format", "csv", keys]);
    assert_eq!(
        csv.stdout,
        "_step,loss,d.e,ok,list,big\n0,nan,1,true,,\n1,0.5,2,,\"[1,\"\"x,y\"\"]\",3\n"
    );
    let rows = env.run(["export", "first", "--format", "jsonl"]);
    assert!(rows.stdout.starts_with(r#"{"_step":0,"#), "{}", rows.stdout);
    assert!(
        rows.stdout.contains(r#""loss":NaN,"d":{"e":1}"#),
        "{}",
        rows.stdout
    );
    let rows = env.run(["export", "first", "--format", "jsonl", "--keys", "big"]);
    assert_eq!(rows.stdout, "{\"_step\":1,\"big\":3}\n");
    let console = env.run(["export", "first", "--format", "csv", "--stream", "console"]);
    assert!(
        console.stdout.contains(",stderr,to stderr\n"),
        "{}",
        console.stdout
    );

    let wrong = env.run(["export", "first", "--format", "csv", "--keys", "lost"]);
    assert_eq!(wrong.code(), 1);
    assert!(
        wrong
            .stderr
            .contains("no row has lost\nhint: there are _step, "),
        "{}",
        wrong.stderr
    );
    let wrong = env.run([
        "export",
        "first",
        "--format",
        "csv",
        "--output",
        "none/x.csv",
    ]);
    assert!(
        wrong.stderr.contains("cannot write to none/x.csv"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn parquet_goes_to_a_file_as_a_whole() {
    let env = two_runs();
    let done = env.run([
        "export",
        "first",
        "--format",
        "parquet",
        "-o",
        "rows.parquet",
    ]);
    assert_eq!((done.code(), done.stdout.as_str()), (0, ""), "{done:?}");
    let bytes = fs::read(env.path("rows.parquet")).unwrap();
    assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    let left = fs::read_dir(env.work()).unwrap().filter(|entry| {
        entry
            .as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .contains(".tmp")
    });
    assert_eq!(left.count(), 0);
}

#[test]
fn edit_changes_the_run_and_nothing_else() {
    let env = two_runs();
    let before = Run::read(&dir_of(&env, "first"));
    let done = env.run([
        "edit",
        "first",
        "--name",
        "better",
        "--notes",
        "why",
        "--tags",
        "c",
        "--project",
        "q",
        "--entity",
        "team",
        "--group",
        "g",
        "--job-type",
        "eval",
        "--config",
        "opt.lr=0.2",
        "--config",
        "seed=1",
    ]);
    assert_eq!((done.code(), done.stderr.as_str()), (0, ""));
    let after = Run::read(&dir_of(&env, "first"));
    let run = after.run();
    assert_eq!(
        [
            &run.display_name,
            &run.notes,
            &run.project,
            &run.entity,
            &run.run_group,
            &run.job_type
        ],
        ["better", "why", "q", "team", "g", "eval"]
    );
    assert_eq!(run.tags, ["c"]);
    let shown = json(&env.run(["show", "first", "--json"]));
    assert_eq!(
        shown.get("config").unwrap().to_json(),
        r#"{"opt":{"lr":0.2},"seed":1}"#
    );
    assert_eq!(before.records.len(), after.records.len());
    for (old, new) in before.records.iter().zip(&after.records) {
        assert_eq!(old.num, new.num);
        if !matches!(new.kind, Some(Kind::Run(_) | Kind::Config(_))) {
            assert_eq!(old, new);
        }
    }
    // Empty values take away.
    assert_eq!(
        env.run(["edit", "first", "--notes", "", "--tags", ""])
            .code(),
        0
    );
    let run = Run::read(&dir_of(&env, "first"));
    assert_eq!((run.run().notes.as_str(), run.run().tags.len()), ("", 0));
}

#[test]
fn edit_refuses_what_it_cannot_do() {
    let env = two_runs();
    assert_eq!(env.run(["edit", "first"]).code(), 2);
    assert_eq!(env.run(["edit", "first", "--project", "a/b"]).code(), 2);
    assert_eq!(env.run(["edit", "first", "--config", "novalue"]).code(), 2);
    mark_synced(&env, "first");
    assert!(
        env.run(["edit", "first", "--name", "x"])
            .stderr
            .contains("was uploaded before")
    );
    cut_off(&env, "first");
    let done = env.run(["edit", "first", "--name", "y"]);
    assert_eq!(done.code(), 1);
    assert!(done.stderr.contains("is being written"), "{}", done.stderr);
    age(&log_of(&env, "first"), 120);
    assert_eq!(env.run(["edit", "first", "--name", "y"]).code(), 0);
    assert!(env.run(["ls"]).stdout.contains(" y "));
}

#[test]
fn clean_deletes_only_what_is_safe() {
    let env = two_runs();
    let exists = |id: &str| {
        fs::read_dir(env.path("wandb"))
            .unwrap()
            .any(|entry| entry.unwrap().file_name().to_string_lossy().ends_with(id))
    };
    let young = env.run(["clean", "--force"]);
    assert!(
        young
            .stderr
            .contains("Skipping 2 run(s) created fewer than 24 hours ago."),
        "{}",
        young.stderr
    );
    let unsynced = env.run(["clean", "--force", "--min-hours", "0"]);
    assert!(
        unsynced.stderr.contains("Skipping 2 unsynced run(s).\n"),
        "{}",
        unsynced.stderr
    );
    assert!(unsynced.stderr.ends_with("Found no runs to clean up.\n"));

    mark_synced(&env, "first");
    let asked = env.run(["clean", "--min-hours", "0"]);
    assert_eq!(asked.code(), 2, "{asked:?}");
    assert!(
        asked.stderr.contains("there is no terminal to ask"),
        "{}",
        asked.stderr
    );
    let dry = env.run([
        "clean",
        "--min-hours",
        "0",
        "--dry-run",
        "--include-unsynced",
    ]);
    assert!(
        dry.stderr.contains("  [unsynced] wandb/offline-run-"),
        "{}",
        dry.stderr
    );
    assert!(exists("first") && exists("second"));
    let kept = env.run(["clean", "--min-hours", "0", "--force", "--keep", "2"]);
    assert!(
        kept.stderr
            .contains("Skipping 2 run(s) that are the newest."),
        "{}",
        kept.stderr
    );
    let small = env.run(["clean", "--min-hours", "0", "--force", "--max-size", "1G"]);
    assert!(small.stderr.contains("Found no runs"), "{}", small.stderr);

    let done = env.run(["clean", "--min-hours", "0", "--force"]);
    assert!(done.stderr.contains("Found 1 run(s) to clean") && done.stderr.ends_with("Success.\n"));
    assert!(!exists("first") && exists("second"));

    // One that is being written is kept even then.
    cut_off(&env, "second");
    let alive = env.run(["clean", "--min-hours", "0", "--force", "--include-unsynced"]);
    assert!(
        alive
            .stderr
            .contains("Skipping 1 run(s) that are being written."),
        "{}",
        alive.stderr
    );
    age(&log_of(&env, "second"), 3600);
    assert!(env.path("wandb/latest-run").is_symlink());
    assert_eq!(
        env.run(["clean", "--min-hours", "0", "--force", "--include-unsynced"])
            .code(),
        0
    );
    assert!(!exists("second") && !env.path("wandb/latest-run").is_symlink());
}

#[test]
fn a_run_that_is_quiet_for_long_is_still_running() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let env = TestEnv::new();
    let options = ["--id", "quiet", "--no-stats"];
    let mut child = common::start(env.script(&options, "echo loss=1; read line"));
    common::read_until(&mut child, "loss=1");
    assert!(common::eventually(|| env
        .run(["inspect", "quiet"])
        .stdout
        .contains(" history ")));
    age(&log_of(&env, "quiet"), 7200);
    assert!(env.run(["ls"]).stdout.contains(" running "));
    let edited = env.run(["edit", "quiet", "--name", "x"]);
    assert!(
        edited.stderr.contains("is being written"),
        "{}",
        edited.stderr
    );
    let cleaned = env.run(["clean", "--min-hours", "0", "--include-unsynced", "--force"]);
    assert!(
        cleaned
            .stderr
            .contains("Skipping 1 run(s) that are being written."),
        "{}",
        cleaned.stderr
    );
    common::feed(&mut child, "\n");
    assert_eq!(common::wait(child).code(), 0);
    assert!(env.run(["ls"]).stdout.contains(" finished "));
}

#[test]
fn clean_does_not_follow_links() {
    let env = two_runs();
    let dir = dir_of(&env, "first");
    mark_synced(&env, "first");
    let outside = env.path("outside");
    fs::rename(&dir, &outside).unwrap();
    symlink(&outside, &dir).unwrap();
    env.write("precious/file", "x");
    symlink(env.path("precious"), outside.join("files/link")).unwrap();
    let done = env.run(["clean", "--min-hours", "0", "--force"]);
    assert!(done.stderr.contains("Found no runs"), "{}", done.stderr);
    assert!(outside.is_dir());
    fs::remove_file(&dir).unwrap();
    fs::rename(&outside, &dir).unwrap();
    assert_eq!(env.run(["clean", "--min-hours", "0", "--force"]).code(), 0);
    assert!(!dir.exists() && env.path("precious/file").exists());
}

#[test]
fn clean_asks_at_a_terminal() {
    let env = two_runs();
    mark_synced(&env, "first");
    for (answer, code, left) in [("n\n", 1, true), ("y\n", 0, false)] {
        let mut terminal = Terminal::start(env.wandb_rs(["clean", "--min-hours", "0"]));
        terminal.expect("Are you sure you want to remove 1 run(s)? [y/n]");
        terminal.press(answer);
        let status = common::wait_status(&mut terminal.child);
        assert_eq!(status.code(), Some(code), "{}", terminal.screen());
        let exists = fs::read_dir(env.path("wandb")).unwrap().any(|entry| {
            entry
                .unwrap()
                .file_name()
                .to_string_lossy()
                .ends_with("-first")
        });
        assert_eq!(exists, left);
    }
}
