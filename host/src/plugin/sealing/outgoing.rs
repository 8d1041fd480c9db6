//! Puts real values into a request that is about to leave, and refuses it where a placeholder
//! stands in any other place. What it changes it writes anew: nothing of the guest's own
//! spelling is left for a provider to read in another way.

use super::{
    authorization,
    fault::RequestFault,
    form,
    policy::{Asked, Way},
    table::Table,
};
use crate::{egress::CheckedParts, plugin::calendar::Scope};
use bytes::Bytes;
use http::{
    HeaderMap, Method,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue},
};
use std::borrow::Cow;
use url::form_urlencoded;

pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// Fields that APIs read a token from, or a header with one, as they are without what stands
/// between their letters: RFC 6750, sections 2.2 and 2.3; `bearer_token`, `oauth_token` and
/// `$httpHeaders` are Google's.
const TOKEN_FIELDS: [&str; 4] = ["accesstoken", "bearertoken", "httpheaders", "oauthtoken"];

/// Puts in what belongs there.
pub(super) fn fill(
    table: &Table,
    way: Way,
    scopes: &[Scope],
    parts: &mut CheckedParts,
) -> Result<Asked, RequestFault> {
    let method = parts.method().clone();
    check_url(table, way, parts.target().path_and_query())?;
    fill_headers(table, way, &mut parts.headers)?;
    let (body, asked) = fill_body(table, way, scopes, &method, &mut parts.headers, &parts.body)?;
    parts.body = body;
    Ok(asked)
}

/// No credential stands in a URL, which ends in logs: neither as it is nor percent-encoded,
/// and for an API no token that this call was not given either.
pub(super) fn check_url(table: &Table, way: Way, path_and_query: &str) -> Result<(), RequestFault> {
    let mentions = |text: &Cow<'_, str>| table.is_in(text.as_bytes());
    // The characters at which it splits are in no placeholder, so that it decodes a path, too.
    let mut decoded = form_urlencoded::parse(path_and_query.as_bytes());
    if table.is_in(path_and_query.as_bytes())
        || decoded.any(|(name, value)| mentions(&name) || mentions(&value))
    {
        return Err(RequestFault::Url);
    }
    let query = path_and_query.split_once('?').map(|(_, query)| query);
    if way == Way::Api && query.is_some_and(|query| has_token_field(query.as_bytes())) {
        return Err(RequestFault::Url);
    }
    Ok(())
}

/// Whether fields of a query or a form are for a token: then an API could do the work in an
/// account of the plugin's maker. Some read `;` as `&`.
fn has_token_field(fields: &[u8]) -> bool {
    let mut names = fields
        .split(|byte| matches!(byte, b'&' | b';'))
        .flat_map(form_urlencoded::parse)
        .map(|(name, _)| name);
    names.any(|name| {
        let letters = name.chars().filter(char::is_ascii_alphanumeric);
        let letters: String = letters.map(|c| c.to_ascii_lowercase()).collect();
        TOKEN_FIELDS.contains(&letters.as_str())
    })
}

pub(super) fn fill_headers(
    table: &Table,
    way: Way,
    headers: &mut HeaderMap,
) -> Result<(), RequestFault> {
    let others = headers.iter().filter(|(name, _)| *name != AUTHORIZATION);
    for (name, value) in others {
        if table.is_in(name.as_str().as_bytes()) || table.is_in(value.as_bytes()) {
            return Err(RequestFault::Header);
        }
    }
    let mut values = headers.get_all(AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(()),
        (Some(_), Some(_)) => Err(RequestFault::Authorizations),
        (Some(value), None) => {
            let filled = authorization::fill(table, way, value)?;
            headers.insert(AUTHORIZATION, filled);
            Ok(())
        }
    }
}

pub(super) fn fill_body(
    table: &Table,
    way: Way,
    scopes: &[Scope],
    method: &Method,
    headers: &mut HeaderMap,
    body: &Bytes,
) -> Result<(Bytes, Asked), RequestFault> {
    match way {
        Way::Api if table.is_in(body) || may_authorize(headers, body) => Err(RequestFault::Body),
        Way::Api => Ok((body.clone(), Asked::Call)),
        Way::Form { token, revoke } => {
            if method != Method::POST || !is_form(headers) {
                return Err(RequestFault::NotAForm);
            }
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(FORM));
            form::fill(table, scopes, (token, revoke), body)
        }
    }
}

/// Whether an API may read a token from a body: from a field of a form, or from a part with
/// headers of its own, of which Google's batches are made.
fn may_authorize(headers: &HeaderMap, body: &Bytes) -> bool {
    if body.is_empty() {
        return false;
    }
    let kinds = headers.get_all(CONTENT_TYPE).iter();
    let kinds: Vec<_> = kinds
        .map(|kind| String::from_utf8_lossy(kind.as_bytes()).to_ascii_lowercase())
        .collect();
    let is_form = kinds.is_empty() || kinds.iter().any(|kind| kind.contains(FORM));
    let has_parts = kinds.iter().any(|kind| kind.contains("multipart/"));
    has_parts || (is_form && has_token_field(body))
}

/// Whether there is one Content-Type, and it says that this is a form in UTF-8.
fn is_form(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(only), None) = (values.next(), values.next()) else {
        return false;
    };
    let Ok(text) = only.to_str() else {
        return false;
    };
    let (kind, parameter) = text.split_once(';').unwrap_or((text, "charset=utf-8"));
    kind.trim().eq_ignore_ascii_case(FORM) && parameter.trim().eq_ignore_ascii_case("charset=utf-8")
}
