//! Summary values for people.

use crate::wire::json::Value;

/// Longest text that is shown whole.
const TEXT: usize = 20;

/// A summary value in a few characters; `None` for what does not fit a line (lists, objects, null).
/// As the official client: floats to five decimals, but small ones to five significant digits.
pub fn show(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::List(_) | Value::Map(_) => None,
        Value::Bool(flag) => Some(if *flag { "True" } else { "False" }.to_owned()),
        Value::Int(i) => Some(i.to_string()),
        Value::Float(f) => Some(float(*f)),
        Value::Text(text) => Some(short(text)),
    }
}

fn float(f: f64) -> String {
    if f.is_nan() {
        return "nan".to_owned();
    }
    if f.is_infinite() {
        return if f > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    if f == 0.0 {
        return "0".to_owned();
    }
    if f.abs() < 0.1 {
        let text = format!("{f:.4e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        if f.abs() >= 1e-4 {
            let decimals = 4 + exponent.parse::<i32>().map_or(0, i32::abs) as usize;
            return trimmed(&format!("{f:.decimals$}")).to_owned();
        }
        let exponent: i32 = exponent.parse().unwrap_or(0);
        return format!("{}e-{:02}", trimmed(digits), exponent.abs());
    }
    if f.abs() >= 1e16 {
        let text = format!("{f:e}");
        return text.replace('e', "e+");
    }
    trimmed(&format!("{f:.5}")).to_owned()
}

fn trimmed(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}

fn short(text: &str) -> String {
    let mut chars = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let head: String = chars.by_ref().take(TEXT).collect();
    if head.chars().count() < TEXT {
        head
    } else {
        head + "..."
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_as_people_read_them() {
        for (json, shown) in [
            ("0.959491", "0.95949"),
            ("0.10552", "0.10552"),
            ("0.123455", "0.12345"),
            ("2.0", "2"),
            ("-0.0", "0"),
            ("4e-6", "4e-06"),
            ("2.123456e-7", "2.1235e-07"),
            ("0.00123456", "0.0012346"),
            ("0.05", "0.05"),
            ("1234567.891", "1234567.891"),
            ("1e15", "1000000000000000"),
            ("1e16", "1e+16"),
            ("123456789012345678", "123456789012345678"),
            ("true", "True"),
            ("NaN", "nan"),
            ("-Infinity", "-inf"),
            ("\"short\"", "short"),
            ("\"exactly twenty chars\"", "exactly twenty chars..."),
            ("\"two\\nlines\"", "two lines"),
        ] {
            assert_eq!(
                show(&Value::parse(json).unwrap()).as_deref(),
                Some(shown),
                "{json}"
            );
        }
        for json in ["null", "[1]", "{}"] {
            assert_eq!(show(&Value::parse(json).unwrap()), None);
        }
    }
}
