//! What users see of a series, against a simple model of it.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::wire::json::Value;

const QUICK: Options = Options {
    sync: false,
    stop_after: None,
};

fn open(directory: &Path, key: Key) -> Series {
    Series::open(directory, key, QUICK).unwrap()
}

fn append(series: &mut Series, offset: u64, lines: &[String]) -> Appended {
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    series.append(offset, 0, &lines).unwrap()
}

fn rows(series: &mut Series) -> Vec<String> {
    let mut rows = Vec::new();
    series
        .rows(.., usize::MAX, |_, json| rows.push(json.to_owned()))
        .unwrap();
    rows
}

/// Members sorted by name, numbers as floats where those are exact.
fn canonical(json: &str) -> String {
    let Ok(Value::Map(members)) = Value::parse(json) else {
        panic!("{json}")
    };
    let members: BTreeMap<String, String> = members
        .into_iter()
        .map(|(name, value)| (name, text_of(&value)))
        .collect();
    format!("{members:?}")
}

fn text_of(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Int(i) => out.push_str(&i.to_string()),
        Value::Float(f) => rows::push_number(*f, &mut out),
        other => other.write(&mut out),
    }
    out
}

/// Rows by key and writer.
#[derive(Debug, Clone, Default)]
struct Model {
    rows: BTreeMap<(i64, u32), BTreeMap<String, Value>>,
    lines: u64,
}

impl Model {
    fn append(&mut self, key: Key, offset: u64, writer: u32, lines: &[String]) {
        for (number, line) in (offset..).zip(lines) {
            let Ok(Value::Map(members)) = Value::parse(line) else {
                continue;
            };
            let mut members: BTreeMap<String, Value> = members.into_iter().collect();
            let step = match key {
                Key::Step => members.remove("_step"),
                Key::Line => None,
            };
            let id = match step {
                Some(Value::Int(step)) => step,
                _ => number as i64,
            };
            let row = self.rows.entry((id, writer)).or_default();
            if key == Key::Line {
                row.clear();
            }
            row.append(&mut members);
        }
        self.lines = self.lines.max(offset + lines.len() as u64);
    }

    fn truncate_after(&mut self, key: i64, kind: Key) {
        self.rows.retain(|id, _| id.0 <= key);
        self.lines = self.rows.len() as u64;
        if let (Key::Line, Some(last)) = (kind, self.rows.keys().last()) {
            self.lines = self.lines.max(last.0 as u64 + 1);
        }
    }

    fn check(&self, series: &mut Series) {
        let key = series.key;
        let mut found = Vec::new();
        series
            .rows(.., usize::MAX, |key, json| {
                found.push((key, canonical(json)));
            })
            .unwrap();
        let expected: Vec<_> = self
            .rows
            .iter()
            .map(|(id, members)| {
                let mut members: BTreeMap<String, String> = members
                    .iter()
                    .map(|(name, value)| (name.clone(), text_of(value)))
                    .collect();
                if key == Key::Step {
                    members.insert("_step".to_owned(), id.0.to_string());
                }
                (id.0, format!("{members:?}"))
            })
            .collect();
        assert_eq!(found, expected);
        assert_eq!(series.lines(), self.lines);
        assert_eq!(series.count().unwrap(), self.rows.len() as u64);
        assert_eq!(series.last_key(), self.rows.keys().last().map(|id| id.0));
        self.check_columns(series);
    }

