//! Case 10: who reconnects with another account of the provider is asked, and until they
//! have answered everything is as it was.

use calport_e2e::{
    Landing, Reply, World,
    accounts::{CASEY, PERSONAL, SAM, WORK},
};
use calport_standins::{Behaviour, ConsentChoice, Fault};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const OVERVIEW: &str = "/api/calendar/";
const COMPLETE: &str = "/api/calendar/google/complete/";

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

async fn connect(world: &World, user: &str, account: &str) -> Landing {
    world
        .connect(user, account, &ConsentChoice::Allow)
        .await
        .unwrap()
}

/// ann, connected as Casey with one booking in the calendar, has just consented as Sam: the
/// handle of the question.
async fn asked(world: &World) -> String {
    assert_eq!(connect(world, "ann", CASEY).await.status(), "connected");
    put(world, "/api/jobs/1/", &job(1, "Clean")).await;
    assert_eq!(
        world.settled("/api/jobs/1/", "ann").await.unwrap()["state"],
        "in_calendar"
    );
    handle(&connect(world, "ann", SAM).await)
}

fn handle(landing: &Landing) -> String {
    assert_eq!(landing.status(), "account-changed");
    landing.parameter("handle").unwrap()
}

async fn answer(world: &World, user: &str, handle: &str, replace: Option<bool>) -> Reply {
    let body = match replace {
        Some(replace) => json!({ "handle": handle, "replace": replace }),
        None => json!({ "handle": handle }),
    };
    world
        .user(user, Method::POST, COMPLETE, Some(&body))
        .await
        .unwrap()
}

async fn account(world: &World, user: &str) -> Value {
    let overview = world.user(user, Method::GET, OVERVIEW, None).await;
    overview.unwrap().json()["providers"][0]["account"].clone()
}

async fn execute(world: &World, statement: &'static str) {
    let database = world.service.vault().database();
    sqlx::query(statement)
        .execute(database.pool())
        .await
        .unwrap();
}

#[calport_databases::each_database]
async fn case_10_another_account_asks_and_until_then_queued_work_goes_to_the_old_one() {
    let world = World::start().await.unwrap();
    let handle = asked(&world).await;
    put(&world, "/api/jobs/2/", &job(1, "Iron")).await;
    put(&world, "/api/jobs/1/", &job(2, "Clean more")).await;
    world
        .google_events(CASEY, "primary", |events| {
            events.len() == 2 && events.iter().any(|event| event["summary"] == "Clean more")
        })
        .await
        .unwrap();
    assert!(
        world.google.all_events(SAM, "primary").is_empty(),
        "nothing went to the new account"
    );
    assert_eq!(account(&world, "ann").await, CASEY);
    for _ in 0..2 {
        let question = answer(&world, "ann", &handle, None).await;
        assert_eq!(
            question.json(),
            json!({"status": "account-changed", "handle": handle, "account": CASEY,
                "new_account": SAM, "upcoming": 2}),
            "asking uses nothing up"
        );
    }
    assert_eq!(account(&world, "ann").await, CASEY);
}

#[calport_databases::each_database]
async fn case_10_the_question_names_nobody_in_the_url() {
    let world = World::start().await.unwrap();
    connect(&world, "ann", CASEY).await;
    let landing = connect(&world, "ann", SAM).await;
    let location = landing.location.as_ref().unwrap();
    let names: Vec<_> = location.query_pairs().map(|(name, _)| name).collect();
    assert_eq!(names, ["tab", "provider", "status", "handle"]);
    assert!(!location.as_str().contains("gmail"), "{location}");
}

