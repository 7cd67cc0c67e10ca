//! Promise 11, hostile stdout: bounded memory and time for each byte, and what can be recorded is.

use std::io::Write as _;
use std::process::Stdio;

use crate::common::{TestEnv, eventually, finish};

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
