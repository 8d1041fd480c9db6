//! The end of a connection whose grant is dead already.

use calport_e2e::{World, accounts::CASEY};
use calport_standins::ConsentChoice;
use reqwest::{Method, StatusCode};
use serde_json::json;

const DISCONNECT: &str = "/api/calendar/google/disconnect/";

async fn connect(world: &World) {
    let landing = world.connect("ann", CASEY, &ConsentChoice::Allow).await;
    assert_eq!(landing.unwrap().status(), "connected");
}

async fn put(world: &World, number: usize) {
    let job = json!({
        "revision": 1, "title": format!("Clean {number}"), "start": "2031-12-01T10:00:00Z",
        "end": "2031-12-01T12:00:00Z", "zone": "Europe/London",
        "participants": [{"user": "ann", "role": "customer"}],
    });
    let path = format!("/api/jobs/{number}/");
    let stored = world.platform(Method::PUT, &path, Some(&job)).await;
    assert_eq!(stored.unwrap().status, StatusCode::ACCEPTED);
}

/// ann, with so many bookings in her calendar, and a grant that is refused from now on.
async fn with_dead_grant(bookings: usize) -> World {
    let world = World::start().await.unwrap();
    connect(&world).await;
    for number in 0..bookings {
        put(&world, number).await;
        let path = format!("/api/jobs/{number}/");
        let settled = world.settled(&path, "ann").await.unwrap();
        assert_eq!(settled["state"], "in_calendar");
    }
    world.google.kill_grant(CASEY);
    world.google.expire_access_tokens();
    world
}

/// Disconnects and wants the events removed: none can be.
async fn all_stay(world: &World, bookings: usize) {
    let body = json!({"remove_events": true});
    let reply = world
        .user("ann", Method::POST, DISCONNECT, Some(&body))
        .await
        .unwrap()
        .json();
    assert_eq!(reply["status"], "disconnected", "{reply}");
    assert_eq!(
        (&reply["removed"], &reply["left"]),
        (&json!(0), &json!(bookings))
    );
    assert_eq!(count(world, "SELECT COUNT(*) FROM connections").await, 0);
    assert_eq!(count(world, "SELECT COUNT(*) FROM deliveries").await, 0);
    assert_eq!(world.google.events(CASEY, "primary").len(), bookings);
}

#[calport_databases::each_database(flavor = "multi_thread")]
async fn a_grant_that_is_known_to_be_dead_is_asked_to_remove_nothing() {
    let world = with_dead_grant(3).await;
    let path = "/api/calendar/google/calendars/";
    let refused = world.user("ann", Method::GET, path, None).await.unwrap();
    assert_eq!(refused.code(), "needs-reconnect", "{}", refused.text);
    world.google.forget_requests();
    all_stay(&world, 3).await;
    let asked = world.google.requests();
    assert!(asked.iter().all(|it| it.path == "/revoke"), "{asked:?}");
}

#[calport_databases::each_database(flavor = "multi_thread")]
async fn a_grant_that_turns_out_dead_is_not_asked_once_for_every_event() {
    let world = with_dead_grant(8).await;
    world.google.forget_requests();
    all_stay(&world, 8).await;
    let asked = world.google.requests().to("/calendar/v3/**");
    assert!(asked.len() <= 4, "as many as are begun at once: {asked:?}");
}

async fn count(world: &World, statement: &'static str) -> i64 {
    let database = world.service.vault().database();
    sqlx::query_scalar(statement)
        .fetch_one(database.pool())
        .await
        .unwrap()
}
