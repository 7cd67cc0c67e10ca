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
use crate::wire::sdk::{self, Answer, What};

/// Reads frames until the client has gone; `first` is what has been read already.
pub(super) fn serve(stream: &mut impl Read, first: &[u8], peer: &Arc<Peer>, shared: &Shared) {
    let mut frames = Frames::default();
    let mut buffer = vec![0; 64 * 1024];
    let mut pace = Pace::new(Instant::now());
    frames.extend(first);
    pace.take(first.len(), 0);
    loop {
        let mut answered = false;
        let mut messages = 0;
        loop {
            match frames.take() {
                Ok(Some(message)) => {
                    messages += 1;
                    answered |= take(message, peer, shared);
                }
                Ok(None) => break,
                Err(error) => {
                    debug(shared, format!("client {}: {error}", peer.pid()));
                    return peer.cut_off();
                }
            }
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

/// Takes a message; says whether an answer is expected.
fn take(message: &[u8], peer: &Arc<Peer>, shared: &Shared) -> bool {
    let call = match sdk::decode(message) {
        Ok(call) => call,
        Err(error) => {
            debug(
                shared,
                format!(
                    "client {}: a message of {} bytes is left out: {error}",
                    peer.pid(),
                    message.len()
                ),
            );
            // Who has asked must not wait for ever.
            if let Some(id) = sdk::id_of(message) {
                let reason = format!("wandb-rs cannot read the request: {error}");
                peer.send(sdk::answer(&id, Answer::Error(reason)));
            }
            return false;
        }
    };
    let call = match call.what {
        What::ApiInit(init) => {
            shared.desk.begin(&call.id, &init, peer);
            return true;
        }
        What::Api(request) => {
            shared.desk.ask(call.id, request, peer);
            return true;
        }
        What::ApiCleanup(api_id) => {
            shared.desk.end(&api_id, peer);
            return false;
        }
        ref what => {
            if let What::Cancel(id) = what {
                shared.desk.cancel(id, peer);
            }
            call
        }
    };
    // Should the recorder stand still, the script must go on all the same.
    let fallback = (!call.id.is_empty()).then(|| {
        let answer = match call.what {
            What::Exit(_) => Answer::Exit { timed_out: false },
            What::PollExit => Answer::PollExit(Some([0; 4])),
            What::GetSummary => Answer::Summary(Vec::new()),
            What::SampledHistory => Answer::History(Vec::new()),
            What::HistoryStep => Answer::Step(0),
            What::Messages { .. } => Answer::Messages(Vec::new()),
            _ => Answer::Done,
        };
        sdk::answer(&call.id, answer)
    });
    let urgent = fallback.is_some();
    let item = Item::Call(Box::new(call), Arc::clone(peer));
    if !shared
        .inbox
        .push_urgent(item, message.len().max(64), urgent)
    {
        shared.inbox.lost(message.len());
        if let Some(fallback) = fallback {
            peer.send(fallback);
        }
    }
    urgent
}

fn debug(shared: &Shared, line: String) {
    shared.inbox.push(Item::Debug(line), 128);
}
