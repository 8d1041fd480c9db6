//! Looks into every connected calendar in its turn, as long as the host runs.

use super::{Options, Poller};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
};

/// Calendars that are looked into at once, of all providers: few, because nobody waits for
/// it. With replies within 200 ms that is 40 a second, or 12,000 in five minutes.
const WORKERS: usize = 8;

/// How often is looked whose turn it is.
const LOOK: Duration = Duration::from_secs(1);

/// Running workers. They stop when [`Workers::stop`] is called.
#[derive(Debug)]
pub struct Workers {
    stop: watch::Sender<bool>,
    running: JoinSet<()>,
}

impl Workers {
    /// Starts them, unless calendars are not to be looked through.
    pub fn start(poller: Poller, options: Options, is_exclusive: bool) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut running = JoinSet::new();
        if let Some(interval) = options.interval {
            running.spawn(run(poller, interval, is_exclusive, stopped));
        }
        Self { stop, running }
    }

    /// Lets every worker finish the calendar that it is at, then returns.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.running.join_next().await.is_some() {}
    }
}

async fn run(
    poller: Poller,
    interval: Duration,
    is_exclusive: bool,
    mut stopped: watch::Receiver<bool>,
) {
    if is_exclusive && let Err(error) = poller.watches.free_all().await {
        tracing::error!(%error, "calendars that an earlier run looked at come free later");
    }
    if let Err(error) = poller.watches.note_all(interval).await {
        tracing::error!(%error, "calendars that nobody looked into before wait for the next start");
    }
    let slots = Arc::new(Semaphore::new(WORKERS));
    let mut looks = JoinSet::new();
    while !*stopped.borrow() {
        while looks.try_join_next().is_some() {}
        if let Err(error) = hand_out(&poller, interval, &slots, &mut looks).await {
            tracing::error!(%error, "it cannot be read whose calendar is to be looked at");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stopped.changed() => {}
        }
    }
    while looks.join_next().await.is_some() {}
}

async fn hand_out(
    poller: &Poller,
    interval: Duration,
    slots: &Arc<Semaphore>,
    looks: &mut JoinSet<()>,
) -> Result<(), sqlx::Error> {
    for watch in poller
        .watches
        .claim(slots.available_permits(), interval)
        .await?
    {
        // Only this task takes permits, so that one is free for each.
        let slot = slots.clone().try_acquire_owned();
        let poller = poller.clone();
        looks.spawn(async move {
            let _slot = slot;
            if let Err(error) = poller.poll(&watch, interval).await {
                tracing::error!(%error, "a look into a calendar could not be noted");
            }
        });
    }
    Ok(())
}
