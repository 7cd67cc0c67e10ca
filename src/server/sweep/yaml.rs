//! YAML as a JSON value: keys are text, and what is in a document twice is in the value twice.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::wire::json::Value;

/// Parses one YAML document. The error is one line.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    let options = serde_saphyr::options! {
        // Python writes them, and JSON as the W&B tools speak it has them.
        non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::PassThrough,
        // The client dumps `true`; a bare `y` or `on` there is a text.
        strict_booleans: true,
    };
    let tree: Result<Tree, _> = serde_saphyr::from_str_with_options(text, options);
    tree.map(|tree| tree.0).map_err(|error| {
        let text = error.to_string();
        text.lines().next().unwrap_or_default().to_owned()
    })
}

struct Tree(Value);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor).map(Self)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, on: bool) -> Result<Value, E> {
        Ok(Value::Bool(on))
    }

    fn visit_i64<E>(self, i: i64) -> Result<Value, E> {
        Ok(Value::Int(i))
    }

    fn visit_u64<E>(self, i: u64) -> Result<Value, E> {
        Ok(i64::try_from(i).map_or(Value::Float(i as f64), Value::Int))
    }

    fn visit_i128<E>(self, i: i128) -> Result<Value, E> {
        Ok(i64::try_from(i).map_or(Value::Float(i as f64), Value::Int))
    }

    fn visit_u128<E>(self, i: u128) -> Result<Value, E> {
        Ok(i64::try_from(i).map_or(Value::Float(i as f64), Value::Int))
    }

    fn visit_f64<E>(self, f: f64) -> Result<Value, E> {
        Ok(Value::Float(f))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Tree::deserialize(deserializer).map(|tree| tree.0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Tree(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut members = Vec::new();
        while let Some((Tree(key), Tree(value))) = entries.next_entry()? {
            let key = match key {
                Value::Text(text) => text,
                Value::Map(_) | Value::List(_) => return Err(A::Error::custom("a key is no text")),
                other => other.to_json(),
            };
            members.push((key, value));
        }
        Ok(Value::Map(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_becomes_json() {
        for (yaml, json) in [
            (
                "a: 1\nb: [1.5, 1e-3, x, 'y', \"1\", true, null, ~, .inf]",
                r#"{"a":1,"b":[1.5,0.001,"x","y","1",true,null,null,Infinity]}"#,
            ),
            ("a:\n  - b: c\n    1: 2", r#"{"a":[{"b":"c","1":2}]}"#),
            ("a: 12345678901234567890", r#"{"a":1.2345678901234567e19}"#),
            ("{\"a\": {\"b\": []}}", r#"{"a":{"b":[]}}"#),
        ] {
            assert_eq!(
                parse(yaml).map(|value| value.to_json()).as_deref(),
                Ok(json),
                "{yaml}"
            );
        }
        assert!(parse("a: [1").is_err());
        assert!(parse("[]: 1").is_err());
        assert!(parse(&"[".repeat(100_000)).is_err());
        assert!(parse(&"- ".repeat(100_000)).is_err());
    }
}