    fn check_columns(&self, series: &mut Series) {
        let infos = series.keys().unwrap();
        for name in ["a", "b", "n", "s", "n.x"] {
            let plain = |members: &BTreeMap<String, Value>| members.get(name).cloned();
            let values: Vec<Option<Value>> = match name {
                "n.x" => self
                    .rows
                    .values()
                    .map(|m| m.get("n")?.get("x").cloned())
                    .collect(),
                _ => self.rows.values().map(plain).collect(),
            };
            let present: Vec<&Value> = values.iter().flatten().collect();
            let info = infos.iter().find(|info| info.name == name);
            assert_eq!(
                info.map_or(0, |info| info.count),
                present.len() as u64,
                "{name}"
            );
            assert_eq!(
                info.and_then(|info| info.last.clone()),
                present.last().map(|value| text_of(value)),
                "{name}"
            );
            let numbers: Vec<Option<f64>> = values.iter().map(|v| v.as_ref()?.as_f64()).collect();
            let read = series.values(&[name], ..).unwrap();
            let bits =
                |v: &[Option<f64>]| v.iter().map(|v| v.map(f64::to_bits)).collect::<Vec<_>>();
            assert_eq!(bits(&read.columns[0]), bits(&numbers), "{name}");
            let points: Vec<(i64, f64)> = self
                .rows
                .keys()
                .zip(&numbers)
                .filter_map(|(id, number)| Some((id.0, (*number)?)))
                .collect();
            let curve = &series.chart(&[name], X::Key, None, None, 10_000).unwrap()[0];
            assert_eq!(curve.range, None);
            assert_eq!(
                curve.x,
                points.iter().map(|p| p.0 as f64).collect::<Vec<_>>()
            );
            let values: Vec<f64> = points.iter().map(|p| p.1).collect();
            assert_eq!(format!("{:?}", curve.last), format!("{values:?}"));
        }
    }
}

#[derive(Debug, Clone)]
enum Op {
    Append(u64, u32, Vec<String>),
    Seal,
    Reopen,
    Truncate(i64),
    Clear,
    /// Sealing stops after this step, as if killed.
    Crash(u32),
    TruncateCrash(i64, u32),
    /// The log has lost its last bytes, which were a frame that was never acknowledged.
    Torn(Vec<u8>),
}

fn line() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        4 => (-3_i32..100).prop_map(|i| i.to_string()),
        4 => any::<f32>().prop_map(|f| text_of(&Value::Float(f64::from(f)))),
        1 => any::<i64>().prop_map(|i| i.to_string()),
        1 => Just("\"te\\nxt\"".to_owned()),
        1 => Just("null".to_owned()),
        2 => (0..9, 0..9).prop_map(|(x, y)| format!("{{\"x\":{x},\"y\":{{\"z\":{y}}}}}")),
        1 => (0..9).prop_map(|x| format!("{{\"y\":{x}}}")),
    ];
    let name = prop_oneof![
        8 => prop_oneof![Just("a"), Just("b"), Just("n"), Just("s")],
        1 => prop_oneof![Just("rest"), Just("_writer"), Just(""), Just("_line"), Just("x\\\"y"), Just("column 1")],
    ];
    let members = prop::collection::btree_map(name, value, 0..5);
    let step = prop::option::weighted(0.8, 0_i64..40);
    prop_oneof![
        20 => (step, members).prop_map(|(step, members)| {
            let step = step.map(|step| format!("\"_step\":{step}"));
            let members = members.iter().map(|(name, value)| format!("\"{name}\":{value}"));
            format!("{{{}}}", step.into_iter().chain(members).collect::<Vec<_>>().join(","))
        }),
        1 => Just("no row".to_owned()),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => (0_u64..40, 0_u32..3, prop::collection::vec(line(), 0..12))
            .prop_map(|(offset, writer, lines)| Op::Append(offset, writer.saturating_sub(1), lines)),
        3 => Just(Op::Seal),
        2 => Just(Op::Reopen),
        1 => (0_i64..40).prop_map(Op::Truncate),
        1 => Just(Op::Clear),
        1 => (1_u32..3).prop_map(Op::Crash),
        1 => (0_i64..40, 1_u32..3).prop_map(|(key, step)| Op::TruncateCrash(key, step)),
        1 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Op::Torn),
    ]
}

