//! Rounds by themselves, for as long as the host runs.

use super::{Cutoffs, Removed, Retention, RetentionError};
use std::time::Duration;
use tokio::sync::watch;

/// The lease of whoever makes a round.
pub(super) const LEASE: &str = "retention";

/// How long it holds without being renewed, in seconds: longer than any step takes.
pub(super) const LEASE_SECONDS: i64 = 60;

/// From one round to the next.
const PERIOD: Duration = Duration::from_secs(3_600);

/// Before the first: a host that was just started has other things to do.
const FIRST: Duration = Duration::from_secs(60);

impl Retention {
    /// Works until it is told to stop.
    pub async fn run(self, mut stopped: watch::Receiver<bool>) {
        let mut wait = FIRST;
        loop {
            // Replicas that were started together do not all come at once.
            let wait_here = wait.mul_f64(0.75 + fastrand::f64() / 2.0);
            tokio::select! {
                () = tokio::time::sleep(wait_here) => {}
                changed = stopped.changed() => if changed.is_err() { return },
            }
            if *stopped.borrow() {
                return;
            }
            wait = PERIOD;
            match self.round_now(&stopped).await {
                Ok(removed) if removed.is_empty() => {}
                Ok(removed) => tracing::info!(?removed, "what was over for long is forgotten"),
                Err(error) => tracing::error!(%error, "what was over for long is not forgotten"),
            }
        }
    }

    async fn round_now(&self, stopped: &watch::Receiver<bool>) -> Result<Removed, RetentionError> {
        let now = self.database.now().await?;
        self.round(&Cutoffs::at(now, self.options), stopped).await
    }
}
