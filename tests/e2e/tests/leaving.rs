//! Many events at once: what connecting brings in, and what disconnecting takes out again.

use calport_e2e::{
    Reply, World, WorldOptions,
    accounts::{CASEY, SAM},
};
use calport_standins::{Behaviour, ConsentChoice, Fault};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// More than are removed while a user waits.
const MANY: usize = 30;

/// Slow enough that a test comes before the end.
const SLOW: Duration = Duration::from_millis(40);

async fn connect(world: &World) {
    let landing = world.connect("ann", CASEY, &ConsentChoice::Allow).await;
    assert_eq!(landing.unwrap().status(), "connected");
}

/// ann, connected, with many bookings in her calendar.
async fn with_many() -> World {
    with(MANY).await
}

/// ann, connected, with so many bookings in her calendar.
async fn with(bookings: usize) -> World {
    let world = World::start().await.unwrap();
    for number in 0..bookings {
        let job = json!({
            "revision": 1, "title": format!("Clean {number}"),
            "start": "2031-12-01T10:00:00Z", "end": "2031-12-01T12:00:00Z",
            "zone": "Europe/London", "participants": [{"user": "ann", "role": "customer"}],
        });
        let path = format!("/api/jobs/{number}/");
        let reply = world.platform(Method::PUT, &path, Some(&job)).await;
        assert_eq!(reply.unwrap().status, StatusCode::ACCEPTED);
    }
    connect(&world).await;
    until(&world, |google| {
        google["progress"]["in_calendar"] == bookings
    })
    .await;
    world
}

async fn google(world: &World) -> Value {
    let overview = world.user("ann", Method::GET, "/api/calendar/", None).await;
    overview.unwrap().json()["providers"][0].clone()
}

