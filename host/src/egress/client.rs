//! [`Egress`] itself: one allow-list, one pool, one set of limits.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::Authority;
use http::{Method, Request, Response};
use http_body::Body;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::Semaphore;
use tracing::{Span, field::Empty};

use super::body::{ReplyBody, read_request};
use super::checked::{Checked, CheckedParts};
use super::connect::Connector;
use super::error::{BadRequest, BuildError, Destination, EgressError};
use super::headers;
use super::limits::Limits;
use super::origin::{AllowList, Origin};
use super::resolve::{Resolve, SystemResolver};
use super::target::Target;

/// The largest HTTP/1 head that is buffered; what passes is then held to the exact limits.
const HTTP1_BUFFER: usize = 64 * 1024;

/// The same for HTTP/2: what is larger ends the stream, without a word of why.
const HTTP2_HEADERS: u32 = 64 * 1024;

/// Per HTTP/2 stream. The connection's window is this times the exchanges that may share it, so
/// that replies which nobody reads cannot hold up the others.
const HTTP2_WINDOW: u32 = 64 * 1024;

/// Sends requests to the origins of one allow-list, from one pool of connections. Cheap to clone.
///
/// One per plugin: what a plugin does to its connections and its places is its own loss.
#[derive(Clone)]
pub struct Egress {
    shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) client: Client<Connector, Full<Bytes>>,
    routes: Vec<Route>,
    pub(super) limits: Limits,
}

/// An allowed origin, ready for use.
pub(super) struct Route {
    pub(super) origin: Origin,
    pub(super) authority: Authority,
    pub(super) places: Arc<Semaphore>,
}

/// What an [`Egress`] is made of; everything but the allow-list has a default.
pub struct EgressBuilder {
    allowed: AllowList,
    limits: Limits,
    resolver: Arc<dyn Resolve>,
    roots: Vec<CertificateDer<'static>>,
}

impl EgressBuilder {
    /// Other limits than the default ones.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Another resolver than the operating system's.
    #[must_use]
    pub fn resolver(mut self, resolver: Arc<dyn Resolve>) -> Self {
        self.resolver = resolver;
        self
    }

    /// Trusts a further root certificate besides Mozilla's, for an operator's own authority.
    #[must_use]
    pub fn trust(mut self, root: CertificateDer<'static>) -> Self {
        self.roots.push(root);
        self
    }

    /// Puts it together; connects to nothing.
    ///
    /// # Errors
    /// When a root certificate cannot be read.
    pub fn build(self) -> Result<Egress, BuildError> {
        let limits = self.limits.sound();
        let routes = self
            .allowed
            .origins()
            .iter()
            // The allow-list took only origins that have an authority.
            .filter_map(|origin| {
                Some(Route {
                    origin: origin.clone(),
                    authority: origin.authority().ok()?,
                    places: Arc::new(Semaphore::new(limits.in_flight_per_origin)),
                })
            })
            .collect();
        let connector = Connector::new(
            self.resolver,
            trusting(self.roots)?,
            limits.connect_timeout,
            self.allowed.granted(),
        );
        let client = pool(&limits).build(connector);
        Ok(Egress {
            shared: Arc::new(Shared {
                client,
                routes,
                limits,
            }),
        })
    }
}

impl Egress {
    /// Begins with the origins that may be reached.
    #[must_use]
    pub fn builder(allowed: AllowList) -> EgressBuilder {
        EgressBuilder {
            allowed,
            limits: Limits::default(),
            resolver: Arc::new(SystemResolver::default()),
            roots: Vec::new(),
        }
    }

    /// Sends a request within the default deadline and gives the reply as soon as its head is
    /// there. Redirects are replies like any other. Dropping the future or the body ends the
    /// exchange and gives its place back.
    ///
    /// # Errors
    /// See [`EgressError`]; nothing was connected where its variant says so.
    pub async fn send<B>(&self, request: Request<B>) -> Result<Response<ReplyBody>, EgressError>
    where
        B: Body<Data = Bytes>,
    {
        self.send_within(request, self.shared.limits.deadline).await
    }

    /// [`Egress::send`] within a deadline of its own, which cannot be longer than the default.
    ///
    /// # Errors
    /// As [`Egress::send`].
    pub async fn send_within<B>(
        &self,
        request: Request<B>,
        within: Duration,
    ) -> Result<Response<ReplyBody>, EgressError>
    where
        B: Body<Data = Bytes>,
    {
        self.check(request, within).await?.send().await
    }

