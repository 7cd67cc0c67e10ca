//! The rules of a run, event by event.

use super::*;
use crate::wire::records::encoded_path;
use std::time::Duration;

#[test]
fn paths_of_every_row_are_encoded_as_any() {
    for (path, name) in [
        (TIMESTAMP, "_timestamp"),
        (RUNTIME, "_runtime"),
        (STEP, "_step"),
    ] {
        assert_eq!(path, encoded_path(&[name]));
    }
}

fn now(seconds: u64) -> Now {
    Now {
        unix_nanos: (1_700_000_000 + i128::from(seconds)) * 1_000_000_000,
        elapsed: Duration::from_secs(seconds),
    }
}

fn state() -> RunState {
    RunState::new(RunRecord::default(), TelemetryRecord::default())
}

fn fields(pairs: &[(&str, f64)]) -> Fields {
    let values: Vec<_> = pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), Value::Float(*value)))
        .collect();
    Fields::from_values(&values)
}

fn log(pairs: &[(&str, f64)], step: Option<i64>, commit: Option<bool>) -> Event {
    Event::Log {
        fields: fields(pairs),
        step,
        commit,
    }
}

/// Rows as `step: a=1 b=2`, reserved keys left out.
fn rows(records: &[Kind]) -> Vec<String> {
    records
        .iter()
        .filter_map(|kind| match kind {
            Kind::History(history) => {
                let mut items: Vec<String> = history
                    .item
                    .iter()
                    .filter(|item| !item.nested_key[0].starts_with('_'))
                    .map(|item| format!("{}={}", item.nested_key.join("/"), item.value_json))
                    .collect();
                items.sort();
                Some(format!(
                    "{}: {}",
                    history.step.as_ref().unwrap().num,
                    items.join(" ")
                ))
            }
            _ => None,
        })
        .collect()
}

fn run(events: Vec<Event>) -> (RunState, Vec<Kind>) {
    let mut state = state();
    let mut out = Records::default();
    for (i, event) in events.into_iter().enumerate() {
        state.apply(event, now(i as u64), &mut out);
    }
    state.settle(now(99), &mut out);
    (state, out.decoded())
}

