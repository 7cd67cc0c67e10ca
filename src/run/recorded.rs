//! What a log says about its run: the records folded together, whoever wrote them and however far they go.
//!
//! The rules are those of the official sender: later run records change what they name, keyed values replace or merge,
//! telemetry and environment are merged field by field.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use prost::Message;

use super::config::Config;
use crate::wire::json::Value;
use crate::wire::schema::{
    EnvironmentRecord, FilesItem, HistoryItem, HistoryRecord, Kind, MetricRecord, RunExitRecord,
    RunRecord, SummaryRecord, TelemetryRecord, TypedValue,
};

/// A run as its log tells it.
#[derive(Debug, Clone, Default)]
pub struct RecordedRun {
    /// The run's description, with what later records changed. Its config is in `config`.
    pub run: RunRecord,
    /// Whether a run record was seen: without one the log says little.
    pub described: bool,
    pub config: Config,
    pub summary: Leaves,
    /// Number of history rows.
    pub rows: u64,
    /// Step of the last row.
    pub last_step: Option<i64>,
    /// The last value of everything that was logged.
    pub last: Leaves,
    /// The names of all system metrics that were sampled.
    pub system: BTreeSet<String>,
    pub exit: Option<RunExitRecord>,
    pub environment: EnvironmentRecord,
    pub telemetry: TelemetryRecord,
    /// Files of the run; of records about one path the last counts.
    pub files: Vec<FilesItem>,
    /// Metric definitions; of one name the last counts.
    pub metrics: Vec<MetricRecord>,
    /// The machine announced that it would be taken away.
    pub preempting: bool,
    /// First and last second of the records that carry a time.
    pub seen: Option<(f64, f64)>,
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Running,
    Finished,
    /// With this exit code.
    Failed(i32),
    /// There is no exit record, and none is to come.
    Crashed,
}

impl State {
    /// One word, as the server has it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Failed(_) => "failed",
            Self::Crashed => "crashed",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(code) => write!(f, "failed({code})"),
            other => f.write_str(other.word()),
        }
    }
}

impl RecordedRun {
    /// Takes the next record in.
    pub fn apply(&mut self, kind: &Kind) {
        match kind {
            Kind::Run(run) => self.run(run),
            Kind::Config(config) => {
                self.config.change(config);
            }
            Kind::Summary(summary) => self.summary.change(summary),
            Kind::History(history) => self.history(history),
            Kind::Exit(exit) => self.exit = Some(exit.clone()),
            Kind::Environment(environment) => {
                if !environment.args.is_empty() {
                    self.environment.args.clear();
                }
                merge(&mut self.environment, &**environment);
            }
            Kind::Telemetry(telemetry) => merge(&mut self.telemetry, telemetry),
            Kind::Files(files) => {
                for file in &files.files {
                    replace(&mut self.files, file, |a, b| a.path == b.path);
                }
            }
            Kind::Metric(metric) => replace(&mut self.metrics, metric, |a, b| {
                (&a.name, &a.glob_name) == (&b.name, &b.glob_name)
            }),
            Kind::Preempting(_) => self.preempting = true,
            Kind::Output(output) | Kind::OutputRaw(output) => {
                if let Some(time) = &output.timestamp {
                    self.see(time.as_secs_f64());
                }
            }
            Kind::Stats(stats) => {
                if let Some(time) = &stats.timestamp {
                    self.see(time.as_secs_f64());
                }
                for item in &stats.item {
                    if !self.system.contains(&item.key) {
                        self.system.insert(item.key.clone());
                    }
                }
            }
            _ => {}
        }
    }

    /// How the run stands; `growing` says that its log was written a moment ago.
    pub fn state(&self, growing: bool) -> State {
        match &self.exit {
            Some(exit) if exit.exit_code == 0 => State::Finished,
            Some(exit) => State::Failed(exit.exit_code),
            None if growing => State::Running,
            None => State::Crashed,
        }
    }

    /// Seconds that the run took, or has taken so far.
    pub fn seconds(&self) -> Option<f64> {
        let told = self.exit.as_ref().map(|exit| f64::from(exit.runtime));
        if let Some(seconds) = told.filter(|seconds| *seconds > 0.0) {
            return Some(seconds);
        }
        let start = self.run.start_time.map(|start| start.as_secs_f64());
        let ran = [
            self.summary.number(&["_runtime"]),
            self.summary.number(&["_wandb", "runtime"]),
            self.last.number(&["_runtime"]),
            start.and_then(|start| Some(self.seen?.1 - start)),
        ];
        ran.into_iter()
            .flatten()
            .filter(|seconds| *seconds >= 0.0)
            .reduce(f64::max)
            .or(told)
    }

