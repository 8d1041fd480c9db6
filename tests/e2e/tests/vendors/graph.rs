//! Microsoft Graph's types, read from the declarations that Microsoft publishes for TypeScript.

use crate::{Failure, run};
use calport_e2e::Foreign;
use reqwest::Method;
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs};

/// The declarations call these read-only; Graph's guide to extended properties sets them when
/// it creates and when it updates an event.
const WRITABLE_ALL_THE_SAME: [(&str, &str); 2] = [
    ("Event", "singleValueExtendedProperties"),
    ("SingleValueLegacyExtendedProperty", "id"),
];

#[derive(Debug, Default)]
struct Interface {
    base: Option<String>,
    fields: BTreeMap<String, Field>,
}

#[derive(Debug)]
struct Field {
    kind: String,
    read_only: bool,
}

#[derive(Debug, Default)]
struct Declarations {
    interfaces: BTreeMap<String, Interface>,
    /// The words of each enumeration.
    words: BTreeMap<String, Vec<String>>,
}

impl Declarations {
    /// Reads a generated file: one declaration or field a line, comments before what they are
    /// about. What it does not understand is missing afterwards, and a body that needs it fails.
    fn parse(text: &str) -> Self {
        let mut all = Self::default();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some(rest) = line.strip_prefix("export type ") {
                let mut declaration = rest.to_owned();
                while !declaration.ends_with(';') {
                    let Some(more) = lines.next() else { break };
                    declaration.push_str(more);
                }
                let (name, words) = declaration.split_once(" =").unwrap_or_default();
                let words = words.split('"').skip(1).step_by(2).map(str::to_owned);
                all.words.insert(name.to_owned(), words.collect());
            } else if let Some(rest) = line.strip_prefix("export interface ") {
                let head = rest.trim_end_matches(['{', '}', ' ']);
                let (name, base) = match head.split_once(" extends ") {
                    Some((name, base)) => (name, Some(base.to_owned())),
                    None => (head, None),
                };
                let mut interface = Interface {
                    base,
                    ..Interface::default()
                };
                let mut comment = String::new();
                // One without fields is closed where it is opened.
                while !rest.ends_with('}') {
                    let Some(line) = lines.next().filter(|line| *line != "}") else {
                        break;
                    };
                    let line = line.trim();
                    if line.starts_with(['/', '*']) {
                        comment.push_str(line);
                    } else if let Some((name, kind)) = line.trim_end_matches(';').split_once("?: ")
                    {
                        let field = Field {
                            kind: kind.to_owned(),
                            read_only: comment.contains("Read-only"),
                        };
                        interface.fields.insert(name.to_owned(), field);
                        comment.clear();
                    }
                }
                all.interfaces.insert(name.to_owned(), interface);
            }
        }
        all
    }

    /// The field and the interface that declares it.
    fn field(&self, interface: &str, name: &str) -> Option<&Field> {
        let found = self.interfaces.get(interface)?;
        match (found.fields.get(name), &found.base) {
            (Some(field), _) => Some(field),
            (None, Some(base)) => self.field(base, name),
            (None, None) => None,
        }
    }

    /// Whatever in the value is not as declared.
    fn mistakes(&self, kind: &str, value: &Value, path: &str) -> Vec<String> {
        let nullable = kind
            .strip_prefix("NullableOption<")
            .and_then(|kind| kind.strip_suffix('>'));
        let kind = match nullable {
            Some(_) if value.is_null() => return Vec::new(),
            Some(kind) => kind,
            None => kind,
        };
        let wrong = || vec![format!("{path} is not a {kind}: {value}")];
        if let Some(kind) = kind.strip_suffix("[]") {
            let Some(list) = value.as_array() else {
                return wrong();
            };
            let each = list.iter().enumerate();
            return each
                .flat_map(|(index, value)| self.mistakes(kind, value, &format!("{path}[{index}]")))
                .collect();
        }
        let fits = match (kind, value) {
            ("string", Value::String(_))
            | ("number", Value::Number(_))
            | ("boolean", Value::Bool(_)) => true,
            (_, Value::String(word)) => self
                .words
                .get(kind)
                .is_some_and(|words| words.contains(word)),
            (_, Value::Object(fields)) if self.interfaces.contains_key(kind) => {
                return fields
                    .iter()
                    .flat_map(|(name, value)| {
                        let path = format!("{path}.{name}");
                        match self.field(kind, name) {
                            None => vec![format!("{path} is not a field of {kind}")],
                            Some(field)
                                if field.read_only
                                    && !WRITABLE_ALL_THE_SAME.contains(&(kind, name)) =>
                            {
                                vec![format!("{path} is read-only in {kind}")]
                            }
                            Some(field) => self.mistakes(&field.kind, value, &path),
                        }
                    })
                    .collect();
            }
            _ => false,
        };
        if fits { Vec::new() } else { wrong() }
    }
}

