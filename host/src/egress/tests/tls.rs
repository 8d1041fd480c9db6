//! TLS and HTTP/2, with a real handshake and certificates made for the occasion.

use std::convert::Infallible;
use std::time::Duration;

use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::CertificateDer;
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;
use tokio_rustls::server::TlsStream;

use super::server::{Identity, Server, ok, read_request, until_closed};
use super::*;
use crate::egress::TlsFault;

async fn tls_server<F, R>(identity: &Identity, protocols: &[&str], serve: F) -> Server
where
    F: Fn(TlsStream<tokio::net::TcpStream>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let acceptor = identity.acceptor(protocols);
    Server::start(move |stream| {
        let (acceptor, serve) = (acceptor.clone(), serve.clone());
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                serve(stream).await;
            }
        }
    })
    .await
}

fn secure(server: &Server) -> String {
    format!("https://localhost:{}/", server.address.port())
}

fn trusting(url: &str, root: Option<&CertificateDer<'static>>, limits: Limits) -> Egress {
    let mut builder = Egress::builder(allowed(&[url]))
        .limits(limits)
        .resolver(FakeResolver::new(&[("localhost", &["127.0.0.1"])]));
    if let Some(root) = root {
        builder = builder.trust(root.clone());
    }
    builder.build().unwrap()
}

/// HTTP/2: `/large` gets headers of 40 KiB, `/huge` of 100 KiB, everything else its version.
async fn http2_server(identity: &Identity) -> Server {
    tls_server(identity, &["h2", "http/1.1"], |stream| async move {
        let service = service_fn(|request: Request<hyper::body::Incoming>| async move {
            let mut reply = Response::new(format!("{:?}", request.version()));
            let length = match request.uri().path() {
                "/large" => 40 * 1024,
                "/huge" => 100 * 1024,
                _ => 1,
            };
            reply
                .headers_mut()
                .insert("x-large", "a".repeat(length).parse().unwrap());
            Ok::<_, Infallible>(reply)
        });
        let connection = http2::Builder::new(TokioExecutor::new());
        connection
            .serve_connection(TokioIo::new(stream), service)
            .await
            .ok();
    })
    .await
}

#[tokio::test]
async fn http_1_is_spoken_over_tls_where_that_is_what_the_server_speaks() {
    let identity = Identity::of("localhost");
    let server = tls_server(&identity, &["http/1.1"], |mut stream| async move {
        while let Some((head, _)) = read_request(&mut stream).await {
            let reply = ok(head.lines().next().unwrap());
            tokio::io::AsyncWriteExt::write_all(&mut stream, reply.as_bytes())
                .await
                .unwrap();
        }
    })
    .await;
    let url = secure(&server);
    let egress = trusting(&url, Some(&identity.certificate), limits());
    for _ in 0..3 {
        let reply = egress.send(get(&url)).await.unwrap();
        assert_eq!(text(reply).await.unwrap(), "GET / HTTP/1.1");
    }
    assert_eq!(server.connects().await, 1);
}

#[tokio::test]
async fn concurrent_requests_share_one_http_2_connection() {
    let identity = Identity::of("localhost");
    let server = http2_server(&identity).await;
    let url = secure(&server);
    let egress = trusting(&url, Some(&identity.certificate), limits());
    assert_eq!(
        text(egress.send(get(&url)).await.unwrap()).await.unwrap(),
        "HTTP/2.0"
    );
    let mut burst = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (egress, url) = (egress.clone(), url.clone());
        burst.spawn(async move { text(egress.send(get(&url)).await.unwrap()).await.unwrap() });
    }
    assert_eq!(burst.join_all().await, vec!["HTTP/2.0"; 100]);
    assert_eq!(server.connects().await, 1);
}

#[tokio::test]
async fn http_2_reply_headers_over_the_limits_are_refused_and_the_connection_lives_on() {
    let identity = Identity::of("localhost");
    let server = http2_server(&identity).await;
    let url = secure(&server);
    let egress = trusting(&url, Some(&identity.certificate), limits());
    let large = egress.send(get(&format!("{url}large"))).await;
    assert_eq!(large.err(), Some(EgressError::ReplyHeadersTooLarge));
    // Over what is read at all, HTTP/2 knows only that the stream was reset.
    let huge = egress.send(get(&format!("{url}huge"))).await;
    assert_eq!(huge.err(), Some(EgressError::Interrupted));
    assert_eq!(
        text(egress.send(get(&url)).await.unwrap()).await.unwrap(),
        "HTTP/2.0"
    );
    assert_eq!(server.connects().await, 1);
}

