//! Counts what became of a call's turn to refresh. A turn that ends in any way but a save,
//! a call that was cut off included, has failed.

use crate::metrics::{Metrics, RefreshResult};

/// A turn that is not over.
pub(super) struct Refreshing {
    metrics: Metrics,
    provider: String,
    result: RefreshResult,
}

impl Refreshing {
    pub(super) fn begin(metrics: Metrics, provider: &str) -> Self {
        Self {
            metrics,
            provider: provider.to_owned(),
            result: RefreshResult::Failed,
        }
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
