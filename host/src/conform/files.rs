//! The files that a plugin writes: whether they are RFC 5545, say what was stated, and stay
//! what they are whatever text stands in them (case 39).

use super::{
    Checklist, Failure,
    ics::{self, Component},
    texts::{ATTACKS, FIELDS, event},
    trial::{Trial, answered, ended, succeeded},
};
use crate::plugin::{
    CallError,
    calendar::IcsOptions,
    types::{AllDay, Error, Event, Recurrence, Span, Status},
};

const AREA: &str = "Files";

/// A feed of as many bookings as a file may hold.
const MANY: usize = 10_000;

/// How often a call that takes too long is tried.
const TRIES: usize = 3;

const FILE: IcsOptions = IcsOptions {
    name: None,
    refresh_interval: None,
};

const FORM: &str = "Write it as RFC 5545 has it: CRLF, folds after 75 octets, TEXT escaped, \
                    parameters quoted.";

pub(super) async fn check(trial: &Trial, list: &mut Checklist) {
    let events = [event("conform-1@calport"), cancelled(), days(), weekly()];
    let first = export(trial, &events).await;
    let read = first.as_ref().map_err(Clone::clone).and_then(|file| {
        let read = ics::read(file);
        read.map_err(|fault| Failure::new(fault, FORM))
    });
    let what = "export-ics writes RFC 5545: CRLF, at most 75 octets a line, components that end";
    list.add(AREA, what, read.as_ref().map(|_| ()).map_err(Clone::clone));
    if let Ok(file) = &read {
        for (what, done) in contents(file, &events) {
            list.add(AREA, what, done);
        }
    }
    let again = export(trial, &events).await;
    let same = match (&first, &again) {
        (Ok(first), Ok(again)) if first == again => Ok(()),
        (Ok(_), Ok(_)) => Err(Failure::new(
            "it wrote something else the second time",
            "Take every time from the events (`updated`), none from a clock, and make nothing up.",
        )),
        (Err(failure), _) | (_, Err(failure)) => Err(failure.clone()),
    };
    list.add(
        AREA,
        "export-ics gives the same bytes for the same events",
        same,
    );
    list.add(
        AREA,
        "no text of any field becomes structure",
        texts(trial).await,
    );
    wrong(trial, list).await;
    list.add(
        AREA,
        "export-ics writes 10,000 events within the limits of a call",
        many(trial).await,
    );
    list.add(AREA, "export-ics sends nothing", trial.silent());
}

/// As many as a file may hold. Where other processes take the machine's time, that is no fault
/// of the plugin's.
async fn many(trial: &Trial) -> Result<(), Failure> {
    const REMEDY: &str = "Write 10,000 events within the limits of one call: 5 s of computing, \
                          64 MiB of memory, 32 MiB of answer.";
    let plain = |at| Event {
        description: None,
        url: None,
        organizer: None,
        attendees: Vec::new(),
        ..event(&format!("{at}@calport"))
    };
    let events: Vec<Event> = (0..MANY).map(plain).collect();
    let mut tries = 0;
    loop {
        tries += 1;
        match trial.plugin.export_ics(events.clone(), FILE).await {
            Err(CallError::TimedOut) if tries < TRIES => {}
            exported => return succeeded(&exported, REMEDY),
        }
    }
}

async fn export(trial: &Trial, events: &[Event]) -> Result<String, Failure> {
    let exported = trial.plugin.export_ics(events.to_vec(), FILE).await;
    let failure = || Failure::new(answered(&exported), FORM);
    exported.as_ref().map(Clone::clone).map_err(|_| failure())
}

fn cancelled() -> Event {
    Event {
        status: Status::Cancelled,
        revision: 4,
        ..event("conform-2@calport")
    }
}

fn days() -> Event {
    Event {
        when: Span::AllDay(AllDay {
            start: "2031-12-24".to_owned(),
            end: "2031-12-26".to_owned(),
        }),
        ..event("conform-3@calport")
    }
}

