//! Connections: how many there may be, and how long one may take to say what it wants.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

/// How long a client may take to agree on TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long the headers of a request may take, and the wait for the next request of a connection.
const HEADERS: Duration = Duration::from_secs(15);
/// The pause after a connection could not be taken: something must end first.
const PAUSE: Duration = Duration::from_millis(50);
/// The most connections at once; fewer where the process may not open as many files.
const CONNECTIONS: usize = 4096;

/// Answers requests until `closing`, and then those that are under way. More connections than there may be wait to be
/// taken.
pub(super) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    closing: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(connections()));
    let graceful = GracefulShutdown::new();
    let mut closing = std::pin::pin!(closing);
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            () = &mut closing => break,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        // Answers are small and waited for; without it they are only slower.
        let _ = stream.set_nodelay(true);
        let (router, watcher, tls) = (router.clone(), graceful.watcher(), tls.clone());
        tokio::spawn(async move {
            match tls {
                None => answer(stream, router, watcher).await,
                Some(tls) => {
                    let handshake = tokio::time::timeout(HANDSHAKE, tls.accept(stream));
                    if let Ok(Ok(stream)) = handshake.await {
                        answer(stream, router, watcher).await;
                    }
                }
            }
            drop(place);
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

/// Answers the requests of one connection.
async fn answer<S>(stream: S, router: Router, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    // A client that breaks off has its reasons.
    let _ = watcher.watch(connection).await;
}

/// How many connections there may be: each takes a descriptor, and files want some, too. The process takes as many
/// descriptors as it is allowed.
fn connections() -> usize {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        return CONNECTIONS / 8;
    };
    let wanted = hard.min(4 * CONNECTIONS as u64).max(soft);
    let soft = setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).map_or(soft, |()| wanted);
    usize::try_from(soft / 2)
        .unwrap_or(CONNECTIONS)
        .clamp(8, CONNECTIONS)
}
