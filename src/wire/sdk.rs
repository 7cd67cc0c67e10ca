//! The messages between the official SDK and its service: `ServerRequest` in, `ServerResponse` out.
//!
//! Source: `wandb_server.proto`, `wandb_internal.proto`, `wandb_settings.proto` (wandb 0.31.0 descriptors). Numbers that
//! are used here are the same in 0.18 .. 0.31. Unknown fields and variants are stepped over; a record is handed on as the
//! bytes that came, so that nothing of it is lost. A row ([`What::Log`]) is the hot path and is never decoded further
//! than into names and JSON texts.

use prost::Message as _;

use super::fields::{self, Fields};
use super::json::{Reader, Value};
use super::proto::{self, ProtoError};
use super::schema::{ErrorInfo, KeyedItem, Kind, Record, RunRecord};

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
    /// The end of the run.
    Exit(i32),
    GetSummary,
    SampledHistory,
    HistoryStep,
    PollExit,
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
    /// Something for the server that is not served yet; the field's number.
    Api(u32),
    /// The answer to an earlier call is not waited for any more.
    Cancel(String),
    /// Unknown here; the path of field numbers.
    Unknown(String),
}

/// The settings that matter here, by their official names.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Settings {
    #[prost(message, optional, tag = "1")]
    pub args: Option<TextList>,
    #[prost(message, optional, tag = "13")]
    pub executable: Option<Text>,
    #[prost(message, optional, tag = "30")]
    pub offline: Option<Flag>,
    #[prost(message, optional, tag = "32")]
    pub os: Option<Text>,
    #[prost(message, optional, tag = "34")]
    pub python: Option<Text>,
    #[prost(message, optional, tag = "41")]
    pub start_time: Option<Number>,
    #[prost(message, optional, tag = "60")]
    pub console: Option<Text>,
    #[prost(message, optional, tag = "67")]
    pub host: Option<Text>,
    #[prost(message, optional, tag = "68")]
    pub email: Option<Text>,
    #[prost(message, optional, tag = "77")]
    pub docker: Option<Text>,
    #[prost(message, optional, tag = "95")]
    pub program: Option<Text>,
    #[prost(message, optional, tag = "96")]
    pub program_relpath: Option<Text>,
    #[prost(message, optional, tag = "99")]
    pub quiet: Option<Flag>,
    #[prost(message, optional, tag = "105")]
    pub root_dir: Option<Text>,
    #[prost(message, optional, tag = "107")]
    pub run_id: Option<Text>,
    #[prost(message, optional, tag = "115")]
    pub save_code: Option<Flag>,
    #[prost(message, optional, tag = "123")]
    pub silent: Option<Flag>,
    #[prost(message, optional, tag = "133")]
    pub sync_dir: Option<Text>,
    #[prost(message, optional, tag = "134")]
    pub sync_file: Option<Text>,
    #[prost(message, optional, tag = "141")]
    pub username: Option<Text>,
    #[prost(message, optional, tag = "159")]
    pub program_abspath: Option<Text>,
    #[prost(message, optional, tag = "191")]
    pub skip_transaction_log: Option<Flag>,
    #[prost(message, optional, tag = "7")]
    pub disable_meta: Option<Flag>,
}

/// `google.protobuf.StringValue`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Text {
    #[prost(string, tag = "1")]
    pub value: String,
}

/// `google.protobuf.BoolValue`.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Flag {
    #[prost(bool, tag = "1")]
    pub value: bool,
}

/// `google.protobuf.DoubleValue`.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Number {
    #[prost(double, tag = "1")]
    pub value: f64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct TextList {
    #[prost(string, repeated, tag = "1")]
    pub value: Vec<String>,
}

/// The text of a setting; empty if it is not set.
pub fn text(setting: Option<&Text>) -> &str {
    setting.map_or("", |text| text.value.as_str())
}

/// Whether a setting is on.
pub fn flag(setting: Option<Flag>) -> bool {
    setting.is_some_and(|flag| flag.value)
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
            // Old clients announce their start and end; a connection to the API begins and ends.
            6 | 8 | 14 | 17 => What::Noted,
            9 | 15 => What::Api(field.number),
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
    Ok(std::str::from_utf8(inner(info, 1)?)
        .map_err(|_| ProtoError::Text)?
        .to_owned())
}

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
            1 | 2 | 3 | 5 | 6 | 7 | 12 | 17 | 20 | 21 | 22 | 66..=74 | 77 | 79..=81 => What::Noted,
            13 | 14 | 18 | 78 => What::Api(field.number),
            other => What::Unknown(format!("100.{other}")),
        };
    }
    Ok(what)
}

