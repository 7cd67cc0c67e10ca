//! Identity tokens: a token of the organisation's identity provider is exchanged for an access token.
//!
//! `POST {base}/oidc/token` with the token as the assertion. Access tokens are kept in a file that all processes of
//! the user share. Source: `core/internal/api/credentials.go` of the official repository.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::{Api, Caller, message_of, reason_of};
use crate::settings::credentials::Secret;
use crate::settings::server::segment;
use crate::store;

/// Tokens are renewed this long before they end.
const EARLY: chrono::TimeDelta = chrono::TimeDelta::minutes(5);
/// Attempts at an exchange, and the time for each.
const ATTEMPTS: u64 = 4;
const PATIENCE: Duration = Duration::from_secs(10);
/// The time format of the shared file, in UTC.
const FORMAT: &str = "%Y-%m-%d %H:%M:%S";

/// The access token that is used at present.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<Option<(Secret, chrono::NaiveDateTime)>>);

impl Cache {
    /// The server has refused it.
    pub(super) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Api {
    /// An access token: the one in use, the one in the shared file, or a new one.
    pub(super) fn access_token(
        &self,
        token_file: &Path,
        shared: &Path,
        caller: Caller<'_>,
    ) -> Result<Secret, String> {
        let mut held = self.tokens.0.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = chrono::Utc::now().naive_utc() + EARLY;
        if let Some((token, end)) = &*held
            && *end > limit
        {
            return Ok(token.clone());
        }
        let base = self.network().server.base().to_owned();
        if held.is_none()
            && let Some((token, end)) = stored(shared, &base)
            && end > limit
        {
            *held = Some((token.clone(), end));
            return Ok(token);
        }
        let (token, end) = self.exchange(token_file, &base, caller)?;
        *held = Some((token.clone(), end));
        store_token(shared, &base, &token, end);
        Ok(token)
    }

    fn exchange(
        &self,
        token_file: &Path,
        base: &str,
        caller: Caller<'_>,
    ) -> Result<(Secret, chrono::NaiveDateTime), String> {
        let failed = |reason: &str| format!("no access token: {reason}");
        let assertion = std::fs::read_to_string(token_file)
            .map_err(|error| failed(&format!("{}: {error}", token_file.display())))?;
        let url = format!("{base}/oidc/token");
        let body = format!(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={}",
            segment(assertion.trim())
        );
        let client = self.client(&url)?;
        let mut reason = String::new();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 && caller.stop.wait(Duration::from_secs(attempt)) {
                break;
            }
            let sent = client
                .post(&url)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body.clone())
                .timeout(PATIENCE)
                .send();
            let response = match sent {
                Ok(response) => response,
                Err(error) => {
                    reason = reason_of(error);
                    continue;
                }
            };
            let status = response.status().as_u16();
            let text = super::read(response)
                .map(|body| String::from_utf8_lossy(&body).into_owned())
                .unwrap_or_default();
            if status != 200 {
                reason = format!("HTTP {status}: {}", message_of(&text));
                if (400..500).contains(&status) && status != 429 {
                    break;
                }
                continue;
            }
            let answer: Value = serde_json::from_str(&text).unwrap_or_default();
            let Some(token) = answer["access_token"].as_str() else {
                return Err(failed("the server's answer holds none"));
            };
            let seconds = answer["expires_in"].as_i64().unwrap_or(0).clamp(0, 1 << 31);
            let end = chrono::Utc::now().naive_utc() + chrono::TimeDelta::seconds(seconds);
            return Ok((Secret::new(token), end));
        }
        Err(failed(&reason))
    }
}

fn stored(shared: &Path, base: &str) -> Option<(Secret, chrono::NaiveDateTime)> {
    let text = std::fs::read_to_string(shared).ok()?;
    let file: Value = serde_json::from_str(&text).ok()?;
    let entry = &file["credentials"][base];
    let end = chrono::NaiveDateTime::parse_from_str(entry["expires_at"].as_str()?, FORMAT).ok()?;
    Some((Secret::new(entry["access_token"].as_str()?), end))
}

/// Only saves the next process an exchange: an error does not matter.
fn store_token(shared: &Path, base: &str, token: &Secret, end: chrono::NaiveDateTime) {
    let mut file: Value = std::fs::read_to_string(shared)
        .ok()
        .and_then(|text| serde_json::from_str(&text).ok())
        .filter(Value::is_object)
        .unwrap_or_else(|| json!({}));
    if !file["credentials"].is_object() {
        file["credentials"] = json!({});
    }
    file["credentials"][base] = json!({
        "expires_at": end.format(FORMAT).to_string(),
        "access_token": token.expose(),
    });
    if let Some(parent) = shared.parent() {
        let _ = std::fs::create_dir_all(parent);
    }
    let _ = store::write_atomic(shared, file.to_string().as_bytes());
}
