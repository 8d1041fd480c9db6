mod limits;

use super::*;
use crate::bindings::calport::calendar::types::Person as Given;
use crate::time::parse_rfc3339;

pub(crate) fn sample() -> Event {
    Event {
        uid: "job-17@platform.example".into(),
        revision: 3,
        status: Status::Confirmed,
        title: "Deep clean".into(),
        description: Some("Key under the mat".into()),
        location: Some("1 High St".into()),
        url: Some("https://platform.example/jobs/17".into()),
        when: Span::Timed(Timed {
            start: parse_rfc3339("2026-12-01T10:00:00Z").unwrap(),
            end: parse_rfc3339("2026-12-01T12:00:00Z").unwrap(),
            zone: "Europe/London".into(),
        }),
        recurrence: None,
        reminders: vec![60],
        organizer: Some(Given {
            name: Some("Platform".into()),
            email: "hello@platform.example".into(),
        }),
        attendees: vec![],
        updated: parse_rfc3339("2026-11-22T08:00:00Z").unwrap(),
    }
}

fn all_day(start: &str, end: &str) -> Span {
    Span::AllDay(AllDay {
        start: start.into(),
        end: end.into(),
    })
}

fn given(name: Option<&str>, email: &str) -> Given {
    Given {
        name: name.map(Into::into),
        email: email.into(),
    }
}

#[test]
fn spans_on_the_clock_are_refused_when_they_cannot_be() {
    for (start, end, zone, field, problem) in [
        (
            10,
            10,
            "Europe/London",
            "when.end",
            "is not after the start",
        ),
        (10, 9, "Europe/London", "when.end", "is not after the start"),
        (
            -1,
            9,
            "Europe/London",
            "when.start",
            "lies outside the years 1970 to 9999",
        ),
        (
            i64::MIN,
            i64::MAX,
            "Europe/London",
            "when.start",
            "lies outside the years 1970 to 9999",
        ),
        (
            0,
            1_796_119_200_000,
            "Europe/London",
            "when.end",
            "lies outside the years 1970 to 9999",
        ),
        (
            0,
            1,
            "GMT Standard Time",
            "when.zone",
            "is not the name of an IANA zone",
        ),
        (0, 1, "", "when.zone", "is not the name of an IANA zone"),
        (
            0,
            1,
            "Europe/London\r\nX:1",
            "when.zone",
            "is not the name of an IANA zone",
        ),
    ] {
        let event = Event {
            when: Span::Timed(Timed {
                start,
                end,
                zone: zone.into(),
            }),
            ..sample()
        };
        let error = CheckedEvent::new(event).unwrap_err();
        assert_eq!(
            (error.field.as_str(), error.problem.as_str()),
            (field, problem)
        );
    }
}

#[test]
fn addresses_that_could_forge_a_line_or_a_second_address_are_refused() {
    for email in [
        "",
        "@",
        "a@",
        "@b.example",
        "a b@c.example",
        "a@b@c.example",
        "\"a b\"@c.example",
        "a,b@c.example",
        "a;b@c.example",
        "<a@b.example>",
        "A <a@b.example>",
        "a@b..example",
        ".a@b.example",
        "a.@b.example",
        "a@-b.example",
        "a@b.example-",
        "a@b_c.example",
        "a@[127.0.0.1]",
        "a@bücher.example",
        "é@b.example",
        "a@b.example.",
        "mailto:a@b.example",
    ] {
        let event = Event {
            organizer: Some(given(None, email)),
            ..sample()
        };
        assert_eq!(
            CheckedEvent::new(event).unwrap_err().field,
            "organizer.email",
            "{email}"
        );
    }
    for email in [
        "a@b",
        "first.last+tag@sub.b-c.example",
        "o'neil@b.example",
        "x_{|}~@b.example",
    ] {
        let event = Event {
            organizer: Some(given(None, email)),
            ..sample()
        };
        assert_eq!(
            CheckedEvent::new(event).unwrap().organizer.unwrap().email,
            email
        );
    }
    for email in [
        format!("{}@b.example", "a".repeat(65)),
        format!("a@{}.example", "b".repeat(64)),
        format!("a@{}e", "b.".repeat(126)),
    ] {
        let event = Event {
            organizer: Some(given(None, &email)),
            ..sample()
        };
        assert!(CheckedEvent::new(event).is_err(), "{email}");
    }
}

