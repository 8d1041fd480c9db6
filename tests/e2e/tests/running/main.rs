//! What an operator does with a host: starts and ends it, looks after it, backs it up, and
//! gives users what is stored of them.

mod backup;
mod doctor;
mod draining;
mod export;
mod readiness;
mod retention;
mod rolling;

use calport_e2e::{Rest, compiled};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::{
    path::Path,
    process::{Output, Stdio},
    time::{Duration, Instant},
};
use tokio::process::Command;

/// How long a test waits for something that must happen. Generous: it only passes when
/// something is broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// The binary under test.
const BINARY: &str = env!("CARGO_BIN_EXE_calport-steps");

/// A job for these users, at an hour of its own.
fn job(number: u32, revision: u32, users: &[&str]) -> Value {
    let participants: Vec<_> = users
        .iter()
        .map(|user| json!({"user": user, "role": "customer"}))
        .collect();
    json!({
        "revision": revision, "title": format!("job {number}"),
        "start": format!("2031-12-{:02}T{:02}:00:00Z", 1 + number % 28, 8 + revision),
        "end": format!("2031-12-{:02}T{:02}:30:00Z", 1 + number % 28, 8 + revision),
        "zone": "Europe/London", "participants": participants,
    })
}

fn path(number: u32) -> String {
    format!("/api/jobs/{number}/")
}

async fn put(rest: &Rest, number: u32, body: &Value) {
    let reply = rest.platform(Method::PUT, &path(number), Some(body)).await;
    let reply = reply.unwrap();
    let is_taken = [StatusCode::ACCEPTED, StatusCode::OK].contains(&reply.status);
    assert!(is_taken, "{}: {}", reply.status, reply.text);
}

/// A booking's reading once it is as it should be.
async fn reading_until(rest: &Rest, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let reading = rest.platform(Method::GET, path, None).await;
        let reading = reading.map(|reply| reply.json()).unwrap_or_default();
        if is_so(&reading) {
            return reading;
        }
        assert!(begun.elapsed() < PATIENCE, "{path}: {reading}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whether every calendar of every participant shows the booking.
fn is_everywhere(reading: &Value) -> bool {
    let participants = reading["participants"].as_array();
    participants.is_some_and(|all| all.iter().all(|it| it["state"] == "in_calendar"))
}

/// Waits until something is so.
async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Runs `calport` beside a host, in its folder, with these settings alone.
async fn calport(folder: &Path, settings: &[(String, String)], arguments: &[&str]) -> Output {
    let command = Command::new(BINARY)
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("CALPORT_CACHE_DIR", compiled())
        .envs(settings.iter().cloned())
        .stdin(Stdio::null())
        .output();
    command.await.unwrap()
}
