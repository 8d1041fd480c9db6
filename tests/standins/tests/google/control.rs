//! The controls over HTTP, for tests in other processes.

use serde_json::{Value, json};

use crate::client::*;

async fn control(client: &Client, path: &str, body: &Value) -> (u16, Value) {
    let url = format!("{}/_control/{path}", client.google.base_url());
    read(client.http.post(url).json(body).send().await.unwrap()).await
}

async fn look(client: &Client, path: &str) -> Value {
    let url = format!("{}/_control/{path}", client.google.base_url());
    read(client.http.get(url).send().await.unwrap()).await.1
}

#[tokio::test]
async fn faults_and_records_work_over_http() {
    let client = Client::casey().await;
    let fault = json!({
        "method": "POST",
        "path": "/calendar/v3/calendars/*/events",
        "behaviour": { "kind": "error", "status": 429, "reason": "rateLimitExceeded", "retry_after": "7" },
    });
    let (status, added) = control(&client, "faults", &fault).await;
    assert_eq!((status, &added["id"]), (200, &json!(0)));
    assert_eq!(client.insert(&hour()).await.0, 429);
    assert_eq!(client.insert(&hour()).await.0, 200);
    let faults = look(&client, "faults").await;
    assert_eq!(faults["faults"][0]["hits"], 1);
    let requests = look(&client, "requests?method=POST&path=/calendar/**").await;
    let statuses: Vec<&Value> = requests["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|request| &request["status"])
        .collect();
    assert_eq!(statuses, [429, 200]);
    let events = look(&client, &format!("events?account={CASEY}")).await;
    assert_eq!(events["events"].as_array().unwrap().len(), 1);
    let (status, body) = control(
        &client,
        "faults",
        &json!({ "path": "/x", "behaviour": { "kind": "nope" } }),
    )
    .await;
    assert_eq!(status, 400);
    assert!(body["error"].as_str().unwrap().contains("nope"));
}

#[tokio::test]
async fn every_kind_of_behaviour_survives_the_wire() {
    let client = Client::casey().await;
    for behaviour in [
        json!({ "kind": "reply", "status": 418, "headers": [["X-A", "b"]], "body": "x" }),
        json!({ "kind": "deep-json", "depth": 3 }),
        json!({ "kind": "redirect", "to": "http://127.0.0.1:9/" }),
        json!({ "kind": "redirect-loop" }),
        json!({ "kind": "stall" }),
        json!({ "kind": "lose-reply" }),
        json!({ "kind": "stall-after-effect" }),
        json!({ "kind": "gzip-bomb", "mebibytes": 3 }),
        json!({ "kind": "drip", "pause_ms": 3 }),
        json!({ "kind": "error-after-effect", "status": 503, "reason": "backendError" }),
        json!({ "kind": "edit-json", "set": { "expires_in": -1 }, "remove": ["scope"] }),
    ] {
        let fault = json!({ "path": "/never", "times": null, "behaviour": behaviour });
        let (status, body) = control(&client, "faults", &fault).await;
        assert_eq!(status, 200, "{behaviour}: {body}");
    }
}

#[tokio::test]
async fn consent_switches_and_grants_work_over_http() {
    let client = Client::casey().await;
    let uri = "http://127.0.0.1:1234/cb";
    assert_eq!(
        control(&client, "redirect-uris", &json!({ "uri": uri }))
            .await
            .0,
        200
    );
    let mut parameters = parameters(&client.google);
    parameters.retain(|(name, _)| *name != "redirect_uri");
    parameters.push(("redirect_uri", uri.into()));
    let url = authorize_url(&client.google, &parameters);
    let wanted = json!({ "authorization_url": url, "account": SAM, "choice": "cancel" });
    let (status, body) = control(&client, "consent", &wanted).await;
    assert_eq!(status, 200, "{body}");
    assert!(
        body["callback_url"]
            .as_str()
            .unwrap()
            .starts_with("http://127.0.0.1:1234/cb?")
    );
    assert_eq!(
        control(&client, "switch", &json!({ "on": false })).await.0,
        200
    );
    assert_eq!(client.get("users/me/calendarList").await.0, 503);
    assert_eq!(
        control(&client, "switch", &json!({ "on": true })).await.0,
        200
    );
    assert_eq!(
        control(&client, "clock", &json!({ "advance_seconds": 4_000 }))
            .await
            .0,
        200
    );
    assert_eq!(client.get("users/me/calendarList").await.0, 401);
    let (_, killed) = control(&client, "kill-grant", &json!({ "account": CASEY })).await;
    assert_eq!(killed, json!({ "killed": true }));
    assert_eq!(
        token(&client.google, &refreshing(&client.google, &client.refresh))
            .await
            .0,
        400
    );
}
