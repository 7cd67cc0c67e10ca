//! wandb-rs: any training script as a Weights & Biases run.
//!
//! How data flow: the child's bytes are passed on by [`child::capture`], then wait in the [`inbox`] together with
//! messages from the local socket ([`service`]) and readings of the machine ([`observer`]). The [`recorder`] folds
//! them into [`run::RunState`] (those of the official SDK in [`recorder::clients`]) and appends the records that come out to the `.wandb` log ([`store::log_writer`]).
//! [`supervise`] looks after the child meanwhile. The log is the truth; all else can be rebuilt from it.
//!
//! Uploading is reading that log: [`upload`] follows it, finished or growing, and tells the server ([`api`]) what is in
//! it; [`uplink`] does so for the runs that are recorded at this moment, [`sync`] for many that were recorded before.
//!
//! Imports run one way: [`cmd`] → capabilities ([`recorder`], [`service`], [`supervise`], [`observer`], [`upload`]) →
//! [`api`], [`store`], [`child`], [`system`] → the pure model and formats ([`run`], [`parse`], [`term`], [`text`], [`wire`]).
//!
//! There is no async runtime: a handful of threads that sleep cost less than one, and start sooner.
//!
//! What is promised and how it is proved: `cargo test` holds the promises of the README (`tests/promises`, a module for each;
//! `WANDB_RS_ROUNDS=500 cargo test promises` for longer), `fuzz/run 600` gives each reader of foreign bytes ten minutes, and
//! `benches/run --with-official` measures everything beside the official client and other trackers in one run. See
//! `CONTRIBUTING.md`.

pub mod api;
pub mod child;
pub mod cli;
pub mod cmd;
pub mod command;
pub mod error;
#[doc(hidden)]
pub mod fuzz;
pub mod git;
pub mod helper;
pub mod import;
pub mod inbox;
pub mod observer;
pub mod output;
pub mod parse;
pub mod peer;
pub mod recorder;
pub mod run;
pub mod server;
pub mod service;
pub mod settings;
pub mod store;
pub mod supervise;
pub mod sync;
pub mod sys;
pub mod system;
pub mod term;
pub mod text;
pub mod tls;
pub mod uplink;
pub mod upload;
pub mod wire;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

use cli::Cli;
use cmd::Exit;

/// Runs the program with these arguments, the program's name first.
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    // Wrong usage of `run` must not look like an exit status of the command.
    let wraps = arguments.get(1).is_some_and(|argument| argument == "run");
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            let code = if error.use_stderr() && wraps {
                error::BEFORE_SPAWN
            } else {
                error.exit_code() as u8
            };
            return ExitCode::from(code);
        }
    };
    match cmd::exec(cli) {
        Ok(Exit::Code(code)) => ExitCode::from(code),
        Ok(Exit::Signal(signal)) => {
            child::signals::die_of(signal);
            ExitCode::from((128 + signal) as u8)
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::from(error.exit_code())
        }
    }
}
