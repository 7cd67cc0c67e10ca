//! `wandb-rs server`.

use std::fs::{self, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::unistd::Pid;

use super::background;
use crate::cli::server::{Action, BackupArgs, DataArgs, ServerArgs, StartArgs, UserAction};
use crate::error::Error;
use crate::server::data::{DataDir, VARIABLE};
use crate::server::{self, Bind, FirstKey, OpenError, ServeError, Server, Socket, Tls};

/// Carries the command out.
pub fn exec(args: &ServerArgs) -> Result<(), Error> {
    match &args.action {
        Action::Start(start) if start.foreground => serve(start),
        Action::Start(start) => launch(start),
        Action::Status(data) => status(data),
        Action::Stop(data) => stop(data),
        Action::User(UserAction::Add { name, data }) => add_key(
            &data_dir(data.data_dir.as_deref())?,
            name,
            server::Grant::NewUser,
        ),
        Action::User(UserAction::Key { name, revoke, data }) => {
            let grant = if *revoke {
                server::Grant::OnlyKey
            } else {
                server::Grant::FurtherKey
            };
            add_key(&data_dir(data.data_dir.as_deref())?, name, grant)
        }
        Action::Backup(backup) => back_up(backup),
    }
}

/// The server's data directory: the one that was named, or the user's own.
pub(super) fn data_dir(named: Option<&Path>) -> Result<DataDir, Error> {
    match named {
        Some(path) => Ok(DataDir::new(
            std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
        )),
        None => DataDir::default_of(|name| std::env::var(name).ok()).ok_or_else(|| {
            Error::new("there is no place for the server's data: HOME is not set")
                .hint(format!("name one with --data-dir DIR or {VARIABLE}"))
        }),
    }
}

fn bind_of(args: &StartArgs) -> Bind {
    let tls = args.tls_cert.clone().zip(args.tls_key.clone());
    Bind {
        host: args.host.clone(),
        port: args.port,
        tls: tls.map(|(certificate, key)| Tls { certificate, key }),
        allow_plain: args.allow_plain,
        public_url: args.public_url.clone(),
        hosts: args.allow_host.clone(),
    }
}

/// What the user is told of a server that cannot listen.
pub(super) fn cannot_listen(error: &ServeError) -> Error {
    let told = Error::new(error.to_string());
    match error {
        ServeError::Plain(_) => told.hint("give --tls-cert and --tls-key, or --allow-plain if the network is yours"),
        ServeError::Bind { source, .. } if source.kind() == std::io::ErrorKind::AddrInUse => {
            told.hint("another program listens there; `--port PORT` takes another port, `--port 0` any free one")
        }
        _ => told,
    }
}

/// The server itself, until a signal.
fn serve(args: &StartArgs) -> Result<(), Error> {
    let data = data_dir(args.data.data_dir.as_deref())?;
    let socket = Socket::bind(&bind_of(args)).map_err(|error| cannot_listen(&error))?;
    let user = first_user();
    let (server, first) = Server::open(data.clone(), &user).map_err(|error| match error {
        OpenError::Taken(_) => {
            Error::new(error.to_string()).hint("`wandb-rs server status` tells where")
        }
        other => Error::new(other.to_string()),
    })?;
    let listening = socket.for_server(&server);
    server
        .announce(listening.url())
        .map_err(|error| Error::new(format!("{}: {error}", data.path().display())))?;
    let told = welcome(&data, listening.url(), first.as_ref());
    let ran = listening.run(|_| background::say_and_let_go(told.as_bytes()));
    ran.map_err(|error| cannot_listen(&error))
}

fn welcome(data: &DataDir, url: &str, first: Option<&FirstKey>) -> String {
    let mut text = format!("wandb-rs server: {url}\nData: {}\n", data.path().display());
    if let Some(first) = first.filter(|first| first.is_new) {
        text.push_str(&format!(
            "API key of {}: {}\nIt is shown this once, and kept in {}\n",
            first.user,
            first.key,
            data.key_file().display()
        ));
        text.push_str("Use it with `wandb-rs login --local`, and to sign in to the pages.\n");
    }
    text
}

/// The first user's name: that of the account on this machine.
fn first_user() -> String {
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid())
        .ok()
        .flatten();
    let name = user.map(|user| user.name).unwrap_or_default();
    let plain = !name.is_empty()
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter));
    if plain { name } else { "user".to_owned() }
}

