//! What one replica was told, every other one knows at once: no session sticks to one.

use super::{binary, everywhere, job, path, server};
use calport_e2e::{
    PLATFORM_TOKEN, Replicas,
    accounts::{CASEY, WORK},
};
use calport_standins::GoogleConfig;
use reqwest::{Client, Method, StatusCode};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn users_flows_work_feeds_and_sessions_belong_to_all_replicas() {
    let Some(server) = server().await else { return };
    let database = server.fresh().await;
    let google = GoogleConfig::default();
    let replicas = Replicas::start(binary(), 3, &database, google, &[])
        .await
        .unwrap();
    // Each request of a flow goes to another replica.
    replicas.connect("ann", "google", CASEY).await.unwrap();
    replicas.connect("ann", "outlook", WORK).await.unwrap();
    replicas.connect("bob", "google", CASEY).await.unwrap();
    let rest = &replicas.rest;
    for number in 1..=12 {
        let body = job(number, 1, &["ann", "bob"]);
        let reply = rest
            .platform(Method::PUT, &path(number), Some(&body))
            .await
            .unwrap();
        assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
    }
    for number in 1..=12 {
        everywhere(rest, number).await;
    }
    // Ann and Bob share an account: one event each.
    assert_eq!(replicas.google.events(CASEY, "primary").len(), 24);
    assert_eq!(replicas.outlook.events(WORK, "Calendar").len(), 12);
    for each in replicas.each().unwrap() {
        let status = each
            .user("ann", Method::GET, "/api/calendar/", None)
            .await
            .unwrap();
        assert_eq!(
            status.json()["providers"][0]["account"],
            CASEY,
            "{}",
            status.text
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_40_a_revoked_feed_and_an_erased_user_are_unknown_to_every_replica_at_once() {
    let Some(server) = server().await else { return };
    let database = server.fresh().await;
    let google = GoogleConfig::default();
    let replicas = Replicas::start(binary(), 3, &database, google, &[])
        .await
        .unwrap();
    let rest = &replicas.rest;
    let body = job(1, 1, &["ann"]);
    rest.platform(Method::PUT, &path(1), Some(&body))
        .await
        .unwrap();
    for end in ["/api/calendar/feed/", "/api/users/ann/"] {
        let feed = rest
            .user("ann", Method::POST, "/api/calendar/feed/", None)
            .await
            .unwrap();
        let url = feed.json()["feed_url"].as_str().unwrap().to_owned();
        let (_, secret) = url.split_once("/feeds/").unwrap();
        let statuses = async || {
            let mut statuses = Vec::new();
            for each in replicas.each().unwrap() {
                let path = format!("/feeds/{secret}");
                statuses.push(
                    each.call(Method::GET, &path, None, None)
                        .await
                        .unwrap()
                        .status,
                );
            }
            statuses
        };
        assert_eq!(statuses().await, [StatusCode::OK; 3]);
        let ended = match end {
            "/api/users/ann/" => rest.platform(Method::DELETE, end, None).await,
            _ => rest.user("ann", Method::DELETE, end, None).await,
        };
        assert!(ended.as_ref().unwrap().status.is_success(), "{ended:?}");
        assert_eq!(statuses().await, [StatusCode::NOT_FOUND; 3], "after {end}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_write_has_one_effect_whichever_replicas_it_comes_to() {
    let Some(server) = server().await else { return };
    let database = server.fresh().await;
    let google = GoogleConfig::default();
    let replicas = Replicas::start(binary(), 3, &database, google, &[])
        .await
        .unwrap();
    let client = Client::builder().no_proxy().build().unwrap();
    let each = replicas.each().unwrap();
    let mut asking = tokio::task::JoinSet::new();
    for turn in 0..30 {
        let request = client
            .post(format!("{}/api/page-sessions/", each[turn % 3].url))
            .bearer_auth(PLATFORM_TOKEN)
            .header("Idempotency-Key", "one-and-the-same")
            .json(&json!({"user": "ann"}));
        asking.spawn(async move {
            let reply = request.send().await.unwrap();
            (reply.status(), reply.text().await.unwrap())
        });
    }
    let replies = asking.join_all().await;
    let made: std::collections::BTreeSet<_> = replies
        .iter()
        .filter(|(status, _)| status.is_success())
        .map(|(_, text)| text)
        .collect();
    assert_eq!(made.len(), 1, "{replies:?}");
    for (status, text) in &replies {
        assert!(
            status.is_success() || *status == StatusCode::CONFLICT,
            "{status} {text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_connects_while_a_booking_is_stated_gets_it() {
    let Some(server) = server().await else { return };
    let database = server.fresh().await;
    let google = GoogleConfig::default();
    let replicas = Replicas::start(binary(), 2, &database, google, &[])
        .await
        .unwrap();
    for turn in 0..20 {
        let user = format!("user-{turn}");
        let body = job(turn, 1, &[&user]);
        let path = path(turn);
        let stating = replicas.rest.platform(Method::PUT, &path, Some(&body));
        let connecting = replicas.connect(&user, "google", CASEY);
        let (stated, connected) = tokio::join!(stating, connecting);
        assert_eq!(stated.unwrap().status, StatusCode::ACCEPTED);
        connected.unwrap();
        let reading = everywhere(&replicas.rest, turn).await;
        let calendars = reading["participants"][0]["calendars"].as_array().unwrap();
        assert_eq!(calendars.len(), 1, "{reading}");
    }
    assert_eq!(replicas.google.events(CASEY, "primary").len(), 20);
}
