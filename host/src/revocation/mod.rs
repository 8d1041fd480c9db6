//! The end of grants at their providers: tried at once where a connection ends, and again
//! for a day where the provider does not answer. Before that a grant removes events of ours
//! where its user asked for it. It is never used for anything else, and none is ended that
//! somebody still needs.

mod clearing;
mod worker;

use crate::{
    backoff::{backoff, seconds},
    db::Transaction,
    plugin::{
        CallError, Plugin,
        calendar::{RemoteEvent, Revocation as Way},
        types::{Error, RetryAdvice},
    },
    subject::Subject,
    vault::{Binding, Grant, RevocationId, Vault, VaultError},
};
use std::time::Duration;

/// How long a revocation is tried, in seconds.
const TRIED_FOR: i64 = 86_400;

/// The longest wait between two tries, unless the provider asks for more.
const MAX_WAIT: Duration = Duration::from_secs(3_600);

/// The target of events that an auditor looks for.
const AUDIT: &str = "calport::audit";

/// What became of a grant at its provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Revocation {
    /// There was none.
    #[default]
    Nothing,
    /// The provider has taken it back.
    Done,
    /// The provider could not be told yet; it is tried again for a day.
    Pending,
    /// Only the user can take it back, at the provider ([`Revocations::pages`]).
    ByUser,
    /// Somebody else has connected the same account, and would lose theirs.
    Shared,
    /// The provider was told, and did not do it.
    Refused,
}

impl Revocation {
    /// Its name. Stable.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Done => "done",
            Self::Pending => "pending",
            Self::ByUser => "by_user",
            Self::Shared => "shared",
            Self::Refused => "refused",
        }
    }

    /// Whether the provider has taken it back.
    pub fn is_done(self) -> bool {
        self == Self::Done
    }
}

/// A grant that is erased and not revoked yet.
#[derive(Debug)]
pub struct Ending {
    /// `None` where no call revokes it.
    id: Option<RevocationId>,
    account: String,
    binding: Binding,
    /// Whether events are to be removed before it is revoked.
    has_events: bool,
}

/// Ends grants. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Revocations {
    vault: Vault,
    plugin: Plugin,
}

/// What one try came to.
enum Tried {
    Is(Revocation),
    /// Not now; after so many seconds, if the provider said so.
    Again(Option<i64>),
}

impl Revocations {
    /// Of the grants in this vault.
    pub fn new(vault: Vault, plugin: Plugin) -> Self {
        Self { vault, plugin }
    }

    /// The pages where users take a provider's grants back; empty where a call does it.
    pub fn pages(&self, provider: &str) -> &[String] {
        match self.plugin.provider(provider).map(|info| &info.revocation) {
            Some(Some(Way::ByUser(pages))) => pages,
            Some(Some(Way::ByCall) | None) | None => &[],
        }
    }

