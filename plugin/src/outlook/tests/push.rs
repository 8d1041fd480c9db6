use std::cell::RefCell;

use super::model::{Model, model};
use super::*;
use crate::bindings::calport::calendar::types::{
    AllDay, Occurrence, Recurrence, Span, Status, Timed,
};
use crate::outside::fake::NOW;

const DAY: i64 = 86_400;

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

pub(super) fn daily(revision: u32, excluded: &[i64]) -> Event {
    Event {
        when: Span::Timed(Timed {
            start: NOW,
            end: NOW + 3_600,
            zone: "Etc/UTC".into(),
        }),
        recurrence: Some(Recurrence {
            rule: "FREQ=DAILY;COUNT=6".into(),
            excluded: excluded
                .iter()
                .map(|day| Occurrence::At(NOW + day * DAY))
                .collect(),
        }),
        ..at(revision)
    }
}

pub(super) fn subjects(model: &RefCell<Model>) -> Vec<String> {
    model.borrow().subjects()
}

/// Which days of the six take place.
pub(super) fn days(model: &RefCell<Model>, remote: &RemoteEvent) -> Vec<i64> {
    model
        .borrow()
        .starts(&remote.id)
        .iter()
        .map(|start| (start - NOW) / DAY)
        .collect()
}

#[test]
fn what_is_sent_is_what_graph_documents() {
    let world = connected();
    let model = model(&world);
    let known = push(&world, &sample(), None).unwrap().unwrap();
    push(
        &world,
        &Event {
            revision: 4,
            description: None,
            reminders: vec![],
            ..sample()
        },
        Some(&known),
    )
    .unwrap();
    let weekly = Event {
        uid: "o'neil's".into(),
        when: Span::Timed(Timed {
            start: NOW,
            end: NOW + 5_400,
            zone: "Europe/Berlin".into(),
        }),
        recurrence: Some(Recurrence {
            rule: "FREQ=WEEKLY;UNTIL=20270630T235959Z".into(),
            excluded: vec![],
        }),
        status: Status::Tentative,
        ..sample()
    };
    push(&world, &weekly, None).unwrap();
    let holiday = Event {
        uid: "holiday".into(),
        when: Span::AllDay(AllDay {
            start: "2026-12-24".into(),
            end: "2026-12-26".into(),
        }),
        location: None,
        url: None,
        ..sample()
    };
    push(&world, &holiday, None).unwrap();
    insta::assert_snapshot!(world.transcript());
    assert_eq!(subjects(&model).len(), 3);
}

#[test]
fn one_event_comes_of_one_uid_whether_or_not_it_is_known_case_43() {
    let world = connected();
    let model = model(&world);
    let first = push(&world, &at(1), None).unwrap().unwrap();
    assert_eq!(first.calendar, "primary");
    assert!(first.etag.is_some() && first.link.is_some());
    let second = push(&world, &at(2), Some(&first)).unwrap().unwrap();
    assert_eq!(second.id, first.id);
    assert_eq!(push(&world, &at(3), None).unwrap().unwrap().id, first.id);
    assert_eq!(subjects(&model), ["Deep clean 3"]);
    for known in [None, Some(&first)] {
        assert_eq!(push(&world, &at(2), known), Err(Error::Conflict));
        assert_eq!(push(&world, &cancelled(2), known), Err(Error::Conflict));
    }
    assert_eq!(subjects(&model), ["Deep clean 3"]);
}

#[test]
fn a_repeat_of_every_kind_of_event_writes_nothing() {
    let all_day = Event {
        when: Span::AllDay(AllDay {
            start: "2026-12-24".into(),
            end: "2026-12-26".into(),
        }),
        recurrence: Some(Recurrence {
            rule: "FREQ=YEARLY".into(),
            excluded: vec![],
        }),
        ..sample()
    };
    let bare = Event {
        description: None,
        location: None,
        url: None,
        reminders: vec![],
        organizer: None,
        ..sample()
    };
    let long = Event {
        title: "é😀".repeat(400),
        location: Some("x".repeat(1_000)),
        ..sample()
    };
    let lines = Event {
        description: Some("a\n\nb\n".into()),
        ..sample()
    };
    let berlin = Event {
        when: Span::Timed(Timed {
            start: NOW,
            end: NOW + 1,
            zone: "Europe/Berlin".into(),
        }),
        recurrence: Some(Recurrence {
            rule: "FREQ=DAILY;COUNT=3".into(),
            excluded: vec![],
        }),
        ..sample()
    };
    for event in [
        sample(),
        all_day,
        bare,
        long,
        lines,
        daily(1, &[]),
        daily(1, &[2, 4]),
        berlin,
    ] {
        let world = connected();
        let _model = model(&world);
        let first = push(&world, &event, None).unwrap();
        let writes =
            |calls: &[String]| calls.iter().filter(|call| !call.starts_with("GET")).count();
        let before = writes(&world.calls());
        assert_eq!(push(&world, &event, first.as_ref()).unwrap(), first);
        assert_eq!(push(&world, &event, None).unwrap(), first);
        assert_eq!(writes(&world.calls()), before, "{:?}", world.calls());
    }
}

