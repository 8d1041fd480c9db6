//! Connections that their users have left, while our events are still being taken out: the
//! credentials stay for that alone, and go with it.

use super::{Connection, Vault, VaultError, connections::connection};
use crate::{db::Transaction, subject::Subject};
use sqlx::Row;

impl Vault {
    /// Notes that a user has left. `false`: another grant has come meanwhile.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn begin_leaving(
        &self,
        transaction: &mut Transaction,
        now: i64,
        connection: &Connection,
    ) -> Result<bool, VaultError> {
        let begun = sqlx::query(
            "UPDATE connections SET leaving_at = $6 WHERE tenant = $1 AND user_id = $2 \
             AND provider = $3 AND account_id = $4 AND connected_at = $5",
        )
        .bind(&connection.subject.tenant)
        .bind(&connection.subject.user)
        .bind(&connection.provider)
        .bind(&connection.account.id)
        .bind(connection.connected_at)
        .bind(now)
        .execute(&mut **transaction)
        .await?;
        Ok(begun.rows_affected() > 0)
    }

    /// Those that were left at a provider before this moment.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn left_before(
        &self,
        provider: &str,
        before: i64,
    ) -> Result<Vec<Connection>, VaultError> {
        let rows = sqlx::query(
            "SELECT tenant, user_id, provider, account_id, account_label, calendar_id, \
             calendar_name, reconnect_reason, dead_at, connected_at, leaving_at \
             FROM connections WHERE provider = $1 AND leaving_at < $2",
        )
        .bind(provider)
        .bind(before)
        .fetch_all(self.database.pool())
        .await?;
        let left = rows.iter().map(|row| {
            let (tenant, user): (String, String) =
                (row.try_get("tenant")?, row.try_get("user_id")?);
            connection(&Subject::new(tenant, user), row)
        });
        left.collect()
    }
}
