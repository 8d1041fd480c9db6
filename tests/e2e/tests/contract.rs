//! Every export of the contract, called through the component itself.

use calport_e2e::{Browser, World, WorldOptions, accounts::CASEY, plugin_options, runtime};
use calport_host::{
    plugin::{
        BUILT_IN, CallError, Limits, Plugin,
        calendar::{Callback, ConnectRequest, IcsOptions, Parameter},
        changes::{Aspects, Finding},
        types::{AllDay, Error, Event, Occurrence, Range, Recurrence, Span, Status},
    },
    subject::Subject,
    vault::Binding,
};
use calport_standins::ConsentChoice;
use std::time::Duration;

fn event(uid: &str) -> Event {
    calport_e2e::event(uid, "Deep clean")
}

/// A world with ann connected and nobody pushing on her behalf.
async fn connected() -> World {
    let options = WorldOptions {
        without_workers: true,
        ..WorldOptions::default()
    };
    let world = World::start_with(options).await.unwrap();
    let landing = world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    assert_eq!(landing.status(), "connected");
    world
}

fn ann(world: &World) -> Binding {
    let subject = Subject::new(Subject::DEFAULT_TENANT, "ann");
    Binding::new(world.service.vault().clone(), subject, "google")
}

const FILE: IcsOptions = IcsOptions {
    name: None,
    refresh_interval: None,
};

#[calport_databases::each_database]
async fn describe_and_availability_tell_what_is_needed() {
    let plugin = Plugin::load(runtime(), BUILT_IN, &plugin_options(vec![]))
        .await
        .unwrap();
    let google = plugin.provider("google").unwrap();
    assert!(google.scopes.iter().all(|scope| !scope.reason.is_empty()));
    assert!(google.changes && !plugin.provider("apple").unwrap().changes);
    let missing = plugin.availability("google").await.unwrap_err();
    let CallError::Plugin(Error::NotConfigured(names)) = missing else {
        panic!("{missing}")
    };
    assert_eq!(names, ["GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"]);
    plugin.availability("apple").await.unwrap();
    let unknown = plugin.availability("nowhere").await.unwrap_err();
    assert!(
        matches!(unknown, CallError::Plugin(Error::Invalid(_))),
        "{unknown}"
    );
}

#[calport_databases::each_database]
async fn begin_connect_and_complete_callback_go_together() {
    let options = WorldOptions {
        without_workers: true,
        ..WorldOptions::default()
    };
    let world = World::start_with(options).await.unwrap();
    let redirect_uri = format!("{}/api/calendar/google/callback/", world.url);
    let request = ConnectRequest {
        redirect_uri: redirect_uri.clone(),
        state: "s".repeat(43),
        // The pair of RFC 7636, appendix B.
        code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".into(),
        login_hint: Some(CASEY.into()),
    };
    let plugin = world.service.plugin();
    let url = plugin.begin_connect("google", request).await.unwrap().url;
    let callback = world
        .google
        .consent(&url, CASEY, &ConsentChoice::Allow)
        .unwrap();
    let (_, query) = callback.split_once('?').unwrap();
    let parameters = url::form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name != "state")
        .map(|(name, value)| Parameter {
            name: name.into(),
            value: value.into(),
        })
        .collect();
    let callback = Callback {
        parameters,
        redirect_uri,
        code_verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into(),
    };
    let (binding, granted) = ann(&world).granting();
    let account = plugin.complete_callback(binding, callback).await.unwrap();
    assert_eq!(account.label, CASEY);
    assert!(account.calendar.primary);
    assert!(granted.take().unwrap().refresh_token.is_some());
}

