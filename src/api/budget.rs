//! The rate at which the file stream may be written, for all runs that are uploaded at once.
//!
//! Answers may carry `RateLimit-Remaining` and `RateLimit-Reset`; requests are then spread over what is left of the
//! period. Source: `core/internal/api/ratelimittracker.go` of the official repository.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Slowest and fastest rate in requests a second.
const RATES: (f64, f64) = (0.1, 65_536.0);
/// Requests that may go out at once after a pause.
const BURST: f64 = 10.0;

/// A bucket that fills at the rate that the server allows.
#[derive(Debug)]
pub struct Budget {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    rate: f64,
    tokens: f64,
    at: Instant,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                rate: RATES.1,
                tokens: BURST,
                at: Instant::now(),
            }),
        }
    }
}

impl Budget {
    /// Takes one request out of the budget; returns how long it must wait.
    pub fn take(&self) -> Duration {
        self.take_at(Instant::now())
    }

    fn take_at(&self, now: Instant) -> Duration {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now.saturating_duration_since(state.at).as_secs_f64();
        state.tokens = (state.tokens + passed * state.rate).min(BURST) - 1.0;
        state.at = now;
        if state.tokens >= 0.0 {
            Duration::ZERO
        } else {
            Duration::try_from_secs_f64(-state.tokens / state.rate).unwrap_or_default()
        }
    }

    /// Learns from an answer's headers: requests that remain, and seconds until there are more.
    pub fn learn(&self, remaining: f64, reset: f64) {
        if !(remaining.is_finite() && reset.is_finite() && reset > 1.0) {
            return;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.rate = (remaining / reset).clamp(RATES.0, RATES.1);
        state.tokens = state.tokens.min(remaining.max(0.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_spread_over_what_the_server_allows() {
        let budget = Budget::default();
        let start = Instant::now();
        for _ in 0..100 {
            assert!(budget.take_at(start + Duration::from_secs(1)) < Duration::from_millis(10));
        }
        budget.learn(4.0, 2.0);
        let now = start + Duration::from_secs(60);
        let waits: Vec<u64> = (0..12)
            .map(|_| budget.take_at(now).as_millis() as u64)
            .collect();
        assert_eq!(waits[..10], [0; 10]);
        assert_eq!(waits[10..], [500, 1000]);
        // Headers that make no sense change nothing.
        budget.learn(f64::NAN, 5.0);
        budget.learn(1.0, 0.5);
        assert_eq!(
            budget.take_at(now + Duration::from_secs(60)),
            Duration::ZERO
        );
    }
}
