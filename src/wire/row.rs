//! Rows as lines of JSON, from the records in which they are encoded.
//!
//! This is the hot path of uploading: the record is walked without decoding it into messages, and values are copied as
//! the JSON text that they are. Source: `core/internal/runhistory` and `core/internal/filestream/updatestats.go` of
//! the official repository.
//!
//! ```text
//! HistoryRecord = item (1)*, step (2)       item  = key (1) | nested_key (2)*, value_json (16) | a typed value (3–8)
//! StatsRecord   = type (1), timestamp (2), item (3)*     item = key (1), value_json (16)
//! ```
//!
//! An item whose value is not JSON is left out and counted; the rest of its row is kept.

use std::fmt::Write as _;

use super::console::timestamp;
use super::json::{Number, Reader, Value, write_float, write_text};
use super::proto::{Content, Field, ProtoError, fields};

/// Gives rows their `_step`: each is larger than the one before it.
///
/// Source: `core/internal/stream/historystep.go` of the official repository.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Steps {
    next: i64,
}

impl Steps {
    /// Steps from this one on.
    pub fn starting_at(next: i64) -> Self {
        Self { next }
    }

    /// The step of the next row, which names one itself or does not.
    pub fn assign(&mut self, named: Option<i64>) -> i64 {
        let step = named.unwrap_or(self.next).max(self.next);
        self.next = step.saturating_add(1);
        step
    }

    /// The step that was assigned last; -1 if none was.
    pub fn last(self) -> i64 {
        self.next - 1
    }
}

/// One value of a row, as it is encoded.
struct Item<'a> {
    /// The path's first component; there are further ones in `rest`.
    first: &'a str,
    rest: Vec<&'a str>,
    value: Text<'a>,
}

/// JSON text, or a typed value that must be written as such.
#[derive(Clone, Copy)]
enum Text<'a> {
    None,
    Json(&'a str),
    Null,
    Bool(bool),
    Integer(i64),
    Number(f64),
    Plain(&'a str),
}

impl Text<'_> {
    fn write(self, out: &mut String) {
        match self {
            Self::None | Self::Null => out.push_str("null"),
            Self::Json(json) => out.push_str(json),
            Self::Bool(value) => out.push_str(if value { "true" } else { "false" }),
            Self::Integer(value) => {
                let _ = write!(out, "{value}");
            }
            Self::Number(value) => write_float(value, out),
            Self::Plain(text) => write_text(text, out),
        }
    }

    fn is_json(self) -> bool {
        match self {
            Self::Json(json) => is_json(json),
            Self::None => false,
            _ => true,
        }
    }

    fn integer(self) -> Option<i64> {
        match self {
            Self::Json(json) => json.parse().ok(),
            Self::Integer(value) => Some(value),
            Self::Number(value) if value.fract() == 0.0 && value.abs() < 9e15 => Some(value as i64),
            _ => None,
        }
    }
}

/// Whether a text is a JSON value; numbers, which most are, are told by their characters.
fn is_json(text: &str) -> bool {
    if is_plain(text.as_bytes()) {
        return true;
    }
    let mut reader = Reader::new(text);
    reader.value(0).is_ok() && reader.end().is_ok()
}

/// Whether a text is a number or a word of JSON's dialect, and so the same within a string.
fn is_plain(text: &[u8]) -> bool {
    match Number::read(text) {
        Ok(number) => {
            let unsigned = text.strip_prefix(b"-").unwrap_or(text);
            number.text == text && !matches!(unsigned, [b'0', b'0'..=b'9', ..])
        }
        Err(_) => matches!(
            text,
            b"NaN" | b"Infinity" | b"-Infinity" | b"true" | b"false" | b"null"
        ),
    }
}

