//! The lines that programs send to a run over its local socket: one JSON object a line.
//!
//! ```text
//! {"log": {"loss": 0.5, "acc": 0.9}, "step": 3}        step and commit are optional
//! {"config": {"lr": 0.01}}
//! {"summary": {"best": 0.93}}
//! {"define_metric": {"name": "val/*", "step_metric": "epoch", "summary": "min,last"}}
//! {"name": "baseline"}   {"notes": "…"}   {"tags": ["a", "b"]}
//! {"alert": {"title": "Diverged", "text": "loss is NaN", "level": "ERROR", "wait_duration": 60}}
//! {"save": {"path": "ckpt.bin", "policy": "end"}}       or {"save": "ckpt.bin"}
//! {"info": true}                                        asks for the run's id, name, dir …
//! {"flush": true}                                       answered when all before it is recorded
//! ```
//!
//! One verb an object. Any message may carry `"id"` (anything): then it is answered, `{"id": …, "ok": true}`
//! once it has been recorded. A message that cannot be taken is answered `{"error": "…", "line": N}` (with its
//! id, if it had one); the connection and the run go on. `info` and `flush` are always answered.
//! Numbers may be `NaN`, `Infinity` and `-Infinity`. A line may have [`MAX_LINE`] bytes.
//! Trust boundary: the socket is private to the user; what comes through it is well-meant but may be malformed.

use super::fields::{FieldError, Fields, MAX_NAME};
use super::json::{JsonError, Reader, Value};
use super::schema::AlertRecord;
use crate::run::{Event, id, metric};

/// Longest line in bytes that a client may send.
pub const MAX_LINE: usize = 8 << 20;
/// A decoded line.
#[derive(Debug, PartialEq)]
pub struct Envelope {
    /// Echoed in the answer.
    pub id: Option<Value>,
    pub message: Message,
}

/// What a client wants.
#[derive(Debug, PartialEq)]
pub enum Message {
    /// A change of the run.
    Change(Event),
    /// Put a file into the run.
    Save { path: String, policy: Policy },
    /// Tell who the run is.
    Info,
    /// Answer when everything before this is recorded.
    Flush,
}

/// When a saved file is uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    Now,
    End,
    Live,
}

impl Policy {
    /// The number in `FilesItem.policy`.
    pub fn number(self) -> i32 {
        match self {
            Self::Now => 0,
            Self::End => 1,
            Self::Live => 2,
        }
    }
}

/// Why a line was not taken.
#[derive(Debug, PartialEq)]
pub struct Refusal {
    /// The id that the message carried, if it could be read.
    pub id: Option<Value>,
    pub reason: String,
}

const VERBS: &str =
    "log, config, summary, define_metric, name, notes, tags, alert, save, info or flush";

/// The value behind a verb: rows are the hot path and never become a [`Value`].
enum Content {
    Row(Fields),
    Value(Value),
}

/// What stops the reading of a line.
enum Stop {
    Json(JsonError),
    Reason(String),
}

impl From<JsonError> for Stop {
    fn from(error: JsonError) -> Self {
        Self::Json(error)
    }
}

/// Decodes one line (without its newline).
pub fn decode(line: &[u8]) -> Result<Envelope, Refusal> {
    let refuse = |reason: String| Refusal { id: None, reason };
    let text = std::str::from_utf8(line)
        .map_err(|error| refuse(format!("not UTF-8 at byte {}", error.valid_up_to())))?;
    let not_json = |error: JsonError| refuse(format!("not JSON: {error}"));
    let mut reader = Reader::new(text);
    if !reader.at_object() {
        let value = Value::parse(text).map_err(not_json)?;
        return Err(refuse(format!("expected an object, got {}", value.kind())));
    }
    let mut id = None;
    let mut step = None;
    let mut commit = None;
    let mut verb = None;
    let mut extra = None;
    let mut fault = None;
    let read = reader.object(|reader, key| {
        let content = if key == "log" && reader.at_object() {
            match Fields::read(reader) {
                Ok(fields) => Content::Row(fields),
                Err(FieldError::Json(error)) => return Err(Stop::Json(error)),
                Err(error) => return Err(Stop::Reason(format!("\"log\": {error}"))),
            }
        } else {
            Content::Value(reader.value(1)?)
        };
        match (&*key, content) {
            ("id", Content::Value(value)) => id = Some(value),
            ("step", Content::Value(value)) => step = Some(value),
            ("commit", Content::Value(value)) => commit = Some(value),
            (_, content) if verb.is_none() => verb = Some((key.into_owned(), content)),
            _ => extra = Some(key.into_owned()),
        }
        Ok(())
    });
    match read {
        Ok(()) => reader.end().map_err(not_json)?,
        Err(Stop::Json(error)) => return Err(not_json(error)),
        Err(Stop::Reason(reason)) => {
            // The reading has stopped there: the id may stand behind it.
            id = Value::parse(text).map_err(not_json)?.get("id").cloned();
            fault = Some(reason);
        }
    }
    let message = match (fault, verb, extra) {
        (Some(reason), ..) => Err(reason),
        (None, None, _) => Err(format!("no message: expected {VERBS}")),
        (None, Some((verb, _)), Some(extra)) => Err(format!(
            "{verb:?} and {extra:?} in one object: send one message a line"
        )),
        (None, Some((verb, _)), None) if verb != "log" && (step.is_some() || commit.is_some()) => {
            Err(format!(
                "\"step\" and \"commit\" go with \"log\", not with {verb:?}"
            ))
        }
        (None, Some((_, Content::Row(fields))), None) => log(fields, step, commit),
        (None, Some((verb, Content::Value(value))), None) => decode_message(&verb, value),
    };
    match message {
        Ok(message) => Ok(Envelope { id, message }),
        Err(reason) => Err(Refusal { id, reason }),
    }
}

