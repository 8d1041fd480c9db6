//! Kinds of events: whole days, cancelled, tentative, with reminders; in files and in the feed
//! that a subscriber gets.

use crate::{
    files::{component, event, export},
    parsers::{self, Failure, File},
};
use calport_e2e::World;
use calport_host::plugin::types::{AllDay, Event, Occurrence, Recurrence, Span, Status};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

fn whole_days(uid: &str, start: &str, end: &str, recurrence: Option<Recurrence>) -> Event {
    Event {
        when: Span::AllDay(AllDay {
            start: start.into(),
            end: end.into(),
        }),
        recurrence,
        ..event(uid)
    }
}

fn rule(rule: &str, excluded: &[&str]) -> Option<Recurrence> {
    Some(Recurrence {
        rule: rule.into(),
        excluded: excluded
            .iter()
            .map(|day| Occurrence::On((*day).into()))
            .collect(),
    })
}

#[tokio::test]
async fn whole_days_are_the_same_days_for_every_reader() -> Result<(), Failure> {
    let cases = [
        (
            whole_days("one", "2027-03-28", "2027-03-29", None),
            json!([["2027-03-28", "2027-03-29"]]),
        ),
        (
            whole_days("three", "2027-12-30", "2028-01-02", None),
            json!([["2027-12-30", "2028-01-02"]]),
        ),
        (
            whole_days(
                "each year",
                "2027-12-24",
                "2027-12-27",
                rule("FREQ=YEARLY;UNTIL=20301224", &["2028-12-24"]),
            ),
            json!([
                ["2027-12-24", "2027-12-27"],
                ["2029-12-24", "2029-12-27"],
                ["2030-12-24", "2030-12-27"],
            ]),
        ),
        (
            whole_days(
                "leap day",
                "2028-02-29",
                "2028-03-01",
                // Without the day, ical.js goes on with 1 March.
                rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=2", &[]),
            ),
            json!([["2028-02-29", "2028-03-01"], ["2032-02-29", "2032-03-01"]]),
        ),
        (
            whole_days(
                "through the change of clocks",
                "2027-03-27",
                "2027-03-28",
                rule("FREQ=DAILY;COUNT=4", &["2027-03-28"]),
            ),
            json!([
                ["2027-03-27", "2027-03-28"],
                ["2027-03-29", "2027-03-30"],
                ["2027-03-30", "2027-03-31"],
            ]),
        ),
    ];
    let events = cases.iter().map(|(event, _)| event.clone()).collect();
    let text = export(&component().await, events).await?;
    for reading in parsers::read(&[File::new(text)])? {
        reading.assert_no_errors();
        for (event, occurrences) in &cases {
            let seen = reading.event(0, &event.uid);
            assert_eq!(
                seen["occurrences"], *occurrences,
                "{reading}: {}",
                event.uid
            );
            assert_eq!(seen["start"], occurrences[0][0], "{reading}: {}", event.uid);
        }
    }
    Ok(())
}

#[tokio::test]
async fn status_and_reminders_arrive_and_what_is_cancelled_reminds_nobody() -> Result<(), Failure> {
    let with = |uid: &str, status, reminders: &[u32]| Event {
        status,
        reminders: reminders.to_vec(),
        ..event(uid)
    };
    let day = whole_days("day", "2027-03-28", "2027-03-29", None);
    let cases = [
        (with("none", Status::Confirmed, &[]), "CONFIRMED", vec![]),
        (with("one", Status::Confirmed, &[60]), "CONFIRMED", vec![60]),
        (
            with("all", Status::Tentative, &[0, 1, 90, 1_440, 40_320]),
            "TENTATIVE",
            vec![0, 1, 90, 1_440, 40_320],
        ),
        (
            with("cancelled", Status::Cancelled, &[60]),
            "CANCELLED",
            vec![],
        ),
        (
            Event {
                reminders: vec![720],
                ..day
            },
            "CONFIRMED",
            vec![720],
        ),
    ];
    let events = cases.iter().map(|(event, ..)| event.clone()).collect();
    let text = export(&component().await, events).await?;
    for reading in parsers::read(&[File::new(text)])? {
        reading.assert_no_errors();
        for (event, status, minutes) in &cases {
            let seen = reading.event(0, &event.uid);
            let which = format!("{reading}: {}", event.uid);
            assert_eq!(seen["status"], *status, "{which}");
            assert_eq!(seen["sequence"], event.revision, "{which}");
            let seconds: Vec<i64> = minutes.iter().map(|minutes: &i64| -60 * minutes).collect();
            assert_eq!(seen["alarms"], json!(seconds), "{which}");
        }
    }
    Ok(())
}

