//! The commands about runs on this disk: `ls`, `show`, `inspect`, `export`, `edit` and `clean`.

use std::path::PathBuf;

use clap::{ValueEnum, ValueHint};

/// List the runs on this disk, newest first
///
/// A run without an exit record is running if its log was written in the last minute, else it has crashed.
/// Of very long logs only the beginning and the end are read, so their rows are not counted.
#[derive(Debug, clap::Args)]
pub struct LsArgs {
    /// A wandb directory, or the directory that has one [default: that of `WANDB_DIR` or of the current directory]
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
    /// Print all that the logs say, one JSON object a run
    #[arg(long)]
    pub json: bool,
    /// List all runs, not only the 20 newest
    #[arg(long)]
    pub all: bool,
}

/// Show what a run on this disk is
///
/// Prints name, state, times, command, config, summary, files and whether it was uploaded.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// Id of a run, its directory or its .wandb file [default: the newest run]
    #[arg(value_name = "RUN", value_hint = ValueHint::AnyPath)]
    pub run: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Print the records of a run's log
///
/// One line a record, also of a log that is damaged or still being written. Places where records were lost are told on
/// stderr; the exit status is then 4.
#[derive(Debug, clap::Args)]
pub struct InspectArgs {
    /// A .wandb file, a run directory, a run id, or a wandb directory: its newest run [default: the newest run]
    #[arg(value_name = "FILE|DIR", value_hint = ValueHint::AnyPath)]
    pub run: Option<PathBuf>,
    /// Print one JSON object a record, in the words of `wandb leet inspect --json`; a field that is not known is named
    /// by its number in `_unknown_fields`
    #[arg(long)]
    pub json: bool,
    /// Print what the records say together: state, summary and config
    #[arg(long, conflicts_with = "json")]
    pub summary: bool,
}

/// Write a run's history to a file of another format
///
/// Nested names are joined with dots (in csv and parquet). NaN and infinities stay what they are: NaN in jsonl, as
/// Python's json module reads it, nan in csv, doubles in parquet. Missing values are empty in csv and null in parquet.
/// The exit status is 4 if a part of the log could not be read; the rest is exported.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// Id of a run, its directory or its .wandb file
    #[arg(value_name = "RUN", value_hint = ValueHint::AnyPath)]
    pub run: PathBuf,
    /// Format of the output
    #[arg(long, value_enum)]
    pub format: ExportFormat,
    /// Where to write it [default: stdout]
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// Only these columns behind _step, in this order, and only rows that have one of them
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub keys: Vec<String>,
    /// What is exported: the logged rows, the system metrics, or the lines of the console
    #[arg(long, value_enum, default_value = "history")]
    pub stream: ExportStream,
}

/// Formats of `export`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// One object a line
    Jsonl,
    /// A column for each name
    Csv,
    /// Columns of int64, double, bool or text, compressed with zstd
    Parquet,
}

/// What `export` exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportStream {
    History,
    Events,
    Console,
}

/// Change a run on this disk before it is uploaded
///
/// The log is written anew as a whole, with the run's description changed and all else as it was, so that every client
/// uploads the change. Runs that are being written cannot be edited.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("change").required(true).multiple(true))]
pub struct EditArgs {
    /// Id of a run, its directory or its .wandb file
    #[arg(value_name = "RUN", value_hint = ValueHint::AnyPath)]
    pub run: PathBuf,
    /// Name
    #[arg(long, group = "change")]
    pub name: Option<String>,
    /// Notes; empty takes them away
    #[arg(long, value_name = "TEXT", group = "change")]
    pub notes: Option<String>,
    /// Tags in place of those that it has, separated by commas; empty takes all away
    #[arg(long, value_name = "TAGS", group = "change")]
    pub tags: Option<String>,
    /// Project
    #[arg(long, group = "change")]
    pub project: Option<String>,
    /// Team or user
    #[arg(long, group = "change")]
    pub entity: Option<String>,
    /// Group
    #[arg(long, group = "change")]
    pub group: Option<String>,
    /// Job type
    #[arg(long, value_name = "TYPE", group = "change")]
    pub job_type: Option<String>,
    /// Config value (can be repeated)
    #[arg(long, value_name = "NAME=VALUE", group = "change")]
    pub config: Vec<String>,
}

/// Delete runs on this disk that have been uploaded
///
/// A run counts as uploaded if the marker `run-<id>.wandb.synced` lies beside its log. Unlike `wandb clean`, this
/// also holds for directories of online runs (without `offline-`): being made online does not prove that all of it
/// arrived. Runs that are being written are never deleted.
#[derive(Debug, clap::Args)]
pub struct CleanArgs {
    /// A wandb directory, or the directory that has one [default: that of `WANDB_DIR` or of the current directory]
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
    /// Only runs that were made at least this many hours ago
    #[arg(long, value_name = "HOURS", default_value_t = 24)]
    pub min_hours: u64,
    /// Keep the N newest runs
    #[arg(long, value_name = "N")]
    pub keep: Option<usize>,
    /// Only as many runs, the oldest first, as bring all runs together below this size, like 500MB or 2G
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub max_size: Option<u64>,
    /// Also runs that were not uploaded: what they hold is lost
    #[arg(long)]
    pub include_unsynced: bool,
    /// Do not ask
    #[arg(long)]
    pub force: bool,
    /// Say what would be deleted, and delete nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Bytes from a number with or without a unit; units are powers of 1024, as disks are listed.
fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no size: write bytes, or a number with K, M, G or T");
    let lower = text.trim().to_ascii_lowercase();
    let lower = lower.trim_end_matches('b').trim_end_matches('i');
    let (digits, power) = match lower.chars().last() {
        Some('k') => (&lower[..lower.len() - 1], 1),
        Some('m') => (&lower[..lower.len() - 1], 2),
        Some('g') => (&lower[..lower.len() - 1], 3),
        Some('t') => (&lower[..lower.len() - 1], 4),
        _ => (lower, 0),
    };
    let number: f64 = digits.trim().parse().map_err(|_| wrong())?;
    if !number.is_finite() || number < 0.0 {
        return Err(wrong());
    }
    Ok((number * 1024f64.powi(power)) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("0", 0),
            ("1000", 1000),
            ("12B", 12),
            ("1k", 1024),
            ("1.5 MiB", 1_572_864),
            ("2GB", 2 << 30),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "x", "-1", "infG", "1Q"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