/// `PartialHistoryRequest`: items, step, action.
fn row(bytes: &[u8]) -> Result<What, SdkError> {
    let mut fields = Fields::with_capacity(bytes.len(), bytes.len() / 48 + 4);
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
        fields,
        step,
        commit,
    })
}

/// `HistoryItem`: `key` or `nested_key`, `value_json`, and typed twins of the value that are handed on.
fn item(bytes: &[u8], fields: &mut Fields) -> Result<(), ProtoError> {
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
    if path.is_empty() && key.is_empty() {
        // As the official core: a row has no value without a name.
        return Ok(());
    }
    let name = if path.is_empty() {
        fields::escaped(key)
    } else {
        fields::name_of(&path).into()
    };
    let mut reader = Reader::new(json);
    if matches!(reader.scalar_text(), Ok(Some(_))) && reader.end().is_ok() {
        fields.push(&name, json);
    } else {
        match Value::parse(json) {
            Ok(value) if value.is_object() => {
                fields.push_value(&name, &value);
                return Ok(());
            }
            Ok(_) => fields.push(&name, json),
            // What is no JSON is kept as the text that it is.
            Err(_) => fields.push_value(&name, &json.into()),
        }
    }
    if !extra.is_empty() {
        fields.extend_last(&extra.concat());
    }
    Ok(())
}

fn packages(bytes: &[u8]) -> Result<Vec<String>, ProtoError> {
    let mut lines = Vec::new();
    for field in proto::fields(bytes) {
        let package = field?.content.bytes();
        let text =
            |number| std::str::from_utf8(inner(package, number)?).map_err(|_| ProtoError::Text);
        lines.push(format!("{}=={}", text(1)?, text(2)?));
    }
    Ok(lines)
}

