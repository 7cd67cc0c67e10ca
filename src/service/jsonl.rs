//! Lines of a client: one JSON object each ([`crate::wire::jsonl`]).

use std::io::{self, Read};
use std::sync::Arc;

use super::Shared;
use super::save::save;
use crate::inbox::{Answer, Item};
use crate::peer::Peer;
use crate::run::Event;
use crate::wire::json::Value;
use crate::wire::jsonl::{self, Envelope, Message, Refusal};

/// Reads lines until the client has gone.
pub(super) fn serve(stream: &mut impl Read, first: &[u8], peer: &Arc<Peer>, shared: &Shared) {
    let mut buffer = vec![0; 64 * 1024];
    // What has been read already stands in front.
    let mut ready = first.len();
    buffer[..ready].copy_from_slice(first);
    let mut partial: Vec<u8> = Vec::new();
    let mut too_long = false;
    let mut number = 0;
    loop {
        let read = match std::mem::take(&mut ready) {
            0 => stream.read(&mut buffer),
            ready => Ok(ready),
        };
        let mut bytes = match read {
            Ok(0) => break,
            Ok(n) => &buffer[..n],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let line = &bytes[..end];
            bytes = &bytes[end + 1..];
            number += 1;
            if too_long {
                too_long = false;
            } else if partial.is_empty() {
                handle(line, number, peer, shared);
            } else {
                partial.extend_from_slice(line);
                handle(&partial, number, peer, shared);
                partial.clear();
            }
        }
        if partial.len() + bytes.len() > jsonl::MAX_LINE && !too_long {
            too_long = true;
            partial = Vec::new();
            let reason = format!("longer than {} bytes", jsonl::MAX_LINE);
            peer.offer(&jsonl::refused(Refusal { id: None, reason }, number + 1));
        }
        if !too_long {
            partial.extend_from_slice(bytes);
        }
    }
    // A last line may lack its newline (`echo -n`, a client that ends).
    if !partial.is_empty() && !too_long {
        handle(&partial, number + 1, peer, shared);
    }
}

fn handle(line: &[u8], number: u64, peer: &Arc<Peer>, shared: &Shared) {
    if line.trim_ascii().is_empty() {
        return;
    }
    let refuse = |refusal: Refusal| peer.offer(&jsonl::refused(refusal, number));
    let envelope = match jsonl::decode(line) {
        Ok(envelope) => envelope,
        Err(refusal) => return refuse(refusal),
    };
    let Envelope { id, message } = envelope;
    let answer = |id: Option<Value>| Answer {
        peer: Arc::clone(peer),
        id,
    };
    let item = match message {
        Message::Info => {
            let run = ("run".to_owned(), Value::Map(shared.info.get().members));
            return peer.offer(&jsonl::accepted(id, vec![run]));
        }
        Message::Flush => Item::Flush(answer(id.clone())),
        Message::Change(Event::Config(values)) => {
            let values = values.into_iter().map(|(key, value)| {
                let value = crate::output::redact::value(&key, value);
                (key, value)
            });
            Item::Event(
                Event::Config(values.collect()),
                id.clone().map(|id| answer(Some(id))),
            )
        }
        Message::Change(event) => Item::Event(event, id.clone().map(|id| answer(Some(id)))),
        Message::Save { path, policy } => match save(&shared.info.get(), &path, policy) {
            Ok(file) => Item::Event(
                Event::Files(vec![file]),
                id.clone().map(|id| answer(Some(id))),
            ),
            Err(reason) => return refuse(Refusal { id, reason }),
        },
    };
    if !shared.inbox.push(item, line.len().max(64)) {
        let reason = "not recorded: the run's log cannot be written at this moment".to_owned();
        refuse(Refusal { id, reason });
    }
}