fn run(key: Key, ops: Vec<Op>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let mut series = open(path, key);
    let mut model = Model::default();
    for op in ops {
        match op {
            Op::Append(offset, writer, lines) => {
                let texts: Vec<&str> = lines.iter().map(String::as_str).collect();
                let appended = series.append(offset, writer, &texts).unwrap();
                let bad = lines.iter().filter(|line| !line.starts_with('{')).count();
                assert_eq!(
                    (appended.rejected, appended.reason.is_some()),
                    (bad, bad > 0)
                );
                model.append(key, offset, writer, &lines);
            }
            Op::Seal => series.seal().unwrap(),
            Op::Reopen => series = open(path, key),
            Op::Truncate(after) => {
                series.truncate_after(after).unwrap();
                model.truncate_after(after, key);
            }
            Op::Clear => {
                series.clear().unwrap();
                model = Model::default();
            }
            Op::Crash(step) => {
                series.options.stop_after = Some(step);
                let _ = series.seal();
                series = open(path, key);
            }
            Op::TruncateCrash(after, step) => {
                series.options.stop_after = Some(step);
                assert!(series.truncate_after(after).is_err());
                series = open(path, key);
                if step > 1 {
                    model.truncate_after(after, key);
                }
            }
            Op::Torn(bytes) => {
                drop(series);
                let log = path.join(tail::name(Manifest::load(path, key).unwrap().generation));
                let mut file = std::fs::OpenOptions::new()
                    .append(true)
                    .create(true)
                    .open(log)
                    .unwrap();
                io::Write::write_all(&mut file, &bytes).unwrap();
                series = open(path, key);
            }
        }
        model.check(&mut series);
    }
    series = open(path, key);
    model.check(&mut series);
}

fn run_in_memory(key: Key, ops: &[Op]) {
    let mut series = Series::in_memory(key);
    let mut model = Model::default();
    for op in ops {
        match op {
            Op::Append(offset, writer, lines) => {
                let texts: Vec<&str> = lines.iter().map(String::as_str).collect();
                series.append(*offset, *writer, &texts).unwrap();
                model.append(key, *offset, *writer, lines);
            }
            Op::Truncate(after) => {
                series.truncate_after(*after).unwrap();
                model.truncate_after(*after, key);
            }
            Op::Clear => {
                series.clear().unwrap();
                model = Model::default();
            }
            _ => series.seal().unwrap(),
        }
        model.check(&mut series);
    }
    series.finish().unwrap();
    assert!(!series.should_seal() && !series.directory.exists());
}

use super::manifest::Manifest;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn history_is_what_was_sent(ops in prop::collection::vec(op(), 1..20)) {
        run(Key::Step, ops);
    }

    #[test]
    fn lines_are_what_was_sent(ops in prop::collection::vec(op(), 1..20)) {
        run(Key::Line, ops);
    }

    #[test]
    fn a_series_in_memory_is_the_same(ops in prop::collection::vec(op(), 1..20)) {
        for key in [Key::Step, Key::Line] {
            run_in_memory(key, &ops);
        }
    }
}

#[test]
fn nothing_acknowledged_is_lost_wherever_the_log_ends() {
    let directory = tempfile::tempdir().unwrap();
    let mut series = open(directory.path(), Key::Step);
    let mut states = vec![(0, Model::default())];
    for chunk in 0..6_u64 {
        let lines: Vec<String> = (0..2)
            .map(|n| format!("{{\"_step\":{},\"a\":{n},\"s\":\"x\"}}", chunk + n))
            .collect();
        let mut model = states.last().unwrap().1.clone();
        append(&mut series, 2 * chunk, &lines);
        model.append(Key::Step, 2 * chunk, 0, &lines);
        let bytes = std::fs::metadata(directory.path().join("tail-0.log"))
            .unwrap()
            .len();
        states.push((bytes, model));
    }
    let log = std::fs::read(directory.path().join("tail-0.log")).unwrap();
    for length in 0..=log.len() {
        let copy = tempfile::tempdir().unwrap();
        std::fs::write(copy.path().join("tail-0.log"), &log[..length]).unwrap();
        let state = states
            .iter()
            .rev()
            .find(|state| state.0 <= length as u64)
            .unwrap();
        let mut series = open(copy.path(), Key::Step);
        state.1.check(&mut series);
        let mut model = state.1.clone();
        let more = ["{\"_step\":3,\"b\":1}".to_owned()];
        append(&mut series, 50, &more);
        model.append(Key::Step, 50, 0, &more);
        model.check(&mut open(copy.path(), Key::Step));
    }
}

