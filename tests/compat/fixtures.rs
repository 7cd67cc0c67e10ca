//! Run directories of the official client, versions 0.15 to 0.31, read as well as by its own tools.
//!
//! The directories lie beside the repository, not in it; without them these tests say that they did nothing.
//! Each has an `expected.json`, which was checked against `wandb leet inspect` and `wandb sync`.

use std::fs;
use std::path::{Path, PathBuf};

use wandb_rs::run::recorded::RecordedRun;
use wandb_rs::store::log_reader::End;
use wandb_rs::wire::json::Value;
use wandb_rs::wire::log::LogError;
use wandb_rs::wire::schema::{HistoryRecord, Kind, TypedValue};

use super::fold::{self, Log};
use super::protojson::{self, canonical, canonical_without};

/// Run directories with their expectations.
pub(super) fn cases() -> Vec<(PathBuf, Value)> {
    let shared = std::env::var_os("WANDB_RS_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let Ok(groups) = fs::read_dir(shared.join("fixtures/run-directories")) else {
        eprintln!(
            "SKIPPED: {} has no fixtures (set WANDB_RS_SHARED), nothing was compared",
            shared.display()
        );
        return Vec::new();
    };
    let mut cases = Vec::new();
    for group in groups {
        for entry in fs::read_dir(group.unwrap().path()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if let Some(run) = name.strip_suffix(".expected.json") {
                let text = fs::read_to_string(&path).unwrap();
                cases.push((path.with_file_name(run), Value::parse(&text).unwrap()));
            }
        }
    }
    assert!(!cases.is_empty(), "no fixtures in {}", shared.display());
    cases.sort_by(|(a, _), (b, _)| a.cmp(b));
    cases
}

/// Calls the check with each directory, its log and what is expected of it.
fn each(check: impl Fn(&Path, &Log, &Value)) {
    for (dir, expected) in cases() {
        let log = Log::read(&dir.join(text(&expected, "file")));
        check(&dir, &log, &expected);
    }
}

fn text<'a>(expected: &'a Value, name: &str) -> &'a str {
    expected.get(name).and_then(Value::as_str).unwrap()
}

fn list<'a>(expected: &'a Value, name: &str) -> &'a [Value] {
    match expected.get(name) {
        Some(Value::List(items)) => items,
        other => panic!("{name} is {other:?}"),
    }
}

fn object(members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let member = |(key, value): (&str, Value)| (key.to_owned(), value);
    Value::Map(members.into_iter().map(member).collect())
}

#[track_caller]
fn assert_same(dir: &Path, what: &str, expected: Option<&Value>, ours: &Value) {
    assert_eq!(
        canonical(expected.unwrap_or(&Value::Null)),
        canonical(ours),
        "{what} of {}",
        dir.display()
    );
}

#[test]
fn the_program_folds_logs_as_the_tests_do() {
    each(|dir, log, _| {
        let mut run = RecordedRun::default();
        log.kinds().for_each(|kind| run.apply(kind));
        fold::assert_folds_alike(&run, log, &dir.display().to_string());
    });
}

#[test]
fn every_record_is_found_and_damage_is_located() {
    each(|dir, log, expected| {
        let records = Value::Int(log.records.len() as i64);
        assert_same(dir, "records", expected.get("records"), &records);
        let counts = log.counts();
        let counts = counts
            .iter()
            .map(|(kind, n)| (*kind, Value::Int(*n as i64)));
        assert_same(
            dir,
            "record counts",
            expected.get("record_counts"),
            &object(counts),
        );
        let mut errors: Vec<Value> = log
            .damage
            .iter()
            .map(|error| match error {
                LogError::Checksum(offset) => object([
                    ("offset", Value::Int(*offset as i64)),
                    ("kind", "checksum".into()),
                    (
                        "resume_at",
                        Value::Int((*offset as i64 / 32768 + 1) * 32768),
                    ),
                ]),
                other => panic!("{other} in {}", dir.display()),
            })
            .collect();
        if let End::Incomplete(offset) = log.end {
            errors.push(object([
                ("offset", Value::Int(offset as i64)),
                ("kind", "incomplete_tail".into()),
            ]));
        }
        let errors = Value::List(errors);
        assert_same(dir, "damage", expected.get("read_errors"), &errors);
    });
}

#[test]
fn identity_config_and_definitions_are_read() {
    each(|dir, log, expected| {
        let headers: Vec<_> = log
            .kinds()
            .filter(|kind| matches!(kind, Kind::Header(_)))
            .map(|kind| protojson::record(kind).0)
            .collect();
        let header = headers[0].get("version_info").cloned();
        assert_eq!(headers.len(), 1);
        assert_same(
            dir,
            "header",
            expected.get("header"),
            &header.unwrap_or_else(|| object([])),
        );
        for (name, run) in [
            ("first_run", log.runs().next()),
            ("last_run", log.runs().last()),
        ] {
            let run = canonical_without(
                &protojson::run(run.unwrap()),
                // Config is compared below, as a whole.
                &["config", "telemetry"],
            );
            let run = Value::parse(&run).unwrap();
            assert_same(dir, name, expected.get(name), &run);
        }
        assert_same(dir, "config", expected.get("config"), &log.config());
        let metrics = log.kinds().filter_map(|kind| match kind {
            Kind::Metric(metric) => Some(protojson::metric(metric)),
            _ => None,
        });
        let metrics = Value::List(metrics.collect());
        assert_same(dir, "metrics", expected.get("metrics"), &metrics);
    });
}

