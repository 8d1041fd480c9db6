//! Faults on demand: each behaviour as a client sees it.

use std::time::Duration;

use calport_standins::{Behaviour, Fault, Google, GoogleConfig};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::*;

const EVENTS: &str = "/calendar/v3/calendars/*/events";

fn insert_meets(client: &Client, behaviour: Behaviour) -> calport_standins::FaultId {
    client
        .google
        .faults()
        .add(Fault::on("POST", EVENTS).behaviour(behaviour))
}

#[tokio::test]
async fn an_error_comes_as_often_as_told_in_the_providers_shape() {
    let client = Client::casey().await;
    let fault = Fault::on("POST", EVENTS)
        .times(2)
        .after(1)
        .behaviour(Behaviour::error(403, "rateLimitExceeded").retry_after("soon"));
    let id = client.google.faults().add(fault);
    let mut seen = Vec::new();
    for _ in 0..4 {
        let request = client
            .request(Method::POST, "calendars/primary/events")
            .json(&hour());
        let reply = request.send().await.unwrap();
        let retry = reply
            .headers()
            .get("Retry-After")
            .map(|value| value.to_str().unwrap().to_owned());
        let (status, body) = read(reply).await;
        seen.push((status, reason(&body).to_owned(), retry));
    }
    let fine = (200, String::new(), None);
    let limited = (403, "rateLimitExceeded".to_owned(), Some("soon".to_owned()));
    assert_eq!(seen, [fine.clone(), limited.clone(), limited, fine]);
    assert_eq!(client.google.faults().hits(id), 2);
    assert_eq!(client.google.events(CASEY, "primary").len(), 2);

    client.google.faults().add(
        Fault::on("POST", "/token")
            .body_contains("grant_type=refresh_token")
            .behaviour(Behaviour::error(400, "invalid_grant")),
    );
    let (status, body) = token(&client.google, &refreshing(&client.google, &client.refresh)).await;
    assert_eq!(
        (status, body["error"].as_str().unwrap()),
        (400, "invalid_grant")
    );
}

/// How long a client waits: for what never comes, until the request has come about; for what
/// comes, as long as a busy machine takes.
fn patience(behaviour: &Behaviour) -> Duration {
    let never_comes = matches!(
        behaviour,
        Behaviour::Stall | Behaviour::StallAfterEffect | Behaviour::StallHalfway
    );
    Duration::from_secs(if never_comes { 2 } else { 60 })
}

/// Case 34: whether the reply comes or not, the effect took place.
#[tokio::test]
async fn a_reply_can_fail_or_be_lost_after_the_effect() {
    let client = Client::casey().await;
    for (number, behaviour) in [
        Behaviour::error_after_effect(503).retry_after("1"),
        Behaviour::LoseReply,
        Behaviour::StallHalfway,
        Behaviour::StallAfterEffect,
        Behaviour::TruncatedJson,
    ]
    .into_iter()
    .enumerate()
    {
        let id = insert_meets(&client, behaviour.clone());
        let event = with(hour(), json!({ "id": format!("event{number}") }));
        let request = client
            .request(Method::POST, "calendars/primary/events")
            .json(&event);
        let reply = request.timeout(patience(&behaviour)).send().await;
        let reply = match reply {
            Ok(reply) => Some(reply.bytes().await),
            Err(_) => None,
        };
        let whole = reply
            .and_then(Result::ok)
            .filter(|_| behaviour.kind() != "error-after-effect");
        let parsed = whole.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        assert_eq!(parsed, None, "{behaviour:?}");
        assert_eq!(client.google.faults().hits(id), 1);
        assert_eq!(
            client.google.events(CASEY, "primary").len(),
            number + 1,
            "{behaviour:?}"
        );
        assert_eq!(
            client.google.requests().last().unwrap().fault,
            Some(behaviour.kind())
        );
    }
}

