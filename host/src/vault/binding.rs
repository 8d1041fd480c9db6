//! What one plugin call sees of the vault: the credentials of one user and provider,
//! or of nobody. The call itself has no way to name another.

use super::{Credentials, Grant, RefreshTurn, Slot, Stored, TurnLease, Vault, VaultError};
use crate::{db::may_pass, subject::Subject};
use secrecy::ExposeSecret;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long a token that was just refreshed is kept while the database is away: the provider
/// may have taken the old one back, and this one exists nowhere else.
const KEPT_FOR: Duration = Duration::from_secs(300);

/// How long to wait between two tries to save it.
const SAVE_AGAIN: Duration = Duration::from_secs(1);

/// The credentials that one call may reach.
#[derive(Clone, Debug)]
pub struct Binding {
    vault: Vault,
    slot: Slot,
    reach: Reach,
}

/// How far a call reaches.
#[derive(Clone, Debug)]
enum Reach {
    /// What is stored.
    Stored,
    /// What is stored; what is saved is held back.
    Granting(Granted),
    /// A grant that is not stored, or not any more.
    Apart(Apart),
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

/// A grant in memory alone, with the contract's rules. Two callers may refresh it at once:
/// the second save meets the first.
#[derive(Clone, Debug)]
struct Apart(Arc<Mutex<Option<Stored>>>);

impl Apart {
    fn load(&self) -> Option<Stored> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn save(&self, mut credentials: Credentials, expected: Option<u64>) -> Result<u64, VaultError> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match held.as_mut() {
            Some(stored) if expected == Some(stored.revision) => {
                let kept = stored.credentials.refresh_token.take();
                credentials.refresh_token = credentials.refresh_token.or(kept);
                stored.credentials = credentials;
                stored.revision += 1;
                Ok(stored.revision)
            }
            Some(stored) => Err(VaultError::Conflict(Some(stored.revision))),
            None => Err(VaultError::Conflict(None)),
        }
    }

    fn begin_refresh(&self, seen: u64) -> RefreshTurn {
        match self.load() {
            None => RefreshTurn::Erased,
            Some(stored) if stored.revision != seen => RefreshTurn::Changed(stored),
            Some(_) => RefreshTurn::Mine(TurnLease { seen, until: 0 }),
        }
    }
}

impl Binding {
    /// Reaches the stored credentials, of whichever account.
    pub fn new(vault: Vault, subject: Subject, provider: impl Into<String>) -> Self {
        let slot = Slot {
            subject,
            provider: provider.into(),
            account: None,
        };
        Self::to(vault, slot)
    }

    /// Reaches the stored credentials of this place.
    pub fn to(vault: Vault, slot: Slot) -> Self {
        Self {
            vault,
            slot,
            reach: Reach::Stored,
        }
    }

    /// Reads the stored credentials and holds back what is saved.
    pub fn granting(self) -> (Self, Granted) {
        let granted = Granted::default();
        let reach = Reach::Granting(granted.clone());
        (Self { reach, ..self }, granted)
    }

    /// Reaches a grant that the vault does not hold, or not any more, and nothing else.
    pub fn apart(vault: Vault, subject: Subject, provider: impl Into<String>, of: Grant) -> Self {
        let stored = Stored {
            credentials: of.credentials,
            revision: 1,
        };
        let apart = Apart(Arc::new(Mutex::new(Some(stored))));
        let slot = Slot {
            subject,
            provider: provider.into(),
            account: Some(of.account.id),
        };
        Self {
            vault,
            slot,
            reach: Reach::Apart(apart),
        }
    }

    /// Where the credentials lie.
    pub fn slot(&self) -> &Slot {
        &self.slot
    }

    /// Of which provider.
    pub fn provider(&self) -> &str {
        &self.slot.provider
    }

    /// The credentials.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn load(&self) -> Result<Option<Stored>, VaultError> {
        match &self.reach {
            Reach::Stored | Reach::Granting(_) => self.vault.load(&self.slot).await,
            Reach::Apart(apart) => Ok(apart.load()),
        }
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
        match (&self.reach, expected) {
            (Reach::Apart(apart), _) => apart.save(credentials, expected),
            (Reach::Granting(granted), _) => {
                let stored = self.load().await?.map(|stored| stored.revision);
                if stored != expected {
                    return Err(VaultError::Conflict(stored));
                }
                granted.put(credentials);
                Ok(stored.unwrap_or(0) + 1)
            }
            (Reach::Stored, Some(expected)) => {
                // The save goes on when the caller is dropped in the middle: a token that
                // the provider has rotated exists nowhere else (case 18).
                let this = self.clone();
                let saving = tokio::spawn(async move { this.keep(&credentials, expected).await });
                saving
                    .await
                    .map_err(|_| VaultError::Database(sqlx::Error::WorkerCrashed))?
            }
            // Only a flow makes connections, and it holds them back until they are whole.
            (Reach::Stored, None) => Err(VaultError::Conflict(
                self.load().await?.map(|stored| stored.revision),
            )),
        }
    }

    /// Saves, and goes on trying while the database is away (case 45).
    async fn keep(&self, credentials: &Credentials, expected: u64) -> Result<u64, VaultError> {
        let begun = Instant::now();
        loop {
            match self.vault.save(&self.slot, credentials, expected).await {
                Err(VaultError::Database(error))
                    if may_pass(&error) && begun.elapsed() < KEPT_FOR =>
                {
                    tracing::warn!(%error, "refreshed credentials are not saved yet");
                    tokio::time::sleep(SAVE_AGAIN).await;
                }
                // It was saved, and only the word of it was lost.
                Err(VaultError::Conflict(Some(stored))) if stored == expected + 1 => {
                    return self.was_saved(credentials, expected, stored).await;
                }
                saved => return saved,
            }
        }
    }

    /// Whether what is stored is what was to be.
    async fn was_saved(
        &self,
        credentials: &Credentials,
        expected: u64,
        stored: u64,
    ) -> Result<u64, VaultError> {
        let there = self.vault.load(&self.slot).await?;
        let is_ours = there.is_some_and(|there| {
            there.revision == expected + 1
                && there.credentials.access_token.expose_secret()
                    == credentials.access_token.expose_secret()
        });
        match is_ours {
            true => Ok(stored),
            false => Err(VaultError::Conflict(Some(stored))),
        }
    }

    /// Erases the credentials.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn clear(&self) -> Result<(), VaultError> {
        match &self.reach {
            Reach::Stored | Reach::Granting(_) => self.vault.erase(&self.slot).await,
            Reach::Apart(apart) => {
                apart.clear();
                Ok(())
            }
        }
    }

    /// Asks for the turn to refresh.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn begin_refresh(&self, seen: u64) -> Result<RefreshTurn, VaultError> {
        match &self.reach {
            Reach::Stored | Reach::Granting(_) => self.vault.begin_refresh(&self.slot, seen).await,
            Reach::Apart(apart) => Ok(apart.begin_refresh(seen)),
        }
    }

    /// Gives a turn back that came to no token.
    ///
    /// # Errors
    /// The database failed.
    pub async fn end_refresh(&self, lease: TurnLease) -> Result<(), sqlx::Error> {
        match &self.reach {
            Reach::Stored | Reach::Granting(_) => self.vault.end_refresh(&self.slot, lease).await,
            Reach::Apart(_) => Ok(()),
        }
    }
}
