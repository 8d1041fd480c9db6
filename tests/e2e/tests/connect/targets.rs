//! Where browsers are sent: to places that the operator has fixed, with words of ours alone.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Request, header, request::Builder},
    response::Response,
};
use calport_e2e::{Browser, World, WorldOptions, accounts::CASEY, token};
use calport_host::api;
use calport_standins::{Behaviour, ConsentChoice, Fault};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::num::NonZeroU32;
use tower::ServiceExt;
use url::{Url, form_urlencoded};

/// Names under which the world's web applications take a place to go to.
const NAMES: [&str; 14] = [
    "return_to",
    "return_url",
    "returnUrl",
    "redirect_uri",
    "redirect",
    "redirect_url",
    "next",
    "url",
    "continue",
    "dest",
    "callback",
    "provider",
    "status",
    "handle",
];

/// 200 ways to name a place that is not ours.
fn elsewhere() -> Vec<String> {
    let places = [
        "evil.example",
        "evil.example:443",
        "platform.example.evil.example",
        "xn--evl-fma.example",
        "203.0.113.7",
        "3405803783",
        "[2001:db8::1]",
        "evil。example",
    ];
    let forms = [
        "https://{}",
        "http://{}/",
        "//{}",
        "///{}",
        "////{}",
        "\\\\{}",
        "/\\{}",
        "https:{}",
        "https:/{}",
        "https:\\\\{}",
        "{}",
        "@{}",
        ".{}",
        ":{}",
        "https://platform.example@{}",
        "https://platform.example:x@{}/",
        "https://{}/platform.example",
        "https://{}#platform.example",
        "https://{}?platform.example",
        " https://{}",
        "/%09/{}",
        "%2f%2f{}",
        "https%3a%2f%2f{}",
        "javascript:location='//{}'",
        "data:text/html,<meta http-equiv=refresh content=0;//{}>",
    ];
    let all = places
        .iter()
        .flat_map(|place| forms.iter().map(move |form| form.replace("{}", place)));
    all.collect()
}

async fn send(world: &World, request: Builder, body: Body) -> Response {
    let router = api::router(world.service.clone());
    router.oneshot(request.body(body).unwrap()).await.unwrap()
}

