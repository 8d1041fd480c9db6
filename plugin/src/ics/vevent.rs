//! One VEVENT (RFC 5545, section 3.6.1): UTC for single events, the zone's own time
//! for recurring ones. Never a METHOD: that would turn a file into an invitation.

use std::fmt;

use super::lines::{Lines, Mailto, Quoted};
use super::named_zone;
use crate::bindings::calport::calendar::types::Status;
use crate::event::{CheckedEvent, Person, Repeats, When};
use crate::time;
use crate::zones::Zone;

/// The largest INTEGER of RFC 5545, section 3.3.8.
const LAST_SEQUENCE: u32 = 2_147_483_647;

pub(super) fn write(out: &mut Lines, event: &CheckedEvent) {
    out.raw("BEGIN", "VEVENT");
    out.text("UID", &event.uid);
    let updated = time::basic(event.updated);
    out.display(format_args!("DTSTAMP"), format_args!("{updated}Z"));
    out.display(format_args!("LAST-MODIFIED"), format_args!("{updated}Z"));
    out.display(
        format_args!("SEQUENCE"),
        format_args!("{}", event.revision.min(LAST_SEQUENCE)),
    );
    let (status, transparency) = match event.status {
        Status::Confirmed => ("CONFIRMED", "OPAQUE"),
        Status::Tentative => ("TENTATIVE", "OPAQUE"),
        Status::Cancelled => ("CANCELLED", "TRANSPARENT"),
    };
    out.raw("STATUS", status);
    out.raw("TRANSP", transparency);
    when(out, &event.when);
    out.text("SUMMARY", &event.title);
    if let Some(description) = &event.description {
        out.text("DESCRIPTION", description);
    }
    if let Some(location) = &event.location {
        out.text("LOCATION", location);
    }
    if let Some(url) = &event.url {
        out.raw("URL", url.as_str());
    }
    if let Some(organizer) = &event.organizer {
        out.display(
            format_args!("ORGANIZER{}", CommonName(organizer)),
            format_args!("{}", Mailto(&organizer.email)),
        );
    }
    for attendee in &event.attendees {
        // Booked already: nobody is asked to answer.
        out.display(
            format_args!(
                "ATTENDEE{};PARTSTAT=ACCEPTED;RSVP=FALSE",
                CommonName(attendee)
            ),
            format_args!("{}", Mailto(&attendee.email)),
        );
    }
    // An alarm for what does not take place helps nobody.
    if event.status != Status::Cancelled {
        for minutes in &event.reminders {
            out.raw("BEGIN", "VALARM");
            out.raw("ACTION", "DISPLAY");
            out.display(format_args!("TRIGGER"), format_args!("-PT{minutes}M"));
            out.text("DESCRIPTION", &event.title);
            out.raw("END", "VALARM");
        }
    }
    out.raw("END", "VEVENT");
}

fn when(out: &mut Lines, when: &When) {
    match when {
        When::AllDay {
            start,
            end,
            repeats,
        } => {
            out.raw("DTSTART;VALUE=DATE", &start.basic());
            out.raw("DTEND;VALUE=DATE", &end.basic());
            if let Some(Repeats { rule, excluded }) = repeats {
                out.display(format_args!("RRULE"), format_args!("{rule}"));
                for day in excluded {
                    out.raw("EXDATE;VALUE=DATE", &day.basic());
                }
            }
        }
        When::Timed {
            start,
            end,
            repeats,
            ..
        } => {
            let clock = named_zone(when);
            moment(out, "DTSTART", *start, clock);
            moment(out, "DTEND", *end, clock);
            if let Some(Repeats { rule, excluded }) = repeats {
                out.display(format_args!("RRULE"), format_args!("{rule}"));
                for start in excluded {
                    moment(out, "EXDATE", *start, clock);
                }
            }
        }
    }
}

fn moment(out: &mut Lines, name: &str, instant: i64, zone: Option<Zone>) {
    match zone {
        Some(zone) => out.display(
            format_args!("{name};TZID={}", zone.name()),
            format_args!("{}", time::basic(zone.local(instant))),
        ),
        None => out.display(
            format_args!("{name}"),
            format_args!("{}Z", time::basic(instant)),
        ),
    }
}

struct CommonName<'a>(&'a Person);

impl fmt::Display for CommonName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.name {
            Some(name) => write!(f, ";CN={}", Quoted(name)),
            None => Ok(()),
        }
    }
}
