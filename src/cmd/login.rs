//! `wandb-rs login` and `logout`.

use std::io::{IsTerminal as _, Read as _};
use std::os::fd::AsFd as _;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::api::runs::Viewer;
use crate::cli::account::{LoginArgs, LogoutArgs};
use crate::cmd::account::{
    Account, Offer, ask_key, netrc_path, no_key, store_key, variable, verify,
};
use crate::cmd::netrc_file::NetrcFile;
use crate::cmd::server::data_dir;
use crate::cmd::{Exit, settings_file};
use crate::error::Error;
use crate::output::Ui;
use crate::settings::credentials::{Credentials, Secret, check_key};
use crate::settings::netrc;
use crate::settings::server::{self, Server};

/// Longest key that is read from a pipe.
const MAX_PIPED: u64 = 64 << 10;

/// `wandb-rs login`.
pub fn login(args: &LoginArgs) -> Result<Exit, Error> {
    let account = Account::read()?;
    let ui = &account.ui;
    if args.local {
        return login_local(&account, args);
    }
    let host = args.cloud.then_some(server::DEFAULT);
    let host = host.or(args.host.as_deref());
    let server = account.named(host)?;
    let verified = |credentials: &Credentials| {
        let viewer = (!args.no_verify).then(|| verify(&server, credentials, &account.settings));
        viewer.transpose().map_err(|reason| {
            Error::new(reason).hint("`--no-verify` stores a key without asking the server about it")
        })
    };
    let viewer = if let Some(key) = given_key(&args.key, ui)? {
        check_key(key.expose()).map_err(Error::new)?;
        let viewer = verified(&Credentials::ApiKey(key.clone()))?;
        store_key(&account, &server, &key)?;
        viewer
    } else if !args.relogin
        && let Some((credentials, source)) = account.find(&server)?
    {
        let viewer = verified(&credentials)?;
        ui.notice(&format!(
            "Loaded credentials for {} from {source}.",
            server.base()
        ));
        viewer
    } else {
        let offer = Offer {
            create: false,
            offline: false,
        };
        match ask_key(&account, &server, !args.no_verify, offer) {
            Ok(Some((key, viewer))) => {
                store_key(&account, &server, &key)?;
                viewer
            }
            Ok(None) => None,
            Err(no_answer) => return no_key(no_answer),
        }
    };
    report(&account, &server, viewer.as_ref());
    if host.is_some() {
        remember(&account, &server)?;
    }
    Ok(Exit::Code(0))
}

/// `wandb-rs login --local`: the key of the server on this machine goes where the official client finds it, too.
fn login_local(account: &Account, args: &LoginArgs) -> Result<Exit, Error> {
    let data = data_dir(None)?;
    let running = data.running().ok_or_else(|| {
        Error::new(format!("no server runs on {}", data.path().display()))
            .hint("`wandb-rs server start` starts one")
    })?;
    let key = data.key().ok_or_else(|| {
        Error::new(format!("{} is missing", data.key_file().display()))
            .hint("`wandb-rs server user key NAME` makes another key; store it with `wandb-rs login --host URL`")
    })?;
    let server = Server::new(&running.url, None).map_err(Error::new)?;
    let key = Secret::new(&key);
    let credentials = Credentials::ApiKey(key.clone());
    let viewer = (!args.no_verify).then(|| verify(&server, &credentials, &account.settings));
    let viewer = viewer.transpose().map_err(Error::new)?;
    store_key(account, &server, &key)?;
    report(account, &server, viewer.as_ref());
    remember(account, &server)?;
    Ok(Exit::Code(0))
}

