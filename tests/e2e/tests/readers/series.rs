//! Series: every occurrence is at the instant at which the zone's own clocks show its time,
//! all year round, in both hemispheres.

use crate::{
    files::{at, component, event, export, timed, zone},
    parsers::{self, Failure, File},
};
use calport_host::plugin::types::{Event, Occurrence, Recurrence};
use jiff::{
    ToSpan,
    civil::{DateTime, Weekday, date},
};
use serde_json::{Value, json};

/// Both hemispheres, half an hour of summer time, none at all, changes at midnight, changes
/// that no yearly rule can say, and zones that gave summer time up.
const ZONES: [&str; 12] = [
    "Europe/London",
    "America/New_York",
    "America/Vancouver",
    "America/Nuuk",
    "America/Santiago",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Pacific/Auckland",
    "Etc/UTC",
];

const HOUR: i64 = 3_600;

struct Series {
    event: Event,
    /// Start and end of each occurrence.
    expected: Vec<Value>,
}

/// An event an hour long whose occurrences begin at these local times, but for the excluded.
fn series(
    uid: &str,
    name: &str,
    rule: impl Fn(&[i64]) -> String,
    locals: impl IntoIterator<Item = DateTime>,
    excluded: &[usize],
) -> Series {
    let clock = zone(name);
    let starts: Vec<i64> = locals.into_iter().map(|local| at(&clock, local)).collect();
    let recurrence = Recurrence {
        rule: rule(&starts),
        excluded: excluded
            .iter()
            .map(|index| Occurrence::At(starts[*index]))
            .collect(),
    };
    let event = Event {
        when: timed(starts[0], starts[0] + HOUR, name),
        recurrence: Some(recurrence),
        ..event(uid)
    };
    let kept = starts
        .iter()
        .enumerate()
        .filter(|(index, _)| !excluded.contains(index));
    let expected = kept
        .map(|(_, start)| json!([start, start + HOUR]))
        .collect();
    Series { event, expected }
}

/// A year and more of each kind of rule.
fn all(zone: &str) -> Vec<Series> {
    let monday = date(2027, 1, 4);
    let days = (0..400).map(|n| monday.at(9, 30, 0, 0).saturating_add(n.days()));
    let mondays_and_thursdays = (0..60).flat_map(|week| {
        [0, 3].map(|day| {
            monday
                .at(18, 15, 0, 0)
                .saturating_add((week * 7 + day).days())
        })
    });
    let fridays = (0..14).map(|month| {
        let month = date(2027, 1, 29).saturating_add(month.months());
        month
            .nth_weekday_of_month(-1, Weekday::Friday)
            .unwrap()
            .at(23, 45, 0, 0)
    });
    let ends_of_months = (0..14)
        .map(|n| date(2027, 1, 1).saturating_add(n.months()))
        .filter(|month| month.days_in_month() == 31)
        .map(|month| month.last_of_month().at(8, 0, 0, 0));
    let years = (0..6).map(|n| date(2027 + n, 7, 1).at(12, 0, 0, 0));
    let until = (0..40).map(|week| monday.at(7, 0, 0, 0).saturating_add((week * 7).days()));
    let last = |starts: &[i64]| {
        let last = jiff::Timestamp::from_second(starts[starts.len() - 1]).unwrap();
        format!("FREQ=WEEKLY;UNTIL={}", last.strftime("%Y%m%dT%H%M%SZ"))
    };
    vec![
        series("daily", zone, |_| "FREQ=DAILY;COUNT=400".into(), days, &[]),
        series(
            "weekly",
            zone,
            |_| "FREQ=WEEKLY;BYDAY=MO,TH;COUNT=120".into(),
            mondays_and_thursdays,
            &[3, 27, 28, 70, 71, 119],
        ),
        series(
            "monthly",
            zone,
            |_| "FREQ=MONTHLY;BYDAY=-1FR;COUNT=14".into(),
            fridays,
            &[5],
        ),
        series(
            "31st",
            zone,
            |_| "FREQ=MONTHLY;COUNT=8".into(),
            ends_of_months,
            &[],
        ),
        series("yearly", zone, |_| "FREQ=YEARLY;COUNT=6".into(), years, &[]),
        series("until", zone, last, until, &[]),
    ]
}

/// The same file with zones that no database knows: only its own rules can tell the time.
fn with_unknown_zones(text: &str) -> String {
    text.replace("TZID=", "TZID=Nowhere/")
        .replace("TZID:", "TZID:Nowhere/")
}

