//! One connection: requests in, faults, answers out.

use std::io::{self, BufReader};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::faults::{Fault, RequestKind, RequestView};
use super::graphql::Request;
use super::http::{Head, Reply, read_body, reset_on_close};
use super::state::RunPath;
use super::{API_KEY, RequestLog, Shared, lock, storage, stream};

/// Longest body of a GraphQL or stream request, in bytes. Escapes can make a stream request several times as long
/// as its lines.
const MAX_BODY: usize = 80 << 20;

/// Longest body of an upload, in bytes.
const MAX_UPLOAD: usize = 1 << 30;

/// What becomes of the connection after a request.
enum Next {
    Keep,
    Close,
    Reset,
}

/// What a request asks for, with all that is needed to answer it.
enum Task {
    Graphql(Request),
    Stream(RunPath),
    Put,
    Get,
    Unknown,
}

/// Serves a connection to its end.
pub(super) fn serve(shared: &Shared, stream: &TcpStream, input: &mut BufReader<&TcpStream>) {
    loop {
        let head = match Head::read(input) {
            Ok(Some(head)) => head,
            Ok(None) => return,
            Err(error) => {
                if error.kind() == io::ErrorKind::Other {
                    lock(&shared.state).violation(error.to_string());
                }
                return;
            }
        };
        // An error means that the client has gone away.
        match serve_one(shared, stream, input, &head) {
            Ok(Next::Keep) => {}
            Ok(Next::Close) | Err(_) => return,
            Ok(Next::Reset) => return reset_on_close(stream),
        }
    }
}

fn serve_one(
    shared: &Shared,
    stream: &TcpStream,
    input: &mut BufReader<&TcpStream>,
    head: &Head,
) -> io::Result<Next> {
    let (path, _) = head.path_and_query();
    let graphql = head.method == "POST" && path == "/graphql";
    let length = match body_length(head, graphql) {
        Ok(length) => length,
        Err((status, fault)) => {
            lock(&shared.state).violation(format!("{} {path}: {fault}", head.method));
            shared.note(head, &RequestKind::Other, Vec::new(), Some(status));
            Reply::error(status, &fault).write(stream)?;
            return Ok(Next::Close);
        }
    };

    let mut body = Vec::new();
    let (task, kind) = if graphql {
        body = read_body(input, length)?;
        let request = Request::read(&body);
        let kind = RequestKind::Graphql(request.operation.clone());
        (Task::Graphql(request), kind)
    } else if let Some(run) = stream::run_of(path).filter(|_| head.method == "POST") {
        (Task::Stream(run), RequestKind::Stream)
    } else if head.method == "PUT" && path.starts_with("/storage/") {
        let name = storage::name_of(&lock(&shared.state), head);
        (Task::Put, RequestKind::Upload { name })
    } else if head.method == "GET" && path.starts_with("/storage/") {
        (Task::Get, RequestKind::Other)
    } else {
        (Task::Unknown, RequestKind::Other)
    };
    let fault = shared.draw(head, &kind);

    let reset_at = match fault {
        Fault::ResetBefore => Some(0),
        Fault::ResetInBody => Some(length / 2),
        _ => None,
    };
    if !graphql {
        body = read_body(input, reset_at.unwrap_or(length))?;
    }
    let (noted, body) = shared.note(head, &kind, body, None);
    if reset_at.is_some() {
        return Ok(Next::Reset);
    }

    let latency = *lock(&shared.latency);
    shared.sleep(latency);
    match &fault {
        Fault::Delay(time) => shared.sleep(*time),
        Fault::Stall(gate) if !gate.wait(|| shared.is_over() || is_closed(stream)) => {
            return Ok(Next::Close);
        }
        _ => {}
    }
    let reply = match &fault {
        Fault::Status {
            code,
            headers,
            body,
        } => Reply {
            status: *code,
            headers: headers.clone(),
            body: body.clone().into_bytes(),
        },
        Fault::Html(code) => Reply::html(*code),
        _ => shared.apply(head, &task, &body),
    };
    let reply = match fault {
        Fault::ApplyThenReset => return Ok(Next::Reset),
        Fault::ResetInReply => {
            lock(&shared.log)[noted].status = Some(reply.status);
            reply.write_half(stream)?;
            return Ok(Next::Reset);
        }
        Fault::ApplyThenStatus(code) => Reply::error(code, "the answer was lost"),
        Fault::TruncatedJson => Reply {
            body: reply.body[..reply.body.len() / 2].to_vec(),
            ..reply
        },
        _ => reply,
    };
    lock(&shared.log)[noted].status = Some(reply.status);
    reply.write(stream)?;
    let close = head
        .header("connection")
        .is_some_and(|value| value.eq_ignore_ascii_case("close"));
    Ok(if close { Next::Close } else { Next::Keep })
}

