//! The user: which credentials there are, whether they hold, and how a key is asked for and stored.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::api::runs::Viewer;
use crate::api::{Api, ApiError, Caller, Stop};
use crate::cmd::netrc_file::NetrcFile;
use crate::cmd::sources::{Sources, current_dir};
use crate::error::Error;
use crate::output::Ui;
use crate::output::prompt::NoAnswer;
use crate::server::data::DataDir;
use crate::settings::credentials::{
    self, Credentials, CredentialsError, Secret, Source, check_key,
};
use crate::settings::network::Network;
use crate::settings::server::{self, Server};
use crate::settings::{Settings, netrc};

/// How long an answer about a key may take, unless the user has set another limit.
const PATIENCE: Duration = Duration::from_secs(10);

/// The user, as far as settings and environment tell.
pub(super) struct Account {
    pub(super) sources: Sources,
    pub(super) settings: Settings,
    pub(super) ui: Ui,
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
        let ui = super::ui(&settings);
        for note in &notes {
            ui.warning(note);
        }
        Ok(Self {
            sources,
            settings,
            ui,
        })
    }

    /// The credentials for a server, with where they come from.
    pub(super) fn find(&self, server: &Server) -> Result<Option<(Credentials, Source)>, Error> {
        let mut warn = |warning: String| self.ui.warning(&warning);
        Ok(credentials(server, &self.settings, &mut warn)?)
    }

    /// The server that the command line names, else the one of the settings.
    pub(super) fn named(&self, host: Option<&str>) -> Result<Server, Error> {
        let Some(host) = host else {
            return Ok(self.settings.network.server.clone());
        };
        let app = std::env::var("WANDB_APP_URL").ok();
        Server::new(host, app.as_deref().filter(|app| !app.is_empty()))
            .map_err(|reason| Error::new(format!("--host: {reason}")).code(2))
    }
}

/// Where the netrc file is, or is to be made.
pub(super) fn netrc_path() -> Result<PathBuf, Error> {
    netrc::path(&variable, home().as_deref()).ok_or_else(|| {
        Error::new("there is no place for the key: HOME is not set")
            .hint("set HOME, or NETRC to the path of the netrc file")
    })
}

/// The credentials for a server in the environment and the files of this user; `warn` hears what is wrong with those.
pub(super) fn credentials(
    server: &Server,
    settings: &Settings,
    warn: &mut dyn FnMut(String),
) -> Result<Option<(Credentials, Source)>, CredentialsError> {
    credentials::find(server, settings, &variable, home().as_deref(), warn)
}

/// The server that `wandb-rs server start` has started, with its key, if no server was chosen and there is no key for the
/// default one. `network` is then that server's.
pub(super) fn local_server(network: &Network) -> Option<(Network, Credentials, Source)> {
    if network.server.base() != server::DEFAULT {
        return None;
    }
    let data = DataDir::default_of(|name| std::env::var(name).ok())?;
    let running = data.running()?;
    let key = data.key().filter(|key| check_key(key).is_ok())?;
    let mut network = network.clone();
    network.server = Server::new(&running.url, None).ok()?;
    let source = Source::LocalServer(data.key_file());
    Some((network, Credentials::ApiKey(Secret::new(&key)), source))
}

/// A client of the configured server with the user's credentials, and where they come from.
pub(super) fn connect(account: &Account) -> Result<(Arc<Api>, Source), Error> {
    let network = &account.settings.network;
    let found = account.find(&network.server)?;
    let found = found.map(|(credentials, source)| (network.clone(), credentials, source));
    let Some((network, credentials, source)) = found.or_else(|| local_server(network)) else {
        return Err(Error::new(format!(
            "no API key configured for {}",
            network.server.base()
        ))
        .hint("`wandb-rs login` stores one; WANDB_API_KEY works, too"));
    };
    let api = Api::new(
        &network,
        Some(credentials),
        &account.settings.username,
        &account.settings.email,
    )
    .map_err(|reason| Error::new(format!("no connection can be made: {reason}")))?;
    Ok((Arc::new(api), source))
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
    let caller = Caller::new(&stop, &|_| {});
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

/// Puts a key into the netrc file, and says so.
pub(super) fn store_key(account: &Account, server: &Server, key: &Secret) -> Result<(), Error> {
    let path = netrc_path()?;
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

/// A variable of this process.
pub(super) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

fn home() -> Option<PathBuf> {
    variable("HOME")
        .filter(|home| !home.is_empty())
        .map(PathBuf::from)
}
