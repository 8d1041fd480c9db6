//! A booking as one person's calendar is to show it.

use super::{Body, BodyError, BookingId, Person, Status, When};
use crate::plugin::types;
use jiff::{Timestamp, civil::Date};
use uuid::Uuid;

/// Namespace of the UIDs (RFC 9562, version 5), drawn once at random.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f0c_5c3e_8d7b_4f0a_9a53_1d27_e2c4_b681);

/// The event of a booking for one of its participants. Its UID names the participant too:
/// two people who share a calendar account have an event each, and one can leave without
/// taking the other's.
///
/// # Errors
/// A field that no event can hold.
pub fn event_for(
    booking: &BookingId,
    user: &str,
    body: &Body,
    updated: i64,
) -> Result<types::Event, BodyError> {
    let when = body.when()?;
    let recurrence = body
        .recurrence
        .as_ref()
        .map(|recurrence| {
            let excluded = recurrence.excluded.iter().enumerate();
            let excluded = excluded.map(|(index, text)| occurrence(&when, index, text));
            Ok(types::Recurrence {
                rule: recurrence.rule.clone(),
                excluded: excluded.collect::<Result<_, BodyError>>()?,
            })
        })
        .transpose()?;
    Ok(types::Event {
        uid: uid(booking, user),
        revision: body.revision,
        status: match body.status {
            Status::Confirmed => types::Status::Confirmed,
            Status::Tentative => types::Status::Tentative,
            Status::Cancelled => types::Status::Cancelled,
        },
        title: body.title.clone(),
        description: body.description.clone(),
        location: body.location.clone(),
        url: body.url.clone(),
        when: match when {
            When::Timed { start, end, zone } => types::Span::Timed(types::Timed {
                start: start.as_second(),
                end: end.as_second(),
                zone,
            }),
            When::AllDay { start, end } => types::Span::AllDay(types::AllDay {
                start: start.to_string(),
                end: end.to_string(),
            }),
        },
        recurrence,
        reminders: body.reminders.clone(),
        organizer: body.organizer.as_ref().map(person),
        attendees: body.attendees.iter().map(person).collect(),
        updated,
    })
}

/// What a downloaded file is called: the platform's id, as far as every system takes it.
pub fn file_name(booking: &BookingId) -> String {
    let id: String = booking
        .id
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' || c == '_' {
                c
            } else {
                '-'
            }
        })
        .take(64)
        .collect();
    let kind = booking.kind.as_str().trim_end_matches('s');
    format!("{kind}-{id}.ics")
}

fn uid(booking: &BookingId, user: &str) -> String {
    let name = [&booking.tenant, booking.kind.as_str(), &booking.id, user].join("\n");
    format!("{}@calport", Uuid::new_v5(&NAMESPACE, name.as_bytes()))
}

fn person(person: &Person) -> types::Person {
    types::Person {
        name: person.name.clone(),
        email: person.email.clone(),
    }
}

fn occurrence(when: &When, index: usize, text: &str) -> Result<types::Occurrence, BodyError> {
    let refused = |remedy| {
        let field = format!("recurrence.excluded[{index}]");
        BodyError::new(field, "does not fit the booking's start", remedy)
    };
    match when {
        When::Timed { .. } => text
            .parse::<Timestamp>()
            .map(|at| types::Occurrence::At(at.as_second()))
            .map_err(|_| refused("an RFC 3339 time with an offset: 2026-12-08T10:00:00Z")),
        When::AllDay { .. } => text
            .parse::<Date>()
            .map(|on| types::Occurrence::On(on.to_string()))
            .map_err(|_| refused("a date: 2026-12-24")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bookings::Kind;

    fn id(tenant: &str, kind: Kind, id: &str) -> BookingId {
        BookingId {
            tenant: tenant.into(),
            kind,
            id: id.into(),
        }
    }

    #[test]
    fn a_uid_is_stable_and_belongs_to_one_booking_and_person() {
        let job = id("default", Kind::Jobs, "17");
        assert_eq!(
            uid(&job, "ann"),
            "e703ac5a-62ae-57d9-bea3-698706c08472@calport"
        );
        let all = [
            uid(&job, "ann"),
            uid(&job, "bob"),
            uid(&id("default", Kind::Appointments, "17"), "ann"),
            uid(&id("other", Kind::Jobs, "17"), "ann"),
            uid(&id("default", Kind::Jobs, "1"), "7\nann"),
        ];
        let unique: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(unique.len(), all.len());
    }

    #[test]
    fn a_file_name_holds_nothing_that_a_header_or_file_system_refuses() {
        let name = file_name(&id("default", Kind::Jobs, "../\"x\";\u{fc}"));
        assert_eq!(name, "job-----x---.ics");
    }
}
