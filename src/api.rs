//! The client of a W&B server: requests with credentials, proxies, time limits and retries.
//!
//! Credentials go to URLs below the base URL and nowhere else; redirects are not followed, so that they cannot carry
//! them away. Every request may be sent twice without harm, and is, when its answer gets lost. Source:
//! `core/internal/api` and `core/internal/clients` of the official repository.

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use reqwest::blocking::{Body, Client};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::settings::credentials::{Credentials, Secret};
use crate::settings::network::{Channel, Network};
use crate::tls;

pub mod artifact;
pub mod budget;
mod caller;
pub mod graphql;
pub mod policy;
pub mod projects;
pub mod runs;
pub mod scripts;
pub mod stream;
pub mod token;
pub mod transfer;

use budget::Budget;
pub use caller::{Caller, Stop, Trouble};
use policy::{Kind, Verdict};

/// Longest answer that is read.
const MAX_ANSWER: u64 = 64 << 20;
const TOO_LONG: &str = "the answer is longer than 64 MiB";
/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(30);
/// How much of a body that is no JSON goes into a message.
const SHOWN: usize = 200;

/// Why a request has failed for good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// The server refused.
    #[error("{what}: HTTP {status}: {message}")]
    Status {
        what: String,
        status: u16,
        message: String,
    },
    /// The server answered with errors.
    #[error("{what}: {message}")]
    Refused { what: String, message: String },
    /// The answer makes no sense.
    #[error("{what}: the answer is not understood: {message}")]
    Answer { what: String, message: String },
    /// There was no answer, however often it was tried.
    #[error("{what}: {message}")]
    Unreachable { what: String, message: String },
    /// What was to be sent cannot be read.
    #[error("{what}: {message}")]
    Source { what: String, message: String },
    /// The user does not want to wait any longer.
    #[error("{0}: given up")]
    Stopped(String),
}

impl ApiError {
    /// The status of a refusal.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// What the user can do about it, where there is something.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Status { status: 401, .. } => {
                Some("the server does not accept the API key: `wandb-rs login --relogin`")
            }
            Self::Status { status: 403, .. } => {
                Some("the API key may not do this: is the entity right (`--entity`)?")
            }
            Self::Unreachable { .. } => {
                Some("is the server up and the address right? `wandb-rs status` shows it")
            }
            _ => None,
        }
    }
}

/// A server, and who we are to it.
pub struct Api {
    network: Network,
    credentials: Option<Credentials>,
    /// Who started the run, for accounts that serve many.
    user: (String, String),
    plain: Client,
    /// Made when the first `https` URL comes: reading the system's certificates takes time.
    secure: OnceLock<Result<Client, String>>,
    budget: Budget,
    tokens: token::Cache,
    features: OnceLock<Vec<String>>,
}

/// A request before it is sent.
pub(crate) struct Request<'a> {
    pub kind: Kind,
    /// What it is for, in messages.
    pub what: &'a str,
    pub method: reqwest::Method,
    pub url: &'a str,
    pub headers: Vec<(String, String)>,
    pub body: Payload<'a>,
    /// Where the body of the answer goes, if it is to be a file, and how many bytes it should have.
    pub save: Option<(&'a std::path::Path, Option<u64>)>,
}

/// What a request carries; made anew for each attempt.
pub(crate) enum Payload<'a> {
    None,
    Bytes(Bytes),
    /// A part of a file: its offset and length in bytes.
    File(&'a std::path::Path, u64, u64),
}

