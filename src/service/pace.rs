//! How long a connection is left alone after messages that expect no answer.
//!
//! A reader that waits in `read` is woken by every message, and the client pays for that (more than for the sending, where
//! the reader's processor sleeps). One that comes back a little later finds many at once, and its own work is cheaper,
//! too. It must be back before the socket is full, because then the client would wait.

use std::time::{Duration, Instant};

/// What may gather at least: no client fills a socket in this time.
const SHORT: Duration = Duration::from_millis(1);
/// Longest pause: a client that asks something next waits for its end.
const LONG: Duration = Duration::from_millis(5);
/// Bytes that may gather: a quarter of what Linux gives a socket (`net.core.wmem_default`).
const GATHERED: u32 = 48 * 1024;
/// What a message takes in the socket besides its bytes, at most.
const MESSAGE: u32 = 1024;

/// The rate of one connection.
#[derive(Debug)]
pub(super) struct Pace {
    since: Instant,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now }
    }

    /// How long to wait after this many bytes in this many messages, so that no more than may gather comes meanwhile.
    pub(super) fn pause(&mut self, bytes: usize, messages: u32, now: Instant) -> Duration {
        let came_in = now.saturating_duration_since(self.since).min(LONG * 2);
        self.since = now;
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let taken = bytes.saturating_add(messages.saturating_mul(MESSAGE));
        (came_in * GATHERED / taken.max(1)).clamp(SHORT, LONG)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fast_clients_are_left_alone_for_less() {
        let start = Instant::now();
        let ms = Duration::from_millis;
        let mut pace = Pace::new(start);
        // A row of 700 bytes each millisecond: 1.7 kB of 48.
        assert_eq!(pace.pause(700, 1, start + ms(1)), LONG);
        // 20 of them a millisecond.
        let pause = pace.pause(14_000, 20, start + ms(2));
        assert!(pause > ms(1) && pause < ms(2), "{pause:?}");
        // One of 45 kB in 5 ms, and more than can gather.
        assert_eq!(pace.pause(45_000, 1, start + ms(7)), LONG);
        assert_eq!(pace.pause(64 << 10, 1, start + ms(8)), SHORT);
        // After an hour of silence.
        assert_eq!(pace.pause(700, 1, start + ms(3_600_000)), LONG);
        assert_eq!(pace.pause(usize::MAX, u32::MAX, start), SHORT);
    }
}
