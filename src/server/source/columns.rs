//! What the runs of a project have: names for filters, tables and charts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::server::points::{KeyInfo, numbers};
use crate::server::run_list::Listed;
use crate::server::runs::{plain_config, step_metrics};
use crate::wire::json::Value as Wire;

/// What the runs of a project have, put together.
#[derive(Debug, Default)]
pub(super) struct Columns {
    config: BTreeSet<String>,
    summary: BTreeSet<String>,
    metrics: BTreeSet<String>,
    system: BTreeSet<String>,
    media: BTreeMap<String, String>,
    /// The step metric of each metric that has one.
    steps: BTreeMap<String, String>,
}

impl Columns {
    pub(super) fn add_run(&mut self, run: &Listed) {
        leaves(&plain_config(&run.config), "", &mut self.config);
        self.steps.extend(step_metrics(&run.config));
        if let Ok(summary) = Wire::parse(&run.summary) {
            leaves(&summary, "", &mut self.summary);
        }
    }

    pub(super) fn add_keys(&mut self, keys: &[KeyInfo]) {
        for key in keys.iter().filter(|key| !key.name.starts_with('_')) {
            if key.type_counts.contains_key("number") || key.derived {
                self.metrics.insert(key.name.clone());
            }
            let media = key.type_counts.keys().find(|kind| is_media(kind));
            if let Some(kind) = media {
                self.media.insert(key.name.clone(), kind.clone());
            }
        }
    }

    pub(super) fn add_system(&mut self, keys: &[KeyInfo]) {
        let names = keys
            .iter()
            .map(|key| &key.name)
            .filter(|name| !name.starts_with('_'));
        self.system.extend(names.cloned());
    }

    /// The names in a tree of the last values: what [`Columns::add_keys`] finds, where rows are not at hand.
    pub(super) fn add_last(&mut self, last: &Wire) {
        let Wire::Map(members) = last else {
            return;
        };
        for (name, value) in members.iter().filter(|(name, _)| !name.starts_with('_')) {
            match value.get("_type").and_then(Wire::as_str) {
                Some(kind) if is_media(kind) => {
                    self.media.insert(name.clone(), kind.to_owned());
                }
                _ => {
                    let mut found = Vec::new();
                    numbers(name, value, &mut found);
                    self.metrics.extend(found.into_iter().map(|(name, _)| name));
                }
            }
        }
    }

    /// Names of system metrics, without `system.` before them.
    pub(super) fn add_sampled<'a>(&mut self, names: impl IntoIterator<Item = &'a String>) {
        let names = names.into_iter().map(|name| format!("system.{name}"));
        self.system.extend(names);
    }

    pub(super) fn shown(&self) -> Value {
        let media: Vec<Value> = self
            .media
            .iter()
            .map(|(key, kind)| json!({"key": key, "type": kind}))
            .collect();
        json!({
            "config": self.config,
            "summary": self.summary,
            "metrics": self.metrics,
            "system": self.system,
            "media": media,
            "x": self.steps,
        })
    }
}

fn is_media(kind: &str) -> bool {
    kind.ends_with("-file")
        || kind.starts_with("images/")
        || matches!(kind, "histogram" | "audio" | "videos")
}

/// The names of the scalars in an object, with dots between those of nested ones.
fn leaves(value: &Wire, prefix: &str, names: &mut BTreeSet<String>) {
    let Wire::Map(members) = value else {
        return;
    };
    for (name, member) in members {
        let path = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        match member {
            Wire::Map(_) if member.get("_type").is_none() => leaves(member, &path, names),
            Wire::Map(_) => {}
            _ if prefix.is_empty()
                && name.starts_with('_')
                && name != "_runtime"
                && name != "_step" => {}
            _ => {
                names.insert(path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_values_name_what_can_be_plotted() {
        let last = r#"{"_step":3,"loss":0.5,"nan":NaN,"note":"x","opt":{"lr":0.1,"name":"sgd"},
            "picture":{"_type":"image-file","width":3},"weights":{"_type":"histogram","bins":[1]}}"#;
        let mut columns = Columns::default();
        columns.add_last(&Wire::parse(last).unwrap());
        columns.add_sampled(&["cpu".to_owned()]);
        let shown = columns.shown();
        assert_eq!(shown["metrics"], json!(["loss", "nan", "opt.lr"]));
        assert_eq!(shown["system"], json!(["system.cpu"]));
        assert_eq!(
            shown["media"],
            json!([{"key": "picture", "type": "image-file"}, {"key": "weights", "type": "histogram"}])
        );
    }
}
