//! `events.insert`, `update`, `patch` and `delete`.
//!
//! An id is never free again: a deleted event is cancelled, not gone, and an update may bring it back.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{ETAG, IF_MATCH};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};

use super::super::event::{Event, Status};
use super::super::state::{App, State as Google};
use super::access::{Call, Caller, DELETE, INSERT, PATCH, UPDATE};
use super::error::ApiError;
use super::{check, flag, object, query, reply, schema};
use crate::pairs::Pairs;

const KNOWN: &[&str] = &[
    "alwaysIncludeEmail",
    "conferenceDataVersion",
    "eventLabelVersion",
    "maxAttendees",
    "sendNotifications",
    "sendUpdates",
    "supportsAttachments",
];

/// What a write says besides the event itself.
fn write_query(raw: Option<String>) -> Result<Pairs, ApiError> {
    let query = query(raw, KNOWN, "")?;
    if query
        .get("sendUpdates")
        .is_some_and(|who| !["all", "externalOnly", "none"].contains(&who))
    {
        return Err(ApiError::parameter("sendUpdates", "Invalid value"));
    }
    flag(&query, "sendNotifications")?;
    Ok(query)
}

pub(super) async fn insert(
    State(app): State<Arc<App>>,
    Path(calendar): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let mut guard = app.state();
    let state = &mut *guard;
    let caller = Caller::check(&app, state, &headers, &INSERT)?;
    let query = write_query(raw)?;
    let body = schema::EVENT.check(object(&headers, &body)?)?;
    let mut written = Written::split(body)?;
    let fresh = state.mint.base32hex(26);
    let target = caller.writable(state, &calendar, &INSERT)?;
    let id = match (written.id.take(), &written.ical_uid) {
        (Some(_), Some(_)) => {
            return Err(ApiError::invalid("Only one of id and iCalUID may be given"));
        }
        (Some(id), None) => {
            check::id(&id)?;
            id
        }
        (None, _) => fresh,
    };
    let same = |event: &Event| written.ical_uid.as_ref() == Some(&event.ical_uid);
    let uid_taken = written.ical_uid.is_some() && target.events.values().any(same);
    if target.events.contains_key(&id) || uid_taken {
        return Err(ApiError::duplicate());
    }
    let status = written.status.unwrap_or(Status::Confirmed);
    if status == Status::Cancelled {
        return Err(ApiError::invalid("An event cannot be made as cancelled"));
    }
    let (when, series) = check::body(&written.rest, target.zone)?;
    let now = app.shell.clock.tick();
    let event = Event {
        ical_uid: written
            .ical_uid
            .unwrap_or_else(|| format!("{id}@google.com")),
        id: id.clone(),
        status,
        sequence: written.sequence.unwrap_or(0),
        created: now,
        updated: now,
        change: 0,
        when,
        series,
        body: written.rest,
    };
    store(state, &caller, &calendar, &INSERT, event, &query)
}

pub(super) async fn update(
    State(app): State<Arc<App>>,
    Path(path): Path<(String, String)>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    change(&app, &path, raw, &headers, &body, &UPDATE)
}

pub(super) async fn patch(
    State(app): State<Arc<App>>,
    Path(path): Path<(String, String)>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    change(&app, &path, raw, &headers, &body, &PATCH)
}

fn change(
    app: &App,
    (calendar, id): &(String, String),
    raw: Option<String>,
    headers: &HeaderMap,
    body: &Bytes,
    call: &Call,
) -> Result<Response, ApiError> {
    let mut guard = app.state();
    let state = &mut *guard;
    let caller = Caller::check(app, state, headers, call)?;
    let query = write_query(raw)?;
    let mut body = schema::EVENT.check(object(headers, body)?)?;
    let target = caller.writable(state, calendar, call)?;
    let old = target.events.get(id).ok_or_else(ApiError::not_found)?;
    matches_etag(headers, old)?;
    if call.name == PATCH.name {
        body = patched(&old.body, body);
    }
    let written = Written::split(body)?;
    if written.id.is_some_and(|given| given != old.id) {
        return Err(ApiError::invalid("Invalid resource id value."));
    }
    if written.ical_uid.is_some_and(|given| given != old.ical_uid) {
        return Err(ApiError::invalid("The iCalUID cannot be changed"));
    }
    // An update that does not say "confirmed" leaves a deleted event deleted.
    let status = match (old.status, written.status) {
        (Status::Cancelled, None) => Status::Cancelled,
        (Status::Confirmed | Status::Tentative, None) if call.name == PATCH.name => old.status,
        (Status::Confirmed | Status::Tentative, None) => Status::Confirmed,
        (_, Some(status)) => status,
    };
    if old.status == Status::Cancelled && status != Status::Cancelled && !app.config.revives {
        return Err(ApiError::new(403, "calendar", "forbidden", "Forbidden"));
    }
    let (when, series) = check::body(&written.rest, target.zone)?;
    let lines = |body: &Map<String, Value>| body.get("recurrence").cloned().unwrap_or_default();
    let moved = when != old.when || lines(&written.rest) != lines(&old.body);
    let sequence = match written.sequence {
        Some(given) if given < old.sequence => {
            let message = "Invalid sequence value. The specified sequence number is below the current \
                           sequence number of the resource.";
            return Err(ApiError::new(
                400,
                "calendar",
                "invalidSequenceValue",
                message,
            ));
        }
        Some(given) => given,
        None => old.sequence + i64::from(moved),
    };
    let event = Event {
        id: old.id.clone(),
        ical_uid: old.ical_uid.clone(),
        status,
        sequence,
        created: old.created,
        updated: app.shell.clock.tick(),
        change: 0,
        when,
        series,
        body: written.rest,
    };
    store(state, &caller, calendar, call, event, &query)
}

