//! Bytes to signed URLs. No credentials go with them: the URL is the permission.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use reqwest::blocking::Body;

use super::policy::Kind;
use super::{Api, ApiError, Caller, Payload, Request, Stop};

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
    /// `size` is what it should have, in bytes, if that is known. Redirections are followed: the server's own addresses
    /// point to where it stores its files.
    pub fn download(
        &self,
        what: &str,
        url: &str,
        (path, size): (&Path, Option<u64>),
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
                save: Some((path, size)),
            };
            let answer = self.send(&request, caller)?;
            if (200..300).contains(&answer.status) {
                return Ok(());
            }
            let place = answer.headers.get("location");
            let place = place.and_then(|place| place.to_str().ok());
            let next = place.and_then(|place| url.join(place).ok());
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
    stop: &Stop,
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
            if stop.is_stopped() {
                return Ok(Err("given up".to_owned()));
            }
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

/// How long a file of this size, or of an unknown one, may take to arrive.
pub(super) fn patience_for(size: Option<u64>) -> Duration {
    size.map_or(Duration::from_secs(24 * 3600), patience)
}

/// How long a transfer without a time limit may take: a link that moves less than 16 KB a second stands still.
pub(super) fn patience(length: u64) -> Duration {
    Duration::from_secs(120 + length / (16 << 10))
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};
    use std::thread::JoinHandle;

    use super::*;
    use crate::api::Caller;
    use crate::settings::credentials::{Credentials, Secret};
    use crate::settings::network::Network;
    use crate::settings::server::Server;

    /// Answers one request; gives its head.
    fn server(answer: String) -> (String, JoinHandle<String>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                head.push(byte[0]);
            }
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(head).unwrap().to_lowercase()
        });
        (address, thread)
    }

    fn fetch(base: &str, path: &Path) -> Result<(), ApiError> {
        let network = Network {
            server: Server::new(base, None).unwrap(),
            extra_headers: vec![
                ("Cookie".to_owned(), Secret::new("hidden-cookie")),
                ("X-Team".to_owned(), Secret::new("vision")),
            ],
            file_transfer: crate::settings::network::Channel {
                retry_max: 0,
                ..Network::default().file_transfer
            },
            ..Network::default()
        };
        let key = Credentials::ApiKey(Secret::new("hidden-key"));
        let api = Api::new(&network, Some(key), "", "").unwrap();
        let stop = Stop::default();
        let caller = Caller::new(&stop, &|_| {});
        api.download("file", &format!("{base}/files/a"), (path, Some(4)), caller)
    }

    #[test]
    fn redirections_are_followed_and_secrets_stay_with_the_server() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("made/a");
        let (store, stored) = server(
            "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\ndata".to_owned(),
        );
        let (base, asked) = server(format!(
            "HTTP/1.1 302 Found\r\nlocation: {store}/b?signature=1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        ));
        fetch(&base, &path).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "data");
        let (asked, stored) = (asked.join().unwrap(), stored.join().unwrap());
        assert!(
            asked.contains("authorization: basic") && asked.contains("hidden-cookie"),
            "{asked}"
        );
        assert!(
            stored.starts_with("get /b?signature=1") && stored.contains("vision"),
            "{stored}"
        );
        assert!(
            !stored.contains("authorization") && !stored.contains("hidden"),
            "{stored}"
        );
    }

    #[test]
    fn what_is_not_whole_leaves_no_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        for answer in [
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\npart",
            "HTTP/1.1 302 Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            "HTTP/1.1 302 Found\r\nlocation: file:///etc/passwd\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        ] {
            let (base, asked) = server(answer.to_owned());
            assert!(fetch(&base, &path).is_err(), "{answer}");
            asked.join().unwrap();
            assert_eq!(
                std::fs::read_dir(directory.path()).unwrap().count(),
                0,
                "{answer}"
            );
        }
    }
}
