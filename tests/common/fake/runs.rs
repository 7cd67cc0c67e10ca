//! Operations on runs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use serde_json::{Value, json};

use super::graphql::{Answer, Variables};
use super::state::{Alert, RunPath, RunView, State, Target, parse, storage_path};

/// The header that a PUT of a run's file must carry.
const UPLOAD_HEADER: (&str, &str) = ("X-Fake-Upload", "run-file");

fn path_of(variables: &Variables<'_>) -> RunPath {
    let run = variables.text(&["run", "runName", "name"]);
    (
        variables.entity(),
        variables.project(),
        run.unwrap_or_default(),
    )
}

fn existing<'a>(
    state: &'a mut State,
    operation: &str,
    path: &RunPath,
) -> Result<&'a mut RunView, (u16, String)> {
    if !state.runs.contains_key(path) {
        state.violation(format!(
            "{operation}: there is no run {}/{}/{}",
            path.0, path.1, path.2
        ));
    }
    let run = state.runs.get_mut(path);
    run.ok_or_else(|| (404, "run not found".to_owned()))
}

fn storage_id((entity, project, run): &RunPath) -> String {
    STANDARD.encode(format!("Run:v1:{run}:{project}:{entity}"))
}

pub(super) fn upsert(state: &mut State, variables: &Variables<'_>) -> Answer {
    let storage = variables.text(&["id"]);
    let path = match (variables.text(&["name"]), &storage) {
        (Some(name), _) => (variables.entity(), variables.project(), name),
        (None, Some(id)) => state
            .runs
            .values()
            .find(|run| run.storage_id == *id)
            .map(|run| (run.entity.clone(), run.project.clone(), run.id.clone()))
            .ok_or_else(|| (404, "run not found".to_owned()))?,
        (None, None) => {
            let number = state.number();
            (
                variables.entity(),
                variables.project(),
                format!("fake{number:04}"),
            )
        }
    };
    if storage.is_some_and(|id| id != storage_id(&path)) {
        state.violation(format!("UpsertBucket: the id is not that of {path:?}"));
        return Err((404, "run not found".to_owned()));
    }
    let config = match variables.text(&["config"]) {
        Some(text) => Some(checked_config(&text).map_err(|fault| {
            state.violation(format!("UpsertBucket: {fault}"));
            (400, fault)
        })?),
        None => None,
    };
    let inserted = !state.runs.contains_key(&path);
    if inserted {
        let run = new_run(state, &path, config.as_ref());
        state.runs.insert(path.clone(), run);
    }
    let run = state.runs.entry(path).or_default();
    run.upserts += 1;
    if let Some(config) = config {
        run.config = config;
    }
    if let Some(name) = variables.text(&["displayName", "display_name"]) {
        run.display_name = name;
    }
    if let Some(tags) = variables.texts(&["tags"]) {
        run.tags = tags;
    }
    for (field, names) in [
        (&mut run.notes, &["notes"][..]),
        (&mut run.description, &["description"]),
        (&mut run.group, &["groupName", "group_name"]),
        (&mut run.job_type, &["jobType", "job_type"]),
        (&mut run.program, &["program", "jobProgram"]),
        (&mut run.host, &["host"]),
        (&mut run.commit, &["commit"]),
        (&mut run.repo, &["repo", "jobRepo"]),
        (&mut run.sweep, &["sweep"]),
        (&mut run.summary, &["summaryMetrics"]),
    ] {
        if let Some(text) = variables.text(names) {
            *field = Some(text);
        }
    }
    // An edit names the storage ID alone; only the run itself names its ID, and is then at work again.
    if let Some(given) = variables.text(&["state"]) {
        run.state = given;
    } else if variables.text(&["name"]).is_some() && run.completed_by.take().is_some() {
        "running".clone_into(&mut run.state);
        run.exit_code = None;
    }
    Ok(json!({"upsertBucket": {"bucket": answer(run), "inserted": inserted}}))
}

