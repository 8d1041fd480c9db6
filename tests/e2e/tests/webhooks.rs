//! What the platform is told, whatever its receiver does.

use calport_e2e::{Receiver, WEBHOOK_SECRETS, World, WorldOptions, accounts::CASEY};
use calport_host::{
    bookings::{BookingId, Kind},
    subject::Subject,
    sync::State,
    webhooks::Change,
};
use calport_standins::ConsentChoice;
use reqwest::Method;
use serde_json::{Value, json};

const NEW: &str = WEBHOOK_SECRETS[0];
const OLD: &str = WEBHOOK_SECRETS[1];

async fn telling(receiver: &Receiver) -> World {
    World::start_with(WorldOptions {
        webhooks: Some(receiver.url.clone()),
        ..WorldOptions::default()
    })
    .await
    .unwrap()
}

fn connected(user: &str) -> Change {
    Change::ConnectionConnected {
        subject: Subject::new("default", user),
        provider: "google".to_owned(),
    }
}

fn booking(user: &str, reason: &str) -> Change {
    Change::BookingStateChanged {
        booking: BookingId {
            tenant: "default".to_owned(),
            kind: Kind::Jobs,
            id: "17".to_owned(),
        },
        user: user.to_owned(),
        provider: "google".to_owned(),
        state: State::Waiting,
        reason: Some(reason.to_owned()),
        link: None,
    }
}

async fn happen(world: &World, changes: &[Change]) {
    let database = world.service.vault().database();
    let (mut transaction, now) = database.write().await.unwrap();
    for change in changes {
        world
            .service
            .webhooks()
            .record(&mut transaction, now, change)
            .await
            .unwrap();
    }
    transaction.commit().await.unwrap();
    world.service.announce();
}

/// A column of the only webhook that is left.
async fn left(world: &World, column: &'static str) -> i64 {
    let statement = match column {
        "next_try" => "SELECT next_try - created_at FROM webhooks",
        "waiting" => "SELECT COUNT(*) FROM webhooks WHERE state = 'waiting'",
        "set_aside" => "SELECT COUNT(*) FROM webhooks WHERE state = 'set_aside'",
        other => panic!("{other}"),
    };
    sqlx::query_scalar(statement)
        .fetch_one(world.service.vault().database().pool())
        .await
        .unwrap()
}

async fn until_left(world: &World, column: &'static str, wanted: impl Fn(i64) -> bool) {
    let looking = async {
        while !wanted(left(world, column).await) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), looking)
        .await
        .unwrap();
}

#[calport_databases::each_database]
async fn the_platform_is_told_once_what_happened_and_nothing_else() {
    let receiver = Receiver::start(NEW).await.unwrap();
    let world = telling(&receiver).await;
    happen(&world, &[booking("ann", "the provider is not available")]).await;
    let received = receiver.until(1).await.unwrap();
    let body = &received[0].body;
    assert_eq!(body["type"], "booking.state_changed");
    assert_eq!(
        body["data"],
        json!({
            "tenant": "default", "kind": "jobs", "booking": "17", "user": "ann",
            "provider": "google", "state": "waiting",
            "reason": "the provider is not available", "link": null,
        })
    );
    let members: Vec<_> = body.as_object().unwrap().keys().collect();
    assert_eq!(members, ["created", "data", "id", "type"]);
    until_left(&world, "waiting", |left| left == 0).await;
    assert_eq!((receiver.received().len(), receiver.forged()), (1, 0));
}

#[calport_databases::each_database]
async fn while_secrets_change_receivers_of_the_new_and_of_the_old_one_both_agree() {
    for secret in [NEW, OLD] {
        let receiver = Receiver::start(secret).await.unwrap();
        let world = telling(&receiver).await;
        happen(&world, &[connected("ann")]).await;
        let received = receiver.until(1).await.unwrap();
        assert_eq!(received[0].signature.matches("v1=").count(), 2);
        assert_eq!(receiver.forged(), 0);
    }
}

#[calport_databases::each_database]
async fn a_receiver_that_fails_is_told_again_with_the_same_id_and_in_order() {
    let receiver = Receiver::start(NEW).await.unwrap();
    receiver.answer(500);
    let world = telling(&receiver).await;
    happen(&world, &[booking("ann", "first"), booking("ann", "second")]).await;
    let received = receiver.until(3).await.unwrap();
    assert_eq!(received[0].id(), received[1].id());
    assert_eq!(received[0].body, received[1].body);
    let reasons: Vec<_> = received
        .iter()
        .map(|received| received.body["data"]["reason"].as_str().unwrap())
        .collect();
    assert_eq!(reasons, ["first", "first", "second"]);
}

