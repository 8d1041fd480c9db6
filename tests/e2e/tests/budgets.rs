//! Requests stay within what providers allow an app and each user, whatever causes them.

use calport_e2e::{World, WorldOptions, accounts::CASEY};
use calport_host::plugin::{Allowance, Budget};
use calport_standins::{ConsentChoice, GoogleConfig, OutlookConfig, Requests};
use futures::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// 600 in 5 s instead of in a minute: the vendors' ratio of burst and pace at twelve times
/// the speed.
const REQUESTS: usize = 600;
const WINDOW: Duration = Duration::from_secs(5);

fn budgets() -> BTreeMap<String, Budget> {
    let per_user = Some(Allowance {
        requests: u32::try_from(REQUESTS).unwrap(),
        window: WINDOW,
    });
    let budget = |provider: &str| {
        let budget = Budget {
            per_user,
            ..Budget::published(provider)
        };
        (provider.to_owned(), budget)
    };
    ["google", "outlook"].map(budget).into()
}

async fn world() -> World {
    let options = WorldOptions {
        google: GoogleConfig::default().quota(REQUESTS, WINDOW),
        outlook: OutlookConfig::default().quota(REQUESTS, WINDOW),
        budgets: budgets(),
        ..WorldOptions::default()
    };
    World::start_with(options).await.unwrap()
}

async fn put(world: &World, count: usize) {
    for number in 0..count {
        let job = json!({
            "revision": 1, "title": format!("Clean {number}"),
            "start": "2031-12-01T10:00:00Z", "end": "2031-12-01T12:00:00Z",
            "zone": "Europe/London", "participants": [{"user": "ann", "role": "customer"}],
        });
        let path = format!("/api/jobs/{number}/");
        let reply = world.platform(Method::PUT, &path, Some(&job)).await;
        assert_eq!(reply.unwrap().status, StatusCode::ACCEPTED);
    }
}

fn refused(requests: &Requests) -> Vec<(String, Option<&'static str>)> {
    let refused = requests.iter().filter(|request| request.fault.is_some());
    refused
        .map(|request| (request.path.clone(), request.fault))
        .collect()
}

/// Bookings of one user reach Google's calendar; the vendor never says "slow down".
async fn many_bookings(count: usize) {
    let world = world().await;
    put(&world, count).await;
    let begun = Instant::now();
    world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    while world.google.events(CASEY, "primary").len() < count {
        assert!(begun.elapsed() < Duration::from_secs(300), "it never ends");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let requests = world.google.requests().to("/calendar/**");
    println!("{} requests in {:?}", requests.len(), begun.elapsed());
    assert_eq!(refused(&requests), []);
    assert!(requests.len() > REQUESTS, "there was something to keep");
}

#[calport_databases::each_database(flavor = "multi_thread")]
async fn one_users_many_bookings_never_meet_the_vendors_limit() {
    many_bookings(REQUESTS * 3 / 2).await;
}

#[calport_databases::each_database(flavor = "multi_thread")]
#[ignore = "takes most of a minute"]
async fn five_thousand_bookings_of_one_user_never_meet_the_vendors_limit() {
    many_bookings(5_000).await;
}

#[calport_databases::each_database(flavor = "multi_thread")]
async fn an_outlook_mailbox_has_four_calls_at_once_whoever_makes_them() {
    let world = world().await;
    world
        .connect_outlook(
            "ann",
            calport_e2e::accounts::PERSONAL,
            &ConsentChoice::Allow,
        )
        .await
        .unwrap();
    world.outlook.set_latency(Duration::from_millis(30));
    put(&world, 10).await;
    let lists = (0..12).map(|_| {
        let path = "/api/calendar/outlook/calendars/";
        world.user("ann", Method::GET, path, None)
    });
    for reply in join_all(lists).await {
        let reply = reply.unwrap();
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    }
    world
        .outlook_events(calport_e2e::accounts::PERSONAL, "Calendar", |events| {
            events.len() == 10
        })
        .await
        .unwrap();
    assert_eq!(refused(&world.outlook.requests()), []);
}

#[calport_databases::each_database]
async fn a_spent_budget_makes_a_booking_wait_and_blames_nobody() {
    let per_user = Some(Allowance {
        requests: 100,
        window: Duration::from_secs(36_000),
    });
    let budget = Budget {
        per_user,
        ..Budget::default()
    };
    let options = WorldOptions {
        budgets: [("google".to_owned(), budget)].into(),
        ..WorldOptions::default()
    };
    let world = World::start_with(options).await.unwrap();
    world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    // Four may leave at once; connecting, before the account is known, takes three.
    put(&world, 9).await;
    let is_paused = |reading: &Value| {
        let calendar = &reading["participants"][0]["calendars"][0];
        calendar["state"] == "waiting" && calendar["reason"] == "the provider asked to slow down"
    };
    let begun = Instant::now();
    loop {
        let reading = world.platform(Method::GET, "/api/jobs/8/", None).await;
        if is_paused(&reading.unwrap().json()) {
            break;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "it does not wait"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(refused(&world.google.requests()), []);
}
