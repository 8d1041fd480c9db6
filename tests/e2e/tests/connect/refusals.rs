//! What keeps an account from being connected: each has its own status, and stores nothing.

use crate::OVERVIEW;
use calport_e2e::{World, accounts::CASEY, accounts::SAM, accounts::WORK};
use calport_standins::{Behaviour, ConsentChoice, Fault};
use reqwest::{Method, StatusCode};
use serde_json::json;

const EVENTS: &str = "https://www.googleapis.com/auth/calendar.events.owned";

#[calport_databases::each_database]
async fn every_refusal_reaches_the_platform_as_its_own_status_and_stores_nothing() {
    let events = EVENTS.to_owned();
    for (choice, status) in [
        (ConsentChoice::Cancel, "denied"),
        (ConsentChoice::AllowWithout(vec![events]), "needs-scope"),
        (
            ConsentChoice::Refused("admin_policy_enforced".into()),
            "needs-admin",
        ),
        (
            ConsentChoice::Refused("<script>alert(1)</script>".into()),
            "rejected",
        ),
    ] {
        let world = World::start().await.unwrap();
        let landing = world.connect("ann", CASEY, &choice).await.unwrap();
        assert_eq!(landing.status(), status, "{choice:?}");
        assert!(!landing.location.unwrap().as_str().contains("script"));
        assert!(!landing.body.contains("script"));
        let overview = world
            .user("ann", Method::GET, OVERVIEW, None)
            .await
            .unwrap()
            .json();
        assert_eq!(overview["providers"][0]["connected"], false, "{choice:?}");
    }
}

#[calport_databases::each_database]
async fn faults_of_the_token_endpoint_store_nothing_and_blame_the_right_side() {
    // case 32
    for (behaviour, status) in [
        (Behaviour::without_refresh_token(), "needs-reconnect"),
        (Behaviour::error(401, "invalid_client"), "misconfigured"),
        (Behaviour::error(500, "internal"), "retry"),
        (Behaviour::Html, "retry"),
        (Behaviour::LoseReply, "retry"),
        (Behaviour::scopes(&["openid", "email"]), "needs-scope"),
    ] {
        let world = World::start().await.unwrap();
        let fault = Fault::on("POST", "/token")
            .always()
            .behaviour(behaviour.clone());
        world.google.faults().add(fault);
        let landing = world
            .connect("ann", CASEY, &ConsentChoice::Allow)
            .await
            .unwrap();
        assert_eq!(landing.status(), status, "{behaviour:?}");
        let overview = world
            .user("ann", Method::GET, OVERVIEW, None)
            .await
            .unwrap()
            .json();
        assert_eq!(
            overview["providers"][0]["connected"], false,
            "{behaviour:?}"
        );
    }
}

#[calport_databases::each_database(flavor = "multi_thread")]
async fn a_refresh_that_the_provider_cannot_do_now_keeps_the_next_one_from_nothing() {
    let world = World::start().await.unwrap();
    world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    world.google.expire_access_tokens();
    let fault = Fault::on("POST", "/token").times(1);
    let fault = world
        .google
        .faults()
        .add(fault.behaviour(Behaviour::error(503, "unavailable")));
    let calendars = "/api/calendar/google/calendars/";
    let refused = world.user("ann", Method::GET, calendars, None).await;
    assert_ne!(refused.unwrap().status, StatusCode::OK);
    assert_eq!(world.google.faults().hits(fault), 1);
    let again = world.user("ann", Method::GET, calendars, None).await;
    assert_eq!(again.unwrap().status, StatusCode::OK);
}

#[calport_databases::each_database]
async fn a_refused_reconnection_leaves_the_old_grant_in_place() {
    let world = World::start().await.unwrap();
    world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    let landing = world
        .connect("ann", SAM, &ConsentChoice::Cancel)
        .await
        .unwrap();
    assert_eq!(landing.status(), "denied");
    let overview = world
        .user("ann", Method::GET, OVERVIEW, None)
        .await
        .unwrap()
        .json();
    assert_eq!(overview["providers"][0]["account"], CASEY);
    let calendars = world
        .user("ann", Method::GET, "/api/calendar/google/calendars/", None)
        .await;
    assert_eq!(calendars.unwrap().status, StatusCode::OK);
}

#[calport_databases::each_database]
async fn case_09_a_box_left_unticked_connects_nothing_and_nothing_is_pushed() {
    let world = World::start().await.unwrap();
    let job = json!({
        "revision": 1, "title": "Clean", "start": "2031-12-01T10:00:00Z",
        "end": "2031-12-01T12:00:00Z", "zone": "Europe/London",
        "participants": [{"user": "ann", "role": "customer"}],
    });
    let path = "/api/jobs/1/";
    world.platform(Method::PUT, path, Some(&job)).await.unwrap();
    let others = ["calendar.calendarlist.readonly", "calendar.events.freebusy"];
    let others = others.map(|name| format!("https://www.googleapis.com/auth/{name}"));
    let [list, busy] = others;
    for unticked in [
        vec![EVENTS.to_owned()],
        vec![list.clone()],
        vec![busy.clone()],
        vec![EVENTS.to_owned(), list, busy],
    ] {
        let choice = ConsentChoice::AllowWithout(unticked);
        let landing = world.connect("ann", CASEY, &choice).await.unwrap();
        assert_eq!(landing.status(), "needs-scope", "{choice:?}");
    }
    let overview = world.user("ann", Method::GET, OVERVIEW, None).await;
    assert_eq!(overview.unwrap().json()["providers"][0]["connected"], false);
    let ann = world.settled(path, "ann").await.unwrap();
    assert_eq!(ann["state"], "file_only", "nothing is owed: {ann}");
    let pushed = world.google.requests().to("/calendar/v3/calendars/**");
    assert!(pushed.is_empty(), "{pushed:?}");
}

#[calport_databases::each_database]
async fn case_09_a_first_grant_without_a_refresh_token_is_refused() {
    let world = World::start().await.unwrap();
    let fault = Fault::on("POST", "/token").always();
    let fault = fault.behaviour(Behaviour::without_refresh_token());
    world.google.faults().add(fault);
    let landing = world.connect("ann", CASEY, &ConsentChoice::Allow).await;
    assert_eq!(landing.unwrap().status(), "needs-reconnect");
    let overview = world.user("ann", Method::GET, OVERVIEW, None).await;
    assert_eq!(overview.unwrap().json()["providers"][0]["connected"], false);
}

#[calport_databases::each_database]
async fn case_09_a_refresh_without_a_new_refresh_token_keeps_the_old_one() {
    let world = World::start().await.unwrap();
    let landing = world
        .connect_outlook("ann", WORK, &ConsentChoice::Allow)
        .await;
    assert_eq!(landing.unwrap().status(), "connected");
    let fault = Fault::on("POST", "/common/oauth2/v2.0/token").always();
    let fault = fault.behaviour(Behaviour::without_refresh_token());
    let fault = world.outlook.faults().add(fault);
    for _ in 0..3 {
        world.outlook.expire_access_tokens();
        let path = "/api/calendar/outlook/calendars/";
        let calendars = world.user("ann", Method::GET, path, None).await.unwrap();
        assert_eq!(calendars.status, StatusCode::OK, "{}", calendars.text);
    }
    assert_eq!(world.outlook.faults().hits(fault), 3, "each was a refresh");
}
