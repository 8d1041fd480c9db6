//! Clients that are slow, or say nothing at all, in any number.

use crate::{
    headers::is_safe,
    operations::By,
    raw::{PATIENCE, Raw},
};
use calport_e2e::{Rest, World, WorldOptions, not_tested};
use calport_host::serving::Options;
use reqwest::{Method, StatusCode};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::time::{Duration, Instant};
use tokio::{io::AsyncWriteExt, task::JoinSet};

/// How far apart the bytes of a slow client are.
const APART: Duration = Duration::from_millis(40);

/// The deadline under test in these tests; all others are far.
const SHORT: Duration = Duration::from_secs(1);

fn patient() -> Options {
    Options {
        head: PATIENCE,
        body: PATIENCE,
        stalled: PATIENCE,
        idle: PATIENCE,
        ..Options::default()
    }
}

async fn world(serving: Options) -> World {
    let options = WorldOptions {
        serving,
        ..WorldOptions::default()
    };
    World::start_with(options).await.unwrap()
}

/// A head with which a slow client is not done for minutes, and a host that does not wait for it.
async fn slow_head() -> (World, String) {
    let long = "x".repeat(10_000);
    let slow = format!("GET /healthz HTTP/1.1\r\nhost: x\r\nx-long: {long}\r\n\r\n");
    let options = Options {
        head: SHORT,
        ..patient()
    };
    (world(options).await, slow)
}

/// The host lives, and others are served.
async fn is_healthy(world: &World) {
    let rest = Rest::one_by_one(&world.url).unwrap();
    let reply = rest
        .call(Method::GET, "/healthz", None, None)
        .await
        .unwrap();
    assert_eq!(reply.status, StatusCode::OK);
}

#[tokio::test]
async fn case_38_a_head_that_comes_a_byte_at_a_time_is_cut() {
    let (world, slow) = slow_head().await;
    // The first request of a connection, and one after another.
    for quick in [None, Some("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")] {
        let mut client = Raw::connect(&world).await;
        if let Some(quick) = quick {
            client.say(quick).await;
            client.reading.readable().await.unwrap();
            let mut reply = [0; 4_096];
            let read = client.reading.try_read(&mut reply).unwrap();
            assert!(reply[..read].ends_with(b"ok\n"));
        }
        let taken = client.trickle(&slow, APART).await;
        assert!(taken < slow.len(), "all of it was taken");
        assert_eq!(client.rest().await.0, "", "and never answered");
        is_healthy(&world).await;
    }
}

#[tokio::test]
async fn case_38_a_hundred_slow_heads_are_cut_while_others_are_served() {
    let (world, slow) = slow_head().await;
    let mut clients = JoinSet::new();
    for _ in 0..100 {
        let (mut client, slow) = (Raw::connect(&world).await, slow.clone());
        clients.spawn(async move { client.trickle(&slow, APART).await < slow.len() });
    }
    while let Some(was_cut) = clients.join_next().await {
        assert!(was_cut.unwrap());
        is_healthy(&world).await;
    }
}

#[tokio::test]
async fn case_38_a_body_that_comes_a_byte_at_a_time_is_answered_and_cut() {
    let world = world(Options {
        body: SHORT,
        ..patient()
    })
    .await;
    let body = " ".repeat(10_000);
    let chunked: String = std::iter::repeat_n("1\r\n \r\n", 10_000).collect();
    for (framing, body) in [
        ("content-length: 10000", &body),
        ("transfer-encoding: chunked", &chunked),
    ] {
        let mut client = Raw::connect(&world).await;
        let head = format!(
            "PUT /api/jobs/1/ HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\n{framing}\r\n\r\n",
            By::Platform.bearer()
        );
        client.say(&head).await;
        let taken = client.trickle(body, APART).await;
        assert!(taken < body.len(), "all of it was taken");
        let reply = client.rest().await;
        assert_eq!(reply.status(), 408, "{reply:?}");
        assert!(reply.0.contains("\"code\":\"too-slow\""), "{reply:?}");
        is_healthy(&world).await;
    }
    // One that comes whole in time is taken, however late on its connection.
    let reply = world
        .user("ann", Method::POST, "/api/calendar/feed/", None)
        .await;
    is_safe("in time", &reply.unwrap().headers);
}

