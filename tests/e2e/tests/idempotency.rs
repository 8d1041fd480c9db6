//! Writes that are sent more than once with one `Idempotency-Key`.

use calport_e2e::{PLATFORM_TOKEN, Reply, World, token};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

const FEED: &str = "/api/calendar/feed/";
const JOB: &str = "/api/jobs/17/";

fn job(revision: u32) -> Value {
    json!({
        "revision": revision, "title": "Deep clean",
        "start_date": "2031-01-01", "end_date": "2031-01-02",
        "participants": [{"user": "ann", "role": "customer"}],
    })
}

fn bearer(user: &str) -> String {
    token(&json!({"sub": user, "exp": 4_000_000_000_u64})).unwrap()
}

async fn send(
    world: &World,
    bearer: &str,
    key: &str,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Reply {
    let client = Client::builder().no_proxy().build().unwrap();
    let mut request = client
        .request(method, format!("{}{path}", world.url))
        .bearer_auth(bearer)
        .header("idempotency-key", key);
    if let Some(body) = body {
        request = request.json(body);
    }
    let response = request.send().await.unwrap();
    Reply {
        status: response.status(),
        headers: response.headers().clone(),
        text: response.text().await.unwrap(),
    }
}

async fn count(world: &World, statement: &'static str) -> i64 {
    sqlx::query_scalar(statement)
        .fetch_one(world.service.vault().database().pool())
        .await
        .unwrap()
}

#[calport_databases::each_database]
async fn the_same_again_gets_the_same_reply_and_does_nothing() {
    let world = World::start().await.unwrap();
    let ann = bearer("ann");
    let first = send(&world, &ann, "k-1", Method::POST, FEED, None).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    assert!(!first.headers.contains_key("idempotency-replayed"));
    let again = send(&world, &ann, "\"k-1\"", Method::POST, FEED, None).await;
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(again.headers["content-type"], first.headers["content-type"]);
    let other = send(&world, &ann, "k-2", Method::POST, FEED, None).await;
    assert_ne!(other.text, first.text, "another key is another request");
}

#[calport_databases::each_database]
async fn a_flow_that_is_begun_again_has_the_same_cookie_and_the_same_url() {
    let world = World::start().await.unwrap();
    let path = "/api/calendar/google/connect/";
    let mut replies = Vec::new();
    for _ in 0..2 {
        replies.push(send(&world, &bearer("ann"), "k", Method::POST, path, None).await);
    }
    assert_eq!(replies[0].status, StatusCode::OK, "{}", replies[0].text);
    assert_eq!(replies[0].text, replies[1].text);
    let cookies: Vec<_> = replies
        .iter()
        .map(|reply| reply.headers["set-cookie"].to_str().unwrap())
        .collect();
    assert!(cookies[0].starts_with("calport-flow="), "{cookies:?}");
    assert_eq!(cookies[0], cookies[1]);
    assert_eq!(count(&world, "SELECT COUNT(*) FROM flows").await, 1);
}

#[calport_databases::each_database]
async fn fifty_at_once_have_one_effect() {
    let world = World::start().await.unwrap();
    let ann = bearer("ann");
    let path = "/api/calendar/apple/connect/";
    let all = (0..50).map(|_| send(&world, &ann, "k", Method::POST, path, None));
    let replies = futures::future::join_all(all).await;
    assert_eq!(count(&world, "SELECT COUNT(*) FROM feed_tokens").await, 1);
    let (done, waiting): (Vec<_>, Vec<_>) = replies
        .iter()
        .partition(|reply| reply.status == StatusCode::OK);
    assert!(!done.is_empty());
    assert!(done.iter().all(|reply| reply.text == done[0].text));
    for reply in waiting {
        assert_eq!(reply.status, StatusCode::CONFLICT, "{}", reply.text);
        assert_eq!(reply.code(), "idempotency-in-progress");
        assert_eq!(reply.headers["retry-after"], "1");
    }
    let after = send(&world, &ann, "k", Method::POST, path, None).await;
    assert_eq!((after.status, &after.text), (StatusCode::OK, &done[0].text));
}

#[calport_databases::each_database]
async fn a_key_that_comes_back_with_another_request_is_refused() {
    let world = World::start().await.unwrap();
    let put = |path: &'static str, body: Value| {
        let world = &world;
        async move { send(world, PLATFORM_TOKEN, "k", Method::PUT, path, Some(&body)).await }
    };
    assert_eq!(put(JOB, job(1)).await.status, StatusCode::ACCEPTED);
    let again = put("/api/jobs/17", job(1)).await;
    assert_eq!(again.status, StatusCode::ACCEPTED);
    for reply in [put(JOB, job(2)).await, put("/api/jobs/18/", job(1)).await] {
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(reply.code(), "idempotency-key-reused");
    }
    let reply = send(&world, PLATFORM_TOKEN, "k", Method::DELETE, JOB, None).await;
    assert_eq!(reply.code(), "idempotency-key-reused");
    let stored = world.platform(Method::GET, JOB, None).await.unwrap();
    assert_eq!(stored.json()["revision"], 1);
}