#[calport_databases::each_database]
async fn what_one_user_waits_for_holds_up_nobody_else() {
    let receiver = Receiver::start(NEW).await.unwrap();
    receiver.answer_with(503, "retry-after", "3600");
    let world = telling(&receiver).await;
    happen(&world, &[booking("ann", "first"), booking("ann", "second")]).await;
    receiver.until(1).await.unwrap();
    until_left(&world, "next_try", |wait| wait >= 3_600).await;
    let others: Vec<_> = (0..20).map(|n| connected(&format!("u-{n}"))).collect();
    happen(&world, &others).await;
    let received = receiver.until(21).await.unwrap();
    let told = |kind: &str| received.iter().filter(|r| r.body["type"] == kind).count();
    assert_eq!(told("connection.connected"), 20);
    assert_eq!(told("booking.state_changed"), 1);
    until_left(&world, "waiting", |left| left == 2).await;
}

#[calport_databases::each_database]
async fn a_receiver_that_is_gone_is_told_no_more() {
    let receiver = Receiver::start(NEW).await.unwrap();
    receiver.answer(410);
    let world = telling(&receiver).await;
    happen(&world, &[connected("ann")]).await;
    until_left(&world, "set_aside", |left| left == 1).await;
    assert_eq!(left(&world, "waiting").await, 0);
}

#[calport_databases::each_database]
async fn case_29_a_redirect_is_not_followed() {
    let receiver = Receiver::start(NEW).await.unwrap();
    let elsewhere = Receiver::start(NEW).await.unwrap();
    receiver.answer_with(307, "location", elsewhere.url.as_str());
    let world = telling(&receiver).await;
    happen(&world, &[connected("ann")]).await;
    receiver.until(2).await.unwrap();
    assert!(elsewhere.received().is_empty());
}

#[calport_databases::each_database]
async fn what_a_crash_left_half_sent_is_sent_again_with_the_same_id() {
    let receiver = Receiver::start(NEW).await.unwrap();
    receiver.never_answer();
    let mut world = telling(&receiver).await;
    happen(&world, &[connected("ann")]).await;
    receiver.until(1).await.unwrap();
    world.crash_webhooks().await;
    world.outlive_claims().await.unwrap();
    world.restart_webhooks().unwrap();
    let received = receiver.until(2).await.unwrap();
    assert_eq!(received[0].body, received[1].body);
    until_left(&world, "waiting", |left| left == 0).await;
}

#[calport_databases::each_database]
async fn no_secret_stands_in_what_is_sent() {
    // case 13
    let receiver = Receiver::start(NEW).await.unwrap();
    let world = telling(&receiver).await;
    happen(&world, &[connected("ann"), booking("ann", "why")]).await;
    for received in receiver.until(2).await.unwrap() {
        let text = Value::to_string(&received.body) + &received.signature;
        for secret in [NEW, OLD, "@", calport_e2e::PLATFORM_TOKEN] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[calport_databases::each_database]
async fn a_users_whole_way_is_told_from_connecting_to_leaving() {
    let receiver = Receiver::start(NEW).await.unwrap();
    let world = telling(&receiver).await;
    let allow = ConsentChoice::Allow;
    let put = |revision: u32| {
        let job = json!({
            "revision": revision, "title": "canary-title",
            "start_date": "2031-01-01", "end_date": "2031-01-02",
            "participants": [{"user": "ann", "role": "customer"}],
        });
        let world = &world;
        async move {
            world
                .platform(Method::PUT, "/api/jobs/17/", Some(&job))
                .await
        }
    };
    world.connect("ann", CASEY, &allow).await.unwrap();
    receiver.until(1).await.unwrap();
    put(1).await.unwrap();
    receiver.until(2).await.unwrap();
    world.google.kill_grant(CASEY);
    put(2).await.unwrap();
    receiver.until(3).await.unwrap();
    // Whoever asks next finds it dead, too: that is no news.
    let path = "/api/calendar/google/calendars/";
    world.user("ann", Method::GET, path, None).await.unwrap();
    world.connect("ann", CASEY, &allow).await.unwrap();
    receiver.until(5).await.unwrap();
    let path = "/api/calendar/google/disconnect/";
    world.user("ann", Method::POST, path, None).await.unwrap();
    let received = receiver.until(6).await.unwrap();
    until_left(&world, "waiting", |left| left == 0).await;
    let mut told: Vec<_> = received
        .iter()
        .map(|received| {
            let body = &received.body;
            let state = body["data"]["state"].as_str().unwrap_or_default();
            format!("{} {state}", body["type"].as_str().unwrap())
        })
        .collect();
    // Connection and booking are two subjects: only each one's own order is promised.
    told[3..5].sort();
    assert_eq!(
        told,
        [
            "connection.connected ",
            "booking.state_changed in_calendar",
            "connection.needs_reconnect ",
            "booking.state_changed in_calendar",
            "connection.connected ",
            "connection.disconnected ",
        ]
    );
    let reason = received[2].body["data"]["reason"].as_str().unwrap();
    assert!(!reason.is_empty());
    for received in received {
        let text = received.body.to_string();
        assert!(!text.contains("canary") && !text.contains('@'), "{text}");
    }
}
