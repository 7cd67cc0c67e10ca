//! What the pages of one run, and of artifacts and sweeps, ask for.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::access::Viewer;
use super::pages::Named;
use super::{Answered, App, answered, blocking, transfer};
use crate::server::graphql::strict;
use crate::server::held;
use crate::server::points::{KeyInfo, Series, Stream};
use crate::server::runs::{RunPath, internal_config, plain_config, step_metrics};
use crate::server::source::{Edit, RunDetail};
use crate::server::{Failure, console};
use crate::wire::json::Value as Wire;

/// The most lines of a log, and rows of a table, of one answer.
const MOST_LINES: usize = 10_000;
const MOST_ROWS: usize = 1_000;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/p/{entity}/{project}/runs/{run}", get(run).patch(edit))
        .route("/p/{entity}/{project}/runs/{run}/logs", get(logs))
        .route("/p/{entity}/{project}/runs/{run}/files", get(files))
        .route("/p/{entity}/{project}/runs/{run}/files/{*name}", get(file))
        .route("/p/{entity}/{project}/runs/{run}/media", get(media))
        .route(
            "/p/{entity}/{project}/runs/{run}/artifacts",
            get(run_artifacts),
        )
        .route("/p/{entity}/{project}/artifacts", get(artifacts))
        .route(
            "/p/{entity}/{project}/artifacts/{collection}",
            get(versions),
        )
        .route(
            "/p/{entity}/{project}/artifacts/{collection}/{version}/files",
            get(entries),
        )
        .route(
            "/p/{entity}/{project}/artifacts/{collection}/{version}/file/{*name}",
            get(entry),
        )
        .route("/p/{entity}/{project}/sweeps/{sweep}", get(sweep))
}

type OfRun = Path<(String, String, String)>;

fn path_of((entity, project, run): (String, String, String)) -> RunPath {
    RunPath {
        entity,
        project,
        run,
    }
}

async fn run(State(app): State<Arc<App>>, _: Viewer, Path(path): OfRun) -> Answered {
    let source = Arc::clone(&app.source);
    let answer = blocking(move || {
        let path = path_of(path);
        let run = source.run(&path)?;
        let history = source.series(&path, Stream::History)?;
        let keys = held(&history).keys()?;
        let events = source.series(&path, Stream::Events)?;
        let system = held(&events).keys()?;
        let lines = source.series(&path, Stream::Console)?;
        let log_lines = console::count(&mut held(&lines))?;
        Ok(detail(&run, &keys, &system, log_lines))
    });
    answered(answer.await?)
}

fn detail(run: &RunDetail, keys: &[KeyInfo], system: &[KeyInfo], log_lines: u64) -> Value {
    let listed = &run.listed;
    let mut answer = listed.row(Map::new());
    let summary = Wire::parse(&listed.summary).unwrap_or(Wire::Null);
    let keys: Vec<Value> = keys
        .iter()
        .filter(|key| !key.name.starts_with('_'))
        .map(|key| {
            let last = key.last.as_deref().and_then(|last| Wire::parse(last).ok());
            json!({
                "key": key.name,
                "type": kind_of(key),
                "count": key.count,
                "last": last.as_ref().map(strict),
            })
        })
        .collect();
    let system: Vec<&str> = system
        .iter()
        .map(|key| key.name.as_str())
        .filter(|name| !name.starts_with('_'))
        .collect();
    for (name, value) in [
        ("config", strict(&plain_config(&listed.config))),
        ("summary", strict(&summary)),
        ("metadata", run.metadata.clone()),
        ("keys", keys.into()),
        ("system_keys", system.into()),
        ("exit_code", run.exit_code.into()),
        ("log_lines", log_lines.into()),
        ("file_count", run.file_count.into()),
        ("parent", parent_of(&listed.config)),
        ("x", json!(step_metrics(&listed.config))),
    ] {
        answer[name] = value;
    }
    answer
}

/// The type that most values of a column have, as the pages name it.
pub(super) fn kind_of(key: &KeyInfo) -> &str {
    let most = key.type_counts.iter().max_by_key(|(_, count)| **count);
    match most.map_or("number", |(kind, _)| kind.as_str()) {
        "nil" | "map" | "list" | "boolean" => "json",
        kind => kind,
    }
}

/// The run that this one was forked from.
fn parent_of(config: &str) -> Value {
    let point = internal_config(config).and_then(|internal| internal.get("branch_point").cloned());
    point.map_or(Value::Null, |point| {
        let text = |name: &str| point.get(name).map(strict);
        json!({"run": text("run_id"), "step": text("step")})
    })
}

#[derive(Deserialize)]
struct EditBody {
    name: Option<String>,
    notes: Option<String>,
    tags: Option<Vec<String>>,
}

async fn edit(
    State(app): State<Arc<App>>,
    _: Viewer,
    Path(path): OfRun,
    Json(body): Json<EditBody>,
) -> Answered {
    let source = Arc::clone(&app.source);
    let answer = blocking(move || {
        let path = path_of(path);
        let edit = Edit {
            name: body
                .name
                .map(|name| name.trim().to_owned())
                .filter(|name| !name.is_empty()),
            notes: body.notes,
            tags: body.tags,
        };
        source.edit(&path, &edit)?;
        Ok(source.run(&path)?.listed.row(Map::new()))
    });
    answered(answer.await?)
}

