//! `GET /-/api/events`: what has changed, as server-sent events; at most once a second for each run.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};
use tokio_stream::wrappers::ReceiverStream;

use super::App;
use super::access::Viewer;
use crate::server::Change;

/// Changes of this time are told together.
const PACE: Duration = Duration::from_secs(1);
/// A comment keeps connections open on which nothing happens.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

type Changes = BTreeMap<(String, String, String), BTreeSet<&'static str>>;

pub(super) async fn events(State(app): State<Arc<App>>, _: Viewer) -> Response {
    let (sender, receiver) = mpsc::channel(16);
    tokio::spawn(tell(app.source.changes(), sender));
    Sse::new(ReceiverStream::new(receiver))
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
        .into_response()
}

async fn tell(
    mut changes: broadcast::Receiver<Change>,
    sender: mpsc::Sender<Result<Event, Infallible>>,
) {
    // The first event tells the browser that it is connected.
    if sender
        .send(Ok(Event::default().comment("connected")))
        .await
        .is_err()
    {
        return;
    }
    loop {
        let mut waiting = Changes::new();
        tokio::select! {
            received = changes.recv() => match received {
                Ok(change) => note(&mut waiting, change),
                // A browser that was too slow has missed some: it will see later ones.
                Err(RecvError::Lagged(_)) => continue,
                Err(RecvError::Closed) => return,
            },
            () = sender.closed() => return,
        }
        tokio::time::sleep(PACE).await;
        while let Ok(change) = changes.try_recv() {
            note(&mut waiting, change);
        }
        for ((entity, project, run), what) in waiting {
            let data = json!({"entity": entity, "project": project, "run": run, "what": what});
            if sender
                .send(Ok(Event::default().data(data.to_string())))
                .await
                .is_err()
            {
                return;
            }
        }
    }
}

fn note(waiting: &mut Changes, change: Change) {
    let run = (change.entity, change.project, change.run);
    waiting.entry(run).or_default().insert(change.what);
}
