use serde_json::{Value, json};

use super::model::trouble;
use super::*;
use crate::bindings::exports::calport::calendar::changes::{Aspects, Change, ChangePage, Finding};
use crate::fault::unavailable;
use crate::outside::fake::{NOW, json as reply, response};

const NEXT: &str = "https://graph.microsoft.com/v1.0/me/calendarView/delta?$skiptoken=a%2Fb";
const DELTA: &str =
    "https://graph.microsoft.com/v1.0/me/calendars('x%2B')/calendarView/delta?$deltatoken=c";

fn read(world: &Fake, calendar: Option<&str>, since: Option<&str>) -> Result<ChangePage, Error> {
    provider::read_changes(world, "outlook", calendar, since)
}

fn told(body: Value) -> Result<ChangePage, Error> {
    let world = connected();
    world.reply(reply(200, &body));
    read(&world, None, None)
}

fn change(id: &str, etag: Option<&str>, occurrence: bool) -> Change {
    Change {
        id: id.into(),
        etag: etag.map(str::to_owned),
        occurrence,
    }
}

/// A cursor whose window began so many days ago.
fn cursor(days: i64, stage: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("stage", stage)
        .append_pair("token", DELTA)
        .append_pair("context", &(NOW - days * 86_400).to_string())
        .finish()
}

