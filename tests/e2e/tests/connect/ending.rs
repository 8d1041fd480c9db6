//! The end of a connection while something is in its way: a push, a grant that is dead already,
//! a client that does not wait.

use calport_e2e::{Rest, World, WorldOptions, accounts::CASEY};
use calport_standins::ConsentChoice;
use reqwest::{Method, StatusCode};
use serde_json::json;
use std::time::{Duration, Instant};

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
    // As many as are begun at once, and whoever of them is told last that it is dead.
    assert!(asked.len() < 8, "{asked:?}");
}

async fn count(world: &World, statement: &'static str) -> i64 {
    let database = world.service.vault().database();
    sqlx::query_scalar(statement)
        .fetch_one(database.pool())
        .await
        .unwrap()
}

async fn until_none(world: &World, statement: &'static str) {
    let begun = Instant::now();
    while count(world, statement).await > 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "{statement}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// ann, with a booking that a worker is at.
async fn during_a_push() -> World {
    let options = WorldOptions {
        without_workers: true,
        ..WorldOptions::default()
    };
    let world = World::start_with(options).await.unwrap();
    connect(&world).await;
    put(&world, 1).await;
    let database = world.service.vault().database();
    sqlx::query("UPDATE lanes SET claim = 'worker', claimed_until = $1")
        .bind(database.now().await.unwrap() + 100)
        .execute(database.pool())
        .await
        .unwrap();
    world
}

/// The worker's push has ended.
async fn end_push(world: &World) {
    let database = world.service.vault().database();
    sqlx::query("UPDATE lanes SET claim = NULL, claimed_until = NULL WHERE claim = 'worker'")
        .execute(database.pool())
        .await
        .unwrap();
}

#[calport_databases::each_database(flavor = "multi_thread")]
async fn case_19_who_connects_again_while_a_push_ends_is_owed_everything() {
    let world = during_a_push().await;
    let rest = world.rest.clone();
    let leaving =
        tokio::spawn(async move { rest.user("ann", Method::POST, DISCONNECT, None).await });
    until_none(&world, "SELECT COUNT(*) FROM connections").await;
    connect(&world).await;
    end_push(&world).await;
    let left = leaving.await.unwrap().unwrap();
    assert_eq!(left.json()["status"], "disconnected", "{}", left.text);
    let held = "SELECT COUNT(*) FROM lanes WHERE claim IS NOT NULL OR due_at IS NULL";
    assert_eq!(count(&world, held).await, 0, "workers are not kept away");
    let _workers = world.service.start_workers();
    let settled = world.settled("/api/jobs/1/", "ann").await.unwrap();
    assert_eq!(settled["state"], "in_calendar");
    assert_eq!(world.google.events(CASEY, "primary").len(), 1);
}

#[calport_databases::each_database(flavor = "multi_thread")]
async fn case_19_who_hangs_up_while_a_push_ends_leaves_nothing_half_done() {
    let world = during_a_push().await;
    let rest = Rest::one_by_one(world.url.clone()).unwrap();
    let leaving =
        tokio::spawn(async move { rest.user("ann", Method::POST, DISCONNECT, None).await });
    until_none(&world, "SELECT COUNT(*) FROM connections").await;
    leaving.abort();
    assert!(leaving.await.unwrap_err().is_cancelled());
    end_push(&world).await;
    for statement in [
        "SELECT COUNT(*) FROM deliveries",
        "SELECT COUNT(*) FROM watches",
        "SELECT COUNT(*) FROM lanes",
        "SELECT COUNT(*) FROM revocations",
    ] {
        until_none(&world, statement).await;
    }
    assert_eq!(world.google.live_refresh_tokens(CASEY), 0);
}
