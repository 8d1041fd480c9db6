//! Connecting another account than the one that is connected (case 10).

use crate::visiting::{Page, page, put_booking};
use calport_e2e::{Browser, Landing, World, accounts::CASEY, accounts::SAM};
use calport_standins::ConsentChoice;
use reqwest::StatusCode;

const SWITCH: &str = "/page/calendars/google/switch/";

/// ann, connected as Casey with one booking, comes back from consenting as Sam.
async fn returned(page: &Page<'_>) -> Landing {
    page.connect(CASEY, &ConsentChoice::Allow).await;
    put_booking(page.world, "1", "ann", "Deep clean").await;
    page.world.settled("/api/jobs/1/", "ann").await.unwrap();
    let landing = page.post("/page/calendars/google/connect/", &[]).await;
    let url = landing.location.unwrap();
    let callback = page
        .world
        .google
        .consent(url.as_str(), SAM, &ConsentChoice::Allow)
        .unwrap();
    let landing = page.browser.visit(&callback, &[]).await.unwrap();
    assert_eq!(landing.status(), "account-changed");
    landing
}

#[calport_databases::each_database]
async fn case_10_the_page_asks_which_account_in_both_languages() {
    let world = World::start().await.unwrap();
    let page = page(&world, "ann").await;
    let question = returned(&page).await.location.unwrap();
    for (lang, said) in [
        (
            "en",
            [
                "Which account shall it be?",
                "is connected with casey.customer@gmail.example. You have just agreed with \
                 sam.staff@gmail.example. So far nothing has changed.",
                "your upcoming bookings (1) move to the calendar of sam.staff@gmail.example",
                "Switch to sam.staff@gmail.example",
                "Stay with casey.customer@gmail.example",
            ],
        ),
        (
            "de",
            [
                "Welches Konto soll es sein?",
                "ist mit casey.customer@gmail.example verbunden. Zugestimmt haben Sie eben mit \
                 sam.staff@gmail.example. Bisher hat sich nichts geändert.",
                "ziehen Ihre kommenden Buchungen (1) in den Kalender von sam.staff@gmail.example um",
                "Zu sam.staff@gmail.example wechseln",
                "Bei casey.customer@gmail.example bleiben",
            ],
        ),
    ] {
        let url = format!("{question}&lang={lang}");
        let asked = page.browser.visit(&url, &[]).await.unwrap();
        assert_eq!(asked.code, StatusCode::OK);
        for text in said {
            assert!(
                asked.body.contains(text),
                "{text} is missing: {}",
                asked.body
            );
        }
    }
    assert!(page.home().await.contains(CASEY), "nothing has changed");
}

#[calport_databases::each_database]
async fn case_10_yes_on_the_page_switches_and_no_stays() {
    for (answer, said, account, other) in [
        (
            "switch",
            "is now connected with the other account",
            SAM,
            CASEY,
        ),
        (
            "stay",
            "stays connected with the account that you had",
            CASEY,
            SAM,
        ),
    ] {
        let world = World::start().await.unwrap();
        let page = page(&world, "ann").await;
        let handle = returned(&page).await.parameter("handle").unwrap();
        let fields = [("handle", handle.as_str()), ("answer", answer)];
        let home = page.post(SWITCH, &fields).await;
        let home = page.follow(home).await.body;
        assert!(home.contains(said) && home.contains(account), "{home}");
        assert!(!home.contains(other), "{home}");
        world
            .google_events(account, "primary", |events| events.len() == 1)
            .await
            .unwrap();
        assert!(world.google.events(other, "primary").is_empty());
        assert_eq!(world.google.live_refresh_tokens(other), 0);
        let again = page.post(SWITCH, &fields).await;
        assert_eq!(again.status(), "expired", "an answer counts once");
    }
}

#[calport_databases::each_database]
async fn case_10_entries_that_could_not_be_removed_are_said() {
    let world = World::start().await.unwrap();
    let page = page(&world, "ann").await;
    let handle = returned(&page).await.parameter("handle").unwrap();
    world.google.kill_grant(CASEY);
    let fields = [("handle", handle.as_str()), ("answer", "switch")];
    let home = page.post(SWITCH, &fields).await;
    let home = page.follow(home).await.body;
    assert!(
        home.contains("could not be removed from the old one. Please delete them there."),
        "{home}"
    );
    assert!(home.contains(SAM));
}

#[calport_databases::each_database]
async fn case_10_a_question_shows_itself_to_nobody_else() {
    let world = World::start().await.unwrap();
    let ann = page(&world, "ann").await;
    let question = returned(&ann).await;
    let location = question.location.clone().unwrap();
    let mallory = page(&world, "mallory").await;
    let landing = mallory.browser.visit(location.as_str(), &[]).await.unwrap();
    assert_eq!(landing.status(), "expired");
    let handle = question.parameter("handle").unwrap();
    let fields = [("handle", handle.as_str()), ("answer", "switch")];
    assert_eq!(mallory.post(SWITCH, &fields).await.status(), "expired");
    let closed = Browser::new().visit(location.as_str(), &[]).await.unwrap();
    assert_eq!(closed.code, StatusCode::OK);
    assert!(
        closed.body.contains("Nothing has changed"),
        "{}",
        closed.body
    );
    assert!(!closed.body.contains("@"), "{}", closed.body);
    assert!(ann.home().await.contains(CASEY));
}