fn log(fields: Fields, step: Option<Value>, commit: Option<Value>) -> Result<Message, String> {
    Ok(Message::Change(Event::Log {
        fields,
        step: step.map(integer_step).transpose()?,
        commit: match commit {
            None | Some(Value::Null) => None,
            Some(Value::Bool(commit)) => Some(commit),
            Some(other) => {
                return Err(format!(
                    "\"commit\": expected true or false, got {}",
                    other.kind()
                ));
            }
        },
    }))
}

fn decode_message(verb: &str, value: Value) -> Result<Message, String> {
    let event = match verb {
        "log" => {
            return Err(format!("\"log\": expected an object, got {}", value.kind()));
        }
        "config" => Event::Config(object(verb, value)?),
        "summary" => Event::Summary(object(verb, value)?),
        "define_metric" => define_metric(&value)?,
        "name" => Event::Name(text(verb, value)?),
        "notes" => Event::Notes(text(verb, value)?),
        "tags" => tags(value)?,
        "alert" => alert(&value)?,
        "save" => return save(&value),
        "info" => return Ok(Message::Info),
        "flush" => return Ok(Message::Flush),
        _ => return Err(format!("unknown message {verb:?}: expected {VERBS}")),
    };
    Ok(Message::Change(event))
}

fn integer_step(step: Value) -> Result<i64, String> {
    match step {
        Value::Int(step) if (0..1 << 53).contains(&step) => Ok(step),
        Value::Int(step) if step < 0 => Err(format!("\"step\": {step} is negative")),
        Value::Int(step) => Err(format!("\"step\": {step} is larger than 2^53")),
        Value::Float(f) if f.fract() == 0.0 && (0.0..9e15).contains(&f) => Ok(f as i64),
        other => Err(format!(
            "\"step\": expected an integer, got {}",
            other.to_json()
        )),
    }
}

fn object(verb: &str, value: Value) -> Result<Vec<(String, Value)>, String> {
    let Value::Map(members) = value else {
        return Err(format!(
            "{verb:?}: expected an object, got {}",
            value.kind()
        ));
    };
    check_names(verb, &members)?;
    Ok(members)
}

/// Names are kept for every value below them: long ones are refused.
fn check_names(verb: &str, members: &[(String, Value)]) -> Result<(), String> {
    for (name, value) in members {
        if name.is_empty() {
            return Err(format!("{verb:?}: a name is empty"));
        }
        if name.len() > MAX_NAME {
            return Err(format!(
                "{verb:?}: a name has {} bytes; at most {MAX_NAME} are possible",
                name.len()
            ));
        }
        if let Value::Map(members) = value {
            check_names(verb, members)?;
        }
    }
    Ok(())
}

fn text(verb: &str, value: Value) -> Result<String, String> {
    match value {
        Value::Text(text) => Ok(text),
        other => Err(format!("{verb:?}: expected a string, got {}", other.kind())),
    }
}

/// A text member of an object; absent is `None`.
fn member(verb: &str, value: &Value, name: &str) -> Result<Option<String>, String> {
    match value.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text.clone())),
        Some(other) => Err(format!(
            "{verb:?}: {name:?}: expected a string, got {}",
            other.kind()
        )),
    }
}

