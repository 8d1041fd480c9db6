use serde_json::{Value, json};

use super::*;
use crate::bindings::calport::calendar::types::Error;
use crate::bindings::exports::calport::calendar::changes::{Aspects, Change, ChangePage, Finding};
use crate::fault::unavailable;
use crate::google::item;
use crate::outside::fake::{json as reply, response};

fn read(world: &Fake, since: Option<&str>) -> Result<ChangePage, Error> {
    provider::read_changes(world, "google", None, since)
}

/// What the next request is answered with.
fn told(body: Value) -> Result<ChangePage, Error> {
    let world = connected();
    world.reply(reply(200, &body));
    read(&world, None)
}

fn rows(items: Value) -> Vec<Change> {
    told(json!({ "items": items, "nextSyncToken": "CSync=" }))
        .unwrap()
        .changes
}

fn change(id: &str, etag: Option<&str>, occurrence: bool) -> Change {
    Change {
        id: id.into(),
        etag: etag.map(str::to_owned),
        occurrence,
    }
}

#[test]
fn only_ids_versions_and_our_own_marks_are_asked_for() {
    let world = connected();
    world.replies([
        reply(200, &json!({ "items": [], "nextPageToken": "page 2" })),
        reply(200, &json!({ "items": [], "nextSyncToken": "sync=1" })),
        reply(200, &json!({ "nextPageToken": "page 2" })),
        reply(200, &json!({ "nextSyncToken": "sync=2" })),
    ]);
    let mut since: Option<String> = None;
    for (full, more) in [(true, true), (true, false), (false, true), (false, false)] {
        let page = read(&world, since.as_deref()).unwrap();
        assert_eq!((page.full, page.more), (full, more));
        since = Some(page.next);
    }
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn other_peoples_events_are_dropped_and_ours_are_told_once() {
    let ours = item::id("one", 0);
    let mark =
        |revision: &str| json!({ "private": { "calportUid": "one", "calportRevision": revision } });
    for (items, expected) in [
        (
            json!([{ "id": "theirs", "status": "confirmed", "etag": "\"1\"" }]),
            vec![],
        ),
        (
            json!([{ "id": "deleted26charactersofgoogle", "status": "cancelled" }]),
            vec![],
        ),
        (
            json!([{ "id": "x_20261201", "recurringEventId": "x", "status": "cancelled" }]),
            vec![],
        ),
        (
            json!([{ "id": "x", "etag": "\"1\"", "extendedProperties": { "private": { "other": "1" } } }]),
            vec![],
        ),
        (
            json!([{ "id": ours, "etag": "\"1\"", "status": "confirmed", "extendedProperties": mark("3") }]),
            vec![change(&ours, Some("3 \"1\""), false)],
        ),
        // Its mark was taken off: it is ours by its id.
        (
            json!([{ "id": ours, "etag": "\"1\"", "status": "tentative" }]),
            vec![change(&ours, Some("0 \"1\""), false)],
        ),
        (
            json!([{ "id": ours, "etag": "\"1\"", "status": "cancelled" }]),
            vec![change(&ours, None, false)],
        ),
        (
            json!([
                { "id": format!("{ours}_20261201T100000Z"), "recurringEventId": ours, "status": "cancelled" },
                { "id": ours, "etag": "\"2\"", "status": "confirmed", "extendedProperties": mark("1") },
                { "id": format!("{ours}_20261202T100000Z"), "recurringEventId": ours, "status": "confirmed", "etag": "\"3\"" },
            ]),
            vec![change(&ours, Some("1 \"2\""), true)],
        ),
        (
            json!([{ "id": "x".repeat(3_000), "extendedProperties": mark("1") }]),
            vec![],
        ),
        (
            json!([{ "id": ours, "etag": "a\nb", "extendedProperties": mark("-1") }]),
            vec![change(&ours, None, false)],
        ),
    ] {
        assert_eq!(rows(items.clone()), expected, "{items}");
    }
}

#[test]
fn a_reply_that_cannot_be_read_is_no_reading_case_32() {
    let many: Vec<Value> = (0..2_501)
        .map(|n| json!({ "id": item::id(&n.to_string(), 0) }))
        .collect();
    for body in [
        json!({}),
        json!({ "items": [] }),
        json!({ "items": {}, "nextSyncToken": "a" }),
        json!({ "items": [{}], "nextSyncToken": "a" }),
        json!({ "items": [1], "nextSyncToken": "a" }),
        json!({ "items": [{ "id": 1 }], "nextSyncToken": "a" }),
        json!({ "items": [{ "id": "a", "recurringEventId": {} }], "nextSyncToken": "a" }),
        json!({ "items": [], "nextSyncToken": 7 }),
        json!({ "items": [], "nextPageToken": [], "nextSyncToken": "a" }),
        json!({ "items": [], "nextSyncToken": "a".repeat(8_193) }),
        json!({ "items": many, "nextSyncToken": "a" }),
    ] {
        assert_eq!(told(body.clone()), Err(unavailable()), "{body}");
    }
    for text in ["", "<html>", "[]", "{\"items\":[", "\u{0}"] {
        let world = connected();
        world.reply(Ok(response(200, text)));
        assert_eq!(read(&world, None), Err(unavailable()), "{text:?}");
    }
}

#[test]
fn a_full_reading_that_google_refuses_too_ends() {
    for status in [400, 410] {
        let world = connected();
        world.serve(move |_| reply(status, &json!({ "error": { "message": "no" } })));
        let error = read(&world, Some("stage=over&token=a&context=")).unwrap_err();
        let expected = match status {
            410 => unavailable(),
            _ => Error::Rejected("no".into()),
        };
        assert_eq!(error, expected);
        assert_eq!(world.sent().len(), 2);
    }
}

#[test]
fn each_aspect_is_told_by_itself_and_reminders_are_the_users_own() {
    let event = sample();
    let world = connected();
    world.reply(reply(200, &json!({ "id": item::id(&event.uid, 0) })));
    let remote = push(&world, &event, None).unwrap().unwrap();
    let mut written = world
        .sent()
        .pop()
        .and_then(|request| crate::json::parse(&request.body?).ok())
        .unwrap();
    written["etag"] = json!("\"1\"");
    let with = |name: &str, value: Value| {
        let mut item = written.clone();
        item[name] = value;
        item
    };
    let end = written["end"]["dateTime"].clone();
    for (item, aspects) in [
        (written.clone(), Aspects::empty()),
        (
            with("reminders", json!({ "useDefault": true })),
            Aspects::empty(),
        ),
        (with("colorId", json!("7")), Aspects::empty()),
        (with("summary", json!("x")), Aspects::TITLE),
        (with("summary", Value::Null), Aspects::TITLE),
        (with("description", json!("x")), Aspects::DESCRIPTION),
        (with("location", json!("x")), Aspects::LOCATION),
        (
            with("source", json!({ "url": "https://x.example/" })),
            Aspects::URL,
        ),
        (with("start", json!({ "dateTime": end })), Aspects::WHEN),
        (with("start", json!({ "date": "nonsense" })), Aspects::WHEN),
        (
            with("recurrence", json!(["RRULE:FREQ=DAILY"])),
            Aspects::RECURRENCE,
        ),
        (with("status", json!("tentative")), Aspects::STATUS),
    ] {
        let world = connected();
        world.reply(reply(200, &item));
        let found = provider::compare(&world, "google", event.clone(), &remote).unwrap();
        match found {
            Finding::Same(_) => assert_eq!(aspects, Aspects::empty(), "{item}"),
            Finding::Different(found) => assert_eq!(found.aspects, aspects, "{item}"),
            Finding::Missing => panic!("{item}"),
        }
    }
    for item in [
        with("status", json!("cancelled")),
        with(
            "extendedProperties",
            json!({ "private": { "calportUid": "another" } }),
        ),
    ] {
        let world = connected();
        world.reply(reply(200, &item));
        assert_eq!(
            provider::compare(&world, "google", event.clone(), &remote),
            Ok(Finding::Missing),
            "{item}"
        );
    }
}

#[test]
fn an_event_that_a_user_gave_no_length_differs_and_tells_no_time() {
    let event = sample();
    let world = connected();
    let id = item::id(&event.uid, 0);
    world.reply(reply(200, &json!({ "id": id })));
    let remote = push(&world, &event, None).unwrap().unwrap();
    let at = |text: &str| json!({ "dateTime": text });
    let on = |text: &str| json!({ "date": text });
    for (start, end, is_told) in [
        (
            at("2026-12-02T10:00:00Z"),
            at("2026-12-02T10:00:00Z"),
            false,
        ),
        (
            at("2026-12-02T10:00:00Z"),
            at("2026-12-02T09:00:00Z"),
            false,
        ),
        (at("2026-12-02T10:00:00Z"), at("2026-12-02T10:00:01Z"), true),
        (on("2026-12-02"), on("2026-12-02"), false),
        (on("2026-12-02"), on("2026-12-03"), true),
    ] {
        let world = connected();
        world.reply(reply(200, &json!({ "id": id, "start": start, "end": end })));
        let found = provider::compare(&world, "google", event.clone(), &remote).unwrap();
        let Finding::Different(found) = found else {
            panic!("{found:?}");
        };
        assert!(found.aspects.contains(Aspects::WHEN));
        assert_eq!(found.when.is_some(), is_told, "{start} {end}");
    }
}

#[test]
fn the_parts_of_a_rule_may_stand_in_any_order() {
    let event = Event {
        recurrence: Some(crate::bindings::calport::calendar::types::Recurrence {
            rule: "FREQ=WEEKLY;COUNT=3;BYDAY=TU".into(),
            excluded: vec![],
        }),
        ..sample()
    };
    let world = connected();
    world.reply(reply(200, &json!({ "id": item::id(&event.uid, 0) })));
    let remote = push(&world, &event, None).unwrap().unwrap();
    let mut item = crate::json::parse(&world.sent().pop().unwrap().body.unwrap()).unwrap();
    for (rule, is_same) in [
        ("RRULE:BYDAY=TU;COUNT=3;FREQ=WEEKLY", true),
        ("RRULE:BYDAY=TU;COUNT=4;FREQ=WEEKLY", false),
        ("RRULE:BYDAY=TU;COUNT=3;FREQ=WEEKLY;WKST=SU", false),
        ("RRULE:COUNT=3;FREQ=WEEKLY", false),
    ] {
        item["recurrence"] = json!([rule]);
        let world = connected();
        world.reply(reply(200, &item));
        let found = provider::compare(&world, "google", event.clone(), &remote).unwrap();
        assert_eq!(matches!(found, Finding::Same(_)), is_same, "{rule}");
    }
}
