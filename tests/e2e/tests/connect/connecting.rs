//! Connecting an account, using it, and connecting it again.

use crate::OVERVIEW;
use calport_e2e::{World, WorldOptions, accounts::CASEY};
use calport_standins::ConsentChoice;
use reqwest::{Method, StatusCode};
use serde_json::json;

#[calport_databases::each_database]
async fn a_user_connects_an_account_and_sees_it() {
    let world = World::start().await.unwrap();
    let landing = world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    assert_eq!(landing.status(), "connected");
    let google = &world
        .user("ann", Method::GET, OVERVIEW, None)
        .await
        .unwrap()
        .json();
    let google = &google["providers"][0];
    assert_eq!(google["id"], "google");
    assert_eq!(google["availability"], "available");
    assert_eq!(google["connected"], true);
    assert_eq!(google["needs_reconnect"], false);
    assert_eq!(google["account"], CASEY);
    assert!(google["calendar"]["name"].is_string());
    let other = world
        .user("bob", Method::GET, OVERVIEW, None)
        .await
        .unwrap()
        .json();
    assert_eq!(other["providers"][0]["connected"], false);
}

#[calport_databases::each_database]
async fn case_11_every_callback_answers_with_a_clean_redirect_that_nobody_keeps() {
    let world = World::start().await.unwrap();
    for (choice, status) in [
        (ConsentChoice::Allow, "connected"),
        (ConsentChoice::Cancel, "denied"),
    ] {
        let landing = world.connect("ann", CASEY, &choice).await.unwrap();
        assert_eq!(landing.code, StatusCode::SEE_OTHER);
        let clean = "https://platform.example/calendars?tab=sync&provider=google&status=";
        assert_eq!(
            landing.location.as_ref().unwrap().as_str(),
            format!("{clean}{status}")
        );
        assert_eq!(landing.headers["cache-control"], "no-store");
        assert_eq!(landing.headers["referrer-policy"], "no-referrer");
        let cookie = landing.headers["set-cookie"].to_str().unwrap();
        assert!(
            cookie.contains("Max-Age=0"),
            "the flow's cookie goes: {cookie}"
        );
        assert!(landing.body.is_empty(), "{}", landing.body);
    }
}

#[calport_databases::each_database]
async fn a_provider_without_app_credentials_is_temporarily_unavailable_and_all_else_works() {
    let settings = vec![("GOOGLE_CLIENT_SECRET".to_owned(), String::new())];
    let world = World::start_with(WorldOptions {
        settings,
        ..WorldOptions::default()
    })
    .await
    .unwrap();
    let overview = world
        .user("ann", Method::GET, OVERVIEW, None)
        .await
        .unwrap()
        .json();
    assert_eq!(
        overview["providers"][0]["availability"],
        "temporarily_unavailable"
    );
    let reply = world
        .user("ann", Method::POST, "/api/calendar/google/connect/", None)
        .await;
    let reply = reply.unwrap();
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(reply.code(), "not-configured");
    assert_eq!(reply.json()["missing"], json!(["GOOGLE_CLIENT_SECRET"]));
}

#[calport_databases::each_database]
async fn an_expired_access_token_is_refreshed_once_for_many_callers() {
    let world = World::start().await.unwrap();
    world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    world.google.expire_access_tokens();
    world.google.forget_requests();
    let calls =
        (0..20).map(|_| world.user("ann", Method::GET, "/api/calendar/google/calendars/", None));
    for reply in futures::future::join_all(calls).await {
        assert_eq!(reply.unwrap().status, StatusCode::OK);
    }
    assert_eq!(world.google.requests().to("/token").len(), 1);
}

#[calport_databases::each_database]
async fn a_dead_grant_is_shown_and_connecting_again_mends_it() {
    let world = World::start().await.unwrap();
    world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    world.google.kill_grant(CASEY);
    let path = "/api/calendar/google/calendars/";
    let reply = world.user("ann", Method::GET, path, None).await.unwrap();
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (StatusCode::CONFLICT, "needs-reconnect")
    );
    let overview = world
        .user("ann", Method::GET, OVERVIEW, None)
        .await
        .unwrap()
        .json();
    assert_eq!(overview["providers"][0]["needs_reconnect"], true);
    world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    let overview = world
        .user("ann", Method::GET, OVERVIEW, None)
        .await
        .unwrap()
        .json();
    assert_eq!(overview["providers"][0]["needs_reconnect"], false);
    assert_eq!(
        world
            .user("ann", Method::GET, path, None)
            .await
            .unwrap()
            .status,
        StatusCode::OK
    );
}

#[calport_databases::each_database]
async fn a_grant_that_dies_after_a_week_is_explained_and_another_is_not() {
    for (days, is_explained) in [(7, true), (30, false)] {
        let world = World::start().await.unwrap();
        world
            .connect("ann", CASEY, &ConsentChoice::Allow)
            .await
            .unwrap();
        sqlx::query("UPDATE connections SET connected_at = connected_at - $1")
            .bind(days * 86_400_i64)
            .execute(world.service.vault().database().pool())
            .await
            .unwrap();
        world.google.kill_grant(CASEY);
        let job = json!({
            "revision": 1, "title": "Clean", "start": "2031-12-01T10:00:00Z",
            "end": "2031-12-01T12:00:00Z", "zone": "Europe/London",
            "participants": [{"user": "ann", "role": "customer"}],
        });
        let path = "/api/jobs/1/";
        world.platform(Method::PUT, path, Some(&job)).await.unwrap();
        let ann = world.settled(path, "ann").await.unwrap();
        assert_eq!(ann["state"], "needs_reconnect", "{ann}");
        let overview = world.user("ann", Method::GET, OVERVIEW, None).await;
        let google = overview.unwrap().json()["providers"][0].clone();
        for reason in [&ann["calendars"][0]["reason"], &google["reconnect_reason"]] {
            let reason = reason.as_str().unwrap();
            assert_eq!(reason.contains("Testing"), is_explained, "{days}: {reason}");
        }
    }
}
