//! `wandb-rs parse`: what would be logged from a saved log.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use console::Style;

use super::sources;
use crate::cli::parse::{Format, ParseArgs};
use crate::error::Error;
use crate::parse::{Miss, Options, Parser, Row};
use crate::text::Utf8Stream;
use crate::wire::json::{Value, write_text};

/// Bytes that are read at once.
const READ: usize = 256 * 1024;

/// Carries the command out.
pub fn exec(args: &ParseArgs) -> Result<(), Error> {
    let cwd = sources::current_dir()?;
    let options = sources::rules(&args.rules, &cwd)?.unwrap_or_default();
    let terminal = console::Term::stdout();
    let format = args.format.unwrap_or(if terminal.is_term() {
        Format::Table
    } else {
        Format::Jsonl
    });
    let out = BufWriter::new(io::stdout().lock());
    let printed = match open(&args.file) {
        Ok(input) if args.explain => explain(input, options, out),
        Ok(input) => match format {
            Format::Jsonl => jsonl(input, options, out),
            Format::Csv => csv(input, options, out),
            Format::Table => {
                let width = terminal.is_term().then(|| usize::from(terminal.size().1));
                table(input, options, width, out)
            }
        },
        Err(error) => Err(Failure::Read(error)),
    };
    match printed {
        Ok(()) => Ok(()),
        Err(Failure::Read(error)) => Err(Error::new(format!(
            "{} cannot be read: {error}",
            args.file.display()
        ))),
        // A reader that has gone is no error.
        Err(Failure::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(Failure::Write(error)) => Err(Error::new(format!("cannot write to stdout: {error}"))),
    }
}

/// Which side failed.
enum Failure {
    Read(io::Error),
    Write(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    Ok(Box::new(file))
}

/// Feeds everything to the parser; `take` gets the rows of each piece.
fn search(
    mut input: Box<dyn Read>,
    parser: &mut Parser,
    mut take: impl FnMut(&mut Vec<Row>) -> io::Result<()>,
) -> Result<(), Failure> {
    let mut utf8 = Utf8Stream::default();
    let mut buffer = vec![0; READ];
    let mut rows = Vec::new();
    loop {
        let read = match input.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Failure::Read(error)),
        };
        parser.feed(&utf8.decode(&buffer[..read]), &mut rows);
        take(&mut rows)?;
    }
    parser.feed(utf8.finish(), &mut rows);
    parser.finish(&mut rows);
    Ok(take(&mut rows)?)
}

fn all(input: Box<dyn Read>, options: Options) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    search(input, &mut Parser::new(options), |found| {
        rows.append(found);
        Ok(())
    })?;
    Ok(rows)
}

fn jsonl(input: Box<dyn Read>, options: Options, mut out: impl Write) -> Result<(), Failure> {
    let mut text = String::new();
    search(input, &mut Parser::new(options), |rows| {
        for row in rows.drain(..) {
            text.clear();
            write_jsonl(&row, &mut text);
            out.write_all(text.as_bytes())?;
        }
        Ok(())
    })?;
    Ok(out.flush()?)
}

/// `{"step", "epoch", "metrics"}`; numbers that JSON does not have are text, so that every reader takes the line.
fn write_jsonl(row: &Row, text: &mut String) {
    text.push('{');
    if let Some(step) = row.step {
        let _ = write!(text, "\"step\":{step},");
    }
    if let Some(epoch) = row.epoch {
        let _ = write!(text, "\"epoch\":{epoch},");
    }
    text.push_str("\"metrics\":{");
    for (i, (name, value)) in row.metrics.iter().enumerate() {
        if i > 0 {
            text.push(',');
        }
        write_text(name, text);
        text.push(':');
        match value {
            Value::Float(f) if !f.is_finite() => write_text(&value.to_json(), text),
            value => value.write(text),
        }
    }
    text.push_str("}}\n");
}

/// Names of all metrics in the order in which they first came.
fn names(rows: &[Row]) -> Vec<&str> {
    let mut seen = std::collections::HashSet::new();
    rows.iter()
        .flat_map(|row| &row.metrics)
        .map(|(name, _)| name.as_str())
        .filter(|name| seen.insert(*name))
        .collect()
}

/// The cells of a row: step, epoch, then each metric.
fn cells(row: &Row, names: &[&str]) -> Vec<String> {
    let value = |name: &&str| {
        let found = row.metrics.iter().find(|(known, _)| known == name);
        found.map_or_else(String::new, |(_, value)| value.to_json())
    };
    [
        row.step.map_or_else(String::new, |step| step.to_string()),
        row.epoch
            .map_or_else(String::new, |epoch| epoch.to_string()),
    ]
    .into_iter()
    .chain(names.iter().map(value))
    .collect()
}

