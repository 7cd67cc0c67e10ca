//! File streams: `POST /files/{entity}/{project}/{run}/file_stream`, in which a run tells what happens.
//!
//! ```text
//! {"files": {"wandb-history.jsonl": {"offset": 0, "content": ["{…}", …]}, "wandb-events.jsonl": …,
//!            "wandb-summary.json": …, "output.log": …},
//!  "uploaded": [name…], "preempting": bool, "complete": bool, "exitcode": int}
//! ```
//!
//! All members may be missing. An offset is the number of a line: a request that is repeated says the same again. What is
//! answered with 200 is on the disk. Source: `core/internal/filestream` of the official repository.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::meta::runs::{self, Change};
use super::points::Stream;
use super::runs::RunPath;
use super::{Failure, Server, held, now};
use crate::wire::json::Value;

/// What a request says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    files: HashMap<String, Chunk>,
    preempting: Option<bool>,
    complete: Option<bool>,
    exitcode: Option<i64>,
    #[serde(rename = "uploaded")]
    _uploaded: IgnoredAny,
}

/// Lines of one file, the first with this number.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Chunk {
    offset: u64,
    content: Vec<String>,
}

/// How a request is to be understood, by its headers.
#[derive(Debug, Default)]
pub(crate) struct Manner {
    /// One of several writers of the run (`X-WANDB-ASYNC-CLIENT-ID`).
    pub(crate) writer: Option<String>,
    /// The summary follows from the history (`X-WANDB-SERVER-SIDE-DERIVED-SUMMARY`).
    pub(crate) derives_summary: bool,
}

/// What has become of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    /// The run is asked to stop.
    pub(crate) stop: bool,
    /// The run that has ended with it.
    pub(crate) ended: Option<i64>,
}

/// Takes a request in.
pub(crate) fn take(
    server: &Server,
    path: &RunPath,
    manner: &Manner,
    body: &[u8],
) -> Result<Taken, Failure> {
    let body = match body.trim_ascii_start() {
        [] => Body::default(),
        [b'{', ..] => serde_json::from_slice(body).map_err(|error| {
            Failure::Invalid(format!("the request is not a file stream: {error}"))
        })?,
        _ => {
            return Err(Failure::Invalid(
                "the request is not a file stream".to_owned(),
            ));
        }
    };
    let run = server.run(path)?;
    let writer = manner.writer.as_deref().map_or(0, number_of);
    // Points first: what the database says of a run is never ahead of them.
    for (name, chunk) in &body.files {
        let stream = match name.as_str() {
            "wandb-history.jsonl" => Stream::History,
            "wandb-events.jsonl" => Stream::Events,
            "output.log" => Stream::Console,
            _ => continue,
        };
        let converted: Vec<String>;
        let lines: Vec<&str> = if stream == Stream::Console {
            converted = chunk.content.iter().map(|line| console_row(line)).collect();
            converted.iter().map(String::as_str).collect()
        } else {
            chunk.content.iter().map(String::as_str).collect()
        };
        // What several writers say of one step is one row, as clients read it.
        let writer = if stream == Stream::History { 0 } else { writer };
        server.append(run.id, stream, chunk.offset, writer, &lines)?;
    }
    let last = |name: &str| body.files.get(name).and_then(|chunk| chunk.content.last());
    let is_object = |text: &&String| Value::parse(text).is_ok_and(|value| value.is_object());
    let given = last("wandb-summary.json").filter(is_object);
    let derived = match given {
        Some(text) if manner.derives_summary => Some(server.derived_summary(run.id, text)?),
        given => given.cloned(),
    };
    let (state, exit_code) = ended(&body, run.preempting);
    let is_there = server.meta.write(|db| {
        let summary = if manner.writer.is_some() && !manner.derives_summary {
            // Read here and not before: other writers join theirs at the same time.
            let stored = runs::by_id(db, run.id)?.map(|run| run.summary);
            let history = body.files.get("wandb-history.jsonl");
            stored.and_then(|stored| joined_summary(&stored, history, given.map(String::as_str)))
        } else {
            derived
        };
        let change = Change {
            state: state.or((run.state == "pending").then_some("running")),
            summary: summary.as_deref(),
            system: last("wandb-events.jsonl")
                .filter(is_object)
                .map(String::as_str),
            heartbeat: Some(now()),
            exit_code: exit_code.map(Some),
            preempting: body.preempting.filter(|preempting| *preempting),
            ..Change::default()
        };
        runs::change(db, run.id, &change)
    })?;
    if !is_there {
        // Deleted meanwhile; what came in between goes with it.
        server.points.remove(run.id)?;
        return Err(Failure::NotFound(format!("run {}", path.run)));
    }
    server.tell(path, &body);
    Ok(Taken {
        stop: run.stopped,
        ended: (body.complete == Some(true)).then_some(run.id),
    })
}