/// Starts the server in the background and waits until it answers.
fn launch(args: &StartArgs) -> Result<(), Error> {
    let data = data_dir(args.data.data_dir.as_deref())?;
    if let Some(running) = data.running() {
        return super::print(&format!("wandb-rs server runs already: {}\n", running.url));
    }
    let failed = |why: String| Error::new(format!("the server cannot be started: {why}"));
    data.create()
        .map_err(|error| failed(format!("{}: {error}", data.path().display())))?;
    let log = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(data.log())
        .map_err(|error| failed(format!("{}: {error}", data.log().display())))?;
    let before = log.metadata().map_or(0, |metadata| metadata.len());
    let program = std::env::current_exe().map_err(|error| failed(error.to_string()))?;
    let mut command = Command::new(program);
    command
        .args(["server", "start", "--foreground", "--host", &args.host])
        .args(["--port", &args.port.to_string()])
        .arg("--data-dir")
        .arg(data.path());
    for (option, file) in [("--tls-cert", &args.tls_cert), ("--tls-key", &args.tls_key)] {
        if let Some(file) = file {
            command
                .arg(option)
                .arg(std::path::absolute(file).unwrap_or_else(|_| file.clone()));
        }
    }
    if args.allow_plain {
        command.arg("--allow-plain");
    }
    if let Some(url) = &args.public_url {
        command.args(["--public-url", url]);
    }
    for host in &args.allow_host {
        command.args(["--allow-host", host]);
    }
    // Not ended with the terminal from which it was started.
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let mut told = String::new();
    if let Some(stdout) = &mut child.stdout {
        let _ = stdout.read_to_string(&mut told);
    }
    if told.is_empty() {
        let log = fs::read(data.log()).unwrap_or_default();
        let log = log.get(before as usize..).unwrap_or_default();
        let why = String::from_utf8_lossy(log);
        let why = why.trim().strip_prefix("wandb-rs: ").unwrap_or(why.trim());
        return Err(failed(why.to_owned()));
    }
    super::print(&told)
}

fn not_running(data: &DataDir) -> Error {
    Error::new(format!("no server runs on {}", data.path().display()))
        .hint("`wandb-rs server start` starts one")
}

fn status(args: &DataArgs) -> Result<(), Error> {
    let data = data_dir(args.data_dir.as_deref())?;
    let running = data.running().ok_or_else(|| not_running(&data))?;
    super::print(&format!(
        "running as process {}\nURL: {}\nData: {}\n",
        running.pid,
        running.url,
        data.path().display()
    ))
}

fn stop(args: &DataArgs) -> Result<(), Error> {
    let data = data_dir(args.data_dir.as_deref())?;
    let running = data.running().ok_or_else(|| not_running(&data))?;
    background::end(Pid::from_raw(running.pid), || Ok(data.running().is_some()))
}

fn add_key(data: &DataDir, name: &str, grant: server::Grant) -> Result<(), Error> {
    if !data.has_server() {
        return Err(
            Error::new(format!("{} holds no server's data", data.path().display()))
                .hint("`wandb-rs server start` makes it"),
        );
    }
    let key = server::add_key(data, name, grant).map_err(Error::new)?;
    super::print(&format!("{key}\n"))
}

fn back_up(args: &BackupArgs) -> Result<(), Error> {
    let data = data_dir(args.data.data_dir.as_deref())?;
    let target = std::path::absolute(&args.target).unwrap_or_else(|_| args.target.clone());
    server::backup::run(&data, &target).map_err(|reason| {
        Error::new(format!(
            "the backup to {} failed: {reason}",
            target.display()
        ))
    })
}
