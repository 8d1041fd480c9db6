//! Page tokens and sync tokens.
//!
//! Opaque to clients, readable to us; one that we did not make is refused.

use super::error::ApiError;

/// The token of the page that begins with entry `first` of a reading since a change.
pub(super) fn page_token(first: usize, since: Option<u64>) -> String {
    match since {
        None => format!("CPage{first}"),
        Some(since) => format!("CPage{first}of{since}"),
    }
}

/// Which entry a page token begins with. Good only beside the sync token that it was made for.
pub(super) fn page(token: &str, since: Option<u64>) -> Result<usize, ApiError> {
    let rest = token.strip_prefix("CPage");
    let first = rest.and_then(|rest| match since {
        None => rest.parse().ok(),
        Some(since) => rest.strip_suffix(&format!("of{since}"))?.parse().ok(),
    });
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
