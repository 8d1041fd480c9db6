//! The end of a connection in the database: with its secrets and what is owed to it, while its
//! grant goes to whoever revokes it and the platform is told.

use super::deliveries::{forget_all, forget_owed};
use crate::{
    revocation::{Ending, Revocations},
    vault::{Connection, Vault, VaultError},
    webhooks::{Change, Webhooks},
};

/// Ends connections. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Endings {
    vault: Vault,
    revocations: Revocations,
    webhooks: Webhooks,
}

/// A connection that is erased.
pub struct Erased {
    /// The end of its grant, which is to follow. `None`: its credentials cannot be read any
    /// more.
    pub ending: Option<Ending>,
}

/// What becomes of the turn of whoever works on a calendar whose connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is theirs until they are done, and can be waited for.
    Stays,
    /// It ends, too: the caller has it.
    Goes,
}

impl Endings {
    /// Of the connections in this vault.
    pub fn new(vault: Vault, revocations: Revocations, webhooks: Webhooks) -> Self {
        Self {
            vault,
            revocations,
            webhooks,
        }
    }

    /// Erases a connection. `None`: somebody else was faster, or its user has connected again
    /// meanwhile, and nothing is erased.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn erase(
        &self,
        connection: &Connection,
        turn: Turn,
    ) -> Result<Option<Erased>, VaultError> {
        let Connection {
            subject, provider, ..
        } = connection;
        let (mut transaction, now) = self.vault.database().write().await?;
        transaction.hold_user(subject).await?;
        let ending = self
            .revocations
            .begin_connected(&mut transaction, now, subject, provider, None)
            .await?;
        let erased = self
            .vault
            .erase_connection(&mut transaction, now, connection);
        if !erased.await? {
            return Ok(None);
        }
        match turn {
            Turn::Stays => forget_owed(&mut transaction, subject, provider).await?,
            Turn::Goes => forget_all(&mut transaction, subject, provider).await?,
        }
        let change = Change::ConnectionDisconnected {
            subject: subject.clone(),
            provider: provider.clone(),
        };
        self.webhooks.record(&mut transaction, now, &change).await?;
        transaction.commit().await?;
        self.webhooks.announce();
        Ok(Some(Erased { ending }))
    }
}
