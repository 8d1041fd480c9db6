//! Ordinary exchanges: what arrives, what comes back, and how few connections that takes.

use http::{HeaderMap, Request};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};

use super::server::{Server, header, ok};
use super::*;

#[tokio::test]
async fn a_hundred_requests_one_after_the_other_share_a_connection() {
    let server = Server::answering(|_, body| ok(&body.len().to_string())).await;
    let egress = egress_to(&server, limits());
    for length in 0..100 {
        let body = Full::new(Bytes::from(vec![b'x'; length]));
        let request = Request::post(server.url("/")).body(body).unwrap();
        let reply = egress.clone().send(request).await.unwrap();
        assert_eq!(text(reply).await.unwrap(), length.to_string());
    }
    assert_eq!(server.connects().await, 1);
}

#[tokio::test]
async fn a_burst_makes_no_more_connections_than_there_are_places() {
    let server = Server::answering(|_, _| ok("fine")).await;
    let egress = egress_to(
        &server,
        Limits {
            in_flight_per_origin: 4,
            ..limits()
        },
    );
    let mut burst = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let (egress, url) = (egress.clone(), server.url("/"));
        burst.spawn(async move { text(egress.send(get(&url)).await.unwrap()).await.unwrap() });
    }
    assert_eq!(burst.join_all().await, vec!["fine"; 200]);
    assert!(server.connects().await <= 4);
}

#[tokio::test]
async fn two_egresses_share_no_connection() {
    let server = Server::answering(|_, _| ok("fine")).await;
    for _ in 0..2 {
        let egress = egress_to(&server, limits());
        text(egress.send(get(&server.url("/"))).await.unwrap())
            .await
            .unwrap();
    }
    assert_eq!(server.connects().await, 2);
}

#[tokio::test]
async fn the_host_says_who_it_is_and_how_the_body_is_framed() {
    let server = Server::answering(|head, body| {
        let body = String::from_utf8_lossy(body);
        ok(&format!("{}\n{body}", head.to_ascii_lowercase()))
    })
    .await;
    let egress = egress_to(&server, limits());
    let request = Request::put(server.url("/events?x=1"))
        .header("authorization", "Bearer t")
        .header("if-match", "\"7\"")
        .header("user-agent", "evil/1")
        .header("accept-encoding", "gzip, br")
        .header("content-length", "5")
        .body(Full::new(Bytes::from_static(b"hello")))
        .unwrap();
    let reply = text(egress.send(request).await.unwrap()).await.unwrap();
    assert!(reply.starts_with("put /events?x=1 http/1.1"), "{reply}");
    assert!(reply.ends_with("\nhello"), "{reply}");
    let host = server.address.to_string();
    for (name, value) in [
        ("authorization", "bearer t"),
        ("if-match", "\"7\""),
        ("user-agent", concat!("calport/", env!("CARGO_PKG_VERSION"))),
        ("accept-encoding", "identity"),
        ("content-length", "5"),
        ("host", &host),
    ] {
        assert_eq!(header(&reply, name), Some(value), "{reply}");
        assert_eq!(reply.matches(&format!("\r\n{name}:")).count(), 1, "{reply}");
    }
}

#[tokio::test]
async fn an_empty_post_has_a_length_and_an_empty_get_has_none() {
    let server =
        Server::answering(|head, _| ok(header(head, "content-length").unwrap_or("none"))).await;
    let egress = egress_to(&server, limits());
    for (method, length) in [
        ("POST", "0"),
        ("PUT", "0"),
        ("PATCH", "0"),
        ("GET", "none"),
        ("DELETE", "none"),
    ] {
        let request = Request::builder().method(method).uri(server.url("/"));
        let request = request.body(Full::new(Bytes::new())).unwrap();
        assert_eq!(
            text(egress.send(request).await.unwrap()).await.unwrap(),
            length,
            "{method}"
        );
    }
}

