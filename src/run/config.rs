//! The run's config: nested values by top-level key.

use std::collections::HashMap;

use crate::wire::json::Value;
use crate::wire::schema::ConfigRecord;

/// Config values in the order in which their keys first came.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    members: Vec<(String, Value)>,
    places: HashMap<String, usize>,
}

impl Config {
    /// Sets one top-level key. Objects are merged member by member, anything else replaces; NaN becomes null.
    pub fn update(&mut self, key: &str, value: &Value) {
        if let Some(place) = self.places.get(key) {
            merge_into(&mut self.members[*place].1, value);
        } else {
            self.places.insert(key.to_owned(), self.members.len());
            self.members.push((key.to_owned(), sanitized(value)));
        }
    }

    /// Makes the changes of a record. Returns how many values are no JSON: those are left out.
    pub fn change(&mut self, change: &ConfigRecord) -> u64 {
        let mut unreadable = 0;
        for item in &change.update {
            match Value::parse(&item.value_json) {
                Ok(value) => {
                    let path = item.path();
                    self.update(&path[0], &value.nested(&path[1..]));
                }
                Err(_) => unreadable += 1,
            }
        }
        for item in &change.remove {
            self.remove(item.path());
        }
        unreadable
    }

    /// Takes the value at a path away.
    pub fn remove(&mut self, path: &[String]) {
        let Some((key, rest)) = path.split_first() else {
            return;
        };
        let Some(place) = self.places.get(key).copied() else {
            return;
        };
        if rest.is_empty() {
            self.members.remove(place);
            self.places = self
                .members
                .iter()
                .enumerate()
                .map(|(place, (key, _))| (key.clone(), place))
                .collect();
        } else {
            remove_from(&mut self.members[place].1, rest);
        }
    }

    /// The values by top-level key.
    pub fn members(&self) -> &[(String, Value)] {
        &self.members
    }

    /// The value of a top-level key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.places.get(key).map(|place| &self.members[*place].1)
    }

    /// The whole config as a record, with the `_wandb` entry that readers expect.
    pub fn record(&self) -> ConfigRecord {
        let mut update: Vec<_> = self
            .members
            .iter()
            .map(|(key, value)| super::keyed(key, value))
            .collect();
        if self.get("_wandb").is_none() {
            update.push(super::keyed("_wandb", &Value::Map(Vec::new())));
        }
        ConfigRecord {
            update,
            remove: Vec::new(),
        }
    }
}

fn remove_from(value: &mut Value, path: &[String]) {
    let (Value::Map(members), Some((key, rest))) = (value, path.split_first()) else {
        return;
    };
    if rest.is_empty() {
        members.retain(|(name, _)| name != key);
    } else if let Some((_, value)) = members.iter_mut().find(|(name, _)| name == key) {
        remove_from(value, rest);
    }
}

fn merge_into(slot: &mut Value, value: &Value) {
    let (Value::Map(old), Value::Map(new)) = (&mut *slot, value) else {
        *slot = sanitized(value);
        return;
    };
    for (key, value) in new {
        match old.iter_mut().find(|(name, _)| name == key) {
            Some((_, slot)) => merge_into(slot, value),
            None => old.push((key.clone(), sanitized(value))),
        }
    }
}

/// Config has no NaN: the official sanitizer writes null.
fn sanitized(value: &Value) -> Value {
    match value {
        Value::Float(f) if f.is_nan() => Value::Null,
        Value::List(items) => Value::List(items.iter().map(sanitized).collect()),
        Value::Map(members) => Value::Map(
            members
                .iter()
                .map(|(key, value)| (key.clone(), sanitized(value)))
                .collect(),
        ),
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_away_by_their_path() {
        let mut config = Config::default();
        config.update("a", &Value::parse(r#"{"b":{"c":1,"d":2}}"#).unwrap());
        config.update("e", &Value::Int(3));
        let path = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
        config.remove(&path("a.b.c"));
        config.remove(&path("x.y"));
        assert_eq!(
            Value::Map(config.members().to_vec()).to_json(),
            r#"{"a":{"b":{"d":2}},"e":3}"#
        );
        config.remove(&path("a"));
        config.update("e", &Value::Int(4));
        assert_eq!(
            Value::Map(config.members().to_vec()).to_json(),
            r#"{"e":4}"#
        );
    }

    #[test]
    fn objects_merge_and_other_values_replace() {
        let mut config = Config::default();
        for (key, json) in [
            ("opt", r#"{"lr":0.1,"name":"adam"}"#),
            ("opt", r#"{"lr":0.2,"x":{"y":NaN}}"#),
            ("seed", "1"),
            ("seed", r#"{"a":1}"#),
        ] {
            config.update(key, &Value::parse(json).unwrap());
        }
        assert_eq!(
            Value::Map(config.members().to_vec()).to_json(),
            r#"{"opt":{"lr":0.2,"name":"adam","x":{"y":null}},"seed":{"a":1}}"#
        );
    }
}
