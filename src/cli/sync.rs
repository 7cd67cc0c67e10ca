//! `wandb-rs sync`.

use std::path::PathBuf;

use clap::ValueHint;

/// Upload runs to the server
///
/// Reads the logs of runs that were recorded offline, or whose upload was cut short, and uploads what the server does
/// not have. It can be stopped and run again at any time: nothing is lost or doubled. The server and the API key are
/// those of `wandb-rs login`, `WANDB_BASE_URL` and `WANDB_API_KEY`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: 0 everything is on the server, 1 something is not (it is named), 2 wrong usage."
)]
pub struct SyncArgs {
    /// Run directories, .wandb files, or wandb directories [default: the one below the current directory]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,

    /// Do not ask before uploading what was found
    #[arg(short, long, visible_alias = "sync-all", help_heading = "Selection")]
    pub yes: bool,
    /// Upload runs that have been synced before, too
    #[arg(
        long,
        alias = "no-skip-synced",
        overrides_with = "skip_synced",
        help_heading = "Selection"
    )]
    pub include_synced: bool,
    /// Leave out runs that have been synced before
    #[arg(long, hide = true)]
    pub skip_synced: bool,
    /// Upload runs that were online, too
    #[arg(
        long,
        alias = "no-skip-online",
        overrides_with = "skip_online",
        help_heading = "Selection"
    )]
    pub include_online: bool,
    /// Leave out runs that were online
    #[arg(long, hide = true)]
    pub skip_online: bool,
    /// Show what would be uploaded, and do nothing
    #[arg(long, help_heading = "Selection")]
    pub dry_run: bool,

    /// Upload to this project
    #[arg(short, long, value_name = "NAME", help_heading = "Changes on the way")]
    pub project: Option<String>,
    /// Upload to this user or team
    #[arg(short, long, value_name = "NAME", help_heading = "Changes on the way")]
    pub entity: Option<String>,
    /// Upload as the run of this id
    #[arg(long, value_name = "ID", help_heading = "Changes on the way")]
    pub id: Option<String>,
    /// Display name
    #[arg(long, value_name = "NAME", help_heading = "Changes on the way")]
    pub name: Option<String>,
    /// Notes
    #[arg(long, value_name = "TEXT", help_heading = "Changes on the way")]
    pub notes: Option<String>,
    /// Tags to add, separated by commas (can be repeated)
    #[arg(
        long = "tags",
        visible_alias = "tag",
        value_name = "TAGS",
        help_heading = "Changes on the way"
    )]
    pub tags: Vec<String>,
    /// Tags to replace: old=new, separated by commas; old= removes one
    #[arg(long, value_name = "PAIRS", help_heading = "Changes on the way")]
    pub replace_tags: Vec<String>,
    /// Kind of work, like train or eval
    #[arg(long, value_name = "NAME", help_heading = "Changes on the way")]
    pub job_type: Option<String>,
    /// Config value, like lr=0.1 or optimizer.name=adam (can be repeated)
    #[arg(
        short,
        long,
        value_name = "NAME=VALUE",
        help_heading = "Changes on the way"
    )]
    pub config: Vec<String>,

    /// Upload runs while they are written, and new ones as they come, until interrupted
    #[arg(long, visible_alias = "follow", help_heading = "Upload")]
    pub live: bool,
    /// Compare what the server has with the log afterwards
    #[arg(long, help_heading = "Upload")]
    pub verify: bool,
    /// Runs to upload at once
    #[arg(short = 'n', long = "parallel", value_name = "N", default_value_t = 48, value_parser = clap::value_parser!(u16).range(1..=256), help_heading = "Upload")]
    pub parallel: u16,

    /// Print a JSON object for each run on stdout
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// List all runs, however many there are
    #[arg(short, long, help_heading = "Output")]
    pub verbose: bool,
}
