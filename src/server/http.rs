//! What comes in over HTTP: routes, who may ask, and what is answered.
//!
//! Programs send their key with each request; browsers have a session. Nothing but `/-/health` and the sign-in page is
//! answered without one of them, and nothing at all under a host name that is not this server's.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get, post, put};
use serde_json::{Value, json};

use super::source::Source;
use super::{Failure, Server};

mod access;
mod assets;
mod body;
mod clients;
mod connections;
mod curves;
mod live;
mod pages;
mod run_pages;
pub(super) mod serve;
mod transfer;

use access::Access;

/// The largest body of a request to `/graphql` or a file stream, also when it is unpacked: official clients send 10 MiB.
const LARGEST_BODY: usize = 64 << 20;
/// The largest body of a request of the pages.
const LARGEST_PAGE_BODY: usize = 1 << 20;

/// What handlers share.
pub(crate) struct App {
    /// What the pages show.
    source: Arc<dyn Source>,
    /// The store behind the API of the official clients; there is none where pages show directories in place.
    server: Option<Arc<Server>>,
    access: Access,
}

/// Where everything is answered.
fn router(app: Arc<App>) -> Router {
    let pages = pages::router().layer(DefaultBodyLimit::max(LARGEST_PAGE_BODY));
    let clients = Router::new()
        .route("/graphql", post(clients::graphql))
        .route(
            "/files/{entity}/{project}/{run}/file_stream",
            post(clients::file_stream),
        )
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .route(
            "/-/storage/{*target}",
            put(transfer::put)
                .get(transfer::get)
                .options(transfer::options),
        )
        .layer(DefaultBodyLimit::disable())
        .route("/artifactsV2/{*path}", get(transfer::artifact));
    Router::new()
        .merge(clients)
        .nest("/-/api", pages)
        .route("/-/static/{name}", get(assets::file))
        .route("/-/health", get(health))
        .route("/healthz", get(health))
        .route("/-/enter", get(access::enter))
        // Official clients try these and go on without them.
        .route("/sdk/otel/{*path}", any(not_found))
        .route("/oidc/token", any(not_found))
        .fallback(assets::page)
        .layer(middleware::from_fn_with_state(Arc::clone(&app), guard))
        .with_state(app)
}

async fn health() -> &'static str {
    "ok"
}

async fn not_found() -> Response {
    failed(StatusCode::NOT_FOUND, "not found")
}

/// Before all else: is the request meant for this server? A page of another site whose name was made to point here is
/// refused. After all: what the browser may do with the answer.
async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let host = host_of(&request);
    if !app.access.is_own_host(&host) {
        return failed(
            StatusCode::MISDIRECTED_REQUEST,
            &format!("{host:?} is not a name of this server; `--allow-host` adds one"),
        );
    }
    let is_foreign = text_of(request.headers(), "sec-fetch-site") == Some("cross-site");
    if is_foreign && changes(request.method()) && !request.uri().path().starts_with("/-/storage/") {
        return failed(StatusCode::FORBIDDEN, "the request comes from another site");
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let defaults = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'; sandbox",
        ),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in defaults {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

fn host_of(request: &Request<Body>) -> String {
    let header = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let host = header.or_else(|| {
        request
            .uri()
            .authority()
            .map(axum::http::uri::Authority::as_str)
    });
    host.unwrap_or_default().to_owned()
}

/// An error as programs and pages read it.
fn failed(status: StatusCode, message: &str) -> Response {
    (status, axum::Json(json!({"error": message}))).into_response()
}

/// What pages are answered.
type Answered = Result<Response, Failure>;

impl axum::response::IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        failed(status, &self.to_string())
    }
}

#[expect(clippy::unnecessary_wraps, reason = "what handlers return")]
fn answered(value: Value) -> Answered {
    Ok(axum::Json(value).into_response())
}

/// Does what may take a while (the database, files) where it does not hold up other requests.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        // A bug: it costs this request, not the server.
        Err(_) => Err(Failure::Io(std::io::Error::other(
            "the request could not be carried out",
        ))),
    }
}

fn text_of<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether a request changes something.
fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}
