//! An end in the middle of work, orderly and not.

use super::{is_everywhere, job, path, reading_until};
use calport_e2e::{
    Process, Rest,
    accounts::{CASEY, SAM},
    connect, consent,
};
use calport_standins::{Google, GoogleConfig, Outlook, OutlookConfig};
use reqwest::Method;
use serde_json::json;
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// Waits for what must happen.
async fn until(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Where a host is started, and started again.
struct Place {
    google: Google,
    outlook: Outlook,
    folder: tempfile::TempDir,
    database: String,
}

impl Place {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            google: Google::start(GoogleConfig::default()).unwrap(),
            outlook: Outlook::start(OutlookConfig::default()).unwrap(),
            database: calport_databases::fresh(folder.path()).await,
            folder,
        }
    }

    async fn start(&self, listen: &str) -> Process {
        let binary = Path::new(env!("CARGO_BIN_EXE_calport-steps"));
        let mut settings = self.google.environment();
        settings.push(("CALPORT_DATABASE_URL".to_owned(), self.database.clone()));
        Process::start(binary, self.folder.path(), listen, &settings)
            .await
            .unwrap()
    }
}

#[calport_databases::each_database]
async fn case_48_sigterm_lets_work_finish_and_leaves_the_rest_to_the_next_start() {
    let place = Place::new().await;
    let host = place.start("127.0.0.1:0").await;
    let listen = host.url.replace("http://", "");
    let rest = Rest::new(host.url.clone()).unwrap();
    let standins = (&place.google, &place.outlook);
    let google = &place.google;
    connect(&rest, standins, ("ann", "google", CASEY))
        .await
        .unwrap();
    google.set_latency(Duration::from_millis(100));
    for number in 1..=30 {
        let body = job(number, 1, &["ann"]);
        let reply = rest
            .platform(Method::PUT, &path(number), Some(&body))
            .await
            .unwrap();
        assert_eq!(reply.status, 202);
    }
    let ended = host.terminate().await.unwrap();
    assert!(ended.success(), "{ended}");
    // What was begun is finished: no request is left without an end, and nothing is held.
    let answered = google.requests();
    assert!(answered.iter().all(|request| request.status.is_some()));
    let there = google.events(CASEY, "primary").len();
    assert!(there < 30, "it ended before the work did: {there}");
    sqlx::any::install_default_drivers();
    let database = sqlx::AnyPool::connect(&place.database).await.unwrap();
    let [held, noted]: [i64; 2] = [
        sqlx::query_scalar("SELECT COUNT(*) FROM lanes WHERE claim IS NOT NULL")
            .fetch_one(&database)
            .await
            .unwrap(),
        sqlx::query_scalar("SELECT COUNT(*) FROM deliveries WHERE state = 'in_calendar'")
            .fetch_one(&database)
            .await
            .unwrap(),
    ];
    database.close().await;
    assert_eq!(held, 0);
    assert_eq!(usize::try_from(noted).unwrap(), there);
    google.set_latency(Duration::ZERO);
    let _host = place.start(&listen).await;
    for number in 1..=30 {
        reading_until(&rest, &path(number), is_everywhere).await;
    }
    assert_eq!(google.events(CASEY, "primary").len(), 30);
}

#[calport_databases::each_database]
async fn case_42_killed_while_an_account_is_cleared_that_was_left_it_is_cleared_afterwards() {
    let place = Place::new().await;
    let host = place.start("127.0.0.1:0").await;
    let listen = host.url.replace("http://", "");
    let rest = Rest::new(host.url.clone()).unwrap();
    let standins = (&place.google, &place.outlook);
    let google = &place.google;
    connect(&rest, standins, ("ann", "google", CASEY))
        .await
        .unwrap();
    for number in 1..=12 {
        let body = job(number, 1, &["ann"]);
        let reply = rest.platform(Method::PUT, &path(number), Some(&body)).await;
        assert_eq!(reply.unwrap().status, 202);
    }
    for number in 1..=12 {
        reading_until(&rest, &path(number), is_everywhere).await;
    }
    let landing = consent(&rest, standins, ("ann", "google", SAM))
        .await
        .unwrap();
    let handle = landing.parameter("handle").unwrap();
    google.set_latency(Duration::from_secs(1));
    let body = json!({ "handle": handle, "replace": true });
    let complete = "/api/calendar/google/complete/";
    let killed = async {
        until(|| google.events(CASEY, "primary").len() < 12).await;
        host.kill().await.unwrap();
    };
    let answered = rest.user("ann", Method::POST, complete, Some(&body));
    let (answered, ()) = tokio::join!(answered, killed);
    assert!(answered.is_err(), "it was killed too late");
    // What was under way may still come about.
    google.set_latency(Duration::ZERO);
    let there = google.events(CASEY, "primary").len();
    assert!((1..12).contains(&there), "{there}");
    sqlx::any::install_default_drivers();
    let database = sqlx::AnyPool::connect(&place.database).await.unwrap();
    let kept: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM revocations")
        .fetch_one(&database)
        .await
        .unwrap();
    assert_eq!(kept, 1);
    // Other replicas wait for a minute.
    for pass in [
        "UPDATE revocations SET claimed_until = 0",
        "UPDATE lanes SET claimed_until = 0 WHERE claim IS NOT NULL",
    ] {
        sqlx::query(pass).execute(&database).await.unwrap();
    }
    database.close().await;
    let _host = place.start(&listen).await;
    until(|| google.live_refresh_tokens(CASEY) == 0).await;
    assert!(google.events(CASEY, "primary").is_empty());
    until(|| google.events(SAM, "primary").len() == 12).await;
}
