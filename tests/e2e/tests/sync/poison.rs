//! One booking that never works, and everybody else's.

use super::{execute, job, path, reading_until};
use calport_e2e::{
    World,
    accounts::{CASEY, PERSONAL, SAM},
};
use calport_host::sync::SetAside;
use calport_standins::{Behaviour, ConsentChoice, Fault};
use reqwest::Method;
use serde_json::Value;

#[calport_databases::each_database]
async fn case_44_a_poison_booking_is_set_aside_and_delays_nobody() {
    let world = World::start().await.unwrap();
    for (user, account) in [("ann", CASEY), ("bob", SAM)] {
        world
            .connect(user, account, &ConsentChoice::Allow)
            .await
            .unwrap();
    }
    let poison = Fault::on("POST", "/calendar/v3/calendars/*/events")
        .body_contains("job 1 revision")
        .behaviour(Behaviour::error(503, "backendError"));
    let poison = world.google.faults().add(poison.always());
    for number in 1..=12 {
        let users: &[&str] = if number % 2 == 1 { &["ann"] } else { &["bob"] };
        let body = job(number, 1, users);
        world
            .platform(Method::PUT, &path(number), Some(&body))
            .await
            .unwrap();
    }
    for number in 2..=12 {
        let user = if number % 2 == 1 { "ann" } else { "bob" };
        let settled = world.settled(&path(number), user).await.unwrap();
        assert_eq!(settled["state"], "in_calendar", "{settled}");
    }
    let waiting = world.platform(Method::GET, &path(1), None).await.unwrap();
    let waiting = waiting.json()["participants"][0]["calendars"][0].clone();
    assert_eq!(waiting["state"], "waiting");
    assert_eq!(waiting["reason"], "the provider is not available");
    assert!(waiting["next_try"].is_string(), "{waiting}");
    // Half a day of tries later, and whatever a try notes that is under way now.
    execute(
        &world,
        "UPDATE deliveries SET attempts = 19, next_try = 0, generation = generation + 1 \
         WHERE state = 'waiting'",
    )
    .await;
    execute(&world, "UPDATE lanes SET due_at = 0").await;
    world.service.announce();
    let settled = world.settled(&path(1), "ann").await.unwrap();
    assert_eq!(settled["state"], "failed");
    assert_eq!(
        settled["calendars"][0]["reason"],
        "the provider is not available, 20 times in a row"
    );
    // An operator looks at it, and lets it be tried again.
    let deliveries = world.service.deliveries();
    let set_aside = deliveries.set_aside(&SetAside::default(), 10).await;
    let set_aside = set_aside.unwrap();
    assert_eq!(set_aside.len(), 1);
    assert_eq!(set_aside[0].booking.id, "1");
    world.google.faults().remove(poison);
    let of_bob = SetAside {
        user: Some("bob".to_owned()),
        ..SetAside::default()
    };
    assert_eq!(deliveries.retry_set_aside(&of_bob).await.unwrap(), 0);
    let retried = deliveries.retry_set_aside(&SetAside::default()).await;
    assert_eq!(retried.unwrap(), 1);
    world.service.announce();
    let settled = world.settled(&path(1), "ann").await.unwrap();
    assert_eq!(settled["state"], "in_calendar", "{settled}");
}

#[calport_databases::each_database]
async fn a_provider_that_is_down_is_left_alone_and_the_other_goes_on() {
    let world = World::start().await.unwrap();
    for user in ["ann", "bob", "cat", "dan"] {
        world
            .connect(user, CASEY, &ConsentChoice::Allow)
            .await
            .unwrap();
    }
    world
        .connect_outlook("eve", PERSONAL, &ConsentChoice::Allow)
        .await
        .unwrap();
    let down = Fault::everywhere().behaviour(Behaviour::error(503, "backendError"));
    world.google.faults().add(down.always());
    for number in 1..=20 {
        let body = job(number, 1, &["ann", "bob", "cat", "dan", "eve"]);
        world
            .platform(Method::PUT, &path(number), Some(&body))
            .await
            .unwrap();
    }
    for number in 1..=20 {
        let settled = world.settled(&path(number), "eve").await.unwrap();
        assert_eq!(settled["state"], "in_calendar", "{settled}");
    }
    // 80 deliveries wait, and only a few of them were tried.
    let google = |reading: &Value| reading["participants"][0]["calendars"][0].clone();
    // Outlook may be done before Google was asked for the first time.
    let last = path(20);
    let reading = reading_until(&world, &last, |reading| {
        !google(reading)["reason"].is_null()
    });
    let ann = google(&reading.await);
    assert_eq!(ann["state"], "waiting");
    assert_eq!(ann["reason"], "the provider is not available");
    let asked = world.google.requests().len();
    assert!(asked < 60, "{asked} requests to a provider that is down");
    world.google.faults().clear();
    execute(&world, "UPDATE provider_pauses SET paused_until = 0").await;
    execute(
        &world,
        "UPDATE deliveries SET next_try = 0 WHERE state = 'waiting'",
    )
    .await;
    execute(&world, "UPDATE lanes SET due_at = 0").await;
    world.service.announce();
    let events = world
        .google_events(CASEY, "primary", |events| events.len() == 80)
        .await;
    assert!(events.is_ok(), "{events:?}");
}

#[calport_databases::each_database]
async fn case_33_a_user_who_is_throttled_waits_as_long_as_asked_and_others_do_not() {
    let world = World::start().await.unwrap();
    for (user, account) in [("ann", CASEY), ("bob", SAM)] {
        world
            .connect(user, account, &ConsentChoice::Allow)
            .await
            .unwrap();
    }
    let slow_down = Fault::on("POST", "/calendar/v3/calendars/*/events")
        .body_contains("job 1 revision")
        .behaviour(Behaviour::error(429, "rateLimitExceeded").retry_after("7200"));
    world.google.faults().add(slow_down.always());
    for number in 1..=3 {
        let users: &[&str] = if number == 1 {
            &["ann"]
        } else {
            &["ann", "bob"]
        };
        let body = job(number, 1, users);
        world
            .platform(Method::PUT, &path(number), Some(&body))
            .await
            .unwrap();
        if number == 1 {
            reading_until(&world, &path(1), |reading| {
                let calendar = &reading["participants"][0]["calendars"][0];
                calendar["reason"] == "the provider asked to slow down"
            })
            .await;
        }
    }
    for number in [2, 3] {
        let settled = world.settled(&path(number), "bob").await.unwrap();
        assert_eq!(settled["state"], "in_calendar", "{settled}");
        let reading = world
            .platform(Method::GET, &path(number), None)
            .await
            .unwrap();
        let ann = reading.json()["participants"][0].clone();
        assert_eq!(ann["user"], "ann");
        let ann = &ann["calendars"][0];
        assert_eq!(ann["state"], "waiting", "{ann}");
        assert_eq!(ann["reason"], "the provider asked to slow down");
    }
    // Nothing of ann's was asked for a second time.
    let posts = world.google.requests();
    let throttled = posts.iter().filter(|request| request.status == Some(429));
    assert_eq!(throttled.count(), 1);
}
