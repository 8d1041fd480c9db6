use std::collections::BTreeSet;

use serde_json::json;

use super::model::{Model, model};
use super::*;
use crate::bindings::calport::calendar::types::{
    AllDay, Error, Occurrence, Recurrence, Span, Status,
};
use crate::google::item;

pub(super) fn at(revision: u32) -> Event {
    Event {
        revision,
        title: format!("Deep clean {revision}"),
        ..sample()
    }
}

pub(super) fn cancelled(revision: u32) -> Event {
    Event {
        status: Status::Cancelled,
        ..at(revision)
    }
}

pub(super) fn titles(model: &std::cell::RefCell<Model>) -> Vec<String> {
    model
        .borrow()
        .visible()
        .iter()
        .map(|event| event["summary"].as_str().unwrap().to_owned())
        .collect()
}

fn all_day() -> Event {
    Event {
        when: Span::AllDay(AllDay {
            start: "2026-12-24".into(),
            end: "2026-12-26".into(),
        }),
        recurrence: Some(Recurrence {
            rule: "FREQ=YEARLY;COUNT=3".into(),
            excluded: vec![Occurrence::On("2027-12-24".into())],
        }),
        reminders: vec![],
        description: None,
        location: None,
        url: None,
        ..sample()
    }
}

#[test]
fn what_is_sent_is_what_google_documents() {
    let world = connected();
    let model = model(&world);
    let recurring = Event {
        recurrence: Some(Recurrence {
            rule: "FREQ=WEEKLY;COUNT=10".into(),
            excluded: vec![Occurrence::At(1_796_724_000), Occurrence::At(1_797_328_800)],
        }),
        ..sample()
    };
    let known = push(&world, &recurring, None).unwrap().unwrap();
    // From a timed to an all-day event with less in it: nothing of the old one stays.
    push(
        &world,
        &Event {
            revision: 4,
            ..all_day()
        },
        Some(&known),
    )
    .unwrap()
    .unwrap();
    insta::assert_snapshot!(world.transcript());
    let event = model.borrow().visible().remove(0);
    insta::assert_snapshot!(
        "after_the_update",
        serde_json::to_string_pretty(&event).unwrap()
    );
}

#[test]
fn ids_are_what_google_takes_and_differ_by_uid_and_generation() {
    let mut seen = BTreeSet::new();
    for uid in ["a", "b", "job-17@platform.example", &"~".repeat(255)] {
        for generation in 0..4 {
            let id = item::id(uid, generation);
            assert_eq!(id.len(), 32);
            assert!(
                id.bytes()
                    .all(|b| b.is_ascii_digit() || (b'a'..=b'v').contains(&b)),
                "{id}"
            );
            assert!(seen.insert(id));
        }
    }
    // It must never change: events of earlier versions would be made anew.
    assert_eq!(
        item::id("job-17@platform.example", 0),
        "did8v4rkhkpcku1u08m6j5ll88d3r5dn"
    );
}

#[test]
fn one_event_comes_of_one_uid_whether_or_not_it_is_known_case_43() {
    let world = connected();
    let model = model(&world);
    let first = push(&world, &at(1), None).unwrap().unwrap();
    assert_eq!(first.calendar, "primary");
    assert!(first.etag.is_some());
    assert_eq!(
        first.link,
        Some(format!("https://calendar.example/event?eid={}", first.id))
    );

    let second = push(&world, &at(2), Some(&first)).unwrap().unwrap();
    assert_eq!(second.id, first.id);
    assert_ne!(second.etag, first.etag);
    assert_eq!(push(&world, &at(3), None).unwrap().unwrap().id, first.id);
    assert_eq!(titles(&model), ["Deep clean 3"]);

    // An old revision together with what is known since.
    assert_eq!(push(&world, &at(1), Some(&second)), Err(Error::Conflict));
    assert_eq!(
        push(&world, &cancelled(1), Some(&second)),
        Err(Error::Conflict)
    );
    // A slow worker with an old revision and an old etag changes nothing.
    assert_eq!(push(&world, &at(2), Some(&first)), Err(Error::Conflict));
    assert_eq!(push(&world, &at(2), None), Err(Error::Conflict));
    assert_eq!(
        push(&world, &cancelled(2), Some(&first)),
        Err(Error::Conflict)
    );
    assert_eq!(push(&world, &cancelled(2), None), Err(Error::Conflict));
    assert_eq!(titles(&model), ["Deep clean 3"]);
}

