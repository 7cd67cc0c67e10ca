//! Metrics are found in what real training programs print, and nothing is found where nothing is.
//!
//! The corpus and its scorer lie outside the repository; without them the test says that it did nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use wandb_rs::parse::{Parser, Row};
use wandb_rs::wire::json::Value;

/// A row as the scorer reads it; numbers that JSON cannot hold are text.
fn jsonl(row: &Row) -> String {
    let plain = |value: &Value| match value {
        Value::Float(f) if !f.is_finite() => Value::from(value.to_json()),
        other => other.clone(),
    };
    let metrics = row
        .metrics
        .iter()
        .map(|(key, value)| (key.clone(), plain(value)))
        .collect();
    let mut members = vec![("metrics".to_owned(), Value::Map(metrics))];
    members.extend(row.step.map(|step| ("step".to_owned(), Value::Int(step))));
    members.extend(
        row.epoch
            .map(|epoch| ("epoch".to_owned(), Value::Float(epoch))),
    );
    Value::Map(members).to_json() + "\n"
}

fn parse(text: &str) -> Vec<Row> {
    let (mut parser, mut rows) = (Parser::default(), Vec::new());
    parser.feed(text, &mut rows);
    parser.finish(&mut rows);
    rows
}

#[test]
fn metrics_are_found_in_the_output_of_real_programs() {
    let shared = std::env::var_os("WANDB_RS_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let corpus = shared.join("fixtures/stdout");
    let Ok(entries) = fs::read_dir(&corpus) else {
        eprintln!(
            "SKIPPED: {} has no logs (set WANDB_RS_SHARED), nothing was scored",
            shared.display()
        );
        return;
    };
    let results = tempfile::tempdir().unwrap();
    let mut logs = 0;
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.extension().is_none_or(|ending| ending != "log") {
            continue;
        }
        logs += 1;
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        let rows = parse(&text);
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(
            !name.starts_with("noise-") || rows.is_empty(),
            "{name}: {rows:?}"
        );
        let lines: String = rows.iter().map(jsonl).collect();
        fs::write(results.path().join(format!("{name}.jsonl")), lines).unwrap();
    }
    assert!(logs > 40, "{logs}");
    let mut scorer = Command::new("python3");
    scorer
        .arg(shared.join("tools/score_stdout.py"))
        .arg(&corpus)
        .arg(results.path());
    let output = String::from_utf8(scorer.output().unwrap().stdout).unwrap();
    let total = output.lines().last().unwrap();
    // TOTAL recall 803/804 = 0.999   precision 1090/1090 = 1.000   step 537/540
    let words: Vec<&str> = total.split_whitespace().collect();
    let part = |at: usize| {
        let (part, whole) = words[at].split_once('/').unwrap();
        part.parse::<f64>().unwrap() / whole.parse::<f64>().unwrap()
    };
    let (recall, precision, step) = (part(2), part(6), part(10));
    assert!(
        recall >= 0.99 && precision >= 0.995 && step >= 0.99,
        "{output}"
    );
}
