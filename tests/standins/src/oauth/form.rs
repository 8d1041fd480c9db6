//! Reading a form request of a token or revocation endpoint.
//!
//! Nothing is accepted from the query, twice, or in another media type. The error is what is wrong.

use http::HeaderMap;

use crate::pairs::{Pairs, media_type};

/// The form's fields, when there is nothing else and nothing unknown.
pub(crate) fn form(
    headers: &HeaderMap,
    query: Option<&str>,
    body: &[u8],
    known: &[&str],
) -> Result<Pairs, String> {
    if media_type(headers).as_deref() != Some("application/x-www-form-urlencoded") {
        return Err("Content-Type must be application/x-www-form-urlencoded".into());
    }
    if query.is_some_and(|query| !query.is_empty()) {
        return Err("Parameters belong in the body".into());
    }
    let form = Pairs::parse(body);
    if let Some(name) = form.doubled() {
        return Err(format!(
            "OAuth 2 parameters can only have a single value: {name}"
        ));
    }
    if let Some(name) = form.unknown(known) {
        return Err(format!(
            "Parameter not allowed for this message type: {name}"
        ));
    }
    Ok(form)
}

/// A field that must be there.
pub(crate) fn required<'a>(form: &'a Pairs, name: &str) -> Result<&'a str, String> {
    form.get(name)
        .ok_or_else(|| format!("Missing required parameter: {name}"))
}
