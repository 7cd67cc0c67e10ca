//! Config files in YAML or JSON: `lr: 0.1`, or as the official client writes them, `lr: {value: 0.1}`.

use crate::wire::json::Value;
use crate::wire::yaml::Node;

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
