//! What is seen, and what the platform is told of it.

use crate::calendar::{Calendar, JOB, MOVED, PROVIDERS, START, job};
use calport_e2e::accounts::CASEY;
use calport_host::{
    drift::Looked,
    sync::{Policy, SetAside},
};
use calport_standins::{Behaviour, Fault};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

#[calport_databases::each_database]
async fn a_moved_event_is_told_once_and_gives_way_to_the_next_revision() {
    for provider in PROVIDERS {
        let calendar = Calendar::booked(provider, Policy::Report).await;
        calendar.drag();
        assert_eq!(calendar.look().await, Looked::Through);
        let shown = calendar.settled().await;
        assert_eq!(shown["state"], "in_calendar", "{shown}");
        assert_eq!(shown["drift"]["what"], "moved");
        assert_eq!(shown["drift"]["seen_start"], MOVED);
        assert_eq!(shown["drift"].get("seen_title"), None);
        assert!(shown["drift"]["noticed"].is_string());
        calendar.look().await;
        let told = calendar.drifts(1).await;
        assert_eq!(told[0]["what"], "moved");
        assert_eq!(told[0]["seen"]["start"], MOVED);
        assert_eq!(told[0]["policy"], "report");
        assert_eq!(told[0]["booking"], "17");
        assert!(MOVED.starts_with(&calendar.start()), "it was left alone");
        let shown = calendar.put(&job(2)).await;
        assert_eq!(shown["drift"], Value::Null);
        assert!(START.starts_with(&calendar.start()));
        calendar.look().await;
        calendar.drifts(1).await;
    }
}

#[calport_databases::each_database]
async fn a_deleted_event_is_no_longer_claimed_to_be_in_the_calendar() {
    for provider in PROVIDERS {
        let calendar = Calendar::booked(provider, Policy::Report).await;
        calendar.delete();
        calendar.look().await;
        let shown = calendar.settled().await;
        assert_eq!(shown["state"], "failed", "{shown}");
        assert_eq!(shown["reason"], "deleted in the calendar by its owner");
        assert_eq!(shown["drift"]["what"], "deleted");
        assert_eq!(shown["link"], Value::Null, "it leads nowhere");
        let deliveries = calendar.world.service.deliveries();
        let all = SetAside::default();
        assert!(deliveries.set_aside(&all, 10).await.unwrap().is_empty());
        assert_eq!(deliveries.retry_set_aside(&all).await.unwrap(), 0);
        calendar.look().await;
        let told = calendar.drifts(1).await;
        assert_eq!(
            (&told[0]["what"], &told[0]["seen"]),
            (&json!("deleted"), &Value::Null)
        );
        assert!(calendar.events().is_empty(), "it was left alone");
        let shown = calendar.put(&job(2)).await;
        assert_eq!(
            (&shown["state"], &shown["drift"]),
            (&json!("in_calendar"), &Value::Null)
        );
        assert_eq!(calendar.title(), "Deep clean");
    }
}

#[calport_databases::each_database]
async fn another_title_is_shown_to_the_platform_and_never_in_a_webhook() {
    for provider in PROVIDERS {
        let calendar = Calendar::booked(provider, Policy::Report).await;
        calendar.rename("Do not forget");
        calendar.look().await;
        let shown = calendar.settled().await;
        assert_eq!(shown["drift"]["what"], "changed");
        assert_eq!(shown["drift"]["seen_title"], "Do not forget");
        let told = calendar.drifts(1).await;
        assert_eq!(told[0]["what"], "changed");
        assert!(!told[0].to_string().contains("forget"), "{}", told[0]);
        calendar.rename("Still mine");
        calendar.look().await;
        calendar.drifts(2).await;
    }
}

#[calport_databases::each_database]
async fn what_its_owner_puts_right_by_themselves_is_right() {
    let calendar = Calendar::booked("google", Policy::Report).await;
    let id = calendar.delete();
    calendar.look().await;
    assert_eq!(calendar.settled().await["state"], "failed");
    let back = json!({"status": "confirmed"});
    let google = &calendar.world.google;
    assert!(google.edit_event(CASEY, "primary", &id, &back));
    calendar.look().await;
    let shown = calendar.settled().await;
    assert_eq!(
        (&shown["state"], &shown["drift"]),
        (&json!("in_calendar"), &Value::Null)
    );
    calendar.drifts(1).await;
}