#[calport_databases::each_database]
async fn callers_with_the_same_key_never_meet() {
    let world = World::start().await.unwrap();
    let ann = send(&world, &bearer("ann"), "k", Method::POST, FEED, None).await;
    let bob = send(&world, &bearer("bob"), "k", Method::POST, FEED, None).await;
    assert_eq!((ann.status, bob.status), (StatusCode::OK, StatusCode::OK));
    assert_ne!(ann.text, bob.text);
    let nobody = send(&world, "nonsense", "k", Method::POST, FEED, None).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    assert!(!nobody.headers.contains_key("idempotency-replayed"));
}

#[calport_databases::each_database]
async fn refusals_are_kept_like_any_reply_and_keys_are_bounded() {
    let world = World::start().await.unwrap();
    let wrong = json!({"revision": 1});
    for replayed in [false, true] {
        let reply = send(&world, PLATFORM_TOKEN, "k", Method::PUT, JOB, Some(&wrong)).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(reply.code(), "invalid");
        assert_eq!(reply.headers.contains_key("idempotency-replayed"), replayed);
    }
    let long = "x".repeat(256);
    for key in ["two words", "", &long] {
        let reply = send(&world, PLATFORM_TOKEN, key, Method::PUT, JOB, Some(&job(1))).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{key}");
        assert_eq!(reply.json()["field"], "idempotency-key");
    }
    let huge = json!({"title": "x".repeat(3 * 1024 * 1024)});
    let reply = send(&world, PLATFORM_TOKEN, "h", Method::PUT, JOB, Some(&huge)).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[calport_databases::each_database]
async fn what_is_kept_is_sealed_and_forgotten_after_a_day() {
    // case 13
    let world = World::start().await.unwrap();
    let ann = bearer("ann");
    let first = send(&world, &ann, "k-canary", Method::POST, FEED, None).await;
    let url = first.json()["feed_url"].as_str().unwrap().to_owned();
    let address = url.rsplit('/').next().unwrap().trim_end_matches(".ics");
    let pool = world.service.vault().database().pool();
    let row: (String, String, String) =
        sqlx::query_as("SELECT key_hash, fingerprint, reply FROM idempotency_keys")
            .fetch_one(pool)
            .await
            .unwrap();
    let text = format!("{row:?}");
    assert!(
        !text.contains(address) && !text.contains("canary"),
        "{text}"
    );
    assert!(row.2.starts_with("v1."), "{text}");
    sqlx::query("UPDATE idempotency_keys SET expires_at = 1")
        .execute(pool)
        .await
        .unwrap();
    let later = send(&world, &ann, "k-canary", Method::POST, FEED, None).await;
    assert_ne!(later.text, first.text);
    let kept = "SELECT COUNT(*) FROM idempotency_keys";
    assert_eq!(count(&world, kept).await, 1);
}

#[calport_databases::each_database]
async fn a_key_whose_process_died_comes_free_for_the_same_request() {
    let world = World::start().await.unwrap();
    let ann = bearer("ann");
    send(&world, &ann, "k", Method::POST, FEED, None).await;
    let pool = world.service.vault().database().pool();
    sqlx::query("UPDATE idempotency_keys SET reply = NULL")
        .execute(pool)
        .await
        .unwrap();
    let reply = send(&world, &ann, "k", Method::POST, FEED, None).await;
    assert_eq!(reply.code(), "idempotency-in-progress");
    sqlx::query("UPDATE idempotency_keys SET claimed_until = 1")
        .execute(pool)
        .await
        .unwrap();
    let reply = send(&world, &ann, "k", Method::DELETE, FEED, None).await;
    assert_eq!(reply.code(), "idempotency-key-reused");
    let reply = send(&world, &ann, "k", Method::POST, FEED, None).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
}
