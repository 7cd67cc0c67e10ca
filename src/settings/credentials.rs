//! Who the user is to the server: where a key is looked for, and what a key looks like.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use super::server::Server;
use super::{Settings, netrc};

/// The key of a script that has none: its SDK wants one before it talks to us, and it opens nothing.
pub const NO_KEY: &str = "0000000000000000000000000000000000000000";

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// What is shown to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// Sent as the password of user `api`.
    ApiKey(Secret),
    /// A token of an identity provider, exchanged for an access token.
    IdentityToken {
        /// Read anew for each exchange.
        token_file: PathBuf,
        /// Where access tokens are kept.
        cache: PathBuf,
    },
}

/// Where credentials were found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// `WANDB_API_KEY`
    Environment,
    /// `WANDB_IDENTITY_TOKEN_FILE`, with the file that it names.
    IdentityToken(PathBuf),
    Netrc(PathBuf),
    SettingsFile,
    /// The key file of the server that runs on this machine.
    LocalServer(PathBuf),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("WANDB_API_KEY"),
            Self::IdentityToken(_) => f.write_str("WANDB_IDENTITY_TOKEN_FILE"),
            Self::Netrc(path) | Self::LocalServer(path) => path.display().fmt(f),
            Self::SettingsFile => f.write_str("settings"),
        }
    }
}

/// Why credentials that were found cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    #[error("WANDB_API_KEY and WANDB_IDENTITY_TOKEN_FILE are both set, which is not allowed")]
    Both,
    #[error("{origin}: {reason}")]
    Key {
        /// The variable or file that holds the key.
        origin: String,
        reason: String,
    },
}

/// Checks that a text can be a key; the message does not repeat it.
pub fn check_key(key: &str) -> Result<(), String> {
    let word = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    if key.is_empty() {
        return Err("API key is empty.".to_owned());
    }
    if key.trim() != key {
        return Err("API key cannot start or end with whitespace".to_owned());
    }
    // A token of the service itself: header.payload.signature.
    if key.split('.').count() == 3 && key.split('.').all(word) {
        return Ok(());
    }
    // Keys of servers in somebody's own house have the server's name before them: local-….
    let (prefix, secret) = key.split_once('-').unwrap_or(("", key));
    let header = |byte: u8| (b' '..=b'~').contains(&byte);
    if !word(secret) || !prefix.bytes().all(header) {
        return Err("API key may only contain the letters A-Z, digits and underscores.".to_owned());
    }
    if secret.len() < 40 {
        return Err(format!(
            "API key must have 40+ characters, has {}.",
            secret.len()
        ));
    }
    Ok(())
}

/// The credentials for a server: from the environment, else from the netrc file, else from a settings file.
///
/// `warn` is told why a netrc file is of no use; that is no error.
pub fn find(
    server: &Server,
    settings: &Settings,
    environment: &dyn Fn(&str) -> Option<OsString>,
    home: Option<&Path>,
    warn: &mut dyn FnMut(String),
) -> Result<Option<(Credentials, Source)>, CredentialsError> {
    let variable = |name: &str| environment(name).filter(|value| !value.is_empty());
    let network = &settings.network;
    let token = |file: PathBuf, source: Source| {
        let usual = || {
            home.unwrap_or(Path::new("/"))
                .join(".config/wandb/credentials.json")
        };
        let credentials = Credentials::IdentityToken {
            token_file: in_home(file, home),
            cache: network
                .credentials_file
                .clone()
                .map_or_else(usual, |file| in_home(file, home)),
        };
        Ok(Some((credentials, source)))
    };
    let file = variable("WANDB_IDENTITY_TOKEN_FILE").map(PathBuf::from);
    match (variable("WANDB_API_KEY"), file) {
        (Some(_), Some(_)) => return Err(CredentialsError::Both),
        (Some(key), None) => {
            let source = Source::Environment;
            return checked(&key.to_string_lossy(), source.to_string(), source);
        }
        (None, Some(file)) => return token(file.clone(), Source::IdentityToken(file)),
        (None, None) => {}
    }
    if let Some(path) = netrc::path(environment, home)
        && let Some(key) = in_netrc(server, &path, warn)
    {
        return checked(&key, path.display().to_string(), Source::Netrc(path));
    }
    // What the settings say is meant for the server that they name.
    if server.base() != network.server.base() {
        return Ok(None);
    }
    if let Some(key) = &network.api_key {
        let origin = "api_key in a settings file".to_owned();
        return checked(key.expose(), origin, Source::SettingsFile);
    }
    match &network.identity_token_file {
        Some(file) => token(file.clone(), Source::SettingsFile),
        None => Ok(None),
    }
}

