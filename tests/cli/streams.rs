//! The child's output passes through unchanged and is recorded whole.

use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;
use std::time::Instant;

use crate::common::{TestEnv, eventually, feed, finish, read_until, start, wait};

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
fn bad_bytes_are_recorded_as_replacement_characters() {
    let env = TestEnv::new();
    let done = finish({
        let mut command = env.script(&["--silent"], r"printf 'a\377b\000c\303\251\nloss=0.5\n'");
        command.stdout(Stdio::piped());
        command
    });
    assert_eq!(done.code(), 0);
    let run = env.read_run();
    assert_eq!(run.console(1), "a\u{fffd}b\0cé\nloss=0.5\n");
    assert_eq!(run.rows(), ["0: loss=0.5"]);
}

#[test]
fn a_progress_bar_costs_a_few_records() {
    let env = TestEnv::new();
    env.write(
        "bar.py",
        "import sys\nfor i in range(20001):\n    sys.stdout.write(f'\\r{i / 200:6.2f}% ' + '#' * (i // 500))\nprint()\nprint('epoch=1, loss=0.25')\n",
    );
    let done = env.run(["run", "--silent", "--", "python3", "bar.py"]);
    assert!(done.stdout.len() > 400_000);
    let run = env.read_run();
    assert!(run.console(1).len() < 2000, "{}", run.console(1).len());
    let expected = format!("100.00% {}\nepoch=1, loss=0.25\n", "#".repeat(40));
    assert_eq!(run.file("output.log"), expected);
    assert_eq!(run.rows(), ["0: epoch=1 loss=0.25"]);
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
fn a_child_that_closes_its_output_goes_on() {
    let env = TestEnv::new();
    let done = env.run_script(
        &["--silent"],
        "echo before; exec >&- 2>&-; sleep 0.1; echo x > done.txt; exit 4",
    );
    assert_eq!((done.code(), done.stdout.as_str()), (4, "before\n"));
    assert!(env.path("done.txt").exists());
}

#[test]
fn waiting_for_a_child_without_output_costs_nothing() {
    let env = TestEnv::new();
    let mut child = start(env.script(
        &["--silent", "--no-stats"],
        "exec >&- 2>&-; touch closed; sleep 1",
    ));
    assert!(eventually(|| env.path("closed").exists()));
    let ticks = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
        let fields: Vec<&str> = stat[stat.rfind(')').unwrap()..].split(' ').collect();
        fields[12].parse::<u64>().unwrap() + fields[13].parse::<u64>().unwrap()
    };
    let before = ticks();
    std::thread::sleep(std::time::Duration::from_millis(700)); // What is measured is the time that passes.
    assert!(ticks() - before <= 5, "{} ticks", ticks() - before);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_grandchild_that_keeps_the_pipe_delays_us_only_shortly() {
    let env = TestEnv::new();
    let start = Instant::now();
    // The sleeper holds the write end of our pipe; the harness reads until we close ours.
    let mut command = env.script(&[], "sleep 30 & echo $! > pid; echo done");
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let done = wait(child);
    let pid = std::fs::read_to_string(env.path("pid")).unwrap();
    let alive = std::path::Path::new("/proc").join(pid.trim()).exists();
    let _ = env.program("kill").arg(pid.trim()).status();
    assert!(alive, "what the script has left running was ended");
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    assert_eq!(done.code(), 0);
    assert!(
        done.stderr
            .contains("processes it started keep its output open"),
        "{}",
        done.stderr
    );
    assert_eq!(env.read_run().console(1), "done\n");
}

#[test]
fn a_line_without_end_costs_no_memory() {
    let env = TestEnv::new();
    let mut command = env.wandb_rs([
        "run",
        "--silent",
        "--",
        "sh",
        "-c",
        "head -c 300000000 /dev/zero | tr '\\0' x; cat",
    ]);
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    let log = || {
        std::fs::read_dir(env.path("wandb/latest-run"))
            .into_iter()
            .flatten()
            .flatten()
    };
    let size = || {
        log()
            .filter_map(|e| e.metadata().ok())
            .map(|m| m.len())
            .max()
            .unwrap_or(0)
    };
    assert!(eventually(|| size() >= 300_000_000));
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let kib: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kib < 64 * 1024, "{kib} KiB");
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"\nloss=0.5\n")
        .unwrap();
    assert!(child.wait().unwrap().success());
    let run = env.read_run();
    assert_eq!(run.rows(), ["0: loss=0.5"]);
    assert_eq!(run.file("output.log").len(), 4096 + 1 + 9);
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
