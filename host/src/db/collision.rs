//! Transactions that were in each other's way.

/// How often one is tried again at once.
const TRIES: u32 = 3;

/// Counts how often a transaction was given up because another one was writing the same in
/// another order. Nothing has happened then.
#[derive(Debug, Default)]
pub struct Collisions(u32);

impl Collisions {
    /// Whether this error was such a collision, and not one too many: PostgreSQL's
    /// `serialization_failure`, `deadlock_detected` and `lock_not_available` (its manual,
    /// appendix A). SQLite has none: writers take turns.
    pub fn may_try_again(&mut self, error: &sqlx::Error) -> bool {
        let code = error.as_database_error().and_then(|error| error.code());
        let is_collision = matches!(code.as_deref(), Some("40001" | "40P01" | "55P03"));
        self.0 += 1;
        is_collision && self.0 <= TRIES
    }
}
