//! HTTP/1.1 by hand, so that an answer or a connection can be broken at any byte.

use std::io::{self, BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use nix::libc;
use nix::sys::socket::{setsockopt, sockopt};

/// Longest line of a request's head, in bytes.
const MAX_LINE: u64 = 64 * 1024;

/// A request without its body.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) method: String,
    /// Path and query as sent, still percent-encoded.
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
}

/// An answer before it is put into bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Head {
    /// Reads the next head of a connection; `None` if the client has closed it.
    pub(super) fn read(input: &mut BufReader<&TcpStream>) -> io::Result<Option<Self>> {
        let Some(first) = read_line(input)? else {
            return Ok(None);
        };
        let mut words = first.split(' ');
        let (Some(method), Some(target), Some("HTTP/1.1")) =
            (words.next(), words.next(), words.next())
        else {
            return Err(io::Error::other(format!("not an HTTP request: {first:?}")));
        };
        let mut headers = Vec::new();
        while let Some(line) = read_line(input)?.filter(|line| !line.is_empty()) {
            let (name, value) = line
                .split_once(':')
                .ok_or_else(|| io::Error::other(format!("not a header: {line:?}")))?;
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
        Ok(Some(Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers,
        }))
    }

    /// The value of a header, whatever the case of its name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// The length of the body; a request that names none has none.
    pub(super) fn length(&self) -> Option<usize> {
        self.header("content-length")?.parse().ok()
    }

    /// The path without the query, and the query.
    pub(super) fn path_and_query(&self) -> (&str, &str) {
        self.target.split_once('?').unwrap_or((&self.target, ""))
    }
}

/// The value of a header, whatever the case of its name.
pub(super) fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

fn read_line(input: &mut BufReader<&TcpStream>) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    if input.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    let text = String::from_utf8(line).map_err(io::Error::other)?;
    match text.strip_suffix("\r\n") {
        Some(text) => Ok(Some(text.to_owned())),
        None => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
    }
}

/// Reads exactly `length` bytes of a body.
pub(super) fn read_body(input: &mut BufReader<&TcpStream>, length: usize) -> io::Result<Vec<u8>> {
    let mut body = vec![0; length];
    input.read_exact(&mut body)?;
    Ok(body)
}

impl Reply {
    pub(super) fn json(status: u16, value: &serde_json::Value) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
            body: value.to_string().into_bytes(),
        }
    }

    /// An answer in the form of the service's errors.
    pub(super) fn error(status: u16, message: &str) -> Self {
        Self::json(
            status,
            &serde_json::json!({"errors": [{"message": message}]}),
        )
    }

    pub(super) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(super) fn html(status: u16) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".to_owned(), "text/html".to_owned())],
            body: format!("<html><body><h1>{status} from a proxy</h1></body></html>").into_bytes(),
        }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut out = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            out.push_str(&format!("{name}: {value}\r\n"));
        }
        // An answer 204 or 304 has no body and must not name a length.
        if !matches!(self.status, 204 | 304) {
            out.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        out.push_str("\r\n");
        let mut out = out.into_bytes();
        if !matches!(self.status, 204 | 304) {
            out.extend_from_slice(&self.body);
        }
        out
    }

    pub(super) fn write(&self, mut stream: &TcpStream) -> io::Result<()> {
        stream.write_all(&self.bytes())
    }

    /// Writes the head and half of the body, no more.
    pub(super) fn write_half(&self, mut stream: &TcpStream) -> io::Result<()> {
        let bytes = self.bytes();
        let head = bytes.len() - self.body.len();
        stream.write_all(&bytes[..head + self.body.len() / 2])
    }
}

/// Makes the coming close of this socket a reset instead of an orderly end.
pub(super) fn reset_on_close(stream: &TcpStream) {
    let linger = libc::linger {
        l_onoff: 1,
        l_linger: 0,
    };
    setsockopt(stream, sockopt::Linger, &linger).unwrap();
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        307 => "Temporary Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        408 => "Request Timeout",
        409 => "Conflict",
        411 => "Length Required",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Unnamed",
    }
}

/// Undoes percent-encoding; `None` if what follows a `%` is not hexadecimal or the result is not UTF-8.
pub(super) fn percent_decode(text: &str) -> Option<String> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            out.push((high * 16 + low) as u8);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

/// Percent-encodes all but letters, digits, `-`, `_`, `.` and `~`.
pub(super) fn percent_encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