#[test]
fn history_and_summary_have_every_value() {
    each(|dir, log, expected| {
        let rows: Vec<Value> = log.history().map(fold::row).collect();
        if let Some(Value::List(columns)) = expected.get("history_columns") {
            let theirs = list(expected, "history_rows");
            assert_eq!(theirs.len(), rows.len(), "rows of {}", dir.display());
            for (theirs, ours) in theirs.iter().zip(&rows) {
                let cell = |column: &Value| ours.get(column.as_str().unwrap()).unwrap().clone();
                let ours = Value::List(columns.iter().map(cell).collect());
                assert_same(dir, "row", Some(theirs), &ours);
            }
        } else {
            let theirs = list(expected, "history");
            assert_eq!(theirs.len(), rows.len(), "rows of {}", dir.display());
            for (theirs, ours) in theirs.iter().zip(&rows) {
                assert_same(dir, "row", Some(theirs), ours);
            }
        }
        if let Some(types) = expected.get("history_value_types") {
            let ours = Value::List(log.history().map(types_of).collect());
            assert_same(dir, "types", Some(types), &ours);
        }
        assert_same(dir, "summary", expected.get("summary"), &log.summary());
    });
}

fn types_of(row: &HistoryRecord) -> Value {
    let typed = row.item.iter().filter_map(|item| {
        let name = match item.value.as_ref()? {
            TypedValue::None(_) => "none",
            TypedValue::Boolean(_) => "boolean",
            TypedValue::Integer(_) => "integer",
            TypedValue::Number(_) => "number",
            TypedValue::Text(_) => "text",
            TypedValue::Json(_) => "json",
        };
        let path = fold::path(&item.key, &item.nested_key);
        Some((path.join("/"), name.into()))
    });
    Value::Map(typed.collect())
}

#[test]
fn console_text_and_its_lines_are_those_of_the_official_client() {
    each(|dir, log, expected| {
        let chunks: Vec<Value> = log
            .kinds()
            .filter_map(|kind| match kind {
                Kind::OutputRaw(output) => {
                    let stream = ["stderr", "stdout"][output.output_type as usize];
                    Some(Value::List(vec![
                        stream.into(),
                        output.line.as_str().into(),
                    ]))
                }
                Kind::OutputLogger(output) => Some(Value::List(vec![
                    "logger".into(),
                    output.line.as_str().into(),
                ])),
                _ => None,
            })
            .collect();
        let chunks = Value::List(chunks);
        assert_same(dir, "console", expected.get("console_raw"), &chunks);

        // Lines of `write_logs` pass no terminal; we neither write nor show them.
        let (mut lines, mut logger) = (String::new(), Vec::new());
        for line in list(expected, "output_lines") {
            let Value::List(pair) = line else { panic!() };
            let (stream, line) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
            if stream == "logger" {
                logger.push(line);
            } else {
                lines.push_str(line);
                lines.push('\n');
            }
        }
        let ours = log.output();
        assert_eq!(lines, ours, "lines of {}", dir.display());
        // The file of a run that was killed is older than its log; old clients have none, or left it empty.
        let file = fs::read_to_string(dir.join("files/output.log"));
        if let (Some(_), [], Ok(file)) = (log.exit(), log.damage.as_slice(), file)
            && !file.is_empty()
        {
            let file: String = file
                .split_inclusive('\n')
                .filter(|line| !logger.contains(&line.trim_end_matches('\n')))
                .collect();
            assert_eq!(file, ours, "output.log of {}", dir.display());
        }
    });
}

#[test]
fn system_metrics_files_and_exit_are_read() {
    each(|dir, log, expected| {
        let (mut stats, mut files) = (Vec::new(), Vec::new());
        for kind in log.kinds() {
            match kind {
                Kind::Stats(sample) => {
                    let mut keys: Vec<&str> =
                        sample.item.iter().map(|item| item.key.as_str()).collect();
                    keys.sort_unstable();
                    let numbers = sample.item.iter().map(|item| {
                        let value = Value::parse(&item.value_json).unwrap();
                        value.as_f64()
                    });
                    assert!(numbers.into_iter().all(|number| number.is_some()));
                    let time = sample.timestamp.as_ref().unwrap();
                    stats.push(object([
                        (
                            "keys",
                            Value::List(keys.into_iter().map(Value::from).collect()),
                        ),
                        ("timestamp", protojson::rfc3339(time).into()),
                    ]));
                }
                Kind::Files(record) => files.extend(record.files.iter().map(|file| {
                    object([
                        ("path", file.path.as_str().into()),
                        ("policy", protojson::POLICIES[file.policy as usize].into()),
                        (
                            "type",
                            protojson::FILE_TYPES[file.file_type as usize].into(),
                        ),
                    ])
                })),
                _ => {}
            }
        }
        assert_same(dir, "stats", expected.get("stats"), &Value::List(stats));
        assert_same(dir, "files", expected.get("files"), &Value::List(files));
        let exit = log.exit().map_or(Value::Null, |(code, runtime)| {
            object([
                ("exit_code", Value::Int(code.into())),
                ("runtime", Value::Int(runtime.into())),
            ])
        });
        assert_same(dir, "exit", expected.get("exit"), &exit);
    });
}
