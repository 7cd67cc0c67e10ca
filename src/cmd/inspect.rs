//! `wandb-rs inspect`: the records of a log, one line each.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::local::{self, DAMAGED};
use super::show::{self as page, block, leaves};
use super::{Exit, complain};
use crate::cli::local::InspectArgs;
use crate::error::Error;
use crate::store::log_reader::{End, LogReader, ReadError};
use crate::store::runs::LocalRun;
use crate::wire::json::Value;
use crate::wire::log::{LogError, Piece};
use crate::wire::names::Names;
use crate::wire::show;

/// Bytes of records that are decoded, and printed, at a time.
const PIECE: usize = 1 << 20;
/// Characters of a record that the plain form shows.
const SHORT: usize = 160;

/// Carries the command out.
pub fn exec(args: &InspectArgs) -> Result<Exit, Error> {
    let run = local::one(args.run.as_deref())?;
    let damage = if args.summary {
        let told = local::read(&run)?;
        super::print(&summary(&run, &told))?;
        local::warn(&run.log, &told);
        told.damage.len()
    } else {
        records(&run, args.json)?
    };
    Ok(Exit::Code(if damage == 0 { 0 } else { DAMAGED }))
}

/// Prints the records; gives how many places could not be read.
fn records(run: &LocalRun, json: bool) -> Result<usize, Error> {
    let mut reader = LogReader::open(&run.log)
        .map_err(|error| local::unreadable(&run.log, &ReadError::Io(error)))?;
    let mut damage = Vec::new();
    // One thread reads and checks while the other decodes and writes.
    let (full, batches) = sync_channel(2);
    let (done, empty) = sync_channel(3);
    let (end, printed) = thread::scope(|scope| {
        let printer = scope.spawn(move || print_batches(&batches, &done, json));
        let mut reading = true;
        let mut batch = Batch::default();
        let end = reader.pieces(|piece| match piece {
            Piece::Record { offset, bytes } if reading => {
                batch.bytes.extend_from_slice(bytes);
                batch.records.push((offset, batch.bytes.len()));
                if batch.bytes.len() >= PIECE {
                    let next = empty.try_recv().unwrap_or_default();
                    // Nobody takes it if nobody reads the output any more.
                    reading = full.send(std::mem::replace(&mut batch, next)).is_ok();
                }
            }
            Piece::Record { .. } => {}
            Piece::Damage(error) => damage.push(error),
        });
        let _ = full.send(batch);
        drop(full);
        let printed = printer.join();
        (
            end,
            printed.unwrap_or_else(|_| (Vec::new(), Err(io::Error::other("the printer failed")))),
        )
    });
    let end = end.map_err(|error| local::unreadable(&run.log, &error))?;
    let (unreadable, wrote) = printed;
    match wrote {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            return Err(Error::new(format!("cannot write to stdout: {error}")));
        }
        _ => {}
    }
    damage.extend(unreadable);
    for error in &damage {
        complain(&format!("{}: {error}", run.log.display()));
    }
    if let End::Incomplete(offset) = end {
        complain(&format!(
            "{}: the last record is not complete (at offset {offset}): the run is still being written, or was interrupted",
            run.log.display()
        ));
    }
    Ok(damage.len())
}

/// Records on their way to being printed.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    /// Offset in the file, and end in `bytes`, of each.
    records: Vec<(u64, usize)>,
}

/// Prints what comes; gives the records that were no messages.
fn print_batches(
    batches: &Receiver<Batch>,
    done: &SyncSender<Batch>,
    json: bool,
) -> (Vec<LogError>, io::Result<()>) {
    let names = Names::new();
    let mut stdout = io::stdout().lock();
    let mut out = Vec::with_capacity(PIECE + PIECE / 4);
    let mut line = Vec::new();
    let mut unreadable = Vec::new();
    let mut num = 0;
    while let Ok(mut batch) = batches.recv() {
        let mut start = 0;
        for (offset, end) in &batch.records {
            let record = &batch.bytes[start..*end];
            start = *end;
            let shown = if json {
                show::write_line(&names, num + 1, record, &mut out)
            } else {
                line.clear();
                show::write_line(&names, num + 1, record, &mut line)
                    .inspect(|()| plain(&line, &mut out))
            };
            match shown {
                Ok(()) => num += 1,
                Err(_) => unreadable.push(LogError::Message(*offset)),
            }
        }
        if let Err(error) = stdout.write_all(&out) {
            return (unreadable, Err(error));
        }
        out.clear();
        batch.bytes.clear();
        batch.records.clear();
        // If it is not wanted back, it is freed.
        let _ = done.try_send(batch);
    }
    (unreadable, stdout.flush())
}

/// A record for people: number, kind and as much of its content as fits.
fn plain(line: &[u8], out: &mut Vec<u8>) {
    let record = std::str::from_utf8(line)
        .ok()
        .and_then(|line| Value::parse(line).ok());
    let Some(record) = record else {
        return;
    };
    let num = record.get("num").map(Value::to_json).unwrap_or_default();
    let kind = record
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let mut content = String::new();
    if let Some(value) = record.get(kind) {
        flat("", value, &mut content);
    }
    let short = content
        .char_indices()
        .nth(SHORT)
        .map_or(content.len(), |(at, _)| at);
    let more = if short < content.len() { "…" } else { "" };
    let shown = format!("{num:>6} {kind:<12}{}{more}", &content[..short]);
    out.extend_from_slice(shown.trim_end().as_bytes());
    out.push(b'\n');
}

/// ` name=value` for each leaf; the members of keyed lists go without the list's name.
fn flat(name: &str, value: &Value, out: &mut String) {
    if out.chars().count() > SHORT {
        return;
    }
    if let Value::Map(members) = value {
        for (key, value) in members {
            let list = matches!(key.as_str(), "item" | "update") && value.is_object();
            if list {
                flat(name, value, out);
            } else if name.is_empty() {
                flat(key, value, out);
            } else {
                flat(&format!("{name}.{key}"), value, out);
            }
        }
        return;
    }
    out.push(' ');
    out.push_str(name);
    out.push('=');
    show::write_strict(value, out);
}

/// What the records say together, in the blocks of the official tool.
fn summary(run: &LocalRun, told: &local::Told) -> String {
    let recorded = &told.run;
    let id = if recorded.run.run_id.is_empty() {
        &run.id
    } else {
        &recorded.run.run_id
    };
    let title = match recorded.run.display_name.as_str() {
        "" => id.clone(),
        name => format!("{name} ({id})"),
    };
    let state = match (&recorded.exit, told.state()) {
        (Some(exit), state) => format!("{} (exit code {})", state.word(), exit.exit_code),
        (None, state) => state.word().to_owned(),
    };
    let mut rows = vec![
        ("run", title),
        ("project", recorded.run.project.clone()),
        (
            "file",
            std::path::absolute(&run.log)
                .unwrap_or_else(|_| run.log.clone())
                .display()
                .to_string(),
        ),
        ("state", state),
    ];
    if let Some(start) = &recorded.run.start_time
        && let Some(time) = chrono::DateTime::from_timestamp(start.seconds, 0)
    {
        let time = time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        rows.push(("started", time));
    }
    if let Some(step) = recorded.last_step {
        rows.push(("step", step.to_string()));
    }
    let mut out = String::new();
    for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        out.push_str(&format!("{name:<7}  {value}\n"));
    }
    block("summary", &leaves(&page::summary(told)), &mut out);
    block("config", &leaves(&page::config(told)), &mut out);
    out
}
