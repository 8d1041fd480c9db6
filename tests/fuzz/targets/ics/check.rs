//! What must hold of a file, and of what two readers make of it: one of twenty lines, written here
//! after RFC 5545, and the `icalendar` crate's.

use calport_fuzz::percent_decoded;
use calport_plugin::fuzzing::{Event, IcsOptions, Person, Span, Status};
use icalendar::parser::{Component as Read, Property as ReadProperty, read_calendar, unfold};
use rrule::RRuleSet;

/// A property: its name, its parameters as they are written, its value.
#[derive(Debug)]
struct Property<'a> {
    name: &'a str,
    parameters: &'a str,
    value: &'a str,
}

#[derive(Debug, Default)]
struct Component<'a> {
    name: &'a str,
    properties: Vec<Property<'a>>,
    components: Vec<Component<'a>>,
}

impl<'a> Component<'a> {
    /// The rest of a component that has begun.
    fn read(name: &'a str, lines: &mut dyn Iterator<Item = &'a str>) -> Self {
        let mut component = Self {
            name,
            ..Self::default()
        };
        while let Some(line) = lines.next() {
            let property = property(line);
            match property.name {
                "BEGIN" => component.components.push(Self::read(property.value, lines)),
                "END" => {
                    assert_eq!(property.value, name);
                    return component;
                }
                _ => component.properties.push(property),
            }
        }
        panic!("{name} has no end");
    }

    fn all(&self, name: &str) -> Vec<&Property<'a>> {
        self.properties
            .iter()
            .filter(|property| property.name == name)
            .collect()
    }

    /// The value of what stands once or not at all.
    fn value(&self, name: &str) -> Option<&'a str> {
        match self.all(name).as_slice() {
            [] => None,
            [only] => Some(only.value),
            more => panic!("{more:?}"),
        }
    }
}

fn property(line: &str) -> Property<'_> {
    let mut is_quoted = false;
    let colon = line.find(|c| {
        is_quoted ^= c == '"';
        c == ':' && !is_quoted
    });
    let colon = colon.unwrap_or_else(|| panic!("a line without a value: {line:?}"));
    let (head, value) = (&line[..colon], &line[colon + 1..]);
    let (name, parameters) = head.split_once(';').unwrap_or((head, ""));
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'-');
    assert!(is_name, "{line:?}");
    Property {
        name,
        parameters,
        value,
    }
}

/// Fails unless the file shows these events and nothing else.
pub fn check_file(file: &str, events: &[Event], options: &IcsOptions) {
    let whole = file
        .strip_suffix("\r\n")
        .expect("a file ends with its last line");
    for line in whole.split("\r\n") {
        assert!((1..=75).contains(&line.len()), "{line:?}");
        assert!(
            !line.contains(|c: char| c.is_control() && c != '\t'),
            "{line:?}"
        );
    }
    let unfolded = whole.replace("\r\n ", "");
    let mut lines = unfolded.split("\r\n");
    assert_eq!(lines.next(), Some("BEGIN:VCALENDAR"));
    let calendar = Component::read("VCALENDAR", &mut lines);
    assert_eq!(lines.next(), None);
    check_read(&calendar, file);

    assert_eq!(
        calendar.value("NAME").map(plain),
        options.name.as_deref().map(one_line),
        "the name"
    );
    let (zones, shown): (Vec<_>, Vec<_>) = calendar
        .components
        .iter()
        .partition(|component| component.name == "VTIMEZONE");
    assert_eq!(shown.len(), events.len());
    for (component, event) in shown.into_iter().zip(events) {
        check_event(component, event, &zones);
    }
}

fn check_event(component: &Component<'_>, event: &Event, zones: &[&Component<'_>]) {
    assert_eq!(component.name, "VEVENT");
    assert_eq!(component.value("UID").map(plain).as_ref(), Some(&event.uid));
    assert_eq!(
        component.value("SUMMARY").map(plain),
        Some(one_line(&event.title))
    );
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let description = filled(&event.description).map(|text| lines(&text));
    assert_eq!(component.value("DESCRIPTION").map(plain), description);
    let location = filled(&event.location).map(|text| one_line(&text));
    assert_eq!(component.value("LOCATION").map(plain), location);
    assert_eq!(component.value("URL").is_some(), event.url.is_some());

    let people = component.all("ATTENDEE");
    assert_eq!(people.len(), event.attendees.len());
    let all = people.iter().zip(&event.attendees);
    all.for_each(|(property, person)| check_person(property, person));
    if let Some(organizer) = &event.organizer {
        assert_eq!(component.all("ORGANIZER").len(), 1);
        check_person(component.all("ORGANIZER")[0], organizer);
    }

    let mut reminders: Vec<u32> = Vec::new();
    for minutes in &event.reminders {
        if event.status != Status::Cancelled && !reminders.contains(minutes) {
            reminders.push(*minutes);
        }
    }
    let alarms: Vec<_> = component
        .components
        .iter()
        .map(|alarm| {
            assert_eq!((alarm.name, alarm.components.len()), ("VALARM", 0));
            alarm.value("TRIGGER").map(str::to_owned)
        })
        .collect();
    let wanted: Vec<_> = reminders
        .iter()
        .map(|minutes| Some(format!("-PT{minutes}M")))
        .collect();
    assert_eq!(alarms, wanted);

    const KNOWN: [&str; 16] = [
        "UID",
        "DTSTAMP",
        "LAST-MODIFIED",
        "SEQUENCE",
        "STATUS",
        "TRANSP",
        "DTSTART",
        "DTEND",
        "SUMMARY",
        "DESCRIPTION",
        "LOCATION",
        "URL",
        "ORGANIZER",
        "ATTENDEE",
        "RRULE",
        "EXDATE",
    ];
    for property in &component.properties {
        assert!(KNOWN.contains(&property.name), "{property:?}");
        if let Some(zone) = property.parameters.strip_prefix("TZID=") {
            let has_rules = |one: &&&Component<'_>| one.value("TZID") == Some(zone);
            assert_eq!(zones.iter().filter(has_rules).count(), 1, "{zone}");
        }
    }
    match &event.recurrence {
        None => assert_eq!(component.value("RRULE"), None),
        Some(_) => check_rule(component, &event.when),
    }
}

