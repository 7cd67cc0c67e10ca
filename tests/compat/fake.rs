//! The official client against the tests' own server: it finds all that it asks for, and breaks no rule. So the rules
//! that the server holds us to are those of the protocol.

use serde_json::json;

use crate::common::fake::{FakeWandb, Fault, random_faults};
use crate::common::{self, Finished, TestEnv, peers};

const SCRIPT: &str = r#"
import os, wandb
run = wandb.init(project="my project", id="r1", name="named", group="g", job_type="train", tags=["a", "b"], notes="n",
                 config={"lr": 0.1, "bad": float("nan")}, settings=wandb.Settings(
                     x_graphql_retry_wait_min_seconds=0.01, x_graphql_retry_wait_max_seconds=0.1,
                     x_file_stream_retry_wait_min_seconds=0.01, x_file_stream_retry_wait_max_seconds=0.1,
                     x_file_transfer_retry_wait_min_seconds=0.01, x_file_transfer_retry_wait_max_seconds=0.1))
for step in range(5):
    run.log({"loss": 1 / (step + 1), "nan": float("nan")})
    print("step", step)
run.alert(title="t", text="x", level="WARN")
with open("note.txt", "w") as file:
    file.write("text of a file")
run.save("note.txt")
artifact = wandb.Artifact("ds", type="dataset", metadata={"k": 1})
artifact.add_file("note.txt")
with artifact.new_file("sub/b.bin", mode="wb") as file:
    file.write(b"bytes" * 1000)
artifact.add_reference("https://example.com/x.bin", name="ref.bin", checksum=False)
run.log_artifact(artifact, aliases=["best"]).wait()
run.finish(exit_code=int(os.environ.get("CODE", "0")))
"#;

const RESUMED: &str = r#"
import wandb
run = wandb.init(project="my project", id="r1", resume="must")
assert run.config["lr"] == 0.1, run.config
assert run.use_artifact("ds:best").type == "dataset"
run.log({"loss": 0.01})
run.finish()
"#;

/// Runs a script with the official client, unless the user does not want that.
fn script(server: &FakeWandb, text: &str, variables: &[(&str, &str)]) -> Option<Finished> {
    let bin = peers::bin()?;
    let mut env = TestEnv::new();
    server.configure(&mut env);
    env.set("WANDB_ERROR_REPORTING", "false");
    for (name, value) in variables {
        env.set(name, *value);
    }
    env.write("train.py", text);
    let mut command = env.program(bin.join("python"));
    command.arg("train.py");
    Some(common::finish(command))
}

fn check(server: &FakeWandb) {
    let run = server.run("fake-user", "my project", "r1");
    assert_eq!((run.display_name.as_str(), run.tags.len()), ("named", 2));
    assert_eq!(
        (run.group.as_deref(), run.job_type.as_deref()),
        (Some("g"), Some("train"))
    );
    assert_eq!(run.config_value("lr"), json!(0.1));
    assert_eq!((run.history.len(), run.history_rewritten), (5, 0));
    assert_eq!(run.history_rows()[4]["nan"], "NaN");
    assert_eq!(run.summary_value()["_step"], 4);
    assert!(run.console_texts().iter().any(|line| line == "step 4"));
    assert_eq!(run.files["note.txt"], b"text of a file");
    assert!(run.uploaded.contains("config.yaml"));
    let artifact = run.artifact("ds");
    assert!(artifact.committed);
    // The client sends them in any order.
    assert!(
        ["best", "latest"]
            .iter()
            .all(|alias| artifact.aliases.iter().any(|known| known == alias))
    );
    assert_eq!(artifact.files.len(), 2);
    assert_eq!(
        artifact.manifest["contents"]["ref.bin"]["ref"],
        "https://example.com/x.bin"
    );
}

#[test]
fn the_official_client_finds_all_that_it_asks_for() {
    let server = FakeWandb::start();
    let Some(done) = script(&server, SCRIPT, &[]) else {
        return;
    };
    assert_eq!(done.code(), 0, "{done:?}\n{:#?}", server.operations());
    check(&server);
    let run = server.run("fake-user", "my project", "r1");
    assert_eq!((run.state.as_str(), run.exit_code), ("finished", Some(0)));
    assert_eq!(run.alerts[0].severity.as_deref(), Some("WARN"));

    let done = script(&server, RESUMED, &[]).unwrap();
    assert_eq!(done.code(), 0, "{done:?}\n{:#?}", server.operations());
    let run = server.run("fake-user", "my project", "r1");
    assert_eq!((run.history.len(), run.history_rewritten), (6, 0));
    assert_eq!(run.history_rows()[5]["_step"], 5);
    assert_eq!(run.used_artifacts[0].name, "ds:v0");
    assert_eq!(run.state, "finished");
}

#[test]
fn the_official_client_gets_through_random_faults() {
    let server = FakeWandb::start();
    let mut plan = random_faults(11, 0.3);
    server.faults(move |request| match plan(request) {
        // An answer that breaks off behind its head is final for the official client.
        Fault::TruncatedJson | Fault::ResetInReply => Fault::None,
        fault => fault,
    });
    let Some(done) = script(&server, SCRIPT, &[("CODE", "2")]) else {
        return;
    };
    assert_eq!(done.code(), 0, "{done:?}\n{:#?}", server.operations());
    check(&server);
    let run = server.run("fake-user", "my project", "r1");
    assert_eq!((run.state.as_str(), run.exit_code), ("failed", Some(2)));
}
