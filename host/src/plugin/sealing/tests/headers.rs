//! Headers and URLs (case 26).

use super::*;
use crate::plugin::sealing::{
    fault::RequestFault,
    outgoing::{check_url, fill_body, fill_headers},
    policy::Way,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{AUTHORIZATION, CONTENT_TYPE},
};

const FORM: Way = Way::Form {
    token: true,
    revoke: false,
};

fn fill(given: &Given, way: Way, headers: &[(&str, &str)]) -> Result<HeaderMap, RequestFault> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(
            HeaderName::try_from(*name).unwrap(),
            HeaderValue::try_from(*value).unwrap(),
        );
    }
    fill_headers(&given.table, way, &mut map).map(|()| map)
}

#[test]
fn an_access_token_is_put_in_behind_bearer_and_shown_nowhere() {
    let given = given();
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let value = format!("{scheme} {}", given.access);
        let filled = fill(&given, Way::Api, &[("authorization", &value)]).unwrap();
        assert_eq!(filled[AUTHORIZATION], format!("Bearer {ACCESS}").as_str());
        assert!(!format!("{filled:?}").contains(CANARY));
    }
}

#[test]
fn a_client_secret_is_put_into_basic_and_encoded_as_rfc_6749_wants_it() {
    let given = given();
    let basic = |text: &str| format!("Basic {}", BASE64_STANDARD.encode(text));
    let value = basic(&format!("app:{}", given.secret));
    let filled = fill(&given, FORM, &[("Authorization", &value)]).unwrap();
    let expected = basic("app:CANARY-client%2F%2Fsecret%2B%26%3D%25%7E");
    assert_eq!(filled[AUTHORIZATION], expected.as_str());
    // What was sent is not to come back either.
    let sent = expected.strip_prefix("Basic ").unwrap();
    assert!(given.table.needles().are_in(sent.as_bytes()));
    for text in [
        format!("app:{}", given.access),
        format!("app:{}x", given.secret),
        format!("app:x:{}", given.secret),
        format!("{0}:{0}", given.secret),
        format!("{}:", given.secret),
        "app:a-literal-secret".to_owned(),
        given.secret.clone(),
        "app".to_owned(),
    ] {
        let refused = fill(&given, FORM, &[("Authorization", &basic(&text))]);
        assert_eq!(refused.err(), Some(RequestFault::Authorization), "{text}");
    }
}

#[test]
fn case_26_a_header_with_a_credential_in_a_wrong_place_is_refused() {
    let given = given();
    let stranger = super::given().access;
    let Given {
        secret,
        access,
        refresh,
        other,
        ..
    } = &given;
    let bearer = |token: &str| format!("Bearer {token}");
    let right = bearer(access);
    let double = BASE64_STANDARD.encode(format!("app:{secret}"));
    for (way, headers, fault) in [
        (
            Way::Api,
            vec![("authorization", bearer(refresh))],
            RequestFault::Authorization,
        ),
        (
            Way::Api,
            vec![("authorization", bearer(secret))],
            RequestFault::Authorization,
        ),
        (
            Way::Api,
            vec![("authorization", bearer(other))],
            RequestFault::Authorization,
        ),
        (
            Way::Api,
            vec![("authorization", bearer(&stranger))],
            RequestFault::Authorization,
        ),
        (
            Way::Api,
            vec![("authorization", bearer("a-literal-token"))],
            RequestFault::Authorization,
        ),
        (
            Way::Api,
            vec![("authorization", bearer(&access.to_ascii_uppercase()))],
            RequestFault::Authorization,
        ),
        (
            Way::Api,
            vec![("authorization", format!("{right} "))],
            RequestFault::Authorization,
        ),
        (
            Way::Api,
            vec![("authorization", format!("Bearer  {access}"))],
            RequestFault::Authorization,
        ),
        (
            Way::Api,
            vec![("authorization", format!("Bearer\t{access}"))],
            RequestFault::Authorization,
        ),
        (
            Way::Api,
            vec![("authorization", format!("{right}, Bearer x"))],
            RequestFault::Authorization,
        ),
        (
            Way::Api,
            vec![("authorization", format!("{right}{access}"))],
            RequestFault::Authorization,
        ),
        (
            Way::Api,
            vec![("authorization", access.clone())],
            RequestFault::Authorization,
        ),
        (
            Way::Api,
            vec![("authorization", format!("Token {access}"))],
            RequestFault::Authorization,
        ),
        (
            Way::Api,
            vec![("authorization", format!("Basic {double}"))],
            RequestFault::Authorization,
        ),
        (
            FORM,
            vec![("authorization", right.clone())],
            RequestFault::Authorization,
        ),
        (
            FORM,
            vec![("authorization", format!("Basic {secret}"))],
            RequestFault::Authorization,
        ),
        (
            FORM,
            vec![("authorization", format!("Basic {double}="))],
            RequestFault::Authorization,
        ),
        (
            Way::Api,
            vec![
                ("authorization", right.clone()),
                ("Authorization", right.clone()),
            ],
            RequestFault::Authorizations,
        ),
        (
            Way::Api,
            vec![
                ("authorization", right.clone()),
                ("authorization", "x".to_owned()),
            ],
            RequestFault::Authorizations,
        ),
        (
            Way::Api,
            vec![("x-authorization", right.clone())],
            RequestFault::Header,
        ),
        (
            Way::Api,
            vec![
                ("authorization", right.clone()),
                ("x-trace", access.clone()),
            ],
            RequestFault::Header,
        ),
        (
            Way::Api,
            vec![("referer", format!("https://evil.example/?{refresh}"))],
            RequestFault::Header,
        ),
        (
            Way::Api,
            vec![("user-agent", format!("a({secret})"))],
            RequestFault::Header,
        ),
        (
            Way::Api,
            vec![("if-match", format!("\"{secret}\""))],
            RequestFault::Header,
        ),
        (
            Way::Api,
            vec![(access.as_str(), "1".to_owned())],
            RequestFault::Header,
        ),
        (FORM, vec![("dpop", refresh.clone())], RequestFault::Header),
    ] {
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        assert_eq!(
            fill(&given, way, &headers).err(),
            Some(fault),
            "{way:?} {headers:?}"
        );
    }
}

