//! Takes our events out of a calendar that its user has left, however many there are, and
//! ends the connection then. Every step may be repeated after a crash; who connects again
//! meanwhile keeps the calendar.

use super::{deliveries, owe::wake_lane};
use crate::{
    plugin::Plugin,
    subject::Subject,
    vault::{Binding, Connection, Grant, Vault, VaultError},
    webhooks::{Change, Webhooks},
};
use sqlx::{Any, Transaction};

/// How long it may take, in seconds. Credentials that nobody wants to be kept are not kept
/// for a provider that is down.
const LONGEST: i64 = 86_400;

/// Makes all that was put into a calendar due to be taken out of it.
///
/// # Errors
/// The database failed.
pub async fn owe_leaving(
    transaction: &mut Transaction<'static, Any>,
    subject: &Subject,
    provider: &str,
    now: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE deliveries SET generation = generation + 1, state = 'waiting', reason = NULL, \
         attempts = 0, next_try = $4 WHERE tenant = $1 AND user_id = $2 AND provider = $3",
    )
    .bind(&subject.tenant)
    .bind(&subject.user)
    .bind(provider)
    .bind(now)
    .execute(&mut **transaction)
    .await?;
    wake_lane(transaction, subject, provider, now).await
}

/// Ends connections that were left. Cheap to clone.
#[derive(Clone)]
pub(super) struct Leavings {
    pub(super) vault: Vault,
    pub(super) plugin: Plugin,
    pub(super) webhooks: Webhooks,
}

impl Leavings {
    /// Whether there is nothing to wait for any more: the grant is dead, or it has taken
    /// too long.
    pub(super) fn is_over(connection: &Connection, now: i64) -> bool {
        let left_at = connection.leaving_at.unwrap_or(now);
        connection.reconnect_reason.is_some() || left_at + LONGEST <= now
    }

    /// Revokes and erases a connection, and forgets what was owed to it. Revoked first, so
    /// that a crash in between revokes again; with a copy of the grant, so that whoever
    /// connects again at this moment is not erased.
    pub(super) async fn end(&self, connection: &Connection) -> Result<(), VaultError> {
        let Connection {
            subject, provider, ..
        } = connection;
        let revoked = match self.revoke(connection).await {
            Ok(revoked) => revoked,
            Err(error @ VaultError::Database(_)) => return Err(error),
            // What cannot be read cannot be revoked; it is erased all the same.
            Err(error @ (VaultError::Sealed(_) | VaultError::Conflict(_))) => {
                tracing::warn!(%subject, provider, %error, "the grant was not revoked");
                false
            }
        };
        let (mut transaction, now) = self.vault.database().write().await?;
        if !self.vault.erase_left(&mut transaction, connection).await? {
            return Ok(());
        }
        deliveries::forget_all(&mut transaction, subject, provider).await?;
        let change = Change::ConnectionDisconnected {
            subject: subject.clone(),
            provider: provider.clone(),
        };
        self.webhooks.record(&mut transaction, now, &change).await?;
        transaction.commit().await?;
        self.webhooks.announce();
        tracing::info!(%subject, provider, revoked, "disconnected");
        Ok(())
    }

    async fn revoke(&self, connection: &Connection) -> Result<bool, VaultError> {
        let Connection {
            subject, provider, ..
        } = connection;
        let Some(stored) = self.vault.load(&connection.slot()).await? else {
            return Ok(false);
        };
        let users = self
            .vault
            .users_of_account(provider, &connection.account.id)
            .await?;
        let is_shared = users.iter().any(|user| user != subject);
        let grant = Grant {
            account: connection.account.clone(),
            destination: connection.destination.clone(),
            credentials: stored.credentials,
        };
        let binding = Binding::apart(self.vault.clone(), subject.clone(), provider, grant);
        match self.plugin.disconnect(binding, !is_shared).await {
            Ok(()) => Ok(!is_shared),
            Err(error) => {
                tracing::warn!(%subject, provider, %error, "the grant was not revoked");
                Ok(false)
            }
        }
    }

    /// Ends those that have taken too long, also where nobody may work on them.
    pub(super) async fn sweep(&self, provider: &str) -> Result<(), VaultError> {
        let now = self.vault.database().now().await?;
        for connection in self.vault.left_before(provider, now - LONGEST).await? {
            self.end(&connection).await?;
        }
        Ok(())
    }
}
