//! `freeBusy`: when calendars are busy, merged, without saying why.
//!
//! A calendar that is not there is an error inside a 200, as Google has it.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use chrono_tz::Tz;
use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::super::state::{App, Calendar};
use super::access::{Caller, QUERY};
use super::error::ApiError;
use super::{object, query as parameters, reply, schema, times};
use crate::recurrence::{occurrences, overlaps};
use crate::zoned::{Range, merged};

pub(super) async fn query(
    State(app): State<Arc<App>>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let state = app.state();
    let caller = Caller::check(&app, &state, &headers, &QUERY)?;
    let query = parameters(raw, &[], "")?;
    let body = schema::FREE_BUSY.check(object(&headers, &body)?)?;
    let range = range(&body)?;
    let zone = match body.get("timeZone").and_then(Value::as_str) {
        None => Tz::UTC,
        Some(name) => name
            .parse()
            .map_err(|_| ApiError::invalid("Invalid time zone."))?,
    };
    let items = body
        .get("items")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    if items.len() > 50 {
        return Err(ApiError::new(
            400,
            "calendar",
            "tooManyCalendarsRequested",
            "Too many calendars",
        ));
    }
    let account = state
        .accounts
        .get(caller.account)
        .ok_or_else(ApiError::unauthenticated)?;
    let mut calendars = Map::new();
    for item in &items {
        let id = item.get("id").and_then(Value::as_str);
        let id = id.ok_or_else(|| ApiError::required("Missing calendar id."))?;
        let found = account
            .calendar_index(id)
            .and_then(|index| account.calendars.get(index));
        let answer = match found {
            Some(calendar) => json!({ "busy": busy(calendar, range, zone) }),
            None => json!({ "errors": [{ "domain": "global", "reason": "notFound" }], "busy": [] }),
        };
        calendars.insert(id.to_owned(), answer);
    }
    let body = json!({
        "kind": "calendar#freeBusy",
        "timeMin": range.0.to_rfc3339_opts(SecondsFormat::Millis, true),
        "timeMax": range.1.to_rfc3339_opts(SecondsFormat::Millis, true),
        "calendars": calendars,
    });
    reply(&query, &body)
}

fn range(body: &Map<String, Value>) -> Result<Range, ApiError> {
    let one = |name: &str| -> Result<DateTime<Utc>, ApiError> {
        let text = body.get(name).and_then(Value::as_str);
        let text = text.ok_or_else(|| ApiError::required(format!("Missing {name} parameter.")))?;
        times::rfc3339(text).ok_or_else(|| ApiError::invalid(format!("Invalid {name}.")))
    };
    let (from, to) = (one("timeMin")?, one("timeMax")?);
    if from >= to {
        return Err(ApiError::empty_range());
    }
    // Google names no figure; reports speak of about three months.
    if to - from > TimeDelta::days(93) {
        let message = "The requested time range is too long.";
        return Err(ApiError::new(400, "calendar", "timeRangeTooLong", message));
    }
    Ok((from, to))
}

fn busy(calendar: &Calendar, range: Range, zone: Tz) -> Vec<Value> {
    let mut ranges = Vec::new();
    for event in calendar.events.values().filter(|event| event.is_opaque()) {
        match &event.series {
            Some(series) => {
                let found = occurrences(series, &event.when, calendar.zone, range);
                ranges.extend(found.iter().map(|when| when.range(calendar.zone)));
            }
            None => ranges.push(event.when.range(calendar.zone)),
        }
    }
    ranges.retain(|one| overlaps(*one, range) && one.0 < one.1);
    let text = |time: DateTime<Utc>| {
        time.with_timezone(&zone)
            .to_rfc3339_opts(SecondsFormat::Secs, true)
            .replace("+00:00", "Z")
    };
    let clipped = merged(ranges)
        .into_iter()
        .map(|(start, end)| (start.max(range.0), end.min(range.1)));
    clipped
        .map(|(start, end)| json!({ "start": text(start), "end": text(end) }))
        .collect()
}
