//! The end of a connection: erased here in any case; revoked at the provider where it can
//! be and nobody else shares the account. Where many events are to be removed first, workers
//! do that, and end it then.

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
    /// Events that are still to be removed: the connection ends with the last of them.
    /// 0: it has ended.
    pub leaving: u64,
}

/// Events that are removed while the user waits; with more, workers do it.
const AT_ONCE: usize = 20;

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
    let connection = service
        .vault()
        .connection_or_leaving(subject, provider)
        .await?;
    let Some(connection) = connection else {
        return Ok(Left::default());
    };
    if also_events && let Some(leaving) = leave(service, &connection).await? {
        return Ok(Left {
            leaving,
            ..Left::default()
        });
    }
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
        leaving: 0,
    })
}

/// Leaves the work to workers, where it is much: how many events are to be removed.
async fn leave(service: &Service, connection: &Connection) -> Result<Option<u64>, AccountError> {
    let Connection {
        subject, provider, ..
    } = connection;
    let deliveries = service
        .deliveries()
        .of_connection(subject, provider)
        .await?;
    if connection.leaving_at.is_some() {
        let progress = service.deliveries().progress(subject, provider).await?;
        return Ok(Some(progress.waiting));
    }
    if connection.reconnect_reason.is_some() || deliveries.len() <= AT_ONCE {
        return Ok(None);
    }
    let database = service.vault().database();
    let (mut transaction, now) = database.write().await?;
    let vault = service.vault();
    if !vault
        .begin_leaving(&mut transaction, now, connection)
        .await?
    {
        return Ok(None);
    }
    sync::owe_leaving(&mut transaction, subject, provider, now).await?;
    transaction.commit().await?;
    service.announce();
    tracing::info!(%subject, provider, events = deliveries.len(), "disconnecting");
    Ok(Some(u64::try_from(deliveries.len()).unwrap_or(u64::MAX)))
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
