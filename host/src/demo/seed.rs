//! The bookings that a demo begins with: some of each kind, all of them ahead.

use super::{people, records::Booking};
use crate::bookings::{Body, Kind, Participant, Person, Recurrence, Status};
use jiff::{
    Timestamp, ToSpan, Zoned,
    civil::{Date, Weekday},
    tz::TimeZone,
};

/// Where the platform's customers live.
const ZONE: &str = "Europe/London";

/// The zone that the platform works in. A machine without a zone database has only UTC.
pub(super) fn zone() -> TimeZone {
    TimeZone::get(ZONE).unwrap_or(TimeZone::UTC)
}

/// A zone's name as bookings state it.
pub(super) fn zone_name(zone: &TimeZone) -> &str {
    zone.iana_name().unwrap_or("UTC")
}

/// Who a booking is from.
pub(super) fn organizer() -> Person {
    Person {
        name: Some("Brightside".to_owned()),
        email: "hello@brightside.example".to_owned(),
    }
}

/// A booking without particulars. `when` is still missing.
pub(super) fn blank(title: &str, users: &[&str]) -> Body {
    let people = users.iter().filter_map(|user| people::find(user));
    Body {
        revision: 1,
        status: Status::Confirmed,
        title: title.to_owned(),
        description: None,
        location: None,
        url: None,
        start: None,
        end: None,
        zone: None,
        start_date: None,
        end_date: None,
        recurrence: None,
        reminders: vec![60],
        organizer: Some(organizer()),
        attendees: Vec::new(),
        participants: people
            .map(|person| Participant {
                user: person.id.to_owned(),
                role: person.role.word().to_owned(),
            })
            .collect(),
    }
}

/// Sets a time of day in the platform's zone.
pub(super) fn at(body: &mut Body, date: Date, time: (i8, i8), minutes: i64) -> Option<()> {
    let zone = zone();
    let start = date.at(time.0, time.1, 0, 0).to_zoned(zone.clone()).ok()?;
    let end = start.checked_add(minutes.minutes()).ok()?;
    body.start = Some(start.timestamp());
    body.end = Some(end.timestamp());
    body.zone = Some(zone_name(&zone).to_owned());
    Some(())
}

/// The first bookings, counted from now.
pub(super) fn bookings(now: Timestamp) -> Vec<Booking> {
    first(&now.to_zoned(zone())).unwrap_or_default()
}

fn first(now: &Zoned) -> Option<Vec<Booking>> {
    let day = |days: i64| now.date().checked_add(days.days()).ok();
    let mut visit = blank("First visit and quote", &["customer", "staff"]);
    visit.description = Some("We look at the house together and agree on what to do.".to_owned());
    visit.location = Some("12 Orchard Row, London".to_owned());
    at(&mut visit, day(1)?, (10, 0), 45)?;

    let mut windows = blank("Window cleaning", &["customer", "staff"]);
    windows.description = Some("All windows, inside and outside.\nKey under the mat.".to_owned());
    windows.location = Some("12 Orchard Row, London".to_owned());
    at(&mut windows, day(4)?, (14, 0), 120)?;

    let mut weekly = blank("Weekly clean", &["customer", "staff"]);
    weekly.location = Some("12 Orchard Row, London".to_owned());
    let tuesday = now.date().nth_weekday(1, Weekday::Tuesday).ok()?;
    at(&mut weekly, tuesday, (9, 0), 180)?;
    weekly.recurrence = Some(Recurrence {
        rule: "FREQ=WEEKLY;COUNT=10".to_owned(),
        excluded: Vec::new(),
    });

    let mut garden = blank("Garden clearance", &["customer", "staff", "manager"]);
    garden.description = Some("A skip is on its way. Please leave the gate open.".to_owned());
    garden.location = Some("12 Orchard Row, London".to_owned());
    garden.start_date = day(8);
    garden.end_date = day(10);
    garden.reminders = Vec::new();

    let mut review = blank("Team review", &["staff", "manager"]);
    review.status = Status::Tentative;
    at(&mut review, day(6)?, (16, 30), 30)?;

    let booking = |kind, id: &str, body| Booking {
        kind,
        id: id.to_owned(),
        body,
    };
    Some(vec![
        booking(Kind::Appointments, "first-visit", visit),
        booking(Kind::Jobs, "window-cleaning", windows),
        booking(Kind::Jobs, "weekly-clean", weekly),
        booking(Kind::Jobs, "garden-clearance", garden),
        booking(Kind::Appointments, "team-review", review),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bookings_are_ahead_and_of_every_sort() {
        let now: Timestamp = "2026-03-28T23:30:00Z".parse().unwrap();
        let bookings = bookings(now);
        assert!(
            bookings
                .iter()
                .any(|booking| booking.body.recurrence.is_some())
        );
        assert!(
            bookings
                .iter()
                .any(|booking| booking.body.start_date.is_some())
        );
        for kind in Kind::ALL {
            assert!(bookings.iter().any(|booking| booking.kind == kind));
        }
        for person in &people::PEOPLE {
            assert!(
                bookings.iter().any(|booking| booking.has(person)),
                "{}",
                person.name
            );
        }
        for booking in &bookings {
            assert!(booking.body.when().is_ok(), "{}", booking.id);
            assert!(
                booking.body.start.is_none_or(|start| start > now),
                "{}",
                booking.id
            );
        }
    }
}
