//! A mailbox as Graph shows it: transaction ids that are never given back, etags, our
//! own properties only where they are asked for, instances of daily series. Refuses
//! every field that Graph's `event` does not have. Faults strike at a chosen request.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Value, json};

use crate::http::{Failure, Method, Request};
use crate::outside::fake::{Fake, Reply, json as reply, response};
use crate::time::{self, Date};

/// Writable fields of `event` and `outlookItem` in @microsoft/microsoft-graph-types.
const FIELDS: [&str; 13] = [
    "subject",
    "body",
    "start",
    "end",
    "isAllDay",
    "location",
    "showAs",
    "isReminderOn",
    "reminderMinutesBeforeStart",
    "recurrence",
    "transactionId",
    "singleValueExtendedProperties",
    "sensitivity",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    LostAfterCommit,
    UnavailableAfterCommit,
    UnavailableBefore,
    LostBefore,
    TruncatedAfterCommit,
    /// Somebody else changes every event just before.
    ChangedBefore,
}

#[derive(Default)]
pub(super) struct Model {
    /// By id; each with `calendar` and `deletedStarts` beside what Graph holds.
    pub(super) events: BTreeMap<String, Value>,
    pub(super) calendars: BTreeSet<String>,
    pub(super) faults: BTreeMap<usize, Fault>,
    transactions: BTreeMap<String, String>,
    requests: usize,
    version: u32,
}

pub(super) fn model(world: &Fake) -> Rc<RefCell<Model>> {
    let model = Rc::new(RefCell::new(Model::default()));
    model
        .borrow_mut()
        .calendars
        .extend(["default/+==".to_owned(), "work/+==".to_owned()]);
    let served = Rc::clone(&model);
    world.serve(move |request| served.borrow_mut().answer(request));
    model
}

