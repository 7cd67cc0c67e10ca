//! How the server is spoken to: its address, proxies, time limits and retries.
//!
//! Names, variables and meanings are the official ones. Times are in seconds, with fractions.

use std::path::PathBuf;
use std::time::Duration;

use super::credentials::Secret;
use super::server::{self, Server};
use super::{Layers, SettingsError, boolean};

/// What can be set about one kind of request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// How often a request that has failed is sent again.
    pub retry_max: u32,
    /// The wait before the first retry; it doubles each time.
    pub wait_min: Duration,
    pub wait_max: Duration,
    /// For one attempt; `None` waits for ever.
    pub timeout: Option<Duration>,
}

impl Channel {
    const fn new(retry_max: u32, timeout_seconds: u64) -> Self {
        Self {
            retry_max,
            wait_min: Duration::from_secs(2),
            wait_max: Duration::from_secs(60),
            timeout: match timeout_seconds {
                0 => None,
                seconds => Some(Duration::from_secs(seconds)),
            },
        }
    }

    /// Takes `x_{name}_retry_max` and its like from the layers.
    fn take(mut self, layers: &mut Layers, name: &str) -> Result<Self, SettingsError> {
        let mut set = |ending: &str, place: &mut Duration| {
            let value = layers.take(&format!("x_{name}_{ending}_seconds"), seconds)?;
            *place = value.unwrap_or(*place);
            Ok(())
        };
        set("retry_wait_min", &mut self.wait_min)?;
        set("retry_wait_max", &mut self.wait_max)?;
        let mut timeout = self.timeout.unwrap_or_default();
        set("timeout", &mut timeout)?;
        self.timeout = (!timeout.is_zero()).then_some(timeout);
        let retries = layers.take(&format!("x_{name}_retry_max"), count)?;
        self.retry_max = retries.unwrap_or(self.retry_max);
        Ok(self)
    }
}

/// All that can be set about the server and the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    pub server: Server,
    /// The key in a settings file; `credentials::find` knows the better places.
    pub api_key: Option<Secret>,
    /// A file with a token of the organisation's identity provider.
    pub identity_token_file: Option<PathBuf>,
    /// Where access tokens are kept; `None`: `~/.config/wandb/credentials.json`.
    pub credentials_file: Option<PathBuf>,
    pub organization: Option<String>,
    /// Proxies by the scheme of a request; `None`: what `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` say. May hold a
    /// password.
    pub http_proxy: Option<Secret>,
    pub https_proxy: Option<Secret>,
    /// Certificates are not checked.
    pub insecure_disable_ssl: bool,
    /// A file of certificate authorities to trust beside the system's, for which `SSL_CERT_FILE` can stand.
    pub ca_bundle: Option<PathBuf>,
    /// Added to every request.
    pub extra_headers: Vec<(String, Secret)>,
    pub graphql: Channel,
    pub file_stream: Channel,
    /// Its requests are packed, for servers that can unpack them.
    pub file_stream_gzip: bool,
    /// Between two requests of the file stream.
    pub transmit_interval: Duration,
    pub file_transfer: Channel,
    /// How long the end of a run waits for its upload; `None` is as long as it takes.
    pub finish_timeout: Option<Duration>,
    /// How long the beginning of a run waits for the server.
    pub init_timeout: Duration,
    /// Files that are not uploaded, as globs relative to the run's `files/`.
    pub ignore_globs: Vec<String>,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            server: Server::default(),
            api_key: None,
            identity_token_file: None,
            credentials_file: None,
            organization: None,
            http_proxy: None,
            https_proxy: None,
            insecure_disable_ssl: false,
            ca_bundle: None,
            extra_headers: Vec::new(),
            graphql: Channel::new(20, 30),
            // About seven days.
            file_stream: Channel::new(10_085, 180),
            file_stream_gzip: false,
            transmit_interval: Duration::from_secs(15),
            file_transfer: Channel::new(20, 0),
            finish_timeout: None,
            init_timeout: Duration::from_secs(90),
            ignore_globs: Vec::new(),
        }
    }
}

