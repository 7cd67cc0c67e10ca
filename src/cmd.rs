//! The subcommands: arguments and settings go in, one call does the work, one message comes out.

use std::io::Write as _;

use crate::cli::{Cli, Command};
use crate::error::Error;
use crate::output::{Ui, Verbosity};
use crate::settings::Settings;

pub mod account;
mod background;
pub mod clean;
pub mod client;
pub mod edit;
pub mod export;
pub mod identity;
pub mod import_log;
pub mod inspect;
pub mod interrupt;
pub mod local;
pub mod login;
pub mod ls;
mod netrc_file;
pub mod parse;
pub mod run;
pub mod server;
pub mod service;
mod settings_file;
pub mod show;
pub mod sources;
pub mod status;
pub mod sync;
pub mod ui;
pub mod verify;
pub mod workspace;

/// How this process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Code(u8),
    /// By the signal that ended the child.
    Signal(i32),
}

/// Carries out a command.
pub fn exec(cli: Cli) -> Result<Exit, Error> {
    match cli.command {
        Command::Run(args) => return run::exec(&args),
        Command::Log(args) => client::log(&args)?,
        Command::Config(args) => client::config(&args)?,
        Command::Summary(args) => client::summary(&args)?,
        Command::DefineMetric(args) => client::define_metric(args)?,
        Command::Alert(args) => client::alert(args)?,
        Command::Save(args) => client::save(&args)?,
        Command::Info(args) => client::info(&args)?,
        Command::Parse(args) => parse::exec(&args)?,
        Command::ImportLog(args) => import_log::exec(&args)?,
        Command::Service(args) => service::exec(&args)?,
        Command::Server(args) => server::exec(&args)?,
        Command::Ui(args) => ui::exec(&args)?,
        Command::Sync(args) => return sync::exec(&args),
        Command::Login(args) => return login::login(&args),
        Command::Logout(args) => login::logout(&args)?,
        Command::Status(args) => status::exec(&args)?,
        Command::Init(args) => return workspace::init(&args),
        Command::Online => workspace::online()?,
        Command::Offline => workspace::offline()?,
        Command::Enabled(_) => workspace::enabled()?,
        Command::Disabled(_) => workspace::disabled()?,
        Command::Ls(args) => ls::exec(&args)?,
        Command::Show(args) => show::exec(&args)?,
        Command::Inspect(args) => return inspect::exec(&args),
        Command::Export(args) => return export::exec(&args),
        Command::Edit(args) => edit::exec(&args)?,
        Command::Clean(args) => clean::exec(&args)?,
        Command::Completions(args) => print(&completions(args.shell))?,
    }
    Ok(Exit::Code(0))
}

/// The terminal, as loud as the settings say.
fn ui(settings: &Settings) -> Ui {
    let verbosity = match (settings.silent, settings.quiet) {
        (true, _) => Verbosity::Silent,
        (false, true) => Verbosity::Quiet,
        (false, false) => Verbosity::Normal,
    };
    Ui::new(verbosity, run::locale().as_deref())
}

/// The terminal of a command that no setting makes quiet.
fn loud_ui() -> Ui {
    Ui::new(Verbosity::Normal, run::locale().as_deref())
}

/// Prints to stdout; a reader that has gone is no error.
fn print(text: &str) -> Result<(), Error> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::new(format!("cannot write to stdout: {error}")))
        }
        _ => Ok(()),
    }
}

/// Tells on stderr what is wrong and does not stop the command.
fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "wandb-rs: {text}");
}

/// A shell's completion script.
pub fn completions(shell: clap_complete::Shell) -> String {
    let mut text = Vec::new();
    let mut command = <Cli as clap::CommandFactory>::command();
    clap_complete::generate(shell, &mut command, "wandb-rs", &mut text);
    String::from_utf8_lossy(&text).into_owned()
}
