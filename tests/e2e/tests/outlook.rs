//! Outlook through the whole stack: what Google has, Outlook has.

use calport_e2e::{
    World, WorldOptions,
    accounts::{CASEY, PERSONAL, SCHOOL, WORK},
};
use calport_host::{
    plugin::{
        changes::{Aspects, Finding},
        types::{Event, Span, Status, Timed},
    },
    subject::Subject,
    vault::Binding,
};
use calport_standins::{
    Behaviour, ConsentChoice, Fault, Mailbox, OutlookAccount, OutlookConfig, Repeat, ScopeSpelling,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const JOB: &str = "/api/jobs/17/";
const MAIN: &str = "Calendar";

fn job(revision: u32) -> Value {
    json!({
        "revision": revision, "title": "Deep clean", "description": "Key under the mat",
        "location": "1 High St", "start": "2031-12-01T10:00:00Z", "end": "2031-12-01T12:00:00Z",
        "zone": "America/New_York", "reminders": [60],
        "participants": [{"user": "bob", "role": "staff"}],
    })
}

async fn with(outlook: OutlookConfig) -> World {
    World::start_with(WorldOptions {
        outlook,
        ..WorldOptions::default()
    })
    .await
    .unwrap()
}

async fn connected_to(world: &World, account: &str) {
    let landing = world
        .connect_outlook("bob", account, &ConsentChoice::Allow)
        .await
        .unwrap();
    assert_eq!(landing.status(), "connected", "{account}");
}

async fn put(world: &World, path: &str, body: &Value) {
    let reply = world.platform(Method::PUT, path, Some(body)).await.unwrap();
    assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
}

#[calport_databases::each_database]
async fn work_and_personal_accounts_take_change_and_lose_a_booking() {
    for account in [WORK, PERSONAL] {
        let world = World::start().await.unwrap();
        connected_to(&world, account).await;
        put(&world, JOB, &job(1)).await;
        let bob = world.settled(JOB, "bob").await.unwrap();
        assert_eq!(bob["state"], "in_calendar", "{bob}");
        assert!(bob["calendars"][0]["link"].is_string(), "{bob}");
        let mut changed = job(2);
        changed["title"] = json!("Deeper clean");
        put(&world, JOB, &changed).await;
        let one = |events: &[Value]| events.len() == 1 && events[0]["subject"] == "Deeper clean";
        world.outlook_events(account, MAIN, one).await.unwrap();
        world.platform(Method::DELETE, JOB, None).await.unwrap();
        world
            .outlook_events(account, MAIN, <[Value]>::is_empty)
            .await
            .unwrap();
        put(&world, JOB, &job(4)).await;
        world
            .outlook_events(account, MAIN, |events| events.len() == 1)
            .await
            .unwrap();
        assert!(
            world.outlook.invitations(account).is_empty(),
            "nobody is invited"
        );
    }
}

#[calport_databases::each_database]
async fn each_user_has_their_own_provider_on_the_same_platform() {
    let world = World::start().await.unwrap();
    world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    connected_to(&world, WORK).await;
    let apple = world
        .user("cid", Method::POST, "/api/calendar/apple/connect/", None)
        .await;
    assert!(apple.unwrap().json()["webcal_url"].is_string());
    let mut all = job(1);
    all["participants"] = json!([
        {"user": "ann", "role": "customer"},
        {"user": "bob", "role": "staff"},
        {"user": "cid", "role": "manager"},
    ]);
    put(&world, JOB, &all).await;
    for (user, state) in [
        ("ann", "in_calendar"),
        ("bob", "in_calendar"),
        ("cid", "file_only"),
    ] {
        assert_eq!(
            world.settled(JOB, user).await.unwrap()["state"],
            state,
            "{user}"
        );
    }
    assert_eq!(world.google.events(CASEY, "primary").len(), 1);
    assert_eq!(world.outlook.events(WORK, MAIN).len(), 1);
}

#[calport_databases::each_database]
async fn every_refusal_has_its_own_status_and_stores_nothing() {
    let empty = OutlookAccount::new("nobody@contoso.example", "No Mailbox");
    let config = OutlookConfig::default().account(empty.mailbox(Mailbox::NotEnabled));
    for (account, choice, status) in [
        (WORK, ConsentChoice::Cancel, "denied"),
        (SCHOOL, ConsentChoice::Allow, "needs-admin"),
        (
            WORK,
            ConsentChoice::AllowWithout(vec!["Calendars.ReadWrite".into()]),
            "needs-scope",
        ),
        ("nobody@contoso.example", ConsentChoice::Allow, "rejected"),
    ] {
        let world = with(config.clone()).await;
        let landing = world
            .connect_outlook("bob", account, &choice)
            .await
            .unwrap();
        assert_eq!(landing.status(), status, "{account} {choice:?}");
        let overview = world
            .user("bob", Method::GET, "/api/calendar/", None)
            .await
            .unwrap()
            .json();
        let providers = overview["providers"].as_array().unwrap();
        assert!(
            providers
                .iter()
                .all(|provider| provider["connected"] == false),
            "{overview}"
        );
    }
}

#[calport_databases::each_database]
async fn scopes_are_understood_however_microsoft_spells_them() {
    for spelling in [
        ScopeSpelling::Short,
        ScopeSpelling::Prefixed,
        ScopeSpelling::LowerCase,
    ] {
        let world = with(OutlookConfig::default().scope_spelling(spelling)).await;
        connected_to(&world, WORK).await;
    }
}

#[calport_databases::each_database]
async fn the_newest_refresh_token_is_always_kept() {
    let world = with(OutlookConfig::default().revoke_used_refresh_tokens()).await;
    connected_to(&world, WORK).await;
    for _ in 0..5 {
        world.outlook.expire_access_tokens();
        let path = "/api/calendar/outlook/calendars/";
        let reply = world.user("bob", Method::GET, path, None).await.unwrap();
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    }
}

#[calport_databases::each_database]
async fn case_34_a_lost_reply_leaves_one_event_whatever_a_repeat_answers() {
    for repeat in [Repeat::SameEvent, Repeat::Conflict, Repeat::BadRequest] {
        for behaviour in [Behaviour::LoseReply, Behaviour::error_after_effect(503)] {
            let world = with(OutlookConfig::default().repeat(repeat)).await;
            connected_to(&world, WORK).await;
            let fault = Fault::on("POST", "/v1.0/me/**/events").times(1);
            let fault = world
                .outlook
                .faults()
                .add(fault.behaviour(behaviour.clone()));
            put(&world, JOB, &job(1)).await;
            let bob = world.settled(JOB, "bob").await.unwrap();
            assert_eq!(
                bob["state"], "in_calendar",
                "{repeat:?} {behaviour:?}: {bob}"
            );
            assert_eq!(world.outlook.faults().hits(fault), 1, "the fault struck");
            assert_eq!(
                world.outlook.events(WORK, MAIN).len(),
                1,
                "{repeat:?} {behaviour:?}"
            );
        }
    }
}

#[calport_databases::each_database]
async fn a_series_repeats_on_local_time_and_what_graph_cannot_say_is_refused_by_name() {
    let world = World::start().await.unwrap();
    connected_to(&world, WORK).await;
    let series = |revision: u32, rule: &str| {
        let mut body = job(revision);
        body["start"] = json!("2031-03-03T15:00:00Z");
        body["end"] = json!("2031-03-03T16:00:00Z");
        body["recurrence"] = json!({"rule": rule});
        body
    };
    put(&world, JOB, &series(1, "FREQ=WEEKLY;BYDAY=MO;COUNT=6")).await;
    assert_eq!(
        world.settled(JOB, "bob").await.unwrap()["state"],
        "in_calendar"
    );
    let events = world.outlook.events(WORK, MAIN);
    assert_eq!(
        events[0]["recurrence"]["pattern"]["type"], "weekly",
        "{}",
        events[0]
    );
    let path = "/api/calendar/busy/?from=2031-03-01T00:00:00Z&to=2031-04-30T00:00:00Z";
    let busy = world
        .user("bob", Method::GET, path, None)
        .await
        .unwrap()
        .json();
    let starts: Vec<_> = busy["busy"]
        .as_array()
        .unwrap()
        .iter()
        .map(|span| &span["start"])
        .collect();
    // New York leaves winter time on 9 March 2031.
    assert_eq!(
        starts[..2],
        [
            &json!("2031-03-03T15:00:00Z"),
            &json!("2031-03-10T14:00:00Z")
        ]
    );
    assert_eq!(starts.len(), 6);
    put(&world, JOB, &series(2, "FREQ=YEARLY;BYWEEKNO=20;COUNT=3")).await;
    let refused = world.settled(JOB, "bob").await.unwrap();
    assert_eq!(refused["state"], "failed");
    let reason = refused["calendars"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("BYWEEKNO"), "{reason}");
}

#[calport_databases::each_database]
async fn a_dead_grant_is_shown_and_mended_by_connecting_again() {
    for code in [50_173, 700_082, 70_043] {
        let world = World::start().await.unwrap();
        connected_to(&world, WORK).await;
        world.outlook.kill_grant_with(WORK, code);
        put(&world, JOB, &job(1)).await;
        let bob = world.settled(JOB, "bob").await.unwrap();
        assert_eq!(bob["state"], "needs_reconnect", "{code}: {bob}");
        connected_to(&world, WORK).await;
        world
            .outlook_events(WORK, MAIN, |events| events.len() == 1)
            .await
            .unwrap();
    }
}

#[calport_databases::each_database]
async fn wrong_app_credentials_blame_no_user() {
    let world = World::start().await.unwrap();
    let fault = Fault::on("POST", "/common/oauth2/v2.0/token");
    world.outlook.faults().add(
        fault
            .always()
            .behaviour(Behaviour::error(401, "AADSTS7000215")),
    );
    let landing = world
        .connect_outlook("bob", WORK, &ConsentChoice::Allow)
        .await
        .unwrap();
    assert_eq!(landing.status(), "misconfigured");
    let overview = async || {
        let reply = world
            .user("ann", Method::GET, "/api/calendar/", None)
            .await
            .unwrap();
        let overview = reply.json();
        let providers = overview["providers"].as_array().unwrap().clone();
        let find =
            |id: &str| providers.iter().find(|p| p["id"] == id).unwrap()["availability"].clone();
        (find("google"), find("outlook"))
    };
    let expected = (json!("available"), json!("temporarily_unavailable"));
    assert_eq!(overview().await, expected, "and the other one goes on");
    world.outlook.faults().clear();
    connected_to(&world, WORK).await;
    assert_eq!(
        overview().await.1,
        "available",
        "the operator has mended it"
    );
}

#[calport_databases::each_database]
async fn disconnecting_can_take_our_events_along() {
    let world = World::start().await.unwrap();
    connected_to(&world, WORK).await;
    put(&world, JOB, &job(1)).await;
    world.settled(JOB, "bob").await.unwrap();
    let path = "/api/calendar/outlook/disconnect/";
    let body = json!({"remove_events": true});
    let left = world
        .user("bob", Method::POST, path, Some(&body))
        .await
        .unwrap()
        .json();
    assert_eq!(
        (&left["removed"], &left["left"]),
        (&json!(1), &json!(0)),
        "{left}"
    );
    assert!(world.outlook.events(WORK, MAIN).is_empty());
}

#[calport_databases::each_database]
async fn what_a_user_does_to_a_booking_in_outlook_is_told_by_id_and_found_by_comparing() {
    let options = WorldOptions {
        without_workers: true,
        ..WorldOptions::default()
    };
    let world = World::start_with(options).await.unwrap();
    connected_to(&world, WORK).await;
    let bob = || {
        let subject = Subject::new(Subject::DEFAULT_TENANT, "bob");
        Binding::new(world.service.vault().clone(), subject, "outlook")
    };
    let plugin = world.service.plugin();
    let event = Event {
        uid: "booking@test".into(),
        revision: 1,
        status: Status::Confirmed,
        title: "Deep clean".into(),
        description: Some("Key under the mat".into()),
        location: None,
        url: None,
        // 2031-12-02T10:00:00Z, years beyond what a full reading lists
        when: Span::Timed(Timed {
            start: 1_953_972_000,
            end: 1_953_979_200,
            zone: "America/New_York".into(),
        }),
        recurrence: None,
        reminders: vec![],
        organizer: None,
        attendees: vec![],
        updated: 1_900_000_000,
    };
    let first = plugin.read_changes(bob(), None, None).await.unwrap();
    let remote = plugin
        .push_event(bob(), None, event.clone(), None)
        .await
        .unwrap()
        .unwrap();
    let patch = json!({ "subject": "Mine" });
    assert!(world.outlook.edit_event(WORK, &remote.id, &patch));
    let page = plugin
        .read_changes(bob(), None, Some(first.next))
        .await
        .unwrap();
    assert!(page.changes.iter().any(|change| change.id == remote.id));
    let found = plugin
        .compare_event(bob(), event.clone(), remote.clone())
        .await
        .unwrap();
    let Finding::Different(found) = found else {
        panic!("{found:?}")
    };
    assert_eq!(
        (found.aspects, found.title.as_deref()),
        (Aspects::TITLE, Some("Mine"))
    );
    assert!(world.outlook.delete_event(WORK, &remote.id));
    let page = plugin
        .read_changes(bob(), None, Some(page.next))
        .await
        .unwrap();
    assert_eq!(page.changes.len(), 1);
    assert_eq!(
        (page.changes[0].id.as_str(), &page.changes[0].etag),
        (remote.id.as_str(), &None)
    );
    let found = plugin.compare_event(bob(), event, remote).await.unwrap();
    assert_eq!(found, Finding::Missing);
}
