//! The messages between the official SDK and its service: `ServerRequest` in, `ServerResponse` out.
//!
//! Source: `wandb_server.proto`, `wandb_internal.proto`, `wandb_settings.proto` (wandb 0.31.0 descriptors). Numbers that
//! are used here are the same in 0.18 .. 0.31. Unknown fields and variants are stepped over; a record is handed on as the
//! bytes that came, so that nothing of it is lost. A row ([`What::Log`]) is the hot path and is never decoded further
//! than into names and JSON texts.

use prost::Message as _;

use super::fields::{self, Fields, Unchecked};
use super::json::{self, Value};
use super::proto::{self, ProtoError};
use super::schema::{Kind, Record};
use api::{ApiInit, ApiRequest};

mod answer;
pub mod api;
mod settings;

pub use answer::{Answer, Operation, SampledHistoryItem, answer};
pub use settings::{Count, Hidden, Number, Settings, Text, flag, text};

/// A decoded `ServerRequest`.
#[derive(Debug, PartialEq)]
pub struct Call {
    /// Echoed in the answer; empty if none is expected.
    pub id: String,
    /// The run that is meant, by its id.
    pub stream: String,
    pub what: What,
}

/// What the SDK wants.
#[derive(Debug, PartialEq)]
pub enum What {
    /// A run is about to begin; with all settings as they came.
    Init(Box<Settings>, Vec<u8>),
    /// The stream is over.
    Finish,
    /// Another process joins a run.
    InformAttach,
    /// The owner of the service ends.
    Teardown,
    /// A `log()` call, or a part of one.
    Log {
        fields: Fields,
        step: Option<i64>,
        commit: Option<bool>,
    },
    /// A record to be kept, as it came, and what this build knows of it.
    Record(Vec<u8>, Option<Box<Kind>>),
    /// An artifact, as a record; the SDK may wait for its upload.
    Artifact(Vec<u8>, Option<Box<Kind>>),
    /// The end of the run.
    Exit(i32),
    GetSummary,
    SampledHistory,
    HistoryStep,
    PollExit,
    /// Whether the user has pressed the stop button.
    StopStatus,
    RunStart,
    Shutdown,
    /// A process that has joined asks for the run.
    Attach,
    Operations,
    /// Warnings for the user; with `wait`, an answer when there are some or the run is over.
    Messages {
        wait: bool,
    },
    /// Installed packages, `name==version`.
    Packages(Vec<String>),
    ProbeSystem,
    /// Answered without content: nothing is to be said.
    Noted,
    /// A connection to the server begins.
    ApiInit(Box<ApiInit>),
    /// Something for the server, on a connection that has begun.
    Api(Box<ApiRequest>),
    /// A connection to the server is not needed any more.
    ApiCleanup(String),
    /// Something for the server that is not served; what it is called.
    Unserved(&'static str),
    /// The answer to an earlier call is not waited for any more.
    Cancel(String),
    /// Unknown here; the path of field numbers.
    Unknown(String),
}

/// Why a message cannot be taken.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum SdkError {
    #[error("not a readable message: {0}")]
    Proto(#[from] ProtoError),
    #[error("not a readable message: {0}")]
    Decode(#[from] prost::DecodeError),
}

/// Decodes the message of one frame.
pub fn decode(message: &[u8]) -> Result<Call, SdkError> {
    let mut call = Call {
        id: String::new(),
        stream: String::new(),
        what: What::Unknown(String::new()),
    };
    for field in proto::fields(message) {
        let field = field?;
        let body = field.content.bytes();
        let what = match field.number {
            10 => {
                field.content.text()?.clone_into(&mut call.id);
                continue;
            }
            1 | 2 => record(body, &mut call)?,
            3 => {
                let settings = inner(body, 1)?;
                call.stream = info(body)?;
                What::Init(Box::new(Settings::decode(settings)?), settings.to_vec())
            }
            4 => {
                call.stream = info(body)?;
                What::Finish
            }
            5 => {
                call.stream = info(body)?;
                What::InformAttach
            }
            7 => What::Teardown,
            // Old clients announce their start and end.
            6 | 8 => What::Noted,
            9 => What::Unserved("authenticate"),
            14 => What::ApiInit(Box::new(ApiInit::decode(body)?)),
            15 => What::Api(Box::new(ApiRequest::decode(body)?)),
            17 => {
                let id = proto::fields(body)
                    .flatten()
                    .find(|field| field.number == 1);
                What::ApiCleanup(id.map_or(Ok(""), |field| field.content.text())?.to_owned())
            }
            16 => {
                let id = proto::fields(body)
                    .flatten()
                    .find(|field| field.number == 1);
                What::Cancel(id.map_or(Ok(""), |field| field.content.text())?.to_owned())
            }
            other => What::Unknown(other.to_string()),
        };
        call.what = what;
    }
    Ok(call)
}

/// The id of a message that is not understood otherwise, if an answer is expected.
pub fn id_of(message: &[u8]) -> Option<String> {
    let fields = proto::fields(message).map_while(Result::ok);
    let id = fields.filter(|field| field.number == 10).last()?;
    let id = id.content.text().ok()?;
    (!id.is_empty()).then(|| id.to_owned())
}

/// The last field of this number, as bytes.
fn inner(message: &[u8], number: u32) -> Result<&[u8], ProtoError> {
    let mut found = &[][..];
    for field in proto::fields(message) {
        let field = field?;
        if field.number == number {
            found = field.content.bytes();
        }
    }
    Ok(found)
}

/// `_info.stream_id` of a message.
fn info(message: &[u8]) -> Result<String, ProtoError> {
    let info = inner(message, 200)?;
    Ok(proto::text(inner(info, 1)?)?.to_owned())
}

/// `Record.artifact`.
const ARTIFACT: u32 = 8;

/// Whether an id is a `uuid` and not a mailbox slot, which has 12 characters.
fn is_uuid(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Field numbers of a `Record` that are no kind: `num`, `control`, `uuid`, `_info`.
const ENVELOPE: [u32; 4] = [1, 16, 19, 200];

fn record(bytes: &[u8], call: &mut Call) -> Result<What, SdkError> {
    let mut request = None;
    let mut kind = 0;
    for field in proto::fields(bytes) {
        let field = field?;
        match field.number {
            16 if call.id.is_empty() => {
                // Clients before 0.19.11 name the answer only here.
                let slot = inner(field.content.bytes(), 4)?;
                call.id = String::from_utf8_lossy(slot).into_owned();
            }
            19 if call.id.is_empty() => {
                // 0.18 has a name of its own for one request, the last.
                let uuid = field.content.text()?;
                if is_uuid(uuid) {
                    uuid.clone_into(&mut call.id);
                }
            }
            100 => request = Some(field.content.bytes()),
            200 => {
                let stream = inner(field.content.bytes(), 1)?;
                call.stream = String::from_utf8_lossy(stream).into_owned();
            }
            number if ENVELOPE.contains(&number) => {}
            number => kind = number,
        }
    }
    if let Some(request) = request {
        return self::request(request);
    }
    if kind == 18 {
        let exit = inner(bytes, 18)?;
        let code = proto::fields(exit)
            .flatten()
            .find(|field| field.number == 1);
        return Ok(What::Exit(
            code.map_or(0, |field| field.content.number() as i32),
        ));
    }
    let known = Record::decode(bytes)?.kind.map(Box::new);
    Ok(What::Record(bytes.to_vec(), known))
}

fn request(bytes: &[u8]) -> Result<What, SdkError> {
    let mut what = What::Unknown("100".to_owned());
    for field in proto::fields(bytes) {
        let field = field?;
        let body = field.content.bytes();
        what = match field.number {
            10 => row(body)?,
            1 => What::StopStatus,
            4 => What::GetSummary,
            8 => What::PollExit,
            9 => What::SampledHistory,
            11 => What::RunStart,
            23 => What::Messages {
                wait: proto::fields(body)
                    .flatten()
                    .any(|field| field.number == 1 && field.content.number() != 0),
            },
            24 => What::Packages(packages(body)?),
            64 => What::Shutdown,
            65 => What::Attach,
            82 => What::Operations,
            83 => What::ProbeSystem,
            84 => What::HistoryStep,
            // Status, pause, resume, keep-alive, and what has been without an effect for long.
            2 | 3 | 5 | 6 | 7 | 12 | 17 | 20 | 21 | 22 | 66..=74 | 77 | 79..=81 => What::Noted,
            13 => {
                let mut record = Vec::new();
                message_field(ARTIFACT, inner(body, 1)?, &mut record);
                let known = Record::decode(&record[..])?.kind.map(Box::new);
                What::Artifact(record, known)
            }
            14 => What::Unserved("download_artifact"),
            18 => What::Unserved("sync"),
            78 => What::Unserved("link_artifact"),
            other => What::Unknown(format!("100.{other}")),
        };
    }
    Ok(what)
}

/// Writes a field whose content is a message.
fn message_field(number: u32, message: &[u8], out: &mut Vec<u8>) {
    let wire_type = prost::encoding::WireType::LengthDelimited;
    prost::encoding::encode_key(number, wire_type, out);
    prost::encoding::encode_varint(message.len() as u64, out);
    out.extend_from_slice(message);
}

/// `PartialHistoryRequest`: items, step, action.
fn row(bytes: &[u8]) -> Result<What, SdkError> {
    let mut fields = Unchecked::with_capacity(bytes.len(), bytes.len() / 32 + 4);
    let mut step = None;
    let mut commit = None;
    for field in proto::fields(bytes) {
        let field = field?;
        let body = field.content.bytes();
        match field.number {
            1 => item(body, &mut fields)?,
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
        fields: fields.finish().ok_or(ProtoError::Text)?,
        step,
        commit,
    })
}

/// `HistoryItem`: `key` or `nested_key`, `value_json`, and typed twins of the value that are handed on.
fn item(bytes: &[u8], row: &mut Unchecked) -> Result<(), ProtoError> {
    let mut key = &[][..];
    let mut path: Vec<&str> = Vec::new();
    let mut json = &[][..];
    let mut extra: Vec<&[u8]> = Vec::new();
    for field in proto::fields(bytes) {
        let field = field?;
        match field.number {
            1 => key = field.content.bytes(),
            2 => path.push(field.content.text()?),
            16 => json = field.content.bytes(),
            _ => extra.push(field.encoded),
        }
    }
    if path.is_empty() && key.is_empty() {
        // As the official core: a row has no value without a name.
        return Ok(());
    }
    if path.is_empty() && fields::is_plain(key) && is_number(json) {
        row.push(key, json);
    } else {
        if path.is_empty() {
            path.push(proto::text(key)?);
        }
        if !any_value(&fields::name_of(&path), proto::text(json)?, row) {
            return Ok(());
        }
    }
    if !extra.is_empty() {
        row.extend_last(extra.concat());
    }
    Ok(())
}

fn is_number(json: &[u8]) -> bool {
    json::number_length(json).is_ok_and(|(length, _)| length == json.len())
}

/// Adds a value. False for an object: its leaves are added, and its twins are not.
fn any_value(name: &str, json: &str, row: &mut Unchecked) -> bool {
    let value = match Value::parse(json) {
        Ok(value) if value.is_object() => value,
        Ok(_) => {
            row.push(name.as_bytes(), json.as_bytes());
            return true;
        }
        // What is no JSON is kept as the text that it is.
        Err(_) => json.into(),
    };
    let mut leaves = Fields::default();
    leaves.push_value(name, &value);
    for leaf in leaves.iter() {
        row.push(leaf.name.as_bytes(), leaf.json.as_bytes());
    }
    !value.is_object()
}

fn packages(bytes: &[u8]) -> Result<Vec<String>, ProtoError> {
    let mut lines = Vec::new();
    for field in proto::fields(bytes) {
        let package = field?.content.bytes();
        let text = |number| proto::text(inner(package, number)?);
        lines.push(format!("{}=={}", text(1)?, text(2)?));
    }
    Ok(lines)
}
#[cfg(test)]
mod tests {
    use super::*;

    /// An encoded field with bytes.
    fn field(number: u32, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        prost::encoding::encode_key(number, prost::encoding::WireType::LengthDelimited, &mut out);
        prost::encoding::encode_varint(bytes.len() as u64, &mut out);
        out.extend_from_slice(bytes);
        out
    }

    /// A call with a record of this content.
    fn call(record: &[Vec<u8>]) -> Call {
        let stream = field(200, &field(1, b"run1"));
        let record = [record.concat(), stream].concat();
        decode(&[field(10, b"id1"), field(1, &record)].concat()).unwrap()
    }

    #[test]
    fn rows_become_names_and_texts_and_keep_what_is_unknown() {
        let typed = [
            field(1, b"loss"),
            field(16, b"0.5"),
            vec![0x31, 1, 2, 3, 4, 5, 6, 7, 8],
        ];
        let row = [
            field(1, &typed.concat()),
            field(
                1,
                &[field(1, b"a.b"), field(16, br#"{"c":{"d":1},"e":{}}"#)].concat(),
            ),
            field(
                1,
                &[field(2, b"x"), field(2, b"y"), field(16, b"\"text\"")].concat(),
            ),
            field(1, &[field(1, b"odd"), field(16, b"no json")].concat()),
            field(1, &field(16, b"3")),
            field(2, &[0x08, 0x07]),
            field(3, &[]),
        ];
        let call = call(&[field(100, &field(10, &row.concat()))]);
        assert_eq!((call.id.as_str(), call.stream.as_str()), ("id1", "run1"));
        let What::Log {
            fields,
            step,
            commit,
        } = call.what
        else {
            panic!("{:?}", call.what)
        };
        assert_eq!((step, commit), (Some(7), Some(false)));
        let found: Vec<_> = fields
            .iter()
            .map(|field| (field.name, field.json, field.extra.len()))
            .collect();
        assert_eq!(
            found,
            [
                ("loss", "0.5", 9),
                (r"a\.b.c.d", "1", 0),
                ("x.y", "\"text\"", 0),
                ("odd", "\"no json\"", 0),
            ]
        );
    }

    #[test]
    fn records_are_handed_on_as_they_came() {
        let unknown = field(777, b"from the future");
        let Call { what, .. } = call(std::slice::from_ref(&unknown));
        let What::Record(bytes, None) = what else {
            panic!("{what:?}")
        };
        assert!(bytes.starts_with(&unknown));
        let exit = call(&[field(18, &[0x08, 0x03])]);
        assert_eq!(exit.what, What::Exit(3));
        let unknown = call(&[field(100, &field(999, &[]))]);
        assert_eq!(unknown.what, What::Unknown("100.999".to_owned()));
    }

    #[test]
    fn artifacts_that_are_waited_for_are_records_too() {
        let artifact = field(4, b"name");
        let logged = call(&[field(100, &field(13, &field(1, &artifact)))]);
        let What::Artifact(bytes, Some(kind)) = logged.what else {
            panic!("{:?}", logged.what)
        };
        assert_eq!(bytes, field(8, &artifact));
        assert_eq!(kind.name(), "artifact");
        let query = [field(10, b"id1"), field(15, &field(4, &field(1, b"{a}")))].concat();
        let What::Api(request) = decode(&query).unwrap().what else {
            panic!("not a request")
        };
        let Some(api::Wanted::Graphql(graphql)) = request.wanted else {
            panic!("{request:?}")
        };
        assert_eq!(graphql.query, "{a}");
    }

    proptest::proptest! {
        #[test]
        fn any_message_is_handled(bytes: Vec<u8>) {
            let _ = decode(&bytes);
        }
    }
}
