//! REST bodies. One that is accepted means the same after it was stored; one that is refused is
//! refused with words that name a field, steer nothing and repeat no value.

#![no_main]

use calport_fuzz::{CANARY, check_shown, holds};
use calport_host::{
    api::{Problem, fuzzing::small_bodies},
    bookings::{Body, BodyError, BookingId, Kind, event_for},
};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|json: &[u8]| {
    let is_object = matches!(serde_json::from_slice(json), Ok(Value::Object(_)));
    match Body::parse(json) {
        Ok(body) => {
            assert!(is_object, "more or something else than one object");
            check_accepted(&body);
        }
        Err(error) => check_words(&error),
    }
    for read in small_bodies(json) {
        match read {
            Ok(()) => assert!(is_object, "more or something else than one object"),
            Err(problem) => {
                check_problem(&problem);
            }
        }
    }
    if !holds(json, CANARY)
        && let Ok(mut value) = serde_json::from_slice::<Value>(json)
    {
        mark(&mut value);
        check_silence(value.to_string().as_bytes());
    }
});

fn check_accepted(body: &Body) {
    let stored = serde_json::to_vec(body).expect("a body can be written");
    assert_eq!(Body::parse(&stored).as_ref(), Ok(body));
    let booking = BookingId {
        tenant: "default".into(),
        kind: Kind::Jobs,
        id: "17".into(),
    };
    if let Err(error) = event_for(&booking, "ann", body, 0) {
        check_words(&error);
    }
}

fn check_words(error: &BodyError) {
    for text in [&error.field, &error.problem, &error.remedy] {
        assert!(!text.is_empty(), "{error:?}");
        check_shown(text);
    }
}

/// The document as clients get it.
fn check_problem(problem: &Problem) -> Value {
    let document = serde_json::to_value(problem).expect("a problem can be written");
    for name in ["field", "detail", "remedy"] {
        let text = document[name].as_str().unwrap_or_default();
        assert!(!text.is_empty(), "{document}");
        check_shown(text);
    }
    document
}

/// Puts a canary behind every text.
fn mark(value: &mut Value) {
    match value {
        Value::String(text) => text.push_str(CANARY),
        Value::Array(items) => items.iter_mut().for_each(mark),
        Value::Object(fields) => fields.values_mut().for_each(mark),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn check_silence(json: &[u8]) {
    if let Err(error) = Body::parse(json) {
        assert!(!format!("{error:?}").contains(CANARY), "{error:?}");
    }
    for problem in small_bodies(json).into_iter().filter_map(Result::err) {
        let document = check_problem(&problem).to_string();
        assert!(!document.contains(CANARY), "{document}");
    }
}
