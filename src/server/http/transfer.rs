//! Content in and out: uploads to signed addresses, and downloads.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;

use super::{App, access, blocking, failed, text_of};
use crate::server::links::{Access, Target};
use crate::server::{Failure, Server, now, storage};

/// How long a client may take until more of its content comes.
const PATIENCE: Duration = Duration::from_secs(120);
/// Bytes that are read from a file at once.
const PIECE: usize = 256 * 1024;

/// The part of an address that shows it was made here.
#[derive(Deserialize)]
pub(super) struct Signature {
    #[serde(default)]
    until: String,
    #[serde(default)]
    signature: String,
}

/// What the address is about, if it was signed here for this, and is still good. The target was signed as it stands there.
fn target(
    server: &Server,
    access: Access,
    request: &Request,
    signature: &Signature,
) -> Option<Target> {
    let path = request.uri().path();
    let raw = path.strip_prefix("/-/storage/").unwrap_or_default();
    let Signature { until, signature } = signature;
    let good = server.links.check(access, raw, until, signature, now());
    good.then(|| Target::parse(raw)).flatten()
}

fn refused() -> Response {
    failed(
        StatusCode::FORBIDDEN,
        "the address was not made by this server, or is too old",
    )
}

fn no_content() -> Response {
    failed(StatusCode::NOT_FOUND, "not found")
}

/// `PUT /-/storage/…`.
pub(super) async fn put(
    State(app): State<Arc<App>>,
    Query(signature): Query<Signature>,
    request: Request,
) -> Response {
    let Some(server) = app.server.clone() else {
        return no_content();
    };
    let Some(target) = target(&server, Access::Upload, &request, &signature) else {
        return refused();
    };
    let wanted = text_of(request.headers(), "content-md5").map(str::to_owned);
    let mut upload = match server.begin_upload() {
        Ok(upload) => upload,
        Err(failure) => return failure.into_response(),
    };
    let mut body = request.into_body().into_data_stream();
    loop {
        let next = match tokio::time::timeout(PATIENCE, body.next()).await {
            Ok(None) => break,
            Ok(Some(piece)) => piece.ok(),
            Err(_) => None,
        };
        let Some(piece) = next else {
            // The client is gone; what came of it goes, too.
            return failed(
                StatusCode::BAD_REQUEST,
                "the content has not arrived completely",
            );
        };
        let written = blocking(move || {
            upload.write(&piece)?;
            Ok(upload)
        });
        upload = match written.await {
            Ok(upload) => upload,
            Err(failure) => return failure.into_response(),
        };
    }
    match blocking(move || server.finish_upload(&target, upload, wanted.as_deref())).await {
        Ok(stored) => (
            [(header::ETAG, format!("\"{}\"", stored.md5)), allow_all()],
            (),
        )
            .into_response(),
        Err(failure) => failure.into_response(),
    }
}

fn allow_all() -> (header::HeaderName, String) {
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*".to_owned())
}

/// `OPTIONS /-/storage/…`: browsers of other pages may use a signed address.
pub(super) async fn options() -> Response {
    let headers = [
        allow_all(),
        (
            header::ACCESS_CONTROL_ALLOW_METHODS,
            "GET, PUT, HEAD, OPTIONS".to_owned(),
        ),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "content-md5, content-type, range, authorization".to_owned(),
        ),
    ];
    (headers, ()).into_response()
}

/// `GET /-/storage/blob/…`.
pub(super) async fn get(
    State(app): State<Arc<App>>,
    Query(signature): Query<Signature>,
    request: Request,
) -> Response {
    let Some(server) = app.server.clone() else {
        return no_content();
    };
    let signed = target(&server, Access::Download, &request, &signature);
    let Some(Target::Blob { md5, name }) = signed else {
        return refused();
    };
    let mut response = match server.content(&md5) {
        Ok(path) => file(path, &name, request.headers()).await,
        Err(failure) => failure.into_response(),
    };
    let (name, value) = allow_all();
    if let Ok(value) = value.parse() {
        response.headers_mut().insert(name, value);
    }
    response
}

/// `GET /artifactsV2/{region}/{entity}/…/{md5}/{name}`: where official clients look if they have no signed address.
pub(super) async fn artifact(
    State(app): State<Arc<App>>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(server) = app.server.clone() else {
        return no_content();
    };
    if let Err(response) = access::program(&server, &headers).await {
        return response;
    }
    let mut parts = path.rsplit('/');
    let name = parts.next().unwrap_or_default().to_owned();
    let md5 = parts.next().unwrap_or_default();
    match server.content(md5) {
        Ok(path) => file(path, &name, &headers).await,
        Err(failure) => failure.into_response(),
    }
}