/// The length of a request's body, or a status and what is wrong with it.
fn body_length(head: &Head, graphql: bool) -> Result<usize, (u16, String)> {
    if head.header("transfer-encoding").is_some() {
        return Err((411, "a body without Content-Length".to_owned()));
    }
    let sends = matches!(head.method.as_str(), "PUT" | "POST");
    let length = match head.length() {
        Some(length) => length,
        None if sends => return Err((411, "no Content-Length".to_owned())),
        None => 0,
    };
    if head.header("content-encoding").is_some() {
        return Err((415, "an encoded body".to_owned()));
    }
    let cap = if head.method == "PUT" && !graphql {
        MAX_UPLOAD
    } else {
        MAX_BODY
    };
    if length > cap {
        return Err((413, format!("a body of {length} bytes")));
    }
    Ok(length)
}

/// Whether the other side has closed the connection.
fn is_closed(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let closed = match stream.peek(&mut [0]) {
        Ok(read) => read == 0,
        Err(error) => error.kind() != io::ErrorKind::WouldBlock,
    };
    stream.set_nonblocking(false).unwrap();
    closed
}

impl Shared {
    /// Asks the plan what happens to a request.
    fn draw(&self, head: &Head, kind: &RequestKind) -> Fault {
        let mut plan = lock(&self.plan);
        let (plan, attempts, count) = &mut *plan;
        let attempt = attempts.entry(kind.clone()).or_default();
        *attempt += 1;
        *count += 1;
        plan(&RequestView {
            kind: kind.clone(),
            target: head.target.clone(),
            attempt: *attempt,
            count: *count,
        })
    }

    /// Writes a request into the log; gives its place there and its body.
    fn note(
        &self,
        head: &Head,
        kind: &RequestKind,
        body: Vec<u8>,
        status: Option<u16>,
    ) -> (usize, Arc<Vec<u8>>) {
        let body = Arc::new(body);
        let mut log = lock(&self.log);
        log.push(RequestLog {
            method: head.method.clone(),
            path: head.target.clone(),
            kind: kind.clone(),
            operation: match kind {
                RequestKind::Graphql(operation) => operation.clone(),
                RequestKind::Stream => "file_stream".to_owned(),
                RequestKind::Upload { name } => format!("upload {name}"),
                RequestKind::Other => format!("{} {}", head.method, head.target),
            },
            status,
            body: Arc::clone(&body),
            headers: head.headers.clone(),
        });
        (log.len() - 1, body)
    }

    fn apply(&self, head: &Head, task: &Task, body: &Arc<Vec<u8>>) -> Reply {
        let authorization = format!("Basic {}", STANDARD.encode(format!("api:{API_KEY}")));
        if matches!(task, Task::Graphql(_) | Task::Stream(_))
            && head.header("authorization") != Some(&authorization)
        {
            return Reply::error(401, "user is not logged in");
        }
        let mut state = lock(&self.state);
        match task {
            Task::Graphql(request) => request.answer(&mut state),
            Task::Stream(run) => stream::apply(&mut state, run, body),
            Task::Put => storage::put(&mut state, head, body),
            Task::Get => storage::get(&state, head),
            Task::Unknown => Reply::error(404, "there is nothing at this path"),
        }
    }

    fn is_over(&self) -> bool {
        *lock(&self.over.0)
    }

    /// Waits, but not beyond the server's end.
    fn sleep(&self, time: Duration) {
        if !time.is_zero() {
            let (over, changed) = &self.over;
            let _ = changed.wait_timeout_while(lock(over), time, |over| !*over);
        }
    }
}
