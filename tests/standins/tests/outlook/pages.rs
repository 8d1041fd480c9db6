//! The consent page and the calendar page, as a browser without JavaScript uses them.

use reqwest::header::LOCATION;
use serde_json::json;

use crate::client::*;

#[tokio::test]
async fn a_browser_chooses_an_account_and_comes_back() {
    let outlook = start();
    let url = authorize_url(&outlook, &parameters(&outlook));
    let page = http().get(&url).send().await.unwrap().text().await.unwrap();
    for shown in [
        CASEY,
        SAM,
        KIM,
        "Have full access to your calendars",
        "Maintain access",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    let consumers = http()
        .get(url.replace("/common/", "/consumers/"))
        .send()
        .await
        .unwrap();
    assert!(!consumers.text().await.unwrap().contains(SAM));
    let post = |form: Vec<(&'static str, &'static str)>| http().post(&url).form(&form).send();
    let reply = post(vec![("account", SAM), ("decision", "allow")])
        .await
        .unwrap();
    assert_eq!(reply.status(), 302);
    let back = reply.headers()[LOCATION].to_str().unwrap().to_owned();
    let code = parameter(&back, "code").unwrap();
    assert_eq!(token(&outlook, &redemption(&outlook, &code)).await.0, 200);
    let reply = post(vec![("account", SAM), ("decision", "cancel")])
        .await
        .unwrap();
    let back = reply.headers()[LOCATION].to_str().unwrap().to_owned();
    assert_eq!(parameter(&back, "error").unwrap(), "access_denied");
    assert_eq!(
        post(vec![("account", "nobody"), ("decision", "allow")])
            .await
            .unwrap()
            .status(),
        400
    );
}

#[tokio::test]
async fn a_mismatched_redirect_uri_shows_a_page_that_names_it_escaped() {
    let outlook = start();
    let mut parameters = parameters(&outlook);
    parameters.retain(|(name, _)| *name != "redirect_uri");
    parameters.push(("redirect_uri", "https://evil.example/<script>".into()));
    let reply = http()
        .get(authorize_url(&outlook, &parameters))
        .send()
        .await
        .unwrap();
    assert_eq!(reply.status(), 400);
    let page = reply.text().await.unwrap();
    assert!(
        page.contains("AADSTS50011") && page.contains("evil.example") && !page.contains("<script>")
    );
}

/// Case 37, on the stand-in's own page.
#[tokio::test]
async fn the_calendar_page_shows_bookings_escaped() {
    let client = Client::casey().await;
    let event = with(
        hour(),
        json!({
            "subject": "<script>alert(1)</script>",
            "body": { "contentType": "text", "content": "Key under the mat" },
            "recurrence": {
                "pattern": { "type": "daily", "interval": 2 },
                "range": { "type": "numbered", "startDate": "2026-12-01", "numberOfOccurrences": 5 },
            },
        }),
    );
    assert_eq!(client.post(&event).await.0, 201);
    let url = format!("{}/calendar?account={CASEY}", client.outlook.base_url());
    let page = http().get(url).send().await.unwrap().text().await.unwrap();
    for shown in [
        "&#60;script&#62;",
        "every 2 days, 5 times",
        "Key under the mat",
        "10:00 – 11:00",
    ] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    assert!(!page.contains("<script"));
}
