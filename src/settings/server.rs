//! Which server: its addresses for programs and for people, and the pages of what is stored there.
//!
//! Rules and names are those of `wandb/sdk/lib/urls.py` and `wandb/sdk/lib/wbauth/host_url.py`.

use reqwest::Url;

/// The server that is used unless another one is named.
pub const DEFAULT: &str = "https://api.forge.coreweave.com";

/// What it was before version 0.31 of the official client; the same server.
pub const OLDER_DEFAULT: &str = "https://api.wandb.ai";

/// Hosts that show the pages of the official service, with the older name of the server behind each. The server itself
/// is at `api.` before the host.
const FORGE: [(&str, &str); 2] = [
    ("forge.coreweave.com", "api.wandb.ai"),
    ("qa.forge.coreweave.com", "api.qa.wandb.ai"),
];

/// Characters of an id that stay as they are in the address of its page, besides letters, digits and `_.-~`.
const SAFE_IN_ID: &str = "=+&$@";

/// A server's addresses, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    base: String,
    app: String,
    /// Where in `base` host and port stand.
    machine: std::ops::Range<usize>,
    forge: Option<(&'static str, &'static str)>,
}

impl Default for Server {
    fn default() -> Self {
        let start = "https://".len();
        Self {
            base: DEFAULT.to_owned(),
            app: format!("https://{}/wandb", FORGE[0].0),
            machine: start..DEFAULT.len(),
            forge: Some(FORGE[0]),
        }
    }
}

impl Server {
    /// A server by the address for programs; `app_url` is the address for people where it is no function of that one.
    /// An error says what is wrong with the address and what to write in its place.
    pub fn new(base_url: &str, app_url: Option<&str>) -> Result<Self, String> {
        let text = base_url.trim();
        let url = http_url(text)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                "a server address must not contain a user name or password; use `wandb-rs login`"
                    .to_owned(),
            );
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(format!(
                "{text:?}: a server address ends before '?' and '#'"
            ));
        }
        let host = url.host_str().unwrap_or_default();
        let base = match FORGE.iter().find(|(page, _)| *page == host) {
            Some((page, _)) => {
                let proxy = url.scheme() == "https"
                    && url.port().is_none()
                    && url.path().trim_end_matches('/') == "/api/wandb";
                if !proxy {
                    return Err(format!(
                        "{text:?} is not a valid server address, did you mean https://api.{page}?"
                    ));
                }
                format!("https://api.{page}")
            }
            None => text.trim_end_matches('/').to_owned(),
        };
        if host == "wandb.ai" || host.ends_with(".wandb.ai") {
            if !host.contains("api.") {
                return Err(format!(
                    "{text:?} is not a valid server address, did you mean {DEFAULT}?"
                ));
            }
            if url.scheme() != "https" {
                return Err(format!("http is not secure, please use {DEFAULT}"));
            }
        }
        let host = Url::parse(&base)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned));
        let host = host.unwrap_or_default();
        let forge = FORGE
            .into_iter()
            .find(|(page, api)| host == *api || host.strip_prefix("api.") == Some(page));
        let app = match app_url {
            Some(app) => {
                http_url(app.trim()).map_err(|reason| format!("app address {reason}"))?;
                app.trim().trim_end_matches('/').to_owned()
            }
            None => app_of(&base, forge.map(|(page, _)| page)),
        };
        let start = base.find("://").map_or(0, |at| at + 3);
        let end = base[start..].find('/').map_or(base.len(), |at| start + at);
        Ok(Self {
            base,
            app,
            machine: start..end,
            forge,
        })
    }

    /// The address below which the server answers programs; no `/` at its end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The address of its pages; no `/` at its end.
    pub fn app(&self) -> &str {
        &self.app
    }

    /// Host, and port if it is part of the address: the machine's name in a netrc file.
    pub fn machine(&self) -> &str {
        &self.base[self.machine.clone()]
    }

    /// The name under which older clients have stored the key of the same server.
    pub fn older_machine(&self) -> Option<&'static str> {
        let (_, api) = self.forge?;
        (api != self.machine()).then_some(api)
    }

    /// Whether the server runs on this machine.
    pub fn is_local(&self) -> bool {
        let machine = self.machine();
        let host = machine
            .rsplit_once(':')
            .map_or(machine, |(host, port)| {
                if port.bytes().all(|byte| byte.is_ascii_digit()) {
                    host
                } else {
                    machine
                }
            })
            .trim_start_matches('[')
            .trim_end_matches(']');
        host == "localhost"
            || host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }

    /// Whether this is the official service.
    pub fn is_forge(&self) -> bool {
        self.forge.is_some()
    }

    /// The page of a project.
    pub fn project_url(&self, entity: &str, project: &str) -> String {
        format!(
            "{}/{}/{}",
            self.app,
            encoded(entity, ""),
            encoded(project, "")
        )
    }

    /// The page of a run.
    pub fn run_url(&self, entity: &str, project: &str, id: &str) -> String {
        let project = self.project_url(entity, project);
        format!("{project}/runs/{}", encoded(id, SAFE_IN_ID))
    }

    /// The page of a sweep.
    pub fn sweep_url(&self, entity: &str, project: &str, id: &str) -> String {
        let project = self.project_url(entity, project);
        format!("{project}/sweeps/{}", encoded(id, SAFE_IN_ID))
    }

    /// The page on which a key is made.
    pub fn authorize_url(&self, new_account: bool) -> String {
        let signup = if new_account { "signup=true&" } else { "" };
        format!("{}/authorize?{signup}ref=models", self.app)
    }
}

