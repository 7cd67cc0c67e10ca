//! Compares what the server has of a run with its log: rows, summary, config and files.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::batch::{Counts, MAX_LINE};
use super::edits::Edits;
use super::fold::Fold;
use super::journal::{Journal, JournalError};
use super::register::{self, Target};
use super::transfers::MADE;
use super::{UploadError, files};
use crate::api::{Api, ApiError, Caller, Stop};
use crate::store::log_reader::LogReader;
use crate::wire::json::Value;
use crate::wire::log::Piece;
use crate::wire::proto::fields;
use crate::wire::row::{self, Skipped, Steps};

/// Steps of history in one question.
const PAGE: i64 = 2000;
/// Most differences of one kind that are named.
const NAMED: usize = 5;

/// Something that the server does not have as the log does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference(pub String);

/// What a comparison found.
#[derive(Debug, Default)]
pub struct Verified {
    pub rows: u64,
    pub files: u64,
    pub differences: Vec<Difference>,
}

/// Compares; `target` is where the run was uploaded to, if that is known from the upload.
pub fn verify(
    log: &Path,
    target: Option<&Target>,
    edits: &Edits,
    api: &Arc<Api>,
    stop: &Stop,
) -> Result<Verified, UploadError> {
    let caller = Caller::new(stop, &|_| {});
    let mut fold = Fold::new(Counts {
        history: u64::MAX,
        events: u64::MAX,
        console: u64::MAX,
    });
    let mut reader = LogReader::open(log).map_err(crate::store::log_reader::ReadError::from)?;
    while reader.read_some(|piece| {
        if let Piece::Record { bytes, .. } = piece {
            fold.apply(bytes);
        }
    })? {}
    let described = register::describe(&fold, edits);
    let journal = match Journal::open(log) {
        Ok(journal) => Some(journal),
        Err(JournalError::Busy) => return Err(UploadError::Busy),
        Err(JournalError::Io(_)) => None,
    };
    let server = api.network().server.base();
    let noted = journal
        .as_ref()
        .and_then(|journal| journal.place(server, &described.run_id));
    let (entity, project, run) = match (target, noted) {
        (Some(target), _) => (
            target.run.entity.clone(),
            target.run.project.clone(),
            target.run.run_id.clone(),
        ),
        (None, Some(place)) => (
            place.entity.clone(),
            place.project.clone(),
            place.run.clone(),
        ),
        (None, None) => (described.entity, described.project, described.run_id),
    };
    let first_step = journal
        .as_ref()
        .and_then(Journal::starting_step)
        .unwrap_or(0);
    let mut found = Verified::default();
    let Some(stored) = api.stored(&entity, &project, &run, caller)? else {
        let place = format!("the server has no run {entity}/{project}/{run}");
        found.differences.push(Difference(place));
        return Ok(found);
    };
    rows(
        log,
        (&entity, &project, &run),
        first_step.max(fold_start(&fold)),
        api,
        caller,
        &mut found,
    )?;
    let step = fold.last_step().map(|step| step + first_step);
    let own = Value::parse(&fold.summary.json(step)).unwrap_or(Value::Null);
    let theirs = Value::parse(&stored.summary).unwrap_or(Value::Null);
    members("summary", &own, &theirs, &mut found);
    let mut config = fold.config.clone();
    edits.apply_config(&mut config);
    let theirs = Value::parse(&stored.config).unwrap_or(Value::Null);
    let unwrapped = match theirs {
        Value::Map(members) => Value::Map(
            members
                .into_iter()
                .filter_map(|(key, value)| Some((key, value.get("value")?.clone())))
                .collect(),
        ),
        other => other,
    };
    let own = config
        .members()
        .iter()
        .filter(|(key, _)| key != "_wandb")
        .cloned()
        .collect();
    members("config", &Value::Map(own), &unwrapped, &mut found);
    stored_files(
        log,
        &fold,
        (&entity, &project, &run),
        api,
        caller,
        &mut found,
    )?;
    Ok(found)
}

fn fold_start(fold: &Fold) -> i64 {
    let run = fold.run.as_ref();
    run.and_then(|run| run.branch_point.as_ref())
        .map_or(0, |branch| branch.value as i64 + 1)
}

