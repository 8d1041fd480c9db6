//! The newest revision wins, whoever is slow.

use super::{execute, job, path};
use calport_e2e::{World, accounts::CASEY};
use calport_standins::{Behaviour, ConsentChoice, Fault};
use reqwest::Method;

#[calport_databases::each_database]
async fn case_43_a_slow_worker_whose_lease_ran_out_does_not_bring_back_an_old_revision() {
    let world = World::start().await.unwrap();
    world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    // The first worker's insert takes effect; its reply comes byte by byte, over seconds.
    let slow = world.google.faults().add(
        Fault::on("POST", "/calendar/v3/calendars/*/events")
            .behaviour(Behaviour::Drip { pause_ms: 4 }),
    );
    let put = |revision| {
        let body = job(1, revision, &["ann"]);
        let world = &world;
        async move {
            let reply = world.platform(Method::PUT, &path(1), Some(&body)).await;
            assert_eq!(reply.unwrap().status, 202);
        }
    };
    put(1).await;
    world
        .google_events(CASEY, "primary", |events| events.len() == 1)
        .await
        .unwrap();
    assert_eq!(world.google.faults().hits(slow), 1);
    put(2).await;
    // Its lease runs out while it waits for the rest of the reply.
    execute(&world, "UPDATE lanes SET claimed_until = 0").await;
    world.service.announce();
    world
        .google_events(CASEY, "primary", |events| {
            events.len() == 1 && events[0]["summary"] == "job 1 revision 2"
        })
        .await
        .unwrap();
    let settled = world.settled(&path(1), "ann").await.unwrap();
    assert_eq!(settled["state"], "in_calendar", "{settled}");
    // Neither does the slow one's end change anything: a third revision still arrives.
    put(3).await;
    world
        .google_events(CASEY, "primary", |events| {
            events.len() == 1 && events[0]["summary"] == "job 1 revision 3"
        })
        .await
        .unwrap();
    let settled = world.settled(&path(1), "ann").await.unwrap();
    assert_eq!(settled["state"], "in_calendar", "{settled}");
}

#[calport_databases::each_database]
async fn case_43_changes_that_come_out_of_order_end_at_the_newest() {
    let world = World::start().await.unwrap();
    world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    for revision in [3, 1, 2, 5, 4] {
        let body = job(1, revision, &["ann"]);
        let reply = world.platform(Method::PUT, &path(1), Some(&body)).await;
        let status = reply.unwrap().status;
        let is_newer = matches!(revision, 3 | 5);
        assert_eq!(status == 202, is_newer, "revision {revision}: {status}");
    }
    world
        .google_events(CASEY, "primary", |events| {
            events.len() == 1 && events[0]["summary"] == "job 1 revision 5"
        })
        .await
        .unwrap();
}
