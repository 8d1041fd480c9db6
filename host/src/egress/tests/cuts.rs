//! What is cut, and that its place is free afterwards (cases 30 and 31).

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use super::server::{Server, ok, read_request, until_closed, write_for_ever};
use super::*;
use crate::egress::BadReply;

/// `/` is answered; any other path gets a head, and then what `fault` writes until it is cut off.
/// Each cut that the server sees is reported.
async fn faulty(
    head: &'static str,
    chunk: Vec<u8>,
    pause: Option<Duration>,
) -> (Server, mpsc::UnboundedReceiver<()>) {
    let (cut, cuts) = mpsc::unbounded_channel();
    let server = Server::start(move |mut stream| {
        let (cut, chunk) = (cut.clone(), chunk.clone());
        async move {
            while let Some((request, _)) = read_request(&mut stream).await {
                if request.starts_with("GET / ") {
                    stream.write_all(ok("fine").as_bytes()).await.unwrap();
                    continue;
                }
                stream.write_all(head.as_bytes()).await.unwrap();
                match pause {
                    None => write_for_ever(&mut stream, &chunk).await,
                    Some(pause) => {
                        while stream.write_all(&chunk).await.is_ok() {
                            tokio::time::sleep(pause).await;
                        }
                    }
                }
                cut.send(()).unwrap();
                return;
            }
        }
    })
    .await;
    (server, cuts)
}

#[tokio::test]
async fn case_30_a_reply_of_a_byte_now_and_then_is_cut_and_its_place_freed() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let (server, mut cuts) = faulty(
        head,
        b"1\r\nx\r\n".to_vec(),
        Some(Duration::from_millis(20)),
    )
    .await;
    let egress = egress_to(&server, one_place(PATIENCE));
    let sent = egress.send_within(get(&server.url("/slow")), SHORT).await;
    assert_eq!(outcome(sent).await, Err(EgressError::Deadline));
    assert_eq!(
        text(egress.send(get(&server.url("/"))).await.unwrap())
            .await
            .unwrap(),
        "fine"
    );
    cuts.recv().await.unwrap();
}

#[tokio::test]
async fn case_30_a_head_of_a_byte_now_and_then_is_cut_and_its_place_freed() {
    let (server, mut cuts) = faulty(
        "HTTP/1.1 200 OK\r\nX: ",
        b"x".to_vec(),
        Some(Duration::from_millis(20)),
    )
    .await;
    let egress = egress_to(&server, one_place(PATIENCE));
    let sent = egress.send_within(get(&server.url("/slow")), SHORT).await;
    assert_eq!(outcome(sent).await, Err(EgressError::Deadline));
    assert_eq!(
        text(egress.send(get(&server.url("/"))).await.unwrap())
            .await
            .unwrap(),
        "fine"
    );
    cuts.recv().await.unwrap();
}

#[tokio::test]
async fn case_30_endless_interim_replies_are_cut() {
    let interim = b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec();
    let (server, mut cuts) = faulty("", interim, None).await;
    let egress = egress_to(&server, one_place(PATIENCE));
    let sent = egress.send_within(get(&server.url("/hints")), SHORT).await;
    assert_eq!(outcome(sent).await, Err(EgressError::Deadline));
    cuts.recv().await.unwrap();
}

#[tokio::test]
async fn a_deadline_of_nothing_and_one_of_for_ever_are_both_harmless() {
    let server = Server::answering(|head, _| {
        if head.starts_with("GET /never ") {
            String::new()
        } else {
            ok("fine")
        }
    })
    .await;
    let egress = egress_to(
        &server,
        Limits {
            deadline: SHORT,
            ..limits()
        },
    );
    for wish in [Duration::ZERO, Duration::MAX] {
        let sent = egress.send_within(get(&server.url("/never")), wish).await;
        assert_eq!(sent.err(), Some(EgressError::Deadline));
    }
    let sent = egress_to(&server, limits())
        .send_within(get(&server.url("/")), Duration::MAX)
        .await;
    assert_eq!(outcome(sent).await, Ok(4));
}

