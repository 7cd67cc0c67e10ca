//! Finds out how much of a log the server has, when no journal tells it.
//!
//! The server says how many rows a run has and what the last one is. If that row is in the log, the rows up to it are
//! there already, and the run's lines begin so many rows before it: a directory that is synced again, by whatever
//! client it was synced before, never doubles its rows.

use std::path::Path;

use super::batch::Bases;
use super::console::Console;
use crate::api::runs::Existing;
use crate::run::Stream;
use crate::store::log_reader::{LogReader, ReadError};
use crate::wire::console::{Printed, logged_lines, printed};
use crate::wire::json::Value;
use crate::wire::log::Piece;
use crate::wire::proto::fields;
use crate::wire::records::{HISTORY, STATS};
use crate::wire::row::{self, Skipped, Steps};

/// Times of samples that are less than so many seconds apart are the same.
const SAME_TIME: f64 = 1e-5;

/// Where a log's lines are on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    pub bases: Bases,
    /// The step of the log's first row on the server is so much larger than in the log.
    pub shift: i64,
}

/// Looks for the server's last row in the log; `None` if it is not from there.
pub fn find(log: &Path, existing: &Existing) -> Result<Option<Found>, ReadError> {
    let (Some(tail), Some(rows)) = (&existing.history_tail, existing.history_lines) else {
        return Ok(None);
    };
    let Ok(tail) = Value::parse(tail) else {
        return Ok(None);
    };
    let tail_step = tail.get("_step").and_then(Value::as_f64).unwrap_or(0.0) as i64;
    let wanted = comparable(&tail);
    let timestamp = tail.get("_timestamp").and_then(Value::as_f64);
    let mut at = 0;
    let sampled = existing.events_tail.as_deref().and_then(time_of);
    let mut samples = 0;
    let mut last_sample = None;
    let mut match_at = None;
    let mut console = Console::new(u64::MAX, true);
    let mut steps = Steps::default();
    let mut line = String::new();
    let mut reader = LogReader::open(log)?;
    let mut look = |record: &[u8]| {
        for field in fields(record).flatten() {
            let message = field.content.bytes();
            match field.number {
                HISTORY => {
                    line.clear();
                    let mut skipped = Skipped::default();
                    let Ok(step) = row::history(message, &mut steps, &mut skipped, &mut line)
                    else {
                        return;
                    };
                    if line.len() > super::batch::MAX_LINE {
                        return;
                    }
                    at += 1;
                    if let Ok(row) = Value::parse(&line)
                        && row.get("_timestamp").and_then(Value::as_f64) == timestamp
                        && comparable(&row) == wanted
                        // Of rows that are the same, the one with which the log's first row is the server's first.
                        && match_at.is_none_or(|(found, _)| found != rows)
                    {
                        match_at = Some((at, step));
                    }
                }
                STATS => {
                    samples += 1;
                    line.clear();
                    let mut skipped = Skipped::default();
                    if row::stats(message, 0.0, &mut skipped, &mut line).is_ok()
                        && let (Some(own), Some(theirs)) = (time_of(&line), sampled)
                        && (own - theirs).abs() < SAME_TIME
                    {
                        last_sample = Some(samples);
                    }
                }
                _ => match printed(field) {
                    Ok(Some(Printed::Raw(output))) => {
                        console.write(Stream::Stdout, 0, output.text);
                    }
                    Ok(Some(Printed::Logged(text))) => {
                        logged_lines(text).for_each(|line| console.add_line(0, line));
                    }
                    _ => {}
                },
            }
        }
    };
    while reader.read_some(|piece| {
        if let Piece::Record { bytes, .. } = piece {
            look(bytes);
        }
    })? {}
    let Some((count, step)) = match_at.filter(|(count, _)| *count <= rows) else {
        return Ok(None);
    };
    let whole = count == rows;
    let events_lines = existing.events_lines.unwrap_or(0);
    let console_lines = existing.console_lines.unwrap_or(0);
    // Console lines have no such mark: if all rows of the log are there, they end where the server's do. Else they may
    // be there twice, which is better than to be written over those of another part.
    let own_lines = if at == count { console.line_count() } else { 0 };
    let (events, console) = if whole {
        (0, 0)
    } else {
        (
            events_lines.saturating_sub(last_sample.unwrap_or(0)),
            console_lines.saturating_sub(own_lines),
        )
    };
    Ok(Some(Found {
        bases: Bases {
            history: rows - count,
            events,
            console,
        },
        shift: tail_step - step,
    }))
}

