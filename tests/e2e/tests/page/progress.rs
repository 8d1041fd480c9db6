//! What the page says while many bookings are on their way, in or out.

use crate::visiting::{page, put_booking};
use calport_e2e::{World, accounts::CASEY};
use calport_standins::ConsentChoice;
use std::time::Duration;

/// More than are removed while a user waits.
const MANY: usize = 25;

#[calport_databases::each_database(flavor = "multi_thread")]
async fn bookings_are_counted_on_their_way_in_and_out() {
    let world = World::start().await.unwrap();
    let page = page(&world, "ann").await;
    for number in 0..MANY {
        put_booking(&world, &number.to_string(), "ann", "Deep clean").await;
    }
    world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    world.google.set_latency(Duration::from_millis(100));
    let home = page.home().await;
    assert!(
        home.contains("of 25 bookings are in your calendar."),
        "{home}"
    );
    world.google.set_latency(Duration::ZERO);
    world
        .google_events(CASEY, "primary", |events| events.len() == MANY)
        .await
        .unwrap();
    world.settled("/api/jobs/24/", "ann").await.unwrap();
    world.google.set_latency(Duration::from_millis(100));
    let path = "/page/calendars/google/disconnect/";
    let landing = page.post(path, &[("events", "remove")]).await;
    let left = page.follow(landing).await.body;
    assert!(
        left.contains("Google Calendar is being disconnected"),
        "{left}"
    );
    assert!(left.contains("still to go: "), "{left}");
    assert!(left.contains(CASEY) && left.contains("Disconnect at once"));
    let landing = page.post(path, &[("events", "keep")]).await;
    let kept = page.follow(landing).await.body;
    assert!(kept.contains("Our entries stay in it"), "{kept}");
    assert!(!kept.contains(CASEY), "{kept}");
}
