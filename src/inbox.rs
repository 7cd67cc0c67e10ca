//! What waits for the recorder: one bounded queue, in order of arrival.
//!
//! Producers are the capture threads, the socket's connections and the samplers. The queue is bounded in bytes.
//! A producer that finds it full waits as long as the recorder is at work (a pipe would do the same), but a recorder
//! that hangs in a write (a dead network file system) costs it [`STALL`] once: then what it brings is dropped and
//! counted, and the script goes on.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::peer::Peer;
use crate::run::{Event, Registration, Stream};
use crate::wire::json::Value;
use crate::wire::schema::StatsRecord;
use crate::wire::sdk::Calls;

/// Bytes that may wait.
const CAPACITY: usize = 4 * 1024 * 1024;
/// Console bytes of one stream are joined up to this size and age.
const JOIN: usize = 128 * 1024;
/// Buffers that are kept for the next output, so that a flood does not pass through the allocator.
const SPARE: usize = 16;
const JOIN_FOR: Duration = Duration::from_millis(10);
/// The recorder takes a batch at most this often, so that it runs once for many items; after silence it comes at once.
const GATHER: Duration = Duration::from_millis(5);
/// Waiting bytes at which it does not wait any longer.
const ENOUGH: usize = CAPACITY / 8;
/// How long a producer waits for a recorder that hangs in one write.
const STALL: Duration = Duration::from_millis(90);

/// Something for the recorder.
#[derive(Debug)]
pub enum Item {
    /// Output that has been passed on.
    Console {
        stream: Stream,
        at: Instant,
        bytes: Vec<u8>,
    },
    /// A change of the run, and who wants to know when it is recorded.
    Event(Event, Option<Answer>),
    /// Answer when everything before is recorded.
    Flush(Answer),
    /// Calls of the official SDK that came together, and who made them.
    Calls(Calls, Arc<Peer>),
    /// A sample of the machine, for the run of this log.
    Sample(PathBuf, StatsRecord),
    /// How the upload of this log goes.
    Upload(PathBuf, News),
    /// A line for the run's debug log.
    Debug(String),
}

/// What a script may want to know of its upload.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// The run is on the server.
    Registered(Box<Registration>),
    /// The run must not be there, or must and is not.
    Forbidden(String),
    /// The server does not answer, for this reason; it is tried again.
    StandsStill(String),
    /// It does again.
    GoesOn,
    /// An artifact is stored, under this id; or cannot be, for this reason.
    Artifact {
        /// The id that the script has given it.
        client_id: String,
        result: Result<String, String>,
    },
    /// The user has pressed the stop button.
    Stop,
    /// All that the script has recorded up to the end of its run is sent.
    CaughtUp,
    /// Everything is sent, or given up for a reason.
    Ended(Option<String>),
}

/// Where an answer goes: a client's connection, and the message's id.
#[derive(Debug)]
pub struct Answer {
    pub peer: Arc<Peer>,
    pub id: Option<Value>,
}

/// What the recorder waits for.
#[derive(Debug, Default, PartialEq)]
enum Waiting {
    /// It is at work, or has been woken.
    #[default]
    No,
    ForAny,
    /// It has something, and gathers more.
    ForMore,
}

#[derive(Debug, Default)]
struct Queue {
    items: VecDeque<Item>,
    bytes: usize,
    /// Those of them that are output.
    console: usize,
    /// Bytes of output that were dropped because the recorder stood still.
    dropped: u64,
    closed: bool,
    waiting: Waiting,
    /// When the recorder took a batch last.
    taken: Option<Instant>,
    spare: Vec<Vec<u8>>,
    stalled: bool,
    /// Somebody waits for an answer: nothing is gathered.
    urgent: bool,
}

/// Tells from outside whether the recorder is inside a write, and whether it is still the same one.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<AtomicU64>);

impl Gate {
    /// Writes through the gate.
    pub fn pass<T>(&self, write: impl FnOnce() -> T) -> T {
        self.0.fetch_add(1, Ordering::SeqCst);
        let result = write();
        self.0.fetch_add(1, Ordering::SeqCst);
        result
    }

