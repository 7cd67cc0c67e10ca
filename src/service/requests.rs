//! What scripts want of the server: `wandb.Api()`, `wandb.login()`, `use_artifact()`.
//!
//! Requests are carried out beside the connections by a few threads, each with its own answer, so that a slow server holds
//! up nothing that is recorded. Each connection of the SDK begins connections to servers of its own (`api_init`), with the
//! settings that name the server and the key. Source: `core/internal/wbapi` of the official repository.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use crate::api::scripts::ScriptAccount;
use crate::api::{Api, ApiError, Caller, Stop};
use crate::peer::Peer;
use crate::wire::sdk::api::{ApiErrorResponse, ApiInit, ApiRequest, Given, Wanted};
use crate::wire::sdk::{self, Answer};

mod account;
mod graphql;
mod history;
mod projects;

/// Threads that carry out requests, at most, and those of them that work for one client.
const WORKERS: usize = 32;
const FOR_ONE: usize = 10;
/// How long a thread waits for the next request before it ends.
const IDLE: Duration = Duration::from_secs(10);
/// Connections to servers that one connection of the SDK may begin; the oldest is given up for the next.
const SESSIONS: usize = 256;
/// Requests of one connection that may wait.
const WAITING: usize = 4096;

/// The wrapper's own way to the server.
pub struct Own {
    pub api: Arc<Api>,
    /// Entity of the wrapper's run, for a server that does not answer at once; may be empty.
    pub entity: String,
}

/// Where scripts leave their requests.
#[derive(Clone)]
pub(super) struct Desk(Arc<Shared>);

struct Shared {
    own: Option<Own>,
    ca_bundle: Option<PathBuf>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    sessions: Vec<(Weak<Peer>, String, Arc<Session>)>,
    begun: u64,
    waiting: VecDeque<Job>,
    /// Requests that are being carried out.
    active: Vec<(Weak<Peer>, String, Stop)>,
    workers: usize,
    idle: usize,
    closed: bool,
}

/// A connection to a server.
pub(super) struct Session {
    /// Why there is none, if so.
    api: Result<Arc<Api>, String>,
    /// It is the wrapper's own: whose entity answers for a server that does not.
    own: Option<String>,
    history: history::Readers,
}

struct Job {
    peer: Arc<Peer>,
    id: String,
    session: Option<Arc<Session>>,
    request: Box<ApiRequest>,
}

/// The process that asks; 0 if it is not known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Script(i32);

impl Script {
    /// A path as the script means it: relative ones count from where the script is, not from where we are.
    fn path(self, path: &str) -> Result<PathBuf, Refused> {
        let path = PathBuf::from(path);
        if path.is_absolute() {
            return Ok(path);
        }
        let directory = std::fs::read_link(format!("/proc/{}/cwd", self.0)).map_err(|_| {
            Refused::new(format!(
                "{}: it is not known where the script is; name an absolute path",
                path.display()
            ))
        })?;
        Ok(directory.join(path))
    }
}

/// Why a request was not carried out, as the SDK is told.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    message: String,
    /// Of the server's answer; 0 if there was none.
    status: u16,
    /// `ErrorType`, if the kind of error matters.
    kind: Option<i32>,
}

impl Refused {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            status: 0,
            kind: None,
        }
    }
}

impl From<ApiError> for Refused {
    /// The SDK shows the message, or looks for words of the server in it: what was asked is not repeated.
    fn from(error: ApiError) -> Self {
        let status = error.status().unwrap_or(0);
        let message = match error {
            ApiError::Status { message, .. } | ApiError::Refused { message, .. } => message,
            other => other.to_string(),
        };
        Self {
            status,
            ..Self::new(message)
        }
    }
}

impl From<Refused> for Given {
    fn from(refused: Refused) -> Self {
        Self::Error(ApiErrorResponse {
            message: refused.message,
            error_type: refused.kind,
            http_status: refused.status.into(),
        })
    }
}

impl Desk {
    /// A desk; `ca_bundle` is a file of authorities that are trusted besides the system's.
    pub(super) fn new(own: Option<Own>, ca_bundle: Option<PathBuf>) -> Self {
        Self(Arc::new(Shared {
            own,
            ca_bundle,
            state: Mutex::default(),
            changed: Condvar::new(),
        }))
    }

