//! Readings that do not go as they should.

use crate::calendar::{Calendar, JOB, PROVIDERS, job};
use calport_e2e::{
    World, WorldOptions,
    accounts::{CASEY, WORK},
};
use calport_host::{
    drift::{Looked, Options},
    subject::Subject,
    sync::Policy,
};
use calport_standins::{Behaviour, ConsentChoice, Fault};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

/// Where a provider lists changes, and where it shows one event.
fn paths(calendar: &Calendar) -> (&'static str, &'static str) {
    match calendar.is_google() {
        true => (
            "/calendar/v3/calendars/*/events",
            "/calendar/v3/calendars/*/events/*",
        ),
        false => (
            "/v1.0/me/calendars/*/calendarView/delta",
            "/v1.0/me/calendars/*/events",
        ),
    }
}

fn inject(calendar: &Calendar, path: &'static str, behaviour: Behaviour) {
    let fault = Fault::on("GET", path).times(1).behaviour(behaviour);
    match calendar.is_google() {
        true => calendar.world.google.faults().add(fault),
        false => calendar.world.outlook.faults().add(fault),
    };
}

fn expire(calendar: &Calendar) {
    match calendar.is_google() {
        true => calendar.world.google.expire_sync_tokens(),
        false => calendar.world.outlook.expire_delta_links(),
    }
}

#[calport_databases::each_database]
async fn an_expired_cursor_leads_to_a_full_reading_that_sees_everything() {
    for provider in PROVIDERS {
        for deleted in [true, false] {
            let calendar = Calendar::booked(provider, Policy::Report).await;
            let mut other = job(1);
            other["title"] = json!("Window clean");
            calendar.put_at("/api/jobs/18/", &other).await;
            calendar.look().await;
            let events = calendar.events();
            let ours = events
                .iter()
                .find(|event| event["summary"] == "Deep clean" || event["subject"] == "Deep clean");
            let id = ours.unwrap()["id"].as_str().unwrap();
            let title = json!({"summary": "Mine", "subject": "Mine"});
            assert!(match (calendar.is_google(), deleted) {
                (true, true) => calendar.world.google.delete_event(CASEY, "primary", id),
                (false, true) => calendar.world.outlook.delete_event(WORK, id),
                (true, false) => calendar.world.google.edit_event(
                    CASEY,
                    "primary",
                    id,
                    &json!({"summary": title["summary"]})
                ),
                (false, false) => calendar.world.outlook.edit_event(
                    WORK,
                    id,
                    &json!({"subject": title["subject"]})
                ),
            });
            expire(&calendar);
            assert_eq!(calendar.look().await, Looked::Through);
            let told = calendar.drifts(1).await;
            let what = if deleted { "deleted" } else { "changed" };
            assert_eq!(
                (&told[0]["booking"], &told[0]["what"]),
                (&json!("17"), &json!(what))
            );
            expire(&calendar);
            calendar.look().await;
            calendar.drifts(1).await;
        }
    }
}

#[calport_databases::each_database]
async fn a_provider_that_asks_to_slow_down_is_asked_again_and_nothing_is_missed() {
    for provider in PROVIDERS {
        let calendar = Calendar::booked(provider, Policy::Report).await;
        calendar.drag();
        let (list, show) = paths(&calendar);
        for path in [list, show] {
            let reason = match calendar.is_google() {
                true => "rateLimitExceeded",
                false => "ApplicationThrottled",
            };
            inject(
                &calendar,
                path,
                Behaviour::error(429, reason).retry_after("7"),
            );
            let looked = calendar.look().await;
            assert_eq!(looked, Looked::Later(Some(Duration::from_secs(7))));
            assert_eq!(calendar.settled().await["drift"], json!(null));
        }
        assert_eq!(calendar.look().await, Looked::Through);
        assert_eq!(calendar.settled().await["drift"]["what"], "moved");
        calendar.drifts(1).await;
    }
}

#[calport_databases::each_database]
async fn a_look_that_dies_in_the_middle_is_begun_again() {
    for provider in PROVIDERS {
        for at_comparison in [false, true] {
            let calendar = Calendar::booked(provider, Policy::Report).await;
            calendar.drag();
            let (list, show) = paths(&calendar);
            let path = if at_comparison { show } else { list };
            let asked = |calendar: &Calendar| match calendar.is_google() {
                true => calendar.world.google.requests().len(),
                false => calendar.world.outlook.requests().len(),
            };
            inject(&calendar, path, Behaviour::Stall);
            let before = asked(&calendar) + usize::from(at_comparison);
            tokio::select! {
                looked = calendar.look() => panic!("{looked:?}"),
                () = async {
                    while asked(&calendar) <= before {
                        tokio::task::yield_now().await;
                    }
                } => {}
            }
            // What the dead process held comes free when it is started again.
            let pool = calendar.world.service.vault().database().pool();
            for free in [
                "UPDATE watches SET claim = NULL, claimed_until = NULL",
                "UPDATE lanes SET claim = NULL, claimed_until = NULL",
            ] {
                sqlx::query(free).execute(pool).await.unwrap();
            }
            assert_eq!(calendar.look().await, Looked::Through);
            assert_eq!(calendar.settled().await["drift"]["what"], "moved");
            calendar.drifts(1).await;
        }
    }
}

