//! Errors of the Calendar API in Google's JSON shape (Google's guide "Handle API errors").
//!
//! They never hold a token.

use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::WWW_AUTHENTICATE;
use serde_json::{Value, json};

use crate::server;

#[derive(Debug)]
pub(in crate::google) struct ApiError {
    status: u16,
    domain: &'static str,
    reason: String,
    message: String,
    location: Option<(&'static str, String)>,
    /// `status` and `details` of google.rpc.Status, where Google sends them.
    rpc: Option<Box<(&'static str, Value)>>,
}

impl ApiError {
    pub(in crate::google) fn new(
        status: u16,
        domain: &'static str,
        reason: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let (reason, message) = (reason.into(), message.into());
        Self {
            status,
            domain,
            reason,
            message,
            location: None,
            rpc: None,
        }
    }

    fn at(self, kind: &'static str, location: &str) -> Self {
        Self {
            location: Some((kind, location.to_owned())),
            ..self
        }
    }

    /// 400 `invalid`.
    pub(in crate::google) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "global", "invalid", message)
    }

    /// 400 `required`.
    pub(in crate::google) fn required(message: impl Into<String>) -> Self {
        Self::new(400, "global", "required", message)
    }

    /// 400 of a query parameter.
    pub(in crate::google) fn parameter(name: &str, message: impl Into<String>) -> Self {
        Self::new(400, "global", "invalidParameter", message).at("parameter", name)
    }

    /// 400 of a body that names what does not exist, or holds the wrong type.
    pub(in crate::google) fn payload(message: impl Into<String>) -> Self {
        let message = format!("Invalid JSON payload received. {}", message.into());
        let rpc = Some(Box::new(("INVALID_ARGUMENT", Value::Null)));
        Self {
            rpc,
            ..Self::new(400, "global", "badRequest", message)
        }
    }

    /// 400 `timeRangeEmpty`.
    pub(in crate::google) fn empty_range() -> Self {
        Self::new(
            400,
            "calendar",
            "timeRangeEmpty",
            "The specified time range is empty.",
        )
    }

    /// 401 of a token that is expired, revoked or unknown.
    pub(in crate::google) fn unauthenticated() -> Self {
        let message = "Request had invalid authentication credentials.";
        let error = Self::new(401, "global", "authError", message).at("header", "Authorization");
        Self {
            rpc: Some(Box::new(("UNAUTHENTICATED", Value::Null))),
            ..error
        }
    }

    /// 403 of a token without the scope. `method`: `calendar.v3.Events.Insert`.
    pub(in crate::google) fn scope(method: &str) -> Self {
        let details = json!([{
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
            "domain": "googleapis.com",
            "metadata": { "service": "calendar-json.googleapis.com", "method": method },
        }]);
        let message = "Request had insufficient authentication scopes.";
        let error = Self::new(403, "global", "insufficientPermissions", message);
        Self {
            rpc: Some(Box::new(("PERMISSION_DENIED", details))),
            ..error
        }
    }

    /// 403 of a calendar that the user may only read.
    pub(in crate::google) fn read_only() -> Self {
        let message = "You need to have writer access to this calendar.";
        Self::new(403, "calendar", "requiredAccessLevel", message)
    }

    /// 404 of a calendar or event.
    pub(in crate::google) fn not_found() -> Self {
        Self::new(404, "global", "notFound", "Not Found")
    }

    /// 409 of an id that is, or was, taken.
    pub(in crate::google) fn duplicate() -> Self {
        Self::new(
            409,
            "global",
            "duplicate",
            "The requested identifier already exists.",
        )
    }

    /// 410 of an event that was deleted already.
    pub(in crate::google) fn deleted() -> Self {
        Self::new(410, "global", "deleted", "Resource has been deleted")
    }

    /// 410 of an old sync token.
    pub(in crate::google) fn full_sync() -> Self {
        let message = "Sync token is no longer valid, a full sync is required.";
        Self::new(410, "calendar", "fullSyncRequired", message).at("parameter", "syncToken")
    }

    /// 412 of an etag that is no longer the present one.
    pub(in crate::google) fn precondition() -> Self {
        Self::new(412, "global", "conditionNotMet", "Precondition Failed").at("header", "If-Match")
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut detail =
            json!({ "message": self.message, "domain": self.domain, "reason": self.reason });
        if let (Some(detail), Some((kind, location))) = (detail.as_object_mut(), self.location) {
            detail.insert("locationType".into(), kind.into());
            detail.insert("location".into(), location.into());
        }
        let mut error = json!({ "code": self.status, "message": self.message, "errors": [detail] });
        if let (Some(error), Some(rpc)) = (error.as_object_mut(), self.rpc) {
            let (status, details) = *rpc;
            error.insert("status".into(), status.into());
            if !details.is_null() {
                error.insert("details".into(), details);
            }
        }
        let mut reply = server::json(self.status, &json!({ "error": error }));
        let challenge = match self.status {
            401 => Some("Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\""),
            403 if self.reason == "insufficientPermissions" => {
                Some("Bearer realm=\"https://accounts.google.com/\", error=\"insufficient_scope\"")
            }
            _ => None,
        };
        if let Some(challenge) = challenge {
            reply
                .headers_mut()
                .insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        reply
    }
}
