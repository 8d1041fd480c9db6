//! Which calendar of an account bookings go to.

use super::{AccountError, binding, note_dead_grant};
use crate::{
    plugin::calendar::CalendarEntry,
    service::Service,
    subject::Subject,
    sync,
    vault::{Connection, Destination},
};

/// The calendars that events can be written to, asked of the provider each time.
///
/// # Errors
/// See [`AccountError`].
pub async fn calendars(
    service: &Service,
    subject: &Subject,
    provider: &str,
) -> Result<(Connection, Vec<CalendarEntry>), AccountError> {
    let connection = service.vault().connection(subject, provider).await?;
    let connection = connection.ok_or(AccountError::NotConnected)?;
    match service
        .plugin()
        .list_calendars(binding(service, &connection))
        .await
    {
        Ok(entries) => Ok((connection, entries)),
        Err(error) => {
            note_dead_grant(service, &connection, &error).await?;
            Err(error.into())
        }
    }
}

/// Chooses where bookings go. What is ahead moves there.
///
/// # Errors
/// See [`AccountError`].
pub async fn choose(
    service: &Service,
    subject: &Subject,
    provider: &str,
    id: &str,
) -> Result<CalendarEntry, AccountError> {
    let (_, entries) = calendars(service, subject, provider).await?;
    let chosen = entries.into_iter().find(|entry| entry.id == id);
    let chosen = chosen.ok_or(AccountError::UnknownCalendar)?;
    let destination = Destination {
        id: chosen.id.clone(),
        name: chosen.name.clone(),
    };
    service
        .vault()
        .choose_destination(subject, provider, &destination)
        .await?;
    owe_all(service, subject, provider).await?;
    Ok(chosen)
}

/// Brings everything that is ahead to the calendar once more, whatever became of it.
///
/// # Errors
/// See [`AccountError`].
pub async fn try_again(
    service: &Service,
    subject: &Subject,
    provider: &str,
) -> Result<(), AccountError> {
    if service
        .vault()
        .connection(subject, provider)
        .await?
        .is_none()
    {
        return Err(AccountError::NotConnected);
    }
    owe_all(service, subject, provider).await
}

async fn owe_all(service: &Service, subject: &Subject, provider: &str) -> Result<(), AccountError> {
    let database = service.vault().database();
    let (mut transaction, now) = database.write().await?;
    transaction.hold_user(subject).await?;
    sync::owe_connection(&mut transaction, subject, provider, now).await?;
    sync::probe_now(&mut transaction, provider, now).await?;
    transaction.commit().await?;
    service.announce();
    Ok(())
}