/// An answer on its way to the SDK.
#[derive(Clone, PartialEq, prost::Message)]
struct ServerResponse {
    #[prost(message, optional, tag = "2")]
    result: Option<ResultMessage>,
    #[prost(message, optional, tag = "5")]
    attach: Option<InformAttachResponse>,
    #[prost(string, tag = "10")]
    request_id: String,
    #[prost(message, optional, tag = "16")]
    api: Option<ApiResponse>,
    #[prost(message, optional, tag = "200")]
    error: Option<MessageText>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct MessageText {
    #[prost(string, tag = "1")]
    message: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ApiResponse {
    #[prost(message, optional, tag = "2")]
    error: Option<MessageText>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct InformAttachResponse {
    /// The settings as the run's creator sent them.
    #[prost(bytes = "vec", tag = "1")]
    settings: Vec<u8>,
}

/// `Result`.
#[derive(Clone, PartialEq, prost::Message)]
struct ResultMessage {
    #[prost(message, optional, tag = "16")]
    control: Option<Control>,
    #[prost(message, optional, tag = "17")]
    run: Option<RunResult>,
    #[prost(message, optional, tag = "18")]
    exit: Option<Nothing>,
    #[prost(string, tag = "24")]
    uuid: String,
    #[prost(message, optional, tag = "100")]
    response: Option<Response>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Control {
    #[prost(string, tag = "4")]
    mailbox_slot: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct RunResult {
    #[prost(message, optional, tag = "1")]
    run: Option<RunRecord>,
    #[prost(message, optional, tag = "2")]
    error: Option<ErrorInfo>,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
struct Nothing {}

/// `Response`: one of its fields is set.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Response {
    #[prost(message, optional, tag = "25")]
    summary: Option<SummaryResponse>,
    #[prost(message, optional, tag = "26")]
    poll_exit: Option<PollExitResponse>,
    #[prost(message, optional, tag = "27")]
    history: Option<SampledHistoryResponse>,
    #[prost(message, optional, tag = "30")]
    artifact: Option<ArtifactResponse>,
    #[prost(message, optional, tag = "37")]
    messages: Option<MessagesResponse>,
    #[prost(message, optional, tag = "65")]
    attach: Option<RunResult>,
    #[prost(message, optional, tag = "74")]
    operations: Option<OperationsResponse>,
    #[prost(message, optional, tag = "75")]
    step: Option<StepResponse>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct SummaryResponse {
    #[prost(message, repeated, tag = "1")]
    item: Vec<KeyedItem>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct SampledHistoryResponse {
    #[prost(message, repeated, tag = "1")]
    item: Vec<SampledHistoryItem>,
}

/// The course of a metric in few values.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SampledHistoryItem {
    #[prost(string, tag = "1")]
    pub key: String,
    #[prost(float, repeated, tag = "3")]
    pub values_float: Vec<f32>,
}

/// The run is over, and these are the files that go with it.
#[derive(Clone, Copy, PartialEq, prost::Message)]
struct PollExitResponse {
    #[prost(bool, tag = "1")]
    done: bool,
    #[prost(message, optional, tag = "2")]
    exit_result: Option<Nothing>,
    #[prost(message, optional, tag = "4")]
    file_counts: Option<Nothing>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ArtifactResponse {
    #[prost(string, tag = "2")]
    error_message: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct MessagesResponse {
    #[prost(message, optional, tag = "1")]
    messages: Option<Warnings>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Warnings {
    #[prost(string, repeated, tag = "1")]
    warning: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
struct OperationsResponse {
    #[prost(message, optional, tag = "1")]
    stats: Option<Nothing>,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
struct StepResponse {
    #[prost(int64, tag = "1")]
    step: i64,
}

/// What is answered; [`answer`] encodes it.
#[derive(Debug)]
pub enum Answer {
    /// Only the id.
    Done,
    Run(Box<RunRecord>),
    Exit,
    PollExit,
    Summary(Vec<KeyedItem>),
    History(Vec<SampledHistoryItem>),
    Step(i64),
    /// Settings of a run, for a process that joins it.
    Settings(Vec<u8>),
    /// A run, for a process that joins it.
    Attach(Box<RunRecord>),
    /// Warnings for the user; none means that the run is over.
    Messages(Vec<String>),
    Operations,
    ArtifactError(String),
    ApiError(String),
    /// Raised in the script as an exception.
    Error(String),
}

/// The frame of an answer.
pub fn answer(id: &str, answer: Answer) -> Vec<u8> {
    let mut response = ServerResponse {
        request_id: id.to_owned(),
        ..ServerResponse::default()
    };
    let mut result = ResultMessage {
        // Clients before 0.19.11 look only here.
        control: (!is_uuid(id)).then(|| Control {
            mailbox_slot: id.to_owned(),
        }),
        uuid: if is_uuid(id) {
            id.to_owned()
        } else {
            String::new()
        },
        ..ResultMessage::default()
    };
    let mut content = Response::default();
    match answer {
        Answer::Done => {}
        Answer::Run(run) => {
            result.run = Some(RunResult {
                run: Some(*run),
                error: None,
            });
        }
        Answer::Exit => result.exit = Some(Nothing {}),
        Answer::PollExit => {
            content.poll_exit = Some(PollExitResponse {
                done: true,
                exit_result: Some(Nothing {}),
                file_counts: Some(Nothing {}),
            });
        }
        Answer::Summary(item) => content.summary = Some(SummaryResponse { item }),
        Answer::History(item) => content.history = Some(SampledHistoryResponse { item }),
        Answer::Step(step) => content.step = Some(StepResponse { step }),
        Answer::Settings(settings) => response.attach = Some(InformAttachResponse { settings }),
        Answer::Attach(run) => {
            content.attach = Some(RunResult {
                run: Some(*run),
                error: None,
            });
        }
        Answer::Messages(warning) => {
            content.messages = Some(MessagesResponse {
                messages: Some(Warnings { warning }),
            });
        }
        Answer::Operations => {
            content.operations = Some(OperationsResponse {
                stats: Some(Nothing {}),
            });
        }
        Answer::ArtifactError(error_message) => {
            content.artifact = Some(ArtifactResponse { error_message });
        }
        Answer::ApiError(message) => {
            response.api = Some(ApiResponse {
                error: Some(MessageText { message }),
            });
        }
        Answer::Error(message) => response.error = Some(MessageText { message }),
    }
    let plain = response.attach.is_some() || response.api.is_some() || response.error.is_some();
    if !plain {
        if result.run.is_none() && result.exit.is_none() {
            result.response = Some(content);
        }
        response.result = Some(result);
    }
    super::frame::encode(&response.encode_to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::Frames;

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
    fn answers_name_the_call_in_the_way_it_was_named() {
        let message = |id: &str| {
            let mut frames = Frames::default();
            frames.extend(&answer(id, Answer::Step(4)));
            ServerResponse::decode(frames.take().unwrap().unwrap()).unwrap()
        };
        let slot = message("abc123abc123");
        let result = slot.result.unwrap();
        assert_eq!(slot.request_id, "abc123abc123");
        assert_eq!(result.control.unwrap().mailbox_slot, "abc123abc123");
        assert_eq!(result.response.unwrap().step.unwrap().step, 4);
        let uuid = "1c9e9bbcd6924b3a8af8fbc48154b5e2";
        let result = message(uuid).result.unwrap();
        assert_eq!((result.uuid.as_str(), result.control), (uuid, None));
    }

    proptest::proptest! {
        #[test]
        fn any_message_is_handled(bytes: Vec<u8>) {
            let _ = decode(&bytes);
        }
    }
}
