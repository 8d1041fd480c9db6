//! How many bookings reach calendars: `cargo bench -p calport-e2e --bench sync`. Everything is
//! real but the provider, which takes 50 ms for each request. Prints what it measures in this
//! one run; asserts nothing.

use calport_e2e::{World, WorldOptions};
use calport_standins::{ConsentChoice, GoogleAccount, GoogleConfig};
use futures::{StreamExt, stream};
use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};

const LATENCY: Duration = Duration::from_millis(50);

/// Bookings of each run.
const BOOKINGS: usize = 2_000;

/// Rows that wait.
const WAITING: usize = 100_000;

/// How long an idle process is watched.
const WATCHED: Duration = Duration::from_secs(10);

fn account(user: usize) -> String {
    format!("user{user}@gmail.example")
}

async fn world(users: usize) -> World {
    let accounts = (0..users).map(|user| GoogleAccount::new(account(user), "User"));
    let lifted = [
        ("GOOGLE_REQUESTS_PER_MINUTE", "0"),
        ("GOOGLE_REQUESTS_PER_MINUTE_PER_USER", "0"),
    ];
    let options = WorldOptions {
        google: GoogleConfig::default().accounts(accounts).requests_kept(10),
        settings: lifted
            .map(|(name, value)| (name.into(), value.into()))
            .to_vec(),
        ..WorldOptions::default()
    };
    World::start_with(options).await.unwrap()
}

async fn count(world: &World, statement: &'static str) -> usize {
    let database = world.service.vault().database();
    let count: i64 = sqlx::query_scalar(statement)
        .fetch_one(database.pool())
        .await
        .unwrap();
    usize::try_from(count).unwrap()
}

/// From the first PUT to the last event that is noted as being there.
async fn end_to_end(users: usize, bookings: usize) {
    let world = world(users).await;
    for user in 0..users {
        let landing = world
            .connect(&format!("u{user}"), &account(user), &ConsentChoice::Allow)
            .await;
        assert_eq!(landing.unwrap().status(), "connected");
    }
    world.google.set_latency(LATENCY);
    let begun = Instant::now();
    let world = &world;
    let puts = (0..bookings).map(|number| async move {
        let job = json!({
            "revision": 1, "title": "Deep clean", "start": "2031-12-01T10:00:00Z",
            "end": "2031-12-01T12:00:00Z", "zone": "Europe/London",
            "participants": [{"user": format!("u{}", number % users), "role": "customer"}],
        });
        let path = format!("/api/jobs/{number}/");
        world
            .platform(Method::PUT, &path, Some(&job))
            .await
            .unwrap();
    });
    stream::iter(puts)
        .buffer_unordered(16)
        .collect::<()>()
        .await;
    let taken = begun.elapsed();
    let done = "SELECT COUNT(*) FROM deliveries WHERE state = 'in_calendar'";
    while count(world, done).await < bookings {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let elapsed = begun.elapsed().as_secs_f64();
    println!(
        "{users} user(s): {bookings} bookings in {elapsed:.1} s, {:.0} a second (stated within \
         {:.1} s)",
        bookings as f64 / elapsed,
        taken.as_secs_f64()
    );
}

/// Resident memory in MiB, and CPU time of this process in seconds.
fn usage() -> (u64, f64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<u64>().ok())
        .sum();
    (resident.unwrap_or_default() / 1024, ticks as f64 / 100.0)
}

/// What waiting costs while the provider is left alone.
async fn waiting() {
    let world = world(1).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (before, begun) = usage();
    tokio::time::sleep(WATCHED).await;
    let idle = usage().1 - begun;
    let database = world.service.vault().database();
    let (mut transaction, now) = database.write().await.unwrap();
    sqlx::query(
        "INSERT INTO provider_pauses (provider, paused_until, strikes, reason) \
         VALUES ('google', $1, 1, 'the provider did not answer')",
    )
    .bind(now + 3_600)
    .execute(&mut *transaction)
    .await
    .unwrap();
    for number in 0..WAITING {
        sqlx::query(
            "INSERT INTO deliveries (tenant, kind, booking_id, user_id, provider, generation, \
             state, attempts, next_try) \
             VALUES ('default', 'jobs', $1, $2, 'google', 1, 'waiting', 0, $3)",
        )
        .bind(number.to_string())
        .bind(format!("u{}", number % 1_000))
        .bind(now)
        .execute(&mut *transaction)
        .await
        .unwrap();
    }
    sqlx::query(
        "INSERT INTO lanes (tenant, user_id, provider, due_at) \
         SELECT DISTINCT tenant, user_id, provider, next_try FROM deliveries",
    )
    .execute(&mut *transaction)
    .await
    .unwrap();
    transaction.commit().await.unwrap();
    world.service.announce();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (resident, begun) = usage();
    tokio::time::sleep(WATCHED).await;
    let (_, ended) = usage();
    println!(
        "{WAITING} waiting: {resident} MiB resident ({before} before), {:.2} CPU seconds in \
         {WATCHED:?} ({idle:.2} with nothing waiting)",
        ended - begun
    );
}

#[tokio::main]
async fn main() {
    waiting().await;
    end_to_end(1, BOOKINGS / 10).await;
    end_to_end(200, BOOKINGS).await;
}
