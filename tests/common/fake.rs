//! A W&B server for tests, in this process: it keeps what it is sent, checks the protocol, and can fail in every way.
//!
//! ```ignore
//! let server = FakeWandb::start();
//! server.configure(&mut env);                          // WANDB_BASE_URL and WANDB_API_KEY
//! server.faults(|request| match request.attempt {
//!     1 if request.is_stream() => Fault::status(429).header("Retry-After", "0.05"),
//!     _ => Fault::None,
//! });
//! …
//! assert_eq!(server.run("fake-user", "project", "id").history.len(), 3);
//! ```
//!
//! **Semantics.** `POST /graphql` dispatches on the operation's name and answers what the document selects, no more;
//! variables may stand flat or inside `input`. An operation that it does not know is answered with HTTP 200 and an
//! error, as the service does. `UpsertBucket` makes or changes a run, null changes nothing. `file_stream` replaces
//! lines from an offset on and appends, so that a repeated request changes nothing; of the summary the last line
//! counts. Files go to signed URLs below `/storage/` on the same port, which must get the headers that were told and
//! no credentials. An artifact is committed if its manifest came, all bytes that it names are there and the digests
//! agree.
//!
//! **Violations.** What the real service would refuse or misunderstand is noted: credentials on a storage URL, a body
//! without a length, a gap in offsets, lines and requests over the caps, data after `complete`, files that were not
//! asked for, wrong digests, unknown fields, invalid documents. When the server is dropped and there were any, the
//! test fails, unless it called [`FakeWandb::allow_violations`].
//!
//! **Faults.** A plan says for each request what happens to it ([`Fault`]). It is asked when the head has been read
//! (for GraphQL: the body too, where the operation's name stands). The checks of the protocol hold for all requests
//! that are applied, whatever becomes of the answer. [`FakeWandb::pause`] closes the port and all connections,
//! [`FakeWandb::resume`] opens the same port again.
//!
//! Each connection has a thread of its own and is kept alive. Nothing sleeps beyond what a fault asks for.

use std::collections::HashMap;
use std::io::BufReader;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sys::socket::{self, Backlog};

use super::TestEnv;
use state::State;

mod artifact_files;
mod artifacts;
mod connection;
mod document;
mod faults;
mod graphql;
mod http;
mod runs;
mod state;
mod storage;
mod stream;
mod tests;

pub(crate) use faults::{Fault, Gate, RequestKind, RequestView, random_faults};
pub(crate) use state::{Alert, ArtifactView, DEFAULT_ENTITY, RunPath, RunView, UsedArtifact};
pub(crate) use stream::{MAX_LINE_BYTES, MAX_REQUEST_BYTES};

/// The one key that is accepted.
const API_KEY: &str = "fa4e0123456789abcdeffa4e0123456789abcdef";

/// A running server; it stops when dropped.
pub(crate) struct FakeWandb {
    shared: Arc<Shared>,
    /// Keeps the port, also while it does not listen.
    listener: Arc<TcpListener>,
    /// Accepts connections; `None` during a pause.
    acceptor: Mutex<Option<JoinHandle<()>>>,
    violations_allowed: AtomicBool,
}

/// A request that was received.
#[derive(Debug, Clone)]
pub(crate) struct RequestLog {
    pub(crate) method: String,
    /// Path and query, as sent.
    pub(crate) path: String,
    pub(crate) kind: RequestKind,
    /// The GraphQL operation, `file_stream`, `upload NAME`, or method and path.
    pub(crate) operation: String,
    /// The status that was sent; `None` if none was, or none yet.
    pub(crate) status: Option<u16>,
    /// The body as far as it was read.
    pub(crate) body: Arc<Vec<u8>>,
    pub(crate) headers: Vec<(String, String)>,
}

impl RequestLog {
    /// The body as JSON; null if it is none.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The value of a header, whatever the case of its name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        http::find(&self.headers, name)
    }

    /// Whether a text stands anywhere in the request.
    pub(crate) fn contains(&self, text: &str) -> bool {
        self.path.contains(text)
            || self.headers.iter().any(|(_, value)| value.contains(text))
            || memchr::memmem::find(&self.body, text.as_bytes()).is_some()
    }
}

