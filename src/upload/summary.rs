//! The summary as the log tells it, record by record.
//!
//! A run has two summary records a row, and each row sets the same keys again. A record is therefore only put aside
//! until the summary is asked for; one that sets the same keys later takes its place. Source:
//! `core/internal/runsummary` of the official repository.

use std::collections::HashMap;

use prost::Message as _;

use crate::wire::json::Value;
use crate::wire::keys::{Aside, Put, summary_keys};
use crate::wire::proto::ProtoError;
use crate::wire::schema::SummaryRecord;

/// Most records that are put aside.
const WAITING: usize = 8;

/// A summary that is being put together.
#[derive(Debug)]
pub struct Summary {
    members: Vec<(String, Value)>,
    places: HashMap<String, usize>,
    /// Records by a hash of the keys that they set.
    waiting: Aside<u64>,
    changed: bool,
}

impl Default for Summary {
    fn default() -> Self {
        Self {
            members: Vec::new(),
            places: HashMap::new(),
            waiting: Aside::new(WAITING),
            changed: false,
        }
    }
}

impl Summary {
    /// Takes an encoded `SummaryRecord`.
    pub fn push(&mut self, record: &[u8]) -> Result<(), ProtoError> {
        self.changed = true;
        let Some(keys) = summary_keys(record)? else {
            // It takes something away: what came before must be there first.
            self.settle();
            self.apply(record);
            return Ok(());
        };
        if self.waiting.put(keys, record) == Put::Full {
            self.settle();
            self.waiting.put(keys, record);
        }
        Ok(())
    }

    /// What a run that is gone on with had before.
    pub fn start_from(&mut self, members: Vec<(String, Value)>) {
        let own = std::mem::take(&mut self.members);
        self.places.clear();
        for (key, value) in members.into_iter().chain(own) {
            self.set(&[key], value);
        }
        self.changed = true;
    }

    /// Whether it has changed since this was asked last.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// Whether it has changed since [`Summary::take_changed`].
    pub fn has_changed(&self) -> bool {
        self.changed
    }

    /// The summary; `step` is that of the last row, which no record tells reliably.
    pub fn members(&mut self, step: Option<i64>) -> &[(String, Value)] {
        self.settle();
        if let Some(step) = step {
            self.set(&["_step".to_owned()], Value::Int(step));
        }
        &self.members
    }

    /// The summary as JSON.
    pub fn json(&mut self, step: Option<i64>) -> String {
        self.members(step);
        let mut out = String::from("{");
        for (i, (key, value)) in self.members.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            crate::wire::json::write_text(key, &mut out);
            out.push(':');
            value.write(&mut out);
        }
        out.push('}');
        out
    }

    fn settle(&mut self) {
        for record in self.waiting.take() {
            self.apply(&record);
        }
    }

    fn apply(&mut self, record: &[u8]) {
        // Its fields were walked over when it came.
        let Ok(record) = SummaryRecord::decode(record) else {
            return;
        };
        for item in &record.update {
            let Ok(value) = Value::parse(&item.value_json) else {
                continue;
            };
            let path = item.path();
            if path == ["_step"] {
                continue;
            }
            match value {
                Value::Null => self.remove(path),
                value => self.set(path, value),
            }
        }
        for item in &record.remove {
            self.remove(item.path());
        }
    }

    fn set(&mut self, path: &[String], value: Value) {
        let Some((first, rest)) = path.split_first() else {
            return;
        };
        let place = self.places.get(first).copied().unwrap_or_else(|| {
            self.members.push((first.clone(), Value::Null));
            self.members.len() - 1
        });
        if place + 1 == self.members.len() {
            self.places.insert(first.clone(), place);
        }
        self.members[place].1.put(rest, value);
    }

    fn remove(&mut self, path: &[String]) {
        let Some((first, rest)) = path.split_first() else {
            return;
        };
        let Some(place) = self.places.get(first).copied() else {
            return;
        };
        if remove_below(&mut self.members[place].1, rest) {
            self.members.remove(place);
            let members = self.members.iter().enumerate();
            self.places = members.map(|(i, (key, _))| (key.clone(), i)).collect();
        }
    }
}

/// Takes a value away; true if the whole slot is to go, with the objects on the way that are empty then.
fn remove_below(slot: &mut Value, path: &[String]) -> bool {
    let Some((first, rest)) = path.split_first() else {
        return true;
    };
    let Value::Map(members) = slot else {
        return false;
    };
    let Some(place) = members.iter().position(|(key, _)| key == first) else {
        return false;
    };
    if remove_below(&mut members[place].1, rest) {
        members.remove(place);
    }
    members.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::schema::KeyedItem;

    fn item(path: &str, json: &str) -> KeyedItem {
        KeyedItem {
            nested_key: path.split('/').map(str::to_owned).collect(),
            value_json: json.to_owned(),
            ..KeyedItem::default()
        }
    }

    fn record(update: &[(&str, &str)], remove: &[&str]) -> Vec<u8> {
        SummaryRecord {
            update: update.iter().map(|(path, json)| item(path, json)).collect(),
            remove: remove.iter().map(|path| item(path, "")).collect(),
        }
        .encode_to_vec()
    }

    #[test]
    fn later_records_win_whatever_was_put_aside() {
        let mut summary = Summary::default();
        for i in 0..100 {
            let json = i.to_string();
            let runtime = [("_wandb/runtime", json.as_str()), ("_runtime", &json)];
            summary.push(&record(&runtime, &[])).unwrap();
            let row = [("loss", json.as_str()), ("_runtime", "1.5"), ("_step", "7")];
            summary.push(&record(&row, &[])).unwrap();
        }
        assert!(summary.waiting.count() <= 2);
        assert_eq!(
            summary.json(Some(99)),
            r#"{"_wandb":{"runtime":99},"_runtime":1.5,"loss":99,"_step":99}"#
        );
        summary
            .push(&record(
                &[("a/b", "1"), ("a/c", "2"), ("loss", "null")],
                &[],
            ))
            .unwrap();
        summary.push(&record(&[], &["a/b"])).unwrap();
        assert_eq!(
            summary.json(Some(100)),
            r#"{"_wandb":{"runtime":99},"_runtime":1.5,"_step":100,"a":{"c":2}}"#
        );
        assert!(summary.take_changed() && !summary.take_changed());
    }

    #[test]
    fn a_run_that_goes_on_keeps_what_it_had() {
        let mut summary = Summary::default();
        summary.push(&record(&[("loss", "1")], &[])).unwrap();
        summary.start_from(vec![
            ("best".into(), Value::Int(3)),
            ("loss".into(), Value::Int(9)),
        ]);
        assert_eq!(summary.json(None), r#"{"best":3,"loss":1}"#);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            let mut summary = Summary::default();
            let _ = summary.push(&bytes);
            proptest::prop_assert!(Value::parse(&summary.json(None)).is_ok());
        }
    }
}
