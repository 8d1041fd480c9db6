//! What one call of a plugin may take, every number in one place.

use super::engine::{MAX_MEMORY, MAX_PARTS, MAX_TABLE, TICK};
use std::time::Duration;
use wasmtime::{StoreLimits, StoreLimitsBuilder};

/// The limits of one call. Operators may tighten them; the pool bounds them from above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the call to its answer, waiting for a provider included. 30 s: as long as a
    /// browser and most proxies wait.
    pub wall: Duration,
    /// Computing alone. 5 s: a file of 10,000 events takes a fraction of one.
    pub computing: Duration,
    /// Linear memory in bytes. 64 MiB: 10,000 events of the largest size are under 48.
    pub memory: usize,
    /// Resources (requests, bodies, streams) that are open at once. 1,000: a push opens
    /// about ten.
    pub handles: usize,
    /// Headers of one request or reply in bytes of memory. 64 KiB.
    pub header_bytes: usize,
    /// What a guest may write to its error stream. 4 KiB: a panic message and a bit.
    pub stderr_bytes: usize,
    /// Random bytes of one request. 64 KiB.
    pub random_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall: Duration::from_secs(30),
            computing: Duration::from_secs(5),
            memory: MAX_MEMORY,
            handles: 1_000,
            header_bytes: 64 * 1024,
            stderr_bytes: 4 * 1024,
            random_bytes: 64 * 1024,
        }
    }
}

impl Limits {
    /// Epochs of computing; at least one.
    pub(super) fn ticks(&self) -> u128 {
        (self.computing.as_millis() / TICK.as_millis()).max(1)
    }

    pub(super) fn store(&self) -> StoreLimits {
        StoreLimitsBuilder::new()
            .memory_size(self.memory.min(MAX_MEMORY))
            .table_elements(MAX_TABLE)
            .instances(MAX_PARTS as usize)
            .tables(MAX_PARTS as usize)
            .memories(MAX_PARTS as usize)
            .build()
    }
}
