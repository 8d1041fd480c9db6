//! Where requests may go (cases 27 and 29), and what callers may say (headers, methods).

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Method, Request, Uri};
use http_body_util::Empty;

use super::server::{Server, header, ok};
use super::*;
use crate::egress::BadRequest;

fn echo_target() -> impl Fn(&str, &[u8]) -> String + Clone + Send + Sync + 'static {
    |head, _| {
        let line = head.lines().next().unwrap();
        ok(&format!("{line} {}", header(head, "host").unwrap()))
    }
}

/// Both servers are on loopback, and every name leads there: only the allow-list stands between.
async fn allowed_and_forbidden() -> (Server, Server, Egress) {
    let home = Server::answering(echo_target()).await;
    let forbidden = Server::answering(echo_target()).await;
    let resolver = FakeResolver::new(&[
        ("localhost", &["127.0.0.1"]),
        ("calendar.example", &["127.0.0.1"]),
    ]);
    let list = allowed(&[&home.url(""), "https://calendar.example"]);
    let egress = Egress::builder(list)
        .limits(limits())
        .resolver(resolver)
        .build()
        .unwrap();
    (home, forbidden, egress)
}

#[tokio::test]
async fn case_27_no_spelling_of_a_foreign_host_connects() {
    let (home, forbidden, egress) = allowed_and_forbidden().await;
    let (a, b) = (home.address.port(), forbidden.address.port());
    let spellings = [
        format!("http://127.0.0.1:{b}/"),
        format!("HTTP://127.0.0.1:{b}/"),
        format!("http://127.1:{b}/"),
        format!("http://2130706433:{b}/"),
        format!("http://0x7f000001:{b}/"),
        format!("http://0x7F.1:{b}/"),
        format!("http://017700000001:{b}/"),
        format!("http://0177.0.0.1:{b}/"),
        format!("http://127.0.0.1.:{b}/"),
        format!("http://localhost:{b}/"),
        format!("http://LOCALHOST.:{b}/"),
        format!("http://localhost:{a}/"),
        format!("http://[::1]:{b}/"),
        format!("http://[::ffff:127.0.0.1]:{b}/"),
        format!("http://[::ffff:7f00:1]:{a}/"),
        format!("http://[0:0:0:0:0:ffff:127.0.0.1]:{b}/"),
        format!("http://127.0.0.1:{a}@127.0.0.1:{b}/"),
        format!("http://127.0.0.1:{a}%40127.0.0.1:{b}/"),
        format!("http://user:secret@127.0.0.1:{a}/"),
        format!("http://127.0.0.1:{a}\\@127.0.0.1:{b}/"),
        format!("http://127.0.0.1:{a}#@127.0.0.1:{b}/"),
        format!("http://127.0.0.1:{b}#127.0.0.1:{a}/"),
        format!("http://127.0.0.1:{b}?127.0.0.1:{a}/"),
        format!("http://%31%32%37.0.0.1:{b}/"),
        format!("http://127.0.0.1%2f:{b}/"),
        format!("http://\u{2460}27.0.0.1:{b}/"),
        format!("http://127\u{3002}0.0.1:{b}/"),
        format!("http://127.0.0.1:{a}\r\nHost: 127.0.0.1:{b}/"),
        format!("http://127.0.0.1:{b}\t/"),
        format!("http:///127.0.0.1:{b}/"),
        format!("http:127.0.0.1:{b}/"),
        format!("//127.0.0.1:{b}/"),
        format!("https://127.0.0.1:{a}/"),
        format!("https://calendar.example:{b}/"),
        format!("http://calendar.example:{b}/"),
        "https://calendar.example./".to_owned(),
        "https://c\u{430}lendar.example/".to_owned(),
        "https://calendar.example.evil.example/".to_owned(),
        format!("ws://127.0.0.1:{b}/"),
    ];
    for spelling in spellings {
        // Some never become a URI at all, which is a refusal as good as ours. A fragment is cut off
        // by the URI's own parser: what is left is judged.
        let Ok(uri) = spelling.parse::<Uri>() else {
            continue;
        };
        let mut request = Request::new(Empty::<Bytes>::new());
        *request.uri_mut() = uri;
        match egress.send(request).await {
            Err(EgressError::NotAllowed(shown)) => {
                assert!(!shown.to_string().contains("secret"), "{shown}");
            }
            Err(EgressError::BadRequest(BadRequest::Target)) => {}
            Ok(reply) => {
                // Only a fragment may be lost on the way home, and home is where it went.
                assert!(spelling.contains(&format!(":{a}#")), "{spelling}");
                assert_eq!(
                    text(reply).await.unwrap(),
                    format!("GET / HTTP/1.1 127.0.0.1:{a}")
                );
            }
            Err(other) => panic!("{spelling}: {other:?}"),
        }
    }
    assert_eq!(forbidden.connects().await, 0);
}

