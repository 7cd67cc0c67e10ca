//! The official `wandb leet inspect` reads what we write, without a complaint and as it was meant.

use nix::sys::signal::Signal;
use wandb_rs::store::log_reader::End;

use super::fold::Log;
use super::protojson::{self, canonical};
use crate::common::{self, Run, TestEnv, peers};

/// Runs the tool on the newest run and checks that it shows our records one by one.
#[track_caller]
fn assert_official_reader_agrees(env: &TestEnv) -> Run {
    let run = env.read_run();
    let mut command = env.program(peers::bin().unwrap().join("wandb"));
    command.args(["leet", "inspect", "--json"]).arg(&run.dir);
    let told = common::finish(command);
    assert_eq!((told.code(), told.stderr.as_str()), (0, ""));
    let path = std::fs::read_dir(&run.dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|ending| ending == "wandb"));
    let log = Log::read(&path.unwrap());
    assert_eq!((log.damage.as_slice(), log.end), (&[][..], End::Complete));
    protojson::assert_shows(&told.stdout, &log.records, "our log");
    // The files beside the log are made from the run's state, not from the log: they must agree, too.
    assert_eq!(canonical(&log.summary()), canonical(&run.summary()));
    if log.output().is_empty() {
        assert!(!run.dir.join("files/output.log").exists());
    } else {
        assert_eq!(log.output(), run.file("output.log"));
    }
    run
}

#[test]
fn the_example_is_shown_as_ten_rows() {
    let Some(bin) = peers::bin() else { return };
    let env = TestEnv::new();
    let script = format!(
        "{}/python3 {}/examples/train.py --lr 0.5",
        bin.display(),
        env!("CARGO_MANIFEST_DIR")
    );
    let done = env.run_script(&["--stats-interval", "0.1"], &script);
    assert_eq!(done.code(), 0, "{done:?}");
    let run = assert_official_reader_agrees(&env);
    let rows = run.rows();
    assert_eq!(rows.len(), 10);
    for (i, (row, line)) in rows.iter().zip(done.stdout.lines()).enumerate() {
        let mut pairs: Vec<&str> = line.split(", ").collect();
        pairs.sort_unstable();
        assert_eq!(row, &format!("{i}: {}", pairs.join(" ")));
    }
    assert_eq!(run.console(1), done.stdout);
    assert_eq!(run.exit_code(), Some(0));
}

#[test]
fn any_bytes_on_the_console_are_shown() {
    if peers::bin().is_none() {
        return;
    }
    let env = TestEnv::new();
    let script = r"
        printf 'plain\n\033[31mred\033[0m\ttab\a\b\n'
        for i in 0 25 50 75 100; do printf '\r%s%%|#####|' $i; done; printf '\n'
        printf 'one\ntwo\n\033[A\rTWO!\033[B\r'
        printf 'h\303\251llo \360\237\216\211 \346\274\242 \342\200\250\n' >&2
        printf 'cut \360\237'; printf 'between' >&2; printf '\216\211 here\n'
        printf 'nul \000 bad \377\376 \303( end\n'
        printf 'more' >&2; printf '\r\n\r\n'
        printf '%05000d\n' 7
        printf 'no final newline'
    ";
    let done = env.run_script(&[], script);
    assert_eq!(done.code(), 0, "{done:?}");
    let run = assert_official_reader_agrees(&env);
    let (stdout, stderr) = (run.console(1), run.console(0));
    assert!(stdout.starts_with("plain\n\u{1b}[31mred\u{1b}[0m\ttab\u{7}\u{8}\n"));
    assert!(stdout.contains("cut 🎉 here\nnul \0 bad \u{fffd}\u{fffd} \u{fffd}( end\n"));
    assert!(stdout.ends_with("7\nno final newline"), "{stdout:?}");
    assert_eq!(stderr, "héllo 🎉 漢 \u{2028}\nbetweenmore");
}