/// The summary of a run with several writers: only one of them sends a summary, and what the others log counts, too.
fn joined_summary(summary: &str, history: Option<&Chunk>, given: Option<&str>) -> Option<String> {
    let mut joined = Value::parse(summary).ok()?;
    let rows = history.into_iter().flat_map(|chunk| &chunk.content);
    for row in rows.filter_map(|line| Value::parse(line).ok()) {
        join(&mut joined, row, |name| !name.starts_with('_'));
    }
    if let Some(given) = given.and_then(|given| Value::parse(given).ok()) {
        join(&mut joined, given, |_| true);
    }
    Some(joined.to_json())
}

fn join(summary: &mut Value, members: Value, counts: impl Fn(&str) -> bool) {
    if let Value::Map(members) = members {
        for (name, value) in members.into_iter().filter(|(name, _)| counts(name)) {
            summary.put(&[name], value);
        }
    }
}

/// The state that follows from what a request says, and the exit code.
fn ended(body: &Body, was_preempting: bool) -> (Option<&'static str>, Option<i64>) {
    let preempting = was_preempting || body.preempting == Some(true);
    if body.complete != Some(true) {
        return (
            (body.preempting == Some(true)).then_some("preempting"),
            None,
        );
    }
    let exit_code = body.exitcode.unwrap_or(0);
    let state = match exit_code {
        0 => "finished",
        _ if preempting => "preempted",
        _ => "failed",
    };
    (Some(state), Some(exit_code))
}

impl Server {
    fn append(
        &self,
        run: i64,
        stream: Stream,
        offset: u64,
        writer: u32,
        lines: &[&str],
    ) -> Result<(), Failure> {
        if lines.is_empty() {
            return Ok(());
        }
        let series = self.points.series(run, stream)?;
        let mut series = held(&series);
        series.append(offset, writer, lines)?;
        // Here and not later: memory stays small, however fast rows come.
        if series.should_seal() {
            series.seal()?;
        }
        Ok(())
    }

    /// The last values of the history, under what the client says itself.
    fn derived_summary(&self, run: i64, given: &str) -> Result<String, Failure> {
        let series = self.points.series(run, Stream::History)?;
        let mut summary = Value::Map(Vec::new());
        for key in held(&series).keys()? {
            let last = key.last.as_deref().map(Value::parse);
            if let (false, Some(Ok(value))) = (key.derived, last) {
                summary.put(&[key.name], value);
            }
        }
        if let Ok(Value::Map(members)) = Value::parse(given) {
            for (name, value) in members {
                summary.put(&[name], value);
            }
        }
        Ok(summary.to_json())
    }

    fn tell(&self, path: &RunPath, body: &Body) {
        for (file, what) in [
            ("wandb-history.jsonl", "history"),
            ("wandb-events.jsonl", "events"),
            ("output.log", "logs"),
        ] {
            if body.files.contains_key(file) {
                self.changed(&path.entity, &path.project, &path.run, what);
            }
        }
        if body.complete.is_some()
            || body.preempting.is_some()
            || body.files.contains_key("wandb-summary.json")
        {
            self.changed(&path.entity, &path.project, &path.run, "run");
        }
    }
}

/// A number for a writer's name; 0 is a run's only writer.
fn number_of(writer: &str) -> u32 {
    crc32fast::hash(writer.as_bytes()).max(1)
}

