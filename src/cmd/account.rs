//! `wandb-rs login` and `logout`: the key of a server, and how it gets into the netrc file.

use std::ffi::OsString;
use std::io::{IsTerminal as _, Read as _};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::api::runs::Viewer;
use crate::api::{Api, ApiError, Caller, Stop};
use crate::cli::account::{LoginArgs, LogoutArgs};
use crate::cmd::settings_file;
use crate::cmd::sources::{Sources, current_dir};
use crate::error::Error;
use crate::output::prompt::NoAnswer;
use crate::output::{Ui, Verbosity};
use crate::settings::credentials::{self, Credentials, Secret, Source, check_key};
use crate::settings::network::Network;
use crate::settings::server::{self, Server};
use crate::settings::{Settings, netrc};
use crate::store;

/// Longest key that is read from a pipe.
const MAX_PIPED: u64 = 64 << 10;
/// How long an answer about a key may take, unless the user has set another limit.
const PATIENCE: Duration = Duration::from_secs(10);

/// The user, as far as settings and environment tell.
pub(super) struct Account {
    pub(super) sources: Sources,
    pub(super) settings: Settings,
    pub(super) ui: Ui,
    home: Option<PathBuf>,
}

/// Which ways out there are when a key is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Offer {
    /// To make an account.
    pub create: bool,
    /// To go without one.
    pub offline: bool,
}

impl Account {
    /// Reads the settings that hold here.
    pub(super) fn read() -> Result<Self, Error> {
        let sources = Sources::read(None, &current_dir()?)?;
        let (settings, notes) = sources.resolve().map_err(|error| error.code(1))?;
        let verbosity = match (settings.silent, settings.quiet) {
            (true, _) => Verbosity::Silent,
            (_, true) => Verbosity::Quiet,
            _ => Verbosity::Normal,
        };
        let ui = Ui::new(verbosity, super::run::locale().as_deref());
        for note in &notes {
            ui.warning(note);
        }
        Ok(Self {
            sources,
            settings,
            ui,
            home: home(),
        })
    }

    /// The credentials for a server, with where they come from.
    pub(super) fn find(&self, server: &Server) -> Result<Option<(Credentials, Source)>, Error> {
        let mut warn = |warning: String| self.ui.warning(&warning);
        let found = credentials::find(
            server,
            &self.settings,
            &variable,
            self.home.as_deref(),
            &mut warn,
        );
        Ok(found?)
    }

    fn named(&self, host: Option<&str>) -> Result<Server, Error> {
        let Some(host) = host else {
            return Ok(self.settings.network.server.clone());
        };
        let app = std::env::var("WANDB_APP_URL").ok();
        Server::new(host, app.as_deref().filter(|app| !app.is_empty()))
            .map_err(|reason| Error::new(format!("--host: {reason}")).code(2))
    }

    fn netrc(&self) -> Result<PathBuf, Error> {
        netrc::path(&variable, self.home.as_deref()).ok_or_else(|| {
            Error::new("there is no place for the key: HOME is not set")
                .hint("set HOME, or NETRC to the path of the netrc file")
        })
    }

    fn report(&self, server: &Server, viewer: Option<&Viewer>) {
        let state = match viewer.filter(|viewer| !viewer.username.is_empty()) {
            None => "W&B API key is configured".to_owned(),
            Some(viewer) => {
                let entity = match self.settings.entity.as_str() {
                    "" => viewer.entity.as_str(),
                    entity => entity,
                };
                let team = viewer.teams.iter().any(|team| team == entity);
                let entity = if team && entity != viewer.username {
                    format!(" ({})", self.ui.name(entity))
                } else {
                    String::new()
                };
                format!(
                    "Currently logged in as: {}{entity} to {}",
                    self.ui.name(&viewer.username),
                    server.base()
                )
            }
        };
        let command = self.ui.code("`wandb-rs login --relogin`");
        self.ui
            .info(&format!("{state}. Use {command} to force relogin"));
    }
}

/// A client of the configured server with the user's credentials, and where they come from.
pub(super) fn connect(account: &Account) -> Result<(Arc<Api>, Source), Error> {
    let network = &account.settings.network;
    let Some((credentials, source)) = account.find(&network.server)? else {
        return Err(Error::new(format!(
            "no API key configured for {}",
            network.server.base()
        ))
        .hint("`wandb-rs login` stores one; WANDB_API_KEY works, too"));
    };
    let api = Api::new(
        network,
        Some(credentials),
        &account.settings.username,
        &account.settings.email,
    )
    .map_err(|reason| Error::new(format!("no connection can be made: {reason}")))?;
    Ok((Arc::new(api), source))
}