#[tokio::test]
async fn certificates_that_do_not_vouch_for_the_host_are_refused_with_the_reason() {
    let mut expired = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    expired.not_before = rcgen::date_time_ymd(2020, 1, 1);
    expired.not_after = rcgen::date_time_ymd(2021, 1, 1);
    let mut future = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    future.not_before = rcgen::date_time_ymd(2200, 1, 1);
    future.not_after = rcgen::date_time_ymd(2201, 1, 1);
    for (identity, trusted, fault) in [
        (Identity::of("localhost"), false, TlsFault::UntrustedIssuer),
        (Identity::of("other.example"), true, TlsFault::WrongName),
        (Identity::with(expired), true, TlsFault::Expired),
        (Identity::with(future), true, TlsFault::Expired),
    ] {
        let (read, mut requests) = mpsc::unbounded_channel();
        let server = tls_server(&identity, &["http/1.1"], move |mut stream| {
            let read = read.clone();
            async move {
                if read_request(&mut stream).await.is_some() {
                    read.send(()).unwrap();
                }
            }
        })
        .await;
        let url = secure(&server);
        let egress = trusting(&url, trusted.then_some(&identity.certificate), limits());
        let refused = egress.send(get(&url)).await.unwrap_err();
        assert_eq!(refused, EgressError::TlsFailed(fault));
        assert!(!refused.was_sent());
        assert!(requests.try_recv().is_err());
    }
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_gets_no_request() {
    let server = Server::start(|mut stream| async move {
        let mut hello = [0; 5];
        stream.read_exact(&mut hello).await.unwrap();
        assert_eq!(hello[0], 22, "a TLS handshake record");
        tokio::io::AsyncWriteExt::write_all(&mut stream, ok("plain").as_bytes())
            .await
            .unwrap();
        until_closed(&mut stream).await;
    })
    .await;
    let url = secure(&server);
    let egress = trusting(&url, None, limits());
    let refused = egress.send(get(&url)).await.unwrap_err();
    assert_eq!(refused, EgressError::TlsFailed(TlsFault::Protocol));
}

#[tokio::test]
async fn case_30_a_stalled_handshake_is_cut_and_its_place_freed() {
    let connect = Limits {
        connect_timeout: SHORT,
        in_flight_per_origin: 1,
        ..limits()
    };
    let total = Limits {
        deadline: SHORT,
        in_flight_per_origin: 1,
        ..limits()
    };
    for (limits, error) in [
        (connect, EgressError::ConnectTimedOut),
        (total, EgressError::Deadline),
    ] {
        let (gone, mut departures) = mpsc::unbounded_channel();
        let server = Server::start(move |mut stream| {
            let gone = gone.clone();
            async move {
                // Takes the client's hello, and says nothing ever after.
                until_closed(&mut stream).await;
                gone.send(()).unwrap();
            }
        })
        .await;
        let url = secure(&server);
        let egress = trusting(&url, None, limits);
        for _ in 0..2 {
            assert_eq!(egress.send(get(&url)).await.err(), Some(error.clone()));
            departures.recv().await.unwrap();
        }
    }
}

#[tokio::test]
async fn case_30_a_handshake_of_a_byte_now_and_then_is_cut() {
    let (gone, mut departures) = mpsc::unbounded_channel();
    let server = Server::start(move |mut stream| {
        let gone = gone.clone();
        async move {
            // A record of 16 KiB, begun and never ended.
            let mut next = &b"\x16\x03\x03\x40\x00"[..];
            while tokio::io::AsyncWriteExt::write_all(&mut stream, &next[..1])
                .await
                .is_ok()
            {
                next = if next.len() > 1 { &next[1..] } else { b"\x02" };
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            gone.send(()).unwrap();
        }
    })
    .await;
    let url = secure(&server);
    let egress = trusting(
        &url,
        None,
        Limits {
            connect_timeout: SHORT,
            ..limits()
        },
    );
    assert_eq!(
        egress.send(get(&url)).await.err(),
        Some(EgressError::ConnectTimedOut)
    );
    departures.recv().await.unwrap();
}

#[tokio::test]
async fn a_root_that_is_no_certificate_is_refused_when_building() {
    let builder = Egress::builder(AllowList::default()).trust(CertificateDer::from(vec![1, 2, 3]));
    assert_eq!(
        builder.build().err(),
        Some(crate::egress::BuildError::Certificate)
    );
}
