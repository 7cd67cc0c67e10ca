//! Promise 6, disk full is survivable: the run goes on, warns once, writes again when there is room, and marks the gap.

use std::fs;

use super::faults::{ENOSPC, Faults};
use crate::common::{Run, TestEnv, finish};

#[test]
fn a_file_that_outgrows_its_limit_does_not_stop_the_script() {
    let env = TestEnv::new();
    let script = "i=0; while [ $i -lt 3000 ]; do echo \"epoch=$i, loss=0.$i with a long line of text behind it\"; i=$((i + 1)); done; exit 3";
    let own = env!("CARGO_BIN_EXE_wandb-rs");
    // The limit holds for the child too, whose output is a pipe.
    let mut command = env.program("bash");
    command.args([
        "-c",
        &format!("ulimit -f 64; exec {own} run --quiet -- sh -c '{script}'"),
    ]);
    let done = finish(command);
    assert_eq!((done.code(), done.stdout.lines().count()), (3, 3000));
    let told = done
        .stderr
        .matches("the run's log cannot be written (File too large")
        .count();
    assert_eq!(told, 1, "{}", done.stderr);
    let log = fs::read_dir(env.run_dir())
        .unwrap()
        .flatten()
        .map(|e| e.path())
        .find(|p| p.extension().is_some_and(|e| e == "wandb"));
    assert_eq!(fs::metadata(log.unwrap()).unwrap().len(), 64 * 1024);
    // What is there is readable, however much of the output came at once and was cut.
    assert_ne!(env.read_run().run().run_id, "");
}

#[test]
fn a_full_disk_costs_nothing_but_a_warning() {
    let env = TestEnv::new();
    let own = env!("CARGO_BIN_EXE_wandb-rs");
    // A file system of our own, if this machine lets us: full after 300 KB, with room again before the end.
    let script = format!(
        "mount -t tmpfs -o size=4m tmpfs disk || exit 99
         cd disk && head -c 3900000 /dev/zero > ballast
         {own} run --quiet --no-stats -- sh -c '
           i=0; while [ $i -lt 4000 ]; do echo \"epoch=$i, loss=0.$i and a long line of text behind it\"; i=$((i + 1)); done
           told() {{ n=0; until grep -q \"$1\" ../told || [ $n -gt 600 ]; do sleep 0.05; n=$((n + 1)); done; }}
           told \"run.s log cannot be written\"; rm ballast; told \"written again\"; echo \"epoch=9999, loss=0.1\"; exit 3' 2> ../told
         code=$?; cat ../told >&2; cp -r wandb ../kept; exit $code"
    );
    fs::create_dir(env.path("disk")).unwrap();
    let mut command = env.program("unshare");
    command.args(["-rm", "sh", "-c", &script]);
    let done = finish(command);
    if done.status.code() == Some(99) || done.stderr.contains("unshare") {
        eprintln!("SKIPPED: no mount namespace on this machine");
        return;
    }
    assert_eq!(
        (done.code(), done.stdout.lines().count()),
        (3, 4001),
        "{}",
        done.stderr
    );
    assert!(
        done.stderr
            .contains("cannot be written (No space left on device"),
        "{}",
        done.stderr
    );
    assert!(
        done.stderr.contains("the run's log can be written again"),
        "{}",
        done.stderr
    );
    let run = Run::read(&fs::canonicalize(env.path("kept/latest-run")).unwrap());
    assert!(run.complete && run.exit_code() == Some(3));
    assert_eq!(run.rows().len(), 4001);
}

#[test]
fn what_comes_after_the_gap_is_written_and_the_gap_is_marked() {
    let script = "i=0; while [ $i -lt 300 ]; do echo \"epoch=$i, loss=0.$i\"; i=$((i + 1)); sleep 0.005; done; exit 3";
    for first in [3, 6, 12] {
        let env = TestEnv::new();
        let mut command = env.script(&["--quiet", "--no-stats"], script);
        let faults = Faults {
            at: first,
            count: 3,
            errno: ENOSPC,
            only: Some("write"),
            ..Faults::default()
        };
        faults.meet(&env, &mut command);
        let done = finish(command);
        assert_eq!(
            (done.code(), done.stdout.lines().count()),
            (3, 300),
            "{faults:?}"
        );
        let run = Run::read(
            &env.find_run_dir()
                .unwrap_or_else(|| panic!("{faults:?}: {done:?}")),
        );
        assert!(
            run.complete && run.exit_code() == Some(3),
            "{faults:?}: {done:?}"
        );
        let rows = run.rows();
        assert!(
            rows.last().is_some_and(|row| row.contains("loss=0.299")),
            "{faults:?}: {rows:?}"
        );
        if rows.len() < 300 {
            assert!(
                run.console(1).contains("could not be written"),
                "{faults:?}: {} rows",
                rows.len()
            );
        }
    }
}
