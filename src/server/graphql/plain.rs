//! Objects that are no more than their fields: pages of lists, and small things.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use serde_json::Value;

use super::{Answer, Arguments, Context, Fault, Object, Resolved};
use crate::wire::json;

/// The most of a list that is answered at once.
const PAGE: i64 = 10_000;

/// An object whose fields are known beforehand.
pub(super) struct Plain {
    kind: &'static str,
    fields: Vec<(&'static str, Answer)>,
}

impl Plain {
    /// An object of this type with these fields.
    pub(super) fn answer(kind: &'static str, fields: Vec<(&'static str, Answer)>) -> Answer {
        Answer::object(Self { kind, fields })
    }
}

impl Object for Plain {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn field(&self, _: &Context<'_>, name: &str, _: &Arguments) -> Resolved {
        let found = self.fields.iter().find(|(known, _)| *known == name);
        Ok(found.map(|(_, answer)| answer.clone()))
    }
}

/// The result of a mutation that tells nothing but that it was done.
#[expect(clippy::unnecessary_wraps, reason = "what resolvers return")]
pub(super) fn done() -> Resolved {
    Ok(Some(Plain::answer(
        "Payload",
        vec![("success", true.into()), ("clientMutationId", Answer::NULL)],
    )))
}

/// Which items of a list are asked for by `first` and `after`; cursors are numbers of items.
pub(super) fn range(arguments: &Arguments, total: usize, default: i64) -> std::ops::Range<usize> {
    let start = arguments
        .text("after")
        .and_then(|cursor| cursor.parse().ok());
    let start: usize = start.unwrap_or(0).min(total);
    let wanted = arguments.integer("first").unwrap_or(default).clamp(0, PAGE) as usize;
    start..total.min(start.saturating_add(wanted))
}

/// A page of a list as clients expect it: `edges { node cursor … } pageInfo totalCount`.
pub(super) fn page(
    range: std::ops::Range<usize>,
    total: usize,
    nodes: impl IntoIterator<Item = (Answer, Vec<(&'static str, Answer)>)>,
) -> Answer {
    let has_next = range.end < total;
    let end = range.end;
    let edges = range.zip(nodes).map(|(at, (node, further))| {
        let mut fields = vec![("node", node), ("cursor", (at + 1).to_string().into())];
        fields.extend(further);
        Plain::answer("Edge", fields)
    });
    Plain::answer(
        "Connection",
        vec![
            ("edges", Answer::List(edges.collect())),
            ("totalCount", total.into()),
            (
                "pageInfo",
                Plain::answer(
                    "PageInfo",
                    vec![
                        ("endCursor", end.to_string().into()),
                        ("hasNextPage", has_next.into()),
                        ("startCursor", Answer::NULL),
                        ("hasPreviousPage", false.into()),
                    ],
                ),
            ),
        ],
    )
}

/// A whole list as a page, of which `first` and `after` choose a part.
pub(super) fn connection(arguments: &Arguments, nodes: Vec<Answer>) -> Answer {
    let total = nodes.len();
    let range = range(arguments, total, PAGE);
    let chosen = nodes
        .into_iter()
        .skip(range.start)
        .map(|node| (node, Vec::new()));
    page(range, total, chosen)
}

/// An id as clients see it: opaque, and base64 as the official client requires it of artifacts.
pub(super) fn id(kind: &str, number: i64) -> String {
    STANDARD.encode(format!("{kind}:{number}"))
}

/// The number in an id.
pub(super) fn number(kind: &str, id: &str) -> Result<i64, Fault> {
    let decoded = STANDARD
        .decode(id)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    decoded
        .as_deref()
        .and_then(|text| text.strip_prefix(kind)?.strip_prefix(':')?.parse().ok())
        .ok_or_else(|| Fault::new(404, format!("{kind} {id:?} not found")))
}

/// A time as clients read it.
pub(crate) fn time(seconds: f64) -> String {
    let time = DateTime::from_timestamp_millis((seconds * 1000.0).round() as i64);
    time.unwrap_or_default()
        .format("%Y-%m-%dT%H:%M:%S%.3fZ")
        .to_string()
}

/// A value as strict JSON: what is no number there becomes the text that W&B writes for it.
pub(crate) fn strict(value: &json::Value) -> Value {
    match value {
        json::Value::Null => Value::Null,
        json::Value::Bool(value) => Value::from(*value),
        json::Value::Int(value) => Value::from(*value),
        json::Value::Float(value) if value.is_nan() => Value::from("NaN"),
        json::Value::Float(value) if value.is_infinite() => Value::from(if *value > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        }),
        json::Value::Float(value) => Value::from(*value),
        json::Value::Text(text) => Value::from(text.as_str()),
        json::Value::List(items) => items.iter().map(strict).collect(),
        json::Value::Map(members) => {
            let members = members
                .iter()
                .map(|(name, value)| (name.clone(), strict(value)));
            Value::Object(members.collect())
        }
    }
}

/// A text, or null if it is empty or not there.
pub(super) fn optional(text: Option<&str>) -> Answer {
    text.filter(|text| !text.is_empty())
        .map_or(Answer::NULL, Answer::from)
}
