//! Both providers against stand-ins that are as strict as Google and Microsoft: what a
//! model of our own would let through is refused there.

use calport_standins::{Behaviour, ConsentChoice, Fault, Repeat};

use super::server::Server;
use super::*;
use crate::bindings::calport::calendar::types::{
    AllDay, Occurrence, Recurrence, Span, Status, Timed,
};
use crate::event::tests::sample;
use crate::outside::fake::{Fake, NOW};

fn at(revision: u32) -> Event {
    Event {
        revision,
        title: format!("Deep clean {revision}"),
        ..sample()
    }
}

fn cancelled(revision: u32) -> Event {
    Event {
        status: Status::Cancelled,
        ..at(revision)
    }
}

fn series(revision: u32, zone: &str, rule: &str, excluded: &[i64]) -> Event {
    Event {
        when: Span::Timed(Timed {
            start: NOW,
            end: NOW + 3_600,
            zone: zone.into(),
        }),
        recurrence: Some(Recurrence {
            rule: rule.into(),
            excluded: excluded.iter().map(|at| Occurrence::At(*at)).collect(),
        }),
        ..at(revision)
    }
}

fn all_day(revision: u32) -> Event {
    Event {
        when: Span::AllDay(AllDay {
            start: "2026-12-24".into(),
            end: "2026-12-26".into(),
        }),
        ..at(revision)
    }
}

#[test]
fn a_user_connects_lists_calendars_and_leaves() {
    for server in [Server::google(), Server::outlook(Repeat::SameEvent)] {
        let world = server.world();
        let account = server.connect(&world, &ConsentChoice::Allow).unwrap();
        assert_eq!(account.label, server.account());
        assert!(account.calendar.primary);
        let calendars = list_calendars(&world, server.id()).unwrap();
        assert_eq!(calendars[0], account.calendar);
        assert!(calendars.iter().skip(1).all(|calendar| !calendar.primary));
        assert_eq!(disconnect(&world, server.id(), true), Ok(()));
        assert_eq!(
            list_calendars(&world, server.id()),
            Err(Error::NotConnected)
        );

        let world = server.world();
        assert_eq!(
            server.connect(&world, &ConsentChoice::Cancel),
            Err(Error::Denied)
        );
        assert_eq!(world.credentials(), None);
    }
}

#[test]
fn a_box_left_unticked_is_named_case_9() {
    let server = Server::google();
    let scope = "https://www.googleapis.com/auth/calendar.events.freebusy";
    let world = server.world();
    let result = server.connect(&world, &ConsentChoice::AllowWithout(vec![scope.into()]));
    assert_eq!(result, Err(Error::NeedsScope(vec![scope.into()])));
    assert_eq!(world.credentials(), None);
}

#[test]
fn a_token_that_the_provider_no_longer_takes_is_refreshed() {
    for server in [Server::google(), Server::outlook(Repeat::SameEvent)] {
        let world = server.connected();
        let before = world.revision();
        world.change(|c| c.access_token = crate::outside::Secret::new("worn-out"));
        assert!(list_calendars(&world, server.id()).is_ok());
        assert!(world.revision() > before);
    }
}

#[test]
fn every_kind_of_event_is_taken_and_a_repeat_changes_nothing() {
    let weekdays = "FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20270601T000000Z";
    for server in Server::all() {
        for event in [
            at(1),
            all_day(1),
            Event {
                status: Status::Tentative,
                reminders: vec![10, 1_440],
                ..at(1)
            },
            Event {
                description: None,
                location: None,
                url: None,
                reminders: vec![],
                ..at(1)
            },
            Event {
                title: "é😀\"\\;,".into(),
                description: Some("a\n\n<b>b</b>".into()),
                ..at(1)
            },
            Event {
                uid: "it's 'quoted' (here)".into(),
                ..at(1)
            },
            series(1, "Europe/London", weekdays, &[]),
            series(1, "America/New_York", "FREQ=MONTHLY;BYDAY=1TU;COUNT=5", &[]),
            series(
                1,
                "Etc/UTC",
                "FREQ=DAILY;COUNT=6",
                &[NOW + 86_400, NOW + 4 * 86_400],
            ),
            Event {
                recurrence: Some(Recurrence {
                    rule: "FREQ=YEARLY;COUNT=3".into(),
                    excluded: vec![Occurrence::On("2027-12-24".into())],
                }),
                ..all_day(1)
            },
        ] {
            let world = server.connected();
            // An id that Google does not give back is used up.
            let event = Event {
                uid: format!("{} {:?}", event.uid, event.when)
                    .chars()
                    .take(255)
                    .collect(),
                ..event
            };
            let first = server
                .push(&world, &event, None)
                .unwrap_or_else(|error| panic!("{error:?} for {event:?}"));
            assert_eq!(server.titles().join("|"), event.title, "{event:?}");
            let again = server.push(&world, &event, first.as_ref()).unwrap();
            assert_eq!(
                again.clone().map(|r| r.id),
                first.clone().map(|r| r.id),
                "{event:?}"
            );
            // Not known, so that it is read: it is seen to be the same, and left alone.
            assert_eq!(
                server.push(&world, &event, None).unwrap(),
                again,
                "{event:?}"
            );
            assert_eq!(server.titles().len(), 1);
            let next = Event {
                revision: 2,
                status: Status::Cancelled,
                ..event
            };
            assert_eq!(server.push(&world, &next, first.as_ref()), Ok(None));
            assert!(server.events().is_empty());
        }
        assert!(server.invitations().is_empty());
    }
}

