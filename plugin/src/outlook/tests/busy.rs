use serde_json::{Value, json};

use super::model::trouble;
use super::*;
use crate::bindings::calport::calendar::types::Range;
use crate::fault::unavailable;
use crate::outside::fake::{NOW, json as reply};

fn view(start: &str, end: &str, shown: &str) -> Value {
    let moment =
        |at: &str| json!({ "dateTime": format!("2026-12-01T{at}:00.0000000"), "timeZone": "UTC" });
    json!({ "start": moment(start), "end": moment(end), "showAs": shown })
}

fn ask(world: &Fake, calendars: &[&str]) -> Result<Vec<Range>, Error> {
    let calendars: Vec<String> = calendars.iter().map(|id| (*id).to_owned()).collect();
    provider::busy(
        world,
        "outlook",
        &calendars,
        Range {
            start: NOW,
            end: NOW + 86_400,
        },
    )
}

#[test]
fn busy_times_come_from_all_pages_and_calendars_and_free_ones_do_not() {
    let world = connected();
    let mut cancelled = view("20:00", "21:00", "busy");
    cancelled["isCancelled"] = true.into();
    world.replies([
        reply(200, &json!({
            "value": [view("12:00", "13:00", "busy"), view("14:00", "15:00", "free"), view("14:00", "15:00", "workingElsewhere")],
            "@odata.nextLink": "https://graph.microsoft.com/v1.0/me/calendarView?$skip=3",
        })),
        reply(200, &json!({ "value": [view("12:30", "13:30", "oof"), cancelled] })),
        reply(200, &json!({ "value": [view("16:00", "17:00", "tentative"), view("18:00", "19:00", "unknown")] })),
    ]);
    let hours = |start: i64, minutes: i64| Range {
        start: NOW + start * 3_600,
        end: NOW + start * 3_600 + minutes * 60,
    };
    assert_eq!(
        ask(&world, &["primary", "a/+="]),
        Ok(vec![hours(2, 90), hours(6, 60), hours(8, 60)])
    );
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn the_users_token_goes_to_no_other_host() {
    for link in [
        "https://evil.example/v1.0/me/calendarView",
        "http://graph.microsoft.com/v1.0/me/calendarView",
        "https://graph.microsoft.com:8443/v1.0/me",
        "https://graph.microsoft.com@evil.example/",
        "https://graph.microsoft.com.evil.example/",
        "//evil.example/",
        "not a link",
    ] {
        let world = connected();
        world.reply(reply(200, &json!({ "value": [], "@odata.nextLink": link })));
        assert_eq!(ask(&world, &[]), Err(unavailable()), "{link}");
        assert_eq!(world.sent().len(), 1);
    }
    let world = connected();
    let again = "https://graph.microsoft.com/v1.0/me/calendarView?again";
    world.serve(move |_| reply(200, &json!({ "value": [], "@odata.nextLink": again })));
    assert_eq!(ask(&world, &[]), Err(unavailable()));
    assert_eq!(world.sent().len(), 20);
}

#[test]
fn a_time_that_is_not_in_utc_is_not_guessed() {
    for moment in [
        json!({ "dateTime": "2026-12-01T12:00:00", "timeZone": "Pacific Standard Time" }),
        json!({ "dateTime": "2026-12-01T12:00:00" }),
        json!({ "dateTime": "2026-12-01", "timeZone": "UTC" }),
        json!({ "dateTime": "2026-12-01T12:00:00+01:00", "timeZone": "UTC" }),
        json!(null),
    ] {
        let world = connected();
        let item = json!({ "start": moment, "end": moment, "showAs": "busy" });
        world.reply(reply(200, &json!({ "value": [item] })));
        assert_eq!(ask(&world, &[]), Err(unavailable()), "{moment}");
    }
}

#[test]
fn a_calendar_that_is_gone_is_told_as_gone() {
    let world = connected();
    world.reply(trouble(404, "ErrorItemNotFound"));
    assert_eq!(ask(&world, &["a"]), Err(Error::Gone));
}
