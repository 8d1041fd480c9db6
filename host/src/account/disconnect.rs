//! The end of a connection: erased here in any case; revoked at the provider where it can
//! be and nobody else shares the account.

use super::{AccountError, binding};
use crate::{
    plugin::calendar::{ProviderKind, RemoteEvent},
    service::Service,
    subject::Subject,
    sync,
    vault::Connection,
    webhooks::Change,
};

/// What a disconnection came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Whether the provider has taken the grant back, too.
    pub revoked: bool,
    /// Events that were removed from the calendar.
    pub removed: usize,
    /// Events that could not be removed, and stay.
    pub left: usize,
}

/// Ends a user's connection; where there is none, that is success, as of a double click.
/// For a provider of files the feed's addresses end.
///
/// # Errors
/// See [`AccountError`].
pub async fn disconnect(
    service: &Service,
    subject: &Subject,
    provider: &str,
    also_events: bool,
) -> Result<Left, AccountError> {
    let info = service
        .plugin()
        .provider(provider)
        .ok_or(AccountError::UnknownProvider)?;
    if info.kind == ProviderKind::File {
        service.feeds().revoke(subject).await?;
    }
    let Some(connection) = service.vault().connection(subject, provider).await? else {
        return Ok(Left::default());
    };
    let (removed, left) = match also_events {
        true => remove_events(service, &connection).await?,
        false => (0, 0),
    };
    let account = &connection.account.id;
    let users = service.vault().users_of_account(provider, account).await?;
    let shared = users.iter().any(|user| user != subject);
    let binding = binding(service, &connection);
    let revoked = match service.plugin().disconnect(binding, !shared).await {
        Ok(()) => !shared,
        Err(error) => {
            tracing::warn!(%subject, provider, %error, "the grant was not revoked");
            false
        }
    };
    let (mut transaction, now) = service.vault().database().write().await?;
    service
        .vault()
        .erase_within(&mut transaction, &connection.slot())
        .await?;
    let change = Change::ConnectionDisconnected {
        subject: subject.clone(),
        provider: provider.to_owned(),
    };
    service
        .webhooks()
        .record(&mut transaction, now, &change)
        .await?;
    transaction.commit().await?;
    service.webhooks().announce();
    service
        .deliveries()
        .forget_connection(subject, provider)
        .await?;
    tracing::info!(%subject, provider, "disconnected");
    Ok(Left {
        revoked,
        removed,
        left,
    })
}

/// Takes our events out of a calendar before its grant goes.
async fn remove_events(
    service: &Service,
    connection: &Connection,
) -> Result<(usize, usize), AccountError> {
    let Connection {
        subject, provider, ..
    } = connection;
    // What a worker is pushing at this moment must not come back afterwards.
    service.deliveries().hold(subject, provider).await?;
    let deliveries = service
        .deliveries()
        .of_connection(subject, provider)
        .await?;
    let known: Vec<RemoteEvent> = deliveries
        .iter()
        .filter_map(|delivery| delivery.remote_event())
        .collect();
    let binding = binding(service, connection);
    Ok(sync::remove_events(service.plugin(), &binding, known).await)
}
