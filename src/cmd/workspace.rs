//! `init`, `online`, `offline`, `enabled` and `disabled`: the settings file of a directory.

use crate::api::{Api, Caller, Stop};
use crate::cli::account::InitArgs;
use crate::cli::run::ModeArg;
use crate::cmd::account::{Account, Offer, ask_key, no_key, store_key, verify};
use crate::cmd::sources::{Sources, current_dir};
use crate::cmd::{Exit, settings_file};
use crate::error::Error;
use crate::output::Ui;
use crate::output::prompt::NoAnswer;
use crate::run::id::check_project;
use crate::settings::credentials::Credentials;
use crate::store;

/// The last entry of a list of names.
const OTHER_TEAM: &str = "Manual entry";
const NEW_PROJECT: &str = "Create New";

/// Runs of this directory are uploaded from now on.
pub fn online() -> Result<(), Error> {
    set_mode(None)?;
    super::print(
        "W&B online. Running your script from this directory will now sync to the cloud.\n",
    )
}

/// Runs of this directory stay on this machine from now on.
pub fn offline() -> Result<(), Error> {
    set_mode(Some("offline"))?;
    super::print(
        "W&B offline. Running your script from this directory will only write metadata locally. \
         Use `wandb-rs disabled` to completely turn off W&B.\n",
    )
}

/// Runs of this directory are recorded from now on.
pub fn enabled() -> Result<(), Error> {
    set_mode(Some("online"))?;
    super::print("W&B enabled.\n")
}

/// Runs of this directory are not recorded from now on.
pub fn disabled() -> Result<(), Error> {
    set_mode(Some("disabled"))?;
    super::print("W&B disabled.\n")
}

/// Sets the mode of the directory. Other settings need not make sense for that.
fn set_mode(mode: Option<&str>) -> Result<(), Error> {
    let sources = Sources::read(None, &current_dir()?)?;
    let ui = super::loud_ui();
    settings_file::change(&ui, &sources.workspace_file(), &[("mode", mode)])?;
    let sources = Sources::read(None, &current_dir()?)?;
    if let Some((value, origin)) = sources.value("mode")
        && value != mode.unwrap_or("online")
    {
        ui.warning(&format!("the mode is still {value}, from {origin}"));
    }
    Ok(())
}

/// `wandb-rs init`.
pub fn init(args: &InitArgs) -> Result<Exit, Error> {
    if args.reset || args.project.is_some() || args.entity.is_some() || args.mode.is_some() {
        return init_with(args).map(|()| Exit::Code(0));
    }
    let account = Account::read()?;
    match init_by_questions(&account) {
        Ok(()) => Ok(Exit::Code(0)),
        Err(Stopped::NoAnswer(NoAnswer::NoTerminal)) => {
            Err(Error::new("init: there is no terminal to ask at")
                .hint("give --project, --entity or --mode")
                .code(2))
        }
        Err(Stopped::NoAnswer(no_answer)) => match no_answer {
            NoAnswer::Interrupted => no_key(no_answer),
            _ => Err(Error::new("init: nothing was changed")),
        },
        Err(Stopped::Error(error)) => Err(error),
    }
}

fn init_with(args: &InitArgs) -> Result<(), Error> {
    let sources = Sources::read(None, &current_dir()?)?;
    let ui = super::loud_ui();
    if let Some(project) = &args.project {
        check_project(project)
            .map_err(|reason| Error::new(format!("--project: {reason}")).code(2))?;
    }
    let mode = args.mode.map(ModeArg::as_str);
    let mut changes = Vec::new();
    for (setting, value) in [
        ("project", args.project.as_deref()),
        ("entity", args.entity.as_deref()),
        ("mode", mode),
    ] {
        if value.is_some() || args.reset {
            changes.push((setting, value));
        }
    }
    settings_file::change(&ui, &sources.workspace_file(), &changes)
}

/// Why questions do not lead to settings.
enum Stopped {
    NoAnswer(NoAnswer),
    Error(Error),
}

