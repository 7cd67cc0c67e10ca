//! What the pages ask for: sessions, projects, lists of runs and curves.

use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::{self, Viewer};
use super::curves::{self, SeriesQuery};
use super::{Answered, App, answered, blocking, failed, live, run_pages};
use crate::server::Failure;
use crate::server::meta::users;
use crate::server::run_list::Wanted;
use crate::server::runs::RunPath;
use crate::server::source::Edit;

/// The most curves of one request.
const MOST_CURVES: usize = 20_000;
/// The most runs of a page of a list.
const MOST_RUNS: usize = 10_000;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/session", get(session))
        .route("/login", post(login))
        .route("/logout", post(logout))
        .route("/key", get(key))
        .route("/events", get(live::events))
        .route("/backup", post(back_up))
        .route("/projects", get(projects))
        .route("/p/{entity}/{project}/columns", get(columns))
        .route("/p/{entity}/{project}/runs", get(runs))
        .route("/p/{entity}/{project}/series", post(series))
        .route("/p/{entity}/{project}/delete", post(delete))
        .route("/p/{entity}/{project}/tag", post(tag))
        .merge(run_pages::router())
}

pub(super) type Named = Path<(String, String)>;

async fn session(State(app): State<Arc<App>>, viewer: Viewer) -> Answered {
    answered(json!({
        "mode": if app.server.is_some() { "server" } else { "local" },
        "user": viewer.user.map(|user| user.name),
        "readonly": app.source.is_read_only(),
        "csrf": viewer.csrf,
        "version": env!("CARGO_PKG_VERSION"),
        "directory": app.source.directory(),
    }))
}

#[derive(Deserialize)]
struct Login {
    key: String,
}

async fn login(State(app): State<Arc<App>>, Json(login): Json<Login>) -> Response {
    let Some(server) = app.server.clone() else {
        return failed(StatusCode::NOT_FOUND, "there is nothing to sign in to");
    };
    let key = login.key.trim().to_owned();
    match blocking(move || access::begin_session(&server, &key)).await {
        Ok(Some(secret)) => {
            let cookie = access::set_cookie(&app, Some(&secret));
            (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response()
        }
        Ok(None) => failed(
            StatusCode::UNAUTHORIZED,
            "the server does not know this API key",
        ),
        Err(failure) => failure.into_response(),
    }
}

async fn logout(State(app): State<Arc<App>>, _: Viewer, headers: HeaderMap) -> Response {
    if let (Some(server), Some(secret)) = (app.server.clone(), access::cookie(&app, &headers)) {
        let ended =
            blocking(move || Ok(server.meta.write(|db| users::end_session(db, &secret))?));
        if let Err(failure) = ended.await {
            return failure.into_response();
        }
    }
    let cookie = access::set_cookie(&app, None);
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response()
}

async fn key(State(app): State<Arc<App>>, viewer: Viewer, headers: HeaderMap) -> Answered {
    let base_url = app.access.base(&headers);
    let (Some(server), Some(user)) = (app.server.clone(), viewer.user) else {
        return Err(Failure::NotFound("a key".to_owned()));
    };
    let hints = blocking(move || Ok(server.meta.read(|db| users::key_hints(db, user.id))?)).await?;
    answered(json!({"key_hint": hints.first(), "base_url": base_url}))
}

#[derive(Deserialize)]
struct Backup {
    target: PathBuf,
}

/// For `wandb-rs server backup`: files are written where the server's user can write, so only an admin may ask.
async fn back_up(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Json(backup): Json<Backup>,
) -> Response {
    let (Some(server), Some(user)) = (app.server.clone(), viewer.user) else {
        return failed(StatusCode::NOT_FOUND, "there is nothing to copy");
    };
    if !user.admin {
        return failed(
            StatusCode::FORBIDDEN,
            "only the first user of the server may make backups",
        );
    }
    match blocking(move || server.back_up(&backup.target)).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(failure) => failure.into_response(),
    }
}

