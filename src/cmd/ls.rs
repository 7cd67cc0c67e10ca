//! `wandb-rs ls`: the runs on this disk.

use std::time::Duration;

use chrono::Local;

use super::complain;
use super::local::{self, Told};
use super::show;
use crate::cli::local::LsArgs;
use crate::error::Error;
use crate::output::{footer, number};
use crate::run::recorded::RecordedRun;
use crate::store::runs::LocalRun;
use crate::wire::json::Value;
use crate::wire::show::write_strict;

/// Runs that are listed without `--all`.
const NEWEST: usize = 20;
/// Metrics that are shown of a run.
const METRICS: usize = 4;

/// Carries the command out.
pub fn exec(args: &LsArgs) -> Result<(), Error> {
    let (wandb, mut runs) = local::all(args.dir.as_deref())?;
    runs.reverse();
    let left = if args.all || args.json {
        0
    } else {
        runs.len().saturating_sub(NEWEST)
    };
    runs.truncate(runs.len() - left);
    if args.json {
        let mut out = String::new();
        for run in &runs {
            // What is printed as everything has to be everything: the whole log is read.
            match local::read(run) {
                Ok(told) => {
                    write_strict(&show::described(run, &told), &mut out);
                    out.push('\n');
                }
                Err(error) => complain(error.to_string().trim_start_matches("wandb-rs: ")),
            }
        }
        return super::print(&out);
    }
    if runs.is_empty() {
        complain(&format!("no runs in {}", wandb.display()));
        return Ok(());
    }
    let mut rows = vec![
        [
            "ID", "NAME", "PROJECT", "STATE", "STEP", "AGE", "TOOK", "UPLOADED", "METRICS",
        ]
        .map(str::to_owned),
    ];
    for run in &runs {
        match local::survey(run) {
            Ok(told) => rows.push(row(run, &told)),
            Err(error) => complain(error.to_string().trim_start_matches("wandb-rs: ")),
        }
    }
    let mut text = aligned(&rows);
    if left > 0 {
        text.push_str(&format!("and {left} older: --all lists them\n"));
    }
    super::print(&text)
}

fn row(run: &LocalRun, told: &Told) -> [String; 9] {
    let recorded = &told.run;
    let age = told.started(run).map_or_else(String::new, |started| {
        short((Local::now().naive_local() - started).num_seconds())
    });
    let took = told
        .seconds()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    [
        run.id.clone(),
        cut(&recorded.run.display_name),
        cut(&recorded.run.project),
        told.state().to_string(),
        recorded
            .last_step
            .map_or_else(String::new, |step| step.to_string()),
        age,
        took.map_or_else(String::new, footer::duration),
        if run.synced { "yes" } else { "no" }.to_owned(),
        metrics(recorded),
    ]
}

/// The last values of a few metrics that are numbers.
fn metrics(recorded: &RecordedRun) -> String {
    let axes: Vec<&str> = recorded
        .metrics
        .iter()
        .map(|metric| metric.step_metric.as_str())
        .collect();
    let mut shown: Vec<String> = Vec::new();
    for (path, json) in recorded.last.iter() {
        let name = path.join(".");
        if name.starts_with('_') || axes.contains(&name.as_str()) {
            continue;
        }
        let value = Value::parse(json)
            .ok()
            .filter(|value| value.as_f64().is_some());
        if let Some(value) = value.as_ref().and_then(number::show) {
            shown.push(format!("{}={value}", printable(&name)));
            if shown.len() == METRICS {
                break;
            }
        }
    }
    shown.join(" ")
}

/// Seconds in the largest unit that fits.
fn short(seconds: i64) -> String {
    let seconds = seconds.max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// A name that fits a column.
fn cut(text: &str) -> String {
    let text = printable(text);
    match text.char_indices().nth(28) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// Names come from files: what could move the cursor is not printed.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// Columns with two blanks between them.
fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let mut out = String::new();
    let width = |column: usize| {
        rows.iter()
            .map(|row| console::measure_text_width(&row[column]))
            .max()
    };
    let widths: Vec<usize> = (0..N).map(|column| width(column).unwrap_or(0)).collect();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            let fill = width + 2 - console::measure_text_width(cell);
            line.extend(std::iter::repeat_n(' ', fill));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_short() {
        for (seconds, shown) in [
            (-5, "0s"),
            (59, "59s"),
            (60, "1m"),
            (7199, "1h"),
            (172_799, "47h"),
            (172_800, "2d"),
        ] {
            assert_eq!(short(seconds), shown);
        }
    }

    #[test]
    fn columns_are_aligned_by_what_is_seen() {
        let rows = [
            ["a".to_owned(), "漢".to_owned(), "x".to_owned()],
            ["bcd".to_owned(), "e".to_owned(), String::new()],
        ];
        assert_eq!(aligned(&rows), "a    漢  x\nbcd  e\n");
        assert_eq!(cut("a\u{1b}[31mb"), "a [31mb");
    }
}
