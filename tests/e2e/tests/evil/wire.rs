//! Case 27: a host that is not on the list, in every spelling that might pass for one that is.

use crate::lair::{Lair, hasty};

/// `FAR` and `NEAR` stand for the ports of the forbidden host and of the allowed one.
const AUTHORITIES: [&str; 28] = [
    "127.0.0.1:FAR",
    "localhost:FAR",
    "LOCALHOST:FAR",
    "127.1:FAR",
    "127.0.1:FAR",
    "2130706433:FAR",
    "0x7f000001:FAR",
    "017700000001:FAR",
    "0.0.0.0:FAR",
    "0:FAR",
    "[::1]:FAR",
    "[::]:FAR",
    "[::ffff:127.0.0.1]:FAR",
    "[::ffff:7f00:1]:FAR",
    "[64:ff9b::7f00:1]:FAR",
    "127.0.0.1.:FAR",
    "127.0.0.1:0FAR",
    "user@127.0.0.1:FAR",
    "127.0.0.1:NEAR@127.0.0.1:FAR",
    "127.0.0.1:FAR@127.0.0.1:NEAR",
    "127.0.0.1:NEAR#@127.0.0.1:FAR",
    "127.0.0.1:NEAR?@127.0.0.1:FAR",
    "127.0.0.1:NEAR/@127.0.0.1:FAR",
    "127.0.0.1:NEAR\\@127.0.0.1:FAR",
    "127.0.0.1:NEAR\r\nHost: 127.0.0.1:FAR",
    "127.0.0.1:NEAR 127.0.0.1:FAR",
    "127.0.0.1%3AFAR",
    "①②⑦.0.0.1:FAR",
];

#[tokio::test(flavor = "multi_thread")]
async fn case_27_no_spelling_reaches_a_host_that_is_not_allowed() {
    let lair = Lair::open(hasty()).await;
    for authority in AUTHORITIES {
        for scheme in ["http", "https", "HTTP", "gopher", "file"] {
            let authority = spelled(&lair, authority);
            let told = lair.report("request", &[scheme, &authority, "/"]).await;
            assert!(!told.contains("welcome"), "{scheme} {authority:?}: {told}");
        }
    }
    assert_eq!((lair.far.connects(), lair.near.connects()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn case_27_a_path_or_header_that_names_another_host_goes_to_the_allowed_one_or_nowhere() {
    let lair = Lair::open(hasty()).await;
    let near = spelled(&lair, "127.0.0.1:NEAR");
    for path in [
        "//127.0.0.1:FAR/",
        "///127.0.0.1:FAR/",
        "http://127.0.0.1:FAR/",
        "@127.0.0.1:FAR/",
        ":FAR/",
        "/\\127.0.0.1:FAR/",
        "/ HTTP/1.1\r\nHost: 127.0.0.1:FAR\r\n\r\nGET /",
        "/\t127.0.0.1:FAR",
        "?@127.0.0.1:FAR/",
        "#@127.0.0.1:FAR/",
        "*",
        "",
    ] {
        let path = spelled(&lair, path);
        lair.report("request", &["http", &near, &path]).await;
    }
    for header in [
        "host: 127.0.0.1:FAR",
        "x-forwarded-host: 127.0.0.1:FAR",
        "forwarded: host=127.0.0.1:FAR",
        "proxy-connection: keep-alive",
        "connection: x-allowed",
        "transfer-encoding: chunked",
        "content-length: 1",
        "upgrade: websocket",
        "x: a\r\nhost: 127.0.0.1:FAR",
    ] {
        let header = spelled(&lair, header);
        let told = lair.report("request", &["http", &near, "/", &header]).await;
        assert!(!told.starts_with("status"), "{header:?}: {told}");
    }
    let sent = lair.near.sent();
    let foreign = spelled(&lair, "host: 127.0.0.1:FAR").to_ascii_lowercase();
    assert!(!sent.to_ascii_lowercase().contains(&foreign), "{sent}");
    assert_eq!(lair.far.connects(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_allowed_host_is_reached_so_that_the_others_prove_something() {
    let lair = Lair::open(hasty()).await;
    let near = spelled(&lair, "127.0.0.1:NEAR");
    let told = lair
        .report("request", &["http", &near, "/hello", "x-a: b"])
        .await;
    assert_eq!(told, "status 200welcome");
    assert!(lair.near.sent().starts_with("GET /hello HTTP/1.1\r\n"));
    assert_eq!(lair.near.connects(), 1);
}

fn spelled(lair: &Lair, text: &str) -> String {
    text.replace("FAR", &lair.far.port().to_string())
        .replace("NEAR", &lair.near.port().to_string())
}