/// A run that was not there, with the history of the run that it branches from.
fn new_run(state: &State, path: &RunPath, config: Option<&Value>) -> RunView {
    let number = state
        .runs
        .keys()
        .filter(|(entity, project, _)| (entity, project) == (&path.0, &path.1))
        .count()
        + 1;
    let mut run = RunView {
        entity: path.0.clone(),
        project: path.1.clone(),
        id: path.2.clone(),
        storage_id: storage_id(path),
        display_name: format!("brave-river-{number}"),
        config: json!({}),
        state: "running".to_owned(),
        ..RunView::default()
    };
    if let Some(branch) = config.map(|config| &config["_wandb"]["value"]["branch_point"])
        && let Some(parent) = branch["run_id"].as_str().filter(|parent| *parent != path.2)
        && let Some(step) = branch["step"].as_f64()
        && let Some(parent) = state
            .runs
            .get(&(path.0.clone(), path.1.clone(), parent.to_owned()))
    {
        run.history.clone_from(&parent.history);
        run.keep_steps(step);
    }
    run
}

fn checked_config(text: &str) -> Result<Value, String> {
    let config = parse(text).map_err(|error| format!("config is not JSON: {error}"))?;
    let members = config.as_object().ok_or("config is not an object")?;
    match members
        .iter()
        .find(|(_, entry)| entry.get("value").is_none())
    {
        Some((key, _)) => Err(format!("config key {key:?} holds no `value`")),
        None => Ok(config),
    }
}

/// The fields of a run that clients read back.
fn answer(run: &RunView) -> Value {
    let tail =
        |lines: &[String]| Value::from(lines.last().cloned().into_iter().collect::<Vec<_>>());
    let system = run
        .config
        .pointer("/_wandb/value/t")
        .map_or_else(|| json!({}), |telemetry| json!({"t": telemetry}));
    let files = run.files.iter().map(|(name, bytes)| {
        json!({"node": {
            "id": STANDARD.encode(format!("File:{name}")),
            "name": name,
            "url": file_url(run, name),
            "directUrl": file_url(run, name),
            "sizeBytes": bytes.len(),
            "mimetype": "application/octet-stream",
            "updatedAt": null,
            "md5": STANDARD.encode(Md5::digest(bytes)),
        }, "cursor": name})
    });
    json!({
        "id": run.storage_id,
        "projectId": 1,
        "name": run.id,
        "displayName": run.display_name,
        "description": run.description,
        "notes": run.notes,
        "tags": run.tags,
        "group": run.group,
        "groupName": run.group,
        "jobType": run.job_type,
        "commit": run.commit,
        "host": run.host,
        "program": run.program,
        "state": run.state,
        "stopped": run.stopped,
        "config": run.config.to_string(),
        "summaryMetrics": run.summary.as_deref().unwrap_or("{}"),
        "systemMetrics": run.events.last(),
        "wandbConfig": system.to_string(),
        "sweepName": run.sweep,
        "historyLineCount": run.history.len(),
        "eventsLineCount": run.events.len(),
        "logLineCount": run.console.len(),
        "historyTail": tail(&run.history).to_string(),
        "eventsTail": tail(&run.events).to_string(),
        "project": project(run),
        "fileCount": run.files.len(),
        "files": {
            "edges": files.collect::<Vec<_>>(),
            "pageInfo": {"endCursor": null, "hasNextPage": false},
        },
    })
}

/// The path below the server at which a run's file can be read back.
fn file_url(run: &RunView, name: &str) -> String {
    storage_path(&["run", &run.entity, &run.project, &run.id, name])
}

fn project(run: &RunView) -> Value {
    json!({
        "id": STANDARD.encode(format!("Project:v1:{}:{}", run.project, run.entity)),
        "name": run.project,
        "entity": {"id": STANDARD.encode(format!("Entity:{}", run.entity)), "name": run.entity},
    })
}

pub(super) fn resume_status(state: &State, variables: &Variables<'_>) -> Value {
    let path = path_of(variables);
    let same = |known: &&RunView| (&known.entity, &known.project) == (&path.0, &path.1);
    let mut model = match state.runs.values().find(same) {
        Some(any) => project(any),
        None => return json!({"model": null}),
    };
    model["bucket"] = state.runs.get(&path).map(answer).into();
    json!({"model": model})
}

pub(super) fn rewind(state: &mut State, variables: &Variables<'_>) -> Answer {
    let path = path_of(variables);
    let step = variables.get(&["metricValue"]).as_f64();
    let step = step.ok_or_else(|| (400, "metricValue is missing".to_owned()))?;
    let Some(run) = state.runs.get_mut(&path) else {
        return Ok(json!({"rewindRun": {"rewoundRun": null}}));
    };
    run.keep_steps(step);
    run.events.clear();
    run.console.clear();
    run.completed_by = None;
    "running".clone_into(&mut run.state);
    Ok(json!({"rewindRun": {"rewoundRun": answer(run)}}))
}