/// `wandb-rs login`.
pub fn login(args: &LoginArgs) -> Result<super::Exit, Error> {
    let account = Account::read()?;
    let ui = &account.ui;
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
    account.report(&server, viewer.as_ref());
    if host.is_some() {
        remember(&account, &server)?;
    }
    Ok(super::Exit::Code(0))
}

/// `wandb-rs logout`.
pub fn logout(args: &LogoutArgs) -> Result<(), Error> {
    let account = Account::read()?;
    let server = account.named(args.host.as_deref())?;
    let path = account.netrc()?;
    let file = NetrcFile::read(&path)?;
    // A key under the older name would be found in the other's stead.
    let machines = [Some(server.machine()), server.older_machine()];
    let mut text = file.text.clone();
    for machine in machines.into_iter().flatten() {
        if let Some(rest) = netrc::without(&text, machine) {
            account.ui.notice(&format!(
                "Removed the key for {machine} from your netrc file: {}",
                path.display()
            ));
            text = rest;
        }
    }
    if text == file.text {
        account.ui.notice(&format!(
            "There is no key for {} in your netrc file: {}",
            server.machine(),
            path.display()
        ));
    } else {
        file.write(&text)?;
    }
    if let Some((_, source)) = account.find(&server)? {
        account.ui.warning(&format!(
            "there are still credentials for {}, from {source}",
            server.base()
        ));
    }
    Ok(())
}

/// Asks the server whose credentials these are. The message of an error never holds the key.
pub fn verify(
    server: &Server,
    credentials: &Credentials,
    settings: &Settings,
) -> Result<Viewer, String> {
    let mut network = settings.network.clone();
    network.server = server.clone();
    // Somebody waits for the answer.
    network.graphql.retry_max = network.graphql.retry_max.min(2);
    if network.graphql.timeout == Network::default().graphql.timeout {
        network.graphql.timeout = Some(PATIENCE);
    }
    let failed = |message: String| {
        let message = match credentials {
            Credentials::ApiKey(key) => message.replace(key.expose(), "…"),
            Credentials::IdentityToken { .. } => message,
        };
        format!("Failed to authenticate with {}: {message}", server.base())
    };
    let api = Api::new(
        &network,
        Some(credentials.clone()),
        &settings.username,
        &settings.email,
    );
    let stop = Stop::default();
    let caller = Caller {
        stop: &stop,
        trouble: &|_| {},
    };
    match api.map_err(&failed)?.viewer(caller) {
        Ok(Some(viewer)) => Ok(viewer),
        Ok(None) => Err(failed(
            "invalid credentials: the server did not recognize an account for the configured credentials"
                .to_owned(),
        )),
        Err(
            ApiError::Status { message, status, .. }
        ) => Err(failed(format!("HTTP {status}: {message}"))),
        Err(ApiError::Refused { message, .. } | ApiError::Unreachable { message, .. }) => {
            Err(failed(message))
        }
        Err(error) => Err(failed(error.to_string())),
    }
}

/// Asks for a key until there is a good one. `None`: the user goes without.
pub(super) fn ask_key(
    account: &Account,
    server: &Server,
    check: bool,
    offer: Offer,
) -> Result<Option<(Secret, Option<Viewer>)>, NoAnswer> {
    const CREATE: &str = "Create a W&B account";
    const OFFLINE: &str = "Don't visualize my results";
    let ui = &account.ui;
    let mut options = vec!["Use an existing W&B account"];
    if offer.create {
        options.insert(0, CREATE);
    }
    if offer.offline {
        options.push(OFFLINE);
    }
    if !ui.can_ask() {
        return Err(NoAnswer::NoTerminal);
    }
    loop {
        let choice = options[ui.choose(&options)?];
        if choice == OFFLINE {
            return Ok(None);
        }
        let page = server.authorize_url(choice == CREATE);
        if choice == CREATE {
            ui.notice(&format!("Create an account here: {page}"));
            ui.notice("After creating your account, create a new API key and store it securely.");
        } else {
            if server.is_forge() {
                ui.notice(&format!(
                    "Logging into {}. (Learn how to deploy a W&B server locally: https://wandb.me/wandb-server)",
                    server.base()
                ));
            }
            ui.notice(&format!("Create a new API key at: {page}"));
            ui.notice("Store your API key securely and do not share it.");
        }
        let key = Secret::new(ui.ask_hidden("Paste your API key and hit enter: ")?.trim());
        let checked = check_key(key.expose()).and_then(|()| {
            let credentials = Credentials::ApiKey(key.clone());
            check
                .then(|| verify(server, &credentials, &account.settings))
                .transpose()
        });
        match checked {
            Ok(viewer) => return Ok(Some((key, viewer))),
            Err(problem) => ui.error(&format!("Invalid API key: {problem}")),
        }
    }
}