fn weekly() -> Event {
    Event {
        recurrence: Some(Recurrence {
            rule: "FREQ=WEEKLY;COUNT=10".to_owned(),
            excluded: Vec::new(),
        }),
        ..event("conform-4@calport")
    }
}

/// What a file must say of its events.
fn contents(file: &Component, events: &[Event]) -> Vec<(&'static str, Result<(), Failure>)> {
    let written: Vec<&Component> = file.parts("VEVENT").collect();
    let frame = match (
        file.name.as_str(),
        file.property("VERSION"),
        file.count("PRODID"),
    ) {
        ("VCALENDAR", Some(version), 1) if version.value == "2.0" => Ok(()),
        _ => Err(Failure::new(
            "VCALENDAR, VERSION:2.0 or PRODID is missing",
            "Write each of them once.",
        )),
    };
    let once = |name: &str| written.iter().all(|it| it.count(name) == 1);
    let complete = match ["UID", "DTSTAMP", "DTSTART"]
        .iter()
        .find(|name| !once(name))
    {
        None if written.len() == events.len() => Ok(()),
        None => Err(Failure::new(
            format!("there are {} for {} events", written.len(), events.len()),
            "Write one VEVENT for each event.",
        )),
        Some(name) => Err(Failure::new(
            format!("{name} does not stand once in each"),
            "Write UID, DTSTAMP and DTSTART once in every VEVENT.",
        )),
    };
    let each = |is_so: fn(&Component, &Event) -> bool, reason: &str, remedy: &str| {
        let pairs = || written.iter().zip(events);
        match pairs().all(|(written, event)| is_so(written, event)) {
            true => Ok(()),
            false => Err(Failure::new(reason, remedy)),
        }
    };
    let zones: Vec<String> = file
        .parts("VTIMEZONE")
        .filter_map(|zone| Some(format!("TZID={}", zone.property("TZID")?.value)))
        .collect();
    let explained = written.iter().all(|it| {
        let is_explained = |name: &str| {
            let Some(at) = it.property(name) else {
                return true;
            };
            let zone = at.parameters.iter().find(|it| it.starts_with("TZID="));
            let is_date = at.parameters.iter().any(|it| it == "VALUE=DATE");
            is_date || at.value.ends_with('Z') || zone.is_some_and(|zone| zones.contains(zone))
        };
        is_explained("DTSTART") && is_explained("DTEND")
    });
    vec![
        ("a file is a VCALENDAR of version 2.0 with a PRODID", frame),
        (
            "each event is a VEVENT with UID, DTSTAMP and DTSTART",
            complete,
        ),
        (
            "an event keeps its UID, and SEQUENCE is its revision",
            each(
                |written, event| {
                    let is = |name, wanted: &str| {
                        written.property(name).is_some_and(|it| it.value == wanted)
                    };
                    is("UID", &event.uid) && is("SEQUENCE", &event.revision.to_string())
                },
                "UID or SEQUENCE is another",
                "Write `uid` as it is, and `revision` as SEQUENCE: apps tell a change from a new \
                 event by them.",
            ),
        ),
        (
            "texts are read as they were stated",
            each(
                |written, event| {
                    let text = |name| written.property(name).map(ics::Property::text);
                    text("SUMMARY").as_ref() == Some(&event.title)
                        && text("DESCRIPTION").as_deref().map(str::trim)
                            == event.description.as_deref().map(str::trim)
                        && text("LOCATION") == event.location
                },
                "SUMMARY, DESCRIPTION or LOCATION says something else",
                "Escape backslashes, semicolons, commas and line breaks of TEXT, and nothing else.",
            ),
        ),
        (
            "a cancelled event says so",
            each(
                |written, event| {
                    let said = written.property("STATUS").map(|it| it.value.as_str());
                    (said == Some("CANCELLED")) == (event.status == Status::Cancelled)
                },
                "STATUS is another",
                "Write STATUS:CANCELLED for cancelled events, and for no other.",
            ),
        ),
        (
            "whole days are dates, with the day after the last as DTEND",
            each(
                |written, event| match &event.when {
                    Span::Timed(_) => true,
                    Span::AllDay(days) => {
                        let is = |name, day: &str| {
                            written.property(name).is_some_and(|it| {
                                it.value == day.replace('-', "")
                                    && it.parameters.iter().any(|it| it == "VALUE=DATE")
                            })
                        };
                        is("DTSTART", &days.start) && is("DTEND", &days.end)
                    }
                },
                "DTSTART or DTEND is another",
                "Write VALUE=DATE, and the days as they are stated.",
            ),
        ),
        (
            "a time is in UTC or in a zone that the file explains",
            match explained {
                true => Ok(()),
                false => Err(Failure::new(
                    "a time is in neither",
                    "Write UTC for single events, and TZID with a VTIMEZONE for series.",
                )),
            },
        ),
        (
            "a series has its RRULE",
            each(
                |written, event| {
                    let rule = written.property("RRULE").map(|it| &it.value);
                    rule == event.recurrence.as_ref().map(|it| &it.rule)
                },
                "RRULE is another, or missing",
                "Write `recurrence.rule` as RRULE.",
            ),
        ),
    ]
}