#[test]
fn a_damaged_place_in_the_log_costs_its_own_lines_alone_and_is_counted() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tail-0.log");
    let mut series = open(directory.path(), Key::Step);
    let mut ends = Vec::new();
    for step in 0..3 {
        append(&mut series, step, &[format!("{{\"_step\":{step}}}")]);
        ends.push(std::fs::metadata(&path).unwrap().len() as usize);
    }
    drop(series);
    let mut log = std::fs::read(&path).unwrap();
    log[ends[1] - 1] ^= 0x55;
    std::fs::write(&path, &log).unwrap();
    let mut series = open(directory.path(), Key::Step);
    assert_eq!(series.damaged(), 1);
    assert_eq!(rows(&mut series).len(), 2);
    append(&mut series, 3, &["{\"_step\":3}".to_owned()]);
    assert_eq!(rows(&mut open(directory.path(), Key::Step)).len(), 3);
}

fn waves(rows: std::ops::Range<u64>) -> Vec<String> {
    rows.map(|row| {
        let sparse = if row % 7 == 0 {
            format!(",\"sparse\":{}", row % 1013)
        } else {
            String::new()
        };
        let value = if row % 501 == 3 {
            "NaN".to_owned()
        } else {
            ((row as f64 / 300.0).sin() + (row * 7919 % 101) as f64 / 90.0).to_string()
        };
        format!(
            "{{\"_step\":{},\"_runtime\":{},\"wave\":{value}{sparse}}}",
            row * 2,
            row as f64 * 0.5
        )
    })
    .collect()
}

#[test]
fn charts_show_every_extreme_and_all_points_when_they_fit() {
    let directory = tempfile::tempdir().unwrap();
    let mut series = open(directory.path(), Key::Step);
    for start in (0..60_000).step_by(20_000) {
        append(&mut series, start, &waves(start..start + 20_000));
        if start < 40_000 {
            series.seal().unwrap();
        }
    }
    // A late row within a segment.
    append(
        &mut series,
        60_000,
        &["{\"_step\":31,\"_runtime\":7.6,\"wave\":99}".to_owned()],
    );
    let values = series.values(&["_runtime", "wave", "sparse"], ..).unwrap();
    for (at, metric) in [(1, "wave"), (2, "sparse")] {
        for (x, points, from, to) in [
            (X::Key, 100, None, None),
            (X::Key, 3, None, None),
            (X::Key, 500, Some(1001.5), Some(90_001.0)),
            (X::Key, 2000, Some(50_000.0), Some(50_900.0)),
            (X::Key, 2000, Some(-5.0), Some(-1.0)),
            (X::Column("_runtime"), 100, None, None),
            (X::Column("_runtime"), 64, Some(333.3), Some(23_456.0)),
            (X::Column("wave"), 64, Some(0.5), None),
            (X::Column("none"), 64, None, None),
        ] {
            let axis = |row: usize| match x {
                X::Key => Some(values.keys[row] as f64),
                X::Column("_runtime") => values.columns[0][row],
                X::Column("wave") => values.columns[1][row],
                X::Column(_) => None,
            };
            let within = |x: f64| {
                from.is_none_or(|from| from <= x) && to.is_none_or(|to| x <= to) && !x.is_nan()
            };
            let mut truth: Vec<(f64, f64)> = (0..values.keys.len())
                .filter_map(|row| Some((axis(row)?, values.columns[at][row]?)))
                .filter(|point| within(point.0))
                .collect();
            truth.sort_by(|a, b| a.0.total_cmp(&b.0));
            let curve = series
                .chart(&[metric], x, from, to, points)
                .unwrap()
                .remove(0);
            let what = format!("{metric} {x:?} {points} {from:?} {to:?}");
            assert_eq!(curve.count, truth.len() as u64, "{what}");
            assert!(curve.x.len() <= points.max(1), "{what}");
            assert!(curve.x.is_sorted(), "{what}");
            let least = |values: &[f64]| values.iter().copied().fold(f64::NAN, f64::min);
            let most = |values: &[f64]| values.iter().copied().fold(f64::NAN, f64::max);
            let all: Vec<f64> = truth.iter().map(|point| point.1).collect();
            if let Some((min, max)) = &curve.range {
                assert!(truth.len() > points, "{what}");
                assert!(curve.x.len() * 2 > points, "{what}: {}", curve.x.len());
                assert_eq!((least(min), most(max)), (least(&all), most(&all)), "{what}");
                assert_eq!(
                    curve.x.last(),
                    truth
                        .last()
                        .map(|point| &point.0)
                        .filter(|_| metric == "wave" || x == X::Key)
                        .or(curve.x.last()),
                    "{what}"
                );
            } else {
                let bits = |values: &[f64]| values.iter().map(|f| f.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(&curve.last), bits(&all), "{what}");
            }
        }
    }
}

