//! GraphQL: one request is a document, its variables and the name of the operation.

use bytes::Bytes;
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
        let url = format!("{}/graphql", self.network().server.base());
        let body = json!({
            "query": operation.document,
            "variables": variables,
            "operationName": operation.name,
        });
        let request = Request {
            kind: operation.kind,
            what: operation.name,
            method: reqwest::Method::POST,
            url: &url,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: Payload::Bytes(Bytes::from(body.to_string())),
        };
        // An answer that breaks off within valid HTTP is as good as none, but not for ever.
        let mut attempts = 0;
        loop {
            let answer = self.send(&request, caller)?;
            let what = || operation.name.to_owned();
            match serde_json::from_slice::<Value>(&answer.body) {
                Ok(mut answer) => {
                    let messages = messages(&answer);
                    let some = operation.partial
                        && answer["data"]
                            .as_object()
                            .is_some_and(|data| data.values().any(|value| !value.is_null()));
                    if !messages.is_empty() && !some {
                        return Err(ApiError::Refused {
                            what: what(),
                            message: messages,
                        });
                    }
                    return Ok(answer["data"].take());
                }
                Err(_) if attempts < 3 => {
                    attempts += 1;
                    let wait = super::policy::wait(&self.network().graphql, attempts - 1, 0.0);
                    (caller.trouble)(Some("the answer is cut off"));
                    if caller.stop.wait(wait) {
                        return Err(ApiError::Stopped(what()));
                    }
                }
                Err(error) => {
                    return Err(ApiError::Answer {
                        what: what(),
                        message: error.to_string(),
                    });
                }
            }
        }
    }
}

/// The messages of an answer's errors.
pub(super) fn messages(answer: &Value) -> String {
    let errors = answer["errors"].as_array().map_or(&[][..], Vec::as_slice);
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
