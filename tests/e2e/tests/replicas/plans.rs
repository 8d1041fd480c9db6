//! With many users no table that grows is read from one end to the other.

use super::server;
use calport_databases::{Kind, on};
use calport_e2e::{Browser, Crowd, World, WorldOptions, accounts::CASEY};
use calport_standins::ConsentChoice;
use reqwest::{Method, StatusCode};
use serde_json::json;

/// Enough for PostgreSQL to see that an index is worth it.
const USERS: usize = 5_000;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_done_for_one_user_reads_a_whole_table() {
    let Some(server) = server().await else { return };
    let database = server.fresh().await;
    on(Kind::Postgres, async move {
        let options = WorldOptions {
            database: Some(database.clone()),
            ..WorldOptions::default()
        };
        let world = World::start_with(options).await.unwrap();
        world
            .connect("like", CASEY, &ConsentChoice::Allow)
            .await
            .unwrap();
        let mut crowd = Crowd::like(&database, "like").await.unwrap();
        crowd.grow_to(USERS).await.unwrap();
        let before = crowd.whole_reads().await.unwrap();
        for number in 0..20 {
            one_user(&world, &Crowd::user(number * 7), number).await;
        }
        let after = crowd.whole_reads().await.unwrap();
        assert_eq!(before, after);
    })
    .await;
}

/// What happens for one user in a day.
async fn one_user(world: &World, user: &str, number: usize) {
    let path = format!("/api/jobs/new-{number}/");
    let mut body = json!({
        "revision": 1, "title": "Clean", "start": "2031-12-01T10:00:00Z",
        "end": "2031-12-01T12:00:00Z", "zone": "UTC",
        "participants": [{"user": user, "role": "customer"}, {"user": "like", "role": "staff"}],
    });
    for revision in 1..=2 {
        body["revision"] = json!(revision);
        let reply = world
            .platform(Method::PUT, &path, Some(&body))
            .await
            .unwrap();
        assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
    }
    assert_eq!(
        world.settled(&path, "like").await.unwrap()["state"],
        "in_calendar"
    );
    let reply = world
        .user(user, Method::GET, "/api/calendar/", None)
        .await
        .unwrap();
    assert_eq!(reply.status, StatusCode::OK);
    let feed = world
        .user(user, Method::POST, "/api/calendar/feed/", None)
        .await
        .unwrap();
    let feed = feed.json()["feed_url"].as_str().unwrap().to_owned();
    let (_, secret) = feed.split_once("/feeds/").unwrap();
    let reply = world
        .call(Method::GET, &format!("/feeds/{secret}"), None, None)
        .await
        .unwrap();
    assert!(reply.text.contains("BEGIN:VEVENT"));
    let opens = json!({"user": user});
    let opened = world
        .platform(Method::POST, "/api/page-sessions/", Some(&opens))
        .await
        .unwrap();
    let browser = Browser::new();
    let url = opened.json()["url"].as_str().unwrap().to_owned();
    browser.visit(&url, &[]).await.unwrap();
    let page = format!("{}/page/", world.url);
    let page = browser.visit(&page, &[]).await.unwrap();
    assert_eq!(page.code, StatusCode::OK);
    let reply = world.platform(Method::DELETE, &path, None).await.unwrap();
    assert_eq!(reply.status, StatusCode::ACCEPTED);
    // The end of the connection, and of the user.
    let gone = "/api/calendar/google/disconnect/";
    let reply = world
        .user(user, Method::POST, gone, Some(&json!({})))
        .await
        .unwrap();
    assert!(reply.status.is_success(), "{}", reply.text);
    let path = format!("/api/users/{user}/");
    let reply = world.platform(Method::DELETE, &path, None).await.unwrap();
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
}