#[tokio::test]
async fn connection_headers_and_cookies_of_a_reply_are_kept_back() {
    let server = Server::answering(|_, _| {
        "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\nSet-Cookie: s=1\r\n\
         Alt-Svc: h3=\":443\"\r\nContent-Encoding: Identity\r\nETag: \"1\"\r\nRetry-After: 9\r\n\
         Content-Length: 2\r\n\r\n{}"
            .to_owned()
    })
    .await;
    let egress = egress_to(&server, limits());
    let reply = egress.send(get(&server.url("/"))).await.unwrap();
    let mut names: Vec<_> = reply
        .headers()
        .keys()
        .map(http::HeaderName::as_str)
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["content-encoding", "content-length", "etag", "retry-after"]
    );
    assert_eq!(text(reply).await.unwrap(), "{}");
}

#[tokio::test]
async fn a_reply_without_a_body_frees_its_place_at_once() {
    let server = Server::answering(|head, _| {
        if head.starts_with("HEAD ") {
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n".to_owned()
        } else {
            "HTTP/1.1 304 Not Modified\r\nContent-Encoding: gzip\r\n\r\n".to_owned()
        }
    })
    .await;
    let egress = egress_to(
        &server,
        Limits {
            in_flight_per_origin: 1,
            ..limits()
        },
    );
    let mut replies = Vec::new();
    for method in ["HEAD", "GET", "HEAD"] {
        let mut request = get(&server.url("/"));
        *request.method_mut() = method.parse().unwrap();
        replies.push(egress.send(request).await.unwrap());
    }
    assert_eq!(server.connects().await, 1);
}

#[tokio::test]
async fn the_host_reads_small_replies_whole_and_under_the_cap() {
    let server = Server::answering(|head, body| {
        if head.contains(" /large ") {
            ok(&" ".repeat(2000))
        } else {
            ok(&format!("{}!", body.len()))
        }
    })
    .await;
    let egress = egress_to(
        &server,
        Limits {
            reply_body: 1000,
            ..limits()
        },
    );
    let request = |path| {
        Request::post(server.url(path))
            .body(Bytes::from_static(b"{}"))
            .unwrap()
    };
    let reply = egress.send_bytes(request("/hook")).await.unwrap();
    assert_eq!(
        (reply.status().as_u16(), &reply.body()[..]),
        (200, &b"2!"[..])
    );
    let refused = egress.send_bytes(request("/large")).await.unwrap_err();
    assert_eq!(refused, EgressError::ReplyTooLarge);
}

#[tokio::test]
async fn a_boxed_body_of_any_error_can_be_sent_from_any_thread() {
    fn sendable<T: Send>(future: T) -> T {
        future
    }
    /// A caller's error needs no property at all.
    struct Opaque;
    let server = Server::answering(|_, body| ok(std::str::from_utf8(body).unwrap())).await;
    let egress = egress_to(&server, limits());
    let body = Full::new(Bytes::from_static(b"boxed")).map_err(|_| Opaque);
    let request = Request::post(server.url("/"))
        .body(UnsyncBoxBody::new(body))
        .unwrap();
    let sending = egress.clone();
    let sent = tokio::spawn(sendable(async move { sending.send(request).await }));
    let reply = sent.await.unwrap().unwrap();
    let passed: UnsyncBoxBody<Bytes, EgressError> = reply.into_body().boxed_unsync();
    assert_eq!(passed.collect().await.unwrap().to_bytes(), "boxed");
}

#[tokio::test]
async fn trailers_of_a_reply_are_not_passed_on() {
    let server = Server::answering(|_, _| {
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n\
         4\r\nfine\r\n0\r\nX-T: 1\r\n\r\n"
            .to_owned()
    })
    .await;
    let egress = egress_to(&server, limits());
    let body = egress
        .send(get(&server.url("/")))
        .await
        .unwrap()
        .into_body();
    let collected = body.collect().await.unwrap();
    assert_eq!(collected.trailers(), None::<&HeaderMap>);
    assert_eq!(collected.to_bytes(), "fine");
}
