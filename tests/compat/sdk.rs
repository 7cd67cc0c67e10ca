//! Scripts that use the official SDK record the same under wandb-rs as under the official service.
//!
//! The scripts and the comparison are in `tests/sdk`. Each commit runs a cross-section with the newest SDK and a few
//! scripts with the oldest one; `WANDB_RS_ALL_SCRIPTS=1` runs all of them with every supported version.

use std::path::Path;
use std::process::Command;

use crate::common::peers;

/// Versions between the oldest and the newest.
const BETWEEN: &[&str] = &["0.23.1", "0.25.1", "0.30.0"];
/// Versions that come in through a port.
const ANCIENT: &[&str] = &["0.18.7", "0.19.11"];
/// What the oldest version runs for each commit.
const FEW: &[&str] = &[
    "log_plain",
    "log_nested",
    "step_explicit",
    "config_late_update",
    "summary_nested",
    "metric_summaries",
    "media_table",
    "artifact_log",
    "spawn_parent_run",
    "end_no_finish",
    "end_uncaught",
    "init_two_in_sequence",
];

fn all() -> bool {
    std::env::var_os("WANDB_RS_ALL_SCRIPTS").is_some_and(|value| value == "1")
}

/// Runs scripts with an SDK and fails with what differs.
fn compare(bin: &Path, sdk: &Path, scripts: &[&str]) {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk");
    let mut command = Command::new(bin.join("python"));
    command
        .arg(tests.join("compare.py"))
        .args(["--binary", env!("CARGO_BIN_EXE_wandb-rs")])
        .arg("--sdk")
        .arg(sdk.join("python"))
        .arg("--cache")
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("sdk"))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    if all() {
        command.arg("--all");
    } else {
        command.args(scripts);
    }
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn scripts_of_the_newest_sdk_record_the_same() {
    let Some(bin) = peers::bin() else { return };
    compare(bin, bin, &[]);
}

#[test]
fn scripts_of_the_oldest_sdk_record_the_same() {
    let Some(bin) = peers::bin() else { return };
    compare(bin, &peers::sdk("0.21.4"), FEW);
}

#[test]
fn scripts_of_other_sdks_record_the_same() {
    let Some(bin) = peers::bin() else { return };
    if !all() {
        return;
    }
    for version in BETWEEN {
        compare(bin, &peers::sdk(version), FEW);
    }
    for version in ANCIENT {
        compare(
            bin,
            &peers::sdk(version),
            &["log_plain", "step_explicit", "end_no_finish"],
        );
    }
}
