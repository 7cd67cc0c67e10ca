//! Rows and summary are what the official client makes of the same calls: definitions, axes, aggregations, nesting.

use std::path::Path;

use super::fold::{self, Log};
use super::protojson::{canonical, canonical_without};
use crate::common::{self, TestEnv, peers};

/// Calls, one JSON object a line as our socket takes them.
const CALLS: &[&str] = &[
    // A log before any definition; then aggregations know what was logged before them.
    r#"
    {"log": {"acc": 1}}
    {"log": {"acc": 9}}
    {"log": {"acc": 4}}
    {"define_metric": {"name": "acc", "summary": "max,min,first"}}
    {"log": {"acc": 5}}
    {"define_metric": {"name": "acc", "summary": "mean,last"}}
    {"log": {"acc": "text"}}
    {"log": {"acc": 2.5}}
    "#,
    // An axis in rows of its own, in the same row, as a text, by hand, and never. (Of what was logged before the definition the official
    // client remembers nothing and puts 0; we put the last value.)
    r#"
    {"define_metric": {"name": "epoch"}}
    {"define_metric": {"name": "val/*", "step_metric": "epoch"}}
    {"define_metric": {"name": "late", "step_metric": "never"}}
    {"log": {"val/acc": 0.1}}
    {"log": {"epoch": 1}}
    {"log": {"val/acc": 0.5, "val/loss": 2}}
    {"log": {"val/acc": 0.6, "epoch": 2}}
    {"log": {"late": 1, "other": 2}}
    {"log": {"epoch": true, "val/acc": 1}}
    {"log": {"val/acc": 2}}
    {"summary": {"epoch": 7}}
    {"log": {"val/acc": 3}}
    "#,
    // Values set by hand win until the next log; a new definition brings all aggregations back.
    r#"
    {"define_metric": {"name": "loss", "summary": "min,max,mean,last,first"}}
    {"log": {"loss": 1}}
    {"log": {"loss": 5.5}}
    {"summary": {"loss": 42, "best": 0.9, "tree": {"leaf": {"deep": 1}}}}
    {"log": {"loss": 7}}
    {"define_metric": {"name": "loss", "summary": "max"}}
    {"log": {"loss": 6}}
    "#,
    // Nested rows, dots in names, hidden metrics and those without a summary.
    r#"
    {"define_metric": {"name": "opt.m.x", "summary": "max"}}
    {"define_metric": {"name": "hid", "hidden": true}}
    {"define_metric": {"name": "nosum", "summary": "none"}}
    {"define_metric": {"name": "q\\.z", "summary": "min"}}
    {"log": {"opt": {"m": {"x": 5, "y": 0}, "s": "str"}, "hid": 1, "nosum": 5, "q.z": 3}}
    {"log": {"opt": {"m": {"x": 4, "y": 0.5}}, "d": {"x": 1}, "q.z": 4, "e": {}, "list": [1, {"a": null}]}}
    {"log": {"d": 3, "opt.m.x": 9, "_private": 1, "nan": NaN, "inf": -Infinity, "none": null, "big": 1152921504606846976}}
    "#,
    // Steps: given and kept open. (A step that goes back loses the data there; we keep them in a row of their own.)
    r#"
    {"log": {"a": 1}, "step": 3}
    {"log": {"b": 2}, "step": 3}
    {"log": {"c": 3}, "commit": false}
    {"log": {"c": 4, "d": 5}}
    {"log": {"a": 6}, "step": 20}
    {"log": {"a": 8}, "commit": true}
    {"log": {}}
    {"log": {"open": 1}, "commit": false}
    "#,
];

/// Makes the calls of each case with the official client; prints where it recorded them.
const OFFICIAL: &str = r#"
import json, sys, wandb
settings = wandb.Settings(mode="offline", silent=True, x_disable_stats=True, x_disable_machine_info=True,
                          x_save_requirements=False, disable_git=True, console="off")
directories = []
for case in json.load(open("cases.json")):
    run = wandb.init(project="p", settings=settings)
    for line in case.split("\n"):
        call = json.loads(line) if line.strip() else {}
        if "define_metric" in call:
            run.define_metric(**call["define_metric"])
        if "log" in call:
            run.log(call.pop("log"), **call)
        for key, value in call.get("summary", {}).items():
            run.summary[key] = value
    directories.append(run.dir)
    run.finish()
json.dump(directories, open("directories.json", "w"))
"#;

/// Makes the calls of one case at our socket.
const OURS: &str = r#"
import json, os, socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.connect(os.environ["WANDB_RS_SOCKET"])
for line in json.load(open("cases.json"))[int(sys.argv[1])].split("\n"):
    if line.strip():
        connection.sendall(line.strip().encode() + b"\n")
"#;

fn log_in(dir: &Path) -> Log {
    let path = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|ending| ending == "wandb"));
    Log::read(&path.unwrap())
}

#[test]
fn rows_and_summary_are_those_of_the_official_client() {
    let Some(bin) = peers::bin() else { return };
    let env = TestEnv::new();
    env.write("cases.json", &serde_json::to_string(CALLS).unwrap());
    env.write("official.py", OFFICIAL);
    env.write("ours.py", OURS);
    let python = bin.join("python3").display().to_string();
    let mut command = env.program(&python);
    command.arg("official.py");
    let done = common::finish(command);
    assert_eq!(done.code(), 0, "{done:?}");
    let directories = std::fs::read_to_string(env.path("directories.json")).unwrap();
    let directories: Vec<String> = serde_json::from_str(&directories).unwrap();

    let clocks = ["_runtime", "_timestamp", "_wandb"];
    let rows = |log: &Log| -> Vec<String> {
        let rows = log.history().map(fold::row);
        rows.map(|row| canonical_without(&row, &clocks)).collect()
    };
    for (i, (calls, official)) in CALLS.iter().zip(directories).enumerate() {
        let number = i.to_string();
        let options = [
            "run",
            "--silent",
            "--no-stats",
            "--",
            &python,
            "ours.py",
            &number,
        ];
        let done = env.run(options);
        assert_eq!(done.code(), 0, "{done:?}");
        let theirs = log_in(Path::new(&official).parent().unwrap());
        let ours = log_in(&env.run_dir());
        assert_eq!(rows(&theirs), rows(&ours), "{calls}");
        let summary = |log: &Log| canonical_without(&log.summary(), &clocks);
        assert_eq!(summary(&theirs), summary(&ours), "{calls}");
        let metrics = |log: &Log| -> Vec<String> {
            let metrics = log.kinds().filter_map(|kind| match kind {
                wandb_rs::wire::schema::Kind::Metric(metric) => {
                    Some(canonical(&super::protojson::metric(metric)))
                }
                _ => None,
            });
            metrics.collect()
        };
        assert_eq!(metrics(&theirs), metrics(&ours), "{calls}");
    }
}
