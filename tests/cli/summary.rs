//! The header and the block at the end.

use crate::common::{TestEnv, finish};
use wandb_rs::wire::json::Value;

const TRAIN: &str =
    "for i in 1 2 3 4; do echo \"epoch=$i, accuracy=0.$i, loss=$((5 - i)).5\"; done";

#[test]
fn a_run_is_told_as_in_the_guide() {
    let env = TestEnv::new();
    let done = env.run_script(&[], TRAIN);
    insta::assert_snapshot!(done.told(), @r"
    wandb: Tracking run with wandb-rs 0.1.0
    wandb: Run data is saved locally in ./wandb/offline-run-STAMP-ID
    wandb: Syncing run NAME
    wandb: Run history:
    wandb: accuracy ▁▃▆█
    wandb:     loss █▆▃▁
    wandb: Run summary:
    wandb: accuracy 0.4
    wandb:     loss 1.5
    wandb: Run finished (exit code 0) in TIME
    wandb: You can sync this run to the cloud by running:
    wandb: wandb-rs sync ./wandb/offline-run-STAMP-ID
    wandb: See it in a browser: wandb-rs ui ./wandb/offline-run-STAMP-ID
    wandb: Find logs at: ./wandb/offline-run-STAMP-ID/logs
    ");
    assert!(!done.stderr.contains('\u{1b}'));
}

#[test]
fn a_failed_run_without_metrics_says_so() {
    let env = TestEnv::new();
    insta::assert_snapshot!(env.run_script(&["--name", "baseline"], "exit 3").told(), @r"
    wandb: Tracking run with wandb-rs 0.1.0
    wandb: Run data is saved locally in ./wandb/offline-run-STAMP-ID
    wandb: Syncing run baseline
    wandb: Run failed (exit code 3) in TIME
    wandb: You can sync this run to the cloud by running:
    wandb: wandb-rs sync ./wandb/offline-run-STAMP-ID
    wandb: See it in a browser: wandb-rs ui ./wandb/offline-run-STAMP-ID
    wandb: Find logs at: ./wandb/offline-run-STAMP-ID/logs
    ");
}

#[test]
fn quiet_silent_and_plain_characters() {
    let mut env = TestEnv::new();
    insta::assert_snapshot!(env.run_script(&["--quiet"], TRAIN).told(), @"wandb: Run data is saved locally in ./wandb/offline-run-STAMP-ID");
    assert_eq!(env.run_script(&["--silent"], TRAIN).stderr, "");
    env.set("LANG", "en_US.ISO-8859-1");
    let plain = env.run_script(&[], TRAIN).stderr;
    assert!(
        plain.is_ascii() && plain.contains("Run summary:") && !plain.contains("Run history:"),
        "{plain}"
    );
}

#[test]
fn colours_only_where_they_are_wanted() {
    let mut env = TestEnv::new();
    env.set("CLICOLOR_FORCE", "1");
    assert!(
        env.run_script(&[], TRAIN)
            .stderr
            .contains("\u{1b}[34m\u{1b}[1mwandb\u{1b}[0m: ")
    );
}

#[test]
fn scripts_can_have_it_as_json() {
    let env = TestEnv::new();
    let done = env.run_script(
        &["--silent", "--summary-json", "out.json", "--id", "abc"],
        &format!("{TRAIN}; exit 3"),
    );
    assert_eq!(done.code(), 3);
    let out = Value::parse(&std::fs::read_to_string(env.path("out.json")).unwrap()).unwrap();
    let get = |name: &str| out.get(name).unwrap().to_json();
    assert_eq!(
        (get("id"), get("exit_code"), get("signal"), get("rows")),
        ("\"abc\"".into(), "3".into(), "null".into(), "4".into())
    );
    assert_eq!(
        out.get("summary").unwrap().get("loss").unwrap().to_json(),
        "1.5"
    );
}

#[test]
fn names_count_the_runs_of_the_project() {
    let env = TestEnv::new();
    let name = |options: &[&str]| {
        finish(env.script(&[&["--silent"], options].concat(), "true"));
        env.read_run().run().display_name.clone()
    };
    let number = |name: String| name.rsplit('-').next().unwrap().to_owned();
    assert_eq!(number(name(&["--project", "a", "--id", "r1"])), "1");
    assert_eq!(number(name(&["--project", "a", "--id", "r2"])), "2");
    assert_eq!(number(name(&["--project", "b", "--id", "r3"])), "1");
    assert_eq!(
        name(&["--project", "a", "--id", "r4", "--name", "own name"]),
        "own name"
    );
    assert_eq!(number(name(&["--project", "a", "--id", "r5"])), "4");
}

#[test]
fn dry_run_shows_and_does_nothing() {
    let env = TestEnv::new();
    env.write("train.py", "");
    let done = env.run([
        "run",
        "--dry-run",
        "--project",
        "p",
        "--name",
        "n",
        "--",
        "python3",
        "train.py",
        "--lr",
        "0.1",
        "--token",
        "abc",
    ]);
    let shown = done.stdout.replace(&*env.work().to_string_lossy(), "DIR");
    let shown: Vec<&str> = shown
        .lines()
        .filter(|line| !line.contains("RUN_ID"))
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    command: python3 train.py --lr 0.1 --token [redacted]
    environment:
      WANDB_CONSOLE=off
      WANDB_MODE=offline
      WANDB_API_KEY=(a placeholder)
      WANDB_PROJECT=p
      WANDB_NAME=n
      PYTHONUNBUFFERED=1
      WANDB_SERVICE=(made when the run starts)
      WANDB_RS_SOCKET=(made when the run starts)
    project: p
    name: n
    directory: DIR/wandb
    config:
      lr: 0.1
      token: "[redacted]"
    "#);
    assert!(!env.path("wandb").exists());
}