impl Model {
    pub(super) fn subjects(&self) -> Vec<String> {
        self.events
            .values()
            .map(|event| event["subject"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(super) fn touch(&mut self, id: &str, change: impl FnOnce(&mut Value)) {
        self.version += 1;
        let etag = format!("W/\"v{}\"", self.version);
        let event = self.events.get_mut(id).unwrap();
        change(event);
        event["@odata.etag"] = etag.into();
    }

    fn answer(&mut self, request: &Request) -> Reply {
        let prefer = request
            .headers
            .iter()
            .find(|(name, _)| *name == "prefer")
            .map(|(_, value)| value.as_str());
        assert!(
            prefer.is_some_and(|prefer| prefer.contains(r#"IdType="ImmutableId""#)),
            "{request:?}"
        );
        let fault = self.faults.remove(&self.requests);
        self.requests += 1;
        match fault {
            Some(Fault::LostBefore) => return Err(Failure::NoReply),
            Some(Fault::UnavailableBefore) => return Ok(response(503, "")),
            Some(Fault::ChangedBefore) => {
                for id in self.events.keys().cloned().collect::<Vec<_>>() {
                    self.touch(&id, |event| event["categories"] = json!(["mine"]));
                }
            }
            _ => {}
        }
        let answer = self.handle(request);
        match fault {
            Some(Fault::LostAfterCommit) => Err(Failure::NoReply),
            Some(Fault::UnavailableAfterCommit) => Ok(response(503, "")),
            Some(Fault::TruncatedAfterCommit) => {
                let mut answer = answer?;
                answer.body.truncate(answer.body.len() / 2);
                Ok(answer)
            }
            _ => answer,
        }
    }

    fn handle(&mut self, request: &Request) -> Reply {
        let path = request
            .url
            .path()
            .strip_prefix("/v1.0/me/")
            .unwrap()
            .to_owned();
        let segments: Vec<String> = path.split('/').map(decoded).collect();
        let names: Vec<&str> = segments.iter().map(String::as_str).collect();
        let query: BTreeMap<String, String> = request.url.query_pairs().into_owned().collect();
        let body = || serde_json::from_slice::<Value>(request.body.as_deref().unwrap()).unwrap();
        match (request.method, names.as_slice()) {
            (Method::Get, ["calendar"]) => reply(200, &json!({ "id": "default/+==" })),
            (method, ["events"]) => self.collection(method, "default/+==", &query, body),
            (method, ["calendars", calendar, "events"]) => {
                if !self.calendars.contains(*calendar) {
                    return trouble(404, "ErrorItemNotFound");
                }
                self.collection(method, calendar, &query, body)
            }
            (Method::Get, ["events", id, "instances"]) => self.instances(id, &query),
            (method, ["events", id]) => {
                if let (Method::Delete, Some((master, start))) =
                    (method, id.split_once("/occurrence/"))
                {
                    let start = Value::from(start);
                    self.touch(master, |event| {
                        event["deletedStarts"].as_array_mut().unwrap().push(start)
                    });
                    return Ok(response(204, ""));
                }
                let Some(found) = self.events.get(*id).cloned() else {
                    return trouble(404, "ErrorItemNotFound");
                };
                let if_match = request.headers.iter().find(|(name, _)| *name == "if-match");
                if if_match.is_some_and(|(_, etag)| found["@odata.etag"] != *etag) {
                    return trouble(412, "ErrorIrresolvableConflict");
                }
                match method {
                    Method::Get => reply(200, &shown(&found, query.contains_key("$expand"))),
                    Method::Patch => self.patch(id, &body()),
                    Method::Delete => {
                        self.events.remove(*id);
                        Ok(response(204, ""))
                    }
                    Method::Post => panic!("{request:?}"),
                }
            }
            _ => panic!("{request:?}"),
        }
    }

    fn collection(
        &mut self,
        method: Method,
        calendar: &str,
        query: &BTreeMap<String, String>,
        body: impl Fn() -> Value,
    ) -> Reply {
        if method == Method::Post {
            return self.create(calendar, body());
        }
        assert_eq!(method, Method::Get);
        let filter = &query["$filter"];
        let wanted = filter
            .split(" and ep/value eq '")
            .nth(1)
            .unwrap()
            .strip_suffix("')")
            .unwrap()
            .replace("''", "'");
        let matches = |event: &&Value| {
            let properties = event["singleValueExtendedProperties"].as_array().unwrap();
            event["calendar"] == calendar && properties.iter().any(|p| p["value"] == wanted)
        };
        let found: Vec<Value> = self
            .events
            .values()
            .filter(matches)
            .map(|event| shown(event, true))
            .collect();
        reply(200, &json!({ "value": found }))
    }

    fn create(&mut self, calendar: &str, mut body: Value) -> Reply {
        check_fields(&body);
        let transaction = body["transactionId"].as_str().unwrap().to_owned();
        if let Some(sent) = self.transactions.get(&transaction) {
            let same = self
                .events
                .values()
                .find(|event| event["transactionId"] == *transaction);
            return match same {
                Some(event) if serde_json::from_str::<Value>(sent).unwrap() == body => {
                    reply(201, &shown(event, false))
                }
                _ => trouble(
                    if self.version.is_multiple_of(2) {
                        400
                    } else {
                        409
                    },
                    "ErrorDuplicateTransactionId",
                ),
            };
        }
        self.transactions.insert(transaction, body.to_string());
        let id = format!("AAMk{}/+==", self.version);
        body["id"] = id.clone().into();
        body["calendar"] = calendar.into();
        body["deletedStarts"] = json!([]);
        body["webLink"] = "https://outlook.example/owa/?itemid=1".into();
        self.events.insert(id.clone(), body);
        self.touch(&id, |_| {});
        reply(201, &shown(&self.events[&id], false))
    }

    fn patch(&mut self, id: &str, patch: &Value) -> Reply {
        check_fields(patch);
        assert!(
            patch["transactionId"].is_null() && patch["recurrence"].is_null(),
            "{patch}"
        );
        let is_series = !self.events[id]["recurrence"].is_null();
        self.touch(id, |event| {
            for (name, value) in patch.as_object().unwrap() {
                event[name] = value.clone();
            }
            if is_series && !patch["start"].is_null() {
                event["deletedStarts"] = json!([]);
            }
        });
        reply(200, &shown(&self.events[id], false))
    }

    /// Starts of a daily series in UTC.
    pub(super) fn starts(&self, id: &str) -> Vec<i64> {
        let event = &self.events[id];
        let (first, _) =
            time::parse_extended(event["start"]["dateTime"].as_str().unwrap()).unwrap();
        assert_eq!(event["recurrence"]["pattern"]["type"], "daily");
        let count = event["recurrence"]["range"]["numberOfOccurrences"]
            .as_i64()
            .unwrap();
        (0..count)
            .map(|n| first + n * 86_400)
            .filter(|start| {
                !event["deletedStarts"]
                    .as_array()
                    .unwrap()
                    .contains(&time::rfc3339(*start).into())
            })
            .collect()
    }

    fn instances(&mut self, id: &str, query: &BTreeMap<String, String>) -> Reply {
        if !self.events.contains_key(id) {
            return trouble(404, "ErrorItemNotFound");
        }
        let range = time::parse_rfc3339(&query["startDateTime"]).unwrap()
            ..time::parse_rfc3339(&query["endDateTime"]).unwrap();
        let starts = self
            .starts(id)
            .into_iter()
            .filter(|start| range.contains(start))
            .map(time::rfc3339);
        let value: Vec<Value> = starts
            .map(
                |start| json!({ "id": format!("{id}/occurrence/{start}"), "originalStart": start }),
            )
            .collect();
        reply(200, &json!({ "value": value }))
    }
}

/// As Graph answers: in UTC, CRLF at the body's end, our properties only on demand.
fn shown(event: &Value, expanded: bool) -> Value {
    let mut event = event.clone();
    for name in ["start", "end"] {
        let zone = event[name]["timeZone"].as_str().unwrap().to_owned();
        let local = event[name]["dateTime"].as_str().unwrap().to_owned();
        let (at, _) = time::parse_extended(&local).unwrap();
        // The model's only other zone, in winter.
        let at = if zone == "W. Europe Standard Time" {
            at - 3_600
        } else {
            at
        };
        event[name] =
            json!({ "dateTime": format!("{}.0000000", time::extended(at)), "timeZone": "UTC" });
    }
    let content = format!(
        "{}\r\n",
        event["body"]["content"]
            .as_str()
            .unwrap()
            .replace('\n', "\r\n")
    );
    event["body"]["content"] = content.into();
    let event_fields = event.as_object_mut().unwrap();
    event_fields.remove("calendar");
    event_fields.remove("deletedStarts");
    if !expanded {
        event_fields.remove("singleValueExtendedProperties");
    }
    event
}

/// What Graph would answer with 400.
fn check_fields(body: &Value) {
    for name in body.as_object().unwrap().keys() {
        assert!(
            FIELDS.contains(&name.as_str()),
            "Graph's event has no {name}"
        );
    }
    assert_eq!(body["body"]["contentType"], "text");
    if body["isAllDay"] == true {
        for name in ["start", "end"] {
            let (at, _) = time::parse_extended(body[name]["dateTime"].as_str().unwrap()).unwrap();
            assert_eq!(at, Date::of(at).midnight());
        }
    }
    if !body["recurrence"].is_null() {
        let start = body["start"]["dateTime"].as_str().unwrap();
        assert_eq!(body["recurrence"]["range"]["startDate"], start[..10]);
    }
    assert!(body["subject"].as_str().unwrap().encode_utf16().count() <= 255);
}

pub(super) fn trouble(status: u16, code: &str) -> Reply {
    reply(
        status,
        &json!({ "error": { "code": code, "message": "Words." } }),
    )
}

fn decoded(segment: &str) -> String {
    let pairs = format!("x={}", segment.replace('+', "%2B"));
    url::form_urlencoded::parse(pairs.as_bytes())
        .next()
        .unwrap()
        .1
        .into_owned()
}
