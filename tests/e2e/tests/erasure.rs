//! The end of a user (case 40), searched for in everything that is kept.

use calport_e2e::{
    Browser, Landing, Log, World, WorldOptions,
    accounts::{CASEY, SAM, WORK},
};
use calport_standins::{Behaviour, ConsentChoice, Fault};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

/// Long and odd enough to be found nowhere by chance.
const ANN: &str = "user-ann-5e1f7c";

fn job(revision: u32, title: &str, users: &[&str]) -> Value {
    let participants: Vec<_> = users
        .iter()
        .map(|user| json!({"user": user, "role": "customer"}))
        .collect();
    json!({
        "revision": revision, "title": title, "start": "2031-12-01T10:00:00Z",
        "end": "2031-12-01T12:00:00Z", "zone": "Europe/London", "participants": participants,
    })
}

async fn put(world: &World, path: &str, body: &Value) {
    let reply = world.platform(Method::PUT, path, Some(body)).await.unwrap();
    assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
}

async fn erase(world: &World, user: &str, body: Option<&Value>) -> Value {
    let path = format!("/api/users/{user}/");
    let reply = world.platform(Method::DELETE, &path, body).await.unwrap();
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    reply.json()
}

async fn connect(world: &World, user: &str, account: &str) -> Landing {
    let allow = ConsentChoice::Allow;
    world.connect(user, account, &allow).await.unwrap()
}

async fn status(url: &str) -> StatusCode {
    let client = Client::builder().no_proxy().build().unwrap();
    client.get(url).send().await.unwrap().status()
}

/// What stands around each place where something was found, and how far into the files it is.
fn around(haystack: &[u8], needle: &str) -> Vec<(usize, String)> {
    let found = haystack.windows(needle.len()).enumerate();
    let found = found.filter(|(_, window)| *window == needle.as_bytes());
    found
        .map(|(at, _)| {
            let seen = at.saturating_sub(60)..(at + 120).min(haystack.len());
            (at, haystack[seen].escape_ascii().to_string())
        })
        .collect()
}

fn count(haystack: &[u8], needle: &str) -> usize {
    let windows = haystack.windows(needle.len());
    windows
        .filter(|window| *window == needle.as_bytes())
        .count()
}

