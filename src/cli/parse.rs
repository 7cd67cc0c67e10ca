//! `wandb-rs parse` and `wandb-rs import-log`, and the options that say how metrics are found.

use std::path::PathBuf;

use clap::{ValueEnum, ValueHint};

use super::run::IdentityArgs;
use crate::parse::options::Ranks;

/// How metrics are found in output
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Metrics in the output")]
pub struct RuleArgs {
    /// Take a metric where REGEX matches: its first group is the value (can be repeated)
    #[arg(long = "metric", value_name = "NAME=REGEX")]
    pub metrics: Vec<String>,
    /// Take a row where REGEX matches: its named groups, like (?P<step>\d+) and (?P<f1>\S+), are counters and metrics
    /// (can be repeated)
    #[arg(long = "pattern", value_name = "REGEX")]
    pub patterns: Vec<String>,
    /// Keep only metrics whose names match GLOB (can be repeated)
    #[arg(long, value_name = "GLOB")]
    pub include: Vec<String>,
    /// Leave out metrics whose names match GLOB (can be repeated)
    #[arg(long, value_name = "GLOB")]
    pub ignore: Vec<String>,
    /// Whose lines count if several ranks print; with all, others are named rank<N>/… [default: 0]
    #[arg(long, value_name = "N|all")]
    pub rank: Option<Ranks>,
}

/// Show the metrics that would be found in a saved log
///
/// Reads a file, or stdin, and prints the rows that `wandb-rs run` would log if a script printed it. Rules of the
/// project are read from .wandb-rs.toml in this directory or above it.
#[derive(Debug, clap::Args)]
pub struct ParseArgs {
    /// The log; - is stdin
    #[arg(default_value = "-", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Say which line gave which row by which rule, and why other lines gave none
    #[arg(long, conflicts_with = "format")]
    pub explain: bool,
    /// How the rows are printed [default: table at a terminal, else jsonl]
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    #[command(flatten)]
    pub rules: RuleArgs,
}

/// How rows are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One object a line: {"step", "epoch", "metrics"}
    Jsonl,
    /// A column for each metric
    Csv,
    /// For people
    Table,
}

/// Make a run from a saved training log
///
/// Writes a run directory as `wandb-rs run` would have written it: the console, the metrics found in it, and the times
/// at the beginning of its lines, where there are any. Several files become several runs.
#[derive(Debug, clap::Args)]
pub struct ImportLogArgs {
    /// Logs, like nohup.out or slurm-1234.out
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub identity: IdentityArgs,
    /// Config value, like lr=0.1 or optimizer.name=adam (can be repeated)
    #[arg(short, long, value_name = "NAME=VALUE", help_heading = "Config")]
    pub config: Vec<String>,
    /// YAML or JSON file of config values (can be repeated)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Config")]
    pub config_file: Vec<PathBuf>,
    /// Directory in which wandb/ is made [default: the current one]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
    /// Exit code that the script ended with
    #[arg(long, value_name = "CODE", default_value_t = 0)]
    pub exit_code: u8,
    #[command(flatten)]
    pub rules: RuleArgs,
}
