//! What users do by hand, seen through `read` and `compare`, with both providers against
//! stand-ins that forbid in a reading what Google and Microsoft forbid.

use calport_standins::{Behaviour, Fault, Repeat};

use super::server::Server;
use super::*;
use crate::bindings::calport::calendar::types::{
    AllDay, Occurrence, Recurrence, RetryCause, Span, Status, Timed,
};
use crate::bindings::exports::calport::calendar::changes::{Aspects, Change};
use crate::event::tests::sample;
use crate::outside::fake::Fake;

/// 2026-12-02T15:00:00Z
const MOVED_TO: i64 = 1_796_223_600;

fn both() -> [Server; 2] {
    [Server::google(), Server::outlook(Repeat::SameEvent)]
}

fn named(uid: &str) -> Event {
    Event {
        uid: uid.into(),
        title: format!("Booking {uid}"),
        ..sample()
    }
}

fn put(server: &Server, world: &Fake, event: &Event) -> RemoteEvent {
    server.push(world, event, None).unwrap().unwrap()
}

/// A whole reading: what it told, what to begin the next one with, whether it was full.
fn reading(server: &Server, world: &Fake, since: Option<&str>) -> (Vec<Change>, String, bool) {
    let mut changes = Vec::new();
    let mut since = since.map(str::to_owned);
    let mut is_full = None;
    for _ in 0..100 {
        let page = read_changes(world, server.id(), None, since.as_deref()).unwrap();
        assert_eq!(*is_full.get_or_insert(page.full), page.full);
        changes.extend(page.changes);
        if !page.more {
            return (changes, page.next, page.full);
        }
        since = Some(page.next);
    }
    panic!("a reading without an end")
}

fn compared(server: &Server, world: &Fake, event: &Event, remote: &RemoteEvent) -> Finding {
    compare(world, server.id(), event.clone(), remote).unwrap()
}

fn versions(changes: &[Change]) -> Vec<(&str, Option<&str>)> {
    changes
        .iter()
        .map(|change| (change.id.as_str(), change.etag.as_deref()))
        .collect()
}

#[test]
fn a_first_reading_is_full_and_what_follows_tells_only_what_was_touched() {
    for server in both() {
        let world = server.connected();
        let (nothing, since, is_full) = reading(&server, &world, None);
        assert_eq!((nothing, is_full), (vec![], true));
        let (one, two) = (named("one"), named("two"));
        let (first, second) = (put(&server, &world, &one), put(&server, &world, &two));
        let (changes, since, is_full) = reading(&server, &world, Some(&since));
        assert!(!is_full);
        // One's own pushes are told with the version that the push has returned.
        let mut expected = [
            (first.id.as_str(), first.etag.as_deref()),
            (second.id.as_str(), second.etag.as_deref()),
        ];
        expected.sort_unstable();
        let mut told = versions(&changes);
        told.sort_unstable();
        assert_eq!(told, expected, "{}", server.id());
        let (nothing, since, _) = reading(&server, &world, Some(&since));
        assert_eq!(nothing, []);
        assert!(server.edit_by_hand(&second.id, "Mine now"));
        let (changes, since, _) = reading(&server, &world, Some(&since));
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].id, second.id);
        assert!(changes[0].etag.is_some() && changes[0].etag != second.etag);
        // The same cursor tells the same again: a host may lose what it was told.
        assert_eq!(reading(&server, &world, Some(&since)).0, []);
    }
}

#[test]
fn a_moved_and_renamed_event_is_told_with_its_new_time_and_title() {
    for server in both() {
        let world = server.connected();
        let event = named("moved");
        let remote = put(&server, &world, &event);
        assert_eq!(
            compared(&server, &world, &event, &remote),
            Finding::Same(remote.clone()),
            "{}",
            server.id()
        );
        assert!(server.edit_by_hand(&remote.id, "Dentist\u{202e}\n"));
        let Finding::Different(found) = compared(&server, &world, &event, &remote) else {
            panic!("{}", server.id())
        };
        assert_eq!(found.aspects, Aspects::TITLE | Aspects::WHEN);
        assert_eq!(found.title.as_deref(), Some("Dentist"));
        let Some(Span::Timed(Timed { start, end, zone })) = found.when else {
            panic!("{:?}", found.when)
        };
        assert_eq!((start, end), (MOVED_TO, MOVED_TO + 3_600));
        assert!(!zone.is_empty());
        assert_eq!(found.remote.id, remote.id);
        assert_ne!(found.remote.etag, remote.etag);
        // To restore it: push the same again with what was found.
        let restored = server
            .push(&world, &event, Some(&found.remote))
            .unwrap()
            .unwrap();
        assert_eq!(
            compared(&server, &world, &event, &found.remote),
            Finding::Same(restored)
        );
    }
}