fn declarations() -> Result<Option<Declarations>, Failure> {
    let Some(foreign) = Foreign::find(env!("CARGO_TARGET_TMPDIR"))? else {
        return Ok(None);
    };
    let package = foreign
        .node()
        .join("node_modules/@microsoft/microsoft-graph-types");
    let about: Value = serde_json::from_slice(&fs::read(package.join("package.json"))?)?;
    println!(
        "declared by @microsoft/microsoft-graph-types {}",
        about["version"]
    );
    let text = fs::read_to_string(package.join("microsoft-graph.d.ts"))?;
    Ok(Some(Declarations::parse(&text)))
}

#[tokio::test]
async fn graph_gets_no_field_word_or_type_that_its_event_does_not_have() -> Result<(), Failure> {
    let Some(declared) = declarations()? else {
        return Ok(());
    };
    let world = run::everything().await?;
    let requests = world.outlook.requests().back_channel();
    let sent =
        requests.filter(|request| !request.body.is_empty() && request.path.starts_with("/v1.0/"));
    for request in &*sent {
        assert!(
            request.path.contains("/events"),
            "{} {}",
            request.method,
            request.path
        );
        let body = request.json();
        assert!(body.is_object(), "{:?}", request.body);
        let mistakes = declared.mistakes("Event", &body, "event");
        assert!(
            mistakes.is_empty(),
            "{} {}: {mistakes:?}\n{body}",
            request.method,
            request.path
        );
    }
    let of = |method: Method| sent.filter(|request| request.method == method).len();
    let (created, changed) = (of(Method::POST), of(Method::PATCH));
    println!("{created} creations and {changed} changes were compared");
    assert!(created >= 9 && changed >= 18, "{created} {changed}");
    assert!(requests.method(&Method::DELETE).len() >= 9);
    Ok(())
}

#[test]
fn declarations_find_what_is_wrong_in_an_event() -> Result<(), Failure> {
    let Some(declared) = declarations()? else {
        return Ok(());
    };
    let right = json!({
        "subject": "x", "showAs": "busy", "categories": ["a"], "recurrence": null,
        "start": {"dateTime": "2031-12-01T10:00:00", "timeZone": "UTC"},
        "attendees": [{"type": "required", "emailAddress": {"address": "a@b.example"}}],
        "singleValueExtendedProperties": [{"id": "String {0} Name x", "value": "y"}],
    });
    assert_eq!(declared.mistakes("Event", &right, ""), [""; 0]);
    for (field, value) in [
        ("title", json!("x")),
        ("subject", json!(1)),
        ("showAs", json!("occupied")),
        ("iCalUId", json!("x")),
        ("id", json!("x")),
        ("webLinks", json!(null)),
        ("isAllDay", json!("true")),
        ("start", json!({"date": "2031-12-01"})),
        ("body", json!({"contentType": "markdown"})),
        ("recurrence", json!({"pattern": {"type": "hourly"}})),
        ("recurrence", json!({"range": {"count": 1}})),
        ("recurrence", json!({"pattern": {"daysOfWeek": ["mo"]}})),
        (
            "attendees",
            json!([{"emailAddress": {"email": "a@b.example"}}]),
        ),
        (
            "singleValueExtendedProperties",
            json!([{"id": "x", "values": []}]),
        ),
    ] {
        let mut wrong = right.clone();
        wrong[field] = value;
        assert_eq!(declared.mistakes("Event", &wrong, "").len(), 1, "{wrong}");
    }
    Ok(())
}
