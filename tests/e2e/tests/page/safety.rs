//! What strangers cannot do: with forms, with frames, with texts.

use crate::visiting::{Page, SAME_ORIGIN, page, put_booking, ticket};
use calport_e2e::{Browser, World, WorldOptions, accounts::CASEY};
use calport_standins::{ConsentChoice, GoogleAccount, GoogleCalendar, GoogleConfig, GoogleRole};
use reqwest::{Method, StatusCode};
use serde_json::json;

/// Texts that run, or break out, where they are not escaped.
const XSS: [&str; 8] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'><svg onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "<iframe srcdoc=\"<script>alert(1)</script>\">",
    "javascript:alert(1)//<a href=javascript:alert(1)>x</a>",
    "{{7*7}}${7*7}<%= 7*7 %><x y=z>",
    "--><style>*{display:none}</style>\u{202e}<b>",
];

#[calport_databases::each_database]
async fn case_36_a_form_of_another_origin_or_session_changes_nothing() {
    let world = World::start().await.unwrap();
    let ann = page(&world, "ann").await;
    ann.connect(CASEY, &ConsentChoice::Allow).await;
    let mallory = page(&world, "mallory").await;
    let (own, foreign) = (ann.form_token().await, mallory.form_token().await);
    assert_ne!(own, foreign);
    let origin = world.url.as_str();
    let refused: &[(&str, &[(&str, &str)])] = &[
        (
            &own,
            &[("sec-fetch-site", "cross-site"), ("origin", origin)],
        ),
        (&own, &[("sec-fetch-site", "same-site")]),
        (&own, &[("sec-fetch-site", "none")]),
        (&own, &[("origin", "https://evil.example")]),
        (&own, &[("origin", "null")]),
        (&own, &[]),
        (&foreign, &[SAME_ORIGIN]),
        ("", &[SAME_ORIGIN]),
    ];
    for path in [
        "/page/calendars/google/disconnect/",
        "/page/calendars/google/connect/",
        "/page/calendars/google/choose/",
        "/page/calendars/google/again/",
        "/page/calendars/google/complete/",
        "/page/feed/",
        "/page/feed/end/",
        "/page/close/",
    ] {
        for (token, headers) in refused {
            let url = format!("{origin}{path}");
            let landing = ann
                .browser
                .submit(&url, &[("form_token", token)], headers)
                .await
                .unwrap();
            assert_eq!(landing.code, StatusCode::FORBIDDEN, "{path} {headers:?}");
            assert!(
                landing
                    .body
                    .contains("This form did not come from this page"),
                "{path}"
            );
            assert!(landing.headers.get("set-cookie").is_none());
        }
    }
    assert!(ann.home().await.contains(CASEY), "still connected");
    // Browsers that know no fetch metadata say the origin.
    let url = format!("{origin}/page/feed/end/");
    let old = ann
        .browser
        .submit(&url, &[("form_token", &own)], &[("origin", origin)])
        .await;
    assert_eq!(old.unwrap().code, StatusCode::SEE_OTHER);
}

#[calport_databases::each_database]
async fn one_users_page_neither_shows_nor_reaches_anothers_account() {
    let world = World::start().await.unwrap();
    let ann = page(&world, "ann").await;
    ann.connect(CASEY, &ConsentChoice::Allow).await;
    put_booking(&world, "1", "ann", "Something private").await;
    let bob = page(&world, "bob").await;
    let home = bob.home().await;
    assert!(!home.contains(CASEY) && !home.contains("Something private"));
    let landing = bob.get("/page/calendars/google/choose/").await;
    assert_eq!(landing.status(), "not-connected");
    bob.post(
        "/page/calendars/google/disconnect/",
        &[("events", "remove")],
    )
    .await;
    assert!(ann.home().await.contains(CASEY));
}

