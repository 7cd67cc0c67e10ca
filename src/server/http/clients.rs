//! The API of the official clients.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::{App, access, blocking, body, failed, text_of};
use crate::server::graphql::{self, Context};
use crate::server::ingest::{self, Manner};
use crate::server::runs::RunPath;

fn no_api() -> Response {
    failed(
        StatusCode::NOT_FOUND,
        "`wandb-rs ui` shows runs and takes none in; `wandb-rs server start` does",
    )
}

/// `POST /graphql`.
pub(super) async fn graphql(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some(server) = app.server.clone() else {
        return no_api();
    };
    let user = match access::program(&server, &headers).await {
        Ok(user) => user,
        Err(response) => return as_graphql(&response),
    };
    // What a form of another site can send is of another type.
    if !text_of(&headers, "content-type").is_some_and(|kind| kind.starts_with("application/json")) {
        return failed(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the request must be application/json",
        );
    }
    let body = match body::whole(body).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    let base = app.access.base(&headers);
    let answer = blocking(move || {
        let body = body::unpacked(&headers, body)?;
        let context = Context {
            server: &server,
            user: &user,
            base: &base,
        };
        Ok(graphql::answer(&context, &body))
    });
    let (status, answer) = match answer.await {
        Ok(answer) => answer,
        Err(failure) => (
            failure.status(),
            json!({"errors": [{"message": failure.to_string()}]}),
        ),
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, axum::Json(answer)).into_response()
}

/// Official clients show the messages of `errors`.
fn as_graphql(response: &Response) -> Response {
    let status = response.status();
    let message = match status {
        StatusCode::UNAUTHORIZED => "user is not logged in",
        _ => "An internal error occurred.",
    };
    (
        status,
        axum::Json(json!({"errors": [{"message": message}], "data": null})),
    )
        .into_response()
}

/// `POST /files/{entity}/{project}/{run}/file_stream`.
pub(super) async fn file_stream(
    State(app): State<Arc<App>>,
    Path((entity, project, run)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some(server) = app.server.clone() else {
        return no_api();
    };
    if let Err(response) = access::program(&server, &headers).await {
        return response;
    }
    let body = match body::whole(body).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    let path = RunPath {
        entity,
        project,
        run,
    };
    let manner = Manner {
        writer: text_of(&headers, "x-wandb-async-client-id").map(str::to_owned),
        derives_summary: text_of(&headers, "x-wandb-server-side-derived-summary") == Some("true"),
    };
    let of_run = Arc::clone(&server);
    let taken = blocking(move || {
        let body = body::unpacked(&headers, body)?;
        ingest::take(&of_run, &path, &manner, &body)
    });
    match taken.await {
        Ok(taken) => {
            if let Some(run) = taken.ended {
                // All is on the disk; this only makes it smaller, and nobody has to wait for it.
                tokio::task::spawn_blocking(move || server.finish_points(run));
            }
            let answer: Value = json!({"exitcode": null, "limits": {}, "stopped": taken.stop});
            axum::Json(answer).into_response()
        }
        Err(failure) => failure.into_response(),
    }
}