/// A file's content, or the part of it that `Range` asks for.
pub(super) async fn file(path: PathBuf, name: &str, headers: &HeaderMap) -> Response {
    let mime_type = storage::mime_type(name);
    let range = text_of(headers, "range").map(str::to_owned);
    let opened = blocking(move || open(&path, range.as_deref())).await;
    let (content, part) = match opened {
        Ok(opened) => opened,
        Err(failure) => return failure.into_response(),
    };
    let Some(part) = part else {
        let all = format!("bytes */{}", content.size);
        return (
            StatusCode::RANGE_NOT_SATISFIABLE,
            [(header::CONTENT_RANGE, all)],
        )
            .into_response();
    };
    let mut response = Response::new(content.stream(part.end - part.start));
    if part.is_partial {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    let harmless = storage::is_harmless(mime_type);
    let shown_type = match mime_type {
        text if harmless && text.starts_with("text/") => "text/plain; charset=utf-8",
        other => other,
    };
    let disposition = if harmless { "inline" } else { "attachment" };
    let fields = [
        (header::CONTENT_TYPE, shown_type.to_owned()),
        (header::CONTENT_LENGTH, (part.end - part.start).to_string()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::CONTENT_DISPOSITION, disposition.to_owned()),
        (
            header::CONTENT_RANGE,
            format!(
                "bytes {}-{}/{}",
                part.start,
                part.end.saturating_sub(1),
                part.size
            ),
        ),
    ];
    for (name, value) in fields {
        if name == header::CONTENT_RANGE && !part.is_partial {
            continue;
        }
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

struct Content {
    file: File,
    size: u64,
}

/// Bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    start: u64,
    end: u64,
    size: u64,
    is_partial: bool,
}

fn open(path: &std::path::Path, range: Option<&str>) -> Result<(Content, Option<Part>), Failure> {
    let mut file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Failure::NotFound("file".to_owned()),
        _ => error.into(),
    })?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(Failure::NotFound("file".to_owned()));
    }
    let part = part_of(range, metadata.len());
    if let Some(part) = &part {
        file.seek(SeekFrom::Start(part.start))?;
    }
    Ok((
        Content {
            file,
            size: metadata.len(),
        },
        part,
    ))
}

/// What a `Range` asks for; `None` if the file does not have it. Several ranges at once are answered with all.
fn part_of(range: Option<&str>, size: u64) -> Option<Part> {
    let whole = Part {
        start: 0,
        end: size,
        size,
        is_partial: false,
    };
    let Some((first, last)) = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-'))
    else {
        return Some(whole);
    };
    let (start, end) = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) => (first, last.saturating_add(1).min(size)),
        (Ok(first), Err(_)) if last.is_empty() => (first, size),
        (Err(_), Ok(last)) if first.is_empty() => (size.saturating_sub(last), size),
        _ => return Some(whole),
    };
    (start < end).then_some(Part {
        start,
        end,
        size,
        is_partial: true,
    })
}

impl Content {
    /// The next `length` bytes of the file. No thread is held while a slow client makes it wait.
    fn stream(self, length: u64) -> Body {
        let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(1);
        tokio::spawn(async move {
            let mut file = self.file;
            let mut left = length;
            while left > 0 {
                let wanted = PIECE.min(left as usize);
                let read = tokio::task::spawn_blocking(move || {
                    let mut piece = vec![0; wanted];
                    let read = file.read(&mut piece).map(|read| {
                        piece.truncate(read);
                        Bytes::from(piece)
                    });
                    (file, read)
                });
                let Ok((back, read)) = read.await else {
                    return;
                };
                file = back;
                let piece = match read {
                    Ok(piece) if piece.is_empty() => Err(io::ErrorKind::UnexpectedEof.into()),
                    other => other,
                };
                left = piece.as_ref().map_or(0, |piece| left - piece.len() as u64);
                if sender.send(piece).await.is_err() {
                    return;
                }
            }
        });
        Body::from_stream(ReceiverStream::new(receiver))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_understood() {
        let bounds =
            |range| part_of(Some(range), 10).map(|part| (part.start, part.end, part.is_partial));
        assert_eq!(bounds("bytes=0-3"), Some((0, 4, true)));
        assert_eq!(bounds("bytes=5-"), Some((5, 10, true)));
        assert_eq!(bounds("bytes=-3"), Some((7, 10, true)));
        assert_eq!(bounds("bytes=0-99"), Some((0, 10, true)));
        assert_eq!(bounds("bytes=10-"), None);
        assert_eq!(bounds("bytes=5-2"), None);
        assert_eq!(bounds("items=0-3"), Some((0, 10, false)));
        assert_eq!(bounds("bytes=0-1,4-5"), Some((0, 10, false)));
        assert_eq!(part_of(None, 0).map(|part| part.end), Some(0));
    }
}
