//! The shell around a stand-in: listener, connections, recording, outages and faults.
//!
//! It runs on a thread of its own, so that a test may block, and it never outlives its handle.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::sync::oneshot;
use tower::ServiceExt;

use crate::clock::Clock;
use crate::fault::{ErrorBody, Faults, NoReply};
use crate::gate::Gate;
use crate::quota::Quota;
use crate::record::Records;

/// Requests larger than this are refused with 413: no provider takes more for an event.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// What every stand-in has besides its own state.
pub(crate) struct Shell {
    pub(crate) base_url: String,
    pub(crate) clock: Clock,
    pub(crate) records: Records,
    pub(crate) faults: Faults,
    off: AtomicBool,
    latency_us: AtomicU64,
    connections: AtomicU64,
    open: AtomicU64,
    error_body: ErrorBody,
    gate: OnceLock<Gate>,
    quota: OnceLock<Quota>,
}

impl Shell {
    pub(crate) fn new(base_url: String, kept: usize, error_body: ErrorBody) -> Self {
        Self {
            base_url,
            clock: Clock::default(),
            records: Records::new(kept),
            faults: Faults::default(),
            off: AtomicBool::new(false),
            latency_us: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            open: AtomicU64::new(0),
            error_body,
            gate: OnceLock::new(),
            quota: OnceLock::new(),
        }
    }

    /// Sets how many requests a mailbox serves at a time. Once, before serving.
    pub(crate) fn set_gate(&self, gate: Gate) {
        let _ = self.gate.set(gate);
    }

    /// Sets how many requests an account may make. Once, before serving.
    pub(crate) fn set_quota(&self, quota: Quota) {
        let _ = self.quota.set(quota);
    }

    pub(crate) fn switch(&self, on: bool) {
        self.off.store(!on, Ordering::SeqCst);
    }

    pub(crate) fn set_latency(&self, latency: Duration) {
        let latency = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.latency_us.store(latency, Ordering::SeqCst);
    }

    /// How many TCP connections were accepted so far.
    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Ordering::SeqCst)
    }

    /// How many TCP connections are open now.
    pub(crate) fn open_connections(&self) -> u64 {
        self.open.load(Ordering::SeqCst)
    }

    fn too_many(&self, path: &str) -> Response {
        let message = "Application is over its MailboxConcurrency limit.";
        let mut reply = (self.error_body)(path, 429, "ApplicationThrottled", message);
        reply
            .headers_mut()
            .insert(http::header::RETRY_AFTER, HeaderValue::from_static("2"));
        reply
    }

    async fn answer(
        &self,
        router: Router,
        request: Request<Incoming>,
        connection: u64,
    ) -> Result<Response, NoReply> {
        let (parts, body) = request.into_parts();
        let Ok(body) = Limited::new(body, LARGEST_BODY).collect().await else {
            return Ok(StatusCode::PAYLOAD_TOO_LARGE.into_response());
        };
        let body = body.to_bytes();
        if is_own(parts.uri.path()) {
            return Ok(call(router, Request::from_parts(parts, Body::from(body))).await);
        }
        let order = self.records.begin(&parts, body.clone(), connection);
        let permit = self.gate.get().map(|gate| gate.enter(&parts.headers));
        if let Some(None) = permit {
            self.records.finish(order, Some(429), Some("concurrency"));
            return Ok(self.too_many(parts.uri.path()));
        }
        if let Some(quota) = self.quota.get()
            && let Err(wait) = quota.enter(&parts.headers)
        {
            self.records
                .finish(order, Some(quota.status()), Some("quota"));
            return Ok(quota.refuse(parts.uri.path(), wait, self.error_body));
        }
        let latency = Duration::from_micros(self.latency_us.load(Ordering::SeqCst));
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        if self.off.load(Ordering::SeqCst) {
            self.records.finish(order, Some(503), Some("switched-off"));
            let body =
                (self.error_body)(parts.uri.path(), 503, "backendError", "Service unavailable");
            return Ok((StatusCode::SERVICE_UNAVAILABLE, body).into_response());
        }
        let fault = self.faults.take(&parts.method, parts.uri.path(), &body);
        let kind = fault.as_ref().map(crate::Behaviour::kind);
        let path = parts.uri.path().to_owned();
        let request = Request::from_parts(parts, Body::from(body));
        let reply = match fault {
            None => Ok(call(router, request).await),
            Some(behaviour) => {
                self.records.finish(order, None, kind);
                behaviour
                    .perform(&path, self.error_body, call(router, request))
                    .await
            }
        };
        let status = reply.as_ref().ok().map(|reply| reply.status().as_u16());
        self.records.finish(order, status, kind);
        reply
    }
}

/// Pages and controls that belong to the stand-in itself: neither recorded nor subject to faults.
fn is_own(path: &str) -> bool {
    path == "/" || path == "/calendar" || path == "/favicon.ico" || path.starts_with("/_control/")
}

async fn call(router: Router, request: Request<Body>) -> Response {
    match router.oneshot(request).await {
        Ok(reply) => reply,
        Err(never) => match never {},
    }
}

/// Locks, whether or not a test panicked while it held the lock.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A bound socket. Bound before anything else is made, because URLs in replies hold its port.
pub(crate) struct Listener {
    socket: std::net::TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// On 127.0.0.1; port 0 lets the system choose.
    pub(crate) fn bind(port: u16) -> io::Result<Self> {
        let socket = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn serve(self, shell: Arc<Shell>, router: Router) -> io::Result<Server> {
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let thread = std::thread::Builder::new()
            .name("standin".into())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        _ = stopped => {}
                        () = accept(self.socket, shell, router) => {}
                    }
                });
            })?;
        Ok(Server {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

async fn accept(socket: std::net::TcpListener, shell: Arc<Shell>, router: Router) {
    let Ok(listener) = tokio::net::TcpListener::from_std(socket) else {
        return;
    };
    loop {
        // Out of file handles, or the peer left before it was accepted: the next one may be fine.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let connection = shell.connections.fetch_add(1, Ordering::SeqCst);
        shell.open.fetch_add(1, Ordering::SeqCst);
        let open = Open(Arc::clone(&shell));
        let router = router.clone();
        tokio::spawn(async move {
            let shell = &open.0;
            let service = service_fn(|request| shell.answer(router.clone(), request, connection));
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

struct Open(Arc<Shell>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A running stand-in. Dropping it closes every connection and waits for its thread.
pub(crate) struct Server {
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// 302.
pub(crate) fn found(url: &str) -> Response {
    let url = HeaderValue::try_from(url).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::FOUND, [(http::header::LOCATION, url)]).into_response()
}

/// A JSON reply.
pub(crate) fn json(status: u16, value: &serde_json::Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = [
        (
            http::header::CONTENT_TYPE,
            "application/json; charset=UTF-8",
        ),
        (
            http::header::CACHE_CONTROL,
            "no-cache, no-store, max-age=0, must-revalidate",
        ),
    ];
    (status, headers, Bytes::from(value.to_string())).into_response()
}

/// A page.
pub(crate) fn html(status: u16, page: &impl askama::Template) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = [
        (http::header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (http::header::CACHE_CONTROL, "no-store"),
        (
            http::header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ),
        (http::header::REFERRER_POLICY, "no-referrer"),
        (http::header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    match page.render() {
        Ok(text) => (status, headers, text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