/// `wandb-rs logout`.
pub fn logout(args: &LogoutArgs) -> Result<(), Error> {
    let account = Account::read()?;
    let server = account.named(args.host.as_deref())?;
    let path = netrc_path()?;
    let file = NetrcFile::read(&path)?;
    // A key under the older name would be found in the other's stead.
    let machines = [Some(server.machine()), server.older_machine()];
    let mut text = file.text.clone();
    let mut removed = Vec::new();
    for machine in machines.into_iter().flatten() {
        if let Some(rest) = netrc::without(&text, machine) {
            removed.push(machine);
            text = rest;
        }
    }
    let path = path.display();
    if removed.is_empty() {
        let machine = server.machine();
        account.ui.notice(&format!(
            "There is no key for {machine} in your netrc file: {path}"
        ));
    } else {
        file.write(&text)?;
    }
    for machine in removed {
        account.ui.notice(&format!(
            "Removed the key for {machine} from your netrc file: {path}"
        ));
    }
    match account.find(&server) {
        Ok(None) => {}
        Ok(Some((_, source))) => account.ui.warning(&format!(
            "there are still credentials for {}, from {source}",
            server.base()
        )),
        Err(error) => account.ui.warning(error.message()),
    }
    Ok(())
}

/// The key from the command line or from a pipe.
fn given_key(arguments: &[String], ui: &Ui) -> Result<Option<Secret>, Error> {
    match arguments {
        [] => Ok(piped_key(ui)),
        [key] => {
            ui.warning(
                "a key on the command line can be seen by others and stays in the shell's history; better: `wandb-rs login < key.txt`",
            );
            Ok(Some(Secret::new(key.as_str())))
        }
        // Not in clap's hands: its message would repeat the words.
        _ => Err(Error::new("login: expected one key").code(2)),
    }
}

fn piped_key(ui: &Ui) -> Option<Secret> {
    use std::os::unix::fs::FileTypeExt as _;
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return None;
    }
    // Services hand out other things as stdin, which never say anything.
    let file = std::fs::File::from(stdin.as_fd().try_clone_to_owned().ok()?);
    let kind = file.metadata().ok()?.file_type();
    if !kind.is_file() && !kind.is_fifo() {
        return None;
    }
    let mut ready = [PollFd::new(file.as_fd(), PollFlags::POLLIN)];
    if poll(&mut ready, PollTimeout::from(1000u16)) == Ok(0) {
        ui.notice("Waiting for an API key on stdin.");
    }
    let mut text = String::new();
    file.take(MAX_PIPED).read_to_string(&mut text).ok()?;
    let key = text.trim();
    (!key.is_empty()).then(|| Secret::new(key))
}

/// The server becomes the one that is used if none is named.
fn remember(account: &Account, server: &Server) -> Result<(), Error> {
    let base = (server.base() != server::DEFAULT).then_some(server.base());
    let ui = &account.ui;
    let sources = &account.sources;
    // A setting of the older clients, which newer ones complain about.
    settings_file::change(
        ui,
        &sources.workspace_file(),
        &[("base_url", None), ("anonymous", None)],
    )?;
    if let Some(file) = sources.global_file() {
        settings_file::change(ui, &file, &[("base_url", base), ("anonymous", None)])?;
    }
    if let Some(set) = variable("WANDB_BASE_URL").filter(|value| !value.is_empty())
        && set.to_str().map(|set| set.trim_end_matches('/')) != Some(server.base())
    {
        ui.warning("WANDB_BASE_URL is set, and wins over the server that was stored");
    }
    Ok(())
}

fn report(account: &Account, server: &Server, viewer: Option<&Viewer>) {
    let state = match viewer.filter(|viewer| !viewer.username.is_empty()) {
        None => "W&B API key is configured".to_owned(),
        Some(viewer) => {
            let entity = match account.settings.entity.as_str() {
                "" => viewer.entity.as_str(),
                entity => entity,
            };
            let team = viewer.teams.iter().any(|team| team == entity);
            let entity = if team && entity != viewer.username {
                format!(" ({})", account.ui.name(entity))
            } else {
                String::new()
            };
            format!(
                "Currently logged in as: {}{entity} to {}",
                account.ui.name(&viewer.username),
                server.base()
            )
        }
    };
    let command = account.ui.code("`wandb-rs login --relogin`");
    account
        .ui
        .info(&format!("{state}. Use {command} to force relogin"));
}
