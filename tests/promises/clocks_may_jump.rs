//! Promise 8, clocks may jump: times within a run follow the clock that cannot be set, and a process that was stopped for
//! a while goes on as before.

use nix::sys::signal::Signal;
use wandb_rs::wire::schema::Kind;

use super::faults::jump;
use crate::common::{Run, TestEnv, eventually, feed, finish, kill, read_until, start, wait};

/// `_runtime` of each row, in seconds.
fn runtimes(run: &Run) -> Vec<f64> {
    run.kinds()
        .filter_map(|kind| match kind {
            Kind::History(history) => history
                .item
                .iter()
                .find(|item| item.nested_key == ["_runtime"])
                .map(|item| item.value_json.parse().unwrap()),
            _ => None,
        })
        .collect()
}

#[test]
fn the_runtime_does_not_follow_the_wall_clock() {
    const YEAR: i64 = 365 * 86_400;
    let script = "i=0; while [ $i -lt 40 ]; do echo \"epoch=$i, loss=0.$i\"; i=$((i + 1)); sleep 0.01; done; exit 3";
    for seconds in [YEAR, -YEAR, 3600, -1] {
        let env = TestEnv::new();
        let mut command = env.script(&["--quiet", "--no-stats"], script);
        jump(&mut command, seconds);
        let done = finish(command);
        assert_eq!(
            (done.code(), done.stdout.lines().count()),
            (3, 40),
            "{seconds}"
        );
        let run = env.read_run();
        assert_eq!((run.rows().len(), run.complete), (40, true), "{seconds}");
        let times = runtimes(&run);
        assert!(
            times.is_sorted() && times.iter().all(|time| (0.0..60.0).contains(time)),
            "{seconds}: {times:?}"
        );
    }
}

#[test]
fn a_process_that_was_stopped_goes_on() {
    let env = TestEnv::new();
    let mut child = start(env.script(
        &["--quiet"],
        "echo epoch=1, loss=1; read line; echo epoch=2, loss=2; exit 3",
    ));
    read_until(&mut child, "loss=1\n");
    kill(&child, Signal::SIGSTOP);
    feed(&mut child, "\n");
    // The script has gone on by itself when its line has been taken.
    assert!(eventually(|| {
        let state = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
        state.split_whitespace().nth(2) == Some("T")
    }));
    kill(&child, Signal::SIGCONT);
    let done = wait(child);
    assert_eq!(
        (done.code(), done.stdout.as_str()),
        (3, "epoch=2, loss=2\n")
    );
    assert_eq!(env.read_run().rows().len(), 2);
}
