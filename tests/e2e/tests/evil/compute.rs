//! Cases 21 to 24: time, stack and memory of its own.

use crate::lair::{Lair, event, hasty, p99};
use calport_e2e::{Log, PATIENCE, processor_ticks};
use calport_host::plugin::{CallError, Limits};
use std::time::{Duration, Instant};
use tokio::time::timeout;

#[tokio::test(flavor = "multi_thread")]
async fn case_22_a_loop_without_end_is_trapped_within_its_budget() {
    // Nothing but the budget of computing time can end it.
    let lair = Lair::open(Limits {
        wall: Duration::from_secs(3_600),
        ..hasty()
    })
    .await;
    let alone = p99(&lair.calls_alone(hasty().computing).await);
    for deed in ["spin", "spin in host calls"] {
        let before = processor_ticks("calport-heavy");
        let watched = timeout(PATIENCE, lair.push(deed, &[])).await;
        let watched = watched.expect("its budget ends it");
        assert!(matches!(watched.result, Err(CallError::TimedOut)), "{deed}");
        assert!(
            processor_ticks("calport-heavy") > before,
            "{deed}: where others' calls run"
        );
        let over = watched.took.saturating_sub(hasty().computing);
        let began = Instant::now();
        let call = lair
            .plugin
            .push_event(lair.user(deed, &[]), None, event("x"), None);
        assert!(matches!(call.await, Err(CallError::TimedOut)), "{deed}");
        let over_alone = began.elapsed().saturating_sub(hasty().computing);
        println!(
            "{deed}: {over:?} over its budget beside others, {over_alone:?} by itself; others \
             alone: p99 {alone:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_23_whoever_sleeps_is_woken_by_the_wall_limit() {
    let lair = Lair::open(hasty()).await;
    for deed in [
        "sleep for an hour",
        "sleep for ever",
        "sleep until the end",
        "sleep not at all",
    ] {
        let watched = lair.push(deed, &[]).await;
        assert!(matches!(watched.result, Err(CallError::TimedOut)), "{deed}");
        let over = watched.took.saturating_sub(hasty().wall);
        println!("{deed}: {over:?} over the wall limit");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_24_memory_and_stack_end_the_call_and_nothing_else() {
    let lair = Lair::open(Limits::default()).await;
    let hoarder = lair.push("allocate", &[]).await;
    assert!(matches!(hoarder.result, Err(CallError::OutOfMemory)));
    let pages: usize = lair.report("grow memory", &[]).await.parse().unwrap();
    assert!((900..=1_024).contains(&pages), "{pages} pages of 64 KiB");
    let deep = lair.push("recurse", &[]).await;
    assert!(matches!(deep.result, Err(CallError::Trapped(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_ends_itself_ends_its_call_alone() {
    let lair = Lair::open(hasty()).await;
    for deed in ["trap", "exit well", "exit badly", "poll nothing"] {
        let watched = lair.push(deed, &[]).await;
        assert!(
            matches!(watched.result, Err(CallError::Trapped(None))),
            "{deed}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_call_is_logged_with_the_plugin_and_its_version_and_none_of_its_words() {
    let log = Log::captured();
    let lair = Lair::open(hasty()).await;
    let canary = "canary-in-a-panic-3b9e";
    let watched = lair.push("panic", &[canary]).await;
    let Err(CallError::Trapped(Some(place))) = watched.result else {
        panic!("{:?}", watched.result)
    };
    assert!(place.contains("compute.rs"), "{place}");
    lair.push("trap", &[]).await;
    lair.push("spin", &[]).await;
    for words in ["the plugin crashed", "the plugin took too long"] {
        let lines = log.lines(&["WARN", "a call failed", words, "evil", "6.6.6"]);
        assert!(!lines.is_empty(), "{words}");
    }
    assert!(!log.text().contains(canary));
}

#[tokio::test(flavor = "multi_thread")]
async fn case_21_what_is_left_behind_is_gone_at_the_next_call() {
    let lair = Lair::open(hasty()).await;
    for _ in 0..3 {
        assert_eq!(lair.report("leave behind", &[]).await, "1");
    }
}
