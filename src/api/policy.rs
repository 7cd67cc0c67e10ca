//! What is tried again, and when.
//!
//! Source: `core/internal/api/retrypolicy*.go` and `core/internal/clients` of the official repository, with two
//! differences: a connection that breaks within an answer counts as no answer, since every request that is sent from
//! here may be repeated; and a run that was deleted stays so, however often it is asked for.

use std::time::Duration;

use crate::settings::network::Channel;

/// Kinds of requests; each has rules of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Graphql,
    /// The mutation that makes or changes a run: two at once may conflict, which passes.
    Upsert,
    Stream,
    /// Bytes to or from a signed URL.
    Transfer,
    /// A file from any URL: credentials go with it as far as it is the server's own.
    Download,
}

/// What a status means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Done,
    Retry,
    Final,
}

/// Judges a status; `body` is the beginning of what came with it.
pub fn verdict(kind: Kind, status: u16, body: &str) -> Verdict {
    match status {
        200..=299 => Verdict::Done,
        // Followed by who asks.
        301 | 302 | 303 | 307 | 308 if kind == Kind::Download => Verdict::Done,
        409 if kind == Kind::Upsert => {
            if body.contains("previously created and deleted") {
                Verdict::Final
            } else {
                Verdict::Retry
            }
        }
        400 | 401 | 403 | 404 | 409 | 410 | 413 | 422 | 501 => Verdict::Final,
        429 => Verdict::Retry,
        400..=499 if matches!(kind, Kind::Transfer | Kind::Download) && status != 408 => {
            Verdict::Final
        }
        400..=599 => Verdict::Retry,
        _ => Verdict::Final,
    }
}

/// How long to wait before the retry of this number, counted from 0; `random` is between 0 and 1.
pub fn wait(channel: &Channel, retry: u32, random: f64) -> Duration {
    let doubled = channel.wait_min.as_secs_f64() * 2f64.powi(retry.min(30) as i32);
    let jittered = doubled * (1.0 + random.clamp(0.0, 1.0) / 4.0);
    let seconds = jittered.min(channel.wait_max.as_secs_f64());
    Duration::try_from_secs_f64(seconds).unwrap_or(channel.wait_max)
}

/// What a `Retry-After` header asks for: seconds, or a date. `now` is in seconds since the Unix epoch.
pub fn retry_after(header: &str, now: f64) -> Option<Duration> {
    let header = header.trim();
    let seconds = match header.parse::<f64>() {
        Ok(seconds) => seconds,
        Err(_) => {
            chrono::DateTime::parse_from_rfc2822(header)
                .ok()?
                .timestamp() as f64
                - now
        }
    };
    // A server that asks for a day has a fault of its own.
    (seconds.is_finite())
        .then(|| Duration::from_millis((seconds.clamp(0.0, 86_400.0) * 1e3) as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_mean_what_they_mean_to_the_official_client() {
        for (kind, status, expected) in [
            (Kind::Graphql, 200, Verdict::Done),
            (Kind::Stream, 204, Verdict::Done),
            (Kind::Graphql, 409, Verdict::Final),
            (Kind::Upsert, 409, Verdict::Retry),
            (Kind::Stream, 403, Verdict::Final),
            (Kind::Stream, 408, Verdict::Retry),
            (Kind::Stream, 418, Verdict::Retry),
            (Kind::Transfer, 418, Verdict::Final),
            (Kind::Transfer, 408, Verdict::Retry),
            (Kind::Transfer, 429, Verdict::Retry),
            (Kind::Transfer, 500, Verdict::Retry),
            (Kind::Graphql, 501, Verdict::Final),
            (Kind::Stream, 301, Verdict::Final),
            (Kind::Download, 302, Verdict::Done),
            (Kind::Download, 304, Verdict::Final),
            (Kind::Download, 418, Verdict::Final),
        ] {
            assert_eq!(verdict(kind, status, ""), expected, "{kind:?} {status}");
        }
        let deleted = "run e/p/r was previously created and deleted; try a new run name";
        assert_eq!(verdict(Kind::Upsert, 409, deleted), Verdict::Final);
    }

    #[test]
    fn waits_double_up_to_the_limit() {
        let channel = Channel {
            retry_max: 20,
            wait_min: Duration::from_secs(2),
            wait_max: Duration::from_secs(60),
            timeout: None,
        };
        assert_eq!(wait(&channel, 0, 0.0), Duration::from_secs(2));
        assert_eq!(wait(&channel, 1, 1.0), Duration::from_secs(5));
        assert_eq!(wait(&channel, 10, 0.5), Duration::from_secs(60));
        assert_eq!(wait(&channel, u32::MAX, f64::NAN), Duration::from_secs(60));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(retry_after("1.5", 0.0), Some(Duration::from_millis(1500)));
        assert_eq!(retry_after("-3", 0.0), Some(Duration::ZERO));
        assert_eq!(retry_after("1e300", 0.0), Some(Duration::from_secs(86_400)));
        assert_eq!(
            retry_after("Thu, 01 Jan 1970 00:00:10 GMT", 4.0),
            Some(Duration::from_secs(6))
        );
        assert_eq!(retry_after("soon", 0.0), None);
        assert_eq!(retry_after("nan", 0.0), None);
    }
}
