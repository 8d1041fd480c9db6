//! Tells dispatchers that something new is owed, so that nobody waits for their next look.

use tokio::sync::watch;

/// The sending side. Cheap to clone.
#[derive(Clone, Debug)]
pub struct News(watch::Sender<()>);

impl News {
    /// With nobody listening yet.
    pub fn new() -> Self {
        Self(watch::Sender::new(()))
    }

    /// Something new is owed. Never blocks; several at once are one.
    pub fn announce(&self) {
        self.0.send_replace(());
    }

    pub(super) fn listen(&self) -> watch::Receiver<()> {
        self.0.subscribe()
    }
}

impl Default for News {
    fn default() -> Self {
        Self::new()
    }
}
