//! Files and feeds for those who connect no account.

use calport_e2e::{Log, World};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

const CONNECT: &str = "/api/calendar/apple/connect/";
const FEED: &str = "/api/calendar/feed/";

fn job(revision: u32, title: &str) -> Value {
    json!({
        "revision": revision, "title": title, "start": "2031-12-01T10:00:00Z",
        "end": "2031-12-01T12:00:00Z", "zone": "Europe/London",
        "participants": [{"user": "ann", "role": "customer"}],
    })
}

async fn put(world: &World, path: &str, body: &Value) {
    let reply = world.platform(Method::PUT, path, Some(body)).await.unwrap();
    assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
}

async fn subscribe(world: &World, user: &str, path: &str) -> String {
    let reply = world.user(user, Method::POST, path, None).await.unwrap();
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    let shown = reply.json();
    let url = shown["feed_url"].as_str().unwrap();
    let webcal = shown["webcal_url"].as_str().unwrap();
    assert_eq!(webcal.replacen("webcal://", "http://", 1), url);
    url.to_owned()
}

fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

async fn fetch(url: &str) -> (StatusCode, String) {
    let reply = client().get(url).send().await.unwrap();
    (reply.status(), reply.text().await.unwrap())
}

#[calport_databases::each_database]
async fn a_subscriber_sees_bookings_come_change_and_be_cancelled() {
    let world = World::start().await.unwrap();
    let url = subscribe(&world, "ann", CONNECT).await;
    put(&world, "/api/jobs/1/", &job(1, "Clean")).await;
    let (status, text) = fetch(&url).await;
    assert_eq!(status, StatusCode::OK);
    for line in [
        "SUMMARY:Clean",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
        "STATUS:CONFIRMED",
        "SEQUENCE:1",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
    assert!(!text.contains("METHOD"), "{text}");
    world
        .platform(Method::DELETE, "/api/jobs/1/", None)
        .await
        .unwrap();
    let (_, text) = fetch(&url).await;
    assert!(
        text.contains("STATUS:CANCELLED") && text.contains("SEQUENCE:2"),
        "{text}"
    );
    let (_, others) = fetch(&subscribe(&world, "bob", CONNECT).await).await;
    assert!(!others.contains("VEVENT"), "{others}");
}

#[calport_databases::each_database]
async fn what_has_not_changed_is_not_sent_again() {
    let world = World::start().await.unwrap();
    put(&world, "/api/jobs/1/", &job(1, "Clean")).await;
    let url = subscribe(&world, "ann", CONNECT).await;
    let first = client().get(&url).send().await.unwrap();
    assert_eq!(
        first.headers()["content-type"],
        "text/calendar; charset=utf-8"
    );
    let etag = first.headers()["etag"].clone();
    let get = |etag: &str| client().get(&url).header("if-none-match", etag).send();
    let same = get(etag.to_str().unwrap()).await.unwrap();
    assert_eq!(same.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(same.headers()["etag"], etag);
    assert!(same.text().await.unwrap().is_empty());
    let other = get("\"other\"").await.unwrap();
    assert_eq!(other.status(), StatusCode::OK);
    put(&world, "/api/jobs/1/", &job(2, "Clean more")).await;
    let changed = get(etag.to_str().unwrap()).await.unwrap();
    assert_eq!(changed.status(), StatusCode::OK);
    assert_ne!(changed.headers()["etag"], etag);
}

#[calport_databases::each_database]
async fn case_40_a_revoked_or_renewed_address_is_as_unknown_as_a_wrong_one() {
    let log = Log::captured();
    let world = World::start().await.unwrap();
    let first = subscribe(&world, "ann", CONNECT).await;
    let second_device = subscribe(&world, "ann", CONNECT).await;
    assert_ne!(first, second_device);
    assert_eq!(
        fetch(&first).await.0,
        StatusCode::OK,
        "a further device ends no other"
    );
    let renewed = subscribe(&world, "ann", FEED).await;
    let unknown = fetch(&first).await;
    assert_eq!(unknown.0, StatusCode::NOT_FOUND);
    assert_eq!(fetch(&second_device).await, unknown);
    assert_eq!(fetch(&renewed).await.0, StatusCode::OK);
    world.user("ann", Method::DELETE, FEED, None).await.unwrap();
    assert_eq!(fetch(&renewed).await, unknown);
    for wrong in ["", ".ics", "x.ics", "../feeds/x.ics"] {
        assert_eq!(
            fetch(&format!("{}/feeds/{wrong}", world.url)).await.0,
            StatusCode::NOT_FOUND
        );
    }
    let token = renewed
        .rsplit('/')
        .next()
        .unwrap()
        .trim_end_matches(".ics")
        .to_owned();
    assert!(token.len() >= 43, "256 bits");
    for entry in std::fs::read_dir(world.folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let found = bytes
            .windows(token.len())
            .any(|window| window == token.as_bytes());
        assert!(!found, "the raw address is stored");
    }
    let logged = log.text();
    assert!(logged.contains("/feeds/..."), "the fetches are in the log");
    assert!(!logged.contains(&token), "the raw address is logged");
}

#[calport_databases::each_database]
async fn the_user_sees_whether_an_app_fetches_the_feed() {
    let world = World::start().await.unwrap();
    let apple = async || {
        let overview = world
            .user("ann", Method::GET, "/api/calendar/", None)
            .await
            .unwrap();
        let overview = overview.json();
        let providers = overview["providers"].as_array().unwrap();
        providers
            .iter()
            .find(|provider| provider["id"] == "apple")
            .unwrap()
            .clone()
    };
    let before = apple().await;
    assert_eq!(
        (&before["kind"], &before["connected"]),
        (&json!("file"), &json!(false))
    );
    let url = subscribe(&world, "ann", CONNECT).await;
    let unfetched = apple().await;
    assert_eq!(
        (&unfetched["connected"], &unfetched["last_fetched"]),
        (&json!(true), &Value::Null)
    );
    fetch(&url).await;
    assert!(apple().await["last_fetched"].is_string());
    let path = "/api/calendar/apple/disconnect/";
    world.user("ann", Method::POST, path, None).await.unwrap();
    assert_eq!(apple().await["connected"], false);
    assert_eq!(fetch(&url).await.0, StatusCode::NOT_FOUND);
}

#[calport_databases::each_database]
async fn a_signed_link_opens_one_participants_file_and_nothing_else() {
    let world = World::start().await.unwrap();
    put(&world, "/api/jobs/1/", &job(1, "Clean")).await;
    put(&world, "/api/jobs/2/", &job(1, "Other")).await;
    let reading = world
        .platform(Method::GET, "/api/jobs/1/", None)
        .await
        .unwrap()
        .json();
    let link = reading["participants"][0]["file_url"]
        .as_str()
        .unwrap()
        .to_owned();
    let (status, text) = fetch(&link).await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.contains("SUMMARY:Clean"), "{text}");
    for (from, to) in [
        ("jobs/1/", "jobs/2/"),
        ("user=ann", "user=bob"),
        ("expires=", "expires=9"),
    ] {
        let forged = link.replacen(from, to, 1);
        assert_ne!(forged, link);
        assert_eq!(fetch(&forged).await.0, StatusCode::NOT_FOUND, "{to}");
    }
    let own = world
        .user("ann", Method::GET, "/api/jobs/1/", None)
        .await
        .unwrap()
        .json();
    assert_eq!(
        own["participants"][0]["file_url"],
        Value::Null,
        "links are for the platform"
    );
    let mut without = job(2, "Clean");
    without["participants"] = json!([]);
    put(&world, "/api/jobs/1/", &without).await;
    assert_eq!(
        fetch(&link).await.0,
        StatusCode::NOT_FOUND,
        "no longer a participant"
    );
}
