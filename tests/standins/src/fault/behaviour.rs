//! What happens to a request that meets a fault.
//!
//! Each behaviour says whether the request still takes effect: it never depends on chance.

use std::future::Future;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderName, HeaderValue, StatusCode};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::body::{Drip, Endless, GzipBomb, HalfThenStall};

/// Writes a provider's error body: path, status, reason, message.
pub(crate) type ErrorBody = fn(&str, u16, &str, &str) -> Response;

/// The connection closes without a reply.
#[derive(Debug, thiserror::Error)]
#[error("closed without a reply, as a fault demands")]
pub(crate) struct NoReply;

/// What happens instead of, or after, the proper answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "snake_case",
    deny_unknown_fields
)]
pub enum Behaviour {
    /// The provider's own error shape with this status and reason. No effect.
    Error {
        /// HTTP status.
        status: u16,
        /// `rateLimitExceeded`, `invalid_grant`, ...
        reason: String,
        /// The text of a `Retry-After` header, sensible or not.
        #[serde(default)]
        retry_after: Option<String>,
    },
    /// Any reply. No effect.
    Reply {
        /// HTTP status.
        status: u16,
        /// Headers as they are sent.
        #[serde(default)]
        headers: Vec<(String, String)>,
        /// The body.
        #[serde(default)]
        body: String,
    },
    /// 200 with a web page, as a captive portal sends it. No effect.
    Html,
    /// 200 with arrays nested this deep. No effect.
    DeepJson {
        /// How many `[` there are.
        depth: usize,
    },
    /// 307 to another URL. No effect.
    Redirect {
        /// Where to.
        to: String,
    },
    /// 307 to the request's own URL. No effect.
    RedirectLoop,
    /// Never answers, and keeps the connection open. No effect.
    Stall,
    /// Closes the connection without a reply. No effect.
    Drop,
    /// 200 with JSON that never ends. No effect.
    Endless,
    /// 200, gzip, that unpacks to this many MiB at about 1:1000. No effect.
    GzipBomb {
        /// Unpacked size.
        mebibytes: u64,
    },
    /// Takes effect; then this status (503 and the like) in the provider's error shape.
    ErrorAfterEffect {
        /// HTTP status.
        status: u16,
        /// The provider's reason.
        reason: String,
        /// The text of a `Retry-After` header.
        #[serde(default)]
        retry_after: Option<String>,
    },
    /// Takes effect; the connection closes without a reply.
    LoseReply,
    /// Takes effect; never answers.
    StallAfterEffect,
    /// Takes effect; half of the reply's body, then nothing more.
    StallHalfway,
    /// Takes effect; the body ends in its middle, as a complete reply.
    TruncatedJson,
    /// Takes effect; every text in the JSON reply begins with a byte that is not UTF-8.
    BadUtf8,
    /// Takes effect; the reply's body comes byte by byte.
    Drip {
        /// Between two bytes.
        pause_ms: u64,
    },
    /// Takes effect; the reply's JSON is changed: `set` replaces top-level fields, `remove` takes them out.
    EditJson {
        /// Fields to put in.
        #[serde(default)]
        set: Map<String, Value>,
        /// Fields to take out.
        #[serde(default)]
        remove: Vec<String>,
    },
}

impl Behaviour {
    /// An error in the provider's own shape, without effect.
    pub fn error(status: u16, reason: impl Into<String>) -> Self {
        Self::Error {
            status,
            reason: reason.into(),
            retry_after: None,
        }
    }

    /// An error although the request took effect.
    pub fn error_after_effect(status: u16) -> Self {
        Self::ErrorAfterEffect {
            status,
            reason: "backendError".into(),
            retry_after: None,
        }
    }

    /// With a `Retry-After` header of this text. Only errors have one.
    #[must_use]
    pub fn retry_after(mut self, text: impl Into<String>) -> Self {
        if let Self::Error { retry_after, .. } | Self::ErrorAfterEffect { retry_after, .. } =
            &mut self
        {
            *retry_after = Some(text.into());
        }
        self
    }

    /// A token reply with this `expires_in`; `None`: without any.
    pub fn expires_in(value: Option<Value>) -> Self {
        match value {
            Some(value) => Self::set("expires_in", value),
            None => Self::remove("expires_in"),
        }
    }

    /// A token reply without a refresh token.
    pub fn without_refresh_token() -> Self {
        Self::remove("refresh_token")
    }

    /// A token reply that claims these scopes.
    pub fn scopes(scopes: &[&str]) -> Self {
        Self::set("scope", Value::from(scopes.join(" ")))
    }

    /// The proper reply with one top-level field replaced.
    pub fn set(name: &str, value: Value) -> Self {
        Self::EditJson {
            set: Map::from_iter([(name.to_owned(), value)]),
            remove: Vec::new(),
        }
    }

    /// The proper reply without one top-level field.
    pub fn remove(name: &str) -> Self {
        Self::EditJson {
            set: Map::new(),
            remove: vec![name.to_owned()],
        }
    }

