//! What an event must be like once its fields are known and of the right type.
//!
//! Where Google cuts silently (long properties), this refuses: a test must notice.

use chrono_tz::Tz;
use rrule::RRuleSet;
use serde_json::{Map, Value};

use super::error::ApiError;
use super::times;
use crate::recurrence;
use crate::zoned::When;

/// Checks all but `id`, `iCalUID`, `status` and `sequence`; says when the event takes place.
pub(super) fn body(
    body: &Map<String, Value>,
    own: Tz,
) -> Result<(When, Option<RRuleSet>), ApiError> {
    let lines: Vec<String> = list(body.get("recurrence"))
        .filter_map(|line| line.as_str().map(str::to_owned))
        .collect();
    let when = times::when(body, own, !lines.is_empty())?;
    let series = match lines.as_slice() {
        [] => None,
        lines => Some(
            recurrence::parse(lines, &when)
                .map_err(|why| ApiError::invalid(format!("Invalid recurrence rule: {why}")))?,
        ),
    };
    for (name, allowed) in [
        ("transparency", &["opaque", "transparent"] as &[&str]),
        (
            "visibility",
            &["default", "public", "private", "confidential"],
        ),
        ("eventType", &["default"]),
        (
            "colorId",
            &["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"],
        ),
    ] {
        if text(body, name).is_some_and(|value| !allowed.contains(&value)) {
            return Err(ApiError::invalid(format!("Invalid value for: {name}")));
        }
    }
    if text(body, "description").is_some_and(|text| text.chars().count() > 8192) {
        return Err(ApiError::invalid("The description is too long"));
    }
    reminders(body)?;
    properties(body)?;
    attendees(body)?;
    source(body)?;
    Ok((when, series))
}

fn reminders(body: &Map<String, Value>) -> Result<(), ApiError> {
    let Some(reminders) = body.get("reminders") else {
        return Ok(());
    };
    let by_default = reminders
        .get("useDefault")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let overrides: Vec<&Value> = list(reminders.get("overrides")).collect();
    if by_default && !overrides.is_empty() {
        let reason = "cannotUseDefaultRemindersAndSpecifyOverride";
        let message = "Cannot specify both default reminders and overrides at the same time.";
        return Err(ApiError::new(400, "calendar", reason, message));
    }
    if overrides.len() > 5 {
        return Err(ApiError::invalid(
            "At most 5 reminder overrides are allowed",
        ));
    }
    for reminder in overrides {
        let method = reminder.get("method").and_then(Value::as_str);
        let minutes = reminder.get("minutes").and_then(Value::as_i64);
        match (method, minutes) {
            (None, _) | (_, None) => {
                return Err(ApiError::required("Missing reminder method or minutes"));
            }
            (Some("email" | "popup"), Some(0..=40_320)) => {}
            (Some(_), Some(_)) => return Err(ApiError::invalid("Invalid reminder")),
        }
    }
    Ok(())
}

/// Google's guide "Extended properties": keys of 44 and values of 1,024 characters, 300 of them, 32 kB in all.
fn properties(body: &Map<String, Value>) -> Result<(), ApiError> {
    let Some(both) = body.get("extendedProperties") else {
        return Ok(());
    };
    let all = ["private", "shared"].into_iter();
    let all = all.filter_map(|kind| both.get(kind)?.as_object()).flatten();
    let (mut count, mut bytes) = (0, 0);
    for (key, value) in all {
        let value = value.as_str().unwrap_or_default();
        if key.is_empty() || key.chars().count() > 44 || value.chars().count() > 1024 {
            return Err(ApiError::invalid(
                "Invalid extended property key or value size",
            ));
        }
        count += 1;
        bytes += key.len() + value.len();
    }
    if count > 300 || bytes > 32 * 1024 {
        return Err(ApiError::invalid("Too many extended properties"));
    }
    Ok(())
}

fn attendees(body: &Map<String, Value>) -> Result<(), ApiError> {
    let attendees: Vec<&Value> = list(body.get("attendees")).collect();
    if attendees.len() > 200 {
        return Err(ApiError::invalid("Too many attendees"));
    }
    for attendee in attendees {
        let email = attendee.get("email").and_then(Value::as_str);
        let email = email.ok_or_else(|| ApiError::required("Missing attendee email."))?;
        let (name, host) = email.split_once('@').unwrap_or_default();
        let plain = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() && !b"<>@,;".contains(&byte))
        };
        if !plain(name) || !plain(host) {
            return Err(ApiError::invalid("Invalid attendee email."));
        }
        let response = attendee
            .get("responseStatus")
            .and_then(Value::as_str)
            .unwrap_or("needsAction");
        if !["needsAction", "declined", "tentative", "accepted"].contains(&response) {
            return Err(ApiError::invalid("Invalid attendee response status."));
        }
    }
    Ok(())
}

fn source(body: &Map<String, Value>) -> Result<(), ApiError> {
    let Some(source) = body.get("source") else {
        return Ok(());
    };
    let url = source
        .get("url")
        .and_then(Value::as_str)
        .and_then(|url| url::Url::parse(url).ok());
    match url {
        Some(url) if matches!(url.scheme(), "http" | "https") => Ok(()),
        Some(_) | None => Err(ApiError::invalid(
            "Invalid source URL: http or https is needed",
        )),
    }
}

/// `[a-v0-9]{5,1024}`, the alphabet of base32hex in lower case.
pub(super) fn id(id: &str) -> Result<(), ApiError> {
    let fits = |byte: u8| matches!(byte, b'a'..=b'v' | b'0'..=b'9');
    if (5..=1024).contains(&id.len()) && id.bytes().all(fits) {
        return Ok(());
    }
    Err(ApiError::invalid("Invalid resource id value."))
}

fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    body.get(name).and_then(Value::as_str)
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}
