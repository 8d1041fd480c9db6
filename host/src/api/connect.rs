//! Beginning a connection, and ending one.

use super::{Problem, auth::User, reader::Small};
use crate::{
    account::{self, AccountError},
    connect::{FLOW_COOKIE, Origin},
    plugin::calendar::ProviderKind,
    revocation::Revocation,
    service::Service,
};
use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hint {
    login_hint: Option<String>,
}

#[derive(Serialize)]
struct Begun {
    authorization_url: String,
}

/// `POST .../connect/`: where to send the user's browser, and the cookie that it must
/// bring back.
pub(super) async fn begin(
    State(service): State<Service>,
    User(subject): User,
    Path(provider): Path<String>,
    Small(hint): Small<Hint>,
) -> Result<Response, Problem> {
    let info = service.plugin().provider(&provider);
    match info.map(|info| info.kind) {
        Some(ProviderKind::Oauth) | None => {}
        Some(ProviderKind::File) => {
            service.flows().count(&subject)?;
            let shown = super::feeds::Shown::from(service.feeds().issue(&subject).await?);
            return Ok(Json(shown).into_response());
        }
    }
    let begun = service
        .flows()
        .begin(&subject, &provider, hint.login_hint, Origin::Platform)
        .await?;
    let cookie = FLOW_COOKIE
        .set(service.options().is_secure(), &begun.cookie)
        .map_err(|error| Problem::internal(&error))?;
    let headers = [(header::SET_COOKIE, cookie)];
    let begun = Begun {
        authorization_url: begun.authorization_url.into(),
    };
    Ok((headers, Json(begun)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Leaving {
    #[serde(default)]
    remove_events: bool,
}

#[derive(Serialize)]
pub(super) struct Left {
    status: &'static str,
    #[serde(flatten)]
    grant: Grant,
    /// Events that were removed from the calendar.
    removed: usize,
    /// Events that could not be removed, and stay.
    left: usize,
}

/// The answer where it goes on in the background.
#[derive(Serialize)]
pub(super) struct StillLeaving {
    status: &'static str,
    /// Events that are still to be removed.
    waiting: u64,
}

/// What became of a grant at its provider.
#[derive(Serialize)]
pub(super) struct Grant {
    /// Whether the provider has taken it back.
    revoked: bool,
    revocation: &'static str,
    /// Where the user can take it back, if nobody else can.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    revoke_urls: Vec<String>,
}

impl Grant {
    pub(super) fn of(service: &Service, provider: &str, revocation: Revocation) -> Self {
        let pages = match revocation {
            Revocation::ByUser => service.revocations().pages(provider),
            Revocation::Nothing
            | Revocation::Done
            | Revocation::Pending
            | Revocation::Shared
            | Revocation::Refused => &[],
        };
        Self {
            revoked: revocation.is_done(),
            revocation: revocation.as_str(),
            revoke_urls: pages.to_vec(),
        }
    }
}

/// `POST .../disconnect/`: erased here in any case; revoked at the provider where it can be
/// and nobody else shares the account.
pub(super) async fn disconnect(
    State(service): State<Service>,
    User(subject): User,
    Path(provider): Path<String>,
    Small(leaving): Small<Leaving>,
) -> Result<Response, Problem> {
    let left = account::disconnect(&service, &subject, &provider, leaving.remove_events).await?;
    let account::Left {
        revocation,
        removed,
        left,
        leaving,
    } = left;
    if leaving > 0 {
        let leaving = StillLeaving {
            status: "leaving",
            waiting: leaving,
        };
        return Ok((StatusCode::ACCEPTED, Json(leaving)).into_response());
    }
    let left = Left {
        status: "disconnected",
        grant: Grant::of(&service, &provider, revocation),
        removed,
        left,
    };
    Ok(Json(left).into_response())
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::UnknownProvider => Self::not_found("no such provider"),
            AccountError::NotConnected => not_connected(),
            AccountError::UnknownCalendar => Self::invalid(
                "id",
                "is not one of the account's calendars that can be written to",
                "an id that calendars/ lists",
            ),
            AccountError::Call(error) => error.into(),
            AccountError::Booking(error) => error.into(),
            AccountError::Vault(error) => error.into(),
        }
    }
}

/// The answer where a provider of files is asked for an account.
fn not_connected() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "not-connected",
        "No account is connected",
    )
    .remedy("connect one with connect/")
}
