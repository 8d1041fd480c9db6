//! An orderly end in the middle of work.

use super::{is_everywhere, job, path, reading_until};
use calport_e2e::{Process, Rest, accounts::CASEY, connect};
use calport_standins::{Google, GoogleConfig, Outlook, OutlookConfig};
use reqwest::Method;
use std::{path::Path, time::Duration};

#[calport_databases::each_database]
async fn case_48_sigterm_lets_work_finish_and_leaves_the_rest_to_the_next_start() {
    let google = Google::start(GoogleConfig::default()).unwrap();
    let outlook = Outlook::start(OutlookConfig::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_calport-steps"));
    let mut settings = google.environment();
    let url = calport_databases::fresh(folder.path()).await;
    settings.push(("CALPORT_DATABASE_URL".to_owned(), url.clone()));
    let host = Process::start(binary, folder.path(), "127.0.0.1:0", &settings)
        .await
        .unwrap();
    let listen = host.url.replace("http://", "");
    let rest = Rest::new(host.url.clone()).unwrap();
    connect(&rest, (&google, &outlook), ("ann", "google", CASEY))
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
    let database = sqlx::AnyPool::connect(&url).await.unwrap();
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
    let _host = Process::start(binary, folder.path(), &listen, &settings)
        .await
        .unwrap();
    for number in 1..=30 {
        reading_until(&rest, &path(number), is_everywhere).await;
    }
    assert_eq!(google.events(CASEY, "primary").len(), 30);
}