/// Read queries: `project{ run(name){…} }`.
pub(super) fn read(state: &State, variables: &Variables<'_>) -> Value {
    let path = path_of(variables);
    let Some(run) = state.runs.get(&path) else {
        return json!({"project": {"internalId": "1", "run": null}});
    };
    let mut run = answer(run);
    let wanted: Vec<String> = variables
        .texts(&["fileNames"])
        .unwrap_or_default()
        .iter()
        .map(|name| name.trim_start_matches("./").to_owned())
        .collect();
    if let Some(files) = run["files"]["edges"].as_array_mut() {
        files.retain(|file| {
            wanted.is_empty() || wanted.iter().any(|name| file["node"]["name"] == **name)
        });
        for file in files {
            for key in ["url", "directUrl"] {
                let url = format!(
                    "{}{}",
                    state.base_url,
                    file["node"][key].as_str().unwrap_or_default()
                );
                file["node"][key] = Value::from(url);
            }
        }
    }
    json!({"project": {"internalId": "1", "run": run}})
}

/// Rows whose step is at least `minStep` and below `maxStep`.
pub(super) fn history_page(state: &State, variables: &Variables<'_>) -> Value {
    let Some(run) = state.runs.get(&path_of(variables)) else {
        return json!({"project": {"run": null}});
    };
    let limit = |name: &str, default: i64| variables.get(&[name]).as_i64().unwrap_or(default);
    let steps = limit("minStep", 0)..limit("maxStep", i64::MAX);
    let rows = run.history.iter().filter(|line| {
        let step = parse(line).ok().and_then(|row| row["_step"].as_i64());
        step.is_some_and(|step| steps.contains(&step))
    });
    let rows: Vec<&String> = rows.take(limit("pageSize", 500) as usize).collect();
    json!({"project": {"run": {"history": rows}}})
}

pub(super) fn stop(state: &mut State, variables: &Variables<'_>) -> Answer {
    let id = variables.required(&["id"])?;
    let run = state.runs.values_mut().find(|run| run.storage_id == id);
    let run = run.ok_or_else(|| (404, "run not found".to_owned()))?;
    run.stopped = true;
    Ok(json!({"stopRun": {"clientMutationId": null, "success": true}}))
}

pub(super) fn delete(state: &mut State, variables: &Variables<'_>) -> Answer {
    let id = variables.required(&["id"])?;
    let path = state.runs.iter().find(|(_, run)| run.storage_id == id);
    let path = path.map(|(path, _)| path.clone());
    let path = path.ok_or_else(|| (404, "run not found".to_owned()))?;
    state.runs.remove(&path);
    Ok(json!({"deleteRun": {"clientMutationId": null}}))
}

pub(super) fn create_files(state: &mut State, variables: &Variables<'_>) -> Answer {
    let path = path_of(variables);
    let run_id = existing(state, "CreateRunFiles", &path)?.storage_id.clone();
    let names = variables
        .texts(&["files"])
        .ok_or_else(|| (400, "files is missing".to_owned()))?;
    let mut files = Vec::new();
    for name in names {
        let clean = |part: &str| !part.is_empty() && part != "." && part != "..";
        if !name.split('/').all(clean) || name.contains('\\') {
            state.violation(format!("CreateRunFiles: {name:?} is not a clean path"));
        }
        let url = state.sign(
            &["run", &path.0, &path.1, &path.2, &name],
            vec![(UPLOAD_HEADER.0.to_owned(), UPLOAD_HEADER.1.to_owned())],
            Target::RunFile {
                run: path.clone(),
                name: name.clone(),
            },
        );
        files.push(json!({"name": name, "uploadUrl": url}));
    }
    Ok(json!({"createRunFiles": {
        "runID": run_id,
        "uploadHeaders": [format!("{}: {}", UPLOAD_HEADER.0, UPLOAD_HEADER.1)],
        "files": files,
    }}))
}

pub(super) fn alert(state: &mut State, variables: &Variables<'_>) -> Answer {
    let run = existing(state, "NotifyScriptableRunAlert", &path_of(variables))?;
    let alert = Alert {
        title: variables.required(&["title"])?,
        text: variables.required(&["text"])?,
        severity: variables.text(&["severity"]),
        wait_ms: variables.get(&["waitDuration"]).as_i64(),
    };
    run.alerts.push(alert);
    Ok(json!({"notifyScriptableRunAlert": {"success": true}}))
}
