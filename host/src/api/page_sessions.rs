//! `POST /api/page-sessions/`: a one-time URL that opens a user's settings page.

use super::{Problem, auth::Platform, reader::Small};
use crate::{
    page::{self, SessionError, TICKET_SECONDS, Visitor},
    service::Service,
    subject::{self, Subject},
};
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

/// The longest name, in characters.
const MAX_NAME: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    user: String,
    /// What the page calls the user, so that they see whose settings they change.
    name: Option<String>,
}

#[derive(Serialize)]
struct Issued {
    url: String,
    /// How long it works, in seconds. It works once.
    expires_in: i64,
}

pub(super) async fn issue(
    State(service): State<Service>,
    Platform { tenant }: Platform,
    Small(Asked { user, name }): Small<Asked>,
) -> Result<Response, Problem> {
    if !subject::is_valid_id(&user) {
        let remedy = "1 to 128 visible ASCII characters";
        return Err(Problem::invalid("user", "is not a user id", remedy));
    }
    let is_name = |name: &String| {
        (1..=MAX_NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control)
    };
    if !name.as_ref().is_none_or(is_name) {
        let remedy = "1 to 100 characters, or leave it out";
        return Err(Problem::invalid("name", "is not a name", remedy));
    }
    let subject = Subject::new(tenant, user);
    let ticket = service
        .page_sessions()
        .issue(&Visitor { subject, name })
        .await?;
    let mut url = service.options().public_url.clone();
    url.set_path(page::OPEN_PATH);
    url.query_pairs_mut()
        .append_pair("ticket", ticket.expose_secret());
    let issued = Issued {
        url: url.into(),
        expires_in: TICKET_SECONDS,
    };
    Ok((StatusCode::CREATED, Json(issued)).into_response())
}

impl From<SessionError> for Problem {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Database(error) => error.into(),
            SessionError::Random(_) => Self::internal(&error),
        }
    }
}
