//! A state is used once, within ten minutes, at its own provider.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use calport_e2e::{
    Browser, World,
    accounts::{CASEY, WORK},
};
use calport_host::api;
use calport_standins::ConsentChoice;
use std::collections::BTreeSet;
use tower::ServiceExt;
use url::{Url, form_urlencoded::byte_serialize};

/// Begins a flow at Google and consents: where the browser comes back to.
async fn consented(world: &World, browser: &Browser) -> String {
    let url = world.begin("ann", browser).await.unwrap();
    world
        .google
        .consent(&url, CASEY, &ConsentChoice::Allow)
        .unwrap()
}

fn state_of(callback: &str) -> String {
    let url = Url::parse(callback).unwrap();
    let mut pairs = url.query_pairs();
    let (_, state) = pairs.find(|(name, _)| name == "state").unwrap();
    state.into_owned()
}

/// Ten thousand queries, none of which holds exactly this state exactly once.
fn wrong_queries(state: &str) -> BTreeSet<String> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let letters: Vec<char> = state.chars().collect();
    let mut states = BTreeSet::new();
    for (at, right) in letters.iter().enumerate() {
        for letter in ALPHABET.chars() {
            let mut flipped = letters.clone();
            flipped[at] = letter;
            states.insert(flipped.iter().collect::<String>());
            let mut longer = letters.clone();
            longer.insert(at, letter);
            states.insert(longer.iter().collect());
        }
        states.insert(letters[..at].iter().collect());
        states.insert(letters[at + 1..].iter().collect());
        let mut without = letters.clone();
        without.remove(at);
        states.insert(without.iter().collect());
        let flip = if right.is_ascii_uppercase() {
            right.to_ascii_lowercase()
        } else {
            right.to_ascii_uppercase()
        };
        for other in at + 1..letters.len() {
            for shift in [0, 4, 8, 12, 17, 21] {
                let mut two = letters.clone();
                (two[at], two[other]) = (flip, ALPHABET.chars().nth(other + shift).unwrap());
                states.insert(two.iter().collect());
            }
            let mut swapped = letters.clone();
            swapped.swap(at, other);
            states.insert(swapped.iter().collect());
            states.insert(letters[at..other].iter().collect());
        }
    }
    for around in [
        " ", "\t", "\0", "\r\n", "\"", "'", "%", "%00", "\u{202e}", "ä", "=", "+",
    ] {
        states.insert(format!("{around}{state}"));
        states.insert(format!("{state}{around}"));
    }
    states.insert("x".repeat(15_000));
    states.remove(state);
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let mut queries: BTreeSet<String> = states
        .iter()
        .map(|wrong| format!("code=x&state={}", encoded(wrong)))
        .collect();
    for doubled in [
        format!("code=x&state={state}&state={state}"),
        format!("code=x&state={state}&state="),
        format!("code=x&state=&state={state}"),
        format!("state={state}&code=x&st%61te={state}"),
        format!("code=x&state[]={state}"),
        format!("code=x&State={state}"),
        format!("code=x&STATE={state}"),
        format!("code=x&state%00={state}"),
        format!("code=x;state={state}"),
        format!("code=state={state}"),
        format!("code=x&state={}&state={state}", "x".repeat(20_000)),
        "code=x".to_owned(),
        "code=x&state".to_owned(),
        "state=".to_owned(),
        String::new(),
    ] {
        queries.insert(doubled);
    }
    queries
}

