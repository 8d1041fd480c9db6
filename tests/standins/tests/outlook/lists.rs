//! Reading: calendars, pages, busy times, changes since the last time.

use calport_standins::Outlook;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::*;

const WINDOW: &str = "startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-31T00:00:00Z";

fn value(list: &Value) -> &Vec<Value> {
    list["value"].as_array().unwrap()
}

/// The list behind an absolute link.
async fn follow(client: &Client, link: &Value) -> (u16, Value) {
    let base = setting(&client.outlook, "OUTLOOK_GRAPH_URL");
    let path = link
        .as_str()
        .unwrap()
        .strip_prefix(&format!("{base}/"))
        .unwrap();
    client.get(path).await
}

#[tokio::test]
async fn calendars_come_in_pages_with_absolute_links() {
    let client = Client::connect(Outlook::start(config().largest_page(2)).unwrap(), SAM).await;
    let (_, first) = client
        .get("me/calendars?$select=id,name,isDefaultCalendar,canEdit")
        .await;
    assert_eq!(value(&first).len(), 2);
    let (_, second) = follow(&client, &first["@odata.nextLink"]).await;
    assert!(second.get("@odata.nextLink").is_none());
    let default = &value(&second)[0];
    assert_eq!(
        (&default["name"], &default["isDefaultCalendar"]),
        (&json!("Calendar"), &json!(true))
    );
    assert_eq!(default.as_object().unwrap().len(), 4);
    let editable: Vec<&Value> = value(&first)
        .iter()
        .map(|calendar| &calendar["canEdit"])
        .collect();
    assert_eq!(editable, [false, true]);
    assert_eq!(client.get("me/calendar").await.1["id"], default["id"]);
}

#[tokio::test]
async fn a_calendar_view_shows_busy_times_page_by_page_in_order() {
    let client = Client::connect(Outlook::start(config().largest_page(2)).unwrap(), CASEY).await;
    for day in [3, 1, 2] {
        let event = json!({
            "showAs": if day == 2 { "free" } else { "busy" },
            "start": at(&format!("2026-12-0{day}T10:00:00"), "UTC"),
            "end": at(&format!("2026-12-0{day}T11:00:00"), "UTC"),
        });
        assert_eq!(client.post(&event).await.0, 201);
    }
    let (_, first) = client
        .get(&format!(
            "me/calendarView?{WINDOW}&$select=start,end,showAs&$top=5"
        ))
        .await;
    let (_, second) = follow(&client, &first["@odata.nextLink"]).await;
    let shown: Vec<(&Value, &Value)> = value(&first)
        .iter()
        .chain(value(&second))
        .map(|event| (&event["start"]["dateTime"], &event["showAs"]))
        .collect();
    assert_eq!(
        shown,
        [
            (&json!("2026-12-01T10:00:00.0000000"), &json!("busy")),
            (&json!("2026-12-02T10:00:00.0000000"), &json!("free")),
            (&json!("2026-12-03T10:00:00.0000000"), &json!("busy")),
        ]
    );
}

#[tokio::test]
async fn changes_since_a_delta_link_include_deletions_until_the_link_expires() {
    let client = Client::casey().await;
    let (_, kept) = client.post(&hour()).await;
    let (_, gone) = client.post(&hour()).await;
    let (_, first) = client.get(&format!("me/calendarView/delta?{WINDOW}")).await;
    assert_eq!(value(&first).len(), 2);
    for option in [
        "$select=id",
        "$filter=isAllDay%20eq%20true",
        "$expand=extensions",
        "$top=5",
    ] {
        let path = format!("me/calendarView/delta?{WINDOW}&{option}");
        assert_eq!(client.get(&path).await.0, 400, "{option}");
    }
    let link = &first["@odata.deltaLink"];
    assert!(value(&follow(&client, link).await.1).is_empty());
    assert_eq!(
        client
            .send(Method::DELETE, &Client::path(&gone), None)
            .await
            .0,
        204
    );
    let patch = json!({ "subject": "New" });
    assert_eq!(
        client
            .send(Method::PATCH, &Client::path(&kept), Some(&patch))
            .await
            .0,
        200
    );
    let (_, changes) = follow(&client, link).await;
    assert_eq!(value(&changes)[0]["subject"], "New");
    assert_eq!(
        value(&changes)[1],
        json!({ "id": gone["id"], "@removed": { "reason": "deleted" } })
    );
    client.outlook.expire_delta_links();
    let (status, body) = follow(&client, link).await;
    assert_eq!((status, error(&body)), (410, "SyncStateNotFound"));
}

#[tokio::test]
async fn only_work_accounts_have_a_schedule() {
    let body = |who: &str| {
        json!({
            "schedules": [who],
            "startTime": at("2026-12-01T00:00:00", "UTC"),
            "endTime": at("2026-12-02T00:00:00", "UTC"),
        })
    };
    let client = Client::sam().await;
    assert_eq!(client.post(&hour()).await.0, 201);
    let path = "me/calendar/getSchedule";
    let (status, reply) = client.send(Method::POST, path, Some(&body(SAM))).await;
    assert_eq!(
        (status, &reply["value"][0]["scheduleItems"][0]["status"]),
        (200, &json!("busy"))
    );
    let client = Client::casey().await;
    assert_eq!(
        client.send(Method::POST, path, Some(&body(CASEY))).await.0,
        400
    );
}
