//! Writing events: what is accepted, what is refused, what happens to ids, etags and sequences.

use calport_standins::{ConsentChoice, Google, GoogleConfig};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::*;

#[tokio::test]
async fn an_event_is_made_read_changed_and_deleted() {
    let client = Client::casey().await;
    let (status, made) = client
        .insert(&with(hour(), json!({ "id": "calport00001" })))
        .await;
    assert_eq!(status, 200, "{made}");
    assert_eq!(made["id"], "calport00001");
    assert_eq!(made["iCalUID"], "calport00001@google.com");
    assert_eq!(made["status"], "confirmed");
    assert_eq!(made["sequence"], 0);
    assert_eq!(made["start"]["dateTime"], "2026-12-01T10:00:00Z");
    assert_eq!(made["organizer"]["email"], CASEY);

    let path = "calendars/primary/events/calport00001";
    let (_, read) = client.get(path).await;
    assert_eq!(read, made);
    let patch = json!({ "start": { "dateTime": "2026-12-01T10:30:00Z" } });
    let (status, patched) = client.send(Method::PATCH, path, Some(&patch)).await;
    assert_eq!(status, 200, "{patched}");
    assert_eq!(patched["sequence"], 1);
    assert_eq!(patched["start"]["timeZone"], "Europe/London");
    assert_eq!(patched["summary"], "Deep clean");
    assert_ne!(patched["etag"], made["etag"]);

    let put = json!({ "start": made["start"], "end": made["end"] });
    let (status, replaced) = client.send(Method::PUT, path, Some(&put)).await;
    assert_eq!(status, 200);
    assert!(replaced.get("summary").is_none());

    assert_eq!(client.send(Method::DELETE, path, None).await.0, 204);
    let (status, body) = client.send(Method::DELETE, path, None).await;
    assert_eq!((status, reason(&body)), (410, "deleted"));
    let (status, body) = client.get(path).await;
    assert_eq!(
        (status, body["status"].as_str().unwrap()),
        (200, "cancelled")
    );
    assert!(client.google.events(CASEY, "primary").is_empty());
    assert_eq!(client.google.all_events(CASEY, CASEY).len(), 1);
    let (status, body) = client.get("calendars/primary/events/calport00002").await;
    assert_eq!((status, reason(&body)), (404, "notFound"));
}

#[tokio::test]
async fn an_id_stays_taken_and_a_confirming_update_brings_the_event_back() {
    for revives in [true, false] {
        let mut config = GoogleConfig::default().redirect_uri(REDIRECT);
        if !revives {
            config = config.refuse_reviving();
        }
        let client = Client::connect(Google::start(config).unwrap(), CASEY).await;
        let event = with(hour(), json!({ "id": "calport00001" }));
        assert_eq!(client.insert(&event).await.0, 200);
        let (status, body) = client.insert(&event).await;
        assert_eq!((status, reason(&body)), (409, "duplicate"));
        assert!(client.google.delete_event(CASEY, "primary", "calport00001"));
        assert_eq!(client.insert(&event).await.0, 409);

        let path = "calendars/primary/events/calport00001";
        let (_, unsaid) = client.send(Method::PUT, path, Some(&hour())).await;
        assert_eq!(unsaid["status"], "cancelled");
        let confirmed = with(hour(), json!({ "status": "confirmed" }));
        let (status, _) = client.send(Method::PUT, path, Some(&confirmed)).await;
        assert_eq!(status, if revives { 200 } else { 403 });
        assert_eq!(
            client.google.events(CASEY, "primary").len(),
            usize::from(revives)
        );
    }
}

