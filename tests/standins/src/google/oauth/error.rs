//! OAuth errors in the shape of RFC 6749, 5.2, as Google's token endpoint sends them.
//!
//! They never hold what the caller sent.

use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::server;

#[derive(Debug)]
pub(in crate::google) struct OAuthError {
    pub(in crate::google) status: u16,
    pub(in crate::google) code: String,
    pub(in crate::google) description: String,
}

impl OAuthError {
    pub(super) fn new(status: u16, code: &str, description: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            description: description.into(),
        }
    }

    pub(super) fn invalid_request(description: impl Into<String>) -> Self {
        Self::new(400, "invalid_request", description)
    }

    pub(super) fn invalid_grant(description: &str) -> Self {
        Self::new(400, "invalid_grant", description)
    }
}

/// A request that could not be read.
impl From<String> for OAuthError {
    fn from(what: String) -> Self {
        Self::invalid_request(what)
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.code, "error_description": self.description });
        server::json(self.status, &body)
    }
}
