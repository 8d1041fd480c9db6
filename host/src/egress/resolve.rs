//! From a name to addresses. Injectable, so that tests decide what a name means.
//!
//! A resolver filters nothing: whatever it says passes through the address filter.

use std::future::Future;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::Semaphore;

/// The addresses of a name, sooner or later.
pub type Resolving = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Resolves names.
pub trait Resolve: Send + Sync + 'static {
    /// All addresses of a canonical name (lower case, no port), in order of preference.
    fn resolve(&self, name: &str) -> Resolving;
}

/// The operating system's resolver: `/etc/hosts`, containers' DNS and search domains as everywhere.
#[derive(Debug, Clone)]
pub struct SystemResolver {
    threads: Arc<Semaphore>,
}

impl Default for SystemResolver {
    /// `getaddrinfo` cannot be cancelled. Without a bound, a dead name server would take all 512
    /// threads of tokio's blocking pool, and with them the database.
    fn default() -> Self {
        Self {
            threads: Arc::new(Semaphore::new(16)),
        }
    }
}

impl Resolve for SystemResolver {
    fn resolve(&self, name: &str) -> Resolving {
        let threads = Arc::clone(&self.threads);
        let name = name.to_owned();
        Box::pin(async move {
            let place = threads.acquire_owned().await.map_err(io::Error::other)?;
            tokio::task::spawn_blocking(move || {
                // Held until the call returns, not only until the caller has lost patience.
                let _place = place;
                let addresses = (name.as_str(), 0).to_socket_addrs()?;
                Ok(addresses.map(|address| address.ip()).collect())
            })
            .await
            .map_err(io::Error::other)?
        })
    }
}