    /// Its name on the control interface and in records.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Error { .. } => "error",
            Self::Reply { .. } => "reply",
            Self::Html => "html",
            Self::DeepJson { .. } => "deep-json",
            Self::Redirect { .. } => "redirect",
            Self::RedirectLoop => "redirect-loop",
            Self::Stall => "stall",
            Self::Drop => "drop",
            Self::Endless => "endless",
            Self::GzipBomb { .. } => "gzip-bomb",
            Self::ErrorAfterEffect { .. } => "error-after-effect",
            Self::LoseReply => "lose-reply",
            Self::StallAfterEffect => "stall-after-effect",
            Self::StallHalfway => "stall-halfway",
            Self::TruncatedJson => "truncated-json",
            Self::BadUtf8 => "bad-utf8",
            Self::Drip { .. } => "drip",
            Self::EditJson { .. } => "edit-json",
        }
    }

    /// `proper` gives the proper answer, and the effect with it, once it is awaited.
    pub(crate) async fn perform(
        self,
        path: &str,
        error_body: ErrorBody,
        proper: impl Future<Output = Response>,
    ) -> Result<Response, NoReply> {
        match self {
            Self::Error {
                status,
                reason,
                retry_after,
            } => Ok(error(path, error_body, status, &reason, retry_after)),
            Self::Reply {
                status,
                headers,
                body,
            } => Ok(reply(status, headers, body)),
            Self::Html => {
                let page = "<!doctype html><title>Sign in to the network</title><p>Please sign in.";
                Ok(([(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response())
            }
            Self::DeepJson { depth } => Ok(as_json("[".repeat(depth) + &"]".repeat(depth))),
            Self::Redirect { to } => Ok(redirect(&to)),
            Self::RedirectLoop => Ok(redirect(path)),
            Self::Stall => std::future::pending().await,
            Self::Drop => Err(NoReply),
            Self::Endless => Ok(as_json(Body::new(Endless::default()))),
            Self::GzipBomb { mebibytes } => {
                let mut bomb = as_json(Body::new(GzipBomb::new(mebibytes)));
                bomb.headers_mut()
                    .insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                Ok(bomb)
            }
            Self::ErrorAfterEffect {
                status,
                reason,
                retry_after,
            } => {
                drop(proper.await);
                Ok(error(path, error_body, status, &reason, retry_after))
            }
            Self::LoseReply => {
                drop(proper.await);
                Err(NoReply)
            }
            Self::StallAfterEffect => {
                drop(proper.await);
                std::future::pending().await
            }
            Self::StallHalfway => {
                rewrite(proper, |bytes| Body::new(HalfThenStall::new(bytes))).await
            }
            Self::TruncatedJson => {
                rewrite(proper, |bytes| Body::from(bytes.slice(..bytes.len() / 2))).await
            }
            Self::BadUtf8 => rewrite(proper, |bytes| Body::from(spoil(&bytes))).await,
            Self::Drip { pause_ms } => {
                rewrite(proper, |bytes| {
                    Body::new(Drip::new(bytes, Duration::from_millis(pause_ms)))
                })
                .await
            }
            Self::EditJson { set, remove } => {
                rewrite(proper, |bytes| {
                    let Ok(Value::Object(mut fields)) = serde_json::from_slice(&bytes) else {
                        return Body::from(bytes);
                    };
                    fields.extend(set);
                    fields.retain(|name, _| !remove.contains(name));
                    Body::from(Value::Object(fields).to_string())
                })
                .await
            }
        }
    }
}

fn error(
    path: &str,
    error_body: ErrorBody,
    status: u16,
    reason: &str,
    retry_after: Option<String>,
) -> Response {
    let mut reply = error_body(path, status, reason, "a fault of the stand-in");
    if let Some(value) = retry_after.and_then(|text| HeaderValue::from_bytes(text.as_bytes()).ok())
    {
        reply.headers_mut().insert(RETRY_AFTER, value);
    }
    reply
}

fn reply(status: u16, headers: Vec<(String, String)>, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut reply = (status, Body::from(body)).into_response();
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (
            HeaderName::try_from(name),
            HeaderValue::from_bytes(value.as_bytes()),
        ) {
            reply.headers_mut().append(name, value);
        }
    }
    reply
}

fn as_json(body: impl Into<Body>) -> Response {
    (
        [(CONTENT_TYPE, "application/json; charset=UTF-8")],
        body.into(),
    )
        .into_response()
}

fn redirect(to: &str) -> Response {
    let to = HeaderValue::from_bytes(to.as_bytes()).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, to)]).into_response()
}

async fn rewrite(
    proper: impl Future<Output = Response>,
    change: impl FnOnce(Bytes) -> Body,
) -> Result<Response, NoReply> {
    let (mut parts, body) = proper.await.into_parts();
    let bytes = body.collect().await.map_err(|_| NoReply)?.to_bytes();
    parts.headers.remove(CONTENT_LENGTH);
    Ok(Response::from_parts(parts, change(bytes)))
}

/// Puts 0xFF behind the quote that opens each JSON text which is a value.
fn spoil(json: &[u8]) -> Vec<u8> {
    let mut spoilt = Vec::with_capacity(json.len() + 16);
    let mut before = [0, 0];
    for byte in json {
        spoilt.push(*byte);
        if *byte == b'"' && (before[1] == b':' || before == [b':', b' ']) {
            spoilt.push(0xFF);
        }
        before = [before[1], *byte];
    }
    spoilt
}
