//! Scripts that use the official SDK under an online `wandb-rs run`: the server has the same as after the official
//! client alone, and the script is told the same.
//!
//! The scripts are those of `tests/sdk`. Each commit runs a few; `WANDB_RS_ALL_SCRIPTS=1` runs more.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::upload::{State, state};
use crate::common::fake::{FakeWandb, Fault, RunView};
use crate::common::uploads::env_for;
use crate::common::{self, Finished, TestEnv, finish, peers};

/// Scripts for each commit.
const FEW: &[&str] = &[
    "config_late_update",
    "init_everything",
    "init_two_in_sequence",
    "end_finish_code",
    "save_policies",
    "media_table",
    "artifact_log",
];
/// And the others.
const MORE: &[&str] = &[
    "log_plain",
    "log_nested",
    "step_explicit",
    "metric_summaries",
    "metric_step_metric",
    "media_image",
    "media_histogram",
    "artifact_dir",
    "alert",
    "end_uncaught",
    "end_no_finish",
    "end_sys_exit",
    "run_tags_later",
    "run_name_later",
    "run_notes_later",
    "init_id",
    "init_resume_allow",
    "init_resume_must",
    "init_resume_twice",
    "init_reinit_create_new",
    "init_mode_offline",
    "init_mode_disabled",
    "pattern_train_loop",
    "fork_child_own_run",
    "spawn_child_own_run",
    "spawn_parent_run",
    "subprocess_own_run",
    "pool_parent_run",
    "init_reinit_finish_previous",
    "init_same_id_twice",
    "init_chdir",
    "ranks_group",
    "end_sigint",
    "end_with_exception",
    "log_threads",
    "metric_glob",
    "summary_delete",
    "step_mixed",
    "plot_line",
    "media_files",
    "mark_preempting",
];

fn all() -> bool {
    std::env::var_os("WANDB_RS_ALL_SCRIPTS").is_some_and(|value| value == "1")
}

/// An environment for the SDK.
fn env(server: &FakeWandb) -> TestEnv {
    let mut env = env_for(server);
    env.set("WANDB_ERROR_REPORTING", "false")
        .set("WANDB_X_DISABLE_STATS", "true")
        .set("WANDB_X_FILE_STREAM_TRANSMIT_INTERVAL", "0.1")
        .set("PYTHONDONTWRITEBYTECODE", "1");
    env
}

/// Runs a script, below `wandb-rs run` with these options or alone.
fn python(env: &TestEnv, bin: &Path, wrapped: Option<&[&str]>, script: &str) -> Finished {
    env.write("train.py", script);
    let python = bin.join("python");
    let mut command = match wrapped {
        None => env.program(&python),
        Some(options) => {
            let mut command = env.wandb_rs(["run", "--no-args-config"]);
            command.args(options).arg("--").arg(&python);
            command
        }
    };
    command.arg("train.py");
    finish(command)
}

/// What a run is made of, without times, ids and what each client says of itself.
fn comparable(run: &RunView) -> State {
    let mut tidy = State::new();
    for (name, mut value) in state(run) {
        let name = name.replace(&run.id, "RUN");
        let skipped = ["events", "console", "uploaded", "config _wandb."];
        let made = [
            "file config.yaml",
            "file wandb-metadata.json",
            "file output.log",
            "file requirements.txt",
        ];
        if skipped.iter().any(|kind| name.starts_with(kind)) && name != "config _wandb.m" {
            continue;
        }
        if made.contains(&name.as_str()) {
            value = json!("there");
        }
        strip(&mut value, &run.id);
        tidy.insert(name, value);
    }
    tidy
}

/// Takes times and ids out.
fn strip(value: &mut Value, id: &str) {
    match value {
        Value::Object(members) => {
            for name in ["_timestamp", "_runtime", "runtime", "_wandb"] {
                members.remove(name);
            }
            members.values_mut().for_each(|value| strip(value, id));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| strip(value, id)),
        Value::String(text) => {
            *text = text.replace(id, "RUN");
            // Ids that clients make up.
            for scheme in ["wandb-client-artifact://", "wandb-artifact://"] {
                if let Some(at) = text.find(scheme) {
                    let start = at + scheme.len();
                    let end = text[start..]
                        .find('/')
                        .map_or(text.len(), |end| start + end);
                    text.replace_range(start..end, "ID");
                }
            }
        }
        _ => {}
    }
}

