//! The messages between the official SDK and its service: `ServerRequest` in, `ServerResponse` out.
//!
//! Source: `wandb_server.proto`, `wandb_internal.proto`, `wandb_settings.proto` (wandb 0.31.0 descriptors). Numbers that
//! are used here are the same in 0.18 .. 0.31. Unknown fields and variants are stepped over; a record is handed on as the
//! bytes that came, so that nothing of it is lost. A row ([`What::Log`]) is the hot path and is never decoded further
//! than into names and JSON texts.

use std::ops::Range;

use prost::Message as _;

use super::fields::Fields;
use super::proto::{self, ProtoError};
use super::schema::{Kind, Record};
use api::{ApiInit, ApiRequest};

mod answer;
pub mod api;
mod rows;
mod settings;

pub use answer::{Answer, Operation, SampledHistoryItem, answer};
pub use rows::Rows;
pub use settings::{Count, Hidden, Number, Settings, Text, flag, text};

/// A decoded `ServerRequest`.
#[derive(Debug, PartialEq)]
pub struct Call<'a> {
    /// Echoed in the answer; empty if none is expected.
    pub id: &'a str,
    /// The run that is meant, by its id.
    pub stream: &'a str,
    pub what: What,
}

/// Calls that came together.
#[derive(Debug, Default)]
pub struct Calls {
    /// [`Call::stream`], where it is another than that of the call before.
    streams: Vec<String>,
    list: Vec<(usize, String, What)>,
    /// The values of those that are rows.
    pub rows: Fields,
}

impl Calls {
    /// Adds a call.
    pub fn push(&mut self, id: &str, stream: &str, what: What) {
        if self.streams.last().is_none_or(|last| last != stream) {
            self.streams.push(stream.to_owned());
        }
        self.list
            .push((self.streams.len() - 1, id.to_owned(), what));
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Takes the calls out in order: the id and the stream of each, what it wants, and all rows.
    pub fn for_each(self, mut call: impl FnMut(&str, &str, What, &Fields)) {
        for (stream, id, what) in self.list {
            call(&id, &self.streams[stream], what, &self.rows);
        }
    }
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
        /// Where its values are in [`Calls::rows`].
        values: Range<usize>,
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

/// Decodes the message of one frame; the values of a row go into `rows`, and nothing else does.
pub fn decode<'a>(message: &'a [u8], rows: &mut Rows) -> Result<Call<'a>, SdkError> {
    let before = rows.fields.len();
    let call = decode_into(message, rows);
    let values = match &call {
        Ok(call) => match &call.what {
            What::Log { values, .. } => values.end,
            _ => before,
        },
        Err(_) => before,
    };
    rows.fields.truncate(values);
    call
}

