//! YAML as the official client writes `config.yaml`: four blanks a level, block style, keys sorted.

use crate::wire::json::Value;

/// `config.yaml` for these config values: each top-level key gets a `value:`.
pub fn config_yaml(members: &[(String, Value)]) -> String {
    let mut out = String::new();
    for (key, value) in sorted(members) {
        out.push_str(&scalar_text(key));
        out.push_str(":\n    value:");
        node(value, 2, &mut out);
    }
    out
}

/// A value behind a `key:`; ends with a newline.
fn node(value: &Value, level: usize, out: &mut String) {
    match value {
        Value::Map(members) if !members.is_empty() => {
            out.push('\n');
            map(members, level, out);
        }
        Value::List(items) if !items.is_empty() => {
            out.push('\n');
            list(items, level, out);
        }
        _ => {
            out.push(' ');
            out.push_str(&scalar(value));
            out.push('\n');
        }
    }
}

fn map(members: &[(String, Value)], level: usize, out: &mut String) {
    for (key, value) in sorted(members) {
        indent(level, out);
        entry(key, value, level, out);
    }
}

fn entry(key: &str, value: &Value, level: usize, out: &mut String) {
    out.push_str(&scalar_text(key));
    out.push(':');
    node(value, level + 1, out);
}

fn sorted(members: &[(String, Value)]) -> Vec<&(String, Value)> {
    let mut members: Vec<_> = members.iter().collect();
    members.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    members
}

fn list(items: &[Value], level: usize, out: &mut String) {
    for item in items {
        indent(level, out);
        out.push('-');
        match item {
            // The first member stands behind the dash, the others below it; what is in them counts from the dash.
            Value::Map(members) if !members.is_empty() => {
                for (i, (key, value)) in sorted(members).into_iter().enumerate() {
                    if i > 0 {
                        indent(level, out);
                        out.push(' ');
                    }
                    out.push(' ');
                    entry(key, value, level, out);
                }
            }
            _ => node(item, level + 1, out),
        }
    }
}

fn indent(level: usize, out: &mut String) {
    out.extend(std::iter::repeat_n("    ", level));
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(i) => i.to_string(),
        Value::Float(f) if f.is_nan() => ".nan".to_owned(),
        Value::Float(f) if f.is_infinite() => if *f > 0.0 { ".inf" } else { "-.inf" }.to_owned(),
        Value::Float(_) => {
            let mut text = value.to_json();
            // YAML 1.1 reads a float only with a point and a signed exponent.
            if let Some(at) = text.find('e') {
                if !text[..at].contains('.') {
                    text.insert_str(at, ".0");
                }
                text = text.replace('e', "e+").replace("e+-", "e-");
            }
            text
        }
        Value::Text(text) => scalar_text(text),
        Value::List(_) => "[]".to_owned(),
        Value::Map(_) => "{}".to_owned(),
    }
}

/// Text, quoted where it would be read as something else.
fn scalar_text(text: &str) -> String {
    let words = [
        "", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "~",
    ];
    let special = words.contains(&text.to_ascii_lowercase().as_str())
        || text.starts_with(|c: char| {
            "!&*-?|>@`%{}[],#'\".:=<+~".contains(c) || c.is_ascii_digit() || c.is_whitespace()
        })
        || text.ends_with(|c: char| c == ':' || c.is_whitespace())
        || text.contains(": ")
        || text.contains(" #")
        || text.chars().any(char::is_control);
    if special {
        let mut out = String::new();
        crate::wire::json::write_text(text, &mut out);
        return out;
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_is_that_of_the_official_client() {
        let value = Value::parse(
            r#"{"lr":0.01,"nested":{"a":[1,{"b":null,"a":[]}],"e":{}},"_wandb":{"m":[{"1":"loss","6":[3],"7":[]}]},
                "inf":Infinity,"big":1e20,"s":"yes","p":"a: b","n":"12","ok":"plain text","t":true}"#,
        )
        .unwrap();
        let Value::Map(members) = value else { panic!() };
        let text = config_yaml(&members);
        insta::assert_snapshot!(text, @r#"
        _wandb:
            value:
                m:
                    - "1": loss
                      "6":
                        - 3
                      "7": []
        big:
            value: 1.0e+20
        inf:
            value: .inf
        lr:
            value: 0.01
        "n":
            value: "12"
        nested:
            value:
                a:
                    - 1
                    - a: []
                      b: null
                e: {}
        ok:
            value: plain text
        p:
            value: "a: b"
        s:
            value: "yes"
        t:
            value: true
        "#);
    }
}