#[calport_databases::each_database]
async fn case_40_an_erased_user_is_found_nowhere_and_their_feed_is_unknown_at_once() {
    let log = Log::captured();
    let world = World::start().await.unwrap();
    // Others around, so that pages of the file are split, shared and moved.
    for number in 0..150 {
        let users = [ANN, "bob", &format!("other-{number}")];
        put(
            &world,
            &format!("/api/jobs/{number}/"),
            &job(1, "Clean", &users),
        )
        .await;
    }
    connect(&world, ANN, CASEY).await;
    connect(&world, "bob", SAM).await;
    world
        .connect_outlook(ANN, WORK, &ConsentChoice::Allow)
        .await
        .unwrap();
    for account in [CASEY, SAM] {
        world
            .google_events(account, "primary", |events| events.len() == 150)
            .await
            .unwrap();
    }
    let feed = world
        .user(ANN, Method::POST, "/api/calendar/feed/", None)
        .await
        .unwrap()
        .json();
    let feed = feed["feed_url"].as_str().unwrap().to_owned();
    assert_eq!(status(&feed).await, StatusCode::OK);
    let opened = world
        .platform(
            Method::POST,
            "/api/page-sessions/",
            Some(&json!({"user": ANN, "name": "Ann"})),
        )
        .await
        .unwrap()
        .json();
    let page = opened["url"].as_str().unwrap().to_owned();
    // A flow under way, and a question open.
    let begun = world
        .user(ANN, Method::POST, "/api/calendar/google/connect/", None)
        .await;
    assert_eq!(begun.unwrap().status, StatusCode::OK);
    assert_eq!(connect(&world, ANN, SAM).await.status(), "account-changed");
    let needles = [ANN, CASEY, WORK];
    let before = world.stored().await;
    for needle in needles {
        assert!(
            count(&before, needle) > 0,
            "{needle} is not looked for in vain"
        );
    }

    let erased = erase(&world, ANN, None).await;
    assert_eq!(status(&feed).await, StatusCode::NOT_FOUND);
    assert_eq!(erased["status"], "erased");
    assert_eq!(erased["revoked"], json!(["google"]), "{erased}");
    assert_eq!(world.google.live_refresh_tokens(CASEY), 0);
    assert_ne!(
        status(&page).await,
        StatusCode::OK,
        "the page does not open any more"
    );
    let after = world.stored().await;
    for needle in needles {
        let found = around(&after, needle);
        assert!(found.is_empty(), "{needle} is still on disk: {found:#?}");
    }
    let token = feed.rsplit('/').next().unwrap().trim_end_matches(".ics");
    assert_eq!(count(&after, token), 0);
    assert!(!log.text().contains(token), "the address is in the log");

    // Bookings and everybody else are as they were.
    let reading = world
        .platform(Method::GET, "/api/jobs/7/", None)
        .await
        .unwrap()
        .json();
    assert_eq!(reading["title"], "Clean");
    let users: Vec<_> = reading["participants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|participant| participant["user"].as_str().unwrap())
        .collect();
    assert_eq!(users, ["bob", "other-7"]);
    let calendars = world
        .user("bob", Method::GET, "/api/calendar/google/calendars/", None)
        .await;
    assert_eq!(calendars.unwrap().status, StatusCode::OK);
    assert_eq!(world.google.events(SAM, "primary").len(), 150);
}

#[calport_databases::each_database]
async fn erasing_again_or_a_stranger_is_success_and_needs_the_platforms_bearer() {
    let world = World::start().await.unwrap();
    connect(&world, ANN, CASEY).await;
    let refused = world
        .user(ANN, Method::DELETE, &format!("/api/users/{ANN}/"), None)
        .await
        .unwrap();
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
    let first = erase(&world, ANN, None).await;
    assert_eq!(first["revoked"], json!(["google"]));
    let nothing = json!({"status": "erased", "revoked": [], "grants": [], "removed": 0, "left": 0});
    assert_eq!(erase(&world, ANN, None).await, nothing);
    assert_eq!(erase(&world, "nobody-ever", None).await, nothing);
}

#[calport_databases::each_database]
async fn events_stay_or_go_as_the_platform_says() {
    for (body, there, removed, left) in [
        (None, 2, 0, 2),
        (Some(json!({"remove_events": true})), 0, 2, 0),
    ] {
        let world = World::start().await.unwrap();
        connect(&world, ANN, CASEY).await;
        for path in ["/api/jobs/1/", "/api/jobs/2/"] {
            put(&world, path, &job(1, "Clean", &[ANN])).await;
            world.settled(path, ANN).await.unwrap();
        }
        let erased = erase(&world, ANN, body.as_ref()).await;
        assert_eq!(
            (&erased["removed"], &erased["left"]),
            (&json!(removed), &json!(left))
        );
        assert_eq!(world.google.events(CASEY, "primary").len(), there);
        // What the platform changes afterwards does not reach them.
        world.google.forget_requests();
        put(&world, "/api/jobs/1/", &job(2, "Clean more", &["bob"])).await;
        assert!(world.google.requests().is_empty());
    }
}

#[calport_databases::each_database]
async fn what_a_provider_does_not_remove_at_once_is_removed_after_the_user_is_erased() {
    let mut world = World::start().await.unwrap();
    connect(&world, ANN, CASEY).await;
    connect(&world, "bob", SAM).await;
    for path in ["/api/jobs/1/", "/api/jobs/2/"] {
        put(&world, path, &job(1, "Clean", &[ANN, "bob"])).await;
        for user in [ANN, "bob"] {
            world.settled(path, user).await.unwrap();
        }
    }
    world.crash_workers().await;
    let down = Fault::on("DELETE", "/calendar/v3/calendars/*/events/*").times(1);
    world.google.faults().add(down);
    let erased = erase(&world, ANN, Some(&json!({"remove_events": true}))).await;
    assert_eq!(
        erased,
        json!({"status": "erased", "revoked": [], "removed": 1, "left": 0, "removing": 1,
            "grants": [{"provider": "google", "revoked": false, "revocation": "pending"}]})
    );
    let database = world.service.vault().database();
    let kept: String = sqlx::query_scalar("SELECT held FROM revocations")
        .fetch_one(database.pool())
        .await
        .unwrap();
    for event in world.google.events(CASEY, "primary") {
        assert!(!kept.contains(event["id"].as_str().unwrap()), "sealed");
    }
    let _workers = world.service.start_workers();
    world
        .eventually(|| world.google.live_refresh_tokens(CASEY) == 0)
        .await
        .unwrap();
    assert!(world.google.events(CASEY, "primary").is_empty());
    assert_eq!(world.google.events(SAM, "primary").len(), 2);
}

#[calport_databases::each_database]
async fn erasing_a_user_of_a_shared_account_leaves_the_others_grant_alone() {
    let world = World::start().await.unwrap();
    connect(&world, ANN, CASEY).await;
    connect(&world, "bob", CASEY).await;
    let erased = erase(&world, ANN, None).await;
    assert_eq!(
        erased["grants"],
        json!([{"provider": "google", "revoked": false, "revocation": "shared"}])
    );
    let calendars = world
        .user("bob", Method::GET, "/api/calendar/google/calendars/", None)
        .await;
    assert_eq!(calendars.unwrap().status, StatusCode::OK);
}

#[calport_databases::each_database]
async fn what_the_platform_was_to_be_told_of_an_erased_user_is_not_told() {
    let world = World::start_with(WorldOptions {
        // Nobody listens there: what is to be told stays in the queue.
        webhooks: Some("http://127.0.0.1:9/".parse().unwrap()),
        ..WorldOptions::default()
    })
    .await
    .unwrap();
    connect(&world, ANN, CASEY).await;
    connect(&world, "bob", SAM).await;
    erase(&world, ANN, None).await;
    let users: Vec<String> = sqlx::query_scalar("SELECT DISTINCT user_id FROM webhooks")
        .fetch_all(world.service.vault().database().pool())
        .await
        .unwrap();
    assert_eq!(users, ["bob"]);
}

#[calport_databases::each_database(flavor = "multi_thread")]
async fn case_40_a_callback_on_its_way_does_not_bring_an_erased_user_back() {
    let world = World::start().await.unwrap();
    put(&world, "/api/jobs/1/", &job(1, "Clean", &[ANN, "bob"])).await;
    let browser = Browser::new();
    let url = world.begin(ANN, &browser).await.unwrap();
    let allow = ConsentChoice::Allow;
    let callback = world.google.consent(&url, CASEY, &allow).unwrap();
    // The grant is there at once; its reply takes seconds.
    let slow = Fault::on("POST", "/token").behaviour(Behaviour::Drip { pause_ms: 10 });
    world.google.faults().add(slow);
    let landing = tokio::spawn(async move { browser.open(&callback).await });
    let is_granted = || world.google.live_refresh_tokens(CASEY) == 1;
    world.eventually(is_granted).await.unwrap();
    erase(&world, ANN, None).await;
    assert_eq!(landing.await.unwrap().unwrap().status(), "expired");
    for statement in [
        "SELECT COUNT(*) FROM connections",
        "SELECT COUNT(*) FROM deliveries",
        "SELECT COUNT(*) FROM lanes",
        "SELECT COUNT(*) FROM watches",
    ] {
        let left: i64 = sqlx::query_scalar(statement)
            .fetch_one(world.service.vault().database().pool())
            .await
            .unwrap();
        assert_eq!(left, 0, "{statement}");
    }
    let is_revoked = || world.google.live_refresh_tokens(CASEY) == 0;
    world.eventually(is_revoked).await.unwrap();
    let found = around(&world.stored().await, ANN);
    assert!(found.is_empty(), "{found:#?}");
    // Who comes back later is welcome.
    assert_eq!(connect(&world, ANN, CASEY).await.status(), "connected");
}
