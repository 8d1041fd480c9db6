//! Writing events: what is accepted, what is refused, ids, transactions and properties.

use calport_standins::{Mailbox, Outlook, OutlookAccount, Repeat};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::*;

#[tokio::test]
async fn an_event_is_made_read_changed_and_deleted() {
    let client = Client::casey().await;
    let (status, made) = client.post(&hour()).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(made["start"], at("2026-12-01T10:00:00.0000000", "UTC"));
    assert_eq!(made["type"], "singleInstance");
    assert_eq!(made["showAs"], "busy");
    assert!(
        made["iCalUId"]
            .as_str()
            .unwrap()
            .starts_with("040000008200E00074C5B7101A82E008")
    );
    let path = Client::path(&made);
    assert_eq!(client.get(&path).await.1, made);
    let patch = json!({ "subject": "Deeper clean", "start": at("2026-12-01T09:30:00", "GMT Standard Time") });
    let (status, patched) = client.send(Method::PATCH, &path, Some(&patch)).await;
    assert_eq!(status, 200, "{patched}");
    assert_eq!(patched["id"], made["id"]);
    assert_eq!(patched["start"], at("2026-12-01T09:30:00.0000000", "UTC"));
    assert_eq!(patched["originalStartTimeZone"], "GMT Standard Time");
    assert_ne!(patched["@odata.etag"], made["@odata.etag"]);
    assert_eq!(client.send(Method::DELETE, &path, None).await.0, 204);
    for method in [Method::GET, Method::DELETE] {
        let (status, body) = client.send(method, &path, None).await;
        assert_eq!((status, error(&body)), (404, "ErrorItemNotFound"));
    }
    assert!(client.outlook.events(CASEY, "Calendar").is_empty());
}

#[tokio::test]
async fn ids_are_case_sensitive_and_hold_signs_that_must_be_encoded() {
    let client = Client::casey().await;
    let (_, made) = client.post(&hour()).await;
    let id = made["id"].as_str().unwrap();
    assert!(id.contains('='));
    assert!(client.calendar("Calendar").await.contains("%2F"));
    let other = id.replace("AAkALg", "aakalg");
    let (status, body) = client.get(&format!("me/events/{}", encoded(&other))).await;
    assert_eq!((status, error(&body)), (404, "ErrorItemNotFound"));
    let (status, body) = client.get("me/events/17").await;
    assert_eq!((status, error(&body)), (400, "ErrorInvalidIdMalformed"));
}

#[tokio::test]
async fn ids_change_when_items_move_unless_immutable_ones_are_preferred() {
    let mut client = Client::casey().await;
    let (_, made) = client.post(&hour()).await;
    let applied = client
        .request(Method::GET, &Client::path(&made))
        .send()
        .await
        .unwrap();
    assert_eq!(
        applied.headers()["Preference-Applied"],
        "IdType=\"ImmutableId\""
    );
    client.prefer.clear();
    let (_, list) = client.get("me/events").await;
    let mutable = &list["value"][0];
    assert_ne!(mutable["id"], made["id"]);
    assert!(
        mutable["id"].as_str().unwrap().contains('/')
            || mutable["id"].as_str().unwrap().contains('+')
    );
    assert_eq!(client.get(&Client::path(mutable)).await.0, 200);
    client.outlook.move_items(CASEY);
    assert_eq!(client.get(&Client::path(mutable)).await.0, 404);
    assert_eq!(client.get(&Client::path(&made)).await.0, 200);
}

