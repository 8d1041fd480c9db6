//! What a guest's `wasi:http` may do, counted at real sockets.

use super::{
    border::{Border, FORM, get, post, text},
    *,
};
use crate::{
    egress::tests::server::{Server, header, ok},
    plugin::{Attempts, Reach, outbound::Outbound},
};
use http::Uri;
use std::{pin::Pin, time::Duration};
use wasmtime_wasi_http::{Error, RequestOptions, WasiHttpHooks};

#[tokio::test]
async fn a_token_goes_round_and_the_guest_never_holds_it() {
    let mut border = Border::new(|head, _| match head.starts_with("POST /token ") {
        true => ok(&format!(
            r#"{{"access_token":"{ACCESS}","refresh_token":"{REFRESH}","expires_in":3599}}"#
        )),
        false => ok("[]"),
    })
    .await;
    let code = border.seal(Kind::Code, CODE);
    let secret = border.secret("OWN_CLIENT_SECRET");
    let form = format!("grant_type=authorization_code&code={code}&client_secret={secret}");
    let url = border.own.url("/token");
    let reply = text(border.send(post(&url, FORM, &form)).await.unwrap())
        .await
        .unwrap();
    assert!(!reply.contains(CANARY), "{reply}");
    let reply: serde_json::Value = serde_json::from_str(&reply).unwrap();
    let token = reply["access_token"].as_str().unwrap();
    let url = border.own.url("/api/v1/events?x=1");
    assert_eq!(
        text(border.send(get(&url, token)).await.unwrap())
            .await
            .unwrap(),
        "[]"
    );
    let received = border.received();
    let sent =
        url::form_urlencoded::parse(received[0].split("\r\n\r\n").nth(1).unwrap().as_bytes())
            .into_owned()
            .collect::<Vec<_>>();
    assert_eq!(sent[1], ("code".to_owned(), CODE.to_owned()));
    assert_eq!(
        sent[2],
        ("client_secret".to_owned(), format!("{SECRET}-OWN"))
    );
    let length = received[0]
        .split("\r\n\r\n")
        .nth(1)
        .unwrap()
        .len()
        .to_string();
    assert_eq!(
        header(&received[0], "content-length"),
        Some(length.as_str())
    );
    let bearer = format!("Bearer {ACCESS}");
    assert_eq!(header(&received[1], "authorization"), Some(bearer.as_str()));
}

#[tokio::test]
async fn case_26_a_credential_for_anybody_else_or_in_any_other_place_never_leaves() {
    let mut border = Border::new(|_, _| ok("[]")).await;
    let access = border.seal(Kind::AccessToken, ACCESS);
    let refresh = border.seal(Kind::RefreshToken, REFRESH);
    let secret = border.secret("OWN_CLIENT_SECRET");
    let foreign_secret = border.secret("FOREIGN_CLIENT_SECRET");
    let (own, foreign) = (border.own.url(""), border.foreign.url(""));
    let refreshing = format!("grant_type=refresh_token&refresh_token={refresh}");
    let with = |name: &str, value: &str| {
        let mut request = get(&format!("{own}/api/v1/events"), &access);
        let name = http::HeaderName::try_from(name).unwrap();
        request
            .headers_mut()
            .append(name, value.try_into().unwrap());
        request
    };
    let requests = vec![
        // To an origin that is allowed, but to another provider.
        get(&format!("{foreign}/api/v1/events"), &access),
        post(&format!("{foreign}/token"), FORM, &refreshing),
        post(
            &format!("{foreign}/revoke"),
            FORM,
            &format!("token={refresh}"),
        ),
        // To an endpoint that is not for it, or to none at all.
        get(&format!("{own}/token"), &access),
        get(&format!("{own}/revoke"), &access),
        get(&format!("{own}/"), &access),
        get(&format!("{own}/api/v1x/events"), &access),
        get(&format!("{own}/authorize"), &access),
        get(&format!("{own}/api/v1/../../token"), &access),
        get(&format!("{own}//api/v1/events"), &access),
        post(&format!("{own}/api/v1/token"), FORM, &refreshing),
        post(&format!("{own}/token/"), FORM, &refreshing),
        post(&format!("{own}//token"), FORM, &refreshing),
        post(&format!("{own}/token?x"), FORM, &refreshing),
        post(&format!("{own}/TOKEN"), FORM, &refreshing),
        post(&format!("{own}/%74oken"), FORM, &refreshing),
        post(&format!("{own}/token;x"), FORM, &refreshing),
        post(&format!("{own}/revoke"), FORM, &refreshing),
        post(
            &format!("{own}/revoke"),
            FORM,
            &format!("grant_type=client_credentials&client_secret={secret}"),
        ),
        post(
            &format!("{own}/token"),
            FORM,
            &format!("{refreshing}&scope=events+mail"),
        ),
        get(
            &format!("{own}/api/v1/events?Access%5Ftoken=literal"),
            &access,
        ),
        post(
            &format!("{own}/api/v1/events"),
            FORM,
            "x=1&oauth_token=literal",
        ),
        post(&format!("{own}/revoke"), FORM, &format!("token={secret}")),
        // In a place that is not for it.
        get(
            &format!("{own}/api/v1/events?access_token={access}"),
            &access,
        ),
        get(&format!("{own}/api/v1/{access}"), &access),
        get(&format!("{own}/api/v1/events"), &refresh),
        get(&format!("{own}/api/v1/events"), &secret),
        get(&format!("{own}/api/v1/events"), ACCESS),
        with("x-copy", &access),
        with("authorization", &format!("Bearer {access}")),
        with(&access, "1"),
        post(
            &format!("{own}/api/v1/events"),
            "application/json",
            &format!("{{\"a\":\"{refresh}\"}}"),
        ),
        post(
            &format!("{own}/token"),
            "application/json",
            &format!("{{\"refresh_token\":\"{refresh}\"}}"),
        ),
        post(
            &format!("{own}/token"),
            FORM,
            &format!("{refreshing}&client_secret={foreign_secret}"),
        ),
        post(
            &format!("{own}/token"),
            FORM,
            &format!("{refreshing}&state={secret}"),
        ),
    ];
    for request in requests {
        let shown = format!("{} {}", request.method(), request.uri());
        let refused = border.send(request).await.err();
        assert!(
            matches!(refused, Some(Error::HttpRequestDenied)),
            "{shown}: {refused:?}"
        );
    }
    assert_eq!(border.connects().await, 0);
    assert_eq!(border.received(), [""; 0]);
}

