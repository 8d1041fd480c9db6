//! Which fields bodies of events may hold.
//!
//! Facts of Microsoft's type declarations of Graph v1.0 (`event` and what it holds). Unknown and read-only
//! fields are refused.

use crate::schema::Kind::{Anything, Flag, List, Number, Object, ReadOnly, Text, Whole};
use crate::schema::{Field, Kind, ReadOnlyFields, Schema};

const TIME: Kind = Object(&[("dateTime", Text), ("timeZone", Text)]);
const ADDRESS: Kind = Object(&[("address", Text), ("name", Text)]);
const LOCATION: Kind = Object(&[
    (
        "address",
        Object(&[
            ("city", Text),
            ("countryOrRegion", Text),
            ("postalCode", Text),
            ("state", Text),
            ("street", Text),
        ]),
    ),
    (
        "coordinates",
        Object(&[
            ("accuracy", Number),
            ("altitude", Number),
            ("altitudeAccuracy", Number),
            ("latitude", Number),
            ("longitude", Number),
        ]),
    ),
    ("displayName", Text),
    ("locationEmailAddress", Text),
    ("locationType", Text),
    ("locationUri", Text),
    ("uniqueId", Text),
    ("uniqueIdType", Text),
]);
const ATTENDEE: Kind = Object(&[
    ("emailAddress", ADDRESS),
    ("proposedNewTime", Anything),
    ("status", Anything),
    ("type", Text),
]);
const PATTERN: Kind = Object(&[
    ("dayOfMonth", Whole),
    ("daysOfWeek", List(&Text)),
    ("firstDayOfWeek", Text),
    ("index", Text),
    ("interval", Whole),
    ("month", Whole),
    ("type", Text),
]);
const RANGE: Kind = Object(&[
    ("endDate", Text),
    ("numberOfOccurrences", Whole),
    ("recurrenceTimeZone", Text),
    ("startDate", Text),
    ("type", Text),
]);

const FIELDS: &[Field] = &[
    ("allowNewTimeProposals", Flag),
    ("attachments", ReadOnly),
    ("attendees", List(&ATTENDEE)),
    ("body", Object(&[("content", Text), ("contentType", Text)])),
    ("bodyPreview", ReadOnly),
    ("calendar", ReadOnly),
    ("cancelledOccurrences", ReadOnly),
    ("categories", List(&Text)),
    ("changeKey", ReadOnly),
    ("createdDateTime", ReadOnly),
    ("end", TIME),
    ("exceptionOccurrences", ReadOnly),
    ("extensions", Anything),
    ("hasAttachments", ReadOnly),
    ("hideAttendees", Flag),
    ("iCalUId", ReadOnly),
    ("id", ReadOnly),
    ("importance", Text),
    ("instances", ReadOnly),
    ("isAllDay", Flag),
    ("isCancelled", ReadOnly),
    ("isDraft", ReadOnly),
    ("isOnlineMeeting", Flag),
    ("isOrganizer", ReadOnly),
    ("isReminderOn", Flag),
    ("lastModifiedDateTime", ReadOnly),
    ("location", LOCATION),
    ("locations", List(&LOCATION)),
    ("multiValueExtendedProperties", Anything),
    ("onlineMeeting", ReadOnly),
    ("onlineMeetingProvider", Text),
    ("onlineMeetingUrl", ReadOnly),
    ("organizer", ReadOnly),
    ("originalEndTimeZone", ReadOnly),
    ("originalStart", ReadOnly),
    ("originalStartTimeZone", ReadOnly),
    (
        "recurrence",
        Object(&[("pattern", PATTERN), ("range", RANGE)]),
    ),
    ("reminderMinutesBeforeStart", Whole),
    ("responseRequested", Flag),
    ("responseStatus", ReadOnly),
    ("sensitivity", Text),
    ("seriesMasterId", ReadOnly),
    ("showAs", Text),
    (
        "singleValueExtendedProperties",
        List(&Object(&[("id", Text), ("value", Text)])),
    ),
    ("start", TIME),
    ("subject", Text),
    ("transactionId", Text),
    ("type", ReadOnly),
    ("webLink", ReadOnly),
];

pub(super) const EVENT: Schema = Schema {
    fields: FIELDS,
    read_only: ReadOnlyFields::Refused,
    annotation: Some("@odata."),
};

/// Whether `$select` may name it.
pub(super) fn selectable(name: &str) -> bool {
    FIELDS.iter().any(|(known, _)| *known == name)
}
