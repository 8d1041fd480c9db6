//! A calendar's card: connected, dead, gone, out of reach.

use crate::visiting::{page, put_booking};
use calport_e2e::{
    World, WorldOptions,
    accounts::{CASEY, WORK},
};
use calport_standins::{ConsentChoice, GoogleAccount, GoogleCalendar, GoogleConfig, GoogleRole};
use reqwest::StatusCode;

#[calport_databases::each_database]
async fn a_user_connects_chooses_and_disconnects_on_the_page() {
    let account = GoogleAccount::new(CASEY, "Casey").calendar(GoogleCalendar::new(
        "work",
        "Work",
        GoogleRole::Owner,
    ));
    let google = GoogleConfig::default().accounts([account]);
    let world = World::start_with(WorldOptions {
        google,
        ..WorldOptions::default()
    })
    .await
    .unwrap();
    let page = page(&world, "ann").await;
    put_booking(&world, "1", "ann", "Deep clean").await;
    let home = page.home().await;
    assert!(home.contains("what we can and cannot see"));
    assert!(
        home.contains("Connect Google Calendar") && home.contains("Not in a connected calendar")
    );

    let connected = page.connect(CASEY, &ConsentChoice::Allow).await;
    assert!(
        connected.contains("Google Calendar is connected."),
        "{connected}"
    );
    assert!(connected.contains(CASEY) && !connected.contains("Connect Google Calendar"));
    world.settled("/api/jobs/1/", "ann").await.unwrap();
    let home = page.home().await;
    assert!(home.contains("Google Calendar: in your calendar"), "{home}");
    assert!(
        !home.contains("<section class=\"consent\"") && !home.contains("look again"),
        "{home}"
    );
    assert!(home.contains("Open in Google Calendar"));

    let choose = page.get("/page/calendars/google/choose/").await;
    assert_eq!(choose.code, StatusCode::OK);
    let choices = choose.body.matches("type=\"radio\"").count();
    assert_eq!(
        (choices, choose.body.matches(" checked").count()),
        (2, 1),
        "{}",
        choose.body
    );
    let path = "/page/calendars/google/choose/";
    let landing = page.post(path, &[("calendar", "work")]).await;
    let chosen = page.follow(landing).await.body;
    assert!(
        chosen.contains("Your bookings now go to “Work”."),
        "{chosen}"
    );
    world
        .google_events(CASEY, "work", |events| events.len() == 1)
        .await
        .unwrap();
    let landing = page.post(path, &[("calendar", "somebody-elses")]).await;
    assert!(
        page.follow(landing)
            .await
            .body
            .contains("That calendar is no longer there.")
    );

    world.settled("/api/jobs/1/", "ann").await.unwrap();
    let ask = page.get("/page/calendars/google/disconnect/").await.body;
    assert!(ask.contains("Disconnect Google Calendar?") && ask.contains(CASEY));
    let path = "/page/calendars/google/disconnect/";
    let landing = page.post(path, &[("events", "remove")]).await;
    let left = page.follow(landing).await.body;
    assert!(left.contains("and our entries are removed."), "{left}");
    assert!(world.google.events(CASEY, "work").is_empty());
    assert_eq!(world.google.live_refresh_tokens(CASEY), 0);
    let again = page.post(path, &[]).await;
    assert_eq!(again.code, StatusCode::SEE_OTHER, "a double click");

    page.connect(CASEY, &ConsentChoice::Allow).await;
    world.settled("/api/jobs/1/", "ann").await.unwrap();
    let landing = page.post(path, &[("events", "keep")]).await;
    assert!(
        page.follow(landing)
            .await
            .body
            .contains("Our entries stay in it")
    );
    assert_eq!(world.google.events(CASEY, "primary").len(), 1);
}

#[calport_databases::each_database]
async fn who_leaves_outlook_is_told_where_to_withdraw_the_permission() {
    let world = World::start().await.unwrap();
    let page = page(&world, "ann").await;
    let allow = ConsentChoice::Allow;
    world.connect_outlook("ann", WORK, &allow).await.unwrap();
    page.connect(CASEY, &allow).await;
    let pages = [
        "https://account.live.com/consent/Manage",
        "https://myapps.microsoft.com/",
    ];
    for (provider, is_told) in [("outlook", true), ("google", false)] {
        let path = format!("/page/calendars/{provider}/disconnect/");
        let landing = page.post(&path, &[("events", "keep")]).await;
        let left = page.follow(landing).await.body;
        assert!(left.contains("is disconnected."), "{left}");
        for link in pages {
            let link = format!("href=\"{link}\"");
            assert_eq!(left.contains(&link), is_told, "{link} in {left}");
        }
        assert_eq!(left.contains("Only you can withdraw it"), is_told);
    }
}