async fn projects(State(app): State<Arc<App>>, _: Viewer) -> Answered {
    let source = Arc::clone(&app.source);
    let projects = blocking(move || source.projects()).await?;
    answered(json!({"projects": projects}))
}

async fn columns(
    State(app): State<Arc<App>>,
    _: Viewer,
    Path((entity, project)): Named,
) -> Answered {
    let source = Arc::clone(&app.source);
    answered(blocking(move || source.columns(&entity, &project)).await?)
}

#[derive(Deserialize)]
#[serde(default)]
struct ListQuery {
    filter: String,
    sort: String,
    columns: String,
    offset: usize,
    limit: usize,
}

impl Default for ListQuery {
    fn default() -> Self {
        Self {
            filter: String::new(),
            sort: String::new(),
            columns: String::new(),
            offset: 0,
            limit: 100,
        }
    }
}

async fn runs(
    State(app): State<Arc<App>>,
    _: Viewer,
    Path((entity, project)): Named,
    Query(query): Query<ListQuery>,
) -> Answered {
    let wanted = match Wanted::of_page(&query.filter, &query.sort, &query.columns) {
        Ok(wanted) => wanted,
        Err((message, at)) => {
            let error = json!({"error": message, "at": at});
            return Ok((StatusCode::BAD_REQUEST, Json(error)).into_response());
        }
    };
    let source = Arc::clone(&app.source);
    let answer = blocking(move || {
        let runs = source.runs(&entity, &project)?;
        let chosen = wanted.choose(&runs);
        let limit = query.limit.min(MOST_RUNS);
        let page = chosen.iter().skip(query.offset).take(limit);
        let rows: Vec<Value> = page.map(|run| wanted.row(run)).collect();
        Ok(json!({"total": runs.len(), "matched": chosen.len(), "runs": rows}))
    });
    answered(answer.await?)
}

async fn series(
    State(app): State<Arc<App>>,
    _: Viewer,
    Path((entity, project)): Named,
    Json(query): Json<SeriesQuery>,
) -> Answered {
    if query.runs.len().saturating_mul(query.metrics.len()) > MOST_CURVES {
        return Err(Failure::Invalid(format!(
            "at most {MOST_CURVES} curves at once"
        )));
    }
    let source = Arc::clone(&app.source);
    let body = blocking(move || curves::answer(source.as_ref(), &entity, &project, &query)).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

#[derive(Deserialize)]
struct Marked {
    #[serde(rename = "runs")]
    ids: Vec<String>,
    #[serde(default)]
    add: Vec<String>,
    #[serde(default)]
    remove: Vec<String>,
}

async fn delete(
    State(app): State<Arc<App>>,
    _: Viewer,
    Path((entity, project)): Named,
    Json(marked): Json<Marked>,
) -> Answered {
    let source = Arc::clone(&app.source);
    let deleted = blocking(move || {
        let mut deleted = 0;
        for run in &marked.ids {
            let path = RunPath::new(&entity, &project, run);
            match source.delete(&path) {
                Err(Failure::NotFound(_)) => {}
                other => {
                    other?;
                    deleted += 1;
                }
            }
        }
        Ok(deleted)
    });
    answered(json!({"deleted": deleted.await?}))
}

async fn tag(
    State(app): State<Arc<App>>,
    _: Viewer,
    Path((entity, project)): Named,
    Json(marked): Json<Marked>,
) -> Answered {
    let source = Arc::clone(&app.source);
    let changed = blocking(move || {
        let mut changed = 0;
        for run in &marked.ids {
            let path = RunPath::new(&entity, &project, run);
            let mut tags = source.run(&path)?.listed.tags;
            tags.retain(|tag| !marked.remove.contains(tag) && !marked.add.contains(tag));
            tags.extend(marked.add.iter().cloned());
            source.edit(
                &path,
                &Edit {
                    tags: Some(tags),
                    ..Edit::default()
                },
            )?;
            changed += 1;
        }
        Ok(changed)
    });
    answered(json!({"changed": changed.await?}))
}
