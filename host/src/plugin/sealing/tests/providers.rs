//! What a provider may answer, seen from the guest.

use super::{
    border::{Border, get, text},
    *,
};
use crate::egress::tests::server::{Server, header, ok};
use wasmtime_wasi_http::Error;

#[tokio::test]
async fn case_29_a_redirect_of_a_token_endpoint_is_not_followed_nor_told() {
    let elsewhere = Server::answering(|_, _| ok("[]")).await;
    let to = elsewhere.url("/stolen");
    let mut border = Border::new(move |_, _| {
        format!("HTTP/1.1 307 X\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")
    })
    .await;
    let reply = border.send_refresh().await.unwrap();
    assert_eq!(reply.status(), 307);
    assert!(reply.headers().get("location").is_none());
    assert_eq!(
        (border.connects().await, elsewhere.connects().await),
        (1, 0)
    );
}

#[tokio::test]
async fn case_31_a_token_reply_over_its_limit_or_compressed_is_refused_unread() {
    let large = format!(
        "{{\"access_token\":\"{ACCESS}\",\"x\":\"{}\"}}",
        "a".repeat(256 * 1024)
    );
    let gzip =
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc".to_owned();
    for reply in [ok(&large), gzip] {
        let mut border = Border::new(move |_, _| reply.clone()).await;
        let refused = border.send_refresh().await.err();
        assert!(
            matches!(
                refused,
                Some(Error::HttpResponseBodySize(_) | Error::HttpProtocolError)
            ),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn case_32_a_token_reply_that_cannot_be_sealed_is_a_typed_error() {
    for reply in [
        ok(&format!("access_token={ACCESS}")),
        ok(&format!("<html>{ACCESS}")),
        ok(&format!("{{\"access_token\":\"{ACCESS}")),
        ok(&"[".repeat(10_000)),
    ] {
        let mut border = Border::new(move |_, _| reply.clone()).await;
        let refused = border.send_refresh().await.err();
        assert!(
            matches!(refused, Some(Error::HttpProtocolError)),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn an_api_that_repeats_a_credential_in_body_or_header_is_not_heard() {
    for in_body in [true, false] {
        let mut border = Border::new(move |head, _| {
            let said = header(head, "authorization").unwrap();
            if in_body {
                ok(&format!("{{\"you\":\"{said}\"}}"))
            } else {
                format!("HTTP/1.1 200 OK\r\nX-Said: {said}\r\nContent-Length: 0\r\n\r\n")
            }
        })
        .await;
        let access = border.seal(Kind::AccessToken, ACCESS);
        let url = border.own.url("/api/v1/whoami");
        let reply = match border.send(get(&url, &access)).await {
            Ok(reply) => text(reply).await,
            Err(error) => Err(error),
        };
        assert!(matches!(reply, Err(Error::HttpProtocolError)), "{reply:?}");
        assert_eq!(border.connects().await, 1);
    }
}