#[derive(Deserialize)]
struct LogQuery {
    #[serde(default)]
    first: u64,
    last: Option<usize>,
    limit: Option<usize>,
    search: Option<String>,
}

async fn logs(
    State(app): State<Arc<App>>,
    _: Viewer,
    Path(path): OfRun,
    Query(query): Query<LogQuery>,
) -> Answered {
    let source = Arc::clone(&app.source);
    let answer = blocking(move || {
        let series = source.series(&path_of(path), Stream::Console)?;
        let mut series = held(&series);
        let limit = query.limit.or(query.last).unwrap_or(1000).min(MOST_LINES);
        if let Some(text) = query.search.as_deref().filter(|text| !text.is_empty()) {
            return search(&mut series, text, limit);
        }
        let total = console::count(&mut series)?;
        let first = match query.last {
            Some(last) => total.saturating_sub(last.min(limit) as u64),
            None => query.first,
        };
        let mut lines = Vec::new();
        let wanted = first..first.saturating_add(limit as u64);
        console::lines(&mut series, wanted, |line| lines.push(line))?;
        Ok(json!({"total": total, "lines": lines}))
    });
    answered(answer.await?)
}

fn search(series: &mut Series, text: &str, limit: usize) -> Result<Value, Failure> {
    let wanted = text.to_lowercase();
    let mut found = Vec::new();
    let mut matched = 0_usize;
    console::lines(series, 0..u64::MAX, |line| {
        if line.text.to_lowercase().contains(&wanted) {
            matched += 1;
            if found.len() < limit {
                found.push(line);
            }
        }
    })?;
    let total = console::count(series)?;
    Ok(json!({"total": total, "matched": matched, "lines": found}))
}

async fn files(State(app): State<Arc<App>>, _: Viewer, Path(path): OfRun) -> Answered {
    let source = Arc::clone(&app.source);
    let files = blocking(move || source.files(&path_of(path))).await?;
    answered(json!({"files": files}))
}

async fn file(
    State(app): State<Arc<App>>,
    _: Viewer,
    Path((entity, project, run, name)): Path<(String, String, String, String)>,
    headers: HeaderMap,
) -> Answered {
    let source = Arc::clone(&app.source);
    let wanted = name.clone();
    let path = path_of((entity, project, run));
    let content = blocking(move || source.file(&path, &wanted)).await?;
    Ok(transfer::file(content, &name, &headers).await)
}

#[derive(Deserialize)]
struct MediaQuery {
    key: String,
}

async fn media(
    State(app): State<Arc<App>>,
    _: Viewer,
    Path(path): OfRun,
    Query(query): Query<MediaQuery>,
) -> Answered {
    let source = Arc::clone(&app.source);
    let answer = blocking(move || {
        let history = source.series(&path_of(path), Stream::History)?;
        let mut rows = Vec::new();
        held(&history).sampled(Some(&[&query.key]), .., MOST_ROWS, |step, row| {
            let row = Wire::parse(row).unwrap_or(Wire::Null);
            if let Some(value) = row.get(&query.key) {
                rows.push(json!({"step": step, "value": strict(value)}));
            }
        })?;
        Ok(json!({"rows": rows}))
    });
    answered(answer.await?)
}

async fn run_artifacts(State(app): State<Arc<App>>, _: Viewer, Path(path): OfRun) -> Answered {
    let source = Arc::clone(&app.source);
    answered(blocking(move || source.run_artifacts(&path_of(path))).await?)
}

async fn artifacts(
    State(app): State<Arc<App>>,
    _: Viewer,
    Path((entity, project)): Named,
) -> Answered {
    let source = Arc::clone(&app.source);
    answered(blocking(move || source.artifacts(&entity, &project)).await?)
}

async fn versions(
    State(app): State<Arc<App>>,
    _: Viewer,
    Path((entity, project, name)): OfRun,
) -> Answered {
    let source = Arc::clone(&app.source);
    answered(blocking(move || source.artifact_versions(&entity, &project, &name)).await?)
}

async fn entries(
    State(app): State<Arc<App>>,
    _: Viewer,
    Path((entity, project, name, version)): Path<(String, String, String, String)>,
) -> Answered {
    let source = Arc::clone(&app.source);
    let files = blocking(move || source.artifact_files(&entity, &project, &name, &version));
    answered(json!({"files": files.await?}))
}

async fn entry(
    State(app): State<Arc<App>>,
    _: Viewer,
    Path((entity, project, name, version, file)): Path<(String, String, String, String, String)>,
    headers: HeaderMap,
) -> Answered {
    let source = Arc::clone(&app.source);
    let wanted = file.clone();
    let content =
        blocking(move || source.artifact_file(&entity, &project, &name, &version, &wanted));
    let content = content.await?;
    Ok(transfer::file(content, &file, &headers).await)
}

async fn sweep(
    State(app): State<Arc<App>>,
    _: Viewer,
    Path((entity, project, sweep)): OfRun,
) -> Answered {
    let source = Arc::clone(&app.source);
    answered(blocking(move || source.sweep(&entity, &project, &sweep)).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forks_name_their_parent() {
        let config = r#"{"_wandb":{"value":{"branch_point":{"run_id":"abc","step":5}}}}"#;
        assert_eq!(parent_of(config), json!({"run": "abc", "step": 5}));
        assert_eq!(parent_of("{}"), Value::Null);
    }
}
