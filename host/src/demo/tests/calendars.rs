//! Connecting, in all the ways that it can end.

use super::{CASEY, article, browser::Browser, connect, demo};
use crate::demo::{Options, start};
use calport_standins::ConsentChoice;
use http::StatusCode;

#[tokio::test(flavor = "multi_thread")]
async fn every_way_back_from_the_provider_is_said_in_words() {
    let demo = demo().await;
    let mut casey = Browser::at(demo.url());
    casey.sign_in("customer").await;
    let scope = "https://www.googleapis.com/auth/calendar.events.owned".to_owned();
    for (choice, said) in [
        (ConsentChoice::Cancel, "You chose not to allow it"),
        (
            ConsentChoice::AllowWithout(vec![scope]),
            "A permission is missing",
        ),
        (
            ConsentChoice::Refused("admin_policy_enforced".into()),
            "Your organisation has to agree",
        ),
    ] {
        let returned = connect(&demo, &mut casey, &choice).await;
        let page = casey.get(&returned).await.text;
        assert!(page.contains(said), "{choice:?}: {page}");
        assert!(
            page.contains("Connect Google Calendar"),
            "{choice:?}: no way on"
        );
    }
    assert!(casey.get("/").await.text.contains("Not connected"));
    demo.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_folder_is_read_again_and_what_has_died_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        port: Some(0),
        data: Some(folder.path().to_owned()),
    };
    let demo = start(options.clone()).await.unwrap();
    let mut casey = Browser::at(demo.url());
    casey.sign_in("customer").await;
    connect(&demo, &mut casey, &ConsentChoice::Allow).await;
    casey
        .post("/bookings/jobs/window-cleaning/cancel", &[])
        .await;
    casey
        .wait_for(|page| page.matches("In Google Calendar").count() == 3)
        .await;
    demo.stop().await.unwrap();

    let demo = start(options).await.unwrap();
    let mut casey = Browser::at(demo.url());
    casey.sign_in("customer").await;
    let page = casey.get("/").await.text;
    assert!(
        article(&page, "jobs-window-cleaning").contains("cancelled"),
        "{page}"
    );
    assert!(page.contains("Must be connected again"), "{page}");
    connect(&demo, &mut casey, &ConsentChoice::Allow).await;
    casey
        .wait_for(|page| page.matches("In Google Calendar").count() == 3)
        .await;
    assert_eq!(demo.google().events(CASEY, "primary").len(), 3);
    demo.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_is_shown_once_and_can_be_ended() {
    let demo = demo().await;
    let mut casey = Browser::at(demo.url());
    casey.sign_in("customer").await;
    let page = casey.post("/calendars/apple/feed", &[]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let address = page
        .text
        .split('"')
        .find(|text| text.contains("/feeds/"))
        .unwrap()
        .to_owned();
    let feed = casey.get(&address).await;
    assert_eq!(
        feed.text.matches("BEGIN:VEVENT").count(),
        4,
        "{}",
        feed.text
    );
    let page = casey.get("/").await.text;
    assert!(
        page.contains("Has a feed") && !page.contains("/feeds/"),
        "{page}"
    );
    casey.post("/calendars/apple/forget", &[]).await;
    assert_eq!(casey.get(&address).await.status, StatusCode::NOT_FOUND);
    demo.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_settings_page_of_calport_opens_for_whoever_has_signed_in() {
    let demo = demo().await;
    let mut casey = Browser::at(demo.url());
    casey.sign_in("customer").await;
    let mut next = casey.post("/settings-page", &[]).await;
    assert!(
        next.location().starts_with(demo.url().as_str()),
        "{}",
        next.location()
    );
    while next.status.is_redirection() {
        next = casey.get(next.location()).await;
    }
    assert_eq!(next.status, StatusCode::OK, "{}", next.text);
    assert!(
        next.text.contains("Casey") && next.text.contains("Google Calendar"),
        "{}",
        next.text
    );
    demo.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_connects_outlook_too() {
    let demo = demo().await;
    let mut sam = Browser::at(demo.url());
    sam.sign_in("staff").await;
    let page = sam.post("/calendars/outlook/connect", &[]).await;
    let account = "sam.staff@brightside.example";
    let hint = "login_hint=sam.staff%40brightside.example";
    assert!(page.location().contains(hint), "{}", page.location());
    let allow = ConsentChoice::Allow;
    let callback = demo
        .outlook()
        .consent(page.location(), account, &allow)
        .unwrap();
    assert!(
        sam.get(&callback)
            .await
            .location()
            .ends_with("status=connected")
    );
    let page = sam
        .wait_for(|page| page.matches("In Outlook Calendar").count() == 5)
        .await;
    let shown = format!("{}/calendar?account=", demo.outlook().base_url());
    assert!(
        article(&page, "jobs-weekly-clean").contains(&shown),
        "{page}"
    );
    demo.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn case_10_another_account_is_asked_about_before_it_takes_over() {
    let demo = demo().await;
    let mut casey = Browser::at(demo.url());
    casey.sign_in("customer").await;
    connect(&demo, &mut casey, &ConsentChoice::Allow).await;
    let begun = casey.post("/calendars/google/connect", &[]).await;
    let other = "sam.staff@gmail.example";
    let allow = ConsentChoice::Allow;
    let callback = demo.google().consent(begun.location(), other, &allow);
    let returned = casey.get(&callback.unwrap()).await.location().to_owned();
    let page = casey.get(&returned).await.text;
    assert!(page.contains(&format!("Switch to {other}")), "{page}");
    assert!(page.contains("Keep the one that is connected"), "{page}");
    let handle = returned.split("handle=").nth(1).unwrap().to_owned();
    let fields = [("handle", handle.as_str()), ("replace", "true")];
    let page = casey.post("/calendars/google/complete", &fields).await;
    let page = casey.get(page.location()).await.text;
    assert!(
        page.contains("Your calendar is connected") && page.contains(other),
        "{page}"
    );
    demo.stop().await.unwrap();
}
