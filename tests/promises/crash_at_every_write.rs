//! Promise 4, crash at every write: whatever part of the writes has happened, what is there is read and what was complete
//! is found.

use super::faults::{Faults, KILL, Target};
use super::rounds;
use crate::common::{Run, TestEnv, finish};

const SCRIPT: &str =
    "for i in 1 2 3 4 5 6; do echo \"epoch=$i, loss=0.$i\"; wandb-rs config c$i=$i; done; exit 3";

#[test]
fn a_run_that_is_killed_at_any_call_leaves_a_readable_log() {
    let options = ["--silent", "--no-stats", "--id=one"];
    let clean = TestEnv::new();
    let calls = Faults::count(&clean, clean.script(&options, SCRIPT), Target::Runs, None);
    assert!(calls > 20, "{calls}");
    let expected = clean.read_run();
    assert_eq!(expected.rows().len(), 6);
    // Where the threads are at that moment differs from time to time. Each round is a run for each call.
    for _ in 0..rounds(1).min(20) {
        for at in 1..=calls {
            let env = TestEnv::new();
            let mut command = env.script(&options, SCRIPT);
            let faults = Faults {
                at,
                errno: KILL,
                ..Faults::default()
            };
            faults.meet(&env, &mut command);
            finish(command);
            let Some(dir) = env
                .find_run_dir()
                .filter(|dir| dir.join("run-one.wandb").exists())
            else {
                continue;
            };
            let run = Run::read(&dir);
            let rows = run.rows();
            assert!(expected.rows().starts_with(&rows), "call {at}: {rows:?}");
            assert!(run.exit_code().is_none() || rows.len() == 6, "call {at}");
            // Whoever comes later finds it in order: it is shown, and uploading it is possible.
            assert_eq!(env.run(["ls"]).code(), 0, "call {at}");
        }
    }
}
