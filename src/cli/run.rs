//! `wandb-rs run`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ValueEnum, ValueHint};

use super::parse::RuleArgs;

/// Run a command and record it as a W&B run
///
/// The command runs as it would without wandb-rs: its output passes through unchanged, signals reach it, and its
/// exit status becomes ours. Metrics are found in its output, sent to the socket that `WANDB_RS_SOCKET` names, or logged
/// by its own `import wandb`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: that of the command (the same signal if it died of one); \
    125 if wandb-rs fails before the command runs, 126 if it cannot be executed, 127 if it is not found.\n\n\
    Options can also be given as WANDB_* variables and in settings files, with the official names; \
    options win over variables, variables over files."
)]
pub struct RunArgs {
    #[command(flatten)]
    pub identity: IdentityArgs,
    /// What happens if the id exists on the server
    #[arg(long, value_enum, help_heading = "Identity")]
    pub resume: Option<ResumeArg>,
    /// Go on with a run from an earlier step
    #[arg(long, value_name = "ID?_step=N", help_heading = "Identity")]
    pub resume_from: Option<String>,
    /// Begin as a copy of another run up to a step
    #[arg(long, value_name = "ID?_step=N", help_heading = "Identity")]
    pub fork_from: Option<String>,

    /// Config value, like lr=0.1 or optimizer.name=adam (can be repeated)
    #[arg(short, long, value_name = "NAME=VALUE", help_heading = "Config")]
    pub config: Vec<String>,
    /// YAML or JSON file of config values (can be repeated)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Config")]
    pub config_file: Vec<PathBuf>,
    /// Do not take config from the command's arguments
    #[arg(long, help_heading = "Config")]
    pub no_args_config: bool,

    /// Where the run goes; disabled runs the command without recording anything [default: online if there is an API key
    /// for the server, else offline]
    #[arg(long, value_enum, help_heading = "Recording")]
    pub mode: Option<ModeArg>,
    /// Directory in which wandb/ is made [default: the current one]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Recording")]
    pub dir: Option<PathBuf>,
    /// Record the script and the git diff
    #[arg(long, help_heading = "Recording")]
    pub save_code: bool,
    /// Do not look for a git repository
    #[arg(long, help_heading = "Recording")]
    pub no_git: bool,
    /// Do not search the output for metrics
    #[arg(long, help_heading = "Recording", conflicts_with = "parse")]
    pub no_parse: bool,
    /// Search the output for metrics even if the script logs through the SDK
    #[arg(long, help_heading = "Recording")]
    pub parse: bool,
    /// Do not sample system metrics
    #[arg(long, help_heading = "Recording")]
    pub no_stats: bool,
    /// Seconds between two samples of system metrics [default: 15]
    #[arg(long, value_name = "SECONDS", help_heading = "Recording")]
    pub stats_interval: Option<String>,

    /// How long the end of the run waits for its upload; what is left can be synced later [default: as long as it takes]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, help_heading = "Recording")]
    pub finish_timeout: Option<std::time::Duration>,
    /// Go on with the same run when a Slurm job is requeued: its id is made of the job's
    #[arg(long, help_heading = "Recording", conflicts_with = "id")]
    pub requeue: bool,

    /// Do not set PYTHONUNBUFFERED=1 for the command
    #[arg(long, help_heading = "Command")]
    pub no_unbuffered: bool,
    /// Kill the command if it runs on for this long after a signal to end [default: never]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, help_heading = "Command")]
    pub kill_after: Option<std::time::Duration>,
    /// Show what would be run and recorded, and do nothing
    #[arg(long, help_heading = "Command")]
    pub dry_run: bool,

    /// Print only where the run is stored
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,
    /// Print nothing
    #[arg(long, help_heading = "Output")]
    pub silent: bool,
    /// Write id, directory, exit code and summary to a file as JSON
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub summary_json: Option<PathBuf>,

    #[command(flatten)]
    pub rules: RuleArgs,

    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND", value_hint = ValueHint::CommandWithArguments)]
    pub command: Vec<OsString>,
}

/// What a run is called
#[derive(Debug, Default, clap::Args)]
pub struct IdentityArgs {
    /// Project of the run [default: name of the git repository, else uncategorized]
    #[arg(short, long, value_name = "NAME", help_heading = "Identity")]
    pub project: Option<String>,
    /// User or team that owns the run
    #[arg(short, long, value_name = "NAME", help_heading = "Identity")]
    pub entity: Option<String>,
    /// Display name of the run [default: two words and a number]
    #[arg(short, long, value_name = "NAME", help_heading = "Identity")]
    pub name: Option<String>,
    /// Id of the run [default: eight random characters]
    #[arg(long, value_name = "ID", help_heading = "Identity")]
    pub id: Option<String>,
    /// Group of runs that this one belongs to
    #[arg(short, long, value_name = "NAME", help_heading = "Identity")]
    pub group: Option<String>,
    /// Kind of work, like train or eval
    #[arg(long, value_name = "NAME", help_heading = "Identity")]
    pub job_type: Option<String>,
    /// Tags, separated by commas (can be repeated)
    #[arg(
        short,
        long = "tags",
        visible_alias = "tag",
        value_name = "TAGS",
        help_heading = "Identity"
    )]
    pub tags: Vec<String>,
    /// Notes about the run
    #[arg(long, value_name = "TEXT", help_heading = "Identity")]
    pub notes: Option<String>,
}

pub(super) fn seconds(text: &str) -> Result<std::time::Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "expected seconds".to_owned())?;
    if !(0.0..=1e7).contains(&seconds) {
        return Err("expected seconds, at most 10000000".to_owned());
    }
    std::time::Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

/// Where a run goes.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ModeArg {
    Online,
    Offline,
    Disabled,
}

/// What happens if the run id exists on the server.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ResumeArg {
    Allow,
    Must,
    Never,
    Auto,
}

impl ModeArg {
    /// The setting's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Offline => "offline",
            Self::Disabled => "disabled",
        }
    }
}

impl ResumeArg {
    /// The setting's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Must => "must",
            Self::Never => "never",
            Self::Auto => "auto",
        }
    }
}