    /// Begins a connection to the server that the settings name.
    pub(super) fn begin(&self, id: &str, init: &ApiInit, peer: &Arc<Peer>) {
        let shared = &self.0;
        let settings = init.settings.clone().unwrap_or_default();
        let answer = match ScriptAccount::new(&settings, shared.ca_bundle.clone()) {
            Err(reason) => Err(reason),
            Ok(account) => {
                // Made without the lock: others must not wait for a client that is being built.
                let session = Arc::new(Session::new(&account, shared.own.as_ref()));
                let mut state = shared.lock();
                state.begun += 1;
                let api_id = format!("api-{}", state.begun);
                let peer = Arc::downgrade(peer);
                let mut own = state
                    .sessions
                    .iter()
                    .enumerate()
                    .filter(|(_, (other, ..))| Weak::ptr_eq(other, &peer))
                    .map(|(place, _)| place);
                let oldest = own.next().filter(|_| own.count() + 1 >= SESSIONS);
                let given_up = oldest.map(|oldest| state.sessions.remove(oldest));
                state.sessions.push((peer, api_id.clone(), session));
                drop(state);
                drop(given_up);
                Ok(api_id)
            }
        };
        if !id.is_empty() {
            peer.send(sdk::answer(id, Answer::ApiBegun(answer)));
        }
    }

    /// A connection to a server is not needed any more.
    pub(super) fn end(&self, api_id: &str, peer: &Arc<Peer>) {
        let peer = Arc::downgrade(peer);
        let mut state = self.0.lock();
        let gone = state
            .sessions
            .extract_if(.., |(other, id, _)| {
                Weak::ptr_eq(other, &peer) && id == api_id
            })
            .collect::<Vec<_>>();
        // A client that goes waits for its threads: not under the lock.
        drop(state);
        drop(gone);
    }

    /// A client has gone: nobody waits for its answers.
    pub(super) fn leave(&self, peer: &Arc<Peer>) {
        let gone = Arc::downgrade(peer);
        let mut state = self.0.lock();
        let sessions = state
            .sessions
            .extract_if(.., |(other, ..)| Weak::ptr_eq(other, &gone))
            .collect::<Vec<_>>();
        state.waiting.retain(|job| !Arc::ptr_eq(&job.peer, peer));
        for (other, _, stop) in &state.active {
            if Weak::ptr_eq(other, &gone) {
                stop.stop();
            }
        }
        drop(state);
        drop(sessions);
    }

    /// The answer to a request is not waited for any more.
    pub(super) fn cancel(&self, id: &str, peer: &Arc<Peer>) {
        let by = Arc::downgrade(peer);
        let mut state = self.0.lock();
        state
            .waiting
            .retain(|job| !(Arc::ptr_eq(&job.peer, peer) && job.id == id));
        for (other, active, stop) in &state.active {
            if Weak::ptr_eq(other, &by) && active == id {
                stop.stop();
            }
        }
    }

    /// Carries a request out, some time.
    pub(super) fn ask(&self, id: String, request: Box<ApiRequest>, peer: &Arc<Peer>) {
        let by = Arc::downgrade(peer);
        let mut state = self.0.lock();
        let session = state
            .sessions
            .iter()
            .find(|(other, api_id, _)| Weak::ptr_eq(other, &by) && *api_id == request.api_id)
            .map(|(.., session)| Arc::clone(session));
        let job = Job {
            peer: Arc::clone(peer),
            id,
            session,
            request,
        };
        let waits = state
            .waiting
            .iter()
            .filter(|job| Arc::ptr_eq(&job.peer, peer));
        if state.closed || waits.count() >= WAITING {
            drop(state);
            return job.refuse("wandb-rs does not take requests any more: the run is ending");
        }
        state.waiting.push_back(job);
        let needed = state.waiting.len() > state.idle && state.workers < WORKERS;
        if !needed {
            drop(state);
            return self.0.changed.notify_one();
        }
        state.workers += 1;
        drop(state);
        let shared = Arc::clone(&self.0);
        let started = std::thread::Builder::new()
            .name("request".to_owned())
            .stack_size(2 << 20)
            .spawn(move || shared.work());
        if started.is_err() {
            let mut state = self.0.lock();
            state.workers -= 1;
            // Another thread will come to it; without one nobody would.
            if state.workers == 0 {
                let waiting = std::mem::take(&mut state.waiting);
                drop(state);
                for job in waiting {
                    job.refuse("wandb-rs cannot start a thread for requests");
                }
            }
        }
    }