#[tokio::test]
async fn case_26_a_call_for_nobody_reaches_nothing() {
    let border = Border::new(|_, _| ok("[]")).await;
    let mut closed = Outbound::closed(&Reach::default());
    let request = get(&border.own.url("/api/v1/events"), "x");
    let refused = Pin::from(closed.send_request(request, None, Box::new(async { Ok(()) }))).await;
    assert!(matches!(refused.err(), Some(Error::HttpRequestDenied)));
    assert_eq!(border.connects().await, 0);
}

#[tokio::test]
async fn what_reaches_nowhere_is_noted_and_connects_to_nothing() {
    let border = Border::new(|_, _| ok("[]")).await;
    let attempts = Attempts::default();
    let mut closed = Outbound::closed(&Reach::Nowhere(attempts.clone()));
    let url = border.own.url("/api/v1/events");
    let request = get(&format!("{url}?q=canary"), "x");
    let refused = Pin::from(closed.send_request(request, None, Box::new(async { Ok(()) }))).await;
    assert!(matches!(refused.err(), Some(Error::HttpRequestDenied)));
    let urls: Vec<_> = attempts.take().into_iter().map(|it| it.url).collect();
    assert_eq!(urls, [url]);
    assert_eq!(border.connects().await, 0);
}

#[tokio::test]
async fn case_27_no_spelling_gets_a_guest_past_its_list() {
    let mut border = Border::new(|_, _| ok("[]")).await;
    let access = border.seal(Kind::AccessToken, ACCESS);
    let secret_server = Server::answering(|_, _| ok("[]")).await;
    let (own, evil) = (border.own.address.port(), secret_server.address.port());
    let mut tried = 0;
    for authority in [
        format!("127.0.0.1:{evil}"),
        format!("127.0.0.1:{own}@127.0.0.1:{evil}"),
        format!("user:pass@127.0.0.1:{own}"),
        format!("127.0.0.1.:{evil}"),
        format!("127.1:{evil}"),
        format!("2130706433:{evil}"),
        format!("0x7f000001:{evil}"),
        format!("[::ffff:127.0.0.1]:{evil}"),
        format!("localhost:{evil}"),
        format!("LOCALHOST:{evil}"),
        format!("localhost.:{own}"),
        format!("127.0.0.1%3A{evil}:{own}"),
        format!("127.0.0.1:{own}\r\nHost: 127.0.0.1:{evil}"),
    ] {
        for path in ["/api/v1/events", "//api/v1/events"] {
            // As wasmtime makes a URI of what a guest says.
            let uri = Uri::builder()
                .scheme("http")
                .authority(authority.as_str())
                .path_and_query(path);
            let Ok(uri) = uri.build() else {
                continue;
            };
            tried += 1;
            let mut request = get("http://placeholder.example", &access);
            *request.uri_mut() = uri;
            let refused = border.send(request).await.err();
            assert!(
                matches!(refused, Some(Error::HttpRequestDenied)),
                "{authority}{path}"
            );
        }
    }
    assert!(tried > 16, "{tried}");
    for path in [
        format!("http://127.0.0.1:{evil}/"),
        format!("//127.0.0.1:{evil}/"),
        format!("@127.0.0.1:{evil}/"),
    ] {
        let uri = Uri::builder()
            .scheme("http")
            .authority(format!("127.0.0.1:{own}"))
            .path_and_query(path.as_str());
        if let Ok(uri) = uri.build() {
            let mut request = get("http://placeholder.example", &access);
            *request.uri_mut() = uri;
            assert!(border.send(request).await.is_err(), "{path}");
        }
    }
    assert_eq!(
        (border.connects().await, secret_server.connects().await),
        (0, 0)
    );
}

#[tokio::test]
async fn case_24_timeouts_of_nothing_and_of_for_ever_are_both_harmless() {
    let mut border = Border::new(|_, _| ok("[]")).await;
    let access = border.seal(Kind::AccessToken, ACCESS);
    let url = border.own.url("/api/v1/events");
    let all = |wish| {
        Some(RequestOptions {
            connect_timeout: Some(wish),
            first_byte_timeout: Some(wish),
            between_bytes_timeout: Some(wish),
        })
    };
    let reply = border
        .send_with(get(&url, &access), all(Duration::MAX))
        .await;
    assert_eq!(text(reply.unwrap()).await.unwrap(), "[]");
    // It may be in time or not; it ends.
    match border
        .send_with(get(&url, &access), all(Duration::ZERO))
        .await
    {
        Ok(reply) => drop(text(reply).await),
        Err(error) => assert!(matches!(error, Error::HttpResponseTimeout), "{error:?}"),
    }
}
