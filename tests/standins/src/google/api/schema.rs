//! Which fields bodies may hold, and of which type.
//!
//! Facts of Google's discovery document of calendar v3. A name that is not in here is refused; a read-only one
//! is ignored, as Google ignores it.

use serde_json::{Map, Value};

use super::error::ApiError;

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    Flag,
    Whole,
    /// Texts by any name.
    Texts,
    Object(&'static [Field]),
    List(&'static Kind),
    /// Known, but what it holds does not matter here.
    Anything,
    /// Known, but only Google writes it.
    ReadOnly,
}

pub(super) type Field = (&'static str, Kind);

use Kind::{Anything, Flag, List, Object, ReadOnly, Text, Texts, Whole};

const TIME: &[Field] = &[("date", Text), ("dateTime", Text), ("timeZone", Text)];
const PERSON: Kind = Object(&[
    ("displayName", Text),
    ("email", Text),
    ("id", Text),
    ("self", ReadOnly),
]);
const ATTENDEE: Kind = Object(&[
    ("additionalGuests", Whole),
    ("asyncOperation", ReadOnly),
    ("comment", Text),
    ("displayName", Text),
    ("email", Text),
    ("id", Text),
    ("optional", Flag),
    ("organizer", ReadOnly),
    ("resource", Flag),
    ("responseStatus", Text),
    ("self", ReadOnly),
]);
const ATTACHMENT: Kind = Object(&[
    ("fileId", ReadOnly),
    ("fileUrl", Text),
    ("iconLink", Text),
    ("mimeType", Text),
    ("title", Text),
]);
const REMINDER: Kind = Object(&[("method", Text), ("minutes", Whole)]);

pub(super) const EVENT: &[Field] = &[
    ("anyoneCanAddSelf", Flag),
    ("attachments", List(&ATTACHMENT)),
    ("attendees", List(&ATTENDEE)),
    ("attendeesOmitted", Flag),
    ("birthdayProperties", Anything),
    ("colorId", Text),
    ("conferenceData", Anything),
    ("created", ReadOnly),
    ("creator", ReadOnly),
    ("description", Text),
    ("end", Object(TIME)),
    ("endTimeUnspecified", ReadOnly),
    ("etag", ReadOnly),
    ("eventLabelId", Text),
    ("eventType", Text),
    (
        "extendedProperties",
        Object(&[("private", Texts), ("shared", Texts)]),
    ),
    ("focusTimeProperties", Anything),
    ("gadget", Anything),
    ("guestsCanInviteOthers", Flag),
    ("guestsCanModify", Flag),
    ("guestsCanSeeOtherGuests", Flag),
    ("hangoutLink", ReadOnly),
    ("htmlLink", ReadOnly),
    ("iCalUID", Text),
    ("id", Text),
    ("kind", ReadOnly),
    ("location", Text),
    ("locked", ReadOnly),
    ("organizer", PERSON),
    ("originalStartTime", ReadOnly),
    ("outOfOfficeProperties", Anything),
    ("privateCopy", ReadOnly),
    ("recurrence", List(&Text)),
    ("recurringEventId", ReadOnly),
    (
        "reminders",
        Object(&[("overrides", List(&REMINDER)), ("useDefault", Flag)]),
    ),
    ("sequence", Whole),
    ("source", Object(&[("title", Text), ("url", Text)])),
    ("start", Object(TIME)),
    ("status", Text),
    ("summary", Text),
    ("transparency", Text),
    ("updated", ReadOnly),
    ("visibility", Text),
    ("workingLocationProperties", Anything),
];

pub(super) const FREE_BUSY: &[Field] = &[
    ("calendarExpansionMax", Whole),
    ("groupExpansionMax", Whole),
    ("items", List(&Object(&[("id", Text)]))),
    ("timeMax", Text),
    ("timeMin", Text),
    ("timeZone", Text),
];

/// Checks names and types and takes out what is read-only. `null` fits every field: it clears.
pub(super) fn check(
    body: Map<String, Value>,
    fields: &[Field],
    path: &str,
) -> Result<Map<String, Value>, ApiError> {
    let mut checked = Map::new();
    for (name, value) in body {
        let Some((_, kind)) = fields.iter().find(|(known, _)| *known == name) else {
            let place = if path.is_empty() {
                String::new()
            } else {
                format!(" at '{path}'")
            };
            let message = format!("Unknown name \"{name}\"{place}: Cannot find field.");
            return Err(ApiError::payload(message));
        };
        let path = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        if let Some(value) = fit(value, kind, &path)? {
            checked.insert(name, value);
        }
    }
    Ok(checked)
}

fn fit(value: Value, kind: &Kind, path: &str) -> Result<Option<Value>, ApiError> {
    let wrong = |wanted: &str| {
        Err(ApiError::payload(format!(
            "Invalid value at '{path}' ({wanted})"
        )))
    };
    Ok(Some(match (kind, value) {
        (ReadOnly, _) => return Ok(None),
        (_, Value::Null) => Value::Null,
        (Anything, value) => value,
        (Text, Value::String(text)) if text.contains('\0') => return wrong("TYPE_STRING"),
        (Text, Value::String(text)) => text.into(),
        (Text, _) => return wrong("TYPE_STRING"),
        (Flag, Value::Bool(flag)) => flag.into(),
        (Flag, _) => return wrong("TYPE_BOOL"),
        (Whole, Value::Number(number)) => match number.as_i64() {
            Some(whole) if i32::try_from(whole).is_ok() => whole.into(),
            Some(_) | None => return wrong("TYPE_INT32"),
        },
        (Whole, _) => return wrong("TYPE_INT32"),
        (Texts, Value::Object(texts)) => {
            if texts
                .values()
                .any(|text| !text.is_string() && !text.is_null())
            {
                return wrong("TYPE_STRING");
            }
            texts.into()
        }
        (Texts, _) => return wrong("Map"),
        (Object(fields), Value::Object(object)) => check(object, fields, path)?.into(),
        (Object(_), _) => return wrong("Message"),
        (List(kind), Value::Array(list)) => {
            let mut fitted = Vec::with_capacity(list.len());
            for (index, value) in list.into_iter().enumerate() {
                let path = format!("{path}[{index}]");
                if value.is_null() {
                    return wrong("List");
                }
                fitted.extend(fit(value, kind, &path)?);
            }
            fitted.into()
        }
        (List(_), _) => return wrong("List"),
    }))
}
