//! A database that cannot be written to (case 45): 503, nothing acknowledged is lost, and no
//! restart is needed.

use super::{is_everywhere, job, path, reading_until};
use calport_e2e::{Process, Rest, World, accounts::CASEY, connect};
use calport_standins::{ConsentChoice, Google, GoogleConfig, Outlook, OutlookConfig};
use reqwest::{Method, StatusCode};
use rustix::process::{Pid, Resource, Rlimit};
use std::path::Path;

#[tokio::test]
async fn case_45_a_locked_database_answers_503_and_recovers() {
    let world = World::start().await.unwrap();
    world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    let file = world.folder.path().join("calport.db");
    let url = format!("sqlite:{}", file.display());
    let other = sqlx::AnyPool::connect(&url).await.unwrap();
    let lock = other.begin_with("BEGIN EXCLUSIVE").await.unwrap();
    let refused = world
        .platform(Method::PUT, &path(1), Some(&job(1, 1, &["ann"])))
        .await
        .unwrap();
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers.contains_key("retry-after"), "{refused:?}");
    lock.rollback().await.unwrap();
    let stored = world
        .platform(Method::PUT, &path(1), Some(&job(1, 1, &["ann"])))
        .await
        .unwrap();
    assert_eq!(stored.status, StatusCode::ACCEPTED, "{}", stored.text);
    let settled = world.settled(&path(1), "ann").await.unwrap();
    assert_eq!(settled["state"], "in_calendar");
}

/// A limit on the size of files stands for a full disk: SQLite meets the same error.
#[tokio::test]
async fn case_45_a_full_disk_answers_503_loses_nothing_acknowledged_and_recovers() {
    let google = Google::start(GoogleConfig::default()).unwrap();
    let outlook = Outlook::start(OutlookConfig::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_calport-steps"));
    let mut settings = google.environment();
    settings.push(("RUST_LOG".to_owned(), "off".to_owned()));
    let host = Process::start(binary, folder.path(), "127.0.0.1:0", &settings)
        .await
        .unwrap();
    let rest = Rest::new(host.url.clone()).unwrap();
    connect(&rest, (&google, &outlook), ("ann", "google", CASEY))
        .await
        .unwrap();
    let id = i32::try_from(host.id().unwrap()).unwrap();
    let limit = |current| {
        let maximum = None;
        let limit = Rlimit { current, maximum };
        rustix::process::prlimit(Pid::from_raw(id), Resource::Fsize, limit).unwrap();
    };
    limit(Some(64 * 1024));
    let mut acknowledged = Vec::new();
    let mut refused = 0;
    for number in 1..=60 {
        let reply = rest
            .platform(Method::PUT, &path(number), Some(&job(number, 1, &["ann"])))
            .await
            .unwrap();
        match reply.status {
            StatusCode::ACCEPTED => acknowledged.push(number),
            StatusCode::SERVICE_UNAVAILABLE => refused += 1,
            other => panic!("{other}: {}", reply.text),
        }
        if refused > 3 {
            break;
        }
    }
    assert!(refused > 0, "the limit was never reached");
    limit(None);
    let last = 100;
    let reply = rest
        .platform(Method::PUT, &path(last), Some(&job(last, 1, &["ann"])))
        .await
        .unwrap();
    assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
    acknowledged.push(last);
    for number in &acknowledged {
        reading_until(&rest, &path(*number), is_everywhere).await;
    }
    assert_eq!(google.events(CASEY, "primary").len(), acknowledged.len());
}