#[test]
fn an_update_with_a_known_version_takes_one_call_and_a_repeat_writes_nothing() {
    let world = connected();
    let _model = model(&world);
    let known = push(&world, &at(1), None).unwrap().unwrap();
    let known = push(&world, &at(2), Some(&known)).unwrap().unwrap();
    let path = format!("/calendar/v3/calendars/primary/events/{}", known.id);
    assert_eq!(
        world.calls(),
        [
            "POST /calendar/v3/calendars/primary/events",
            &format!("PATCH {path}")
        ]
    );
    let again = push(&world, &at(2), None).unwrap().unwrap();
    assert_eq!(again, known);
    assert_eq!(
        world.calls()[2..],
        [
            "POST /calendar/v3/calendars/primary/events".to_owned(),
            format!("GET {path}")
        ]
    );
    let unversioned = RemoteEvent {
        etag: None,
        ..known.clone()
    };
    assert_eq!(push(&world, &at(2), Some(&unversioned)), Ok(Some(known)));
    assert_eq!(world.calls()[4..], [format!("GET {path}")]);
}

#[test]
fn what_a_user_has_changed_is_set_right_and_their_own_fields_stay() {
    let world = connected();
    let model = model(&world);
    let known = push(&world, &at(1), None).unwrap().unwrap();
    for field in ["summary", "description", "location"] {
        model.borrow_mut().touch("primary", &known.id, |event| {
            event[field] = "mine".into();
            event["colorId"] = "5".into();
        });
        push(&world, &at(1), Some(&known)).unwrap().unwrap();
        assert_eq!(titles(&model), ["Deep clean 1"]);
        let event = model.borrow().visible().remove(0);
        assert_eq!(event["description"], "Key under the mat");
        assert_eq!(event["colorId"], "5");
    }
}

#[test]
fn a_repeat_of_every_kind_of_event_is_seen_to_be_the_same() {
    let timed = Event {
        recurrence: Some(Recurrence {
            rule: "FREQ=DAILY".into(),
            excluded: vec![Occurrence::At(1_796_205_600)],
        }),
        reminders: vec![10, 1_440],
        status: Status::Tentative,
        ..sample()
    };
    for event in [sample(), all_day(), timed] {
        let world = connected();
        let _model = model(&world);
        let first = push(&world, &event, None).unwrap();
        assert_eq!(push(&world, &event, None).unwrap(), first);
        assert!(
            world.calls().iter().all(|call| !call.starts_with("PATCH")),
            "{:?}",
            world.calls()
        );
    }
}

#[test]
fn an_event_that_was_deleted_by_hand_comes_back_under_its_id() {
    let world = connected();
    let model = model(&world);
    let known = push(&world, &at(1), None).unwrap().unwrap();
    for known in [None, Some(&known)] {
        model
            .borrow_mut()
            .touch("primary", &item::id(&sample().uid, 0), |event| {
                event["status"] = "cancelled".into()
            });
        assert_eq!(
            push(&world, &at(1), known).unwrap().unwrap().id,
            item::id(&sample().uid, 0)
        );
        assert_eq!(titles(&model), ["Deep clean 1"]);
    }
}

