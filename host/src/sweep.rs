//! Forgets users who have rested: a limiter would hold some hundred bytes of each for ever.

use governor::DefaultKeyedRateLimiter;
use std::{
    hash::Hash,
    sync::atomic::{AtomicU32, Ordering},
};

/// Uses of a limiter between two sweeps.
pub(crate) const EVERY: u32 = 4_096;

/// Counts the uses of a limiter.
#[derive(Debug)]
pub(crate) struct Sweep(AtomicU32);

impl Default for Sweep {
    fn default() -> Self {
        Self(AtomicU32::new(EVERY))
    }
}

impl Sweep {
    /// Counts one more, and sweeps if it is time.
    pub(crate) fn count<K: Hash + Eq + Clone>(&self, limiter: &DefaultKeyedRateLimiter<K>) {
        if self.0.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.store(EVERY, Ordering::Relaxed);
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}