fn booking(title: &str, more: &Value) -> Value {
    let mut body = json!({
        "revision": 1, "title": title, "description": "Key:\nunder; the, \"mat\" \\ 🗝",
        "participants": [{"user": "ann", "role": "customer"}],
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

#[tokio::test]
async fn a_subscriber_reads_what_the_platform_stated() -> Result<(), Failure> {
    let world = World::start().await?;
    let single = json!({
        "start": "2027-07-01T10:00:00+01:00", "end": "2027-07-01T12:00:00+01:00",
        "zone": "Europe/London",
    });
    let weekly = json!({
        "start": "2027-03-01T15:00:00Z", "end": "2027-03-01T16:00:00Z", "zone": "America/New_York",
        "recurrence": {"rule": "FREQ=WEEKLY;COUNT=4", "excluded": ["2027-03-08T15:00:00Z"]},
    });
    let days = json!({"start_date": "2027-12-24", "end_date": "2027-12-26"});
    let bookings = [
        (
            "Straße 東京 🧹, \"deep\"; \\clean",
            single,
            json!([[1_814_432_400, 1_814_439_600]]),
        ),
        // New York's clocks change on 14 March.
        (
            "Weekly",
            weekly,
            json!([
                [1_803_913_200, 1_803_916_800],
                [1_805_119_200, 1_805_122_800],
                [1_805_724_000, 1_805_727_600],
            ]),
        ),
        ("Days", days, json!([["2027-12-24", "2027-12-26"]])),
    ];
    let mut texts = Vec::new();
    for (index, (title, more, _)) in bookings.iter().enumerate() {
        let path = format!("/api/jobs/{index}/");
        let body = booking(title, more);
        let reply = world.platform(Method::PUT, &path, Some(&body)).await?;
        assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
        let file = format!("{path}calendar.ics");
        texts.push(world.user("ann", Method::GET, &file, None).await?.text);
    }
    let path = "/api/calendar/apple/connect/";
    let feed = world.user("ann", Method::POST, path, None).await?.json();
    let feed = feed["feed_url"].as_str().unwrap_or_default();
    let feed = feed.strip_prefix(&world.url).ok_or("the feed is here")?;
    texts.push(world.call(Method::GET, feed, None, None).await?.text);
    let files: Vec<_> = texts.into_iter().map(File::new).collect();
    for reading in parsers::read(&files)? {
        reading.assert_no_errors();
        let in_feed = reading.files[3]["events"].as_array().map(Vec::len);
        assert_eq!(in_feed, Some(bookings.len()), "{reading}");
        for (index, (title, _, occurrences)) in bookings.iter().enumerate() {
            let in_file = &reading.files[index]["events"][0];
            let uid = in_file["uid"].as_str().unwrap_or_default();
            assert_eq!(in_file, reading.event(3, uid), "{reading}");
            assert_eq!(in_file["summary"], *title, "{reading}");
            let description = booking("", &Value::Null)["description"].clone();
            assert_eq!(in_file["description"], description, "{reading}");
            assert_eq!(in_file["occurrences"], *occurrences, "{reading}");
        }
    }
    Ok(())
}
