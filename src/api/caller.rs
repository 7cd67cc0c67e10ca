//! Who wants an answer: how long, and whom to tell why it takes longer.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A switch that ends all waiting.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<(Mutex<bool>, Condvar)>);

impl Stop {
    /// Ends all waiting, now and later.
    pub fn stop(&self) {
        *self.lock() = true;
        self.0.1.notify_all();
    }

    /// Whether it was switched.
    pub fn is_stopped(&self) -> bool {
        *self.lock()
    }

    /// Wakes who waits, without stopping anything.
    pub fn wake(&self) {
        self.0.1.notify_all();
    }

    /// Waits; ends early, with true, when stopped.
    pub fn wait(&self, time: Duration) -> bool {
        let end = Instant::now() + time;
        let mut stopped = self.lock();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if *stopped || left.is_zero() {
                return *stopped;
            }
            stopped = self
                .0
                .1
                .wait_timeout(stopped, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Waits until woken, stopped or out of time.
    pub fn wait_or_wake(&self, time: Duration) -> bool {
        let stopped = self.lock();
        if *stopped {
            return true;
        }
        *self
            .0
            .1
            .wait_timeout(stopped, time)
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, bool> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hears why something takes longer; `None` when it goes on.
pub type Trouble = dyn Fn(Option<&str>) + Send + Sync;

/// Who wants a request: whom to tell about trouble, and when to give up.
#[derive(Clone, Copy)]
pub struct Caller<'a> {
    pub stop: &'a Stop,
    pub trouble: &'a Trouble,
    /// When nobody waits for the answer any more.
    until: Option<Instant>,
}

impl<'a> Caller<'a> {
    /// Somebody who waits until he is stopped.
    pub fn new(stop: &'a Stop, trouble: &'a Trouble) -> Self {
        Self {
            stop,
            trouble,
            until: None,
        }
    }

    /// The same, but he waits no longer than until then.
    #[must_use]
    pub fn until(self, until: Instant) -> Self {
        Self {
            until: Some(until),
            ..self
        }
    }

    /// How long he still waits; `None` is for ever.
    pub(super) fn left(self) -> Option<Duration> {
        self.until
            .map(|until| until.saturating_duration_since(Instant::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_ends_when_it_is_stopped() {
        let stop = Stop::default();
        let other = stop.clone();
        assert!(!stop.wait(Duration::from_millis(1)));
        let waiter = std::thread::spawn(move || other.wait(Duration::from_secs(600)));
        stop.stop();
        assert!(waiter.join().unwrap());
        assert!(stop.wait_or_wake(Duration::from_secs(600)));
    }
}
