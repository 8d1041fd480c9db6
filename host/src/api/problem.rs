//! What went wrong, as clients get it: a stable code, a sentence, and the field and remedy
//! where there are any. Details of ours go to the log alone.

use crate::{
    bookings::{BodyError, PutError},
    connect::FlowError,
    plugin::{CallError, error_code, types},
    vault::VaultError,
};
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// A problem document (RFC 9457).
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    #[serde(serialize_with = "as_number")]
    status: StatusCode,
    /// Stable; the contract's name where there is one.
    code: &'static str,
    title: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
    /// Names or scopes that are missing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<String>,
    #[serde(skip)]
    retry_after: Option<u32>,
}

fn as_number<S: serde::Serializer>(status: &StatusCode, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u16(status.as_u16())
}

impl Problem {
    /// A problem without particulars.
    pub fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self {
            status,
            code,
            title,
            detail: None,
            field: None,
            remedy: None,
            missing: Vec::new(),
            retry_after: None,
        }
    }

    /// With a sentence on this very case.
    #[must_use]
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..self
        }
    }

    /// With what to do about it.
    #[must_use]
    pub fn remedy(self, remedy: impl Into<String>) -> Self {
        Self {
            remedy: Some(remedy.into()),
            ..self
        }
    }

    /// With the seconds after which it may be tried again.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
    }

    /// A field that is wrong.
    pub fn invalid(
        field: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let title = "A field is not as it must be";
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", title).detail(problem);
        Self {
            field: Some(field.into()),
            ..problem
        }
        .remedy(remedy)
    }

    /// Nothing is there, or nothing that this caller may see.
    pub fn not_found(what: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is nothing here").detail(what)
    }

    /// Ours to mend.
    pub fn internal(error: &dyn std::error::Error) -> Self {
        tracing::error!(%error, "a request failed");
        let title = "Something failed on this side";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", title)
    }

    /// The database is away for now.
    fn unavailable(error: &dyn std::error::Error) -> Self {
        tracing::error!(%error, "the database failed a request");
        let title = "The service cannot store or read data for now";
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title);
        Self {
            retry_after: Some(5),
            ..problem
        }
    }

    pub(super) fn code(&self) -> &'static str {
        self.code
    }

    fn missing(self, missing: &[String]) -> Self {
        Self {
            missing: missing.to_vec(),
            ..self
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let retry_after = self.retry_after;
        let mut response = (self.status, Json(self)).into_response();
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, kind);
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        Self::invalid(error.field, error.problem, error.remedy)
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        Self::unavailable(&error)
    }
}

impl From<VaultError> for Problem {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Database(error) => error.into(),
            VaultError::Conflict(_) | VaultError::Sealed(_) => Self::internal(&error),
        }
    }
}

impl From<PutError> for Problem {
    fn from(error: PutError) -> Self {
        match error {
            PutError::Outdated(stored) => {
                let title = "A newer revision is stored";
                Self::new(StatusCode::CONFLICT, "conflict", title)
                    .detail(format!("revision {stored} is stored, with another content"))
                    .remedy(format!(
                        "send a revision above {stored}, or leave it as it is"
                    ))
            }
            PutError::Database(error) => error.into(),
            PutError::Unreadable(_) => Self::internal(&error),
        }
    }
}

impl From<FlowError> for Problem {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::UnknownProvider => {
                Self::not_found("no such provider, or it has no accounts to connect")
            }
            FlowError::UnknownState | FlowError::UnknownHandle => Self::new(
                StatusCode::BAD_REQUEST,
                "expired",
                "This step is not valid any more",
            )
            .remedy("begin again with connect/"),
            FlowError::TooOften(seconds) => {
                let title = "This user connects too often";
                Self::new(StatusCode::TOO_MANY_REQUESTS, error.code(), title)
                    .remedy("wait for as long as Retry-After says")
                    .retry_after(seconds)
            }
            FlowError::Vault(error) => error.into(),
            FlowError::Call(error) => error.into(),
            FlowError::RefusedUrl(_) | FlowError::NoGrant | FlowError::Random(_) => {
                Self::internal(&error)
            }
        }
    }
}

impl From<CallError> for Problem {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Plugin(error) => error.into(),
            CallError::Trapped(_) | CallError::OutOfMemory | CallError::Improper(_) => {
                let title = "The calendar plugin failed";
                Self::new(StatusCode::BAD_GATEWAY, "plugin-failed", title)
            }
            CallError::TimedOut => {
                let title = "The calendar provider took too long";
                let problem = Self::new(StatusCode::GATEWAY_TIMEOUT, "retry", title);
                Self {
                    retry_after: Some(30),
                    ..problem
                }
            }
        }
    }
}

impl From<types::Error> for Problem {
    fn from(error: types::Error) -> Self {
        use types::Error;
        let new = |status, title| Self::new(status, error_code(&error), title);
        match &error {
            Error::Invalid(field) => Self::invalid(
                field.field.clone(),
                field.problem.clone(),
                field.remedy.clone(),
            ),
            Error::NotConfigured(names) => {
                let title = "This calendar is temporarily unavailable";
                new(StatusCode::SERVICE_UNAVAILABLE, title)
                    .missing(names)
                    .remedy("the operator sets the app's credentials; everything else works")
            }
            Error::Misconfigured(what) => {
                tracing::error!(what, "the provider refuses the app's own credentials");
                new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "This calendar is temporarily unavailable",
                )
                .remedy("the operator checks the app's credentials; the log says which")
            }
            Error::NotConnected => new(StatusCode::CONFLICT, "No account is connected")
                .remedy("connect one with connect/"),
            Error::NeedsReconnect(why) => {
                new(StatusCode::CONFLICT, "The account must be connected again")
                    .detail(why.clone())
                    .remedy("connect it again with connect/")
            }
            Error::NeedsScope(scopes) => {
                let title = "A permission that calendar sync needs was not given";
                new(StatusCode::FORBIDDEN, title)
                    .missing(scopes)
                    .remedy("connect again and leave every box ticked")
            }
            Error::NeedsAdmin(why) => {
                let title = "The user's organisation must approve first";
                new(StatusCode::FORBIDDEN, title)
                    .detail(why.clone())
                    .remedy("an administrator of the organisation approves the app")
            }
            Error::Denied => new(StatusCode::FORBIDDEN, "The user declined")
                .remedy("connect again if that was a mistake"),
            Error::Retry(advice) => {
                let title = "The calendar provider cannot do this for now";
                let problem = new(StatusCode::SERVICE_UNAVAILABLE, title);
                Self {
                    retry_after: Some(advice.after.unwrap_or(30)),
                    ..problem
                }
            }
            Error::Conflict => new(StatusCode::CONFLICT, "The calendar holds a newer revision"),
            Error::Gone => new(StatusCode::GONE, "The calendar is no longer there")
                .remedy("choose another one with calendar/"),
            Error::Rejected(why) => {
                new(StatusCode::BAD_GATEWAY, "The calendar provider refused").detail(why.clone())
            }
            Error::Other(why) => {
                let problem = new(StatusCode::BAD_GATEWAY, "The calendar provider failed");
                Self {
                    detail: why.clone(),
                    ..problem
                }
            }
        }
    }
}

pub(super) async fn not_found() -> Problem {
    Problem::not_found("no such path")
}

pub(super) async fn method_not_allowed() -> Problem {
    let title = "This path has no such method";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", title)
}