#[test]
fn links_are_followed_as_they_are_with_immutable_ids() {
    let world = connected();
    world.replies([
        reply(200, &json!({ "value": [], "@odata.nextLink": NEXT })),
        reply(200, &json!({ "value": [], "@odata.deltaLink": DELTA })),
        reply(200, &json!({ "value": [], "@odata.nextLink": NEXT })),
        reply(200, &json!({ "value": [], "@odata.deltaLink": DELTA })),
    ]);
    let mut since: Option<String> = None;
    for (full, more) in [(true, true), (true, false), (false, true), (false, false)] {
        let page = read(&world, Some("a/+="), since.as_deref()).unwrap();
        assert_eq!((page.full, page.more), (full, more));
        since = Some(page.next);
    }
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn events_are_told_by_id_and_version_and_occurrences_by_their_series() {
    let page = told(json!({
        "value": [
            { "id": "one/+=", "type": "singleInstance", "subject": "CANARY", "@odata.etag": "W/\"1\"", "seriesMasterId": null },
            { "id": "gone", "@removed": { "reason": "deleted" } },
            { "id": "o1", "type": "occurrence", "seriesMasterId": "plain" },
            { "id": "o2", "type": "occurrence", "seriesMasterId": "plain" },
            { "id": "o3", "type": "occurrence", "seriesMasterId": "series" },
            { "id": "series", "type": "seriesMaster", "@odata.etag": "W/\"2\"" },
            { "id": "o4", "type": "exception", "seriesMasterId": "series", "@odata.etag": "W/\"3\"" },
            { "id": "bare" },
        ],
        "@odata.deltaLink": DELTA,
    }))
    .unwrap();
    assert_eq!(
        page.changes,
        [
            change("one/+=", Some("W/\"1\""), false),
            change("gone", None, false),
            change("plain", None, false),
            change("series", Some("W/\"2\""), true),
            change("bare", None, false),
        ]
    );
    assert!(!format!("{page:?}").contains("CANARY"));
}

#[test]
fn a_reply_that_cannot_be_read_is_no_reading_case_32() {
    for body in [
        json!({}),
        json!({ "value": [] }),
        json!({ "value": {}, "@odata.deltaLink": DELTA }),
        json!({ "value": [{}], "@odata.deltaLink": DELTA }),
        json!({ "value": [{ "id": ["a"] }], "@odata.deltaLink": DELTA }),
        json!({ "value": [{ "id": "a", "seriesMasterId": 1 }], "@odata.deltaLink": DELTA }),
        json!({ "value": [], "@odata.deltaLink": 1 }),
        json!({ "value": [], "@odata.deltaLink": format!("{DELTA}{}", "x".repeat(8_192)) }),
    ] {
        assert_eq!(told(body.clone()), Err(unavailable()), "{body}");
    }
    for text in ["", "<html>", "[]", "{\"value\":["] {
        let world = connected();
        world.reply(Ok(response(200, text)));
        assert_eq!(read(&world, None, None), Err(unavailable()), "{text:?}");
    }
}

#[test]
fn the_users_token_goes_to_no_other_host_whatever_link_or_cursor_says() {
    for link in [
        "https://evil.example/v1.0/me/calendarView/delta",
        "http://graph.microsoft.com/v1.0/me/calendarView/delta",
        "https://graph.microsoft.com@evil.example/",
        "https://graph.microsoft.com:8443/",
        "//evil.example/",
        "https:graph.microsoft.com/",
        "https://graph.microsoft%2Ecom/",
        "https://%C3%A9Graph.microsoft.com/",
        "https://\u{e9}Graph.microsoft.com/",
        "no link",
    ] {
        for name in ["@odata.nextLink", "@odata.deltaLink"] {
            assert_eq!(
                told(json!({ "value": [], name: link })),
                Err(unavailable()),
                "{link}"
            );
        }
        let forged = |stage: &str| {
            cursor(1, stage).replace(
                &url::form_urlencoded::byte_serialize(DELTA.as_bytes()).collect::<String>(),
                &url::form_urlencoded::byte_serialize(link.as_bytes()).collect::<String>(),
            )
        };
        for stage in ["full", "partial"] {
            let world = connected();
            assert_eq!(
                read(&world, None, Some(&forged(stage))),
                Err(unavailable()),
                "{link}"
            );
            assert!(world.sent().is_empty());
        }
        // As if there had been none: the endpoint may have moved.
        let world = connected();
        world.reply(reply(
            200,
            &json!({ "value": [], "@odata.deltaLink": DELTA }),
        ));
        assert!(read(&world, None, Some(&forged("over"))).unwrap().full);
        assert!(
            world
                .sent()
                .iter()
                .all(|request| request.url.host_str() == Some("graph.microsoft.com"))
        );
    }
}

#[test]
fn a_window_is_renewed_after_a_month_but_not_in_the_middle_of_a_reading() {
    for (days, stage, full) in [
        (30, "over", false),
        (31, "over", true),
        (31, "partial", false),
        (31, "full", true),
    ] {
        let world = connected();
        world.reply(reply(
            200,
            &json!({ "value": [], "@odata.deltaLink": DELTA }),
        ));
        let page = read(&world, None, Some(&cursor(days, stage))).unwrap();
        assert_eq!(page.full, full, "{days} {stage}");
        let sent = world.sent().pop().unwrap().url;
        assert_eq!(
            sent.as_str() != DELTA,
            full && stage == "over",
            "{days} {stage}: {sent}"
        );
    }
}

#[test]
fn a_link_that_graph_has_forgotten_leads_to_a_full_reading_once() {
    for (status, code) in [
        (410, "SyncStateNotFound"),
        (410, "resyncRequired"),
        (400, "ErrorInvalidUrlQuery"),
    ] {
        let world = connected();
        world.replies([
            trouble(status, code),
            reply(200, &json!({ "value": [], "@odata.deltaLink": DELTA })),
        ]);
        let page = read(&world, None, Some(&cursor(1, "over"))).unwrap();
        assert!(page.full, "{code}");
        let world = connected();
        world.serve(move |_| trouble(status, code));
        assert!(read(&world, None, Some(&cursor(1, "over"))).is_err());
        assert_eq!(world.sent().len(), 2);
        let world = connected();
        world.reply(trouble(status, code));
        assert_eq!(
            read(&world, None, Some(&cursor(1, "partial"))),
            Err(unavailable())
        );
    }
}

#[test]
fn each_aspect_is_told_by_itself_and_reminders_are_the_users_own() {
    let event = sample();
    let world = connected();
    let made = json!({ "id": "one/+=", "@odata.etag": "W/\"1\"" });
    world.replies([reply(200, &json!({ "value": [] })), reply(201, &made)]);
    world.serve(move |_| reply(200, &made));
    let remote = push(&world, &event, None).unwrap().unwrap();
    let sent = world.sent();
    let create = sent.iter().find_map(|request| request.body.clone());
    let mut written = crate::json::parse(&create.unwrap()).unwrap();
    written["id"] = json!("one/+=");
    let with = |name: &str, value: Value| {
        let mut item = written.clone();
        item[name] = value;
        item
    };
    let text = written["body"]["content"].as_str().unwrap();
    let spaced = format!("\r\n{}\r\n\r\n", text.replace('\n', "\r\n"));
    let daily =
        json!({ "pattern": { "type": "daily", "interval": 1 }, "range": { "type": "noEnd" } });
    let end = written["end"].clone();
    for (item, aspects) in [
        (written.clone(), Aspects::empty()),
        (with("isReminderOn", json!(false)), Aspects::empty()),
        (with("categories", json!(["mine"])), Aspects::empty()),
        (with("body", json!({ "content": spaced })), Aspects::empty()),
        (with("subject", json!("x")), Aspects::TITLE),
        (
            with("body", json!({ "content": "x" })),
            Aspects::DESCRIPTION,
        ),
        (
            with("location", json!({ "displayName": "x" })),
            Aspects::LOCATION,
        ),
        (with("start", end), Aspects::WHEN),
        (with("start", json!({})), Aspects::WHEN),
        (with("isAllDay", json!(true)), Aspects::WHEN),
        (with("recurrence", daily), Aspects::RECURRENCE),
        (with("showAs", json!("free")), Aspects::STATUS),
    ] {
        let world = connected();
        world.reply(reply(200, &json!({ "value": [item] })));
        let found = provider::compare(&world, "outlook", event.clone(), &remote).unwrap();
        match found {
            Finding::Same(now) => {
                assert_eq!(aspects, Aspects::empty(), "{item}");
                assert_eq!(now.id, remote.id);
            }
            Finding::Different(found) => assert_eq!(found.aspects, aspects, "{item}"),
            Finding::Missing => panic!("{item}"),
        }
    }
    let world = connected();
    world.reply(reply(200, &json!({ "value": [] })));
    assert_eq!(
        provider::compare(&world, "outlook", event.clone(), &remote),
        Ok(Finding::Missing)
    );
    // Brought back from the bin under another id.
    let world = connected();
    world.reply(reply(
        200,
        &json!({ "value": [with("id", json!("two/+="))] }),
    ));
    let found = provider::compare(&world, "outlook", event, &remote).unwrap();
    assert!(
        matches!(&found, Finding::Same(now) if now.id == "two/+="),
        "{found:?}"
    );
}

#[test]
fn an_event_that_a_user_gave_no_length_differs_and_tells_no_time() {
    let event = sample();
    let remote = RemoteEvent {
        id: "one".into(),
        calendar: "primary".into(),
        etag: None,
        link: None,
    };
    let at = |text: &str| json!({ "dateTime": text, "timeZone": "UTC" });
    for (start, end, all_day, is_told) in [
        ("2026-12-02T10:00:00", "2026-12-02T10:00:00", false, false),
        ("2026-12-02T10:00:00", "2026-12-02T09:00:00", false, false),
        ("2026-12-02T10:00:00", "2026-12-02T10:00:01", false, true),
        ("2026-12-02T00:00:00", "2026-12-02T00:00:00", true, false),
        ("2026-12-02T00:00:00", "2026-12-03T00:00:00", true, true),
    ] {
        let world = connected();
        let mut item = json!({ "id": "one", "start": at(start), "end": at(end) });
        item["isAllDay"] = all_day.into();
        item["singleValueExtendedProperties"] =
            json!([{ "id": crate::outlook::draft::UID, "value": event.uid }]);
        world.reply(reply(200, &json!({ "value": [item] })));
        let found = provider::compare(&world, "outlook", event.clone(), &remote).unwrap();
        let Finding::Different(found) = found else {
            panic!("{found:?}");
        };
        assert!(found.aspects.contains(Aspects::WHEN));
        assert_eq!(found.when.is_some(), is_told, "{start} {end}");
    }
}
