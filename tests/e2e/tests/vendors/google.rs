//! The Calendar API's methods and schemas, read from Google's discovery document.

use crate::{Failure, run};
use calport_e2e::{Foreign, answer};
use reqwest::Method;
use serde_json::{Map, Value, json};

/// In front of every path of the API.
const ROOT: &str = "/calendar/v3/";

/// Prints the document out of the installed package, without importing the package itself.
const SHOW: &str = "import importlib.metadata as m; \
     d = m.distribution('google-api-python-client'); \
     p = 'googleapiclient/discovery_cache/documents/calendar.v3.json'; \
     print(d.locate_file(p).read_text(encoding='utf-8'))";

struct Document(Value);

impl Document {
    fn find() -> Result<Option<Self>, Failure> {
        let Some(foreign) = Foreign::find(env!("CARGO_TARGET_TMPDIR"))? else {
            return Ok(None);
        };
        let text = answer(foreign.python().args(["-c", SHOW]), Vec::new())?;
        let document: Value = serde_json::from_slice(&text)?;
        println!(
            "described by Google's calendar {}, revision {}",
            document["version"], document["revision"]
        );
        Ok(Some(Self(document)))
    }

    /// The method that a request calls; `path` is relative to the API's root.
    fn method(&self, method: &Method, path: &str) -> Option<&Value> {
        let resources = self.0["resources"].as_object()?;
        let methods = resources
            .values()
            .filter_map(|resource| resource["methods"].as_object());
        methods.flat_map(Map::values).find(|found| {
            let template = found["path"].as_str().unwrap_or_default();
            let segments = || template.split('/').zip(path.split('/'));
            found["httpMethod"] == method.as_str()
                && template.split('/').count() == path.split('/').count()
                && segments().all(|(wanted, given)| wanted.starts_with('{') || wanted == given)
        })
    }

    /// Whatever in the value is not as described. `null` clears a field, whichever it is.
    fn mistakes(&self, schema: &Value, value: &Value, path: &str) -> Vec<String> {
        if let Some(name) = schema["$ref"].as_str() {
            return self.mistakes(&self.0["schemas"][name], value, path);
        }
        let wrong = || vec![format!("{path} is no {}: {value}", schema["type"])];
        let fits = match (schema["type"].as_str().unwrap_or_default(), value) {
            (_, Value::Null) | ("any", _) => true,
            ("string", Value::String(word)) => schema["enum"]
                .as_array()
                .is_none_or(|words| words.iter().any(|known| known == word)),
            ("boolean", Value::Bool(_)) => true,
            ("integer", Value::Number(number)) => number.is_i64(),
            ("number", Value::Number(_)) => true,
            ("array", Value::Array(list)) => {
                let each = list.iter().enumerate();
                return each
                    .flat_map(|(index, value)| {
                        self.mistakes(&schema["items"], value, &format!("{path}[{index}]"))
                    })
                    .collect();
            }
            ("object", Value::Object(fields)) => {
                return fields
                    .iter()
                    .flat_map(|(name, value)| {
                        let path = format!("{path}.{name}");
                        let named = schema["properties"].get(name);
                        match named.or_else(|| schema.get("additionalProperties")) {
                            None => vec![format!("{path} is not described")],
                            Some(field) if is_read_only(field) => {
                                vec![format!("{path} is read-only")]
                            }
                            Some(field) => self.mistakes(field, value, &path),
                        }
                    })
                    .collect();
            }
            _ => false,
        };
        if fits { Vec::new() } else { wrong() }
    }

    /// The same for the names in a query.
    fn unknown_parameters(&self, method: &Value, query: &[(String, String)]) -> Vec<String> {
        let known = |name: &str| {
            method["parameters"]
                .get(name)
                .or_else(|| self.0["parameters"].get(name))
                .is_some()
        };
        query
            .iter()
            .map(|(name, _)| name.clone())
            .filter(|name| !known(name))
            .collect()
    }
}

fn is_read_only(field: &Value) -> bool {
    let described = field["description"].as_str().unwrap_or_default();
    field["readOnly"] == true
        || described.contains("Read-only.")
        || described.contains("Output only.")
}

#[tokio::test]
async fn google_gets_no_method_parameter_or_field_that_it_does_not_describe() -> Result<(), Failure>
{
    let Some(document) = Document::find()? else {
        return Ok(());
    };
    let world = run::everything().await?;
    let requests = world.google.requests().back_channel();
    let calls = requests.filter(|request| request.path.starts_with(ROOT));
    let mut bodies = 0;
    for call in &*calls {
        let path = &call.path[ROOT.len()..];
        let which = format!("{} {path}", call.method);
        let method = document.method(&call.method, path).ok_or(which.as_str())?;
        assert_eq!(
            document.unknown_parameters(method, &call.query),
            [""; 0],
            "{which}"
        );
        if call.body.is_empty() {
            continue;
        }
        bodies += 1;
        let body = call.json();
        assert!(
            body.is_object() && method["request"].is_object(),
            "{which}: {:?}",
            call.body
        );
        let mistakes = document.mistakes(&method["request"], &body, "body");
        assert!(mistakes.is_empty(), "{which}: {mistakes:?}\n{body}");
    }
    println!("{} calls and {bodies} bodies were compared", calls.len());
    let of = |method: Method| calls.method(&method).len();
    assert!(
        of(Method::POST) >= 9 && of(Method::PATCH) >= 18 && bodies >= 27,
        "{bodies}"
    );
    Ok(())
}

#[test]
fn the_document_finds_what_is_wrong_in_an_event() -> Result<(), Failure> {
    let Some(document) = Document::find()? else {
        return Ok(());
    };
    let insert = document
        .method(&Method::POST, "calendars/primary/events")
        .ok_or("insert")?;
    assert!(
        document
            .method(&Method::POST, "calendars/primary/event")
            .is_none()
    );
    assert_eq!(insert["id"], "calendar.events.insert");
    let query = [
        ("sendUpdates".to_owned(), "none".to_owned()),
        ("notify".to_owned(), "0".to_owned()),
    ];
    assert_eq!(document.unknown_parameters(insert, &query), ["notify"]);
    let right = json!({
        "summary": "x", "start": {"dateTime": "2031-12-01T10:00:00Z"}, "recurrence": ["RRULE:FREQ=DAILY"],
        "extendedProperties": {"private": {"anything": "x"}}, "location": null,
        "reminders": {"useDefault": false, "overrides": [{"method": "popup", "minutes": 60}]},
    });
    let mistakes = |body: &Value| document.mistakes(&insert["request"], body, "");
    assert_eq!(mistakes(&right), [""; 0]);
    for (field, value) in [
        ("title", json!("x")),
        ("summary", json!(1)),
        ("htmlLink", json!("x")),
        ("start", json!({"day": "2031-12-01"})),
        ("recurrence", json!("RRULE:FREQ=DAILY")),
        ("reminders", json!({"overrides": [{"minute": 60}]})),
        ("reminders", json!({"overrides": [{"minutes": "60"}]})),
        ("extendedProperties", json!({"private": {"anything": 1}})),
    ] {
        let mut wrong = right.clone();
        wrong[field] = value;
        assert_eq!(mistakes(&wrong).len(), 1, "{wrong}");
    }
    Ok(())
}
