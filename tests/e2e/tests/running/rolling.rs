//! Hosts behind a balancer are replaced one after the other, and no request fails.

use super::{BINARY, is_everywhere, job, path, reading_until, until};
use calport_databases::Kind;
use calport_e2e::{Balancer, Process, Rest, accounts::CASEY, connect};
use calport_standins::{Google, GoogleConfig, Outlook, OutlookConfig};
use futures::future::join_all;
use reqwest::{Method, StatusCode};
use std::{
    path::Path,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
};
use tempfile::TempDir;

/// Requests under way at once.
const CLIENTS: u32 = 8;

/// Replaces both hosts on a database that serves several, while platforms state bookings.
async fn no_request_fails(database_url: &str) {
    let google = Google::start(GoogleConfig::default()).unwrap();
    let outlook = Outlook::start(OutlookConfig::default()).unwrap();
    let mut settings = google.environment();
    settings.extend(
        [
            ("CALPORT_DATABASE_URL", database_url),
            // Longer than any balancer takes to notice: the second signal ends it.
            ("CALPORT_DRAIN_SECONDS", "600"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    let balancer = Balancer::start().await.unwrap();
    let folders: [TempDir; 4] = std::array::from_fn(|_| tempfile::tempdir().unwrap());
    let start = async |number: usize| {
        let folder = folders[number].path();
        let host = Process::start(Path::new(BINARY), folder, "127.0.0.1:0", &settings).await;
        let host = host.unwrap();
        balancer.add(&host.url);
        until("it is in use", async || balancer.is_in_use(&host.url)).await;
        host
    };
    let first = [start(0).await, start(1).await];
    let rest = Rest::new(first[0].url.clone()).unwrap();
    connect(&rest, (&google, &outlook), ("ann", "google", CASEY))
        .await
        .unwrap();

    let is_over = AtomicBool::new(false);
    let stated = AtomicU32::new(0);
    let clients = (0..CLIENTS).map(async |_| {
        while !is_over.load(Ordering::Relaxed) {
            // A client of its own for each request, as each comes from another platform.
            let rest = Rest::new(balancer.url.clone()).unwrap();
            let number = stated.fetch_add(1, Ordering::Relaxed);
            let body = job(number, 1, &["ann"]);
            let reply = rest.platform(Method::PUT, &path(number), Some(&body)).await;
            let reply = reply.unwrap_or_else(|error| panic!("{number}: {error}"));
            assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
        }
    });
    let replacing = async {
        let mut second = Vec::new();
        for (number, old) in first.into_iter().enumerate() {
            second.push(start(2 + number).await);
            old.ask_to_end().unwrap();
            until("it is let go", async || balancer.is_let_go(&old.url)).await;
            let ended = old.terminate().await.unwrap();
            assert!(ended.success(), "{ended}");
        }
        is_over.store(true, Ordering::Relaxed);
        second
    };
    let (_, _second) = futures::join!(join_all(clients), replacing);
    let stated = stated.into_inner();
    assert!(stated > CLIENTS, "nothing was asked of them");
    let rest = Rest::new(balancer.url.clone()).unwrap();
    for number in 0..stated {
        reading_until(&rest, &path(number), is_everywhere).await;
    }
    assert_eq!(
        google.events(CASEY, "primary").len(),
        usize::try_from(stated).unwrap()
    );
}

#[tokio::test]
async fn case_48_hosts_are_replaced_one_after_the_other_and_no_request_fails() {
    calport_databases::on(Kind::Postgres, async {
        let folder = tempfile::tempdir().unwrap();
        let url = calport_databases::fresh(folder.path()).await;
        no_request_fails(&url).await;
    })
    .await;
}
