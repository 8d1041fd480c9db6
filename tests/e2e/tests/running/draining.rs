//! The end of a host behind a balancer: it says that it ends, and goes on until nobody asks.

use super::{BINARY, is_everywhere, job, path, put, reading_until, until};
use calport_e2e::{Process, Rest, accounts::CASEY, connect};
use calport_standins::{Google, GoogleConfig, Outlook, OutlookConfig};
use reqwest::{Method, StatusCode, header::CONNECTION};
use std::path::Path;

async fn is_ready(rest: &Rest) -> bool {
    let reply = rest.call(Method::GET, "/readyz", None, None).await.unwrap();
    reply.status == StatusCode::OK
}

#[calport_databases::each_database]
async fn case_48_a_host_that_is_to_end_says_so_first_and_serves_until_it_does() {
    let google = Google::start(GoogleConfig::default()).unwrap();
    let outlook = Outlook::start(OutlookConfig::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut settings = google.environment();
    // Longer than any test: only the second signal ends it.
    settings.push(("CALPORT_DRAIN_SECONDS".to_owned(), "600".to_owned()));
    let database = calport_databases::fresh(folder.path()).await;
    settings.push(("CALPORT_DATABASE_URL".to_owned(), database));
    let binary = Path::new(BINARY);
    let host = Process::start(binary, folder.path(), "127.0.0.1:0", &settings)
        .await
        .unwrap();
    let rest = Rest::new(host.url.clone()).unwrap();
    connect(&rest, (&google, &outlook), ("ann", "google", CASEY))
        .await
        .unwrap();
    assert!(is_ready(&rest).await);
    let before = rest.call(Method::GET, "/healthz", None, None).await;
    assert!(!before.unwrap().headers.contains_key(CONNECTION));

    host.ask_to_end().unwrap();
    until("it says that it ends", async || !is_ready(&rest).await).await;
    let alive = rest.call(Method::GET, "/healthz", None, None).await;
    let alive = alive.unwrap();
    assert_eq!(alive.status, StatusCode::OK, "it lives");
    assert_eq!(
        alive.headers[CONNECTION], "close",
        "connections that are kept open are let go"
    );
    for number in 1..=20 {
        put(&rest, number, &job(number, 1, &["ann"])).await;
        reading_until(&rest, &path(number), is_everywhere).await;
    }
    assert!(!is_ready(&rest).await);
    let ended = host.terminate().await.unwrap();
    assert!(ended.success(), "{ended}");
    assert_eq!(google.events(CASEY, "primary").len(), 20);
}

#[tokio::test]
async fn it_ends_by_itself_when_the_time_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [("CALPORT_DRAIN_SECONDS".to_owned(), "1".to_owned())];
    let binary = Path::new(BINARY);
    let host = Process::start(binary, folder.path(), "127.0.0.1:0", &settings)
        .await
        .unwrap();
    let ended = host.terminate().await.unwrap();
    assert!(ended.success(), "{ended}");
}