/// Checks that `text` is the address of something on the web. The message does not repeat a password.
pub(super) fn http_url(text: &str) -> Result<Url, String> {
    let shown = || match text.rsplit_once('@') {
        Some((_, host)) => format!("\"…@{host}\""),
        None => format!("{text:?}"),
    };
    let url = Url::parse(text).map_err(|error| {
        format!(
            "{}: {error}; expected an address like https://wandb.example.com",
            shown()
        )
    })?;
    if !matches!(url.scheme(), "http" | "https") || !text.contains("://") {
        return Err(format!(
            "{}: the address must begin with https:// or http://",
            shown()
        ));
    }
    Ok(url)
}

/// The address of the pages that belong to a server.
fn app_of(base: &str, page: Option<&str>) -> String {
    if let Some(page) = page {
        return format!("https://{page}/wandb");
    }
    let app = if base.contains("://api.wandb.test") {
        base.replace("://api.", "://app.")
    } else if base.contains("://api.wandb.") {
        base.replace("://api.", "://")
    } else {
        base.replace("://api.", "://app.")
    };
    app.trim_end_matches('/').to_owned()
}

/// A text as one segment of a URL's path.
pub fn segment(text: &str) -> String {
    encoded(text, "")
}

/// A text as a part of a URL: letters, digits, `_.-~` and the characters in `safe` stay, others are percent-encoded.
pub fn encoded(text: &str, safe: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        let stays = byte.is_ascii_alphanumeric()
            || b"_.-~".contains(&byte)
            || safe.as_bytes().contains(&byte);
        if stays {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_official_rules() {
        for (input, base, app, machine) in [
            (
                "https://api.wandb.ai",
                "https://api.wandb.ai",
                "https://forge.coreweave.com/wandb",
                "api.wandb.ai",
            ),
            (
                DEFAULT,
                DEFAULT,
                "https://forge.coreweave.com/wandb",
                "api.forge.coreweave.com",
            ),
            (
                "https://forge.coreweave.com/api/wandb/",
                DEFAULT,
                "https://forge.coreweave.com/wandb",
                "api.forge.coreweave.com",
            ),
            (
                "https://api.qa.wandb.ai",
                "https://api.qa.wandb.ai",
                "https://qa.forge.coreweave.com/wandb",
                "api.qa.wandb.ai",
            ),
            (
                "https://api.wandb.acme.com",
                "https://api.wandb.acme.com",
                "https://wandb.acme.com",
                "api.wandb.acme.com",
            ),
            (
                "https://api.acme.example.com/",
                "https://api.acme.example.com",
                "https://app.acme.example.com",
                "api.acme.example.com",
            ),
            (
                "https://acme.wandb.io",
                "https://acme.wandb.io",
                "https://acme.wandb.io",
                "acme.wandb.io",
            ),
            (
                "http://localhost:8080/prefix/",
                "http://localhost:8080/prefix",
                "http://localhost:8080/prefix",
                "localhost:8080",
            ),
            (
                "http://[::1]:80",
                "http://[::1]:80",
                "http://[::1]:80",
                "[::1]:80",
            ),
        ] {
            let server = Server::new(input, None).unwrap();
            assert_eq!(
                (server.base(), server.app(), server.machine()),
                (base, app, machine),
                "{input}"
            );
        }
        assert_eq!(Server::default(), Server::new(DEFAULT, None).unwrap());
        let named = Server::new("https://api.x.y", Some("https://pages.x.y/")).unwrap();
        assert_eq!(named.app(), "https://pages.x.y");
    }

    #[test]
    fn wrong_addresses_are_told_with_the_right_one() {
        for (input, message) in [
            (
                "https://forge.coreweave.com",
                "\"https://forge.coreweave.com\" is not a valid server address, did you mean https://api.forge.coreweave.com?",
            ),
            (
                "https://wandb.ai",
                "\"https://wandb.ai\" is not a valid server address, did you mean https://api.forge.coreweave.com?",
            ),
            (
                "https://app.wandb.ai",
                "\"https://app.wandb.ai\" is not a valid server address, did you mean https://api.forge.coreweave.com?",
            ),
            (
                "http://api.wandb.ai",
                "http is not secure, please use https://api.forge.coreweave.com",
            ),
            (
                "wandb.example.com",
                "\"wandb.example.com\": relative URL without a base; expected an address like https://wandb.example.com",
            ),
            (
                "localhost:8080",
                "\"localhost:8080\": the address must begin with https:// or http://",
            ),
            (
                "https://me:secret@host",
                "a server address must not contain a user name or password; use `wandb-rs login`",
            ),
            (
                "ftp://me:secret@host",
                "\"…@host\": the address must begin with https:// or http://",
            ),
            (
                "https://host/?a",
                "\"https://host/?a\": a server address ends before '?' and '#'",
            ),
        ] {
            assert_eq!(Server::new(input, None).unwrap_err(), message);
        }
        assert!(Server::new("https://", None).is_err());
        assert!(Server::new("", None).is_err());
        assert!(Server::new("https://host", Some("pages")).is_err());
    }

    #[test]
    fn keys_of_older_clients_are_found() {
        assert_eq!(Server::default().older_machine(), Some("api.wandb.ai"));
        let older = Server::new("https://api.wandb.ai", None).unwrap();
        assert_eq!(older.older_machine(), None);
        assert!(older.is_forge());
        let local = Server::new("http://localhost:8080", None).unwrap();
        assert!(!local.is_forge() && local.older_machine().is_none());
    }

    #[test]
    fn pages() {
        let server = Server::default();
        assert_eq!(
            server.run_url("my team", "a/b", "x=+&$@ ü"),
            "https://forge.coreweave.com/wandb/my%20team/a%2Fb/runs/x=+&$@%20%C3%BC"
        );
        assert_eq!(
            server.sweep_url("e", "p", "s"),
            "https://forge.coreweave.com/wandb/e/p/sweeps/s"
        );
        assert_eq!(
            server.authorize_url(true),
            "https://forge.coreweave.com/wandb/authorize?signup=true&ref=models"
        );
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_judged(text: String, path in "[a-z/:.@?#]{0,20}") {
            let _ = Server::new(&text, None);
            if let Ok(server) = Server::new(&format!("https://{path}"), None) {
                proptest::prop_assert!(!server.machine().contains('/'));
            }
        }
    }
}
