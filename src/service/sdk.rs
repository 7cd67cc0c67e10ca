//! Frames of the official SDK ([`crate::wire::frame`], [`crate::wire::sdk`]).
//!
//! Calls go to the recorder in the order in which they came, and it answers them. Nothing that a client sends ends the
//! connection, as long as the frames can be told apart: the SDK raises an error in the script if it breaks.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Instant;

use super::Shared;
use super::pace::Pace;
use crate::inbox::Item;
use crate::peer::Peer;
use crate::wire::frame::Frames;
use crate::wire::sdk::{self, Answer, Call, Calls, Rows, What};

/// Reads frames until the client has gone; `first` is what has been read already.
pub(super) fn serve(stream: &mut impl Read, first: &[u8], peer: &Arc<Peer>, shared: &Shared) {
    let mut frames = Frames::default();
    let mut buffer = vec![0; 64 * 1024];
    let mut pace = Pace::new(Instant::now());
    let mut client = Client {
        calls: Calls::default(),
        rows: Rows::default(),
        bytes: 0,
        peer,
        shared,
    };
    frames.extend(first);
    pace.take(first.len(), 0);
    loop {
        let mut answered = false;
        let mut messages = 0;
        let broken = loop {
            match frames.take() {
                Ok(Some(message)) => {
                    messages += 1;
                    answered |= client.take(message);
                }
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        client.hand_over(false);
        if let Some(error) = broken {
            client.debug(&error.to_string());
            return peer.cut_off();
        }
        pace.take(0, messages);
        // Behind a part of a message comes the rest, for whose room the client may be waiting.
        if !answered && frames.is_empty() {
            std::thread::park_timeout(pace.pause(Instant::now()));
        }
        match stream.read(&mut buffer) {
            Ok(0) => return,
            Ok(n) => {
                frames.extend(&buffer[..n]);
                pace.take(n, 0);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

/// One client, and its calls that have come together: they go to the recorder as one.
struct Client<'a> {
    /// Without their rows.
    calls: Calls,
    rows: Rows,
    /// Bytes of their messages.
    bytes: usize,
    peer: &'a Arc<Peer>,
    shared: &'a Shared,
}

impl Client<'_> {
    /// Takes a message; says whether an answer is expected.
    fn take(&mut self, message: &[u8]) -> bool {
        let desk = &self.shared.desk;
        let call = match sdk::decode(message, &mut self.rows) {
            Ok(call) => call,
            Err(error) => {
                self.debug(&format!(
                    "a message of {} bytes is left out: {error}",
                    message.len()
                ));
                // Who has asked must not wait for ever.
                if let Some(id) = sdk::id_of(message) {
                    let reason = format!("wandb-rs cannot read the request: {error}");
                    self.peer.send(sdk::answer(&id, Answer::Error(reason)));
                }
                return false;
            }
        };
        let Call { id, stream, what } = call;
        if matches!(what, What::ApiInit(_) | What::Api(_) | What::ApiCleanup(_)) {
            // The desk may take its time: what has come before is not to wait for it.
            self.hand_over(false);
        }
        match what {
            What::ApiInit(init) => {
                desk.begin(id, &init, self.peer);
                return true;
            }
            What::Api(request) => {
                desk.ask(id.to_owned(), request, self.peer);
                return true;
            }
            What::ApiCleanup(api_id) => {
                desk.end(&api_id, self.peer);
                return false;
            }
            What::Cancel(ref id) => desk.cancel(id, self.peer),
            _ => {}
        }
        let fallback = (!id.is_empty()).then(|| sdk::answer(id, fallback(&what)));
        self.calls.push(id, stream, what);
        self.bytes += message.len().max(64);
        let Some(fallback) = fallback else {
            return false;
        };
        if !self.hand_over(true) {
            self.peer.send(fallback);
        }
        true
    }

    /// Gives the recorder what has come, `urgent` if an answer is expected; false if it stands still, and the calls are lost.
    fn hand_over(&mut self, urgent: bool) -> bool {
        if self.calls.is_empty() {
            return true;
        }
        let mut calls = std::mem::take(&mut self.calls);
        calls.rows = self.rows.take();
        let item = Item::Calls(calls, Arc::clone(self.peer));
        let bytes = std::mem::take(&mut self.bytes);
        let taken = self.shared.inbox.push_urgent(item, bytes, urgent);
        if !taken {
            self.shared.inbox.lost(bytes);
        }
        taken
    }

    fn debug(&self, line: &str) {
        let line = format!("client {}: {line}", self.peer.pid());
        self.shared.inbox.push(Item::Debug(line), 128);
    }
}

/// What a call is answered if the recorder stands still: the script must go on.
fn fallback(what: &What) -> Answer {
    match what {
        What::Exit(_) => Answer::Exit { timed_out: false },
        What::PollExit => Answer::PollExit(Some([0; 4])),
        What::GetSummary => Answer::Summary(Vec::new()),
        What::SampledHistory => Answer::History(Vec::new()),
        What::HistoryStep => Answer::Step(0),
        What::Messages { .. } => Answer::Messages(Vec::new()),
        _ => Answer::Done,
    }
}
