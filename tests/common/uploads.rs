//! What servers have of runs, made comparable; and uploads that do not wait long.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::TestEnv;
use super::fake::{FakeWandb, RunView};

/// Everything that a server has of a run, by name.
pub(crate) type Held = BTreeMap<String, String>;

/// An environment whose programs speak to this server, and try again at once what has failed.
pub(crate) fn env_for(server: &FakeWandb) -> TestEnv {
    let mut env = TestEnv::new();
    server.configure(&mut env);
    for channel in ["GRAPHQL", "FILE_STREAM", "FILE_TRANSFER"] {
        env.set(
            &format!("WANDB_X_{channel}_RETRY_WAIT_MIN_SECONDS"),
            "0.005",
        );
        env.set(&format!("WANDB_X_{channel}_RETRY_WAIT_MAX_SECONDS"), "0.02");
    }
    env
}

/// What a server has after a sync without faults of a run that is written into a directory.
pub(crate) fn clean<T>(write: impl Fn(&Path) -> T) -> Held {
    let server = FakeWandb::start();
    let env = env_for(&server);
    write(&env.work());
    let done = env.run(["sync", "--yes"]);
    assert_eq!(done.code(), 0, "{done:?}");
    held(&server.only_run())
}

/// All of a run but what names its place or counts requests.
pub(crate) fn held(run: &RunView) -> Held {
    let mut held = Held::new();
    let mut put = |name: String, value: String| {
        held.insert(name, value);
    };
    for (kind, lines) in [
        ("history", &run.history),
        ("events", &run.events),
        ("console", &run.console),
    ] {
        for (i, line) in lines.iter().enumerate() {
            put(format!("{kind} {i:06}"), line.clone());
        }
    }
    put("rewritten".into(), run.history_rewritten.to_string());
    put("summary".into(), run.summary_value().to_string());
    put("config".into(), run.config.to_string());
    put(
        "identity".into(),
        format!(
            "{:?}",
            (
                &run.display_name,
                &run.notes,
                &run.tags,
                &run.group,
                &run.job_type,
                &run.host,
                &run.program,
                &run.sweep
            )
        ),
    );
    put("end".into(), format!("{} {:?}", run.state, run.exit_code));
    for (name, bytes) in &run.files {
        put(
            format!("file {name}"),
            String::from_utf8_lossy(bytes).into_owned(),
        );
    }
    // Which request told of a file does not matter, and one that was stored before an upload broke off may go untold.
    for artifact in &run.artifacts {
        put(
            format!("artifact {} {:?}", artifact.name, artifact.version),
            format!(
                "{} {} {:?} {:?} {:?}",
                artifact.committed,
                artifact.digest,
                artifact.aliases,
                artifact.files,
                contents(&artifact.manifest)
            ),
        );
    }
    for alert in &run.alerts {
        put(format!("alert {}", alert.title), format!("{alert:?}"));
    }
    held
}

/// A manifest's files, without the ids that each server makes anew.
fn contents(manifest: &Value) -> Vec<(String, String)> {
    let members = manifest["contents"].as_object().into_iter().flatten();
    members
        .map(|(name, entry)| {
            (
                name.clone(),
                format!("{} {}", entry["digest"], entry["size"]),
            )
        })
        .collect()
}

/// Fails with the first things that differ.
#[track_caller]
pub(crate) fn assert_held(expected: &Held, held: &Held, context: &str) {
    let short = |text: Option<&String>| {
        text.map_or("nothing".to_owned(), |text| {
            text.chars().take(300).collect()
        })
    };
    let names: std::collections::BTreeSet<&String> = expected.keys().chain(held.keys()).collect();
    let differences: Vec<String> = names
        .into_iter()
        .filter(|name| expected.get(*name) != held.get(*name))
        .take(6)
        .map(|name| {
            let (expected, held) = (short(expected.get(name)), short(held.get(name)));
            format!("{name}\n  expected {expected}\n  found    {held}")
        })
        .collect();
    assert!(
        differences.is_empty(),
        "{context}:\n{}",
        differences.join("\n")
    );
}

/// How many rounds of a random test there are, or the seeds of them: `usual`, unless the variable asks for more.
pub(crate) fn rounds(variable: &str, usual: u64) -> u64 {
    std::env::var(variable)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(usual)
}
