//! A log as a whole: what its records say together, by the merge rules of the official sender.
//!
//! Written apart from the program's own folding, so that the two can disagree.

use std::collections::BTreeMap;
use std::path::Path;

use wandb_rs::run::Stream;
use wandb_rs::run::recorded::RecordedRun;
use wandb_rs::store::log_reader::{End, Item, LogReader};
use wandb_rs::term::ConsoleLog;
use wandb_rs::wire::json::Value;
use wandb_rs::wire::log::LogError;
use wandb_rs::wire::schema::{
    ConfigRecord, HistoryItem, HistoryRecord, KeyedItem, Kind, Record, RunRecord, TypedValue,
};

use super::protojson::canonical;

/// Everything that a reader gets out of one log.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) records: Vec<Record>,
    pub(crate) damage: Vec<LogError>,
    pub(crate) end: End,
}

impl Log {
    pub(crate) fn read(path: &Path) -> Self {
        let (mut records, mut damage) = (Vec::new(), Vec::new());
        let end = LogReader::open(path)
            .unwrap()
            .read(|item| match item {
                Item::Record(record) => records.push(record.decode().unwrap()),
                Item::Damage(error) => damage.push(error),
            })
            .unwrap();
        Self {
            records,
            damage,
            end,
        }
    }

    pub(crate) fn kinds(&self) -> impl Iterator<Item = &Kind> {
        let kind = |record: &'_ Record| record.kind.is_some();
        assert!(self.records.iter().all(kind), "a record of unknown kind");
        self.records
            .iter()
            .filter_map(|record| record.kind.as_ref())
    }

    /// How many records there are of each kind.
    pub(crate) fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for kind in self.kinds() {
            *counts.entry(kind.name()).or_default() += 1;
        }
        counts
    }

    pub(crate) fn runs(&self) -> impl Iterator<Item = &RunRecord> {
        self.kinds().filter_map(|kind| match kind {
            Kind::Run(run) => Some(&**run),
            _ => None,
        })
    }

    pub(crate) fn history(&self) -> impl Iterator<Item = &HistoryRecord> {
        self.kinds().filter_map(|kind| match kind {
            Kind::History(history) => Some(history),
            _ => None,
        })
    }

    /// The config of all run records and changes. Later run records repeat it, with what the client added.
    pub(crate) fn config(&self) -> Value {
        let mut tree = Tree::default();
        let mut change = |config: &ConfigRecord| {
            for item in &config.update {
                tree.merge(&path(&item.key, &item.nested_key), &json(item));
            }
            for item in &config.remove {
                tree.remove(&path(&item.key, &item.nested_key));
            }
        };
        for kind in self.kinds() {
            match kind {
                Kind::Run(run) => run.config.iter().for_each(&mut change),
                Kind::Config(config) => change(config),
                _ => {}
            }
        }
        tree.value()
    }

    /// The summary after the last record. A null takes a value away.
    pub(crate) fn summary(&self) -> Value {
        let mut tree = Tree::default();
        for kind in self.kinds() {
            if let Kind::Summary(summary) = kind {
                for item in &summary.update {
                    let path = path(&item.key, &item.nested_key);
                    match json(item) {
                        Value::Null => tree.remove(&path),
                        value => tree.set(&path, value),
                    }
                }
                for item in &summary.remove {
                    tree.remove(&path(&item.key, &item.nested_key));
                }
            }
        }
        tree.value()
    }

    /// Console fragments: `stdout` or `stderr`, and the text.
    pub(crate) fn console(&self) -> impl Iterator<Item = (Stream, &str)> {
        self.kinds().filter_map(|kind| match kind {
            Kind::OutputRaw(output) if output.output_type == 1 => {
                Some((Stream::Stdout, output.line.as_str()))
            }
            Kind::OutputRaw(output) => Some((Stream::Stderr, output.line.as_str())),
            _ => None,
        })
    }

    /// The console as the lines of `output.log`.
    pub(crate) fn output(&self) -> String {
        let mut log = ConsoleLog::default();
        for (stream, text) in self.console() {
            log.write(stream, text);
        }
        log.text()
    }

    /// Exit code and runtime.
    pub(crate) fn exit(&self) -> Option<(i32, i32)> {
        self.kinds().find_map(|kind| match kind {
            Kind::Exit(exit) => Some((exit.exit_code, exit.runtime)),
            _ => None,
        })
    }
}