#[calport_databases::each_database]
async fn case_10_yes_moves_what_is_ahead_and_leaves_nothing_behind() {
    let world = World::start().await.unwrap();
    let handle = asked(&world).await;
    put(&world, "/api/jobs/2/", &job(1, "Iron")).await;
    world
        .google_events(CASEY, "primary", |events| events.len() == 2)
        .await
        .unwrap();
    world.settled("/api/jobs/2/", "ann").await.unwrap();
    let switched = answer(&world, "ann", &handle, Some(true)).await;
    assert_eq!(
        switched.json(),
        json!({"status": "connected", "revoked": true, "revocation": "done", "removed": 2,
            "left": 0, "removing": 0})
    );
    assert_eq!(account(&world, "ann").await, SAM);
    world
        .google_events(SAM, "primary", |events| events.len() == 2)
        .await
        .unwrap();
    assert!(world.google.events(CASEY, "primary").is_empty());
    assert_eq!(
        world.google.live_refresh_tokens(CASEY),
        0,
        "the old grant is revoked"
    );
    put(&world, "/api/jobs/1/", &job(2, "Clean more")).await;
    world
        .google_events(SAM, "primary", |events| {
            events.len() == 2 && events.iter().any(|event| event["summary"] == "Clean more")
        })
        .await
        .unwrap();
    let again = answer(&world, "ann", &handle, Some(true)).await;
    assert_eq!(
        (again.status, again.code().as_str()),
        (StatusCode::BAD_REQUEST, "expired"),
        "an answer counts once"
    );
}

#[calport_databases::each_database]
async fn case_10_no_leaves_everything_as_it_was_and_ends_the_new_grant() {
    let world = World::start().await.unwrap();
    let handle = asked(&world).await;
    assert_eq!(world.google.live_refresh_tokens(SAM), 1);
    let kept = answer(&world, "ann", &handle, Some(false)).await;
    assert_eq!(
        kept.json(),
        json!({"status": "kept", "revoked": true, "revocation": "done"})
    );
    assert_eq!(world.google.live_refresh_tokens(SAM), 0);
    assert_eq!(account(&world, "ann").await, CASEY);
    put(&world, "/api/jobs/1/", &job(2, "Clean more")).await;
    world
        .google_events(CASEY, "primary", |events| {
            events.len() == 1 && events[0]["summary"] == "Clean more"
        })
        .await
        .unwrap();
    assert!(world.google.all_events(SAM, "primary").is_empty());
}

#[calport_databases::each_database]
async fn case_10_no_grant_is_revoked_that_another_user_needs() {
    for replace in [true, false] {
        let world = World::start().await.unwrap();
        for (user, account) in [("bob", CASEY), ("cid", SAM)] {
            connect(&world, user, account).await;
        }
        let handle = asked(&world).await;
        let answered = answer(&world, "ann", &handle, Some(replace)).await;
        assert_eq!(answered.json()["revoked"], false, "{}", answered.text);
        for user in ["bob", "cid"] {
            let path = "/api/calendar/google/calendars/";
            let calendars = world.user(user, Method::GET, path, None).await.unwrap();
            assert_eq!(calendars.status, StatusCode::OK, "{user}: {replace}");
        }
    }
}

#[calport_databases::each_database]
async fn case_10_only_the_user_who_was_asked_can_answer() {
    let world = World::start().await.unwrap();
    let handle = asked(&world).await;
    for replace in [None, Some(true), Some(false)] {
        let reply = answer(&world, "mallory", &handle, replace).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (StatusCode::BAD_REQUEST, "expired")
        );
    }
    assert_eq!(
        world.google.live_refresh_tokens(SAM),
        1,
        "the question is still open"
    );
    assert_eq!(
        answer(&world, "ann", &handle, Some(true)).await.status,
        StatusCode::OK
    );
}

