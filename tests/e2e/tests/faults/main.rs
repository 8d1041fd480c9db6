//! Fault runs (cases 34, 42 and 43): the real binary is killed again and again, at every
//! step of its work and at random moments, while its providers lose replies, stumble and ask
//! to slow down. In the end every calendar must hold exactly what was acknowledged: nothing
//! lost, nothing twice, nothing stale; and the platform must have been told so, in order.
//!
//! On SQLite it is one process, on PostgreSQL three replicas: one of them is killed, or all.
//!
//! `cargo test` does a short run. The long one:
//! `CALPORT_KILLS=200 cargo test -p calport-e2e --test faults -- --nocapture`
//! `CALPORT_SEED=...` repeats the choices of an earlier run.

mod chaos;
mod model;
mod webhooks;

use chaos::Chaos;

/// Kills of a short run: every step once, and as many random moments.
const SHORT: usize = 2 * calport_host::steps::ALL.len();

fn setting(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().expect("a whole number"))
}

#[calport_databases::each_database(flavor = "multi_thread")]
async fn case_42_whatever_is_killed_every_calendar_ends_as_it_was_acknowledged() {
    let seed = setting("CALPORT_SEED").unwrap_or_else(|| fastrand::u64(..));
    let kills = setting("CALPORT_KILLS").map_or(SHORT, |kills| usize::try_from(kills).unwrap());
    println!("{kills} kills; CALPORT_SEED={seed}");
    let mut chaos = Chaos::start(seed).await.unwrap();
    for round in 0..kills {
        chaos.round(round).await.unwrap();
    }
    let differences = chaos.settle_and_compare().await.unwrap();
    println!("{}", chaos.figures());
    assert!(
        differences.is_empty(),
        "CALPORT_SEED={seed}\n{}\n{}",
        differences.join("\n"),
        chaos.log()
    );
}
