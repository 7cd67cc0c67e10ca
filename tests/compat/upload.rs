//! `wandb-rs sync` against the official `wandb sync`: a server has the same after either of them.
//!
//! Both upload copies of the same directories to servers of the tests' own. What differs on purpose is taken out by
//! [`State::of`], with the reason, and asserted where it shows.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::protojson::canonical;
use super::sync::{Server, config, copy};
use crate::common::fake::{DEFAULT_ENTITY, FakeWandb, RunView};
use crate::common::uploads::env_for;
use crate::common::{self, Finished, TestEnv, peers};

/// What a server has of a run, in a form in which two clients can be compared.
pub(super) type State = BTreeMap<String, Value>;

/// Numbers as floats, so that `1` and `1.0` are the same.
fn numeric(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.into_iter().map(numeric).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(key, value)| (key, numeric(value)))
            .collect::<BTreeMap<_, _>>()
            .into_iter()
            .collect(),
        other => other,
    }
}

fn parsed(bytes: &[u8]) -> Value {
    let text = String::from_utf8_lossy(bytes);
    let value = wandb_rs::wire::json::Value::parse(&text).unwrap();
    // NaN and infinities become texts.
    serde_json::from_str(&value.to_json()).unwrap_or_else(|_| json!(canonical(&value)))
}

/// What a client says about itself below `_wandb`.
fn internal(mut own: Value) -> Value {
    let Some(members) = own.as_object_mut() else {
        return own;
    };
    // The version of the client that uploads.
    if let Some(telemetry) = members.get_mut("t").and_then(Value::as_object_mut) {
        telemetry.remove("12");
        for ids in telemetry.values_mut() {
            if let Some(ids) = ids.as_array_mut() {
                ids.sort_by_key(Value::as_i64);
            }
        }
    }
    // Definitions come in any order; a step metric is named by its place, counted from 1.
    if let Some(metrics) = members.get_mut("m").and_then(Value::as_array_mut) {
        let names: Vec<Value> = metrics.iter().map(|metric| metric["1"].clone()).collect();
        for metric in &mut *metrics {
            if let Some(place) = metric["5"].as_u64() {
                metric["5"] = names[place as usize - 1].clone();
            }
            for set in ["6", "7"] {
                if let Some(ids) = metric[set].as_array_mut() {
                    ids.sort_by_key(Value::as_i64);
                }
            }
        }
        metrics.sort_by_key(|metric| format!("{} {}", metric["1"], metric["2"]));
    }
    // Each client makes up a writer of its own; the environments count.
    if let Some(environments) = members.remove("e") {
        let contents = environments.as_object().into_iter().flatten();
        let contents: Vec<Value> = contents.map(|(_, content)| content.clone()).collect();
        members.insert("e".to_owned(), contents.into());
    }
    own
}

