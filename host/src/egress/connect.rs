//! New connections: resolve once, filter every address, connect to exactly those, speak TLS.
//!
//! hyper's connector dials an IP address in a URL without asking its resolver, so literals are
//! checked before it sees them.

use std::error::Error as StdError;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use std::vec;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioIo;
use rustls::{CertificateError, ClientConfig};
use tokio::net::TcpStream;
use tower_service::Service;

use super::address::Reach;
use super::error::TlsFault;
use super::origin::is_localhost;
use super::resolve::Resolve;

type Tcp = TokioIo<TcpStream>;
type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, ConnectFault>> + Send>>;

/// Why there is no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum ConnectFault {
    #[error("no address may be reached")]
    AddressRefused,
    #[error("the name did not resolve")]
    Dns,
    #[error("no address accepted")]
    Tcp,
    #[error("it took too long")]
    TimedOut,
    #[error("the TLS handshake failed")]
    Tls(TlsFault),
}

/// Makes connections for the pool, each within one timeout.
#[derive(Clone)]
pub(super) struct Connector {
    https: HttpsConnector<FilteredTcp>,
    timeout: Duration,
}

impl Connector {
    /// `reach` is what an operator's own list grants; `None` judges each host by its spelling.
    pub(super) fn new(
        resolver: Arc<dyn Resolve>,
        tls: ClientConfig,
        timeout: Duration,
        reach: Option<Reach>,
    ) -> Self {
        let mut http = HttpConnector::new_with_resolver(FilteredResolver { resolver, reach });
        http.enforce_http(false);
        http.set_nodelay(true);
        // Shared out among a host's addresses, so that one dead address does not use it up.
        http.set_connect_timeout(Some(timeout));
        http.set_keepalive(Some(Duration::from_secs(30)));
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .enable_http2()
            .wrap_connector(FilteredTcp { http, reach });
        Self { https, timeout }
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<Tcp>;
    type Error = ConnectFault;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ConnectFault>> {
        self.https.poll_ready(cx).map_err(|error| over_tls(&*error))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.https.call(uri);
        let timeout = self.timeout;
        Box::pin(async move {
            tokio::time::timeout(timeout, connecting)
                .await
                .map_err(|_| ConnectFault::TimedOut)?
                .map_err(|error| over_tls(&*error))
        })
    }
}

/// TCP to addresses that passed the filter, and to no others.
#[derive(Clone)]
struct FilteredTcp {
    http: HttpConnector<FilteredResolver>,
    reach: Option<Reach>,
}

impl Service<Uri> for FilteredTcp {
    type Response = Tcp;
    type Error = ConnectFault;
    type Future = Connecting<Tcp>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ConnectFault>> {
        self.http.poll_ready(cx).map_err(|_| ConnectFault::Tcp)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let host = uri.host().unwrap_or_default();
        let bare = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        if let Ok(address) = bare.parse::<IpAddr>() {
            // The allow-list holds a loopback address only where that was granted.
            let reach = self.reach.unwrap_or(if address.is_loopback() {
                Reach::Loopback
            } else {
                Reach::Global
            });
            if !reach.admits(address) {
                return Box::pin(async { Err(ConnectFault::AddressRefused) });
            }
        }
        let connecting = self.http.call(uri);
        Box::pin(async move { connecting.await.map_err(|error| under_tls(&error)) })
    }
}

/// The resolver that hyper's connector asks: once per connection.
#[derive(Clone)]
struct FilteredResolver {
    resolver: Arc<dyn Resolve>,
    reach: Option<Reach>,
}

impl Service<Name> for FilteredResolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = ConnectFault;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectFault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let reach = self.reach.unwrap_or(if is_localhost(name.as_str()) {
            Reach::Loopback
        } else {
            Reach::Global
        });
        let resolving = self.resolver.resolve(name.as_str());
        Box::pin(async move {
            let all = resolving.await.map_err(|_| ConnectFault::Dns)?;
            if all.is_empty() {
                return Err(ConnectFault::Dns);
            }
            let admitted: Vec<_> = all
                .into_iter()
                .filter(|address| reach.admits(*address))
                .map(|address| SocketAddr::new(address, 0))
                .collect();
            if admitted.is_empty() {
                return Err(ConnectFault::AddressRefused);
            }
            Ok(admitted.into_iter())
        })
    }
}

/// What stopped the TCP connector: the filter, the resolver or the network.
fn under_tls(error: &(dyn StdError + 'static)) -> ConnectFault {
    if let Some(fault) = find::<ConnectFault>(error) {
        return *fault;
    }
    match find::<io::Error>(error).map(io::Error::kind) {
        Some(io::ErrorKind::TimedOut) => ConnectFault::TimedOut,
        Some(_) | None => ConnectFault::Tcp,
    }
}

/// What stopped the TLS connector: what lies below it, or TLS itself.
fn over_tls(error: &(dyn StdError + 'static)) -> ConnectFault {
    if let Some(fault) = find::<ConnectFault>(error) {
        return *fault;
    }
    let fault = match find::<rustls::Error>(error) {
        Some(rustls::Error::InvalidCertificate(why)) => match why {
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => TlsFault::Expired,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                TlsFault::WrongName
            }
            CertificateError::UnknownIssuer => TlsFault::UntrustedIssuer,
            _ => TlsFault::BadCertificate,
        },
        Some(rustls::Error::AlertReceived(_)) => TlsFault::Alert,
        Some(_) | None => TlsFault::Protocol,
    };
    ConnectFault::Tls(fault)
}

/// The first error of a type in a chain of causes.
///
/// An `io::Error` names the cause of what it wraps, not what it wraps, so it is opened by hand.
pub(super) fn find<'e, E: StdError + 'static>(
    error: &'e (dyn StdError + 'static),
) -> Option<&'e E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        next = match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}