fn checked(
    key: &str,
    origin: String,
    source: Source,
) -> Result<Option<(Credentials, Source)>, CredentialsError> {
    check_key(key).map_err(|reason| CredentialsError::Key { origin, reason })?;
    Ok(Some((Credentials::ApiKey(Secret::new(key)), source)))
}

fn in_home(file: PathBuf, home: Option<&Path>) -> PathBuf {
    let file = match (file.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => file,
    };
    // Who reads it may be in another directory.
    std::path::absolute(&file).unwrap_or(file)
}

fn in_netrc(server: &Server, path: &Path, warn: &mut dyn FnMut(String)) -> Option<String> {
    let text = match std::fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => {
            warn(format!(
                "Failed to read netrc file at {}: {error}",
                path.display()
            ));
            return None;
        }
    };
    let entries = match netrc::parse(&text) {
        Ok(entries) => entries,
        Err(error) => {
            warn(format!(
                "Failed to read netrc file at {}, {error}",
                path.display()
            ));
            return None;
        }
    };
    let entry = netrc::find(&entries, server.machine()).or_else(|| {
        let older = server.older_machine()?;
        netrc::find(&entries, older)
    })?;
    let key = entry.password.expose();
    if key.is_empty() {
        warn(format!(
            "Found entry for machine {:?} with no API key at {}",
            server.machine(),
            path.display()
        ));
        return None;
    }
    Some(key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Layers;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    const C: &str = "cccccccccccccccccccccccccccccccccccccccc";

    #[test]
    fn keys_of_the_official_rules() {
        for good in [
            A,
            "local-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "wandb_v1_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "a.b-c.d_e",
        ] {
            assert_eq!(check_key(good), Ok(()), "{good}");
        }
        let letters = "API key may only contain the letters A-Z, digits and underscores.";
        for (bad, message) in [
            ("", "API key is empty."),
            ("short", "API key must have 40+ characters, has 5."),
            ("local-aaaaa", "API key must have 40+ characters, has 5."),
            (" a", "API key cannot start or end with whitespace"),
            ("a\n", "API key cannot start or end with whitespace"),
            ("a b", letters),
            ("local-", letters),
            ("a.b.c.d", letters),
            ("..", letters),
            ("é-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", letters),
        ] {
            assert_eq!(check_key(bad).unwrap_err(), message);
        }
    }

    struct Home {
        dir: tempfile::TempDir,
        variables: Vec<(&'static str, &'static str)>,
        base: Option<&'static str>,
        api_key: Option<&'static str>,
    }

    /// Credentials and their source, or an error; and the warnings.
    type Found = (Result<Option<(String, String)>, String>, Vec<String>);

    impl Home {
        fn find(&self, server: &Server) -> Found {
            let mut layers = Layers::default();
            for (name, value) in [("base_url", self.base), ("api_key", self.api_key)] {
                if let Some(value) = value {
                    layers.set(name, value.to_owned(), "file".to_owned());
                }
            }
            let settings = layers.resolve().unwrap();
            let mut warnings = Vec::new();
            let environment = |name: &str| {
                let found = self.variables.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| OsString::from(value))
            };
            let home = self.dir.path();
            let shown = |text: String| text.replace(&home.display().to_string(), "~");
            let found = find(
                server,
                &settings,
                &environment,
                Some(home),
                &mut |warning| {
                    warnings.push(shown(warning));
                },
            );
            let found = found.map_err(|error| shown(error.to_string()));
            let found = found.map(|found| {
                found.map(|(credentials, source)| {
                    let credentials = match credentials {
                        Credentials::ApiKey(key) => key.expose().to_owned(),
                        Credentials::IdentityToken { token_file, cache } => {
                            format!("{} {}", token_file.display(), cache.display())
                        }
                    };
                    (shown(credentials), shown(source.to_string()))
                })
            });
            (found, warnings)
        }
    }

    #[test]
    fn the_better_place_wins() {
        let server = Server::new("http://localhost:8080", None).unwrap();
        let mut home = Home {
            dir: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
            base: Some("http://localhost:8080"),
            api_key: None,
        };
        let found = |key: &str, source: &str| (Ok(Some((key.into(), source.into()))), vec![]);
        assert_eq!(home.find(&server), (Ok(None), vec![]));
        home.api_key = Some(C);
        assert_eq!(home.find(&server), found(C, "settings"));
        assert_eq!(home.find(&Server::default()), (Ok(None), vec![]));
        let netrc = home.dir.path().join(".netrc");
        std::fs::write(&netrc, format!("machine localhost:8080 password {B}")).unwrap();
        assert_eq!(home.find(&server), found(B, "~/.netrc"));
        home.variables = vec![("WANDB_IDENTITY_TOKEN_FILE", "/token")];
        assert_eq!(
            home.find(&server),
            found(
                "/token ~/.config/wandb/credentials.json",
                "WANDB_IDENTITY_TOKEN_FILE"
            )
        );
        home.variables = vec![("WANDB_API_KEY", A), ("WANDB_IDENTITY_TOKEN_FILE", "")];
        assert_eq!(home.find(&server), found(A, "WANDB_API_KEY"));
        home.variables[1].1 = "/token";
        assert_eq!(
            home.find(&server).0.unwrap_err(),
            "WANDB_API_KEY and WANDB_IDENTITY_TOKEN_FILE are both set, which is not allowed"
        );
        home.variables = vec![("WANDB_API_KEY", "aaaa ")];
        assert_eq!(
            home.find(&server).0.unwrap_err(),
            "WANDB_API_KEY: API key cannot start or end with whitespace"
        );
    }

    #[test]
    fn a_netrc_file_that_is_no_help_is_told_and_passed_over() {
        let mut home = Home {
            dir: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
            base: None,
            api_key: Some(C),
        };
        let netrc = home.dir.path().join(".netrc");
        let server = Server::default();
        for (text, warning) in [
            (
                "machine x\n passwort y",
                Some(
                    "Failed to read netrc file at ~/.netrc, error on line 2: unexpected word, where login, account, password or machine is expected",
                ),
            ),
            (
                "machine api.forge.coreweave.com login me",
                Some(
                    "Found entry for machine \"api.forge.coreweave.com\" with no API key at ~/.netrc",
                ),
            ),
            ("machine x password y", None),
        ] {
            std::fs::write(&netrc, text).unwrap();
            let (found, warnings) = home.find(&server);
            assert_eq!(found.unwrap().unwrap().0, C);
            assert_eq!(
                warnings,
                warning.map(str::to_owned).into_iter().collect::<Vec<_>>()
            );
        }
        std::fs::write(&netrc, format!("machine api.wandb.ai password {B}")).unwrap();
        assert_eq!(home.find(&server).0.unwrap().unwrap().0, B);
        std::fs::write(&netrc, "default password short").unwrap();
        assert_eq!(
            home.find(&server).0.unwrap_err(),
            "~/.netrc: API key must have 40+ characters, has 5."
        );
        home.variables = vec![("NETRC", "/no/such/file")];
        assert_eq!(home.find(&server).0.unwrap().unwrap().1, "settings");
    }

    #[test]
    fn secrets_are_not_shown() {
        let credentials = Credentials::ApiKey(Secret::new(A));
        assert_eq!(format!("{credentials:?}"), "ApiKey(…)");
        assert_eq!(Secret::new(A).to_string(), "…");
    }
}
