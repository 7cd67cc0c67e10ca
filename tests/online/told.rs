//! What the user is told, and whether the run goes to the server at all.

use crate::common::fake::FakeWandb;
use crate::common::{TestEnv, finish};

use super::{TWO_ROWS, assert_state_is_the_logs, env, is_synced, run, told, warnings};

#[test]
fn header_and_footer() {
    let server = FakeWandb::start();
    let env = env(&server);
    let options = ["--id=one", "--name=first"];
    let done = env.run_script(&options, TWO_ROWS);
    assert_eq!(done.code(), 0);
    assert_eq!(done.stdout, "epoch=1, loss=0.5\nepoch=2, loss=0.25\n");
    insta::assert_snapshot!(told(&done, &server), @r"
    wandb: Loaded credentials for SERVER from WANDB_API_KEY.
    wandb: Tracking run with wandb-rs 0.1.0
    wandb: Run data is saved locally in ./wandb/run-STAMP-one
    wandb: Run `wandb-rs offline` to turn off syncing.
    wandb: Syncing run first
    wandb: ⭐️ View project at SERVER/fake-user/proj
    wandb: 🚀 View run at SERVER/fake-user/proj/runs/one
    wandb: Run history:
    wandb: loss █▁
    wandb: Run summary:
    wandb: loss 0.25
    wandb: Run finished (exit code 0) in TIME
    wandb: 🚀 View run first at: SERVER/fake-user/proj/runs/one
    wandb: ⭐️ View project at: SERVER/fake-user/proj
    wandb: Synced 4 W&B file(s), 0 media file(s), 0 artifact file(s) and 0 other file(s)
    wandb: Find logs at: ./wandb/run-STAMP-one/logs
    ");

    let mut plain = env.script(&["--id=two", "--name=second"], TWO_ROWS);
    plain.env("LC_ALL", "en_US.ISO-8859-1");
    insta::assert_snapshot!(told(&finish(plain), &server), @r"
    wandb: Loaded credentials for SERVER from WANDB_API_KEY.
    wandb: Tracking run with wandb-rs 0.1.0
    wandb: Run data is saved locally in ./wandb/run-STAMP-two
    wandb: Run `wandb-rs offline` to turn off syncing.
    wandb: Syncing run second
    wandb: View project at SERVER/fake-user/proj
    wandb: View run at SERVER/fake-user/proj/runs/two
    wandb: Run summary:
    wandb: loss 0.25
    wandb: Run finished (exit code 0) in TIME
    wandb: View run second at: SERVER/fake-user/proj/runs/two
    wandb: View project at: SERVER/fake-user/proj
    wandb: Synced 4 W&B file(s), 0 media file(s), 0 artifact file(s) and 0 other file(s)
    wandb: Find logs at: ./wandb/run-STAMP-two/logs
    ");

    let quiet = env.run_script(&["--quiet", "--id=three", "--name=third"], TWO_ROWS);
    insta::assert_snapshot!(told(&quiet, &server), @r"
    wandb: Loaded credentials for SERVER from WANDB_API_KEY.
    wandb: Run data is saved locally in ./wandb/run-STAMP-three
    wandb: 🚀 View run at SERVER/fake-user/proj/runs/three
    wandb: 🚀 View run third at: SERVER/fake-user/proj/runs/three
    wandb: ⭐️ View project at: SERVER/fake-user/proj
    wandb: Synced 4 W&B file(s), 0 media file(s), 0 artifact file(s) and 0 other file(s)
    ");
    let silent = env.run_script(&["--silent", "--id=four"], TWO_ROWS);
    assert_eq!(silent.stderr, "");
    for id in ["one", "two", "three", "four"] {
        assert_eq!(run(&server, id).state, "finished");
    }
}

#[test]
fn the_server_has_what_the_log_says() {
    let server = FakeWandb::start();
    let env = env(&server);
    env.write("note.txt", "a note");
    let done = env.run_script(
        &[
            "--id=one",
            "--name=first",
            "--notes=some notes",
            "--tags=a,b",
            "--group=g",
            "--job-type=train",
            "-c",
            "lr=0.1",
        ],
        r"for i in 1 2 3; do echo epoch=$i loss=0.$i; done; echo warn >&2
          wandb-rs define-metric acc --summary max,mean
          wandb-rs log acc=1 nan=NaN text=x; wandb-rs log acc=0.5 nested.leaf=1
          wandb-rs config late.value=1; wandb-rs summary best=0.9 none=null
          wandb-rs save note.txt; wandb-rs alert title text
          printf 'one\rtwo\rthree\n'; printf 'no end'; exit 3",
    );
    assert_eq!(done.code(), 3, "{done:?}");
    assert_eq!(warnings(&done), [""; 0]);
    let run = run(&server, "one");
    assert_eq!((run.state.as_str(), run.exit_code), ("failed", Some(3)));
    let losses: Vec<_> = run
        .history_rows()
        .iter()
        .map(|row| row["loss"].clone())
        .collect();
    assert_eq!(losses.len(), 5, "{losses:?}");
    assert_eq!(run.summary_value()["best"], 0.9);
    assert_eq!(run.config_value("lr"), 0.1);
    assert_eq!(run.config_value("late.value"), 1);
    assert_eq!(run.files["note.txt"], b"a note");
    assert_eq!(run.alerts.len(), 1);
    assert_eq!(run.tags, ["a", "b"]);
    let console = run.console_texts();
    assert_eq!(
        console.last().map(String::as_str),
        Some("no end"),
        "{console:?}"
    );
    assert_eq!(run.history_rewritten, 0);
    assert!(is_synced(&env));
    assert!(
        env.run_dir()
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("run-")
    );
    assert_state_is_the_logs(&env, &run);
}

#[test]
fn console_lines_keep_the_time_at_which_they_were_printed() {
    let server = FakeWandb::start();
    let env = env(&server);
    let script = "date +%s.%N; until [ -e go ]; do sleep 0.01; done; date +%s.%N";
    let child = crate::common::start(env.script(&["--id=one"], script));
    // The first line is sent long before the second one.
    assert!(crate::common::eventually(|| server
        .find_run("fake-user", "proj", "one")
        .is_some_and(|run| !run.console.is_empty())));
    env.write("go", "");
    let done = crate::common::wait(child);
    assert_eq!(done.code(), 0);
    let run = run(&server, "one");
    assert_eq!(run.console.len(), 2);
    for line in &run.console {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let stamp = format!("{}Z", line["ts"].as_str().unwrap());
        let stamp = chrono::DateTime::parse_from_rfc3339(&stamp).unwrap();
        let printed: f64 = line["content"].as_str().unwrap().parse().unwrap();
        let late = stamp.timestamp_micros() as f64 / 1e6 - printed;
        assert!((-0.001..0.5).contains(&late), "{late} {line}");
    }
    assert_state_is_the_logs(&env, &run);
}

#[test]
fn nothing_is_sent_offline() {
    let server = FakeWandb::start();
    let is_offline = |env: &TestEnv| {
        let name = env.run_dir();
        let name = name.file_name().unwrap().to_str().unwrap().to_owned();
        name.starts_with("offline-run-")
    };
    let with_key = env(&server);
    let done = with_key.run_script(&["--mode=offline"], TWO_ROWS);
    assert_eq!((done.code(), warnings(&done)), (0, vec![]));
    assert!(is_offline(&with_key));

    let mut by_variable = env(&server);
    by_variable.set("WANDB_MODE", "offline");
    let done = by_variable.run_script(&[], TWO_ROWS);
    assert_eq!((done.code(), warnings(&done)), (0, vec![]));
    assert!(is_offline(&by_variable));

    let by_settings = env(&server);
    assert_eq!(by_settings.run(["offline"]).code(), 0);
    let done = by_settings.run_script(&[], TWO_ROWS);
    assert_eq!((done.code(), warnings(&done)), (0, vec![]));
    assert!(is_offline(&by_settings));

    let mut keyless = TestEnv::new();
    keyless.set("WANDB_BASE_URL", server.url());
    let done = keyless.run_script(&[], TWO_ROWS);
    assert_eq!((done.code(), warnings(&done)), (0, vec![]));
    assert!(is_offline(&keyless));

    // Who asks for the server is told why it is not used.
    let done = keyless.run_script(
        &["--mode=online", "--name=x"],
        &format!("{TWO_ROWS}; exit 4"),
    );
    assert_eq!(done.code(), 4);
    insta::assert_snapshot!(told(&done, &server), @r"
    wandb: WARNING no API key for SERVER: the run is recorded offline; `wandb-rs login` stores a key
    wandb: Tracking run with wandb-rs 0.1.0
    wandb: Run data is saved locally in ./wandb/offline-run-STAMP-ID
    wandb: Syncing run x
    wandb: Run history:
    wandb: loss █▁
    wandb: Run summary:
    wandb: loss 0.25
    wandb: Run failed (exit code 4) in TIME
    wandb: You can sync this run to the cloud by running:
    wandb: wandb-rs sync ./wandb/offline-run-STAMP-ID
    wandb: See it in a browser: wandb-rs ui ./wandb/offline-run-STAMP-ID
    wandb: Find logs at: ./wandb/offline-run-STAMP-ID/logs
    ");
    assert!(is_offline(&keyless));
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_wrong_key_is_told_once_and_costs_the_run_nothing() {
    let server = FakeWandb::start();
    let mut wrong = env(&server);
    wrong.set("WANDB_API_KEY", "b".repeat(40));
    let done = wrong.run_script(
        &["--id=one", "--name=first"],
        &format!("{TWO_ROWS}; exit 3"),
    );
    assert_eq!(done.code(), 3, "{done:?}");
    insta::assert_snapshot!(told(&done, &server), @r"
    wandb: Loaded credentials for SERVER from WANDB_API_KEY.
    wandb: Tracking run with wandb-rs 0.1.0
    wandb: Run data is saved locally in ./wandb/run-STAMP-one
    wandb: Run `wandb-rs offline` to turn off syncing.
    wandb: Syncing run first
    wandb: WARNING the run is not uploaded any more: UpsertBucket: HTTP 401: user is not logged in (the server does not accept the API key: `wandb-rs login --relogin`); it is recorded all the same, `wandb-rs sync ./wandb/run-STAMP-one` uploads it later
    wandb: Run history:
    wandb: loss █▁
    wandb: Run summary:
    wandb: loss 0.25
    wandb: Run failed (exit code 3) in TIME
    wandb: You can sync this run to the cloud by running:
    wandb: wandb-rs sync ./wandb/run-STAMP-one
    wandb: See it in a browser: wandb-rs ui ./wandb/run-STAMP-one
    wandb: Find logs at: ./wandb/run-STAMP-one/logs
    ");
    assert!(server.runs().is_empty());
    assert!(!is_synced(&wrong));
    assert_eq!(wrong.read_run().exit_code(), Some(3));

    let mut sync = wrong.wandb_rs(["sync".as_ref(), wrong.run_dir().as_os_str()]);
    sync.env("WANDB_API_KEY", server.api_key());
    assert_eq!(finish(sync).code(), 0);
    assert!(is_synced(&wrong));
    wrong.set("WANDB_API_KEY", server.api_key());
    assert_state_is_the_logs(&wrong, &run(&server, "one"));
}
