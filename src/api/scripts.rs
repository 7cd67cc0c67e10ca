//! The client that the SDK of a script describes: its settings name the server, the key and the way there.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::settings::Layers;
use crate::settings::credentials::{Credentials, NO_KEY, Secret};
use crate::settings::network::Network;
use crate::wire::sdk::{Count, Hidden, Number, Settings, flag, text};

use super::Api;

/// A server, and who the script is to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptAccount {
    pub network: Network,
    /// `None`: the script has no key of its own.
    pub credentials: Option<Credentials>,
    username: String,
    email: String,
}

impl ScriptAccount {
    /// Reads it out of settings. `ca_bundle` is a file of authorities to trust, which the SDK does not pass on.
    pub fn new(settings: &Settings, ca_bundle: Option<PathBuf>) -> Result<Self, String> {
        let number = |number: Option<Number>| number.map(|number| number.value.to_string());
        let count = |count: Option<Count>| count.map(|count| count.value.to_string());
        let hidden = |hidden: Option<&Hidden>| hidden.map(|hidden| hidden.value.clone());
        let plain = |name| Some(text(name).to_owned());
        let headers = settings.x_extra_http_headers.as_ref().map(|headers| {
            let headers: HashMap<_, _> = headers.value.iter().collect();
            serde_json::json!(headers).to_string()
        });
        let globs = settings.ignore_globs.as_ref();
        let values = [
            ("base_url", plain(settings.base_url.as_ref())),
            ("app_url_override", plain(settings.app_url.as_ref())),
            ("http_proxy", hidden(settings.http_proxy.as_ref())),
            ("https_proxy", hidden(settings.https_proxy.as_ref())),
            (
                "credentials_file",
                plain(settings.credentials_file.as_ref()),
            ),
            ("organization", plain(settings.organization.as_ref())),
            ("x_extra_http_headers", headers),
            (
                "insecure_disable_ssl",
                flag(settings.insecure_disable_ssl).then(|| "true".to_owned()),
            ),
            (
                "x_file_stream_transmit_interval",
                number(settings.x_file_stream_transmit_interval),
            ),
            (
                "x_file_stream_no_gzip",
                settings
                    .x_file_stream_no_gzip
                    .map(|flag| flag.value.to_string()),
            ),
            ("ignore_globs", globs.map(|globs| globs.value.join(","))),
            ("x_graphql_retry_max", count(settings.x_graphql_retry_max)),
            (
                "x_graphql_retry_wait_min_seconds",
                number(settings.x_graphql_retry_wait_min_seconds),
            ),
            (
                "x_graphql_retry_wait_max_seconds",
                number(settings.x_graphql_retry_wait_max_seconds),
            ),
            (
                "x_graphql_timeout_seconds",
                number(settings.x_graphql_timeout_seconds),
            ),
            (
                "x_file_stream_retry_max",
                count(settings.x_file_stream_retry_max),
            ),
            (
                "x_file_stream_retry_wait_min_seconds",
                number(settings.x_file_stream_retry_wait_min_seconds),
            ),
            (
                "x_file_stream_retry_wait_max_seconds",
                number(settings.x_file_stream_retry_wait_max_seconds),
            ),
            (
                "x_file_stream_timeout_seconds",
                number(settings.x_file_stream_timeout_seconds),
            ),
            (
                "x_file_transfer_retry_max",
                count(settings.x_file_transfer_retry_max),
            ),
            (
                "x_file_transfer_retry_wait_min_seconds",
                number(settings.x_file_transfer_retry_wait_min_seconds),
            ),
            (
                "x_file_transfer_retry_wait_max_seconds",
                number(settings.x_file_transfer_retry_wait_max_seconds),
            ),
            (
                "x_file_transfer_timeout_seconds",
                number(settings.x_file_transfer_timeout_seconds),
            ),
        ];
        let mut layers = Layers::default();
        for (name, value) in values {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                layers.set(name, value, format!("settings.{name}"));
            }
        }
        let settings_of_script = layers.resolve().map_err(|error| error.to_string())?;
        let mut network = settings_of_script.network;
        network.ca_bundle = ca_bundle;
        let path = |name| Some(text(name)).filter(|path| !path.is_empty());
        let credentials = match hidden(settings.api_key.as_ref()) {
            Some(key) if !key.is_empty() && key != NO_KEY => {
                Some(Credentials::ApiKey(Secret::new(key)))
            }
            _ => path(settings.identity_token_file.as_ref()).map(|token_file| {
                Credentials::IdentityToken {
                    token_file: PathBuf::from(token_file),
                    cache: network.credentials_file.clone().unwrap_or_default(),
                }
            }),
        };
        Ok(Self {
            network,
            credentials,
            username: text(settings.username.as_ref()).to_owned(),
            email: text(settings.email.as_ref()).to_owned(),
        })
    }

    /// The client: `own` if it is for the same server with the same credentials, or if the script has none of its own;
    /// else a new one.
    pub fn client(&self, own: Option<&Arc<Api>>) -> Result<Arc<Api>, String> {
        let Some(credentials) = &self.credentials else {
            return own.map(Arc::clone).ok_or_else(|| {
                format!(
                    "no API key configured for {}: `wandb-rs login` stores one, WANDB_API_KEY works, too",
                    self.network.server.base()
                )
            });
        };
        if let Some(own) = own.filter(|own| own.is_for(&self.network, Some(credentials))) {
            return Ok(Arc::clone(own));
        }
        Api::new(
            &self.network,
            Some(credentials.clone()),
            &self.username,
            &self.email,
        )
        .map(Arc::new)
        .map_err(|reason| format!("no connection can be made: {reason}"))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::wire::sdk::Text;

    #[test]
    fn settings_name_server_key_and_limits() {
        let text = |value: &str| {
            Some(Text {
                value: value.to_owned(),
            })
        };
        let hidden = |value: &str| {
            Some(Hidden {
                value: value.to_owned(),
            })
        };
        let mut settings = Settings {
            base_url: text("http://localhost:8080"),
            api_key: hidden("secret-key"),
            http_proxy: hidden("http://me:pw@proxy:1"),
            x_graphql_retry_max: Some(Count { value: 3 }),
            x_graphql_timeout_seconds: Some(Number { value: 7.5 }),
            ..Settings::default()
        };
        let account = ScriptAccount::new(&settings, None).unwrap();
        assert_eq!(account.network.server.base(), "http://localhost:8080");
        assert_eq!(account.network.graphql.retry_max, 3);
        assert_eq!(
            account.network.graphql.timeout,
            Some(Duration::from_millis(7500))
        );
        assert_eq!(
            account.credentials,
            Some(Credentials::ApiKey(Secret::new("secret-key")))
        );
        for shown in [format!("{settings:?}"), format!("{account:?}")] {
            assert!(
                !shown.contains("secret") && !shown.contains("pw"),
                "{shown}"
            );
        }
        settings.api_key = hidden(NO_KEY);
        assert_eq!(
            ScriptAccount::new(&settings, None).unwrap().credentials,
            None
        );
        settings.base_url = text("nonsense");
        let error = ScriptAccount::new(&settings, None).unwrap_err();
        assert!(error.starts_with("settings.base_url: "), "{error}");
    }
}
