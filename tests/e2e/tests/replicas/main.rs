//! Several replicas on one PostgreSQL: they share everything, refresh once, and lose nothing
//! when the database goes away.

mod outage;
mod plans;
mod pooler;
mod refresh;
mod secrecy;
mod sharing;

use calport_databases::{Server, is_there};
use calport_e2e::{Rest, not_tested};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// The host, which can also be told to end at a step.
fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_calport-steps"))
}

/// The shared server, where there is PostgreSQL.
async fn server() -> Option<&'static Server> {
    match is_there() {
        Ok(_) => Some(Server::shared().await),
        Err(missing) => {
            not_tested("replicas", &missing.to_string()).unwrap();
            None
        }
    }
}

/// A job for some users.
fn job(number: usize, revision: u32, users: &[&str]) -> Value {
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

fn path(number: usize) -> String {
    format!("/api/jobs/{number}/")
}

/// A booking's reading once every calendar of every participant shows it.
async fn everywhere(rest: &Rest, number: usize) -> Value {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let reply = rest.platform(Method::GET, &path(number), None).await;
        if let Ok(reply) = reply {
            let reading = reply.json();
            let participants = reading["participants"].as_array();
            let is_so = participants.is_some_and(|all| {
                all.iter()
                    .all(|participant| participant["state"] == "in_calendar")
            });
            if is_so {
                return reading;
            }
            assert!(Instant::now() < deadline, "{reading}");
        }
        assert!(Instant::now() < deadline, "no reading");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
