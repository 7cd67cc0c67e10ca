//! Records as JSON lines, in the words of the official `wandb leet inspect --json`, straight from their bytes.
//!
//! That tool prints protojson with habits of its own: keyed items become one object with dotted names, step and exit
//! code are always there, non-finite numbers are text, and transport fields are left out. Beyond that, what a record
//! has and the table of [`super::names`] has not is named by its field numbers in `_unknown_fields`.

use chrono::{DateTime, SecondsFormat};

use super::json::{Value, write_text};
use super::names::{Field, Holds, Names, Shape};
use super::proto::{self, Content, Fields, ProtoError, fields};

/// Appends a record as one line of JSON, with its newline; nothing is appended if the record is not readable.
///
/// `num` is its place among the readable records, which the official tool prints instead of the record's own number.
pub fn write_line(
    names: &Names,
    num: u64,
    record: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), ProtoError> {
    let start = out.len();
    let mut writer = Writer {
        names,
        out,
        unknown: Vec::new(),
    };
    let written = writer.record(num, record);
    if written.is_err() {
        out.truncate(start);
    }
    written
}

/// A value in strict JSON: numbers that JSON does not have become text.
pub fn write_strict(value: &Value, out: &mut String) {
    match value {
        Value::Float(f) if !f.is_finite() => {
            out.push('"');
            value.write(out);
            out.push('"');
        }
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                comma(i == 0, out);
                write_strict(item, out);
            }
            out.push(']');
        }
        Value::Map(members) => {
            out.push('{');
            for (i, (key, value)) in members.iter().enumerate() {
                comma(i == 0, out);
                write_text(key, out);
                out.push(':');
                write_strict(value, out);
            }
            out.push('}');
        }
        _ => value.write(out),
    }
}

fn comma(first: bool, out: &mut String) {
    if !first {
        out.push(',');
    }
}

struct Writer<'a> {
    names: &'a Names,
    out: &'a mut Vec<u8>,
    /// Numbers of fields that are not in the table, of the messages that are being written.
    unknown: Vec<u32>,
}

