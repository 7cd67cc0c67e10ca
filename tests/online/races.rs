//! The beginning and the end of very short runs, many times.

use std::time::Instant;

use crate::common::fake::FakeWandb;
use crate::common::uploads::rounds;

use super::{assert_state_is_the_logs, env, is_synced, run};

#[test]
fn trivial_runs_are_complete_each_time() {
    let server = FakeWandb::start();
    let env = env(&server);
    for round in 0..rounds("WANDB_RS_ONLINE_RACES", 30) {
        let id = format!("race{round}");
        let option = format!("--id={id}");
        let script = ["exit 3", "echo loss=1; exit 3", "echo one; exit 3"][round as usize % 3];
        let start = Instant::now();
        let done = env.run_script(&[&option], script);
        assert_eq!(done.code(), 3, "round {round}: {done:?}");
        assert!(is_synced(&env), "round {round}: {done:?}");
        let run = run(&server, &id);
        assert_eq!(
            (run.state.as_str(), run.exit_code),
            ("failed", Some(3)),
            "round {round}"
        );
        assert!(run.files.contains_key("config.yaml"), "round {round}");
        match round % 3 {
            0 => assert!(run.history.is_empty() && run.console.is_empty()),
            1 => assert_eq!(
                (run.history.len(), run.console.len()),
                (1, 1),
                "round {round}"
            ),
            _ => assert_eq!(run.console_texts(), ["one"], "round {round}"),
        }
        // Nothing was waited for that did not come.
        assert!(
            start.elapsed().as_secs() < 10,
            "round {round}: {:?}",
            start.elapsed()
        );
        if round % 10 == 1 {
            assert_state_is_the_logs(&env, &run);
        }
    }
}

#[test]
fn runs_side_by_side_are_complete() {
    let server = FakeWandb::start();
    let env = env(&server);
    std::thread::scope(|scope| {
        for i in 0..8 {
            let (env, server) = (&env, &server);
            scope.spawn(move || {
                let option = format!("--id=beside{i}");
                let done = env.run_script(
                    &[&option],
                    &format!("for j in 1 2 3; do echo loss={i}.$j; done"),
                );
                assert_eq!(done.code(), 0, "{done:?}");
                assert_eq!(run(server, &format!("beside{i}")).history.len(), 3);
            });
        }
    });
}
