//! Rows: the messages that come by the thousand.

use super::What;
use crate::wire::fields::{self, Fields, Unchecked};
use crate::wire::json::{self, Value};
use crate::wire::proto::{self, ProtoError};

/// Where rows are decoded to.
#[derive(Debug, Default)]
pub struct Rows {
    /// The values of all rows since this was taken out.
    pub fields: Fields,
    /// Those of the row that is being decoded; kept for its memory.
    row: Unchecked,
}

impl Rows {
    /// Takes the rows out. There is room for as many again, if there were some.
    pub fn take(&mut self) -> Fields {
        let next = self.fields.with_equal_room();
        std::mem::replace(&mut self.fields, next)
    }
}

/// `PartialHistoryRequest`: items, step, action.
pub(super) fn row(bytes: &[u8], rows: &mut Rows) -> Result<What, ProtoError> {
    let mut step = None;
    let mut commit = None;
    // The row before may have been broken.
    rows.row.clear();
    for field in proto::fields(bytes) {
        let field = field?;
        let body = field.content.bytes();
        match field.number {
            1 => item(body, &mut rows.row)?,
            2 => {
                let num = proto::fields(body)
                    .flatten()
                    .find(|field| field.number == 1);
                step = Some(num.map_or(0, |field| field.content.number()));
            }
            3 => {
                let flush = proto::fields(body)
                    .flatten()
                    .find(|field| field.number == 1);
                commit = Some(flush.is_some_and(|field| field.content.number() != 0));
            }
            _ => {}
        }
    }
    Ok(What::Log {
        values: rows.row.move_to(&mut rows.fields).ok_or(ProtoError::Text)?,
        step,
        commit,
    })
}

/// `HistoryItem`: `key` or `nested_key`, `value_json`, and typed twins of the value that are handed on.
fn item(bytes: &[u8], row: &mut Unchecked) -> Result<(), ProtoError> {
    if let Some((key, json)) = short_item(bytes)
        && let Some(number) = json::plain_number(json)
        && fields::is_plain(key)
    {
        row.push(key, json, Some(number));
        return Ok(());
    }
    let mut key = "";
    let mut path: Vec<&str> = Vec::new();
    let mut json = "";
    let mut extra: Vec<&[u8]> = Vec::new();
    for field in proto::fields(bytes) {
        let field = field?;
        match field.number {
            1 => key = field.content.text()?,
            2 => path.push(field.content.text()?),
            16 => json = field.content.text()?,
            _ => extra.push(field.encoded),
        }
    }
    if path.is_empty() {
        if key.is_empty() {
            // As the official core: a row has no value without a name.
            return Ok(());
        }
        path.push(key);
    }
    let added = match (&path[..], json::plain_number(json.as_bytes())) {
        ([name], Some(number)) if fields::is_plain(name.as_bytes()) => {
            row.push(name.as_bytes(), json.as_bytes(), Some(number));
            true
        }
        _ => any_value(&fields::name_of(&path), json, row),
    };
    if added && !extra.is_empty() {
        row.extend_last(extra.concat());
    }
    Ok(())
}

/// Adds a value. False for an object: its leaves are added, and its twins are not.
fn any_value(name: &str, json: &str, row: &mut Unchecked) -> bool {
    let value = match Value::parse(json) {
        Ok(value) if value.is_object() => value,
        Ok(_) => {
            row.push(name.as_bytes(), json.as_bytes(), fields::number(json));
            return true;
        }
        // What is no JSON is kept as the text that it is.
        Err(_) => json.into(),
    };
    let mut leaves = Fields::default();
    leaves.push_value(name, &value);
    for leaf in leaves.iter() {
        row.push(leaf.name.as_bytes(), leaf.json.as_bytes(), leaf.number);
    }
    !value.is_object()
}

/// Name and value of the item that nearly all are: `key` and `value_json`, each of less than 128 bytes, and nothing else.
fn short_item(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    const KEY: u8 = 1 << 3 | 2;
    const VALUE_JSON: [u8; 2] = [0x82, 0x01];
    let [KEY, length @ 1..0x80, rest @ ..] = bytes else {
        return None;
    };
    let (key, rest) = rest.split_at_checked(usize::from(*length))?;
    let [length @ ..0x80, json @ ..] = rest.strip_prefix(&VALUE_JSON)? else {
        return None;
    };
    (json.len() == usize::from(*length)).then_some((key, json))
}
