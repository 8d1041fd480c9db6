//! Recurring events: expansion, single occurrences, and what a change does to them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::*;

const WINDOW: &str = "startDateTime=2026-10-01T00:00:00Z&endDateTime=2027-01-01T00:00:00Z";

fn weekly() -> Value {
    json!({
        "subject": "Garden care",
        "start": at("2026-10-19T09:00:00", "GMT Standard Time"),
        "end": at("2026-10-19T10:00:00", "GMT Standard Time"),
        "recurrence": {
            "pattern": { "type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "monday" },
            "range": { "type": "numbered", "startDate": "2026-10-19", "numberOfOccurrences": 3,
                "recurrenceTimeZone": "GMT Standard Time" },
        },
    })
}

fn starts(list: &Value) -> Vec<&str> {
    let all = list["value"].as_array().unwrap();
    all.iter()
        .map(|event| event["start"]["dateTime"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_series_is_expanded_on_its_own_clock_and_loses_single_occurrences() {
    let client = Client::casey().await;
    let (status, made) = client.post(&weekly()).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(made["type"], "seriesMaster");
    let path = Client::path(&made);
    let (_, instances) = client.get(&format!("{path}/instances?{WINDOW}")).await;
    let all = [
        "2026-10-19T08:00:00.0000000",
        "2026-10-26T09:00:00.0000000",
        "2026-11-02T09:00:00.0000000",
    ];
    assert_eq!(starts(&instances), all);
    let second = &instances["value"][1];
    assert_eq!(
        (&second["type"], &second["seriesMasterId"]),
        (&json!("occurrence"), &made["id"])
    );
    assert_eq!(
        client.get(&Client::path(second)).await.1["start"],
        second["start"]
    );

    assert_eq!(
        client
            .send(Method::DELETE, &Client::path(second), None)
            .await
            .0,
        204
    );
    assert_eq!(
        client
            .send(Method::DELETE, &Client::path(second), None)
            .await
            .0,
        404
    );
    let (_, view) = client.get(&format!("me/calendarView?{WINDOW}")).await;
    assert_eq!(starts(&view), [all[0], all[2]]);
    let rename = json!({ "subject": "Garden" });
    assert_eq!(
        client.send(Method::PATCH, &path, Some(&rename)).await.0,
        200
    );
    assert_eq!(
        starts(&client.get(&format!("me/calendarView?{WINDOW}")).await.1).len(),
        2
    );
    // New times bring back what was deleted.
    let later = json!({ "end": at("2026-10-19T10:30:00", "GMT Standard Time") });
    assert_eq!(client.send(Method::PATCH, &path, Some(&later)).await.0, 200);
    assert_eq!(
        starts(&client.get(&format!("me/calendarView?{WINDOW}")).await.1).len(),
        3
    );
    assert_eq!(
        client
            .get("me/calendarView?startDateTime=2026-10-01T00:00:00Z")
            .await
            .0,
        400
    );
    assert_eq!(
        client
            .get("me/calendarView?startDateTime=2026-10-01&endDateTime=2036-10-01")
            .await
            .0,
        400
    );
}

#[tokio::test]
async fn a_series_begins_on_the_first_day_that_fits_its_pattern() {
    let client = Client::casey().await;
    let mut event = weekly();
    event["recurrence"]["pattern"]["daysOfWeek"] = json!(["wednesday"]);
    let (_, made) = client.post(&event).await;
    assert_eq!(made["start"]["dateTime"], "2026-10-21T08:00:00.0000000");
    // A month without a 31st takes its last day.
    let mut monthly = weekly();
    monthly["start"] = at("2026-10-31T09:00:00", "UTC");
    monthly["end"] = at("2026-10-31T10:00:00", "UTC");
    monthly["recurrence"] = json!({
        "pattern": { "type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31 },
        "range": { "type": "endDate", "startDate": "2026-10-31", "endDate": "2026-12-31" },
    });
    let (_, made) = client.post(&monthly).await;
    let (_, list) = client
        .get(&format!("{}/instances?{WINDOW}", Client::path(&made)))
        .await;
    let days: Vec<&str> = starts(&list).iter().map(|start| &start[..10]).collect();
    assert_eq!(days, ["2026-10-31", "2026-11-30", "2026-12-31"]);
}

#[tokio::test]
async fn instances_of_a_single_event_do_not_exist() {
    let client = Client::casey().await;
    let (_, made) = client.post(&hour()).await;
    let (status, _) = client
        .get(&format!("{}/instances?{WINDOW}", Client::path(&made)))
        .await;
    assert_eq!(status, 400);
}
