//! The pages' own files, in the program itself.

use std::io::{self, Read as _};

use axum::extract::Path;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};

use super::{failed, text_of};

/// What pages may do: load what this server has, and nothing else; no scripts within pages.
const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; style-src 'self'; \
script-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Every file of the pages, by its name, packed by gzip (`build.rs`).
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// `GET /-/static/{name}`.
pub(super) async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    send(&name, &headers)
}

/// A file of the pages, packed if the browser can unpack it.
fn send(name: &str, headers: &HeaderMap) -> Response {
    let Some((_, packed)) = FILES.iter().find(|(known, _)| *known == name) else {
        return failed(StatusCode::NOT_FOUND, "not found");
    };
    let unpacks = text_of(headers, "accept-encoding").is_some_and(takes_gzip);
    // A newer program has newer files: browsers ask each time and are mostly told that nothing has changed.
    let form = if unpacks { "gzip" } else { "plain" };
    let tag = format!("\"{:08x}-{form}\"", crc32fast::hash(packed));
    let caching = [
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::VARY, "accept-encoding".to_owned()),
        // Also where nothing has changed: what is sent then replaces what the browser has kept.
        (header::CONTENT_SECURITY_POLICY, POLICY.to_owned()),
    ];
    if text_of(headers, "if-none-match") == Some(&tag) {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    let about = [(header::CONTENT_TYPE, content_type(name))];
    if unpacks {
        let encoding = [(header::CONTENT_ENCODING, "gzip")];
        return (caching, about, encoding, *packed).into_response();
    }
    match unpacked(packed) {
        Ok(content) => (caching, about, content).into_response(),
        Err(error) => failed(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// Whether a list of encodings takes gzip. Any encoding (`*`) is any that is not named.
fn takes_gzip(accepted: &str) -> bool {
    let weight_of = |wanted: &str| {
        accepted.split(',').find_map(|entry| {
            let (name, weight) = entry.split_once(';').unwrap_or((entry, ""));
            name.trim()
                .eq_ignore_ascii_case(wanted)
                .then(|| weight.trim())
        })
    };
    weight_of("gzip")
        .or_else(|| weight_of("*"))
        .is_some_and(|weight| {
            let number = weight
                .strip_prefix(['q', 'Q'])
                .and_then(|rest| rest.strip_prefix('='));
            number.and_then(|number| number.parse().ok()) != Some(0.0)
        })
}

fn unpacked(packed: &[u8]) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut content)?;
    Ok(content)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        _ => "text/html; charset=utf-8",
    }
}

/// Any other address is that of a page: its script shows what belongs there, or that nothing does.
pub(super) async fn page(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if uri.path().starts_with("/-/") || !matches!(method, Method::GET | Method::HEAD) {
        return failed(StatusCode::NOT_FOUND, "not found");
    }
    send("index.html", &headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_itself_is_there() {
        assert!(FILES.iter().any(|(name, _)| *name == "index.html"));
    }

    #[test]
    fn gzip_is_for_those_that_ask_for_it() {
        for (accepted, takes) in [
            ("gzip, deflate, br", true),
            ("br;q=1.0, gzip;q=0.8", true),
            ("*", true),
            ("identity", false),
            ("gzip;q=0, br", false),
            ("gzip;q=0, *", false),
            ("GZIP;Q=0.0", false),
            ("X-gzip, Gzip", true),
            ("", false),
        ] {
            assert_eq!(takes_gzip(accepted), takes, "{accepted}");
        }
    }

    #[test]
    fn pages_ask_nobody_else() {
        for (name, content) in FILES {
            let content = unpacked(content).unwrap();
            let text = String::from_utf8(content).unwrap();
            let outside = text
                .match_indices("http")
                .map(|(at, _)| &text[at..text.len().min(at + 40)])
                .find(|link| {
                    (link.starts_with("http://") || link.starts_with("https://"))
                        && !link.starts_with("http://www.w3.org/")
                        && !link.contains("${")
                });
            assert_eq!(outside, None, "{name}");
        }
    }
}