/// The program's own fold of a log says the same.
#[track_caller]
pub(crate) fn assert_folds_alike(run: &RecordedRun, log: &Log, whose: &str) {
    let config = Value::Map(run.config.members().to_vec());
    // A null is a value for one and none for the other; an object without members likewise.
    assert_eq!(
        canonical(&without_nothing(&config)),
        canonical(&without_nothing(&log.config())),
        "config of {whose}"
    );
    assert_eq!(
        canonical(&run.summary.tree()),
        canonical(&log.summary()),
        "summary of {whose}"
    );
    assert_eq!(run.rows, log.history().count() as u64, "rows of {whose}");
    let last = log.history().last().and_then(|row| row.step.as_ref());
    if let Some(step) = last {
        assert_eq!(run.last_step, Some(step.num), "step of {whose}");
    }
    let exit = run.exit.as_ref().map(|exit| (exit.exit_code, exit.runtime));
    assert_eq!(exit, log.exit(), "exit of {whose}");
    if let Some(first) = log.runs().next() {
        assert_eq!(run.run.run_id, first.run_id, "id in {whose}");
    }
}

fn without_nothing(value: &Value) -> Value {
    match value {
        Value::Map(members) => Value::Map(
            members
                .iter()
                .map(|(key, value)| (key.clone(), without_nothing(value)))
                .filter(|(_, value)| *value != Value::Null && *value != Value::Map(Vec::new()))
                .collect(),
        ),
        other => other.clone(),
    }
}

/// A row as nested objects.
pub(crate) fn row(history: &HistoryRecord) -> Value {
    let mut tree = Tree::default();
    for item in &history.item {
        tree.merge(&path(&item.key, &item.nested_key), &value(item));
    }
    tree.value()
}

/// The typed value wins over the text.
fn value(item: &HistoryItem) -> Value {
    match &item.value {
        None => Value::parse(&item.value_json).unwrap(),
        Some(TypedValue::None(_)) => Value::Null,
        Some(TypedValue::Boolean(b)) => Value::Bool(*b),
        Some(TypedValue::Integer(i)) => Value::Int(*i),
        Some(TypedValue::Number(f)) => Value::Float(*f),
        Some(TypedValue::Text(text)) => Value::Text(text.clone()),
        Some(TypedValue::Json(text)) => Value::parse(text).unwrap(),
    }
}

fn json(item: &KeyedItem) -> Value {
    Value::parse(&item.value_json).unwrap()
}

/// `nested_key` wins over `key`, whose dots are not separators.
pub(crate) fn path(key: &str, nested_key: &[String]) -> Vec<String> {
    if nested_key.is_empty() {
        vec![key.to_owned()]
    } else {
        nested_key.to_vec()
    }
}

#[derive(Debug)]
enum Node {
    Leaf(Value),
    Branch(Tree),
}

#[derive(Debug, Default)]
struct Tree(BTreeMap<String, Node>);

impl Tree {
    /// Puts a value at a path; what stood there, or a leaf on the way there, is lost.
    fn set(&mut self, path: &[String], value: Value) {
        let (first, rest) = path.split_first().unwrap();
        if rest.is_empty() {
            self.0.insert(first.clone(), Node::Leaf(value));
            return;
        }
        let node = self
            .0
            .entry(first.clone())
            .or_insert_with(|| Node::Branch(Self::default()));
        if let Node::Leaf(_) = node {
            *node = Node::Branch(Self::default());
        }
        if let Node::Branch(tree) = node {
            tree.set(rest, value);
        }
    }

    /// Like [`Tree::set`], but an object is merged leaf by leaf; one without leaves leaves no trace.
    fn merge(&mut self, path: &[String], value: &Value) {
        let Value::Map(members) = value else {
            self.set(path, value.clone());
            return;
        };
        for (key, value) in members {
            self.merge(&[path, std::slice::from_ref(key)].concat(), value);
        }
    }

    fn remove(&mut self, path: &[String]) {
        let (first, rest) = path.split_first().unwrap();
        if rest.is_empty() {
            self.0.remove(first);
        } else if let Some(Node::Branch(tree)) = self.0.get_mut(first) {
            tree.remove(rest);
            if tree.0.is_empty() {
                self.0.remove(first);
            }
        }
    }

    fn value(&self) -> Value {
        let member = |(key, node): (&String, &Node)| {
            let value = match node {
                Node::Leaf(value) => value.clone(),
                Node::Branch(tree) => tree.value(),
            };
            (key.clone(), value)
        };
        Value::Map(self.0.iter().map(member).collect())
    }
}
