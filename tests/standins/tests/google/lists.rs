//! Reading: calendars, event lists, incremental synchronisation, busy times.

use calport_standins::{Google, GoogleConfig};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::*;

fn ids(list: &Value) -> Vec<&str> {
    list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect()
}

async fn filled(count: usize) -> Client {
    let config = GoogleConfig::default()
        .redirect_uri(REDIRECT)
        .largest_page(2);
    let client = Client::connect(Google::start(config).unwrap(), CASEY).await;
    for number in 0..count {
        let property = json!({ "private": { "calport": format!("b{number}") } });
        let id = format!("event{number}");
        let event = with(hour(), json!({ "id": id, "extendedProperties": property }));
        assert_eq!(client.insert(&event).await.0, 200);
    }
    client
}

#[tokio::test]
async fn calendars_come_in_pages_with_their_access_roles() {
    let config = GoogleConfig::default()
        .redirect_uri(REDIRECT)
        .largest_page(2);
    let client = Client::connect(Google::start(config).unwrap(), SAM).await;
    let (_, first) = client.get("users/me/calendarList").await;
    let page = first["nextPageToken"].as_str().unwrap();
    let (_, second) = client
        .get(&format!("users/me/calendarList?pageToken={page}"))
        .await;
    assert!(second.get("nextPageToken").is_none());
    let roles: Vec<&Value> = [&first, &second]
        .iter()
        .flat_map(|page| page["items"].as_array().unwrap())
        .map(|item| &item["accessRole"])
        .collect();
    assert_eq!(roles, ["owner", "writer", "reader", "owner"]);
    assert_eq!(second["items"][1]["primary"], true);
    assert_eq!(second["items"][1]["id"], SAM);
    let (_, writable) = client
        .get("users/me/calendarList?minAccessRole=owner&fields=items(id)")
        .await;
    assert_eq!(writable["items"].as_array().unwrap().len(), 2);
    assert_eq!(writable["items"][0].as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn events_are_found_by_property_uid_and_time() {
    let client = filled(3).await;
    let base = "calendars/primary/events";
    let (_, found) = client
        .get(&format!("{base}?privateExtendedProperty=calport%3Db1"))
        .await;
    assert_eq!(ids(&found), ["event1"]);
    let (_, found) = client
        .get(&format!("{base}?iCalUID=event2%40google.com"))
        .await;
    assert_eq!(ids(&found), ["event2"]);
    let (_, none) = client
        .get(&format!("{base}?timeMin=2026-12-01T11:00:00Z"))
        .await;
    assert!(ids(&none).is_empty());
    let (_, all) = client
        .get(&format!("{base}?timeMax=2026-12-01T10:00:01Z&maxResults=1"))
        .await;
    assert_eq!(ids(&all), ["event0"]);
    for wrong in [
        "timeMin=2026-12-02T00:00:00Z&timeMax=2026-12-01T00:00:00Z",
        "timeMin=2026-12-01",
        "orderBy=startTime",
        "maxResults=0",
        "pageToken=x",
        "showDeleted=1",
        "since=1",
    ] {
        assert_eq!(
            client.get(&format!("{base}?{wrong}")).await.0,
            400,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn changes_since_a_sync_token_include_deletions_until_the_token_expires() {
    let client = filled(3).await;
    let base = "calendars/primary/events";
    let (_, first) = client.get(base).await;
    assert!(first.get("nextSyncToken").is_none());
    let page = first["nextPageToken"].as_str().unwrap();
    let (_, last) = client.get(&format!("{base}?pageToken={page}")).await;
    let token = last["nextSyncToken"].as_str().unwrap().replace('=', "%3D");
    assert_eq!(
        client
            .send(Method::DELETE, &format!("{base}/event1"), None)
            .await
            .0,
        204
    );
    let (_, changes) = client.get(&format!("{base}?syncToken={token}")).await;
    assert_eq!(ids(&changes), ["event1"]);
    // Of a deleted event no more is sure than its id.
    assert_eq!(changes["items"][0]["status"], "cancelled");
    assert_eq!(changes["items"][0].get("summary"), None);
    assert_eq!(changes["items"][0].get("extendedProperties"), None);
    let beside = client
        .get(&format!(
            "{base}?syncToken={token}&timeMin=2026-01-01T00:00:00Z"
        ))
        .await;
    assert_eq!(beside.0, 400);
    let mine = "privateExtendedProperty=a%3Db";
    let beside = client
        .get(&format!("{base}?syncToken={token}&{mine}"))
        .await;
    assert_eq!(beside.0, 400);
    let other_page = client
        .get(&format!("{base}?syncToken={token}&pageToken={page}"))
        .await;
    assert_eq!(other_page.0, 400, "a page of another reading");
    let (_, shown) = client
        .get(&format!(
            "{base}?showDeleted=true&maxResults=1&pageToken=CPage1"
        ))
        .await;
    assert_eq!(ids(&shown), ["event1"]);
    client.google.expire_sync_tokens();
    let (status, body) = client.get(&format!("{base}?syncToken={token}")).await;
    assert_eq!((status, reason(&body)), (410, "fullSyncRequired"));
}

#[tokio::test]
async fn a_series_is_expanded_on_its_own_clock() {
    let client = Client::casey().await;
    let event = json!({
        "id": "series1",
        "start": { "dateTime": "2026-10-19T09:00:00", "timeZone": "Europe/London" },
        "end": { "dateTime": "2026-10-19T10:00:00", "timeZone": "Europe/London" },
        "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE;TZID=Europe/London:20261102T090000"],
    });
    assert_eq!(client.insert(&event).await.0, 200);
    let path = "calendars/primary/events?singleEvents=true&orderBy=startTime&timeZone=UTC";
    let (_, list) = client.get(path).await;
    let starts: Vec<&Value> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["start"]["dateTime"])
        .collect();
    assert_eq!(starts, ["2026-10-19T08:00:00Z", "2026-10-26T09:00:00Z"]);
    assert_eq!(
        ids(&list),
        ["series1_20261019T080000Z", "series1_20261026T090000Z"]
    );
}

#[tokio::test]
async fn busy_times_are_merged_and_leave_out_what_does_not_block() {
    let client = Client::casey().await;
    let span = |from: &str, to: &str, more: Value| {
        let event = json!({
            "start": { "dateTime": format!("2026-12-01T{from}:00Z") },
            "end": { "dateTime": format!("2026-12-01T{to}:00Z") },
        });
        with(event, more)
    };
    for event in [
        span("10:00", "11:00", json!({})),
        span("10:30", "12:00", json!({ "status": "tentative" })),
        span("14:00", "15:00", json!({ "transparency": "transparent" })),
        span("16:00", "17:00", json!({ "id": "deleted1" })),
        json!({ "start": { "date": "2026-12-02" }, "end": { "date": "2026-12-03" } }),
    ] {
        assert_eq!(client.insert(&event).await.0, 200);
    }
    assert!(client.google.delete_event(CASEY, "primary", "deleted1"));
    let query = |to: &str| {
        json!({ "timeMin": "2026-12-01T10:15:00Z", "timeMax": to,
            "items": [{ "id": "primary" }, { "id": "nowhere" }] })
    };
    let (status, body) = client
        .send(
            Method::POST,
            "freeBusy",
            Some(&query("2026-12-05T00:00:00Z")),
        )
        .await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(
        body["calendars"]["primary"]["busy"],
        json!([
            { "start": "2026-12-01T10:15:00Z", "end": "2026-12-01T12:00:00Z" },
            { "start": "2026-12-02T00:00:00Z", "end": "2026-12-03T00:00:00Z" },
        ])
    );
    assert_eq!(
        body["calendars"]["nowhere"]["errors"][0]["reason"],
        "notFound"
    );
    let (status, body) = client
        .send(
            Method::POST,
            "freeBusy",
            Some(&query("2027-06-01T00:00:00Z")),
        )
        .await;
    assert_eq!((status, reason(&body)), (400, "timeRangeTooLong"));
    let (status, body) = client
        .send(
            Method::POST,
            "freeBusy",
            Some(&query("2026-12-01T10:15:00Z")),
        )
        .await;
    assert_eq!((status, reason(&body)), (400, "timeRangeEmpty"));
    let unknown = with(query("2026-12-05T00:00:00Z"), json!({ "calendars": [] }));
    assert_eq!(
        client
            .send(Method::POST, "freeBusy", Some(&unknown))
            .await
            .0,
        400
    );
}

/// `calendar.events.freebusy` alone shows when, never what.
#[tokio::test]
async fn a_token_for_busy_times_sees_no_titles() {
    let google = start();
    let owned = "https://www.googleapis.com/auth/calendar.events.owned".to_owned();
    let client = Client::connect(google, CASEY).await;
    assert_eq!(client.insert(&hour()).await.0, 200);
    let choice = calport_standins::ConsentChoice::AllowWithout(vec![owned]);
    let client = Client::connect_as(client.google, CASEY, &choice).await;
    let (status, list) = client.get("calendars/primary/events").await;
    assert_eq!(status, 200);
    assert!(list["items"][0].get("summary").is_none());
    assert_eq!(
        list["items"][0]["start"]["dateTime"],
        "2026-12-01T10:00:00Z"
    );
}
