//! Errors of Microsoft's identity platform: RFC 6749, 5.2, and the AADSTS code that refines them.
//!
//! They never hold what the caller sent.

use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::server;

/// AADSTS code, HTTP status at the token endpoint, `error`, `suberror`, what it says.
/// Microsoft's "Microsoft Entra authentication and authorization error codes".
const KNOWN: &[(u32, u16, &str, &str, &str)] = &[
    (
        50011,
        400,
        "invalid_request",
        "",
        "The redirect URI does not match the redirect URIs configured for the application.",
    ),
    (
        50020,
        400,
        "invalid_request",
        "",
        "User account from this identity provider does not exist in the tenant.",
    ),
    (
        50033,
        503,
        "temporarily_unavailable",
        "",
        "A transient error has occurred. Please try again.",
    ),
    (
        50076,
        400,
        "interaction_required",
        "basic_action",
        "You must use multi-factor authentication.",
    ),
    (
        50148,
        400,
        "invalid_grant",
        "",
        "The code_verifier does not match the code_challenge.",
    ),
    (
        50173,
        400,
        "invalid_grant",
        "bad_token",
        "The provided grant has expired due to it being revoked.",
    ),
    (
        53003,
        400,
        "interaction_required",
        "message_only",
        "Access has been blocked by Conditional Access policies.",
    ),
    (
        54005,
        400,
        "invalid_grant",
        "",
        "OAuth2 Authorization code was already redeemed.",
    ),
    (
        65001,
        400,
        "invalid_grant",
        "consent_required",
        "The user or administrator has not consented to use the application.",
    ),
    (
        65004,
        400,
        "consent_required",
        "",
        "User declined to consent to access the app.",
    ),
    (
        70000,
        400,
        "invalid_grant",
        "",
        "Provided grant is invalid or malformed.",
    ),
    (
        70002,
        401,
        "invalid_client",
        "",
        "The client credentials could not be validated.",
    ),
    (
        70003,
        400,
        "unsupported_grant_type",
        "",
        "The app requested an unsupported grant type.",
    ),
    (
        70008,
        400,
        "invalid_grant",
        "",
        "The provided authorization code or refresh token has expired.",
    ),
    (
        70011,
        400,
        "invalid_scope",
        "",
        "The provided value for the input parameter 'scope' is not valid.",
    ),
    (
        70012,
        503,
        "temporarily_unavailable",
        "",
        "A server error occurred while authenticating. Please retry.",
    ),
    (
        70043,
        400,
        "invalid_grant",
        "bad_token",
        "The refresh token has expired due to sign-in frequency checks.",
    ),
    (90002, 400, "invalid_request", "", "Tenant not found."),
    (
        90013,
        400,
        "invalid_request",
        "",
        "Invalid input received from the user.",
    ),
    (
        90014,
        400,
        "invalid_request",
        "",
        "A required field is missing from the request.",
    ),
    (
        90094,
        400,
        "consent_required",
        "",
        "An administrator must consent to the permissions requested.",
    ),
    (
        500112,
        400,
        "invalid_grant",
        "",
        "The reply address does not match the one that the code was requested for.",
    ),
    (
        650053,
        400,
        "invalid_client",
        "",
        "The application asked for a scope that does not exist.",
    ),
    (
        700016,
        400,
        "unauthorized_client",
        "",
        "Application with this identifier was not found in the directory.",
    ),
    (
        700025,
        401,
        "invalid_client",
        "",
        "Client is public so neither client_assertion nor client_secret should be presented.",
    ),
    (
        700082,
        400,
        "invalid_grant",
        "",
        "The refresh token has expired due to inactivity.",
    ),
    (
        900941,
        400,
        "consent_required",
        "",
        "An administrator must consent to an app that is considered risky.",
    ),
    (
        7000215,
        401,
        "invalid_client",
        "",
        "Invalid client secret provided.",
    ),
    (
        7000218,
        401,
        "invalid_client",
        "",
        "The request body must contain 'client_assertion' or 'client_secret'.",
    ),
    (
        7000222,
        401,
        "invalid_client",
        "",
        "The provided client secret keys are expired.",
    ),
];

#[derive(Debug)]
pub(in crate::outlook) struct AadError {
    pub(in crate::outlook) status: u16,
    pub(in crate::outlook) error: String,
    pub(in crate::outlook) suberror: String,
    pub(in crate::outlook) code: u32,
    pub(in crate::outlook) message: String,
}

impl AadError {
    /// By its AADSTS code. One that is not in the table becomes `server_error`.
    pub(in crate::outlook) fn of(code: u32) -> Self {
        let known = KNOWN.iter().find(|(known, ..)| *known == code);
        let (_, status, error, suberror, message) =
            known
                .copied()
                .unwrap_or((code, 500, "server_error", "", "An error."));
        Self {
            status,
            error: error.into(),
            suberror: suberror.into(),
            code,
            message: message.into(),
        }
    }

    pub(super) fn missing(name: &str) -> Self {
        let message = format!("The required field '{name}' is missing from the request.");
        Self {
            message,
            ..Self::of(90014)
        }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ..Self::of(90013)
        }
    }

    /// What a fault asks for by name: `invalid_grant`, or `AADSTS70008`.
    pub(in crate::outlook) fn named(status: u16, name: &str, message: &str) -> Self {
        let code = name
            .strip_prefix("AADSTS")
            .and_then(|code| code.parse().ok());
        match code {
            Some(code) => Self {
                status,
                ..Self::of(code)
            },
            None => Self {
                status,
                error: name.into(),
                suberror: String::new(),
                code: 0,
                message: message.into(),
            },
        }
    }

    pub(super) fn description(&self) -> String {
        format!(
            "AADSTS{}: {} Trace ID: 00000000-0000-4000-8000-000000000001 \
             Correlation ID: 00000000-0000-4000-8000-000000000002 Timestamp: 2026-01-01 00:00:00Z",
            self.code, self.message
        )
    }
}

impl IntoResponse for AadError {
    fn into_response(self) -> Response {
        let mut body = json!({
            "error": self.error,
            "error_description": self.description(),
            "error_codes": if self.code == 0 { vec![] } else { vec![self.code] },
            "timestamp": "2026-01-01 00:00:00Z",
            "trace_id": "00000000-0000-4000-8000-000000000001",
            "correlation_id": "00000000-0000-4000-8000-000000000002",
        });
        if let (false, Some(fields)) = (self.suberror.is_empty(), body.as_object_mut()) {
            fields.insert("suberror".into(), self.suberror.into());
        }
        server::json(self.status, &body)
    }
}
