//! What one plugin call sees of the vault: the credentials of one user and provider,
//! or of nobody. The call itself has no way to name another.

use super::{Credentials, RefreshTurn, Stored, Vault, VaultError};
use crate::subject::Subject;
use std::sync::{Arc, Mutex, PoisonError};

/// The credentials that one call may reach.
#[derive(Clone, Debug)]
pub struct Binding {
    vault: Vault,
    subject: Subject,
    provider: String,
    granted: Option<Granted>,
}

/// Where a new grant waits until the call that made it has succeeded, so that an error
/// in the middle leaves what is stored as it was.
#[derive(Clone, Debug, Default)]
pub struct Granted(Arc<Mutex<Option<Credentials>>>);

impl Granted {
    /// What the call saved, if it did.
    pub fn take(&self) -> Option<Credentials> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, credentials: Credentials) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(credentials);
    }
}

impl Binding {
    /// Reaches the stored credentials.
    pub fn new(vault: Vault, subject: Subject, provider: impl Into<String>) -> Self {
        Self {
            vault,
            subject,
            provider: provider.into(),
            granted: None,
        }
    }

    /// Reads the stored credentials and holds back what is saved.
    pub fn granting(self) -> (Self, Granted) {
        let granted = Granted::default();
        (
            Self {
                granted: Some(granted.clone()),
                ..self
            },
            granted,
        )
    }

    /// Of which provider.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// The stored credentials.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn load(&self) -> Result<Option<Stored>, VaultError> {
        self.vault.load(&self.subject, &self.provider).await
    }

    /// Compare and swap, as the contract's `token-store.save`.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn save(
        &self,
        credentials: Credentials,
        expected: Option<u64>,
    ) -> Result<u64, VaultError> {
        if let Some(granted) = &self.granted {
            let stored = self.load().await?.map(|stored| stored.revision);
            if stored != expected {
                return Err(VaultError::Conflict(stored));
            }
            granted.put(credentials);
            return Ok(stored.unwrap_or(0) + 1);
        }
        match expected {
            Some(expected) => {
                // The save goes on when the caller is dropped in the middle: a token that
                // the provider has rotated exists nowhere else (case 18).
                let this = self.clone();
                let saving = tokio::spawn(async move {
                    this.vault
                        .save(&this.subject, &this.provider, &credentials, expected)
                        .await
                });
                saving
                    .await
                    .map_err(|_| VaultError::Database(sqlx::Error::WorkerCrashed))?
            }
            // Only a flow makes connections, and it holds them back until they are whole.
            None => Err(VaultError::Conflict(
                self.load().await?.map(|stored| stored.revision),
            )),
        }
    }

    /// Erases the credentials.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn clear(&self) -> Result<(), VaultError> {
        self.vault.erase(&self.subject, &self.provider).await
    }

    /// Asks for the turn to refresh.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn begin_refresh(&self, seen: u64) -> Result<RefreshTurn, VaultError> {
        self.vault
            .begin_refresh(&self.subject, &self.provider, seen)
            .await
    }
}
