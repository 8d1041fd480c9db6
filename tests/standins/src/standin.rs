//! What can be done with any running stand-in, whichever provider it stands in for.
//!
//! It never knows of accounts or events: those are each provider's own.

use std::sync::Arc;
use std::time::Duration;

use crate::fault::Faults;
use crate::record::Requests;
use crate::server::{Server, Shell};

/// A running server. Reached through [`Google`](crate::Google) and [`Outlook`](crate::Outlook).
pub struct Standin {
    shell: Arc<Shell>,
    _server: Server,
}

impl Standin {
    pub(crate) fn new(shell: Arc<Shell>, server: Server) -> Self {
        Self {
            shell,
            _server: server,
        }
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.shell.base_url
    }

    /// Faults to add and to clear.
    pub fn faults(&self) -> &Faults {
        &self.shell.faults
    }

    /// Every request so far, but those for the stand-in's own pages.
    pub fn requests(&self) -> Requests {
        self.shell.records.all()
    }

    /// Forgets the requests so far. Their order goes on counting.
    pub fn forget_requests(&self) {
        self.shell.records.clear();
    }

    /// Everything answers 503 until it is switched on again.
    pub fn switch_off(&self) {
        self.shell.switch(false);
    }

    /// Ends [`switch_off`](Self::switch_off).
    pub fn switch_on(&self) {
        self.shell.switch(true);
    }

    /// Every reply comes this much later.
    pub fn set_latency(&self, latency: Duration) {
        self.shell.set_latency(latency);
    }

    /// Moves the stand-in's clock forward: codes, tokens and grants grow older.
    pub fn advance_clock(&self, by: Duration) {
        self.shell.clock.advance(by);
    }

    /// How many TCP connections were accepted so far.
    pub fn connections(&self) -> u64 {
        self.shell.connections()
    }

    /// How many TCP connections are open now.
    pub fn open_connections(&self) -> u64 {
        self.shell.open_connections()
    }
}
