//! Listening: addresses, TLS, and the end.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener as StdListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::access::Access;
use super::{App, connections, router};
use crate::server::Server;
use crate::server::source::Source;
use crate::sys;
use crate::tls;
use crate::wire::hex;

/// How often the store is looked after.
const MAINTENANCE: Duration = Duration::from_secs(10);
/// How long requests may take that are under way when the server ends.
const GRACE: Duration = Duration::from_secs(5);

/// Where to listen.
#[derive(Debug, Clone)]
pub struct Bind {
    pub host: String,
    /// 0 takes any free port.
    pub port: u16,
    pub tls: Option<Tls>,
    /// Listen without TLS where others can listen in, too.
    pub allow_plain: bool,
    /// The address under which others reach the server, through a proxy for example.
    pub public_url: Option<String>,
    /// Further names under which the server is reached.
    pub hosts: Vec<String>,
}

/// Certificate and key, each a PEM file.
#[derive(Debug, Clone)]
pub struct Tls {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Why the server cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("cannot listen on {address}: {source}")]
    Bind { address: String, source: io::Error },
    #[error(
        "{0} can be reached from other machines, and keys and data would cross the network in the open"
    )]
    Plain(String),
    #[error("{0} is not an address of this machine")]
    Host(String),
    #[error("{path}: {reason}")]
    Tls { path: String, reason: String },
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// An address that is taken, and nobody answers yet.
pub struct Socket {
    listener: StdListener,
    tls: Option<TlsAcceptor>,
    access: Access,
    url: String,
}

/// A server that can begin to answer.
pub struct Listening {
    socket: Socket,
    app: App,
}

impl Socket {
    /// Takes the address.
    pub fn bind(bind: &Bind) -> Result<Self, ServeError> {
        let address = address_of(&bind.host, bind.port)?;
        if !address.ip().is_loopback() && bind.tls.is_none() && !bind.allow_plain {
            return Err(ServeError::Plain(bind.host.clone()));
        }
        let tls = bind.tls.as_ref().map(acceptor).transpose()?;
        let failed = |source| ServeError::Bind {
            address: address.to_string(),
            source,
        };
        let listener = StdListener::bind(address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let shown = match address.ip() {
            ip if ip.is_unspecified() => "localhost".to_owned(),
            IpAddr::V6(ip) => format!("[{ip}]"),
            IpAddr::V4(_) => bind.host.clone(),
        };
        let public_url = bind
            .public_url
            .as_deref()
            .map(|url| url.trim_end_matches('/').to_owned());
        let url = public_url
            .clone()
            .unwrap_or_else(|| format!("{scheme}://{shown}:{port}"));
        let mut hosts = bind.hosts.clone();
        hosts.push(bind.host.clone());
        hosts.extend(public_url.as_deref().and_then(host_of_url));
        hosts.extend(
            nix::unistd::gethostname()
                .ok()
                .and_then(|name| name.into_string().ok()),
        );
        let access = Access {
            hosts,
            public_url,
            scheme,
            token: None,
            cookie: "wandb_rs_session".to_owned(),
        };
        Ok(Self {
            listener,
            tls,
            access,
            url,
        })
    }

    /// Answers for a store.
    pub fn for_server(self, server: &Arc<Server>) -> Listening {
        self.listening(
            Arc::clone(server) as Arc<dyn Source>,
            Some(Arc::clone(server)),
        )
    }

    /// Answers with pages over something else, which whoever has the printed address may read.
    pub(crate) fn for_source(mut self, source: Arc<dyn Source>) -> Listening {
        self.access.token = Some(hex::encode(&sys::random::<24>()));
        let port = self.listener.local_addr().map_or(0, |own| own.port());
        self.access.cookie = format!("wandb_rs_ui_{port}");
        self.listening(source, None)
    }

    fn listening(mut self, source: Arc<dyn Source>, server: Option<Arc<Server>>) -> Listening {
        let access = std::mem::take(&mut self.access);
        Listening {
            socket: self,
            app: App {
                source,
                server,
                access,
            },
        }
    }
}

impl Listening {
    /// The address of the pages and the API; no `/` at its end.
    pub fn url(&self) -> &str {
        &self.socket.url
    }

    /// The address at which a browser may begin without signing in, where there is such a one.
    pub fn enter_url(&self) -> Option<String> {
        let token = self.app.access.token.as_ref()?;
        Some(format!("{}/-/enter?token={token}", self.socket.url))
    }

