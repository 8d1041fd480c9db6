//! What clients may take of a server: time and connections. Everything else that they may
//! take is bounded where it is read.

use std::time::Duration;

/// What clients may take. Nothing of it is counted by address: behind a balancer, all of them
/// come from the same one.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How long the head of a request may take from its first byte. Ten seconds: a head is one
    /// packet, and who sends it byte by byte has nothing to say.
    pub head: Duration,
    /// How long the body may take from the end of the head. Thirty seconds: the largest, of
    /// 2 MiB, comes through at 70 KiB a second.
    pub body: Duration,
    /// How long a client may take nothing at all of a reply. Thirty seconds.
    pub stalled: Duration,
    /// How long a connection may be open without a request. 75 seconds: balancers keep theirs
    /// for 60, and must be the first to close, or a request meets a connection that is gone.
    pub idle: Duration,
    /// How many connections there may be. 8,192 (an idle one costs under 10 KiB), or three
    /// quarters of what the limit on open files lets be, if that is less. One more takes the
    /// place of the one that has been without a request for longest; where all have one, it
    /// waits.
    pub connections: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            body: Duration::from_secs(30),
            stalled: Duration::from_secs(30),
            idle: Duration::from_secs(75),
            connections: 8_192,
        }
    }
}
