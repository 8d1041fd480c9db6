//! Places among an origin's exchanges: who takes one, who waits, who gives it back. And callers'
//! bodies, which are read before a place is taken.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame};
use http_body_util::Full;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use super::server::{Server, ok, read_request, until_closed};
use super::*;
use crate::egress::BadRequest;

#[tokio::test]
async fn case_30_a_caller_that_never_ends_its_request_holds_no_connection() {
    let server = Server::answering(|_, _| ok("fine")).await;
    let egress = egress_to(&server, one_place(PATIENCE));
    let (_frames, stalled) = mpsc::channel::<Result<Frame<Bytes>, EgressError>>(1);
    let request = Request::post(server.url("/"))
        .body(Frames(stalled))
        .unwrap();
    assert_eq!(
        egress.send_within(request, SHORT).await.err(),
        Some(EgressError::Deadline)
    );
    assert_eq!(server.connects().await, 0);
}

#[tokio::test]
async fn a_caller_that_goes_away_frees_its_place_and_its_connection() {
    let (seen, mut arrivals) = mpsc::unbounded_channel();
    let (gone, mut departures) = mpsc::unbounded_channel();
    let server = Server::start(move |mut stream| {
        let (seen, gone) = (seen.clone(), gone.clone());
        async move {
            let (head, _) = read_request(&mut stream).await.unwrap();
            if head.starts_with("GET / ") {
                stream.write_all(ok("fine").as_bytes()).await.unwrap();
            } else if head.starts_with("GET /half ") {
                stream
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
                    .await
                    .unwrap();
            }
            seen.send(()).unwrap();
            until_closed(&mut stream).await;
            gone.send(()).unwrap();
        }
    })
    .await;
    let egress = egress_to(&server, one_place(PATIENCE));
    for _ in 0..10 {
        let (other, url) = (egress.clone(), server.url("/never"));
        let caller = tokio::spawn(async move { other.send(get(&url)).await.map(|_| ()) });
        arrivals.recv().await.unwrap();
        caller.abort();
        departures.recv().await.unwrap();
        // Gone in the middle of the body.
        let reply = egress.send(get(&server.url("/half"))).await.unwrap();
        arrivals.recv().await.unwrap();
        drop(reply);
        departures.recv().await.unwrap();
    }
    assert_eq!(
        text(egress.send(get(&server.url("/"))).await.unwrap())
            .await
            .unwrap(),
        "fine"
    );
}

#[tokio::test]
async fn callers_wait_for_a_place_within_their_deadline() {
    let server = Server::answering(|head, _| {
        if head.starts_with("GET /half ") {
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".to_owned()
        } else {
            ok("fine")
        }
    })
    .await;
    let other = Server::answering(|_, _| ok("another origin")).await;
    let list = allowed(&[&server.url(""), &other.url("")]);
    let egress = Egress::builder(list)
        .limits(one_place(PATIENCE))
        .build()
        .unwrap();
    let held = egress.send(get(&server.url("/half"))).await.unwrap();
    let waiting = egress.send_within(get(&server.url("/")), SHORT).await;
    assert_eq!(waiting.err(), Some(EgressError::Deadline));
    assert_eq!(
        outcome(egress.send(get(&other.url("/"))).await).await,
        Ok(14)
    );
    drop(held);
    assert_eq!(
        outcome(egress.send(get(&server.url("/"))).await).await,
        Ok(4)
    );
}

#[tokio::test]
async fn a_place_is_free_after_the_last_byte_even_if_nobody_asks_for_the_end() {
    let server = Server::answering(|_, _| ok("fine")).await;
    let egress = egress_to(&server, one_place(PATIENCE));
    let mut body = egress
        .send(get(&server.url("/")))
        .await
        .unwrap()
        .into_body();
    assert_eq!(body.size_hint().exact(), Some(4));
    body.frame().await.unwrap().unwrap();
    assert!(body.is_end_stream());
    assert_eq!(
        outcome(egress.send(get(&server.url("/"))).await).await,
        Ok(4)
    );
    drop(body);
}

#[tokio::test]
async fn request_bodies_over_the_cap_or_unlike_their_length_connect_nowhere() {
    let server = Server::answering(|_, _| ok("")).await;
    let egress = egress_to(
        &server,
        Limits {
            request_body: 10,
            ..limits()
        },
    );
    let length = |value: &'static str, body: &'static [u8]| {
        let request = Request::post(server.url("/")).header("content-length", value);
        request.body(Full::new(Bytes::from_static(body))).unwrap()
    };
    let mut doubled = length("2", b"ab");
    doubled
        .headers_mut()
        .append("content-length", "2".parse().unwrap());
    let mismatch = EgressError::BadRequest(BadRequest::ContentLength);
    for (request, error) in [
        (length("11", b"12345678901"), EgressError::RequestTooLarge),
        (length("10", b"12345678901"), EgressError::RequestTooLarge),
        (length("99999999999", b""), EgressError::RequestTooLarge),
        (length("3", b"ab"), mismatch.clone()),
        (length("1", b"ab"), mismatch.clone()),
        (length("+2", b"ab"), mismatch.clone()),
        (length("2, 2", b"ab"), mismatch.clone()),
        (length("", b""), mismatch.clone()),
        (length("99999999999999999999999", b"ab"), mismatch.clone()),
        (doubled, mismatch.clone()),
    ] {
        assert_eq!(egress.send(request).await.err(), Some(error));
    }
    let streamed = |frames: Vec<Result<Frame<Bytes>, EgressError>>| {
        let (sender, frames_out) = mpsc::channel(4);
        for frame in frames {
            sender.try_send(frame).unwrap();
        }
        Request::post(server.url("/"))
            .body(Frames(frames_out))
            .unwrap()
    };
    let part = || Ok(Frame::data(Bytes::from_static(b"123456")));
    let trailers = || Ok(Frame::trailers(http::HeaderMap::new()));
    for (request, error) in [
        (streamed(vec![part(), part()]), EgressError::RequestTooLarge),
        (
            streamed(vec![part(), trailers()]),
            EgressError::BadRequest(BadRequest::Trailers),
        ),
        (
            streamed(vec![part(), Err(EgressError::Interrupted)]),
            EgressError::BadRequest(BadRequest::Body),
        ),
    ] {
        assert_eq!(egress.send(request).await.err(), Some(error));
    }
    assert_eq!(server.connects().await, 0);
}

/// A body whose frames come from a channel.
struct Frames(mpsc::Receiver<Result<Frame<Bytes>, EgressError>>);

impl Body for Frames {
    type Data = Bytes;
    type Error = EgressError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, EgressError>>> {
        self.0.poll_recv(cx)
    }
}