#[test]
fn exclusions_must_be_of_the_same_kind_as_the_start() {
    let at = Occurrence::At(parse_rfc3339("2026-12-08T10:00:00Z").unwrap());
    let on = Occurrence::On("2026-12-08".into());
    let repeating = |excluded: &[Occurrence]| {
        Some(Recurrence {
            rule: "FREQ=WEEKLY".into(),
            excluded: excluded.to_vec(),
        })
    };
    let timed = |excluded: &[Occurrence]| {
        CheckedEvent::new(Event {
            recurrence: repeating(excluded),
            ..sample()
        })
    };
    let daily = |excluded: &[Occurrence]| {
        let when = all_day("2026-12-01", "2026-12-02");
        CheckedEvent::new(Event {
            recurrence: repeating(excluded),
            when,
            ..sample()
        })
    };
    assert_eq!(
        timed(&[at.clone(), on.clone()]).unwrap_err().field,
        "recurrence.excluded[1]"
    );
    assert_eq!(
        daily(std::slice::from_ref(&at)).unwrap_err().field,
        "recurrence.excluded[0]"
    );
    assert_eq!(
        daily(&[Occurrence::On("2026-12-32".into())])
            .unwrap_err()
            .field,
        "recurrence.excluded[0]"
    );
    let When::Timed {
        repeats: Some(repeats),
        ..
    } = timed(&[at.clone(), at]).unwrap().when
    else {
        panic!("a timed event stays one");
    };
    assert_eq!(repeats.excluded.len(), 1);
    assert!(daily(&[on]).is_ok());
}

#[test]
fn line_breaks_of_every_kind_become_spaces_or_line_feeds_case_39() {
    let broken = "a\rb\nc\r\nd\u{85}e\u{2028}f\u{2029}g\th";
    let event = Event {
        title: broken.into(),
        description: Some(broken.into()),
        location: Some(broken.into()),
        organizer: Some(given(Some(broken), "a@b.example")),
        ..sample()
    };
    let checked = CheckedEvent::new(event).unwrap();
    let one_line = "a b c d e f g h";
    assert_eq!(checked.title, one_line);
    assert_eq!(checked.location.as_deref(), Some(one_line));
    assert_eq!(checked.organizer.unwrap().name.as_deref(), Some(one_line));
    assert_eq!(
        checked.description.as_deref(),
        Some("a\nb\nc\nd\ne\nf\ng\th")
    );
}

#[test]
fn what_is_allowed_to_the_last_character_is_accepted() {
    let event = Event {
        uid: "~".repeat(255),
        title: "é".repeat(1_024),
        description: Some("\r\n".repeat(8_192)),
        location: Some(String::new()),
        reminders: vec![0, 40_320, 0],
        attendees: vec![given(Some("\"Quote\", Jr."), "a@b.example"); 200],
        ..sample()
    };
    let checked = CheckedEvent::new(event).unwrap();
    assert_eq!(checked.reminders, [0, 40_320]);
    assert_eq!(checked.location, None);
    assert_eq!(checked.description.unwrap().len(), 8_192);
}

#[test]
fn a_rule_that_never_comes_to_a_day_of_the_events_own_zone_is_refused_case_41() {
    let new_years_eve = |zone: &str| Event {
        when: Span::Timed(Timed {
            start: parse_rfc3339("2026-12-31T23:30:00Z").unwrap(),
            end: parse_rfc3339("2027-01-01T00:30:00Z").unwrap(),
            zone: zone.into(),
        }),
        recurrence: Some(Recurrence {
            rule: "FREQ=YEARLY;INTERVAL=9999;BYMONTH=1".into(),
            excluded: vec![],
        }),
        ..sample()
    };
    assert!(CheckedEvent::new(new_years_eve("Asia/Tokyo")).is_ok());
    let whole_day = Event {
        when: all_day("2026-12-31", "2027-01-01"),
        ..new_years_eve("Etc/UTC")
    };
    for event in [new_years_eve("Europe/London"), whole_day] {
        let error = CheckedEvent::new(event).unwrap_err();
        assert_eq!(
            (error.field.as_str(), error.problem.as_str()),
            ("recurrence.rule", "never comes to a day")
        );
    }
}
