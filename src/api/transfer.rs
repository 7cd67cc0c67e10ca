//! Bytes to signed URLs. No credentials go with them: the URL is the permission.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use reqwest::blocking::Body;

use super::policy::Kind;
use super::{Api, ApiError, Caller, Payload, Request};

/// The most redirections of one download.
const REDIRECTIONS: usize = 10;

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
        let url = self.absolute(url);
        let request = Request {
            kind: Kind::Transfer,
            what,
            method: reqwest::Method::PUT,
            url: &url,
            headers,
            body: match content {
                Content::Bytes(bytes) => Payload::Bytes(bytes.clone()),
                Content::File(path, offset, length) => Payload::File(path, *offset, *length),
            },
            save: None,
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
            save: None,
        };
        Ok(self.send(&request, caller)?.body)
    }

    /// Fetches what a URL stands for into a file, as a whole or not at all; directories on the way are made.
    ///
    /// Redirections are followed: the server's own addresses point to where it stores its files.
    pub fn download(
        &self,
        what: &str,
        url: &str,
        path: &Path,
        caller: Caller<'_>,
    ) -> Result<(), ApiError> {
        let broken = |message: String| ApiError::Answer {
            what: what.to_owned(),
            message,
        };
        let mut url = reqwest::Url::parse(&self.absolute(url))
            .map_err(|error| broken(format!("its address cannot be used: {error}")))?;
        for _ in 0..REDIRECTIONS {
            let request = Request {
                kind: Kind::Download,
                what,
                method: reqwest::Method::GET,
                url: url.as_str(),
                headers: Vec::new(),
                body: Payload::None,
                save: Some(path),
            };
            let answer = self.send(&request, caller)?;
            let Some(place) = answer.headers.get("location") else {
                return Ok(());
            };
            let next = place.to_str().ok().and_then(|place| url.join(place).ok());
            url = next
                .filter(|next| matches!(next.scheme(), "http" | "https"))
                .ok_or_else(|| broken("it points to an address that cannot be used".to_owned()))?;
        }
        Err(broken("it is redirected again and again".to_owned()))
    }

    /// A URL that the server gave, which may lack the server's own address.
    fn absolute(&self, url: &str) -> String {
        if url.starts_with('/') {
            format!("{}{url}", self.network().server.base())
        } else {
            url.to_owned()
        }
    }
}

/// Writes the body of an answer into a file. The outer error is that of the file, the inner one that of the connection.
pub(super) fn save(
    mut response: reqwest::blocking::Response,
    path: &Path,
) -> Result<Result<Vec<u8>, String>, String> {
    let failed = |error: io::Error| format!("{}: {error}", path.display());
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory).map_err(failed)?;
    }
    let random = u64::from_le_bytes(crate::sys::random());
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{random:016x}.part"));
    let temporary = std::path::PathBuf::from(temporary);
    let mut write = || {
        let mut file = File::create_new(&temporary)?;
        let mut buffer = vec![0; 256 << 10];
        loop {
            match response.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => file.write_all(&buffer[..n])?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Ok(Err(format!("the answer breaks off: {error}"))),
            }
        }
        std::fs::rename(&temporary, path)?;
        Ok(Ok(Vec::new()))
    };
    let written = write();
    if !matches!(written, Ok(Ok(_))) {
        let _ = std::fs::remove_file(&temporary);
    }
    written.map_err(failed)
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
