//! Named steps of work whose order crash safety rests on. Nothing happens at them unless a
//! test has asked to be told: the fault runs end the process exactly there.

use std::sync::OnceLock;

static WATCHER: OnceLock<fn(&'static str)> = OnceLock::new();

/// Every step of a server, for those who go through all of them.
pub const ALL: [&str; 10] = [
    CLAIMED, REQUESTED, ANSWERED, PUSHED, SETTLING, SETTLED, OWED, RELEASED, MARKED, COMPARED,
];
/// A booking and what it owes are written, and not yet committed.
pub const OWED: &str = "owed";
/// A worker has taken a calendar, and has done nothing yet.
pub const CLAIMED: &str = "claimed";
/// A request of the plugin is about to leave.
pub const REQUESTED: &str = "requested";
/// The provider has answered; the plugin has not seen it.
pub const ANSWERED: &str = "answered";
/// The plugin has returned; nothing is noted.
pub const PUSHED: &str = "pushed";
/// The notes are written, and not yet committed.
pub const SETTLING: &str = "settling";
/// The notes are committed.
pub const SETTLED: &str = "settled";
/// A worker has given a calendar back.
pub const RELEASED: &str = "released";

/// A calendar was read for what its owner has done; what is to be compared is noted.
pub const MARKED: &str = "marked";
/// An event has been compared, and nothing of that is noted.
pub const COMPARED: &str = "compared";

/// Rows are sealed with another master key, and not yet committed. No server does this.
pub const ROTATING: &str = "rotating";
/// They are committed.
pub const ROTATED: &str = "rotated";

/// Has `watcher` called at every step of this process. The first one stays.
pub fn watch(watcher: fn(&'static str)) {
    let _ = WATCHER.set(watcher);
}

pub(crate) fn at(step: &'static str) {
    if let Some(watcher) = WATCHER.get() {
        watcher(step);
    }
}