#[test]
fn samples_are_spread_and_have_all_columns() {
    let directory = tempfile::tempdir().unwrap();
    let mut series = open(directory.path(), Key::Step);
    let line = |n: u64| {
        let text = if n.is_multiple_of(3) {
            ",\"s\":\"x\",\"n\":{\"y\":1}"
        } else {
            ""
        };
        format!("{{\"_step\":{n},\"a\":{n}{text}}}")
    };
    append(&mut series, 0, &(0..50).map(line).collect::<Vec<_>>());
    series.seal().unwrap();
    append(&mut series, 50, &(50..100).map(line).collect::<Vec<_>>());
    let mut sampled = |columns: Option<&[&str]>, samples| {
        let mut found = Vec::new();
        series
            .sampled(columns, .., samples, |_, json| found.push(json.to_owned()))
            .unwrap();
        found
    };
    assert_eq!(
        sampled(None, 3),
        [&line(0), "{\"_step\":49,\"a\":49}", &line(99)].map(str::to_owned)
    );
    assert_eq!(sampled(None, 1000).len(), 100);
    assert_eq!(sampled(Some(&["_step", "a"]), 1000).len(), 100);
    assert_eq!(
        sampled(Some(&["s", "n.y"]), 2),
        [
            "{\"_step\":0,\"n.y\":1,\"s\":\"x\"}",
            "{\"_step\":99,\"n.y\":1,\"s\":\"x\"}"
        ]
    );
    assert_eq!(sampled(Some(&["s", "nothing"]), 2), Vec::<String>::new());
}

#[test]
fn a_damaged_file_is_named_and_a_damaged_pyramid_does_not_matter() {
    let directory = tempfile::tempdir().unwrap();
    let mut series = open(directory.path(), Key::Step);
    let mut lines = waves(0..3000);
    lines[5] = "{\"_step\":10,\"s\":\"text\"}".to_owned();
    append(&mut series, 0, &lines);
    series.seal().unwrap();
    let whole = rows(&mut series);
    let curve = series.chart(&["wave"], X::Key, None, None, 10).unwrap();
    drop(series);
    for name in ["segment-0.parquet", "segment-0.bins"] {
        let path = directory.path().join(name);
        let bytes = std::fs::read(&path).unwrap();
        for at in (0..bytes.len()).step_by(bytes.len() / 80) {
            let mut bad = bytes.clone();
            bad[at] ^= 0x55;
            std::fs::write(&path, &bad).unwrap();
            let mut series = open(directory.path(), Key::Step);
            let mut found = Vec::new();
            match series.rows(.., usize::MAX, |_, json| found.push(json.to_owned())) {
                Ok(_) => assert_eq!(found, whole, "{name} {at}"),
                Err(error) => assert!(error.to_string().contains("segment-0.parquet"), "{error}"),
            }
            if let Ok(found) = series.chart(&["wave"], X::Key, None, None, 10) {
                assert_eq!(found[0].count, curve[0].count);
            } else {
                assert!(name.ends_with("parquet"));
            }
            let _ = series.keys();
        }
        for length in [0, 7, bytes.len() / 2, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..length]).unwrap();
            let found = open(directory.path(), Key::Step).chart(&["wave"], X::Key, None, None, 10);
            assert_eq!(found.is_ok(), name.ends_with("bins"), "{length}");
        }
        std::fs::remove_file(&path).unwrap();
        let found = open(directory.path(), Key::Step).keys();
        assert_eq!(found.is_ok(), name.ends_with("bins"));
        std::fs::write(&path, bytes).unwrap();
    }
}

