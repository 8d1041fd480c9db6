//! Tells the page's own forms from everybody else's.

use super::app::App;
use axum::http::{HeaderMap, header};
use subtle::ConstantTimeEq;

/// Fetch Metadata Request Headers (W3C), section 2.
const FETCH_SITE: &str = "sec-fetch-site";

/// Whether a request that changes something came from this origin. Both headers are the
/// browser's own, and no page can forge them.
pub(super) fn is_same_origin(app: &App, headers: &HeaderMap) -> bool {
    let own = app.options().public_url.origin().ascii_serialization();
    match (headers.get(FETCH_SITE), headers.get(header::ORIGIN)) {
        (Some(site), _) => site == "same-origin",
        // For browsers before 2023; all send Origin with a POST.
        (None, Some(origin)) => *origin == *own,
        (None, None) => false,
    }
}

/// Whether a form carries its session's token.
pub(super) fn is_own_form(expected: &str, brought: Option<&str>) -> bool {
    brought.is_some_and(|brought| brought.as_bytes().ct_eq(expected.as_bytes()).into())
}

/// Whether a browser only looks ahead and nobody has clicked yet.
pub(super) fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose"].into_iter().any(|name| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.is_some_and(|value| value.contains("prefetch"))
    })
}