/// Each is one mistake in an otherwise correct event.
#[tokio::test]
async fn what_graph_refuses_is_refused() {
    let client = Client::casey().await;
    let property = "ErrorPropertyValidationFailure";
    let read_only = "ErrorInvalidPropertySet";
    let weekly = json!({ "type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"], "firstDayOfWeek": "monday" });
    for (change, wanted) in [
        (json!({ "summary": "x" }), "RequestBodyRead"),
        (json!({ "location": { "name": "x" } }), "RequestBodyRead"),
        (json!({ "subject": 12 }), "RequestBodyRead"),
        (json!({ "showAs": "away" }), "RequestBodyRead"),
        (json!({ "id": "x" }), read_only),
        (json!({ "iCalUId": "x" }), read_only),
        (json!({ "isCancelled": true }), read_only),
        (json!({ "originalStartTimeZone": "UTC" }), read_only),
        (json!({ "organizer": {} }), read_only),
        (json!({ "start": null }), property),
        (
            json!({ "start": at("2026-12-01T10:00:00Z", "UTC") }),
            property,
        ),
        (
            json!({ "start": at("2026-12-01T10:00:00+01:00", "UTC") }),
            property,
        ),
        (json!({ "start": at("2026-12-01", "UTC") }), property),
        (
            json!({ "start": at("2026-12-01T12:00:00", "UTC") }),
            property,
        ),
        (
            json!({ "start": { "dateTime": "2026-12-01T10:00:00" } }),
            "TimeZoneNotSupportedException",
        ),
        (
            json!({ "start": at("2026-12-01T10:00:00", "Europe/Dublin") }),
            "TimeZoneNotSupportedException",
        ),
        (
            json!({ "start": at("2026-12-01T10:00:00", "gmt standard time") }),
            "TimeZoneNotSupportedException",
        ),
        (json!({ "isAllDay": true }), "ErrorInvalidRequest"),
        (
            json!({ "isAllDay": true, "start": at("2026-12-01T00:00:00", "UTC"),
            "end": at("2026-12-01T00:00:00", "UTC") }),
            "ErrorInvalidRequest",
        ),
        (
            json!({ "isAllDay": true, "start": at("2026-12-01T00:00:00", "UTC"),
            "end": at("2026-12-02T00:00:00", "Europe/London") }),
            "ErrorInvalidRequest",
        ),
        (json!({ "recurrence": { "pattern": weekly } }), property),
        (
            json!({ "recurrence": { "pattern": weekly, "range": { "type": "noEnd", "startDate": "2026-12-02" } } }),
            property,
        ),
        (
            json!({ "recurrence": "RRULE:FREQ=DAILY" }),
            "RequestBodyRead",
        ),
        (json!({ "subject": "x".repeat(256) }), property),
        (
            json!({ "attendees": [{ "emailAddress": { "address": "nobody" } }] }),
            "ErrorInvalidRecipients",
        ),
        (json!({ "reminderMinutesBeforeStart": -1 }), property),
        (
            json!({ "body": { "contentType": "markdown", "content": "x" } }),
            property,
        ),
        (
            json!({ "singleValueExtendedProperties": [{ "id": "calport", "value": "1" }] }),
            "ErrorInvalidProperty",
        ),
    ] {
        let (status, body) = client.post(&with(hour(), change.clone())).await;
        assert_eq!((status, error(&body)), (400, wanted), "{change}: {body}");
    }
    assert!(client.outlook.events(CASEY, "Calendar").is_empty());
    let form = client
        .request(Method::POST, "me/events")
        .body(hour().to_string());
    assert_eq!(form.send().await.unwrap().status(), 415);
    assert_eq!(
        client
            .send(Method::POST, "me/events?sendUpdates=none", Some(&hour()))
            .await
            .0,
        400
    );
}

#[tokio::test]
async fn what_graph_accepts_is_accepted_and_guests_are_always_invited() {
    let client = Client::casey().await;
    for change in [
        json!({ "@odata.type": "#microsoft.graph.event" }),
        json!({ "start": at("2026-12-01T10:00:00.0000000", "W. Europe Standard Time") }),
        json!({ "start": at("2026-12-01T10:00:00", "Europe/London") }),
        json!({ "isAllDay": true, "start": at("2026-12-24T00:00:00", "UTC"), "end": at("2026-12-26T00:00:00", "UTC") }),
        json!({ "body": { "contentType": "text", "content": "Key under the mat" }, "showAs": "tentative" }),
        json!({ "location": { "displayName": "1 High St" }, "reminderMinutesBeforeStart": 0, "isReminderOn": false }),
    ] {
        let (status, body) = client.post(&with(hour(), change.clone())).await;
        assert_eq!(status, 201, "{change}: {body}");
    }
    assert!(client.outlook.invitations(CASEY).is_empty());
    let guest = json!({ "attendees": [{ "emailAddress": { "address": "a@b.example" } }] });
    assert_eq!(client.post(&with(hour(), guest)).await.0, 201);
    assert_eq!(client.outlook.invitations(CASEY), ["Deep clean"]);
}

