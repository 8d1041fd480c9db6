//! `CALPORT_DRAIN_SECONDS`: for how long the host goes on serving once it is to end, so that
//! whatever sends it requests learns of it first.

use super::Reader;
use std::time::Duration;

/// Longer than any balancer takes; service managers kill before that.
const MOST: u64 = 600;

impl Reader<'_> {
    /// None by itself: without a balancer, nobody asks whether it is ready, and a restart
    /// would only take longer.
    pub(super) fn drain(&mut self) -> Duration {
        const NAME: &str = "CALPORT_DRAIN_SECONDS";
        const REMEDY: &str = "a little more than your balancer takes to notice, for example 10, \
             or leave it out where there is none";
        let seconds = self.number(NAME, "seconds", 0..=MOST, REMEDY);
        Duration::from_secs(seconds.unwrap_or(0))
    }
}