/// An answer with a status of success, or of a redirection that is to be followed.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Api {
    /// A client; without credentials, requests go out without.
    pub fn new(
        network: &Network,
        credentials: Option<Credentials>,
        username: &str,
        email: &str,
    ) -> Result<Self, String> {
        Ok(Self {
            plain: client(network, false)?,
            secure: OnceLock::new(),
            network: network.clone(),
            credentials,
            user: (username.to_owned(), email.to_owned()),
            budget: Budget::default(),
            tokens: token::Cache::default(),
            features: OnceLock::new(),
        })
    }

    /// How the server is spoken to.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Whether this is the client of that server, with those credentials.
    pub fn is_for(&self, network: &Network, credentials: Option<&Credentials>) -> bool {
        self.network.server.base() == network.server.base()
            && self.credentials.as_ref() == credentials
    }

    /// The access token, if the credentials are exchanged for one.
    pub fn bearer(&self, caller: Caller<'_>) -> Result<Option<Secret>, ApiError> {
        match &self.credentials {
            Some(Credentials::IdentityToken { token_file, cache }) => self
                .access_token(token_file, cache, caller)
                .map(Some)
                .map_err(|message| ApiError::Refused {
                    what: "access token".to_owned(),
                    message,
                }),
            _ => Ok(None),
        }
    }

    fn channel(&self, kind: Kind) -> &Channel {
        match kind {
            Kind::Graphql | Kind::Upsert => &self.network.graphql,
            Kind::Stream => &self.network.file_stream,
            Kind::Transfer | Kind::Download => &self.network.file_transfer,
        }
    }

    /// Whether a URL is the server's own: same scheme, host, port and path prefix.
    pub(crate) fn is_own(&self, url: &str) -> bool {
        let base = self.network.server.base();
        let (Ok(base), Ok(url)) = (reqwest::Url::parse(base), reqwest::Url::parse(url)) else {
            return false;
        };
        let path = base.path().trim_end_matches('/');
        let below = url.path().strip_prefix(path);
        base.scheme() == url.scheme()
            && base.host() == url.host()
            && base.port_or_known_default() == url.port_or_known_default()
            && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    fn client(&self, url: &str) -> Result<&Client, String> {
        if !url.starts_with("https:") {
            return Ok(&self.plain);
        }
        self.secure
            .get_or_init(|| client(&self.network, true))
            .as_ref()
            .map_err(Clone::clone)
    }

    /// Sends a request until it is answered, refused, or given up.
    pub(crate) fn send(
        &self,
        request: &Request<'_>,
        caller: Caller<'_>,
    ) -> Result<Answer, ApiError> {
        let what = || request.what.to_owned();
        let channel = self.channel(request.kind);
        let mut retry = 0;
        let mut broken = false;
        loop {
            if caller.stop.is_stopped() {
                return Err(ApiError::Stopped(what()));
            }
            let (reason, after) = match self.attempt(request, caller)? {
                Attempt::Done(answer) => {
                    if retry > 0 {
                        (caller.trouble)(None);
                    }
                    return Ok(answer);
                }
                // A connection that was kept open may have been closed by the server just now.
                Attempt::Broken(_) if !std::mem::replace(&mut broken, true) => continue,
                Attempt::Broken(reason) => (reason, None),
                Attempt::Failed { reason, after } => (reason, after),
            };
            let random = f64::from(crate::sys::random::<1>()[0]) / 255.0;
            let wait = after.unwrap_or_else(|| policy::wait(channel, retry, random));
            if retry >= channel.retry_max || caller.left().is_some_and(|left| left <= wait) {
                return Err(ApiError::Unreachable {
                    what: what(),
                    message: reason,
                });
            }
            (caller.trouble)(Some(&reason));
            if caller.stop.wait(wait) {
                return Err(ApiError::Stopped(what()));
            }
            retry += 1;
        }
    }

    fn attempt(&self, request: &Request<'_>, caller: Caller<'_>) -> Result<Attempt, ApiError> {
        let failed = |reason: String| Attempt::Failed {
            reason,
            after: None,
        };
        let source = |message: String| ApiError::Source {
            what: request.what.to_owned(),
            message,
        };
        let client = self.client(request.url).map_err(source)?;
        let mut headers = HeaderMap::new();
        let own = self.is_own(request.url);
        for (name, value) in &self.network.extra_headers {
            // A server that redirects must not get them sent elsewhere.
            let secret = ["authorization", "cookie", "proxy-authorization"]
                .contains(&name.to_ascii_lowercase().as_str());
            if own || request.kind != Kind::Download || !secret {
                add_header(&mut headers, name, value.expose());
            }
        }
        if own && request.kind != Kind::Transfer {
            if let Some(value) = self.authorization(request.what, caller)? {
                add_header(&mut headers, "authorization", value.expose());
            }
            if matches!(request.kind, Kind::Graphql | Kind::Upsert) {
                add_header(&mut headers, "x-wandb-username", &self.user.0);
                add_header(&mut headers, "x-wandb-user-email", &self.user.1);
            }
        }
        for (name, value) in &request.headers {
            add_header(&mut headers, name, value);
        }
        let mut length = 0;
        let mut builder = client
            .request(request.method.clone(), request.url)
            .headers(headers);
        match &request.body {
            Payload::None => {}
            Payload::Bytes(bytes) => {
                length = bytes.len() as u64;
                builder = builder.body(Body::from(bytes.clone()));
                if bytes.is_empty() {
                    builder = builder.header("content-length", "0");
                }
            }
            Payload::File(path, offset, size) => {
                length = *size;
                let body = transfer::part_of_file(path, *offset, *size)
                    .map_err(|error| source(format!("{}: {error}", path.display())))?;
                builder = builder.body(body);
            }
        }
        let timeout = self
            .channel(request.kind)
            .timeout
            .unwrap_or_else(|| match request.save {
                Some((_, size)) => transfer::patience_for(size),
                None => transfer::patience(length),
            });
        let timeout = caller.left().map_or(timeout, |left| timeout.min(left));
        let response = match builder.timeout(timeout).send() {
            Ok(response) => response,
            Err(error) if error.is_timeout() || error.is_connect() => {
                return Ok(failed(reason_of(error)));
            }
            Err(error) => return Ok(Attempt::Broken(reason_of(error))),
        };
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        self.learn(&headers);
        let body = match (request.save, status) {
            (Some((path, _)), 200..=299) => {
                transfer::save(response, path, caller.stop).map_err(source)?
            }
            _ => read(response),
        };
        let body = match body {
            Ok(body) => body,
            // What the answer of a stored file says does not matter.
            Err(_) if request.kind == Kind::Transfer && (200..300).contains(&status) => Vec::new(),
            // It will not be shorter the next time.
            Err(reason) if reason == TOO_LONG => {
                return Err(ApiError::Answer {
                    what: request.what.to_owned(),
                    message: reason,
                });
            }
            Err(reason) => return Ok(failed(reason)),
        };
        let shown = String::from_utf8_lossy(&body[..body.len().min(64 << 10)]);
        match policy::verdict(request.kind, status, &shown) {
            Verdict::Done if is_json(request.kind) && is_page(&body) => Ok(failed(
                "the answer is a web page: does a proxy want a login?".to_owned(),
            )),
            Verdict::Done => Ok(Attempt::Done(Answer {
                status,
                headers,
                body,
            })),
            Verdict::Retry => Ok(Attempt::Failed {
                reason: format!("HTTP {status}: {}", message_of(&shown)),
                after: headers
                    .get("retry-after")
                    .and_then(|value| value.to_str().ok())
                    .and_then(|value| policy::retry_after(value, unix_seconds())),
            }),
            Verdict::Final => {
                if status == 401 {
                    self.tokens.forget();
                }
                Err(ApiError::Status {
                    what: request.what.to_owned(),
                    status,
                    message: message_of(&shown),
                })
            }
        }
    }

    fn authorization(&self, what: &str, caller: Caller<'_>) -> Result<Option<Secret>, ApiError> {
        match &self.credentials {
            None => Ok(None),
            Some(Credentials::ApiKey(key)) => Ok(Some(basic(key))),
            Some(Credentials::IdentityToken { token_file, cache }) => {
                let token = self.access_token(token_file, cache, caller);
                token
                    .map(|token| Some(Secret::new(format!("Bearer {}", token.expose()))))
                    .map_err(|message| ApiError::Refused {
                        what: what.to_owned(),
                        message,
                    })
            }
        }
    }

    fn learn(&self, headers: &HeaderMap) {
        let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<f64>().ok();
        if let (Some(remaining), Some(reset)) =
            (number("ratelimit-remaining"), number("ratelimit-reset"))
        {
            self.budget.learn(remaining, reset);
        }
    }
}