#[tokio::test]
async fn bodies_come_back_in_html_unless_text_is_preferred() {
    let mut client = Client::casey().await;
    let event = with(
        hour(),
        json!({ "body": { "contentType": "text", "content": "<b>1 & 2</b>\nthree" } }),
    );
    let (_, made) = client.post(&event).await;
    let html = made["body"]["content"].as_str().unwrap();
    assert!(html.contains("&lt;b&gt;1 &amp; 2&lt;/b&gt;<br>"));
    client.prefer = "IdType=\"ImmutableId\", outlook.body-content-type=\"text\", \
        outlook.timezone=\"Eastern Standard Time\""
        .into();
    let (_, text) = client.get(&Client::path(&made)).await;
    assert_eq!(
        text["body"],
        json!({ "contentType": "text", "content": "<b>1 & 2</b>\nthree" })
    );
    assert_eq!(
        text["start"],
        at("2026-12-01T05:00:00.0000000", "Eastern Standard Time")
    );
    client.prefer = "outlook.timezone=\"Mars/Olympus\"".into();
    assert_eq!(client.get(&Client::path(&made)).await.0, 400);
}

/// Case 34, the provider's side: a repeat after a lost reply.
#[tokio::test]
async fn a_repeated_transaction_makes_no_second_event() {
    for (repeat, wanted) in [
        (Repeat::SameEvent, 201),
        (Repeat::BadRequest, 400),
        (Repeat::Conflict, 409),
    ] {
        let client = Client::connect(Outlook::start(config().repeat(repeat)).unwrap(), CASEY).await;
        let event = with(hour(), json!({ "transactionId": "t-1" }));
        let (_, made) = client.post(&event).await;
        assert_eq!(made["transactionId"], "t-1");
        let (status, again) = client
            .post(&with(event.clone(), json!({ "subject": "Other" })))
            .await;
        assert_eq!(status, wanted);
        if wanted == 201 {
            assert_eq!(again, made);
        } else {
            assert_eq!(error(&again), "ErrorDuplicateTransactionId");
        }
        assert_eq!(client.outlook.events(CASEY, "Calendar").len(), 1);
        let path = Client::path(&made);
        let patch = json!({ "transactionId": "t-2" });
        assert_eq!(client.send(Method::PATCH, &path, Some(&patch)).await.0, 400);
        // Deleted: the transaction stays used up.
        assert_eq!(client.send(Method::DELETE, &path, None).await.0, 204);
        let (status, body) = client.post(&event).await;
        assert_eq!(status, if wanted == 400 { 400 } else { 409 });
        assert_eq!(error(&body), "ErrorDuplicateTransactionId");
    }
}