#[test]
fn a_deleted_event_and_one_in_another_calendar_are_missing() {
    for server in both() {
        let world = server.connected();
        let (gone, moved) = (named("gone"), named("elsewhere"));
        let first = put(&server, &world, &gone);
        let second = put(&server, &world, &moved);
        let (_, since, _) = reading(&server, &world, None);
        assert!(server.delete_by_hand(&first.id));
        assert!(server.move_by_hand(&second.id));
        let (changes, since, _) = reading(&server, &world, Some(&since));
        let mut told = versions(&changes);
        told.sort_unstable();
        let mut expected = [(first.id.as_str(), None), (second.id.as_str(), None)];
        expected.sort_unstable();
        assert_eq!(told, expected, "{}", server.id());
        for (event, remote) in [(&gone, &first), (&moved, &second)] {
            assert_eq!(
                compared(&server, &world, event, remote),
                Finding::Missing,
                "{}",
                server.id()
            );
        }
        let again = put(&server, &world, &gone);
        let (changes, _, _) = reading(&server, &world, Some(&since));
        assert!(
            versions(&changes).contains(&(again.id.as_str(), again.etag.as_deref())),
            "{}: {changes:?}",
            server.id()
        );
    }
}

#[test]
fn an_event_that_is_brought_back_from_the_bin_is_the_same_again() {
    let server = Server::google();
    let world = server.connected();
    let event = named("restored");
    let remote = put(&server, &world, &event);
    assert!(server.delete_by_hand(&remote.id));
    let (_, since, _) = reading(&server, &world, None);
    let Server::Google(google) = &server else {
        panic!("Google")
    };
    let patch = serde_json::json!({ "status": "confirmed" });
    assert!(google.edit_event(server.account(), "primary", &remote.id, &patch));
    let (changes, _, _) = reading(&server, &world, Some(&since));
    assert_eq!(changes.len(), 1);
    let Finding::Same(now) = compared(&server, &world, &event, &remote) else {
        panic!("not the same")
    };
    assert_eq!(changes[0].etag, now.etag);
}

#[test]
fn a_forgotten_cursor_leads_to_a_full_reading_that_leaves_out_what_is_gone() {
    for server in both() {
        let world = server.connected();
        let (kept, gone) = (named("kept"), named("gone"));
        let first = put(&server, &world, &kept);
        let second = put(&server, &world, &gone);
        let (_, since, _) = reading(&server, &world, None);
        assert!(server.delete_by_hand(&second.id));
        server.forget_readings();
        let (changes, since, is_full) = reading(&server, &world, Some(&since));
        assert!(is_full);
        assert_eq!(
            versions(&changes),
            [(first.id.as_str(), first.etag.as_deref())]
        );
        let (nothing, _, is_full) = reading(&server, &world, Some(&since));
        assert_eq!((nothing, is_full), (vec![], false));
    }
}

#[test]
fn a_long_reading_comes_in_pages_and_a_broken_one_begins_anew() {
    for server in [Server::google_with_pages(7), Server::outlook_with_pages(7)] {
        let world = server.connected();
        let first = read_changes(&world, server.id(), None, None).unwrap();
        let events: Vec<Event> = (0..20).map(|n| named(&format!("n{n}"))).collect();
        let mut pushed: Vec<String> = events
            .iter()
            .map(|event| put(&server, &world, event).id)
            .collect();
        pushed.sort_unstable();
        for since in [None, Some(first.next.as_str())] {
            let (changes, _, is_full) = reading(&server, &world, since);
            assert_eq!(is_full, since.is_none());
            let mut told: Vec<String> = changes.into_iter().map(|change| change.id).collect();
            told.sort_unstable();
            assert_eq!(told, pushed, "{}", server.id());
        }
        let page = read_changes(&world, server.id(), None, Some(&first.next)).unwrap();
        assert!(page.more);
        server.forget_readings();
        assert_eq!(
            read_changes(&world, server.id(), None, Some(&page.next)),
            Err(fault::unavailable()),
            "{}",
            server.id()
        );
        assert!(
            read_changes(&world, server.id(), None, Some(&first.next))
                .unwrap()
                .full
        );
    }
}