/// All runs of a server, in order of their first row or name.
fn runs(server: &FakeWandb) -> Vec<RunView> {
    let runs = server.runs().into_iter();
    let mut runs: Vec<RunView> = runs
        .map(|(entity, project, id)| server.run(&entity, &project, &id))
        .collect();
    let first = |run: &RunView| {
        let rows = run.history_rows();
        rows.first()
            .and_then(|row| row["_timestamp"].as_f64())
            .unwrap_or(f64::MAX)
    };
    runs.sort_by(|a, b| first(a).total_cmp(&first(b)));
    runs
}

fn without_our_lines(text: &str) -> String {
    // An interpreter without a handler left prints them on stdout, with colours.
    let ours =
        |line: &&str| line.starts_with("wandb:") || line.starts_with("\u{1b}[1;34mwandb\u{1b}[0m:");
    let lines = text.lines().filter(|line| !ours(line));
    lines.collect::<Vec<_>>().join("\n")
}

/// What is meant to differ, by script and name; docs/sdk.md has the reasons of most.
fn is_meant(script: &str, name: &str) -> bool {
    match script {
        // The official client leaves out an empty object when the config changes.
        "config_late_update" => name == "config empty",
        // The console goes on behind `finish`, and has what children print.
        "end_finish_code" | "ranks_group" | "spawn_child_own_run" => name == "file output.log",
        // What a child prints is in the main run's console.
        "subprocess_own_run" => name == "console",
        // Floats read back as they were logged.
        "media_histogram" => matches!(name, "stdout" | "console"),
        // A run that goes on knows its step.
        "init_resume_twice" => matches!(name, "stdout" | "console"),
        _ => false,
    }
}

/// What differs after a script was run in both ways.
fn differences(bin: &Path, name: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/sdk/scripts/{name}.py"));
    let script = std::fs::read_to_string(path).unwrap();
    let (theirs, ours) = (FakeWandb::start(), FakeWandb::start());
    let (their_env, our_env) = (env(&theirs), env(&ours));
    let (their_end, our_end) = std::thread::scope(|scope| {
        let theirs = scope.spawn(|| python(&their_env, bin, None, &script));
        let ours = python(&our_env, bin, Some(&[]), &script);
        (theirs.join().unwrap(), ours)
    });
    let mut found = Vec::new();
    let mut differ = |what: &str, theirs: &dyn std::fmt::Debug, ours: &dyn std::fmt::Debug| {
        let (theirs, ours) = (format!("{theirs:?}"), format!("{ours:?}"));
        if theirs != ours && !is_meant(name, what) {
            let short = |text: String| text.chars().take(500).collect::<String>();
            found.push(format!(
                "{name} {what}\n  theirs {}\n  ours   {}",
                short(theirs),
                short(ours)
            ));
        }
    };
    differ("status", &their_end.status, &our_end.status);
    let (their_runs, our_runs) = (runs(&theirs), runs(&ours));
    let mut names = (
        without_our_lines(&their_end.stdout),
        without_our_lines(&our_end.stdout),
    );
    for (theirs, ours) in their_runs.iter().zip(&our_runs) {
        names.0 = names
            .0
            .replace(&theirs.id, "RUN")
            .replace(&theirs.display_name, "NAME");
        names.1 = names
            .1
            .replace(&ours.id, "RUN")
            .replace(&ours.display_name, "NAME");
    }
    differ("stdout", &names.0, &names.1);
    let wrapper_only = their_runs.is_empty() && our_runs.len() == 1;
    // A script without an online run of its own leaves the wrapper's, if that.
    if !wrapper_only {
        differ("runs", &their_runs.len(), &our_runs.len());
    }
    for (their_run, our_run) in their_runs.iter().zip(&our_runs) {
        let (theirs, ours) = (comparable(their_run), comparable(our_run));
        let keys: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
        for key in keys {
            // The server makes up a name, or we do.
            let invented = key == "name" && their_run.display_name.starts_with("brave-river-");
            if !invented {
                differ(key, &theirs.get(key), &ours.get(key));
            }
        }
        // We hear more than the SDK does.
        let place = our_env.work().display().to_string();
        let texts = our_run.console_texts().into_iter();
        let ours: Vec<String> = texts.map(|line| line.replace(&place, "WORK")).collect();
        let place = their_env.work().display().to_string();
        let missing: Vec<String> = their_run
            .console_texts()
            .into_iter()
            .map(|line| line.replace(&place, "WORK"))
            .filter(|line| !line.starts_with("wandb:") && !ours.contains(line))
            .collect();
        differ("console", &Vec::<String>::new(), &missing);
    }
    if !found.is_empty() {
        found.push(format!("{}\n---\n{}", their_end.stderr, our_end.stderr));
    }
    found
}

