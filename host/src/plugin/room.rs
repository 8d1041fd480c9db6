//! The memory of one call: all memories and tables of all its instances count together, and
//! what was refused is remembered, because a guest that gets none only says that it crashed.

use super::engine::{MAX_MEMORIES, MAX_PARTS, MAX_TABLE};
use wasmtime::ResourceLimiter;

/// What is left.
#[derive(Debug)]
pub(super) struct Room {
    memory_left: usize,
    refused: bool,
}

impl Room {
    pub(super) fn new(memory: usize) -> Self {
        Self {
            memory_left: memory,
            refused: false,
        }
    }

    /// Whether the guest has asked for more than there was.
    pub(super) fn was_refused(&self) -> bool {
        self.refused
    }

    fn answer(&mut self, granted: bool) -> bool {
        self.refused |= !granted;
        granted
    }
}

impl ResourceLimiter for Room {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current);
        let fits = maximum.is_none_or(|maximum| desired <= maximum);
        let left = self.memory_left.checked_sub(more).filter(|_| fits);
        if let Some(left) = left {
            self.memory_left = left;
        }
        Ok(self.answer(left.is_some()))
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let fits = desired <= MAX_TABLE && maximum.is_none_or(|maximum| desired <= maximum);
        Ok(self.answer(fits))
    }

    fn instances(&self) -> usize {
        MAX_PARTS as usize
    }

    fn tables(&self) -> usize {
        MAX_PARTS as usize
    }

    fn memories(&self) -> usize {
        MAX_MEMORIES as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_count_together_and_a_refusal_is_remembered() {
        let mut room = Room::new(100);
        assert!(room.memory_growing(0, 60, None).unwrap());
        assert!(room.memory_growing(60, 70, None).unwrap());
        assert!(!room.was_refused());
        assert!(
            !room.memory_growing(0, 31, None).unwrap(),
            "a second memory"
        );
        assert!(room.was_refused());
        assert!(room.memory_growing(0, 30, None).unwrap());
        assert!(!room.memory_growing(70, 71, None).unwrap());
    }

    #[test]
    fn a_table_is_as_large_as_the_pool_has_room_for() {
        let mut room = Room::new(0);
        assert!(room.table_growing(0, MAX_TABLE, None).unwrap());
        assert!(!room.table_growing(0, MAX_TABLE + 1, None).unwrap());
        assert!(room.was_refused());
    }
}
