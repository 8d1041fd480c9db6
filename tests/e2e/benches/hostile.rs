//! What is left to others while a hostile plugin computes without end, and how late it is
//! stopped: `cargo bench -p calport-e2e --bench hostile`. Prints times and ratios measured in
//! this one run; asserts nothing.

use calport_artifacts::EVIL;
use calport_e2e::{KEYS, event, grant, plugin_options, processor_ticks, runtime};
use calport_host::{
    db::Database,
    plugin::{BUILT_IN, CallError, Limits, Plugin, calendar::IcsOptions},
    subject::Subject,
    vault::{Binding, KeyRing, Vault},
};
use futures::future::join_all;
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

/// Users who call meanwhile.
const OTHERS: usize = 4;

/// By turns with and without, so that both meet the same machine.
const ROUNDS: usize = 20;

/// What a call may compute here.
const COMPUTING: Duration = Duration::from_secs(1);

/// What is done beside the others.
const DEEDS: [&str; 3] = ["nothing", "spin", "spin in host calls"];

/// What a deed's rounds came to.
#[derive(Default)]
struct Rounds {
    /// How long others' calls took.
    calls: Vec<Duration>,
    /// How long after its budget it ended.
    late: Vec<Duration>,
    /// Processor time that it got, in ticks of 10 ms.
    ticks: u64,
    /// How long it went on.
    took: Duration,
}

struct Bench {
    evil: Plugin,
    good: Plugin,
    vault: Vault,
}

#[tokio::main]
async fn main() {
    let settings = [
        ("EVIL_CLIENT_ID", "evil-app"),
        ("EVIL_CLIENT_SECRET", "evil-secret"),
        ("EVIL_TOKEN_URL", "http://127.0.0.1:9/token"),
        ("EVIL_API_URL", "http://127.0.0.1:9/"),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut options = plugin_options(settings.to_vec());
    options.limits = Limits {
        computing: COMPUTING,
        ..Limits::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("calport.db").display());
    let database = Database::open(&url).await.unwrap();
    let bench = Bench {
        evil: Plugin::load(runtime(), EVIL, &options).await.unwrap(),
        good: Plugin::load(runtime(), BUILT_IN, &plugin_options(vec![]))
            .await
            .unwrap(),
        vault: Vault::new(database, KeyRing::parse(KEYS).unwrap()),
    };
    bench.beside("nothing", Duration::ZERO).await;
    for (who, think) in [
        ("who call again at once", Duration::ZERO),
        ("who wait 2 ms between calls", Duration::from_millis(2)),
    ] {
        println!("{OTHERS} others {who}:");
        let mut all = DEEDS.map(|_| Rounds::default());
        for _ in 0..ROUNDS {
            for (rounds, deed) in all.iter_mut().zip(DEEDS) {
                let round = bench.beside(deed, think).await;
                rounds.calls.extend(round.calls);
                rounds.late.extend(round.late);
                rounds.ticks += round.ticks;
                rounds.took += round.took;
            }
        }
        for rounds in &mut all {
            rounds.calls.sort_unstable();
            rounds.late.sort_unstable();
        }
        let [alone, ..] = &all;
        for (rounds, deed) in all.iter().zip(DEEDS) {
            let ratio = |share| {
                at(&rounds.calls, share).as_secs_f64() / at(&alone.calls, share).as_secs_f64()
            };
            println!(
                "  beside {deed}: {} calls, p50 {:.2?} ({:.2} times), p99 {:.2?} ({:.2} times)",
                rounds.calls.len(),
                at(&rounds.calls, 50),
                ratio(50),
                at(&rounds.calls, 99),
                ratio(99),
            );
            if let Some(latest) = rounds.late.last() {
                println!(
                    "    ended {:.1?} after its budget, {latest:.1?} at the latest; it got {:.0} % \
                     of a core",
                    at(&rounds.late, 50),
                    rounds.ticks as f64 / rounds.took.as_secs_f64(),
                );
            }
        }
    }
}

impl Bench {
    /// Others' calls while a deed is done once.
    async fn beside(&self, deed: &str, think: Duration) -> Rounds {
        let ended = AtomicBool::new(false);
        let before = processor_ticks("calport-heavy");
        let began = Instant::now();
        let deed = async {
            let mut late = Vec::new();
            if deed == "nothing" {
                tokio::time::sleep(COMPUTING).await;
            } else {
                let call = self.evil.push_event(
                    self.user("mallory", deed),
                    None,
                    event("1@bench", "Deep clean"),
                    None,
                );
                assert!(matches!(call.await, Err(CallError::TimedOut)));
                late.push(began.elapsed().saturating_sub(COMPUTING));
            }
            ended.store(true, Ordering::Relaxed);
            (late, began.elapsed())
        };
        let others = (0..OTHERS).map(|number| self.other(number, think, &ended));
        let ((late, took), calls) = tokio::join!(deed, join_all(others));
        Rounds {
            calls: calls.concat(),
            late,
            ticks: processor_ticks("calport-heavy") - before,
            took,
        }
    }

    /// One of them: how long each of their calls took. Every second one uses the same plugin.
    async fn other(&self, number: usize, think: Duration, ended: &AtomicBool) -> Vec<Duration> {
        let mut took = Vec::new();
        while !ended.load(Ordering::Relaxed) {
            let began = Instant::now();
            if number.is_multiple_of(2) {
                let options = IcsOptions {
                    name: None,
                    refresh_interval: None,
                };
                self.good
                    .export_ics(vec![event("1@bench", "Deep clean")], options)
                    .await
                    .unwrap();
            } else {
                let user = self.user(&format!("user-{number}"), "good");
                let pushed = self
                    .evil
                    .push_event(user, None, event("1@bench", "Deep clean"), None)
                    .await;
                pushed.unwrap();
            }
            took.push(began.elapsed());
            if !think.is_zero() {
                tokio::time::sleep(think).await;
            }
        }
        took
    }

    /// A user whose grant tells the hostile plugin what to do.
    fn user(&self, user: &str, deed: &str) -> Binding {
        let subject = Subject::new(Subject::DEFAULT_TENANT, user);
        Binding::apart(self.vault.clone(), subject, "evil", grant(user, deed))
    }
}

/// A percentile of what is sorted.
fn at(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent).div_ceil(100) - 1]
}
