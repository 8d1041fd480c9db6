//! Coming back from a provider: elsewhere, too late, after the page has closed.

use crate::visiting::{execute, page};
use calport_e2e::{Browser, World, accounts::CASEY, accounts::SAM};
use calport_standins::ConsentChoice;
use reqwest::StatusCode;

#[calport_databases::each_database]
async fn a_flow_that_comes_back_in_another_browser_is_finished_by_its_own_user_alone() {
    // case 1
    let world = World::start().await.unwrap();
    let ann = page(&world, "ann").await;
    let landing = ann.post("/page/calendars/google/connect/", &[]).await;
    let url = landing.location.unwrap();
    let callback = world
        .google
        .consent(url.as_str(), CASEY, &ConsentChoice::Allow)
        .unwrap();
    world.google.forget_requests();
    let victim = page(&world, "victim").await;
    let landing = victim.browser.visit(&callback, &[]).await.unwrap();
    let back = landing.location.clone().unwrap();
    assert_eq!(
        (back.path(), landing.status().as_str()),
        ("/page/returned/", "parked")
    );
    assert!(world.google.requests().is_empty(), "nothing was exchanged");
    let handle = landing.parameter("handle").unwrap();
    let finish = victim.follow(landing).await;
    assert!(
        finish
            .body
            .contains("in another browser than you set out from")
    );
    let path = "/page/calendars/google/complete/";
    let landing = victim.post(path, &[("handle", &handle)]).await;
    assert!(
        victim
            .follow(landing)
            .await
            .body
            .contains("That took too long")
    );
    assert!(world.google.requests().is_empty());
    assert!(!victim.home().await.contains(CASEY));

    let closed = Browser::new().visit(back.as_str(), &[]).await.unwrap();
    assert!(
        closed
            .body
            .contains("go back to the browser where you began")
    );
    let elsewhere = page(&world, "ann").await;
    let landing = elsewhere.post(path, &[("handle", &handle)]).await;
    assert!(
        elsewhere
            .follow(landing)
            .await
            .body
            .contains("Google Calendar is connected.")
    );
    let landing = elsewhere.post(path, &[("handle", &handle)]).await;
    assert_eq!(landing.status(), "expired");
}

#[calport_databases::each_database]
async fn a_flow_returns_to_where_it_began_even_when_it_is_too_old() {
    let world = World::start().await.unwrap();
    let ann = page(&world, "ann").await;
    let landing = ann.post("/page/calendars/google/connect/", &[]).await;
    let url = landing.location.unwrap();
    let callback = world
        .google
        .consent(url.as_str(), CASEY, &ConsentChoice::Allow)
        .unwrap();
    // case 4
    execute(&world, "UPDATE flows SET expires_at = expires_at - 601").await;
    let landing = Browser::new().open(&callback).await.unwrap();
    assert_eq!(landing.location.as_ref().unwrap().path(), "/page/returned/");
    assert_eq!(landing.status(), "expired");
    let unknown = ann.browser.open(&callback).await.unwrap();
    assert_eq!(unknown.location.unwrap().path(), "/page/returned/");
    // The platform's own flows go where they always did.
    let platform = world
        .connect("ann", SAM, &ConsentChoice::Cancel)
        .await
        .unwrap();
    assert_eq!(
        platform.location.unwrap().host_str(),
        Some("platform.example")
    );
}

#[calport_databases::each_database]
async fn an_outcome_is_said_even_when_the_page_has_closed_meanwhile() {
    let world = World::start().await.unwrap();
    let ann = page(&world, "ann").await;
    let landing = ann.post("/page/calendars/google/connect/", &[]).await;
    let url = landing.location.unwrap();
    let callback = world
        .google
        .consent(url.as_str(), CASEY, &ConsentChoice::Allow)
        .unwrap();
    execute(&world, "DELETE FROM page_sessions").await;
    let landing = ann.browser.visit(&callback, &[]).await.unwrap();
    let said = ann.follow(landing).await;
    assert_eq!(said.code, StatusCode::OK);
    assert!(
        said.body.contains("Your calendar is connected"),
        "{}",
        said.body
    );
}