#[test]
fn what_a_user_has_changed_is_set_right() {
    let world = connected();
    let model = model(&world);
    let known = push(&world, &at(1), None).unwrap().unwrap();
    for field in ["subject", "showAs"] {
        model
            .borrow_mut()
            .touch(&known.id, |event| event[field] = "free".into());
        push(&world, &at(1), Some(&known)).unwrap().unwrap();
        assert_eq!(subjects(&model), ["Deep clean 1"]);
    }
}

#[test]
fn an_event_that_was_deleted_by_hand_is_made_anew_each_time() {
    let world = connected();
    let model = model(&world);
    let mut known = push(&world, &at(1), None).unwrap();
    for _ in 0..31 {
        model.borrow_mut().events.clear();
        known = push(&world, &at(1), known.as_ref()).unwrap();
        assert_eq!(subjects(&model), ["Deep clean 1"]);
    }
    model.borrow_mut().events.clear();
    assert!(matches!(
        push(&world, &at(1), None),
        Err(Error::Rejected(_))
    ));
}

#[test]
fn two_that_were_made_at_the_same_instant_become_one() {
    let world = connected();
    let model = model(&world);
    let known = push(&world, &at(1), None).unwrap().unwrap();
    let twin = model.borrow().events[&known.id].clone();
    model.borrow_mut().events.insert("twin".into(), twin);
    model
        .borrow_mut()
        .touch("twin", |event| event["id"] = "twin".into());
    push(&world, &at(2), None).unwrap().unwrap();
    assert_eq!(subjects(&model), ["Deep clean 2"]);
}

#[test]
fn an_id_that_is_somebody_elses_event_is_left_alone() {
    let world = connected();
    let model = model(&world);
    let theirs = push(
        &world,
        &Event {
            uid: "another".into(),
            ..at(9)
        },
        None,
    )
    .unwrap();
    let ours = push(&world, &at(1), theirs.as_ref()).unwrap().unwrap();
    assert_ne!(ours.id, theirs.unwrap().id);
    assert_eq!(subjects(&model).len(), 2);
}

#[test]
fn a_cancelled_event_is_removed_and_a_repeat_finds_nothing_to_do() {
    for is_known in [true, false] {
        let world = connected();
        let model = model(&world);
        let remote = push(&world, &at(1), None).unwrap();
        let known = remote.as_ref().filter(|_| is_known);
        for known in [known, known, None] {
            assert_eq!(push(&world, &cancelled(2), known), Ok(None));
            assert!(subjects(&model).is_empty());
        }
        // Wanted again after all.
        assert!(push(&world, &at(3), known).unwrap().is_some());
        assert_eq!(subjects(&model), ["Deep clean 3"]);
    }
}

#[test]
fn removing_twice_is_success() {
    let world = connected();
    let model = model(&world);
    let remote = push(&world, &at(1), None).unwrap().unwrap();
    for _ in 0..2 {
        assert_eq!(provider::remove_event(&world, "outlook", &remote), Ok(()));
        assert!(subjects(&model).is_empty());
    }
}

#[test]
fn an_event_moves_to_another_calendar_and_back_and_leaves_none_behind() {
    let world = connected();
    let model = model(&world);
    let first = push(&world, &at(1), None).unwrap().unwrap();
    let work = Some("work/+==");
    let moved = provider::push_event(&world, "outlook", work, at(2), Some(&first))
        .unwrap()
        .unwrap();
    assert_eq!(model.borrow().events[&moved.id]["calendar"], "work/+==");
    assert_eq!(subjects(&model), ["Deep clean 2"]);
    let back = push(&world, &at(3), Some(&moved)).unwrap().unwrap();
    assert_eq!(model.borrow().events[&back.id]["calendar"], "default/+==");
    assert_eq!(subjects(&model), ["Deep clean 3"]);
    // By its own id, the default calendar is still the same one.
    let named = provider::push_event(&world, "outlook", Some("default/+=="), at(4), Some(&back))
        .unwrap()
        .unwrap();
    assert_eq!(named.id, back.id);
    assert!(
        world
            .calls()
            .iter()
            .any(|call| call.ends_with("/calendars/work%2F%2B%3D%3D/events"))
    );
}

#[test]
fn a_calendar_that_is_gone_is_told_as_gone() {
    let world = connected();
    let model = model(&world);
    model.borrow_mut().calendars.clear();
    let gone =
        |event: Event| provider::push_event(&world, "outlook", Some("work/+=="), event, None);
    assert_eq!(gone(at(1)), Err(Error::Gone));
    assert_eq!(gone(cancelled(1)), Ok(None));
}