#[calport_databases::each_database]
async fn case_10_an_unanswered_question_ends_and_takes_its_grant_along() {
    let world = World::start().await.unwrap();
    let handle = asked(&world).await;
    execute(
        &world,
        "UPDATE pending_accounts SET expires_at = expires_at - 601",
    )
    .await;
    for replace in [None, Some(true)] {
        let late = answer(&world, "ann", &handle, replace).await;
        assert_eq!(
            (late.status, late.code().as_str()),
            (StatusCode::BAD_REQUEST, "expired")
        );
    }
    assert_eq!(account(&world, "ann").await, CASEY);
    world.service.flows().sweep().await.unwrap();
    world
        .eventually(|| world.google.live_refresh_tokens(SAM) == 0)
        .await
        .unwrap();
    assert_eq!(world.google.live_refresh_tokens(CASEY), 1);
}

#[calport_databases::each_database]
async fn case_10_asking_twice_keeps_the_later_grant_alive() {
    let world = World::start().await.unwrap();
    let first = asked(&world).await;
    let second = handle(&connect(&world, "ann", SAM).await);
    let replaced = answer(&world, "ann", &first, Some(true)).await;
    assert_eq!(replaced.code(), "expired");
    let switched = answer(&world, "ann", &second, Some(true)).await;
    assert_eq!(switched.json()["removed"], 1, "{}", switched.text);
    world
        .google_events(SAM, "primary", |events| events.len() == 1)
        .await
        .unwrap();
}

#[calport_databases::each_database]
async fn case_10_a_dead_grant_and_the_same_account_resume_without_a_double_or_a_loss() {
    let world = World::start().await.unwrap();
    connect(&world, "ann", CASEY).await;
    put(&world, "/api/jobs/1/", &job(1, "Clean")).await;
    world.settled("/api/jobs/1/", "ann").await.unwrap();
    let before = world.google.events(CASEY, "primary");
    world.google.kill_grant(CASEY);
    put(&world, "/api/jobs/1/", &job(2, "Clean more")).await;
    put(&world, "/api/jobs/2/", &job(1, "Iron")).await;
    for path in ["/api/jobs/1/", "/api/jobs/2/"] {
        let ann = world.settled(path, "ann").await.unwrap();
        assert_eq!(ann["state"], "needs_reconnect", "{ann}");
    }
    assert_eq!(connect(&world, "ann", CASEY).await.status(), "connected");
    let after = world
        .google_events(CASEY, "primary", |events| {
            events.len() == 2 && events.iter().any(|event| event["summary"] == "Clean more")
        })
        .await
        .unwrap();
    let clean = after
        .iter()
        .find(|event| event["summary"] == "Clean more")
        .unwrap();
    assert_eq!(clean["id"], before[0]["id"], "the same event, not another");
}

#[calport_databases::each_database]
async fn case_10_a_dead_grant_and_another_account_ask_and_say_what_stays_behind() {
    let world = World::start().await.unwrap();
    connect(&world, "ann", CASEY).await;
    put(&world, "/api/jobs/1/", &job(1, "Clean")).await;
    world.settled("/api/jobs/1/", "ann").await.unwrap();
    world.google.kill_grant(CASEY);
    put(&world, "/api/jobs/2/", &job(1, "Iron")).await;
    let ann = world.settled("/api/jobs/2/", "ann").await.unwrap();
    assert_eq!(ann["state"], "needs_reconnect", "{ann}");
    let handle = handle(&connect(&world, "ann", SAM).await);
    assert!(world.google.all_events(SAM, "primary").is_empty());
    let switched = answer(&world, "ann", &handle, Some(true)).await.json();
    assert_eq!(
        (&switched["removed"], &switched["left"]),
        (&json!(0), &json!(1)),
        "{switched}"
    );
    world
        .google_events(SAM, "primary", |events| events.len() == 2)
        .await
        .unwrap();
    let overview = world.user("ann", Method::GET, OVERVIEW, None).await;
    let google = &overview.unwrap().json()["providers"][0];
    assert_eq!(
        (&google["account"], &google["needs_reconnect"]),
        (&json!(SAM), &json!(false))
    );
}