#[tokio::test]
async fn every_reader_expands_a_series_to_the_instants_of_its_zone() -> Result<(), Failure> {
    let plugin = component().await;
    let mut files = Vec::new();
    for name in ZONES {
        let events = all(name).into_iter().map(|series| series.event).collect();
        let text = export(&plugin, events).await?;
        assert_eq!(
            text.contains("BEGIN:VTIMEZONE"),
            name != "Etc/UTC",
            "{name}"
        );
        for text in [with_unknown_zones(&text), text] {
            files.push(File::new(text));
        }
    }
    for reading in parsers::read(&files)? {
        reading.assert_no_errors();
        for (index, name) in ZONES.iter().flat_map(|name| [name, name]).enumerate() {
            for series in all(name) {
                let uid = &series.event.uid;
                let seen = &reading.event(index, uid)["occurrences"];
                assert_same(
                    &series.expected,
                    seen,
                    &format!("{reading}: {uid} in {name} ({index})"),
                );
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn readers_take_the_time_from_the_file_and_not_from_elsewhere() -> Result<(), Failure> {
    let plugin = component().await;
    let series = || all("America/New_York");
    let text = export(&plugin, series().into_iter().map(|one| one.event).collect()).await?;
    let text = with_unknown_zones(&text)
        .replace(":-0500", ":-0600")
        .replace(":-0400", ":-0500");
    for reading in parsers::read(&[File::new(text)])? {
        for Series { event, expected } in series() {
            let hour_later: Vec<_> = expected
                .iter()
                .map(|span| [0, 1].map(|end| span[end].as_i64().unwrap() + HOUR))
                .map(|span| json!(span))
                .collect();
            let seen = &reading.event(0, &event.uid)["occurrences"];
            // Where a series ends by an instant, an hour later is too late for its last one.
            let hour_later = if event.uid == "until" {
                &hour_later[..39]
            } else {
                &hour_later
            };
            if event.uid != "weekly" {
                assert_same(hour_later, seen, &format!("{reading}: {}", event.uid));
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_time_that_a_day_leaves_out_or_has_twice_leaves_the_other_days_alone()
-> Result<(), Failure> {
    /// Which of the days is the one on which clocks change.
    const CHANGE: usize = 3;
    let mut all = Vec::new();
    for (name, first) in [
        ("Europe/London", date(2027, 3, 25).at(1, 30, 0, 0)),
        ("Europe/London", date(2027, 10, 28).at(1, 30, 0, 0)),
        ("America/New_York", date(2027, 3, 11).at(2, 30, 0, 0)),
        ("America/New_York", date(2027, 11, 4).at(1, 30, 0, 0)),
        ("Australia/Sydney", date(2027, 9, 30).at(2, 30, 0, 0)),
        ("Australia/Sydney", date(2027, 4, 1).at(2, 30, 0, 0)),
        ("America/Santiago", date(2027, 9, 2).at(0, 30, 0, 0)),
        ("America/Santiago", date(2027, 3, 31).at(23, 30, 0, 0)),
    ] {
        let days = (0..7).map(|n| first.saturating_add(n.days()));
        let uid = format!("{name} {first}");
        all.push(series(
            &uid,
            name,
            |_| "FREQ=DAILY;COUNT=7".into(),
            days,
            &[],
        ));
    }
    let events = all.iter().map(|series| series.event.clone()).collect();
    let text = export(&component().await, events).await?;
    for reading in parsers::read(&[File::new(text)])? {
        // RFC 5545 says which instant is meant. One of the three goes by it; libical and ical.js
        // choose the other one of two, and after a time that is left out libical takes a day
        // to find back.
        let exact = reading.reader.starts_with("icalendar ");
        for Series { event, expected } in &all {
            let seen = reading.event(0, &event.uid)["occurrences"].clone();
            assert_eq!(
                seen.as_array().map(Vec::len),
                Some(7),
                "{reading}: {}",
                event.uid
            );
            for (n, expected) in expected.iter().enumerate() {
                let off = seen[n][0].as_i64().unwrap() - expected[0].as_i64().unwrap();
                let most = if exact || !(CHANGE..=CHANGE + 1).contains(&n) {
                    0
                } else {
                    HOUR
                };
                assert!(
                    off.abs() <= most,
                    "{reading}: {}: day {n}, {off} s",
                    event.uid
                );
            }
        }
    }
    Ok(())
}

fn assert_same(expected: &[Value], seen: &Value, which: &str) {
    let seen = seen.as_array().map(Vec::as_slice).unwrap_or_default();
    let different = expected
        .iter()
        .zip(seen)
        .position(|(expected, seen)| expected != seen);
    if let Some(n) = different {
        panic!(
            "{which}: occurrence {n} is {} and not {}",
            seen[n], expected[n]
        );
    }
    assert_eq!(expected.len(), seen.len(), "{which}");
}
