//! The headers with which browsers keep a reply from doing harm, on every reply that there is.

use crate::{
    forms::{FORM, SAME_ORIGIN, Visitor},
    operations::{BOOKING, By, Operation, PagePath, booking},
    raw::{Body, upload},
};
use calport_e2e::{World, WorldOptions};
use reqwest::{
    Method, StatusCode,
    header::{HeaderMap, HeaderName},
};
use serde_json::json;
use std::collections::BTreeSet;

/// Checks the headers of a reply of the interface.
pub(crate) fn is_safe(what: &str, headers: &HeaderMap) {
    let policy = guarded(what, headers);
    assert!(!policy.contains("script-src"), "{what}: {policy}");
    assert_eq!(
        only(what, headers, "referrer-policy"),
        "no-referrer",
        "{what}"
    );
    assert_eq!(only(what, headers, "cache-control"), "no-store", "{what}");
}

/// Checks the headers of a reply of the page.
fn is_safe_page(what: &str, headers: &HeaderMap, is_asset: bool) {
    let policy = guarded(what, headers);
    let own = ["script-src 'self'", "style-src 'self'"];
    assert!(
        own.iter().all(|part| policy.contains(part)),
        "{what}: {policy}"
    );
    assert!(
        !policy.contains("unsafe") && !policy.contains('*'),
        "{what}: {policy}"
    );
    assert_eq!(only(what, headers, "x-frame-options"), "DENY", "{what}");
    let referrer = only(what, headers, "referrer-policy");
    assert!(
        ["no-referrer", "same-origin"].contains(&referrer),
        "{what}: {referrer}"
    );
    let kept = match is_asset {
        true => "public, max-age=31536000, immutable",
        false => "no-store",
    };
    assert_eq!(only(what, headers, "cache-control"), kept, "{what}");
}

/// Checks what every reply says, and gives its policy.
fn guarded<'a>(what: &str, headers: &'a HeaderMap) -> &'a str {
    assert_eq!(
        only(what, headers, "x-content-type-options"),
        "nosniff",
        "{what}"
    );
    let policy = only(what, headers, "content-security-policy");
    for part in [
        "default-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{what}: {policy}");
    }
    policy
}

/// The value of a header that must be there once.
fn only<'a>(what: &str, headers: &'a HeaderMap, name: &str) -> &'a str {
    let values: Vec<_> = headers.get_all(name).iter().collect();
    assert_eq!(values.len(), 1, "{what}: {name} in {headers:?}");
    values[0].to_str().unwrap()
}

/// The headers of a reply as it came on the wire.
fn parsed(reply: &str) -> HeaderMap {
    let head = reply.split("\r\n\r\n").next().unwrap();
    let fields = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "));
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, value.parse().unwrap());
    }
    headers
}

