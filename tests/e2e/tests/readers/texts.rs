//! Texts: what people type stays what they typed, and never becomes structure.

use crate::{
    files::{FILE, component, event, instant},
    parsers::{self, Failure, File, Reading},
};
use calport_host::plugin::{
    CallError,
    calendar::IcsOptions,
    types::{Error, Event, Occurrence, Person, Recurrence},
};
use serde_json::{Value, json};
use url::Url;

/// Everything that has been used to break out of a line, a value or a parameter.
const ATTACKS: [&str; 30] = [
    "\r",
    "\n",
    "\r\n",
    "\u{85}",
    "\u{2028}",
    "\u{2029}",
    "\0",
    "\u{b}",
    "\u{c}",
    "\u{1b}[2J",
    "\u{7f}",
    "\"",
    "\\",
    "\\n",
    "\\;",
    ";X-EVIL=1",
    ",X-EVIL",
    ":X-EVIL",
    "\":X-EVIL",
    "\";X-EVIL=\"1",
    "^n^'^^",
    "%0D%0AX-EVIL:1",
    "\r\nBEGIN:VEVENT\r\nUID:evil\r\nEND:VEVENT",
    "\nEND:VEVENT\nEND:VCALENDAR",
    "\rX-EVIL:1",
    "\u{85}X-EVIL:1",
    "\u{2028}X-EVIL:1",
    "\r\n X-EVIL:1",
    "\u{202e}\u{feff}\u{200d}",
    "\t",
];

/// Every field of an event and of a file that holds a text.
const FIELDS: [&str; 12] = [
    "title",
    "description",
    "location",
    "url",
    "uid",
    "organizer.name",
    "organizer.email",
    "attendees[0].name",
    "attendees[0].email",
    "recurrence.rule",
    "when.zone",
    "options.name",
];

fn full() -> (Event, IcsOptions) {
    let person = |name: &str, email: &str| Person {
        name: Some(name.into()),
        email: email.into(),
    };
    let event = Event {
        description: Some("Key under the mat".into()),
        location: Some("1 High St".into()),
        url: Some("https://platform.example/jobs/17".into()),
        organizer: Some(person("Platform", "hello@platform.example")),
        attendees: vec![person("Jane", "jane@b.example")],
        recurrence: Some(Recurrence {
            rule: "FREQ=WEEKLY;COUNT=3".into(),
            excluded: vec![Occurrence::At(instant("2031-12-08T10:00:00Z"))],
        }),
        reminders: vec![60],
        ..event("job-17")
    };
    let options = IcsOptions {
        name: Some("Jobs".into()),
        ..FILE
    };
    (event, options)
}

/// The text of a field, to be changed.
fn slot<'a>(field: &str, event: &'a mut Event, options: &'a mut IcsOptions) -> &'a mut String {
    use calport_host::plugin::types::Span;
    match field {
        "title" => &mut event.title,
        "description" => event.description.as_mut().unwrap(),
        "location" => event.location.as_mut().unwrap(),
        "url" => event.url.as_mut().unwrap(),
        "uid" => &mut event.uid,
        "organizer.name" => event.organizer.as_mut().unwrap().name.as_mut().unwrap(),
        "organizer.email" => &mut event.organizer.as_mut().unwrap().email,
        "attendees[0].name" => event.attendees[0].name.as_mut().unwrap(),
        "attendees[0].email" => &mut event.attendees[0].email,
        "recurrence.rule" => &mut event.recurrence.as_mut().unwrap().rule,
        "when.zone" => match &mut event.when {
            Span::Timed(timed) => &mut timed.zone,
            Span::AllDay(_) => unreachable!("the event is timed"),
        },
        "options.name" => options.name.as_mut().unwrap(),
        other => unreachable!("{other}"),
    }
}

/// A text as the contract says that calendars show it.
fn shown(text: &str, line_break: char) -> String {
    let text = text.replace("\r\n", "\n");
    text.chars()
        .map(|c| match c {
            '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => line_break,
            '\t' if line_break == ' ' => ' ',
            c => c,
        })
        .collect::<String>()
        .trim()
        .to_owned()
}

/// What every reader must see of it.
fn expected(event: &Event, options: &IcsOptions) -> Value {
    let one_line = |text: &Option<String>| text.as_deref().map(|text| shown(text, ' '));
    let person = |person: &Person| {
        // A parameter can hold no quotes, and no backslash that all readers take for one.
        let name = one_line(&person.name).map(|name| name.replace('"', "'").replace('\\', "/"));
        let address = person
            .email
            .replace('%', "%25")
            .replace('?', "%3F")
            .replace('#', "%23");
        json!({"name": name, "address": format!("mailto:{address}")})
    };
    let url = event
        .url
        .as_deref()
        .map(|url| Url::parse(url).unwrap().to_string());
    json!({
        "name": one_line(&options.name),
        "uid": event.uid,
        "summary": shown(&event.title, ' '),
        "description": event.description.as_deref().map(|text| shown(text, '\n')),
        "location": one_line(&event.location),
        "url": url,
        "people": event.organizer.iter().chain(&event.attendees).map(person).collect::<Vec<_>>(),
    })
}