#[test]
fn the_summary_has_the_step_of_the_last_row_and_not_of_the_open_one() {
    let (state, out) = run(vec![
        log(&[("a", 1.0)], Some(3), Some(true)),
        log(&[("b", 2.0)], Some(10), None),
    ]);
    let settled = out.iter().rev().find_map(|kind| match kind {
        Kind::Summary(summary) => summary
            .update
            .iter()
            .find(|item| item.path() == ["_step"])
            .map(|item| item.value_json.clone()),
        _ => None,
    });
    assert_eq!(settled.as_deref(), Some("3"));
    let asked = state.summary_items(now(100));
    let asked = asked.iter().find(|item| item.key == "_step").unwrap();
    assert_eq!(asked.value_json, "3");
    let summary = state.summary(now(100)).to_json();
    assert!(summary.contains(r#""_step":3"#), "{summary}");
}

#[test]
fn the_largest_step_is_no_end() {
    let (_, out) = run(vec![
        log(&[("a", 1.0)], Some(i64::MAX), Some(true)),
        log(&[("a", 2.0)], None, None),
    ]);
    let step = i64::MAX;
    assert_eq!(
        rows(&out),
        [format!("{step}: a=1.0"), format!("{step}: a=2.0")]
    );
}

#[test]
fn steps_follow_the_official_rules() {
    let (_, out) = run(vec![
        log(&[("a", 0.0)], None, None),
        log(&[("a", 1.0)], None, Some(false)),
        log(&[("b", 2.0)], None, None),
        log(&[("a", 3.0)], Some(20), None),
        log(&[("b", 4.0)], Some(20), None),
        log(&[("c", 5.0)], Some(30), Some(true)),
        Event::Exit { code: 0 },
    ]);
    assert_eq!(
        rows(&out),
        ["0: a=0.0", "1: a=1.0 b=2.0", "20: a=3.0 b=4.0", "30: c=5.0"]
    );
    assert!(
        matches!(out[out.len() - 2], Kind::Exit(_)) || matches!(out.last(), Some(Kind::Exit(_)))
    );
}

#[test]
fn a_step_that_goes_back_loses_no_row() {
    let (_, out) = run(vec![
        log(&[("a", 1.0)], Some(10), Some(true)),
        log(&[("a", 2.0)], Some(3), None),
    ]);
    assert_eq!(rows(&out), ["10: a=1.0", "11: a=2.0 step=3"]);
}

#[test]
fn what_is_printed_between_numbered_rows_does_not_shift_them() {
    let parsed = |loss: f64| Event::Parsed {
        fields: fields(&[("loss", loss)]),
        axis: None,
    };
    let (_, out) = run(vec![
        parsed(9.0),
        log(&[("acc", 0.1)], Some(1), None),
        parsed(8.0),
        log(&[("acc", 0.2)], Some(2), None),
        parsed(7.0),
        parsed(6.0),
        log(&[("acc", 0.3)], Some(5), Some(true)),
    ]);
    assert_eq!(
        rows(&out),
        [
            "0: loss=9.0",
            "1: acc=0.1 loss=8.0",
            "2: acc=0.2 loss=7.0",
            "3: loss=6.0",
            "5: acc=0.3"
        ]
    );
}

#[test]
fn nested_values_become_leaves_and_empty_objects_vanish() {
    let value = Value::parse(r#"{"x":{"y":1,"z":[1,2]},"e":{},"n":null}"#).unwrap();
    let (_, out) = run(vec![Event::Log {
        fields: Fields::from_values(&[("opt".into(), value)]),
        step: None,
        commit: None,
    }]);
    assert_eq!(rows(&out), ["0: opt/n=null opt/x/y=1 opt/x/z=[1,2]"]);
}

#[test]
fn summary_keeps_the_asked_aggregations() {
    let (state, _) = run(vec![
        Event::DefineMetric(metric::define("loss", "min,max,mean,first,last").unwrap()),
        Event::DefineMetric(metric::define("hush", "none").unwrap()),
        log(&[("loss", 3.0), ("acc", 0.5), ("hush", 1.0)], None, None),
        log(&[("loss", 1.0), ("acc", 0.7)], None, None),
        Event::Summary(vec![("best".into(), Value::Float(0.9))]),
    ]);
    let summary = state.summary(now(5)).to_json();
    assert!(
        summary.contains(r#""loss":{"last":1.0,"first":3.0,"min":1,"max":3,"mean":2}"#),
        "{summary}"
    );
    assert!(
        summary.contains(r#""acc":0.7"#) && summary.contains(r#""best":0.9"#),
        "{summary}"
    );
    assert!(!summary.contains("hush"), "{summary}");
    assert!(
        summary.contains(r#""_runtime":5,"_wandb":{"runtime":5}"#),
        "{summary}"
    );
}

#[test]
fn a_batch_of_rows_costs_one_summary_record() {
    let (_, out) = run((0..50)
        .map(|i| log(&[("a", f64::from(i))], None, None))
        .collect());
    let summaries = out
        .iter()
        .filter(|kind| matches!(kind, Kind::Summary(_)))
        .count();
    assert_eq!((rows(&out).len(), summaries), (50, 1));
}

#[test]
fn step_metrics_are_filled_in() {
    let mut epoch = metric::define("val/*", "").unwrap();
    epoch.step_metric = "epoch".into();
    epoch.options.get_or_insert_default().step_sync = true;
    let (_, out) = run(vec![
        Event::DefineMetric(epoch),
        log(&[("epoch", 2.0)], None, None),
        log(&[("val/acc", 0.5)], None, None),
        log(&[("other", 1.0)], None, None),
    ]);
    assert_eq!(
        rows(&out),
        ["0: epoch=2.0", "1: epoch=2.0 val/acc=0.5", "2: other=1.0"]
    );
}

#[test]
fn parsed_rows_define_their_axis_once_and_hide_it_from_people() {
    let row = |loss: f64, epoch: i64| Event::Parsed {
        fields: Fields::from_values(&[
            ("epoch".into(), Value::Int(epoch)),
            ("loss".into(), Value::Float(loss)),
        ]),
        axis: Some("epoch"),
    };
    let (state, out) = run(vec![row(0.5, 1), row(0.25, 2)]);
    let metrics: Vec<_> = out
        .iter()
        .filter_map(|kind| match kind {
            Kind::Metric(metric) => Some((metric.name.as_str(), metric.step_metric.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(metrics, [("epoch", ""), ("loss", "epoch")]);
    assert_eq!(rows(&out), ["0: epoch=1 loss=0.5", "1: epoch=2 loss=0.25"]);
    let names: Vec<_> = state
        .history_view()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["loss"]);
}

#[test]
fn restating_repeats_run_config_and_summary() {
    let mut state = state();
    let mut out = Records::default();
    state.apply(
        Event::Config(vec![("lr".into(), Value::Float(0.1))]),
        now(0),
        &mut out,
    );
    state.apply(log(&[("a", 1.0)], None, None), now(0), &mut out);
    state.settle(now(0), &mut out);
    out.clear();
    state.restate(now(1), &mut out);
    let records = out.decoded();
    let names: Vec<_> = records.iter().map(Kind::name).collect();
    assert_eq!(names, ["run", "config", "summary"]);
}
