//! Every kind of booking, stated, changed and cancelled, for a user of each provider.

use crate::Failure;
use calport_e2e::{
    World,
    accounts::{CASEY, WORK},
};
use calport_standins::ConsentChoice;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// Whoever looks at the stand-ins afterwards sees all that was sent.
pub(crate) async fn everything() -> Result<World, Failure> {
    let world = World::start().await?;
    let allow = ConsentChoice::Allow;
    assert_eq!(
        world.connect("ann", CASEY, &allow).await?.status(),
        "connected"
    );
    assert_eq!(
        world.connect_outlook("bob", WORK, &allow).await?.status(),
        "connected"
    );
    for (index, kind) in kinds().iter().enumerate() {
        let path = format!("/api/jobs/{index}/");
        for revision in 1..=3 {
            let body = booking(revision, kind);
            let reply = world.platform(Method::PUT, &path, Some(&body)).await?;
            assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
            for user in ["ann", "bob"] {
                let state = world.settled(&path, user).await?;
                assert_eq!(state["state"], "in_calendar", "{kind}: {state}");
            }
        }
        world.platform(Method::DELETE, &path, None).await?;
    }
    world
        .google_events(CASEY, "primary", <[Value]>::is_empty)
        .await?;
    world
        .outlook_events(WORK, "Calendar", <[Value]>::is_empty)
        .await?;
    let busy = "/api/calendar/busy/?from=2031-12-01T00:00:00Z&to=2031-12-31T00:00:00Z";
    for user in ["ann", "bob"] {
        let reply = world.user(user, Method::GET, busy, None).await?;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    }
    Ok(world)
}

/// The second revision has other texts, the third is tentative and has lost what is optional.
fn booking(revision: u32, kind: &Value) -> Value {
    let mut body = json!({
        "revision": revision, "title": format!("Deep clean {revision}"),
        "participants": [{"user": "ann", "role": "customer"}, {"user": "bob", "role": "staff"}],
    });
    if revision < 3 {
        body["description"] = json!("Key under the mat");
        body["location"] = json!("1 High St");
        body["url"] = json!("https://platform.example/jobs/17");
        body["reminders"] = json!([60, 1_440]);
        body["organizer"] = json!({"name": "Platform", "email": "hello@platform.example"});
        body["attendees"] =
            json!([{"name": "Jane", "email": "jane@b.example"}, {"email": "j@b.example"}]);
    } else {
        body["status"] = json!("tentative");
    }
    for (name, value) in kind.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

fn kinds() -> Vec<Value> {
    let timed = json!({
        "start": "2031-12-01T10:00:00Z", "end": "2031-12-01T12:00:00Z", "zone": "Europe/London",
    });
    let days = json!({"start_date": "2031-12-01", "end_date": "2031-12-03"});
    let with = |base: &Value, rule: &str, excluded: Value| {
        let mut body = base.clone();
        body["recurrence"] = json!({"rule": rule, "excluded": excluded});
        body
    };
    // 1 December 2031 is a Monday.
    vec![
        timed.clone(),
        days.clone(),
        with(&timed, "FREQ=DAILY;INTERVAL=2;COUNT=9", json!([])),
        with(
            &timed,
            "FREQ=WEEKLY;BYDAY=MO,FR;WKST=SU;COUNT=9",
            json!(["2031-12-08T10:00:00Z"]),
        ),
        with(
            &timed,
            "FREQ=MONTHLY;BYMONTHDAY=1;UNTIL=20320601T100000Z",
            json!([]),
        ),
        with(&timed, "FREQ=MONTHLY;BYDAY=1MO", json!([])),
        with(
            &timed,
            "FREQ=YEARLY;BYMONTH=12;BYDAY=1MO;COUNT=5",
            json!([]),
        ),
        with(&days, "FREQ=YEARLY;COUNT=3", json!([])),
        with(&days, "FREQ=WEEKLY;COUNT=3", json!(["2031-12-08"])),
    ]
}
