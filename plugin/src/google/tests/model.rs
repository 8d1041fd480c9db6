//! A calendar as Google keeps it: ids once used stay used, deleted events are kept
//! as cancelled, each write makes a new etag. Faults strike at a chosen request.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Value, json};

use crate::http::{Failure, Method, Request};
use crate::outside::fake::{Fake, Reply, json as reply, response};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It takes effect, and the reply is lost.
    LostAfterCommit,
    /// It takes effect, and the answer is 503.
    UnavailableAfterCommit,
    /// It takes no effect, and the answer is 503.
    UnavailableBefore,
    /// Nothing reaches Google.
    LostBefore,
    /// Success, with a body cut in the middle.
    TruncatedAfterCommit,
    /// Somebody else changes the event just before.
    ChangedBefore,
}

#[derive(Default)]
pub(super) struct Model {
    /// By calendar, then by id.
    pub(super) calendars: BTreeMap<String, BTreeMap<String, Value>>,
    /// By the number of the request, the first being 0.
    pub(super) faults: BTreeMap<usize, Fault>,
    /// Deleted events cannot be brought back.
    pub(super) refuses_revival: Option<u16>,
    requests: usize,
    version: u32,
}

/// A model with a `primary` calendar and one named `work`, wired to a world.
pub(super) fn model(world: &Fake) -> Rc<RefCell<Model>> {
    let model = Rc::new(RefCell::new(Model::default()));
    for id in ["primary", "work@group.example"] {
        model
            .borrow_mut()
            .calendars
            .insert(id.into(), BTreeMap::new());
    }
    let served = Rc::clone(&model);
    world.serve(move |request| served.borrow_mut().answer(request));
    model
}

impl Model {
    /// Events that a user sees.
    pub(super) fn visible(&self) -> Vec<Value> {
        self.calendars
            .values()
            .flat_map(BTreeMap::values)
            .filter(|e| e["status"] != "cancelled")
            .cloned()
            .collect()
    }

    pub(super) fn touch(&mut self, calendar: &str, id: &str, change: impl FnOnce(&mut Value)) {
        self.version += 1;
        let etag = format!("\"v{}\"", self.version);
        let event = self
            .calendars
            .get_mut(calendar)
            .unwrap()
            .get_mut(id)
            .unwrap();
        change(event);
        event["etag"] = etag.into();
    }

    fn answer(&mut self, request: &Request) -> Reply {
        let fault = self.faults.remove(&self.requests);
        self.requests += 1;
        match fault {
            Some(Fault::LostBefore) => return Err(Failure::NoReply),
            Some(Fault::UnavailableBefore) => return Ok(response(503, "")),
            Some(Fault::ChangedBefore) => self.touch_all(),
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

    fn touch_all(&mut self) {
        let all: Vec<(String, String)> = self
            .calendars
            .iter()
            .flat_map(|(calendar, events)| events.keys().map(|id| (calendar.clone(), id.clone())))
            .collect();
        for (calendar, id) in all {
            self.touch(&calendar, &id, |event| event["colorId"] = "7".into());
        }
    }

    fn handle(&mut self, request: &Request) -> Reply {
        let path = request
            .url
            .path()
            .strip_prefix("/calendar/v3/")
            .unwrap()
            .to_owned();
        let segments: Vec<String> = path.split('/').map(decoded).collect();
        let names: Vec<&str> = segments.iter().map(String::as_str).collect();
        let body = || serde_json::from_slice::<Value>(request.body.as_deref().unwrap()).unwrap();
        match (request.method, names.as_slice()) {
            (Method::Get, ["users", "me", "calendarList", "primary"]) => {
                reply(200, &json!({ "id": "me@gmail.example" }))
            }
            (Method::Post, ["calendars", calendar, "events"]) => self.insert(calendar, body()),
            (method, ["calendars", calendar, "events", id]) => {
                let silent = (method != Method::Get).then_some("sendUpdates=none");
                assert_eq!(request.url.query(), silent, "Google refuses it on reads");
                let if_match = request
                    .headers
                    .iter()
                    .find(|(name, _)| *name == "if-match")
                    .map(|(_, v)| v.clone());
                let Some(found) = self
                    .calendars
                    .get(*calendar)
                    .and_then(|events| events.get(*id))
                    .cloned()
                else {
                    return trouble(404, "notFound");
                };
                if if_match.is_some_and(|etag| found["etag"] != etag) {
                    return trouble(412, "conditionNotMet");
                }
                match method {
                    Method::Get => reply(200, &found),
                    Method::Patch => self.patch(calendar, id, &found, &body()),
                    Method::Delete if found["status"] == "cancelled" => trouble(410, "deleted"),
                    Method::Delete => {
                        self.touch(calendar, id, |event| event["status"] = "cancelled".into());
                        Ok(response(204, ""))
                    }
                    Method::Post => panic!("{request:?}"),
                }
            }
            _ => panic!("{request:?}"),
        }
    }

    fn insert(&mut self, calendar: &str, mut body: Value) -> Reply {
        let id = body["id"].as_str().unwrap().to_owned();
        assert!(
            (5..=1_024).contains(&id.len())
                && id
                    .bytes()
                    .all(|b| b.is_ascii_digit() || (b'a'..=b'v').contains(&b))
        );
        check_fields(&body);
        let Some(events) = self.calendars.get_mut(calendar) else {
            return trouble(404, "notFound");
        };
        if events.contains_key(&id) {
            return trouble(409, "duplicate");
        }
        body["htmlLink"] = format!("https://calendar.example/event?eid={id}").into();
        events.insert(id.clone(), body);
        self.touch(calendar, &id, |_| {});
        reply(200, &self.calendars[calendar][&id])
    }

    fn patch(&mut self, calendar: &str, id: &str, found: &Value, patch: &Value) -> Reply {
        check_fields(patch);
        if let (Some(status), true) = (self.refuses_revival, found["status"] == "cancelled") {
            return trouble(status, "forbidden");
        }
        self.touch(calendar, id, |event| merge(event, patch));
        reply(200, &self.calendars[calendar][id])
    }
}

/// RFC 7396, as Google's PATCH does it.
fn merge(target: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (name, value) in patch {
        if value.is_null() {
            target.as_object_mut().unwrap().remove(name);
        } else {
            merge(&mut target[name.as_str()], value);
        }
    }
}

/// What Google would answer with 400.
fn check_fields(body: &Value) {
    for name in ["start", "end"] {
        let moment = &body[name];
        assert!(
            moment["date"].is_null() != moment["dateTime"].is_null(),
            "{body}"
        );
        let recurs = !body["recurrence"].is_null();
        assert!(
            !recurs || moment["dateTime"].is_null() || !moment["timeZone"].is_null(),
            "{body}"
        );
    }
    let reminders = &body["reminders"];
    assert!(
        reminders["useDefault"] == reminders["overrides"].is_null(),
        "{body}"
    );
    assert!(body["attendees"].is_null(), "{body}");
}

pub(super) fn trouble(status: u16, reason: &str) -> Reply {
    reply(
        status,
        &json!({ "error": { "code": status, "message": "Words.", "errors": [{ "reason": reason }] } }),
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
