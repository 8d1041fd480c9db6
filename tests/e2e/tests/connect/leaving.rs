//! The end of a connection.

use crate::OVERVIEW;
use calport_e2e::{
    World, WorldOptions,
    accounts::{CASEY, WORK},
};
use calport_standins::{Behaviour, ConsentChoice, Fault};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

#[calport_databases::each_database]
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

#[calport_databases::each_database]
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

#[calport_databases::each_database]
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

/// The paths that Google was asked for since the recording began.
fn asked(world: &World) -> Vec<String> {
    let requests = world.google.requests();
    requests
        .iter()
        .map(|request| request.path.clone())
        .collect()
}

async fn owed(world: &World) -> i64 {
    sqlx::query_scalar("SELECT COUNT(*) FROM revocations")
        .fetch_one(world.service.vault().database().pool())
        .await
        .unwrap()
}

#[calport_databases::each_database]
async fn case_19_secrets_go_at_once_and_the_revocation_is_made_up_for_after_a_restart() {
    let options = WorldOptions {
        without_workers: true,
        ..WorldOptions::default()
    };
    let world = World::start_with(options).await.unwrap();
    world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    world.google.forget_requests();
    let down = Fault::on("POST", "/revoke").times(2);
    world.google.faults().add(down);
    let path = "/api/calendar/google/disconnect/";
    let reply = world.user("ann", Method::POST, path, None).await.unwrap();
    assert_eq!(
        reply.json(),
        json!({"status": "disconnected", "revoked": false, "revocation": "pending",
            "removed": 0, "left": 0})
    );
    let connections: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM connections")
        .fetch_one(world.service.vault().database().pool())
        .await
        .unwrap();
    assert_eq!((connections, owed(&world).await), (0, 1));
    assert_eq!(world.google.live_refresh_tokens(CASEY), 1);
    // The next process: it finds the row and goes on until it has worked.
    let workers = world.service.start_workers();
    world
        .eventually(|| world.google.live_refresh_tokens(CASEY) == 0)
        .await
        .unwrap();
    workers.stop().await;
    assert_eq!(owed(&world).await, 0);
    assert_eq!(
        asked(&world),
        ["/revoke", "/revoke", "/revoke"],
        "and nothing else"
    );
}

#[calport_databases::each_database]
async fn case_19_a_push_that_is_under_way_ends_before_the_end_and_nothing_follows() {
    let world = World::start().await.unwrap();
    world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    // The event is there at once; its reply takes a second.
    let slow = Fault::on("POST", "/calendar/v3/calendars/*/events");
    let slow = slow.behaviour(Behaviour::Drip { pause_ms: 2 });
    world.google.faults().add(slow);
    world.google.forget_requests();
    let mut job = json!({
        "revision": 1, "title": "Clean", "start": "2031-12-01T10:00:00Z",
        "end": "2031-12-01T12:00:00Z", "zone": "Europe/London",
        "participants": [{"user": "ann", "role": "customer"}],
    });
    let put = async |job: Value| {
        let stored = world
            .platform(Method::PUT, "/api/jobs/1/", Some(&job))
            .await;
        assert_eq!(stored.unwrap().status, StatusCode::ACCEPTED);
    };
    put(job.clone()).await;
    world
        .google_events(CASEY, "primary", |events| events.len() == 1)
        .await
        .unwrap();
    let path = "/api/calendar/google/disconnect/";
    let reply = world.user("ann", Method::POST, path, None).await.unwrap();
    assert_eq!(reply.json()["revocation"], "done");
    job["revision"] = json!(2);
    put(job.clone()).await;
    let asked = asked(&world);
    assert_eq!(asked.last().unwrap(), "/revoke", "{asked:?}");
    let pushes = asked.iter().filter(|path| path.ends_with("/events"));
    assert_eq!(pushes.count(), 1, "{asked:?}");
    let reading = world.platform(Method::GET, "/api/jobs/1/", None).await;
    assert_eq!(
        reading.unwrap().json()["participants"][0]["state"],
        "file_only"
    );
}

#[calport_databases::each_database]
async fn a_revocation_that_waits_is_dropped_when_somebody_connects_the_account_meanwhile() {
    let options = WorldOptions {
        without_workers: true,
        ..WorldOptions::default()
    };
    let world = World::start_with(options).await.unwrap();
    let allow = ConsentChoice::Allow;
    world.connect("ann", CASEY, &allow).await.unwrap();
    world.google.faults().add(Fault::on("POST", "/revoke"));
    let path = "/api/calendar/google/disconnect/";
    let reply = world.user("ann", Method::POST, path, None).await.unwrap();
    assert_eq!(reply.json()["revocation"], "pending");
    world.connect("ann", CASEY, &allow).await.unwrap();
    world.google.forget_requests();
    let workers = world.service.start_workers();
    while owed(&world).await > 0 {
        tokio::task::yield_now().await;
    }
    workers.stop().await;
    assert!(!asked(&world).contains(&"/revoke".to_owned()));
    let calendars = world
        .user("ann", Method::GET, "/api/calendar/google/calendars/", None)
        .await;
    assert_eq!(calendars.unwrap().status, StatusCode::OK);
}

#[calport_databases::each_database]
async fn nobody_is_told_that_outlook_was_withdrawn_where_only_they_can_do_it() {
    let world = World::start().await.unwrap();
    let allow = ConsentChoice::Allow;
    world.connect_outlook("ann", WORK, &allow).await.unwrap();
    let path = "/api/calendar/outlook/disconnect/";
    let reply = world.user("ann", Method::POST, path, None).await.unwrap();
    assert_eq!(
        reply.json(),
        json!({"status": "disconnected", "revoked": false, "revocation": "by_user",
            "revoke_urls": ["https://account.live.com/consent/Manage",
                "https://myapps.microsoft.com/"],
            "removed": 0, "left": 0})
    );
    assert_eq!(owed(&world).await, 0);
}