/// The log's rows against the server's, by step.
fn rows(
    log: &Path,
    (entity, project, run): (&str, &str, &str),
    first_step: i64,
    api: &Api,
    caller: Caller<'_>,
    found: &mut Verified,
) -> Result<(), UploadError> {
    let mut steps = Steps::starting_at(first_step);
    let mut page: HashMap<i64, Value> = HashMap::new();
    let mut page_end = i64::MIN;
    let mut missing = Vec::new();
    let mut different = Vec::new();
    let mut failure: Option<ApiError> = None;
    let mut reader = LogReader::open(log).map_err(crate::store::log_reader::ReadError::from)?;
    let mut line = String::new();
    let mut look = |record: &[u8]| {
        let history = fields(record).flatten().find(|field| field.number == 2);
        let (Some(history), None) = (history, &failure) else {
            return;
        };
        line.clear();
        let mut skipped = Skipped::default();
        let message = history.content.bytes();
        let Ok(step) = row::history(message, &mut steps, &mut skipped, &mut line) else {
            return;
        };
        if line.len() > MAX_LINE {
            return;
        }
        found.rows += 1;
        if step >= page_end {
            let range = (step, step + PAGE);
            match api.history(entity, project, run, range, caller) {
                Ok(rows) => {
                    page_end = range.1;
                    page = rows
                        .iter()
                        .filter_map(|row| {
                            let row = Value::parse(row).ok()?;
                            let step = row.get("_step")?.as_f64()? as i64;
                            Some((step, row))
                        })
                        .collect();
                }
                Err(error) => failure = Some(error),
            }
        }
        match page.get(&step) {
            None => missing.push(step),
            Some(row) if Value::parse(&line).is_ok_and(|own| same(&own, row)) => {}
            Some(_) => different.push(step),
        }
    };
    while reader.read_some(|piece| {
        if let Piece::Record { bytes, .. } = piece {
            look(bytes);
        }
    })? {}
    if let Some(error) = failure {
        return Err(error.into());
    }
    for (steps, what) in [(missing, "missing"), (different, "different")] {
        if !steps.is_empty() {
            let named: Vec<String> = steps.iter().take(NAMED).map(i64::to_string).collect();
            let more = if steps.len() > NAMED { ", …" } else { "" };
            found.differences.push(Difference(format!(
                "{} row(s) {what} on the server: step {}{more}",
                steps.len(),
                named.join(", ")
            )));
        }
    }
    Ok(())
}

/// Whether two values are the same, however their numbers are written. What the server adds does not matter.
fn same(own: &Value, theirs: &Value) -> bool {
    match (own, theirs) {
        (Value::Map(own), _) => own.iter().all(|(key, value)| {
            theirs
                .get(key)
                .map_or(*value == Value::Null, |other| same(value, other))
        }),
        (Value::List(own), Value::List(theirs)) => {
            own.len() == theirs.len() && own.iter().zip(theirs).all(|(a, b)| same(a, b))
        }
        _ => match (own.as_f64(), theirs.as_f64()) {
            (Some(a), Some(b)) => {
                a.partial_cmp(&b) == Some(Ordering::Equal) || (a.is_nan() && b.is_nan())
            }
            // Servers that keep JSON write what is no number as text.
            (Some(a), None) if !a.is_finite() => match theirs {
                Value::Text(text) => text.eq_ignore_ascii_case(own.to_json().as_str()),
                _ => *theirs == Value::Null,
            },
            _ => own == theirs,
        },
    }
}

fn members(what: &str, own: &Value, theirs: &Value, found: &mut Verified) {
    let Value::Map(members) = own else { return };
    let wrong: Vec<&str> = members
        .iter()
        .filter(|(key, value)| {
            !theirs
                .get(key)
                .map_or(*value == Value::Null, |other| same(value, other))
        })
        .map(|(key, _)| key.as_str())
        .collect();
    if !wrong.is_empty() {
        let named: Vec<&str> = wrong.iter().take(NAMED).copied().collect();
        let more = if wrong.len() > NAMED { ", …" } else { "" };
        found.differences.push(Difference(format!(
            "{what} differs on the server: {}{more}",
            named.join(", ")
        )));
    }
}

fn stored_files(
    log: &Path,
    fold: &Fold,
    (entity, project, run): (&str, &str, &str),
    api: &Api,
    caller: Caller<'_>,
    found: &mut Verified,
) -> Result<(), UploadError> {
    let stored: HashMap<String, u64> = api
        .files(entity, project, run, caller)?
        .into_iter()
        .collect();
    found.files = stored.len() as u64;
    let directory = log.parent().unwrap_or(Path::new("")).join("files");
    let ignored = &api.network().ignore_globs;
    for (name, kind) in &fold.files {
        if MADE.contains(&name.as_str())
            || !files::is_inside(name)
            || ignored.iter().any(|glob| files::fits(glob, name))
        {
            continue;
        }
        let Some(file) = files::File::found(&directory, name, kind.kind) else {
            continue;
        };
        match stored.get(name) {
            None => found
                .differences
                .push(Difference(format!("file {name} is not on the server"))),
            Some(size) if *size != file.size() => found.differences.push(Difference(format!(
                "file {name} has {size} bytes on the server, {} here",
                file.size()
            ))),
            Some(_) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_compared_by_what_they_say() {
        let value = |text: &str| Value::parse(text).unwrap();
        for (own, theirs, expected) in [
            (
                r#"{"a":1,"b":[1.5,"x"]}"#,
                r#"{"a":1.0,"b":[1.5,"x"],"c":3}"#,
                true,
            ),
            (r#"{"a":NaN}"#, r#"{"a":"NaN"}"#, true),
            (r#"{"a":NaN}"#, r#"{"a":null}"#, true),
            (r#"{"a":null}"#, "{}", true),
            (r#"{"a":1}"#, "{}", false),
            (r#"{"a":1}"#, r#"{"a":2}"#, false),
            (r#"{"a":{"b":1}}"#, r#"{"a":1}"#, false),
        ] {
            assert_eq!(
                same(&value(own), &value(theirs)),
                expected,
                "{own} {theirs}"
            );
        }
    }
}
