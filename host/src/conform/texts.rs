//! What has been used to break out of a line, a value or a parameter of a file (case 39), and
//! the fields that it is put into.

use crate::plugin::{
    calendar::IcsOptions,
    types::{Event, Person, Recurrence, Span, Status, Timed},
};

pub(super) const ATTACKS: [&str; 22] = [
    "\r",
    "\n",
    "\r\n",
    "\u{85}",
    "\u{2028}",
    "\u{2029}",
    "\0",
    "\u{b}",
    "\u{1b}[2J",
    "\"",
    "\\",
    "\\n",
    ";X-EVIL=1",
    ":X-EVIL",
    "\";X-EVIL=\"1",
    "^n^'^^",
    "\r\nBEGIN:VEVENT\r\nUID:evil\r\nEND:VEVENT",
    "\nEND:VEVENT\nEND:VCALENDAR",
    "\rX-EVIL:1",
    "\u{85}X-EVIL:1",
    "\u{2028}X-EVIL:1",
    "\r\n X-EVIL:1",
];

/// A field that holds a text, and how the text is put into it.
pub(super) type Field = (&'static str, fn(&mut Event, &mut IcsOptions, String));

pub(super) const FIELDS: [Field; 10] = [
    ("title", |event, _, text| event.title = text),
    ("description", |event, _, text| {
        event.description = Some(text)
    }),
    ("location", |event, _, text| event.location = Some(text)),
    ("url", |event, _, text| {
        event.url = Some(format!("https://platform.example/{text}"));
    }),
    ("uid", |event, _, text| event.uid = text),
    ("organizer.name", |event, _, text| {
        event.organizer = Some(person(&text, "hello@platform.example"));
    }),
    ("organizer.email", |event, _, text| {
        event.organizer = Some(person("Platform", &format!("{text}@platform.example")));
    }),
    ("attendees[0].name", |event, _, text| {
        event.attendees = vec![person(&text, "jane@platform.example")];
    }),
    ("recurrence.rule", |event, _, text| {
        event.recurrence = Some(Recurrence {
            rule: format!("FREQ=WEEKLY;COUNT=3{text}"),
            excluded: Vec::new(),
        });
    }),
    ("options.name", |_, options, text| options.name = Some(text)),
];

pub(super) fn person(name: &str, email: &str) -> Person {
    Person {
        name: Some(name.to_owned()),
        email: email.to_owned(),
    }
}

/// An event with something in every field.
pub(super) fn event(uid: &str) -> Event {
    Event {
        uid: uid.to_owned(),
        revision: 3,
        status: Status::Confirmed,
        title: "Deep clean, second floor; bring \\ladder\\ and Zoë’s key".to_owned(),
        description: Some(format!(
            "Key under the mat.\nThen: {}",
            "ring twice 🔔 ".repeat(20)
        )),
        location: Some("1 High St, Flat 2".to_owned()),
        url: Some("https://platform.example/jobs/17?a=1,2;b".to_owned()),
        // 2031-12-02T10:00:00Z
        when: Span::Timed(Timed {
            start: 1_953_972_000,
            end: 1_953_979_200,
            zone: "Europe/London".to_owned(),
        }),
        recurrence: None,
        reminders: vec![60],
        organizer: Some(person(
            "The Platform: \"Support\"",
            "hello@platform.example",
        )),
        attendees: vec![person("Jane", "jane@platform.example")],
        updated: 1_900_000_000,
    }
}
