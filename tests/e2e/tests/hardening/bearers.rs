//! Who may call what, on every route that there is.

use crate::{
    operations::{BOOKING, By, Operation, USER, bearer, booking},
    raw::PATIENCE,
    rows::Rows,
};
use calport_e2e::{METRICS_TOKEN, PLATFORM_TOKEN, World, accounts::CASEY, token};
use calport_standins::ConsentChoice;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::{
    Method, StatusCode,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const FAR: u64 = 4_000_000_000;

/// A user whose account is connected and who takes part in a booking, and nothing left to do:
/// whatever changes from here on, a caller has done it.
async fn settled() -> World {
    let mut world = World::start().await.unwrap();
    let landing = world.connect(USER, CASEY, &ConsentChoice::Allow).await;
    assert_eq!(landing.unwrap().status(), "connected");
    let body = booking(1, "Deep clean");
    let reply = world.platform(Method::PUT, BOOKING, Some(&body)).await;
    assert_eq!(reply.unwrap().status, StatusCode::ACCEPTED);
    world.settled(BOOKING, USER).await.unwrap();
    // The worker says last of all that it is done with the calendar.
    let deadline = Instant::now() + PATIENCE;
    while claims(&world).await > 0 {
        assert!(Instant::now() < deadline, "a worker never ends");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    world.crash_workers().await;
    world.crash_webhooks().await;
    world
}

/// Calendars that workers are at.
async fn claims(world: &World) -> i64 {
    sqlx::query_scalar("SELECT COUNT(*) FROM lanes WHERE claim IS NOT NULL")
        .fetch_one(world.service.vault().database().pool())
        .await
        .unwrap()
}

/// How often the providers have been asked, and connected to.
fn calls(world: &World) -> (usize, usize, u64, u64) {
    let (google, outlook) = (&world.google, &world.outlook);
    (
        google.requests().len(),
        outlook.requests().len(),
        google.connections(),
        outlook.connections(),
    )
}

fn header(name: &'static str, value: &str) -> HeaderMap {
    let value = HeaderValue::from_str(value).unwrap();
    HeaderMap::from_iter([(HeaderName::from_static(name), value)])
}

/// Signed with the right secret by another algorithm, or with another secret by the right one.
fn signed(algorithm: Algorithm, secret: &[u8]) -> String {
    let claims = json!({"sub": USER, "exp": FAR});
    let key = EncodingKey::from_secret(secret);
    encode(&Header::new(algorithm), &claims, &key).unwrap()
}

/// Headers that entitle nobody to anything, with what is wrong with them.
fn worthless() -> Vec<(&'static str, HeaderMap)> {
    let good = By::User.bearer();
    let (head, signature) = good.rsplit_once('.').unwrap();
    let backwards: String = signature.chars().rev().collect();
    let mallorys = bearer(&json!({"sub": "mallory"}));
    let (_, mallorys) = mallorys.rsplit_once('.').unwrap();
    // `{"alg":"none"}` and the claims of USER, in base64url.
    let none = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4iLCJleHAiOjQwMDAwMDAwMDB9.";
    let capital = "eyJhbGciOiJOb25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJhbm4iLCJleHAiOjQwMDAwMDAwMDB9.";
    let said = |claims: Value| token(&claims).unwrap();
    let secret = calport_e2e::JWT_SECRET.as_bytes();
    let long = "x".repeat(10_000);
    let bearers = [
        ("empty", String::new()),
        ("expired", said(json!({"sub": USER, "exp": 1_000_000_000}))),
        ("without an end", said(json!({"sub": USER}))),
        (
            "an end that is a text",
            said(json!({"sub": USER, "exp": "never"})),
        ),
        (
            "not valid yet",
            said(json!({"sub": USER, "exp": FAR, "nbf": FAR})),
        ),
        ("of nobody", said(json!({"exp": FAR}))),
        ("of an empty name", said(json!({"sub": "", "exp": FAR}))),
        (
            "of a name with a space",
            said(json!({"sub": "a nn", "exp": FAR})),
        ),
        (
            "of a name with a line",
            said(json!({"sub": "ann\n", "exp": FAR})),
        ),
        ("of a list", said(json!({"sub": [USER], "exp": FAR}))),
        (
            "of an empty tenant",
            said(json!({"sub": USER, "tenant": "", "exp": FAR})),
        ),
        (
            "foreign",
            signed(Algorithm::HS256, b"another platform's secret, of 32 bytes"),
        ),
        ("HS384", signed(Algorithm::HS384, secret)),
        ("HS512", signed(Algorithm::HS512, secret)),
        ("algorithm none", none.to_owned()),
        ("algorithm None", capital.to_owned()),
        ("none with a signature", format!("{none}{signature}")),
        ("unsigned", format!("{head}.")),
        ("without a signature", head.to_owned()),
        ("signed backwards", format!("{head}.{backwards}")),
        ("signed for another", format!("{head}.{mallorys}")),
        ("one part more", format!("{good}.x")),
        ("the platform's, cut", PLATFORM_TOKEN[1..].to_owned()),
        (
            "the platform's, cut off",
            PLATFORM_TOKEN[..PLATFORM_TOKEN.len() - 1].to_owned(),
        ),
        ("the platform's, longer", format!("{PLATFORM_TOKEN}0")),
        ("the platform's, in capitals", PLATFORM_TOKEN.to_uppercase()),
        ("the metrics', cut", METRICS_TOKEN[1..].to_owned()),
        ("very long", long),
    ];
    let mut all: Vec<_> = bearers
        .iter()
        .map(|(what, value)| (*what, header("authorization", &format!("Bearer {value}"))))
        .collect();
    all.push(("missing", HeaderMap::new()));
    for (what, value) in [
        ("without a scheme", PLATFORM_TOKEN.to_owned()),
        ("of another scheme", format!("Basic {PLATFORM_TOKEN}")),
        ("of two schemes", format!("Bearer Bearer {PLATFORM_TOKEN}")),
    ] {
        all.push((what, header("authorization", &value)));
    }
    let mut twice = header("authorization", &format!("Bearer {PLATFORM_TOKEN}"));
    let again = HeaderValue::from_str(&format!("Bearer {good}")).unwrap();
    twice.append("authorization", again);
    all.push(("two at once", twice));
    all.push((
        "in a cookie",
        header("cookie", &format!("token={good}; session={good}")),
    ));
    all.push((
        "in another header",
        header("x-authorization", &format!("Bearer {good}")),
    ));
    all.push((
        "by a proxy",
        header("proxy-authorization", &format!("Bearer {good}")),
    ));
    all
}

struct Caller<'a> {
    world: &'a World,
    client: reqwest::Client,
}

impl<'a> Caller<'a> {
    fn new(world: &'a World) -> Self {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none());
        Self {
            world,
            client: client.build().unwrap(),
        }
    }

    /// The status, and where a browser is sent.
    async fn call(
        &self,
        operation: &Operation,
        path: &str,
        headers: HeaderMap,
    ) -> (StatusCode, String) {
        let url = format!("{}{path}", self.world.url);
        let mut request = self.client.request(operation.method.clone(), url);
        request = request.headers(headers);
        if let Some(body) = operation.body() {
            request = request.json(&body);
        }
        let reply = request.send().await.unwrap();
        let location = reply.headers().get("location");
        let location = location.map(|to| to.to_str().unwrap().to_owned());
        (reply.status(), location.unwrap_or_default())
    }
}

#[calport_databases::each_database]
async fn case_35_no_route_does_anything_for_a_bearer_that_is_not_valid() {
    let world = settled().await;
    let caller = Caller::new(&world);
    let (before, called) = (Rows::of(&world).await, calls(&world));
    let worthless = worthless();
    let mut tried = 0;
    for operation in Operation::all(&world).await {
        for path in operation.spellings() {
            let (open, _) = caller.call(&operation, &path, HeaderMap::new()).await;
            for (what, headers) in &worthless {
                let mut all = vec![headers.clone()];
                if operation.writes() {
                    let mut with_key = headers.clone();
                    with_key.insert("idempotency-key", HeaderValue::from_static("k-1"));
                    all.push(with_key);
                }
                for headers in all {
                    let (status, to) = caller.call(&operation, &path, headers).await;
                    let said = format!("{} {path}, {what}: {status} {to}", operation.method);
                    tried += 1;
                    if !operation.is_open {
                        assert_eq!(status, StatusCode::UNAUTHORIZED, "{said}");
                        continue;
                    }
                    // Without a bearer, and so with any that is not valid.
                    assert_eq!(status, open, "{said}");
                    match (status.as_u16(), operation.path.as_str()) {
                        (200, "/healthz" | "/readyz" | "/api/openapi.json") => {}
                        (303, "/api/calendar/google/callback/") => {
                            assert!(to.ends_with("provider=google&status=expired"), "{said}");
                        }
                        (401 | 404, _) => {}
                        _ => panic!("{said}"),
                    }
                }
            }
        }
    }
    assert_eq!(Rows::of(&world).await, before);
    assert_eq!(calls(&world), called);
    println!(
        "case 35: {tried} calls with {} worthless bearers, 0 did anything",
        worthless.len()
    );
}

#[calport_databases::each_database]
async fn case_35_a_valid_bearer_opens_what_is_its_own_and_nothing_else() {
    let world = settled().await;
    let caller = Caller::new(&world);
    let (before, called) = (Rows::of(&world).await, calls(&world));
    let operations = Operation::all(&world).await;
    let with = |bearer: &str| header("authorization", &format!("Bearer {bearer}"));
    // A bearer of another kind.
    for operation in operations.iter().filter(|operation| !operation.is_open) {
        for by in By::ALL.iter().filter(|by| !operation.callers.contains(by)) {
            let path = &operation.path;
            let (status, _) = caller.call(operation, path, with(&by.bearer())).await;
            let is_of_metrics = *by == By::Operator || operation.callers.contains(&By::Operator);
            let expected = match is_of_metrics {
                true => StatusCode::UNAUTHORIZED,
                false => StatusCode::FORBIDDEN,
            };
            assert_eq!(status, expected, "{} {path} by {by:?}", operation.method);
        }
    }
    assert_eq!(Rows::of(&world).await, before);
    assert_eq!(calls(&world), called);
    // Another user's, one of the same name in another tenant, and the platform for that tenant.
    let mut others = header("calport-tenant", "other");
    others.extend(with(PLATFORM_TOKEN));
    for (by, headers) in [
        (By::User, with(&bearer(&json!({"sub": "mallory"})))),
        (
            By::User,
            with(&bearer(&json!({"sub": USER, "tenant": "other"}))),
        ),
        (By::Platform, others),
    ] {
        let fitting = |operation: &&Operation| operation.callers.contains(&by);
        for operation in operations.iter().filter(fitting) {
            let path = &operation.path;
            let (status, _) = caller.call(operation, path, headers.clone()).await;
            let said = format!("{} {path} by another {by:?}: {status}", operation.method);
            if path.starts_with(BOOKING) && operation.method != Method::PUT {
                assert!(
                    status == StatusCode::NOT_FOUND || by == By::Platform && status.is_success(),
                    "{said}"
                );
            } else {
                assert!(!status.is_server_error(), "{said}");
            }
        }
    }
    let lost = Rows::of(&world).await.lost_since(&before);
    assert_eq!(lost, Vec::<String>::new());
    assert_eq!(calls(&world), called, "of nobody else's account");
    // What all of that was refused, those who are entitled to it can do.
    for operation in operations.iter().filter(|operation| !operation.is_open) {
        for by in &operation.callers {
            let path = &operation.path;
            let (status, _) = caller.call(operation, path, with(&by.bearer())).await;
            let refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
            let said = format!("{} {path} by {by:?}: {status}", operation.method);
            assert!(
                !refused.contains(&status) && !status.is_server_error(),
                "{said}"
            );
        }
    }
    assert!(!Rows::of(&world).await.lost_since(&before).is_empty());
    assert!(calls(&world).0 > called.0, "and the provider was asked");
}