#[tokio::test]
async fn case_38_a_client_that_takes_no_replies_is_cut() {
    let world = world(Options {
        stalled: SHORT,
        ..patient()
    })
    .await;
    let mut client = Raw::connect(&world).await;
    let asked = "GET /api/openapi.json HTTP/1.1\r\nhost: x\r\n\r\n";
    // It asks and asks until nothing more is taken of it, and is still there.
    let asking = async { while client.writing.write_all(asked.as_bytes()).await.is_ok() {} };
    let cut = tokio::time::timeout(PATIENCE, asking).await;
    cut.expect("it is never cut");
    is_healthy(&world).await;
}

#[tokio::test]
async fn case_38_a_connection_without_a_request_is_closed() {
    let world = world(Options {
        idle: SHORT,
        ..patient()
    })
    .await;
    let mut silent = Raw::connect(&world).await;
    let mut served = Raw::connect(&world).await;
    served.say("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(silent.rest().await.0, "");
    let reply = served.rest().await;
    assert_eq!(reply.status(), 200, "{reply:?}");
    is_healthy(&world).await;
}

#[tokio::test]
async fn case_38_one_more_connection_takes_the_place_of_the_one_that_waits_longest() {
    const MOST: usize = 32;
    let world = world(Options {
        connections: MOST,
        ..patient()
    })
    .await;
    let mut idle = Vec::new();
    for _ in 0..4 * MOST {
        idle.push(Raw::connect(&world).await);
        is_healthy(&world).await;
    }
    let young = idle.split_off(3 * MOST);
    for client in &mut idle {
        assert_eq!(client.rest().await.0, "", "the old ones are closed");
    }
    // One of the young ones is still served.
    let mut last = young.into_iter().next_back().unwrap();
    last.say("GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await;
    assert_eq!(last.rest().await.status(), 200);
}

#[tokio::test]
async fn case_38_five_thousand_idle_connections_are_closed_and_health_answers_meanwhile() {
    const IDLE: usize = 5_000;
    // Each is one file here and one in the host, which is this process, too.
    if !may_open(2 * IDLE as u64 + 1_000) {
        not_tested(
            &format!("this process may not open files for {IDLE} connections"),
            "raise the hard limit (ulimit -Hn) to 11000",
        )
        .unwrap();
        return;
    }
    let world = world(Options {
        idle: Duration::from_secs(20),
        ..patient()
    })
    .await;
    is_healthy(&world).await;
    let resident = resident();
    let mut idle = Vec::with_capacity(IDLE);
    let begun = Instant::now();
    while idle.len() < IDLE {
        idle.push(Raw::connect(&world).await);
    }
    let opened = begun.elapsed();
    let held = self::resident().saturating_sub(resident);
    let mut took = Vec::new();
    for _ in 0..1_000 {
        let asked = Instant::now();
        is_healthy(&world).await;
        took.push(asked.elapsed());
    }
    took.sort();
    let mut open = 0;
    for client in &mut idle {
        let mut byte = [0; 1];
        open += usize::from(client.reading.try_read(&mut byte).is_err());
    }
    println!(
        "case 38: healthz with {open} of {IDLE} idle connections open (after {opened:?}): \
         p50 {:?}, p99 {:?}, worst {:?}; {} KiB each, its client's socket included",
        took[took.len() / 2],
        took[took.len() * 99 / 100],
        took[took.len() - 1],
        held / IDLE as u64,
    );
    for client in &mut idle {
        assert_eq!(client.rest().await.0, "");
    }
    is_healthy(&world).await;
}

/// The memory of this process, in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Whether this process may have so many files open, once it has asked for it.
fn may_open(files: u64) -> bool {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= files) {
        return true;
    }
    let wanted = Rlimit {
        current: Some(files),
        maximum,
    };
    maximum.is_none_or(|most| most >= files) && setrlimit(Resource::Nofile, wanted).is_ok()
}
