//! Which fields bodies of the Calendar API may hold.
//!
//! Facts of Google's discovery document of calendar v3. A name that is not in here is refused; a read-only one
//! is ignored, as Google ignores it.

use super::error::ApiError;
use crate::schema::Kind::{Anything, Flag, List, Object, ReadOnly, Text, Texts, Whole};
use crate::schema::{Field, Kind, Mistake, ReadOnlyFields, Schema};

pub(super) const EVENT: Schema = google(EVENT_FIELDS);
pub(super) const FREE_BUSY: Schema = google(FREE_BUSY_FIELDS);

const fn google(fields: &'static [Field]) -> Schema {
    Schema {
        fields,
        read_only: ReadOnlyFields::Ignored,
        annotation: None,
    }
}

impl From<Mistake> for ApiError {
    fn from(mistake: Mistake) -> Self {
        Self::payload(match mistake {
            Mistake::Unknown { name, path } if path.is_empty() => {
                format!("Unknown name \"{name}\": Cannot find field.")
            }
            Mistake::Unknown { name, path } => {
                format!("Unknown name \"{name}\" at '{path}': Cannot find field.")
            }
            Mistake::Type { path, wanted } => format!("Invalid value at '{path}' ({wanted})"),
            Mistake::ReadOnly { path } => format!("Cannot write '{path}'"),
        })
    }
}

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

const EVENT_FIELDS: &[Field] = &[
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

const FREE_BUSY_FIELDS: &[Field] = &[
    ("calendarExpansionMax", Whole),
    ("groupExpansionMax", Whole),
    ("items", List(&Object(&[("id", Text)]))),
    ("timeMax", Text),
    ("timeMin", Text),
    ("timeZone", Text),
];
