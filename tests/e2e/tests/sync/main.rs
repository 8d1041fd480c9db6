//! The sync engine where things go wrong: order, poison, a database that is away, a clock
//! that jumps, an end in the middle of work.

mod clock;
mod crowd;
mod database;
mod ending;
mod order;
mod poison;

use calport_e2e::Rest;
use calport_e2e::World;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A job for one user, at an hour of its own.
fn job(number: u32, revision: u32, users: &[&str]) -> Value {
    let participants: Vec<_> = users
        .iter()
        .map(|user| json!({"user": user, "role": "customer"}))
        .collect();
    json!({
        "revision": revision, "title": format!("job {number} revision {revision}"),
        "start": format!("2031-12-{:02}T10:00:00Z", 1 + number % 28),
        "end": format!("2031-12-{:02}T11:00:00Z", 1 + number % 28),
        "zone": "Europe/London", "participants": participants,
    })
}

fn path(number: u32) -> String {
    format!("/api/jobs/{number}/")
}

/// Runs a statement in the host's database, for what only time would bring about.
async fn execute(world: &World, statement: &'static str) {
    let database = world.service.vault().database();
    sqlx::query(statement)
        .execute(database.pool())
        .await
        .unwrap();
}

/// A booking's reading once it is as it should be.
async fn reading_until(rest: &Rest, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Ok(reply) = rest.platform(Method::GET, path, None).await {
            let reading = reply.json();
            if is_so(&reading) {
                return reading;
            }
            assert!(Instant::now() < deadline, "{reading}");
        }
        assert!(Instant::now() < deadline, "no reading of {path}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whether every calendar of every participant shows the booking.
fn is_everywhere(reading: &Value) -> bool {
    let participants = reading["participants"].as_array();
    participants.is_some_and(|participants| {
        participants
            .iter()
            .all(|participant| participant["state"] == "in_calendar")
    })
}
