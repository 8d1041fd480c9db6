//! The Calendar API v3: calendars, events and free/busy.
//!
//! It never accepts what the discovery document does not know: parameters, fields, values.

mod access;
mod calendars;
mod check;
mod error;
mod fields;
mod freebusy;
mod list;
mod read;
mod schema;
mod sync;
mod times;
mod write;

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value};

pub(in crate::google) use error::ApiError;
pub(in crate::google) use write::edited;

use super::state::{App, State};
use crate::pairs::{Pairs, media_type};
use crate::server;

pub(super) fn routes(app: Arc<App>) -> Router {
    const EVENTS: &str = "/calendar/v3/calendars/{calendar}/events";
    const EVENT: &str = "/calendar/v3/calendars/{calendar}/events/{event}";
    Router::new()
        .route("/calendar/v3/users/me/calendarList", get(calendars::list))
        .route(
            "/calendar/v3/users/me/calendarList/{calendar}",
            get(calendars::entry),
        )
        .route(
            "/calendar/v3/calendars/{calendar}",
            get(calendars::calendar),
        )
        .route(EVENTS, get(list::list).post(write::insert))
        .route(
            EVENT,
            get(read::get)
                .put(write::update)
                .patch(write::patch)
                .delete(write::delete),
        )
        .route("/calendar/v3/freeBusy", post(freebusy::query))
        .with_state(app)
}

/// Whose request it is, whatever its scopes: it counts against that user's quota.
pub(in crate::google) fn account(app: &App, state: &State, headers: &HeaderMap) -> Option<usize> {
    let token = crate::pairs::authorization(headers, "Bearer")?;
    let access = state
        .access
        .get(token)
        .filter(|access| access.expires > app.now());
    access.map(|access| access.account)
}

/// Parameters that every call takes.
const COMMON: &[&str] = &["alt", "fields", "key", "prettyPrint", "quotaUser", "userIp"];

/// The query of a call that takes `known` besides the common parameters. Only `repeated` may stand twice.
fn query(text: Option<String>, known: &[&str], repeated: &str) -> Result<Pairs, ApiError> {
    let query = Pairs::parse(text.unwrap_or_default());
    let all: Vec<&str> = COMMON.iter().chain(known).copied().collect();
    if let Some(name) = query.unknown(&all) {
        let message = format!("Unknown name \"{name}\": Cannot bind query parameter.");
        return Err(ApiError::payload(message));
    }
    if let Some(name) = query.doubled().filter(|name| *name != repeated) {
        return Err(ApiError::parameter(
            name,
            format!("{name} is not repeatable"),
        ));
    }
    if query.get("alt").is_some_and(|alt| alt != "json") {
        return Err(ApiError::parameter(
            "alt",
            "Only alt=json is supported here",
        ));
    }
    Ok(query)
}

/// A parameter that is `true` or `false`.
fn flag(query: &Pairs, name: &str) -> Result<bool, ApiError> {
    match query.get(name) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(ApiError::parameter(name, "Invalid boolean value")),
    }
}

/// `maxResults`, at most what the stand-in puts on a page.
fn page_size(app: &App, query: &Pairs, default: usize, most: usize) -> Result<usize, ApiError> {
    let wanted = match query.get("maxResults") {
        None => default,
        Some(text) => match text.parse() {
            Ok(wanted) if wanted > 0 => wanted,
            Ok(_) | Err(_) => {
                return Err(ApiError::parameter("maxResults", "Invalid integer value"));
            }
        },
    };
    Ok(wanted.min(most).min(app.config.largest_page))
}

/// A JSON object in the body.
fn object(headers: &HeaderMap, body: &Bytes) -> Result<Map<String, Value>, ApiError> {
    let wrong = |message| Err(ApiError::new(400, "global", "parseError", message));
    match media_type(headers).as_deref() {
        Some("application/json") => {}
        Some("application/x-www-form-urlencoded") => {
            return wrong("This API does not support parsing form-encoded input.");
        }
        Some(_) | None => {
            let message = "Media type is not supported. Valid media types: [application/json]";
            return Err(ApiError::new(400, "global", "badContent", message));
        }
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) | Err(_) => wrong("Parse Error"),
    }
}

/// 200 with what the `fields` parameter leaves of `value`.
fn reply(query: &Pairs, value: &Value) -> Result<Response, ApiError> {
    let Some(mask) = query.get("fields") else {
        return Ok(server::json(200, value));
    };
    let cut = fields::cut(value, mask);
    let cut = cut.ok_or_else(|| ApiError::parameter("fields", "Invalid field selection"))?;
    Ok(server::json(200, &cut))
}
