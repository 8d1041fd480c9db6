//! What users do with an account that they have connected, the same for the REST
//! interface and the settings page. It never asks who is asking: its callers know.

mod destination;
mod disconnect;
mod erase;

pub use destination::{calendars, choose, try_again};
pub use disconnect::{Left, disconnect};
pub use erase::{Erased, erase};

use crate::{
    bookings::PutError,
    plugin::{CallError, types},
    service::Service,
    sync,
    vault::{Binding, Connection, VaultError},
};

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// No plugin serves this provider.
    #[error("there is no such provider")]
    UnknownProvider,
    /// The user has no account there.
    #[error("no account is connected")]
    NotConnected,
    /// The calendar is not one of the account's, or cannot be written to.
    #[error("the account has no such calendar that can be written to")]
    UnknownCalendar,
    /// The plugin's own answer, or its end.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A stored booking cannot be read, or the database failed.
    #[error(transparent)]
    Booking(#[from] PutError),
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl From<sqlx::Error> for AccountError {
    fn from(error: sqlx::Error) -> Self {
        Self::Vault(error.into())
    }
}

/// Notes a grant that turned out dead while a user asked for something.
///
/// # Errors
/// [`VaultError::Database`].
pub async fn note_dead_grant(
    service: &Service,
    connection: &Connection,
    error: &CallError,
) -> Result<(), VaultError> {
    if let CallError::Plugin(types::Error::NeedsReconnect(reason)) = error {
        sync::grant_died(service.vault(), service.webhooks(), connection, reason).await?;
    }
    Ok(())
}

/// Whether a provider can be used now. A plugin that cannot say is as good as none;
/// everything else goes on.
pub async fn is_available(service: &Service, provider: &str) -> bool {
    match service.plugin().availability(provider).await {
        Ok(()) => true,
        Err(CallError::Plugin(types::Error::NotConfigured(_))) => false,
        Err(error) => {
            tracing::warn!(provider, %error, "the plugin cannot tell whether it is available");
            false
        }
    }
}

fn binding(service: &Service, connection: &Connection) -> Binding {
    Binding::to(service.vault().clone(), connection.slot())
}