/// Without the backslashes in front of what they escape.
fn unescaped(text: &str) -> String {
    let mut rest = text.chars();
    std::iter::from_fn(|| match rest.next() {
        Some('\\') => rest.next(),
        other => other,
    })
    .collect()
}

/// libical cuts blanks off the ends of texts. The other two do not know `NAME` (RFC 7986) and
/// leave it as it is written.
fn seen(reading: &Reading, index: usize) -> Value {
    let file = &reading.files[index];
    let event = &file["events"][0];
    let is_libical = reading.reader.starts_with("libical ");
    let trimmed = |value: &Value| value.as_str().map(|text| json!(text.trim()));
    let name = file["name"].as_str().unwrap_or_default().trim();
    let name = if is_libical {
        name.to_owned()
    } else {
        unescaped(name)
    };
    let mut seen = json!({"name": name, "uid": event["uid"], "url": event["url"]});
    for name in ["summary", "description", "location"] {
        seen[name] = json!(trimmed(&event[name]));
    }
    let people = event["people"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let person = |person: &Value| {
        let name = person["name"].as_str().unwrap_or_default().trim();
        json!({"name": name, "address": person["address"]})
    };
    seen["people"] = people.iter().map(person).collect();
    seen
}

/// RFC 5545, section 3.1.
fn assert_well_folded(file: &str) {
    let content = file.strip_suffix("\r\n").unwrap();
    for line in content.as_bytes().split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        assert!(
            line.len() <= 75,
            "{} octets in a line of\n{file}",
            line.len()
        );
        let line = std::str::from_utf8(line).expect("a fold goes through no character");
        assert!(
            line.chars().all(|c| c == '\t' || !c.is_control()),
            "{line:?}"
        );
        assert!(!line.contains(['\u{2028}', '\u{2029}']), "{line:?}");
    }
    assert_eq!(
        content.matches('\n').count(),
        content.matches("\r\n").count()
    );
}

#[tokio::test]
async fn case_39_no_text_of_any_field_becomes_structure_for_any_reader() -> Result<(), Failure> {
    let plugin = component().await;
    let (event, options) = full();
    let clean = plugin
        .export_ics(vec![event.clone()], options.clone())
        .await?;
    let mut texts = vec![clean];
    let mut wanted = vec![expected(&event, &options)];
    let mut refused = 0;
    for field in FIELDS {
        for attack in ATTACKS {
            let before = slot(field, &mut event.clone(), &mut options.clone()).clone();
            let (head, tail) = before.split_at(before.len() / 2);
            let long = format!("{}{attack}{before}", "é".repeat(31));
            for text in [
                format!("{attack}{before}"),
                format!("{head}{attack}{tail}"),
                format!("{before}{attack}"),
                long,
            ] {
                let (mut event, mut options) = full();
                *slot(field, &mut event, &mut options) = text;
                match plugin
                    .export_ics(vec![event.clone()], options.clone())
                    .await
                {
                    Ok(file) => {
                        assert_well_folded(&file);
                        wanted.push(expected(&event, &options));
                        texts.push(file);
                    }
                    Err(CallError::Plugin(Error::Invalid(error))) => {
                        let named = error.field.trim_start_matches("events[0].");
                        assert_eq!(named, field, "{attack:?}: {error:?}");
                        refused += 1;
                    }
                    Err(other) => panic!("{field} {attack:?}: {other}"),
                }
            }
        }
    }
    println!(
        "{} texts were written, {refused} refused by the field's name",
        texts.len()
    );
    assert!(texts.len() > 500 && refused > 500);
    let files: Vec<_> = texts.into_iter().map(File::new).collect();
    for reading in parsers::read(&files)? {
        reading.assert_no_errors();
        for (index, wanted) in wanted.iter().enumerate() {
            let (file, clean) = (&reading.files[index], &reading.files[0]);
            let text = &files[index].text;
            assert_eq!(
                file["components"], clean["components"],
                "{reading}:\n{text}"
            );
            let properties = |file: &Value| file["events"][0]["properties"].clone();
            assert_eq!(properties(file), properties(clean), "{reading}:\n{text}");
            assert_eq!(seen(&reading, index), *wanted, "{reading}:\n{text}");
            let occurrences = file["events"][0]["occurrences"].as_array().map(Vec::len);
            assert_eq!(occurrences, Some(2), "{reading}:\n{text}");
        }
    }
    Ok(())
}
