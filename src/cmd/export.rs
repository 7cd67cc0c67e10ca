//! `wandb-rs export`: a run's rows for other programs.
//!
//! Memory does not grow with the log: it is read twice, first for the columns, then for the rows.

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use super::local::{self, DAMAGED};
use super::{Exit, complain};
use crate::cli::local::{ExportArgs, ExportFormat, ExportStream};
use crate::error::Error;
use crate::output::table_file::{self, Parquet};
use crate::run::rows::{Row, Rows, Source, Table};
use crate::store::log_reader::{LogReader, ReadError};
use crate::store::runs::LocalRun;
use crate::wire::log::{LogError, Piece};
use crate::wire::raw::RawRecord;

/// Carries the command out.
pub fn exec(args: &ExportArgs) -> Result<Exit, Error> {
    let run = local::one(Some(&args.run))?;
    if args.format == ExportFormat::Parquet && args.output.is_none() && io::stdout().is_terminal() {
        return Err(Error::new("export: parquet is not for a terminal")
            .hint("name a file with --output FILE"));
    }
    let source = match args.stream {
        ExportStream::History => Source::History,
        ExportStream::Events => Source::Events,
        ExportStream::Console => Source::Console,
    };
    let choice = Choice::new(&args.keys, source);
    let table = if args.format == ExportFormat::Jsonl && args.keys.is_empty() {
        Table::default()
    } else {
        table(&run, source, &choice, args)?
    };
    let mut target = Target::open(args.output.as_deref())?;
    let damage = write(&run, source, &choice, &table, args.format, &mut target)?;
    target.finish()?;
    for error in &damage {
        complain(&format!("{}: {error}", run.log.display()));
    }
    Ok(Exit::Code(if damage.is_empty() { 0 } else { DAMAGED }))
}

/// Which columns and rows are wanted.
struct Choice {
    /// What was asked for; empty is everything.
    keys: Vec<String>,
    /// With the column that says where a row stands.
    names: Vec<String>,
}

impl Choice {
    fn new(keys: &[String], source: Source) -> Self {
        let keys: Vec<String> = keys.iter().map(|key| key.trim().to_owned()).collect();
        let place = if source == Source::History {
            "_step"
        } else {
            "_timestamp"
        };
        let mut names = vec![place.to_owned()];
        names.extend(keys.iter().filter(|key| *key != place).cloned());
        Self { keys, names }
    }

    fn of(&self, row: Row) -> Option<Row> {
        if self.keys.is_empty() {
            return Some(row);
        }
        row.has_any(&self.keys).then(|| row.only(&self.names))
    }
}

/// The first pass: columns and their types.
fn table(
    run: &LocalRun,
    source: Source,
    choice: &Choice,
    args: &ExportArgs,
) -> Result<Table, Error> {
    let mut all = Table::default();
    each_row(run, source, |row| {
        all.note(&row);
        Ok(())
    })?;
    if let Some(missing) = choice
        .keys
        .iter()
        .find(|key| !all.columns().iter().any(|(name, _)| name == *key))
    {
        let names: Vec<&str> = all
            .columns()
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        let error = Error::new(format!("export: --keys: no row has {missing}"));
        return Err(match names.as_slice() {
            [] => error,
            names => error.hint(format!("there are {}", names.join(", "))),
        });
    }
    if args.keys.is_empty() {
        if all.columns().is_empty() {
            return Ok(Table::with_names(&choice.names));
        }
        return Ok(all);
    }
    let mut table = Table::with_names(&choice.names);
    table.take_types(&all);
    Ok(table)
}