    fn state(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    fn is_inside(state: u64) -> bool {
        state % 2 == 1
    }
}

/// The queue between the producers and the recorder.
#[derive(Debug, Default)]
pub struct Inbox {
    gate: Gate,
    queue: Mutex<Queue>,
    ready: Condvar,
    space: Condvar,
}

/// What the recorder takes at once.
#[derive(Debug, Default)]
pub struct Batch {
    pub items: VecDeque<Item>,
    /// Bytes of output that were waiting: how far behind the recorder is.
    pub backlog: usize,
    /// Output bytes that had to be dropped since the last batch.
    pub dropped: u64,
    /// Nothing will follow.
    pub closed: bool,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds output of the child.
    pub fn console(&self, stream: Stream, bytes: &[u8]) {
        let Some(mut queue) = self.room(bytes.len()) else {
            self.lock().dropped += bytes.len() as u64;
            return;
        };
        queue.bytes += bytes.len();
        queue.console += bytes.len();
        match queue.items.back_mut() {
            Some(Item::Console {
                stream: last,
                at,
                bytes: joined,
            }) if *last == stream
                && joined.len() + bytes.len() <= JOIN
                && at.elapsed() < JOIN_FOR =>
            {
                joined.extend_from_slice(bytes);
            }
            _ => {
                let mut joined = queue.spare.pop().unwrap_or_default();
                joined.extend_from_slice(bytes);
                queue.items.push_back(Item::Console {
                    stream,
                    at: Instant::now(),
                    bytes: joined,
                });
            }
        }
        self.wake(queue);
    }

    /// Adds anything else; `size` is about how many bytes it holds. Says whether it was taken.
    pub fn push(&self, item: Item, size: usize) -> bool {
        self.push_urgent(item, size, false)
    }

    /// Adds something that must not be lost: waits for a recorder that stands still, unless it has gone.
    pub fn push_surely(&self, item: Item, size: usize) {
        let mut queue = self.lock();
        while queue.bytes > 0 && queue.bytes + size > CAPACITY && !queue.closed {
            queue = self
                .space
                .wait_timeout(queue, STALL)
                .map_or_else(|poisoned| poisoned.into_inner().0, |(queue, _)| queue);
        }
        if !queue.closed {
            queue.bytes += size;
            queue.items.push_back(item);
            self.wake(queue);
        }
    }

    /// Counts something that could not be added.
    pub fn lost(&self, bytes: usize) {
        self.lock().dropped += bytes as u64;
    }

    /// As [`Inbox::push`]; with `urgent` the recorder does not wait for more before it takes it.
    pub fn push_urgent(&self, item: Item, size: usize, urgent: bool) -> bool {
        let Some(mut queue) = self.room(size) else {
            return false;
        };
        queue.urgent |= urgent;
        queue.bytes += size;
        queue.items.push_back(item);
        self.wake(queue);
        true
    }

    /// Waits for room; `None` if the recorder stands still or has gone.
    fn room(&self, size: usize) -> Option<MutexGuard<'_, Queue>> {
        let mut queue = self.lock();
        // An item larger than the bound comes in alone.
        while queue.bytes > 0 && queue.bytes + size > CAPACITY && !queue.closed {
            if queue.stalled {
                return None;
            }
            let before = self.gate.state();
            let (next, timeout) = self
                .space
                .wait_timeout(queue, STALL)
                .unwrap_or_else(PoisonError::into_inner);
            queue = next;
            if timeout.timed_out() && Gate::is_inside(before) && self.gate.state() == before {
                queue.stalled = true;
            }
        }
        (!queue.closed).then_some(queue)
    }

    fn wake(&self, mut queue: MutexGuard<'_, Queue>) {
        let wakes = match queue.waiting {
            Waiting::No => false,
            Waiting::ForAny => true,
            Waiting::ForMore => queue.bytes >= ENOUGH || queue.urgent,
        };
        if wakes {
            queue.waiting = Waiting::No;
            drop(queue);
            self.ready.notify_one();
        }
    }

    /// Nothing is taken any more.
    pub fn close(&self) {
        self.lock().closed = true;
        self.ready.notify_all();
        self.space.notify_all();
    }

    /// The gate through which the recorder goes for every write.
    pub fn gate(&self) -> Gate {
        self.gate.clone()
    }

    /// The recorder has dealt with a batch: it is alive, and gives back the buffers.
    pub fn progress(&self, used: &mut Vec<Vec<u8>>) {
        let mut queue = self.lock();
        queue.stalled = false;
        let room = SPARE.saturating_sub(queue.spare.len());
        for mut buffer in used.drain(..).take(room) {
            buffer.clear();
            queue.spare.push(buffer);
        }
        used.clear();
    }

