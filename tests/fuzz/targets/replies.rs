//! Providers' replies. Whatever they hold, a call ends with a typed error or an answer within the
//! contract's bounds, asks nobody but the provider itself, and says nothing of a credential.
//!
//! An input is a text: the provider and the call in its first line, then replies, each begun by
//! `> STATUS` or `> STATUS RETRY-AFTER` in a line of its own.

#![no_main]

use calport_fuzz::{CANARY, check_error, check_shown, holds};
use calport_plugin::fuzzing::{
    AllDay, CalendarEntry, Callback, ChangePage, Difference, Error, Event, Finding, Occurrence,
    Parameter, Range, Recurrence, RemoteEvent, Reply, Span, Status, Timed, World, is_cursor,
};
use libfuzzer_sys::{Corpus, fuzz_target};
use std::collections::BTreeSet;
use url::Url;

/// 2026-12-01T10:00:00Z, when the made-up world stands still.
const NOW: i64 = 1_796_119_200;

const DAY: i64 = 86_400;

/// Beyond one for each reply: thirty-two identities of one event, each tried, looked at and tried
/// again.
const MOST_REQUESTS: usize = 256;

const KNOWN: &str = "0123456789abcdefghijklmnopqrstuv";

fuzz_target!(|data: &[u8]| -> Corpus {
    if holds(data, CANARY) {
        return Corpus::Reject;
    }
    let (head, replies) = read(data);
    let mut words = head.split(' ');
    let provider = match words.next() {
        Some("google") => "google",
        Some("outlook") => "outlook",
        Some(_) | None => return Corpus::Reject,
    };
    let most = MOST_REQUESTS + replies.len();
    let world = World::answering(provider, replies);
    let Some(ended) = call(&world, provider, words.next().unwrap_or_default()) else {
        return Corpus::Reject;
    };
    if let Err(error) = ended {
        check_error(&error);
    }
    let called = world.called();
    assert!(called.len() <= most, "{} requests", called.len());
    for url in called {
        assert!(is_own(provider, &url), "{url}");
        assert!(!url.as_str().contains(CANARY), "{url}");
    }
    Corpus::Keep
});

fn read(data: &[u8]) -> (&str, Vec<Reply>) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let head = lines.next().unwrap_or_default();
    let mut replies: Vec<Reply> = Vec::new();
    for line in lines {
        if let Some(status) = line.strip_prefix(b"> ") {
            let status = String::from_utf8_lossy(status);
            let (status, retry_after) = status
                .split_once(' ')
                .map_or((&*status, None), |(status, wait)| {
                    (status, Some(wait.to_owned()))
                });
            replies.push(Reply {
                status: status.parse().unwrap_or(200),
                retry_after,
                body: Vec::new(),
            });
        } else if let Some(reply) = replies.last_mut() {
            if !reply.body.is_empty() {
                reply.body.push(b'\n');
            }
            reply.body.extend_from_slice(line);
        }
    }
    (str::from_utf8(head).unwrap_or_default(), replies)
}

/// `None` for a call that there is not.
fn call(world: &World, provider: &str, call: &str) -> Option<Result<(), Error>> {
    let known = RemoteEvent {
        id: KNOWN.into(),
        calendar: "primary".into(),
        etag: Some("2 \"etag\"".into()),
        link: None,
    };
    let range = Range {
        start: NOW,
        end: NOW + 92 * DAY,
    };
    let cursor = |stage: &str| {
        let token = match provider {
            "google" => "CPDAlvWDx70CEPDA",
            _ => "https%3A%2F%2Fgraph.microsoft.com%2Fv1.0%2Fme%2FcalendarView%2Fdelta%3Fx%3D1",
        };
        format!("stage={stage}&token={token}&context={NOW}")
    };
    let cancelled = Event {
        status: Status::Cancelled,
        ..timed()
    };
    Some(match call {
        "list-calendars" => world.list_calendars().map(|found| check_calendars(&found)),
        "busy" => world
            .busy(&[], range)
            .map(|found| check_busy(&found, range)),
        "busy-of" => {
            let calendars = ["a@example.com".to_owned(), "b".to_owned()];
            world
                .busy(&calendars, range)
                .map(|found| check_busy(&found, range))
        }
        "push" => world
            .push_event(timed(), None)
            .map(|made| check_pushed(made.as_ref())),
        "push-known" => world
            .push_event(series(), Some(&known))
            .map(|made| check_pushed(made.as_ref())),
        "push-day" => world
            .push_event(days(), None)
            .map(|made| check_pushed(made.as_ref())),
        "push-cancelled" => world
            .push_event(cancelled, Some(&known))
            .map(|made| assert_eq!(made, None)),
        "take-down" => world
            .push_event(cancelled, None)
            .map(|made| assert_eq!(made, None)),
        "remove" => world.remove_event(&known),
        "read" => world.read_changes(None).map(|page| check_page(&page)),
        "read-over" => world
            .read_changes(Some(&cursor("over")))
            .map(|page| check_page(&page)),
        "read-full" => world
            .read_changes(Some(&cursor("full")))
            .map(|page| check_page(&page)),
        "read-partial" => world
            .read_changes(Some(&cursor("partial")))
            .map(|page| check_page(&page)),
        "compare" => world
            .compare(timed(), &known)
            .map(|found| check_finding(&found)),
        "compare-series" => world
            .compare(series(), &known)
            .map(|found| check_finding(&found)),
        "compare-day" => world
            .compare(days(), &known)
            .map(|found| check_finding(&found)),
        "complete" => {
            let before = world.revision();
            let completed = world.complete_callback(&callback());
            if completed.is_err() {
                assert_eq!(world.revision(), before, "what is stored has changed");
            }
            completed.map(|account| {
                assert!(!account.id.is_empty());
                check_shown(&account.label);
                assert!(account.calendar.primary);
                check_calendars(&[account.calendar]);
            })
        }
        "disconnect" => {
            let disconnected = world.disconnect();
            assert_eq!(world.revision(), None, "credentials are left");
            disconnected
        }
        _ => return None,
    })
}