/// Each is one mistake in an otherwise correct event.
#[tokio::test]
async fn what_google_refuses_is_refused() {
    let client = Client::casey().await;
    let long = "x".repeat(1025);
    let at = |time: &str| json!({ "dateTime": time, "timeZone": "Europe/London" });
    for (change, wanted) in [
        (json!({ "title": "x" }), "badRequest"),
        (
            json!({ "start": { "datetime": "2026-12-01T10:00:00Z" } }),
            "badRequest",
        ),
        (json!({ "summary": 12 }), "badRequest"),
        (json!({ "reminders": { "useDefault": "no" } }), "badRequest"),
        (json!({ "sequence": 1.5 }), "badRequest"),
        (json!({ "id": "calp" }), "invalid"),
        (json!({ "id": "calportWXYZ" }), "invalid"),
        (json!({ "id": "calport-0001" }), "invalid"),
        (json!({ "id": "calport00001", "iCalUID": "a@b" }), "invalid"),
        (json!({ "status": "cancelled" }), "invalid"),
        (json!({ "status": "busy" }), "invalid"),
        (json!({ "start": null }), "required"),
        (json!({ "end": null }), "required"),
        (
            json!({ "end": at("2026-12-01T09:59:59Z") }),
            "timeRangeEmpty",
        ),
        (json!({ "start": at("2026-12-01 10:00:00Z") }), "invalid"),
        (
            json!({ "start": { "dateTime": "2026-12-01T10:00:00" } }),
            "required",
        ),
        (
            json!({ "start": { "dateTime": "2026-12-01T10:00:00Z", "timeZone": "Mars/Olympus" } }),
            "invalid",
        ),
        (
            json!({ "start": { "dateTime": "2026-12-01T10:00:00Z", "timeZone": "GMT Standard Time" } }),
            "invalid",
        ),
        (json!({ "start": { "date": "2026-12-01" } }), "invalid"),
        (
            json!({ "start": { "date": "2026-12-01", "dateTime": "2026-12-01T10:00:00Z" } }),
            "invalid",
        ),
        (
            json!({ "start": { "date": "2026-12-01" }, "end": { "date": "2026-12-01" } }),
            "timeRangeEmpty",
        ),
        (
            json!({ "start": { "date": "2026-2-30" }, "end": { "date": "2026-12-01" } }),
            "invalid",
        ),
        (json!({ "recurrence": ["RRULE:FREQ=SECONDLY"] }), "invalid"),
        (json!({ "recurrence": ["FREQ=DAILY"] }), "invalid"),
        (
            json!({ "recurrence": ["RRULE:FREQ=DAILY"], "start": { "dateTime": "2026-12-01T10:00:00Z" } }),
            "required",
        ),
        (
            json!({ "reminders": { "useDefault": true, "overrides": [{ "method": "popup", "minutes": 5 }] } }),
            "cannotUseDefaultRemindersAndSpecifyOverride",
        ),
        (
            json!({ "reminders": { "overrides": [{ "method": "sms", "minutes": 5 }] } }),
            "invalid",
        ),
        (
            json!({ "reminders": { "overrides": [{ "method": "popup", "minutes": 40_321 }] } }),
            "invalid",
        ),
        (
            json!({ "reminders": { "overrides": [{ "minutes": 5 }] } }),
            "required",
        ),
        (
            json!({ "reminders": { "overrides": vec![json!({ "method": "popup", "minutes": 5 }); 6] } }),
            "invalid",
        ),
        (
            json!({ "extendedProperties": { "private": { "k".repeat(45): "x" } } }),
            "invalid",
        ),
        (
            json!({ "extendedProperties": { "private": { "k": long } } }),
            "invalid",
        ),
        (
            json!({ "extendedProperties": { "secret": {} } }),
            "badRequest",
        ),
        (
            json!({ "attendees": [{ "displayName": "No address" }] }),
            "required",
        ),
        (
            json!({ "attendees": [{ "email": "not an address" }] }),
            "invalid",
        ),
        (
            json!({ "source": { "title": "x", "url": "javascript:alert(1)" } }),
            "invalid",
        ),
        (json!({ "transparency": "free" }), "invalid"),
        (json!({ "colorId": "12" }), "invalid"),
        (json!({ "description": "x".repeat(8193) }), "invalid"),
    ] {
        let (status, body) = client.insert(&with(hour(), change.clone())).await;
        assert_eq!((status, reason(&body)), (400, wanted), "{change}");
    }
    assert!(client.google.all_events(CASEY, "primary").is_empty());
    let (status, body) = client
        .send(
            Method::POST,
            "calendars/primary/events?sendUpdate=none",
            Some(&hour()),
        )
        .await;
    assert_eq!((status, reason(&body)), (400, "badRequest"));
    let plain = client
        .request(Method::POST, "calendars/primary/events")
        .body(hour().to_string());
    assert_eq!(plain.send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn what_google_accepts_is_accepted() {
    let client = Client::casey().await;
    for change in [
        json!({ "kind": "calendar#event", "created": "x", "etag": "y", "htmlLink": "z" }),
        json!({ "start": { "date": "2026-12-24" }, "end": { "date": "2026-12-26" } }),
        json!({ "start": { "dateTime": "2026-12-01T10:00:00", "timeZone": "Asia/Kolkata" } }),
        json!({ "recurrence": ["RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=3", "EXDATE:20261208T100000Z"] }),
        json!({ "reminders": { "useDefault": false, "overrides": [{ "method": "popup", "minutes": 0 }] } }),
        json!({ "extendedProperties": { "private": { "k".repeat(44): "x".repeat(1024) } } }),
        json!({ "source": { "title": "Platform", "url": "https://platform.example/jobs/17" } }),
        json!({ "attendees": [{ "email": "a@b.example" }], "status": "tentative", "summary": null }),
    ] {
        let (status, body) = client.insert(&with(hour(), change.clone())).await;
        assert_eq!(status, 200, "{change}: {body}");
    }
    assert!(client.google.invitations(CASEY).is_empty());
    let invited = with(hour(), json!({ "attendees": [{ "email": "a@b.example" }] }));
    let path = "calendars/primary/events?sendUpdates=all";
    assert_eq!(client.send(Method::POST, path, Some(&invited)).await.0, 200);
    assert_eq!(client.google.invitations(CASEY).len(), 1);
}

#[tokio::test]
async fn a_patch_merges_objects_replaces_arrays_and_clears_with_null() {
    let client = Client::casey().await;
    let event = with(
        hour(),
        json!({
            "id": "calport00001",
            "location": "1 High St",
            "recurrence": ["RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20261202T100000Z"],
            "extendedProperties": { "private": { "a": "1", "b": "2" } },
        }),
    );
    assert_eq!(client.insert(&event).await.0, 200);
    let path = "calendars/primary/events/calport00001";
    let patch = json!({
        "location": null,
        "recurrence": ["RRULE:FREQ=DAILY;COUNT=2"],
        "extendedProperties": { "private": { "b": null, "c": "3" } },
    });
    let (status, new) = client.send(Method::PATCH, path, Some(&patch)).await;
    assert_eq!(status, 200, "{new}");
    assert!(new.get("location").is_none());
    assert_eq!(new["recurrence"], json!(["RRULE:FREQ=DAILY;COUNT=2"]));
    assert_eq!(
        new["extendedProperties"]["private"],
        json!({ "a": "1", "c": "3" })
    );
    // From a time to a date: the time stays unless it is cleared, and both together are refused.
    let half = json!({ "start": { "date": "2026-12-01" }, "end": { "date": "2026-12-02" } });
    assert_eq!(client.send(Method::PATCH, path, Some(&half)).await.0, 400);
    let whole = json!({
        "start": { "date": "2026-12-01", "dateTime": null, "timeZone": null },
        "end": { "date": "2026-12-02", "dateTime": null, "timeZone": null },
    });
    assert_eq!(client.send(Method::PATCH, path, Some(&whole)).await.0, 200);
}

#[tokio::test]
async fn writes_can_depend_on_the_etag_and_never_lower_the_sequence() {
    let client = Client::casey().await;
    let event = with(hour(), json!({ "id": "calport00001", "sequence": 4 }));
    let (_, made) = client.insert(&event).await;
    let path = "calendars/primary/events/calport00001";
    let put = |etag: &str, body: Value| {
        client
            .request(Method::PUT, path)
            .header("If-Match", etag)
            .json(&body)
            .send()
    };
    let etag = made["etag"].as_str().unwrap();
    let (status, body) = read(
        put(etag, with(hour(), json!({ "sequence": 3 })))
            .await
            .unwrap(),
    )
    .await;
    assert_eq!((status, reason(&body)), (400, "invalidSequenceValue"));
    assert_eq!(
        put(etag, with(hour(), json!({ "sequence": 5 })))
            .await
            .unwrap()
            .status(),
        200
    );
    let (status, body) = read(put(etag, hour()).await.unwrap()).await;
    assert_eq!((status, reason(&body)), (412, "conditionNotMet"));
    let delete = client
        .request(Method::DELETE, path)
        .header("If-Match", etag)
        .send();
    assert_eq!(delete.await.unwrap().status(), 412);
}

#[tokio::test]
async fn a_calendar_that_is_read_only_foreign_or_missing_is_not_written_to() {
    let client = Client::connect(start(), SAM).await;
    let to = |calendar: &str| format!("calendars/{calendar}/events");
    let insert = async |calendar: &str| {
        let (status, body) = client
            .send(Method::POST, &to(calendar), Some(&hour()))
            .await;
        (status, reason(&body).to_owned())
    };
    assert_eq!(
        insert("c_jobs0jobs0jobs%40group.calendar.google.com")
            .await
            .0,
        200
    );
    // `calendar.events.owned` does not reach a calendar that somebody else owns.
    let team = insert("c_team0team0team%40group.calendar.google.com").await;
    assert_eq!(team, (403, "insufficientPermissions".to_owned()));
    assert_eq!(
        insert("nowhere%40group.calendar.google.com").await,
        (404, "notFound".to_owned())
    );
    assert_eq!(insert(CASEY).await.0, 404);

    let google = start();
    let mut wide = parameters(&google);
    wide.retain(|(name, _)| *name != "scope");
    wide.push((
        "scope",
        "https://www.googleapis.com/auth/calendar.events".into(),
    ));
    let back = google
        .consent(&authorize_url(&google, &wide), SAM, &ConsentChoice::Allow)
        .unwrap();
    let code = parameter(&back, "code").unwrap();
    let (_, reply) = token(&google, &redemption(&google, &code)).await;
    let token = reply["access_token"].as_str().unwrap().to_owned();
    let client = Client {
        google,
        http: http(),
        token,
        refresh: String::new(),
    };
    let team = to("c_team0team0team%40group.calendar.google.com");
    assert_eq!(client.send(Method::POST, &team, Some(&hour())).await.0, 200);
    let (status, body) = client
        .send(Method::POST, &to(HOLIDAYS), Some(&hour()))
        .await;
    assert_eq!((status, reason(&body)), (403, "requiredAccessLevel"));
}

/// Case 9, the provider's side.
#[tokio::test]
async fn a_call_without_its_scope_is_refused_in_googles_shape() {
    let owned = "https://www.googleapis.com/auth/calendar.events.owned".to_owned();
    let choice = ConsentChoice::AllowWithout(vec![owned]);
    let client = Client::connect_as(start(), CASEY, &choice).await;
    let (status, body) = client.insert(&hour()).await;
    assert_eq!((status, reason(&body)), (403, "insufficientPermissions"));
    assert_eq!(body["error"]["status"], "PERMISSION_DENIED");
    assert_eq!(
        body["error"]["details"][0]["reason"],
        "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
    );
    assert_eq!(
        body["error"]["details"][0]["metadata"]["method"],
        "calendar.v3.Events.Insert"
    );
    assert_eq!(client.get("users/me/calendarList").await.0, 200);
}

#[tokio::test]
async fn an_ical_uid_is_taken_once() {
    let client = Client::casey().await;
    let event = with(hour(), json!({ "iCalUID": "booking-17@platform.example" }));
    let (status, made) = client.insert(&event).await;
    assert_eq!((status, &made["iCalUID"]), (200, &event["iCalUID"]));
    let (status, body) = client.insert(&event).await;
    assert_eq!((status, reason(&body)), (409, "duplicate"));
}
