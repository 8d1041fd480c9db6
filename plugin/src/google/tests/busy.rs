use serde_json::json;

use super::*;
use crate::bindings::calport::calendar::types::{Error, Range, RetryCause};
use crate::fault::{retry, unavailable};
use crate::outside::fake::{NOW, json as reply};

const DAY: i64 = 86_400;

fn range(start: i64, end: i64) -> Range {
    Range { start, end }
}

fn ask(world: &Fake, calendars: &[&str]) -> Result<Vec<Range>, Error> {
    let calendars: Vec<String> = calendars.iter().map(|id| (*id).to_owned()).collect();
    provider::busy(world, "google", &calendars, range(NOW, NOW + DAY))
}

#[test]
fn busy_times_are_merged_cut_and_in_order() {
    let world = connected();
    world.reply(reply(
        200,
        &json!({ "calendars": {
        "a": { "busy": [
            { "start": "2026-12-01T12:00:00Z", "end": "2026-12-01T13:00:00Z" },
            { "start": "2026-12-01T09:00:00Z", "end": "2026-12-01T10:30:00Z" },
        ] },
        "b": { "busy": [
            { "start": "2026-12-01T12:30:00+00:00", "end": "2026-12-01T14:00:00.000Z" },
            { "start": "2026-12-01T14:00:00Z", "end": "2026-12-01T14:30:00Z" },
            { "start": "2026-12-01T20:00:00Z", "end": "2026-12-01T20:00:00Z" },
            { "start": "2026-12-02T09:00:00Z", "end": "2026-12-03T09:00:00Z" },
            { "start": "2026-11-30T09:00:00Z", "end": "2026-11-30T10:00:00Z" },
        ] },
    } }),
    ));
    assert_eq!(
        ask(&world, &["a", "b", "a"]),
        Ok(vec![
            range(NOW, NOW + 1_800),
            range(NOW + 7_200, NOW + 16_200),
            range(NOW + 23 * 3_600, NOW + DAY),
        ])
    );
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn without_ids_the_main_calendar_is_asked() {
    let world = connected();
    world.reply(reply(
        200,
        &json!({ "calendars": { "primary": { "busy": [] } } }),
    ));
    assert_eq!(ask(&world, &[]), Ok(vec![]));
}

#[test]
fn many_calendars_are_asked_in_several_calls() {
    let world = connected();
    let ids: Vec<String> = (0..120).map(|n| format!("c{n}")).collect();
    let all: serde_json::Map<_, _> = ids
        .iter()
        .map(|id| (id.clone(), json!({ "busy": [] })))
        .collect();
    world.replies([(); 3].map(|()| reply(200, &json!({ "calendars": all }))));
    assert_eq!(
        provider::busy(&world, "google", &ids, range(NOW, NOW + DAY)),
        Ok(vec![])
    );
    assert_eq!(world.sent().len(), 3);
}

#[test]
fn an_error_of_one_calendar_is_an_error_of_the_call() {
    for (reason, expected) in [
        ("notFound", Error::Gone),
        ("internalError", unavailable()),
        ("backendError", unavailable()),
        ("rateLimitExceeded", retry(RetryCause::RateLimited)),
        ("quotaExceeded", retry(RetryCause::QuotaExhausted)),
        ("something new", unavailable()),
    ] {
        let world = connected();
        let calendar = json!({ "errors": [{ "domain": "global", "reason": reason }], "busy": [] });
        world.reply(reply(200, &json!({ "calendars": { "a": calendar } })));
        assert_eq!(ask(&world, &["a"]), Err(expected), "{reason}");
    }
    for reason in ["groupTooBig", "tooManyCalendarsRequested", "forbidden"] {
        let world = connected();
        let calendar = json!({ "errors": [{ "reason": reason }] });
        world.reply(reply(200, &json!({ "calendars": { "a": calendar } })));
        assert!(
            matches!(ask(&world, &["a"]), Err(Error::Rejected(_))),
            "{reason}"
        );
    }
}

#[test]
fn an_answer_that_leaves_a_calendar_out_or_cannot_be_read_is_no_answer() {
    for body in [
        json!({}),
        json!({ "calendars": {} }),
        json!({ "calendars": { "a": { "busy": "always" } } }),
        json!({ "calendars": { "a": { "busy": [{ "start": "2026-12-01" , "end": "2026-12-02" }] } } }),
        json!({ "calendars": { "a": { "busy": [{ "start": "2026-12-01T00:00:00Z" }] } } }),
        json!({ "calendars": { "a": { "busy": [{ "start": 1, "end": 2 }] } } }),
    ] {
        let world = connected();
        world.reply(reply(200, &body));
        assert_eq!(ask(&world, &["a"]), Err(unavailable()), "{body}");
    }
}
