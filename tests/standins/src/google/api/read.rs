//! `events.get`, and what a reader may see of an event.
//!
//! A deleted event is still shown, as cancelled; one that never was is 404.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use chrono_tz::Tz;
use http::HeaderMap;
use http::header::ETAG;
use serde_json::Value;

use super::super::state::App;
use super::access::{Caller, GET, Reach};
use super::error::ApiError;
use super::{query, reply};
use crate::pairs::Pairs;

pub(super) async fn get(
    State(app): State<Arc<App>>,
    Path((calendar, event)): Path<(String, String)>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let state = app.state();
    let caller = Caller::check(&app, &state, &headers, &GET)?;
    let query = query(raw, &["alwaysIncludeEmail", "maxAttendees", "timeZone"], "")?;
    let (calendar, reach) = caller.calendar(&state, &calendar, &GET)?;
    let zone = zone(&query, calendar.zone)?;
    let event = calendar
        .events
        .get(&event)
        .ok_or_else(ApiError::not_found)?;
    let owner = state
        .accounts
        .get(caller.account)
        .map_or("", |account| account.email.as_str());
    let mut reply = reply(&query, &seen(event.json(owner, calendar, zone), reach))?;
    if let Ok(etag) = event.etag().parse() {
        reply.headers_mut().insert(ETAG, etag);
    }
    Ok(reply)
}

/// The `timeZone` parameter, else the calendar's zone.
pub(super) fn zone(query: &Pairs, own: Tz) -> Result<Tz, ApiError> {
    let Some(name) = query.get("timeZone") else {
        return Ok(own);
    };
    name.parse()
        .map_err(|_| ApiError::parameter("timeZone", "Unknown time zone"))
}

/// What is left of an event for a token that reaches only when it takes place.
pub(super) fn seen(event: Value, reach: Reach) -> Value {
    const TIMES: &[&str] = &[
        "kind",
        "etag",
        "id",
        "status",
        "start",
        "end",
        "recurrence",
        "recurringEventId",
        "originalStartTime",
        "transparency",
        "updated",
        "created",
        "eventType",
    ];
    match (reach, event) {
        (Reach::Times, Value::Object(mut fields)) => {
            fields.retain(|name, _| TIMES.contains(&name.as_str()));
            fields.insert("visibility".into(), "private".into());
            fields.into()
        }
        (Reach::All | Reach::Owned | Reach::Times, event) => event,
    }
}
