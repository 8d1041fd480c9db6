//! What the platform has stated and what the host has acknowledged of it.

use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A participant and the account of their calendar.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person {
    pub(crate) user: &'static str,
    pub(crate) provider: &'static str,
    pub(crate) account: &'static str,
}

/// What is wanted of a booking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) revision: u32,
    pub(crate) hour: u8,
    pub(crate) users: BTreeSet<&'static str>,
    pub(crate) is_cancelled: bool,
}

impl Wish {
    /// Says everything that must be right in a calendar.
    pub(crate) fn title(&self, id: usize) -> String {
        format!("booking {id} revision {}", self.revision)
    }

    pub(crate) fn body(&self, id: usize) -> Value {
        let participants: Vec<_> = self
            .users
            .iter()
            .map(|user| json!({"user": user, "role": "customer"}))
            .collect();
        let day = 1 + id % 28;
        json!({
            "revision": self.revision,
            "status": if self.is_cancelled { "cancelled" } else { "confirmed" },
            "title": self.title(id),
            "start": format!("2031-12-{day:02}T{:02}:00:00Z", self.hour),
            "end": format!("2031-12-{day:02}T{:02}:30:00Z", self.hour),
            "zone": "Europe/London",
            "participants": participants,
        })
    }
}

/// All bookings as they were acknowledged last.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) acknowledged: BTreeMap<usize, Wish>,
}

impl Model {
    /// The titles and hours that an account's calendar must hold, in order.
    pub(crate) fn expected(&self, people: &[Person], account: &str) -> Vec<(String, u8)> {
        let mut expected: Vec<_> = people
            .iter()
            .filter(|person| person.account == account)
            .flat_map(|person| {
                let wanted = self.acknowledged.iter();
                wanted
                    .filter(|(_, wish)| !wish.is_cancelled && wish.users.contains(person.user))
                    .map(|(id, wish)| (wish.title(*id), wish.hour))
            })
            .collect();
        expected.sort();
        expected
    }
}

/// The same of what a stand-in's calendar holds.
pub(crate) fn found(events: &[Value], title: &str) -> Vec<(String, u8)> {
    let mut found: Vec<_> = events
        .iter()
        .map(|event| {
            let start = event["start"]["dateTime"].as_str().unwrap_or_default();
            // Google shows its owner's zone by an offset; Microsoft was asked for UTC.
            let instant = start
                .parse::<Timestamp>()
                .or_else(|_| format!("{start}Z").parse());
            let hour = instant.map_or(u8::MAX, |instant| {
                u8::try_from(instant.as_second() / 3_600 % 24).unwrap_or(u8::MAX)
            });
            (event[title].as_str().unwrap_or_default().to_owned(), hour)
        })
        .collect();
    found.sort();
    found
}
