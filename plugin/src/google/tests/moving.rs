use super::model::model;
use super::push::{at, cancelled, titles};
use super::*;
use crate::bindings::calport::calendar::types::Error;

#[test]
fn an_event_moves_to_another_calendar_and_leaves_none_behind() {
    let world = connected();
    let model = model(&world);
    let known = push(&world, &at(1), None).unwrap().unwrap();
    let work = Some("work@group.example");
    let moved = provider::push_event(&world, "google", work, at(2), Some(&known))
        .unwrap()
        .unwrap();
    assert_eq!(moved.calendar, "work@group.example");
    assert_eq!(titles(&model), ["Deep clean 2"]);
    assert_eq!(
        world.calls()[1..3],
        [
            "GET /calendar/v3/users/me/calendarList/primary".to_owned(),
            format!("DELETE /calendar/v3/calendars/primary/events/{}", known.id),
        ]
    );
    // Cancelled together with the choice of another calendar.
    assert_eq!(push(&world, &cancelled(3), Some(&moved)), Ok(None));
    assert!(titles(&model).is_empty());
}

#[test]
fn the_main_calendar_by_its_own_id_is_no_move() {
    let world = connected();
    let model = model(&world);
    let known = push(&world, &at(1), None).unwrap().unwrap();
    let events = model.borrow().calendars["primary"].clone();
    model
        .borrow_mut()
        .calendars
        .insert("me@gmail.example".into(), events);
    let named = Some("me@gmail.example");
    let again = provider::push_event(&world, "google", named, at(2), Some(&known))
        .unwrap()
        .unwrap();
    assert_eq!(
        (again.id, again.calendar.as_str()),
        (known.id, "me@gmail.example")
    );
    assert!(world.calls().iter().all(|call| !call.starts_with("DELETE")));
}

#[test]
fn a_calendar_that_is_gone_is_told_as_gone() {
    let world = connected();
    let model = model(&world);
    let known = push(&world, &at(1), None).unwrap();
    model.borrow_mut().calendars.clear();
    assert_eq!(push(&world, &at(2), None), Err(Error::Gone));
    assert_eq!(push(&world, &at(2), known.as_ref()), Err(Error::Gone));
    assert_eq!(push(&world, &cancelled(3), known.as_ref()), Ok(None));
}

#[test]
fn ids_are_encoded_and_those_that_no_encoding_keeps_are_refused() {
    let world = connected();
    let model = model(&world);
    let strange = "a/b?c#d %2F+é@group.example";
    model
        .borrow_mut()
        .calendars
        .insert(strange.into(), Default::default());
    let pushed = provider::push_event(&world, "google", Some(strange), at(1), None)
        .unwrap()
        .unwrap();
    assert_eq!(pushed.calendar, strange);
    assert_eq!(
        world.calls(),
        ["POST /calendar/v3/calendars/a%2Fb%3Fc%23d%20%252F%2B%C3%A9%40group.example/events"]
    );
    for id in ["", ".", "..", &"x".repeat(2_049)] {
        let Err(Error::Invalid(error)) =
            provider::push_event(&world, "google", Some(id), at(1), None)
        else {
            panic!("{id} is no id")
        };
        assert_eq!(error.field, "calendar");
        let remote = RemoteEvent {
            id: id.into(),
            calendar: "primary".into(),
            etag: None,
            link: None,
        };
        let Err(Error::Invalid(error)) = provider::remove_event(&world, "google", &remote) else {
            panic!("{id} is no id")
        };
        assert_eq!(error.field, "remote.id");
    }
    assert_eq!(world.sent().len(), 1);
}
