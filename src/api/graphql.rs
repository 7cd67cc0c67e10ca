//! GraphQL: one request is a document, its variables and the name of the operation.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::policy::Kind;
use super::{Api, ApiError, Caller, Payload, Request};

/// An operation: its name and its document.
#[derive(Debug)]
pub struct Operation {
    pub name: &'static str,
    pub document: &'static str,
    pub kind: Kind,
    /// What there is of an answer counts, even if it also tells errors.
    pub partial: bool,
}

impl Operation {
    /// An operation with the usual retries.
    pub const fn new(name: &'static str, document: &'static str) -> Self {
        Self {
            name,
            document,
            kind: Kind::Graphql,
            partial: false,
        }
    }
}

impl Api {
    /// Carries out an operation; gives its `data`.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "variables are made for one request; a borrow at every call would only be noise"
    )]
    pub fn graphql(
        &self,
        operation: &Operation,
        variables: Value,
        caller: Caller<'_>,
    ) -> Result<Value, ApiError> {
        let body = json!({
            "query": operation.document,
            "variables": variables,
            "operationName": operation.name,
        });
        let answer = self.ask(operation.name, operation.kind, body.to_string(), caller)?;
        let data = answer.data.as_ref().map_or("null", |data| data.get());
        let data: Value = serde_json::from_str(data).map_err(|error| ApiError::Answer {
            what: operation.name.to_owned(),
            message: error.to_string(),
        })?;
        let some = operation.partial
            && data
                .as_object()
                .is_some_and(|data| data.values().any(|value| !value.is_null()));
        match answer.refusal() {
            Some(message) if !some => Err(ApiError::Refused {
                what: operation.name.to_owned(),
                message,
            }),
            _ => Ok(data),
        }
    }

    /// Sends somebody else's document, with variables as JSON (an object); gives `data` as it came.
    pub fn forward(
        &self,
        document: &str,
        variables: &RawValue,
        caller: Caller<'_>,
    ) -> Result<Box<RawValue>, ApiError> {
        #[derive(serde::Serialize)]
        struct Body<'a> {
            query: &'a str,
            variables: &'a RawValue,
        }
        const WHAT: &str = "GraphQL";
        let body = Body {
            query: document,
            variables,
        };
        let wrong = |error: serde_json::Error| ApiError::Answer {
            what: WHAT.to_owned(),
            message: error.to_string(),
        };
        let body = serde_json::to_string(&body).map_err(wrong)?;
        let answer = self.ask(WHAT, Kind::Graphql, body, caller)?;
        match (answer.refusal(), answer.data) {
            (Some(message), _) => Err(ApiError::Refused {
                what: WHAT.to_owned(),
                message,
            }),
            (None, Some(data)) => Ok(data),
            (None, None) => RawValue::from_string("null".to_owned()).map_err(wrong),
        }
    }

    fn ask(
        &self,
        what: &str,
        kind: Kind,
        body: String,
        caller: Caller<'_>,
    ) -> Result<Reply, ApiError> {
        let url = format!("{}/graphql", self.network().server.base());
        let request = Request {
            kind,
            what,
            method: reqwest::Method::POST,
            url: &url,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: Payload::Bytes(Bytes::from(body)),
            save: None,
        };
        // An answer that breaks off within valid HTTP is as good as none, but not for ever.
        let mut attempts = 0;
        loop {
            let answer = self.send(&request, caller)?;
            match serde_json::from_slice(&answer.body) {
                Ok(reply) => return Ok(reply),
                Err(_) if attempts < 3 => {
                    attempts += 1;
                    let wait = super::policy::wait(&self.network().graphql, attempts - 1, 0.0);
                    (caller.trouble)(Some("the answer is cut off"));
                    if caller.stop.wait(wait) {
                        return Err(ApiError::Stopped(what.to_owned()));
                    }
                }
                Err(error) => {
                    return Err(ApiError::Answer {
                        what: what.to_owned(),
                        message: error.to_string(),
                    });
                }
            }
        }
    }
}

/// An answer of `/graphql`.
#[derive(Deserialize)]
struct Reply {
    #[serde(default)]
    data: Option<Box<RawValue>>,
    #[serde(default)]
    errors: Value,
}

impl Reply {
    /// What the errors say, if there are some.
    fn refusal(&self) -> Option<String> {
        Some(errors(&self.errors)).filter(|message| !message.is_empty())
    }
}

/// The text of a member of an answer; empty if it has none.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The messages of an answer's errors.
pub(super) fn messages(answer: &Value) -> String {
    errors(&answer["errors"])
}

/// The messages of a list of errors.
fn errors(list: &Value) -> String {
    let errors = list.as_array().map_or(&[][..], Vec::as_slice);
    let messages: Vec<&str> = errors
        .iter()
        .map(|error| {
            error["message"]
                .as_str()
                .or_else(|| error.as_str())
                .unwrap_or("an error without a message")
        })
        .collect();
    messages.join("; ")
}

/// Must not panic or hang, whatever the input.
#[doc(hidden)]
pub fn fuzz_answer(input: &[u8]) {
    let _ = serde_json::from_slice::<Reply>(input).map(|reply| reply.refusal());
    let text = String::from_utf8_lossy(input);
    let _ = super::message_of(&text);
    let _ = super::policy::retry_after(&text, 1e9);
    let _ = super::policy::verdict(Kind::Upsert, 409, &text);
}
