//! The one header that credentials belong in (RFC 6750, section 2.1; RFC 6749, section
//! 2.3.1). One that was not given in this call is refused, too: a guest must not do a user's
//! work in an account of its own maker.

use super::{
    fault::RequestFault,
    policy::Way,
    table::{Kind, Table},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::HeaderValue;
use secrecy::ExposeSecret;
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

/// The header with the real value in it, never to be indexed or shown.
pub(super) fn fill(
    table: &Table,
    way: Way,
    value: &HeaderValue,
) -> Result<HeaderValue, RequestFault> {
    let (scheme, rest) = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or(RequestFault::Authorization)?;
    let filled = match way {
        Way::Api if scheme.eq_ignore_ascii_case("Bearer") => bearer(table, rest),
        Way::Form { .. } if scheme.eq_ignore_ascii_case("Basic") => basic(table, rest),
        Way::Api | Way::Form { .. } => None,
    };
    filled.ok_or(RequestFault::Authorization)
}

fn bearer(table: &Table, placeholder: &str) -> Option<HeaderValue> {
    let token = table.open(&[Kind::AccessToken], placeholder)?;
    header("Bearer", token.expose_secret())
}

/// Base64 hides a placeholder from a search, so that it is taken apart and put together again.
fn basic(table: &Table, encoded: &str) -> Option<HeaderValue> {
    let decoded = String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()?;
    let (id, placeholder) = decoded.split_once(':')?;
    if table.is_in(id.as_bytes()) {
        return None;
    }
    let secret = table.open(&[Kind::ClientSecret], placeholder)?;
    let mut pair = Zeroizing::new(format!("{id}:"));
    pair.extend(byte_serialize(secret.expose_secret().as_bytes()));
    let credentials = BASE64_STANDARD.encode(pair.as_bytes());
    let value = header("Basic", &credentials);
    // A provider that repeats the header in an error repeats the secret.
    table.seal(Kind::Other, credentials.into()).ok()?;
    value
}

fn header(scheme: &str, credentials: &str) -> Option<HeaderValue> {
    let text = Zeroizing::new(format!("{scheme} {credentials}"));
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}