#[calport_databases::each_database]
async fn list_calendars_push_event_busy_and_remove_event_work_on_one_calendar() {
    let world = connected().await;
    let plugin = world.service.plugin();
    let calendars = plugin.list_calendars(ann(&world)).await.unwrap();
    assert!(calendars[0].primary);
    let calendar = Some(calendars[0].id.clone());
    let push = |event, known| plugin.push_event(ann(&world), calendar.clone(), event, known);
    let first = push(event("a@test"), None).await.unwrap().unwrap();
    // A repeat after a lost reply knows nothing of the first.
    let repeat = push(event("a@test"), None).await.unwrap().unwrap();
    assert_eq!(first.id, repeat.id);
    assert_eq!(world.google.events(CASEY, "primary").len(), 1);
    let newer = Event {
        revision: 3,
        title: "Newer".into(),
        ..event("a@test")
    };
    let newer = push(newer, Some(repeat.clone())).await.unwrap().unwrap();
    let older = Event {
        revision: 2,
        title: "Older".into(),
        ..event("a@test")
    };
    let conflict = push(older, Some(repeat)).await.unwrap_err();
    assert!(
        matches!(conflict, CallError::Plugin(Error::Conflict)),
        "{conflict}"
    );
    assert_eq!(world.google.events(CASEY, "primary")[0]["summary"], "Newer");
    let range = Range {
        start: 1_953_936_000,
        end: 1_954_022_400,
    };
    let busy = plugin.busy(ann(&world), vec![], range).await.unwrap();
    assert_eq!(
        busy,
        [Range {
            start: 1_953_972_000,
            end: 1_953_979_200
        }]
    );
    plugin
        .remove_event(ann(&world), newer.clone())
        .await
        .unwrap();
    assert!(world.google.events(CASEY, "primary").is_empty());
    plugin.remove_event(ann(&world), newer).await.unwrap();
    let back = Event {
        revision: 4,
        ..event("a@test")
    };
    assert!(push(back, None).await.unwrap().is_some());
    let gone = Event {
        revision: 5,
        status: Status::Cancelled,
        ..event("a@test")
    };
    assert_eq!(push(gone, None).await.unwrap(), None);
    assert!(world.google.events(CASEY, "primary").is_empty());
}

#[calport_databases::each_database]
async fn changes_read_and_compare_tell_what_a_user_has_done() {
    let world = connected().await;
    let plugin = world.service.plugin();
    let read = |since| plugin.read_changes(ann(&world), None, since);
    let first = read(None).await.unwrap();
    assert!(first.full && !first.more && first.changes.is_empty());
    let push = |event| plugin.push_event(ann(&world), None, event, None);
    let (moved, gone) = (event("moved@test"), event("gone@test"));
    let one = push(moved.clone()).await.unwrap().unwrap();
    let two = push(gone.clone()).await.unwrap().unwrap();
    let own = read(Some(first.next)).await.unwrap();
    assert!(!own.full);
    for remote in [&one, &two] {
        let told = own.changes.iter().find(|change| change.id == remote.id);
        assert_eq!(told.unwrap().etag, remote.etag, "one's own push");
    }
    let patch = serde_json::json!({
        "start": { "dateTime": "2031-12-03T10:00:00Z" },
        "end": { "dateTime": "2031-12-03T11:00:00Z" },
    });
    assert!(world.google.edit_event(CASEY, "primary", &one.id, &patch));
    assert!(world.google.delete_event(CASEY, "primary", &two.id));
    let done = read(Some(own.next)).await.unwrap();
    assert_eq!(done.changes.len(), 2);
    assert!(done.changes.iter().all(|change| change.etag != one.etag));
    let compare = |event, remote| plugin.compare_event(ann(&world), event, remote);
    let found = compare(moved.clone(), one).await.unwrap();
    let Finding::Different(found) = found else {
        panic!("{found:?}")
    };
    assert_eq!(found.aspects, Aspects::WHEN);
    let Some(Span::Timed(now)) = found.when else {
        panic!("{:?}", found.when)
    };
    assert_eq!((now.start, now.end), (1_954_058_400, 1_954_062_000));
    assert_eq!(compare(gone, two).await.unwrap(), Finding::Missing);
    let restored = plugin
        .push_event(ann(&world), None, moved.clone(), Some(found.remote))
        .await
        .unwrap()
        .unwrap();
    let same = compare(moved, restored.clone()).await.unwrap();
    assert_eq!(same, Finding::Same(restored));
    world.google.expire_sync_tokens();
    assert!(read(Some(done.next)).await.unwrap().full);
    let wrong = read(Some("no cursor".into())).await.unwrap_err();
    assert!(
        matches!(wrong, CallError::Plugin(Error::Invalid(_))),
        "{wrong}"
    );
}

#[calport_databases::each_database]
async fn disconnect_revokes_only_where_it_is_asked_to() {
    for (revoke, left) in [(false, 1), (true, 0)] {
        let world = connected().await;
        world
            .service
            .plugin()
            .disconnect(ann(&world), revoke)
            .await
            .unwrap();
        assert_eq!(world.google.live_refresh_tokens(CASEY), left);
        let gone = world
            .service
            .plugin()
            .list_calendars(ann(&world))
            .await
            .unwrap_err();
        assert!(
            matches!(gone, CallError::Plugin(Error::NotConnected)),
            "{gone}"
        );
    }
}

