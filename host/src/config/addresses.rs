//! `CALPORT_LISTEN` and `CALPORT_PUBLIC_URL`: where the host listens, and what browsers see.

use super::Reader;
use std::net::SocketAddr;
use url::Url;

impl Reader<'_> {
    pub(super) fn listen(&mut self) -> SocketAddr {
        let fallback = SocketAddr::from(([127, 0, 0, 1], 8000));
        let Some(text) = self.environment.get("CALPORT_LISTEN") else {
            return fallback;
        };
        text.parse().unwrap_or_else(|_| {
            self.mistake(
                "CALPORT_LISTEN",
                "is not an address with a port",
                "127.0.0.1:8000",
            );
            fallback
        })
    }

    pub(super) fn public_url(&mut self, listen: SocketAddr) -> Option<Url> {
        if self.environment.get("CALPORT_PUBLIC_URL").is_none() && !listen.ip().is_loopback() {
            self.mistake(
                "CALPORT_PUBLIC_URL",
                "is missing, and CALPORT_LISTEN is not on loopback",
                "the https URL under which browsers reach this host",
            );
        }
        let url = self.url("CALPORT_PUBLIC_URL")?;
        if url.path() != "/" || url.query().is_some() {
            self.mistake(
                "CALPORT_PUBLIC_URL",
                "holds more than an origin",
                "https://HOST",
            );
        }
        Some(url)
    }
}