    /// Takes charge of a grant in the transaction that erases it. [`Revocations::clear`], where
    /// it is to remove events first, and [`Revocations::end`] are to follow; after a crash they
    /// follow by themselves.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn begin(
        &self,
        transaction: &mut Transaction,
        now: i64,
        subject: &Subject,
        provider: &str,
        grant: Grant,
        to_remove: &[RemoteEvent],
    ) -> Result<Ending, VaultError> {
        let id = if self.pages(provider).is_empty() || !to_remove.is_empty() {
            let owed = self
                .vault
                .owe_revocation(transaction, now, provider, &grant, to_remove);
            Some(owed.await?)
        } else {
            None
        };
        Ok(Ending {
            id,
            account: grant.account.id.clone(),
            has_events: !to_remove.is_empty(),
            binding: Binding::apart(self.vault.clone(), subject.clone(), provider, grant),
        })
    }

    /// The same for what a connection holds. `rest`: an account, and what is still to be removed
    /// from it, if it is still the one that is connected. `None`: there is no connection, or its
    /// credentials cannot be read any more, and so not be used for revoking either.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn begin_connected(
        &self,
        transaction: &mut Transaction,
        now: i64,
        subject: &Subject,
        provider: &str,
        rest: Option<(&str, &[RemoteEvent])>,
    ) -> Result<Option<Ending>, VaultError> {
        let connected = self.vault.connected(transaction, subject, provider);
        let (connection, stored) = match connected.await {
            Ok(Some(connected)) => connected,
            Ok(None) => return Ok(None),
            // Nobody can be kept connected by a key that is lost.
            Err(VaultError::Sealed(error)) => {
                tracing::error!(%subject, provider, %error, "a grant is erased without being revoked");
                return Ok(None);
            }
            Err(error @ (VaultError::Conflict(_) | VaultError::Database(_))) => return Err(error),
        };
        let to_remove = match rest {
            Some((account, events)) if connection.account.id == account => events,
            Some(_) | None => &[],
        };
        let grant = Grant {
            account: connection.account,
            destination: connection.destination,
            credentials: stored.credentials,
        };
        self.begin(transaction, now, subject, provider, grant, to_remove)
            .await
            .map(Some)
    }

    /// Revokes a grant, now or, where the provider does not answer or events are still to be
    /// removed, later.
    ///
    /// # Errors
    /// See [`VaultError`]. The revocation is tried again by itself.
    pub async fn end(&self, ending: Ending) -> Result<Revocation, VaultError> {
        if ending.has_events {
            return self.leave(ending).await;
        }
        let Some(id) = ending.id else {
            return Ok(Revocation::ByUser);
        };
        let tried = self.revoke(&ending.account, ending.binding).await?;
        self.note(&id, 0, false, tried).await
    }

    /// Leaves a grant to whoever revokes what could not be revoked at once: it is due now.
    ///
    /// # Errors
    /// See [`VaultError`]. It is due a minute later then.
    pub async fn leave(&self, ending: Ending) -> Result<Revocation, VaultError> {
        let Some(id) = ending.id else {
            return Ok(Revocation::ByUser);
        };
        self.vault.put_off_revocation(&id, 0).await?;
        Ok(Revocation::Pending)
    }

    async fn revoke(&self, account: &str, binding: Binding) -> Result<Tried, VaultError> {
        let provider = binding.provider().to_owned();
        if !self.pages(&provider).is_empty() {
            return Ok(Tried::Is(Revocation::ByUser));
        }
        let users = self.vault.users_of_account(&provider, account).await?;
        if !users.is_empty() {
            return Ok(Tried::Is(Revocation::Shared));
        }
        Ok(match self.plugin.disconnect(binding, true).await {
            Ok(()) => Tried::Is(Revocation::Done),
            Err(error) => {
                tracing::warn!(provider, %error, "a grant was not revoked");
                tried(&error)
            }
        })
    }

    async fn note(
        &self,
        id: &RevocationId,
        attempts: i64,
        is_last: bool,
        tried: Tried,
    ) -> Result<Revocation, VaultError> {
        let revocation = match tried {
            Tried::Is(revocation) => revocation,
            Tried::Again(_) if is_last => Revocation::Refused,
            Tried::Again(asked) => {
                let wait = asked.map_or_else(|| backoff(attempts, MAX_WAIT), seconds);
                self.vault.put_off_revocation(id, wait).await?;
                return Ok(Revocation::Pending);
            }
        };
        self.vault.forget_revocation(id).await?;
        Ok(revocation)
    }
}

fn tried(error: &CallError) -> Tried {
    match error {
        CallError::Plugin(Error::Retry(RetryAdvice { after, .. })) => {
            Tried::Again(after.map(i64::from))
        }
        // It is dead already.
        CallError::Plugin(Error::NotConnected | Error::NeedsReconnect(_) | Error::Gone) => {
            Tried::Is(Revocation::Done)
        }
        error if error.may_pass() => Tried::Again(None),
        _ => Tried::Is(Revocation::Refused),
    }
}
