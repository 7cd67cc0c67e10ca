//! Config files in YAML or JSON: `lr: 0.1`, or as the official client writes them, `lr: {value: 0.1}`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::wire::json::Value;

/// The config values in a file's text; errors tell line and column.
pub fn parse(text: &str) -> Result<Vec<(String, Value)>, String> {
    let Node(value) =
        serde_saphyr::from_str(text).map_err(|error| first_line(&error.to_string()))?;
    let members = match value {
        Value::Map(members) => members,
        Value::Null => return Ok(Vec::new()),
        other => {
            return Err(format!(
                "expected `name: value` lines, found {}",
                other.kind()
            ));
        }
    };
    Ok(members
        .into_iter()
        .filter(|(key, _)| key != "wandb_version" && key != "_wandb")
        .map(|(key, value)| {
            let inner = value.get("value").cloned();
            (key, inner.unwrap_or(value))
        })
        .collect())
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or("not YAML").to_owned()
}

/// A YAML node as a JSON value.
struct Node(Value);

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor).map(Node)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).map_or(Value::Float(value as f64), Value::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Node(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Vec::new();
        while let Some((Node(key), Node(value))) = members.next_entry()? {
            let key = match key {
                Value::Text(text) => text,
                Value::Map(_) | Value::List(_) => return Err(A::Error::custom("a key is no text")),
                other => other.to_json(),
            };
            map.push((key, value));
        }
        Ok(Value::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        parse(text).map_or_else(
            |error| format!("error: {error}"),
            |members| Value::Map(members).to_json(),
        )
    }

    #[test]
    fn both_forms_are_read() {
        assert_eq!(
            json(
                "lr: 1e-3\nlayers: [64, 128]\nopt:\n  name: adam\n  nesterov: true\nnone: null\n5: x\ns: \"3\"\n"
            ),
            r#"{"lr":0.001,"layers":[64,128],"opt":{"name":"adam","nesterov":true},"none":null,"5":"x","s":"3"}"#
        );
        assert_eq!(
            json("wandb_version: 1\nlr:\n  desc: null\n  value: 0.1\n"),
            r#"{"lr":0.1}"#
        );
        assert_eq!(json("{\"a\": {\"b\": [1.5]}}"), r#"{"a":{"b":[1.5]}}"#);
        assert_eq!(json(""), "{}");
    }

    #[test]
    fn errors_say_where() {
        assert!(json("? {a: 1}\n: 2\n").contains("a key is no text"));
        assert_eq!(
            json("- 1\n"),
            "error: expected `name: value` lines, found a list"
        );
        let error = json("lr: [1,\nx: 2\n");
        assert!(
            error.starts_with("error: ") && error.contains("line"),
            "{error}"
        );
    }
}
