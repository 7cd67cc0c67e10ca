//! Encoded records on their way to the log.
//!
//! Records wait in one piece of memory, without their numbers: the log's writer adds them. Rows of history, and
//! records that came encoded, are put in as bytes.

use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint};

use super::schema::{Kind, Record};

/// Field numbers of the kinds of `Record` that are encoded, or read, by hand.
pub const HISTORY: u32 = 2;
/// See [`HISTORY`].
pub const SUMMARY: u32 = 3;
/// See [`HISTORY`].
pub const CONFIG: u32 = 5;
/// See [`HISTORY`].
pub const STATS: u32 = 7;
/// See [`HISTORY`].
pub const TELEMETRY: u32 = 11;
/// See [`HISTORY`].
pub const OUTPUT_RAW: u32 = 13;
/// See [`HISTORY`].
pub const RUN: u32 = 17;
/// See [`HISTORY`].
pub const OUTPUT_LOGGER: u32 = 27;

/// Records in the order of writing.
#[derive(Debug, Default)]
pub struct Records {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Records {
    /// Adds a record that is made here.
    pub fn push(&mut self, kind: Kind) {
        let record = Record {
            num: 0,
            kind: Some(kind),
        };
        // A Vec grows as needed: encoding into it cannot fail.
        let _ = record.encode(&mut self.bytes);
        self.ends.push(self.bytes.len());
    }

    /// Adds records that are made here.
    pub fn extend(&mut self, kinds: impl IntoIterator<Item = Kind>) {
        kinds.into_iter().for_each(|kind| self.push(kind));
    }

    /// Adds a record as its sender encoded it: fields and kinds that this build has never heard of survive.
    pub fn push_encoded(&mut self, record: &[u8]) {
        self.bytes.extend_from_slice(record);
        self.ends.push(self.bytes.len());
    }

    /// Adds fields to the record that was added last.
    pub fn extend_last(&mut self, kind: Kind) {
        if self.ends.pop().is_some() {
            self.push(kind);
        }
    }

    /// Adds a record of the kind with this field number whose encoded content is given in two parts.
    pub fn push_parts(&mut self, kind: u32, first: &[u8], second: &[u8]) {
        encode_key(kind, WireType::LengthDelimited, &mut self.bytes);
        encode_varint((first.len() + second.len()) as u64, &mut self.bytes);
        self.bytes.extend_from_slice(first);
        self.bytes.extend_from_slice(second);
        self.ends.push(self.bytes.len());
    }

    /// The encoded records.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let record = &self.bytes[start..*end];
            start = *end;
            record
        })
    }

    /// Takes all records out and keeps the memory, unless it is very much.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(1 << 20);
        self.ends.clear();
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The records as messages; those that are not readable are left out.
    pub fn decoded(&self) -> Vec<Kind> {
        self.iter()
            .filter_map(|bytes| Record::decode(bytes).ok()?.kind)
            .collect()
    }
}

/// The `nested_key` fields of a history or summary item with this path, encoded.
pub fn encoded_path<S: AsRef<str>>(path: &[S]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for component in path {
        encode_text(2, component.as_ref(), &mut bytes);
    }
    bytes
}

/// Appends an item of a history row, or of a summary update, from its encoded path, its JSON text and further fields.
pub fn encode_item(path: &[u8], json: &[u8], extra: &[u8], out: &mut Vec<u8>) {
    let value = VALUE_JSON.len() + encoded_len_varint(json.len() as u64) + json.len();
    let length = path.len() + value + extra.len();
    out.reserve(length + 11);
    if length < 0x80 {
        // Nearly all: each length is one byte.
        out.extend_from_slice(&[ITEM, length as u8]);
        out.extend_from_slice(path);
        out.extend_from_slice(&[VALUE_JSON[0], VALUE_JSON[1], json.len() as u8]);
    } else {
        out.push(ITEM);
        encode_varint(length as u64, out);
        out.extend_from_slice(path);
        out.extend_from_slice(&VALUE_JSON);
        encode_varint(json.len() as u64, out);
    }
    out.extend_from_slice(json);
    out.extend_from_slice(extra);
}

/// Keys of field 1, and of field 16, both with bytes.
const ITEM: u8 = 1 << 3 | 2;
const VALUE_JSON: [u8; 2] = [0x82, 0x01];

/// Appends a text field.
pub fn encode_text(tag: u32, text: &str, out: &mut Vec<u8>) {
    encode_key(tag, WireType::LengthDelimited, out);
    encode_varint(text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::schema::{
        HistoryItem, HistoryRecord, KeyedItem, RunExitRecord, SummaryRecord,
    };

    #[test]
    fn rows_that_are_put_together_by_hand_are_those_of_the_schema() {
        let path = ["a", "ü.b"].map(str::to_owned);
        let json = format!("\"{}\"", "x".repeat(300));
        let mut items = Vec::new();
        encode_item(&encoded_path(&path), json.as_bytes(), &[], &mut items);
        encode_item(&encoded_path(&path), b"1", &[], &mut items);
        let mut records = Records::default();
        records.push_parts(HISTORY, &items, &[]);
        records.push_parts(SUMMARY, &items[..0], &items);
        records.push(Kind::Exit(RunExitRecord::default()));
        let item = |json: &str| HistoryItem {
            nested_key: path.to_vec(),
            value_json: json.to_owned(),
            ..HistoryItem::default()
        };
        let change = |json: &str| KeyedItem {
            nested_key: path.to_vec(),
            value_json: json.to_owned(),
            ..KeyedItem::default()
        };
        assert_eq!(
            records.decoded(),
            [
                Kind::History(HistoryRecord {
                    item: vec![item(&json), item("1")],
                    step: None,
                }),
                Kind::Summary(SummaryRecord {
                    update: vec![change(&json), change("1")],
                    remove: Vec::new(),
                }),
                Kind::Exit(RunExitRecord::default()),
            ]
        );
        records.clear();
        assert!(records.is_empty() && records.iter().next().is_none());
    }
}