#[calport_databases::each_database]
async fn case_10_what_is_on_its_way_to_the_old_account_is_taken_out_of_it_too() {
    let world = World::start().await.unwrap();
    connect(&world, "ann", CASEY).await;
    let handle = handle(&connect(&world, "ann", SAM).await);
    // The event is there at once; its reply takes a second.
    let slow = Fault::on("POST", "/calendar/v3/calendars/*/events").times(1);
    let slow = world
        .google
        .faults()
        .add(slow.behaviour(Behaviour::Drip { pause_ms: 2 }));
    put(&world, "/api/jobs/1/", &job(1, "Clean")).await;
    world
        .google_events(CASEY, "primary", |events| events.len() == 1)
        .await
        .unwrap();
    let switched = answer(&world, "ann", &handle, Some(true)).await.json();
    assert_eq!(world.google.faults().hits(slow), 1, "the fault struck");
    assert_eq!(
        (&switched["removed"], &switched["left"]),
        (&json!(1), &json!(0)),
        "{switched}"
    );
    assert!(world.google.events(CASEY, "primary").is_empty());
    let events = world
        .google_events(SAM, "primary", |events| events.len() == 1)
        .await
        .unwrap();
    assert_eq!(events[0]["summary"], "Clean");
    let ann = world.settled("/api/jobs/1/", "ann").await.unwrap();
    assert_eq!(ann["state"], "in_calendar", "{ann}");
}

#[calport_databases::each_database]
async fn case_10_what_a_provider_does_not_remove_yet_is_removed_before_the_old_grant_ends() {
    let mut world = World::start().await.unwrap();
    let handle = asked(&world).await;
    for path in ["/api/jobs/2/", "/api/jobs/3/"] {
        put(&world, path, &job(1, "Iron")).await;
        world.settled(path, "ann").await.unwrap();
    }
    world.crash_workers().await;
    let down = Fault::on("DELETE", "/calendar/v3/calendars/*/events/*").times(2);
    let down = world.google.faults().add(down);
    let switched = answer(&world, "ann", &handle, Some(true)).await;
    assert_eq!(world.google.faults().hits(down), 2, "the fault struck");
    assert_eq!(
        switched.json(),
        json!({"status": "connected", "revoked": false, "revocation": "pending", "removed": 1,
            "left": 0, "removing": 2})
    );
    assert_eq!(world.google.events(CASEY, "primary").len(), 2);
    assert_eq!(world.google.live_refresh_tokens(CASEY), 1);
    world.google.forget_requests();
    let _workers = world.service.start_workers();
    world
        .eventually(|| world.google.live_refresh_tokens(CASEY) == 0)
        .await
        .unwrap();
    assert!(world.google.events(CASEY, "primary").is_empty());
    let requests = world.google.requests();
    let removals = requests.iter().filter(|it| it.method == Method::DELETE);
    assert_eq!(removals.count(), 2, "what is gone is not removed again");
    until_nothing_is_owed(&world).await;
}

#[calport_databases::each_database]
async fn case_10_outlook_removes_later_as_well_though_no_call_ends_its_grant() {
    let mut world = World::start().await.unwrap();
    let connect = |account| world.connect_outlook("ann", account, &ConsentChoice::Allow);
    assert_eq!(connect(WORK).await.unwrap().status(), "connected");
    put(&world, "/api/jobs/1/", &job(1, "Clean")).await;
    world.settled("/api/jobs/1/", "ann").await.unwrap();
    let handle = handle(&connect(PERSONAL).await.unwrap());
    world.crash_workers().await;
    let down = Fault::on("DELETE", "/v1.0/me/**").always();
    let down = world.outlook.faults().add(down);
    let body = json!({ "handle": handle, "replace": true });
    let path = "/api/calendar/outlook/complete/";
    let switched = world.user("ann", Method::POST, path, Some(&body)).await;
    let switched = switched.unwrap().json();
    assert_eq!(
        (&switched["removed"], &switched["removing"]),
        (&json!(0), &json!(1)),
        "{switched}"
    );
    world.outlook.faults().remove(down);
    let _workers = world.service.start_workers();
    until_nothing_is_owed(&world).await;
    assert!(world.outlook.events(WORK, "Calendar").is_empty());
}

