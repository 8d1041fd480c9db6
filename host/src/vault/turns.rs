//! Callers of this process that wait for one refresh: one of them asks the database, the
//! others wait for that one.

use super::Slot;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};
use tokio::sync::Mutex as Turn;

/// Places that are forgotten together, once nobody waits there.
const FORGOTTEN_AT_ONCE: usize = 1_024;

/// Who of this process asks. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<String, Weak<Turn<()>>>>>);

impl Turns {
    /// Whoever holds its lock asks for all that wait for it.
    pub(super) fn of(&self, slot: &Slot) -> Arc<Turn<()>> {
        let Slot {
            subject, provider, ..
        } = slot;
        // Lengths in front: no two places have one name.
        let name = format!(
            "{}:{}:{}{}{provider}",
            subject.tenant.len(),
            subject.user.len(),
            subject.tenant,
            subject.user
        );
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turns.get(&name).and_then(Weak::upgrade) {
            return turn;
        }
        if turns.len() >= FORGOTTEN_AT_ONCE {
            turns.retain(|_, turn| turn.strong_count() > 0);
        }
        let turn = Arc::new(Turn::new(()));
        turns.insert(name, Arc::downgrade(&turn));
        turn
    }
}
