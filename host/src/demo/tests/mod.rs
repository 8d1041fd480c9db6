//! The demo as its visitors use it: pages in, calendars out.

mod bookings;
mod browser;
mod calendars;
mod safety;

use super::{Options, Running, start};
use browser::Browser;
use calport_standins::ConsentChoice;
use serde_json::Value;

const CASEY: &str = "casey.customer@gmail.example";

async fn demo() -> Running {
    start(Options {
        port: Some(0),
        data: None,
    })
    .await
    .unwrap()
}

/// Connects Google as whoever has signed in, and says where the browser ends.
async fn connect(demo: &Running, browser: &mut Browser, choice: &ConsentChoice) -> String {
    let page = browser.post("/calendars/google/connect", &[]).await;
    let callback = demo
        .google()
        .consent(page.location(), CASEY, choice)
        .unwrap();
    browser.get(&callback).await.location().to_owned()
}

fn titles(events: &[Value]) -> Vec<&str> {
    let mut titles: Vec<_> = events
        .iter()
        .map(|event| event["summary"].as_str().unwrap())
        .collect();
    titles.sort_unstable();
    titles
}

/// The article of one booking.
fn article<'a>(page: &'a str, id: &str) -> &'a str {
    let start = page
        .find(&format!("id=\"{id}\""))
        .unwrap_or_else(|| panic!("no {id}: {page}"));
    let rest = &page[start..];
    &rest[..rest.find("</article>").unwrap()]
}