pub(super) fn state(run: &RunView) -> State {
    let mut state = State::new();
    let mut put = |name: &str, value: Value| {
        state.insert(name.to_owned(), numeric(value));
    };
    for (kind, rows) in [("history", run.history_rows())] {
        for (i, row) in rows.into_iter().enumerate() {
            put(&format!("{kind} {i:06}"), row);
        }
    }
    for (i, row) in run.events.iter().enumerate() {
        let mut row = parsed(row.as_bytes());
        put(&format!("events {i:06} runtime"), row["_runtime"].take());
        put(&format!("events {i:06}"), row);
    }
    for (i, (text, line)) in run
        .console_texts()
        .into_iter()
        .zip(&run.console)
        .enumerate()
    {
        let is_error = line.starts_with("ERROR ") || line.starts_with(r#"{"level":"error""#);
        put(&format!("console {i:06}"), json!([is_error, text]));
    }
    put("summary", run.summary_value());
    for (key, value) in run.config.as_object().into_iter().flatten() {
        if key == "_wandb" {
            let own = internal(value["value"].clone());
            for (key, value) in own.as_object().into_iter().flatten() {
                put(&format!("config _wandb.{key}"), value.clone());
            }
        } else {
            put(&format!("config {key}"), value["value"].clone());
        }
    }
    // The server makes up a name for a run without one, and numbers it.
    let invented = run.display_name.starts_with("brave-river-");
    let name = if invented { "" } else { &run.display_name };
    put("name", name.into());
    put("notes", run.notes.clone().into());
    put("tags", run.tags.clone().into());
    put("group", run.group.clone().into());
    put("job type", run.job_type.clone().into());
    put("host", run.host.clone().into());
    put("commit", run.commit.clone().into());
    put("repo", run.repo.clone().into());
    put("sweep", run.sweep.clone().into());
    put("state", run.state.clone().into());
    put("exit code", run.exit_code.into());
    for (name, bytes) in &run.files {
        let content = match name.as_str() {
            "config.yaml" => {
                // JSON values have no such numbers.
                let mut text = String::from_utf8_lossy(bytes).into_owned();
                for number in ["-.inf", ".inf", ".nan"] {
                    text = text.replace(&format!(" {number}\n"), &format!(" \"{number}\"\n"));
                }
                let mut config: Value = serde_saphyr::from_str(&text).unwrap();
                if let Some(own) = config.get_mut("_wandb") {
                    *own = internal(own["value"].take());
                }
                config
            }
            "wandb-summary.json" | "wandb-metadata.json" => parsed(bytes),
            _ => json!(String::from_utf8_lossy(bytes)),
        };
        put(&format!("file {name}"), content);
    }
    put("uploaded", run.uploaded.iter().cloned().collect());
    for artifact in &run.artifacts {
        let contents = artifact.manifest["contents"]
            .as_object()
            .into_iter()
            .flatten();
        let contents: BTreeMap<&String, Value> = contents
            .map(|(name, entry)| {
                let kept = ["digest", "size", "ref", "extra"].map(|key| entry[key].clone());
                (name, json!(kept))
            })
            .collect();
        let mut aliases = artifact.aliases.clone();
        aliases.sort();
        put(
            &format!("artifact {} {:?}", artifact.name, artifact.version),
            json!({
                "type": artifact.type_name, "digest": artifact.digest, "aliases": aliases, "tags": artifact.tags,
                "metadata": artifact.metadata, "description": artifact.description,
                "committed": artifact.committed, "contents": contents,
                "version": artifact.manifest["version"], "policy": artifact.manifest["storagePolicy"],
                "policy config": artifact.manifest["storagePolicyConfig"],
                "files": artifact.files,
            }),
        );
    }
    state
}

/// States of the runs after both clients have uploaded copies of these directories: theirs and ours, by run.
struct Both {
    theirs: BTreeMap<String, State>,
    ours: BTreeMap<String, State>,
    /// How our client ended.
    done: Vec<Finished>,
}

/// Uploads copies of directories with both clients, each group of them with one command.
fn both(groups: &[&[PathBuf]]) -> Option<Both> {
    both_with(groups, &["STRUCTURED_CONSOLE_LOGS"])
}

/// As [`both`], with servers that have these features.
fn both_with(groups: &[&[PathBuf]], features: &[&str]) -> Option<Both> {
    let bin = peers::bin()?;
    let upload = |official: bool| {
        let server = FakeWandb::start();
        server.features(features);
        let mut env = env_for(&server);
        env.set("WANDB_ERROR_REPORTING", "false");
        let mut ended = Vec::new();
        for group in groups {
            let copies: Vec<PathBuf> = group.iter().map(|dir| copy(&env, dir)).collect();
            let mut command = if official {
                let mut command = env.program(bin.join("wandb"));
                command.env("WANDB_CONFIG_DIR", env.path("client"));
                command.args(["sync", "--yes", "--include-online"]);
                command
            } else {
                env.wandb_rs(["sync", "--yes", "--include-online"])
            };
            command.args(&copies);
            let done = common::finish(command);
            // The official client ends well whatever has failed.
            assert!(!official || done.code() == 0, "{done:?}");
            ended.push(done);
        }
        // What the official client cannot upload, of artifacts whose files are gone, breaks rules.
        if official {
            server.allow_violations();
        }
        let mut states = BTreeMap::new();
        for (entity, project, id) in server.runs() {
            let run = server.run(&entity, &project, &id);
            assert_eq!(run.history_rewritten, 0, "{id}");
            states.insert(id, state(&run));
        }
        (states, ended)
    };
    let (theirs, ours) = std::thread::scope(|scope| {
        let theirs = scope.spawn(|| upload(true));
        let ours = upload(false);
        (theirs.join().unwrap(), ours)
    });
    Some(Both {
        theirs: theirs.0,
        ours: ours.0,
        done: ours.1,
    })
}

impl Both {
    /// All differences between the clients, but for what `wanted` says of run and name.
    #[track_caller]
    fn assert_same(&self, wanted: impl Fn(&str, &str) -> bool) {
        let (theirs, ours): (Vec<&String>, Vec<&String>) =
            (self.theirs.keys().collect(), self.ours.keys().collect());
        assert_eq!(theirs, ours, "runs");
        let mut differences = Vec::new();
        for (id, theirs) in &self.theirs {
            let ours = &self.ours[id];
            let names: std::collections::BTreeSet<&String> =
                theirs.keys().chain(ours.keys()).collect();
            for name in names {
                let (theirs, ours) = (theirs.get(name), ours.get(name));
                // The official client subtracts times, we seconds: the tenth of a microsecond is another.
                let close = match (theirs, ours) {
                    (Some(theirs), Some(ours)) if name.ends_with(" runtime") => theirs
                        .as_f64()
                        .zip(ours.as_f64())
                        .is_some_and(|(theirs, ours)| (theirs - ours).abs() < 1e-5),
                    _ => false,
                };
                if theirs != ours && !close && !wanted(id, name) {
                    let short = |value: Option<&Value>| {
                        let text = value.map_or("nothing".to_owned(), Value::to_string);
                        text.chars().take(600).collect::<String>()
                    };
                    differences.push(format!(
                        "{id} {name}\n  theirs {}\n  ours   {}",
                        short(theirs),
                        short(ours)
                    ));
                }
            }
        }
        let count = differences.len();
        differences.truncate(40);
        assert!(
            differences.is_empty(),
            "{count} differences:\n{}",
            differences.join("\n")
        );
    }
}

fn fixture(names: &[&str]) -> Vec<PathBuf> {
    let cases = super::fixtures::cases().into_iter();
    cases
        .map(|(dir, _)| dir)
        .filter(|dir| {
            let group = dir.parent().unwrap().file_name().unwrap().to_str().unwrap();
            names.contains(&group)
        })
        .collect()
}

#[test]
fn directories_of_the_official_client_are_the_same_on_the_server() {
    let dirs = fixture(&[
        "simple",
        "rich",
        "values",
        "console",
        "online",
        "rows20k",
        "old-0.19.11",
        "killed",
    ]);
    if dirs.is_empty() {
        return;
    }
    let Some(both) = both(&[&dirs]) else { return };
    // Numbers of features and imports that version 0.31 does not know any more: it leaves them out, we do not.
    both.assert_same(|run, name| {
        run == "oldrun01" && matches!(name, "config _wandb.t" | "file config.yaml")
    });
    let ids = |states: &BTreeMap<String, State>| -> Vec<i64> {
        let features = &states["oldrun01"]["config _wandb.t"]["3"];
        let features = features.as_array().into_iter().flatten();
        features.map(|id| id.as_f64().unwrap() as i64).collect()
    };
    let (theirs, ours) = (ids(&both.theirs), ids(&both.ours));
    assert!(
        theirs.iter().all(|id| ours.contains(id)),
        "{theirs:?} {ours:?}"
    );
    // The bytes of an artifact are not there any more: it is named, and the run is not marked.
    let done = &both.done[0];
    assert_eq!(done.code(), 1, "{done:?}");
    assert_eq!(done.stderr.matches("ERROR").count(), 3, "{done:?}");
}

#[test]
fn old_servers_get_the_same_console_lines() {
    let dirs = fixture(&["console"]);
    if dirs.is_empty() {
        return;
    }
    let Some(both) = both_with(&[&dirs], &[]) else {
        return;
    };
    both.assert_same(|_, _| false);
}

#[test]
fn a_run_in_parts_and_a_fork_are_the_same_on_the_server() {
    let dirs = fixture(&["resumed"]);
    if dirs.is_empty() {
        return;
    }
    // The fork by itself: of one command's runs the official client uploads forks beside what they begin with.
    let (parts, fork) = dirs.split_at(2);
    let Some(both) = both(&[parts, fork]) else {
        return;
    };
    both.assert_same(|_, _| false);
    assert_eq!(both.ours["forked01"]["history 000001"]["part"], 0.0);
}

#[test]
fn damaged_and_very_old_logs_are_at_least_as_complete() {
    // The official client stops at the first damage; we go on behind it. So we have more rows and lines, the last
    // summary and the true end, and all that they have.
    for name in ["flipped", "truncated"] {
        let dirs = fixture(&[name]);
        if dirs.is_empty() {
            return;
        }
        let Some(both) = both(&[&dirs]) else { return };
        let theirs = &both.theirs["damaged1"];
        both.assert_same(|_, name| {
            let more = ["history", "console", "events"];
            let more = more.iter().any(|kind| name.starts_with(kind));
            let last = [
                "config _wandb.t",
                "exit code",
                "state",
                "summary",
                "uploaded",
                "file config.yaml",
                "file output.log",
                "file wandb-summary.json",
            ];
            (more && !theirs.contains_key(name)) || last.contains(&name)
        });
        assert_eq!(both.done[0].code(), 0, "{:?}", both.done);
        assert!(both.done[0].stderr.contains("WARNING"), "{:?}", both.done);
    }
    // Version 0.15 wrote the summary after the exit record, where the official client does not look any more.
    let dirs = fixture(&["old-0.15.12"]);
    let Some(both) = both(&[&dirs]) else { return };
    both.assert_same(|_, name| {
        let summary = ["summary", "file wandb-summary.json"];
        // As above.
        let numbers = ["config _wandb.t", "file config.yaml"];
        summary.contains(&name) || numbers.contains(&name)
    });
    assert_eq!(both.ours["oldrun01"]["summary"]["loss"]["min"], 0.5);
}

/// Runs that our own binary records, in parts and forks too.
#[test]
fn directories_of_this_program_are_the_same_on_the_server() {
    let mut env = TestEnv::new();
    env.set("WANDB_MODE", "offline")
        .set("WANDB_PROJECT", "proj");
    let mut dirs = Vec::new();
    let mut run = |options: &[&str], script: &str| {
        let done = env.run_script(options, script);
        assert!(done.status.code().is_some(), "{done:?}");
        dirs.push(env.run_dir());
    };
    run(
        &[
            "--id=whole",
            "--name=n",
            "--notes=notes",
            "--tags=a,b",
            "--group=g",
            "--job-type=train",
            "-c",
            "lr=0.1",
        ],
        r"for i in 1 2 3; do echo epoch=$i loss=0.$i; done; echo warn >&2
          wandb-rs define-metric acc --summary max,mean
          wandb-rs log acc=1 nan=NaN text=x; wandb-rs log acc=0.5 nested.leaf=1
          wandb-rs config late.value=1; wandb-rs summary best=0.9 none=null; exit 3",
    );
    run(
        &[
            "--id=parts",
            "--tags=a",
            "--notes=first",
            "-c",
            "lr=0.1",
            "-c",
            "only=1",
        ],
        "for i in 1 2 3; do echo loss=$i; done; wandb-rs summary best=1",
    );
    run(
        &["--id=parts", "--resume=allow", "-c", "lr=0.2"],
        "echo loss=4; echo loss=5",
    );
    run(&["--id=parts", "--resume=must"], "echo acc=6");
    run(
        &["--id=forked", "--fork-from=whole?_step=1"],
        "echo loss=7; echo loss=8",
    );
    run(
        &["--id=parts", "--resume-from=parts?_step=2"],
        "echo loss=9",
    );
    // One by one: in which order the official client takes parts that began in the same second is open.
    let groups: Vec<&[PathBuf]> = dirs.chunks(1).collect();
    let Some(both) = both(&groups) else { return };
    // A part without a name of its own keeps that of the run; the official client renames the run to what was made up.
    both.assert_same(|run, name| run == "parts" && name == "name");
}

/// A script of the official SDK, offline, with media, tables and artifacts whose bytes are still there.
const SCRIPT: &str = r#"
import numpy, wandb
run = wandb.init(project="proj", id="sdk", config={"lr": 0.1, "deep": {"a": [1, {"b": None}]}}, tags=["t"], notes="n",
                 group="g", job_type="j")
run.define_metric("acc", summary="max", step_metric="epoch")
for epoch in range(3):
    run.log({"epoch": epoch, "acc": 1 / (epoch + 1), "nan": float("nan"), "nested": {"x": epoch}})
run.log({"image": wandb.Image(numpy.zeros((4, 4, 3), dtype="uint8"), caption="c"),
         "table": wandb.Table(columns=["a", "b"], data=[[1, "x"], [2.5, None]]),
         "histogram": wandb.Histogram([1, 2, 3]), "html": wandb.Html("<b>x</b>")}, step=10)
with open("note.txt", "w") as file:
    file.write("text of a file")
run.save("note.txt")
artifact = wandb.Artifact("ds", type="dataset", metadata={"k": 1}, description="d")
artifact.add_file("note.txt")
with artifact.new_file("sub/b.bin", mode="wb") as file:
    file.write(b"bytes" * 1000)
artifact.add_reference("https://example.com/x.bin", name="ref.bin", checksum=False)
run.log_artifact(artifact, aliases=["best"])
run.config.update({"late": True})
run.summary["best"] = {"acc": 1}
print("printed")
run.finish(exit_code=3)
"#;

#[test]
fn media_tables_and_artifacts_are_the_same_on_the_server() {
    let Some(bin) = peers::bin() else { return };
    let env = TestEnv::new();
    env.write("train.py", SCRIPT);
    let mut command = env.program(bin.join("python"));
    command.arg("train.py");
    command
        .env("WANDB_MODE", "offline")
        // The official client uploads artifacts to the entity that was known when they were recorded.
        .env("WANDB_ENTITY", DEFAULT_ENTITY)
        .env("WANDB_ERROR_REPORTING", "false");
    let done = common::finish(command);
    assert_eq!(done.code(), 0, "{done:?}");
    let Some(both) = both(&[&[env.run_dir()]]) else {
        return;
    };
    both.assert_same(|_, _| false);
    let ours = &both.ours["sdk"];
    assert!(
        ours.keys()
            .any(|name| name.starts_with("file media/images/"))
    );
    assert!(ours.keys().any(|name| name.starts_with("artifact ds")));
    assert_eq!(both.done[0].code(), 0, "{:?}", both.done);
}

#[test]
fn another_server_gets_the_same_from_both_clients() {
    if peers::bin().is_none() {
        return;
    }
    let env = TestEnv::new();
    let run = |options: &[&str], script: &str| {
        let options = [&["--mode=offline", "--project=compat"], options].concat();
        let done = env.run_script(&options, script);
        assert_eq!(done.code(), 0, "{done:?}");
        env.run_dir()
    };
    let dirs = [
        run(
            &["--id=whole", "--tags=a", "-c", "lr=0.1"],
            "for i in 1 2 3; do echo epoch=$i, loss=0.$i; done; wandb-rs log nan=NaN text=x nested.leaf=1",
        ),
        run(&["--id=parts"], "echo loss=1; echo loss=2"),
        run(&["--id=parts", "--resume=allow"], "echo loss=3"),
    ];
    let upload = |official: bool| {
        let env = TestEnv::new();
        let server = Server::start(&env);
        let states = |server: &Server| -> Vec<(Vec<String>, String, Value)> {
            let state = |run| {
                let summary = server.file(run, "wandb-summary.json");
                let summary = wandb_rs::wire::json::Value::parse(&summary).unwrap();
                (
                    server.rows(run),
                    canonical(&summary),
                    config(&server.file(run, "config.yaml")),
                )
            };
            ["whole", "parts"].map(state).into()
        };
        for dir in &dirs {
            let dir = copy(&env, dir);
            if official {
                let done = server.sync(&env, &dir);
                assert_eq!(done.code(), 0, "{done:?}");
                continue;
            }
            // Once: this server adds lines that it has already, whatever their number.
            let mut command = env.wandb_rs(["sync"]);
            command.arg(&dir);
            let done = server.finish(&env, command);
            assert_eq!(done.code(), 0, "{done:?}");
        }
        states(&server)
    };
    let (theirs, ours) = std::thread::scope(|scope| {
        let theirs = scope.spawn(|| upload(true));
        let ours = upload(false);
        (theirs.join().unwrap(), ours)
    });
    assert_eq!(theirs, ours);
}