#[calport_databases::each_database]
async fn case_10_who_goes_back_to_an_account_keeps_what_was_still_to_be_removed_from_it() {
    let mut world = World::start().await.unwrap();
    let to_sam = asked(&world).await;
    world.crash_workers().await;
    let down = Fault::on("DELETE", "/calendar/v3/calendars/*/events/*").always();
    let down = world.google.faults().add(down);
    let switched = answer(&world, "ann", &to_sam, Some(true)).await.json();
    assert_eq!(switched["removing"], 1, "{switched}");
    let to_casey = handle(&connect(&world, "ann", CASEY).await);
    let back = answer(&world, "ann", &to_casey, Some(true)).await.json();
    assert_eq!(back["status"], "connected", "{back}");
    let _workers = world.service.start_workers();
    world.settled("/api/jobs/1/", "ann").await.unwrap();
    world.google.faults().remove(down);
    until_nothing_is_owed(&world).await;
    let events = world.google.events(CASEY, "primary");
    assert_eq!(events.len(), 1, "it is wanted again");
    put(&world, "/api/jobs/1/", &job(2, "Clean more")).await;
    world
        .google_events(CASEY, "primary", |events| {
            events.len() == 1 && events[0]["summary"] == "Clean more"
        })
        .await
        .unwrap();
}

/// Waits until no grant waits for its end.
async fn until_nothing_is_owed(world: &World) {
    let begun = Instant::now();
    let database = world.service.vault().database();
    loop {
        let owed: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM revocations")
            .fetch_one(database.pool())
            .await
            .unwrap();
        if owed == 0 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{owed}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[calport_databases::each_database]
async fn case_10_a_flow_that_came_back_in_another_browser_asks_as_well() {
    let world = World::start().await.unwrap();
    connect(&world, "ann", CASEY).await;
    let url = world
        .begin("ann", &calport_e2e::Browser::new())
        .await
        .unwrap();
    let callback = world
        .google
        .consent(&url, SAM, &ConsentChoice::Allow)
        .unwrap();
    let landing = calport_e2e::Browser::new().open(&callback).await.unwrap();
    assert_eq!(landing.status(), "parked");
    let parked = landing.parameter("handle").unwrap();
    let question = answer(&world, "ann", &parked, Some(true)).await.json();
    assert_eq!(
        question["status"], "account-changed",
        "nobody can answer before they are asked: {question}"
    );
    assert_eq!(account(&world, "ann").await, CASEY);
    let handle = question["handle"].as_str().unwrap();
    answer(&world, "ann", handle, Some(true)).await;
    assert_eq!(account(&world, "ann").await, SAM);
}

#[calport_databases::each_database]
async fn case_10_outlook_asks_the_same() {
    let world = World::start().await.unwrap();
    let connect = |account| world.connect_outlook("ann", account, &ConsentChoice::Allow);
    assert_eq!(connect(WORK).await.unwrap().status(), "connected");
    put(&world, "/api/jobs/1/", &job(1, "Clean")).await;
    world.settled("/api/jobs/1/", "ann").await.unwrap();
    let handle = handle(&connect(PERSONAL).await.unwrap());
    assert!(world.outlook.events(PERSONAL, "Calendar").is_empty());
    let body = json!({ "handle": handle, "replace": true });
    let path = "/api/calendar/outlook/complete/";
    let switched = world.user("ann", Method::POST, path, Some(&body)).await;
    assert_eq!(switched.unwrap().json()["removed"], 1);
    world
        .outlook_events(PERSONAL, "Calendar", |events| events.len() == 1)
        .await
        .unwrap();
    assert!(world.outlook.events(WORK, "Calendar").is_empty());
}