impl From<NoAnswer> for Stopped {
    fn from(no_answer: NoAnswer) -> Self {
        Self::NoAnswer(no_answer)
    }
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

fn init_by_questions(account: &Account) -> Result<(), Stopped> {
    let ui = &account.ui;
    if !ui.can_ask() {
        return Err(NoAnswer::NoTerminal.into());
    }
    let file = account.sources.workspace_file();
    if file.exists() {
        let again = "This directory has been configured previously, should we re-configure it?";
        if !ui.confirm(again)? {
            return Err(NoAnswer::Closed.into());
        }
    } else {
        ui.notice("Let's setup this directory for W&B!");
    }
    let server = &account.settings.network.server;
    let credentials = if let Some((credentials, _)) = account.find(server)? {
        credentials
    } else {
        let offer = Offer {
            create: true,
            offline: false,
        };
        let Some((key, _)) = ask_key(account, server, true, offer)? else {
            return Err(NoAnswer::Closed.into());
        };
        store_key(account, server, &key)?;
        Credentials::ApiKey(key)
    };
    let viewer = verify(server, &credentials, &account.settings).map_err(Error::new)?;
    let entity = team(ui, &viewer.teams, &viewer.entity)?;
    let project = project(ui, &projects(account, credentials, &entity))?;
    settings_file::change(
        ui,
        &file,
        &[("entity", Some(&entity)), ("project", Some(&project))],
    )?;
    let ignore = file.with_file_name(".gitignore");
    if !ignore.exists() {
        store::rewrite(&ignore, b"*\n!settings").map_err(|error| {
            Error::new(format!("{} cannot be written: {error}", ignore.display()))
        })?;
    }
    ui.notice("This directory is configured!  Next, track a run:");
    ui.notice(&format!("  {}", ui.code("wandb-rs run -- python train.py")));
    Ok(())
}

fn team(ui: &Ui, teams: &[String], own: &str) -> Result<String, NoAnswer> {
    if teams.len() > 1 {
        ui.notice("Which team should we use?");
        let mut options: Vec<&str> = teams.iter().map(String::as_str).collect();
        options.push(OTHER_TEAM);
        let choice = ui.choose(&options)?;
        return match teams.get(choice) {
            Some(team) => Ok(team.clone()),
            None => not_empty(ui, "Enter the name of the team you want to use: "),
        };
    }
    if own.is_empty() {
        return not_empty(ui, "What username or team should we use?: ");
    }
    Ok(own.to_owned())
}

fn project(ui: &Ui, projects: &[String]) -> Result<String, NoAnswer> {
    let mut question = "Enter a name for your first project: ";
    if !projects.is_empty() {
        ui.notice("Which project should we use?");
        let mut options: Vec<&str> = projects.iter().map(String::as_str).collect();
        options.push(NEW_PROJECT);
        let choice = ui.choose(&options)?;
        if let Some(project) = projects.get(choice) {
            return Ok(project.clone());
        }
        question = "Enter a name for your new project: ";
    }
    loop {
        // The server makes it with the first run.
        let project = project_name(&ui.ask(question)?);
        match check_project(&project) {
            Ok(()) if !project.is_empty() => return Ok(project),
            Ok(()) => {}
            Err(reason) => ui.warning(&reason),
        }
    }
}

/// A project's name out of what somebody has typed.
fn project_name(text: &str) -> String {
    let mut name = String::new();
    for c in text.to_lowercase().chars() {
        if c.is_alphanumeric() || c == '_' {
            name.push(c);
        } else if !name.ends_with('-') {
            name.push('-');
        }
    }
    name.trim_matches(['-', '_']).to_owned()
}

fn not_empty(ui: &Ui, question: &str) -> Result<String, NoAnswer> {
    loop {
        let answer = ui.ask(question)?;
        if !answer.trim().is_empty() {
            return Ok(answer.trim().to_owned());
        }
    }
}

/// The newest projects of a team; none if the server does not tell.
fn projects(account: &Account, credentials: Credentials, entity: &str) -> Vec<String> {
    let settings = &account.settings;
    let stop = Stop::default();
    let caller = Caller::new(&stop, &|_| {});
    let (user, email) = (&settings.username, &settings.email);
    let Ok(api) = Api::new(&settings.network, Some(credentials), user, email) else {
        return Vec::new();
    };
    api.projects(entity, caller).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_projects_are_tidied() {
        assert_eq!(project_name(" My first: Project_1! "), "my-first-project_1");
        assert_eq!(project_name("--"), "");
    }
}