#[test]
fn the_server_has_the_same_after_scripts_of_the_sdk() {
    let Some(bin) = peers::bin() else { return };
    let mut scripts = FEW.to_vec();
    if all() {
        scripts.extend(MORE);
    }
    if let Ok(names) = std::env::var("WANDB_RS_SCRIPTS") {
        scripts = MORE
            .iter()
            .chain(FEW)
            .copied()
            .filter(|script| names.split(' ').any(|name| name == *script))
            .collect();
    }
    let found: Vec<String> = scripts
        .iter()
        .flat_map(|name| differences(bin, name))
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_script_is_told_where_its_run_is() {
    let Some(bin) = peers::bin() else { return };
    let server = FakeWandb::start();
    let env = env(&server);
    let done = python(
        &env,
        bin,
        Some(&["--id=one"]),
        "import wandb\nrun = wandb.init(project='demo')\nprint(run.id, run.url, run.offline)\nrun.log({'loss': 1})\n",
    );
    assert_eq!(done.code(), 0, "{done:?}");
    let url = format!("{}/fake-user/demo/runs/one", server.url());
    assert_eq!(done.stdout, format!("one {url} False\n"));
    assert_eq!(server.only_run().history.len(), 1);
    // Once by the SDK, not by the wrapper as well.
    assert_eq!(
        done.stderr.matches(&format!("View run at {url}")).count(),
        1,
        "{}",
        done.stderr
    );
}

#[test]
fn the_wrappers_run_is_taken_back_when_the_script_opens_another() {
    let Some(bin) = peers::bin() else { return };
    let server = FakeWandb::start();
    let env = env(&server);
    // Rows of the wrapper's own bring its run to the server before the script opens one.
    let script = "import time, urllib.request, os\nprint('loss=0.5', flush=True)\nwhile not os.path.exists('go'): time.sleep(0.01)\n\
        import wandb\nrun = wandb.init(project='demo', id='mine')\nrun.log({'loss': 1})\nrun.finish()\n";
    env.write("train.py", script);
    let python = bin.join("python");
    let mut command = env.wandb_rs(["run", "--no-args-config", "--id=first", "--"]);
    command.arg(&python).arg("train.py");
    let child = common::start(command);
    assert!(common::eventually(|| !server.runs().is_empty()));
    env.write("go", "");
    let done = common::wait(child);
    assert_eq!(done.code(), 0, "{done:?}");
    let ids: Vec<String> = server.runs().into_iter().map(|(_, _, id)| id).collect();
    assert_eq!(ids, ["mine"], "{done:?}");
}

#[test]
fn an_offline_run_of_the_script_stays_here() {
    let Some(bin) = peers::bin() else { return };
    let server = FakeWandb::start();
    let env = env(&server);
    let script = "import wandb\nrun = wandb.init(project='demo', id='mine', mode='offline')\nrun.log({'loss': 1})\nrun.finish()\n";
    let done = python(&env, bin, Some(&[]), script);
    assert_eq!(done.code(), 0, "{done:?}");
    assert!(server.runs().is_empty(), "{:?} {done:?}", server.runs());
    assert_eq!(env.read_run().exit_code(), Some(0));
}

#[test]
fn a_script_does_not_wait_for_a_server_that_is_down() {
    let Some(bin) = peers::bin() else { return };
    let server = FakeWandb::start();
    let env = env(&server);
    let script = "import time, wandb\nstart = time.time()\nrun = wandb.init(project='demo', id='mine')\n\
        print(time.time() - start)\nrun.log({'loss': 1})\nrun.finish()\n";
    server.pause();
    let done = python(&env, bin, Some(&["--finish-timeout=0.2"]), script);
    assert_eq!(done.code(), 0, "{done:?}");
    let seconds: f64 = done.stdout.trim().parse().unwrap();
    assert!(seconds < 5.0, "{done:?}");
    server.resume();
    server.faults(|_| Fault::None);
    let synced = env.run(["sync".as_ref(), env.run_dir().as_os_str()]);
    assert_eq!(synced.code(), 0, "{synced:?}");
    let run = server.only_run();
    assert_eq!(
        (run.id.as_str(), run.history.len(), run.state.as_str()),
        ("mine", 1, "finished")
    );
}

#[test]
fn a_run_of_the_script_is_the_wrappers_if_the_id_is_the_same() {
    let Some(bin) = peers::bin() else { return };
    let server = FakeWandb::start();
    let env = env(&server);
    // The wrapper's run has been on the server for long when the script opens it.
    let script = "import os, time\nprint('loss=0.5', flush=True)\nwhile not os.path.exists('go'): time.sleep(0.01)\n\
        import wandb\nrun = wandb.init(project='demo')\nrun.log({'acc': 1})\nrun.log({'acc': 2})\nrun.finish()\n";
    env.write("train.py", script);
    let mut command = env.wandb_rs([
        "run",
        "--no-args-config",
        "--id=one",
        "--project=demo",
        "--",
    ]);
    command.arg(bin.join("python")).arg("train.py");
    let child = common::start(command);
    assert!(common::eventually(|| {
        server
            .find_run("fake-user", "demo", "one")
            .is_some_and(|run| run.history.len() == 1)
    }));
    env.write("go", "");
    let done = common::wait(child);
    assert_eq!(done.code(), 0, "{done:?}");
    let run = server.only_run();
    assert_eq!(
        (run.id.as_str(), run.state.as_str()),
        ("one", "finished"),
        "{done:?}"
    );
    let acc: Vec<f64> = run
        .history_rows()
        .iter()
        .filter_map(|row| row["acc"].as_f64())
        .collect();
    assert_eq!(acc, [1.0, 2.0], "{done:?}");
}

#[test]
fn a_requeued_script_goes_on_with_its_run() {
    let Some(bin) = peers::bin() else { return };
    let server = FakeWandb::start();
    let mut env = env(&server);
    env.set("SLURM_JOB_ID", "12");
    let script = "import wandb\nrun = wandb.init(project='demo')\nprint(run.step)\nrun.log({'loss': run.step})\n";
    for step in 0..2 {
        let done = python(&env, bin, Some(&["--requeue"]), script);
        assert_eq!(
            (done.code(), done.stdout),
            (0, format!("{step}\n")),
            "{}",
            done.stderr
        );
    }
    let run = server.only_run();
    assert_eq!(
        (run.id.as_str(), run.history.len(), run.history_rewritten),
        ("slurm-12", 2, 0)
    );
}

#[test]
fn what_the_script_wants_with_a_run_that_is_there_holds() {
    let Some(bin) = peers::bin() else { return };
    let server = FakeWandb::start();
    let env = env(&server);
    let script = |resume: &str| {
        format!(
            "import wandb\nrun = wandb.init(project='demo', id='mine', resume={resume})\nrun.log({{'loss': 1}})\n"
        )
    };
    assert_eq!(python(&env, bin, Some(&[]), &script("'never'")).code(), 0);
    let again = python(&env, bin, Some(&[]), &script("'never'"));
    assert_eq!(again.code(), 1, "{again:?}");
    assert!(
        again.stderr.contains("run mine exists already"),
        "{again:?}"
    );
    assert_eq!(python(&env, bin, Some(&[]), &script("'must'")).code(), 0);
    assert_eq!(server.only_run().history.len(), 2);
}