#[tokio::test]
async fn case_31_an_endless_body_is_cut_at_the_cap() {
    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    let (server, mut cuts) = faulty(head, vec![b' '; 64 * 1024], None).await;
    let egress = egress_to(&server, one_place(PATIENCE));
    let sent = egress.send(get(&server.url("/endless"))).await;
    assert_eq!(outcome(sent).await, Err(EgressError::ReplyTooLarge));
    cuts.recv().await.unwrap();
    assert_eq!(
        text(egress.send(get(&server.url("/"))).await.unwrap())
            .await
            .unwrap(),
        "fine"
    );
}

#[tokio::test]
async fn case_31_a_body_that_announces_ten_gigabytes_is_not_even_begun() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n";
    let (server, mut cuts) = faulty(head, vec![b' '; 64 * 1024], None).await;
    let egress = egress_to(&server, one_place(PATIENCE));
    let sent = egress.send(get(&server.url("/huge"))).await;
    assert_eq!(sent.err(), Some(EgressError::ReplyTooLarge));
    cuts.recv().await.unwrap();
}

#[tokio::test]
async fn case_31_a_compressed_body_is_refused_unread() {
    // The first bytes of a gzip stream; there is no decoder that could be fed the rest.
    let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xec\xc1\x01\x0d".to_vec();
    for head in [
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: identity, br\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Encoding: x-gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n",
    ] {
        let (server, mut cuts) = faulty(head, gzip.clone(), None).await;
        let egress = egress_to(&server, one_place(PATIENCE));
        let sent = egress.send(get(&server.url("/bomb"))).await;
        assert_eq!(sent.err(), Some(EgressError::BadReply(BadReply::Encoded)));
        cuts.recv().await.unwrap();
        assert_eq!(
            text(egress.send(get(&server.url("/"))).await.unwrap())
                .await
                .unwrap(),
            "fine"
        );
    }
}

#[tokio::test]
async fn a_body_of_exactly_the_cap_passes_and_one_byte_more_does_not() {
    let server = Server::answering(|head, _| {
        let length = if head.starts_with("GET /fits ") {
            1000
        } else {
            1001
        };
        let chunked = format!("{length:x}\r\n{}\r\n0\r\n\r\n", " ".repeat(length));
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}")
    })
    .await;
    let egress = egress_to(
        &server,
        Limits {
            reply_body: 1000,
            ..one_place(PATIENCE)
        },
    );
    assert_eq!(
        outcome(egress.send(get(&server.url("/fits"))).await).await,
        Ok(1000)
    );
    let sent = egress.send(get(&server.url("/over"))).await;
    assert_eq!(outcome(sent).await, Err(EgressError::ReplyTooLarge));
}

#[tokio::test]
async fn reply_headers_over_the_limits_are_refused() {
    let many: String = (0..101)
        .map(|number| format!("X-{number}: 1\r\n"))
        .collect();
    let large = format!("X-Large: {}\r\n", "a".repeat(32 * 1024));
    let huge = format!("X-Huge: {}\r\n", "a".repeat(1024 * 1024));
    for fields in [many, large, huge] {
        let reply = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 0\r\n\r\n");
        let server = Server::answering(move |_, _| reply.clone()).await;
        let egress = egress_to(&server, one_place(PATIENCE));
        for _ in 0..2 {
            let sent = egress.send(get(&server.url("/"))).await;
            assert_eq!(sent.err(), Some(EgressError::ReplyHeadersTooLarge));
        }
    }
}

#[tokio::test]
async fn replies_that_are_not_http_or_break_off_are_typed() {
    for (reply, error) in [
        (
            "SSH-2.0-OpenSSH_9.9\r\n\r\n",
            EgressError::BadReply(BadReply::Malformed),
        ),
        (
            "HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
            EgressError::BadReply(BadReply::Malformed),
        ),
        ("", EgressError::Interrupted),
        ("HTTP/1.1 200 OK\r\nContent-", EgressError::Interrupted),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
            EgressError::Interrupted,
        ),
        (
            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
            EgressError::BadReply(BadReply::Upgrade),
        ),
    ] {
        let server = Server::start(move |mut stream| async move {
            read_request(&mut stream).await;
            stream.write_all(reply.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
            until_closed(&mut stream).await;
        })
        .await;
        let egress = egress_to(&server, one_place(PATIENCE));
        for _ in 0..2 {
            let sent = egress.send(get(&server.url("/"))).await;
            assert_eq!(outcome(sent).await, Err(error.clone()), "{reply:?}");
            assert!(error.was_sent());
        }
    }
}
