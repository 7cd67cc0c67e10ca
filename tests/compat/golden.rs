//! Small logs of the official client, whole and damaged, are read record by record as its own tool shows them.
//!
//! `tests/golden/make.py` makes the logs, the tool's lines (`.jsonl`) and its complaints (`.notes`).

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use wandb_rs::run::recorded::RecordedRun;
use wandb_rs::store::log_reader::End;
use wandb_rs::wire::json::Value;

use super::fold::{self, Log};
use super::protojson::{self, canonical};
use crate::common::TestEnv;

#[test]
fn golden_logs_are_read_as_the_official_tool_shows_them() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut names = Vec::new();
    for entry in fs::read_dir(golden).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "wandb") {
            continue;
        }
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let log = Log::read(&path);
        let lines = fs::read_to_string(path.with_extension("jsonl")).unwrap();
        protojson::assert_shows(&lines, &log.records, &name);
        let mut run = RecordedRun::default();
        log.kinds().for_each(|kind| run.apply(kind));
        fold::assert_folds_alike(&run, &log, &name);
        let notes = fs::read_to_string(path.with_extension("notes")).unwrap_or_default();
        assert_eq!(
            log.damage.len(),
            notes.matches("skipped corrupt data").count(),
            "{name}: {:?}",
            log.damage
        );
        assert_eq!(
            log.end != End::Complete,
            notes.contains("incomplete .wandb file"),
            "{name}: {:?}",
            log.end
        );
        names.push(name);
    }
    names.sort();
    let all = [
        "flipped",
        "killed",
        "long",
        "rich",
        "simple",
        "truncated",
        "values",
    ];
    assert_eq!(names, all);
}

#[test]
fn golden_logs_are_inspected_in_the_words_of_the_official_tool() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let env = TestEnv::new();
    let mut seen = 0;
    for entry in fs::read_dir(golden).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "wandb") {
            continue;
        }
        let lines = |text: &str| -> Vec<String> {
            let line = |line| canonical(&Value::parse(line).unwrap());
            text.lines().map(line).collect()
        };
        let ours = env.run([
            OsStr::new("inspect"),
            OsStr::new("--json"),
            path.as_os_str(),
        ]);
        let theirs = fs::read_to_string(path.with_extension("jsonl")).unwrap();
        assert_eq!(lines(&ours.stdout), lines(&theirs), "{}", path.display());
        let notes = fs::read_to_string(path.with_extension("notes")).unwrap_or_default();
        let damaged = notes.contains("skipped corrupt data");
        assert_eq!(
            ours.code(),
            if damaged { 4 } else { 0 },
            "{}: {}",
            path.display(),
            ours.stderr
        );
        assert_eq!(
            ours.stderr.contains("checksum mismatch at offset "),
            damaged
        );
        assert_eq!(
            ours.stderr.contains("the last record is not complete"),
            notes.contains("incomplete .wandb file")
        );
        seen += 1;
    }
    assert_eq!(seen, 7);
}
