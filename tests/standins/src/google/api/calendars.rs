//! `calendarList` and `calendars`.
//!
//! Read-only: no test needs to make calendars through the API.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::HeaderMap;
use serde_json::{Value, json};

use super::super::config::GoogleRole;
use super::super::state::{App, Calendar};
use super::access::{CALENDAR, CALENDAR_LIST, CALENDAR_LIST_ENTRY, Caller};
use super::error::ApiError;
use super::{flag, page_size, query, reply};

pub(super) async fn list(
    State(app): State<Arc<App>>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let state = app.state();
    let caller = Caller::check(&app, &state, &headers, &CALENDAR_LIST)?;
    let known = [
        "maxResults",
        "minAccessRole",
        "pageToken",
        "showDeleted",
        "showHidden",
        "syncToken",
    ];
    let query = query(raw, &known, "")?;
    flag(&query, "showDeleted")?;
    flag(&query, "showHidden")?;
    if query.get("syncToken").is_some() {
        return Err(ApiError::full_sync());
    }
    let least = match query.get("minAccessRole") {
        None | Some("freeBusyReader" | "reader") => 0,
        Some("writer") => 1,
        Some("owner") => 2,
        Some(_) => return Err(ApiError::parameter("minAccessRole", "Invalid value")),
    };
    let size = page_size(&app, &query, 100, 250)?;
    let first = match query.get("pageToken") {
        None => 0,
        Some(token) => super::sync::page(token, None)?,
    };
    let rank = |calendar: &&Calendar| match calendar.role {
        GoogleRole::Reader => least == 0,
        GoogleRole::Writer => least <= 1,
        GoogleRole::Owner => true,
    };
    let account = state
        .accounts
        .get(caller.account)
        .ok_or_else(ApiError::unauthenticated)?;
    let mut fitting: Vec<&Calendar> = account.calendars.iter().filter(rank).collect();
    // Google promises no order, and certainly not that the main calendar comes first.
    fitting.sort_by_key(|calendar| &calendar.id);
    let items: Vec<Value> = fitting
        .iter()
        .skip(first)
        .take(size)
        .map(|calendar| entry_json(calendar))
        .collect();
    let mut body = json!({ "kind": "calendar#calendarList", "etag": "\"p1\"", "items": items });
    if let Some(fields) = body.as_object_mut() {
        if first + size < fitting.len() {
            fields.insert(
                "nextPageToken".into(),
                super::sync::page_token(first + size, None).into(),
            );
        } else {
            fields.insert("nextSyncToken".into(), "CL0".into());
        }
    }
    reply(&query, &body)
}

pub(super) async fn entry(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let state = app.state();
    let caller = Caller::check(&app, &state, &headers, &CALENDAR_LIST_ENTRY)?;
    let query = query(raw, &[], "")?;
    let (calendar, _) = caller.calendar(&state, &id, &CALENDAR_LIST_ENTRY)?;
    reply(&query, &entry_json(calendar))
}

pub(super) async fn calendar(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let state = app.state();
    let caller = Caller::check(&app, &state, &headers, &CALENDAR)?;
    let query = query(raw, &[], "")?;
    let (calendar, _) = caller.calendar(&state, &id, &CALENDAR)?;
    let body = json!({
        "kind": "calendar#calendar",
        "etag": "\"c1\"",
        "id": calendar.id,
        "summary": calendar.name,
        "timeZone": calendar.zone.name(),
        "conferenceProperties": { "allowedConferenceSolutionTypes": ["hangoutsMeet"] },
    });
    reply(&query, &body)
}

fn entry_json(calendar: &Calendar) -> Value {
    let mut entry = json!({
        "kind": "calendar#calendarListEntry",
        "etag": "\"e1\"",
        "id": calendar.id,
        "summary": calendar.name,
        "timeZone": calendar.zone.name(),
        "colorId": "14",
        "backgroundColor": "#9fe1e7",
        "foregroundColor": "#000000",
        "selected": true,
        "accessRole": calendar.role.name(),
        "defaultReminders": [],
        "conferenceProperties": { "allowedConferenceSolutionTypes": ["hangoutsMeet"] },
    });
    if let (true, Some(fields)) = (calendar.primary, entry.as_object_mut()) {
        fields.insert("primary".into(), true.into());
        fields.insert(
            "defaultReminders".into(),
            json!([{ "method": "popup", "minutes": 30 }]),
        );
    }
    entry
}
