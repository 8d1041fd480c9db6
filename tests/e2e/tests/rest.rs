//! Who may do what, and how the interface answers whatever comes.

use calport_e2e::{PLATFORM_TOKEN, World, token};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const FAR: u64 = 4_000_000_000;

#[calport_databases::each_database]
async fn users_and_the_platform_have_rights_of_their_own() {
    let world = World::start().await.unwrap();
    for (method, path) in [
        (Method::PUT, "/api/jobs/1/"),
        (Method::DELETE, "/api/jobs/1/"),
    ] {
        let reply = world
            .user("ann", method, path, Some(&json!({})))
            .await
            .unwrap();
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{path}");
    }
    for (method, path) in [
        (Method::GET, "/api/calendar/"),
        (Method::POST, "/api/calendar/google/connect/"),
        (Method::GET, "/api/jobs/1/calendar.ics"),
    ] {
        let reply = world.platform(method, path, None).await.unwrap();
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[calport_databases::each_database]
async fn tenants_never_meet() {
    let world = World::start().await.unwrap();
    let body = json!({
        "revision": 1, "title": "x", "start_date": "2031-01-01", "end_date": "2031-01-02",
        "participants": [{"user": "ann", "role": "customer"}],
    });
    let reply = world
        .platform(Method::PUT, "/api/jobs/1/", Some(&body))
        .await
        .unwrap();
    assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
    let ours = token(&json!({"sub": "ann", "exp": FAR})).unwrap();
    let theirs = token(&json!({"sub": "ann", "tenant": "other", "exp": FAR})).unwrap();
    for (bearer, status) in [(&ours, StatusCode::OK), (&theirs, StatusCode::NOT_FOUND)] {
        let reply = world
            .call(Method::GET, "/api/jobs/1/", Some(bearer), None)
            .await
            .unwrap();
        assert_eq!(reply.status, status);
    }
}

#[calport_databases::each_database]
async fn paths_answer_the_same_with_and_without_their_slash() {
    let world = World::start().await.unwrap();
    for path in ["/api/calendar", "/healthz", "/readyz"] {
        let mut replies = Vec::new();
        for path in [path.to_owned(), format!("{path}/")] {
            let reply = world.user("ann", Method::GET, &path, None).await.unwrap();
            assert_eq!(reply.status, StatusCode::OK, "{path}");
            replies.push(reply.text);
        }
        assert_eq!(replies[0], replies[1]);
    }
}

#[calport_databases::each_database]
async fn case_36_whatever_is_wrong_with_a_request_has_its_own_status_and_code() {
    let world = World::start().await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let put = |kind: &str, body: Vec<u8>| {
        let request = client
            .put(format!("{}/api/jobs/1/", world.url))
            .bearer_auth(PLATFORM_TOKEN);
        let request = request.header("content-type", kind).body(body);
        async move {
            let reply = request.send().await.unwrap();
            let status = reply.status();
            let problem: Value = serde_json::from_str(&reply.text().await.unwrap()).unwrap();
            (
                status,
                problem["code"].as_str().unwrap_or_default().to_owned(),
            )
        }
    };
    let json = "application/json";
    for (reply, status, code) in [
        (put("text/plain", b"{}".to_vec()).await, 415, "unsupported"),
        (
            put("application/x-www-form-urlencoded", b"a=b".to_vec()).await,
            415,
            "unsupported",
        ),
        (put(json, b"{".to_vec()).await, 422, "invalid"),
        (put(json, b"[]".to_vec()).await, 422, "invalid"),
        (put(json, vec![0xff; 10]).await, 422, "invalid"),
        (put(json, vec![b'['; 100_000]).await, 422, "invalid"),
        (
            put(json, vec![b' '; 3 * 1024 * 1024]).await,
            413,
            "too-large",
        ),
    ] {
        assert_eq!((reply.0.as_u16(), reply.1.as_str()), (status, code));
    }
    for (method, path, status, code) in [
        (Method::GET, "/api/nothing/", 404, "not-found"),
        (Method::GET, "/api/things/1/", 404, "not-found"),
        (Method::PATCH, "/api/jobs/1/", 405, "method-not-allowed"),
        (Method::GET, "/api/jobs/%20/", 422, "invalid"),
    ] {
        let reply = world.platform(method, path, None).await.unwrap();
        assert_eq!(
            (reply.status.as_u16(), reply.code().as_str()),
            (status, code),
            "{path}"
        );
    }
    for path in ["connect", "disconnect"] {
        let path = format!("/api/calendar/nowhere/{path}/");
        let reply = world.user("ann", Method::POST, &path, None).await.unwrap();
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}");
    }
    let unknown = json!({"remove": true});
    let path = "/api/calendar/google/disconnect/";
    let reply = world
        .user("ann", Method::POST, path, Some(&unknown))
        .await
        .unwrap();
    assert_eq!(
        (reply.status.as_u16(), reply.code().as_str()),
        (422, "invalid")
    );
}
