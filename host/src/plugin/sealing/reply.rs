//! What a token or revoke endpoint answers: every token is taken out before a guest sees it.
//! The reply is read whole and written anew, so that doubled fields, escapes and odd framing
//! are gone.

use super::{
    echo::Needles,
    fault::ReplyFault,
    policy::Asked,
    table::{Full, Kind, Table},
};
use bytes::Bytes;
use http::{
    HeaderMap, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, DATE, RETRY_AFTER},
};
use serde_json::Value;

/// The largest reply of a token endpoint in bytes. With an id token it comes to about 8 KiB.
pub(super) const LARGEST: usize = 256 * 1024;

/// Fields whose texts are no secrets (RFC 6749, section 5; what Google and Microsoft add).
/// In a success every other text is sealed, whatever it is called.
const PLAIN: &[&str] = &[
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

/// Seals a body. Tokens can be used only where they were asked for in a way that was checked:
/// what else an endpoint gives may be anybody's.
pub(super) fn seal(
    table: &Table,
    asked: Asked,
    status: StatusCode,
    body: &Bytes,
) -> Result<Bytes, ReplyFault> {
    if body.is_empty() {
        return Ok(Bytes::new());
    }
    let is_success = status.is_success();
    let mut value = match serde_json::from_slice::<Value>(body) {
        Ok(value) if value.is_object() => value,
        Ok(_) | Err(_) if is_success => return Err(ReplyFault::NotJson),
        Ok(_) | Err(_) if table.needles().are_in(body) => return Err(ReplyFault::Echo),
        // A refusal in another form, which may hold a token all the same.
        Ok(value) => value,
        // A gateway's own page. It knows no new token, only what the request held.
        Err(_) => return Ok(body.clone()),
    };
    hide(table, asked, &mut value, !is_success)?;
    // With the new tokens among them.
    unecho(&table.needles(), &mut value)?;
    serde_json::to_vec(&value)
        .map(Bytes::from)
        .map_err(|_| ReplyFault::NotJson)
}

/// Puts placeholders in place of texts. `plain`: but for those that are tokens by name, texts
/// are left as they are.
fn hide(table: &Table, asked: Asked, value: &mut Value, plain: bool) -> Result<(), ReplyFault> {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match (token(name), asked) {
                    (Some((name, kind)), Asked::Tokens) => replace(table, name, kind, value)?,
                    (Some((name, _)), Asked::Revocation | Asked::Call) => {
                        replace(table, name, Kind::Other, value)?;
                    }
                    (None, _) => {
                        hide(table, asked, value, plain || PLAIN.contains(&name.as_str()))?;
                    }
                }
            }
            Ok(())
        }
        Value::Array(items) => items
            .iter_mut()
            .try_for_each(|item| hide(table, asked, item, plain)),
        Value::String(_) if !plain => replace(table, "", Kind::Other, value),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn token(name: &str) -> Option<(&'static str, Kind)> {
    match name {
        "access_token" => Some(("access_token", Kind::AccessToken)),
        "refresh_token" => Some(("refresh_token", Kind::RefreshToken)),
        "id_token" => Some(("id_token", Kind::Other)),
        _ => None,
    }
}

fn replace(
    table: &Table,
    name: &'static str,
    kind: Kind,
    value: &mut Value,
) -> Result<(), ReplyFault> {
    match value {
        Value::Null => Ok(()),
        Value::String(text) if text.is_empty() => Ok(()),
        Value::String(text) => {
            let secret = std::mem::take(text).into();
            *text = table
                .seal(kind, secret)
                .map_err(|Full| ReplyFault::TooMany)?;
            Ok(())
        }
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err(ReplyFault::Token(name))
        }
    }
}

/// Takes out what an error's prose repeats.
fn unecho(needles: &Needles, value: &mut Value) -> Result<(), ReplyFault> {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if needles.are_in(name.as_bytes()) {
                    return Err(ReplyFault::Echo);
                }
                unecho(needles, value)?;
            }
            Ok(())
        }
        Value::Array(items) => items.iter_mut().try_for_each(|item| unecho(needles, item)),
        Value::String(text) => {
            if let Some(without) = needles.taken_out(text) {
                *text = without;
            }
            Ok(())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

/// Leaves the headers that say something about such a reply; what they said of the body's
/// length is no longer so.
pub(super) fn keep_known(headers: &mut HeaderMap) {
    let mut known = HeaderMap::new();
    for name in [CACHE_CONTROL, CONTENT_TYPE, DATE, RETRY_AFTER] {
        if let Some(value) = headers.remove(&name) {
            known.insert(name, value);
        }
    }
    *headers = known;
}
