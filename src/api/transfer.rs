//! Bytes to signed URLs. No credentials go with them: the URL is the permission.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use reqwest::blocking::Body;

use super::policy::Kind;
use super::{Api, ApiError, Caller, Payload, Request};

/// What is sent to a signed URL.
#[derive(Debug, Clone)]
pub enum Content<'a> {
    Bytes(Bytes),
    /// A part of a file: its offset and length in bytes.
    File(&'a Path, u64, u64),
}

impl Api {
    /// Stores bytes at a signed URL, with exactly the given `Name: value` headers; gives the `ETag` of what is stored.
    pub fn put(
        &self,
        what: &str,
        url: &str,
        headers: &[String],
        content: &Content<'_>,
        caller: Caller<'_>,
    ) -> Result<Option<String>, ApiError> {
        let headers = headers
            .iter()
            .filter_map(|header| header.split_once(':'))
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
            .collect();
        let absolute;
        let url = if url.starts_with('/') {
            absolute = format!("{}{url}", self.network().server.base());
            &absolute
        } else {
            url
        };
        let request = Request {
            kind: Kind::Transfer,
            what,
            method: reqwest::Method::PUT,
            url,
            headers,
            body: match content {
                Content::Bytes(bytes) => Payload::Bytes(bytes.clone()),
                Content::File(path, offset, length) => Payload::File(path, *offset, *length),
            },
        };
        let answer = self.send(&request, caller)?;
        Ok(answer
            .headers
            .get("etag")
            .and_then(|etag| etag.to_str().ok())
            .map(str::to_owned))
    }

    /// Fetches what is stored at a URL.
    pub fn get(&self, what: &str, url: &str, caller: Caller<'_>) -> Result<Vec<u8>, ApiError> {
        let request = Request {
            kind: Kind::Transfer,
            what,
            method: reqwest::Method::GET,
            url,
            headers: Vec::new(),
            body: Payload::None,
        };
        Ok(self.send(&request, caller)?.body)
    }
}

/// A body of known length from a part of a file. Small parts are read at once: they go out in one piece.
pub(super) fn part_of_file(path: &Path, offset: u64, length: u64) -> io::Result<Body> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    if length <= 256 << 10 {
        let mut bytes = Vec::with_capacity(length as usize);
        file.take(length).read_to_end(&mut bytes)?;
        // A file that has shrunk meanwhile must not leave the server waiting for the rest.
        bytes.resize(length as usize, 0);
        return Ok(Body::from(bytes));
    }
    Ok(Body::sized(file.take(length), length))
}

/// How long a transfer without a time limit may take: a link that moves less than 16 KB a second stands still.
pub(super) fn patience(length: u64) -> Duration {
    Duration::from_secs(120 + length / (16 << 10))
}