type Plan = Box<dyn FnMut(&RequestView) -> Fault + Send>;

/// What the threads of all connections share.
struct Shared {
    address: SocketAddr,
    state: Mutex<State>,
    plan: Mutex<(Plan, HashMap<RequestKind, u32>, u32)>,
    log: Mutex<Vec<RequestLog>>,
    latency: Mutex<Duration>,
    /// Whether the server is to stop; waits end then.
    over: (Mutex<bool>, Condvar),
    connections: Mutex<Vec<(Weak<TcpStream>, JoinHandle<()>)>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FakeWandb {
    /// Starts a server on a free port of 127.0.0.1.
    pub(crate) fn start() -> Self {
        let listener = listen();
        let address = listener.local_addr().unwrap();
        let server = Self {
            shared: Arc::new(Shared {
                address,
                state: Mutex::new(State::new(format!("http://{address}"))),
                plan: Mutex::new((Box::new(|_| Fault::None), HashMap::new(), 0)),
                log: Mutex::default(),
                latency: Mutex::default(),
                over: (Mutex::new(false), Condvar::new()),
                connections: Mutex::default(),
            }),
            listener: Arc::new(listener),
            acceptor: Mutex::new(None),
            violations_allowed: AtomicBool::new(false),
        };
        server.accept();
        server
    }

    /// The base URL, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    /// The key that requests must carry.
    #[expect(clippy::unused_self, reason = "the key is this server's")]
    pub(crate) fn api_key(&self) -> &'static str {
        API_KEY
    }

    /// Sets server and key for all programs of a test.
    pub(crate) fn configure(&self, env: &mut TestEnv) {
        env.set("WANDB_BASE_URL", self.url());
        env.set("WANDB_API_KEY", self.api_key());
    }

    /// Says for all requests from now on what happens to them; attempts and counts begin anew.
    pub(crate) fn faults(&self, plan: impl FnMut(&RequestView) -> Fault + Send + 'static) {
        *lock(&self.shared.plan) = (Box::new(plan), HashMap::new(), 0);
    }

    /// How long each answer takes at least.
    pub(crate) fn latency(&self, latency: Duration) {
        *lock(&self.shared.latency) = latency;
    }

    /// Sets the features that are on; at first `STRUCTURED_CONSOLE_LOGS` is.
    pub(crate) fn features(&self, names: &[&str]) {
        self.state().features = names.iter().map(|&name| name.to_owned()).collect();
    }

    /// Sets whether the answers of a run's stream tell it to stop.
    pub(crate) fn set_stopped(&self, entity: &str, project: &str, id: &str, stopped: bool) {
        let path = (entity.to_owned(), project.to_owned(), id.to_owned());
        let mut state = self.state();
        let run = state.runs.get_mut(&path);
        run.unwrap_or_else(|| panic!("there is no run {path:?}"))
            .stopped = stopped;
    }

    /// Changes what the server has of a run, as nothing that clients send does.
    pub(crate) fn tamper(
        &self,
        (entity, project, id): (&str, &str, &str),
        change: impl FnOnce(&mut RunView),
    ) {
        let path = (entity.to_owned(), project.to_owned(), id.to_owned());
        let mut state = self.state();
        let run = state.runs.get_mut(&path);
        change(run.unwrap_or_else(|| panic!("there is no run {path:?}")));
    }

    /// Forgets a run, as if it had been deleted.
    pub(crate) fn forget(&self, (entity, project, id): (&str, &str, &str)) {
        let path = (entity.to_owned(), project.to_owned(), id.to_owned());
        self.state().runs.remove(&path);
    }

    /// A run as it stands now; one that is not there fails the test.
    pub(crate) fn run(&self, entity: &str, project: &str, id: &str) -> RunView {
        self.find_run(entity, project, id)
            .unwrap_or_else(|| panic!("no run {entity}/{project}/{id} in {:?}", self.runs()))
    }