/// Whether a file has the same components and properties, whatever stands in its texts.
async fn texts(trial: &Trial) -> Result<(), Failure> {
    const REMEDY: &str = "Escape or replace what ends a line or a value, or refuse the field as \
                          `invalid`.";
    for (field, put) in FIELDS {
        let mut clean: Option<Vec<String>> = None;
        for attack in std::iter::once("").chain(ATTACKS) {
            let (mut event, mut options) = (weekly(), FILE);
            put(&mut event, &mut options, format!("Deep{attack}clean"));
            let exported = trial.plugin.export_ics(vec![event], options).await;
            let file = match &exported {
                Ok(file) => ics::read(file).map_err(|fault| format!("{fault}, ")),
                Err(CallError::Plugin(Error::Invalid(_))) => continue,
                Err(_) => Err(format!("{}, ", answered(&exported))),
            };
            let structure = file.map(|file| file.structure());
            let fault = match (structure, &clean) {
                (Err(fault), _) => fault,
                (Ok(structure), Some(clean)) if structure != *clean => {
                    let others = structure.iter().find(|name| !clean.contains(name));
                    let other = others.map_or("other lines", String::as_str);
                    format!("it writes {other}, ")
                }
                (Ok(structure), _) => {
                    clean = clean.or(Some(structure));
                    continue;
                }
            };
            return Err(Failure::new(
                format!("{fault}with {attack:?} in {field}"),
                REMEDY,
            ));
        }
    }
    Ok(())
}

/// Data that no file can be written of, and how an event comes to it.
type Wrong = (&'static str, fn(&mut Event));

const WRONG: [Wrong; 3] = [
    (
        "an event that ends before it begins is `invalid`",
        |event| {
            if let Span::Timed(timed) = &mut event.when {
                std::mem::swap(&mut timed.start, &mut timed.end);
            }
        },
    ),
    ("an unknown time zone is `invalid`", |event| {
        if let Span::Timed(timed) = &mut event.when {
            "Mars/Olympus".clone_into(&mut timed.zone);
        }
    }),
    ("a rule without end or measure is `invalid`", |event| {
        event.recurrence = Some(Recurrence {
            rule: "FREQ=SECONDLY;INTERVAL=0;COUNT=1000000000".to_owned(),
            excluded: Vec::new(),
        });
    }),
];

async fn wrong(trial: &Trial, list: &mut Checklist) {
    for (what, change) in WRONG {
        let mut event = event("conform-5@calport");
        change(&mut event);
        let exported = trial.plugin.export_ics(vec![event], FILE).await;
        let remedy = "Answer `invalid` with the field's name, what is wrong and what to send.";
        let done = ended(&exported, |it| matches!(it, Error::Invalid(_)), remedy);
        list.add(AREA, what, done);
    }
}

#[cfg(test)]
mod tests;
