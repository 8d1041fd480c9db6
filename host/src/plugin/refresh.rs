//! Counts what became of a call's turn to refresh. A turn that ends in any way but a save,
//! a call that was cut off included, has failed.

use crate::{
    metrics::{Metrics, RefreshResult},
    vault::TurnLease,
};

/// A turn that is not over.
pub(super) struct Refreshing {
    metrics: Metrics,
    provider: String,
    result: RefreshResult,
    lease: TurnLease,
}

impl Refreshing {
    pub(super) fn begin(metrics: Metrics, provider: &str, lease: TurnLease) -> Self {
        Self {
            metrics,
            provider: provider.to_owned(),
            result: RefreshResult::Failed,
            lease,
        }
    }

    pub(super) fn lease(&self) -> TurnLease {
        self.lease
    }

    /// Ends the turn with a token.
    pub(super) fn saved(mut self) {
        self.result = RefreshResult::Refreshed;
    }
}

impl Drop for Refreshing {
    fn drop(&mut self) {
        self.metrics.refreshed(&self.provider, self.result);
    }
}