#[calport_databases::each_database]
async fn export_ics_is_pure_and_takes_ten_thousand_events() {
    let plugin = Plugin::load(runtime(), BUILT_IN, &plugin_options(vec![]))
        .await
        .unwrap();
    let weekly = Event {
        recurrence: Some(Recurrence {
            rule: "FREQ=WEEKLY;COUNT=10".into(),
            excluded: vec![Occurrence::At(1_954_576_800)],
        }),
        ..event("weekly@test")
    };
    let days = Event {
        when: Span::AllDay(AllDay {
            start: "2031-12-24".into(),
            end: "2031-12-26".into(),
        }),
        ..event("days@test")
    };
    let events = vec![event("single@test"), weekly, days];
    let first = plugin.export_ics(events.clone(), FILE).await.unwrap();
    let second = plugin.export_ics(events, FILE).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(first.matches("BEGIN:VEVENT").count(), 3);
    assert_eq!(first.matches("BEGIN:VTIMEZONE").count(), 1);
    let many: Vec<_> = (0..10_000).map(|n| event(&format!("{n}@test"))).collect();
    let text = plugin.export_ics(many, FILE).await.unwrap();
    assert_eq!(text.matches("BEGIN:VEVENT").count(), 10_000);
    let twice = vec![event("same@test"), event("same@test")];
    let refused = plugin.export_ics(twice, FILE).await.unwrap_err();
    assert!(
        matches!(refused, CallError::Plugin(Error::Invalid(_))),
        "{refused}"
    );
}

#[calport_databases::each_database]
async fn a_call_that_takes_too_long_or_too_much_ends_alone() {
    // cases 22 and 24 from the side of the limits
    // Enough for one event on a busy machine, too little for 30,000 on a fast one.
    let limits = Limits {
        computing: Duration::from_millis(50),
        ..Limits::default()
    };
    let options = calport_host::plugin::Options {
        limits,
        ..plugin_options(vec![])
    };
    // Loading has its own limit, and all of that.
    let loose = plugin_options(vec![]);
    let plugin = Plugin::load(runtime(), BUILT_IN, &loose).await.unwrap();
    let plugin = plugin.configured(&options).unwrap();
    let many: Vec<_> = (0..30_000).map(|n| event(&format!("{n}@test"))).collect();
    let slow = plugin.export_ics(many.clone(), FILE).await.unwrap_err();
    assert!(matches!(slow, CallError::TimedOut), "{slow}");
    assert!(plugin.export_ics(vec![event("a@test")], FILE).await.is_ok());
    let limits = Limits {
        memory: 2 * 1024 * 1024,
        ..Limits::default()
    };
    let options = calport_host::plugin::Options {
        limits,
        ..plugin_options(vec![])
    };
    let plugin = Plugin::load(runtime(), BUILT_IN, &options).await.unwrap();
    let large = plugin.export_ics(many, FILE).await.unwrap_err();
    assert!(
        matches!(large, CallError::OutOfMemory | CallError::Trapped(_)),
        "{large}"
    );
    assert!(plugin.export_ics(vec![event("a@test")], FILE).await.is_ok());
}

#[calport_databases::each_database]
async fn a_stalled_provider_is_left_at_the_deadline_and_others_go_on() {
    // cases 23 and 30 through the whole stack
    use calport_standins::{Behaviour, Fault};
    let world = connected().await;
    let stall = Fault::on("GET", "/calendar/v3/users/me/calendarList").behaviour(Behaviour::Stall);
    world.google.faults().add(stall.times(1));
    let limits = Limits {
        wall: Duration::from_secs(2),
        ..Limits::default()
    };
    let mut options = plugin_options(world.google.environment());
    options.limits = limits;
    let plugin = Plugin::load(runtime(), BUILT_IN, &options).await.unwrap();
    let stalled = plugin.list_calendars(ann(&world));
    let other = plugin.export_ics(vec![event("a@test")], FILE);
    let (stalled, other) = futures::future::join(stalled, other).await;
    assert!(matches!(stalled, Err(CallError::TimedOut)), "{stalled:?}");
    assert!(other.is_ok());
    assert!(
        plugin.list_calendars(ann(&world)).await.is_ok(),
        "the slot is free again"
    );
    let browser = Browser::new();
    assert!(world.begin("bob", &browser).await.is_ok());
}