    /// Waits for items, at most `patience`, and takes all there are; `reuse` gives its memory back.
    pub fn take(&self, patience: Option<Duration>, reuse: VecDeque<Item>) -> Batch {
        let mut queue = self.lock();
        if queue.items.is_empty() && !queue.closed {
            queue.waiting = Waiting::ForAny;
            queue = match patience {
                Some(patience) => self
                    .ready
                    .wait_timeout_while(queue, patience, |queue| {
                        queue.items.is_empty() && !queue.closed
                    })
                    .map_or_else(|poisoned| poisoned.into_inner().0, |(queue, _)| queue),
                None => self
                    .ready
                    .wait_while(queue, |queue| queue.items.is_empty() && !queue.closed)
                    .unwrap_or_else(PoisonError::into_inner),
            };
        }
        let gathers = |queue: &mut Queue| queue.bytes < ENOUGH && !queue.closed && !queue.urgent;
        let taken = queue.taken.map_or(GATHER, |taken| taken.elapsed());
        let left = GATHER.saturating_sub(taken);
        if !queue.items.is_empty() && !left.is_zero() && gathers(&mut queue) {
            queue.waiting = Waiting::ForMore;
            queue = self
                .ready
                .wait_timeout_while(queue, left, gathers)
                .map_or_else(|poisoned| poisoned.into_inner().0, |(queue, _)| queue);
        }
        queue.taken = Some(Instant::now());
        queue.waiting = Waiting::No;
        queue.bytes = 0;
        queue.urgent = false;
        let batch = Batch {
            items: std::mem::replace(&mut queue.items, reuse),
            backlog: std::mem::take(&mut queue.console),
            dropped: std::mem::take(&mut queue.dropped),
            closed: queue.closed,
        };
        drop(queue);
        self.space.notify_all();
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_of_one_stream_is_joined_and_order_is_kept() {
        let inbox = Inbox::default();
        inbox.console(Stream::Stdout, b"a");
        inbox.console(Stream::Stdout, b"b");
        inbox.console(Stream::Stderr, b"c");
        assert!(inbox.push(Item::Debug("d".into()), 1));
        inbox.console(Stream::Stderr, b"e");
        inbox.close();
        inbox.console(Stream::Stderr, b"too late");
        let batch = inbox.take(None, VecDeque::new());
        let texts: Vec<_> = batch
            .items
            .iter()
            .map(|item| match item {
                Item::Console { bytes, .. } => String::from_utf8_lossy(bytes).into_owned(),
                _ => "-".to_owned(),
            })
            .collect();
        assert_eq!(texts, ["ab", "c", "-", "e"]);
        assert!(batch.closed);
    }

    #[test]
    fn the_recorder_is_woken_once_and_while_it_gathers_for_much_or_in_haste_only() {
        let inbox = Inbox::default();
        let woken_by = |waiting, size, urgent| {
            inbox.lock().waiting = waiting;
            assert!(inbox.push_urgent(Item::Debug(String::new()), size, urgent));
            let woken = inbox.lock().waiting == Waiting::No;
            inbox.take(None, VecDeque::new());
            woken
        };
        assert!(woken_by(Waiting::ForAny, 1, false));
        assert!(!woken_by(Waiting::ForMore, 1, false));
        assert!(woken_by(Waiting::ForMore, 1, true));
        assert!(woken_by(Waiting::ForMore, ENOUGH, false));
    }

    #[test]
    fn a_recorder_that_stands_still_costs_one_stall_and_nothing_silently() {
        let inbox = Inbox::default();
        let gate = inbox.gate();
        gate.0.fetch_add(1, Ordering::SeqCst); // Inside a write that does not end.
        let start = Instant::now();
        for _ in 0..100 {
            inbox.console(Stream::Stdout, &vec![b'x'; CAPACITY / 10]);
        }
        assert!(start.elapsed() < STALL * 3, "{:?}", start.elapsed());
        let batch = inbox.take(None, VecDeque::new());
        let kept: usize = batch
            .items
            .iter()
            .map(|item| {
                if let Item::Console { bytes, .. } = item {
                    bytes.len()
                } else {
                    0
                }
            })
            .sum();
        assert_eq!(kept as u64 + batch.dropped, 100 * (CAPACITY as u64 / 10));
        gate.0.fetch_add(1, Ordering::SeqCst);
        inbox.progress(&mut Vec::new());
        inbox.console(Stream::Stdout, b"again");
        assert_eq!(inbox.take(None, VecDeque::new()).items.len(), 1);
    }

    #[test]
    fn a_producer_waits_for_a_recorder_at_work() {
        let inbox = Arc::new(Inbox::default());
        let producer = std::thread::spawn({
            let inbox = Arc::clone(&inbox);
            move || {
                for _ in 0..200 {
                    inbox.console(Stream::Stdout, &vec![b'x'; 100_000]);
                }
                inbox.close();
            }
        });
        let mut bytes = 0;
        loop {
            let batch = inbox.take(Some(Duration::from_secs(5)), VecDeque::new());
            inbox.progress(&mut Vec::new());
            for item in &batch.items {
                if let Item::Console { bytes: b, .. } = item {
                    bytes += b.len();
                }
            }
            assert_eq!(batch.dropped, 0);
            if batch.closed && batch.items.is_empty() {
                break;
            }
        }
        producer.join().unwrap();
        assert_eq!(bytes, 20_000_000);
    }
}
