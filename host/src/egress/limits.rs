//! Every number that bounds an exchange, in one place.

use std::time::Duration;

use tokio::sync::Semaphore;

/// What one exchange may take. All sizes are bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Everything together: waiting for a place, DNS, TCP, TLS, both bodies. Default 30 s, which is
    /// also how long a plugin's call may take. A single request may ask for less, never for more.
    pub deadline: Duration,
    /// DNS, TCP and TLS of one new connection. Default 10 s.
    pub connect_timeout: Duration,
    /// A request's body. Default 1 MiB: an event's longest texts come to a few dozen KiB.
    pub request_body: usize,
    /// A reply's body. Default 4 MiB. Nothing is compressed, so this is also the decoded size.
    pub reply_body: usize,
    /// Exchanges under way with one origin; more wait, within their deadline. Default 64. Also how
    /// many idle connections are kept: with fewer, a burst would close what the next one needs.
    pub in_flight_per_origin: usize,
    /// How long an idle connection is kept. Default 60 s: less than front ends usually allow, so that
    /// the one who closes is mostly this side and no request meets a closing connection.
    pub idle_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            request_body: 1024 * 1024,
            reply_body: 4 * 1024 * 1024,
            in_flight_per_origin: 64,
            idle_timeout: Duration::from_secs(60),
        }
    }
}

impl Limits {
    /// Without places nothing would ever be sent; more than the semaphore can count is no limit.
    pub(super) fn sound(mut self) -> Self {
        self.in_flight_per_origin = self.in_flight_per_origin.clamp(1, Semaphore::MAX_PERMITS);
        self
    }

    /// What a caller's wish amounts to.
    pub(super) fn clamp(&self, wish: Duration) -> Duration {
        wish.min(self.deadline)
    }
}
