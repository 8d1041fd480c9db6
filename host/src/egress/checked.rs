//! A request between its checks and its departure: it was read whole and may leave, but nothing
//! is connected yet. Here credentials are put in.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderValue};
use http::uri::Parts;
use http::{Method, Request, Response, StatusCode, Uri};
use http_body::Body;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::Error as ClientError;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Sleep;
use tracing::{Instrument, Span};

use super::body::ReplyBody;
use super::client::{Route, Shared};
use super::connect::{ConnectFault, find};
use super::error::{BadReply, BadRequest, EgressError};
use super::headers;
use super::target::Target;

/// A request that may leave. Dropping it sends nothing.
pub struct Checked<'e> {
    pub(super) shared: &'e Shared,
    pub(super) route: &'e Route,
    pub(super) parts: CheckedParts,
    pub(super) deadline: Pin<Box<Sleep>>,
    pub(super) span: Span,
}

/// What will be sent. The target is fixed; the limits are held to once more when it leaves.
pub struct CheckedParts {
    pub(super) target: Target,
    pub(super) method: Method,
    /// The caller's headers, checked, and the host's own.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl CheckedParts {
    /// Where it goes.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// How.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }
}

impl Checked<'_> {
    /// What will be sent.
    #[must_use]
    pub fn parts(&mut self) -> &mut CheckedParts {
        &mut self.parts
    }

    /// Sends it and gives the reply as soon as its head is there.
    ///
    /// # Errors
    /// See [`EgressError`].
    pub async fn send(self) -> Result<Response<ReplyBody>, EgressError> {
        let Self {
            shared,
            route,
            parts,
            mut deadline,
            span,
        } = self;
        let exchange = exchange(shared, route, parts).instrument(span.clone());
        let (reply, place) = tokio::select! {
            biased;
            exchanged = exchange => exchanged?,
            () = &mut deadline => return Err(EgressError::Deadline),
        };
        span.record("status", reply.status().as_u16());
        receive(reply, deadline, shared.limits.reply_body, place)
    }
}

async fn exchange(
    shared: &Shared,
    route: &Route,
    parts: CheckedParts,
) -> Result<(Response<Incoming>, OwnedSemaphorePermit), EgressError> {
    let CheckedParts {
        target,
        method,
        mut headers,
        body,
    } = parts;
    headers::fit(&headers)?;
    if body.len() > shared.limits.request_body {
        return Err(EgressError::RequestTooLarge);
    }
    let takes_body = [Method::POST, Method::PUT, Method::PATCH].contains(&method);
    if body.is_empty() && takes_body {
        // hyper sends none for an empty body; some front ends answer 411 to that.
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }

    let mut uri = Parts::default();
    uri.scheme = Some(route.origin.scheme());
    uri.authority = Some(route.authority.clone());
    uri.path_and_query = Some(target.into_path());
    // A new request: version and extensions (HTTP/2 pseudo-headers, header case) stay behind.
    let mut rebuilt = Request::new(Full::new(body));
    *rebuilt.uri_mut() =
        Uri::from_parts(uri).map_err(|_| EgressError::BadRequest(BadRequest::Target))?;
    *rebuilt.method_mut() = method;
    *rebuilt.headers_mut() = headers;

    // Never closed; were it, there would be no connection to be had.
    let place = Arc::clone(&route.places)
        .acquire_owned()
        .await
        .map_err(|_| EgressError::ConnectFailed)?;
    let reply = shared
        .client
        .request(rebuilt)
        .await
        .map_err(|error| explain(&error))?;
    Ok((reply, place))
}

fn receive(
    reply: Response<Incoming>,
    deadline: Pin<Box<Sleep>>,
    cap: usize,
    place: OwnedSemaphorePermit,
) -> Result<Response<ReplyBody>, EgressError> {
    let (mut head, body) = reply.into_parts();
    if head.status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(EgressError::BadReply(BadReply::Upgrade));
    }
    // Before what says so of the connection alone is taken out.
    let is_plain = headers::is_plain(&head.headers);
    headers::receive(&mut head.headers)?;
    if !body.is_end_stream() && !is_plain {
        return Err(EgressError::BadReply(BadReply::Encoded));
    }
    let mut passed = Response::new(ReplyBody::new(body, deadline, cap, place)?);
    *passed.status_mut() = head.status;
    *passed.headers_mut() = head.headers;
    Ok(passed)
}

/// Why the pool has no reply.
fn explain(error: &ClientError) -> EgressError {
    if let Some(fault) = find::<ConnectFault>(error) {
        return match *fault {
            ConnectFault::AddressRefused => EgressError::AddressRefused,
            ConnectFault::Dns => EgressError::DnsFailed,
            ConnectFault::Tcp => EgressError::ConnectFailed,
            ConnectFault::TimedOut => EgressError::ConnectTimedOut,
            ConnectFault::Tls(why) => EgressError::TlsFailed(why),
        };
    }
    match find::<hyper::Error>(error) {
        Some(error) if error.is_parse_too_large() => EgressError::ReplyHeadersTooLarge,
        Some(error) if error.is_parse() => EgressError::BadReply(BadReply::Malformed),
        Some(_) | None => EgressError::Interrupted,
    }
}