fn known_members(verb: &str, value: &Value, known: &[&str]) -> Result<(), String> {
    let Value::Map(members) = value else {
        return Err(format!(
            "{verb:?}: expected an object, got {}",
            value.kind()
        ));
    };
    match members
        .iter()
        .find(|(key, _)| !known.contains(&key.as_str()))
    {
        Some((key, _)) => Err(format!(
            "{verb:?}: unknown {key:?}: expected {}",
            known.join(", ")
        )),
        None => Ok(()),
    }
}

fn define_metric(value: &Value) -> Result<Event, String> {
    let verb = "define_metric";
    known_members(
        verb,
        value,
        &["name", "step_metric", "summary", "hidden", "step_sync"],
    )?;
    let name = member(verb, value, "name")?.ok_or("\"define_metric\": \"name\" is missing")?;
    let summary = member(verb, value, "summary")?.unwrap_or_default();
    let step_metric = member(verb, value, "step_metric")?.unwrap_or_default();
    let flag = |name: &str| match value.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(other) => Err(format!(
            "{verb:?}: {name:?}: expected true or false, got {}",
            other.kind()
        )),
    };
    let mut metric =
        metric::define(&name, &summary).map_err(|error| format!("{verb:?}: {error}"))?;
    let options = metric.options.get_or_insert_default();
    options.hidden = flag("hidden")?.unwrap_or(false);
    options.step_sync = flag("step_sync")?.unwrap_or(!step_metric.is_empty());
    metric.step_metric = step_metric;
    Ok(Event::DefineMetric(metric))
}

fn tags(value: Value) -> Result<Event, String> {
    let items = match value {
        Value::List(items) => items,
        other => vec![other],
    };
    let mut tags = Vec::with_capacity(items.len());
    for item in items {
        let tag = text("tags", item)?;
        id::check_tag(&tag).map_err(|error| format!("\"tags\": {error}"))?;
        tags.push(tag);
    }
    Ok(Event::Tags(tags))
}

fn alert(value: &Value) -> Result<Event, String> {
    let verb = "alert";
    known_members(verb, value, &["title", "text", "level", "wait_duration"])?;
    let title = member(verb, value, "title")?.ok_or("\"alert\": \"title\" is missing")?;
    let level = member(verb, value, "level")?.unwrap_or_else(|| "INFO".to_owned());
    let level = level.to_uppercase();
    if !["INFO", "WARN", "ERROR"].contains(&level.as_str()) {
        return Err(format!(
            "\"alert\": level {level:?}: expected INFO, WARN or ERROR"
        ));
    }
    let wait = match value.get("wait_duration") {
        None | Some(Value::Null) => 60.0,
        Some(wait) => wait
            .as_f64()
            .filter(|seconds| (0.0..1e9).contains(seconds))
            .ok_or_else(|| {
                format!(
                    "\"alert\": \"wait_duration\": expected seconds, got {}",
                    wait.to_json()
                )
            })?,
    };
    Ok(Event::Alert(AlertRecord {
        title,
        text: member(verb, value, "text")?.unwrap_or_default(),
        level,
        wait_duration: (wait * 1000.0) as i64,
    }))
}

fn save(value: &Value) -> Result<Message, String> {
    let verb = "save";
    if let Value::Text(path) = value {
        return Ok(Message::Save {
            path: path.clone(),
            policy: Policy::Live,
        });
    }
    known_members(verb, value, &["path", "policy"])?;
    let path = member(verb, value, "path")?.ok_or("\"save\": \"path\" is missing")?;
    let policy = match member(verb, value, "policy")?.as_deref() {
        None | Some("live") => Policy::Live,
        Some("now") => Policy::Now,
        Some("end") => Policy::End,
        Some(other) => {
            return Err(format!(
                "\"save\": policy {other:?}: expected now, end or live"
            ));
        }
    };
    Ok(Message::Save { path, policy })
}

/// The answer to a message that was taken.
/// `extra` are further members.
pub fn accepted(id: Option<Value>, mut extra: Vec<(String, Value)>) -> String {
    let mut members = Vec::new();
    if let Some(id) = id {
        members.push(("id".to_owned(), id));
    }
    members.push(("ok".to_owned(), Value::Bool(true)));
    members.append(&mut extra);
    line(members)
}

/// The answer to line number `number` of a connection (from 1) that was not taken.
pub fn refused(refusal: Refusal, number: u64) -> String {
    let mut members = Vec::new();
    if let Some(id) = refusal.id {
        members.push(("id".to_owned(), id));
    }
    members.push(("error".to_owned(), Value::Text(refusal.reason)));
    members.push(("line".to_owned(), Value::Int(number as i64)));
    line(members)
}