#[test]
fn metrics_in_json_lines_keep_their_values() {
    if peers::bin().is_none() {
        return;
    }
    let env = TestEnv::new();
    let done = env.run_script(
        &["--config", "lr=0.1", "--config", "model.layers=[1,2]", "--config", "none=null"],
        r#"
        echo '{"loss": NaN, "up": Infinity, "down": -Infinity, "step": 0, "tiny": 1e-300}'
        echo '{"step": 1, "loss": 1.0, "big": 1152921504606846976, "nested": {"a": {"b": 2}}, "name": "x y", "ok": true}'
        exit 3
        "#,
    );
    assert_eq!(done.code(), 3, "{done:?}");
    let run = assert_official_reader_agrees(&env);
    assert_eq!(run.exit_code(), Some(3));
    assert_eq!(run.rows().len(), 2, "{:?}", run.rows());
    assert!(run.rows()[0].contains("down=-Infinity loss=NaN"));
    assert!(run.rows()[1].contains("nested/a/b=2"), "{:?}", run.rows());
    let config = run.config().get("model").cloned();
    assert_eq!(config.unwrap().to_json(), r#"{"layers":[1,2]}"#);
}

#[test]
fn socket_messages_become_official_records() {
    if peers::bin().is_none() {
        return;
    }
    let env = TestEnv::new();
    env.write("model.txt", "weights");
    let done = env.run_script(
        &[
            "--name",
            "first",
            "--tags",
            "a,b",
            "--notes",
            "two\nlines",
            "--group",
            "g",
        ],
        r"set -e
        wandb-rs config lr=0.1 opt.name=adam
        wandb-rs define-metric epoch
        wandb-rs define-metric 'val/*' --step-metric epoch
        wandb-rs define-metric loss --summary min,max,mean,last,first
        wandb-rs define-metric secret --hidden
        wandb-rs log epoch=1
        wandb-rs log loss=2 secret=1
        wandb-rs log loss=1 val/acc=0.5
        wandb-rs log --step 20 loss=NaN
        wandb-rs summary best=0.9 tree.leaf=1
        wandb-rs alert 'a title' 'some text' --level warn
        wandb-rs save model.txt
        ",
    );
    assert_eq!(done.code(), 0, "{done:?}");
    let run = assert_official_reader_agrees(&env);
    assert_eq!(
        run.rows(),
        [
            "0: epoch=1",
            "1: loss=2 secret=1",
            "2: epoch=1 loss=1 val/acc=0.5",
            "20: loss=NaN"
        ]
    );
    let names: Vec<&str> = run
        .kinds()
        .map(wandb_rs::wire::schema::Kind::name)
        .collect();
    for name in [
        "alert",
        "metric",
        "config",
        "files",
        "environment",
        "telemetry",
    ] {
        assert!(names.contains(&name), "{name} is missing in {names:?}");
    }
}

#[test]
fn runs_that_are_terminated_end_like_all_others() {
    if peers::bin().is_none() {
        return;
    }
    let env = TestEnv::new();
    env.run_script(&[], "echo loss=1; kill -TERM $$");
    let run = assert_official_reader_agrees(&env);
    assert_eq!(
        (run.exit_code(), run.rows()),
        (Some(143), vec!["0: loss=1".to_owned()])
    );

    let env = TestEnv::new();
    let mut child = common::start(env.script(&[], "echo loss=2; exec sleep 600"));
    common::read_until(&mut child, "loss=2");
    common::kill(&child, Signal::SIGTERM);
    common::wait(child);
    let run = assert_official_reader_agrees(&env);
    assert_eq!(
        (run.exit_code(), run.rows()),
        (Some(143), vec!["0: loss=2".to_owned()])
    );
}

#[test]
fn a_log_that_is_being_written_is_shown_without_its_end() {
    let Some(bin) = peers::bin() else { return };
    let env = TestEnv::new();
    let mut child = common::start(env.script(&[], "echo loss=1; read line; echo loss=2"));
    common::read_until(&mut child, "loss=1");
    let shown = common::eventually(|| {
        let mut command = env.program(bin.join("wandb"));
        command.args(["leet", "inspect", "--json"]);
        let told = common::finish(command);
        assert_eq!(told.stderr, "");
        told.stdout.contains(r#""loss":1"#) && !told.stdout.contains(r#""type":"exit""#)
    });
    assert!(shown, "the row did not come to the log");
    common::feed(&mut child, "\n");
    let done = common::wait(child);
    assert_eq!(done.code(), 0);
    assert_official_reader_agrees(&env);
}
