//! Page tokens and sync tokens.
//!
//! Opaque to clients, readable to us; one that we did not make is refused.

use super::error::ApiError;

/// The token of the page that begins with entry `first`.
pub(super) fn page_token(first: usize) -> String {
    format!("CPage{first}")
}

/// Which entry a page token begins with.
pub(super) fn page(token: &str) -> Result<usize, ApiError> {
    let first = token
        .strip_prefix("CPage")
        .and_then(|first| first.parse().ok());
    first.ok_or_else(|| ApiError::parameter("pageToken", "Invalid page token value."))
}

/// The token for what changes after change number `change`.
pub(super) fn sync_token(change: u64) -> String {
    format!("CSync{change}=")
}

/// Which change a sync token stands for. One from before `oldest` has expired.
pub(super) fn since(token: &str, oldest: u64) -> Result<u64, ApiError> {
    let change = token
        .strip_prefix("CSync")
        .and_then(|rest| rest.strip_suffix('='));
    match change.and_then(|change| change.parse().ok()) {
        Some(change) if change >= oldest => Ok(change),
        Some(_) => Err(ApiError::full_sync()),
        None => Err(ApiError::parameter(
            "syncToken",
            "Invalid sync token value.",
        )),
    }
}
