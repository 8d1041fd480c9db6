use calcard::icalendar::{ICalendar, ICalendarComponentType};
use icalendar::parser::{read_calendar, unfold};

use super::*;
use crate::bindings::calport::calendar::types::{
    AllDay, Occurrence, Person, Recurrence, Span, Status, Timed,
};
use crate::event::tests::sample;
use crate::time::parse_rfc3339;

fn options() -> IcsOptions {
    IcsOptions {
        name: None,
        refresh_interval: None,
    }
}

fn at(text: &str) -> i64 {
    parse_rfc3339(text).unwrap()
}

fn timed(start: &str, end: &str, zone: &str) -> Span {
    Span::Timed(Timed {
        start: at(start),
        end: at(end),
        zone: zone.into(),
    })
}

fn weekly(zone: &str) -> Event {
    Event {
        when: timed("2026-12-01T10:00:00Z", "2026-12-01T12:00:00Z", zone),
        recurrence: Some(Recurrence {
            rule: "FREQ=WEEKLY;COUNT=40".into(),
            excluded: vec![
                Occurrence::At(at("2026-12-08T10:00:00Z")),
                Occurrence::At(at("2027-04-06T09:00:00Z")),
            ],
        }),
        ..sample()
    }
}

fn all_day() -> Event {
    Event {
        uid: "holiday".into(),
        status: Status::Tentative,
        when: Span::AllDay(AllDay {
            start: "2026-12-24".into(),
            end: "2026-12-27".into(),
        }),
        recurrence: Some(Recurrence {
            rule: "FREQ=YEARLY;UNTIL=20301224".into(),
            excluded: vec![Occurrence::On("2027-12-24".into())],
        }),
        reminders: vec![0, 1_440],
        url: None,
        organizer: None,
        ..sample()
    }
}

/// Lines as they are in the file, before anything is unfolded.
fn lines(file: &str) -> Vec<&str> {
    file.split("\r\n").collect()
}

#[test]
fn files_hold_what_apps_need() {
    let single = Event {
        attendees: vec![
            Person {
                name: Some("Doe, Jane \"JD\"; \\ Ltd: x".into()),
                email: "jane+x@b.example".into(),
            },
            Person {
                name: None,
                email: "50%?#@b.example".into(),
            },
        ],
        ..sample()
    };
    let cancelled = Event {
        uid: "gone".into(),
        revision: u32::MAX,
        status: Status::Cancelled,
        ..sample()
    };
    let recurring = Event {
        uid: "weekly".into(),
        ..weekly("Europe/London")
    };
    let utc = Event {
        uid: "utc".into(),
        ..weekly("Etc/UTC")
    };
    let file = export(
        vec![single, cancelled, recurring, utc, all_day()],
        options(),
    )
    .unwrap();
    assert!(!file.contains("METHOD"));
    insta::assert_snapshot!("file", file.replace("\r\n", "\n"));
    let feed = IcsOptions {
        name: Some("Jobs; all, of\nthem".into()),
        refresh_interval: Some(3_600),
    };
    insta::assert_snapshot!("feed", export(vec![], feed).unwrap().replace("\r\n", "\n"));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let events = || vec![weekly("Europe/London"), all_day()];
    assert_eq!(
        export(events(), options()).unwrap(),
        export(events(), options()).unwrap()
    );
}

#[test]
fn each_zone_is_written_once() {
    let events = (0..50).map(|n| Event {
        uid: format!("{n}"),
        ..weekly(if n % 2 == 0 {
            "Europe/London"
        } else {
            "America/Nuuk"
        })
    });
    let file = export(events.collect(), options()).unwrap();
    assert_eq!(file.matches("BEGIN:VTIMEZONE").count(), 2);
    assert_eq!(file.matches("BEGIN:VEVENT").count(), 50);
}

