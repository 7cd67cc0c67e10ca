//! Metrics are found in what training programs print, and nothing is found where nothing is.
//!
//! Beside each `NAME.log` in `tests/stdout` stands `NAME.json` with the rows it holds, what else is allowed, and other
//! names of the same metrics. The same figures are asked for the corpus outside the repository, where it is present.
//!
//! A pair counts as found if name and value agree: names are compared in lower case, split at anything but letters,
//! digits and `@ % + .`, with one spelling for each split and without a leading `train`. Pairs that are neither
//! expected nor allowed are false; learning rates, counters, rates and memory are always allowed.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;
use wandb_rs::parse::{Parser, Row};
use wandb_rs::wire::json::Value;

/// Names that are never false.
const ALLOWED: &[&str] = &[
    r"(^|/)(lr|learning/rate|optim\d*/lr\d*|lr/\d+)$",
    r"(^|/)(epochs?|steps?|iter|iters|iteration|iterations|batch|batches|it|i|global/step|num/updates|micro/step|total/timesteps|trial)$",
    r"(^|/)(tok|tokens|samples|images|img|words|it|steps?|fps|sps|tps|wps|ups|tflops?|mfu|ips|throughput)(/s|/sec|/per/s\w*)?$",
    r"(^|/)mem(ory)?($|/)",
];

#[derive(Debug, Default, Clone, Copy)]
struct Score {
    expected: u32,
    found: u32,
    emitted: u32,
    wrong: u32,
    steps: u32,
    right_steps: u32,
}

impl Score {
    fn add(&mut self, other: Self) {
        self.expected += other.expected;
        self.found += other.found;
        self.emitted += other.emitted;
        self.wrong += other.wrong;
        self.steps += other.steps;
        self.right_steps += other.right_steps;
    }

    fn recall(&self) -> f64 {
        f64::from(self.found) / f64::from(self.expected)
    }

    fn precision(&self) -> f64 {
        1.0 - f64::from(self.wrong) / f64::from(self.emitted)
    }

    fn step_accuracy(&self) -> f64 {
        f64::from(self.right_steps) / f64::from(self.steps)
    }
}

/// What a log holds.
struct Expectation {
    rows: Value,
    progress: Value,
    optional: Vec<Regex>,
    alias: HashMap<String, Vec<String>>,
    allow_prefix: bool,
}

/// A name in the form in which names are compared.
fn normal(name: &str) -> String {
    let lower = name.to_lowercase().replace("'s ", "/");
    let mut words: Vec<&str> = lower
        .split(|c: char| !(c.is_ascii_alphanumeric() || "@%+.".contains(c)))
        .map(|word| word.trim_matches('.'))
        .filter(|word| !word.is_empty())
        .map(|word| match word {
            "valid" | "validation" => "val",
            "training" | "trn" => "train",
            word => word,
        })
        .collect();
    if words.len() > 1 && words[0] == "train" {
        words.remove(0);
    }
    words.join("/")
}

/// A value to nine digits, as text.
fn shown(value: &Value) -> String {
    let number = match value {
        Value::Text(text) => match text.as_str() {
            "NaN" => f64::NAN,
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            other => panic!("{other:?} is no number"),
        },
        other => other.as_f64().unwrap(),
    };
    format!("{number:.8e}")
}

fn list(value: Option<&Value>) -> Vec<Value> {
    match value {
        Some(Value::List(items)) => items.clone(),
        None => Vec::new(),
        Some(other) => panic!("{other:?}"),
    }
}

fn members(value: Option<&Value>) -> Vec<(String, Value)> {
    match value {
        Some(Value::Map(members)) => members.clone(),
        None => Vec::new(),
        Some(other) => panic!("{other:?}"),
    }
}

