//! What is forgotten by itself, and what is not.

use super::{is_everywhere, job, path, put, reading_until};
use calport_e2e::{
    METRICS_TOKEN, World,
    accounts::{CASEY, SAM},
};
use calport_host::retention::{Cutoffs, Options, Removed};
use calport_standins::ConsentChoice;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::watch;

const DAY: i64 = 86_400;

async fn connected() -> World {
    let world = World::start().await.unwrap();
    let landing = world.connect("ann", CASEY, &ConsentChoice::Allow).await;
    assert_eq!(landing.unwrap().status(), "connected");
    world
}

async fn execute(world: &World, statement: &'static str) {
    let pool = world.service.vault().database().pool();
    sqlx::query(statement).execute(pool).await.unwrap();
}

async fn count(world: &World, statement: &'static str) -> i64 {
    let pool = world.service.vault().database().pool();
    sqlx::query_scalar(statement).fetch_one(pool).await.unwrap()
}

/// A round as it would be made so many days from now.
async fn round_in(world: &World, days: i64) -> Removed {
    let now = world.service.vault().database().now().await.unwrap();
    let mut cutoffs = Cutoffs::at(now, Options::default());
    cutoffs.past = cutoffs.past.map(|past| past + days * DAY);
    let (_stop, stopped) = watch::channel(false);
    let retention = world.service.retention();
    retention.round(&cutoffs, &stopped).await.unwrap()
}

/// A job that was over long ago.
fn past(number: u32, revision: u32) -> Value {
    let mut job = job(number, revision, &["ann"]);
    job["start"] = json!(format!("2020-03-{:02}T10:00:00Z", 1 + number % 28));
    job["end"] = json!(format!("2020-03-{:02}T11:00:00Z", 1 + number % 28));
    job
}

