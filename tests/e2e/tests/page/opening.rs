//! How the page is opened, and how it closes again.

use crate::visiting::{Page, SAME_ORIGIN, execute, page, ticket};
use calport_e2e::{Browser, World};
use reqwest::{Method, StatusCode};
use serde_json::json;

#[calport_databases::each_database]
async fn a_one_time_url_opens_the_page_once() {
    let world = World::start().await.unwrap();
    let url = ticket(&world, json!({"user": "ann", "name": "Ann <Example>"})).await;
    assert!(
        url.starts_with(&format!("{}/page/open/?ticket=", world.url)),
        "{url}"
    );
    let browser = Browser::new();
    let first = browser.visit(&url, &[]).await.unwrap();
    assert_eq!(first.code, StatusCode::SEE_OTHER);
    let cookie = first.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("calport-page="), "{cookie}");
    for part in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Max-Age=3600"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let page = Page {
        world: &world,
        browser,
    };
    assert!(
        page.home()
            .await
            .contains("Settings of Ann &#60;Example&#62;")
    );
    let second = Browser::new().visit(&url, &[]).await.unwrap();
    assert_eq!(second.code, StatusCode::FORBIDDEN);
    assert!(second.body.contains("This link no longer works"));
    assert!(second.headers.get("set-cookie").is_none());
}

#[calport_databases::each_database]
async fn a_one_time_url_that_is_too_old_opens_nothing() {
    let world = World::start().await.unwrap();
    let url = ticket(&world, json!({"user": "ann"})).await;
    execute(
        &world,
        "UPDATE page_tickets SET expires_at = expires_at - 301",
    )
    .await;
    let landing = Browser::new().visit(&url, &[]).await.unwrap();
    assert_eq!(landing.code, StatusCode::FORBIDDEN);
    let landing = Browser::new()
        .visit(&format!("{}/page/open/", world.url), &[])
        .await
        .unwrap();
    assert_eq!(landing.code, StatusCode::FORBIDDEN);
}

#[calport_databases::each_database]
async fn looking_ahead_does_not_use_a_one_time_url_up() {
    let world = World::start().await.unwrap();
    let url = ticket(&world, json!({"user": "ann"})).await;
    let browser = Browser::new();
    let ahead = browser
        .visit(&url, &[("sec-purpose", "prefetch;prerender")])
        .await
        .unwrap();
    assert_eq!(ahead.code, StatusCode::NO_CONTENT);
    let head = reqwest::Client::new().head(&url).send().await.unwrap();
    assert_eq!(head.status(), StatusCode::NO_CONTENT);
    assert_eq!(
        browser.visit(&url, &[]).await.unwrap().code,
        StatusCode::SEE_OTHER
    );
}

#[calport_databases::each_database]
async fn only_the_platform_opens_pages() {
    // case 35
    let world = World::start().await.unwrap();
    let body = json!({"user": "ann"});
    let path = "/api/page-sessions/";
    let user = world
        .user("ann", Method::POST, path, Some(&body))
        .await
        .unwrap();
    assert_eq!(user.status, StatusCode::FORBIDDEN);
    let nobody = world
        .call(Method::POST, path, None, Some(&body))
        .await
        .unwrap();
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    for wrong in [
        json!({}),
        json!({"user": ""}),
        json!({"user": "a b"}),
        json!({"user": "ann", "name": ""}),
        json!({"user": "ann", "name": "a\nb"}),
        json!({"user": "ann", "admin": true}),
    ] {
        let reply = world
            .platform(Method::POST, path, Some(&wrong))
            .await
            .unwrap();
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
}

#[calport_databases::each_database]
async fn what_opens_the_page_is_stored_as_a_hash_alone() {
    // case 13
    let world = World::start().await.unwrap();
    let url = ticket(&world, json!({"user": "ann"})).await;
    let (_, token) = url.split_once("ticket=").unwrap();
    let browser = Browser::new();
    let other = ticket(&world, json!({"user": "ann"})).await;
    let opened = browser.visit(&other, &[]).await.unwrap();
    let cookie = opened.headers["set-cookie"].to_str().unwrap();
    let session = cookie.split(['=', ';']).nth(1).unwrap();
    assert_eq!((token.len(), session.len()), (43, 43), "256 bits each");
    for file in std::fs::read_dir(world.folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for secret in [token, session] {
            assert!(!bytes.windows(43).any(|window| window == secret.as_bytes()));
        }
    }
}

#[calport_databases::each_database]
async fn without_an_open_page_there_is_only_a_sentence() {
    let world = World::start().await.unwrap();
    for path in [
        "/page/",
        "/page/?lang=de",
        "/page/calendars/google/choose/",
        "/page/calendars/google/disconnect/",
    ] {
        let landing = Browser::new()
            .visit(&format!("{}{path}", world.url), &[])
            .await
            .unwrap();
        assert_eq!(landing.code, StatusCode::FORBIDDEN, "{path}");
        let heading = if path.contains("lang=de") {
            "geschlossen"
        } else {
            "These settings are closed"
        };
        assert!(landing.body.contains(heading), "{path}");
    }
    let page = page(&world, "ann").await;
    execute(
        &world,
        "UPDATE page_sessions SET expires_at = expires_at - 3601",
    )
    .await;
    assert_eq!(page.get("/page/").await.code, StatusCode::FORBIDDEN);
}

#[calport_databases::each_database]
async fn closing_ends_the_session_and_not_only_the_cookie() {
    let world = World::start().await.unwrap();
    let page = page(&world, "ann").await;
    let token = page.form_token().await;
    let landing = page.post("/page/close/", &[]).await;
    assert_eq!(landing.code, StatusCode::OK);
    assert!(
        landing.headers["set-cookie"]
            .to_str()
            .unwrap()
            .contains("Max-Age=0")
    );
    assert_eq!(page.get("/page/").await.code, StatusCode::FORBIDDEN);
    let url = format!("{}/page/close/", world.url);
    let again = page
        .browser
        .submit(&url, &[("form_token", &token)], &[SAME_ORIGIN])
        .await;
    assert_eq!(again.unwrap().code, StatusCode::FORBIDDEN);
}
