//! Addresses of content that need no key, because they are signed: official clients send none with uploads.
//!
//! `…/-/storage/<target>?until=<Unix seconds>&signature=<hex>`; the signature is HMAC-SHA256 over method, target and time.

use std::fmt;

use ring::hmac;

use crate::settings::server::encoded;
use crate::wire::hex;

/// What stays in a path besides letters, digits and `_.-~`.
const SLASH: &str = "/";
/// How long an address is good for: artifacts are uploaded file by file, and a queue may be long.
const GOOD_FOR: f64 = 7.0 * 24.0 * 3600.0;

/// Signs addresses, and knows those that it has signed.
pub(crate) struct Links(hmac::Key);

/// What may be done with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Upload,
    Download,
}

/// What an address is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// A file of a run.
    RunFile { run: i64, name: String },
    /// A file of an artifact, by the digest that it is to have (hexadecimal), if that is known.
    ArtifactFile { artifact: i64, md5: String },
    /// A part of a large file of an artifact.
    Part { upload: String, number: u32 },
    /// A manifest.
    Manifest { id: i64 },
    /// Stored content, and the name under which it is handed out.
    Blob { md5: String, name: String },
}

impl Links {
    pub(crate) fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// An address below `base`.
    pub(crate) fn sign(&self, base: &str, access: Access, target: &Target, now: f64) -> String {
        let target = target.to_string();
        let until = (now + GOOD_FOR) as i64;
        let signature = hmac::sign(&self.0, message(access, &target, until).as_bytes());
        format!(
            "{base}/-/storage/{target}?until={until}&signature={}",
            hex::encode(signature.as_ref())
        )
    }

    /// Whether an address was signed here and is still good. `target` is as it stands in the address.
    pub(crate) fn check(
        &self,
        access: Access,
        target: &str,
        until: &str,
        signature: &str,
        now: f64,
    ) -> bool {
        let Ok(time) = until.parse::<i64>() else {
            return false;
        };
        let Some(signature) = hex::decode(signature) else {
            return false;
        };
        time as f64 >= now
            && hmac::verify(
                &self.0,
                message(access, target, time).as_bytes(),
                &signature,
            )
            .is_ok()
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Links")
    }
}

fn message(access: Access, target: &str, until: i64) -> String {
    let access = match access {
        Access::Upload => "PUT",
        Access::Download => "GET",
    };
    format!("{access}\n{target}\n{until}")
}

impl fmt::Display for Target {
    /// As a path, percent-encoded.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RunFile { run, name } => write!(formatter, "run/{run}/{}", encoded(name, SLASH)),
            Self::ArtifactFile { artifact, md5 } => write!(formatter, "artifact/{artifact}/{md5}"),
            Self::Part { upload, number } => write!(formatter, "part/{upload}/{number}"),
            Self::Manifest { id } => write!(formatter, "manifest/{id}"),
            Self::Blob { md5, name } => write!(formatter, "blob/{md5}/{}", encoded(name, SLASH)),
        }
    }
}

impl Target {
    /// Reads what [`Target`] writes; `None` if it is anything else.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let (kind, rest) = path.split_once('/')?;
        let (first, second) = rest.split_once('/').unwrap_or((rest, ""));
        Some(match kind {
            "run" => Self::RunFile {
                run: first.parse().ok()?,
                name: decoded(second)?,
            },
            "artifact" => Self::ArtifactFile {
                artifact: first.parse().ok()?,
                md5: second.to_owned(),
            },
            "part" => Self::Part {
                upload: first.to_owned(),
                number: second.parse().ok()?,
            },
            "manifest" => Self::Manifest {
                id: first.parse().ok()?,
            },
            "blob" => Self::Blob {
                md5: first.to_owned(),
                name: decoded(second)?,
            },
            _ => return None,
        })
    }
}

/// The opposite of [`encoded`]; `None` if it is not UTF-8.
pub(crate) fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        let digits = others.get(..2).filter(|_| *first == b'%');
        let byte = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(byte) = byte {
            bytes.push(byte);
            rest = &others[2..];
        } else {
            bytes.push(*first);
            rest = others;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_addresses_are_good_for_what_they_were_signed_for() {
        let links = Links::new(&[7; 32]);
        let target = Target::RunFile {
            run: 3,
            name: "media/a b%ü.png".to_owned(),
        };
        let url = links.sign("http://h", Access::Upload, &target, 1000.0);
        let path = url.strip_prefix("http://h/-/storage/").unwrap();
        let (path, query) = path.split_once('?').unwrap();
        assert_eq!(path, "run/3/media/a%20b%25%C3%BC.png");
        assert_eq!(Target::parse(path), Some(target));
        let (until, signature) = query.split_once('&').unwrap();
        let until = until.strip_prefix("until=").unwrap();
        let signature = signature.strip_prefix("signature=").unwrap();
        assert!(links.check(Access::Upload, path, until, signature, 2000.0));
        assert!(!links.check(Access::Download, path, until, signature, 2000.0));
        assert!(!links.check(Access::Upload, "run/4/x", until, signature, 2000.0));
        assert!(!links.check(Access::Upload, path, "99999999999", signature, 2000.0));
        assert!(!links.check(Access::Upload, path, until, signature, 1e12));
        assert!(!links.check(Access::Upload, path, until, "é", 2000.0));
        assert!(!Links::new(&[8; 32]).check(Access::Upload, path, until, signature, 2000.0));
    }

    #[test]
    fn every_target_is_read_back() {
        for target in [
            Target::ArtifactFile {
                artifact: 1,
                md5: "ab".to_owned(),
            },
            Target::Part {
                upload: "x".to_owned(),
                number: 2,
            },
            Target::Manifest { id: 5 },
            Target::Blob {
                md5: "ab".to_owned(),
                name: "a/b?c#d".to_owned(),
            },
        ] {
            assert_eq!(Target::parse(&target.to_string()), Some(target));
        }
        assert_eq!(Target::parse("other/1"), None);
        assert_eq!(Target::parse("run/x/y"), None);
    }
}