#[tokio::test]
async fn case_27_every_spelling_of_an_allowed_host_arrives_under_its_one_name() {
    let (home, forbidden, egress) = allowed_and_forbidden().await;
    let port = home.address.port();
    for authority in [
        format!("127.0.0.1:{port}"),
        format!("127.1:{port}"),
        format!("2130706433:{port}"),
        format!("0X7F.0.0.1:{port}"),
        format!("0177.0.0.1:{port}"),
    ] {
        let reply = egress
            .send(get(&format!("HTTP://{authority}/x")))
            .await
            .unwrap();
        assert_eq!(
            text(reply).await.unwrap(),
            format!("GET /x HTTP/1.1 127.0.0.1:{port}")
        );
    }
    assert_eq!((home.connects().await, forbidden.connects().await), (1, 0));
}

#[tokio::test]
async fn case_27_a_path_that_looks_like_an_authority_is_a_path() {
    let (home, forbidden, egress) = allowed_and_forbidden().await;
    let b = forbidden.address.port();
    for (path, arrives) in [
        (format!("//127.0.0.1:{b}/"), true),
        (format!("/@127.0.0.1:{b}/"), true),
        (format!("/http://127.0.0.1:{b}/"), true),
        (format!("http://127.0.0.1:{b}/"), false),
        (format!("/\\127.0.0.1:{b}/"), false),
        (format!("@127.0.0.1:{b}/"), false),
        (format!(":{b}/"), false),
        ("*".to_owned(), false),
        (format!("/ HTTP/1.1\r\nHost: 127.0.0.1:{b}"), false),
        ("/caf\u{e9}".to_owned(), false),
        ("/a\u{7f}".to_owned(), false),
        ("/api/%2e%2e/token".to_owned(), false),
    ] {
        let Ok(parsed) = PathAndQuery::try_from(path.as_str()) else {
            assert!(!arrives, "{path}");
            continue;
        };
        let uri = Uri::builder()
            .scheme("http")
            .authority(home.address.to_string())
            .path_and_query(parsed)
            .build();
        let Ok(uri) = uri else {
            assert!(!arrives, "{path}");
            continue;
        };
        let mut request = Request::new(Empty::<Bytes>::new());
        *request.uri_mut() = uri;
        match egress.send(request).await {
            Ok(reply) => {
                assert!(arrives, "{path}");
                let line = format!("GET {path} HTTP/1.1 {}", home.address);
                assert_eq!(text(reply).await.unwrap(), line);
            }
            Err(EgressError::BadRequest(BadRequest::Target)) => assert!(!arrives, "{path}"),
            Err(other) => panic!("{path}: {other:?}"),
        }
    }
    assert_eq!((home.connects().await, forbidden.connects().await), (1, 0));
}

