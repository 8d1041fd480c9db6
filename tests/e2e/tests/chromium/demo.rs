//! The demo.

use crate::{
    Failure,
    lent::in_browser,
    window::{PHONE_AT_NIGHT, Window},
};
use calport_e2e::PATIENCE;
use calport_host::demo::{self, Running};
use std::time::Duration;

/// Whether the last booking is in three calendars, at one height.
const SIDE_BY_SIDE: &str = "(() => {
  const good = [...document.querySelectorAll('.lane:last-of-type .mark.good')];
  const heights = new Set(good.map((mark) => mark.getBoundingClientRect().top));
  return good.length === 3 && heights.size === 1;
})()";

async fn demo() -> Result<Running, Failure> {
    let options = demo::Options {
        port: Some(0),
        data: None,
    };
    Ok(demo::start(options).await?)
}

async fn sign_in(window: &Window, demo: &Running, who: &str) -> Result<(), Failure> {
    window.go(demo.url().as_str()).await?;
    window
        .click(&format!("button[name=user][value={who}]"))
        .await
}

async fn connect(window: &Window, provider: &str) -> Result<(), Failure> {
    let form = format!("form[action='/calendars/{provider}/connect'] button");
    window.click(&form).await?;
    window.click("button[name=decision][value=allow]").await?;
    window.sees("Your calendar is connected").await?;
    window.click("main a[href='/']").await
}

#[test]
fn a_person_connects_google_and_watches_a_booking_come_and_go() -> Result<(), Failure> {
    in_browser(async |window| {
        let demo = demo().await?;
        sign_in(window, &demo, "customer").await?;
        connect(window, "google").await?;
        window.sees("Connected as").await?;
        // While something waits the page loads itself anew, under a click, too.
        let is_still = "document.body.innerText.includes('In Google Calendar') \
                        && !document.querySelector('meta[http-equiv=refresh]')";
        window.comes_to(is_still).await?;
        let events = || {
            demo.google()
                .events("casey.customer@gmail.example", "primary")
        };
        let shown = events();
        assert!(
            !shown.is_empty(),
            "the stand-in's calendar holds the bookings"
        );
        window.click("form[action$='/cancel'] button").await?;
        window.comes_to_see("cancelled").await?;
        let gone = async {
            while events().len() >= shown.len() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, gone)
            .await
            .map_err(|_| "the cancelled booking stays in the calendar")?;
        Ok(demo.stop().await?)
    })
}

#[test]
fn saying_no_and_unticking_a_box_are_explained_on_a_phone_in_the_dark() -> Result<(), Failure> {
    in_browser(async |window| {
        let demo = demo().await?;
        window.screen(PHONE_AT_NIGHT).await?;
        sign_in(window, &demo, "customer").await?;
        for provider in ["google", "outlook"] {
            let form = format!("form[action='/calendars/{provider}/connect'] button");
            window.click(&form).await?;
            window.click("button[name=decision][value=cancel]").await?;
            window.sees("Nothing was connected").await?;
            window.click("a[href='/']").await?;
        }
        window
            .click("form[action='/calendars/google/connect'] button")
            .await?;
        for number in 1..=3 {
            let tick = format!("label:nth-of-type({number}) input[name=scope]");
            window.click(&tick).await?;
        }
        window.click("button[name=decision][value=allow]").await?;
        window.sees("permission").await?;
        window.is_fit("a permission is missing").await?;
        Ok(demo.stop().await?)
    })
}

#[test]
fn a_person_connects_outlook_and_disconnects_again() -> Result<(), Failure> {
    in_browser(async |window| {
        let demo = demo().await?;
        sign_in(window, &demo, "staff").await?;
        connect(window, "outlook").await?;
        window.sees("Connected as").await?;
        window.comes_to_see("In Outlook Calendar").await?;
        window
            .go(&format!("{}calendars/outlook", demo.url()))
            .await?;
        window.click("button.danger").await?;
        window.sees("Outlook Calendar is disconnected").await?;
        window.go(demo.url().as_str()).await?;
        window.comes_to_see("Connect Outlook").await?;
        connect(window, "outlook").await?;
        window.sees("Connected as").await?;
        Ok(demo.stop().await?)
    })
}

#[test]
fn three_people_on_three_providers_stand_side_by_side() -> Result<(), Failure> {
    in_browser(async |window| {
        let demo = demo().await?;
        let together = format!("{}together", demo.url());
        window.go(&together).await?;
        window.is_fit("nobody has connected").await?;
        for (label, name) in [("Google Calendar", "Casey"), ("Outlook Calendar", "Sam")] {
            window.press(&format!("Connect {label} as {name}")).await?;
            window.click("button[name=decision][value=allow]").await?;
            window.sees("Your calendar is connected").await?;
            window.go(&together).await?;
        }
        window.press("Connect Apple Calendar as Morgan").await?;
        window.sees("Subscribe to your bookings").await?;
        window.is_fit("the feed's address").await?;
        window.go(&together).await?;
        // The last booking is one that all three take part in.
        window.comes_to(SIDE_BY_SIDE).await?;
        window.is_fit("everybody has connected").await?;
        Ok(demo.stop().await?)
    })
}
