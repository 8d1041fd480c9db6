//! `getSchedule`: free/busy of a work account. Personal accounts have none.
//!
//! Only the account's own schedule is known here; any other is an error inside a 200, as Graph has it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use chrono::{NaiveDateTime, SecondsFormat};
use http::{HeaderMap, Uri};
use serde_json::{Value, json};

use super::super::state::{Account, App};
use super::super::zones;
use super::access::{self, READ};
use super::error::GraphError;
use super::odata::{Options, context};
use crate::server;
use crate::zoned::{Range, local};

pub(super) async fn schedule(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, GraphError> {
    let mut state = app.state();
    let account = access::mailbox(&app, &mut state, &headers, READ)?;
    Options::parse(&uri, &headers, &[])?;
    if account.personal {
        let message = "The API is not supported for MSA accounts.";
        return Err(GraphError::new(400, "ErrorInvalidRequest", message));
    }
    let body: Value = serde_json::from_slice(&bytes)
        .map_err(|_| GraphError::new(400, "BadRequest", "Unable to read JSON request payload."))?;
    let range: Range = (instant(&body, "startTime")?, instant(&body, "endTime")?);
    let schedules = body.get("schedules").and_then(Value::as_array);
    let schedules = schedules.ok_or_else(|| GraphError::property("schedules"))?;
    let value: Vec<Value> = schedules
        .iter()
        .filter_map(Value::as_str)
        .map(|who| one(account, who, range))
        .collect();
    Ok(server::json(
        200,
        &json!({ "@odata.context": context(&app), "value": value }),
    ))
}

fn instant(body: &Value, name: &str) -> Result<chrono::DateTime<chrono::Utc>, GraphError> {
    let text = |field: &str| {
        body.get(name)
            .and_then(|time| time.get(field))
            .and_then(Value::as_str)
    };
    let zone = text("timeZone").unwrap_or_default();
    let zone = zones::zone(zone).ok_or_else(|| GraphError::zone(zone))?;
    let time =
        NaiveDateTime::parse_from_str(text("dateTime").unwrap_or_default(), "%Y-%m-%dT%H:%M:%S%.f");
    Ok(local(time.map_err(|_| GraphError::property(name))?, zone).to_utc())
}

fn one(account: &Account, who: &str, range: Range) -> Value {
    if !who.eq_ignore_ascii_case(&account.email) {
        let error = json!({ "message": "Unable to resolve e-mail address.", "responseCode": "ErrorMailRecipientNotFound" });
        return json!({ "scheduleId": who, "error": error });
    }
    let default = account.calendars.iter().find(|calendar| calendar.default);
    let events = account
        .events
        .values()
        .filter(|event| Some(event.calendar) == default.map(|one| one.number));
    let items: Vec<Value> = events
        .flat_map(|event| event.occurrences(range).into_iter().map(move |when| (event, when)))
        .map(|(event, when)| {
            let (start, end) = when.range(chrono_tz::Tz::UTC);
            let shown = |time: chrono::DateTime<chrono::Utc>| {
                json!({ "dateTime": time.to_rfc3339_opts(SecondsFormat::Nanos, true), "timeZone": "UTC" })
            };
            let status = event.body.get("showAs").cloned().unwrap_or(json!("busy"));
            json!({ "status": status, "start": shown(start), "end": shown(end) })
        })
        .collect();
    json!({ "scheduleId": who, "availabilityView": "", "scheduleItems": items })
}
