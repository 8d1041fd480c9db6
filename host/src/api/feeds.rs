//! Feeds: secret addresses that calendar apps subscribe to.

use super::{Problem, auth::User};
use crate::{
    feeds::{self, FeedError, FeedUrls, RenderError},
    hex,
    service::Service,
};
use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// What subscribers see the calendar called, until they rename it.
const FEED_NAME: &str = "Bookings";

/// The reply that shows an address, the only time that it is shown.
#[derive(Serialize)]
pub(super) struct Shown {
    feed_url: String,
    webcal_url: String,
}

impl From<FeedUrls> for Shown {
    fn from(
        FeedUrls {
            feed_url,
            webcal_url,
        }: FeedUrls,
    ) -> Self {
        Self {
            feed_url,
            webcal_url,
        }
    }
}

/// `POST /api/calendar/feed/`: a new address; the old ones die.
pub(super) async fn renew(
    State(service): State<Service>,
    User(subject): User,
) -> Result<Json<Shown>, Problem> {
    Ok(Json(service.feeds().renew(&subject).await?.into()))
}

#[derive(Serialize)]
pub(super) struct Revoked {
    status: &'static str,
}

/// `DELETE /api/calendar/feed/`.
pub(super) async fn revoke(
    State(service): State<Service>,
    User(subject): User,
) -> Result<Json<Revoked>, Problem> {
    service.feeds().revoke(&subject).await?;
    Ok(Json(Revoked { status: "revoked" }))
}

/// `GET /feeds/{token}.ics`: for calendar apps, which have nothing but the address.
pub(super) async fn fetch(
    State(service): State<Service>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let token = file.strip_suffix(".ics").unwrap_or_default();
    // Unknown, revoked and misspelt look the same from outside (case 40).
    let Some(subject) = service.feeds().fetched(token).await? else {
        return Err(Problem::not_found("no such feed"));
    };
    let text = feeds::render(service.bookings(), service.plugin(), &subject, FEED_NAME).await?;
    let etag = format!("\"{}\"", hex::encode(&Sha256::digest(&text)));
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok());
    let is_known = known.is_some_and(|known| {
        known
            .split(',')
            .map(|tag| tag.trim().trim_start_matches("W/"))
            .any(|tag| tag == etag)
    });
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        (
            [(header::CONTENT_TYPE, "text/calendar; charset=utf-8")],
            text,
        )
            .into_response()
    };
    let etag = HeaderValue::from_str(&etag).map_err(|error| Problem::internal(&error))?;
    response.headers_mut().insert(header::ETAG, etag);
    Ok(response)
}

impl From<FeedError> for Problem {
    fn from(error: FeedError) -> Self {
        match error {
            FeedError::Database(error) => error.into(),
            FeedError::Random(_) => Self::internal(&error),
        }
    }
}

impl From<RenderError> for Problem {
    fn from(error: RenderError) -> Self {
        match error {
            RenderError::Bookings(error) => error.into(),
            RenderError::Plugin(error) => error.into(),
        }
    }
}