#[tokio::test]
async fn an_own_event_is_found_by_its_extended_property() {
    let client = Client::casey().await;
    for number in 0..3 {
        let property = json!([{ "id": PROPERTY, "value": format!("it's {number}") }]);
        let event = with(hour(), json!({ "singleValueExtendedProperties": property }));
        let (status, made) = client.post(&event).await;
        assert_eq!(status, 201);
        assert!(made.get("singleValueExtendedProperties").is_none());
    }
    let filter = format!(
        "singleValueExtendedProperties/Any(ep: ep/id eq '{PROPERTY}' and ep/value eq 'it''s 1')"
    );
    let expand = format!("singleValueExtendedProperties($filter=id eq '{PROPERTY}')");
    let path = format!(
        "me/events?$filter={}&$expand={}&$select=subject",
        encoded(&filter),
        encoded(&expand)
    );
    let (status, found) = client.get(&path).await;
    assert_eq!(status, 200, "{found}");
    let found = found["value"].as_array().unwrap();
    assert_eq!(found.len(), 1);
    let property = &found[0]["singleValueExtendedProperties"][0];
    assert_eq!(property["value"], "it's 1");
    assert_eq!(
        property["id"],
        "String {66f5a359-4659-4830-9070-00040ec6ac6e} Name calport"
    );
    assert!(found[0].get("start").is_none());
    for wrong in [
        "$filter=transactionId eq 'x'",
        "$select=summary",
        "$expand=instances",
        "$search=x",
    ] {
        let (name, value) = wrong.split_once('=').unwrap();
        assert_eq!(
            client
                .get(&format!("me/events?{name}={}", encoded(value)))
                .await
                .0,
            400,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn a_change_can_depend_on_the_etag() {
    let client = Client::casey().await;
    let (_, made) = client.post(&hour()).await;
    let etag = made["@odata.etag"].as_str().unwrap();
    let patch = |etag: &str| {
        let request = client
            .request(Method::PATCH, &Client::path(&made))
            .header("If-Match", etag);
        request.json(&json!({ "subject": "New" })).send()
    };
    assert_eq!(patch(etag).await.unwrap().status(), 200);
    let (status, body) = read(patch(etag).await.unwrap()).await;
    assert_eq!((status, error(&body)), (412, "ErrorIrresolvableConflict"));
}

#[tokio::test]
async fn a_calendar_that_is_read_only_or_missing_is_not_written_to() {
    let client = Client::sam().await;
    let holidays = client.calendar("Holidays").await;
    let jobs = client.calendar("Jobs").await;
    let post = async |calendar: &str| {
        let path = format!("me/calendars/{calendar}/events");
        client.send(Method::POST, &path, Some(&hour())).await
    };
    let (status, made) = post(&jobs).await;
    assert_eq!(status, 201);
    let (status, body) = post(&holidays).await;
    assert_eq!((status, error(&body)), (403, "ErrorAccessDenied"));
    assert_eq!(client.get(&Client::path(&made)).await.0, 200);
    let inside = format!(
        "me/calendars/{jobs}/events/{}",
        encoded(made["id"].as_str().unwrap())
    );
    assert_eq!(client.get(&inside).await.0, 200);
    assert_eq!(client.get(&inside.replace(&jobs, &holidays)).await.0, 404);
    assert!(client.outlook.delete_calendar(SAM, "Jobs"));
    let (status, body) = post(&jobs).await;
    assert_eq!((status, error(&body)), (404, "ErrorItemNotFound"));
    assert_eq!(client.get(&Client::path(&made)).await.0, 404);
}

#[tokio::test]
async fn a_call_without_its_scope_or_mailbox_is_refused() {
    let accounts = [
        OutlookAccount::new("old@contoso.example", "On premise").mailbox(Mailbox::NotEnabled),
        OutlookAccount::new("none@contoso.example", "No mailbox").mailbox(Mailbox::Missing),
    ];
    for (account, wanted) in [
        ("old@contoso.example", "MailboxNotEnabledForRESTAPI"),
        ("none@contoso.example", "ResourceNotFound"),
    ] {
        let outlook = Outlook::start(config().accounts(accounts.clone())).unwrap();
        let client = Client::connect(outlook, account).await;
        assert_eq!(client.get("me").await.0, 200);
        let (status, body) = client.get("me/calendars").await;
        assert_eq!((status, error(&body)), (404, wanted));
    }
    let client = Client::casey().await;
    let mut form = refreshing(&client.outlook, &client.refresh);
    form.push(("scope", "User.Read offline_access".into()));
    let (_, reply) = token(&client.outlook, &form).await;
    let narrow: Value = reply["access_token"].clone();
    let client = Client {
        token: narrow.as_str().unwrap().to_owned(),
        ..client
    };
    let (status, body) = client.post(&hour()).await;
    assert_eq!((status, error(&body)), (403, "ErrorAccessDenied"));
}
