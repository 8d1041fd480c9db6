//! What an operator sees of a running host.

use calport_e2e::{METRICS_TOKEN, PLATFORM_TOKEN, World, accounts::CASEY, token};
use calport_standins::ConsentChoice;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const JOB: &str = "/api/jobs/17/";
const TITLE: &str = "canary-title-4711";

fn job() -> Value {
    json!({
        "revision": 1, "title": TITLE,
        "start_date": "2031-01-01", "end_date": "2031-01-02",
        "participants": [{"user": "ann", "role": "customer"}],
    })
}

async fn delivered(world: &World) {
    world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    world
        .platform(Method::PUT, JOB, Some(&job()))
        .await
        .unwrap();
    let ann = world.settled(JOB, "ann").await.unwrap();
    assert_eq!(ann["state"], "in_calendar", "{ann}");
}

#[tokio::test]
async fn metrics_are_for_the_operator_alone() {
    let world = World::start().await.unwrap();
    let user = token(&json!({"sub": "ann", "exp": 4_000_000_000_u64})).unwrap();
    for (bearer, status) in [
        (None, StatusCode::UNAUTHORIZED),
        (Some(user.as_str()), StatusCode::UNAUTHORIZED),
        (Some("metrics"), StatusCode::UNAUTHORIZED),
        (Some(METRICS_TOKEN), StatusCode::OK),
        (Some(PLATFORM_TOKEN), StatusCode::OK),
    ] {
        let reply = world
            .call(Method::GET, "/metrics", bearer, None)
            .await
            .unwrap();
        assert_eq!(reply.status, status, "{bearer:?}");
    }
    let elsewhere = world
        .call(Method::GET, JOB, Some(METRICS_TOKEN), None)
        .await
        .unwrap();
    assert_eq!(elsewhere.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_booking_on_its_way_is_counted_wherever_it_passes() {
    let world = World::start().await.unwrap();
    delivered(&world).await;
    let reply = world
        .call(Method::GET, "/metrics", Some(METRICS_TOKEN), None)
        .await
        .unwrap();
    let kind = reply.headers["content-type"].to_str().unwrap();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    for line in [
        "calport_deliveries_total{provider=\"google\",outcome=\"in_calendar\"} 1",
        "calport_connections{provider=\"google\",state=\"connected\"} 1",
        "calport_deliveries_waiting 0",
        "calport_plugin_call_duration_seconds_count{export=\"push-event\",result=\"ok\"} 1",
        "calport_http_request_duration_seconds_count{method=\"PUT\",route=\"/api/{kind}/{id}\",\
         status=\"202\"} 1",
        "# EOF",
    ] {
        assert!(
            reply.text.lines().any(|is| is == line),
            "{line}\n{}",
            reply.text
        );
    }
    for canary in ["ann", CASEY, TITLE, "/17"] {
        assert!(!reply.text.contains(canary), "{canary}");
    }
}
