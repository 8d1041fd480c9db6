//! Bookings on their way into calendars and files.

use calport_e2e::{World, WorldOptions, accounts::CASEY, accounts::SAM};
use calport_standins::{
    Behaviour, ConsentChoice, Fault, GoogleAccount, GoogleCalendar, GoogleConfig, GoogleRole,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const JOB: &str = "/api/jobs/17/";

fn job(revision: u32) -> Value {
    json!({
        "revision": revision, "title": "Deep clean", "description": "Key under the mat\nBring soap",
        "location": "1 High St", "url": "https://platform.example/jobs/17",
        "start": "2031-12-01T10:00:00Z", "end": "2031-12-01T12:00:00Z", "zone": "Europe/London",
        "reminders": [60],
        "participants": [{"user": "ann", "role": "customer"}, {"user": "bob", "role": "staff"}],
    })
}

async fn connected() -> World {
    let world = World::start().await.unwrap();
    world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    world
}

#[calport_databases::each_database]
async fn a_booking_reaches_connected_calendars_and_waits_for_nobody_else() {
    let world = connected().await;
    let reply = world
        .platform(Method::PUT, JOB, Some(&job(1)))
        .await
        .unwrap();
    assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
    let ann = world.settled(JOB, "ann").await.unwrap();
    assert_eq!(ann["state"], "in_calendar", "{ann}");
    assert!(
        ann["calendars"][0]["link"]
            .as_str()
            .unwrap()
            .starts_with("http")
    );
    let bob = world.settled(JOB, "bob").await.unwrap();
    assert_eq!(bob["state"], "file_only");
    let events = world.google.events(CASEY, "primary");
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["summary"], "Deep clean");
    assert_eq!(events[0]["location"], "1 High St");
    assert_eq!(events[0].get("attendees"), None, "nobody is invited");
    assert!(world.google.invitations(CASEY).is_empty());
}

#[calport_databases::each_database]
async fn changes_cancellations_and_returns_leave_one_event_or_none() {
    let world = connected().await;
    world
        .platform(Method::PUT, JOB, Some(&job(1)))
        .await
        .unwrap();
    world.settled(JOB, "ann").await.unwrap();
    let mut changed = job(2);
    changed["title"] = json!("Deeper clean");
    world
        .platform(Method::PUT, JOB, Some(&changed))
        .await
        .unwrap();
    world
        .google_events(CASEY, "primary", |events| {
            events.len() == 1 && events[0]["summary"] == "Deeper clean"
        })
        .await
        .unwrap();
    world.platform(Method::DELETE, JOB, None).await.unwrap();
    world
        .google_events(CASEY, "primary", <[Value]>::is_empty)
        .await
        .unwrap();
    let reading = world.platform(Method::GET, JOB, None).await.unwrap().json();
    assert_eq!(
        (&reading["status"], &reading["revision"]),
        (&json!("cancelled"), &json!(3))
    );
    world
        .platform(Method::PUT, JOB, Some(&job(4)))
        .await
        .unwrap();
    world
        .google_events(CASEY, "primary", |events| events.len() == 1)
        .await
        .unwrap();
    let mut without = job(5);
    without["participants"] = json!([]);
    world
        .platform(Method::PUT, JOB, Some(&without))
        .await
        .unwrap();
    world
        .google_events(CASEY, "primary", <[Value]>::is_empty)
        .await
        .unwrap();
}

#[calport_databases::each_database]
async fn the_same_again_does_nothing_and_an_older_revision_is_refused() {
    // case 43
    let world = connected().await;
    world
        .platform(Method::PUT, JOB, Some(&job(2)))
        .await
        .unwrap();
    world.settled(JOB, "ann").await.unwrap();
    world.google.forget_requests();
    let same = world
        .platform(Method::PUT, JOB, Some(&job(2)))
        .await
        .unwrap();
    assert_eq!(same.status, StatusCode::ACCEPTED);
    assert!(world.google.requests().is_empty());
    let older = world
        .platform(Method::PUT, JOB, Some(&job(1)))
        .await
        .unwrap();
    assert_eq!(
        (older.status, older.code().as_str()),
        (StatusCode::CONFLICT, "conflict")
    );
    assert!(older.text.contains("revision 2"), "{}", older.text);
    let mut other = job(2);
    other["title"] = json!("Something else");
    let other = world
        .platform(Method::PUT, JOB, Some(&other))
        .await
        .unwrap();
    assert_eq!(other.status, StatusCode::CONFLICT);
}

