//! The end of a connection.

use crate::OVERVIEW;
use calport_e2e::{World, accounts::CASEY};
use calport_standins::ConsentChoice;
use reqwest::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn disconnecting_erases_here_and_revokes_there() {
    let world = World::start().await.unwrap();
    world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    let path = "/api/calendar/google/disconnect/";
    let reply = world.user("ann", Method::POST, path, None).await.unwrap();
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.json()["revoked"], true);
    assert_eq!(world.google.live_refresh_tokens(CASEY), 0);
    let overview = world
        .user("ann", Method::GET, OVERVIEW, None)
        .await
        .unwrap()
        .json();
    assert_eq!(overview["providers"][0]["connected"], false);
    // Again, as by a double click, and after the user revoked it themself.
    let again = world.user("ann", Method::POST, path, None).await.unwrap();
    assert_eq!(again.status, StatusCode::OK);
}

#[tokio::test]
async fn two_users_who_share_an_account_do_not_end_each_others_grant() {
    let world = World::start().await.unwrap();
    world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    world
        .connect("bob", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    let path = "/api/calendar/google/disconnect/";
    let first = world.user("ann", Method::POST, path, None).await.unwrap();
    assert_eq!(first.json()["revoked"], false);
    let calendars = world
        .user("bob", Method::GET, "/api/calendar/google/calendars/", None)
        .await;
    assert_eq!(calendars.unwrap().status, StatusCode::OK);
    let last = world.user("bob", Method::POST, path, None).await.unwrap();
    assert_eq!(last.json()["revoked"], true);
    assert_eq!(world.google.live_refresh_tokens(CASEY), 0);
}

#[tokio::test]
async fn a_provider_that_is_down_cannot_keep_a_user_connected() {
    // case 19
    let world = World::start().await.unwrap();
    world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    world.google.switch_off();
    let path = "/api/calendar/google/disconnect/";
    let reply = world.user("ann", Method::POST, path, None).await.unwrap();
    assert_eq!(
        (reply.status, &reply.json()["revoked"]),
        (StatusCode::OK, &json!(false))
    );
    world.google.forget_requests();
    let overview = world
        .user("ann", Method::GET, OVERVIEW, None)
        .await
        .unwrap()
        .json();
    assert_eq!(overview["providers"][0]["connected"], false);
    assert!(world.google.requests().is_empty());
}
