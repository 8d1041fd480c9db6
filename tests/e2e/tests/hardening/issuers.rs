//! Whose signature counts, where a platform publishes its keys or has several audiences.

use crate::operations::{By, Operation};
use axum::{Json, Router, routing::get};
use calport_e2e::{JWT_SECRET, World, WorldOptions, token};
use calport_host::config::{UserTokenKeys, UserTokens};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;
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

#[tokio::test]
async fn case_35_only_the_published_keys_sign_and_none_of_them_is_a_secret() {
    let published = json!({"keys": [
        {"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": "k1", "x": PUBLIC},
    ]});
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/keys", get(|| async { Json(published) }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let world = with(UserTokens {
        keys: UserTokenKeys::Jwks(Url::parse(&format!("http://{address}/keys")).unwrap()),
        audience: None,
    })
    .await;
    let signed = |algorithm, id: Option<&str>, key: &EncodingKey| {
        let mut header = Header::new(algorithm);
        header.kid = id.map(str::to_owned);
        encode(&header, &json!({"sub": "ann", "exp": FAR}), key).unwrap()
    };
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