// A link is forged with SQLite's own words; what the page does with it is no matter of the database.
#[tokio::test]
async fn case_37_no_text_of_anybodys_runs_on_the_page() {
    for payload in XSS {
        let mut account = GoogleAccount::new(CASEY, payload);
        account = account.calendar(GoogleCalendar::new("work", payload, GoogleRole::Owner));
        let google = GoogleConfig::default().accounts([account]);
        let world = World::start_with(WorldOptions {
            google,
            ..WorldOptions::default()
        })
        .await
        .unwrap();
        let body = json!({"user": "ann", "name": payload});
        let browser = Browser::new();
        browser
            .visit(&ticket(&world, body).await, &[])
            .await
            .unwrap();
        let page = Page {
            world: &world,
            browser,
        };
        page.connect(CASEY, &ConsentChoice::Allow).await;
        let booking = json!({
            "revision": 1, "title": payload, "location": payload, "description": payload,
            "start_date": "2031-12-24", "end_date": "2031-12-26",
            "participants": [{"user": "ann", "role": payload}],
        });
        let reply = world
            .platform(Method::PUT, "/api/jobs/1/", Some(&booking))
            .await
            .unwrap();
        assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
        // A provider's label is stored as it came; what a hostile plugin could store is put
        // there by hand.
        sqlx::query("UPDATE connections SET account_label = $1, calendar_name = $1")
            .bind(payload)
            .execute(world.service.vault().database().pool())
            .await
            .unwrap();
        world.settled("/api/jobs/1/", "ann").await.unwrap();
        sqlx::query("UPDATE deliveries SET reason = $1, remote = json_set(remote, '$.link', $1)")
            .bind(payload)
            .execute(world.service.vault().database().pool())
            .await
            .unwrap();
        for path in [
            "/page/",
            "/page/?provider=google&status=chosen",
            "/page/calendars/google/choose/",
            "/page/calendars/google/disconnect/",
        ] {
            let landing = page.get(path).await;
            assert_eq!(landing.code, StatusCode::OK, "{path}");
            let body = landing.body;
            assert_eq!(body.matches("<script").count(), 0, "{path}\n{body}");
            for broken in [
                "<img",
                "<svg onload",
                "<iframe",
                "<b>",
                "<x ",
                "href=\"javascript:",
                "<style>",
                "<a href=javascript",
                payload,
            ] {
                assert!(!body.contains(broken), "{broken} on {path}\n{body}");
            }
        }
    }
}

#[calport_databases::each_database]
async fn case_37_every_page_refuses_frames_and_loads_nothing_of_others() {
    let world = World::start().await.unwrap();
    let page = page(&world, "ann").await;
    for path in [
        "/page/",
        "/page/calendars/google/connect/",
        "/page/open/",
        "/done/?status=denied",
    ] {
        let landing = page.get(path).await;
        let policy = landing.headers["content-security-policy"]
            .to_str()
            .unwrap()
            .to_owned();
        for part in [
            "default-src 'none'",
            "style-src 'self'",
            "script-src 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert!(policy.contains(&format!("form-action 'self' {}", world.google.base_url())));
        assert_eq!(landing.headers["x-frame-options"], "DENY");
        assert_eq!(landing.headers["x-content-type-options"], "nosniff");
        assert_eq!(landing.headers["cache-control"], "no-store");
    }
    let home = page.home().await;
    assert!(!home.contains("style=\"") && !home.contains("onclick"));
    let address = page.post("/page/feed/", &[]).await.body;
    for (start, kind) in [
        ("href=\"/page/assets/", "text/css"),
        ("src=\"/page/assets/", "text/javascript"),
    ] {
        let (_, rest) = address.split_once(start).unwrap();
        let name = rest.split('"').next().unwrap();
        let asset = page.get(&format!("/page/assets/{name}")).await;
        assert_eq!(asset.code, StatusCode::OK);
        assert!(
            asset.headers["content-type"]
                .to_str()
                .unwrap()
                .starts_with(kind)
        );
        assert!(
            asset.headers["cache-control"]
                .to_str()
                .unwrap()
                .contains("immutable")
        );
        assert!(!asset.body.contains("http"), "nothing of others");
    }
    let missing = page.get("/page/assets/style-x.css").await;
    assert_eq!(missing.code, StatusCode::NOT_FOUND);
}
