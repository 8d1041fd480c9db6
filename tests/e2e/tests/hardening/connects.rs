//! A user, or a script with their token, that begins to connect again and again.

use crate::{
    forms::{FORM, SAME_ORIGIN, Visitor},
    headers::is_safe,
    operations::{By, USER, bearer},
};
use calport_e2e::{Reply, World};
use reqwest::{Method, StatusCode};
use serde_json::json;

async fn connect(world: &World, provider: &str, bearer: &str) -> Reply {
    let path = format!("/api/calendar/{provider}/connect/");
    let reply = world.call(Method::POST, &path, Some(bearer), None).await;
    reply.unwrap()
}

#[tokio::test]
async fn case_36_a_hundred_connects_a_minute_are_too_many() {
    let world = World::start().await.unwrap();
    let ann = By::User.bearer();
    for provider in ["google", "outlook", "apple"] {
        let user = bearer(&json!({"sub": format!("ann-{provider}")}));
        let mut begun = 0;
        for _ in 0..100 {
            let reply = connect(&world, provider, &user).await;
            is_safe(provider, &reply.headers);
            if reply.status == StatusCode::OK {
                begun += 1;
                continue;
            }
            assert_eq!(
                reply.status,
                StatusCode::TOO_MANY_REQUESTS,
                "{}",
                reply.text
            );
            assert_eq!(reply.code(), "too-often");
            let wait: u32 = reply.headers["retry-after"]
                .to_str()
                .unwrap()
                .parse()
                .unwrap();
            assert!((1..=60).contains(&wait), "{wait}");
        }
        // As many as may be at once, and what a slow machine's minutes add.
        assert!((20..80).contains(&begun), "{provider}: {begun} of 100");
        println!("case 36: {provider}: {begun} of 100 connects begun");
        assert_eq!(connect(&world, provider, &ann).await.status, StatusCode::OK);
    }
    let flows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM flows WHERE user_id = 'ann-google'")
        .fetch_one(world.service.vault().database().pool())
        .await
        .unwrap();
    assert!(flows < 80, "{flows} are kept");
}

#[tokio::test]
async fn case_36_the_page_counts_with_the_interface_and_says_so() {
    let world = World::start().await.unwrap();
    let visitor = Visitor::of(&world, USER).await;
    for _ in 0..100 {
        connect(&world, "google", &By::User.bearer()).await;
    }
    let said = "/page/?provider=google&status=too-often";
    let mut refused = 0;
    // One or the other may have come free meanwhile.
    for _ in 0..20 {
        let path = "/page/calendars/google/connect/";
        let reply = visitor.post(path, FORM, &[SAME_ORIGIN]).await;
        assert_eq!(reply.status(), StatusCode::SEE_OTHER);
        refused += usize::from(reply.headers()["location"] == said);
    }
    assert!(refused > 0);
    let (_, _, page) = visitor.reply(Method::GET, said, true).await;
    assert!(page.contains("Please wait a minute"), "{page}");
}

#[tokio::test]
async fn a_connect_that_came_too_often_is_not_kept_for_its_key() {
    let world = World::start().await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for number in 0..100 {
        let send = || {
            let url = format!("{}/api/calendar/google/connect/", world.url);
            let key = format!("k-{number}");
            let request = client.post(url).bearer_auth(By::User.bearer());
            request.header("idempotency-key", key).send()
        };
        let first = send().await.unwrap();
        if first.status() == StatusCode::TOO_MANY_REQUESTS {
            let second = send().await.unwrap();
            assert!(!second.headers().contains_key("idempotency-replayed"));
            return;
        }
    }
    panic!("none came too often");
}