    /// Takes no more requests, and gives up those that are waiting or under way.
    pub(super) fn close(&self) {
        let mut state = self.0.lock();
        state.closed = true;
        for (.., stop) in &state.active {
            stop.stop();
        }
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        self.0.changed.notify_all();
        for job in waiting {
            job.refuse("the run has ended");
        }
    }
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Desk")
    }
}

impl State {
    /// The next request that may be carried out: no client keeps all others waiting.
    fn next_place(&self) -> Option<usize> {
        self.waiting.iter().position(|job| {
            let by = Arc::downgrade(&job.peer);
            let active = self.active.iter();
            active
                .filter(|(other, ..)| Weak::ptr_eq(other, &by))
                .count()
                < FOR_ONE
        })
    }

    fn next(&mut self) -> Option<Job> {
        let place = self.next_place()?;
        self.waiting.remove(place)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The life of a thread: request after request.
    fn work(&self) {
        let mut state = self.lock();
        loop {
            let Some(job) = state.next() else {
                if state.closed {
                    break;
                }
                state.idle += 1;
                let waited = self.changed.wait_timeout(state, IDLE);
                let timed_out;
                (state, timed_out) = match waited {
                    Ok((state, timeout)) => (state, timeout.timed_out()),
                    Err(poisoned) => {
                        let (state, timeout) = poisoned.into_inner();
                        (state, timeout.timed_out())
                    }
                };
                state.idle -= 1;
                if timed_out && state.next_place().is_none() {
                    break;
                }
                continue;
            };
            let stop = Stop::default();
            let by = Arc::downgrade(&job.peer);
            state
                .active
                .push((by.clone(), job.id.clone(), stop.clone()));
            drop(state);
            job.carry_out(&stop);
            let id = job.id.clone();
            drop(job);
            state = self.lock();
            let place = state
                .active
                .iter()
                .position(|(other, active, _)| Weak::ptr_eq(other, &by) && *active == id);
            if let Some(place) = place {
                state.active.swap_remove(place);
            }
        }
        state.workers -= 1;
    }
}

impl Job {
    fn refuse(&self, reason: &str) {
        self.answer(Refused::new(reason).into());
    }

    fn answer(&self, given: Given) {
        if !self.id.is_empty() {
            let answer = sdk::answer(&self.id, Answer::Api(Box::new(given)));
            self.peer.wait_for_room(answer.len());
            self.peer.send(answer);
        }
    }

    fn carry_out(&self, stop: &Stop) {
        let Some(session) = &self.session else {
            return self.refuse(&format!(
                "there is no connection {:?} to a server here",
                self.request.api_id
            ));
        };
        let wanted = self.request.wanted.as_ref();
        if matches!(wanted, Some(Wanted::Telemetry(_))) {
            // What the SDK tells about itself goes nowhere, and is not answered.
            return;
        }
        let caller = Caller::new(stop, &|_| {});
        let script = Script(self.peer.pid());
        let work = std::panic::AssertUnwindSafe(|| session.answer(wanted, script, caller));
        let given = std::panic::catch_unwind(work)
            .unwrap_or_else(|_| Err(Refused::new("the request has failed (a bug of wandb-rs)")));
        self.answer(given.unwrap_or_else(Given::from));
    }
}

impl Session {
    fn new(account: &ScriptAccount, own: Option<&Own>) -> Self {
        let api = account.client(own.map(|own| &own.api));
        let is_own = |own: &&Own| api.as_ref().is_ok_and(|api| Arc::ptr_eq(api, &own.api));
        let own = own.filter(is_own).map(|own| own.entity.clone());
        Self {
            api,
            own,
            history: history::Readers::default(),
        }
    }

