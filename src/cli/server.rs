//! `wandb-rs server` and `wandb-rs ui`.

use std::path::PathBuf;

use clap::{Subcommand, ValueHint};

/// Run a W&B server on this machine: runs go there, and the printed links lead to its pages
///
/// One process and one directory, without an account and without any connection to elsewhere. Official clients use it
/// unchanged: `wandb login --host http://127.0.0.1:8080`. `wandb-rs login --local` stores its first key.
#[derive(Debug, clap::Args)]
pub struct ServerArgs {
    #[command(subcommand)]
    pub action: Action,
}

/// What to do with the server.
#[derive(Debug, Subcommand)]
pub enum Action {
    Start(StartArgs),
    /// Tell whether the server runs, and where
    Status(DataArgs),
    /// End the server; what it has acknowledged is on the disk already
    Stop(DataArgs),
    /// Add users and keys
    #[command(subcommand)]
    User(UserAction),
    Backup(BackupArgs),
}

/// Which server is meant.
#[derive(Debug, clap::Args)]
pub struct DataArgs {
    /// Directory of the server's data [default: ~/.local/share/wandb-rs/server] [env: `WANDB_RS_SERVER_DIR`]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub data_dir: Option<PathBuf>,
}

/// Start the server, unless it runs
///
/// At the first start a user and an API key are made. The key is printed once and kept in the file `api-key` of the data
/// directory, which only you can read.
#[derive(Debug, clap::Args)]
pub struct StartArgs {
    #[command(flatten)]
    pub data: DataArgs,
    /// Address to listen on; any but loopback wants --tls-cert and --tls-key
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub host: String,
    /// Port to listen on; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    pub port: u16,
    /// Certificate chain in PEM form
    #[arg(long, value_name = "FILE", requires = "tls_key", value_hint = ValueHint::FilePath)]
    pub tls_cert: Option<PathBuf>,
    /// Private key in PEM form
    #[arg(long, value_name = "FILE", requires = "tls_cert", value_hint = ValueHint::FilePath)]
    pub tls_key: Option<PathBuf>,
    /// Listen on other addresses than loopback without TLS: keys and data cross the network in the open
    #[arg(long)]
    pub allow_plain: bool,
    /// Address under which others reach the server, through a proxy for example
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub public_url: Option<String>,
    /// Further host name under which the server is reached; may be given several times
    #[arg(long, value_name = "NAME")]
    pub allow_host: Vec<String>,
    /// Stay in the foreground
    #[arg(long)]
    pub foreground: bool,
}

/// What to do with users.
#[derive(Debug, Subcommand)]
pub enum UserAction {
    /// Add a user and print a key
    Add {
        /// Name of the user, who is also an entity of this name
        name: String,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Print a new key for a user
    Key {
        /// Name of the user
        name: String,
        /// Take all earlier keys and sessions of the user away
        #[arg(long)]
        revoke: bool,
        #[command(flatten)]
        data: DataArgs,
    },
}

/// Copy all data to a new directory, also while the server runs
#[derive(Debug, clap::Args)]
pub struct BackupArgs {
    /// Directory of the copy; it must not exist. `server start --data-dir` serves it
    #[arg(value_hint = ValueHint::DirPath)]
    pub target: PathBuf,
    #[command(flatten)]
    pub data: DataArgs,
}

/// Show the pages of the server over run directories, in place
///
/// Nothing is imported and nothing is changed; runs that are being written grow on the page. The printed address holds a
/// secret that lets a browser in; it is good until the command ends.
#[derive(Debug, clap::Args)]
pub struct UiArgs {
    /// Directory with runs, or one run [default: the wandb directory of the settings]
    #[arg(value_hint = ValueHint::AnyPath)]
    pub dir: Option<PathBuf>,
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub host: String,
    /// Port to listen on [default: a free one]
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 0,
        hide_default_value = true
    )]
    pub port: u16,
    /// Listen on other addresses than loopback
    #[arg(long)]
    pub allow_plain: bool,
    /// Further host name under which the pages are reached; may be given several times
    #[arg(long, value_name = "NAME")]
    pub allow_host: Vec<String>,
}
