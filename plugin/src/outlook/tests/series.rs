use super::model::{Fault, model};
use super::push::{at, cancelled, daily, days, subjects};
use super::*;
use crate::bindings::calport::calendar::types::{Recurrence, Span, Timed};
use crate::outside::fake::NOW;

#[test]
fn occurrences_that_do_not_take_place_are_deleted_once() {
    let world = connected();
    let model = model(&world);
    let remote = push(&world, &daily(1, &[1, 4]), None).unwrap().unwrap();
    assert_eq!(days(&model, &remote), [0, 2, 3, 5]);
    // Another title leaves the exclusions alone.
    let again = push(&world, &daily(2, &[1, 4]), Some(&remote))
        .unwrap()
        .unwrap();
    assert_eq!(
        (again.id.as_str(), days(&model, &again)),
        (remote.id.as_str(), vec![0, 2, 3, 5])
    );
    // Another set makes the series anew: Graph gives no deleted occurrence back.
    let other = push(&world, &daily(3, &[2]), Some(&again))
        .unwrap()
        .unwrap();
    assert_eq!(days(&model, &other), [0, 1, 3, 4, 5]);
    assert_eq!(subjects(&model), ["Deep clean 3"]);
    let none = push(&world, &daily(4, &[]), Some(&other)).unwrap().unwrap();
    assert_eq!(days(&model, &none), [0, 1, 2, 3, 4, 5]);
    // A series becomes a single event.
    push(&world, &at(5), Some(&none)).unwrap().unwrap();
    assert_eq!(subjects(&model), ["Deep clean 5"]);
}

#[test]
fn a_zone_or_rule_that_outlook_cannot_show_is_refused_before_anything_is_touched() {
    let world = connected();
    let recurring = |zone: &str, rule: &str| Event {
        when: Span::Timed(Timed {
            start: NOW,
            end: NOW + 1,
            zone: zone.into(),
        }),
        recurrence: Some(Recurrence {
            rule: rule.into(),
            excluded: vec![],
        }),
        ..sample()
    };
    let known = RemoteEvent {
        id: "a".into(),
        calendar: "elsewhere".into(),
        etag: None,
        link: None,
    };
    for (event, field) in [
        (recurring("Antarctica/Troll", "FREQ=DAILY"), "when.zone"),
        (
            recurring("Europe/London", "FREQ=YEARLY;BYWEEKNO=1"),
            "recurrence.rule",
        ),
    ] {
        let Err(Error::Invalid(error)) = push(&world, &event, Some(&known)) else {
            panic!("refused")
        };
        assert_eq!(error.field, field);
        assert!(world.sent().is_empty());
    }
}

#[test]
fn whatever_is_lost_at_whatever_request_one_event_remains_case_34() {
    const FAULTS: [Fault; 6] = [
        Fault::LostAfterCommit,
        Fault::UnavailableAfterCommit,
        Fault::UnavailableBefore,
        Fault::LostBefore,
        Fault::TruncatedAfterCommit,
        Fault::ChangedBefore,
    ];
    let pushed_in_the_end = |world: &Fake, event: &Event, known: Option<&RemoteEvent>| {
        for _ in 0..6 {
            match push(world, event, known) {
                Ok(remote) => return remote,
                Err(Error::Retry(_)) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
        panic!("never")
    };
    for first in FAULTS {
        for second in FAULTS {
            for place in 0..16 {
                for is_known in [true, false] {
                    let world = connected();
                    let model = model(&world);
                    model
                        .borrow_mut()
                        .faults
                        .extend([(place, first), (place + 1, second)]);
                    let case = format!("{first:?}, {second:?} at {place}, known: {is_known}");
                    let known = |remote: &Option<RemoteEvent>| remote.clone().filter(|_| is_known);

                    let one = pushed_in_the_end(&world, &daily(1, &[1, 4]), None);
                    assert_eq!(days(&model, one.as_ref().unwrap()), [0, 2, 3, 5], "{case}");
                    let two = pushed_in_the_end(&world, &daily(2, &[1, 4]), known(&one).as_ref());
                    assert_eq!(days(&model, two.as_ref().unwrap()), [0, 2, 3, 5], "{case}");
                    let three = pushed_in_the_end(&world, &at(3), known(&two).as_ref());
                    assert_eq!(subjects(&model), ["Deep clean 3"], "{case}");
                    assert_eq!(
                        pushed_in_the_end(&world, &cancelled(4), known(&three).as_ref()),
                        None
                    );
                    assert!(subjects(&model).is_empty(), "{case}");
                    pushed_in_the_end(&world, &at(5), known(&three).as_ref());
                    assert_eq!(subjects(&model), ["Deep clean 5"], "{case}");
                }
            }
        }
    }
}
