//! Many participants, strangers, and one person with two calendars.

use super::{job, path, reading_until};
use calport_e2e::{
    World,
    accounts::{CASEY, PERSONAL},
};
use calport_standins::ConsentChoice;
use reqwest::{Method, StatusCode};
use serde_json::json;

#[calport_databases::each_database]
async fn five_hundred_participants_get_their_states_and_strangers_their_files() {
    let world = World::start().await.unwrap();
    for user in ["u0", "u250", "u499"] {
        world
            .connect(user, CASEY, &ConsentChoice::Allow)
            .await
            .unwrap();
    }
    let users: Vec<_> = (0..500).map(|number| format!("u{number}")).collect();
    let users: Vec<_> = users.iter().map(String::as_str).collect();
    let stated = world
        .platform(Method::PUT, &path(1), Some(&job(1, 1, &users)))
        .await
        .unwrap();
    assert_eq!(stated.status, StatusCode::ACCEPTED, "{}", stated.text);
    let reading = reading_until(&world, &path(1), |reading| {
        let participants = reading["participants"].as_array().unwrap();
        participants
            .iter()
            .filter(|participant| participant["state"] == "in_calendar")
            .count()
            == 3
    })
    .await;
    let participants = reading["participants"].as_array().unwrap();
    assert_eq!(participants.len(), 500);
    let strangers = participants
        .iter()
        .filter(|participant| participant["state"] == "file_only")
        .filter(|participant| participant["file_url"].is_string());
    assert_eq!(strangers.count(), 497);
    assert_eq!(world.google.events(CASEY, "primary").len(), 3);
}

#[calport_databases::each_database]
async fn one_person_with_two_calendars_has_the_booking_in_both_and_loses_it_from_both() {
    let world = World::start().await.unwrap();
    let allow = &ConsentChoice::Allow;
    world.connect("ann", CASEY, allow).await.unwrap();
    world.connect_outlook("ann", PERSONAL, allow).await.unwrap();
    world
        .platform(Method::PUT, &path(1), Some(&job(1, 1, &["ann"])))
        .await
        .unwrap();
    let ann = world.settled(&path(1), "ann").await.unwrap();
    let calendars = ann["calendars"].as_array().unwrap();
    let states: Vec<_> = calendars
        .iter()
        .map(|calendar| (&calendar["provider"], &calendar["state"]))
        .collect();
    assert_eq!(
        json!(states),
        json!([["google", "in_calendar"], ["outlook", "in_calendar"]])
    );
    let removed = world
        .platform(Method::PUT, &path(1), Some(&job(1, 2, &[])))
        .await
        .unwrap();
    assert_eq!(removed.status, StatusCode::ACCEPTED);
    let none = |events: &[serde_json::Value]| events.is_empty();
    world.google_events(CASEY, "primary", none).await.unwrap();
    world
        .outlook_events(PERSONAL, "Calendar", none)
        .await
        .unwrap();
}