    fn run(&mut self, run: &RunRecord) {
        self.described = true;
        if let Some(config) = &run.config {
            self.config.change(config);
        }
        if let Some(telemetry) = &run.telemetry {
            merge(&mut self.telemetry, telemetry);
        }
        // Tags are replaced; a record that names none leaves those that are there.
        if !run.tags.is_empty() {
            self.run.tags.clear();
        }
        let rest = RunRecord {
            config: None,
            telemetry: None,
            ..run.clone()
        };
        merge(&mut self.run, &rest);
    }

    fn history(&mut self, history: &HistoryRecord) {
        self.rows += 1;
        if let Some(step) = &history.step {
            self.last_step = Some(step.num);
        }
        for item in &history.item {
            self.last.set(item.path(), &json_of(item));
        }
        if history.step.is_none()
            && let Some(step) = self.last.number(&["_step"])
        {
            self.last_step = Some(step as i64);
        }
        if let Some(time) = self.last.number(&["_timestamp"]) {
            self.see(time);
        }
    }

    fn see(&mut self, seconds: f64) {
        let (first, last) = self.seen.unwrap_or((seconds, seconds));
        self.seen = Some((first.min(seconds), last.max(seconds)));
    }
}

/// Adds what `later` sets. A message merges with its own encoding: that cannot fail.
fn merge<M: Message>(into: &mut M, later: &M) {
    let _ = into.merge(later.encode_to_vec().as_slice());
}

fn replace<T: Clone>(list: &mut Vec<T>, item: &T, same: impl Fn(&T, &T) -> bool) {
    match list.iter_mut().find(|known| same(known, item)) {
        Some(known) => known.clone_from(item),
        None => list.push(item.clone()),
    }
}

/// The JSON text of a history value; a typed value wins.
pub fn json_of(item: &HistoryItem) -> std::borrow::Cow<'_, str> {
    let value = match &item.value {
        None => return item.value_json.as_str().into(),
        Some(TypedValue::Json(text)) => return text.as_str().into(),
        Some(TypedValue::None(_)) => Value::Null,
        Some(TypedValue::Boolean(flag)) => Value::Bool(*flag),
        Some(TypedValue::Integer(number)) => Value::Int(*number),
        Some(TypedValue::Number(number)) => Value::Float(*number),
        Some(TypedValue::Text(text)) => Value::Text(text.clone()),
    };
    value.to_json().into()
}

/// Nested values by path, each as JSON text. Null is no value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Leaves(BTreeMap<Vec<String>, String>);

impl Leaves {
    /// Sets the value at a path; what stood there, below it or on the way there is lost.
    pub fn set(&mut self, path: &[String], json: &str) {
        if json == "null" {
            self.remove(path);
        } else if let Some(known) = self.0.get_mut(path) {
            json.clone_into(known);
        } else {
            self.remove(path);
            for depth in 1..path.len() {
                self.0.remove(&path[..depth]);
            }
            self.0.insert(path.to_vec(), json.to_owned());
        }
    }

    /// Takes a value, or all below it, away.
    pub fn remove(&mut self, path: &[String]) {
        // All that begins with the path stands in one row behind it.
        let below: Vec<Vec<String>> = self
            .0
            .range(path.to_vec()..)
            .take_while(|(name, _)| name.starts_with(path))
            .map(|(name, _)| name.clone())
            .collect();
        for name in below {
            self.0.remove(&name);
        }
    }