/// A line of the console as the object that newer clients send: `{"level"?, "ts", "label"?, "content"}`.
///
/// Older ones send `[ERROR ]<time> [[label] ]<text>`. Source: `core/internal/runconsolelogs` of the official repository.
fn console_row(line: &str) -> String {
    if line.starts_with('{')
        && Value::parse(line).is_ok_and(|value| {
            value
                .get("content")
                .is_some_and(|text| text.as_str().is_some())
        })
    {
        return line.to_owned();
    }
    let (level, rest) = match line.strip_prefix("ERROR ") {
        Some(rest) => (Some("error"), rest),
        None => (None, line),
    };
    let (time, text) = match rest.split_once(' ') {
        Some((time, text)) if is_time(time) => (Some(time), text),
        _ if is_time(rest) => (Some(rest), ""),
        _ => (None, line),
    };
    let mut row = Vec::new();
    if let (Some(level), Some(_)) = (level, time) {
        row.push(("level".to_owned(), Value::Text(level.to_owned())));
    }
    if let Some(time) = time {
        row.push(("ts".to_owned(), Value::Text(time.to_owned())));
    }
    row.push(("content".to_owned(), Value::Text(text.to_owned())));
    Value::Map(row).to_json()
}

fn is_time(text: &str) -> bool {
    text.len() >= 19
        && text.as_bytes()[10] == b'T'
        && text.starts_with(|first: char| first.is_ascii_digit())
}

/// Must not panic, whatever the input.
#[doc(hidden)]
pub fn fuzz_ingest(input: &[u8]) {
    let _ = serde_json::from_slice::<Body>(input);
    if let Ok(line) = std::str::from_utf8(input) {
        let _ = console_row(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn console_lines_of_every_client_become_one_form() {
        let cases = [
            (
                r#"{"level":"error","ts":"2026-11-23T12:39:07.552331","content":"text"}"#,
                r#"{"level":"error","ts":"2026-11-23T12:39:07.552331","content":"text"}"#,
            ),
            (
                "ERROR 2026-11-23T12:48:11.458452 boom",
                r#"{"level":"error","ts":"2026-11-23T12:48:11.458452","content":"boom"}"#,
            ),
            (
                "2026-11-23T12:48:11.458452 a b",
                r#"{"ts":"2026-11-23T12:48:11.458452","content":"a b"}"#,
            ),
            (
                "2026-11-23T12:48:11.458452 ",
                r#"{"ts":"2026-11-23T12:48:11.458452","content":""}"#,
            ),
            ("no time", r#"{"content":"no time"}"#),
            ("ERROR by itself", r#"{"content":"ERROR by itself"}"#),
            ("{not json", r#"{"content":"{not json"}"#),
            ("", r#"{"content":""}"#),
        ];
        for (line, row) in cases {
            assert_eq!(console_row(line), row);
        }
    }

    #[test]
    fn the_end_of_a_run_follows_from_its_exit_code() {
        let end = |exitcode, preempting| {
            let body = Body {
                complete: Some(true),
                exitcode: Some(exitcode),
                ..Body::default()
            };
            ended(&body, preempting)
        };
        assert_eq!(end(0, false), (Some("finished"), Some(0)));
        assert_eq!(end(1, false), (Some("failed"), Some(1)));
        assert_eq!(end(1, true), (Some("preempted"), Some(1)));
        assert_eq!(end(0, true), (Some("finished"), Some(0)));
        assert_eq!(ended(&Body::default(), false), (None, None));
    }

    #[test]
    fn what_other_writers_log_is_in_the_summary() {
        let history = Chunk {
            offset: 0,
            content: vec![
                r#"{"_step":0,"b":1}"#.to_owned(),
                r#"{"_step":1,"b":2}"#.to_owned(),
            ],
        };
        let joined = joined_summary(r#"{"a":5,"_step":7}"#, Some(&history), None).unwrap();
        assert_eq!(joined, r#"{"a":5,"_step":7,"b":2}"#);
        let joined = joined_summary(&joined, None, Some(r#"{"a":6}"#)).unwrap();
        assert_eq!(joined, r#"{"a":6,"_step":7,"b":2}"#);
    }

    #[test]
    fn any_body_is_taken_without_harm() {
        for text in [
            "",
            "{",
            "[]",
            r#"{"files":{"output.log":{"offset":-1}}}"#,
            "null",
        ] {
            fuzz_ingest(text.as_bytes());
        }
    }
}
