//! `wandb-rs service`.

use std::time::Duration;

use clap::Subcommand;

/// Record runs of notebooks and long sessions without a wrapper
///
/// `export WANDB_SERVICE="$(wandb-rs service start)"` makes every `import wandb` of this shell, and of a notebook server
/// that is started from it, log to wandb-rs. Runs that are online are uploaded while they last, to the server and with
/// the key that the SDK finds. A run ends with `run.finish()`; one that never says so stays without an exit code, as a
/// crashed one.
#[derive(Debug, clap::Args)]
pub struct ServiceArgs {
    #[command(subcommand)]
    pub action: Action,
}

/// What to do with the service.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Start the service, unless it runs, and print the value for `WANDB_SERVICE`
    Start {
        /// End when nobody has been connected for this many seconds; 0 is never
        #[arg(long, value_name = "SECONDS", default_value = "3600", value_parser = super::run::seconds)]
        idle_timeout: Duration,
        /// Stay in the foreground
        #[arg(long)]
        foreground: bool,
    },
    /// Tell whether the service runs
    Status,
    /// End the service; runs that are open are brought to the disk
    Stop,
}
