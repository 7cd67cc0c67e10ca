//! Where the cryptography behind TLS is chosen: ring, a third of the size of aws-lc, which `reqwest` would bring.
//!
//! What is given up for that: certificates with keys on the curve P-521, signatures on P-256 or P-384 with SHA-512, and
//! the key exchange that is to withstand quantum computers (X25519MLKEM768).

use std::sync::Once;

use reqwest::blocking::{Client, ClientBuilder};
use tokio_rustls::rustls::server::WantsServerCert;
use tokio_rustls::rustls::{ConfigBuilder, ServerConfig, crypto};

/// What an HTTP client begins with. `reqwest`'s own would panic where nothing else has chosen yet.
#[expect(clippy::disallowed_methods)]
pub fn client() -> ClientBuilder {
    choose();
    Client::builder()
}

/// What a server that is spoken to over TLS begins with; its clients need no certificate.
pub fn server() -> ConfigBuilder<ServerConfig, WantsServerCert> {
    choose();
    ServerConfig::builder().with_no_client_auth()
}

fn choose() {
    static CHOSEN: Once = Once::new();
    CHOSEN.call_once(|| {
        // An error only says that something has chosen before.
        let _ = crypto::ring::default_provider().install_default();
    });
}
