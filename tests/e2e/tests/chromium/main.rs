//! What a person does, in a real browser: Chromium, driven through WebDriver.
//!
//! Needs `chromium` and `chromedriver`. Where they are missing these tests say so, and in CI
//! they fail.

mod driver;

use calport_host::demo;
use driver::Driver;
use fantoccini::{Client, Locator};
use std::time::Duration;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Generous: it only passes when something is broken.
const PATIENCE: Duration = Duration::from_secs(30);

async fn click(browser: &Client, selector: &str) -> Result<(), Failure> {
    let found = browser
        .wait()
        .at_most(PATIENCE)
        .for_element(Locator::Css(selector))
        .await;
    found
        .map_err(|error| format!("{selector}: {error}"))?
        .click()
        .await?;
    Ok(())
}

async fn text(browser: &Client) -> Result<String, Failure> {
    Ok(browser.find(Locator::Css("body")).await?.text().await?)
}

/// Reloads until the page says it.
async fn says(browser: &Client, words: &str) -> Result<(), Failure> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let shown = text(browser).await.unwrap_or_default();
        if shown.contains(words) {
            return Ok(());
        }
        if tokio::time::Instant::now() > deadline {
            return Err(format!("the page never says {words:?}:\n{shown}").into());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        browser.refresh().await?;
    }
}

async fn sign_in(browser: &Client, url: &str, who: &str) -> Result<(), Failure> {
    browser.goto(url).await?;
    click(browser, &format!("button[name=user][value={who}]")).await
}

async fn connect(browser: &Client, provider: &str, account: usize) -> Result<(), Failure> {
    click(
        browser,
        &format!("form[action='/calendars/{provider}/connect'] button"),
    )
    .await?;
    let choose = format!("label.row:nth-of-type({account}) input[name=account]");
    click(browser, &choose).await?;
    click(browser, "button[name=decision][value=allow]").await?;
    says(browser, "Your calendar is connected").await?;
    click(browser, "main a[href='/']").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_connects_google_and_watches_a_booking_come_and_go() -> Result<(), Failure> {
    let Some(driver) = Driver::start().await? else {
        return Ok(());
    };
    let browser = driver.browser(1280, 900, false).await?;
    let demo = demo::start(demo::Options {
        port: Some(0),
        data: None,
    })
    .await?;
    sign_in(&browser, demo.url().as_str(), "customer").await?;
    connect(&browser, "google", 1).await?;
    says(&browser, "Connected as").await?;
    says(&browser, "In Google Calendar").await?;
    let shown = demo
        .google()
        .events("casey.customer@gmail.example", "primary");
    assert!(
        !shown.is_empty(),
        "the stand-in's calendar holds the bookings"
    );
    let first = shown[0]["summary"].as_str().unwrap_or_default().to_owned();
    click(&browser, "form[action$='/cancel'] button").await?;
    says(&browser, "cancelled").await?;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while demo
        .google()
        .events("casey.customer@gmail.example", "primary")
        .len()
        >= shown.len()
    {
        assert!(
            tokio::time::Instant::now() < deadline,
            "{first} stays in the calendar"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    browser.close().await?;
    demo.stop().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn saying_no_and_unticking_a_box_are_explained_on_a_phone_in_the_dark() -> Result<(), Failure>
{
    let Some(driver) = Driver::start().await? else {
        return Ok(());
    };
    let browser = driver.browser(360, 740, true).await?;
    let demo = demo::start(demo::Options {
        port: Some(0),
        data: None,
    })
    .await?;
    sign_in(&browser, demo.url().as_str(), "customer").await?;
    for provider in ["google", "outlook"] {
        click(
            &browser,
            &format!("form[action='/calendars/{provider}/connect'] button"),
        )
        .await?;
        click(&browser, "button[name=decision][value=cancel]").await?;
        says(&browser, "Nothing was connected").await?;
        click(&browser, "a[href='/']").await?;
    }
    click(&browser, "form[action='/calendars/google/connect'] button").await?;
    browser
        .wait()
        .at_most(PATIENCE)
        .for_element(Locator::Css("input[name=scope]"))
        .await?;
    for tick in browser.find_all(Locator::Css("input[name=scope]")).await? {
        tick.click().await?;
    }
    click(&browser, "button[name=decision][value=allow]").await?;
    says(&browser, "permission").await?;
    let wide = browser
        .execute(
            "return document.documentElement.scrollWidth > window.innerWidth",
            vec![],
        )
        .await?;
    assert_eq!(wide, false, "nothing sticks out at 360 pixels");
    browser.close().await?;
    demo.stop().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_connects_outlook_and_disconnects_again() -> Result<(), Failure> {
    let Some(driver) = Driver::start().await? else {
        return Ok(());
    };
    let browser = driver.browser(1280, 900, false).await?;
    let demo = demo::start(demo::Options {
        port: Some(0),
        data: None,
    })
    .await?;
    sign_in(&browser, demo.url().as_str(), "staff").await?;
    connect(&browser, "outlook", 1).await?;
    says(&browser, "Connected as").await?;
    says(&browser, "In Outlook Calendar").await?;
    browser
        .goto(&format!("{}calendars/outlook", demo.url()))
        .await?;
    click(&browser, "button.danger").await?;
    browser.goto(demo.url().as_str()).await?;
    says(&browser, "Connect Outlook").await?;
    connect(&browser, "outlook", 1).await?;
    says(&browser, "Connected as").await?;
    browser.close().await?;
    demo.stop().await?;
    Ok(())
}