#[tokio::test]
async fn a_fault_without_effect_has_none() {
    let client = Client::casey().await;
    for behaviour in [
        Behaviour::error(500, "backendError"),
        Behaviour::Html,
        Behaviour::DeepJson { depth: 10_000 },
        Behaviour::Redirect {
            to: "http://127.0.0.1:9/".into(),
        },
        Behaviour::RedirectLoop,
        Behaviour::Stall,
        Behaviour::Drop,
    ] {
        let id = insert_meets(&client, behaviour.clone());
        let request = client
            .request(Method::POST, "calendars/primary/events")
            .json(&hour());
        let reply = request.timeout(patience(&behaviour)).send().await;
        match (&behaviour, reply) {
            (Behaviour::Stall, Err(error)) => assert!(error.is_timeout()),
            (Behaviour::Drop, Err(error)) => assert!(!error.is_timeout()),
            (Behaviour::RedirectLoop, Ok(reply)) => {
                assert_eq!(
                    reply.headers()["Location"],
                    "/calendar/v3/calendars/primary/events"
                );
            }
            (Behaviour::Html | Behaviour::DeepJson { .. }, Ok(reply)) => {
                assert_eq!(reply.status(), 200)
            }
            (_, reply) => assert_ne!(reply.unwrap().status(), 200),
        }
        assert_eq!(client.google.faults().hits(id), 1);
        assert!(
            client.google.events(CASEY, "primary").is_empty(),
            "{behaviour:?}"
        );
    }
}

/// Case 31.
#[tokio::test]
async fn bodies_can_be_endless_or_explode() {
    let client = Client::casey().await;
    insert_meets(&client, Behaviour::Endless);
    let request = || {
        client
            .request(Method::POST, "calendars/primary/events")
            .json(&hour())
    };
    let mut reply = request().send().await.unwrap();
    let mut read = 0;
    while read < 8 * 1024 * 1024 {
        read += reply.chunk().await.unwrap().unwrap().len();
    }
    insert_meets(&client, Behaviour::GzipBomb { mebibytes: 16 });
    let reply = request().send().await.unwrap();
    assert_eq!(reply.headers()["Content-Encoding"], "gzip");
    let packed = reply.bytes().await.unwrap();
    let mut unpacked = Vec::new();
    let mut decoder = flate2::read::MultiGzDecoder::new(packed.as_ref());
    std::io::Read::read_to_end(&mut decoder, &mut unpacked).unwrap();
    assert_eq!(unpacked.len(), 16 * 1024 * 1024);
    assert!(
        packed.len() * 900 < unpacked.len(),
        "{} bytes",
        packed.len()
    );
}

/// Case 32.
#[tokio::test]
async fn token_replies_can_be_odd_in_every_field() {
    let client = Client::casey().await;
    let google = &client.google;
    for (behaviour, field, wanted) in [
        (Behaviour::expires_in(None), "expires_in", Value::Null),
        (
            Behaviour::expires_in(Some(json!(-1))),
            "expires_in",
            json!(-1),
        ),
        (
            Behaviour::expires_in(Some(json!(1e18))),
            "expires_in",
            json!(1e18),
        ),
        (
            Behaviour::expires_in(Some(json!("3599"))),
            "expires_in",
            json!("3599"),
        ),
        (Behaviour::scopes(&["openid"]), "scope", json!("openid")),
    ] {
        google
            .faults()
            .add(Fault::on("POST", "/token").behaviour(behaviour));
        let (status, reply) = token(google, &refreshing(google, &client.refresh)).await;
        assert_eq!((status, &reply[field]), (200, &wanted));
    }
    google
        .faults()
        .add(Fault::on("POST", "/token").behaviour(Behaviour::without_refresh_token()));
    let code = code(google, CASEY, &calport_standins::ConsentChoice::Allow);
    let (_, reply) = token(google, &redemption(google, &code)).await;
    assert!(reply.get("refresh_token").is_none());
    google
        .faults()
        .add(Fault::on("POST", "/token").behaviour(Behaviour::BadUtf8));
    let url = setting(google, "GOOGLE_TOKEN_URL");
    let reply = http()
        .post(&url)
        .form(&refreshing(google, &client.refresh))
        .send()
        .await
        .unwrap();
    assert!(std::str::from_utf8(&reply.bytes().await.unwrap()).is_err());
}

