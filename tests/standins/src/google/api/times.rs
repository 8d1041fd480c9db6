//! `start` and `end` of an event, and RFC 3339 times of parameters.
//!
//! Times without a zone or an offset are refused: nobody knows when they are.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;
use serde_json::{Map, Value};

use super::error::ApiError;
use crate::zoned::{When, local};

/// From an event's body. `recurring`: then timed ends need a named zone each.
pub(super) fn when(body: &Map<String, Value>, own: Tz, recurring: bool) -> Result<When, ApiError> {
    let start = one(body, "start", own, recurring)?;
    let end = one(body, "end", own, recurring)?;
    match (start, end) {
        (End::Time(start), End::Time(end)) if start <= end => Ok(When::Timed { start, end }),
        (End::Date(start), End::Date(end)) if start < end => Ok(When::AllDay { start, end }),
        (End::Time(_), End::Time(_)) | (End::Date(_), End::Date(_)) => Err(ApiError::empty_range()),
        (End::Time(_), End::Date(_)) | (End::Date(_), End::Time(_)) => Err(ApiError::invalid(
            "The start and end times must either both be date or both be dateTime.",
        )),
    }
}

enum End {
    Time(DateTime<Tz>),
    Date(NaiveDate),
}

fn one(body: &Map<String, Value>, name: &str, own: Tz, recurring: bool) -> Result<End, ApiError> {
    let given = body.get(name).and_then(Value::as_object);
    let given = given.ok_or_else(|| ApiError::required(format!("Missing {name} time.")))?;
    let text = |field: &str| given.get(field).and_then(Value::as_str);
    let zone = match text("timeZone") {
        None => None,
        Some(zone) => Some(zone.parse::<Tz>().map_err(|_| {
            ApiError::invalid(format!("Invalid time zone definition for {name} time."))
        })?),
    };
    match (text("date"), text("dateTime")) {
        (Some(_), Some(_)) => Err(ApiError::invalid(format!(
            "Invalid {name} time: both date and dateTime."
        ))),
        (None, None) => Err(ApiError::required(format!("Missing {name} time."))),
        (Some(date), None) => {
            let parsed = NaiveDate::parse_from_str(date, "%Y-%m-%d").ok();
            let exact = parsed.filter(|parsed| parsed.to_string() == date);
            exact
                .map(End::Date)
                .ok_or_else(|| ApiError::invalid(format!("Invalid {name} date.")))
        }
        (None, Some(_)) if recurring && zone.is_none() => Err(ApiError::required(format!(
            "Missing time zone definition for {name} time."
        ))),
        (None, Some(time)) => {
            if let Some(time) = rfc3339(time) {
                return Ok(End::Time(time.with_timezone(&zone.unwrap_or(own))));
            }
            let naive = NaiveDateTime::parse_from_str(time, "%Y-%m-%dT%H:%M:%S%.f");
            match (naive, zone) {
                (Ok(naive), Some(zone)) => Ok(End::Time(local(naive, zone))),
                (Ok(_), None) => Err(ApiError::required(format!(
                    "Missing time zone definition for {name} time."
                ))),
                (Err(_), _) => Err(ApiError::invalid(format!("Invalid {name} time."))),
            }
        }
    }
}

/// A time with an offset. Upper-case `T`, as Google's examples have it.
pub(super) fn rfc3339(text: &str) -> Option<DateTime<Utc>> {
    let strict = text.as_bytes().get(10) == Some(&b'T');
    DateTime::parse_from_rfc3339(text)
        .ok()
        .filter(|_| strict)
        .map(|time| time.to_utc())
}
