//! A grant that the provider refuses: noted, and told to the platform the first time.

use crate::{
    vault::{Connection, Vault, VaultError},
    webhooks::{Change, Webhooks},
};

/// Notes that a connection's grant is dead; the reason as users and platforms are told it.
///
/// # Errors
/// [`VaultError::Database`].
pub async fn grant_died(
    vault: &Vault,
    webhooks: &Webhooks,
    connection: &Connection,
    reason: &str,
) -> Result<String, VaultError> {
    let (mut transaction, now) = vault.database().write().await?;
    transaction.hold_user(&connection.subject).await?;
    let (reason, is_news) = vault
        .mark_dead(&mut transaction, now, connection, reason)
        .await?;
    if is_news {
        let change = Change::ConnectionNeedsReconnect {
            subject: connection.subject.clone(),
            provider: connection.provider.clone(),
            reason: reason.clone(),
        };
        webhooks.record(&mut transaction, now, &change).await?;
    }
    transaction.commit().await?;
    webhooks.announce();
    Ok(reason)
}
