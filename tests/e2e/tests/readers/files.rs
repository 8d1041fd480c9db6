//! What is written, through the component, and how it is looked up in what was read.

use crate::parsers::Reading;
use calport_e2e::{plugin_options, runtime};
use calport_host::plugin::{
    BUILT_IN, CallError, Plugin,
    calendar::IcsOptions,
    types::{Event, Span, Status, Timed},
};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone, tz::TimeZoneDatabase};
use serde_json::Value;

pub(crate) const FILE: IcsOptions = IcsOptions {
    name: None,
    refresh_interval: None,
};

/// The component, loaded for one test.
pub(crate) async fn component() -> Plugin {
    Plugin::load(runtime(), BUILT_IN, &plugin_options(vec![]))
        .await
        .unwrap()
}

pub(crate) async fn export(plugin: &Plugin, events: Vec<Event>) -> Result<String, CallError> {
    plugin.export_ics(events, FILE).await
}

/// An hour in London.
pub(crate) fn event(uid: &str) -> Event {
    let start = instant("2031-12-01T10:00:00Z");
    Event {
        uid: uid.into(),
        revision: 3,
        status: Status::Confirmed,
        title: "Deep clean".into(),
        description: None,
        location: None,
        url: None,
        when: timed(start, start + 3_600, "Europe/London"),
        recurrence: None,
        reminders: vec![],
        organizer: None,
        attendees: vec![],
        updated: 1_900_000_000,
    }
}

pub(crate) fn timed(start: i64, end: i64, zone: &str) -> Span {
    Span::Timed(Timed {
        start,
        end,
        zone: zone.into(),
    })
}

pub(crate) fn instant(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_second()
}

/// A zone as another library knows it, from its own data and not from this machine's.
pub(crate) fn zone(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(name).unwrap()
}

/// When clocks of a zone show this. A time that is left out counts by the offset before it, one
/// that comes twice is the first of both (RFC 5545, section 3.3.5).
pub(crate) fn at(zone: &TimeZone, local: DateTime) -> i64 {
    zone.to_ambiguous_timestamp(local)
        .compatible()
        .unwrap()
        .as_second()
}

impl Reading {
    /// An event of the file at this place.
    pub(crate) fn event(&self, file: usize, uid: &str) -> &Value {
        self.files[file]["events"]
            .as_array()
            .and_then(|events| events.iter().find(|event| event["uid"] == uid))
            .unwrap_or_else(|| panic!("{self}: {uid:?} is not in {}", self.files[file]))
    }

    /// Nothing was skipped or mended on the way.
    pub(crate) fn assert_no_errors(&self) {
        for file in &self.files {
            assert_eq!(file["errors"], serde_json::json!([]), "{self}");
        }
    }
}