async fn json_of(reply: Response) -> Value {
    let bytes = axum::body::to_bytes(reply.into_body(), 1 << 20)
        .await
        .unwrap();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// `POST .../connect/` with a header or a hint; checks where it would send the browser.
async fn begin(world: &World, with: Option<(HeaderName, &str)>, hint: Option<&str>) {
    let bearer = token(&json!({"sub": "ann", "exp": 4_000_000_000_u64})).unwrap();
    let mut request = Request::post("/api/calendar/google/connect/")
        .header(header::AUTHORIZATION, format!("Bearer {bearer}"))
        .header(header::CONTENT_TYPE, "application/json");
    if let Some((name, value)) = &with {
        request = request.header(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    let body = Body::from(json!({ "login_hint": hint }).to_string());
    let reply = send(world, request, body).await;
    assert_eq!(reply.status(), StatusCode::OK, "{with:?} {hint:?}");
    let cookie = reply.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(!cookie.to_lowercase().contains("domain"), "{cookie}");
    let begun = json_of(reply).await;
    let url = Url::parse(begun["authorization_url"].as_str().unwrap()).unwrap();
    let own = Url::parse(world.google.base_url()).unwrap();
    assert_eq!(url.origin(), own.origin(), "{with:?} {hint:?}");
    let back: Vec<_> = url
        .query_pairs()
        .filter(|(name, _)| name == "redirect_uri")
        .map(|(_, value)| value.into_owned())
        .collect();
    assert_eq!(
        back,
        [format!("{}/api/calendar/google/callback/", world.url)],
        "{with:?} {hint:?}"
    );
}

/// In which a user may begin to connect far more often than users do.
async fn connecting_often() -> World {
    let options = WorldOptions {
        connects_per_minute: Some(NonZeroU32::MAX),
        ..WorldOptions::default()
    };
    World::start_with(options).await.unwrap()
}

#[calport_databases::each_database]
async fn case_07_two_hundred_open_redirect_strings_change_no_target() {
    let world = connecting_often().await;
    let all = elsewhere();
    assert_eq!(all.len(), 200);
    for place in &all {
        let pairs = NAMES.iter().map(|name| (*name, place.as_str()));
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .append_pair("code", place)
            .append_pair("state", place)
            .finish();
        let request = Request::get(format!("/api/calendar/google/callback/?{query}"));
        let reply = send(&world, request, Body::empty()).await;
        assert_eq!(
            reply.headers()[header::LOCATION],
            "https://platform.example/calendars?tab=sync&provider=google&status=expired",
            "{place}"
        );
        for path in ["/page/", "/page/open/", "/page/returned/", "/done/"] {
            let reply = send(
                &world,
                Request::get(format!("{path}?{query}")),
                Body::empty(),
            )
            .await;
            assert!(
                !reply.headers().contains_key(header::LOCATION),
                "{path} {place}"
            );
            assert!(!reply.headers().contains_key("refresh"), "{path} {place}");
        }
        begin(&world, None, Some(place)).await;
    }
    // The same with a flow that ends well.
    let browser = Browser::new();
    let url = world.begin("ann", &browser).await.unwrap();
    let callback = world
        .google
        .consent(&url, CASEY, &ConsentChoice::Allow)
        .unwrap();
    let more = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(NAMES.iter().map(|name| (*name, "https://evil.example")))
        .finish();
    let landing = browser.open(&format!("{callback}&{more}")).await.unwrap();
    assert_eq!(
        landing.location.unwrap().as_str(),
        "https://platform.example/calendars?tab=sync&provider=google&status=connected"
    );
}

#[calport_databases::each_database]
async fn case_07_no_host_header_changes_a_target() {
    let world = connecting_often().await;
    let names = [
        "host",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-forwarded-port",
        "x-forwarded-server",
        "x-original-url",
        "x-rewrite-url",
        "x-host",
        "forwarded",
        "origin",
        "referer",
    ];
    for (number, place) in elsewhere().iter().enumerate() {
        let name = HeaderName::from_static(names[number % names.len()]);
        for name in [
            name,
            header::HOST,
            HeaderName::from_static("x-forwarded-host"),
        ] {
            begin(&world, Some((name.clone(), place)), None).await;
            let value = HeaderValue::from_bytes(place.as_bytes()).unwrap();
            let request =
                Request::get("/api/calendar/google/callback/?state=x").header(&name, value);
            let reply = send(&world, request, Body::empty()).await;
            assert_eq!(
                reply.headers()[header::LOCATION],
                "https://platform.example/calendars?tab=sync&provider=google&status=expired",
                "{name}: {place}"
            );
        }
    }
}

const MARKUP: &str = "<script>canary()</script><img src=x onerror=canary()>\"'><a href=//canary>";

#[calport_databases::each_database]
async fn case_08_markup_of_a_consent_page_is_never_echoed() {
    let world = World::start().await.unwrap();
    for error in ["access_denied", "server_error", "no_such_error", MARKUP] {
        let browser = Browser::new();
        let url = Url::parse(&world.begin("ann", &browser).await.unwrap()).unwrap();
        let mut pairs = url.query_pairs();
        let (_, state) = pairs.find(|(name, _)| name == "state").unwrap();
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("error", error)
            .append_pair("error_description", MARKUP)
            .append_pair("error_uri", MARKUP)
            .append_pair("error_subcode", MARKUP)
            .append_pair("state", &state)
            .finish();
        let landing = browser
            .open(&format!(
                "{}/api/calendar/google/callback/?{query}",
                world.url
            ))
            .await
            .unwrap();
        assert_eq!(landing.code, StatusCode::SEE_OTHER);
        assert!(["denied", "retry", "rejected"].contains(&landing.status().as_str()));
        let headers = format!("{:?}", landing.headers);
        assert!(!headers.contains("canary") && !landing.body.contains("canary"));
        // And by the pages that say the outcome, whatever their URL holds.
        for path in ["/page/returned/", "/done/"] {
            let said = browser
                .open(&format!(
                    "{}{path}?provider=google&status={query}&{query}",
                    world.url
                ))
                .await
                .unwrap();
            assert!(!said.body.contains("canary"), "{path}: {}", said.body);
        }
    }
}

#[calport_databases::each_database]
async fn case_08_markup_of_a_token_endpoint_is_never_echoed() {
    for error in ["invalid_grant", "invalid_client", "server_error", MARKUP] {
        let world = World::start().await.unwrap();
        let reply = json!({"error": error, "error_description": MARKUP, "error_uri": MARKUP});
        world
            .google
            .faults()
            .add(
                Fault::on("POST", "/token")
                    .always()
                    .behaviour(Behaviour::Reply {
                        status: 400,
                        headers: vec![("content-type".into(), "application/json".into())],
                        body: reply.to_string(),
                    }),
            );
        let browser = Browser::new();
        let url = world.begin("ann", &browser).await.unwrap();
        let callback = world
            .google
            .consent(&url, CASEY, &ConsentChoice::Allow)
            .unwrap();
        let parked = Browser::new().open(&callback).await.unwrap();
        let body = json!({ "handle": parked.parameter("handle").unwrap() });
        let path = "/api/calendar/google/complete/";
        let problem = world
            .user("ann", reqwest::Method::POST, path, Some(&body))
            .await
            .unwrap();
        assert!(!problem.status.is_success(), "{error}");
        assert!(
            !problem.text.contains("canary"),
            "{error}: {}",
            problem.text
        );
    }
}