/// An event as its user changes it by hand; `None` when it cannot be so.
pub(in crate::google) fn edited(
    old: &Event,
    patch: &Map<String, Value>,
    zone: chrono_tz::Tz,
) -> Option<Event> {
    let patch = schema::EVENT.check(patch.clone()).ok()?;
    let written = Written::split(patched(&old.body, patch)).ok()?;
    let (when, series) = check::body(&written.rest, zone).ok()?;
    Some(Event {
        status: written.status.unwrap_or(old.status),
        when,
        series,
        body: written.rest,
        ..old.clone()
    })
}

pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Path((calendar, id)): Path<(String, String)>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let mut guard = app.state();
    let state = &mut *guard;
    let caller = Caller::check(&app, state, &headers, &DELETE)?;
    write_query(raw)?;
    let number = state.changes + 1;
    let target = caller.writable(state, &calendar, &DELETE)?;
    let event = target.events.get_mut(&id).ok_or_else(ApiError::not_found)?;
    if event.status == Status::Cancelled {
        return Err(ApiError::deleted());
    }
    matches_etag(&headers, event)?;
    event.status = Status::Cancelled;
    event.updated = app.shell.clock.tick();
    event.change = number;
    state.changes = number;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The fields that are kept apart from the rest.
struct Written {
    id: Option<String>,
    ical_uid: Option<String>,
    status: Option<Status>,
    sequence: Option<i64>,
    rest: Map<String, Value>,
}

impl Written {
    fn split(mut body: Map<String, Value>) -> Result<Self, ApiError> {
        let mut text = |name: &str| {
            body.remove(name)
                .and_then(|value| value.as_str().map(str::to_owned))
        };
        let (id, ical_uid) = (text("id"), text("iCalUID"));
        let status = match text("status").as_deref() {
            None => None,
            Some("confirmed") => Some(Status::Confirmed),
            Some("tentative") => Some(Status::Tentative),
            Some("cancelled") => Some(Status::Cancelled),
            Some(_) => return Err(ApiError::invalid("Invalid value for: status")),
        };
        let sequence = body.remove("sequence").and_then(|value| value.as_i64());
        if sequence.is_some_and(|sequence| sequence < 0) {
            return Err(ApiError::invalid("Invalid sequence value."));
        }
        for name in ["organizer", "conferenceData", "gadget"] {
            body.remove(name);
        }
        Ok(Self {
            id,
            ical_uid,
            status,
            sequence,
            rest: without_nulls(body),
        })
    }
}

fn without_nulls(object: Map<String, Value>) -> Map<String, Value> {
    let kept = object.into_iter().filter(|(_, value)| !value.is_null());
    let cleaned = kept.map(|(name, value)| match value {
        Value::Object(inner) => (name, Value::Object(without_nulls(inner))),
        value => (name, value),
    });
    cleaned.collect()
}

/// Objects are merged, `null` clears, arrays are replaced whole.
fn patched(old: &Map<String, Value>, patch: Map<String, Value>) -> Map<String, Value> {
    let mut new = old.clone();
    for (name, value) in patch {
        match (new.get(&name), value) {
            (_, Value::Null) => {
                new.remove(&name);
            }
            (Some(Value::Object(old)), Value::Object(value)) => {
                let merged = patched(old, value);
                new.insert(name, merged.into());
            }
            (_, value) => {
                new.insert(name, value);
            }
        }
    }
    new
}

fn matches_etag(headers: &HeaderMap, event: &Event) -> Result<(), ApiError> {
    let Some(wanted) = headers.get(IF_MATCH).and_then(|value| value.to_str().ok()) else {
        return Ok(());
    };
    let etag = event.etag();
    if wanted == "*" || wanted.split(',').any(|one| one.trim() == etag) {
        return Ok(());
    }
    Err(ApiError::precondition())
}

fn store(
    state: &mut Google,
    caller: &Caller,
    calendar: &str,
    call: &Call,
    mut event: Event,
    query: &Pairs,
) -> Result<Response, ApiError> {
    let number = state.changes + 1;
    state.changes = number;
    event.change = number;
    let account = state.accounts.get_mut(caller.account);
    let account = account.ok_or_else(ApiError::unauthenticated)?;
    let mails = matches!(query.get("sendUpdates"), Some("all" | "externalOnly"))
        || query.get("sendNotifications") == Some("true");
    if mails && event.body.get("attendees").is_some() {
        account.invitations.push(event.id.clone());
    }
    let owner = account.email.clone();
    let target = caller.writable(state, calendar, call)?;
    let (etag, id) = (event.etag(), event.id.clone());
    let value = event.json(&owner, target, target.zone);
    target.events.insert(id, event);
    let mut reply = reply(query, &value)?;
    if let Ok(etag) = etag.parse() {
        reply.headers_mut().insert(ETAG, etag);
    }
    Ok(reply)
}
