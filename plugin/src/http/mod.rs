//! Requests and replies as values, and how a failed exchange is told. Never follows
//! a redirect, never retries: both are the caller's decision.

pub(crate) mod wasi;

use serde_json::Value;
use url::Url;

use crate::bindings::calport::calendar::types::{Error, RetryCause};
use crate::{fault, json};

/// The largest body that is read, in octets after decoding. A year of somebody's
/// busy times stays below 1 MiB.
pub(crate) const LARGEST_BODY: usize = 4 * 1024 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Patch,
    Delete,
}

/// A request. `Debug` leaves out headers and body, which may hold credentials.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Option<Vec<u8>>,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {}", self.method, self.url.path())
    }
}

impl Request {
    pub(crate) fn new(method: Method, url: Url) -> Self {
        let headers = vec![
            ("accept", "application/json".to_owned()),
            (
                "user-agent",
                concat!("calport/", env!("CARGO_PKG_VERSION")).to_owned(),
            ),
        ];
        Self {
            method,
            url,
            headers,
            body: None,
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        let mut request = self.header("content-type", "application/json");
        request.body = Some(body.to_string().into_bytes());
        request
    }

    pub(crate) fn form(self, fields: &[(&str, &str)]) -> Self {
        let mut request = self.header("content-type", "application/x-www-form-urlencoded");
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        request.body = Some(form.into_bytes());
        request
    }
}

/// What came back, whatever its status.
#[derive(Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// `Retry-After` as it was sent.
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether something was deleted: 204, or a success that says nothing. A page with
    /// status 200, as a captive portal sends it, has deleted nothing.
    pub(crate) fn is_deletion(&self) -> bool {
        self.status == 204 || (self.is_success() && self.body.is_empty())
    }

    /// The body as a JSON object; anything else is an answer that cannot be read.
    pub(crate) fn json(&self) -> Result<Value, Error> {
        json::parse(&self.body)
    }
}

/// Why there is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// The host does not let this plugin reach the address.
    #[error("the host refused the request")]
    Refused,
    /// Nothing, or not all of it, came back: the request may have taken effect.
    #[error("no reply")]
    NoReply,
    /// The reply is larger than [`LARGEST_BODY`] or is not HTTP.
    #[error("the reply cannot be read")]
    Unreadable,
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused => Self::Misconfigured(
                "The host refused a request to this provider. Check that the provider's endpoint settings \
                 (the names that end in _URL) hold addresses that the host is allowed to reach."
                    .to_owned(),
            ),
            Failure::NoReply => fault::retry(RetryCause::NoReply),
            Failure::Unreadable => fault::unavailable(),
        }
    }
}