/// One message as a line with its newline.
pub fn line(members: Vec<(String, Value)>) -> String {
    let mut text = Value::Map(members).to_json();
    text.push('\n');
    text
}

/// Must not panic, whatever the input.
#[doc(hidden)]
pub fn fuzz_jsonl(input: &[u8]) {
    for line in input.split(|byte| *byte == b'\n') {
        if let Err(refusal) = decode(line) {
            let answer = refused(refusal, 1);
            assert!(Value::parse(answer.trim_end()).is_ok());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(line: &str) -> String {
        decode(line.as_bytes()).unwrap_err().reason
    }

    #[test]
    fn messages_become_events() {
        let line =
            br#"{"log": {"loss": NaN, "opt": {"lr": 1}}, "step": 3, "commit": true, "id": 7}"#;
        let envelope = decode(line).unwrap();
        assert_eq!(envelope.id, Some(Value::Int(7)));
        let Message::Change(Event::Log {
            fields,
            step,
            commit,
        }) = envelope.message
        else {
            panic!("not a log message");
        };
        let names: Vec<_> = fields.iter().map(|field| field.name).collect();
        assert_eq!(
            (names, step, commit),
            (vec!["loss", "opt.lr"], Some(3), Some(true))
        );
        let alert =
            decode(br#"{"alert": {"title": "t", "level": "warn", "wait_duration": 10}}"#).unwrap();
        let Message::Change(Event::Alert(alert)) = alert.message else {
            panic!("not an alert");
        };
        assert_eq!(
            (alert.level.as_str(), alert.wait_duration),
            ("WARN", 10_000)
        );
        assert_eq!(
            decode(br#"{"save": "a.bin"}"#).unwrap().message,
            Message::Save {
                path: "a.bin".into(),
                policy: Policy::Live
            }
        );
    }

    #[test]
    fn refusals_name_what_is_wrong() {
        for (line, reason) in [
            ("", "not JSON: unexpected end at byte 0"),
            ("[1]", "expected an object, got a list"),
            (
                "{}",
                "no message: expected log, config, summary, define_metric, name, notes, tags, alert, save, info or flush",
            ),
            (
                r#"{"lgo": {}}"#,
                "unknown message \"lgo\": expected log, config, summary, define_metric, name, notes, tags, alert, save, info or flush",
            ),
            (r#"{"log": 1}"#, "\"log\": expected an object, got a number"),
            (r#"{"log": {"": 1}}"#, "\"log\": a name is empty"),
            (
                r#"{"log": {}, "step": 1.5}"#,
                "\"step\": expected an integer, got 1.5",
            ),
            (r#"{"log": {}, "step": -1}"#, "\"step\": -1 is negative"),
            (
                r#"{"log": {}, "config": {}}"#,
                "\"log\" and \"config\" in one object: send one message a line",
            ),
            (
                r#"{"config": {}, "step": 1}"#,
                "\"step\" and \"commit\" go with \"log\", not with \"config\"",
            ),
            (
                r#"{"define_metric": {"nam": "x"}}"#,
                "\"define_metric\": unknown \"nam\": expected name, step_metric, summary, hidden, step_sync",
            ),
            (
                r#"{"tags": ["a", 1]}"#,
                "\"tags\": expected a string, got a number",
            ),
            (
                r#"{"alert": {"title": "t", "level": "loud"}}"#,
                "\"alert\": level \"LOUD\": expected INFO, WARN or ERROR",
            ),
            (
                r#"{"save": {"path": "x", "policy": "later"}}"#,
                "\"save\": policy \"later\": expected now, end or live",
            ),
        ] {
            assert_eq!(refusal(line), reason, "{line}");
        }
        assert_eq!(decode(b"\xff{}").unwrap_err().reason, "not UTF-8 at byte 0");
    }

    #[test]
    fn a_refusal_carries_the_id_of_its_message() {
        let refusal = decode(br#"{"id": "x", "log": 1}"#).unwrap_err();
        assert_eq!(
            refused(refusal, 4),
            "{\"id\":\"x\",\"error\":\"\\\"log\\\": expected an object, got a number\",\"line\":4}\n"
        );
        let refusal = decode(br#"{"log": {"": 1}, "id": 5}"#).unwrap_err();
        assert_eq!(refusal.id, Some(Value::Int(5)));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_handled(bytes: Vec<u8>) {
            fuzz_jsonl(&bytes);
        }
    }
}