#[tokio::test]
async fn case_29_redirects_are_replies_and_are_not_followed() {
    let elsewhere = Server::answering(|_, _| ok("followed")).await;
    let to = elsewhere.url("/stolen");
    for (status, location) in [
        (301, to.clone()),
        (302, to.clone()),
        (303, to.clone()),
        (307, to.clone()),
        (308, to.clone()),
        (302, "/loop".to_owned()),
    ] {
        let reply =
            format!("HTTP/1.1 {status} X\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        let home = Server::answering(move |_, _| reply.clone()).await;
        // Even an origin that is itself allowed is not gone to by itself.
        let list = allowed(&[&home.url(""), &elsewhere.url("")]);
        let egress = Egress::builder(list).limits(limits()).build().unwrap();
        let reply = egress.send(get(&home.url("/loop"))).await.unwrap();
        assert_eq!(reply.status().as_u16(), status);
        assert_eq!(reply.headers()["location"], location.as_str());
        drop(reply);
        assert_eq!(home.connects().await, 1);
    }
    assert_eq!(elsewhere.connects().await, 0);
}

/// Run by the test below in a process of its own, whose environment names a proxy.
#[tokio::test]
async fn inner_request_beside_a_proxy() {
    let Ok(url) = std::env::var("EGRESS_TEST_URL") else {
        return;
    };
    let egress = Egress::builder(allowed(&[&url]))
        .limits(limits())
        .build()
        .unwrap();
    let reply = egress.send(get(&url)).await.unwrap();
    assert_eq!(text(reply).await.unwrap(), "direct");
}

#[tokio::test]
async fn proxies_of_the_environment_are_ignored() {
    let home = Server::answering(|_, _| ok("direct")).await;
    let proxy = Server::answering(|_, _| ok("by proxy")).await;
    let this = std::env::current_exe().unwrap();
    let module = module_path!().split_once("::").unwrap().1;
    let mut child = std::process::Command::new(this);
    child.args([
        "--exact",
        &format!("{module}::inner_request_beside_a_proxy"),
    ]);
    child.env("EGRESS_TEST_URL", home.url("/"));
    for name in [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ] {
        child.env(name, proxy.url(""));
    }
    child.env_remove("NO_PROXY").env_remove("no_proxy");
    let output = tokio::task::spawn_blocking(move || child.output())
        .await
        .unwrap()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    assert_eq!((home.connects().await, proxy.connects().await), (1, 0));
}

#[tokio::test]
async fn headers_that_are_not_for_callers_are_refused_by_name() {
    let home = Server::answering(|_, _| ok("")).await;
    let egress = egress_to(&home, limits());
    for name in [
        "host",
        "connection",
        "keep-alive",
        "transfer-encoding",
        "te",
        "trailer",
        "upgrade",
        "http2-settings",
        "expect",
        "proxy-authorization",
        "proxy-connection",
        "proxy-anything",
        "forwarded",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-real-ip",
        "via",
        "cookie",
    ] {
        let mut request = get(&home.url("/"));
        request
            .headers_mut()
            .insert(name, "canary".parse().unwrap());
        let refused = egress.send(request).await.unwrap_err();
        assert_eq!(
            refused,
            EgressError::BadRequest(BadRequest::Header(name.to_owned()))
        );
        assert!(!format!("{refused:?} {refused}").contains("canary"));
    }
    assert_eq!(home.connects().await, 0);
}

#[tokio::test]
async fn tunnels_and_traces_are_not_for_callers() {
    let home = Server::answering(|_, _| ok("")).await;
    let egress = egress_to(&home, limits());
    for method in [Method::CONNECT, Method::TRACE] {
        let mut request = get(&home.url("/"));
        *request.method_mut() = method;
        let refused = egress.send(request).await.unwrap_err();
        assert_eq!(refused, EgressError::BadRequest(BadRequest::Method));
    }
    assert_eq!(home.connects().await, 0);
}

#[tokio::test]
async fn requests_with_too_many_or_too_large_headers_are_refused() {
    let home = Server::answering(|_, _| ok("")).await;
    let egress = egress_to(&home, limits());
    let mut many = get(&home.url("/"));
    for number in 0..101 {
        let name = http::HeaderName::try_from(format!("x-{number}")).unwrap();
        many.headers_mut().insert(name, "1".parse().unwrap());
    }
    let mut large = get(&home.url("/"));
    large
        .headers_mut()
        .insert("x-large", "a".repeat(16 * 1024).parse().unwrap());
    for request in [many, large] {
        let refused = egress.send(request).await.unwrap_err();
        assert_eq!(refused, EgressError::RequestHeadersTooLarge);
    }
    assert_eq!(home.connects().await, 0);
}
