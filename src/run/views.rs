//! What is to be seen of a run: for the footer, for clients that ask, for files that are made from it.

use super::config::Config;
use super::series::Series;
use super::{Now, RunState, run_time};
use crate::wire::json::Value;
use crate::wire::schema::{KeyedItem, RunRecord};

impl RunState {
    /// How many files the run has: other, W&B's own with those that are made at the end, media, of artifacts.
    pub fn file_counts(&self) -> [u64; 4] {
        let mut counts = [0, 4, 0, 0];
        for kind in self.files.values() {
            if let Some(count) = counts.get_mut(*kind as usize) {
                *count += 1;
            }
        }
        counts
    }

    /// The step of the row that is being collected.
    pub fn step(&self) -> i64 {
        self.step
    }

    /// Every summary value, as the official client asks for it: top-level ones by key, others by path.
    pub fn summary_items(&self, now: Now) -> Vec<KeyedItem> {
        let mut items: Vec<KeyedItem> = self
            .columns
            .summary_leaves()
            .map(|(path, json)| match path {
                [key] => KeyedItem {
                    key: key.clone(),
                    value_json: json.into_owned(),
                    ..KeyedItem::default()
                },
                path => KeyedItem {
                    nested_key: path.to_vec(),
                    value_json: json.into_owned(),
                    ..KeyedItem::default()
                },
            })
            .collect();
        if self.rows > 0 {
            let number = |key: &str, json: String| KeyedItem {
                key: key.to_owned(),
                value_json: json,
                ..KeyedItem::default()
            };
            items.push(number("_timestamp", self.last_timestamp.clone()));
            items.push(number("_step", self.last_step.to_string()));
            items.push(number("_runtime", now.elapsed.as_secs().to_string()));
            items.push(run_time(now));
        }
        items
    }

    /// The course of every top-level metric in at most this many values.
    pub fn samples(&self, width: usize) -> Vec<(String, Vec<f64>)> {
        self.columns
            .series()
            .map(|(name, series)| (name.to_owned(), series.sample(width)))
            .collect()
    }

    /// The run's identity as it is now.
    pub fn run(&self) -> &RunRecord {
        &self.run
    }

    /// The whole config, by top-level key.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Number of history rows written.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The summary as nested objects, with the reserved keys; what `wandb-summary.json` holds at the end.
    pub fn summary(&self, now: Now) -> Value {
        let mut members = self.columns.summary_tree();
        if self.rows > 0 {
            let timestamp = Value::parse(&self.last_timestamp).unwrap_or(Value::Null);
            members.push(("_timestamp".into(), timestamp));
            members.push(("_step".into(), Value::Int(self.last_step)));
        }
        let seconds = Value::Int(now.elapsed.as_secs() as i64);
        members.push(("_runtime".into(), seconds.clone()));
        members.push((
            "_wandb".into(),
            Value::Map(vec![("runtime".into(), seconds)]),
        ));
        Value::Map(members)
    }

    /// Top-level metrics for people: not the private ones, not those that serve as x axis; sorted by name.
    pub fn history_view(&self) -> Vec<(&str, &Series)> {
        self.columns.history_view()
    }

    /// Top-level summary values for people, sorted by name; see [`RunState::history_view`].
    pub fn summary_view(&self) -> Vec<(&str, Value)> {
        self.columns.summary_view()
    }
}