/// The time of a line.
fn time_of(line: &str) -> Option<f64> {
    Value::parse(line).ok()?.get("_timestamp")?.as_f64()
}

/// A row without its step, in a form in which equal rows are equal.
fn comparable(row: &Value) -> Vec<(String, String)> {
    fn leaves(path: &str, value: &Value, out: &mut Vec<(String, String)>) {
        if let Value::Map(members) = value {
            for (key, value) in members {
                leaves(&format!("{path}/{key}"), value, out);
            }
            return;
        }
        let number = value.as_f64().map(|number| number.to_string());
        out.push((path.to_owned(), number.unwrap_or_else(|| value.to_json())));
    }
    let mut out = Vec::new();
    if let Value::Map(members) = row {
        for (key, value) in members {
            if key != "_step" {
                leaves(key, value, &mut out);
            }
        }
    }
    out.sort_unstable();
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::fields::Fields;
    use crate::wire::log::{FILE_HEADER, Framer};
    use crate::wire::records::{Records, encode_item, encoded_path};

    fn log(dir: &Path, rows: &[&str]) -> std::path::PathBuf {
        let mut records = Records::default();
        for row in rows {
            let fields = Fields::read(&mut crate::wire::json::Reader::new(row)).unwrap_or_default();
            let mut items = Vec::new();
            for field in fields.iter() {
                encode_item(
                    &encoded_path(&[field.name]),
                    field.json.as_bytes(),
                    &[],
                    &mut items,
                );
            }
            records.push_parts(HISTORY, &items, &[]);
        }
        let mut framer = Framer::new();
        let mut bytes = FILE_HEADER.to_vec();
        records
            .iter()
            .for_each(|record| framer.frame(record, &mut bytes));
        let path = dir.join("run-a.wandb");
        std::fs::write(&path, bytes).unwrap();
        path
    }

    #[test]
    fn the_last_row_tells_where_the_log_begins() {
        let dir = tempfile::tempdir().unwrap();
        let log = log(
            dir.path(),
            &[
                r#"{"_step":0,"_timestamp":1.5,"a":1}"#,
                r#"{"_step":1,"_timestamp":2.5,"a":1}"#,
                r#"{"_step":2,"_timestamp":2.5,"a":1}"#,
            ],
        );
        let existing = |tail: &str, rows| Existing {
            history_tail: Some(tail.to_owned()),
            history_lines: Some(rows),
            events_lines: Some(3),
            console_lines: Some(4),
            ..Existing::default()
        };
        let find = |tail: &str, rows| {
            find(&log, &existing(tail, rows))
                .unwrap()
                .map(|found| (found.bases.history, found.shift))
        };
        assert_eq!(
            find(r#"{"_timestamp":2.5e0,"a":1.0,"_step":2}"#, 3),
            Some((0, 0))
        );
        assert_eq!(
            find(r#"{"_timestamp":2.5,"a":1,"_step":1}"#, 2),
            Some((0, -0))
        );
        assert_eq!(
            find(r#"{"_timestamp":1.5,"a":1,"_step":40}"#, 11),
            Some((10, 40))
        );
        assert_eq!(find(r#"{"_timestamp":2.5,"a":2,"_step":2}"#, 3), None);
        assert_eq!(find("not a row", 3), None);
    }
}
