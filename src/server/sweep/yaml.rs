//! YAML as a JSON value: keys are text, and what is in a document twice is in the value twice.

use crate::wire::json::Value;
use crate::wire::yaml::Node;

/// Parses one YAML document. The error is one line.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    let options = serde_saphyr::options! {
        // Python writes them, and JSON as the W&B tools speak it has them.
        non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::PassThrough,
        // The client dumps `true`; a bare `y` or `on` there is a text.
        strict_booleans: true,
    };
    let tree: Result<Node, _> = serde_saphyr::from_str_with_options(text, options);
    tree.map(|tree| tree.0).map_err(|error| {
        let text = error.to_string();
        text.lines().next().unwrap_or_default().to_owned()
    })
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
