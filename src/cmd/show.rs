//! `wandb-rs show`: one run on this disk.

use std::fs;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat};

use super::local::{self, Told};
use super::ls::printable;
use crate::cli::local::ShowArgs;
use crate::error::Error;
use crate::output::footer;
use crate::store::runs::LocalRun;
use crate::wire::json::Value;
use crate::wire::schema::GitRepoRecord;
use crate::wire::show::write_strict;

/// Carries the command out.
pub fn exec(args: &ShowArgs) -> Result<(), Error> {
    let run = local::one(args.run.as_deref())?;
    let told = local::read(&run)?;
    if args.json {
        let mut out = String::new();
        write_strict(&described(&run, &told), &mut out);
        out.push('\n');
        super::print(&out)?;
    } else {
        super::print(&page(&run, &told))?;
    }
    local::warn(&run.log, &told);
    Ok(())
}

/// Everything that is known about a run.
pub(super) fn described(run: &LocalRun, told: &Told) -> Value {
    let recorded = &told.run;
    let record = &recorded.run;
    let environment = &recorded.environment;
    let text = |text: &str| match text {
        "" => Value::Null,
        text => Value::from(text),
    };
    let path = |path: &Path| Value::from(path.to_string_lossy().into_owned());
    let texts =
        |texts: &[String]| Value::List(texts.iter().map(|text| text.as_str().into()).collect());
    let number = |number: Option<i64>| number.map_or(Value::Null, Value::Int);
    let started = record
        .start_time
        .and_then(|start| DateTime::from_timestamp(start.seconds, start.nanos.cast_unsigned()))
        .map(|time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
        .or_else(|| {
            run.started
                .map(|time| time.format("%Y-%m-%dT%H:%M:%S").to_string())
        });
    let git = git(told).map_or(Value::Null, |git| {
        Value::Map(vec![
            ("commit".into(), text(&git.commit)),
            ("remote".into(), text(&git.remote_url)),
        ])
    });
    let files = files(run, told)
        .into_iter()
        .map(|(name, size)| {
            Value::Map(vec![
                ("path".into(), name.into()),
                ("bytes".into(), number(size.map(|size| size as i64))),
            ])
        })
        .collect();
    let members = [
        (
            "id",
            text(if record.run_id.is_empty() {
                &run.id
            } else {
                &record.run_id
            }),
        ),
        ("name", text(&record.display_name)),
        ("project", text(&record.project)),
        ("entity", text(&record.entity)),
        ("group", text(&record.run_group)),
        ("job_type", text(&record.job_type)),
        ("sweep_id", text(&record.sweep_id)),
        ("state", told.state().word().into()),
        (
            "exit_code",
            number(recorded.exit.as_ref().map(|exit| exit.exit_code.into())),
        ),
        ("preempting", Value::Bool(recorded.preempting)),
        ("started", started.map_or(Value::Null, Value::from)),
        ("seconds", told.seconds().map_or(Value::Null, Value::Float)),
        ("step", number(recorded.last_step)),
        (
            "rows",
            number((!told.partly).then_some(recorded.rows as i64)),
        ),
        ("tags", texts(&record.tags)),
        ("notes", text(&record.notes)),
        ("program", text(&environment.program)),
        ("args", texts(&environment.args)),
        ("git", git),
        ("host", text(&record.host)),
        ("username", text(&environment.username)),
        ("os", text(&environment.os)),
        ("python", text(&environment.python)),
        ("executable", text(&environment.executable)),
        ("root", text(&environment.root)),
        ("client", text(&recorded.telemetry.cli_version)),
        ("config", Value::Map(config(told))),
        ("summary", recorded.summary.tree()),
        ("last", recorded.last.tree()),
        ("files", Value::List(files)),
        ("dir", path(&run.dir)),
        ("log", path(&run.log)),
        ("log_bytes", Value::Int(told.size as i64)),
        ("offline", Value::Bool(run.offline)),
        ("synced", Value::Bool(run.synced)),
        ("damaged", Value::Int(told.damage.len() as i64)),
        ("incomplete", Value::Bool(told.incomplete)),
    ];
    Value::Map(
        members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

fn git(told: &Told) -> Option<&GitRepoRecord> {
    told.run
        .run
        .git
        .as_ref()
        .or(told.run.environment.git.as_ref())
}

/// The config without the client's own entry.
pub(super) fn config(told: &Told) -> Vec<(String, Value)> {
    let members = told.run.config.members().iter();
    members
        .filter(|(key, _)| key != "_wandb")
        .cloned()
        .collect()
}

/// The summary without the client's own entry.
pub(super) fn summary(told: &Told) -> Vec<(String, Value)> {
    match told.run.summary.tree() {
        Value::Map(members) => members
            .into_iter()
            .filter(|(key, _)| key != "_wandb")
            .collect(),
        _ => Vec::new(),
    }
}

fn page(run: &LocalRun, told: &Told) -> String {
    let recorded = &told.run;
    let record = &recorded.run;
    let environment = &recorded.environment;
    let duration = told
        .seconds()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .map_or_else(String::new, footer::duration);
    let joined = |parts: &[&str], by: &str| {
        let parts: Vec<&str> = parts
            .iter()
            .copied()
            .filter(|part| !part.is_empty())
            .collect();
        parts.join(by)
    };
    let command: Vec<&str> = std::iter::once(environment.program.as_str())
        .chain(environment.args.iter().map(String::as_str))
        .collect();
    let started = told
        .started(run)
        .map_or_else(String::new, |time| time.to_string());
    let step = match recorded.last_step {
        Some(step) => format!("{} rows, the last is step {step}", recorded.rows),
        None => format!("{} rows", recorded.rows),
    };
    let size = Some(told.size);
    let rows = [
        ("name", record.display_name.clone()),
        (
            "id",
            if record.run_id.is_empty() {
                run.id.clone()
            } else {
                record.run_id.clone()
            },
        ),
        ("project", joined(&[&record.entity, &record.project], "/")),
        ("group", record.run_group.clone()),
        ("job type", record.job_type.clone()),
        ("state", told.state().to_string()),
        ("started", started),
        ("took", duration),
        ("history", step),
        ("command", joined(&command, " ")),
        (
            "git",
            git(told).map_or_else(String::new, |git| {
                joined(&[&git.commit, &git.remote_url], "  ")
            }),
        ),
        ("host", joined(&[&environment.username, &record.host], "@")),
        ("tags", record.tags.join(", ")),
        ("notes", record.notes.clone()),
        ("directory", run.dir.display().to_string()),
        ("log", format!("{} ({})", run.log.display(), bytes(size))),
        ("uploaded", if run.synced { "yes" } else { "no" }.to_owned()),
    ];
    let mut out = String::new();
    for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        out.push_str(&format!("{name:<9}  {}\n", printable(value)));
    }
    block("config", &leaves(&config(told)), &mut out);
    block("summary", &leaves(&summary(told)), &mut out);
    let files = files(run, told).into_iter();
    let files: Vec<_> = files.map(|(name, size)| (name, bytes(size))).collect();
    block("files", &files, &mut out);
    out
}

/// A title and aligned rows, if there are any.
pub(super) fn block(title: &str, rows: &[(String, String)], out: &mut String) {
    let Some(width) = rows.iter().map(|(name, _)| name.chars().count()).max() else {
        return;
    };
    out.push_str(&format!("\n{title}\n"));
    for (name, value) in rows {
        out.push_str(&format!(
            "  {:<width$}  {}\n",
            printable(name),
            printable(value)
        ));
    }
}

/// Dotted name and text of each value, by name.
pub(super) fn leaves(members: &[(String, Value)]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (key, value) in members {
        leaves_of(key, value, &mut found);
    }
    found.sort_unstable();
    found
}

fn leaves_of(name: &str, value: &Value, found: &mut Vec<(String, String)>) {
    let text = match value {
        Value::Map(members) if !members.is_empty() => {
            for (key, value) in members {
                leaves_of(&format!("{name}.{key}"), value, found);
            }
            return;
        }
        Value::Text(text) => text.clone(),
        value => value.to_json(),
    };
    found.push((name.to_owned(), text));
}

/// Files below `files/` with their sizes, by name; of those that the log names and that are missing, none.
fn files(run: &LocalRun, told: &Told) -> Vec<(String, Option<u64>)> {
    let mut found = Vec::new();
    list(&run.dir.join("files"), "", &mut found);
    for file in &told.run.files {
        // A name with a star stands for several files.
        if !file.path.contains('*') && !found.iter().any(|(name, _)| *name == file.path) {
            found.push((file.path.clone(), None));
        }
    }
    found.sort_unstable();
    found
}

fn list(directory: &Path, prefix: &str, found: &mut Vec<(String, Option<u64>)>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        // Of a link the file type is `link`: a directory behind it is not entered.
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => list(&entry.path(), &format!("{name}/"), found),
            Ok(_) => found.push((
                name,
                fs::metadata(entry.path())
                    .ok()
                    .map(|metadata| metadata.len()),
            )),
            Err(_) => {}
        }
    }
}

/// A size for people, in powers of 1024.
pub(super) fn bytes(size: Option<u64>) -> String {
    let Some(size) = size else {
        return "missing".to_owned();
    };
    let mut number = size as f64;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if number < 1024.0 {
            return match unit {
                "B" => format!("{size} B"),
                unit => format!("{number:.1} {unit}"),
            };
        }
        number /= 1024.0;
    }
    format!("{number:.1} TiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_for_people() {
        for (size, shown) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1536, "1.5 KiB"),
            (5 << 40, "5.0 TiB"),
        ] {
            assert_eq!(bytes(Some(size)), shown);
        }
        assert_eq!(bytes(None), "missing");
    }
}