/// Case 30.
#[tokio::test]
async fn a_body_can_come_byte_by_byte() {
    let client = Client::casey().await;
    let path = "users/me/calendarList?fields=kind";
    let drip = Fault::on("GET", "/calendar/v3/users/me/calendarList");
    client
        .google
        .faults()
        .add(drip.behaviour(Behaviour::Drip { pause_ms: 0 }));
    let reply = client.request(Method::GET, path).send().await.unwrap();
    assert_eq!(
        reply.bytes().await.unwrap().as_ref(),
        br#"{"kind":"calendar#calendarList"}"#
    );
    let slow = Fault::on("GET", "/calendar/v3/users/me/calendarList");
    client
        .google
        .faults()
        .add(slow.behaviour(Behaviour::Drip { pause_ms: 60_000 }));
    let mut reply = client.request(Method::GET, path).send().await.unwrap();
    assert_eq!(reply.chunk().await.unwrap().unwrap().as_ref(), b"{");
}

#[tokio::test]
async fn everything_can_be_switched_off_and_on_again() {
    let client = Client::casey().await;
    client.google.switch_off();
    assert_eq!(client.get("users/me/calendarList").await.0, 503);
    assert_eq!(token(&client.google, &[]).await.0, 503);
    client.google.switch_on();
    assert_eq!(client.get("users/me/calendarList").await.0, 200);
}

#[tokio::test]
async fn every_request_is_recorded_in_order_with_its_reply() {
    let client = Client::casey().await;
    client.google.forget_requests();
    let (_, made) = client
        .insert(&with(hour(), json!({ "id": "calport00001" })))
        .await;
    client.get("users/me/calendarList?maxResults=5").await;
    let requests = client.google.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests[0].order < requests[1].order);
    assert_eq!(requests.method(&Method::POST).to(EVENTS).len(), 1);
    assert_eq!(requests[0].json()["id"], made["id"]);
    assert_eq!(requests[0].status, Some(200));
    let bearer = format!("Bearer {}", client.token);
    assert_eq!(requests[0].header("authorization"), Some(bearer.as_str()));
    assert_eq!(requests[1].parameter("maxResults"), Some("5"));
    assert_eq!(requests.since(requests[1].order).len(), 1);
}

#[tokio::test]
async fn dropping_the_stand_in_closes_its_port_and_connections() {
    let client = Client::casey().await;
    client
        .google
        .faults()
        .add(Fault::everywhere().behaviour(Behaviour::Stall));
    let url = format!(
        "{}/calendar/v3/users/me/calendarList",
        client.google.base_url()
    );
    let pending = tokio::spawn(client.http.get(&url).send());
    let arrived = || {
        !client
            .google
            .requests()
            .to("/calendar/v3/users/me/calendarList")
            .is_empty()
    };
    until(async || arrived()).await;
    drop(client.google);
    assert!(pending.await.unwrap().is_err());
    assert!(client.http.get(&url).send().await.unwrap_err().is_connect());
}

#[tokio::test]
async fn an_account_makes_as_many_requests_in_a_window_as_its_quota_says() {
    let config = GoogleConfig::default().redirect_uri(REDIRECT);
    let hour_long = Duration::from_secs(3_600);
    let client = Client::of(Google::start(config.quota(2, hour_long)).unwrap()).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        let request = client.request(Method::GET, "calendars/primary/events");
        let (status, body) = read(request.send().await.unwrap()).await;
        seen.push((status, reason(&body).to_owned()));
    }
    let fine = (200, String::new());
    let over = (403, "rateLimitExceeded".to_owned());
    assert_eq!(seen, [fine.clone(), fine, over]);
    let refreshed = token(&client.google, &refreshing(&client.google, &client.refresh)).await;
    assert_eq!(refreshed.0, 200, "the token endpoint is not concerned");
}