impl Network {
    /// Takes its settings from the layers.
    pub(super) fn take(layers: &mut Layers) -> Result<Self, SettingsError> {
        let default = Self::default();
        let app = layers.take("app_url_override", |text| {
            Server::new(server::DEFAULT, Some(text)).map(|_| text.to_owned())
        })?;
        let named = layers.take("base_url", |text| Server::new(text, app.as_deref()))?;
        let server = match (named, app) {
            (Some(server), _) => server,
            (None, Some(app)) => Server::new(server::DEFAULT, Some(&app)).unwrap_or_default(),
            (None, None) => default.server,
        };
        let path = |text: Option<String>| text.map(PathBuf::from);
        let finish_timeout = layers.take("finish_timeout", seconds)?;
        Ok(Self {
            server,
            api_key: layers.text("api_key").map(Secret::new),
            identity_token_file: path(layers.text("identity_token_file")),
            credentials_file: path(layers.text("credentials_file")),
            organization: layers.text("organization"),
            http_proxy: layers.take("http_proxy", proxy)?,
            https_proxy: layers.take("https_proxy", proxy)?,
            insecure_disable_ssl: layers
                .take("insecure_disable_ssl", boolean)?
                .unwrap_or(false),
            ca_bundle: path(layers.text("ca_bundle")),
            extra_headers: layers
                .take("x_extra_http_headers", headers)?
                .unwrap_or_default(),
            graphql: default.graphql.take(layers, "graphql")?,
            file_stream: default.file_stream.take(layers, "file_stream")?,
            file_stream_gzip: layers
                .take("x_file_stream_no_gzip", boolean)?
                .is_some_and(|unpacked| !unpacked),
            transmit_interval: layers
                .take("x_file_stream_transmit_interval", seconds)?
                .unwrap_or(default.transmit_interval),
            file_transfer: default.file_transfer.take(layers, "file_transfer")?,
            finish_timeout: finish_timeout.filter(|timeout| !timeout.is_zero()),
            init_timeout: layers
                .take("init_timeout", seconds)?
                .unwrap_or(default.init_timeout),
            ignore_globs: layers
                .text("ignore_globs")
                .map(|text| text.split(',').map(str::to_owned).collect())
                .unwrap_or_default(),
        })
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let wanted = || format!("{text:?}: expected seconds, like 30 or 0.5");
    let seconds: f64 = text.trim().parse().map_err(|_| wanted())?;
    // More than a hundred years cannot be added to a clock everywhere.
    if !(0.0..=3.2e9).contains(&seconds) {
        return Err(wanted());
    }
    Duration::try_from_secs_f64(seconds).map_err(|_| wanted())
}

fn count(text: &str) -> Result<u32, String> {
    let parsed = text.trim().parse();
    parsed.map_err(|_| format!("{text:?}: expected a whole number, at least 0"))
}

/// The message does not repeat the address, which may hold a password.
fn proxy(text: &str) -> Result<Secret, String> {
    match server::http_url(text.trim()) {
        Ok(_) => Ok(Secret::new(text.trim().trim_end_matches('/').to_owned())),
        Err(_) => Err("expected an address like http://proxy.example.com:3128".to_owned()),
    }
}

/// The message does not repeat the headers, which may hold a password.
fn headers(text: &str) -> Result<Vec<(String, Secret)>, String> {
    let wanted = || "expected a JSON object of texts, like {\"X-Team\": \"vision\"}".to_owned();
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(text).map_err(|_| wanted())?;
    let mut headers = Vec::new();
    for (name, value) in object {
        let serde_json::Value::String(value) = value else {
            return Err(wanted());
        };
        reqwest::header::HeaderName::try_from(&name)
            .map_err(|_| format!("{name:?} cannot be the name of a header"))?;
        reqwest::header::HeaderValue::try_from(&value)
            .map_err(|_| format!("the value of {name} cannot be that of a header"))?;
        headers.push((name, Secret::new(value)));
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(pairs: &[(&str, &str)]) -> Result<Network, String> {
        let mut layers = Layers::default();
        layers
            .add_environment(|name| {
                let found = pairs.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| (*value).into())
            })
            .map_err(|error| error.to_string())?;
        let settings = layers.resolve().map_err(|error| error.to_string())?;
        Ok(settings.network)
    }

    #[test]
    fn variables_of_the_official_client() {
        assert_eq!(network(&[]).unwrap(), Network::default());
        let set = network(&[
            ("WANDB_BASE_URL", "http://localhost:8080/"),
            ("WANDB_APP_URL", "http://pages"),
            ("WANDB_HTTP_TIMEOUT", "7.5"),
            ("WANDB_X_GRAPHQL_RETRY_MAX", "3"),
            ("WANDB__FILE_STREAM_RETRY_WAIT_MIN_SECONDS", "0.1"),
            ("WANDB_X_FILE_TRANSFER_RETRY_WAIT_MAX_SECONDS", "9"),
            ("WANDB_FILE_PUSHER_TIMEOUT", "60"),
            ("WANDB_X_FILE_STREAM_TIMEOUT_SECONDS", "0"),
            ("WANDB_X_FILE_STREAM_TRANSMIT_INTERVAL", "0"),
            ("WANDB_X_FILE_STREAM_NO_GZIP", "false"),
            ("WANDB_FINISH_TIMEOUT", "0"),
            ("WANDB_IGNORE_GLOBS", "*.pt,tmp/*"),
            ("WANDB_X_EXTRA_HTTP_HEADERS", r#"{"X-A": "b"}"#),
            ("WANDB_HTTPS_PROXY", "http://me:pw@proxy:3128/"),
            ("WANDB_INSECURE_DISABLE_SSL", "1"),
            ("REQUESTS_CA_BUNDLE", "/a.pem"),
        ])
        .unwrap();
        assert_eq!(set.server.base(), "http://localhost:8080");
        assert_eq!(set.server.app(), "http://pages");
        assert_eq!(set.graphql.timeout, Some(Duration::from_millis(7500)));
        assert_eq!(set.graphql.retry_max, 3);
        assert_eq!(set.file_stream.wait_min, Duration::from_millis(100));
        assert_eq!(set.file_stream.timeout, None);
        assert_eq!(set.transmit_interval, Duration::ZERO);
        assert_eq!(set.file_transfer.wait_max, Duration::from_secs(9));
        assert_eq!(set.file_transfer.timeout, Some(Duration::from_secs(60)));
        assert!(set.file_stream_gzip);
        assert_eq!(set.finish_timeout, None);
        assert_eq!(set.ignore_globs, ["*.pt", "tmp/*"]);
        assert_eq!(set.extra_headers[0].1.expose(), "b");
        assert!(set.insecure_disable_ssl);
        assert_eq!(set.ca_bundle, Some(PathBuf::from("/a.pem")));
        let proxy = set.https_proxy.as_ref().map(Secret::expose);
        assert_eq!(proxy, Some("http://me:pw@proxy:3128"));
        assert!(!format!("{set:?}").contains("pw"));
    }

    #[test]
    fn bad_values_are_told_without_secrets() {
        for (name, value, message) in [
            (
                "WANDB_BASE_URL",
                "wandb.ai",
                "WANDB_BASE_URL: \"wandb.ai\": relative URL without a base; expected an address like https://wandb.example.com",
            ),
            (
                "WANDB_HTTP_TIMEOUT",
                "-1",
                "WANDB_HTTP_TIMEOUT: \"-1\": expected seconds, like 30 or 0.5",
            ),
            (
                "WANDB_FINISH_TIMEOUT",
                "nan",
                "WANDB_FINISH_TIMEOUT: \"nan\": expected seconds, like 30 or 0.5",
            ),
            (
                "WANDB_INIT_TIMEOUT",
                "1e300",
                "WANDB_INIT_TIMEOUT: \"1e300\": expected seconds, like 30 or 0.5",
            ),
            (
                "WANDB_X_GRAPHQL_RETRY_MAX",
                "1.5",
                "WANDB_X_GRAPHQL_RETRY_MAX: \"1.5\": expected a whole number, at least 0",
            ),
            (
                "WANDB_HTTP_PROXY",
                "me:pw@proxy",
                "WANDB_HTTP_PROXY: expected an address like http://proxy.example.com:3128",
            ),
            (
                "WANDB_X_EXTRA_HTTP_HEADERS",
                r#"{"a": 1}"#,
                "WANDB_X_EXTRA_HTTP_HEADERS: expected a JSON object of texts, like {\"X-Team\": \"vision\"}",
            ),
            (
                "WANDB_X_EXTRA_HTTP_HEADERS",
                r#"{"a b": "c"}"#,
                "WANDB_X_EXTRA_HTTP_HEADERS: \"a b\" cannot be the name of a header",
            ),
            (
                "WANDB_APP_URL",
                "pages",
                "WANDB_APP_URL: app address \"pages\": relative URL without a base; expected an address like https://wandb.example.com",
            ),
        ] {
            assert_eq!(network(&[(name, value)]).unwrap_err(), message);
        }
    }
}