#[calport_databases::each_database]
async fn what_happened_before_connecting_arrives_after_it() {
    let world = World::start().await.unwrap();
    world
        .platform(Method::PUT, JOB, Some(&job(1)))
        .await
        .unwrap();
    let mut past = job(1);
    past["start"] = json!("2020-12-01T10:00:00Z");
    past["end"] = json!("2020-12-01T12:00:00Z");
    world
        .platform(Method::PUT, "/api/jobs/16/", Some(&past))
        .await
        .unwrap();
    world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    world
        .google_events(CASEY, "primary", |events| events.len() == 1)
        .await
        .unwrap();
    let over = world.settled("/api/jobs/16/", "ann").await.unwrap();
    assert_eq!(over["state"], "file_only", "what is over stays out");
}

#[calport_databases::each_database]
async fn two_participants_who_share_an_account_have_an_event_each() {
    let world = connected().await;
    world
        .connect("bob", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    world
        .platform(Method::PUT, JOB, Some(&job(1)))
        .await
        .unwrap();
    world
        .google_events(CASEY, "primary", |events| events.len() == 2)
        .await
        .unwrap();
    let mut without_bob = job(2);
    without_bob["participants"] = json!([{"user": "ann", "role": "customer"}]);
    world
        .platform(Method::PUT, JOB, Some(&without_bob))
        .await
        .unwrap();
    world
        .google_events(CASEY, "primary", |events| events.len() == 1)
        .await
        .unwrap();
    assert_eq!(
        world.settled(JOB, "ann").await.unwrap()["state"],
        "in_calendar"
    );
}

#[calport_databases::each_database]
async fn another_calendar_takes_what_is_ahead_along() {
    let work = GoogleCalendar::new("work@group.calendar.example", "Work", GoogleRole::Owner);
    let casey = GoogleAccount::new(CASEY, "Casey Customer").calendar(work);
    let google = GoogleConfig::default().accounts([casey]);
    let world = World::start_with(WorldOptions {
        google,
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
    let path = "/api/calendar/google/calendars/";
    let calendars = world
        .user("ann", Method::GET, path, None)
        .await
        .unwrap()
        .json();
    let calendars = calendars["calendars"].as_array().unwrap().clone();
    assert!(calendars.len() > 1, "{calendars:?}");
    assert_eq!(calendars[0]["primary"], true);
    let other = calendars
        .iter()
        .find(|calendar| calendar["primary"] == false)
        .unwrap();
    let choice = json!({"id": other["id"]});
    let path = "/api/calendar/google/calendar/";
    let chosen = world
        .user("ann", Method::PUT, path, Some(&choice))
        .await
        .unwrap();
    assert_eq!(chosen.status, StatusCode::OK, "{}", chosen.text);
    let id = other["id"].as_str().unwrap();
    world
        .google_events(CASEY, id, |events| events.len() == 1)
        .await
        .unwrap();
    world
        .google_events(CASEY, "primary", <[Value]>::is_empty)
        .await
        .unwrap();
    let unknown = json!({"id": "somebody-elses"});
    let refused = world
        .user("ann", Method::PUT, path, Some(&unknown))
        .await
        .unwrap();
    assert_eq!(refused.json()["field"], "id");
}

#[calport_databases::each_database]
async fn case_34_faults_of_the_provider_leave_one_event_in_the_end() {
    for behaviour in [
        Behaviour::error_after_effect(503),
        Behaviour::LoseReply,
        Behaviour::error(503, "backendError").retry_after("1"),
        Behaviour::error(403, "rateLimitExceeded").retry_after("1"),
        Behaviour::error(401, "authError"),
    ] {
        let world = connected().await;
        let fault = Fault::on("POST", "/calendar/v3/calendars/*/events").times(1);
        let fault = world
            .google
            .faults()
            .add(fault.behaviour(behaviour.clone()));
        world
            .platform(Method::PUT, JOB, Some(&job(1)))
            .await
            .unwrap();
        let ann = world.settled(JOB, "ann").await.unwrap();
        assert_eq!(ann["state"], "in_calendar", "{behaviour:?}: {ann}");
        assert_eq!(world.google.faults().hits(fault), 1, "{behaviour:?}");
        assert_eq!(
            world.google.events(CASEY, "primary").len(),
            1,
            "{behaviour:?}"
        );
    }
}

#[calport_databases::each_database]
async fn a_dead_grant_stops_its_own_user_and_reconnecting_loses_and_doubles_nothing() {
    let world = connected().await;
    world
        .connect("bob", SAM, &ConsentChoice::Allow)
        .await
        .unwrap();
    world.google.kill_grant(CASEY);
    world
        .platform(Method::PUT, JOB, Some(&job(1)))
        .await
        .unwrap();
    assert_eq!(
        world.settled(JOB, "bob").await.unwrap()["state"],
        "in_calendar"
    );
    let ann = world.settled(JOB, "ann").await.unwrap();
    assert_eq!(ann["state"], "needs_reconnect");
    assert!(ann["calendars"][0]["reason"].is_string());
    world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    world
        .google_events(CASEY, "primary", |events| events.len() == 1)
        .await
        .unwrap();
    assert_eq!(
        world.settled(JOB, "ann").await.unwrap()["state"],
        "in_calendar"
    );
}

#[calport_databases::each_database]
async fn disconnecting_can_take_our_events_along_and_never_others() {
    let world = connected().await;
    world
        .platform(Method::PUT, JOB, Some(&job(1)))
        .await
        .unwrap();
    world.settled(JOB, "ann").await.unwrap();
    let path = "/api/calendar/google/disconnect/";
    let body = json!({"remove_events": true});
    let reply = world
        .user("ann", Method::POST, path, Some(&body))
        .await
        .unwrap()
        .json();
    assert_eq!((&reply["removed"], &reply["left"]), (&json!(1), &json!(0)));
    assert!(world.google.events(CASEY, "primary").is_empty());
    assert_eq!(
        world.settled(JOB, "ann").await.unwrap()["state"],
        "file_only"
    );
}

#[calport_databases::each_database]
async fn recurring_and_all_day_bookings_keep_their_nature() {
    let world = connected().await;
    let weekly = json!({
        "revision": 1, "title": "Weekly clean", "start": "2031-03-24T09:00:00Z",
        "end": "2031-03-24T10:00:00Z", "zone": "Europe/London",
        "recurrence": {"rule": "FREQ=WEEKLY;COUNT=10", "excluded": ["2031-03-31T08:00:00Z"]},
        "participants": [{"user": "ann", "role": "customer"}],
    });
    let days = json!({
        "revision": 1, "title": "Closed", "start_date": "2031-12-24", "end_date": "2031-12-26",
        "participants": [{"user": "ann", "role": "customer"}],
    });
    for (path, body) in [
        ("/api/jobs/weekly/", weekly),
        ("/api/appointments/days/", days),
    ] {
        let reply = world
            .platform(Method::PUT, path, Some(&body))
            .await
            .unwrap();
        assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
        assert_eq!(
            world.settled(path, "ann").await.unwrap()["state"],
            "in_calendar"
        );
    }
    let events = world.google.events(CASEY, "primary");
    let weekly = events
        .iter()
        .find(|event| event["summary"] == "Weekly clean")
        .unwrap();
    assert_eq!(weekly["start"]["timeZone"], "Europe/London");
    assert!(
        weekly["recurrence"]
            .to_string()
            .contains("FREQ=WEEKLY;COUNT=10"),
        "{weekly}"
    );
    let days = events
        .iter()
        .find(|event| event["summary"] == "Closed")
        .unwrap();
    assert_eq!(days["start"]["date"], "2031-12-24");
    assert_eq!(days["end"]["date"], "2031-12-26");
}

#[calport_databases::each_database]
async fn a_participant_downloads_a_file_and_a_stranger_finds_nothing() {
    let world = World::start().await.unwrap();
    world
        .platform(Method::PUT, JOB, Some(&job(1)))
        .await
        .unwrap();
    let path = "/api/jobs/17/calendar.ics";
    let reply = world.user("ann", Method::GET, path, None).await.unwrap();
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(
        reply.headers["content-type"],
        "text/calendar; charset=utf-8"
    );
    assert_eq!(
        reply.headers["content-disposition"],
        "attachment; filename=\"job-17.ics\""
    );
    let calendar: icalendar::Calendar = reply.text.parse().unwrap();
    assert_eq!(calendar.components.len(), 1);
    assert!(!reply.text.contains("METHOD"));
    let bob = world.user("bob", Method::GET, path, None).await.unwrap();
    let uid = |text: &str| {
        text.lines()
            .find(|line| line.starts_with("UID"))
            .map(str::to_owned)
    };
    assert_ne!(
        uid(&reply.text),
        uid(&bob.text),
        "a UID belongs to one person"
    );
    for (user, path) in [
        ("eve", path),
        ("eve", JOB),
        ("ann", "/api/jobs/18/calendar.ics"),
    ] {
        let reply = world.user(user, Method::GET, path, None).await.unwrap();
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{user} {path}");
    }
    let reading = world
        .user("ann", Method::GET, JOB, None)
        .await
        .unwrap()
        .json();
    assert_eq!(
        reading["participants"].as_array().unwrap().len(),
        1,
        "others stay unseen"
    );
}

#[calport_databases::each_database]
async fn every_wrong_field_is_named_with_a_remedy_and_nothing_is_stored() {
    // cases 39 and 41 at the border; the plugin's own tests go through every field
    let world = World::start().await.unwrap();
    for (field, value, named) in [
        ("titel", json!("x"), "titel"),
        ("title", json!(""), "title"),
        ("title", json!("x".repeat(1_048_576)), "title"),
        ("title", json!("bell\u{7}"), "title"),
        ("end", json!("2031-12-01T09:00:00Z"), "end"),
        ("start", json!("2031-12-01T10:00:00"), "start"),
        ("zone", json!("Mars/Olympus"), "zone"),
        (
            "recurrence",
            json!({"rule": "FREQ=SECONDLY"}),
            "recurrence.rule",
        ),
        (
            "recurrence",
            json!({"rule": "FREQ=DAILY;COUNT=1000000000"}),
            "recurrence.rule",
        ),
        (
            "recurrence",
            json!({"rule": "FREQ=DAILY;INTERVAL=0"}),
            "recurrence.rule",
        ),
        (
            "recurrence",
            json!({"rule": "FREQ=DAILY", "excluded": ["soon"]}),
            "recurrence.excluded[0]",
        ),
        ("url", json!("javascript:alert(1)"), "url"),
        ("reminders", json!([99_999_999]), "reminders[0]"),
        (
            "attendees",
            json!([{"email": "x\r\nATTENDEE:y"}]),
            "attendees[0].email",
        ),
    ] {
        let mut body = job(1);
        body[field] = value;
        let reply = world.platform(Method::PUT, JOB, Some(&body)).await.unwrap();
        assert_eq!(
            reply.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{named}: {}",
            reply.text
        );
        let problem = reply.json();
        assert_eq!(problem["code"], "invalid");
        assert_eq!(problem["field"], named, "{problem}");
        assert!(!problem["remedy"].as_str().unwrap().is_empty());
        let read = world.platform(Method::GET, JOB, None).await.unwrap();
        assert_eq!(read.status, StatusCode::NOT_FOUND);
    }
}

#[calport_databases::each_database]
async fn busy_times_come_from_all_connected_calendars() {
    let world = connected().await;
    world
        .platform(Method::PUT, JOB, Some(&job(1)))
        .await
        .unwrap();
    world.settled(JOB, "ann").await.unwrap();
    let path = "/api/calendar/busy/?from=2031-12-01T00:00:00Z&to=2031-12-02T00:00:00Z";
    let expected = json!([{"start": "2031-12-01T10:00:00Z", "end": "2031-12-01T12:00:00Z"}]);
    let reply = world.user("ann", Method::GET, path, None).await.unwrap();
    assert_eq!(reply.json()["busy"], expected, "{}", reply.text);
    let path = format!("{path}&user=ann");
    let reply = world.platform(Method::GET, &path, None).await.unwrap();
    assert_eq!(reply.json()["busy"], expected);
    let foreign = world.user("bob", Method::GET, &path, None).await.unwrap();
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    world.google.switch_off();
    let reply = world
        .user("ann", Method::GET, path.trim_end_matches("&user=ann"), None)
        .await;
    let reply = reply.unwrap().json();
    assert_eq!(
        reply["incomplete"],
        json!([{"provider": "google", "code": "retry"}])
    );
    let naive = "/api/calendar/busy/?from=2031-12-01T00:00:00&to=2031-12-02T00:00:00Z";
    let reply = world.user("ann", Method::GET, naive, None).await.unwrap();
    assert_eq!(reply.json()["field"], "from");
}

#[calport_databases::each_database]
async fn secrets_are_nowhere_but_sealed() {
    // case 13
    let world = connected().await;
    world
        .platform(Method::PUT, JOB, Some(&job(1)))
        .await
        .unwrap();
    world.settled(JOB, "ann").await.unwrap();
    let issued: Vec<String> = world
        .google
        .requests()
        .iter()
        .filter_map(|request| request.header("authorization").map(str::to_owned))
        .filter_map(|header| header.strip_prefix("Bearer ").map(str::to_owned))
        .collect();
    assert!(!issued.is_empty());
    let bytes = calport_databases::on_disk(world.folder.path()).await;
    assert!(!bytes.is_empty());
    for canary in &issued {
        let found = bytes
            .windows(canary.len())
            .any(|window| window == canary.as_bytes());
        assert!(!found, "an access token lies in the clear");
    }
}

#[calport_databases::each_database]
async fn without_workers_a_booking_is_kept_and_says_that_it_waits() {
    let options = WorldOptions {
        without_workers: true,
        ..WorldOptions::default()
    };
    let world = World::start_with(options).await.unwrap();
    world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    let reply = world
        .platform(Method::PUT, JOB, Some(&job(1)))
        .await
        .unwrap();
    assert_eq!(reply.json()["participants"][0]["state"], "waiting");
    let workers = world.service.start_workers();
    assert_eq!(
        world.settled(JOB, "ann").await.unwrap()["state"],
        "in_calendar"
    );
    workers.stop().await;
}
