//! Commands about the user's account and the settings of a directory.

use super::run::ModeArg;

/// Store an API key for a W&B server
///
/// The key is asked for, or read from a pipe: `wandb-rs login < key.txt`. It is checked with the server and stored in
/// the netrc file, where the official client finds it too. If there is a key already, it is checked.
#[derive(Debug, clap::Args)]
pub struct LoginArgs {
    /// The key; other users of this machine can see it here, so better pipe it in
    #[arg(value_name = "KEY", num_args = 0..)]
    pub key: Vec<String>,
    /// Log in to this server, and use it from now on
    #[arg(long, visible_alias = "base-url", value_name = "URL")]
    pub host: Option<String>,
    /// Log in to the public cloud, and use it from now on
    #[arg(long, conflicts_with = "host")]
    pub cloud: bool,
    /// Log in to the server that `wandb-rs server start` runs on this machine, with its first key
    #[arg(long, conflicts_with_all = ["host", "cloud", "key"])]
    pub local: bool,
    /// Ask for a key even if there is one
    #[arg(long)]
    pub relogin: bool,
    /// Check the key with the server before it is stored; this is the default
    #[arg(long, overrides_with = "no_verify")]
    pub verify: bool,
    /// Do not check the key with the server
    #[arg(long)]
    pub no_verify: bool,
}

/// Remove the API key of a W&B server
///
/// Removes what `login` has stored in the netrc file. Keys in the environment and in settings files stay.
#[derive(Debug, clap::Args)]
pub struct LogoutArgs {
    /// The server [default: the one that is in use]
    #[arg(long, visible_alias = "base-url", value_name = "URL")]
    pub host: Option<String>,
}

/// Tell which settings hold here, where they come from, and whether there is a key
#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Show the settings; this is the default
    #[arg(long, hide = true, overrides_with = "no_settings")]
    pub settings: bool,
    /// Leave the settings out
    #[arg(long, hide = true)]
    pub no_settings: bool,
}

/// Set the project, entity and mode of the runs of this directory
///
/// Without options, the team and the project are asked for.
#[derive(Debug, clap::Args)]
pub struct InitArgs {
    /// Project
    #[arg(short, long, value_name = "NAME")]
    pub project: Option<String>,
    /// User or team that owns the runs
    #[arg(short, long, value_name = "NAME")]
    pub entity: Option<String>,
    /// Mode of the runs
    #[arg(short, long, value_enum)]
    pub mode: Option<ModeArg>,
    /// Forget project, entity and mode first
    #[arg(long)]
    pub reset: bool,
}

/// An option that older scripts give.
#[derive(Debug, clap::Args)]
pub struct ServiceFlag {
    /// No effect
    #[arg(long, hide = true)]
    pub service: bool,
}