/// The second pass; gives the places that could not be read.
fn write(
    run: &LocalRun,
    source: Source,
    choice: &Choice,
    table: &Table,
    format: ExportFormat,
    target: &mut Target,
) -> Result<Vec<LogError>, Error> {
    let name = target.name();
    let failed = |error: io::Error| Error::new(format!("cannot write to {name}: {error}"));
    let mut cells = Vec::new();
    match format {
        ExportFormat::Jsonl => each_row(run, source, |row| {
            let Some(row) = choice.of(row) else {
                return Ok(());
            };
            let mut line = row.tree().to_json();
            line.push('\n');
            target.out.write_all(line.as_bytes()).map_err(failed)
        }),
        ExportFormat::Csv => {
            let head: Vec<_> = table
                .columns()
                .iter()
                .map(|(name, _)| name.as_str().into())
                .collect();
            table_file::write_csv_row(&mut target.out, &head).map_err(failed)?;
            each_row(run, source, |row| {
                let Some(row) = choice.of(row) else {
                    return Ok(());
                };
                table.fill(&row, &mut cells);
                table_file::write_csv_row(&mut target.out, &cells).map_err(failed)
            })
        }
        ExportFormat::Parquet => {
            let failed = |error: parquet::errors::ParquetError| {
                Error::new(format!("cannot write to {name}: {error}"))
            };
            let mut file = Parquet::new(&mut target.out, table.columns()).map_err(failed)?;
            let damage = each_row(run, source, |row| {
                let Some(row) = choice.of(row) else {
                    return Ok(());
                };
                table.fill(&row, &mut cells);
                file.push(&cells).map_err(failed)
            })?;
            file.finish().map_err(failed)?;
            Ok(damage)
        }
    }
}

fn each_row(
    run: &LocalRun,
    source: Source,
    mut take: impl FnMut(Row) -> Result<(), Error>,
) -> Result<Vec<LogError>, Error> {
    let failed = |error: &ReadError| local::unreadable(&run.log, error);
    let mut reader = LogReader::open(&run.log).map_err(|error| failed(&error.into()))?;
    let mut rows = Rows::new(source);
    let mut damage = Vec::new();
    let mut done = Ok(());
    let mut row = |row| {
        if done.is_ok() {
            done = take(row);
        }
    };
    reader
        .pieces(|piece| match piece {
            Piece::Record { offset, bytes } => {
                match RawRecord::from_bytes(bytes.to_vec()).decode() {
                    Ok(record) => {
                        if let Some(kind) = &record.kind {
                            rows.apply(kind, &mut row);
                        }
                    }
                    Err(_) => damage.push(LogError::Message(offset)),
                }
            }
            Piece::Damage(error) => damage.push(error),
        })
        .map_err(|error| failed(&error))?;
    rows.finish(&mut row);
    done.map(|()| damage)
}

/// Where the output goes. A regular file appears only when it is complete.
struct Target {
    out: BufWriter<Box<dyn Write + Send>>,
    file: Option<(PathBuf, PathBuf)>,
    name: String,
}

impl Target {
    fn open(path: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = path else {
            return Ok(Self {
                out: BufWriter::new(Box::new(Stdout(io::stdout()))),
                file: None,
                name: "stdout".to_owned(),
            });
        };
        let special = path.metadata().is_ok_and(|metadata| !metadata.is_file());
        let (temporary, file) = if special {
            (path.to_owned(), None)
        } else {
            let mut name = path.as_os_str().to_owned();
            name.push(format!(".{}.tmp", std::process::id()));
            let temporary = PathBuf::from(name);
            (temporary.clone(), Some((temporary, path.to_owned())))
        };
        let opened = if special {
            File::options().write(true).open(&temporary)
        } else {
            File::create(&temporary)
        };
        let opened = opened.map_err(|error| {
            Error::new(format!("cannot write to {}: {error}", path.display()))
                .hint("does the directory exist, and may you write there?")
        })?;
        Ok(Self {
            out: BufWriter::new(Box::new(opened)),
            file,
            name: path.display().to_string(),
        })
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn finish(mut self) -> Result<(), Error> {
        let moved = self.out.flush().and_then(|()| match self.file.take() {
            Some((temporary, path)) => fs::rename(temporary, path),
            None => Ok(()),
        });
        moved.map_err(|error| Error::new(format!("cannot write to {}: {error}", self.name)))
    }
}

/// Stdout, whose reader may go when it has enough.
struct Stdout(io::Stdout);

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(bytes.len()),
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0.flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            flushed => flushed,
        }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if let Some((temporary, _)) = &self.file {
            let _ = fs::remove_file(temporary);
        }
    }
}
