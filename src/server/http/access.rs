//! Who may ask: keys of programs, sessions of browsers, and the names under which the server is reached.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;

use super::{App, blocking, changes, failed, text_of};
use crate::server::meta::users::{self, User};
use crate::server::{Failure, Server, now};
use crate::sys;
use crate::wire::hex;

/// How long a session lasts, in seconds.
pub(super) const SESSION: f64 = 30.0 * 24.0 * 3600.0;

/// The rules of one server.
#[derive(Debug, Default)]
pub(crate) struct Access {
    /// Names besides loopback and addresses of numbers.
    pub(super) hosts: Vec<String>,
    /// The address under which others reach this server, if it was told.
    pub(super) public_url: Option<String>,
    pub(super) scheme: &'static str,
    /// Where pages show directories in place: the secret in the address that was printed.
    pub(super) token: Option<String>,
    /// The name of the cookie of a session. Browsers do not tell ports apart: each server that may run beside others
    /// needs a name of its own.
    pub(super) cookie: String,
}

impl Access {
    /// Whether a request under this host name is meant for this server. Addresses of numbers always are: no other site
    /// can have its pages under them.
    pub(super) fn is_own_host(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        let name = name.trim_start_matches('[').trim_end_matches(']');
        name.parse::<IpAddr>().is_ok()
            || name.eq_ignore_ascii_case("localhost")
            || name.to_ascii_lowercase().ends_with(".localhost")
            || self.hosts.iter().any(|own| own.eq_ignore_ascii_case(name))
    }

    /// Whether browsers come over TLS, be it that of a proxy.
    fn is_https(&self) -> bool {
        match &self.public_url {
            Some(url) => url.starts_with("https:"),
            None => self.scheme == "https",
        }
    }

    /// The address under which a client reached the server; no `/` at its end.
    pub(super) fn base(&self, headers: &HeaderMap) -> String {
        if let Some(url) = &self.public_url {
            url.clone()
        } else {
            let host = text_of(headers, "host").unwrap_or("localhost");
            format!("{}://{host}", self.scheme)
        }
    }
}

/// The user of a program, by the key that it sends.
pub(super) async fn program(server: &Arc<Server>, headers: &HeaderMap) -> Result<User, Response> {
    // Without a challenge: a browser would ask for the key, and then send it by itself wherever a page tells it to.
    let refused = |message: &str| failed(StatusCode::UNAUTHORIZED, message);
    let Some(key) = key_of(headers) else {
        return Err(refused("user is not logged in: the request has no API key"));
    };
    let server = Arc::clone(server);
    let found = blocking(move || Ok(server.meta.read(|db| users::by_key(db, &key))?)).await;
    match found {
        Ok(Some(user)) => Ok(user),
        Ok(None) => Err(refused(
            "permission denied: the server does not know this API key",
        )),
        Err(failure) => Err(failure.into_response()),
    }
}

/// The key of `Authorization: Basic base64("api:" + key)`, or of a bearer.
fn key_of(headers: &HeaderMap) -> Option<String> {
    let value = text_of(headers, "authorization")?;
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    Some(decoded.split_once(':')?.1.to_owned())
}

/// Who looks at the pages.
pub(super) struct Viewer {
    /// `None` where pages show directories in place.
    pub(super) user: Option<User>,
    /// What requests that change something must repeat.
    pub(super) csrf: String,
}

impl FromRequestParts<Arc<App>> for Viewer {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let headers = &parts.headers;
        // Programs may use what the pages use; a key is no cookie that a browser adds by itself.
        if let (Some(server), Some(_)) = (&app.server, key_of(headers)) {
            let user = program(server, headers).await?;
            return Ok(Self {
                user: Some(user),
                csrf: String::new(),
            });
        }
        let Some(secret) = cookie(app, headers) else {
            return Err(failed(StatusCode::UNAUTHORIZED, "sign in first"));
        };
        let viewer = session(app, secret).await?;
        let repeated = text_of(headers, "x-csrf-token").unwrap_or_default();
        if changes(&parts.method) && !is_same(repeated, &viewer.csrf) {
            return Err(failed(
                StatusCode::FORBIDDEN,
                "the request does not come from these pages",
            ));
        }
        Ok(viewer)
    }
}

