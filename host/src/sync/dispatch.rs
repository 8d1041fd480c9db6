//! Hands due calendars to workers: one dispatcher a provider, so that one that is slow or
//! down takes no worker from another.

use super::{
    backoff::backoff,
    catch_up::CatchUps,
    clock::Clock,
    deliveries::Deliveries,
    ending::Endings,
    lanes::{Lane, Lanes},
    leaving::Leavings,
    ledger::{Ledger, LedgerError},
    news::News,
    pauses::Pauses,
    worker::{Health, TurnError, Worker},
};
use crate::{
    bookings::Bookings,
    metrics::Metrics,
    plugin::Plugin,
    revocation::Revocations,
    subject::Subject,
    vault::{Vault, VaultError},
    webhooks::Webhooks,
};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
};

/// Calendars of one provider that are worked on at once, at most: a push mostly waits for its
/// provider. Two providers leave a quarter of the plugin's slots to people who wait.
const WORKERS: usize = 24;

/// How often the table is looked at when nothing announced new work: retries that come
/// due, and what a crashed worker held.
const IDLE_LOOK: Duration = Duration::from_secs(1);

/// Calls in a row that must fail before their provider counts as down.
const DOWN_AFTER: usize = 5;

/// Calendars that such calls must have been for: one of them alone may be what is broken.
const DOWN_FOR: usize = 3;

/// The longest that a provider is left alone without having asked for it; chance makes it up
/// to twice that.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// How often connections are looked for whose end has taken too long.
const SWEEP: Duration = Duration::from_secs(60);

/// Running workers. They stop when [`Workers::stop`] is called.
#[derive(Debug)]
pub struct Workers {
    stop: watch::Sender<bool>,
    running: JoinSet<()>,
}

impl Workers {
    /// Starts them. `news` is told when something new is owed.
    pub fn start(
        vault: &Vault,
        plugin: &Plugin,
        webhooks: &Webhooks,
        metrics: &Metrics,
        news: &News,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let database = vault.database();
        let revocations = Revocations::new(vault.clone(), plugin.clone());
        let worker = Worker {
            vault: vault.clone(),
            plugin: plugin.clone(),
            bookings: Bookings::new(database.clone()),
            lanes: Lanes::new(database.clone()),
            ledger: Ledger::start(database.clone(), webhooks.clone()),
            deliveries: Deliveries::new(database.clone()),
            catch_ups: CatchUps::new(Deliveries::new(database.clone())),
            leavings: Leavings {
                endings: Endings::new(vault.clone(), revocations.clone(), webhooks.clone()),
                vault: vault.clone(),
                revocations,
            },
            webhooks: webhooks.clone(),
            metrics: metrics.clone(),
            stopped,
        };
        let pauses = Pauses::new(database.clone());
        let mut running = JoinSet::new();
        for provider in &plugin.info().providers {
            let dispatcher = Dispatcher {
                provider: provider.id.clone(),
                worker: worker.clone(),
                pauses: pauses.clone(),
                failures: Arc::default(),
            };
            running.spawn(dispatcher.run(news.listen()));
        }
        Self { stop, running }
    }

    /// Runs something beside them that ends when they are to.
    pub fn run_beside<F>(&mut self, job: impl FnOnce(watch::Receiver<bool>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.running.spawn(job(self.stop.subscribe()));
    }

    /// Ends all of them in the middle of what they are at, as the end of the process would, and
    /// returns when no calendar is handed out any more.
    pub async fn abort(mut self) {
        self.running.shutdown().await;
    }

    /// Lets every worker finish what it is at, then returns (case 48).
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.running.join_next().await.is_some() {}
    }
}

#[derive(Clone)]
struct Dispatcher {
    provider: String,
    worker: Worker,
    pauses: Pauses,
    /// Calls in a row that failed, by whose they were.
    failures: Arc<Mutex<Vec<Subject>>>,
}

impl Dispatcher {
    async fn run(self, mut news: watch::Receiver<()>) {
        if let Err(error) = self.begin().await {
            tracing::error!(%error, "what an earlier run held cannot be given back yet");
        }
        let mut stopped = self.worker.stopped.clone();
        let slots = Arc::new(Semaphore::new(self.workers()));
        let mut turns = JoinSet::new();
        let mut clock = Clock::default();
        let mut swept: Option<Instant> = None;
        while !*stopped.borrow() {
            if swept.is_none_or(|at| at.elapsed() >= SWEEP) {
                swept = Some(Instant::now());
                if let Err(error) = self.worker.leavings.sweep(&self.provider, &stopped).await {
                    tracing::error!(%error, "connections that were left long ago are still there");
                }
            }
            while turns.try_join_next().is_some() {}
            news.mark_unchanged();
            let handed_out = match self.look(&mut clock, &slots, &mut turns).await {
                Ok(handed_out) => handed_out,
                Err(error) => {
                    tracing::error!(%error, "the work list cannot be read");
                    false
                }
            };
            if handed_out {
                continue;
            }
            tokio::select! {
                _ = news.changed() => {}
                // A turn that ended frees a worker, and its calendar may be due again.
                Some(_) = turns.join_next() => {}
                () = tokio::time::sleep(IDLE_LOOK) => {}
                _ = stopped.changed() => {}
            }
        }
        while turns.join_next().await.is_some() {}
    }