    fn change(&mut self, summary: &SummaryRecord) {
        for item in &summary.update {
            self.set(item.path(), &item.value_json);
        }
        for item in &summary.remove {
            self.remove(item.path());
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Path and JSON text of each value, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&[String], &str)> {
        self.0
            .iter()
            .map(|(path, json)| (path.as_slice(), json.as_str()))
    }

    /// The number at a path, if one stands there.
    pub fn number(&self, path: &[&str]) -> Option<f64> {
        let path: Vec<String> = path.iter().map(|&part| part.to_owned()).collect();
        Value::parse(self.0.get(&path)?).ok()?.as_f64()
    }

    /// All values as nested objects; what is no JSON is text.
    pub fn tree(&self) -> Value {
        let mut root = Vec::new();
        for (path, json) in &self.0 {
            let value = Value::parse(json).unwrap_or_else(|_| json.as_str().into());
            insert(&mut root, path, value);
        }
        Value::Map(root)
    }
}

/// Names come sorted, so an object that is begun is the last member.
fn insert(members: &mut Vec<(String, Value)>, path: &[String], value: Value) {
    let Some((key, rest)) = path.split_first() else {
        return;
    };
    if rest.is_empty() {
        members.push((key.clone(), value));
        return;
    }
    if members.last().is_none_or(|(name, _)| name != key) {
        members.push((key.clone(), Value::Map(Vec::new())));
    }
    if let Some((_, Value::Map(inner))) = members.last_mut() {
        insert(inner, rest, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::schema::{ConfigRecord, HistoryStep, KeyedItem, Timestamp};

    fn item(path: &[&str], json: &str) -> KeyedItem {
        KeyedItem {
            nested_key: path.iter().map(|&part| part.to_owned()).collect(),
            value_json: json.to_owned(),
            ..KeyedItem::default()
        }
    }

    fn summary(update: &[KeyedItem], remove: &[KeyedItem]) -> Kind {
        Kind::Summary(SummaryRecord {
            update: update.to_vec(),
            remove: remove.to_vec(),
        })
    }

    #[test]
    fn summary_values_replace_each_other_by_their_place() {
        let mut run = RecordedRun::default();
        run.apply(&summary(
            &[item(&["a", "b"], "1"), item(&["a", "c"], "2")],
            &[],
        ));
        run.apply(&summary(
            &[item(&["x"], r#"{"y":1}"#), item(&["a", "c"], "3")],
            &[],
        ));
        assert_eq!(
            run.summary.tree().to_json(),
            r#"{"a":{"b":1,"c":3},"x":{"y":1}}"#
        );
        run.apply(&summary(
            &[item(&["a"], "5"), item(&["x", "z"], "NaN")],
            &[],
        ));
        assert_eq!(run.summary.tree().to_json(), r#"{"a":5,"x":{"z":NaN}}"#);
        run.apply(&summary(&[item(&["a"], "null")], &[item(&["x"], "")]));
        assert!(run.summary.is_empty());
    }

    #[test]
    fn later_run_records_change_what_they_name() {
        let mut run = RecordedRun::default();
        let first = RunRecord {
            run_id: "r".into(),
            project: "p".into(),
            display_name: "first".into(),
            tags: vec!["a".into(), "b".into()],
            config: Some(ConfigRecord {
                update: vec![item(&["lr"], "0.1"), item(&["opt", "name"], "\"adam\"")],
                remove: vec![],
            }),
            start_time: Some(Timestamp {
                seconds: 100,
                nanos: 0,
            }),
            ..RunRecord::default()
        };
        run.apply(&Kind::Run(Box::new(first)));
        run.apply(&Kind::Run(Box::new(RunRecord {
            display_name: "second".into(),
            ..RunRecord::default()
        })));
        run.apply(&Kind::Config(ConfigRecord {
            update: vec![item(&["opt", "beta"], "0.9")],
            remove: vec![item(&["lr"], "")],
        }));
        assert_eq!(
            (run.run.project.as_str(), run.run.display_name.as_str()),
            ("p", "second")
        );
        assert_eq!(run.run.tags, ["a", "b"]);
        run.apply(&Kind::Run(Box::new(RunRecord {
            tags: vec!["c".into()],
            ..RunRecord::default()
        })));
        assert_eq!(run.run.tags, ["c"]);
        assert_eq!(
            Value::Map(run.config.members().to_vec()).to_json(),
            r#"{"opt":{"name":"adam","beta":0.9}}"#
        );
    }

    #[test]
    fn rows_states_and_times() {
        let mut run = RecordedRun::default();
        assert_eq!(run.state(true), State::Running);
        assert_eq!(run.state(false).to_string(), "crashed");
        assert_eq!(run.seconds(), None);
        for (step, loss) in [(0, "2"), (7, "1.5")] {
            let value = |key: &str, json: &str| HistoryItem {
                key: key.into(),
                value_json: json.into(),
                ..HistoryItem::default()
            };
            run.apply(&Kind::History(HistoryRecord {
                item: vec![value("loss", loss), value("_runtime", "3.5")],
                step: Some(HistoryStep { num: step }),
            }));
        }
        assert_eq!(
            (run.rows, run.last_step, run.seconds()),
            (2, Some(7), Some(3.5))
        );
        assert_eq!(run.last.tree().to_json(), r#"{"_runtime":3.5,"loss":1.5}"#);
        run.apply(&Kind::Exit(RunExitRecord {
            exit_code: 3,
            runtime: 9,
        }));
        assert_eq!(run.state(true).to_string(), "failed(3)");
        assert_eq!(run.seconds(), Some(9.0));
    }
}