#[calport_databases::each_database]
async fn case_02_ten_thousand_states_that_are_not_exactly_ours_reach_no_provider() {
    let world = World::start().await.unwrap();
    let browser = Browser::new();
    let callback = consented(&world, &browser).await;
    let queries = wrong_queries(&state_of(&callback));
    assert!(queries.len() >= 10_000, "{}", queries.len());
    world.google.forget_requests();
    let before = world.google.connections();
    let router = api::router(world.service.clone());
    for query in &queries {
        let request = Request::get(format!("/api/calendar/google/callback/?{query}"));
        let reply = router
            .clone()
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        assert_eq!(reply.status(), StatusCode::SEE_OTHER, "{query}");
        let target = reply.headers()[header::LOCATION].to_str().unwrap();
        assert!(
            target.ends_with("provider=google&status=expired"),
            "{query}: {target}"
        );
    }
    assert!(world.google.requests().is_empty());
    assert_eq!(world.google.connections(), before, "no socket was opened");
    let landing = browser.open(&callback).await.unwrap();
    assert_eq!(
        landing.status(),
        "connected",
        "and the right one still works"
    );
}

#[calport_databases::each_database]
async fn case_03_a_hundred_identical_callbacks_exchange_the_code_once() {
    let world = World::start().await.unwrap();
    let browser = Browser::new();
    let callback = consented(&world, &browser).await;
    world.google.forget_requests();
    let landings = futures::future::join_all((0..100).map(|_| browser.open(&callback))).await;
    let mut statuses: Vec<_> = landings
        .into_iter()
        .map(|landing| landing.unwrap().status())
        .collect();
    statuses.sort_unstable();
    let mut expected = vec!["connected".to_owned()];
    expected.resize(100, "expired".to_owned());
    assert_eq!(statuses, expected);
    assert_eq!(world.google.requests().to("/token").len(), 1);
}

#[calport_databases::each_database]
async fn case_04_a_state_works_at_599_seconds_and_not_at_601() {
    let world = World::start().await.unwrap();
    let database = world.service.vault().database();
    // It is refused only when the database's clock has moved on by more than a second.
    for _ in 0..20 {
        let before = database.now().await.unwrap();
        let browser = Browser::new();
        let callback = consented(&world, &browser).await;
        sqlx::query("UPDATE flows SET expires_at = expires_at - 599")
            .execute(database.pool())
            .await
            .unwrap();
        let status = browser.open(&callback).await.unwrap().status();
        if status == "connected" {
            break;
        }
        assert!(database.now().await.unwrap() > before + 1, "{status}");
    }
    let overview = world
        .user("ann", reqwest::Method::GET, crate::OVERVIEW, None)
        .await;
    assert_eq!(overview.unwrap().json()["providers"][0]["connected"], true);

    let browser = Browser::new();
    let callback = consented(&world, &browser).await;
    sqlx::query("UPDATE flows SET expires_at = expires_at - 601")
        .execute(database.pool())
        .await
        .unwrap();
    world.google.forget_requests();
    assert_eq!(browser.open(&callback).await.unwrap().status(), "expired");
    assert!(world.google.requests().is_empty());
}

#[calport_databases::each_database]
async fn case_05_a_state_is_refused_on_every_path_but_its_providers() {
    let world = World::start().await.unwrap();
    let browser = Browser::new();
    let google = consented(&world, &browser).await;
    let other = Browser::new();
    let url = world.begin_with("outlook", "ann", &other).await.unwrap();
    let outlook = world
        .outlook
        .consent(&url, WORK, &ConsentChoice::Allow)
        .unwrap();
    world.google.forget_requests();
    world.outlook.forget_requests();
    for (own, browser, callback) in [("google", &browser, &google), ("outlook", &other, &outlook)] {
        for path in ["google", "outlook", "apple"] {
            if path == own {
                continue;
            }
            let elsewhere = callback.replace(
                &format!("/api/calendar/{own}/"),
                &format!("/api/calendar/{path}/"),
            );
            let status = browser.open(&elsewhere).await.unwrap().status();
            let refused = if path == "apple" {
                "unknown-provider"
            } else {
                "expired"
            };
            assert_eq!(status, refused, "{own} at {path}");
        }
    }
    assert!(world.google.requests().is_empty());
    assert!(world.outlook.requests().is_empty());
    for (browser, callback) in [(browser, google), (other, outlook)] {
        let landing = browser.open(&callback).await.unwrap();
        assert_eq!(landing.status(), "connected");
    }
}