#[calport_databases::each_database]
async fn who_lost_the_calendar_to_another_stores_nothing() {
    let calendar = Calendar::booked("google", Policy::Report).await;
    calendar.drag();
    let slow = Duration::from_secs(3);
    calendar.world.google.set_latency(slow);
    let pool = calendar.world.service.vault().database().pool();
    let poller = calendar.world.service.poller();
    let subject = Subject::new("default", "ann");
    let before = calendar.world.google.requests().len();
    let (looked, ()) = tokio::join!(poller.poll_now(&subject, "google"), async {
        while calendar.world.google.requests().len() <= before + 1 {
            tokio::task::yield_now().await;
        }
        sqlx::query("UPDATE lanes SET claim = 'another'")
            .execute(pool)
            .await
            .unwrap();
    });
    assert_eq!(looked.unwrap(), Looked::Busy);
    assert_eq!(calendar.settled().await["drift"], json!(null));
    sqlx::query("UPDATE lanes SET claim = NULL, claimed_until = NULL")
        .execute(pool)
        .await
        .unwrap();
    calendar.look().await;
    calendar.drifts(1).await;
}

#[calport_databases::each_database]
async fn what_is_paused_or_dead_is_not_read() {
    let calendar = Calendar::booked("google", Policy::Report).await;
    let pool = calendar.world.service.vault().database().pool();
    sqlx::query("UPDATE lanes SET paused_until = 4000000000")
        .execute(pool)
        .await
        .unwrap();
    calendar.world.google.forget_requests();
    let poller = calendar.world.service.poller();
    let subject = Subject::new("default", "ann");
    let looked = poller.poll_now(&subject, "google").await.unwrap();
    assert_eq!(looked, Looked::Busy);
    assert!(calendar.world.google.requests().is_empty());
    sqlx::query("UPDATE lanes SET paused_until = NULL")
        .execute(pool)
        .await
        .unwrap();
    calendar.world.google.kill_grant(CASEY);
    calendar.world.google.expire_access_tokens();
    assert_eq!(calendar.look().await, Looked::Nothing);
    let providers = calendar
        .world
        .user("ann", Method::GET, "/api/calendar/", None);
    let providers = providers.await.unwrap().json();
    assert_eq!(providers["providers"][0]["needs_reconnect"], true);
    calendar.world.google.forget_requests();
    assert_eq!(calendar.look().await, Looked::Nothing);
    assert!(calendar.world.google.requests().is_empty());
}

#[calport_databases::each_database]
async fn a_calendar_that_was_deleted_is_noticed_without_a_push() {
    use calport_standins::{GoogleAccount, GoogleCalendar, GoogleConfig, GoogleRole};
    let account = GoogleAccount::new(CASEY, "Casey Customer").calendar(GoogleCalendar::new(
        "work@group.calendar.example",
        "Work",
        GoogleRole::Owner,
    ));
    let world = World::start_with(WorldOptions {
        google: GoogleConfig::default().accounts([account]),
        ..WorldOptions::default()
    })
    .await
    .unwrap();
    world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    let chosen = json!({"id": "work@group.calendar.example"});
    let path = "/api/calendar/google/calendar/";
    let reply = world.user("ann", Method::PUT, path, Some(&chosen)).await;
    assert!(reply.unwrap().status.is_success());
    world
        .platform(Method::PUT, JOB, Some(&job(1)))
        .await
        .unwrap();
    world.settled(JOB, "ann").await.unwrap();
    world.look("ann", "google").await.unwrap();
    assert!(
        world
            .google
            .delete_calendar(CASEY, "work@group.calendar.example")
    );
    world.look("ann", "google").await.unwrap();
    let ann = world.settled(JOB, "ann").await.unwrap();
    assert_eq!(ann["state"], "failed", "{ann}");
    assert_eq!(
        ann["calendars"][0]["reason"],
        "the chosen calendar no longer exists"
    );
}

#[calport_databases::each_database]
async fn calendars_are_looked_into_by_themselves() {
    let world = World::start_with(WorldOptions {
        drift: Some(Options {
            interval: Some(Duration::from_secs(1)),
            policy: Policy::Restore,
        }),
        ..WorldOptions::default()
    })
    .await
    .unwrap();
    world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    world
        .platform(Method::PUT, JOB, Some(&job(1)))
        .await
        .unwrap();
    world.settled(JOB, "ann").await.unwrap();
    for _ in 0..2 {
        let id = world.google.events(CASEY, "primary")[0]["id"].clone();
        let id = id.as_str().unwrap();
        assert!(world.google.delete_event(CASEY, "primary", id));
        world
            .google_events(CASEY, "primary", |events| events.len() == 1)
            .await
            .unwrap();
    }
}