#[test]
fn case_26_a_url_with_a_credential_is_refused_however_it_is_encoded() {
    let given = given();
    let access = &given.access;
    let encoded: String = access.bytes().map(|b| format!("%{b:02X}")).collect();
    for url in [
        format!("/api/v1/events?access_token={access}"),
        format!("/api/v1/events?{access}"),
        format!("/api/v1/events?x={access}&y"),
        format!("/api/v1/{access}"),
        format!("/api/v1/a{access}b/c"),
        format!("/api/v1/events?x={encoded}"),
        format!("/api/v1/{encoded}/x"),
        format!("/api/v1/%73{}", &access[1..]),
        format!("/api/v1/events?x=y;z={access}"),
    ] {
        assert_eq!(
            check_url(&given.table, Way::Api, &url),
            Err(RequestFault::Url),
            "{url}"
        );
    }
    let stranger = super::given().access;
    for url in [
        "/api/v1/sealed_events?q=sealed_",
        &format!("/api/v1/{stranger}"),
    ] {
        assert_eq!(check_url(&given.table, Way::Api, url), Ok(()), "{url}");
    }
}

#[test]
fn case_26_a_body_to_an_api_holds_no_credential() {
    let given = given();
    let sent = |text: String| {
        let body = Bytes::from(text);
        fill_body(
            &given.table,
            Way::Api,
            &[],
            &Method::POST,
            &mut HeaderMap::new(),
            &body,
        )
        .map(|(body, _)| body)
    };
    let refresh = &given.refresh;
    for text in [
        format!("{{\"summary\":\"{refresh}\"}}"),
        format!("token={refresh}"),
        format!("\0\u{1}{refresh}"),
        format!("sealed_sealed_{refresh}"),
        format!("{}{refresh}", &refresh[..20]),
    ] {
        assert_eq!(sent(text.clone()), Err(RequestFault::Body), "{text}");
    }
    // Anybody may write what looks like one.
    let text = format!(
        "{{\"summary\":\"sealed_envelope {}\"}}",
        super::given().refresh
    );
    assert_eq!(sent(text.clone()), Ok(Bytes::from(text)));
}

#[test]
fn case_26_a_token_of_its_makers_own_reaches_no_api_beside_the_header() {
    let given = given();
    let url = |way, query: &str| check_url(&given.table, way, &format!("/api/v1/events{query}"));
    let body = |kinds: &[&'static str], text: &'static str| {
        let mut headers = HeaderMap::new();
        for kind in kinds {
            headers.append(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        let (post, text) = (Method::POST, Bytes::from_static(text.as_bytes()));
        fill_body(&given.table, Way::Api, &[], &post, &mut headers, &text).map(drop)
    };
    const KIND: &str = "application/x-www-form-urlencoded";
    for field in [
        "access_token=literal",
        "oauth_token=literal",
        "x=1&access_token=literal",
        "ACCESS_TOKEN=literal",
        "Access_Token=literal",
        "%61ccess%5Ftoken=literal",
        "access%5ftoken",
        "access_token%5B%5D=literal",
        "+access.token=literal",
        "x=1;access_token=literal",
        "bearer_token=literal",
        "$httpHeaders=Authorization:Bearer%20literal",
    ] {
        let query = format!("?{field}");
        assert_eq!(url(Way::Api, &query), Err(RequestFault::Url), "{query}");
        for kinds in [
            &[KIND][..],
            &["Application/X-WWW-Form-URLencoded ;charset=utf-8"],
            &["application/json", KIND],
            &[],
        ] {
            let sent = body(kinds, field);
            assert_eq!(sent, Err(RequestFault::Body), "{kinds:?} {field}");
        }
    }
    let batch = "--x\r\n\r\nGET / HTTP/1.1\r\nAuthorization: Bearer literal\r\n\r\n--x--";
    let sent = body(&["Multipart/Mixed; boundary=x"], batch);
    assert_eq!(sent, Err(RequestFault::Body));

    for fine in [
        "",
        "?",
        "?pageToken=x&syncToken=y&token=z",
        "?q=access_token%3Dx",
        "?q=access_token",
    ] {
        assert_eq!(url(Way::Api, fine), Ok(()), "{fine}");
    }
    let json = "{\"summary\":\"a&access_token=b\"}";
    assert_eq!(body(&["application/json"], json), Ok(()));
    assert_eq!(body(&[KIND], "timeMin=1&q=access_token"), Ok(()));
    assert_eq!(body(&[], ""), Ok(()));
}
