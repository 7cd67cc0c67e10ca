//! Bodies of requests, unpacked within bounds.

use std::io::Read as _;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use flate2::read::MultiGzDecoder;

use super::{LARGEST_BODY, failed, text_of};
use crate::server::Failure;

/// How long a client may take for the whole of a body.
const PATIENCE: Duration = Duration::from_secs(180);

/// The whole body of a request whose sender is known: nobody else can make the server hold so much.
pub(super) async fn whole(body: Body) -> Result<Bytes, Response> {
    match tokio::time::timeout(PATIENCE, to_bytes(body, LARGEST_BODY)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(failed(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the body is larger than 64 MiB, or has not arrived completely",
        )),
        Err(_) => Err(failed(
            StatusCode::REQUEST_TIMEOUT,
            "the body took too long",
        )),
    }
}

/// The body as it was before it was packed. What unpacks to more than is accepted otherwise is refused: a few bytes can
/// stand for gigabytes.
pub(super) fn unpacked(headers: &HeaderMap, body: Bytes) -> Result<Bytes, Failure> {
    match text_of(headers, "content-encoding").unwrap_or("identity") {
        "identity" | "" => Ok(body),
        "gzip" => {
            let mut unpacked = Vec::new();
            let most = LARGEST_BODY as u64 + 1;
            MultiGzDecoder::new(body.as_ref())
                .take(most)
                .read_to_end(&mut unpacked)
                .map_err(|error| Failure::Invalid(format!("the body is not gzip: {error}")))?;
            if unpacked.len() as u64 == most {
                return Err(Failure::Invalid(format!(
                    "the body unpacks to more than {LARGEST_BODY} bytes"
                )));
            }
            Ok(unpacked.into())
        }
        other => Err(Failure::Invalid(format!(
            "content encoding {other:?} is not known"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn packed(bytes: &[u8]) -> Bytes {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap().into()
    }

    #[test]
    fn gzip_is_unpacked_and_bombs_are_refused() {
        let mut headers = HeaderMap::new();
        headers.insert("content-encoding", "gzip".parse().unwrap());
        assert_eq!(unpacked(&headers, packed(b"hello")).unwrap(), "hello");
        let bomb = packed(&vec![0; LARGEST_BODY + 1]);
        assert!(bomb.len() < 1 << 20);
        assert!(unpacked(&headers, bomb).is_err());
        assert!(unpacked(&headers, Bytes::from_static(b"plain")).is_err());
        headers.insert("content-encoding", "br".parse().unwrap());
        assert!(unpacked(&headers, Bytes::new()).is_err());
    }
}
