//! `POST /files/{entity}/{project}/{run}/file_stream`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::http::{Reply, percent_decode};
use super::state::{RunPath, RunView, State};

/// Longest line, in bytes.
pub(crate) const MAX_LINE_BYTES: usize = 10_383_360;

/// Most bytes of lines in one request; the client's own limit is 10 MiB.
pub(crate) const MAX_REQUEST_BYTES: usize = 12 << 20;

/// The run of a stream's path, `None` if this is not the path of a stream.
pub(super) fn run_of(path: &str) -> Option<RunPath> {
    let rest = path.strip_prefix("/files/")?.strip_suffix("/file_stream")?;
    let segments: Vec<String> = rest.split('/').map(percent_decode).collect::<Option<_>>()?;
    let [entity, project, run] = segments.try_into().ok()?;
    Some((entity, project, run))
}

/// Applies one request.
pub(super) fn apply(state: &mut State, path: &RunPath, body: &Arc<Vec<u8>>) -> Reply {
    let name = format!("{}/{}/{}", path.0, path.1, path.2);
    let Some(run) = state.runs.get_mut(path) else {
        state.violation(format!("stream of {name}: there is no such run"));
        return Reply::error(404, "run not found");
    };
    let mut violations = Vec::new();
    let result = serde_json::from_slice(body)
        .map_err(|error| format!("not JSON: {error}"))
        .and_then(|request| apply_to(run, &request, body, &mut violations));
    let reply = match result {
        Ok(()) => Reply::json(
            200,
            &json!({"exitcode": null, "limits": {}, "stopped": run.stopped}),
        ),
        Err(violation) => {
            let reply = Reply::error(400, &violation);
            violations.push(violation);
            reply
        }
    };
    for violation in violations {
        state.violation(format!("stream of {name}: {violation}"));
    }
    reply
}

/// Applies a request to a run. What is `Err` or checked before the first change is refused as a whole.
fn apply_to(
    run: &mut RunView,
    request: &Value,
    body: &Arc<Vec<u8>>,
    violations: &mut Vec<String>,
) -> Result<(), String> {
    let request = request.as_object().ok_or("the body is not an object")?;
    if let Some(completing) = &run.completed_by
        && !request.is_empty()
        && completing != body
    {
        violations.push("data after `complete`".to_owned());
    }
    for key in request.keys() {
        if !matches!(
            key.as_str(),
            "files" | "uploaded" | "preempting" | "complete" | "exitcode" | "dropped"
        ) {
            violations.push(format!("unknown key {key:?}"));
        }
    }
    if request.contains_key("complete") != request.contains_key("exitcode") {
        violations.push("`complete` and `exitcode` must come together".to_owned());
    }
    let chunks = chunks(request)?;
    for chunk in &chunks {
        check(run, chunk, violations)?;
    }
    let bytes: usize = chunks
        .iter()
        .flat_map(|chunk| &chunk.lines)
        .map(String::len)
        .sum();
    if bytes > MAX_REQUEST_BYTES {
        violations.push(format!("{bytes} bytes of lines in one request"));
    }

    run.stream_requests += 1;
    for chunk in chunks {
        match chunk.file {
            "wandb-history.jsonl" => {
                run.history_rewritten += run.history[chunk.offset..]
                    .iter()
                    .zip(&chunk.lines)
                    .filter(|(old, new)| old != new)
                    .count();
                splice(&mut run.history, chunk);
            }
            "wandb-events.jsonl" => splice(&mut run.events, chunk),
            "output.log" => splice(&mut run.console, chunk),
            _ => run.summary = chunk.lines.into_iter().next_back().or(run.summary.take()),
        }
    }
    for name in request
        .get("uploaded")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let name = name.as_str().ok_or("`uploaded` holds what is not a text")?;
        if !run.files.contains_key(name) {
            violations.push(format!("{name:?} is said to be uploaded, but was not"));
        }
        run.uploaded.insert(name.to_owned());
    }
    if request.get("preempting") == Some(&Value::Bool(true)) {
        "preempting".clone_into(&mut run.state);
    }
    if request.get("complete") == Some(&Value::Bool(true)) {
        let code = request.get("exitcode").and_then(Value::as_i64);
        run.exit_code = Some(code.ok_or("`exitcode` is not a number")?);
        run.completed_by = Some(Arc::clone(body));
        let state = match (code, run.state.as_str()) {
            (Some(0), _) => "finished",
            (_, "preempting" | "preempted") => "preempted",
            _ => "failed",
        };
        state.clone_into(&mut run.state);
    }
    Ok(())
}

/// Lines for one file.
struct Chunk<'a> {
    file: &'a str,
    offset: usize,
    lines: Vec<String>,
}

fn chunks(request: &serde_json::Map<String, Value>) -> Result<Vec<Chunk<'_>>, String> {
    let Some(files) = request.get("files") else {
        return Ok(Vec::new());
    };
    let files = files.as_object().ok_or("`files` is not an object")?;
    let mut chunks = Vec::new();
    for (file, chunk) in files {
        let offset = chunk["offset"]
            .as_u64()
            .ok_or(format!("{file}: no offset"))?;
        let lines = chunk["content"]
            .as_array()
            .ok_or(format!("{file}: no content"))?
            .iter()
            .map(|line| line.as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .ok_or(format!("{file}: a line is not a text"))?;
        chunks.push(Chunk {
            file,
            offset: offset as usize,
            lines,
        });
    }
    Ok(chunks)
}

fn check(run: &RunView, chunk: &Chunk<'_>, violations: &mut Vec<String>) -> Result<(), String> {
    let file = chunk.file;
    let known = match file {
        "wandb-history.jsonl" => run.history.len(),
        "wandb-events.jsonl" => run.events.len(),
        "output.log" => run.console.len(),
        // Of the summary the last line counts, wherever it stands.
        "wandb-summary.json" => usize::MAX,
        _ => return Err(format!("{file:?} is not a file of the stream")),
    };
    if chunk.offset > known {
        return Err(format!(
            "{file}: gap in offsets: {known} lines are there, and lines from {} come",
            chunk.offset
        ));
    }
    for line in &chunk.lines {
        if line.len() > MAX_LINE_BYTES {
            violations.push(format!("{file}: a line of {} bytes", line.len()));
        }
        let object = line.starts_with('{') && line.ends_with('}');
        if line.contains('\n') || (file != "output.log" && !object) {
            violations.push(format!("{file}: not a line of JSON: {line:.100?}"));
        }
    }
    Ok(())
}

fn splice(lines: &mut Vec<String>, chunk: Chunk<'_>) {
    let end = lines.len().min(chunk.offset + chunk.lines.len());
    lines.splice(chunk.offset..end, chunk.lines);
}
