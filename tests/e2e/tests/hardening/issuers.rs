//! Whose signature counts, where a platform publishes its keys or has several audiences.

use crate::operations::{By, Operation};
use axum::{Json, Router, routing::get};
use calport_e2e::{JWT_SECRET, World, WorldOptions, token};
use calport_host::config::{UserTokenKeys, UserTokens};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};
use url::Url;

const FAR: u64 = 4_000_000_000;

/// An Ed25519 key, made for these tests of 32 sevens (RFC 8410), and its public half.
const PRIVATE: [u8; 48] = {
    let mut key = [7; 48];
    let head = [
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20,
    ];
    let mut at = 0;
    while at < head.len() {
        key[at] = head[at];
        at += 1;
    }
    key
};
const PUBLIC: &str = "6kpsY-KcUgq-9VB7Ey7F-ZVHdq6-vnuSQh7qaRRG0iw";

async fn with(user_tokens: UserTokens) -> World {
    let options = WorldOptions {
        user_tokens: Some(user_tokens),
        ..WorldOptions::default()
    };
    World::start_with(options).await.unwrap()
}

/// Checks what every operation of users' answers to this bearer.
async fn is_answered(world: &World, bearer: &str, is_valid: bool, what: &str) {
    for operation in Operation::all(world).await {
        if !operation.callers.contains(&By::User) {
            continue;
        }
        let (method, body) = (operation.method.clone(), operation.body());
        let reply = world
            .call(method, &operation.path, Some(bearer), body.as_ref())
            .await
            .unwrap();
        let is_refused = reply.status == StatusCode::UNAUTHORIZED;
        assert_eq!(
            !is_refused, is_valid,
            "{what}, {} {}",
            operation.method, operation.path
        );
    }
}

#[tokio::test]
async fn case_35_a_bearer_for_another_audience_opens_nothing() {
    let world = with(UserTokens {
        keys: UserTokenKeys::Shared(JWT_SECRET.into()),
        audience: Some("calport".to_owned()),
    })
    .await;
    for (audience, is_valid) in [
        (json!("shop"), false),
        (json!(["shop", "mail"]), false),
        (json!(""), false),
        (json!("Calport"), false),
        (json!("calport "), false),
        (Value::Null, false),
        (json!(["shop", "calport"]), true),
        (json!("calport"), true),
    ] {
        let said = format!("aud {audience}");
        let mut claims = json!({"sub": "ann", "exp": FAR, "aud": audience});
        if claims["aud"].is_null() {
            claims = json!({"sub": "ann", "exp": FAR});
        }
        is_answered(&world, &token(&claims).unwrap(), is_valid, &said).await;
    }
}

fn published() -> Value {
    json!({"keys": [
        {"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": "k1", "x": PUBLIC},
    ]})
}

/// A platform that publishes its keys at `/keys`.
async fn publishing(router: Router) -> World {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    with(UserTokens {
        keys: UserTokenKeys::Jwks(Url::parse(&format!("http://{address}/keys")).unwrap()),
        audience: None,
    })
    .await
}

fn signed(algorithm: Algorithm, id: Option<&str>, key: &EncodingKey) -> String {
    let mut header = Header::new(algorithm);
    header.kid = id.map(str::to_owned);
    encode(&header, &json!({"sub": "ann", "exp": FAR}), key).unwrap()
}

#[tokio::test]
async fn case_35_whoever_hangs_up_while_keys_are_asked_for_shuts_nobody_out() {
    let (asked, answers) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let keys = {
        let (asked, answers) = (asked.clone(), answers.clone());
        move || async move {
            asked.notify_one();
            answers.notified().await;
            Json(published())
        }
    };
    let world = publishing(Router::new().route("/keys", get(keys))).await;
    let bearer = signed(
        Algorithm::EdDSA,
        Some("k1"),
        &EncodingKey::from_ed_der(&PRIVATE),
    );
    let address = world.url.trim_start_matches("http://");
    let mut hasty = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "GET /api/calendar/ HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {bearer}\r\n\r\n"
    );
    hasty.write_all(head.as_bytes()).await.unwrap();
    asked.notified().await;
    hasty.shutdown().await.unwrap();
    // The host has given the request up.
    assert_eq!(hasty.read_to_end(&mut Vec::new()).await.unwrap(), 0);
    answers.notify_one();
    let reply = world
        .call(Method::GET, "/api/calendar/", Some(&bearer), None)
        .await;
    assert_eq!(reply.unwrap().status, StatusCode::OK);
}

#[tokio::test]
async fn case_35_only_the_published_keys_sign_and_none_of_them_is_a_secret() {
    let world = publishing(Router::new().route("/keys", get(|| async { Json(published()) }))).await;
    let own = EncodingKey::from_ed_der(&PRIVATE);
    let mut other = PRIVATE;
    other[47] = 8;
    let other = EncodingKey::from_ed_der(&other);
    let [as_text, as_key] =
        [PUBLIC.as_bytes(), JWT_SECRET.as_bytes()].map(EncodingKey::from_secret);
    // `{"alg":"none","kid":"k1"}` and the claims.
    let none = "eyJhbGciOiJub25lIiwia2lkIjoiazEifQ.eyJzdWIiOiJhbm4iLCJleHAiOjQwMDAwMDAwMDB9.";
    for (bearer, is_valid, what) in [
        (
            signed(Algorithm::EdDSA, Some("k1"), &own),
            true,
            "the platform's",
        ),
        (
            signed(Algorithm::EdDSA, Some("k1"), &other),
            false,
            "a stranger's key",
        ),
        (
            signed(Algorithm::EdDSA, Some("k2"), &own),
            false,
            "an unknown id",
        ),
        (signed(Algorithm::EdDSA, None, &own), false, "without an id"),
        (
            signed(Algorithm::HS256, Some("k1"), &as_text),
            false,
            "the public key as a secret",
        ),
        (
            signed(Algorithm::HS256, Some("k1"), &as_key),
            false,
            "a shared secret",
        ),
        (none.to_owned(), false, "algorithm none"),
    ] {
        is_answered(&world, &bearer, is_valid, what).await;
    }
}