fn csv(input: Box<dyn Read>, options: Options, mut out: impl Write) -> Result<(), Failure> {
    let rows = all(input, options)?;
    let names = names(&rows);
    let quoted = |cell: &str| {
        if cell.contains([',', '"', '\n']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell.to_owned()
        }
    };
    let head: Vec<_> = ["step", "epoch"]
        .iter()
        .chain(&names)
        .map(|name| quoted(name))
        .collect();
    writeln!(out, "{}", head.join(","))?;
    for row in &rows {
        writeln!(out, "{}", cells(row, &names).join(","))?;
    }
    Ok(out.flush()?)
}

fn table(
    input: Box<dyn Read>,
    options: Options,
    width: Option<usize>,
    mut out: impl Write,
) -> Result<(), Failure> {
    let rows = all(input, options)?;
    if rows.is_empty() {
        writeln!(
            out,
            "no metrics found; `wandb-rs parse --explain` tells why"
        )?;
        return Ok(out.flush()?);
    }
    let names = names(&rows);
    let mut columns: Vec<Vec<String>> = ["step", "epoch"]
        .iter()
        .chain(&names)
        .map(|name| vec![(*name).to_owned()])
        .collect();
    for row in &rows {
        for (column, cell) in columns.iter_mut().zip(cells(row, &names)) {
            column.push(cell);
        }
    }
    // Counters that never occur need no column.
    columns.retain(|column| column[1..].iter().any(|cell| !cell.is_empty()));
    let widths: Vec<usize> = columns
        .iter()
        .map(|column| {
            let cells = column.iter().map(|cell| console::measure_text_width(cell));
            cells.max().unwrap_or(0)
        })
        .collect();
    let mut shown = columns.len();
    if let Some(width) = width {
        let fits =
            |columns: &usize| widths[..*columns].iter().sum::<usize>() + 2 * columns <= width + 2;
        shown = (1..=columns.len()).rev().find(fits).unwrap_or(1);
    }
    let head = Style::new().bold();
    for line in 0..=rows.len() {
        let mut text = String::new();
        for (column, width) in columns.iter().zip(&widths).take(shown) {
            let cell = console::pad_str(&column[line], *width, console::Alignment::Right, None);
            let gap = if text.is_empty() { "" } else { "  " };
            let _ = if line == 0 {
                write!(text, "{gap}{}", head.apply_to(cell))
            } else {
                write!(text, "{gap}{cell}")
            };
        }
        writeln!(out, "{}", text.trim_end())?;
    }
    if shown < columns.len() {
        writeln!(
            out,
            "and {} more columns that do not fit: --format csv has them all",
            columns.len() - shown
        )?;
    }
    Ok(out.flush()?)
}

fn explain(input: Box<dyn Read>, options: Options, mut out: impl Write) -> Result<(), Failure> {
    let mut parser = Parser::new(options).explained();
    let mut rows = Vec::new();
    let mut misses: Vec<Miss> = Vec::new();
    let mut collect = |found: &mut Vec<Row>| {
        rows.append(found);
        Ok(())
    };
    search(input, &mut parser, &mut collect)?;
    misses.append(&mut parser.take_misses());
    let (hit, miss) = (Style::new().green(), Style::new().dim());
    rows.sort_by_key(|row| row.line);
    let last = rows.last().map_or(0, |row| row.line);
    let digits = misses
        .last()
        .map_or(last, |miss| miss.line.max(last))
        .to_string()
        .len();
    let mut waiting = misses.iter().peekable();
    let mut tell = |out: &mut dyn Write, before: u64| -> io::Result<()> {
        while let Some(found) = waiting.next_if(|found| found.line < before) {
            let text = format!(
                "{:digits$}  {:7}  {}",
                found.line,
                "-",
                printable(&found.text)
            );
            writeln!(out, "{}", miss.apply_to(text))?;
            let reason = format!("{:digits$}  {:7}  {}: {}", "", "", found.rule, found.reason);
            writeln!(out, "{}", miss.apply_to(reason))?;
        }
        Ok(())
    };
    for row in &rows {
        tell(&mut out, row.line)?;
        let mut text = String::new();
        if let Some(step) = row.step {
            let _ = write!(text, " step={step}");
        }
        if let Some(epoch) = row.epoch {
            let _ = write!(text, " epoch={epoch}");
        }
        for (name, value) in &row.metrics {
            let _ = write!(text, " {}={}", printable(name), value.to_json());
        }
        let rule = hit.apply_to(format!("{:7}", row.rule));
        writeln!(out, "{:digits$}  {rule} {text}", row.line)?;
    }
    tell(&mut out, u64::MAX)?;
    let metrics = names(&rows).len();
    writeln!(
        out,
        "{} rows, {metrics} metrics, {} lines that looked like rows but are none",
        rows.len(),
        misses.len()
    )?;
    Ok(out.flush()?)
}

/// Text of a log, safe to show at a terminal.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
