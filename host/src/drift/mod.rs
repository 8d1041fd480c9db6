//! Sees what people do, in their own calendars, to the events that bookings put there: moved,
//! deleted, changed. Calendars are looked through now and then for what was touched, by id and
//! version; what is not ours is dropped unread, and neither stored nor logged. What is ours
//! and was touched is compared with what it should be, never beside a worker that pushes to
//! the same calendar. What is done about it is the platform's policy.

mod judge;
mod known;
mod poller;
mod reading;
mod record;
mod watches;
mod workers;

pub use poller::{Looked, PollError, Poller};
pub use watches::watch;
pub use workers::Workers;

use crate::sync::Policy;
use std::time::Duration;

/// Whether and how calendars are looked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How often each; `None`: never.
    pub interval: Option<Duration>,
    /// What is done about what is seen.
    pub policy: Policy,
}

impl Default for Options {
    /// Every five minutes, reported.
    fn default() -> Self {
        Self {
            interval: Some(Duration::from_secs(300)),
            policy: Policy::Report,
        }
    }
}