fn decode_into<'a>(message: &'a [u8], rows: &mut Rows) -> Result<Call<'a>, SdkError> {
    let mut call = Call {
        id: "",
        stream: "",
        what: What::Unknown(String::new()),
    };
    for field in proto::fields(message) {
        let field = field?;
        let body = field.content.bytes();
        let what = match field.number {
            10 => {
                call.id = field.content.text()?;
                continue;
            }
            1 | 2 => record(body, &mut call, rows)?,
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
fn info(message: &[u8]) -> Result<&str, ProtoError> {
    let info = inner(message, 200)?;
    proto::text(inner(info, 1)?)
}

/// `Record.artifact`.
const ARTIFACT: u32 = 8;

/// Whether an id is a `uuid` and not a mailbox slot, which has 12 characters.
fn is_uuid(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Field numbers of a `Record` that are no kind: `num`, `control`, `uuid`, `_info`.
const ENVELOPE: [u32; 4] = [1, 16, 19, 200];

fn record<'a>(bytes: &'a [u8], call: &mut Call<'a>, rows: &mut Rows) -> Result<What, SdkError> {
    let mut request = None;
    let mut kind = 0;
    for field in proto::fields(bytes) {
        let field = field?;
        match field.number {
            16 if call.id.is_empty() => {
                // Clients before 0.19.11 name the answer only here.
                let slot = inner(field.content.bytes(), 4)?;
                call.id = proto::text(slot)?;
            }
            19 if call.id.is_empty() => {
                // 0.18 has a name of its own for one request, the last.
                let uuid = field.content.text()?;
                if is_uuid(uuid) {
                    call.id = uuid;
                }
            }
            100 => request = Some(field.content.bytes()),
            200 => {
                let stream = inner(field.content.bytes(), 1)?;
                call.stream = proto::text(stream)?;
            }
            number if ENVELOPE.contains(&number) => {}
            number => kind = number,
        }
    }
    if let Some(request) = request {
        return self::request(request, rows);
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

fn request(bytes: &[u8], rows: &mut Rows) -> Result<What, SdkError> {
    let mut what = None;
    for field in proto::fields(bytes) {
        let field = field?;
        let body = field.content.bytes();
        what = Some(match field.number {
            10 => rows::row(body, rows)?,
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
        });
    }
    Ok(what.unwrap_or_else(|| What::Unknown("100".to_owned())))
}

/// Writes a field whose content is a message.
fn message_field(number: u32, message: &[u8], out: &mut Vec<u8>) {
    let wire_type = prost::encoding::WireType::LengthDelimited;
    prost::encoding::encode_key(number, wire_type, out);
    prost::encoding::encode_varint(message.len() as u64, out);
    out.extend_from_slice(message);
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

    /// The message of a call with a record of this content.
    fn message(record: &[Vec<u8>]) -> Vec<u8> {
        let stream = field(200, &field(1, b"run1"));
        let record = [record.concat(), stream].concat();
        [field(10, b"id1"), field(1, &record)].concat()
    }

    /// What such a call wants.
    fn call(record: &[Vec<u8>]) -> What {
        decode(&message(record), &mut Rows::default()).unwrap().what
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
        let message = message(&[field(100, &field(10, &row.concat()))]);
        let mut rows = Rows::default();
        let call = decode(&message, &mut rows).unwrap();
        assert_eq!((call.id, call.stream), ("id1", "run1"));
        let What::Log {
            values,
            step,
            commit,
        } = call.what
        else {
            panic!("{:?}", call.what)
        };
        assert_eq!((step, commit), (Some(7), Some(false)));
        let row = rows.fields.part(values);
        let found: Vec<_> = row
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
    fn rows_lie_behind_each_other_and_broken_ones_leave_nothing() {
        let item = |name: &[u8], json: &[u8]| field(1, &[field(1, name), field(16, json)].concat());
        let row = |items: &[Vec<u8>]| message(&[field(100, &field(10, &items.concat()))]);
        let mut rows = Rows::default();
        let mut log = |items: &[Vec<u8>]| match decode(&row(items), &mut rows).map(|call| call.what)
        {
            Ok(What::Log { values, .. }) => Some(values),
            _ => None,
        };
        assert_eq!(log(&[item(b"a", b"1"), item(b"b", b"-2e-5")]), Some(0..2));
        assert_eq!(log(&[item(b"c", b"1"), vec![0x0a, 0x05, 0x0a]]), None);
        assert_eq!(log(&[item(b"d", b"1"), item(b"e\xff", b"1")]), None);
        assert_eq!(log(&[]), Some(2..2));
        let good = row(&[item(b"h", b"1")]);
        let spoilt = [&good[..], &field(10, b"\xff")].concat();
        assert!(decode(&spoilt, &mut rows).is_err());
        let replaced = [&good[..], &field(16, &field(1, b"id2"))].concat();
        let what = decode(&replaced, &mut rows).unwrap().what;
        assert_eq!(what, What::Cancel("id2".to_owned()));
        assert_eq!(rows.fields.len(), 2);
        let mut log = |items: &[Vec<u8>]| match decode(&row(items), &mut rows).map(|call| call.what)
        {
            Ok(What::Log { values, .. }) => Some(values),
            _ => None,
        };
        assert_eq!(log(&[item(b"f", b"NaN"), item(b"g", b"\"1\"")]), Some(2..4));
        let found: Vec<_> = rows
            .fields
            .iter()
            .map(|field| (field.name, field.number))
            .collect();
        assert_eq!(found[..2], [("a", Some(1.0)), ("b", Some(-2e-5))]);
        assert!(found[2].1.is_some_and(f64::is_nan));
        assert_eq!(found[3], ("g", None));
    }

    #[test]
    fn records_are_handed_on_as_they_came() {
        let unknown = field(777, b"from the future");
        let what = call(std::slice::from_ref(&unknown));
        let What::Record(bytes, None) = what else {
            panic!("{what:?}")
        };
        assert!(bytes.starts_with(&unknown));
        let exit = call(&[field(18, &[0x08, 0x03])]);
        assert_eq!(exit, What::Exit(3));
        let unknown = call(&[field(100, &field(999, &[]))]);
        assert_eq!(unknown, What::Unknown("100.999".to_owned()));
    }

    #[test]
    fn artifacts_that_are_waited_for_are_records_too() {
        let artifact = field(4, b"name");
        let logged = call(&[field(100, &field(13, &field(1, &artifact)))]);
        let What::Artifact(bytes, Some(kind)) = logged else {
            panic!("{logged:?}")
        };
        assert_eq!(bytes, field(8, &artifact));
        assert_eq!(kind.name(), "artifact");
        let query = [field(10, b"id1"), field(15, &field(4, &field(1, b"{a}")))].concat();
        let What::Api(request) = decode(&query, &mut Rows::default()).unwrap().what else {
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
            let _ = decode(&bytes, &mut Rows::default());
        }
    }
}