#[tokio::test]
async fn case_37_every_reply_of_the_interface_keeps_browsers_safe() {
    let world = World::start_with(WorldOptions {
        settings: vec![("OUTLOOK_CLIENT_SECRET".to_owned(), String::new())],
        ..WorldOptions::default()
    })
    .await
    .unwrap();
    let reply = world
        .platform(Method::PUT, BOOKING, Some(&booking(1, "Deep clean")))
        .await;
    assert_eq!(reply.unwrap().status, StatusCode::ACCEPTED);
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let mut seen = BTreeSet::new();
    let mut replies = 0;
    let mut check = async |what: &str, request: reqwest::RequestBuilder| {
        let reply = request.send().await.unwrap();
        is_safe(&format!("{what}: {}", reply.status()), reply.headers());
        seen.insert(reply.status().as_u16());
        replies += 1;
    };
    let operations = Operation::all(&world).await;
    for operation in &operations {
        let url = format!("{}{}", world.url, operation.path);
        let what = format!("{} {}", operation.method, operation.path);
        let bearer = operation.callers.first().map(|by| by.bearer());
        let ask = |method: Method| {
            let request = client.request(method, &url);
            match &bearer {
                Some(bearer) => request.bearer_auth(bearer),
                None => request,
            }
        };
        check(&what, client.request(operation.method.clone(), &url)).await;
        for method in [
            Method::HEAD,
            Method::OPTIONS,
            Method::PATCH,
            Method::TRACE,
            Method::from_bytes(b"PROPFIND").unwrap(),
        ] {
            check(&format!("{what} as {method}"), ask(method)).await;
        }
        let right = || ask(operation.method.clone());
        for (kind, body) in [
            ("text/plain", "x"),
            ("application/json", "{"),
            ("application/json", "[]"),
            ("application/json", "{\"no such field\":1}"),
        ] {
            let request = right().header("content-type", kind).body(body);
            check(&format!("{what} with {body}"), request).await;
        }
        let bad_key = right().header("idempotency-key", "two words");
        check(&format!("{what} with a bad key"), bad_key).await;
        for _ in 0..2 {
            let mut request = right().header("idempotency-key", what.replace(' ', "-"));
            if let Some(body) = operation.body() {
                request = request.json(&body);
            }
            check(&format!("{what}, as it should be"), request).await;
        }
    }
    for path in [
        "/",
        "/nothing",
        "/api/",
        "/api/nothing/",
        "/api/things/1/",
        "/api/jobs/%00/",
        "/api/jobs/%ff/",
        "/api/calendar/%3Cscript%3E/connect/",
        "/feeds/%2e%2e%2fetc.ics",
        "/api/calendar/google/callback/?state=%3Cscript%3E&error=x",
        "/api/calendar/google/callback/?state=a&state=b",
        "/api/calendar/busy/?from=x",
    ] {
        let url = format!("{}{path}", world.url);
        check(path, client.get(url).bearer_auth(By::User.bearer())).await;
    }
    let outlook = format!("{}/api/calendar/outlook/connect/", world.url);
    for number in 0..100 {
        let request = client.post(&outlook).bearer_auth(By::User.bearer());
        check(&format!("connect {number}"), request).await;
    }
    // The feed and the file, as calendar apps and mails have them.
    let feed = world
        .user("eve", Method::POST, "/api/calendar/feed/", None)
        .await;
    let feed = feed.unwrap().json()["feed_url"]
        .as_str()
        .unwrap()
        .to_owned();
    let first = client.get(&feed).send().await.unwrap();
    let etag = first.headers()["etag"].clone();
    check("a feed", client.get(&feed)).await;
    check(
        "a feed that is known",
        client.get(&feed).header("if-none-match", etag),
    )
    .await;
    let put = world
        .platform(Method::PUT, "/api/jobs/18/", Some(&booking(1, "x")))
        .await;
    let file = put.unwrap().json()["participants"][0]["file_url"]
        .as_str()
        .unwrap()
        .to_owned();
    check("a file", client.get(&file)).await;
    let head = format!(
        "PUT {BOOKING} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         content-type: application/json",
        By::Platform.bearer()
    );
    for body in [Body::Withheld, Body::Chunked] {
        let (reply, _) = upload(&world, &head, body, 100_000_000).await;
        is_safe("too large", &parsed(&reply.0));
        seen.insert(reply.status());
        replies += 1;
    }
    for status in [
        200, 201, 202, 303, 304, 400, 401, 404, 405, 409, 413, 415, 422, 429, 503,
    ] {
        assert!(seen.contains(&status), "{status} was never tried: {seen:?}");
    }
    println!(
        "case 37: {replies} replies of {} operations, with {seen:?}",
        operations.len()
    );
}

#[tokio::test]
async fn case_37_every_reply_of_the_page_keeps_browsers_safe() {
    let world = World::start().await.unwrap();
    let visitor = Visitor::of(&world, "ann").await;
    let (_, _, home) = visitor.reply(Method::GET, "/page/", true).await;
    let assets: Vec<_> = home.split("\"/page/assets/").skip(1).collect();
    assert!(!assets.is_empty(), "{home}");
    for asset in assets {
        let path = format!("/page/assets/{}", asset.split('"').next().unwrap());
        let (status, headers, _) = visitor.reply(Method::GET, &path, false).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        is_safe_page(&path, &headers, true);
    }
    let mut seen = BTreeSet::new();
    let mut paths = PagePath::all();
    paths.sort_by_key(|path| path.path.contains("close"));
    for PagePath { method, path } in paths {
        for is_open in [true, false] {
            for tried in [Method::GET, Method::POST, Method::PUT, Method::OPTIONS] {
                let what = format!("{tried} {path}, open: {is_open}");
                let (status, headers, _) = visitor.reply(tried, &path, is_open).await;
                is_safe_page(&format!("{what}: {status}"), &headers, false);
                seen.insert(status.as_u16());
            }
        }
        if method == Method::POST {
            for (kind, more) in [(FORM, SAME_ORIGIN), ("text/plain", SAME_ORIGIN)] {
                let reply = visitor.post(&path, kind, &[more]).await;
                let what = format!("{path} as {kind}: {}", reply.status());
                is_safe_page(&what, reply.headers(), false);
                seen.insert(reply.status().as_u16());
            }
        }
    }
    let body = json!({"user": "ann"});
    let reply = world
        .platform(Method::POST, "/api/page-sessions/", Some(&body))
        .await;
    let url = reply.unwrap().json()["url"].as_str().unwrap().to_owned();
    let path = url.strip_prefix(&world.url).unwrap();
    for _ in 0..2 {
        let (status, headers, _) = visitor.reply(Method::GET, path, false).await;
        is_safe_page(&format!("a ticket: {status}"), &headers, false);
        seen.insert(status.as_u16());
    }
    for status in [200, 303, 403, 404, 405, 415] {
        assert!(seen.contains(&status), "{status} was never tried: {seen:?}");
    }
}