    fn answer(
        &self,
        wanted: Option<&Wanted>,
        script: Script,
        caller: Caller<'_>,
    ) -> Result<Given, Refused> {
        let api = self
            .api
            .as_deref()
            .map_err(|reason| Refused::new(reason.as_str()))?;
        match wanted {
            Some(Wanted::Auth(request)) => {
                let until = Instant::now() + account::PATIENCE;
                account::authenticate(api, request, self.own.as_deref(), caller.until(until))
            }
            Some(Wanted::Features(request)) => account::features(api, request, caller),
            Some(Wanted::Graphql(request)) => graphql::forward(api, request, caller),
            Some(Wanted::Download(request)) => graphql::download(api, request, script, caller),
            Some(Wanted::Upload(request)) => graphql::upload(api, request, script, caller),
            Some(Wanted::FilesUploaded(request)) => projects::files_uploaded(api, request, caller),
            Some(Wanted::StopRun(request)) => projects::stop_run(api, request, caller),
            Some(Wanted::CustomChart(request)) => projects::custom_chart(api, request, caller),
            Some(Wanted::RunQueue(request)) => projects::run_queue(api, request, caller),
            Some(Wanted::ConsoleLogs(request)) => projects::console_logs(api, request, caller),
            Some(Wanted::History(request)) => self.history.answer(api, request, script, caller),
            Some(Wanted::Telemetry(_)) | None => Err(Refused::new(format!(
                "wandb-rs {} does not know this request: it may be newer",
                env!("CARGO_PKG_VERSION")
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::net::UnixStream;

    use super::*;
    use crate::wire::frame::Frames;
    use crate::wire::proto;
    use crate::wire::sdk::{Settings, Text};

    /// A client, and its next answer: the field that is set in it, and what it holds.
    struct Client {
        stream: UnixStream,
        peer: Arc<Peer>,
        frames: Frames,
    }

    impl Client {
        fn new() -> Self {
            let (ours, stream) = UnixStream::pair().unwrap();
            stream
                .set_read_timeout(Some(Duration::from_secs(30)))
                .unwrap();
            Self {
                stream,
                peer: Arc::new(Peer::new(ours.into(), std::process::id() as i32)),
                frames: Frames::default(),
            }
        }

        fn answer(&mut self) -> (u32, String) {
            let mut buffer = [0; 4096];
            loop {
                if let Some(message) = self.frames.take().unwrap() {
                    let fields: Vec<_> = proto::fields(message).map(Result::unwrap).collect();
                    let field = fields.iter().find(|field| field.number != 10).unwrap();
                    let text = String::from_utf8_lossy(field.content.bytes()).into_owned();
                    return (field.number, text);
                }
                let n = self.stream.read(&mut buffer).unwrap();
                assert!(n > 0, "the connection has ended");
                self.frames.extend(&buffer[..n]);
            }
        }
    }

    fn init(base_url: &str) -> ApiInit {
        ApiInit {
            settings: Some(Settings {
                base_url: Some(Text {
                    value: base_url.to_owned(),
                }),
                ..Settings::default()
            }),
        }
    }

    fn request(api_id: &str) -> Box<ApiRequest> {
        Box::new(ApiRequest {
            api_id: api_id.to_owned(),
            wanted: Some(Wanted::StopRun(sdk::api::StopRun::default())),
        })
    }

    #[test]
    fn each_request_gets_one_answer_also_where_there_is_no_server() {
        let desk = Desk::new(None, None);
        let mut client = Client::new();
        desk.ask("a".to_owned(), request("api-1"), &client.peer);
        let (number, text) = client.answer();
        assert!(
            number == 16 && text.contains("no connection \"api-1\""),
            "{number} {text}"
        );
        desk.begin("b", &init("nonsense"), &client.peer);
        let (number, text) = client.answer();
        assert!(
            number == 14 && text.contains("settings.base_url"),
            "{number} {text}"
        );
        desk.begin("c", &init("http://localhost:9"), &client.peer);
        let (number, text) = client.answer();
        assert!(number == 14 && text.contains("api-1"), "{number} {text}");
        desk.ask("d".to_owned(), request("api-1"), &client.peer);
        let (number, text) = client.answer();
        assert!(
            number == 16 && text.contains("no API key configured for http://localhost:9"),
            "{number} {text}"
        );
        // Those of others are not one's own.
        let mut other = Client::new();
        desk.ask("e".to_owned(), request("api-1"), &other.peer);
        assert!(other.answer().1.contains("no connection"));
        desk.end("api-1", &client.peer);
        desk.ask("f".to_owned(), request("api-1"), &client.peer);
        assert!(client.answer().1.contains("no connection"));
        desk.close();
        desk.ask("g".to_owned(), request("api-1"), &client.peer);
        assert!(client.answer().1.contains("the run is ending"));
    }

    #[test]
    fn relative_paths_are_those_of_the_script() {
        let own = Script(std::process::id() as i32);
        let here = std::env::current_dir().unwrap();
        assert_eq!(own.path("a/b").unwrap(), here.join("a/b"));
        assert_eq!(own.path("/a").unwrap(), PathBuf::from("/a"));
        assert!(Script(0).path("a").is_err());
        assert_eq!(Script(0).path("/a").unwrap(), PathBuf::from("/a"));
    }
}
