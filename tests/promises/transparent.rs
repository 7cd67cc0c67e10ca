//! Promise 1, transparent: the child's bytes pass unchanged and in order, at once, and its end is ours.

use std::os::unix::process::ExitStatusExt as _;

use crate::common::{TestEnv, feed, finish, read_until, start, wait};

/// A program that writes bytes in pieces of any size; `python3` is needed by the harness anyway.
const WRITER: &str = "
import os, sys, random
random.seed(int(sys.argv[1]))
data = random.randbytes(int(sys.argv[2]))
i = 0
while i < len(data):
    n = random.choice([1, 3, 100, 4096, 70000])
    os.write(random.choice([1, 1, 2]) if len(sys.argv) > 3 else 1, data[i:i + n])
    i += n
";

#[test]
fn bytes_pass_unchanged_in_any_pieces() {
    let env = TestEnv::new();
    env.write("writer.py", WRITER);
    for seed in 0..5 {
        let arguments = ["writer.py", &seed.to_string(), "300000"];
        let bare = env.program("python3").args(arguments).output().unwrap();
        let mut wrapped = env.wandb_rs(["run", "--silent", "--no-stats", "--", "python3"]);
        let wrapped = wrapped.args(arguments).output().unwrap();
        assert_eq!(wrapped.stdout.len(), 300_000);
        assert!(wrapped.stdout == bare.stdout, "seed {seed}");
        let recorded = env.read_run().console(1);
        assert!(recorded.len() >= 200_000, "{}", recorded.len());
    }
}

#[test]
fn the_streams_stay_apart() {
    let env = TestEnv::new();
    let done = env.run_script(
        &["--silent"],
        "echo out; echo err >&2; printf 'no newline'; printf 'last' >&2",
    );
    assert_eq!(
        (done.stdout.as_str(), done.stderr.as_str()),
        ("out\nno newline", "err\nlast")
    );
    let run = env.read_run();
    assert_eq!(
        (run.console(1).as_str(), run.console(0).as_str()),
        ("out\nno newline", "err\nlast")
    );
    assert_eq!(run.file("output.log").lines().count(), 4);
}

#[test]
fn output_arrives_at_once_and_stdin_is_handed_through() {
    let env = TestEnv::new();
    let mut child = start(env.script(
        &["--silent"],
        "printf 'name? '; read name; echo \"hello $name\"; cat",
    ));
    read_until(&mut child, "name? ");
    feed(&mut child, "you\n");
    read_until(&mut child, "hello you\n");
    feed(&mut child, "more\n");
    read_until(&mut child, "more\n");
    drop(child.stdin.take());
    assert_eq!(wait(child).code(), 0);
}

#[test]
fn a_reader_that_goes_away_ends_the_child_as_it_would_without_us() {
    let env = TestEnv::new();
    let mut child = start(env.script(&["--silent"], "yes"));
    read_until(&mut child, "y\n");
    drop(child.stdout.take());
    let done = wait(child);
    // `yes` dies of SIGPIPE, its shell reports that or is replaced by it.
    assert!(
        done.status.code() == Some(141) || done.status.signal() == Some(13),
        "{done:?}"
    );
    assert!(env.read_run().complete);
}

#[test]
fn python_prints_at_once_unless_told_otherwise() {
    let env = TestEnv::new();
    let show = "echo $PYTHONUNBUFFERED";
    assert_eq!(env.run_script(&["--silent"], show).stdout, "1\n");
    assert_eq!(
        env.run_script(&["--silent", "--no-unbuffered"], show)
            .stdout,
        "\n"
    );
    let mut command = env.script(&["--silent"], show);
    command.env("PYTHONUNBUFFERED", "0");
    assert_eq!(finish(command).stdout, "0\n");
}

#[test]
fn a_slow_reader_gets_everything() {
    let env = TestEnv::new();
    let own = env!("CARGO_BIN_EXE_wandb-rs");
    let mut command = env.program("sh");
    command.args([
        "-c",
        &format!("{own} run --silent -- seq 400000 | (sleep 0.7; wc -l)"),
    ]);
    assert_eq!(finish(command).stdout.trim(), "400000");
    assert_eq!(env.read_run().console(1).lines().count(), 400_000);
}

#[test]
fn streams_that_go_to_one_file_keep_their_order() {
    let env = TestEnv::new();
    let own = env!("CARGO_BIN_EXE_wandb-rs");
    let script = "i=0; while [ $i -lt 200 ]; do echo o$i; echo e$i >&2; i=$((i + 1)); done";
    let mut command = env.program("sh");
    command.args([
        "-c",
        &format!("{own} run --silent -- sh -c '{script}' > log 2>&1"),
    ]);
    assert_eq!(finish(command).code(), 0);
    let log = std::fs::read_to_string(env.path("log")).unwrap();
    let expected: String = (0..200)
        .flat_map(|i| [format!("o{i}\n"), format!("e{i}\n")])
        .collect();
    assert_eq!(log, expected);
    assert_eq!(env.read_run().file("output.log"), expected);
}

#[test]
fn every_exit_code_is_passed_on() {
    let env = TestEnv::new();
    for code in [0, 1, 2, 3, 77, 124, 125, 126, 127, 128, 130, 200, 255] {
        let done = env.run_script(&["--silent", "--no-stats"], &format!("exit {code}"));
        assert_eq!(done.code(), code);
        assert_eq!(env.read_run().exit_code(), Some(code));
        assert_eq!((done.stdout.as_str(), done.stderr.as_str()), ("", ""));
    }
}

#[test]
fn a_child_that_dies_of_a_signal_takes_us_with_it() {
    let env = TestEnv::new();
    for (signal, recorded) in [
        (1, 129),
        (2, 255),
        (3, 131),
        (6, 134),
        (9, 137),
        (10, 138),
        (11, 139),
        (13, 141),
        (15, 143),
        (25, 153),
        (40, 168),
    ] {
        let done = env.run_script(&["--silent", "--no-stats"], &format!("kill -{signal} $$"));
        assert_eq!(done.status.signal(), Some(signal), "{done:?}");
        assert_eq!(env.read_run().exit_code(), Some(recorded));
        assert!(!done.status.core_dumped());
    }
}
