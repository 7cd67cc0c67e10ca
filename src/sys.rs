//! The clocks, as a port.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::run::Now;

/// A moment by both clocks.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    pub instant: Instant,
    /// Nanoseconds since the Unix epoch.
    pub unix_nanos: i128,
}

impl Moment {
    /// This moment.
    pub fn now() -> Self {
        Self {
            instant: Instant::now(),
            unix_nanos: unix_nanos(SystemTime::now()),
        }
    }
}

/// Both clocks of a run. Durations come from the monotonic one; wall time is only recorded.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock whose run begins now.
    pub fn start() -> Self {
        Self {
            start: Instant::now(),
        }
    }

    /// This moment.
    pub fn now(&self) -> Now {
        self.of(Moment::now())
    }

    /// A moment as the run sees it.
    pub fn of(&self, moment: Moment) -> Now {
        Now {
            unix_nanos: moment.unix_nanos,
            elapsed: moment.instant.saturating_duration_since(self.start),
        }
    }

    /// A moment of the recent past: `instant` was read when it happened.
    pub fn at(&self, instant: Instant) -> Now {
        let now = self.now();
        let ago = instant.elapsed();
        Now {
            unix_nanos: now.unix_nanos - ago.as_nanos() as i128,
            elapsed: now.elapsed.saturating_sub(ago),
        }
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

/// Nanoseconds since the Unix epoch; negative before it.
pub fn unix_nanos(time: SystemTime) -> i128 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => after.as_nanos() as i128,
        Err(before) => -(before.duration().as_nanos() as i128),
    }
}

/// Fills an array with random bytes from the system.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if getrandom::fill(&mut bytes).is_err() {
        // No random source at this moment: the clock keeps ids of one machine apart.
        let nanos = unix_nanos(SystemTime::now()).to_le_bytes();
        bytes
            .iter_mut()
            .zip(nanos.iter().cycle())
            .for_each(|(byte, nano)| *byte = *nano);
    }
    bytes
}
