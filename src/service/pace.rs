//! How long a connection is left alone after messages that expect no answer.
//!
//! A reader that waits in `read` is woken by every message, and the client pays for that (more than for the sending, where
//! the reader's processor sleeps). One that comes back a little later finds many at once, and its own work is cheaper,
//! too. It must be back before the socket is full, because then the client would wait.

use std::time::{Duration, Instant};

/// Shortest pause: what comes in less is not worth a sleep.
const SHORT: Duration = Duration::from_millis(1);
/// Longest pause: a client that asks something next waits for its end.
const LONG: Duration = Duration::from_millis(10);
/// Bytes that may gather: less than a third of what Linux gives a socket (`net.core.wmem_default`), which counts up to twice
/// the bytes of a message.
const GATHERED: u32 = 64 * 1024;
/// About what a message takes in the socket besides its bytes.
const MESSAGE: u32 = 1024;

/// The rate of one connection.
#[derive(Debug)]
pub(super) struct Pace {
    /// When the last pause began.
    since: Instant,
    /// What has come since.
    taken: u32,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            since: now,
            taken: 0,
        }
    }

    /// Counts what has come.
    pub(super) fn take(&mut self, bytes: usize, messages: u32) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let taken = bytes.saturating_add(messages.saturating_mul(MESSAGE));
        self.taken = self.taken.saturating_add(taken);
    }

    /// How long to wait, so that no more than may gather comes meanwhile if it goes on as since the last pause.
    pub(super) fn pause(&mut self, now: Instant) -> Duration {
        let came_in = now.saturating_duration_since(self.since);
        let taken = std::mem::take(&mut self.taken);
        self.since = now;
        if came_in > LONG * 2 {
            // After silence nothing is known about the rate.
            return SHORT;
        }
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
        let mut pause = |bytes, messages, at| {
            pace.take(bytes, messages);
            pace.pause(start + at)
        };
        // A row of 700 bytes each millisecond: 1.7 kB of 64.
        assert_eq!(pause(700, 1, ms(1)), LONG);
        // 20 of them a millisecond.
        let some = pause(14_000, 20, ms(2));
        assert!(some > ms(1) && some < ms(3), "{some:?}");
        // One of 30 kB in 5 ms, and more than can gather.
        assert_eq!(pause(30_000, 1, ms(7)), LONG);
        assert_eq!(pause(80 << 10, 1, ms(8)), SHORT);
        // A burst may begin after silence.
        assert_eq!(pause(700, 1, ms(3_600_000)), SHORT);
        assert_eq!(pause(usize::MAX, u32::MAX, ms(0)), SHORT);
    }

    #[test]
    fn reads_without_a_pause_count() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        for bytes in [64 << 10, 64 << 10, 10_000] {
            pace.take(bytes, 3);
        }
        let pause = pace.pause(start + Duration::from_millis(3));
        assert!(pause < SHORT * 2, "{pause:?}");
    }
}