#[test]
fn folded_lines_hold_75_octets_at_most_and_whole_characters_case_39() {
    for filler in ["x", "é", "€", "😀", "\\", ";", "👩\u{200d}👧", " ", "\t"] {
        for shift in 0..80 {
            let title = format!(
                "{}{}",
                "a".repeat(shift),
                filler.repeat(300 / filler.chars().count())
            );
            let event = Event {
                title: format!("t{title}"),
                ..sample()
            };
            let file = export(vec![event], options()).unwrap();
            for line in lines(&file) {
                assert!(line.len() <= 75, "{} octets: {line}", line.len());
                assert!(!line.contains(['\r', '\n']), "{line:?}");
            }
            assert!(file.ends_with("END:VCALENDAR\r\n"));
        }
    }
}

#[test]
fn a_line_is_filled_to_the_last_octet_and_not_beyond() {
    let mut out = Lines::with_room_for(0, 0);
    out.raw("X", &"a".repeat(73));
    out.raw("X", &"a".repeat(74));
    out.raw("X", &"a".repeat(73 + 74 + 1));
    let lengths: Vec<usize> = lines(&out.finish()).iter().map(|line| line.len()).collect();
    assert_eq!(lengths, [75, 75, 2, 75, 75, 2, 0]);
}

#[test]
fn names_hold_nothing_that_readers_decode_differently() {
    for (name, written) in [
        ("Jane \"JD\" Doe", "Jane 'JD' Doe"),
        ("CONTOSO\\nancy", "CONTOSO/nancy"),
        ("^_^", "^^_^^"),
        ("a^nb^'c^\"d", "a^^nb^^'c^^'d"),
    ] {
        assert_eq!(lines::Quoted(name).to_string(), format!("\"{written}\""));
    }
}

/// Everything that has been used to break out of a line.
const ATTACKS: [&str; 16] = [
    "\r\nBEGIN:VEVENT",
    "\nEND:VCALENDAR",
    "\rX-EVIL:1",
    "\u{85}X-EVIL:1",
    "\u{2028}X-EVIL:1",
    "\u{2029}X-EVIL:1",
    "\0",
    "\"",
    "\":X-EVIL",
    "\";X-EVIL=\"1",
    "\\",
    "\\n",
    ";X-EVIL=1",
    ",X-EVIL",
    ":X-EVIL",
    "\r\n X-EVIL:1",
];

#[test]
fn no_field_can_forge_a_line_case_39() {
    let clean = lines_by_name(&export(vec![all_fields("")], options()).unwrap());
    let mut accepted = 0;
    for attack in ATTACKS {
        for field in 0..9 {
            let mut event = all_fields("");
            let slot = match field {
                0 => &mut event.title,
                1 => event.description.as_mut().unwrap(),
                2 => event.location.as_mut().unwrap(),
                3 => event.organizer.as_mut().unwrap().name.as_mut().unwrap(),
                4 => event.attendees[0].name.as_mut().unwrap(),
                5 => &mut event.uid,
                6 => event.url.as_mut().unwrap(),
                7 => &mut event.organizer.as_mut().unwrap().email,
                _ => &mut event.recurrence.as_mut().unwrap().rule,
            };
            slot.push_str(attack);
            // Some fields refuse it; where one takes it, nothing but its own line changes.
            let Ok(file) = export(vec![event.clone()], options()) else {
                continue;
            };
            accepted += 1;
            assert_eq!(
                lines_by_name(&file),
                clean,
                "field {field}, {attack:?}\n{file}"
            );
            for line in lines(&file) {
                assert!(
                    line.chars().all(|c| c == '\t' || !c.is_control()),
                    "{line:?}"
                );
            }
            both_parsers_see(&file, &event);
        }
    }
    assert!(accepted > 60, "{accepted}");
}

fn all_fields(extra: &str) -> Event {
    Event {
        title: format!("Deep clean{extra}"),
        attendees: vec![Person {
            name: Some("Jane".into()),
            email: "jane@b.example".into(),
        }],
        organizer: Some(Person {
            name: Some("Jill".into()),
            email: "jill@b.example".into(),
        }),
        ..weekly("Europe/London")
    }
}