fn series(number: u32, revision: u32, status: &str) -> Value {
    let mut job = job(number, revision, &["ann"]);
    // A title that looks like the status of another booking.
    job["title"] = json!(r#"job "status":"cancelled""#);
    job["recurrence"] = json!({"rule": "FREQ=WEEKLY", "excluded": []});
    job["status"] = json!(status);
    job
}

#[calport_databases::each_database]
async fn what_has_been_over_for_long_is_forgotten_and_stays_in_calendars() {
    let world = connected().await;
    // 1 is over, 2 is ahead, 3 repeats, 4 repeated until it was cancelled.
    put(&world, 1, &past(1, 1)).await;
    put(&world, 2, &job(2, 1, &["ann"])).await;
    put(&world, 3, &series(3, 1, "confirmed")).await;
    put(&world, 4, &series(4, 1, "confirmed")).await;
    for number in 1..=4 {
        reading_until(&world, &path(number), is_everywhere).await;
    }
    put(&world, 4, &series(4, 2, "cancelled")).await;
    let is_three = |events: &[Value]| events.len() == 3;
    world
        .google_events(CASEY, "primary", is_three)
        .await
        .unwrap();

    // A booking that was stated a moment ago is no past work, whenever it took place.
    assert_eq!(round_in(&world, 0).await, Removed::new());
    assert_eq!(round_in(&world, 399).await, Removed::new());
    world.google.forget_requests();
    let removed = round_in(&world, 401).await;
    assert_eq!(removed.get("bookings"), Some(&2), "{removed:?}");
    assert_eq!(removed.get("deliveries"), Some(&1), "{removed:?}");
    for (number, status) in [
        (1, StatusCode::NOT_FOUND),
        (2, StatusCode::OK),
        (3, StatusCode::OK),
        (4, StatusCode::NOT_FOUND),
    ] {
        let reading = world.platform(Method::GET, &path(number), None).await;
        assert_eq!(reading.unwrap().status, status, "{number}");
    }
    for (statement, left) in [
        ("SELECT COUNT(*) FROM participants", 2),
        ("SELECT COUNT(*) FROM deliveries", 2),
        ("SELECT COUNT(*) FROM lanes", 1),
    ] {
        assert_eq!(count(&world, statement).await, left, "{statement}");
    }
    assert!(
        world.google.requests().is_empty(),
        "no calendar was touched"
    );
    assert_eq!(world.google.events(CASEY, "primary").len(), 3);
    assert_eq!(round_in(&world, 401).await, Removed::new());

    // A late word of the platform's finds the event that is there.
    put(&world, 1, &past(1, 2)).await;
    reading_until(&world, &path(1), is_everywhere).await;
    assert_eq!(world.google.events(CASEY, "primary").len(), 3);

    let metrics = world
        .call(Method::GET, "/metrics", Some(METRICS_TOKEN), None)
        .await;
    let metrics = metrics.unwrap().text;
    let line = "calport_retention_removed_total{what=\"bookings\"} 2";
    assert!(metrics.lines().any(|is| is == line), "{metrics}");
}

#[calport_databases::each_database]
async fn more_than_one_step_takes_is_removed_in_many() {
    let world = World::start().await.unwrap();
    execute(
        &world,
        "WITH RECURSIVE counted (n) AS \
         (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 450) \
         INSERT INTO bookings (tenant, kind, id, revision, body, ends_at, updated_at) \
         SELECT 'default', 'jobs', 'old-' || n, 1, '{}', 1000 + n, 1000 FROM counted",
    )
    .await;
    execute(
        &world,
        "WITH RECURSIVE counted (n) AS \
         (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 250) \
         INSERT INTO audit (id, at, tenant, user_id, provider, action, times) \
         SELECT 'old-' || n, 1000 + n, 'default', 'u-' || n, '', 'exported', 1 FROM counted",
    )
    .await;
    let removed = round_in(&world, 0).await;
    assert_eq!(removed.get("bookings"), Some(&450), "{removed:?}");
    assert_eq!(removed.get("audit"), Some(&250), "{removed:?}");
}

#[calport_databases::each_database]
async fn what_has_run_out_goes_and_what_has_not_stays() {
    let world = connected().await;
    for statement in [
        "INSERT INTO page_sessions (session_hash, tenant, user_id, expires_at) VALUES \
         ('old', 'default', 'ann', 1000), ('new', 'default', 'ann', 4000000000)",
        "INSERT INTO page_tickets (ticket_hash, tenant, user_id, expires_at) VALUES \
         ('old', 'default', 'ann', 1000), ('new', 'default', 'ann', 4000000000)",
        "INSERT INTO parked_callbacks (handle_hash, tenant, user_id, provider, callback, \
         expires_at) VALUES ('old', 'default', 'ann', 'google', '', 1000), \
         ('new', 'default', 'ann', 'google', '', 4000000000)",
        "INSERT INTO flows (state_hash, tenant, user_id, provider, cookie_hash, code_verifier, \
         redirect_uri, expires_at) VALUES \
         ('old', 'default', 'ann', 'google', '', '', '', 1000), \
         ('new', 'default', 'ann', 'google', '', '', '', 4000000000)",
        "INSERT INTO idempotency_keys (key_hash, fingerprint, claimed_until, expires_at) VALUES \
         ('old', '', 1000, 1000), ('new', '', 1000, 4000000000)",
        "INSERT INTO webhooks (id, subject, position, type, body, state, attempts, next_try, \
         created_at) VALUES ('old', 's', 1, 't', '{}', 'set_aside', 50, 1000, 1000), \
         ('new', 's', 2, 't', '{}', 'set_aside', 50, 1000, 4000000000), \
         ('old-waiting', 's', 3, 't', '{}', 'waiting', 1, 4000000000, 1000), \
         ('waiting', 's', 4, 't', '{}', 'waiting', 1, 4000000000, 4000000000)",
        "INSERT INTO audit (id, at, tenant, user_id, provider, action, times) VALUES \
         ('old', 1000, 'default', 'ann', '', 'exported', 1), \
         ('new', 4000000000, 'default', 'ann', '', 'exported', 1)",
        // One that nobody is connected behind, and three that are not idle.
        "INSERT INTO lanes (tenant, user_id, provider, due_at, claimed_until, paused_until) \
         VALUES ('default', 'gone', 'google', NULL, 1000, 1000), \
         ('default', 'owed', 'google', 4000000000, NULL, NULL), \
         ('default', 'held', 'google', NULL, 4000000000, NULL), \
         ('default', 'paused', 'google', NULL, NULL, 4000000000)",
        "INSERT INTO lanes (tenant, user_id, provider) VALUES ('default', 'ann', 'google') \
         ON CONFLICT DO NOTHING",
    ] {
        execute(&world, statement).await;
    }
    let removed = round_in(&world, 0).await;
    let mut expected: Removed = [
        "audit",
        "flows",
        "idempotency_keys",
        "lanes",
        "page_sessions",
        "page_tickets",
        "parked_callbacks",
    ]
    .map(|what| (what, 1))
    .into();
    // One that was set aside, and one that nobody takes.
    expected.insert("webhooks", 2);
    assert_eq!(removed, expected);
    for (statement, left) in [
        (
            "SELECT COUNT(*) FROM page_sessions WHERE session_hash = 'new'",
            1,
        ),
        ("SELECT COUNT(*) FROM flows WHERE state_hash = 'new'", 1),
        (
            "SELECT COUNT(*) FROM idempotency_keys WHERE key_hash = 'new'",
            1,
        ),
        ("SELECT COUNT(*) FROM webhooks", 2),
        ("SELECT COUNT(*) FROM audit WHERE id = 'new'", 1),
        ("SELECT COUNT(*) FROM audit WHERE action = 'connected'", 1),
        ("SELECT COUNT(*) FROM lanes", 4),
        ("SELECT COUNT(*) FROM leases", 0),
    ] {
        assert_eq!(count(&world, statement).await, left, "{statement}");
    }
}

#[calport_databases::each_database]
async fn a_grant_whose_question_nobody_has_answered_is_revoked() {
    let world = connected().await;
    let landing = world.connect("ann", SAM, &ConsentChoice::Allow).await;
    assert_eq!(landing.unwrap().status(), "account-changed");
    assert_eq!(world.google.live_refresh_tokens(SAM), 1);
    execute(&world, "UPDATE pending_accounts SET expires_at = 1000").await;
    round_in(&world, 0).await;
    assert_eq!(
        count(&world, "SELECT COUNT(*) FROM pending_accounts").await,
        0
    );
    let is_revoked = || world.google.live_refresh_tokens(SAM) == 0;
    world.eventually(is_revoked).await.unwrap();
    assert_eq!(world.google.live_refresh_tokens(CASEY), 1);
}

#[calport_databases::each_database]
async fn one_process_at_a_time_forgets_and_stops_when_it_is_told_to() {
    let world = connected().await;
    put(&world, 1, &past(1, 1)).await;
    reading_until(&world, &path(1), is_everywhere).await;
    execute(
        &world,
        "INSERT INTO leases (name, holder, held_until) \
         SELECT 'retention', 'another', updated_at + 50 FROM bookings",
    )
    .await;
    assert_eq!(round_in(&world, 401).await, Removed::new());
    execute(&world, "UPDATE leases SET held_until = 1000").await;
    let now = world.service.vault().database().now().await.unwrap();
    let cutoffs = Cutoffs {
        past: Some(now + DAY),
        ..Cutoffs::at(now, Options::default())
    };
    let (_stop, stopped) = watch::channel(true);
    let retention = world.service.retention();
    let removed = retention.round(&cutoffs, &stopped).await.unwrap();
    assert_eq!(removed, Removed::new());
    let removed = round_in(&world, 401).await;
    assert_eq!(removed.get("bookings"), Some(&1), "{removed:?}");
}