/// Appends the row of an encoded `HistoryRecord` as the content of a JSON string, if it is flat and holds numbers only:
/// most rows do. Returns the length of the row itself; `None`, and nothing is done, if it is any other row.
pub fn flat_history(record: &[u8], steps: &mut Steps, out: &mut Vec<u8>) -> Option<usize> {
    let start = out.len();
    let mut named = None;
    let mut quotes = 0;
    out.push(b'{');
    for field in fields(record) {
        if field.is_ok_and(|field| field.number != 1) {
            continue;
        }
        let known = field.ok().and_then(|field| {
            let item = item(field.content.bytes()).ok()?;
            let Text::Json(json) = item.value else {
                return None;
            };
            let plain = item.rest.is_empty()
                && is_plain(json.as_bytes())
                && next_special(item.first.as_bytes()).is_none();
            plain.then_some((item.first, json))
        });
        let Some((key, json)) = known else {
            out.truncate(start);
            return None;
        };
        if key == "_step" {
            named = json.parse().ok();
            continue;
        }
        out.extend_from_slice(b"\\\"");
        out.extend_from_slice(key.as_bytes());
        out.extend_from_slice(b"\\\":");
        out.extend_from_slice(json.as_bytes());
        out.push(b',');
        quotes += 2;
    }
    let step = steps.assign(named);
    out.extend_from_slice(b"\\\"_step\\\":");
    let _ = write_number(step, out);
    out.push(b'}');
    Some(out.len() - start - quotes - 2)
}

fn write_number(number: i64, out: &mut Vec<u8>) -> std::io::Result<()> {
    use std::io::Write as _;
    write!(out, "{number}")
}

/// What was left out of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Values that were not JSON.
    pub values: u64,
}

/// Appends the row of an encoded `HistoryRecord` as one line of JSON, without a line end; returns its step.
pub fn history(
    record: &[u8],
    steps: &mut Steps,
    skipped: &mut Skipped,
    out: &mut String,
) -> Result<i64, ProtoError> {
    let start = out.len();
    let result = history_into(record, steps, skipped, out);
    if result.is_err() {
        out.truncate(start);
    }
    result
}

fn history_into(
    record: &[u8],
    steps: &mut Steps,
    skipped: &mut Skipped,
    out: &mut String,
) -> Result<i64, ProtoError> {
    let mut named = None;
    let mut deep: Option<Value> = None;
    let start = out.len();
    out.push('{');
    for field in fields(record) {
        let field = field?;
        if field.number != 1 {
            continue;
        }
        let item = item(field.content.bytes())?;
        if item.first == "_step" && item.rest.is_empty() {
            named = item.value.integer();
            continue;
        }
        if !item.value.is_json() {
            skipped.values += 1;
            continue;
        }
        if !item.rest.is_empty() && deep.is_none() {
            // Nested values of one object may stand apart: they are put together in memory.
            out.push('}');
            deep = Some(Value::parse(&out[start..]).unwrap_or(Value::Map(Vec::new())));
            out.truncate(start);
        }
        if let Some(row) = &mut deep {
            let mut text = String::new();
            item.value.write(&mut text);
            if let Ok(value) = Value::parse(&text) {
                let path: Vec<&str> = std::iter::once(item.first).chain(item.rest).collect();
                row.put(&path, value);
            }
            continue;
        }
        if out.len() > start + 1 {
            out.push(',');
        }
        write_text(item.first, out);
        out.push(':');
        item.value.write(out);
    }
    let step = steps.assign(named);
    if let Some(mut row) = deep {
        row.put(&["_step"], Value::Int(step));
        row.write(out);
        return Ok(step);
    }
    if out.len() > start + 1 {
        out.push(',');
    }
    let _ = write!(out, "\"_step\":{step}}}");
    Ok(step)
}

fn item(bytes: &[u8]) -> Result<Item<'_>, ProtoError> {
    let mut key = "";
    let mut first = None;
    let mut rest = Vec::new();
    let mut json = "";
    let mut typed = Text::None;
    for field in fields(bytes) {
        let Field {
            number, content, ..
        } = field?;
        match number {
            1 => key = content.text()?,
            2 if first.is_none() => first = Some(content.text()?),
            2 => rest.push(content.text()?),
            3 => typed = Text::Null,
            4 => typed = Text::Bool(content.number() != 0),
            5 => {
                let raw = content.number().cast_unsigned();
                typed = Text::Integer((raw >> 1).cast_signed() ^ -((raw & 1).cast_signed()));
            }
            6 => {
                if let Content::Fixed64(bits) = content {
                    typed = Text::Number(f64::from_bits(bits));
                }
            }
            7 => typed = Text::Plain(content.text()?),
            8 => typed = Text::Json(content.text()?),
            16 => json = content.text()?,
            _ => {}
        }
    }
    Ok(Item {
        first: first.unwrap_or(key),
        rest,
        value: match typed {
            Text::None if json.is_empty() => Text::None,
            Text::None => Text::Json(json),
            typed => typed,
        },
    })
}

