//! The end of a connection: erased here in any case; revoked at the provider where it can
//! be and nobody else shares the account. Where many events are to be removed first, or the
//! provider does not remove them at once, workers do that, and end it then. A dead grant
//! removes none: they stay.

use super::{AccountError, binding};
use crate::{
    plugin::calendar::{ProviderKind, RemoteEvent},
    revocation::Revocation,
    service::Service,
    subject::Subject,
    sync::{self, Removal, Turn},
    vault::Connection,
};
use std::time::Duration;

/// How long events are removed while somebody waits; workers remove the rest.
const REMOVAL_TIME: Duration = Duration::from_secs(8);

/// What a disconnection came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// What became of the grant at the provider.
    pub revocation: Revocation,
    /// Events that were removed from the calendar.
    pub removed: usize,
    /// Events that nothing can remove, and that stay.
    pub left: usize,
    /// Events that are still to be removed: the connection ends with the last of them.
    /// 0: it has ended.
    pub leaving: u64,
}

/// Events that are removed while the user waits; with more, workers do it.
const AT_ONCE: usize = 20;

/// Ends a user's connection; where there is none, that is success, as of a double click.
/// For a provider of files the feed's addresses end. It goes on when its caller is dropped:
/// who hangs up while a calendar is waited for leaves nothing half done.
///
/// # Errors
/// See [`AccountError`].
pub async fn disconnect(
    service: &Service,
    subject: &Subject,
    provider: &str,
    also_events: bool,
) -> Result<Left, AccountError> {
    let (service, subject, provider) = (service.clone(), subject.clone(), provider.to_owned());
    let ending = tokio::spawn(async move { end(&service, &subject, &provider, also_events).await });
    ending.await.map_err(|_| sqlx::Error::WorkerCrashed)?
}

async fn end(
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
    let deliveries = service.deliveries();
    let (mut held, mut removed, mut left) = (None, 0, 0);
    if also_events {
        if connection.reconnect_reason.is_none() {
            // What a worker is pushing at this moment must not come back afterwards.
            held = Some(deliveries.hold(subject, provider).await?);
        }
        let removal = remove_events(service, &connection).await?;
        (removed, left) = (removal.removed, removal.left());
        let rest = removal.rest.len();
        if rest > 0 && hand_over(service, &connection).await? {
            if let Some(held) = held {
                deliveries.forget_connection(held).await?;
            }
            service.announce();
            return Ok(Left {
                removed,
                left: removal.refused,
                leaving: as_count(rest),
                ..Left::default()
            });
        }
    }
    let erased = service.endings().erase(&connection, Turn::Stays).await?;
    if erased.is_some() && held.is_none() {
        // A push that was under way ends before anything is said to be over.
        held = Some(deliveries.hold(subject, provider).await?);
    }
    if let Some(held) = held {
        deliveries.forget_connection(held).await?;
    }
    let revocation = match erased.and_then(|erased| erased.ending) {
        Some(ending) => service.revocations().end(ending).await?,
        None => Revocation::Nothing,
    };
    tracing::info!(%subject, provider, "disconnected");
    Ok(Left {
        revocation,
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
    if !hand_over(service, connection).await? {
        return Ok(None);
    }
    service.announce();
    Ok(Some(as_count(deliveries.len())))
}

/// Makes all that is in a calendar the workers' to remove. `false`: it is connected no longer,
/// or again.
async fn hand_over(service: &Service, connection: &Connection) -> Result<bool, AccountError> {
    let Connection {
        subject, provider, ..
    } = connection;
    let vault = service.vault();
    let (mut transaction, now) = vault.database().write().await?;
    transaction.hold_user(subject).await?;
    let begun = vault.begin_leaving(&mut transaction, now, connection);
    if !begun.await? {
        return Ok(false);
    }
    sync::owe_leaving(&mut transaction, subject, provider, now).await?;
    transaction.commit().await?;
    tracing::info!(%subject, provider, "disconnecting");
    Ok(true)
}

fn as_count(events: usize) -> u64 {
    u64::try_from(events).unwrap_or(u64::MAX)
}

/// Takes our events out of a calendar before its grant goes. Of a dead grant nothing is asked.
async fn remove_events(
    service: &Service,
    connection: &Connection,
) -> Result<Removal, AccountError> {
    let Connection {
        subject, provider, ..
    } = connection;
    let deliveries = service
        .deliveries()
        .of_connection(subject, provider)
        .await?;
    let known: Vec<RemoteEvent> = deliveries
        .iter()
        .filter_map(|delivery| delivery.remote_event())
        .collect();
    if connection.reconnect_reason.is_some() {
        return Ok(Removal {
            refused: known.len(),
            ..Removal::default()
        });
    }
    let binding = binding(service, connection);
    Ok(sync::remove_events(service.plugin(), &binding, known, REMOVAL_TIME).await)
}
