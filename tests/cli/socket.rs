//! Programs in a run talk to it over its socket, in one JSON object a line or with the subcommands.

use crate::common::TestEnv;

#[test]
fn shell_scripts_log_with_subcommands() {
    let env = TestEnv::new();
    env.write("model.bin", "weights");
    let done = env.run_script(
        &["--silent", "--no-parse"],
        "set -e
         wandb-rs config lr=0.1 opt.name=adam
         wandb-rs define-metric 'val/*' --step-metric epoch --summary max
         wandb-rs log loss=0.5 epoch=1
         wandb-rs log loss=0.25 --step 7
         wandb-rs log val/acc=0.9 --step 7 --commit
         wandb-rs log val/acc=0.8
         wandb-rs summary best=0.9 note='all good'
         wandb-rs alert 'Diverged' 'loss is nan' --level warn --wait 10
         wandb-rs save model.bin --policy now
         wandb-rs info id; wandb-rs info --json",
    );
    assert_eq!((done.code(), done.stderr.as_str()), (0, ""));
    let run = env.read_run();
    assert_eq!(
        run.rows(),
        [
            "0: epoch=1 loss=0.5",
            "7: epoch=1 loss=0.25 val/acc=0.9",
            "8: epoch=1 val/acc=0.8"
        ]
    );
    assert_eq!(
        run.config().to_json(),
        r#"{"args":["…"],"lr":0.1,"opt.name":"adam"}"#.replace(r#""args":["…"],"#, "")
    );
    let summary = run.summary().to_json();
    for part in [
        r#""best":0.9"#,
        r#""note":"all good""#,
        r#""val/acc":{"max":0.9}"#,
    ] {
        assert!(summary.contains(part), "{part} is not in {summary}");
    }
    assert_eq!(run.file("model.bin"), "weights");
    let id = &run.run().run_id;
    assert!(
        done.stdout
            .starts_with(&format!("{id}\n{{\"id\":\"{id}\",\"name\":")),
        "{}",
        done.stdout
    );
}

#[test]
fn any_language_can_write_lines_and_errors_come_back() {
    let env = TestEnv::new();
    env.write(
        "client.py",
        r#"
import json, os, socket
run = socket.socket(socket.AF_UNIX)
run.connect(os.environ["WANDB_RS_SOCKET"])
lines = run.makefile("rw")
for step in range(3):
    print(json.dumps({"log": {"loss": 1 / (step + 1), "bad": float("nan")}}), file=lines)
print('{"lgo": {}}', file=lines)
print(json.dumps({"tags": ["a", "b"]}), file=lines)
print(json.dumps({"name": "renamed"}), file=lines)
print(json.dumps({"flush": True, "id": "end"}), file=lines, flush=True)
print(lines.readline(), end="")
print(lines.readline(), end="")
"#,
    );
    let done = env.run([
        "run",
        "--silent",
        "--no-parse",
        "--",
        "python3",
        "client.py",
    ]);
    assert_eq!(
        done.stdout,
        "{\"error\":\"unknown message \\\"lgo\\\": expected log, config, summary, define_metric, name, notes, tags, alert, save, info or flush\",\"line\":4}\n{\"id\":\"end\",\"ok\":true}\n"
    );
    let run = env.read_run();
    assert_eq!(run.rows().len(), 3);
    assert_eq!(run.rows()[1], "1: bad=NaN loss=0.5");
    assert_eq!(
        (run.run().display_name.as_str(), run.run().tags.join(",")),
        ("renamed", "a,b".to_owned())
    );
}

#[test]
fn rows_sent_just_before_the_end_are_kept() {
    let env = TestEnv::new();
    env.write(
        "client.py",
        "import os, socket\ns = socket.socket(socket.AF_UNIX)\ns.connect(os.environ['WANDB_RS_SOCKET'])\ns.sendall(b''.join(b'{\"log\": {\"i\": %d}}\\n' % i for i in range(20000)))\nos._exit(3)\n",
    );
    let done = env.run(["run", "--silent", "--", "python3", "client.py"]);
    assert_eq!(done.code(), 3);
    let rows = env.read_run().rows();
    assert_eq!(
        (rows.len(), rows[19_999].as_str()),
        (20_000, "19999: i=19999")
    );
}

#[test]
fn outside_a_run_the_subcommands_say_what_to_do() {
    let env = TestEnv::new();
    let done = env.run(["log", "loss=1"]);
    assert_eq!(
        (done.code(), done.stderr.as_str()),
        (
            1,
            "wandb-rs: not inside a run: WANDB_RS_SOCKET is not set\nhint: start the script with `wandb-rs run -- COMMAND`\n"
        )
    );
    let mut command = env.wandb_rs(["summary", "a=1"]);
    command.env("WANDB_RS_SOCKET", env.path("gone"));
    let done = crate::common::finish(command);
    assert_eq!(
        (done.code(), done.stderr.as_str()),
        (
            1,
            "wandb-rs: cannot reach the run: No such file or directory (os error 2)\nhint: has the run ended?\n"
        )
    );
    let done = env.run_script(
        &["--silent"],
        "wandb-rs log loss; wandb-rs save missing.bin; exit 9",
    );
    assert_eq!(done.code(), 9);
    assert!(
        done.stderr
            .contains("wandb-rs: \"loss\": expected NAME=VALUE"),
        "{}",
        done.stderr
    );
    assert!(
        done.stderr.contains("No such file or directory"),
        "{}",
        done.stderr
    );
}

#[test]
fn in_mode_disabled_everything_is_quiet_and_nothing_is_written() {
    let env = TestEnv::new();
    let done = env.run_script(
        &["--mode", "disabled"],
        "echo out; wandb-rs log loss=1; wandb-rs alert x; exit 6",
    );
    assert_eq!(
        (done.code(), done.stdout.as_str(), done.stderr.as_str()),
        (6, "out\n", "")
    );
    assert!(!env.path("wandb").exists());
}

#[test]
fn the_socket_is_private_and_goes_away() {
    let env = TestEnv::new();
    let done = env.run_script(
        &["--silent"],
        "stat -c '%a %F' \"$WANDB_RS_SOCKET\" \"$(dirname \"$WANDB_RS_SOCKET\")\"",
    );
    assert_eq!(done.stdout, "600 socket\n700 directory\n");
    assert_eq!(env.temporary_files().len(), 0);
}
