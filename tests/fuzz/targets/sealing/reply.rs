//! What a provider answers, and what must hold of what the guest reads.

use super::piece::{Pieces, Side};
use arbitrary::Arbitrary;
use bytes::Bytes;
use calport_fuzz::{CANARY, holds, percent_decoded};
use calport_host::plugin::fuzzing::{Call, Given};
use http::StatusCode;
use serde_json::{Map, Value};
use url::form_urlencoded::byte_serialize;

/// What is too short to be looked for.
const SHORTEST: usize = 12;

/// Fields whose texts are no secrets.
const PLAIN: [&str; 12] = [
    "error",
    "error_description",
    "error_uri",
    "expires_at",
    "expires_in",
    "expires_on",
    "ext_expires_in",
    "issued_token_type",
    "not_before",
    "refresh_token_expires_in",
    "scope",
    "token_type",
];

/// Fields that are tokens wherever they stand.
const TOKENS: [&str; 3] = ["access_token", "refresh_token", "id_token"];

#[derive(Arbitrary, Debug)]
pub struct TokenReply {
    status: Status,
    body: Body,
}

#[derive(Arbitrary, Debug)]
enum Status {
    Ok,
    Refused,
    Any(u16),
}

#[derive(Arbitrary, Debug)]
enum Body {
    Json(Json),
    Raw(Pieces),
    Bytes(Vec<u8>),
}

#[derive(Arbitrary, Debug)]
enum Json {
    Null,
    Flag(bool),
    Number(i64),
    Text(Pieces),
    List(Vec<Json>),
    Object(Vec<(Name, Json)>),
}

#[derive(Arbitrary, Debug)]
enum Name {
    Plain(u8),
    Token(u8),
    Any(Pieces),
}

impl Json {
    fn value(&self, call: &Call<'_>) -> Value {
        let text = |pieces: &Pieces| pieces.text(call, Side::Provider);
        match self {
            Self::Null => Value::Null,
            Self::Flag(flag) => Value::Bool(*flag),
            Self::Number(number) => (*number).into(),
            Self::Text(pieces) => text(pieces).into(),
            Self::List(items) => items.iter().take(8).map(|item| item.value(call)).collect(),
            Self::Object(fields) => fields
                .iter()
                .take(8)
                .map(|(name, value)| {
                    let name = match name {
                        Name::Plain(index) => PLAIN[usize::from(*index) % PLAIN.len()].to_owned(),
                        Name::Token(index) => TOKENS[usize::from(*index) % TOKENS.len()].to_owned(),
                        Name::Any(pieces) => text(pieces),
                    };
                    (name, value.value(call))
                })
                .collect::<Map<_, _>>()
                .into(),
        }
    }
}

impl TokenReply {
    /// Fails if the guest reads a credential.
    pub fn check(&self, call: &Call<'_>) {
        let status = match self.status {
            Status::Ok => StatusCode::OK,
            Status::Refused => StatusCode::BAD_REQUEST,
            Status::Any(status) => StatusCode::from_u16(status).unwrap_or(StatusCode::OK),
        };
        let body: Bytes = match &self.body {
            Body::Json(json) => json.value(call).to_string().into(),
            Body::Raw(pieces) => pieces.text(call, Side::Provider).into(),
            Body::Bytes(bytes) => bytes.clone().into(),
        };
        let Some(read) = call.reads_token_reply(status, &body) else {
            return;
        };
        let mut secrets: Vec<String> = Given::ALL.map(Given::value).into();
        if let Ok(sent) = serde_json::from_slice(&body) {
            tokens(&sent, &mut secrets);
        }
        secrets.retain(|secret| secret.len() >= SHORTEST);
        check_without(&secrets, &read);
        if status.is_success() && !body.is_empty() {
            let value = serde_json::from_slice(&read).expect("a success is JSON");
            assert!(matches!(value, Value::Object(_)), "{value}");
            check_sealed(call, &value, false);
        }
    }
}

/// The tokens that a reply holds.
fn tokens(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if TOKENS.contains(&name.as_str()) => {
                        found.push(text.clone())
                    }
                    value => tokens(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| tokens(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Fails if a text that could be a secret is no placeholder.
fn check_sealed(call: &Call<'_>, value: &Value, is_plain: bool) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if TOKENS.contains(&name.as_str()) {
                    let is_sealed = |text: &str| text.is_empty() || call.knows(text);
                    assert!(
                        value.is_null() || value.as_str().is_some_and(is_sealed),
                        "{name} is not sealed"
                    );
                } else {
                    check_sealed(call, value, is_plain || PLAIN.contains(&name.as_str()));
                }
            }
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| check_sealed(call, item, is_plain)),
        Value::String(text) => {
            assert!(
                is_plain || text.is_empty() || call.knows(text),
                "a text is not sealed"
            );
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Fails if one of the secrets is in what a guest reads, in a spelling that replies have.
fn check_without(secrets: &[String], read: &[u8]) {
    let check = |text: &[u8], spelling: &str| {
        assert!(!holds(text, spelling), "a credential is read");
    };
    for secret in secrets {
        let encoded: String = byte_serialize(secret.as_bytes()).collect();
        for spelling in [secret, &secret.replace('/', "\\/"), &encoded] {
            check(read, spelling);
        }
        check(&percent_decoded(read), secret);
        if let Ok(value) = serde_json::from_slice(read) {
            each_text(&value, &mut |text| {
                check(text.as_bytes(), secret);
                check(text.as_bytes(), &encoded);
            });
        }
    }
}

fn each_text(value: &Value, check: &mut dyn FnMut(&str)) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                check(name);
                each_text(value, check);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| each_text(item, check)),
        Value::String(text) => check(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[derive(Arbitrary, Debug)]
pub struct ApiReply {
    parts: Vec<Pieces>,
    is_json: bool,
}

impl ApiReply {
    /// Fails if the guest reads a credential, or a reply without one otherwise than it was sent.
    /// `has_learned`: what a token reply gave before, which may hold no canary, must not come
    /// back either.
    pub fn check(&self, call: &Call<'_>, has_learned: bool) {
        let parts = self
            .parts
            .iter()
            .map(|pieces| pieces.text(call, Side::Provider));
        let mut parts: Vec<Bytes> = parts.map(Bytes::from).collect();
        if self.is_json {
            parts.insert(0, "[\"".into());
            parts.push("\"]".into());
        }
        let sent = parts.concat();
        let (read, is_whole) = call.reads_reply(parts);
        let secrets: Vec<String> = Given::ALL.map(Given::value).into();
        check_without(&secrets, &read);
        assert!(sent.starts_with(&read), "another reply than was sent");
        // As it is, it may be what an escape before it takes its beginning from.
        let has_none = !holds(&sent, CANARY) && !holds(percent_decoded(&sent), CANARY);
        assert!(
            has_learned || !has_none || is_whole,
            "a reply without a credential is refused"
        );
        assert!(!is_whole || read == sent, "a part of the reply is missing");
    }
}
