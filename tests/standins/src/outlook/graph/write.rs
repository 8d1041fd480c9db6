//! Making, changing and deleting events.
//!
//! A `transactionId` is used up for good by the first event that bears it, deleted or not.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::IF_MATCH;
use http::{HeaderMap, StatusCode, Uri};
use serde_json::{Map, Value};

use super::super::config::Repeat;
use super::super::event::{Event, day};
use super::super::state::{Account, App};
use super::access::{self, WRITE};
use super::error::GraphError;
use super::odata::Options;
use super::read::find;
use super::{Parts, check, extended, schema};
use crate::pairs::media_type;
use crate::server;

pub(super) async fn create(
    State(app): State<Arc<App>>,
    Path(parts): Parts,
    uri: Uri,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, GraphError> {
    let mut state = app.state();
    let (number, change) = (state.mint.serial(), state.changes + 1);
    let account = access::mailbox(&app, &mut state, &headers, WRITE)?;
    let options = Options::parse(&uri, &headers, &[])?;
    let calendar = access::calendar(account, parts.get("calendar").map(String::as_str))?;
    if !calendar.can_edit {
        return Err(GraphError::denied());
    }
    let calendar = calendar.number;
    let mut body = object(&headers, &bytes)?;
    let transaction_id = match body.remove("transactionId") {
        Some(Value::String(id)) if !id.is_empty() => Some(id),
        Some(_) | None => None,
    };
    let before = transaction_id
        .as_ref()
        .and_then(|id| account.transactions.get(id));
    if let Some(before) = before {
        let event = account.events.get(before);
        return match (event, app.config.repeat) {
            (Some(event), Repeat::SameEvent) => {
                let value = event.json(account, &options.manner);
                Ok(options.applied(server::json(201, &value)))
            }
            (_, Repeat::BadRequest) => Err(GraphError::duplicate(400)),
            (_, Repeat::Conflict) | (None, Repeat::SameEvent) => Err(GraphError::duplicate(409)),
        };
    }
    let mut properties = BTreeMap::new();
    write_properties(
        &mut properties,
        body.remove("singleValueExtendedProperties"),
    )?;
    body.retain(|_, value| !value.is_null());
    let (when, series) = check::body(&body)?;
    let now = app.shell.clock.tick();
    let event = Event {
        number,
        calendar,
        transaction_id: transaction_id.clone(),
        ical_uid: format!("040000008200E00074C5B7101A82E008{number:048X}"),
        created: now,
        updated: now,
        change,
        when,
        series,
        properties,
        body,
    };
    invite(account, &event);
    let value = event.json(account, &options.manner);
    account
        .transactions
        .extend(transaction_id.map(|id| (id, number)));
    account.events.insert(number, event);
    state.changes = change;
    Ok(options.applied(server::json(201, &value)))
}

pub(super) async fn update(
    State(app): State<Arc<App>>,
    Path(parts): Parts,
    uri: Uri,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, GraphError> {
    let mut state = app.state();
    let change = state.changes + 1;
    let account = access::mailbox(&app, &mut state, &headers, WRITE)?;
    let options = Options::parse(&uri, &headers, &[])?;
    let mut event = writable(account, &parts, &headers)?;
    let mut patch = object(&headers, &bytes)?;
    if patch.contains_key("transactionId") {
        let message = "The property 'transactionId' cannot be changed.";
        return Err(GraphError::new(400, "ErrorInvalidPropertySet", message));
    }
    write_properties(
        &mut event.properties,
        patch.remove("singleValueExtendedProperties"),
    )?;
    let event = patched(event, patch)?;
    let updated = app.shell.clock.tick();
    let event = Event {
        updated,
        change,
        ..event
    };
    invite(account, &event);
    let value = event.json(account, &options.manner);
    account.events.insert(event.number, event);
    state.changes = change;
    Ok(options.applied(server::json(200, &value)))
}

/// An event as its user changes it by hand; `None` when it cannot be so.
pub(in crate::outlook) fn edited(event: &Event, patch: &Map<String, Value>) -> Option<Event> {
    patched(event.clone(), patch.clone()).ok()
}

/// The event with other fields; `null` clears.
fn patched(mut event: Event, patch: Map<String, Value>) -> Result<Event, GraphError> {
    let times = ["start", "end", "isAllDay", "recurrence"];
    let retimed = times.iter().any(|name| {
        patch
            .get(*name)
            .is_some_and(|new| Some(new) != event.body.get(*name))
    });
    for (name, value) in patch {
        if value.is_null() {
            event.body.remove(&name);
        } else {
            event.body.insert(name, value);
        }
    }
    let (when, mut series) = check::body(&event.body)?;
    // Outlook forgets the exceptions of a series whose times change, deleted occurrences among them.
    if let (false, Some(new), Some(old)) = (retimed, &mut series, &event.series) {
        new.deleted.clone_from(&old.deleted);
    }
    Ok(Event {
        when,
        series,
        ..event
    })
}

pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Path(parts): Parts,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, GraphError> {
    let mut state = app.state();
    let change = state.changes + 1;
    let account = access::mailbox(&app, &mut state, &headers, WRITE)?;
    Options::parse(&uri, &headers, &[])?;
    let (found, occurrence) = find(account, &parts)?;
    let number = found.number;
    may_write(account, found)?;
    matches_etag(&headers, found)?;
    match occurrence {
        None => {
            account.remove(number, change);
        }
        Some(when) => {
            let event = account
                .events
                .get_mut(&number)
                .ok_or_else(GraphError::not_found)?;
            if let Some(series) = &mut event.series {
                series.deleted.insert(day(&when));
            }
            event.updated = app.shell.clock.tick();
            event.change = change;
        }
    }
    state.changes = change;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A copy of the event to change.
fn writable(
    account: &Account,
    parts: &HashMap<String, String>,
    headers: &HeaderMap,
) -> Result<Event, GraphError> {
    let (event, occurrence) = find(account, parts)?;
    if occurrence.is_some() {
        return Err(GraphError::invalid(
            "This stand-in does not change single occurrences.",
        ));
    }
    may_write(account, event)?;
    matches_etag(headers, event)?;
    Ok(event.clone())
}

fn may_write(account: &Account, event: &Event) -> Result<(), GraphError> {
    let calendar = account
        .calendars
        .iter()
        .find(|calendar| calendar.number == event.calendar);
    match calendar {
        Some(calendar) if calendar.can_edit => Ok(()),
        Some(_) | None => Err(GraphError::denied()),
    }
}

fn matches_etag(headers: &HeaderMap, event: &Event) -> Result<(), GraphError> {
    let wanted = headers.get(IF_MATCH).and_then(|value| value.to_str().ok());
    match wanted {
        None | Some("*") => Ok(()),
        Some(etag) if etag == event.etag() => Ok(()),
        Some(_) => Err(GraphError::conflict()),
    }
}

/// Guests always get e-mails: Graph has no way to leave them out.
fn invite(account: &mut Account, event: &Event) {
    let guests = event.body.get("attendees").and_then(Value::as_array);
    if guests.is_some_and(|guests| !guests.is_empty()) {
        account.invitations.push(event.text("subject").to_owned());
    }
}

fn write_properties(
    properties: &mut BTreeMap<String, String>,
    written: Option<Value>,
) -> Result<(), GraphError> {
    for property in written
        .as_ref()
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let text = |name: &str| property.get(name).and_then(Value::as_str);
        let id = extended::id(text("id").unwrap_or_default())?;
        match text("value") {
            Some(value) => properties.insert(id, value.to_owned()),
            None => properties.remove(&id),
        };
    }
    Ok(())
}

fn object(headers: &HeaderMap, bytes: &Bytes) -> Result<Map<String, Value>, GraphError> {
    if media_type(headers).as_deref() != Some("application/json") {
        let message = "The request's Content-Type must be application/json.";
        return Err(GraphError::new(415, "UnsupportedMediaType", message));
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Ok(schema::EVENT.check(object)?),
        Ok(_) | Err(_) => {
            let message = "Unable to read JSON request payload. Please ensure Content-Type header is set and \
                           payload is of valid JSON format.";
            Err(GraphError::new(400, "BadRequest", message))
        }
    }
}
