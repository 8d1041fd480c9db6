//! What a callback could not finish by itself: a flow that came back in another browser,
//! and the question whether another account shall take the connected one's place.

use super::{Problem, auth::User, connect::Grant, reader::Small};
use crate::{
    connect::{ACCOUNT_CHANGED, Answered, Left, Question, Returned},
    service::Service,
    subject::Subject,
};
use axum::{
    Json,
    extract::{Path, State},
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Brought {
    handle: String,
    /// The answer to the question; without one it is asked.
    replace: Option<bool>,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Completed {
    Connected {
        status: &'static str,
    },
    /// The user has to say which account it shall be.
    Asked {
        status: &'static str,
        handle: String,
        /// The one that is connected.
        account: Option<String>,
        /// The one that was just consented to.
        new_account: String,
        /// Bookings that would be owed to the new one.
        upcoming: usize,
    },
    Switched {
        status: &'static str,
        #[serde(flatten)]
        grant: Grant,
        removed: usize,
        left: usize,
        /// Still under way; the grant is revoked after it.
        removing: usize,
    },
    Stayed {
        status: &'static str,
        #[serde(flatten)]
        grant: Grant,
    },
}

/// `POST .../complete/`.
pub(super) async fn complete(
    State(service): State<Service>,
    User(subject): User,
    Path(provider): Path<String>,
    Small(Brought { handle, replace }): Small<Brought>,
) -> Result<Json<Completed>, Problem> {
    let flows = service.flows();
    let question = flows.question(&subject, &provider, &handle).await?;
    let completed = match (question, replace) {
        (Some(question), None) => asked(&service, &subject, handle, question).await?,
        (Some(_), Some(replace)) => {
            match flows.answer(&subject, &provider, &handle, replace).await? {
                Answered::Switched(Left {
                    revocation,
                    removed,
                    left,
                    removing,
                }) => Completed::Switched {
                    status: "connected",
                    grant: Grant::of(&service, &provider, revocation),
                    removed,
                    left,
                    removing,
                },
                Answered::Stayed { revocation } => Completed::Stayed {
                    status: "kept",
                    grant: Grant::of(&service, &provider, revocation),
                },
            }
        }
        (None, _) => match flows.complete(&subject, &provider, &handle).await? {
            Returned::Connected => Completed::Connected {
                status: "connected",
            },
            Returned::Parked(handle) | Returned::AccountChanged(handle) => {
                let handle = handle.expose_secret().to_owned();
                let question = flows.question(&subject, &provider, &handle).await?;
                let question = question.ok_or(crate::connect::FlowError::UnknownHandle)?;
                asked(&service, &subject, handle, question).await?
            }
        },
    };
    Ok(Json(completed))
}

async fn asked(
    service: &Service,
    subject: &Subject,
    handle: String,
    question: Question,
) -> Result<Completed, Problem> {
    let upcoming = service.bookings().upcoming(subject).await?;
    Ok(Completed::Asked {
        status: ACCOUNT_CHANGED,
        handle,
        account: question.connected,
        new_account: question.new,
        upcoming: upcoming.len(),
    })
}
