//! A callback completes only for the browser or the user that began the flow.

use crate::OVERVIEW;
use calport_databases::kind;
use calport_e2e::{Browser, Log, World, accounts::CASEY};
use calport_standins::ConsentChoice;
use reqwest::{Method, StatusCode};
use serde_json::json;

#[calport_databases::each_database]
async fn case_01_a_victims_browser_completes_nothing_of_an_attackers() {
    let log = Log::captured();
    let [mallory, victim] = ["mallory", "victim"].map(|who| format!("{who}-{:?}", kind()));
    let world = World::start().await.unwrap();
    let attacker = Browser::new();
    let url = world.begin(&mallory, &attacker).await.unwrap();
    let callback = world
        .google
        .consent(&url, CASEY, &ConsentChoice::Allow)
        .unwrap();
    world.google.forget_requests();
    let landing = Browser::new().open(&callback).await.unwrap();
    assert_eq!(landing.status(), "parked");
    assert!(world.google.requests().is_empty(), "nothing was exchanged");
    let handle = landing.parameter("handle").unwrap();
    let path = "/api/calendar/google/complete/";
    let body = json!({ "handle": handle });
    let refused = world
        .user(&victim, Method::POST, path, Some(&body))
        .await
        .unwrap();
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    for user in [&victim, &mallory] {
        let overview = world
            .user(user, Method::GET, OVERVIEW, None)
            .await
            .unwrap()
            .json();
        assert_eq!(overview["providers"][0]["connected"], false, "{user}");
    }
    assert!(world.google.requests().is_empty());
    for (user, said) in [
        (&mallory, "came back in another browser"),
        (&victim, "not one of this user's"),
    ] {
        let entries = log.lines(&["calport::audit", user, said]);
        assert_eq!(entries.len(), 1, "{entries:?}");
        assert!(!entries[0].contains(&handle), "no secret in the log");
    }
}

#[calport_databases::each_database]
async fn the_initiating_user_finishes_a_parked_flow_once() {
    let world = World::start().await.unwrap();
    let url = world.begin("ann", &Browser::new()).await.unwrap();
    let callback = world
        .google
        .consent(&url, CASEY, &ConsentChoice::Allow)
        .unwrap();
    let landing = Browser::new().open(&callback).await.unwrap();
    let body = json!({ "handle": landing.parameter("handle").unwrap() });
    let path = "/api/calendar/google/complete/";
    let first = world
        .user("ann", Method::POST, path, Some(&body))
        .await
        .unwrap();
    assert_eq!(
        (first.status, first.json()["status"].as_str()),
        (StatusCode::OK, Some("connected"))
    );
    let second = world
        .user("ann", Method::POST, path, Some(&body))
        .await
        .unwrap();
    assert_eq!(
        (second.status, second.code().as_str()),
        (StatusCode::BAD_REQUEST, "expired")
    );
}
