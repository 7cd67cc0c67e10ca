//! What programs in an online run do over its socket arrives at the server while the run goes on.

use crate::common::fake::{FakeWandb, Fault, Gate};
use crate::common::{eventually, start, wait};

use super::{assert_state_is_the_logs, env, run, warnings};

#[test]
fn the_address_is_known_once_there_is_one() {
    let server = FakeWandb::start();
    let gate = Gate::new();
    let stalled = gate.clone();
    server.faults(move |_| Fault::Stall(stalled.clone()));
    let env = env(&server);
    let child = start(env.script(
        &["--id=one"],
        r#"echo loss=1; echo "at first: $(wandb-rs info url)"; wandb-rs info mode; : > asked
           until [ -n "$(wandb-rs info url)" ]; do sleep 0.01; done; wandb-rs info url"#,
    ));
    assert!(eventually(|| env.path("asked").exists()));
    gate.open();
    let done = wait(child);
    assert_eq!((done.code(), warnings(&done)), (0, vec![]));
    let url = format!("{}/fake-user/proj/runs/one", server.url());
    assert_eq!(done.stdout, format!("loss=1\nat first: \nonline\n{url}\n"));
    assert!(done.stderr.contains(&format!("View run at {url}\n")));
}

#[test]
fn alerts_files_and_changes_arrive_while_the_run_goes_on() {
    let server = FakeWandb::start();
    let env = env(&server);
    env.write("now.txt", "now");
    env.write("end.txt", "end");
    env.write("live.txt", "live");
    let child = start(env.script(
        &["--id=one"],
        "echo loss=1; wandb-rs save now.txt --policy now; wandb-rs save end.txt --policy end
         wandb-rs save live.txt --policy live; wandb-rs alert Title text --level warn --wait 10
         wandb-rs config late=1; wandb-rs summary best=2
         until [ -e go ]; do sleep 0.01; done
         wandb-rs alert Second text",
    ));
    let now = || server.find_run("fake-user", "proj", "one");
    assert!(
        eventually(|| now().is_some_and(|run| {
            run.files.contains_key("now.txt")
                && run.files.contains_key("live.txt")
                && run.alerts.len() == 1
                && run.summary_value()["best"] == 2
        })),
        "{:?}",
        now()
    );
    assert!(!run(&server, "one").files.contains_key("end.txt"));
    // What is live is stored again when it changes.
    env.write("live.txt", "changed");
    env.write("end.txt", "the end");
    env.write("go", "");
    let done = wait(child);
    assert_eq!((done.code(), warnings(&done)), (0, vec![]));
    let run = run(&server, "one");
    let file = |name: &str| String::from_utf8_lossy(&run.files[name]).into_owned();
    assert_eq!(
        (
            file("now.txt").as_str(),
            file("end.txt").as_str(),
            file("live.txt").as_str()
        ),
        ("now", "the end", "changed")
    );
    let alerts: Vec<_> = run
        .alerts
        .iter()
        .map(|alert| alert.title.as_str())
        .collect();
    assert_eq!(alerts, ["Title", "Second"]);
    assert_eq!(run.alerts[0].severity.as_deref(), Some("WARN"));
    assert_eq!(run.alerts[0].wait_ms, Some(10_000));
    assert_eq!(run.config_value("late"), 1);
    for name in ["now.txt", "end.txt", "live.txt"] {
        assert!(run.uploaded.contains(name), "{:?}", run.uploaded);
    }
    assert_state_is_the_logs(&env, &run);
}