async fn until(world: &World, is_so: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let google = google(world).await;
        if is_so(&google) {
            return google;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{google}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn disconnect(world: &World, remove: bool) -> Reply {
    let path = "/api/calendar/google/disconnect/";
    let body = json!({ "remove_events": remove });
    let reply = world.user("ann", Method::POST, path, Some(&body)).await;
    reply.unwrap()
}

/// Slowly, so that it is still under way.
async fn leaving() -> World {
    let world = with_many().await;
    world.google.set_latency(SLOW);
    let reply = disconnect(&world, true).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
    assert_eq!(reply.json(), json!({"status": "leaving", "waiting": MANY}));
    world
}

async fn rows(world: &World, statement: &'static str) -> i64 {
    let database = world.service.vault().database();
    sqlx::query_scalar(statement)
        .fetch_one(database.pool())
        .await
        .unwrap()
}

async fn is_forgotten(world: &World) {
    assert_eq!(rows(world, "SELECT COUNT(*) FROM connections").await, 0);
    assert_eq!(rows(world, "SELECT COUNT(*) FROM deliveries").await, 0);
    assert_eq!(rows(world, "SELECT COUNT(*) FROM lanes").await, 0);
}

#[calport_databases::each_database(flavor = "multi_thread")]
async fn many_events_are_removed_in_the_background_and_the_grant_goes_with_the_last() {
    let world = leaving().await;
    let google = google(&world).await;
    assert_eq!(google["connected"], false, "{google}");
    assert_eq!(google["account"], CASEY);
    assert!(google["leaving"]["waiting"].as_u64().unwrap() > 0);
    let again = disconnect(&world, true).await;
    assert_eq!(again.status, StatusCode::ACCEPTED, "asked twice");
    until(&world, |google| google.get("leaving").is_none()).await;
    assert!(world.google.events(CASEY, "primary").is_empty());
    // Erased first, then revoked.
    world
        .eventually(|| world.google.live_refresh_tokens(CASEY) == 0)
        .await
        .unwrap();
    is_forgotten(&world).await;
}

#[calport_databases::each_database(flavor = "multi_thread")]
async fn connecting_again_meanwhile_brings_every_event_back_once() {
    let world = leaving().await;
    until(&world, |google| {
        google["leaving"]["waiting"].as_u64().unwrap() < MANY as u64 - 2
    })
    .await;
    connect(&world).await;
    let google = until(&world, |google| google["progress"]["in_calendar"] == MANY).await;
    assert_eq!(google["connected"], true);
    assert_eq!(world.google.events(CASEY, "primary").len(), MANY);
    assert!(world.google.live_refresh_tokens(CASEY) > 0);
}

#[calport_databases::each_database(flavor = "multi_thread")]
async fn a_grant_that_dies_meanwhile_ends_it() {
    let world = leaving().await;
    world.google.kill_grant(CASEY);
    world.google.expire_access_tokens();
    until(&world, |google| google.get("leaving").is_none()).await;
    assert!(!world.google.events(CASEY, "primary").is_empty());
    is_forgotten(&world).await;
}

#[calport_databases::each_database(flavor = "multi_thread")]
async fn disconnecting_at_once_meanwhile_leaves_the_rest_where_it_is() {
    let world = leaving().await;
    let reply = disconnect(&world, false).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    assert_eq!(reply.json()["status"], "disconnected");
    assert_eq!(world.google.live_refresh_tokens(CASEY), 0);
    is_forgotten(&world).await;
    assert!(!world.google.events(CASEY, "primary").is_empty());
}

#[calport_databases::each_database(flavor = "multi_thread")]
async fn what_a_provider_does_not_remove_at_once_is_removed_by_workers_however_little_it_is() {
    let world = with(3).await;
    let down = Fault::on("DELETE", "/calendar/v3/calendars/*/events/*").always();
    let down = world.google.faults().add(down);
    let reply = disconnect(&world, true).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
    assert_eq!(reply.json(), json!({"status": "leaving", "waiting": 3}));
    assert_eq!(world.google.live_refresh_tokens(CASEY), 1);
    assert_eq!(google(&world).await["connected"], false);
    world.google.faults().remove(down);
    until(&world, |google| google.get("leaving").is_none()).await;
    assert!(world.google.events(CASEY, "primary").is_empty());
    is_forgotten(&world).await;
}

#[calport_databases::each_database(flavor = "multi_thread")]
async fn workers_that_die_in_the_middle_are_followed_by_others() {
    let world = with_many().await;
    let mut world = world;
    world.crash_workers().await;
    world.google.set_latency(SLOW);
    assert_eq!(disconnect(&world, true).await.status, StatusCode::ACCEPTED);
    for _ in 0..3 {
        let workers = world.service.start_workers();
        let before = world.google.events(CASEY, "primary").len();
        let some = || world.google.events(CASEY, "primary").len() < before;
        world.eventually(some).await.unwrap();
        workers.abort().await;
        world.outlive_claims().await.unwrap();
    }
    let _workers = world.service.start_workers();
    until(&world, |google| google.get("leaving").is_none()).await;
    assert!(world.google.events(CASEY, "primary").is_empty());
    is_forgotten(&world).await;
}

#[calport_databases::each_database(flavor = "multi_thread")]
async fn a_provider_that_is_down_keeps_the_credentials_for_a_day_at_most() {
    let mut world = with_many().await;
    world.crash_workers().await;
    world.google.switch_off();
    assert_eq!(disconnect(&world, true).await.status, StatusCode::ACCEPTED);
    let database = world.service.vault().database();
    sqlx::query("UPDATE connections SET leaving_at = leaving_at - 86401")
        .execute(database.pool())
        .await
        .unwrap();
    let _workers = world.service.start_workers();
    until(&world, |google| google.get("leaving").is_none()).await;
    is_forgotten(&world).await;
}

#[calport_databases::each_database(flavor = "multi_thread")]
async fn no_calendar_waits_for_the_end_of_connections_that_were_left_long_ago() {
    let options = WorldOptions {
        without_workers: true,
        ..WorldOptions::default()
    };
    let world = World::start_with(options).await.unwrap();
    let (allow, robin) = (ConsentChoice::Allow, "robin@workspace.example");
    for (user, account) in [("ann", CASEY), ("cat", SAM), ("bob", robin)] {
        let landing = world.connect(user, account, &allow).await;
        assert_eq!(landing.unwrap().status(), "connected");
    }
    let job = json!({
        "revision": 1, "title": "Clean", "start": "2031-12-01T10:00:00Z",
        "end": "2031-12-01T12:00:00Z", "zone": "Europe/London",
        "participants": [{"user": "bob", "role": "customer"}],
    });
    let stored = world
        .platform(Method::PUT, "/api/jobs/1/", Some(&job))
        .await;
    assert_eq!(stored.unwrap().status, StatusCode::ACCEPTED);
    let database = world.service.vault().database();
    sqlx::query("UPDATE connections SET leaving_at = connected_at - 90000 WHERE user_id <> 'bob'")
        .execute(database.pool())
        .await
        .unwrap();
    let stall = Fault::on("POST", "/revoke").always();
    world.google.faults().add(stall.behaviour(Behaviour::Stall));
    world.google.forget_requests();
    let _workers = world.service.start_workers();
    world
        .google_events(robin, "primary", |events| events.len() == 1)
        .await
        .unwrap();
    let requests = world.google.requests();
    let pushed = requests.iter().position(|it| it.path.ends_with("/events"));
    let before = requests.iter().take(pushed.unwrap());
    // They are revoked one after the other, by somebody else.
    assert!(before.filter(|it| it.path == "/revoke").count() <= 1);
    let count = "SELECT COUNT(*) FROM connections";
    assert_eq!(rows(&world, count).await, 1);
    assert_eq!(rows(&world, "SELECT COUNT(*) FROM revocations").await, 2);
}
