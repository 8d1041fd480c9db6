//! Providers that are left alone for a while, because they are down or refuse the app
//! itself. In the database, so that every replica leaves them alone and people can read why.

use crate::db::Database;
use sqlx::Row;

/// A provider that is left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pause {
    /// Until when, in seconds since 1970; then one call tries whether it is over.
    pub(super) until: i64,
    /// Pauses in a row.
    pub(super) strikes: i64,
    /// Why, in plain words.
    pub(super) reason: String,
}

/// The pauses of a database.
#[derive(Clone, Debug)]
pub(super) struct Pauses {
    database: Database,
}

impl Pauses {
    pub(super) fn new(database: Database) -> Self {
        Self { database }
    }

    /// A provider's pause, over or not.
    pub(super) async fn of(&self, provider: &str) -> Result<Option<Pause>, sqlx::Error> {
        let row = sqlx::query(
            "SELECT paused_until, strikes, reason FROM provider_pauses WHERE provider = $1",
        )
        .bind(provider)
        .fetch_optional(self.database.pool())
        .await?;
        let pause = |row: sqlx::any::AnyRow| {
            Ok(Pause {
                until: row.try_get("paused_until")?,
                strikes: row.try_get("strikes")?,
                reason: row.try_get("reason")?,
            })
        };
        row.map(pause).transpose()
    }

    /// Leaves a provider alone for so many seconds.
    pub(super) async fn begin(
        &self,
        provider: &str,
        seconds: i64,
        reason: &str,
    ) -> Result<(), sqlx::Error> {
        let (mut transaction, now) = self.database.write().await?;
        sqlx::query(
            "INSERT INTO provider_pauses (provider, paused_until, strikes, reason) \
             VALUES ($1, $2, 1, $3) ON CONFLICT (provider) DO UPDATE SET \
             paused_until = excluded.paused_until, reason = excluded.reason, \
             strikes = provider_pauses.strikes + 1",
        )
        .bind(provider)
        .bind(now + seconds)
        .bind(reason)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }

    /// The provider works again.
    pub(super) async fn end(&self, provider: &str) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM provider_pauses WHERE provider = $1")
            .bind(provider)
            .execute(self.database.pool())
            .await?;
        Ok(())
    }
}