impl Writer<'_> {
    fn record(&mut self, num: u64, record: &[u8]) -> Result<(), ProtoError> {
        let mut kind: Option<(u32, usize, &[u8])> = None;
        let mut joined = Vec::new();
        for field in fields(record) {
            let field = field?;
            let holds = self.names.record().field(field.number);
            match (field.number, holds.map(|(_, field)| field.holds)) {
                (number, Some(Holds::Message(message))) => {
                    let bytes = field.content.bytes();
                    match kind {
                        // The same message in parts.
                        Some((before, _, first)) if before == number => {
                            if joined.is_empty() {
                                joined.extend_from_slice(first);
                            }
                            joined.extend_from_slice(bytes);
                        }
                        // A record has one kind: the last one counts.
                        _ => {
                            joined.clear();
                            kind = Some((number, message, bytes));
                        }
                    }
                }
                (_, Some(_)) => {}
                (number, None) => self.unknown.push(number),
            }
        }
        self.plain("{\"num\":");
        self.plain(&num.to_string());
        self.plain(",\"type\":\"");
        let name = kind.and_then(|(number, ..)| self.names.record().field(number));
        let name = name.map_or("unknown", |(_, field)| field.name.as_str());
        self.plain(name);
        self.out.push(b'"');
        if let Some((_, message, bytes)) = kind {
            let bytes = if joined.is_empty() { bytes } else { &joined };
            self.out.push(b',');
            self.name(name);
            self.message(message, bytes)?;
        }
        self.close(false, 0);
        self.out.push(b'\n');
        Ok(())
    }

    /// Ends a message; its unknown fields are those from this place on.
    fn close(&mut self, first: bool, unknown_from: usize) {
        if self.unknown.len() > unknown_from {
            self.comma(first);
            self.plain("\"_unknown_fields\":[");
            self.unknown[unknown_from..].sort_unstable();
            let mut numbers = self.unknown.split_off(unknown_from);
            numbers.dedup();
            for (i, number) in numbers.iter().enumerate() {
                self.comma(i == 0);
                self.plain(&number.to_string());
            }
            self.out.push(b']');
        }
        self.out.push(b'}');
    }

    fn name(&mut self, name: &str) {
        self.out.push(b'"');
        self.plain(name);
        self.plain("\":");
    }

    fn message(&mut self, index: usize, bytes: &[u8]) -> Result<(), ProtoError> {
        let message = self.names.message(index);
        let unknown_from = self.unknown.len();
        let mut seen = [0u64; 4];
        let mut first = true;
        self.out.push(b'{');
        let mut rest = fields(bytes);
        while let Some(found) = rest.next() {
            let found = found?;
            let Some((place, field)) = message.field(found.number) else {
                self.unknown.push(found.number);
                continue;
            };
            let (word, bit) = (place / 64, 1 << (place % 64));
            if field.holds == Holds::Hidden || seen[word] & bit != 0 {
                continue;
            }
            seen[word] |= bit;
            let mut same = Same {
                next: Some(found.content),
                rest,
                number: found.number,
                other: None,
            };
            first &= !self.field(field, &mut same, first)?;
            rest = same.other.unwrap_or(same.rest);
        }
        for (place, field) in message.fields().iter().enumerate() {
            if field.always && seen[place / 64] & (1 << (place % 64)) == 0 {
                self.comma(first);
                first = false;
                self.name(&field.name);
                self.scalar(field.holds, Content::Varint(0))?;
            }
        }
        self.close(first, unknown_from);
        Ok(())
    }

    /// Writes a field from all places where it stands; says whether there was anything to write.
    fn field(
        &mut self,
        field: &Field,
        same: &mut Same<'_>,
        first: bool,
    ) -> Result<bool, ProtoError> {
        let start = self.out.len();
        self.comma(first);
        self.name(&field.name);
        match field.shape {
            Shape::One => {
                if let Holds::Message(index) = field.holds {
                    let one = same.next().transpose()?.map_or(&[][..], Content::bytes);
                    let mut joined = Vec::new();
                    for part in same {
                        joined.extend_from_slice(part?.bytes());
                    }
                    if joined.is_empty() {
                        self.message(index, one)?;
                    } else {
                        self.message(index, &[one, &joined].concat())?;
                    }
                } else {
                    let mut last = Content::Varint(0);
                    for content in same {
                        last = content?;
                    }
                    if !field.always && is_default(last) {
                        self.out.truncate(start);
                        return Ok(false);
                    }
                    self.scalar(field.holds, last)?;
                }
            }
            Shape::List => {
                self.out.push(b'[');
                for (i, content) in same.enumerate() {
                    self.comma(i == 0);
                    match field.holds {
                        Holds::Message(index) => self.message(index, content?.bytes())?,
                        holds => self.scalar(holds, content?)?,
                    }
                }
                self.out.push(b']');
            }
            Shape::Items => {
                self.out.push(b'{');
                for (i, content) in same.enumerate() {
                    self.comma(i == 0);
                    self.item(content?.bytes())?;
                }
                self.out.push(b'}');
            }
            Shape::Map | Shape::Pairs => {
                self.out.push(b'{');
                for (i, content) in same.enumerate() {
                    self.comma(i == 0);
                    self.entry(field, content?.bytes())?;
                }
                self.out.push(b'}');
            }
        }
        Ok(true)
    }

    fn scalar(&mut self, holds: Holds, content: Content<'_>) -> Result<(), ProtoError> {
        match holds {
            Holds::Int => self.plain(&content.number().to_string()),
            Holds::Long => self.quoted(&content.number().to_string()),
            Holds::ULong => self.quoted(&content.number().cast_unsigned().to_string()),
            Holds::Bool => self.plain(if content.number() == 0 {
                "false"
            } else {
                "true"
            }),
            Holds::Double => self.value(&Value::Float(double(content))),
            Holds::Text => self.text(content.bytes())?,
            Holds::Time => self.time(content.bytes())?,
            Holds::Enum(index) => match self.names.value(index, content.number()) {
                Some(name) => self.quoted(name),
                None => self.plain(&content.number().to_string()),
            },
            Holds::Message(_) | Holds::Hidden => self.plain("null"),
        }
        Ok(())
    }

    fn quoted(&mut self, plain: &str) {
        self.out.push(b'"');
        self.plain(plain);
        self.out.push(b'"');
    }

    /// UTC with as many digits as are needed: none, three, six or nine.
    fn time(&mut self, bytes: &[u8]) -> Result<(), ProtoError> {
        let (mut seconds, mut nanos) = (0, 0);
        for field in fields(bytes) {
            let field = field?;
            match field.number {
                1 => seconds = field.content.number(),
                2 => nanos = field.content.number(),
                _ => {}
            }
        }
        let time = u32::try_from(nanos)
            .ok()
            .and_then(|nanos| DateTime::from_timestamp(seconds, nanos));
        match time {
            Some(time) => self.quoted(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            // No calendar has it; as it is, it is not lost.
            None => self.quoted(&format!("{seconds}s {nanos}ns")),
        }
        Ok(())
    }

    /// A map's entry: text to JSON text, to text, or to a message.
    fn entry(&mut self, field: &Field, bytes: &[u8]) -> Result<(), ProtoError> {
        let (mut key, mut value) = (Content::Bytes(&[]), Content::Bytes(&[]));
        for part in fields(bytes) {
            let part = part?;
            match part.number {
                1 => key = part.content,
                2 => value = part.content,
                _ => {}
            }
        }
        self.text(key.bytes())?;
        self.out.push(b':');
        if field.shape == Shape::Pairs {
            return self.json(value.bytes());
        }
        let Holds::Message(entry) = field.holds else {
            self.plain("null");
            return Ok(());
        };
        let of_entry = self.names.message(entry).field(2);
        if let Some((
            _,
            Field {
                holds: Holds::Message(index),
                ..
            },
        )) = of_entry
        {
            self.message(*index, value.bytes())
        } else {
            self.text(value.bytes())
        }
    }

    /// A keyed value as a member: `nested_key` wins over `key`, a typed value over JSON text.
    fn item(&mut self, bytes: &[u8]) -> Result<(), ProtoError> {
        if let Some((key, json)) = simple_item(bytes) {
            self.text(key)?;
            self.out.push(b':');
            return self.json(json);
        }
        let mut key: &[u8] = &[];
        let mut nested = 0;
        let mut json: &[u8] = &[];
        let mut typed = None;
        for field in fields(bytes) {
            let field = field?;
            match field.number {
                1 if nested == 0 => key = field.content.bytes(),
                2 => {
                    nested += 1;
                    if nested == 1 {
                        key = field.content.bytes();
                    }
                }
                3..=8 => typed = Some(field),
                16 => json = field.content.bytes(),
                _ => {}
            }
        }
        if nested < 2 {
            self.text(key)?;
        } else {
            let mut name = String::new();
            for field in fields(bytes).flatten().filter(|field| field.number == 2) {
                if !name.is_empty() {
                    name.push('.');
                }
                name.push_str(field.content.text()?);
            }
            self.value(&name.into());
        }
        self.out.push(b':');
        let Some(typed) = typed else {
            return self.json(json);
        };
        match typed.number {
            4 => self.scalar(Holds::Bool, typed.content),
            5 => {
                let zigzag = typed.content.number().cast_unsigned();
                let number = (zigzag >> 1).cast_signed() ^ -((zigzag & 1).cast_signed());
                self.plain(&number.to_string());
                Ok(())
            }
            6 => self.scalar(Holds::Double, typed.content),
            7 => self.text(typed.content.bytes()),
            8 => self.json(typed.content.bytes()),
            _ => {
                self.plain("null");
                Ok(())
            }
        }
    }

    fn text(&mut self, bytes: &[u8]) -> Result<(), ProtoError> {
        // Most texts are names that need no escapes. Without a way out of the loop, many bytes are compared at once.
        let special = |byte: &u8| matches!(byte, 0..0x20 | b'"' | b'\\' | 0x80..);
        if bytes.iter().fold(false, |any, byte| any | special(byte)) {
            let text = proto::text(bytes)?;
            self.value(&text.into());
        } else {
            self.out.push(b'"');
            self.out.extend_from_slice(bytes);
            self.out.push(b'"');
        }
        Ok(())
    }

    fn plain(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn comma(&mut self, first: bool) {
        if !first {
            self.out.push(b',');
        }
    }

    fn value(&mut self, value: &Value) {
        let mut text = String::new();
        write_strict(value, &mut text);
        self.plain(&text);
    }

    /// JSON text in the dialect of [`super::json`] as strict JSON; what is no JSON is shown as text.
    fn json(&mut self, bytes: &[u8]) -> Result<(), ProtoError> {
        if is_number(bytes) {
            self.out.extend_from_slice(bytes);
            return Ok(());
        }
        let text = proto::text(bytes)?;
        match Value::parse(text) {
            Ok(value) => self.value(&value),
            Err(_) => self.value(&text.into()),
        }
        Ok(())
    }
}

/// The contents of one field of a message: this one, and those of the same number behind it.
struct Same<'a> {
    next: Option<Content<'a>>,
    rest: Fields<'a>,
    number: u32,
    /// The rest from the first field with another number on.
    other: Option<Fields<'a>>,
}

