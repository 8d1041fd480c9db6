//! Every request that a stand-in received, in the order of arrival, for assertions.
//!
//! It never records the stand-ins' own pages and controls: a test that counts calls counts the product's.

use std::ops::Deref;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Method;
use http::request::Parts;
use serde_json::{Value, json};

use crate::pairs::Pairs;

/// One request as it came in.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Counts up from 0 in the order of arrival.
    pub order: u64,
    /// When it had been read in full, since the stand-in's start.
    pub at: Duration,
    /// Which TCP connection it came on; counts up from 0.
    pub connection: u64,
    /// Its method.
    pub method: Method,
    /// Its path, percent-encoded as it was sent.
    pub path: String,
    /// Its query, decoded, in order, doubles included.
    pub query: Vec<(String, String)>,
    /// Its headers, names in lower case, in order, doubles included.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Bytes,
    /// What it was answered with; `None` while it is under way and when no reply was sent.
    pub status: Option<u16>,
    /// The kind of the fault that it met.
    pub fault: Option<&'static str>,
}

impl Recorded {
    /// The first header of that name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The first query parameter of that name.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON; `Null` when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as a form, decoded, in order, doubles included.
    pub fn form(&self) -> Vec<(String, String)> {
        Pairs::parse(&self.body).into_vec()
    }

    /// One field of the body as a form.
    pub fn field(&self, name: &str) -> Option<String> {
        self.form()
            .into_iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }

    /// Whether the user's browser made it, not the product.
    pub fn is_browser(&self) -> bool {
        self.path.ends_with("/o/oauth2/v2/auth") || self.path.ends_with("/oauth2/v2.0/authorize")
    }

    pub(crate) fn to_json(&self) -> Value {
        let body = match std::str::from_utf8(&self.body) {
            Ok(text) => json!({ "text": text }),
            Err(_) => json!({ "base64": STANDARD.encode(&self.body) }),
        };
        json!({
            "order": self.order,
            "at_ms": u64::try_from(self.at.as_millis()).unwrap_or(u64::MAX),
            "connection": self.connection,
            "method": self.method.as_str(),
            "path": self.path,
            "query": self.query,
            "headers": self.headers,
            "body": body,
            "status": self.status,
            "fault": self.fault,
        })
    }
}

/// Requests, with filters that can be chained. Reads like a slice.
#[derive(Clone, Debug, Default)]
pub struct Requests(Vec<Recorded>);

impl Requests {
    /// Those of one method.
    #[must_use]
    pub fn method(&self, method: &Method) -> Self {
        self.filter(|request| request.method == *method)
    }

    /// Those whose path fits a pattern: `*` is one segment, a last `**` is any rest.
    #[must_use]
    pub fn to(&self, pattern: &str) -> Self {
        self.filter(|request| path_matches(pattern, &request.path))
    }

    /// Those that the product made, not the user's browser.
    #[must_use]
    pub fn back_channel(&self) -> Self {
        self.filter(|request| !request.is_browser())
    }

    /// Those with an order of `order` or more: what came after a point that the test has noted.
    #[must_use]
    pub fn since(&self, order: u64) -> Self {
        self.filter(|request| request.order >= order)
    }

    /// Those that the test wants.
    #[must_use]
    pub fn filter(&self, wanted: impl Fn(&Recorded) -> bool) -> Self {
        Self(
            self.0
                .iter()
                .filter(|request| wanted(request))
                .cloned()
                .collect(),
        )
    }
}

impl Deref for Requests {
    type Target = [Recorded];

    fn deref(&self) -> &[Recorded] {
        &self.0
    }
}

impl IntoIterator for Requests {
    type Item = Recorded;
    type IntoIter = std::vec::IntoIter<Recorded>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Whether `path` fits `pattern`: `*` is one segment, a last `**` is any rest.
pub(crate) fn path_matches(pattern: &str, path: &str) -> bool {
    let mut wanted = pattern.split('/');
    let mut given = path.split('/');
    loop {
        match (wanted.next(), given.next()) {
            (Some("**"), _) | (None, None) => return true,
            (Some("*"), Some(_)) => {}
            (Some(wanted), Some(given)) if wanted == given => {}
            (Some(_), Some(_) | None) | (None, Some(_)) => return false,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Records {
    started: Instant,
    kept: usize,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    next: u64,
    requests: std::collections::VecDeque<Recorded>,
}

impl Records {
    /// Keeps the latest `kept` requests.
    pub(crate) fn new(kept: usize) -> Self {
        Self {
            started: Instant::now(),
            kept,
            inner: Mutex::default(),
        }
    }

    pub(crate) fn begin(&self, parts: &Parts, body: Bytes, connection: u64) -> u64 {
        let headers = parts
            .headers
            .iter()
            .map(|(name, value)| {
                (
                    name.as_str().to_owned(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect();
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let order = inner.next;
        inner.next += 1;
        if inner.requests.len() >= self.kept {
            inner.requests.pop_front();
        }
        if self.kept > 0 {
            inner.requests.push_back(Recorded {
                order,
                at: self.started.elapsed(),
                connection,
                method: parts.method.clone(),
                path: parts.uri.path().to_owned(),
                query: Pairs::parse(parts.uri.query().unwrap_or_default()).into_vec(),
                headers,
                body,
                status: None,
                fault: None,
            });
        }
        order
    }

    pub(crate) fn finish(&self, order: u64, status: Option<u16>, fault: Option<&'static str>) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let first = inner.requests.front().map_or(0, |request| request.order);
        let index = usize::try_from(order.wrapping_sub(first)).unwrap_or(usize::MAX);
        if let Some(request) = inner.requests.get_mut(index) {
            request.status = status;
            request.fault = fault;
        }
    }

    pub(crate) fn all(&self) -> Requests {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        Requests(inner.requests.iter().cloned().collect())
    }

    pub(crate) fn clear(&self) {
        self.inner
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .requests
            .clear();
    }
}

#[cfg(test)]
mod tests {
    use super::path_matches;

    #[test]
    fn a_pattern_names_segments_or_any_rest() {
        let path = "/calendar/v3/calendars/a%40b/events/x1";
        assert!(path_matches(path, path));
        assert!(path_matches("/calendar/v3/calendars/*/events/*", path));
        assert!(path_matches("/calendar/**", path));
        assert!(path_matches("/**", path));
        assert!(!path_matches("/calendar/v3/calendars/*/events", path));
        assert!(!path_matches("/calendar/v3/*/events/*", path));
        assert!(!path_matches("/token", path));
    }
}
