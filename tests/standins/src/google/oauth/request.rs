//! Reading a form request of the token and revocation endpoints.
//!
//! Nothing is accepted from the query, twice, or in another media type.

use http::HeaderMap;

use super::error::OAuthError;
use crate::pairs::{Pairs, media_type};

/// The form's fields, when there is nothing else and nothing unknown.
pub(super) fn form(
    headers: &HeaderMap,
    query: Option<&str>,
    body: &[u8],
    known: &[&str],
) -> Result<Pairs, OAuthError> {
    if media_type(headers).as_deref() != Some("application/x-www-form-urlencoded") {
        return Err(OAuthError::invalid_request(
            "Content-Type must be application/x-www-form-urlencoded",
        ));
    }
    if query.is_some_and(|query| !query.is_empty()) {
        return Err(OAuthError::invalid_request("Parameters belong in the body"));
    }
    let form = Pairs::parse(body);
    if let Some(name) = form.doubled() {
        let message = format!("OAuth 2 parameters can only have a single value: {name}");
        return Err(OAuthError::invalid_request(message));
    }
    if let Some(name) = form.unknown(known) {
        let message = format!("Parameter not allowed for this message type: {name}");
        return Err(OAuthError::invalid_request(message));
    }
    Ok(form)
}

/// A field that must be there.
pub(super) fn required<'a>(form: &'a Pairs, name: &str) -> Result<&'a str, OAuthError> {
    let missing = || OAuthError::invalid_request(format!("Missing required parameter: {name}"));
    form.get(name).ok_or_else(missing)
}