enum Attempt {
    Done(Answer),
    /// The connection ended before there was an answer.
    Broken(String),
    Failed {
        reason: String,
        /// What the server asks for in place of the usual wait.
        after: Option<Duration>,
    },
}

fn basic(key: &Secret) -> Secret {
    use base64::Engine as _;
    let pair = format!("api:{}", key.expose());
    Secret::new(format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(pair)
    ))
}

/// Values that cannot be headers are left out: they were checked where they came from.
fn add_header(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        headers.insert(name, value);
    }
}

fn client(network: &Network, secure: bool) -> Result<Client, String> {
    let mut builder = tls::client()
        .user_agent(concat!("wandb-rs/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .tcp_nodelay(true)
        .timeout(None);
    let proxy = |builder: reqwest::blocking::ClientBuilder, of: &Secret, secure: bool| {
        let made = if secure {
            reqwest::Proxy::https(of.expose())
        } else {
            reqwest::Proxy::http(of.expose())
        };
        made.map(|proxy| builder.proxy(proxy))
            .map_err(|_| "the proxy's address cannot be used".to_owned())
    };
    if network.http_proxy.is_none() && network.https_proxy.is_none() && network.server.is_local() {
        // As the official client: what runs on this machine is not behind a proxy.
        builder = builder.no_proxy();
    }
    if let Some(http) = &network.http_proxy {
        builder = proxy(builder, http, false)?;
    }
    if let Some(https) = &network.https_proxy {
        builder = proxy(builder, https, true)?;
    }
    if !secure {
        builder = builder.tls_certs_only([]);
    } else if let Some(path) = &network.ca_bundle {
        let failed = |reason: String| format!("certificates {}: {reason}", path.display());
        let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
        let certificates = reqwest::Certificate::from_pem_bundle(&pem)
            .map_err(|error| failed(reason_of(error)))?;
        builder = builder.tls_certs_merge(certificates);
    }
    if network.insecure_disable_ssl {
        builder = builder.tls_danger_accept_invalid_certs(true);
    }
    builder.build().map_err(reason_of)
}

/// What is behind an error, in few words. URLs are left out, since their signatures are as good as a password.
fn reason_of(error: reqwest::Error) -> String {
    use std::error::Error as _;
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let connect = error.is_connect();
    let error = error.without_url();
    let mut root = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        root = error.to_string();
        cause = error.source();
    }
    let root = root.split(" (os error").next().unwrap_or(&root);
    if let Some(fault) = root.strip_prefix("invalid peer certificate: ") {
        format!(
            "the server's certificate is not accepted ({fault}); SSL_CERT_FILE names authorities to trust"
        )
    } else if connect {
        format!("no connection: {root}")
    } else {
        root.to_owned()
    }
}

fn read(response: reqwest::blocking::Response) -> Result<Vec<u8>, String> {
    use std::io::Read as _;
    let expected = response.content_length();
    if expected.is_some_and(|length| length > MAX_ANSWER) {
        return Err(TOO_LONG.to_owned());
    }
    let mut body = Vec::with_capacity(expected.unwrap_or(0) as usize);
    response
        .take(MAX_ANSWER + 1)
        .read_to_end(&mut body)
        .map_err(|error| format!("the answer breaks off: {error}"))?;
    if body.len() as u64 > MAX_ANSWER {
        return Err(TOO_LONG.to_owned());
    }
    Ok(body)
}

/// Whether an answer is JSON, not a file.
fn is_json(kind: Kind) -> bool {
    !matches!(kind, Kind::Transfer | Kind::Download)
}

fn is_page(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'<')
}

