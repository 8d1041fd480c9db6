//! Case 24: what a guest may ask the host to keep for it.

use crate::lair::{Lair, hasty};
use calport_host::plugin::CallError;
use std::time::Duration;

/// Deeds that can only end because the host refuses.
const TOO_MUCH: [&str; 14] = [
    "a million pollables",
    "a million fields",
    "a million requests",
    "a million options",
    "full fields",
    "long methods",
    "fair methods",
    "long authorities",
    "long paths",
    "bodies without an end",
    "a giant header",
    "a million entries",
    "poll a million times over",
    "a thousand requests",
];

#[tokio::test(flavor = "multi_thread")]
async fn case_24_whoever_hoards_in_the_host_is_out_of_memory() {
    let lair = Lair::open(patient()).await;
    let near = format!("127.0.0.1:{}", lair.near.port());
    for deed in TOO_MUCH {
        let watched = lair.push(deed, &[&near]).await;
        assert!(
            matches!(watched.result, Err(CallError::OutOfMemory)),
            "{deed}: {:?}",
            watched.result
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_24_40_000_headers_are_cut_off_and_no_panic() {
    let lair = Lair::open(patient()).await;
    for deed in ["40,000 headers", "40,000 values"] {
        let watched = lair.push(deed, &[]).await;
        let kept = match watched.result {
            Ok(remote) => remote.unwrap().id.parse::<usize>().unwrap(),
            // Where the list is too long, or its fields are full.
            Err(CallError::OutOfMemory | CallError::Trapped(None)) => 0,
            Err(other) => panic!("{deed}: {other}"),
        };
        assert!(kept < 2_000, "{deed}: {kept}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_24_randomness_and_output_without_end_cost_nothing() {
    let lair = Lair::open(patient()).await;
    for deed in ["all randomness", "much randomness"] {
        let watched = lair.push(deed, &[]).await;
        assert!(
            matches!(watched.result, Err(CallError::Trapped(_))),
            "{deed}"
        );
    }
    let fair = lair.push("fair randomness", &[]).await;
    assert!(matches!(fair.result, Err(CallError::TimedOut)));
    let more = lair.push("gigantic write", &[]).await;
    assert!(matches!(more.result, Err(CallError::OutOfMemory)));
    for deed in ["shout", "talk"] {
        // Whether it ends by itself is its own affair.
        let watched = lair.push(deed, &[]).await;
        assert!(
            watched.growth < 32 << 20,
            "{deed}: {} bytes",
            watched.growth
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_handles_trap() {
    let lair = Lair::open(hasty()).await;
    for deed in ["forged handles", "dropped twice", "another's handle"] {
        let watched = lair.push(deed, &[]).await;
        assert!(
            matches!(watched.result, Err(CallError::Trapped(_))),
            "{deed}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_24_a_request_whose_body_never_ends_is_never_sent() {
    let lair = Lair::open(hasty()).await;
    let near = format!("127.0.0.1:{}", lair.near.port());
    let watched = lair.push("a request without an end", &[&near]).await;
    assert!(matches!(watched.result, Err(CallError::TimedOut)));
    assert_eq!(lair.near.connects(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_24_timeouts_of_nothing_and_of_ages_are_clamped() {
    let lair = Lair::open(hasty()).await;
    let near = format!("127.0.0.1:{}", lair.near.port());
    for (timeout, expected) in [
        ("timeout=0", "ErrorCode::HttpResponseTimeout"),
        ("timeout=18446744073709551615", "status 200"),
    ] {
        let told = lair.report("request", &["http", &near, "/", timeout]).await;
        assert!(told.starts_with(expected), "{timeout}: {told}");
    }
}

/// Time enough to fill whatever can be filled, in an unoptimized host, too.
fn patient() -> calport_host::plugin::Limits {
    calport_host::plugin::Limits {
        wall: Duration::from_secs(20),
        computing: Duration::from_secs(4),
        ..Default::default()
    }
}
