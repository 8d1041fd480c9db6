//! The workers: each takes one delivery at a time and sees it to an end.

use super::{
    deliveries::{Deliveries, Delivery, Settled, State},
    outcome::{Outcome, of_failure},
};
use crate::{
    bookings::{Bookings, PutError, Status, event_for},
    plugin::Plugin,
    vault::{Binding, Vault, VaultError},
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
};

/// Deliveries under way at once: a push mostly waits for its provider.
const WORKERS: usize = 16;

/// How often the table is looked at when nothing announced new work: retries that come
/// due, and what a crashed worker held.
const IDLE_LOOK: Duration = Duration::from_secs(1);

/// Why a worker could not note what it did. The delivery comes free again by itself.
#[derive(Debug, thiserror::Error)]
enum WorkError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Booking(#[from] PutError),
}

/// Running workers. They stop when [`Workers::stop`] is called.
#[derive(Debug)]
pub struct Workers {
    stop: watch::Sender<bool>,
    running: JoinSet<()>,
}

#[derive(Clone)]
struct Worker {
    vault: Vault,
    plugin: Plugin,
    bookings: Bookings,
    deliveries: Deliveries,
    news: Arc<Notify>,
}

impl Workers {
    /// Starts them. `news` is told when something new is owed.
    pub fn start(vault: &Vault, plugin: &Plugin, news: Arc<Notify>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let worker = Worker {
            bookings: Bookings::new(vault.database().clone()),
            deliveries: Deliveries::new(vault.database().clone()),
            vault: vault.clone(),
            plugin: plugin.clone(),
            news,
        };
        let mut running = JoinSet::new();
        for _ in 0..WORKERS {
            running.spawn(worker.clone().run(stopped.clone()));
        }
        Self { stop, running }
    }

    /// Lets every worker finish what it is at, then returns (case 48).
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.running.join_next().await.is_some() {}
    }
}

impl Worker {
    async fn run(self, mut stopped: watch::Receiver<bool>) {
        while !*stopped.borrow() {
            match self.deliveries.claim().await {
                Ok(Some(delivery)) => {
                    // More may be due: another worker is to look at once.
                    self.news.notify_one();
                    if let Err(error) = self.deliver(&delivery).await {
                        tracing::error!(%error, "a delivery could not be noted");
                    }
                }
                Ok(None) => self.idle(&mut stopped).await,
                Err(error) => {
                    tracing::error!(%error, "the work list cannot be read");
                    self.idle(&mut stopped).await;
                }
            }
        }
    }

    async fn idle(&self, stopped: &mut watch::Receiver<bool>) {
        tokio::select! {
            () = self.news.notified() => {}
            () = tokio::time::sleep(IDLE_LOOK) => {}
            _ = stopped.changed() => {}
        }
    }

    async fn deliver(&self, delivery: &Delivery) -> Result<(), WorkError> {
        let subject = delivery.subject();
        let provider = &delivery.provider;
        let connection = self.vault.connection(&subject, provider).await?;
        let held = self.bookings.get(&delivery.booking).await?;
        let (Some(connection), Some(held)) = (connection, held) else {
            return Ok(self.deliveries.done(delivery).await?);
        };
        if let Some(reason) = connection.reconnect_reason {
            return Ok(self
                .deliveries
                .settle(delivery, &needs_reconnect(delivery, reason))
                .await?);
        }
        let mut body = held.body;
        if !body
            .participants
            .iter()
            .any(|participant| participant.user == delivery.user)
        {
            body.status = Status::Cancelled;
        }
        let event = match event_for(&held.id, &delivery.user, &body, held.updated_at) {
            Ok(event) => event,
            Err(error) => {
                let reason = format!("{} {}", error.field, error.problem);
                let remote = delivery.remote.clone();
                let failed = Settled {
                    state: State::Failed,
                    reason: Some(reason),
                    remote,
                    retry_in: None,
                };
                return Ok(self.deliveries.settle(delivery, &failed).await?);
            }
        };
        let binding = Binding::new(self.vault.clone(), subject.clone(), provider);
        let destination = Some(connection.destination.id);
        let pushed = self
            .plugin
            .push_event(binding, destination, event, delivery.remote_event())
            .await;
        match pushed {
            Ok(None) => self.deliveries.done(delivery).await?,
            Ok(Some(remote)) => {
                let remote = Some(remote.into());
                let there = Settled {
                    state: State::InCalendar,
                    reason: None,
                    remote,
                    retry_in: None,
                };
                self.deliveries.settle(delivery, &there).await?;
            }
            Err(error) => match of_failure(delivery, &error) {
                Outcome::Settle(settled) => self.deliveries.settle(delivery, &settled).await?,
                Outcome::Forget => self.deliveries.done(delivery).await?,
                Outcome::Reconnect(reason) => {
                    self.vault.mark_dead(&subject, provider, &reason).await?;
                    let settled = needs_reconnect(delivery, reason.clone());
                    self.deliveries.settle(delivery, &settled).await?;
                    self.deliveries
                        .suspend_connection(&subject, provider, &reason)
                        .await?;
                }
            },
        }
        Ok(())
    }
}

fn needs_reconnect(delivery: &Delivery, reason: String) -> Settled {
    let remote = delivery.remote.clone();
    Settled {
        state: State::NeedsReconnect,
        reason: Some(reason),
        remote,
        retry_in: None,
    }
}