#[calport_databases::each_database]
async fn a_dead_grant_is_explained_and_reconnecting_mends_it() {
    let world = World::start().await.unwrap();
    let page = page(&world, "ann").await;
    page.connect(CASEY, &ConsentChoice::Allow).await;
    put_booking(&world, "1", "ann", "Deep clean").await;
    world.settled("/api/jobs/1/", "ann").await.unwrap();
    world.google.kill_grant(CASEY);
    let landing = page.get("/page/calendars/google/choose/").await;
    let said = page.follow(landing).await.body;
    assert!(said.contains("does not accept our access"), "{said}");
    let home = page.home().await;
    assert!(home.contains("Google Calendar no longer accepts our access to your account"));
    assert!(home.contains("Reconnect Google Calendar") && !home.contains("seven days"));
    assert!(
        home.contains("Google Calendar: still there, no longer kept up to date")
            && !home.contains("Google Calendar: in your calendar"),
        "{home}"
    );
    let ask = page.get("/page/calendars/google/disconnect/").await.body;
    assert!(ask.contains("They stay in the calendar"), "{ask}");
    assert!(!ask.contains("Remove them") && ask.contains(r#"name="events" value="keep""#));
    for (days, is_explained) in [(5, false), (7, true), (9, false)] {
        sqlx::query("UPDATE connections SET connected_at = dead_at - $1")
            .bind(days * 86_400_i64)
            .execute(world.service.vault().database().pool())
            .await
            .unwrap();
        let home = page.home().await;
        assert_eq!(home.contains("is still in testing"), is_explained, "{days}");
    }
    let home = page.connect(CASEY, &ConsentChoice::Allow).await;
    assert!(home.contains("Google Calendar is connected.") && !home.contains("in testing"));
    let again = page.get("/page/calendars/google/choose/").await;
    assert_eq!(again.code, StatusCode::OK);
}

#[calport_databases::each_database]
async fn a_calendar_that_is_gone_asks_for_another() {
    let account = GoogleAccount::new(CASEY, "Casey").calendar(GoogleCalendar::new(
        "work",
        "Work",
        GoogleRole::Owner,
    ));
    let google = GoogleConfig::default().accounts([account]);
    let world = World::start_with(WorldOptions {
        google,
        ..WorldOptions::default()
    })
    .await
    .unwrap();
    let page = page(&world, "ann").await;
    page.connect(CASEY, &ConsentChoice::Allow).await;
    page.post("/page/calendars/google/choose/", &[("calendar", "work")])
        .await;
    world.google.delete_calendar(CASEY, "work");
    put_booking(&world, "1", "ann", "Deep clean").await;
    assert_eq!(
        world.settled("/api/jobs/1/", "ann").await.unwrap()["state"],
        "failed"
    );
    let home = page.home().await;
    assert!(
        home.contains("The calendar “Work” is no longer there."),
        "{home}"
    );
    let choose = page.get("/page/calendars/google/choose/").await.body;
    assert!(
        choose.contains("The calendar “Work” is no longer there.") && !choose.contains(" checked")
    );
    page.post("/page/calendars/google/choose/", &[("calendar", CASEY)])
        .await;
    assert_eq!(
        world.settled("/api/jobs/1/", "ann").await.unwrap()["state"],
        "in_calendar"
    );
    assert!(!page.home().await.contains("no longer there"));
}

#[calport_databases::each_database]
async fn a_provider_that_is_down_or_not_configured_leaves_the_rest_working() {
    let world = World::start().await.unwrap();
    let page_of_ann = page(&world, "ann").await;
    page_of_ann.connect(CASEY, &ConsentChoice::Allow).await;
    world.google.switch_off();
    let home = page_of_ann.home().await;
    assert!(home.contains(CASEY));
    let choose = page_of_ann.get("/page/calendars/google/choose/").await;
    assert_eq!(choose.code, StatusCode::SERVICE_UNAVAILABLE);
    assert!(choose.body.contains("did not answer as it should"));

    let settings = vec![("GOOGLE_CLIENT_SECRET".to_owned(), String::new())];
    let world = World::start_with(WorldOptions {
        settings,
        ..WorldOptions::default()
    })
    .await
    .unwrap();
    let page = page(&world, "ann").await;
    let home = page.home().await;
    assert!(
        home.contains("Google Calendar cannot be connected at the moment. That is not your fault")
    );
    assert!(!home.contains("Connect Google Calendar") && home.contains("Create a private address"));
    let landing = page.post("/page/calendars/google/connect/", &[]).await;
    assert!(
        page.follow(landing)
            .await
            .body
            .contains("is temporarily unavailable.")
    );
}

#[calport_databases::each_database]
async fn a_provider_that_is_not_there_is_a_plain_page() {
    let world = World::start().await.unwrap();
    let page = page(&world, "ann").await;
    for path in [
        "/page/calendars/nowhere/choose/",
        "/page/calendars/nowhere/disconnect/",
    ] {
        let landing = page.get(path).await;
        assert_eq!(landing.code, StatusCode::NOT_FOUND, "{path}");
        assert!(landing.body.contains("There is nothing here"));
    }
    for action in ["connect", "disconnect", "choose", "again", "complete"] {
        let landing = page
            .post(&format!("/page/calendars/nowhere/{action}/"), &[])
            .await;
        assert_eq!(landing.code, StatusCode::SEE_OTHER, "{action}");
        assert_eq!(landing.location.unwrap().path(), "/page/");
    }
}
