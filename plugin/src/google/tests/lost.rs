use super::model::{Fault, model};
use super::push::{at, cancelled, titles};
use super::*;
use crate::bindings::calport::calendar::types::{Error, RetryAdvice};
use crate::google::item;

/// What a host does: a retry means again, with what it knew before.
fn pushed_in_the_end(
    world: &Fake,
    event: &Event,
    known: Option<&RemoteEvent>,
) -> Option<RemoteEvent> {
    for _ in 0..6 {
        match push(world, event, known) {
            Ok(remote) => return remote,
            Err(Error::Retry(RetryAdvice { .. })) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    panic!("never")
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
    for first in FAULTS {
        for second in FAULTS {
            for place in 0..9 {
                for is_known in [true, false] {
                    let world = connected();
                    let model = model(&world);
                    model
                        .borrow_mut()
                        .faults
                        .extend([(place, first), (place + 1, second)]);
                    let case = format!("{first:?}, {second:?} at {place}, known: {is_known}");
                    let known = |remote: &Option<RemoteEvent>| remote.clone().filter(|_| is_known);

                    let one = pushed_in_the_end(&world, &at(1), None);
                    assert_eq!(titles(&model), ["Deep clean 1"], "{case}");
                    let two = pushed_in_the_end(&world, &at(2), known(&one).as_ref());
                    assert_eq!(titles(&model), ["Deep clean 2"], "{case}");
                    assert_eq!(
                        pushed_in_the_end(&world, &cancelled(3), known(&two).as_ref()),
                        None
                    );
                    assert!(titles(&model).is_empty(), "{case}");
                    let four = pushed_in_the_end(&world, &at(4), known(&two).as_ref());
                    assert_eq!(titles(&model), ["Deep clean 4"], "{case}");
                    assert!(four.is_some());
                }
            }
        }
    }
}

#[test]
fn a_lost_insert_is_found_in_the_same_call() {
    for fault in [Fault::LostAfterCommit, Fault::UnavailableAfterCommit] {
        let world = connected();
        let model = model(&world);
        model.borrow_mut().faults.insert(0, fault);
        let remote = push(&world, &at(1), None).unwrap().unwrap();
        assert_eq!(remote.id, item::id(&sample().uid, 0));
        assert_eq!(world.sent().len(), 2);
    }
}

#[test]
fn somebody_who_changes_the_event_without_end_is_given_way_to() {
    let world = connected();
    let model = model(&world);
    let known = push(&world, &at(1), None).unwrap();
    model
        .borrow_mut()
        .faults
        .extend((0..20).map(|n| (n, Fault::ChangedBefore)));
    assert_eq!(
        push(&world, &at(2), known.as_ref()),
        Err(crate::fault::unavailable())
    );
}