impl<'a> Iterator for Same<'a> {
    type Item = Result<Content<'a>, ProtoError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(content) = self.next.take() {
            return Some(Ok(content));
        }
        loop {
            let here = self.rest.clone();
            match self.rest.next()? {
                Ok(field) if field.number == self.number => return Some(Ok(field.content)),
                Ok(_) => {
                    self.other.get_or_insert(here);
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// Name and JSON text of an item that has just these, as nearly all have: one part of a name, then the value, both short.
fn simple_item(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let [0x0a | 0x12, length @ 0..0x80, rest @ ..] = bytes else {
        return None;
    };
    let (key, rest) = rest.split_at_checked(usize::from(*length))?;
    let [0x82, 0x01, length @ 0..0x80, json @ ..] = rest else {
        return None;
    };
    (json.len() == usize::from(*length)).then_some((key, json))
}

fn double(content: Content<'_>) -> f64 {
    match content {
        Content::Fixed64(bits) => f64::from_bits(bits),
        _ => 0.0,
    }
}

/// Whether the wire would have left the field out. A time is a message, which is there even if it is empty.
fn is_default(content: Content<'_>) -> bool {
    matches!(
        content,
        Content::Varint(0) | Content::Fixed64(0) | Content::Fixed32(0)
    )
}

/// Whether these bytes are one number as JSON has them.
fn is_number(bytes: &[u8]) -> bool {
    fn digits(rest: &mut &[u8]) -> usize {
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        *rest = &rest[count..];
        count
    }
    let mut rest = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let zero = rest.first() == Some(&b'0');
    match digits(&mut rest) {
        0 => return false,
        1 => {}
        _ if zero => return false,
        _ => {}
    }
    if let Some(fraction) = rest.strip_prefix(b".") {
        rest = fraction;
        if digits(&mut rest) == 0 {
            return false;
        }
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        rest = match exponent {
            [b'+' | b'-', exponent @ ..] => exponent,
            _ => exponent,
        };
        if digits(&mut rest) == 0 {
            return false;
        }
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::schema::{
        DiskInfo, EnvironmentRecord, HistoryItem, HistoryRecord, HistoryStep, Kind,
        OutputRawRecord, Record, RunExitRecord, Timestamp, TypedValue,
    };
    use prost::Message as _;

    fn line(record: &[u8]) -> String {
        let mut out = b"before ".to_vec();
        write_line(&Names::new(), 5, record, &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        out.strip_prefix("before ").unwrap().trim_end().to_owned()
    }

    fn shown(kind: Kind) -> String {
        let record = Record {
            num: 7,
            kind: Some(kind),
        };
        let line = line(&record.encode_to_vec());
        let value = Value::parse(&line).unwrap();
        let name = value.get("type").and_then(Value::as_str).unwrap();
        value.get(name).unwrap().to_json()
    }

    #[test]
    fn rows_are_one_object() {
        let item = |path: &[&str], json: &str| HistoryItem {
            nested_key: path.iter().map(|&part| part.to_owned()).collect(),
            value_json: json.to_owned(),
            ..HistoryItem::default()
        };
        let typed = |key: &str, value| HistoryItem {
            key: key.to_owned(),
            value: Some(value),
            ..HistoryItem::default()
        };
        let row = HistoryRecord {
            item: vec![
                item(&["a", "b"], "1.50"),
                item(&["q\"uote"], r#""x\ny""#),
                item(&["nan"], "NaN"),
                item(&["list"], r#"[1, -Infinity, {"k": "NaN"}]"#),
                item(&["bad"], "x1"),
                typed("int", TypedValue::Integer(-3)),
                typed("float", TypedValue::Number(f64::INFINITY)),
                typed("none", TypedValue::None(0)),
                typed("no", TypedValue::Boolean(false)),
                typed("text", TypedValue::Text("t".into())),
            ],
            step: Some(HistoryStep { num: 0 }),
        };
        assert_eq!(
            shown(Kind::History(row)),
            r#"{"item":{"a.b":1.5,"q\"uote":"x\ny","nan":"NaN","list":[1,"-Infinity",{"k":"NaN"}],"bad":"x1","int":-3,"float":"Infinity","none":null,"no":false,"text":"t"},"step":{"num":0}}"#
        );
    }

    #[test]
    fn values_that_the_wire_leaves_out() {
        assert_eq!(
            shown(Kind::Exit(RunExitRecord::default())),
            r#"{"exit_code":0}"#
        );
        let output = OutputRawRecord {
            output_type: 0,
            timestamp: Some(Timestamp {
                seconds: 1,
                nanos: 500_000_000,
            }),
            line: "x".into(),
        };
        assert_eq!(
            shown(Kind::OutputRaw(output)),
            r#"{"timestamp":"1970-01-01T00:00:01.500Z","line":"x","output_type":"STDERR"}"#
        );
        let environment = EnvironmentRecord {
            disk: [("/".to_owned(), DiskInfo { total: 5, used: 0 })].into(),
            ..EnvironmentRecord::default()
        };
        assert_eq!(
            shown(Kind::Environment(Box::new(environment))),
            r#"{"disk":{"/":{"total":"5"}}}"#
        );
    }

    #[test]
    fn pairs_of_an_artifact_are_an_object() {
        // Artifact 8 { manifest 12 { storage_policy_config 3 { "a": "1" } } }
        let pair = [0x0a, 1, b'a', 0x12, 1, b'1'];
        let record = [&[0x42, 10, 0x62, 8, 0x1a, 6][..], &pair].concat();
        assert_eq!(
            line(&record),
            r#"{"num":5,"type":"artifact","artifact":{"manifest":{"storage_policy_config":{"a":1}}}}"#
        );
    }

    #[test]
    fn what_is_not_known_is_named_by_number() {
        // Record 5 with an exit record that has a field 90, and a field 150 of its own.
        let exit = [0x08, 0x03, 0xd0, 0x05, 0x01];
        let mut record = vec![0x08, 0x05, 0x92, 0x01, 5];
        record.extend(exit);
        record.extend([0xb0, 0x09, 0x01]);
        assert_eq!(
            line(&record),
            r#"{"num":5,"type":"exit","exit":{"exit_code":3,"_unknown_fields":[90]},"_unknown_fields":[150]}"#
        );
        assert_eq!(
            line(&[0xb2, 0x09, 0x00]),
            r#"{"num":5,"type":"unknown","_unknown_fields":[150]}"#
        );
    }

    #[test]
    fn a_message_in_parts_is_one() {
        // An exit record, code and runtime apart.
        let record = [0x92, 0x01, 2, 0x08, 3, 0x92, 0x01, 2, 0x10, 9];
        assert_eq!(
            line(&record),
            r#"{"num":5,"type":"exit","exit":{"exit_code":3,"runtime":9}}"#
        );
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_give_a_line_of_json_or_nothing(bytes: Vec<u8>) {
            let mut out = Vec::new();
            match write_line(&Names::new(), 1, &bytes, &mut out) {
                Ok(()) => {
                    let line = String::from_utf8(out).unwrap();
                    proptest::prop_assert!(Value::parse(&line).is_ok(), "{}", line);
                }
                Err(_) => proptest::prop_assert!(out.is_empty()),
            }
        }

        #[test]
        fn numbers_are_those_of_the_parser(text in "-?[0-9.eE+]{0,6}") {
            let parsed = matches!(Value::parse(&text), Ok(Value::Int(_) | Value::Float(_)));
            // The parser takes leading zeros; strict JSON does not.
            proptest::prop_assert!(parsed || !is_number(text.as_bytes()));
        }
    }
}