    /// As many as the provider's budget keeps busy without a queue.
    fn workers(&self) -> usize {
        let budget = self.worker.plugin.budget(&self.provider);
        budget.workers(WORKERS)
    }

    /// A new process, where it is the only one: what an earlier one held or believed is void.
    async fn begin(&self) -> Result<(), VaultError> {
        if self.worker.vault.database().is_exclusive() {
            self.worker.lanes.free_all(&self.provider).await?;
            self.worker.vault.free_refresh_turns(&self.provider).await?;
            self.pauses.end(&self.provider).await?;
        }
        Ok(())
    }

    async fn look(
        &self,
        clock: &mut Clock,
        slots: &Arc<Semaphore>,
        turns: &mut JoinSet<()>,
    ) -> Result<bool, sqlx::Error> {
        clock
            .look(self.worker.vault.database(), &self.provider)
            .await?;
        self.hand_out(slots, turns).await
    }

    /// Whether any lane was handed out.
    async fn hand_out(
        &self,
        slots: &Arc<Semaphore>,
        turns: &mut JoinSet<()>,
    ) -> Result<bool, sqlx::Error> {
        if let Some(pause) = self.pauses.of(&self.provider).await? {
            return self.probe(pause.until, pause.strikes).await;
        }
        let free = slots.available_permits();
        if free == 0 {
            return Ok(false);
        }
        let lanes = self.worker.lanes.claim(&self.provider, free).await?;
        let handed_out = !lanes.is_empty();
        for lane in lanes {
            // Only this task takes permits, so that one is free for each.
            let slot = slots.clone().try_acquire_owned();
            let dispatcher = self.clone();
            turns.spawn(async move {
                let _slot = slot;
                dispatcher.turn(&lane, usize::MAX, 0).await;
            });
        }
        Ok(handed_out)
    }

    /// Tries a provider that was left alone, with one call. Before that there is nothing to
    /// do for it.
    async fn probe(&self, until: i64, strikes: i64) -> Result<bool, sqlx::Error> {
        if until > self.worker.vault.database().now().await? {
            return Ok(false);
        }
        let lanes = self.worker.lanes.claim(&self.provider, 1).await?;
        let Some(lane) = lanes.first() else {
            return Ok(false);
        };
        self.turn(lane, 1, strikes).await;
        Ok(true)
    }

    async fn turn(&self, lane: &Lane, at_most: usize, strikes: i64) {
        let health = match self.worker.turn(lane, at_most).await {
            Ok(health) => health,
            Err(TurnError::Ledger(LedgerError::Lost)) => {
                tracing::info!(subject = %lane.subject, self.provider, "a turn was taken over");
                Health::Unknown
            }
            Err(error) => {
                tracing::error!(%error, "a turn at a calendar could not be noted");
                self.worker.lanes.leave_when_possible(lane.clone());
                Health::Unknown
            }
        };
        if let Err(error) = self.learn(lane, health, strikes).await {
            tracing::error!(%error, self.provider, "the provider's pause could not be noted");
        }
    }

    /// `strikes`: pauses in a row before this call.
    async fn learn(&self, lane: &Lane, health: Health, strikes: i64) -> Result<(), sqlx::Error> {
        let (seconds, reason) = match health {
            Health::Unknown => return Ok(()),
            Health::Up => {
                self.failed_in_a_row(None);
                if strikes > 0 {
                    tracing::info!(self.provider, "the provider works again");
                    self.pauses.end(&self.provider).await?;
                }
                return Ok(());
            }
            Health::Down(reason) => {
                let (calls, calendars) = self.failed_in_a_row(Some(&lane.subject));
                if strikes == 0 && (calls < DOWN_AFTER || calendars < DOWN_FOR) {
                    return Ok(());
                }
                (backoff(strikes, MAX_PAUSE), reason)
            }
            Health::Refuses(seconds, reason) => (seconds, reason),
        };
        tracing::warn!(self.provider, seconds, reason, "the provider is left alone");
        self.pauses.begin(&self.provider, seconds, &reason).await
    }

    /// Counts one more failure, or none any more: calls in a row, and whose calendars they
    /// were for.
    fn failed_in_a_row(&self, failed: Option<&Subject>) -> (usize, usize) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        match failed {
            // More than these change nothing.
            Some(_) if failures.len() >= 64 * DOWN_AFTER => {}
            Some(subject) => failures.push(subject.clone()),
            None => failures.clear(),
        }
        let calendars: BTreeSet<_> = failures.iter().collect();
        (failures.len(), calendars.len())
    }
}
