//! Case 26: what the plugin is given is worth nothing, and leads nowhere but where it belongs.
//! Each secret is a canary; what the guest has and what any socket gets is searched for it.

use crate::lair::{ACCESS, CLIENT_SECRET, Lair, REFRESH, hasty};

const CANARIES: [&str; 3] = [ACCESS, REFRESH, CLIENT_SECRET];

#[tokio::test(flavor = "multi_thread")]
async fn case_26_the_guest_never_sees_a_canary() {
    let lair = Lair::open(hasty()).await;
    let told = lair.report("tell all", &[]).await;
    for canary in CANARIES {
        assert!(!told.contains(canary), "{canary}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_26_a_secret_in_a_place_that_it_does_not_belong_in_is_refused() {
    let lair = Lair::open(hasty()).await;
    let near = format!("127.0.0.1:{}", lair.near.port());
    for request in [
        // In the address.
        &["/?t={access}"][..],
        &["/{access}/events"],
        &["/?t={refresh}"],
        &["/?t={secret}"],
        // In a header that is no Authorization, or in one of another scheme.
        &["/", "x-token: {access}"],
        &["/", "referer: https://x.example/?{access}"],
        &["/", "authorization: Basic {secret}"],
        &["/", "authorization: Bearer {refresh}"],
        &["/", "authorization: Bearer {secret}"],
        &["/", "authorization: Bearer {access} {refresh}"],
        &["/", "{access}: x"],
        // In a body of another form.
        &["/", "body={access}"],
        &[
            "/",
            "content-type: application/json",
            "body={\"t\":\"{refresh}\"}",
        ],
        &[
            "/",
            "content-type: text/plain",
            "body=client_secret={secret}",
        ],
        // In parts.
        &["/?a={half}&b={rest}"],
        &["/", "x-a: {half}", "x-b: {rest}"],
        &["/?r={reversed}"],
    ] {
        let mut arguments = vec!["http", near.as_str()];
        arguments.extend(request);
        let told = lair.report("request", &arguments).await;
        for canary in CANARIES {
            assert!(!told.contains(canary), "{request:?}: {told}");
        }
    }
    let sent = lair.near.sent();
    for canary in CANARIES {
        let backwards: String = canary.chars().rev().collect();
        assert!(!sent.contains(canary), "{sent}");
        assert!(!sent.contains(&backwards), "{sent}");
        assert!(!sent.contains(&canary[..canary.len() / 2 + 4]), "{sent}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_26_each_secret_reaches_its_own_place_so_that_the_refusals_prove_something() {
    let lair = Lair::open(hasty()).await;
    let near = format!("127.0.0.1:{}", lair.near.port());
    let told = lair
        .report(
            "request",
            &["http", &near, "/", "authorization: Bearer {access}"],
        )
        .await;
    assert!(told.starts_with("status 200"), "{told}");
    assert!(lair.near.sent().contains(ACCESS));
    let form = "body=grant_type=refresh_token&client_secret={secret}&refresh_token={refresh}";
    let kind = "content-type: application/x-www-form-urlencoded";
    lair.report("request", &["http", &near, "/token", kind, form])
        .await;
    let sent = lair.near.sent();
    assert!(sent.contains(REFRESH) && sent.contains(CLIENT_SECRET));
    assert_eq!(lair.far.connects(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_26_neither_another_grant_nor_a_token_of_its_own_leaves() {
    let lair = Lair::open(hasty()).await;
    let near = format!("127.0.0.1:{}", lair.near.port());
    let kind = "content-type: application/x-www-form-urlencoded";
    for request in [
        // One endpoint takes tokens to revoke, and grants.
        &[
            "/token",
            kind,
            "body=token={refresh}&grant_type=client_credentials&client_secret={secret}&x=literal",
        ][..],
        &[
            "/token",
            kind,
            "body=token={refresh}&grant_type=password&username=eve&password=literal",
        ],
        &[
            "/token",
            kind,
            "body=grant_type=refresh_token&refresh_token={refresh}&scope=everything+literal",
        ],
        // A token of its maker's.
        &["/?access_token=literal", "authorization: Bearer {access}"],
        &["/?OAuth%5Ftoken=literal"],
        &["/", kind, "body=access_token=literal"],
        &["/", "authorization: Bearer literal"],
    ] {
        let mut arguments = vec!["http", near.as_str()];
        arguments.extend(request);
        let told = lair.report("request", &arguments).await;
        assert_eq!(told, "ErrorCode::HttpRequestDenied", "{request:?}");
    }
    assert!(!lair.near.sent().contains("literal"));
}
