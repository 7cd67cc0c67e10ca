//! `wandb-rs sync` against the official `wandb sync`: a server has the same after either of them.
//!
//! Both upload copies of the same directories to servers of the tests' own. What differs on purpose is taken out by
//! [`State::of`], with the reason, and asserted where it shows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::common::fake::{FakeWandb, RunView};
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
    serde_json::from_str(&value.to_json())
        .unwrap_or_else(|_| json!(super::protojson::canonical(&value)))
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
        // The official client subtracts times, we seconds: the tenth of a microsecond is another.
        let mut row = parsed(row.as_bytes());
        if let Some(runtime) = row["_runtime"].as_f64() {
            row["_runtime"] = ((runtime * 1e5).round() / 1e5).into();
        }
        put(&format!("events {i:06}"), row);
    }
    for (i, text) in run.console_texts().into_iter().enumerate() {
        put(&format!("console {i:06}"), text.into());
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
    let bin = peers::bin()?;
    let upload = |official: bool| {
        let server = FakeWandb::start();
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

fn copy(env: &TestEnv, dir: &Path) -> PathBuf {
    let copies = env.path("copies");
    std::fs::create_dir_all(&copies).unwrap();
    let mut command = env.program("cp");
    command.arg("-a").arg(dir).arg(&copies);
    assert_eq!(common::finish(command).code(), 0);
    copies.join(dir.file_name().unwrap())
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
                if theirs != ours && !wanted(id, name) {
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
    let (before, rest) = dirs.split_at(4);
    let Some(both) = both(&[before, &rest[..1], &rest[1..]]) else {
        return;
    };
    // A part without a name of its own keeps that of the run; the official client renames the run to what was made up.
    both.assert_same(|run, name| run == "parts" && name == "name");
}
