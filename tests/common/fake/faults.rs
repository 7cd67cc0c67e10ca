//! What can go wrong with a request, and plans of it.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum RequestKind {
    /// A GraphQL operation, by name.
    Graphql(String),
    /// `file_stream` of any run.
    Stream,
    /// A PUT below `/storage/`: path of the run's file, `ARTIFACT/path` or `ARTIFACT/path#part` of an artifact's
    /// file, `ARTIFACT/wandb_manifest.json` of a manifest.
    Upload { name: String },
    /// Anything else, such as GETs below `/storage/`.
    Other,
}

/// A request as a fault plan sees it.
#[derive(Debug, Clone)]
pub(crate) struct RequestView {
    pub(crate) kind: RequestKind,
    /// Path and query.
    pub(crate) target: String,
    /// How many requests of this kind there were, this one included: the first is 1.
    pub(crate) attempt: u32,
    /// How many requests of all kinds there were, this one included.
    pub(crate) count: u32,
}

impl RequestView {
    pub(crate) fn is_graphql(&self, operation: &str) -> bool {
        matches!(&self.kind, RequestKind::Graphql(name) if name == operation)
    }

    pub(crate) fn is_stream(&self) -> bool {
        self.kind == RequestKind::Stream
    }

    pub(crate) fn is_upload(&self) -> bool {
        matches!(self.kind, RequestKind::Upload { .. })
    }
}

/// What happens to one request.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// Nothing: it is served.
    None,
    /// It is not applied; this answer comes instead. A redirect or a made-up answer 200 can be given this way too.
    Status {
        code: u16,
        headers: Vec<(String, String)>,
        body: String,
    },
    /// It is applied, but answered with an error of this status.
    ApplyThenStatus(u16),
    /// The connection is reset before the body is read. (The name of a GraphQL operation stands in its body, so
    /// there the body has been read; it is not applied either.)
    ResetBefore,
    /// The connection is reset when half of the body has been read; not applied. GraphQL: as `ResetBefore`.
    ResetInBody,
    /// It is applied, and the connection reset without an answer.
    ApplyThenReset,
    /// It is applied; the head and half of the answer's body are sent, then the connection is reset.
    ResetInReply,
    /// It is applied; the answer is correct HTTP with status 200, but its JSON is cut in half.
    TruncatedJson,
    /// It is not applied; a page of HTML with this status comes instead, as proxies send it.
    Html(u16),
    /// Nothing happens until the gate opens: then it is served. If the client gives up first, it is not applied.
    Stall(Gate),
    /// It is served after this time.
    Delay(Duration),
}

impl Fault {
    /// An error of this status, in the form of the service's errors.
    pub(crate) fn status(code: u16) -> Self {
        Self::Status {
            code,
            headers: Vec::new(),
            body: format!(r#"{{"errors":[{{"message":"injected fault {code}"}}]}}"#),
        }
    }

    /// Adds a header; of use for `Status` alone.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        match &mut self {
            Self::Status { headers, .. } => headers.push((name.to_owned(), value.to_owned())),
            other => panic!("{other:?} has no headers"),
        }
        self
    }

    /// Replaces the body; of use for `Status` alone.
    pub(crate) fn body(mut self, text: impl Into<String>) -> Self {
        match &mut self {
            Self::Status { body, .. } => *body = text.into(),
            other => panic!("{other:?} has no body"),
        }
        self
    }

    /// An error with a message, as the service words it.
    pub(crate) fn error(code: u16, message: &str) -> Self {
        Self::status(code).body(serde_json::json!({"errors": [{"message": message}]}).to_string())
    }
}

/// Holds requests back until a test opens it. Clones are the same gate.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate {
    inner: Arc<(Mutex<(bool, usize)>, Condvar)>,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Lets everything through that waits or will come.
    pub(crate) fn open(&self) {
        let (state, changed) = &*self.inner;
        state.lock().unwrap_or_else(PoisonError::into_inner).0 = true;
        changed.notify_all();
    }

    /// How many requests stand before it.
    pub(crate) fn waiting(&self) -> usize {
        let (state, _) = &*self.inner;
        state.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    /// Waits; says whether the gate is open. `false` once `give_up` says so.
    pub(super) fn wait(&self, mut give_up: impl FnMut() -> bool) -> bool {
        let (state, changed) = &*self.inner;
        let mut held = state.lock().unwrap_or_else(PoisonError::into_inner);
        held.1 += 1;
        while !held.0 {
            let pause = Duration::from_millis(5);
            held = changed
                .wait_timeout(held, pause)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            if !held.0 && give_up() {
                break;
            }
        }
        held.1 -= 1;
        held.0
    }
}

/// Most faults in a row that `random_faults` deals to requests of one kind.
const MOST_IN_A_ROW: u32 = 4;

/// A plan that picks among all faults a client can recover from, each request failing with this probability.
///
/// What happens to the n-th request of a kind follows from the seed alone, whatever the order in which requests of
/// other kinds come. A request is served in any case if all of the four before it were drawn to fail.
pub(crate) fn random_faults(
    seed: u64,
    probability: f64,
) -> impl FnMut(&RequestView) -> Fault + Send {
    move |request| {
        let drawn = |attempt| draw(seed, probability, &request.kind, attempt);
        let failed_before = (1..=MOST_IN_A_ROW)
            .take_while(|back| *back < request.attempt && drawn(request.attempt - back).is_some())
            .count() as u32;
        if failed_before == MOST_IN_A_ROW {
            return Fault::None;
        }
        drawn(request.attempt).unwrap_or(Fault::None)
    }
}

/// The fault for one request, if it fails.
fn draw(seed: u64, probability: f64, kind: &RequestKind, attempt: u32) -> Option<Fault> {
    let mut random = Xorshift::new(seed, &format!("{kind:?} {attempt}"));
    if random.fraction() >= probability {
        return None;
    }
    let wait = ["0", "0.01", "0.03"][random.below(3)];
    let mut choices = vec![
        Fault::status(429).header("Retry-After", wait),
        Fault::status(408).header("Retry-After", wait),
        Fault::status([500, 502, 503, 504][random.below(4)]).header("Retry-After", wait),
        Fault::ApplyThenStatus(500),
        Fault::ResetBefore,
        Fault::ResetInBody,
        Fault::ApplyThenReset,
        Fault::ResetInReply,
        Fault::Html([502, 503][random.below(2)]),
        Fault::Delay(Duration::from_millis(random.below(20) as u64)),
    ];
    match kind {
        // Of all answers only those to GraphQL carry what the client needs.
        RequestKind::Graphql(_) => choices.push(Fault::TruncatedJson),
        // Stores are asked again after 429 and 5xx alone.
        RequestKind::Upload { .. } => {
            choices.remove(1);
        }
        RequestKind::Stream | RequestKind::Other => {}
    }
    let choice = random.below(choices.len());
    Some(choices.swap_remove(choice))
}

/// A small generator whose numbers are the same everywhere.
struct Xorshift(u64);

impl Xorshift {
    fn new(seed: u64, text: &str) -> Self {
        // FNV-1a spreads the text; the state must not be zero.
        let mut state = seed ^ 0xcbf2_9ce4_8422_2325;
        for byte in text.bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        let mut random = Self(state | 1);
        for _ in 0..4 {
            random.next();
        }
        random
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 16) as usize % limit
    }

    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