/// How a command ends that needs a key and got none.
pub(super) fn no_key(no_answer: NoAnswer) -> Result<super::Exit, Error> {
    match no_answer {
        NoAnswer::Interrupted => Ok(super::Exit::Signal(nix::libc::SIGINT)),
        NoAnswer::Closed => Err(Error::new("no API key was given")),
        NoAnswer::NoTerminal => Err(Error::new(
            "there is no API key, and no terminal to ask for one",
        )
        .hint("pipe the key in (`wandb-rs login < key.txt`), or set WANDB_API_KEY")),
    }
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

pub(super) fn store_key(account: &Account, server: &Server, key: &Secret) -> Result<(), Error> {
    let path = account.netrc()?;
    let ui = &account.ui;
    if !path.exists() {
        ui.notice("No netrc file found, creating one.");
    }
    let file = NetrcFile::read(&path)?;
    let text = netrc::with_key(&file.text, server.machine(), key.expose());
    ui.notice(&format!(
        "Appending key for {} to your netrc file: {}",
        server.machine(),
        path.display()
    ));
    file.write(&text)?;
    if let Err(error) = netrc::parse(&text) {
        ui.warning(&format!(
            "no key is found in {} until it is mended: {error}",
            path.display()
        ));
    }
    if variable("WANDB_API_KEY").is_some_and(|key| !key.is_empty()) {
        ui.warning("WANDB_API_KEY is set, and wins over the key that was stored");
    }
    if file.mode & 0o077 != 0 {
        ui.warning(&format!(
            "other users may read {}: `chmod 600` makes it yours alone",
            path.display()
        ));
    }
    Ok(())
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

/// A netrc file, with its bytes kept whatever they mean.
struct NetrcFile {
    path: PathBuf,
    text: String,
    utf8: bool,
    mode: u32,
}

impl NetrcFile {
    fn read(path: &Path) -> Result<Self, Error> {
        use std::os::unix::fs::PermissionsExt as _;
        let failed = |error: &std::io::Error| {
            Error::new(format!("{} cannot be read: {error}", path.display()))
                .hint("mend it, or set NETRC to the path of another netrc file")
        };
        let (bytes, mode) = match std::fs::read(path) {
            Ok(bytes) => {
                let metadata = std::fs::metadata(path).map_err(|error| failed(&error))?;
                (bytes, metadata.permissions().mode())
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => (Vec::new(), 0o600),
            Err(error) => return Err(failed(&error)),
        };
        let (text, utf8) = match String::from_utf8(bytes) {
            Ok(text) => (text, true),
            // An older character set: each byte is taken for one character, and written as it was.
            Err(error) => (
                error.into_bytes().into_iter().map(char::from).collect(),
                false,
            ),
        };
        Ok(Self {
            path: path.to_owned(),
            text,
            utf8,
            mode,
        })
    }

    fn write(&self, text: &str) -> Result<(), Error> {
        let bytes = if self.utf8 {
            text.as_bytes().to_vec()
        } else {
            text.chars().map(|c| c as u8).collect()
        };
        store::rewrite(&self.path, &bytes).map_err(|error| {
            Error::new(format!(
                "{} cannot be written: {error}",
                self.path.display()
            ))
            .hint("set WANDB_API_KEY, or NETRC to the path of another netrc file")
        })
    }
}

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

fn home() -> Option<PathBuf> {
    variable("HOME")
        .filter(|home| !home.is_empty())
        .map(PathBuf::from)
}
