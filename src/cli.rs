//! What can be typed. Doc comments are the help text; nothing here looks at the environment or does anything.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueHint};

pub mod account;
pub mod local;
pub mod parse;
pub mod run;
pub mod server;
pub mod service;
pub mod sync;

/// Turn any training script into a Weights & Biases run
///
/// `wandb-rs run -- python train.py` records output, metrics, config, system metrics and the exit status of a
/// script in the official W&B format, without changing the script. Everything is stored below `./wandb`.
#[derive(Debug, Parser)]
#[command(
    name = "wandb-rs",
    version,
    propagate_version = true,
    max_term_width = 100
)]
#[command(
    after_help = "Exit status: 0 done, 1 failure, 2 wrong usage. `wandb-rs run` ends as its command ends; see its help."
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    Run(Box<run::RunArgs>),
    Log(LogArgs),
    Config(PairsArgs),
    Summary(SummaryArgs),
    DefineMetric(DefineMetricArgs),
    Alert(AlertArgs),
    Save(SaveArgs),
    Info(InfoArgs),
    Parse(parse::ParseArgs),
    ImportLog(Box<parse::ImportLogArgs>),
    Service(service::ServiceArgs),
    Server(server::ServerArgs),
    Ui(server::UiArgs),
    Sync(Box<sync::SyncArgs>),
    Login(account::LoginArgs),
    Logout(account::LogoutArgs),
    Status(account::StatusArgs),
    Init(account::InitArgs),
    /// Upload the runs of this directory
    Online,
    /// Keep the runs of this directory on this machine
    Offline,
    /// Record the runs of this directory
    Enabled(account::ServiceFlag),
    /// Do not record the runs of this directory
    Disabled(account::ServiceFlag),
    Ls(local::LsArgs),
    Show(local::ShowArgs),
    Inspect(local::InspectArgs),
    Export(local::ExportArgs),
    Edit(local::EditArgs),
    Clean(local::CleanArgs),
    Completions(CompletionsArgs),
}

/// Log metrics to the run that this script is part of
///
/// Values are numbers, JSON, or text. Works in programs that were started by `wandb-rs run`.
#[derive(Debug, clap::Args)]
pub struct LogArgs {
    /// Metrics, like loss=0.1 val/acc=0.9
    #[arg(required = true, value_name = "NAME=VALUE")]
    pub values: Vec<String>,
    /// Step of the row; rows of the same step are joined [default: the next one]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub step: Option<i64>,
    /// End the row, so that the next values begin a new one
    #[arg(long, conflicts_with = "no_commit")]
    pub commit: bool,
    /// Keep the row open for more values
    #[arg(long)]
    pub no_commit: bool,
}

/// Add config values to the run that this script is part of
#[derive(Debug, clap::Args)]
pub struct PairsArgs {
    /// Config values, like lr=0.1 optimizer.name=adam
    #[arg(required = true, value_name = "NAME=VALUE")]
    pub values: Vec<String>,
}

/// Set summary values of the run that this script is part of
#[derive(Debug, clap::Args)]
pub struct SummaryArgs {
    /// Summary values, like `best_acc=0.93`
    #[arg(required = true, value_name = "NAME=VALUE")]
    pub values: Vec<String>,
}

/// Say how a metric is plotted and summarised
#[derive(Debug, clap::Args)]
pub struct DefineMetricArgs {
    /// Name of the metric; may end in *
    pub name: String,
    /// Metric on its x axis
    #[arg(long, value_name = "NAME")]
    pub step_metric: Option<String>,
    /// What the summary holds: min, max, mean, last, first, none (separated by commas) [default: the latest value]
    #[arg(long, value_name = "WORDS")]
    pub summary: Option<String>,
    /// Hide it in automatic charts
    #[arg(long)]
    pub hidden: bool,
}

/// Send an alert from the run that this script is part of
#[derive(Debug, clap::Args)]
pub struct AlertArgs {
    /// Title of the alert
    pub title: String,
    /// Text of the alert
    #[arg(default_value = "")]
    pub text: String,
    /// How serious it is
    #[arg(long, value_enum, default_value = "info", ignore_case = true)]
    pub level: Level,
    /// Seconds before an alert of this title is sent again
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0)]
    pub wait: f64,
}

/// Severity of an alert.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Level {
    Info,
    Warn,
    Error,
}

/// Put files into the run that this script is part of
#[derive(Debug, clap::Args)]
pub struct SaveArgs {
    /// Files to save
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    /// When a file is uploaded: at once (a copy is taken), at the end, or whenever it changes
    #[arg(long, value_enum, default_value = "live")]
    pub policy: PolicyArg,
}

/// When a saved file is uploaded.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum PolicyArg {
    Now,
    End,
    Live,
}

/// Tell the id, name and directory of the run that this script is part of
#[derive(Debug, clap::Args)]
pub struct InfoArgs {
    /// Print one value only, like id or dir
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Print a shell's completion script
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}
