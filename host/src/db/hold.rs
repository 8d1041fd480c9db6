//! What a transaction has to itself. SQLite has one writer at a time, so there is nothing to
//! do; PostgreSQL has many, and what is read before something is written must not change in
//! between. The locks are advisory, end with the transaction, and so work behind poolers.
//!
//! Order, so that no two transactions wait for each other: users, then bookings, then what a
//! statement locks by itself, lanes before watches before deliveries, and last the list of
//! webhooks.

use super::Transaction;
use crate::{bookings::BookingId, subject::Subject};
use sha2::{Digest, Sha256};

/// Whether others may hold the same.
#[derive(Clone, Copy)]
enum Mode {
    Alone,
    Together,
}

impl Transaction {
    /// What a user has connected and where they take part stays as it is but for this
    /// transaction.
    ///
    /// # Errors
    /// The database failed.
    pub async fn hold_user(&mut self, subject: &Subject) -> Result<(), sqlx::Error> {
        self.hold(Mode::Alone, vec![user(subject)]).await
    }

    /// What these users have connected stays as it is; others may rely on it, too.
    ///
    /// # Errors
    /// The database failed.
    pub async fn rely_on_users(
        &mut self,
        subjects: impl IntoIterator<Item = Subject>,
    ) -> Result<(), sqlx::Error> {
        let keys = subjects.into_iter().map(|subject| user(&subject)).collect();
        self.hold(Mode::Together, keys).await
    }

    /// A booking stays as it is but for this transaction.
    ///
    /// # Errors
    /// The database failed.
    pub async fn hold_booking(&mut self, id: &BookingId) -> Result<(), sqlx::Error> {
        let key = key("booking", &[&id.tenant, id.kind.as_str(), &id.id]);
        self.hold(Mode::Alone, vec![key]).await
    }

    /// A list that is told in order grows by this transaction alone.
    ///
    /// # Errors
    /// The database failed.
    pub async fn hold_order(&mut self, of: &str) -> Result<(), sqlx::Error> {
        self.hold(Mode::Alone, vec![key("order", &[of])]).await
    }

    async fn hold(&mut self, mode: Mode, mut keys: Vec<i64>) -> Result<(), sqlx::Error> {
        if !self.is_shared() {
            return Ok(());
        }
        keys.sort_unstable();
        keys.dedup();
        let lock = match mode {
            Mode::Alone => "SELECT pg_advisory_xact_lock($1)",
            Mode::Together => "SELECT pg_advisory_xact_lock_shared($1)",
        };
        for key in keys {
            sqlx::query(lock).bind(key).execute(&mut **self).await?;
        }
        Ok(())
    }
}

fn user(subject: &Subject) -> i64 {
    key("user", &[&subject.tenant, &subject.user])
}

/// Every part with its length in front. Two names with one key only wait for each other.
fn key(what: &str, parts: &[&str]) -> i64 {
    let mut hash = Sha256::new();
    for part in [what].iter().chain(parts) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let mut first = [0; 8];
    first
        .iter_mut()
        .zip(hash.finalize())
        .for_each(|(to, from)| *to = from);
    i64::from_le_bytes(first)
}
