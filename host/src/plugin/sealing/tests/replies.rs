//! What token endpoints answer.

use super::*;
use crate::plugin::sealing::{
    fault::ReplyFault,
    policy::Asked,
    reply::{keep_known, seal},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

fn sealed(table: &Table, status: u16, body: &str) -> Result<Value, ReplyFault> {
    sealed_of(Asked::Tokens, table, status, body)
}

fn sealed_of(asked: Asked, table: &Table, status: u16, body: &str) -> Result<Value, ReplyFault> {
    let body = Bytes::from(body.to_owned());
    let sealed = seal(table, asked, StatusCode::from_u16(status).unwrap(), &body)?;
    Ok(serde_json::from_slice(&sealed).unwrap())
}

fn opened(table: &Table, kind: Kind, value: &Value) -> Option<String> {
    let secret = table.open(&[kind], value.as_str()?)?;
    Some(secret.expose_secret().to_owned())
}

#[test]
fn every_token_is_taken_out_and_what_a_guest_must_read_is_left() {
    let table = Table::default();
    let reply = json!({
        "access_token": ACCESS,
        "refresh_token": REFRESH,
        "id_token": "CANARY.id.token",
        "expires_in": 3599,
        "refresh_token_expires_in": 604_799,
        "token_type": "Bearer",
        "scope": "openid email",
        "foci": 1,
        "client_info": "CANARY-eyJ1aWQiOi",
        "team": { "name": "CANARY-team", "access_token": "CANARY-nested", "admin": true },
        "more": ["CANARY-one", ["CANARY-two"], null],
    });
    let sealed = sealed(&table, 200, &reply.to_string()).unwrap();
    assert!(!sealed.to_string().contains(CANARY), "{sealed}");
    let open = |kind, value: &Value| opened(&table, kind, value);
    assert_eq!(
        open(Kind::AccessToken, &sealed["access_token"]).as_deref(),
        Some(ACCESS)
    );
    assert_eq!(
        open(Kind::RefreshToken, &sealed["refresh_token"]).as_deref(),
        Some(REFRESH)
    );
    assert_eq!(open(Kind::AccessToken, &sealed["refresh_token"]), None);
    assert_eq!(open(Kind::AccessToken, &sealed["id_token"]), None);
    assert_eq!(open(Kind::AccessToken, &sealed["more"][0]), None);
    for name in [
        "expires_in",
        "refresh_token_expires_in",
        "token_type",
        "scope",
        "foci",
    ] {
        assert_eq!(sealed[name], reply[name], "{name}");
    }
    assert_eq!(sealed["team"]["admin"], true);
}

#[test]
fn a_token_that_comes_again_is_the_same_to_the_guest() {
    let table = Table::default();
    let stored = table.seal(Kind::RefreshToken, REFRESH.into()).unwrap();
    let reply = json!({ "access_token": ACCESS, "refresh_token": REFRESH });
    let sealed = sealed(&table, 200, &reply.to_string()).unwrap();
    assert_eq!(sealed["refresh_token"], stored.as_str());
}

#[test]
fn case_26_a_token_that_was_not_asked_for_is_of_no_use() {
    let table = Table::default();
    let reply = json!({ "access_token": ACCESS, "more": { "refresh_token": REFRESH } });
    for status in [200, 400] {
        let sealed = sealed_of(Asked::Revocation, &table, status, &reply.to_string()).unwrap();
        assert!(!sealed.to_string().contains(CANARY), "{sealed}");
        for token in [&sealed["access_token"], &sealed["more"]["refresh_token"]] {
            for kind in [Kind::AccessToken, Kind::RefreshToken] {
                assert_eq!(opened(&table, kind, token), None, "{kind:?}");
            }
            assert!(opened(&table, Kind::Other, token).is_some());
        }
    }
}

#[test]
fn doubled_escaped_and_empty_tokens_are_no_way_around() {
    let table = Table::default();
    let twice = format!(r#"{{"access_token":"CANARY-first","access_token":"{ACCESS}"}}"#);
    let value = sealed(&table, 200, &twice).unwrap();
    assert_eq!(
        opened(&table, Kind::AccessToken, &value["access_token"]).as_deref(),
        Some(ACCESS)
    );
    let escaped: String = ACCESS
        .chars()
        .map(|c| format!("\\u{:04x}", u32::from(c)))
        .collect();
    let reply = format!(r#"{{"\u0061ccess_token":"{escaped}","scope":"{escaped}"}}"#);
    let value = sealed(&table, 200, &reply).unwrap();
    assert_eq!(
        opened(&table, Kind::AccessToken, &value["access_token"]).as_deref(),
        Some(ACCESS)
    );
    assert_eq!(value["scope"], value["access_token"]);
    let value = sealed(&table, 200, r#"{"access_token":"","refresh_token":null}"#).unwrap();
    assert_eq!(value, json!({ "access_token": "", "refresh_token": null }));
}

#[test]
fn case_32_a_success_that_cannot_be_sealed_is_refused() {
    let deep = format!("{}{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    let many: Vec<_> = (0..100).map(|n| format!("CANARY-{n}")).collect();
    for (body, fault) in [
        (format!("access_token={ACCESS}"), ReplyFault::NotJson),
        (format!("<html>{ACCESS}</html>"), ReplyFault::NotJson),
        (
            format!(r#"{{"access_token":"{ACCESS}""#),
            ReplyFault::NotJson,
        ),
        (format!(r#"["{ACCESS}"]"#), ReplyFault::NotJson),
        (format!(r#""{ACCESS}""#), ReplyFault::NotJson),
        (
            format!(r#"{{"access_token":"{ACCESS}"}} x"#),
            ReplyFault::NotJson,
        ),
        (
            format!("\u{feff}{{\"access_token\":\"{ACCESS}\"}}"),
            ReplyFault::NotJson,
        ),
        (deep, ReplyFault::NotJson),
        (
            format!(r#"{{"access_token":"{ACCESS}","expires_in":1e400}}"#),
            ReplyFault::NotJson,
        ),
        (
            r#"{"access_token":7}"#.to_owned(),
            ReplyFault::Token("access_token"),
        ),
        (
            r#"{"refresh_token":["x"]}"#.to_owned(),
            ReplyFault::Token("refresh_token"),
        ),
        (
            r#"{"a":{"id_token":{"x":1}}}"#.to_owned(),
            ReplyFault::Token("id_token"),
        ),
        (json!({ "more": many }).to_string(), ReplyFault::TooMany),
        (
            format!(r#"{{"access_token":"{ACCESS}","{ACCESS}":1}}"#),
            ReplyFault::Echo,
        ),
    ] {
        assert_eq!(
            sealed(&Table::default(), 200, &body),
            Err(fault),
            "{body:.100}"
        );
    }
    let invalid = Bytes::from_static(b"{\"access_token\":\"\xff\xfe\"}");
    let refused = seal(&Table::default(), Asked::Tokens, StatusCode::OK, &invalid);
    assert_eq!(refused, Err(ReplyFault::NotJson));
    for number in ["-1", "1e18", "\"3599\"", "null"] {
        let reply = format!(r#"{{"access_token":"{ACCESS}","expires_in":{number}}}"#);
        let value = sealed(&Table::default(), 200, &reply).unwrap();
        let plain: Value = serde_json::from_str(number).unwrap();
        assert_eq!(value["expires_in"], plain, "{number}");
    }
}

#[test]
fn an_error_that_repeats_a_credential_is_mended_or_refused() {
    let given = given();
    let error = json!({
        "error": "invalid_grant",
        "error_description": format!("The code '{CODE}' of {SECRET}, sent as 4%2F0CANARY%2Bcode%26%3D and 4%2f0CANARY+code%26=, is used."),
        "error_codes": [54005],
        "detail": { "got": REFRESH },
        "access_token": "CANARY-with-an-error",
    });
    let value = sealed(&given.table, 400, &error.to_string()).unwrap();
    assert!(!value.to_string().contains(CANARY), "{value}");
    assert_eq!(value["error"], "invalid_grant");
    assert_eq!(value["error_codes"], json!([54005]));
    assert_eq!(value["detail"]["got"], given.refresh.as_str());
    let code = &given.code;
    let description = format!(
        "The code '{code}' of {}, sent as {code} and {code}, is used.",
        given.secret
    );
    assert_eq!(value["error_description"], description.as_str());

    let page = |text: String| {
        let body = Bytes::from(text);
        seal(&given.table, Asked::Tokens, StatusCode::BAD_GATEWAY, &body)
    };
    assert_eq!(page("<h1>502</h1>".into()).unwrap(), "<h1>502</h1>");
    for text in [
        format!("<h1>{SECRET}</h1>"),
        format!("[\"{REFRESH}\"]"),
        REFRESH.replace('/', "\\/"),
        REFRESH.replace('%', "%25").replace('/', "%2f"),
    ] {
        assert_eq!(page(text.clone()), Err(ReplyFault::Echo), "{text}");
    }
}

#[test]
fn only_headers_that_say_something_about_a_token_reply_are_left() {
    let mut headers = HeaderMap::new();
    for name in [
        "content-type",
        "retry-after",
        "content-length",
        "location",
        "link",
        "x-canary",
        "www-authenticate",
    ] {
        headers.insert(name, HeaderValue::from_static("1"));
    }
    keep_known(&mut headers);
    let mut left: Vec<_> = headers.keys().map(|name| name.as_str()).collect();
    left.sort_unstable();
    assert_eq!(left, ["content-type", "retry-after"]);
}

#[test]
fn a_token_in_a_refusal_is_sealed_whatever_json_it_stands_in() {
    let table = Table::default();
    for reply in [
        json!([{"access_token": ACCESS}]),
        json!([[{"error": {"refresh_token": REFRESH}}]]),
    ] {
        let read = sealed(&table, 400, &reply.to_string()).unwrap().to_string();
        assert!(!read.contains(ACCESS) && !read.contains(REFRESH), "{read}");
        assert_ne!(read, reply.to_string());
    }
}
