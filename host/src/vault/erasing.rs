//! The end of a connection's row, and what the audit log is told of it.

use super::{Connection, Slot, Vault, VaultError};
use crate::{
    audit::{self, Action},
    db::Transaction,
    subject::Subject,
};
use sqlx::{Row, any::AnyRow};

impl Vault {
    /// Forgets a connection and its credentials.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn erase(&self, slot: &Slot) -> Result<(), VaultError> {
        let (mut transaction, now) = self.database.write().await?;
        self.erase_within(&mut transaction, now, slot).await?;
        Ok(transaction.commit().await?)
    }

    /// The same together with what else ends.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn erase_within(
        &self,
        transaction: &mut Transaction,
        now: i64,
        slot: &Slot,
    ) -> Result<(), VaultError> {
        let erased = sqlx::query(
            "DELETE FROM connections WHERE tenant = $1 AND user_id = $2 AND provider = $3 \
             AND account_id = COALESCE($4, account_id) RETURNING refreshes, refreshed_at",
        )
        .bind(&slot.subject.tenant)
        .bind(&slot.subject.user)
        .bind(&slot.provider)
        .bind(&slot.account)
        .fetch_optional(&mut **transaction)
        .await?;
        if let Some(row) = erased {
            ended(transaction, now, &slot.subject, &slot.provider, &row).await?;
        }
        Ok(())
    }

    /// Forgets this connection and its credentials. `false`: there is none any more, or its user
    /// has connected again meanwhile, and nothing is erased.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn erase_connection(
        &self,
        transaction: &mut Transaction,
        now: i64,
        connection: &Connection,
    ) -> Result<bool, VaultError> {
        let Connection {
            subject, provider, ..
        } = connection;
        let erased = sqlx::query(
            "DELETE FROM connections WHERE tenant = $1 AND user_id = $2 AND provider = $3 \
             AND account_id = $4 AND connected_at = $5 \
             AND ($6 IS NULL OR leaving_at = $6) RETURNING refreshes, refreshed_at",
        )
        .bind(&subject.tenant)
        .bind(&subject.user)
        .bind(provider)
        .bind(&connection.account.id)
        .bind(connection.connected_at)
        .bind(connection.leaving_at)
        .fetch_optional(&mut **transaction)
        .await?;
        let Some(row) = erased else { return Ok(false) };
        ended(transaction, now, subject, provider, &row).await?;
        Ok(true)
    }
}

/// Tells the audit log of a connection that has ended, and how often it was refreshed.
pub(super) async fn ended(
    transaction: &mut Transaction,
    now: i64,
    subject: &Subject,
    provider: &str,
    row: &AnyRow,
) -> Result<(), sqlx::Error> {
    let refreshes = (row.try_get("refreshes")?, row.try_get("refreshed_at")?);
    audit::record_refreshes(transaction, subject, provider, refreshes).await?;
    audit::record(
        transaction,
        now,
        subject,
        Some(provider),
        Action::Disconnected,
    )
    .await
}