/// The names of all properties and their parameters, in order: what a forged line
/// would change.
fn lines_by_name(file: &str) -> Vec<String> {
    let unfolded = file.replace("\r\n ", "");
    unfolded
        .split("\r\n")
        .map(|line| {
            let mut quoted = false;
            let mut name = String::new();
            for c in line.chars() {
                match c {
                    '"' => quoted = !quoted,
                    ':' if !quoted => break,
                    c if !quoted => name.push(c),
                    _ => {}
                }
            }
            name
        })
        .collect()
}

/// Two parsers that know nothing of each other read the components and texts that
/// went in.
fn both_parsers_see(file: &str, event: &Event) {
    let checked = CheckedEvent::new(event.clone()).unwrap();
    let unfolded = unfold(file);
    let calendar = read_calendar(&unfolded).unwrap();
    let kinds: Vec<String> = calendar
        .components
        .iter()
        .map(|c| c.name.as_str().to_owned())
        .collect();
    assert_eq!(kinds, ["VTIMEZONE", "VEVENT"], "{file}");
    let vevent = calendar.components[1].clone();
    let property = |name: &str| {
        let found: Vec<_> = vevent
            .properties
            .iter()
            .filter(|p| p.name.as_str() == name)
            .collect();
        assert_eq!(found.len(), 1, "{name}\n{file}");
        found[0].val.as_str().to_owned()
    };
    assert_eq!(property("SUMMARY"), checked.title);
    assert_eq!(Some(property("DESCRIPTION")), checked.description);
    assert_eq!(property("UID"), checked.uid);

    let other = ICalendar::parse(file).unwrap();
    let kinds: Vec<_> = other
        .components
        .iter()
        .map(|c| c.component_type.clone())
        .collect();
    let events = kinds
        .iter()
        .filter(|kind| **kind == ICalendarComponentType::VEvent)
        .count();
    let alarms = kinds
        .iter()
        .filter(|kind| **kind == ICalendarComponentType::VAlarm)
        .count();
    assert_eq!(
        (events, alarms, kinds.len()),
        (1, 1, 6),
        "{kinds:?}\n{file}"
    );
    assert_eq!(other.uids().collect::<Vec<_>>(), [checked.uid.as_str()]);
}

#[test]
fn bad_input_is_refused_with_the_events_place() {
    let bad = Event {
        title: String::new(),
        uid: "b".into(),
        ..sample()
    };
    let Err(Error::Invalid(error)) = export(vec![sample(), bad], options()) else {
        panic!("refused")
    };
    assert_eq!(error.field, "events[1].title");
    let Err(Error::Invalid(error)) = export(vec![sample(), sample()], options()) else {
        panic!("refused")
    };
    assert_eq!(
        (error.field.as_str(), error.problem.as_str()),
        ("events[1].uid", "is that of an earlier event, too")
    );
    let Err(Error::Invalid(error)) = export(vec![sample(); 10_001], options()) else {
        panic!("refused")
    };
    assert_eq!(error.field, "events");
    for (name, interval, field) in [
        (Some("a\0"), None, "options.name"),
        (Some(&*"x".repeat(1_025)), None, "options.name"),
        (None, Some(0), "options.refresh-interval"),
    ] {
        let options = IcsOptions {
            name: name.map(Into::into),
            refresh_interval: interval,
        };
        let Err(Error::Invalid(error)) = export(vec![], options) else {
            panic!("refused")
        };
        assert_eq!(error.field, field);
    }
}

#[test]
fn durations_are_what_rfc_5545_allows() {
    for (seconds, text) in [
        (60, "PT1M"),
        (90, "PT1M30S"),
        (3_600, "PT1H"),
        (3_601, "PT1H0M1S"),
        (5_400, "PT1H30M"),
        (86_400, "P1D"),
        (90_000, "P1DT1H"),
        (u32::MAX, "P49710DT6H28M15S"),
    ] {
        assert_eq!(duration(seconds), text);
    }
}

#[test]
fn ten_thousand_events_fit_into_one_file() {
    let events = (0..10_000).map(|n| Event {
        uid: format!("job-{n}"),
        ..weekly("Europe/London")
    });
    let file = export(events.collect(), options()).unwrap();
    assert_eq!(file.matches("\r\nUID:").count(), 10_000);
    assert_eq!(file.matches("BEGIN:VTIMEZONE").count(), 1);
}
