//! The file stream: rows of history and system metrics, the summary, console lines and the end of a run.
//!
//! `POST {base}/files/{entity}/{project}/{run}/file_stream`. Lines are sent with their number in the server's file, so
//! a request that is sent twice changes nothing. Source: `core/internal/filestream` of the official repository.

use bytes::Bytes;
use serde_json::Value;

use super::policy::Kind;
use super::{Api, ApiError, Caller, Payload, Request};
use crate::settings::server::segment;

/// What the server says to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Said {
    /// The user has pressed the stop button.
    pub stopped: bool,
}

impl Api {
    /// Sends one request of a run's file stream; waits for its turn in the budget of all runs.
    pub fn stream(
        &self,
        entity: &str,
        project: &str,
        run: &str,
        body: Vec<u8>,
        caller: Caller<'_>,
    ) -> Result<Said, ApiError> {
        let url = format!(
            "{}/files/{}/{}/{}/file_stream",
            self.network().server.base(),
            segment(entity),
            segment(project),
            segment(run)
        );
        let wait = self.budget.take();
        if !wait.is_zero() && caller.stop.wait(wait) {
            return Err(ApiError::Stopped("file stream".to_owned()));
        }
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let mut body = body;
        if self.network().file_stream_gzip
            && self.has_feature("FILESTREAM_GZIP", caller)
            && let Ok(packed) = gzipped(&body)
        {
            headers.push(("content-encoding".to_owned(), "gzip".to_owned()));
            body = packed;
        }
        let request = Request {
            kind: Kind::Stream,
            what: "file stream",
            method: reqwest::Method::POST,
            url: &url,
            headers,
            body: Payload::Bytes(Bytes::from(body)),
            save: None,
        };
        let answer = self.send(&request, caller)?;
        // Servers may answer with anything; only the stop flag matters.
        let answer: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        Ok(Said {
            stopped: answer["stopped"].as_bool().unwrap_or(false),
        })
    }
}

fn gzipped(body: &[u8]) -> std::io::Result<Vec<u8>> {
    use std::io::Write as _;
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(body)?;
    writer.finish()
}
