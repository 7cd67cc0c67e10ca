//! Small logs of the official client, whole and damaged, are read record by record as its own tool shows them.
//!
//! `tests/golden/make.py` makes the logs, the tool's lines (`.jsonl`) and its complaints (`.notes`).

use std::fs;
use std::path::Path;

use wandb_rs::store::log_reader::End;

use super::fold::Log;
use super::protojson;

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
