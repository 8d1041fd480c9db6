//! Connecting an account through the whole stack, and everything that can go wrong on the
//! way.

use calport_e2e::{Browser, World, WorldOptions, accounts::CASEY, accounts::SAM};
use calport_standins::{Behaviour, ConsentChoice, Fault};
use reqwest::{Method, StatusCode};
use serde_json::json;

const OVERVIEW: &str = "/api/calendar/";

#[tokio::test]
async fn a_user_connects_an_account_and_sees_it() {
    let world = World::start().await.unwrap();
    let landing = world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    // case 11
    assert_eq!(landing.code, StatusCode::SEE_OTHER);
    assert_eq!(
        landing.location.as_ref().unwrap().as_str(),
        "https://platform.example/calendars?tab=sync&provider=google&status=connected"
    );
    assert_eq!(landing.headers["cache-control"], "no-store");
    assert_eq!(landing.headers["referrer-policy"], "no-referrer");
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

#[tokio::test]
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

#[tokio::test]
async fn a_victims_browser_completes_nothing_of_an_attackers() {
    // case 1
    let world = World::start().await.unwrap();
    let attacker = Browser::new();
    let url = world.begin("mallory", &attacker).await.unwrap();
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
    let victim = world
        .user("victim", Method::POST, path, Some(&body))
        .await
        .unwrap();
    assert_eq!(victim.status, StatusCode::BAD_REQUEST);
    for user in ["victim", "mallory"] {
        let overview = world
            .user(user, Method::GET, OVERVIEW, None)
            .await
            .unwrap()
            .json();
        assert_eq!(overview["providers"][0]["connected"], false, "{user}");
    }
    assert!(world.google.requests().is_empty());
}

#[tokio::test]
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

#[tokio::test]
async fn a_state_that_is_not_exactly_ours_reaches_no_provider() {
    // cases 2 and 5
    let world = World::start().await.unwrap();
    let browser = Browser::new();
    let url = world.begin("ann", &browser).await.unwrap();
    let callback = world
        .google
        .consent(&url, CASEY, &ConsentChoice::Allow)
        .unwrap();
    world.google.forget_requests();
    let (_, query) = callback.split_once('?').unwrap();
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let state = &pairs.iter().find(|(name, _)| name == "state").unwrap().1;
    let base = format!("{}/api/calendar/google/callback/", world.url);
    let mut wrong = vec![
        format!("{base}?code=x"),
        format!("{base}?code=x&state="),
        format!("{base}?code=x&state={state}&state={state}"),
        format!("{base}?code=x&state={}", &state[..state.len() - 1]),
        format!("{base}?code=x&state={state}x"),
        format!("{base}?code=x&state={}", "x".repeat(20_000)),
        base.clone(),
    ];
    for position in 0..state.len() {
        let mut flipped = state.clone().into_bytes();
        flipped[position] = if flipped[position] == b'A' {
            b'B'
        } else {
            b'A'
        };
        wrong.push(format!(
            "{base}?code=x&state={}",
            String::from_utf8(flipped).unwrap()
        ));
    }
    for url in wrong {
        let landing = browser.open(&url).await.unwrap();
        assert_eq!(landing.status(), "expired", "{url}");
    }
    let elsewhere = callback.replace("/google/", "/apple/");
    assert_ne!(
        browser.open(&elsewhere).await.unwrap().status(),
        "connected"
    );
    assert!(world.google.requests().is_empty());
    assert_eq!(browser.open(&callback).await.unwrap().status(), "connected");
}

#[tokio::test]
async fn a_hundred_identical_callbacks_exchange_the_code_once() {
    // case 3
    let world = World::start().await.unwrap();
    let browser = Browser::new();
    let url = world.begin("ann", &browser).await.unwrap();
    let callback = world
        .google
        .consent(&url, CASEY, &ConsentChoice::Allow)
        .unwrap();
    world.google.forget_requests();
    let landings = futures::future::join_all((0..100).map(|_| browser.open(&callback))).await;
    let connected = landings
        .iter()
        .filter(|landing| landing.as_ref().unwrap().status() == "connected");
    assert_eq!(connected.count(), 1);
    assert_eq!(world.google.requests().to("/token").len(), 1);
}

#[tokio::test]
async fn every_refusal_reaches_the_platform_as_its_own_status_and_stores_nothing() {
    let events = "https://www.googleapis.com/auth/calendar.events.owned".to_owned();
    for (choice, status) in [
        (ConsentChoice::Cancel, "denied"),
        // case 9
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
        // case 8
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

#[tokio::test]
async fn faults_of_the_token_endpoint_store_nothing_and_blame_the_right_side() {
    // cases 9 and 32
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

#[tokio::test]
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

#[tokio::test]
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

#[tokio::test]
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

#[tokio::test]
async fn host_headers_change_no_target() {
    // case 7
    let world = World::start().await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let token = calport_e2e::token(&json!({"sub": "ann", "exp": 4_000_000_000_u64})).unwrap();
    for (name, value) in [
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "host=evil.example;proto=https"),
        ("host", "evil.example"),
    ] {
        let reply = client
            .post(format!("{}/api/calendar/google/connect/", world.url))
            .bearer_auth(&token)
            .header(name, value)
            .send()
            .await
            .unwrap();
        let cookie = reply.headers()["set-cookie"].to_str().unwrap().to_owned();
        let body = reply.text().await.unwrap();
        assert!(!body.contains("evil"), "{name}: {body}");
        assert!(
            !cookie.contains("evil") && cookie.contains("HttpOnly"),
            "{cookie}"
        );
    }
}