    /// Checks a request and reads it whole, and gives it back before anything is connected:
    /// what is put in then leaves only for a target that is known. The time runs already.
    ///
    /// # Errors
    /// See [`EgressError`].
    pub async fn check<B>(
        &self,
        request: Request<B>,
        within: Duration,
    ) -> Result<Checked<'_>, EgressError>
    where
        B: Body<Data = Bytes>,
    {
        // Where it goes is said once it is known to be allowed.
        let span =
            tracing::info_span!("outgoing", method = %request.method(), to = Empty, status = Empty);
        let limits = &self.shared.limits;
        let mut deadline = Box::pin(tokio::time::sleep(limits.clamp(within)));
        let checking = self.read(request, &span);
        let (route, parts) = tokio::select! {
            biased;
            checked = checking => checked?,
            () = &mut deadline => return Err(EgressError::Deadline),
        };
        Ok(Checked {
            shared: &self.shared,
            route,
            parts,
            deadline,
            span,
        })
    }

    /// Sends a request and reads the reply to its end: for the host's own webhooks and key sets.
    ///
    /// # Errors
    /// As [`Egress::send`], and what can go wrong in a reply's body.
    pub async fn send_bytes(
        &self,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, EgressError> {
        let (head, body) = self.send(request.map(Full::new)).await?.into_parts();
        Ok(Response::from_parts(head, body.read(usize::MAX).await?))
    }

    /// The origins that may be reached.
    pub fn origins(&self) -> impl Iterator<Item = &Origin> {
        self.shared.routes.iter().map(|route| &route.origin)
    }

    async fn read<B>(
        &self,
        request: Request<B>,
        span: &Span,
    ) -> Result<(&Route, CheckedParts), EgressError>
    where
        B: Body<Data = Bytes>,
    {
        let (head, body) = request.into_parts();
        let target = Target::parse(&head.uri)?;
        let Some(route) = self
            .shared
            .routes
            .iter()
            .find(|route| route.origin == *target.origin())
        else {
            let authority = head.uri.authority().map_or("", Authority::as_str);
            let scheme = head.uri.scheme_str().unwrap_or_default();
            return Err(EgressError::NotAllowed(Destination::new(scheme, authority)));
        };
        span.record("to", tracing::field::display(&route.origin));
        if head.method == Method::CONNECT || head.method == Method::TRACE {
            return Err(EgressError::BadRequest(BadRequest::Method));
        }
        let mut headers = head.headers;
        let declared = headers::prepare(&mut headers)?;
        let body = read_request(body, declared, self.shared.limits.request_body).await?;
        let parts = CheckedParts {
            target,
            method: head.method,
            headers,
            body,
        };
        Ok((route, parts))
    }
}

impl std::fmt::Debug for Egress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.origins()).finish()
    }
}

/// Mozilla's roots, compiled in: the same in every container, with or without a CA bundle, and no
/// file of the system decides whom the tokens go to.
pub(super) fn trusting(further: Vec<CertificateDer<'static>>) -> Result<ClientConfig, BuildError> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    for root in further {
        roots.add(root).map_err(|_| BuildError::Certificate)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| BuildError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

fn pool(limits: &Limits) -> hyper_util::client::legacy::Builder {
    let mut pool = Client::builder(TokioExecutor::new());
    pool.timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(limits.idle_timeout)
        .pool_max_idle_per_host(limits.in_flight_per_origin)
        // Only when a pooled connection turned out closed before a byte was written: safe for POST.
        .retry_canceled_requests(true)
        .http1_max_buf_size(HTTP1_BUFFER)
        .http2_initial_stream_window_size(HTTP2_WINDOW)
        .http2_initial_connection_window_size(connection_window(limits))
        .http2_max_header_list_size(HTTP2_HEADERS)
        // A connection that went dead without a word would fail every request until TCP gives up.
        .http2_keep_alive_interval(Duration::from_secs(10))
        .http2_keep_alive_timeout(Duration::from_secs(5));
    pool
}

fn connection_window(limits: &Limits) -> u32 {
    // RFC 9113, 6.9.1.
    const LARGEST: u32 = (1 << 31) - 1;
    u32::try_from(limits.in_flight_per_origin)
        .ok()
        .and_then(|places| places.checked_mul(HTTP2_WINDOW))
        .map_or(LARGEST, |window| window.clamp(HTTP2_WINDOW, LARGEST))
}
