//! Errors in the shape of Microsoft Graph ("Microsoft Graph error responses and resource types").
//!
//! They never hold a token.

use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::WWW_AUTHENTICATE;
use serde_json::json;

use crate::schema::Mistake;
use crate::server;

#[derive(Debug)]
pub(in crate::outlook) struct GraphError {
    status: u16,
    code: String,
    message: String,
}

impl GraphError {
    pub(in crate::outlook) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
        }
    }

    /// 400 of a value that does not do. Graph itself only says that some property failed.
    pub(super) fn property(what: impl std::fmt::Display) -> Self {
        let message = format!("At least one property failed validation. ({what})");
        Self::new(400, "ErrorPropertyValidationFailure", message)
    }

    /// 400 of a request that makes no sense.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "ErrorInvalidRequest", message)
    }

    /// 400 of a query option.
    pub(super) fn query(message: impl Into<String>) -> Self {
        Self::new(400, "RequestBroker--ParseUri", message)
    }

    /// 400 of a zone that Graph does not know.
    pub(super) fn zone(name: &str) -> Self {
        let message = format!(
            "A valid TimeZone value must be specified. The following TimeZone value is not supported: '{name}'."
        );
        Self::new(400, "TimeZoneNotSupportedException", message)
    }

    pub(super) fn unauthenticated(message: &str) -> Self {
        Self::new(401, "InvalidAuthenticationToken", message)
    }

    pub(super) fn denied() -> Self {
        Self::new(
            403,
            "ErrorAccessDenied",
            "Access is denied. Check credentials and try again.",
        )
    }

    pub(super) fn not_found() -> Self {
        Self::new(
            404,
            "ErrorItemNotFound",
            "The specified object was not found in the store.",
        )
    }

    pub(super) fn malformed_id() -> Self {
        Self::new(400, "ErrorInvalidIdMalformed", "Id is malformed.")
    }

    pub(super) fn duplicate(status: u16) -> Self {
        let message =
            "Your request can't be completed. An event with this transaction id exists already.";
        Self::new(status, "ErrorDuplicateTransactionId", message)
    }

    pub(super) fn conflict() -> Self {
        let message = "The send or update operation could not be performed because the change key passed in \
                       the request does not match the current change key for the item.";
        Self::new(412, "ErrorIrresolvableConflict", message)
    }
}

impl From<Mistake> for GraphError {
    fn from(mistake: Mistake) -> Self {
        match mistake {
            Mistake::Unknown { name, path } => {
                let kind = if path.is_empty() { "event" } else { &path };
                let message = format!(
                    "The property '{name}' does not exist on type 'microsoft.graph.{kind}'. Make sure to only \
                     use property names that are defined by the type or mark the type as open type."
                );
                Self::new(400, "RequestBodyRead", message)
            }
            Mistake::Type { path, wanted } => {
                let message = format!(
                    "Cannot convert the value of '{path}' to the expected type ({wanted})."
                );
                Self::new(400, "RequestBodyRead", message)
            }
            Mistake::ReadOnly { path } => {
                let message = format!("The property '{path}' is read-only and cannot be set.");
                Self::new(400, "ErrorInvalidPropertySet", message)
            }
        }
    }
}

impl IntoResponse for GraphError {
    fn into_response(self) -> Response {
        let body = json!({ "error": {
            "code": self.code,
            "message": self.message,
            "innerError": {
                "date": "2026-01-01T00:00:00",
                "request-id": "00000000-0000-4000-8000-000000000001",
                "client-request-id": "00000000-0000-4000-8000-000000000001",
            },
        } });
        let mut reply = server::json(self.status, &body);
        if self.status == 401 {
            let challenge = HeaderValue::from_static(
                "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\"",
            );
            reply.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        reply
    }
}