#[test]
fn any_name_of_a_column_survives_a_segment() {
    let directory = tempfile::tempdir().unwrap();
    let mut series = open(directory.path(), Key::Step);
    let long = "x".repeat(5000);
    let names = [
        "rest",
        "_writer",
        "",
        "a.b",
        "A.B",
        "column 0",
        "\"\u{1F600}\\",
        "\0",
        "_line",
        "root",
        &long,
    ];
    let mut members: Vec<(String, Value)> = names
        .iter()
        .map(|name| ((*name).to_owned(), Value::Float(1.5)))
        .collect();
    members.push(("a".to_owned(), Value::parse("{\"b\":7}").unwrap()));
    members.push((String::new(), Value::parse("{\"b\":8}").unwrap()));
    members.remove(2);
    append(&mut series, 0, &[Value::Map(members).to_json()]);
    let before = rows(&mut series);
    let keys = series.keys().unwrap();
    series.seal().unwrap();
    assert_eq!(rows(&mut series), before);
    assert_eq!(series.keys().unwrap(), keys);
    let mut again = open(directory.path(), Key::Step);
    assert_eq!(rows(&mut again), before);
    assert_eq!(
        again.values(&["a.b", ".b"], ..).unwrap().columns,
        [[Some(1.5)], [Some(8.0)]]
    );
}

#[test]
fn small_seals_do_not_leave_many_segments() {
    let directory = tempfile::tempdir().unwrap();
    let mut series = open(directory.path(), Key::Step);
    for n in 0..64 {
        append(&mut series, n, &[format!("{{\"_step\":{n},\"a\":{n}}}")]);
        series.seal().unwrap();
    }
    assert!(
        series.manifest.segments.len() < 8,
        "{:?}",
        series.manifest.segments.len()
    );
    assert_eq!(rows(&mut series).len(), 64);
    let files = std::fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(files, 1 + 2 * series.manifest.segments.len());
}

#[test]
fn a_large_merge_is_cut_into_segments_within_bounds() {
    let directory = tempfile::tempdir().unwrap();
    let mut series = open(directory.path(), Key::Line);
    let lines: Vec<String> = (0..300_000).map(|n| format!("{{\"a\":{n}}}")).collect();
    append(&mut series, 0, &lines);
    assert!(series.should_seal());
    series.seal().unwrap();
    assert!(series.manifest.segments.len() == 2);
    assert!(
        series
            .manifest
            .segments
            .iter()
            .all(|segment| segment.rows <= SEGMENT_ROWS)
    );
    assert_eq!(series.count().unwrap(), 300_000);
    let mut some = Vec::new();
    series
        .rows(149_999..150_002, 2, |key, json| {
            some.push(format!("{key}{json}"));
        })
        .unwrap();
    assert_eq!(some, ["149999{\"a\":149999}", "150000{\"a\":150000}"]);
}

#[test]
fn a_failed_write_is_an_error_and_leaves_no_trace() {
    let directory = tempfile::tempdir().unwrap();
    let mut series = open(directory.path(), Key::Step);
    append(&mut series, 0, &["{\"_step\":0,\"a\":1}".to_owned()]);
    // The next log cannot be made where a directory is in its place.
    series.clear().unwrap();
    let log = directory.path().join("tail-1.log");
    std::fs::create_dir(&log).unwrap();
    assert!(series.append(0, 0, &["{\"a\":1}"]).is_err());
    assert_eq!((series.count().unwrap(), series.lines()), (0, 0));
    std::fs::remove_dir(&log).unwrap();
    append(&mut series, 0, &["{\"a\":2}".to_owned()]);
    assert_eq!(rows(&mut series), ["{\"_step\":0,\"a\":2}"]);
}

