//! What an event must be like once its fields are known and of the right type.
//!
//! Times without a known zone are refused, and so are times with an offset: Graph's `dateTime` has none.

use chrono::{NaiveDateTime, NaiveTime};
use chrono_tz::Tz;
use serde_json::{Map, Value};

use super::super::event::Series;
use super::super::zones;
use super::error::GraphError;
use super::recurrence::rule;
use crate::recurrence;
use crate::zoned::{Range, When, local};

/// Exchange's limit for subjects and locations ([MS-OXOCAL], PidLidLocation; Graph answers longer ones with 400).
const LONGEST_LINE: usize = 255;

/// Checks all that a client may write; says when the event takes place.
pub(super) fn body(body: &Map<String, Value>) -> Result<(When, Option<Series>), GraphError> {
    let texts = [
        ("importance", &["low", "normal", "high"] as &[&str]),
        (
            "sensitivity",
            &["normal", "personal", "private", "confidential"],
        ),
        (
            "showAs",
            &[
                "free",
                "tentative",
                "busy",
                "oof",
                "workingElsewhere",
                "unknown",
            ],
        ),
        (
            "onlineMeetingProvider",
            &[
                "unknown",
                "skypeForBusiness",
                "skypeForConsumer",
                "teamsForBusiness",
            ],
        ),
    ];
    for (name, allowed) in texts {
        if body
            .get(name)
            .and_then(Value::as_str)
            .is_some_and(|value| !allowed.contains(&value))
        {
            let message = format!("Requested value of '{name}' was not found.");
            return Err(GraphError::new(400, "RequestBodyRead", message));
        }
    }
    let long = |text: Option<&str>| text.is_some_and(|text| text.chars().count() > LONGEST_LINE);
    if long(body.get("subject").and_then(Value::as_str)) {
        return Err(GraphError::property("subject: longer than 255 characters"));
    }
    if long(
        body.get("location")
            .and_then(|location| location.get("displayName"))
            .and_then(Value::as_str),
    ) {
        return Err(GraphError::property("location: longer than 255 characters"));
    }
    if let Some(content) = body.get("body") {
        let kind = content
            .get("contentType")
            .and_then(Value::as_str)
            .unwrap_or("text");
        if !["text", "html"].contains(&kind.to_ascii_lowercase().as_str()) {
            return Err(GraphError::property("body: contentType"));
        }
    }
    if body
        .get("reminderMinutesBeforeStart")
        .and_then(Value::as_i64)
        .is_some_and(|minutes| minutes < 0)
    {
        return Err(GraphError::property("reminderMinutesBeforeStart"));
    }
    attendees(body)?;
    let when = when(body)?;
    match body.get("recurrence") {
        None => Ok((when, None)),
        Some(recurrence) => series(recurrence, when).map(|(when, series)| (when, Some(series))),
    }
}

fn attendees(body: &Map<String, Value>) -> Result<(), GraphError> {
    for attendee in body
        .get("attendees")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let address = attendee
            .get("emailAddress")
            .and_then(|address| address.get("address"));
        let address = address.and_then(Value::as_str).unwrap_or_default();
        if !address.contains('@') {
            let message = "At least one recipient isn't valid.";
            return Err(GraphError::new(400, "ErrorInvalidRecipients", message));
        }
        let kind = attendee
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or("required");
        if !["required", "optional", "resource"].contains(&kind) {
            return Err(GraphError::property("attendees: type"));
        }
    }
    Ok(())
}

fn when(body: &Map<String, Value>) -> Result<When, GraphError> {
    let (start, start_zone) = one(body, "start")?;
    let (end, end_zone) = one(body, "end")?;
    if body.get("isAllDay").and_then(Value::as_bool) == Some(true) {
        if start_zone != end_zone || start.time() != NaiveTime::MIN || end.time() != NaiveTime::MIN
        {
            let message = "The Event.Start and Event.End properties of an all-day event need to be midnight \
                           in the same time zone.";
            return Err(GraphError::invalid(message));
        }
        if start >= end {
            return Err(GraphError::invalid(
                "The duration of an all-day event must be at least 24 hours.",
            ));
        }
        return Ok(When::AllDay {
            start: start.date(),
            end: end.date(),
        });
    }
    let (start, end) = (
        local(start, start_zone),
        local(end, end_zone).with_timezone(&start_zone),
    );
    if start > end {
        return Err(GraphError::property("end lies before start"));
    }
    Ok(When::Timed { start, end })
}

fn one(body: &Map<String, Value>, name: &str) -> Result<(NaiveDateTime, Tz), GraphError> {
    let given = body
        .get(name)
        .ok_or_else(|| GraphError::property(format!("{name} is missing")))?;
    let zone = given
        .get("timeZone")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let zone = zones::zone(zone).ok_or_else(|| GraphError::zone(zone))?;
    let time = given
        .get("dateTime")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let parsed = NaiveDateTime::parse_from_str(time, "%Y-%m-%dT%H:%M:%S%.f");
    let parsed = parsed.map_err(|_| {
        GraphError::property(format!(
            "{name}: dateTime must be a local time without an offset"
        ))
    })?;
    Ok((parsed, zone))
}

/// A series begins on the first day that fits its pattern, even where `start` says another.
fn series(value: &Value, when: When) -> Result<(When, Series), GraphError> {
    let (day, zone, all_day) = match &when {
        When::Timed { start, .. } => (start.date_naive(), start.timezone(), false),
        When::AllDay { start, .. } => (*start, Tz::UTC, true),
    };
    let lines = vec![format!("RRULE:{}", rule(value, day, zone, all_day)?)];
    let set = recurrence::parse(&lines, &when).map_err(GraphError::property)?;
    let from = when.range(Tz::UTC).0;
    let century: Range = (from, from + chrono::TimeDelta::days(36_525));
    let first = recurrence::occurrences(&set, &when, Tz::UTC, century)
        .into_iter()
        .next();
    let first = first.ok_or_else(|| GraphError::property("recurrence: it never takes place"))?;
    Ok((
        first,
        Series {
            set,
            lines,
            deleted: Default::default(),
        },
    ))
}