/// The pairs of some rows: name, value, step.
fn pairs(rows: &Value) -> Vec<(String, String, Option<Value>)> {
    list(Some(rows))
        .iter()
        .flat_map(|row| {
            let step = row.get("step").cloned();
            members(row.get("metrics"))
                .into_iter()
                .map(move |(name, value)| (normal(&name), shown(&value), step.clone()))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn score(name: &str, rows: &[Row], expectation: &Expectation) -> Score {
    struct Emitted<'a> {
        name: String,
        printed: &'a str,
        value: String,
        step: Option<i64>,
        used: bool,
    }
    let mut emitted: Vec<Emitted<'_>> = rows
        .iter()
        .flat_map(|row| {
            row.metrics.iter().map(|(name, value)| Emitted {
                name: normal(name),
                printed: name,
                value: shown(value),
                step: row.step,
                used: false,
            })
        })
        .collect();
    let same = |expected: &str, found: &str| {
        found == expected
            || expectation
                .alias
                .get(expected)
                .is_some_and(|names| names.iter().any(|name| name == found))
            || (expectation.allow_prefix && found.ends_with(&format!("/{expected}")))
    };
    let mut score = Score::default();
    let expected = pairs(&expectation.rows);
    let mut missing = Vec::new();
    for (key, value, step) in &expected {
        let step = step.as_ref().map(|step| step.as_f64().unwrap() as i64);
        let fits =
            |pair: &&mut Emitted<'_>| !pair.used && pair.value == *value && same(key, &pair.name);
        let found = emitted
            .iter_mut()
            .filter(fits)
            .min_by_key(|pair| pair.step != step);
        score.expected += 1;
        score.steps += u32::from(step.is_some());
        match found {
            Some(pair) => {
                pair.used = true;
                score.found += 1;
                score.right_steps += u32::from(step.is_some() && pair.step == step);
            }
            None => missing.push(format!("{key}={value}")),
        }
    }
    let progress = pairs(&expectation.progress);
    let allowed = ALLOWED
        .iter()
        .map(|pattern| Regex::new(&format!("(?i){pattern}")).unwrap());
    let allowed: Vec<Regex> = allowed
        .chain(expectation.optional.iter().cloned())
        .collect();
    score.emitted = emitted.len() as u32;
    let mut wrong = Vec::new();
    for pair in emitted.iter().filter(|pair| !pair.used) {
        let optional = allowed
            .iter()
            .any(|name| name.is_match(&pair.name) || name.is_match(pair.printed));
        let repeated = !progress.is_empty()
            && progress
                .iter()
                .chain(&expected)
                .any(|(key, value, _)| pair.value == *value && same(key, &pair.name));
        if !optional && !repeated {
            wrong.push(format!("{}={}", pair.printed, pair.value));
        }
    }
    score.wrong = wrong.len() as u32;
    if !missing.is_empty() || !wrong.is_empty() {
        missing.truncate(4);
        wrong.truncate(4);
        eprintln!("{name}: missing {missing:?}, false {wrong:?}");
    }
    score
}

fn read_json(path: &Path) -> Option<Value> {
    let text = fs::read_to_string(path).ok()?;
    Some(Value::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// What `NAME.json` says, or the three files of the other corpus.
fn expectation(log: &Path) -> Expectation {
    let empty = || Value::List(Vec::new());
    let about = read_json(&log.with_extension("json"));
    let rows = about
        .as_ref()
        .and_then(|about| about.get("expected").cloned())
        .or_else(|| read_json(&log.with_extension("expected.json")))
        .unwrap_or_else(|| panic!("{}: nothing says what it holds", log.display()));
    let progress = about
        .as_ref()
        .and_then(|about| about.get("progress").cloned())
        .or_else(|| read_json(&log.with_extension("progress.json")))
        .unwrap_or_else(empty);
    let about = about
        .or_else(|| read_json(&log.with_extension("meta.json")))
        .unwrap_or_else(empty);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Expectation {
        rows,
        progress,
        optional: list(about.get("optional"))
            .iter()
            .map(|pattern| Regex::new(&format!("(?i){}", text(pattern))).unwrap())
            .collect(),
        alias: members(about.get("alias"))
            .into_iter()
            .map(|(name, others)| {
                let others = list(Some(&others));
                let others = others.iter().map(|other| normal(&text(other)));
                (normal(&name), others.collect())
            })
            .collect(),
        allow_prefix: about.get("allow_prefix") == Some(&Value::Bool(true)),
    }
}

/// Parses and scores every log of a directory.
fn score_all(corpus: &Path) -> Score {
    let mut total = Score::default();
    let mut logs: Vec<PathBuf> = fs::read_dir(corpus)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "log"))
        .collect();
    logs.sort();
    assert!(logs.len() > 40, "{}", logs.len());
    for log in logs {
        let text = String::from_utf8_lossy(&fs::read(&log).unwrap()).into_owned();
        let (mut parser, mut rows) = (Parser::default(), Vec::new());
        parser.feed(&text, &mut rows);
        parser.finish(&mut rows);
        let name = log.file_stem().unwrap().to_str().unwrap();
        if name.starts_with("noise-") {
            assert!(rows.is_empty(), "{name}: {rows:?}");
        }
        total.add(score(name, &rows, &expectation(&log)));
    }
    eprintln!("{total:?}");
    total
}

#[test]
fn metrics_are_found_in_the_output_of_many_programs() {
    let total = score_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stdout"));
    assert!(total.recall() >= 0.94, "{total:?}");
    assert!(total.precision() >= 0.99, "{total:?}");
    assert!(total.step_accuracy() >= 0.85, "{total:?}");
}

#[test]
fn metrics_are_found_in_the_output_of_real_programs() {
    let shared = std::env::var_os("WANDB_RS_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let corpus = shared.join("fixtures/stdout");
    if !corpus.is_dir() {
        eprintln!(
            "SKIPPED: {} has no logs (set WANDB_RS_SHARED), nothing was scored",
            shared.display()
        );
        return;
    }
    let total = score_all(&corpus);
    assert!(total.recall() >= 0.99, "{total:?}");
    assert!(total.precision() >= 0.995, "{total:?}");
    assert!(total.step_accuracy() >= 0.99, "{total:?}");
}
