//! That each check of a file can fail, and that each attack is one.

use super::*;

const GOOD: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VTIMEZONE\r\n\
     TZID:Europe/London\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:one\r\nSEQUENCE:3\r\n\
     DTSTAMP:20300101T000000Z\r\nDTSTART:20311202T100000Z\r\nSTATUS:CANCELLED\r\n\
     SUMMARY:A\\, b\r\nLOCATION:Here\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:two\r\n\
     SEQUENCE:3\r\nDTSTAMP:20300101T000000Z\r\nDTSTART;VALUE=DATE:20311224\r\n\
     DTEND;VALUE=DATE:20311226\r\nSUMMARY:A\\, b\r\nLOCATION:Here\r\nEND:VEVENT\r\n\
     BEGIN:VEVENT\r\nUID:three\r\nSEQUENCE:3\r\nDTSTAMP:20300101T000000Z\r\n\
     DTSTART;TZID=Europe/London:20311202T100000\r\nRRULE:FREQ=WEEKLY;COUNT=10\r\n\
     SUMMARY:A\\, b\r\nLOCATION:Here\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

fn events() -> [Event; 3] {
    let named = |uid: &str, event: Event| Event {
        uid: uid.to_owned(),
        revision: 3,
        title: "A, b".to_owned(),
        description: None,
        location: Some("Here".to_owned()),
        ..event
    };
    [
        named("one", cancelled()),
        named("two", days()),
        named("three", weekly()),
    ]
}

fn failed(file: &str) -> Vec<&'static str> {
    let contents = contents(&ics::read(file).unwrap(), &events());
    let failed = contents.into_iter().filter(|(_, done)| done.is_err());
    failed.map(|(what, _)| what).collect()
}

#[test]
fn what_a_file_says_otherwise_than_its_events_fails_by_itself() {
    assert_eq!(failed(GOOD), [""; 0]);
    for (from, to, what) in [
        ("VERSION:2.0\r\n", "", "VCALENDAR of version 2.0"),
        ("VERSION:2.0", "VERSION:1.0", "VCALENDAR of version 2.0"),
        ("PRODID:-//x//EN\r\n", "", "with a PRODID"),
        (
            "DTSTAMP:20300101T000000Z\r\n",
            "",
            "with UID, DTSTAMP and DTSTART",
        ),
        ("UID:one", "UID:uno", "keeps its UID"),
        ("SEQUENCE:3", "SEQUENCE:0", "keeps its UID"),
        ("SUMMARY:A\\, b", "SUMMARY:A", "texts are read"),
        ("LOCATION:Here\r\n", "", "texts are read"),
        ("STATUS:CANCELLED\r\n", "", "a cancelled event"),
        (
            "SUMMARY:A\\, b\r\nLOCATION:Here\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:three",
            "STATUS:CANCELLED\r\nSUMMARY:A\\, b\r\nLOCATION:Here\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:three",
            "a cancelled event",
        ),
        (
            "DTEND;VALUE=DATE:20311226",
            "DTEND;VALUE=DATE:20311225",
            "whole days",
        ),
        (
            "DTSTART;VALUE=DATE:20311224",
            "DTSTART:20311224T000000Z",
            "whole days",
        ),
        (
            "DTSTART:20311202T100000Z",
            "DTSTART:20311202T100000",
            "a time is in UTC",
        ),
        (
            "TZID:Europe/London",
            "TZID:Europe/Paris",
            "a time is in UTC",
        ),
        ("COUNT=10", "COUNT=9", "a series"),
    ] {
        let changed = GOOD.replacen(from, to, 1);
        assert_ne!(changed, GOOD, "{from}");
        let failed = failed(&changed);
        assert_eq!(failed.len(), 1, "{from}: {failed:?}");
        assert!(failed[0].contains(what), "{from}: {failed:?}");
    }
    let fewer = contents(&ics::read(GOOD).unwrap(), &events()[..2]);
    assert!(fewer.iter().any(|(_, done)| done.is_err()));
}

#[test]
fn each_attack_is_put_into_the_field_that_it_is_called_after() {
    for (field, put) in FIELDS {
        let (mut changed, mut options) = (event("one"), FILE);
        put(&mut changed, &mut options, "attack".to_owned());
        let before = format!("{:?}{FILE:?}", event("one"));
        let after = format!("{changed:?}{options:?}");
        assert_ne!(before, after, "{field}");
        assert!(after.contains("attack"), "{field}");
    }
}
