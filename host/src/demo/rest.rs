//! The platform's client of Calport's REST interface. It calls the router in process, and
//! with nothing but what a platform on another machine has: its token, and the secret that
//! it signs its users' tokens with.

use super::people::Person;
use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use jsonwebtoken::{EncodingKey, Header, encode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tower::ServiceExt;

/// How long a user's token lives: each serves one call.
const TOKEN_LIFETIME: Duration = Duration::from_secs(60);

/// Calls that the page can show.
const CALLS_KEPT: usize = 12;

/// In whose name the platform calls.
#[derive(Clone, Copy, Debug)]
pub(super) enum Caller {
    Platform,
    User(&'static Person),
}

impl Caller {
    /// The word for it on the page.
    fn word(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::User(person) => person.name,
        }
    }
}

/// A call that changed something, for the page to show.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) caller: &'static str,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) status: u16,
}

/// A good reply.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Reply {
    /// Its body, as JSON.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_slice(&self.body).map_err(|_| Refusal::unreadable())
    }
}

/// A reply that says no: an RFC 9457 document.
#[derive(Clone, Debug, Deserialize, thiserror::Error)]
#[error("{code}: {title}")]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) title: String,
    #[serde(default)]
    pub(super) detail: Option<String>,
    #[serde(default)]
    pub(super) field: Option<String>,
    #[serde(default)]
    pub(super) remedy: Option<String>,
}

impl Refusal {
    /// One of the platform's own.
    pub(super) fn new(status: StatusCode, code: &str, title: &str) -> Self {
        Self {
            status: status.as_u16(),
            code: code.to_owned(),
            title: title.to_owned(),
            detail: None,
            field: None,
            remedy: None,
        }
    }

    fn unreadable() -> Self {
        let title = "Calport answered something that this demo does not understand";
        Self::new(StatusCode::BAD_GATEWAY, "unreadable", title)
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    sub: &'a str,
    role: &'a str,
    exp: u64,
}

/// The client.
pub(super) struct Rest {
    router: Router,
    platform_token: SecretString,
    signing_key: EncodingKey,
    calls: Mutex<VecDeque<Call>>,
}

impl Rest {
    /// A client of this router.
    pub(super) fn new(router: Router, platform_token: SecretString, jwt: &SecretString) -> Self {
        let signing_key = EncodingKey::from_secret(jwt.expose_secret().as_bytes());
        Self {
            router,
            platform_token,
            signing_key,
            calls: Mutex::default(),
        }
    }

    /// Reads something.
    pub(super) async fn get(&self, caller: Caller, path: &str) -> Result<Reply, Refusal> {
        self.send(caller, &Method::GET, path, None).await.1
    }

    /// Changes something; the page will show the call.
    pub(super) async fn call(
        &self,
        caller: Caller,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Reply, Refusal> {
        let (status, reply) = self.send(caller, &method, path, body).await;
        let path = path.to_owned();
        let call = Call {
            caller: caller.word(),
            method,
            path,
            status: status.as_u16(),
        };
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.push_front(call);
        calls.truncate(CALLS_KEPT);
        reply
    }

    /// The latest calls that changed something, the last one first.
    pub(super) fn calls(&self) -> Vec<Call> {
        self.calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .cloned()
            .collect()
    }

    async fn send(
        &self,
        caller: Caller,
        method: &Method,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Result<Reply, Refusal>) {
        let broken = || (StatusCode::BAD_GATEWAY, Err(Refusal::unreadable()));
        let Some(token) = self.token(caller) else {
            return broken();
        };
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"));
        let body = match body {
            None => Body::empty(),
            Some(json) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(json.to_string())
            }
        };
        let Ok(request) = request.body(body) else {
            return broken();
        };
        let Ok(response) = self.router.clone().oneshot(request).await;
        let (parts, body) = response.into_parts();
        let Ok(body) = body
            .collect()
            .await
            .map(http_body_util::Collected::to_bytes)
        else {
            return broken();
        };
        let reply = if parts.status.is_success() {
            Ok(Reply {
                headers: parts.headers,
                body,
            })
        } else {
            Err(serde_json::from_slice(&body).unwrap_or_else(|_| Refusal::unreadable()))
        };
        (parts.status, reply)
    }

    fn token(&self, caller: Caller) -> Option<String> {
        let person = match caller {
            Caller::Platform => return Some(self.platform_token.expose_secret().to_owned()),
            Caller::User(person) => person,
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        let exp = (now + TOKEN_LIFETIME).as_secs();
        let claims = Claims {
            sub: person.id,
            role: person.role.word(),
            exp,
        };
        encode(&Header::default(), &claims, &self.signing_key).ok()
    }
}