async fn session(app: &Arc<App>, secret: String) -> Result<Viewer, Response> {
    let csrf = csrf_of(&secret);
    let user = match (&app.server, &app.access.token) {
        (_, Some(token)) if is_same(&secret, token) => None,
        (Some(server), _) => {
            let server = Arc::clone(server);
            let found = blocking(move || {
                Ok(server
                    .meta
                    .read(|db| users::by_session(db, &secret, now()))?)
            })
            .await;
            match found {
                Ok(Some(user)) => Some(user),
                Ok(None) => {
                    return Err(failed(
                        StatusCode::UNAUTHORIZED,
                        "the session is over: sign in again",
                    ));
                }
                Err(failure) => return Err(failure.into_response()),
            }
        }
        _ => {
            return Err(failed(
                StatusCode::UNAUTHORIZED,
                "open the address that `wandb-rs ui` has printed",
            ));
        }
    };
    Ok(Viewer { user, csrf })
}

fn is_same(one: &str, other: &str) -> bool {
    !other.is_empty() && bool::from(one.as_bytes().ct_eq(other.as_bytes()))
}

fn csrf_of(secret: &str) -> String {
    hex::encode(digest(&SHA256, format!("csrf {secret}").as_bytes()).as_ref())
}

/// The secret of a session, by its cookie.
pub(super) fn cookie(app: &App, headers: &HeaderMap) -> Option<String> {
    cookie_named(&app.access.cookie, headers)
}

fn cookie_named(wanted: &str, headers: &HeaderMap) -> Option<String> {
    let cookies = text_of(headers, "cookie")?;
    cookies
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == wanted)
        .map(|(_, value)| value.to_owned())
}

/// `Set-Cookie` of a session; of none, if it is to be forgotten.
pub(super) fn set_cookie(app: &App, secret: Option<&str>) -> String {
    let secure = if app.access.is_https() {
        "; Secure"
    } else {
        ""
    };
    let name = &app.access.cookie;
    match secret {
        Some(secret) => {
            format!("{name}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={SESSION}{secure}")
        }
        None => format!("{name}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0{secure}"),
    }
}

/// Begins a session for whom a key speaks for; returns its secret, or `None` if the key is not known.
pub(super) fn begin_session(server: &Server, key: &str) -> Result<Option<String>, Failure> {
    let secret = hex::encode(&sys::random::<32>());
    server.meta.write(|db| {
        let Some(user) = users::by_key(db, key)? else {
            return Ok(None);
        };
        users::add_session(db, user.id, &secret, now(), SESSION)?;
        Ok(Some(secret))
    })
}

#[derive(Deserialize)]
pub(super) struct Enter {
    token: String,
    #[serde(default)]
    to: String,
}

/// `GET /-/enter?token=…&to=/…`: the address that `wandb-rs ui` prints; the secret moves from there into a cookie.
pub(super) async fn enter(State(app): State<Arc<App>>, Query(enter): Query<Enter>) -> Response {
    let Some(token) = app
        .access
        .token
        .as_deref()
        .filter(|token| is_same(&enter.token, token))
    else {
        return failed(
            StatusCode::UNAUTHORIZED,
            "the address is not the one that was printed last",
        );
    };
    // Only to pages of this server: `//other.host` would be another one.
    let to = Some(enter.to.as_str())
        .filter(|to| to.starts_with('/') && !to.starts_with("//") && !to.contains('\\'));
    let cookie = set_cookie(&app, Some(token));
    (
        [(header::SET_COOKIE, cookie)],
        Redirect::to(to.unwrap_or("/")),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access() -> Access {
        Access {
            hosts: vec!["lab7".to_owned()],
            public_url: None,
            scheme: "http",
            token: None,
            cookie: String::new(),
        }
    }

    #[test]
    fn only_own_names_are_answered() {
        for own in [
            "localhost:8080",
            "127.0.0.1",
            "[::1]:80",
            "10.0.0.3:8080",
            "LAB7:8080",
            "x.localhost",
        ] {
            assert!(access().is_own_host(own), "{own}");
        }
        for other in [
            "evil.example",
            "localhost.evil.example:8080",
            "",
            "lab7.evil.example",
        ] {
            assert!(!access().is_own_host(other), "{other}");
        }
    }

    #[test]
    fn keys_are_read_from_both_schemes() {
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("authorization", value.parse().unwrap());
            key_of(&headers)
        };
        let basic = format!("Basic {}", STANDARD.encode("api:local-abc"));
        assert_eq!(with(&basic).as_deref(), Some("local-abc"));
        assert_eq!(with("bearer local-abc").as_deref(), Some("local-abc"));
        assert_eq!(with("Basic ???"), None);
        assert_eq!(with("Digest x"), None);
    }

    #[test]
    fn the_cookie_of_the_session_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.insert("cookie", "a=b; wandb_rs_session=xyz; c=d".parse().unwrap());
        assert_eq!(
            cookie_named("wandb_rs_session", &headers).as_deref(),
            Some("xyz")
        );
    }
}