#[test]
fn an_id_that_google_does_not_give_back_is_followed_by_the_next_generation() {
    for status in [403, 404] {
        let world = connected();
        let model = model(&world);
        model.borrow_mut().refuses_revival = Some(status);
        let first = push(&world, &at(1), None).unwrap().unwrap();
        provider::remove_event(&world, "google", &first).unwrap();
        let second = push(&world, &at(2), Some(&first)).unwrap().unwrap();
        assert_eq!(second.id, item::id(&sample().uid, 1));
        // Found again without being known, updated, and taken down.
        assert_eq!(push(&world, &at(3), None).unwrap().unwrap().id, second.id);
        assert_eq!(titles(&model), ["Deep clean 3"]);
        assert_eq!(push(&world, &cancelled(4), None), Ok(None));
        assert!(titles(&model).is_empty());
    }
}

#[test]
fn a_calendar_full_of_dead_ids_is_told_as_a_refusal() {
    let world = connected();
    let model = model(&world);
    model.borrow_mut().refuses_revival = Some(403);
    let calendar = |id: String| {
        (
            id.clone(),
            json!({ "id": id, "status": "cancelled", "etag": "\"x\"" }),
        )
    };
    let dead = (0..32).map(|generation| calendar(item::id(&sample().uid, generation)));
    model
        .borrow_mut()
        .calendars
        .insert("primary".into(), dead.collect());
    assert!(matches!(
        push(&world, &at(1), None),
        Err(Error::Rejected(_))
    ));
}

#[test]
fn an_id_that_somebody_else_holds_is_left_alone() {
    let world = connected();
    let model = model(&world);
    let id = item::id(&sample().uid, 0);
    let theirs = json!({
        "id": id, "etag": "\"x\"", "status": "confirmed", "summary": "Not ours",
        "extendedProperties": { "private": { "calportUid": "another" } },
    });
    model
        .borrow_mut()
        .calendars
        .get_mut("primary")
        .unwrap()
        .insert(id, theirs);
    let ours = push(&world, &at(1), None).unwrap().unwrap();
    assert_eq!(ours.id, item::id(&sample().uid, 1));
    assert_eq!(push(&world, &cancelled(2), None), Ok(None));
    assert_eq!(titles(&model), ["Not ours"]);
}

#[test]
fn a_cancelled_event_is_removed_and_a_repeat_finds_nothing_to_do() {
    for is_known in [true, false] {
        let world = connected();
        let model = model(&world);
        let remote = push(&world, &at(1), None).unwrap();
        let known = remote.as_ref().filter(|_| is_known);
        assert_eq!(push(&world, &cancelled(2), known), Ok(None));
        assert!(titles(&model).is_empty());
        assert_eq!(push(&world, &cancelled(2), known), Ok(None));
        assert_eq!(push(&world, &cancelled(2), None), Ok(None));
    }
    let world = connected();
    let _model = model(&world);
    assert_eq!(push(&world, &cancelled(1), None), Ok(None));
}

#[test]
fn removing_twice_or_from_a_calendar_that_is_gone_is_success() {
    let world = connected();
    let model = model(&world);
    let remote = push(&world, &at(1), None).unwrap().unwrap();
    for _ in 0..2 {
        assert_eq!(provider::remove_event(&world, "google", &remote), Ok(()));
        assert!(titles(&model).is_empty());
    }
    model.borrow_mut().calendars.clear();
    assert_eq!(provider::remove_event(&world, "google", &remote), Ok(()));
}

#[test]
fn an_etag_that_no_header_can_hold_is_not_sent() {
    for etag in ["", "a\r\nx: 1", "é", &"x".repeat(257)] {
        let world = connected();
        let _model = model(&world);
        let known = push(&world, &at(1), None).unwrap().unwrap();
        let known = RemoteEvent {
            etag: Some(etag.into()),
            ..known
        };
        assert!(push(&world, &at(2), Some(&known)).unwrap().is_some());
        assert!(world.calls()[1].starts_with("GET "), "{etag}");
    }
}

#[test]
fn a_bad_event_calls_nobody() {
    let world = connected();
    let Err(Error::Invalid(error)) = push(
        &world,
        &Event {
            title: String::new(),
            ..sample()
        },
        None,
    ) else {
        panic!("refused")
    };
    assert_eq!(error.field, "title");
    assert!(world.sent().is_empty());
}