#[test]
fn an_event_lives_through_changes_conflicts_and_its_users_own_hand() {
    for server in Server::all() {
        let world = server.connected();
        let first = server.push(&world, &at(1), None).unwrap().unwrap();
        let second = server.push(&world, &at(2), Some(&first)).unwrap().unwrap();
        assert_eq!(
            server.push(&world, &at(1), Some(&first)),
            Err(Error::Conflict)
        );
        assert_eq!(
            server.push(&world, &cancelled(1), None),
            Err(Error::Conflict)
        );
        let daily = series(3, "Etc/UTC", "FREQ=DAILY;COUNT=3", &[NOW + 86_400]);
        let third = server.push(&world, &daily, Some(&second)).unwrap().unwrap();
        let fourth = server
            .push(&world, &all_day(4), Some(&third))
            .unwrap()
            .unwrap();
        assert_eq!(server.titles(), ["Deep clean 4"]);
        assert!(server.delete_by_hand(&fourth.id));
        for known in [Some(&fourth), None] {
            let again = server.push(&world, &all_day(5), known).unwrap().unwrap();
            assert_eq!(server.titles(), ["Deep clean 5"]);
            assert_eq!(remove_event(&world, server.id(), &again), Ok(()));
            assert_eq!(remove_event(&world, server.id(), &again), Ok(()));
            assert!(server.events().is_empty());
        }
    }
}

#[test]
fn an_event_moves_between_calendars_and_leaves_none_behind() {
    for server in [Server::google(), Server::outlook(Repeat::Conflict)] {
        let world = server.connected();
        let calendars = list_calendars(&world, server.id()).unwrap();
        let first = server.push(&world, &at(1), None).unwrap().unwrap();
        for calendar in &calendars {
            let moved = push_event(&world, server.id(), Some(&calendar.id), at(2), Some(&first))
                .unwrap()
                .unwrap();
            assert_eq!(moved.calendar, calendar.id);
            let back = server.push(&world, &at(3), Some(&moved)).unwrap().unwrap();
            assert_eq!(back.calendar, "primary");
            assert_eq!(server.titles(), ["Deep clean 3"]);
            assert_eq!(remove_event(&world, server.id(), &back), Ok(()));
        }
    }
}

#[test]
fn busy_times_are_those_of_the_events() {
    for server in [Server::google(), Server::outlook(Repeat::SameEvent)] {
        let world = server.connected();
        server
            .push(
                &world,
                &series(1, "Etc/UTC", "FREQ=DAILY;COUNT=4", &[NOW + 86_400]),
                None,
            )
            .unwrap();
        let range = Range {
            start: NOW,
            end: NOW + 3 * 86_400,
        };
        let hour = |start: i64| Range {
            start,
            end: start + 3_600,
        };
        let expected = vec![hour(NOW), hour(NOW + 2 * 86_400)];
        assert_eq!(
            busy(&world, server.id(), &[], range),
            Ok(expected.clone()),
            "{}",
            server.id()
        );
        let main = list_calendars(&world, server.id()).unwrap()[0].id.clone();
        assert_eq!(busy(&world, server.id(), &[main], range), Ok(expected));
        assert_eq!(
            busy(&world, server.id(), &["no-such-calendar".into()], range),
            Err(Error::Gone)
        );
    }
}

#[test]
fn whatever_fails_at_whatever_request_one_event_remains_case_34() {
    let in_the_end = |server: &Server, world: &Fake, event: &Event, known: Option<&RemoteEvent>| {
        for _ in 0..4 {
            match server.push(world, event, known) {
                Ok(remote) => return remote,
                Err(Error::Retry(_)) => {}
                Err(error) => panic!("{}: {error:?}", server.id()),
            }
        }
        panic!("never")
    };
    let unavailable = || Behaviour::ErrorAfterEffect {
        status: 503,
        reason: "backendError".into(),
        retry_after: None,
    };
    for make in [
        unavailable,
        || Behaviour::LoseReply,
        || Behaviour::Drop,
        || Behaviour::Html,
    ] {
        for place in 0..10 {
            for server in [
                Server::google(),
                Server::google_that_gives_no_id_back(),
                Server::outlook(Repeat::Conflict),
            ] {
                let world = server.connected();
                server.strike(Fault::everywhere().after(place).behaviour(make()));
                let daily =
                    |revision| series(revision, "Etc/UTC", "FREQ=DAILY;COUNT=3", &[NOW + 86_400]);
                let one = in_the_end(&server, &world, &daily(1), None);
                assert_eq!(
                    server.titles(),
                    ["Deep clean 1"],
                    "{}: {place}",
                    server.id()
                );
                let two = in_the_end(&server, &world, &daily(2), one.as_ref());
                in_the_end(
                    &server,
                    &world,
                    &at(3),
                    two.as_ref().filter(|_| place % 2 == 0),
                );
                assert_eq!(
                    server.titles(),
                    ["Deep clean 3"],
                    "{}: {place}",
                    server.id()
                );
                assert_eq!(in_the_end(&server, &world, &cancelled(4), None), None);
                assert!(server.events().is_empty(), "{}: {place}", server.id());
            }
        }
    }
}
