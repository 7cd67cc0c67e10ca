//! Answers to the SDK: `ServerResponse`. Source: `wandb_server.proto`, `wandb_internal.proto`.

use prost::Message as _;

use super::api::{ApiResponse, Given};
use super::is_uuid;
use crate::wire::frame;
use crate::wire::schema::{ErrorInfo, KeyedItem, RunRecord};

/// An answer on its way to the SDK.
#[derive(Clone, PartialEq, prost::Message)]
struct ServerResponse {
    #[prost(message, optional, tag = "2")]
    result: Option<ResultMessage>,
    #[prost(message, optional, tag = "5")]
    attach: Option<InformAttachResponse>,
    #[prost(string, tag = "10")]
    request_id: String,
    #[prost(message, optional, tag = "14")]
    api_init: Option<ApiInitResponse>,
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

/// `ServerApiInitResponse`.
#[derive(Clone, PartialEq, prost::Message)]
struct ApiInitResponse {
    #[prost(string, tag = "1")]
    error_message: String,
    #[prost(string, tag = "2")]
    api_id: String,
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
    exit: Option<RunExitResult>,
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
struct RunExitResult {
    #[prost(bool, tag = "1")]
    timed_out: bool,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
struct Nothing {}

/// `Response`: one of its fields is set.
#[derive(Clone, PartialEq, prost::Message)]
struct Response {
    #[prost(message, optional, tag = "19")]
    stop_status: Option<StopStatusResponse>,
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

#[derive(Clone, Copy, PartialEq, prost::Message)]
struct StopStatusResponse {
    #[prost(bool, tag = "1")]
    run_should_stop: bool,
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
    file_counts: Option<FileCounts>,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
struct FileCounts {
    #[prost(int32, tag = "1")]
    wandb: i32,
    #[prost(int32, tag = "2")]
    media: i32,
    #[prost(int32, tag = "3")]
    artifact: i32,
    #[prost(int32, tag = "4")]
    other: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ArtifactResponse {
    #[prost(string, tag = "1")]
    artifact_id: String,
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

#[derive(Clone, PartialEq, prost::Message)]
struct OperationsResponse {
    #[prost(message, optional, tag = "1")]
    stats: Option<OperationStats>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct OperationStats {
    #[prost(message, repeated, tag = "1")]
    operations: Vec<Operation>,
    #[prost(int64, tag = "2")]
    total_operations: i64,
}

/// Something that goes on, shown while the script waits for it.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Operation {
    /// As in "it is …": `uploading data`.
    #[prost(string, tag = "1")]
    pub desc: String,
    #[prost(double, tag = "2")]
    pub runtime_seconds: f64,
    #[prost(string, tag = "4")]
    pub error_status: String,
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
    /// The run cannot begin; raised in the script. `usage`: it is the script's own fault.
    RunError {
        message: String,
        usage: bool,
    },
    /// The script's part of the run is over; whether the time for the upload was too short.
    Exit {
        timed_out: bool,
    },
    /// The run is over, with so many files: other, W&B's own, media, of artifacts. `None`: not yet.
    PollExit(Option<[u64; 4]>),
    /// Whether the script is to stop.
    StopStatus(bool),
    Summary(Vec<KeyedItem>),
    History(Vec<SampledHistoryItem>),
    Step(i64),
    /// Settings of a run, for a process that joins it.
    Settings(Vec<u8>),
    /// A run, for a process that joins it.
    Attach(Box<RunRecord>),
    /// Warnings for the user; none means that the run is over.
    Messages(Vec<String>),
    Operations(Option<Operation>),
    /// An artifact is on the server, with this id; or not, for this reason.
    Artifact(Result<String, String>),
    /// A connection to the server was begun, with this id; or not, for this reason.
    ApiBegun(Result<String, String>),
    /// What the server said.
    Api(Box<Given>),
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
        Answer::RunError { message, usage } => {
            // `ErrorInfo.ErrorCode`: USAGE or COMMUNICATION.
            let code = if usage { 3 } else { 1 };
            result.run = Some(RunResult {
                run: None,
                error: Some(ErrorInfo { message, code }),
            });
        }
        Answer::Exit { timed_out } => result.exit = Some(RunExitResult { timed_out }),
        Answer::PollExit(files) => {
            content.poll_exit = Some(PollExitResponse {
                done: files.is_some(),
                exit_result: files.map(|_| Nothing {}),
                file_counts: files.map(|[other, wandb, media, artifact]| FileCounts {
                    wandb: wandb as i32,
                    media: media as i32,
                    artifact: artifact as i32,
                    other: other as i32,
                }),
            });
        }
        Answer::StopStatus(run_should_stop) => {
            content.stop_status = Some(StopStatusResponse { run_should_stop });
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
        Answer::Operations(operation) => {
            content.operations = Some(OperationsResponse {
                stats: Some(OperationStats {
                    total_operations: operation.iter().count() as i64,
                    operations: operation.into_iter().collect(),
                }),
            });
        }
        Answer::Artifact(result) => {
            let (artifact_id, error_message) = parted(result);
            content.artifact = Some(ArtifactResponse {
                artifact_id,
                error_message,
            });
        }
        Answer::ApiBegun(result) => {
            let (api_id, error_message) = parted(result);
            response.api_init = Some(ApiInitResponse {
                error_message,
                api_id,
            });
        }
        Answer::Api(given) => {
            response.api = Some(ApiResponse {
                given: Some(*given),
            });
        }
        Answer::Error(message) => response.error = Some(MessageText { message }),
    }
    let plain = response.attach.is_some()
        || response.api_init.is_some()
        || response.api.is_some()
        || response.error.is_some();
    if !plain {
        if result.run.is_none() && result.exit.is_none() {
            result.response = Some(content);
        }
        response.result = Some(result);
    }
    frame::encode(&response.encode_to_vec())
}

/// A result as two texts, of which one is empty.
fn parted(result: Result<String, String>) -> (String, String) {
    match result {
        Ok(value) => (value, String::new()),
        Err(reason) => (String::new(), reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::Frames;

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
}