#[test]
fn every_kind_of_event_is_the_same_as_what_was_pushed() {
    let series = |rule: &str, excluded: Vec<Occurrence>| {
        Some(Recurrence {
            rule: rule.into(),
            excluded,
        })
    };
    let days = Span::AllDay(AllDay {
        start: "2026-12-24".into(),
        end: "2026-12-26".into(),
    });
    for (index, event) in [
        Event {
            description: None,
            location: None,
            url: None,
            ..sample()
        },
        Event {
            title: "é😀 ".repeat(300),
            description: Some("a\n\n  <b>b</b>\n".into()),
            ..sample()
        },
        Event {
            status: Status::Tentative,
            when: days.clone(),
            ..sample()
        },
        Event {
            recurrence: series("FREQ=WEEKLY;BYDAY=TU,TH;COUNT=6", vec![]),
            ..sample()
        },
        Event {
            recurrence: series("FREQ=DAILY;COUNT=5", vec![]),
            when: days,
            ..sample()
        },
    ]
    .into_iter()
    .enumerate()
    {
        for server in both() {
            let event = Event {
                uid: format!("kind-{index}"),
                ..event.clone()
            };
            let world = server.connected();
            let (_, since, _) = reading(&server, &world, None);
            let remote = put(&server, &world, &event);
            let found = compared(&server, &world, &event, &remote);
            assert!(
                matches!(found, Finding::Same(_)),
                "{} {index}: {found:?}",
                server.id()
            );
            let (changes, _, _) = reading(&server, &world, Some(&since));
            assert_eq!(changes.len(), 1, "{} {index}", server.id());
            assert_eq!(changes[0].id, remote.id);
            assert!(!changes[0].occurrence);
        }
    }
}

#[test]
fn a_newer_revision_and_a_cancelled_event_are_not_compared() {
    for server in both() {
        let world = server.connected();
        let newer = Event {
            revision: 9,
            ..named("newer")
        };
        let remote = put(&server, &world, &newer);
        assert_eq!(
            compare(&world, server.id(), named("newer"), &remote),
            Err(Error::Conflict)
        );
        let cancelled = Event {
            status: Status::Cancelled,
            ..newer
        };
        let error = compare(&world, server.id(), cancelled, &remote).unwrap_err();
        assert!(matches!(&error, Error::Invalid(field) if field.field == "event.status"));
    }
}

#[test]
fn a_calendar_that_is_gone_and_a_provider_that_has_enough_are_told_as_usual() {
    for server in both() {
        let world = server.connected();
        let (_, since, _) = reading(&server, &world, None);
        let lost = "AAMkAGI2TG93AAA/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        assert_eq!(
            read_changes(&world, server.id(), Some(lost), None),
            Err(Error::Gone),
            "{}",
            server.id()
        );
        server.strike(Fault::everywhere().behaviour(Behaviour::Error {
            status: 429,
            reason: "rateLimitExceeded".into(),
            retry_after: Some("7".into()),
        }));
        let error = read_changes(&world, server.id(), None, Some(&since)).unwrap_err();
        assert!(
            matches!(&error, Error::Retry(advice)
                if advice.cause == RetryCause::RateLimited && advice.after == Some(7)),
            "{error:?}"
        );
        for cursor in ["", "CSync0=", "stage=over&token=&context="] {
            let error = read_changes(&world, server.id(), None, Some(cursor)).unwrap_err();
            assert!(matches!(error, Error::Invalid(_)), "{error:?}");
        }
        let made_up = "stage=over&token=made-up&context=";
        assert!(
            read_changes(&world, server.id(), None, Some(made_up))
                .unwrap()
                .full
        );
    }
}