/// Appends the sample of an encoded `StatsRecord` as one line of JSON; `start` is the run's start in seconds since
/// the Unix epoch.
pub fn stats(
    record: &[u8],
    start: f64,
    skipped: &mut Skipped,
    out: &mut String,
) -> Result<(), ProtoError> {
    let mut time = 0.0;
    let mut items = String::new();
    for field in fields(record) {
        let field = field?;
        match field.number {
            2 => {
                let (seconds, nanos) = timestamp(field.content.bytes())?;
                time = seconds as f64 + nanos as f64 / 1e9;
            }
            3 => {
                let item = item(field.content.bytes())?;
                if !item.value.is_json() {
                    skipped.values += 1;
                    continue;
                }
                items.push(',');
                write_text(&format!("system.{}", item.first), &mut items);
                items.push(':');
                item.value.write(&mut items);
            }
            _ => {}
        }
    }
    out.push_str("{\"_wandb\":true,\"_timestamp\":");
    write_float(time, out);
    out.push_str(",\"_runtime\":");
    write_float(time - start, out);
    out.push_str(&items);
    out.push('}');
    Ok(())
}

/// Appends a text as the content of a JSON string, without its quotes.
pub fn escape(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(at) = next_special(&bytes[from..]) {
        out.extend_from_slice(&bytes[from..from + at]);
        let byte = bytes[from + at];
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(byte >> 4)]);
                out.push(HEX[usize::from(byte & 15)]);
            }
        }
        from += at + 1;
    }
    out.extend_from_slice(&bytes[from..]);
}

fn next_special(bytes: &[u8]) -> Option<usize> {
    bytes
        .iter()
        .position(|byte| *byte < 0x20 || *byte == b'"' || *byte == b'\\')
}

