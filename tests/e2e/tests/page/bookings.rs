//! The bookings on the page, their files, and the private address.

use crate::visiting::{page, put_booking};
use calport_e2e::{Browser, World, accounts::CASEY};
use calport_standins::ConsentChoice;
use reqwest::{Method, StatusCode};
use serde_json::json;

#[calport_databases::each_database]
async fn a_private_address_is_made_shown_once_and_ended() {
    let world = World::start().await.unwrap();
    let page = page(&world, "ann").await;
    put_booking(&world, "1", "ann", "Deep clean").await;
    let shown = page.post("/page/feed/", &[]).await;
    assert_eq!(shown.code, StatusCode::OK);
    assert!(shown.body.contains("webcal://") && shown.body.contains("<svg"));
    let (_, rest) = shown.body.split_once("readonly value=\"").unwrap();
    let url = rest.split('"').next().unwrap().to_owned();
    assert!(!page.home().await.contains(&url), "only once");
    assert!(page.home().await.contains("No app has fetched it yet."));
    let feed = Browser::new().visit(&url, &[]).await.unwrap();
    assert!(feed.body.contains("SUMMARY:Deep clean"));
    assert!(page.home().await.contains("Last fetched by an app:"));
    let landing = page.post("/page/feed/end/", &[]).await;
    assert!(
        page.follow(landing)
            .await
            .body
            .contains("All private addresses have ended.")
    );
    assert_eq!(
        Browser::new().visit(&url, &[]).await.unwrap().code,
        StatusCode::NOT_FOUND
    );
}

#[calport_databases::each_database]
async fn the_file_of_a_booking_downloads_from_the_page() {
    let world = World::start().await.unwrap();
    let page = page(&world, "ann").await;
    put_booking(&world, "1", "ann", "Deep clean").await;
    let home = page.home().await;
    let (before, _) = home
        .split_once("aria-label=\"Download (.ics): Deep clean\"")
        .unwrap();
    let (_, link) = before.rsplit_once("href=\"").unwrap();
    let link = link.split('"').next().unwrap().replace("&#38;", "&");
    let file = Browser::new().visit(&link, &[]).await.unwrap();
    assert_eq!(file.code, StatusCode::OK, "{link}");
    assert!(file.body.contains("SUMMARY:Deep clean"));
}

#[calport_databases::each_database]
async fn bookings_stand_in_the_order_in_which_they_begin_without_cancelled_ones() {
    let world = World::start().await.unwrap();
    let page = page(&world, "ann").await;
    for (id, title, start) in [
        ("1", "Third", "2031-12-03T10:00:00Z"),
        ("2", "First", "2031-12-01T10:00:00Z"),
        ("3", "Second", "2031-12-02T10:00:00Z"),
        ("4", "Cancelled", "2031-12-02T10:00:00Z"),
    ] {
        let mut body = json!({
            "revision": 1, "title": title, "start": start, "end": "2031-12-09T10:00:00Z",
            "zone": "UTC", "participants": [{"user": "ann", "role": "customer"}],
        });
        if id == "2" {
            body["recurrence"] = json!({"rule": "FREQ=WEEKLY"});
            body["end"] = json!("2031-12-01T11:00:00Z");
        }
        let path = format!("/api/appointments/{id}/");
        world
            .platform(Method::PUT, &path, Some(&body))
            .await
            .unwrap();
    }
    world
        .platform(Method::DELETE, "/api/appointments/4/", None)
        .await
        .unwrap();
    let home = page.home().await;
    let at = |title: &str| home.find(&format!("<h3><bdi>{title}</bdi></h3>"));
    assert!(at("First").unwrap() < at("Second").unwrap(), "{home}");
    assert!(at("Second").unwrap() < at("Third").unwrap(), "{home}");
    assert_eq!(at("Cancelled"), None);
    assert!(home.contains("repeats"));
}

#[calport_databases::each_database]
async fn what_its_user_has_deleted_is_put_back_from_the_page_when_they_ask() {
    let world = World::start().await.unwrap();
    let page = page(&world, "ann").await;
    page.connect(CASEY, &ConsentChoice::Allow).await;
    put_booking(&world, "1", "ann", "Deep clean").await;
    world.settled("/api/jobs/1/", "ann").await.unwrap();
    assert!(!page.home().await.contains("/page/bookings/restore/"));
    let id = world.google.events(CASEY, "primary")[0]["id"].clone();
    let id = id.as_str().unwrap();
    assert!(world.google.delete_event(CASEY, "primary", id));
    world.look("ann", "google").await.unwrap();
    let home = page.home().await;
    assert!(
        home.contains("Google Calendar: you deleted it there"),
        "{home}"
    );
    assert!(home.contains("Put it back in Google Calendar"), "{home}");
    assert!(
        !home.contains("could not be added"),
        "it is no trouble: {home}"
    );
    let fields = |booking| {
        [
            ("kind", "jobs"),
            ("booking", booking),
            ("provider", "google"),
        ]
    };
    let landing = page.post("/page/bookings/restore/", &fields("1")).await;
    let shown = page.follow(landing).await.body;
    assert!(shown.contains("We are putting the booking back"), "{shown}");
    world.settled("/api/jobs/1/", "ann").await.unwrap();
    assert_eq!(world.google.events(CASEY, "primary").len(), 1);
    assert!(!page.home().await.contains("/page/bookings/restore/"));
}

#[calport_databases::each_database]
async fn nobody_has_the_booking_of_somebody_else_put_back() {
    let world = World::start().await.unwrap();
    world
        .connect("bob", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    put_booking(&world, "1", "bob", "Deep clean").await;
    world.settled("/api/jobs/1/", "bob").await.unwrap();
    let id = world.google.events(CASEY, "primary")[0]["id"].clone();
    let id = id.as_str().unwrap();
    assert!(world.google.delete_event(CASEY, "primary", id));
    world.look("bob", "google").await.unwrap();
    let page = page(&world, "ann").await;
    let fields = [("kind", "jobs"), ("booking", "1"), ("provider", "google")];
    page.post("/page/bookings/restore/", &fields).await;
    let bob = world.settled("/api/jobs/1/", "bob").await.unwrap();
    assert_eq!(bob["state"], "failed", "{bob}");
    assert!(world.google.events(CASEY, "primary").is_empty());
}
