//! RFC 5545 files and feeds. Pure: the same events give the same bytes; nothing is
//! asked of a clock, a store or a network.

mod lines;
mod vevent;
mod vtimezone;

use std::collections::{BTreeMap, BTreeSet};

use crate::bindings::calport::calendar::types::{Error, Event, InvalidField};
use crate::bindings::exports::calport::calendar::calendar::IcsOptions;
use crate::event::{Breaks, CheckedEvent, When, text};
use crate::fault::{field, invalid};
use crate::zones::Zone;
use lines::Lines;

/// world.wit, `export-ics`.
const MOST_EVENTS: usize = 10_000;

/// In characters.
const LONGEST_NAME: usize = 1_024;

/// A minute: no subscriber asks more often, and 0 would mean "without a pause".
const SHORTEST_REFRESH: u32 = 60;

/// Writes one calendar of all events, in the order given.
pub(crate) fn export(events: Vec<Event>, options: IcsOptions) -> Result<String, Error> {
    if events.len() > MOST_EVENTS {
        return Err(invalid(
            "events",
            "holds more than 10,000 events",
            "write several files",
        ));
    }
    let name = options
        .name
        .map(|name| text("options.name", name, LONGEST_NAME, Breaks::BecomeSpaces))
        .transpose()
        .map_err(Error::Invalid)?;
    if options
        .refresh_interval
        .is_some_and(|seconds| seconds < SHORTEST_REFRESH)
    {
        return Err(invalid(
            "options.refresh-interval",
            "is less than a minute",
            "send 60 or more",
        ));
    }
    let events = check(events).map_err(Error::Invalid)?;

    let mut zones: BTreeMap<&'static str, Zone> = BTreeMap::new();
    for event in &events {
        if let Some(zone) = named_zone(&event.when) {
            zones.insert(zone.name(), zone);
        }
    }

    let mut out = Lines::with_room_for(events.len(), zones.len());
    out.raw("BEGIN", "VCALENDAR");
    out.raw("VERSION", "2.0");
    out.raw(
        "PRODID",
        concat!("-//Calport//Calport ", env!("CARGO_PKG_VERSION"), "//EN"),
    );
    out.raw("CALSCALE", "GREGORIAN");
    if let Some(name) = &name {
        // RFC 7986 and what was there before it: apps read one or the other.
        out.text("NAME", name);
        out.text("X-WR-CALNAME", name);
    }
    if let Some(seconds) = options.refresh_interval {
        let every = duration(seconds);
        out.raw("REFRESH-INTERVAL;VALUE=DURATION", &every);
        out.raw("X-PUBLISHED-TTL", &every);
    }
    for zone in zones.values() {
        vtimezone::write(&mut out, zone);
    }
    for event in &events {
        vevent::write(&mut out, event);
    }
    out.raw("END", "VCALENDAR");
    Ok(out.finish())
}

fn check(events: Vec<Event>) -> Result<Vec<CheckedEvent>, InvalidField> {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    events
        .into_iter()
        .enumerate()
        .map(|(index, event)| {
            let within = |error: InvalidField| InvalidField {
                field: format!("events[{index}].{}", error.field),
                ..error
            };
            let event = CheckedEvent::new(event).map_err(within)?;
            // Readers take the second one for a change of the first.
            if !seen.insert(event.uid.clone()) {
                return Err(within(field(
                    "uid",
                    "is that of an earlier event, too",
                    "send each event once",
                )));
            }
            Ok(event)
        })
        .collect()
}

/// The zone whose rules a file must hold for this event: single events are in UTC,
/// and UTC itself needs no rules.
fn named_zone(when: &When) -> Option<Zone> {
    match when {
        When::Timed {
            zone,
            repeats: Some(_),
            ..
        } if !zone.is_utc() => Some(*zone),
        When::Timed { .. } | When::AllDay { .. } => None,
    }
}

/// RFC 5545 DURATION, in the largest units: `PT1H`, `P1D`, `PT1M30S`.
fn duration(seconds: u32) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let mut out = String::from("P");
    if days > 0 {
        out.push_str(&format!("{days}D"));
    }
    if rest > 0 {
        out.push('T');
        // RFC 5545 lets minutes stand between hours and seconds only together.
        let (hours, minutes, seconds) = (rest / 3_600, rest % 3_600 / 60, rest % 60);
        if hours > 0 {
            out.push_str(&format!("{hours}H"));
        }
        if minutes > 0 || (hours > 0 && seconds > 0) {
            out.push_str(&format!("{minutes}M"));
        }
        if seconds > 0 {
            out.push_str(&format!("{seconds}S"));
        }
    }
    out
}

#[cfg(test)]
mod tests;
