//! Whether this process wants more requests. It says no before it stops taking them, so that
//! whatever shares them out has the time to learn of it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Shared by all parts of a service. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Readiness {
    is_leaving: Arc<AtomicBool>,
}

impl Readiness {
    /// From now on `GET /readyz` answers 503, and replies ask their clients for a new
    /// connection. Everything else is served as before.
    pub fn leave(&self) {
        self.is_leaving.store(true, Ordering::Relaxed);
    }

    /// Whether it is to end.
    pub fn is_leaving(&self) -> bool {
        self.is_leaving.load(Ordering::Relaxed)
    }
}
