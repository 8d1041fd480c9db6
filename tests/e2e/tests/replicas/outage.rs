//! The database goes away in the middle of a run of bookings (case 45): for a minute, or for
//! good, with another one in its place.

use super::{binary, everywhere, job, path};
use calport_databases::{Server, Settings, is_there};
use calport_e2e::{
    Replicas, Rest, Switch,
    accounts::{CASEY, WORK},
    not_tested,
};
use calport_standins::GoogleConfig;
use reqwest::{Method, StatusCode};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// How long the database is away. `CALPORT_OUTAGE_SECONDS` makes it longer or shorter.
const OUTAGE: u64 = 60;

/// What a platform does meanwhile, without a balancer that would hide what replicas say: states bookings, one after the other, each until it is
/// acknowledged. How many there are in the end, and how often it was told to come again.
async fn state(each: Vec<Rest>, over: Arc<AtomicBool>) -> (usize, usize) {
    let (mut number, mut refused) = (0, 0);
    while !over.load(Ordering::SeqCst) {
        number += 1;
        let rest = &each[number % each.len()];
        let body = job(number, 1, &["ann"]);
        loop {
            match rest.platform(Method::PUT, &path(number), Some(&body)).await {
                Ok(reply) if reply.status == StatusCode::ACCEPTED => break,
                Ok(reply) => {
                    assert_eq!(
                        reply.status,
                        StatusCode::SERVICE_UNAVAILABLE,
                        "{}",
                        reply.text
                    );
                    assert!(reply.headers.contains_key("retry-after"));
                    refused += 1;
                }
                Err(error) => panic!("a replica is gone: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    (number, refused)
}

async fn run(replicas: &Replicas, strike: impl AsyncFnOnce()) {
    replicas.connect("ann", "google", CASEY).await.unwrap();
    replicas.connect("ann", "outlook", WORK).await.unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let stating = tokio::spawn(state(replicas.each().unwrap(), over.clone()));
    while replicas.google.events(CASEY, "primary").len() < 10 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Tokens are refreshed while the database is away: what is new must not be lost either.
    replicas.google.expire_access_tokens();
    strike().await;
    let before = replicas.google.events(CASEY, "primary").len();
    let deadline = Instant::now() + Duration::from_secs(120);
    while replicas.google.events(CASEY, "primary").len() < before + 10 {
        assert!(Instant::now() < deadline, "it does not recover");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    over.store(true, Ordering::SeqCst);
    let (acknowledged, refused) = stating.await.unwrap();
    println!("{acknowledged} bookings acknowledged, {refused} times told to come again");
    assert!(refused > 0, "nobody noticed");
    for number in 1..=acknowledged {
        everywhere(&replicas.rest, number).await;
    }
    for (events, title) in [
        (replicas.google.events(CASEY, "primary"), "summary"),
        (replicas.outlook.events(WORK, "Calendar"), "subject"),
    ] {
        let mut found: Vec<_> = events.iter().map(|it| it[title].to_string()).collect();
        assert_eq!(found.len(), acknowledged);
        found.sort();
        found.dedup();
        assert_eq!(found.len(), acknowledged, "twice");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_45_postgresql_is_away_for_a_minute_and_nothing_acknowledged_is_lost() {
    if let Err(missing) = is_there() {
        return not_tested("outages", &missing.to_string()).unwrap();
    }
    let mut server = Server::start(Settings::new()).await;
    let database = server.fresh().await;
    let google = GoogleConfig::default().rotate_refresh_tokens();
    let replicas = Replicas::start(binary(), 2, &database, google, &[])
        .await
        .unwrap();
    run(&replicas, async || {
        server.kill();
        let seconds = std::env::var("CALPORT_OUTAGE_SECONDS").ok();
        let seconds = seconds.map_or(OUTAGE, |seconds| seconds.parse().unwrap());
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        server.run().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_45_postgresql_fails_over_and_nothing_acknowledged_is_lost() {
    failing_over(async |switch, first, second| {
        first.kill();
        second.promote().await;
        switch.turn_to(second.socket()).unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_45_postgresql_vanishes_without_a_word_and_nothing_acknowledged_is_lost() {
    failing_over(async |switch, first, second| {
        switch.turn_silently_to(second.socket());
        first.kill();
        second.promote().await;
    })
    .await;
}

/// Two replicas on a server with a standby, and a switch in front of them.
async fn failing_over(strike: impl AsyncFnOnce(&mut Switch, &mut Server, &Server)) {
    if let Err(missing) = is_there() {
        return not_tested("failovers", &missing.to_string()).unwrap();
    }
    let mut first = Server::start(Settings::new()).await;
    let database = first.fresh().await;
    let second = first.standby().await;
    // From now on a commit is acknowledged when both have it.
    first.set("synchronous_standby_names", "*").await;
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join(".s.PGSQL.5432");
    let mut switch = Switch::start(socket, first.socket()).unwrap();
    let name = database.split(['/', '?']).nth(3).unwrap();
    let url = format!(
        "postgres:///{name}?user=calport&host={}",
        folder.path().display()
    );
    let google = GoogleConfig::default().rotate_refresh_tokens();
    let replicas = Replicas::start(binary(), 2, &url, google, &[])
        .await
        .unwrap();
    run(&replicas, async || {
        strike(&mut switch, &mut first, &second).await;
        second.set("synchronous_standby_names", "").await;
    })
    .await;
}