/// What a body says about an error: the messages of the server, or the text itself, shortened.
fn message_of(body: &str) -> String {
    if let Ok(answer) = serde_json::from_str::<serde_json::Value>(body) {
        let messages = graphql::messages(&answer);
        if !messages.is_empty() {
            return messages;
        }
        if let Some(text) = answer
            .get("error")
            .or_else(|| answer.get("message"))
            .and_then(serde_json::Value::as_str)
        {
            return text.to_owned();
        }
    }
    let text = if is_page(body.as_bytes()) {
        "a web page".to_owned()
    } else {
        let line: String = body.split_whitespace().collect::<Vec<_>>().join(" ");
        line.chars().take(SHOWN).collect()
    };
    if text.is_empty() {
        "no message".to_owned()
    } else {
        text
    }
}

fn unix_seconds() -> f64 {
    crate::sys::unix_nanos(std::time::SystemTime::now()) as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_from_where_the_server_puts_them() {
        for (body, message) in [
            (
                r#"{"errors":[{"message":"permission denied"},{"message":"really"}]}"#,
                "permission denied; really",
            ),
            (r#"{"error":"gone"}"#, "gone"),
            ("<html><body>502</body></html>", "a web page"),
            ("  bad\n gateway ", "bad gateway"),
            ("", "no message"),
        ] {
            assert_eq!(message_of(body), message);
        }
    }

    #[test]
    fn credentials_stay_below_the_base_url() {
        let base = "http://localhost:8080/prefix";
        let network = Network {
            server: crate::settings::server::Server::new(base, None).unwrap(),
            ..Network::default()
        };
        let api = Api::new(&network, None, "", "").unwrap();
        for (url, own) in [
            ("http://localhost:8080/prefix/graphql", true),
            ("http://localhost:8080/prefix", true),
            ("http://LOCALHOST:8080/prefix?a=b", true),
            ("http://localhost:8080/prefixed", false),
            ("http://localhost:8080/prefix/../other", false),
            ("http://localhost:8080@elsewhere/prefix/", false),
            ("http://localhost:80801/prefix/", false),
            ("https://localhost:8080/prefix/", false),
            ("http://storage/prefix/", false),
        ] {
            assert_eq!(api.is_own(url), own, "{url}");
        }
    }
}
