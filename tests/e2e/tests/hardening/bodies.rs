//! Bodies that are too large, or of another kind than they must be.

use crate::{
    forms::{FORM, SAME_ORIGIN, Visitor},
    headers::is_safe,
    operations::{By, Operation},
    raw::{Body, upload},
};
use calport_e2e::World;
use reqwest::{Method, StatusCode};

const HUNDRED_MEGABYTES: usize = 100_000_000;

/// What may be taken of them all the same: what is read before it is too much, and what lies in
/// the buffers of sockets on both sides.
const TAKEN: usize = 20_000_000;

fn head(method: &Method, path: &str, more: &[(&str, &str)]) -> String {
    let more = more
        .iter()
        .map(|(name, value)| format!("\r\n{name}: {value}"));
    format!(
        "{method} {path} HTTP/1.1\r\nhost: x{}",
        more.collect::<String>()
    )
}

#[calport_databases::each_database]
async fn case_36_a_hundred_megabytes_are_refused_before_they_are_read() {
    let world = World::start().await.unwrap();
    let mut most = 0;
    for operation in Operation::all(&world).await {
        if !operation.writes() {
            continue;
        }
        let bearer = format!("Bearer {}", operation.callers[0].bearer());
        let fields = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        let head = head(&operation.method, &operation.path, &fields);
        for body in [Body::Withheld, Body::Declared, Body::Chunked] {
            let (reply, taken) = upload(&world, &head, body, HUNDRED_MEGABYTES).await;
            let said = format!("{head}, {body:?}: {reply:?} after {taken} bytes");
            assert!(taken < TAKEN, "{said}");
            most = most.max(taken);
            if operation.takes_body || body != Body::Chunked {
                assert_eq!(reply.status(), 413, "{said}");
                assert!(reply.0.contains("\"code\":\"too-large\""), "{said}");
            } else {
                assert!(reply.status() >= 200, "{said}");
            }
        }
        // Nobody in particular hears that they may not, and is not listened to either.
        let stranger = self::head(&operation.method, &operation.path, &fields[1..]);
        let (reply, taken) = upload(&world, &stranger, Body::Chunked, HUNDRED_MEGABYTES).await;
        assert_eq!(reply.status(), 401, "{stranger}: {reply:?}");
        assert!(taken < TAKEN, "{stranger}: {taken}");
    }
    println!("case 36: of 100 MB at most {most} bytes left the client, buffers included");
}

#[tokio::test]
async fn case_36_nobody_is_asked_to_go_on_with_what_is_too_large() {
    let world = World::start().await.unwrap();
    let bearer = format!("Bearer {}", By::Platform.bearer());
    let fields = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("expect", "100-continue"),
    ];
    let head = head(&Method::PUT, "/api/jobs/1/", &fields);
    let (reply, _) = upload(&world, &head, Body::Withheld, HUNDRED_MEGABYTES).await;
    assert_eq!(reply.status(), 413, "{reply:?}");
}

#[tokio::test]
async fn case_36_a_form_of_a_hundred_megabytes_is_refused_before_it_is_read() {
    let world = World::start().await.unwrap();
    let visitor = Visitor::of(&world, "ann").await;
    for path in Visitor::forms() {
        let fields = [
            ("cookie", visitor.cookie.as_str()),
            SAME_ORIGIN,
            ("content-type", FORM),
        ];
        let head = head(&Method::POST, &path, &fields);
        for body in [Body::Declared, Body::Chunked] {
            let (reply, taken) = upload(&world, &head, body, HUNDRED_MEGABYTES).await;
            assert_eq!(reply.status(), 413, "{head} {body:?}: {reply:?}");
            assert!(taken < TAKEN, "{head} {body:?}: {taken}");
        }
    }
}

#[tokio::test]
async fn case_36_a_body_of_another_kind_is_refused_by_its_kind() {
    let world = World::start().await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for operation in Operation::all(&world).await {
        let Some(body) = operation.body() else {
            continue;
        };
        for kind in [
            "text/plain",
            "text/json",
            "application/jsonx",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "text/plain; application/json",
            "",
        ] {
            let url = format!("{}{}", world.url, operation.path);
            let request = client
                .request(operation.method.clone(), url)
                .bearer_auth(operation.callers[0].bearer())
                .header("content-type", kind)
                .body(body.to_string());
            let reply = request.send().await.unwrap();
            let said = format!("{} {} as {kind:?}", operation.method, operation.path);
            assert_eq!(reply.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{said}");
            is_safe(&said, reply.headers());
        }
    }
    let visitor = Visitor::of(&world, "ann").await;
    for path in Visitor::forms() {
        for kind in [
            "text/plain",
            "application/json",
            "multipart/form-data; boundary=x",
            "",
        ] {
            let status = visitor.post(&path, kind, &[SAME_ORIGIN]).await.status();
            assert_eq!(
                status,
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "{path} as {kind:?}"
            );
        }
    }
}
