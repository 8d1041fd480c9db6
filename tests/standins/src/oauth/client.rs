//! How a client authenticates: `client_secret_basic` or `client_secret_post` (RFC 6749, 2.3.1).
//!
//! It only reads what was sent; whether it is right is for the provider to say.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;

use crate::pairs::{Pairs, authorization};

/// What a client calls itself, and its secret. Both may be empty.
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// From the `Authorization` header, else from the form.
pub(crate) fn client(headers: &HeaderMap, form: &Pairs) -> Client {
    let field = |name: &str| form.get(name).unwrap_or_default().to_owned();
    let Some(given) = authorization(headers, "Basic") else {
        return Client {
            id: field("client_id"),
            secret: field("client_secret"),
        };
    };
    let text = STANDARD
        .decode(given)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.unwrap_or_default();
    let (id, secret) = text.split_once(':').unwrap_or_default();
    let decoded = |part: &str| {
        Pairs::parse(format!("v={part}"))
            .get("v")
            .unwrap_or_default()
            .to_owned()
    };
    Client {
        id: decoded(id),
        secret: decoded(secret),
    }
}