    /// Answers until SIGTERM or SIGINT comes. `ready` is called once requests are answered.
    pub fn run(self, ready: impl FnOnce(&str)) -> Result<(), ServeError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(16)
            .thread_name("server")
            .enable_all()
            .build()?;
        let Socket {
            listener, tls, url, ..
        } = self.socket;
        let app = Arc::new(self.app);
        let result = runtime.block_on(async move {
            let listener = TcpListener::from_std(listener)?;
            let mut terminate = signal(SignalKind::terminate())?;
            let mut interrupt = signal(SignalKind::interrupt())?;
            if let Some(server) = app.server.clone() {
                tokio::spawn(maintain(server));
            }
            let (end, mut ended) = watch::channel(());
            tokio::spawn(async move {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                let _ = end.send(());
            });
            let mut late = ended.clone();
            let closing = async move {
                let _ = ended.changed().await;
            };
            // Streams of changes never end by themselves.
            let too_late = async move {
                let _ = late.changed().await;
                tokio::time::sleep(GRACE).await;
            };
            let router = router(app);
            ready(&url);
            let serving = connections::serve(listener, tls, router, closing);
            tokio::select! {
                () = serving => {}
                () = too_late => {}
            }
            Ok::<_, io::Error>(())
        });
        runtime.shutdown_timeout(GRACE);
        Ok(result?)
    }
}

async fn maintain(server: Arc<Server>) {
    let mut told = false;
    let first = Arc::clone(&server);
    if let Err(failure) = super::blocking(move || first.collect_garbage()).await {
        complain(&failure.to_string());
    }
    loop {
        tokio::time::sleep(MAINTENANCE).await;
        let server = Arc::clone(&server);
        let done = super::blocking(move || server.maintain()).await;
        match done {
            Ok(()) => told = false,
            Err(failure) if !told => {
                told = true;
                complain(&failure.to_string());
            }
            Err(_) => {}
        }
    }
}

/// Tells the log of the server what is wrong, once.
#[expect(clippy::print_stderr, reason = "the server's stderr is its log")]
fn complain(text: &str) {
    eprintln!("wandb-rs server: {text}");
}

fn address_of(host: &str, port: u16) -> Result<SocketAddr, ServeError> {
    if let Ok(ip) = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>()
    {
        return Ok(SocketAddr::new(ip, port));
    }
    let found = std::net::ToSocketAddrs::to_socket_addrs(&(host, port)).ok();
    // `localhost` first stands for ::1 on some machines; official clients try 127.0.0.1 as well, but not the other way.
    let found: Vec<SocketAddr> = found.into_iter().flatten().collect();
    let best = found
        .iter()
        .find(|address| address.is_ipv4())
        .or(found.first());
    best.copied()
        .ok_or_else(|| ServeError::Host(host.to_owned()))
}

fn host_of_url(url: &str) -> Option<String> {
    let url = reqwest::Url::parse(url).ok()?;
    url.host_str().map(str::to_owned)
}

fn acceptor(tls: &Tls) -> Result<TlsAcceptor, ServeError> {
    let failed = |path: &Path, reason: String| ServeError::Tls {
        path: path.display().to_string(),
        reason,
    };
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_file_iter(&tls.certificate)
        .map_err(|error| failed(&tls.certificate, error.to_string()))?
        .collect();
    let certificates = certificates.map_err(|error| failed(&tls.certificate, error.to_string()))?;
    if certificates.is_empty() {
        return Err(failed(
            &tls.certificate,
            "it holds no certificate in PEM form".to_owned(),
        ));
    }
    let key = PrivateKeyDer::from_pem_file(&tls.key)
        .map_err(|error| failed(&tls.key, error.to_string()))?;
    let config = tls::server()
        .with_single_cert(certificates, key)
        .map_err(|error| failed(&tls.key, error.to_string()))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_addresses_or_names_of_this_machine() {
        assert_eq!(
            address_of("127.0.0.1", 80).unwrap(),
            "127.0.0.1:80".parse().unwrap()
        );
        assert_eq!(
            address_of("[::1]", 80).unwrap(),
            "[::1]:80".parse().unwrap()
        );
        assert!(address_of("localhost", 80).unwrap().ip().is_loopback());
        assert!(address_of("no such host", 80).is_err());
    }
}