    /// A run as it stands now, if it is there.
    pub(crate) fn find_run(&self, entity: &str, project: &str, id: &str) -> Option<RunView> {
        self.state()
            .view(&(entity.to_owned(), project.to_owned(), id.to_owned()))
    }

    /// The one run that there is.
    pub(crate) fn only_run(&self) -> RunView {
        let runs = self.runs();
        let [(entity, project, id)] = &runs[..] else {
            panic!("not one run: {runs:?}");
        };
        self.run(entity, project, id)
    }

    /// All runs, sorted.
    pub(crate) fn runs(&self) -> Vec<RunPath> {
        self.state().runs.keys().cloned().collect()
    }

    /// All artifacts, in order of their making.
    pub(crate) fn artifacts(&self) -> Vec<ArtifactView> {
        self.state().artifacts.clone()
    }

    /// All requests so far, in order of their coming.
    pub(crate) fn requests(&self) -> Vec<RequestLog> {
        lock(&self.shared.log).clone()
    }

    /// The operations of all requests so far.
    pub(crate) fn operations(&self) -> Vec<String> {
        lock(&self.shared.log)
            .iter()
            .map(|request| request.operation.clone())
            .collect()
    }

    /// What broke the protocol so far.
    pub(crate) fn violations(&self) -> Vec<String> {
        self.state().violations.clone()
    }

    /// Lets the test end well in spite of violations.
    pub(crate) fn allow_violations(&self) {
        self.violations_allowed.store(true, Ordering::SeqCst);
    }

    /// Closes the port and all connections: who connects now is refused.
    pub(crate) fn pause(&self) {
        if let Some(acceptor) = lock(&self.acceptor).take() {
            // This ends the wait in `accept`, and keeps the port.
            socket::shutdown(self.listener.as_raw_fd(), socket::Shutdown::Both).unwrap();
            acceptor.join().unwrap();
        }
        for (stream, _) in &*lock(&self.shared.connections) {
            if let Some(stream) = stream.upgrade() {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
    }

    /// Opens the port again.
    pub(crate) fn resume(&self) {
        if lock(&self.acceptor).is_none() {
            socket::listen(&self.listener, Backlog::MAXCONN).unwrap();
            self.accept();
        }
    }

    fn accept(&self) {
        let (shared, listener) = (Arc::clone(&self.shared), Arc::clone(&self.listener));
        let thread = std::thread::spawn(move || accept(&shared, &listener));
        *lock(&self.acceptor) = Some(thread);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.shared.state)
    }
}

/// Listens on a free port, which is named when it is bound: the system keeps such a port for its socket during a
/// pause too, unlike one that it chose itself.
fn listen() -> TcpListener {
    loop {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|chosen| chosen.local_addr());
        if let Ok(listener) = TcpListener::bind(free.unwrap()) {
            return listener;
        }
    }
}

fn accept(shared: &Arc<Shared>, listener: &TcpListener) {
    // The only error is that a pause has begun.
    while let Ok((stream, _)) = listener.accept() {
        let _ = stream.set_nodelay(true);
        let stream = Arc::new(stream);
        let (weak, shared_too) = (Arc::downgrade(&stream), Arc::clone(shared));
        // The thread holds the only reference, so that the socket closes when it ends, as a reset must.
        let thread = std::thread::spawn(move || {
            connection::serve(&shared_too, &stream, &mut BufReader::new(&*stream));
        });
        lock(&shared.connections).push((weak, thread));
    }
}

impl Drop for FakeWandb {
    fn drop(&mut self) {
        let (over, changed) = &self.shared.over;
        *lock(over) = true;
        changed.notify_all();
        self.pause();
        let connections = std::mem::take(&mut *lock(&self.shared.connections));
        let mut panicked = false;
        for (_, thread) in connections {
            panicked |= thread.join().is_err();
        }
        if std::thread::panicking() {
            return;
        }
        assert!(!panicked, "a thread of the fake server panicked, see above");
        let violations = self.violations();
        assert!(
            violations.is_empty() || self.violations_allowed.load(Ordering::SeqCst),
            "the protocol was broken:\n{}",
            violations.join("\n")
        );
    }
}