fn timed() -> Event {
    Event {
        uid: "job-17@platform.example".into(),
        revision: 3,
        status: Status::Confirmed,
        title: "Deep clean".into(),
        description: Some("Key under the mat".into()),
        location: Some("1 High St".into()),
        url: Some("https://platform.example/jobs/17".into()),
        when: Span::Timed(Timed {
            start: NOW,
            end: NOW + 7_200,
            zone: "Europe/London".into(),
        }),
        recurrence: None,
        reminders: vec![60],
        organizer: None,
        attendees: vec![],
        updated: NOW - DAY,
    }
}

fn series() -> Event {
    Event {
        recurrence: Some(Recurrence {
            rule: "FREQ=WEEKLY;COUNT=4".into(),
            excluded: vec![Occurrence::At(NOW + 7 * DAY)],
        }),
        ..timed()
    }
}

fn days() -> Event {
    Event {
        when: Span::AllDay(AllDay {
            start: "2026-12-24".into(),
            end: "2026-12-27".into(),
        }),
        ..timed()
    }
}

fn callback() -> Callback {
    Callback {
        parameters: vec![Parameter {
            name: "code".into(),
            value: "4/0-the-code".into(),
        }],
        redirect_uri: "https://host.example/cb".into(),
        code_verifier: "verifier".into(),
    }
}

fn is_own(provider: &str, url: &Url) -> bool {
    let origins: &[&str] = match provider {
        "google" => &[
            "https://oauth2.googleapis.com",
            "https://openidconnect.googleapis.com",
            "https://www.googleapis.com",
        ],
        _ => &[
            "https://graph.microsoft.com",
            "https://login.microsoftonline.com",
        ],
    };
    origins.contains(&url.origin().ascii_serialization().as_str())
}

fn check_calendars(found: &[CalendarEntry]) {
    for (index, calendar) in found.iter().enumerate() {
        assert!(!calendar.id.is_empty(), "a calendar without an id");
        check_shown(&calendar.name);
        let follows_others = index > 0 && !found[index - 1].primary;
        assert!(
            !(calendar.primary && follows_others),
            "the main one does not come first"
        );
    }
}

fn check_busy(found: &[Range], range: Range) {
    for busy in found {
        assert!(
            range.start <= busy.start && busy.start < busy.end && busy.end <= range.end,
            "{busy:?}"
        );
    }
    for pair in found.windows(2) {
        assert!(pair[0].end < pair[1].start, "{pair:?}");
    }
}

fn check_pushed(made: Option<&RemoteEvent>) {
    check_remote(made.expect("an event that stands is somewhere"));
}

fn check_remote(remote: &RemoteEvent) {
    assert!(!remote.id.is_empty(), "{remote:?}");
    assert_eq!(remote.calendar, "primary");
    if let Some(etag) = &remote.etag {
        let is_sendable = etag.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        assert!(is_sendable && (1..=512).contains(&etag.len()), "{etag:?}");
    }
    if let Some(link) = &remote.link {
        let url = Url::parse(link).expect("a link is a URL");
        assert!(
            matches!(url.scheme(), "http" | "https") && link.len() <= 2_048,
            "{link}"
        );
    }
}

fn check_page(page: &ChangePage) {
    assert!(
        page.changes.len() <= 2_500,
        "{} changes",
        page.changes.len()
    );
    let ids: BTreeSet<_> = page.changes.iter().map(|change| &change.id).collect();
    assert_eq!(ids.len(), page.changes.len(), "an id stands twice");
    assert!(ids.iter().all(|id| (1..=2_048).contains(&id.len())));
    let is_graphic = page.next.bytes().all(|b| b.is_ascii_graphic());
    assert!(
        is_graphic && (1..=8_192).contains(&page.next.len()),
        "{:?}",
        page.next
    );
    assert!(is_cursor(&page.next), "{:?}", page.next);
    assert_eq!(
        page.more,
        !page.next.starts_with("stage=over&"),
        "{:?}",
        page.next
    );
}

fn check_finding(finding: &Finding) {
    match finding {
        Finding::Missing => {}
        Finding::Same(remote) => check_remote(remote),
        Finding::Different(Difference {
            aspects,
            when,
            title,
            remote,
        }) => {
            assert!(!aspects.is_empty());
            check_remote(remote);
            if let Some(title) = title {
                check_shown(title);
            }
            match when {
                None => {}
                Some(Span::Timed(timed)) => assert!(timed.start < timed.end, "{timed:?}"),
                Some(Span::AllDay(days)) => assert!(days.start < days.end, "{days:?}"),
            }
        }
    }
}
