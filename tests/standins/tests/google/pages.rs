//! The consent page and the calendar pages, as a browser without JavaScript uses them.

use reqwest::header::LOCATION;
use serde_json::json;

use crate::client::*;

#[tokio::test]
async fn a_browser_chooses_an_account_ticks_boxes_and_comes_back() {
    let google = start();
    let url = authorize_url(&google, &parameters(&google));
    let page = http().get(&url).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(
        page.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("default-src 'none'")
    );
    let page = page.text().await.unwrap();
    for shown in [
        CASEY,
        SAM,
        "calendar.events.owned",
        "your e-mail address",
        "Allow",
        "Cancel",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    assert!(!page.contains("<script"));
    let post = |form: Vec<(&'static str, &'static str)>| http().post(&url).form(&form).send();
    let owned = "https://www.googleapis.com/auth/calendar.events.owned";
    let reply = post(vec![
        ("account", CASEY),
        ("scope", owned),
        ("decision", "allow"),
    ])
    .await
    .unwrap();
    assert_eq!(reply.status(), 302);
    let back = reply.headers()[LOCATION].to_str().unwrap().to_owned();
    let scope = parameter(&back, "scope").unwrap();
    assert!(scope.contains(owned) && scope.contains("openid") && !scope.contains("freebusy"));
    let code = parameter(&back, "code").unwrap();
    assert_eq!(token(&google, &redemption(&google, &code)).await.0, 200);

    let reply = post(vec![("decision", "cancel")]).await.unwrap();
    let back = reply.headers()[LOCATION].to_str().unwrap().to_owned();
    assert_eq!(parameter(&back, "error").unwrap(), "access_denied");
    assert_eq!(
        post(vec![("decision", "allow")]).await.unwrap().status(),
        400
    );
    assert_eq!(google.requests().back_channel().len(), 1);
}

#[tokio::test]
async fn a_mismatched_redirect_uri_shows_a_page_that_names_it_escaped() {
    let google = start();
    let mut parameters = parameters(&google);
    parameters.retain(|(name, _)| *name != "redirect_uri");
    parameters.push((
        "redirect_uri",
        "https://evil.example/<script>alert(1)</script>".into(),
    ));
    let reply = http()
        .get(authorize_url(&google, &parameters))
        .send()
        .await
        .unwrap();
    assert_eq!(reply.status(), 400);
    assert!(reply.headers().get(LOCATION).is_none());
    let page = reply.text().await.unwrap();
    assert!(page.contains("redirect_uri_mismatch") && page.contains("evil.example"));
    assert!(!page.contains("<script>"));
}

#[tokio::test]
async fn a_silent_request_comes_back_at_once() {
    let google = start();
    let mut parameters = parameters(&google);
    parameters.retain(|(name, _)| *name != "prompt");
    parameters.push(("prompt", "none".into()));
    let reply = http()
        .get(authorize_url(&google, &parameters))
        .send()
        .await
        .unwrap();
    let back = reply.headers()[LOCATION].to_str().unwrap().to_owned();
    assert_eq!(parameter(&back, "error").unwrap(), "interaction_required");
}

/// Case 37, on the stand-in's own page.
#[tokio::test]
async fn the_calendar_page_shows_bookings_escaped_and_hides_cancelled_ones() {
    let client = Client::casey().await;
    let series = json!({
        "id": "calport00001",
        "summary": "<img src=x onerror=alert(1)>",
        "location": "1 High St",
        "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=10"],
    });
    assert_eq!(client.insert(&with(hour(), series)).await.0, 200);
    assert_eq!(
        client
            .insert(&with(
                hour(),
                json!({ "id": "calport00002", "summary": "Gone" })
            ))
            .await
            .0,
        200
    );
    assert!(client.google.delete_event(CASEY, "primary", "calport00002"));
    let url = format!(
        "{}/calendar?account={CASEY}&refresh=3",
        client.google.base_url()
    );
    let page = http().get(url).send().await.unwrap().text().await.unwrap();
    for shown in [
        "&#60;img",
        "10:00 – 11:00 Europe/London",
        "every week, 10 times",
        "1 High St",
        "Holidays",
    ] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    assert!(page.contains("http-equiv=\"refresh\" content=\"3\""));
    assert!(!page.contains("<img") && !page.contains("Gone"));
    let index = http()
        .get(client.google.base_url())
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(index.contains("/calendar?account=casey.customer%40gmail.example"));
    assert!(index.contains("1 event<"));
    let nobody = format!("{}/calendar?account=nobody", client.google.base_url());
    assert_eq!(http().get(nobody).send().await.unwrap().status(), 404);
}
