//! The official clients as judges: SDK, command line, `wandb.Api()` and `wandb verify` against our server.
//!
//! The scripts in `judges/` hold the checks; each of them can be run by hand against any server, with `WANDB_BASE_URL` and
//! `WANDB_API_KEY` set. `WANDB_RS_JUDGES=all` runs the sweeps completely, which takes minutes: their agents ask for work
//! every five seconds.

use std::path::Path;
use std::process::Command;

use super::{TestServer, env_for};
use crate::common::peers;
use crate::common::{TestEnv, finish};

/// Runs a script's checks, or those whose names contain one of these words.
fn judge(script: &str, checks: &[&str]) {
    judge_with(script, checks, false);
}

/// The same through our service in place of the official one.
fn judge_served(script: &str, checks: &[&str]) {
    judge_with(script, checks, true);
}

fn judge_with(script: &str, checks: &[&str], served: bool) {
    let Some(bin) = peers::bin() else {
        return;
    };
    let mut env = TestEnv::new();
    let server = TestServer::start(&env);
    env_for(&mut env, &server);
    let token = served.then(|| env.run(["service", "start"]).stdout);
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/server/judges");
    let mut command: Command = env.program("timeout");
    command
        .arg("600")
        .arg(bin.join("python"))
        .arg("-B")
        .arg(scripts.join(script))
        .args(checks);
    command.envs(token.iter().map(|token| ("WANDB_SERVICE", token.trim())));
    let done = command.output().unwrap();
    if served {
        assert_eq!(env.run(["service", "stop"]).code(), 0);
    }
    let told = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success(),
        "{told}\n{}",
        String::from_utf8_lossy(&done.stderr)
    );
    assert!(told.contains("ok "), "nothing was checked: {told}");
}

#[test]
fn login_and_refusals() {
    judge("login.py", &[]);
}

#[test]
fn runs_of_the_sdk() {
    judge("online_run.py", &[]);
}

#[test]
fn resume_fork_and_rewind() {
    judge("resume.py", &[]);
}

#[test]
fn official_sync() {
    judge("sync.py", &[]);
}

#[test]
fn lists_filters_and_order() {
    judge("api_runs.py", &[]);
}

#[test]
fn artifacts_with_versions_aliases_and_links() {
    judge("artifacts.py", &[]);
}

#[test]
fn several_writers_of_one_run() {
    judge("shared_mode.py", &[]);
}

#[test]
fn alerts_code_and_the_rest() {
    judge("alert_and_others.py", &[]);
}

#[test]
fn runs_of_the_sdk_through_our_service() {
    let all = std::env::var("WANDB_RS_JUDGES").is_ok_and(|value| value == "all");
    let some = [
        "basics",
        "history",
        "keys",
        "nested",
        "nan",
        "console",
        "files",
        "metadata",
        "exit_codes",
        "media",
        "two_runs",
    ];
    judge_served("online_run.py", if all { &[] } else { &some });
}

#[test]
fn resume_fork_and_rewind_through_our_service() {
    judge_served("resume.py", &[]);
}

#[test]
fn artifacts_through_our_service() {
    let all = std::env::var("WANDB_RS_JUDGES").is_ok_and(|value| value == "all");
    let some = [
        "versions",
        "alias",
        "reference",
        "link",
        "draft",
        "incremental",
        "distributed",
    ];
    judge_served("artifacts.py", if all { &[] } else { &some });
}

#[test]
fn sweeps() {
    let all = std::env::var("WANDB_RS_JUDGES").is_ok_and(|value| value == "all");
    let some = ["grid_with_a_function", "random_with_run_cap", "bad_configs"];
    judge("sweep.py", if all { &[] } else { &some });
}

#[test]
fn wandb_verify_finds_fault_with_nothing_but_the_missing_tls() {
    let Some(bin) = peers::bin() else {
        return;
    };
    let mut env = TestEnv::new();
    let server = TestServer::start(&env);
    env_for(&mut env, &server);
    let mut command = env.program(bin.join("wandb"));
    command.args(["verify", "--host", &server.url]);
    let done = finish(command);
    let faults: Vec<&str> = done
        .stdout
        .lines()
        .filter(|line| line.ends_with('❌'))
        .collect();
    let good = done
        .stdout
        .lines()
        .filter(|line| line.ends_with('✅'))
        .count();
    assert_eq!(faults.len(), 2, "{done:?}");
    assert!(
        faults[0].starts_with("Checking requests to base url"),
        "{faults:?}"
    );
    assert!(
        faults[1].starts_with("Checking requests made over signed URLs"),
        "{faults:?}"
    );
    assert_eq!(good, 8, "{done:?}");
}
