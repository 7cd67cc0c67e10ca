//! Promise 7, a failed fsync is final: the kernel may have dropped the data, and a second try would only look like
//! success. The user is told, and nothing else changes.

use super::faults::{EIO, Faults, Target};
use crate::common::{TestEnv, finish};

#[test]
fn it_is_told_once_and_not_tried_again() {
    let script = "echo epoch=1, loss=0.5; exit 3";
    let env = TestEnv::new();
    let calls = Faults::count(
        &env,
        env.script(&["--quiet", "--no-stats"], script),
        Target::Runs,
        Some("sync"),
    );
    assert!(calls >= 1, "nothing is synced");
    let env = TestEnv::new();
    let mut command = env.script(&["--quiet", "--no-stats"], script);
    let faults = Faults {
        at: 1,
        errno: EIO,
        only: Some("sync"),
        ..Faults::default()
    };
    faults.meet(&env, &mut command);
    let log = env.path("calls");
    command.env("FAULT_LOG", &log);
    let done = finish(command);
    assert_eq!(
        (done.code(), done.stdout.as_str()),
        (3, "epoch=1, loss=0.5\n")
    );
    assert_eq!(done.stderr.matches("WARNING").count(), 1, "{done:?}");
    assert!(
        done.stderr.contains("may not survive a power failure"),
        "{done:?}"
    );
    assert_eq!(std::fs::metadata(log).unwrap().len(), 1);
    let run = env.read_run();
    assert_eq!((run.rows().len(), run.exit_code()), (1, Some(3)));
}