#[test]
fn a_store_closes_what_is_idle_and_opens_nothing_twice() {
    let directory = tempfile::tempdir().unwrap();
    let options = StoreOptions {
        series: QUICK,
        budget: 0,
    };
    let store = Store::new(directory.path(), options).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4_u32 {
            let store = &store;
            scope.spawn(move || {
                for n in 0..200 {
                    let series = store.series(n % 3, Stream::History).unwrap();
                    let line = format!("{{\"_step\":{n},\"a\":{thread}}}");
                    series.lock().unwrap().append(0, thread, &[&line]).unwrap();
                    drop(series);
                    if n % 20 == 0 {
                        store.maintain().unwrap();
                    }
                }
            });
        }
    });
    store.maintain().unwrap();
    assert_eq!(store.memory(), 0);
    let total: u64 = (0..3)
        .map(|run| {
            store
                .series(run, Stream::History)
                .unwrap()
                .lock()
                .unwrap()
                .count()
                .unwrap()
        })
        .sum();
    assert_eq!(total, 800);
    let held = store.series(1, Stream::History).unwrap();
    store.remove(1).unwrap();
    assert!(matches!(
        held.lock().unwrap().append(0, 0, &["{}"]),
        Err(Error::Removed(_))
    ));
    let anew = store.series(1, Stream::History).unwrap();
    assert_eq!(anew.lock().unwrap().count().unwrap(), 0);
    assert!(!directory.path().join("removed-1").exists());
}

#[test]
fn extreme_steps_and_line_numbers_are_kept_or_refused() {
    let directory = tempfile::tempdir().unwrap();
    let mut series = open(directory.path(), Key::Step);
    let steps = [i64::MIN, -1, 0, 9_007_199_254_740_993, i64::MAX];
    append(
        &mut series,
        0,
        &steps.map(|step| format!("{{\"_step\":{step},\"a\":-0.0}}")),
    );
    assert!(matches!(
        series.append(u64::MAX, 0, &["{}"]),
        Err(Error::TooLarge(_))
    ));
    series.seal().unwrap();
    let mut series = open(directory.path(), Key::Step);
    assert_eq!(
        rows(&mut series),
        steps.map(|step| format!("{{\"_step\":{step},\"a\":-0.0}}"))
    );
    assert_eq!(series.rows(i64::MAX..=i64::MAX, 9, |_, _| ()).unwrap(), 1);
    assert_eq!(
        series
            .chart(&["a"], X::Key, Some(f64::NAN), None, 9)
            .unwrap()[0]
            .count,
        0
    );
}

#[test]
fn a_number_over_a_sealed_object_hides_the_numbers_within_it() {
    let directory = tempfile::tempdir().unwrap();
    let mut series = open(directory.path(), Key::Step);
    append(
        &mut series,
        0,
        &[
            "{\"n\":{\"x\":1}}".to_owned(),
            "{\"n\":{\"x\":2}}".to_owned(),
        ],
    );
    series.seal().unwrap();
    append(&mut series, 0, &["{\"n\":3}".to_owned()]);
    for _ in 0..2 {
        let values = series.values(&["n.x", "n"], ..).unwrap();
        assert_eq!(values.columns, [[None, Some(2.0)], [Some(3.0), None]]);
        series.seal().unwrap();
    }
}

#[test]
fn damage_that_no_checksum_shows_is_no_panic() {
    let directory = tempfile::tempdir().unwrap();
    let mut series = open(directory.path(), Key::Step);
    let mut lines = waves(0..1500);
    lines[5] = "{\"_step\":10,\"s\":\"text\",\"n\":{\"x\":1}}".to_owned();
    append(&mut series, 0, &lines);
    series.seal().unwrap();
    drop(series);
    std::fs::remove_file(directory.path().join("segment-0.bins")).unwrap();
    let path = directory.path().join("segment-0.parquet");
    let bytes = std::fs::read(&path).unwrap();
    for at in (0..bytes.len()).step_by(bytes.len() / 150) {
        let mut bad = bytes.clone();
        bad[at] ^= 1 << (at % 8);
        std::fs::write(&path, &bad).unwrap();
        let mut series = open(directory.path(), Key::Step);
        let _ = series.rows(.., usize::MAX, |_, _| ());
        let _ = series.chart(&["wave", "n.x"], X::Key, Some(100.0), Some(900.0), 10);
        let _ = series.keys();
        append(&mut series, 0, &["{\"_step\":31}".to_owned()]);
        let _ = series.count();
        let _ = series.sampled(Some(&["wave", "s"]), .., 3, |_, _| ());
    }
}
