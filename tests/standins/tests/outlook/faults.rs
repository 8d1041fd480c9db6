//! Faults in Microsoft's shapes, and the limit of concurrent requests per mailbox.

use calport_standins::{Behaviour, Fault, Outlook, OutlookConfig};
use reqwest::Method;
use serde_json::json;

use crate::client::*;

#[tokio::test]
async fn faults_come_in_the_shape_of_the_endpoint() {
    let client = Client::casey().await;
    let throttled = Behaviour::error(429, "ApplicationThrottled").retry_after("7");
    client
        .outlook
        .faults()
        .add(Fault::on("POST", "/v1.0/me/events").behaviour(throttled));
    let reply = client
        .request(Method::POST, "me/events")
        .json(&hour())
        .send()
        .await
        .unwrap();
    assert_eq!(reply.headers()["Retry-After"], "7");
    let (status, body) = read(reply).await;
    assert_eq!((status, error(&body)), (429, "ApplicationThrottled"));
    for (reason, name, codes) in [
        ("AADSTS70043", "invalid_grant", json!([70043])),
        ("AADSTS90094", "consent_required", json!([90094])),
        (
            "temporarily_unavailable",
            "temporarily_unavailable",
            json!([]),
        ),
    ] {
        let fault = Fault::on("POST", "/common/oauth2/v2.0/token");
        client
            .outlook
            .faults()
            .add(fault.behaviour(Behaviour::error(400, reason)));
        let (status, body) = token(
            &client.outlook,
            &refreshing(&client.outlook, &client.refresh),
        )
        .await;
        assert_eq!(
            (status, &body["error"], &body["error_codes"]),
            (400, &json!(name), &codes)
        );
    }
}

/// Case 34.
#[tokio::test]
async fn a_reply_can_be_lost_after_the_effect() {
    let client = Client::casey().await;
    let fault = Fault::on("POST", "/v1.0/me/events").behaviour(Behaviour::LoseReply);
    client.outlook.faults().add(fault);
    let event = with(hour(), json!({ "transactionId": "t-1" }));
    let request = client.request(Method::POST, "me/events").json(&event);
    assert!(request.send().await.is_err());
    let (status, again) = client.post(&event).await;
    assert_eq!(status, 201);
    assert_eq!(client.outlook.events(CASEY, "Calendar").len(), 1);
    assert_eq!(
        client.outlook.events(CASEY, "Calendar")[0]["id"],
        again["id"]
    );
}

#[tokio::test]
async fn a_mailbox_serves_four_requests_at_a_time() {
    let client = Client::casey().await;
    let stall = Fault::on("GET", "/v1.0/me/calendars")
        .times(4)
        .behaviour(Behaviour::Stall);
    let id = client.outlook.faults().add(stall);
    let stalled: Vec<_> = (0..4)
        .map(|_| tokio::spawn(client.request(Method::GET, "me/calendars").send()))
        .collect();
    until(async || client.outlook.faults().hits(id) == 4).await;
    let reply = client.request(Method::GET, "me").send().await.unwrap();
    assert_eq!(reply.headers()["Retry-After"], "2");
    let (status, body) = read(reply).await;
    assert_eq!((status, error(&body)), (429, "ApplicationThrottled"));
    // Another mailbox is not concerned, and neither is the token endpoint.
    assert_eq!(
        token(
            &client.outlook,
            &refreshing(&client.outlook, &client.refresh)
        )
        .await
        .0,
        200
    );
    for request in stalled {
        request.abort();
    }
    until(async || client.get("me").await.0 == 200).await;
}

#[tokio::test]
async fn tokens_that_expired_or_never_were_are_401() {
    let client = Client::casey().await;
    client.outlook.expire_access_tokens();
    let (status, body) = client.get("me/calendars").await;
    assert_eq!((status, error(&body)), (401, "InvalidAuthenticationToken"));
    let client = Client {
        token: "EwB4unknown".into(),
        ..client
    };
    assert_eq!(client.get("me").await.0, 401);
}

#[tokio::test]
async fn an_account_makes_as_many_requests_in_a_window_as_its_quota_says() {
    let config = OutlookConfig::default().redirect_uri(REDIRECT);
    let hour_long = std::time::Duration::from_secs(3_600);
    let client = Client::of(Outlook::start(config.quota(2, hour_long)).unwrap()).await;
    assert_eq!(client.get("me").await.0, 200);
    assert_eq!(client.get("me").await.0, 200);
    let reply = client.request(Method::GET, "me").send().await.unwrap();
    let wait: u32 = reply.headers()["Retry-After"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=3_600).contains(&wait));
    let (status, body) = read(reply).await;
    assert_eq!((status, error(&body)), (429, "ApplicationThrottled"));
}