fn check_person(property: &Property<'_>, person: &Person) {
    let address = property
        .value
        .strip_prefix("mailto:")
        .expect("a mailto URL");
    assert_eq!(percent_decoded(address.as_bytes()), person.email.as_bytes());
    let name = property.parameters.split_once("CN=").map(|(_, name)| name);
    let shown = person.name.as_deref().map(one_line);
    match shown.filter(|name| !name.trim().is_empty()) {
        None => assert!(name.is_none(), "{property:?}"),
        Some(shown) => {
            let quoted = name.and_then(|name| name.strip_prefix('"')?.split_once('"'));
            let written = quoted.expect("a name in quotes").0.replace("^^", "^");
            assert_eq!(written, shown.replace('"', "'").replace('\\', "/"));
        }
    }
}

/// Fails for a rule that a reader would search an occurrence of until it gives up.
fn check_rule(component: &Component<'_>, when: &Span) {
    let rule = component
        .value("RRULE")
        .expect("an event that repeats has a rule");
    let start = component.all("DTSTART")[0];
    // The search is the same on any clock: the zone's own is left out, its hours stay.
    let start = match when {
        Span::Timed(_) => format!("{}Z", start.value.trim_end_matches('Z')),
        Span::AllDay(_) => format!("{}T000000Z", start.value),
    };
    let rule = match when {
        Span::Timed(_) => rule.to_owned(),
        Span::AllDay(_) => rule
            .split(';')
            .map(|part| match part.strip_prefix("UNTIL=") {
                Some(day) => format!("UNTIL={day}T000000Z"),
                None => part.to_owned(),
            })
            .collect::<Vec<_>>()
            .join(";"),
    };
    let Ok(set) = format!("DTSTART:{start}\nRRULE:{rule}").parse::<RRuleSet>() else {
        return;
    };
    let found = set.all(1);
    assert!(
        !found.dates.is_empty() || !found.limited,
        "no day can ever meet {rule} from {start}"
    );
}

/// The value of a TEXT (RFC 5545, section 3.3.11).
fn plain(value: &str) -> String {
    let mut out = String::new();
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some(c @ ('\\' | ';' | ',')) => out.push(c),
                other => panic!("an escape that there is not: {other:?} in {value:?}"),
            },
            ';' | ',' => panic!("not escaped: {value:?}"),
            c => out.push(c),
        }
    }
    out
}

fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace(['\r', '\u{85}', '\u{2028}', '\u{2029}'], "\n")
}

fn one_line(text: &str) -> String {
    lines(text).replace(['\n', '\t'], " ")
}

/// Fails unless another reader finds the same components and properties.
fn check_read(calendar: &Component<'_>, file: &str) {
    let unfolded = unfold(file);
    let read = read_calendar(&unfolded).expect("a file that another reader takes");
    check_properties(&calendar.properties, &read.properties);
    check_components(&calendar.components, &read.components);
}

fn check_components(own: &[Component<'_>], read: &[Read<'_>]) {
    assert_eq!(own.len(), read.len());
    for (own, read) in own.iter().zip(read) {
        assert_eq!(own.name, read.name.as_str());
        check_properties(&own.properties, &read.properties);
        check_components(&own.components, &read.components);
    }
}

fn check_properties(own: &[Property<'_>], read: &[ReadProperty<'_>]) {
    assert_eq!(own.len(), read.len());
    for (own, read) in own.iter().zip(read) {
        assert_eq!(own.name, read.name.as_str());
        // It takes white space away, and unescapes what is a text.
        let value = read.val.as_str().trim();
        let is_text = || plain(own.value).trim() == value;
        assert!(own.value.trim() == value || is_text(), "{own:?} {value:?}");
    }
}
