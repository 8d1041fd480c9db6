//! Whether what users wait for stays flat while they become many: 1,000, 100,000 and 1,000,000
//! connected users on PostgreSQL, each with ten bookings that are over and one that is not.
//! `cargo bench -p calport-e2e --bench scale` takes 15 GB of disk and half an hour;
//! `CALPORT_USERS=1000,100000` less. Prints what it measures in this one run; asserts nothing.

use calport_databases::{Kind, Server, on};
use calport_e2e::{BOOKINGS_EACH, Browser, Crowd, World, WorldOptions, accounts::CASEY};
use calport_host::subject::Subject;
use calport_standins::ConsentChoice;
use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};

/// Samples of each figure.
const SAMPLES: usize = 400;

/// The median and the 99th percentile.
fn figures(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |share: usize| times[(times.len() - 1) * share / 100];
    format!("p50 {:>8.2?}  p99 {:>8.2?}", at(50), at(99))
}

/// Twice: users whose rows nobody has asked for before, and the same ones again, whose rows
/// are in memory.
async fn sampled(mut one: impl AsyncFnMut(usize)) -> String {
    let mut rounds = Vec::new();
    for _ in 0..2 {
        let mut times = Vec::with_capacity(SAMPLES);
        for sample in 0..SAMPLES {
            let begun = Instant::now();
            one(sample).await;
            times.push(begun.elapsed());
        }
        rounds.push(figures(times));
    }
    rounds.join("   again ")
}

async fn measure(world: &World, crowd: &mut Crowd, size: usize) {
    let begun = Instant::now();
    crowd.grow_to(size).await.unwrap();
    let bookings = size * (BOOKINGS_EACH + 1);
    println!(
        "{size} users, {bookings} bookings (written in {:.0?})",
        begun.elapsed()
    );
    crowd.owe(100).await.unwrap();
    let before = crowd.whole_reads().await.unwrap();
    // A prime number strides through all of them.
    let user = |sample: usize| Crowd::user(sample * 7_919 % size);
    let vault = world.service.vault();
    let look_up = sampled(async |sample| {
        let subject = Subject::new("default", user(sample));
        assert_eq!(vault.connections(&subject).await.unwrap().len(), 1);
    })
    .await;
    println!("  connection look-up  {look_up}");
    let deliveries = world.service.deliveries();
    let claim = sampled(async |_| {
        assert!(deliveries.claim_and_leave("google", 1).await.unwrap() > 0);
    })
    .await;
    println!("  claim and leave     {claim}");
    let mut feeds = Vec::new();
    for sample in 0..SAMPLES {
        let user = user(sample);
        let reply = world
            .user(&user, Method::POST, "/api/calendar/feed/", None)
            .await
            .unwrap();
        let url = reply.json()["feed_url"].as_str().unwrap().to_owned();
        feeds.push(url.split_once("/feeds/").unwrap().1.to_owned());
    }
    let feed = sampled(async |sample| {
        let path = format!("/feeds/{}", feeds[sample]);
        let reply = world.call(Method::GET, &path, None, None).await.unwrap();
        assert!(reply.text.contains("BEGIN:VEVENT"));
    })
    .await;
    println!("  feed                {feed}");
    let mut pages = Vec::new();
    for sample in 0..SAMPLES {
        let body = json!({"user": user(sample)});
        let reply = world
            .platform(Method::POST, "/api/page-sessions/", Some(&body))
            .await;
        let url = reply.unwrap().json()["url"].as_str().unwrap().to_owned();
        let browser = Browser::new();
        browser.visit(&url, &[]).await.unwrap();
        pages.push(browser);
    }
    let home = format!("{}/page/", world.url);
    let page = sampled(async |sample| {
        let opened = pages[sample].visit(&home, &[]).await.unwrap();
        assert!(opened.body.contains("</html>"), "{opened:?}");
    })
    .await;
    println!("  settings page       {page}");
    let mut stated = 0;
    let state = sampled(async |sample| {
        stated += 1;
        let path = format!("/api/jobs/new-{size}-{stated}/");
        let body = json!({
            "revision": 1, "title": "Clean", "start": "2031-12-01T10:00:00Z",
            "end": "2031-12-01T12:00:00Z", "zone": "UTC",
            "participants": [{"user": user(sample), "role": "customer"}],
        });
        let reply = world
            .platform(Method::PUT, &path, Some(&body))
            .await
            .unwrap();
        assert_eq!(reply.status, 202);
    })
    .await;
    println!("  a booking is stated {state}");
    let after = crowd.whole_reads().await.unwrap();
    for (table, times) in &after {
        let read = times - before.get(table).unwrap_or(&0);
        if read > 0 {
            println!("  {table} was read as a whole {read} times");
        }
    }
}

async fn run() {
    let off = ["fsync", "synchronous_commit", "full_page_writes"];
    let mut settings: Vec<_> = off.map(|name| (name, "off".to_owned())).into();
    // As a server has it that is no test's.
    for (name, value) in [("max_wal_size", "8GB"), ("shared_buffers", "4GB")] {
        settings.push((name, value.to_owned()));
    }
    let server = Server::start(settings).await;
    let database = server.fresh().await;
    let options = WorldOptions {
        database: Some(database.clone()),
        without_workers: true,
        ..WorldOptions::default()
    };
    let world = World::start_with(options).await.unwrap();
    world
        .connect("like", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    let mut crowd = Crowd::like(&database, "like").await.unwrap();
    let sizes = std::env::var("CALPORT_USERS").unwrap_or("1000,100000,1000000".to_owned());
    for size in sizes.split(',') {
        measure(&world, &mut crowd, size.parse().unwrap()).await;
    }
}

#[tokio::main]
async fn main() {
    on(Kind::Postgres, run()).await;
}
