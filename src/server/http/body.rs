//! Bodies of requests, unpacked within bounds.

use std::io::Read as _;

use axum::body::Bytes;
use axum::http::HeaderMap;
use flate2::read::MultiGzDecoder;

use super::{LARGEST_BODY, text_of};
use crate::server::Failure;

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