#[calport_databases::each_database]
async fn a_single_date_of_a_series_that_was_deleted_is_told_whatever_the_policy() {
    for policy in Policy::ALL {
        let calendar = Calendar::connected("google", policy).await;
        let mut series = job(1);
        series["recurrence"] = json!({"rule": "FREQ=WEEKLY;COUNT=10"});
        calendar.put(&series).await;
        calendar.look().await;
        let id = calendar.event()["id"].as_str().unwrap().to_owned();
        let page = json!({
            "items": [{
                "id": format!("{id}_20270608T100000Z"), "recurringEventId": id,
                "status": "cancelled", "etag": "\"7\"",
            }],
            "nextSyncToken": "sync-1",
        });
        let reply = Behaviour::Reply {
            status: 200,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: page.to_string(),
        };
        let fault = Fault::on("GET", "/calendar/v3/calendars/*/events").times(1);
        let faults = calendar.world.google.faults();
        faults.add(fault.behaviour(reply.clone()));
        calendar.look().await;
        let shown = calendar.settled().await;
        assert_eq!(shown["state"], "in_calendar", "{shown}");
        assert_eq!(shown["drift"]["what"], "occurrence");
        assert_eq!(calendar.drifts(1).await[0]["policy"], "report");
        let fault = Fault::on("GET", "/calendar/v3/calendars/*/events").times(1);
        faults.add(fault.behaviour(reply));
        calendar.look().await;
        calendar.drifts(1).await;
    }
}

#[calport_databases::each_database]
async fn cancelling_what_its_owner_has_deleted_succeeds() {
    for provider in PROVIDERS {
        let calendar = Calendar::booked(provider, Policy::Report).await;
        calendar.delete();
        calendar.look().await;
        let reply = calendar.world.platform(Method::DELETE, JOB, None).await;
        assert_eq!(reply.unwrap().status, StatusCode::ACCEPTED);
        assert_eq!(
            calendar.world.settled(JOB, "ann").await.unwrap()["state"],
            "file_only"
        );
        assert!(calendar.events().is_empty());
    }
}

#[calport_databases::each_database]
async fn a_booking_that_is_over_may_be_tidied_up() {
    let calendar = Calendar::connected("google", Policy::Restore).await;
    let mut past = job(1);
    past["start"] = json!("2020-06-01T10:00:00Z");
    past["end"] = json!("2020-06-01T12:00:00Z");
    calendar.put(&past).await;
    calendar.look().await;
    calendar.delete();
    calendar.look().await;
    calendar.drifts(0).await;
    assert!(calendar.events().is_empty());
}

#[calport_databases::each_database]
async fn an_action_of_the_platform_puts_back_what_was_changed_and_nothing_else() {
    for provider in PROVIDERS {
        let calendar = Calendar::booked(provider, Policy::Report).await;
        calendar.world.google.forget_requests();
        calendar.world.outlook.forget_requests();
        assert_eq!(calendar.restore().await.status, StatusCode::ACCEPTED);
        assert!(calendar.world.google.requests().is_empty());
        assert!(calendar.world.outlook.requests().is_empty());
        for by_hand in [Calendar::drag, |calendar: &Calendar| {
            calendar.delete();
        }] {
            by_hand(&calendar);
            calendar.look().await;
            assert_ne!(calendar.settled().await["drift"], Value::Null);
            let reply = calendar.restore().await;
            assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
            let shown = calendar.settled().await;
            assert_eq!(
                (&shown["state"], &shown["drift"]),
                (&json!("in_calendar"), &Value::Null)
            );
            assert!(START.starts_with(&calendar.start()));
        }
    }
}

#[calport_databases::each_database]
async fn only_the_platform_has_things_put_back_and_only_of_bookings_that_there_are() {
    let calendar = Calendar::booked("google", Policy::Report).await;
    let path = format!("{JOB}restore/");
    let reply = calendar.world.user("ann", Method::POST, &path, None).await;
    assert_eq!(reply.unwrap().status, StatusCode::FORBIDDEN);
    let reply = calendar.world.call(Method::POST, &path, None, None).await;
    assert_eq!(reply.unwrap().status, StatusCode::UNAUTHORIZED);
    let missing = "/api/jobs/no-such/restore/";
    let reply = calendar.world.platform(Method::POST, missing, None).await;
    assert_eq!(reply.unwrap().status, StatusCode::NOT_FOUND);
}