/// Must not panic, and must give JSON, whatever the input.
#[doc(hidden)]
pub fn fuzz_row(input: &[u8]) {
    let mut line = String::new();
    let mut skipped = Skipped::default();
    if history(input, &mut Steps::default(), &mut skipped, &mut line).is_ok() {
        assert!(Value::parse(&line).is_ok(), "{line}");
    }
    line.clear();
    if stats(input, 0.0, &mut skipped, &mut line).is_ok() {
        assert!(Value::parse(&line).is_ok(), "{line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::schema::{
        HistoryItem, HistoryRecord, StatsItem, StatsRecord, Timestamp, TypedValue,
    };
    use prost::Message as _;

    fn flat(key: &str, json: &str) -> HistoryItem {
        HistoryItem {
            nested_key: vec![key.to_owned()],
            value_json: json.to_owned(),
            ..HistoryItem::default()
        }
    }

    fn nested(path: &[&str], json: &str) -> HistoryItem {
        HistoryItem {
            nested_key: path.iter().map(|part| (*part).to_owned()).collect(),
            value_json: json.to_owned(),
            ..HistoryItem::default()
        }
    }

    fn line(items: Vec<HistoryItem>, steps: &mut Steps) -> (String, u64) {
        let record = HistoryRecord {
            item: items,
            step: None,
        };
        let mut out = String::new();
        let mut skipped = Skipped::default();
        history(&record.encode_to_vec(), steps, &mut skipped, &mut out).unwrap();
        (out, skipped.values)
    }

    #[test]
    fn rows_keep_their_values_and_get_rising_steps() {
        let mut steps = Steps::starting_at(5);
        let rows = [
            vec![
                flat("loss", "0.50"),
                flat("_step", "0"),
                flat("a\"b", "NaN"),
            ],
            vec![flat("text", "\"x\\ny\""), flat("_step", "9")],
            vec![
                nested(&["n", "x"], "1"),
                flat("z", "[1,2]"),
                nested(&["n", "y.z"], "2"),
            ],
            vec![],
        ];
        let lines: Vec<String> = rows.map(|row| line(row, &mut steps).0).into();
        assert_eq!(
            lines,
            [
                r#"{"loss":0.50,"a\"b":NaN,"_step":5}"#,
                r#"{"text":"x\ny","_step":9}"#,
                r#"{"n":{"x":1,"y.z":2},"z":[1,2],"_step":10}"#,
                r#"{"_step":11}"#,
            ]
        );
        assert_eq!(steps.last(), 11);
    }

    #[test]
    fn typed_values_win_and_broken_ones_are_left_out() {
        let typed = |key: &str, value: TypedValue| HistoryItem {
            key: key.to_owned(),
            value: Some(value),
            value_json: "\"not this\"".to_owned(),
            ..HistoryItem::default()
        };
        let (line, skipped) = line(
            vec![
                typed("null", TypedValue::None(1)),
                typed("yes", TypedValue::Boolean(true)),
                typed("int", TypedValue::Integer(-3)),
                typed("float", TypedValue::Number(f64::NEG_INFINITY)),
                typed("text", TypedValue::Text("a\nb".into())),
                typed("json", TypedValue::Json("[1]".into())),
                flat("broken", "{\"a\":"),
                flat("empty", ""),
                flat("almost", "1.2.3"),
            ],
            &mut Steps::default(),
        );
        assert_eq!(
            line,
            r#"{"null":null,"yes":true,"int":-3,"float":-Infinity,"text":"a\nb","json":[1],"_step":0}"#
        );
        assert_eq!(skipped, 3);
    }

    #[test]
    fn samples_have_time_since_the_start() {
        let record = StatsRecord {
            timestamp: Some(Timestamp {
                seconds: 100,
                nanos: 500_000_000,
            }),
            item: vec![StatsItem {
                key: "cpu".into(),
                value_json: "1.5".into(),
            }],
            ..StatsRecord::default()
        };
        let mut out = String::new();
        stats(
            &record.encode_to_vec(),
            98.0,
            &mut Skipped::default(),
            &mut out,
        )
        .unwrap();
        assert_eq!(
            out,
            r#"{"_wandb":true,"_timestamp":100.5,"_runtime":2.5,"system.cpu":1.5}"#
        );
    }

    #[test]
    fn lines_within_strings_are_escaped() {
        let mut out = Vec::new();
        escape("{\"a\":\"b\\n\u{1}ü\"}\n", &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "{\\\"a\\\":\\\"b\\\\n\\u0001ü\\\"}\\n"
        );
    }

    #[test]
    fn flat_rows_are_the_same_the_short_way() {
        let rows = [
            vec![flat("loss", "0.50"), flat("_step", "7"), flat("ü", "-1e-3")],
            vec![flat("a", "NaN"), flat("b", "true"), flat("c", "-Infinity")],
            vec![],
        ];
        let (mut short, mut long) = (Steps::starting_at(3), Steps::starting_at(3));
        for row in rows {
            let record = HistoryRecord {
                item: row.clone(),
                step: None,
            };
            let mut escaped = Vec::new();
            let length = flat_history(&record.encode_to_vec(), &mut short, &mut escaped);
            let expected = line(row, &mut long).0;
            let mut expected_escaped = Vec::new();
            escape(&expected, &mut expected_escaped);
            assert_eq!(
                String::from_utf8(escaped).unwrap(),
                String::from_utf8(expected_escaped).unwrap()
            );
            assert_eq!(length, Some(expected.len()));
        }
        for row in [
            vec![flat("a", "\"x\"")],
            vec![flat("a", "01")],
            vec![flat("a", "1."), flat("b", "1")],
            vec![flat("a\"b", "1")],
            vec![nested(&["a", "b"], "1")],
        ] {
            let record = HistoryRecord {
                item: row,
                step: None,
            };
            let mut out = b"x".to_vec();
            assert_eq!(
                flat_history(&record.encode_to_vec(), &mut short, &mut out),
                None
            );
            assert_eq!(out, b"x");
        }
        assert_eq!(short, long);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_give_json_or_an_error(bytes: Vec<u8>) {
            fuzz_row(&bytes);
        }
    }
}
