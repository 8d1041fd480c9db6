//! An event as plain as can be.

use calport_host::plugin::types::{Event, Span, Status, Timed};

/// Two hours of a day in London.
pub fn event(uid: &str, title: &str) -> Event {
    Event {
        uid: uid.into(),
        revision: 1,
        status: Status::Confirmed,
        title: title.into(),
        description: None,
        location: None,
        url: None,
        // 2031-12-02T10:00:00Z
        when: Span::Timed(Timed {
            start: 1_953_972_000,
            end: 1_953_979_200,
            zone: "Europe/London".into(),
        }),
        recurrence: None,
        reminders: vec![],
        organizer: None,
        attendees: vec![],
        updated: 1_900_000_000,
    }
}
