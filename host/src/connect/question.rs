//! Another account than the one that is connected (case 10): the new grant waits for the
//! user's word, and what is queued for the old account stays with it until then. Whoever
//! closes the browser at the question has changed nothing.

use super::{AUDIT, FLOW_SECONDS, FlowError, Flows, random};
use crate::{
    db::Transaction,
    drift,
    plugin::calendar::RemoteEvent,
    revocation::{Ending, Revocation},
    subject::Subject,
    sync,
    vault::{Grant, Pending, VaultError},
};
use secrecy::SecretString;

use std::time::Duration;

/// What a user is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What the owner calls the account that is connected; `None` where it has been
    /// disconnected meanwhile.
    pub connected: Option<String>,
    /// What the owner calls the one that was just consented to.
    pub new: String,
}

/// How long an answer waits for the old account to be cleared up; that goes on afterwards.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long events are removed by then; whoever revokes the grant removes the rest.
const AT_ONCE: Duration = Duration::from_secs(8);

/// What an answer came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The new account is connected.
    Switched(Left),
    /// The old account is connected, as it was.
    Stayed {
        /// What became of the new grant.
        revocation: Revocation,
    },
}

/// What became of the account that was left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// What became of its grant.
    pub revocation: Revocation,
    /// Events that were removed from its calendar.
    pub removed: usize,
    /// Events that could not be removed from it, and stay.
    pub left: usize,
    /// Events that are still being removed; the grant is revoked after that.
    pub removing: usize,
}

impl Flows {
    /// Lets a new grant wait for the user's word, and ends the transaction. The handle of
    /// the question.
    pub(super) async fn ask(
        &self,
        mut transaction: Transaction,
        now: i64,
        pending: &Pending,
    ) -> Result<SecretString, FlowError> {
        let handle = random::token()?;
        let replaced = self
            .vault
            .hold(
                &mut transaction,
                &random::digest(&handle),
                pending,
                now + FLOW_SECONDS,
            )
            .await?;
        let replaced = match replaced {
            Some(replaced) => Some(self.begin_release(&mut transaction, now, replaced).await?),
            None => None,
        };
        transaction.commit().await?;
        tracing::info!(
            target: AUDIT,
            subject = %pending.subject,
            provider = pending.provider,
            "another account than the connected one was consented to: the user is asked"
        );
        if let Some(replaced) = replaced {
            self.end_later(replaced);
        }
        let this = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(FLOW_SECONDS.unsigned_abs() + 1)).await;
            if let Err(error) = this.sweep().await {
                tracing::warn!(%error, "unanswered questions were not looked for");
            }
        });
        Ok(handle.into())
    }

    /// What is asked under a handle; `None` where it is not one of this user's questions.
    ///
    /// # Errors
    /// See [`FlowError`].
    pub async fn question(
        &self,
        subject: &Subject,
        provider: &str,
        handle: &str,
    ) -> Result<Option<Question>, FlowError> {
        let handle = random::digest(handle);
        let Some(pending) = self.vault.pending(subject, provider, &handle).await? else {
            return Ok(None);
        };
        let connection = self.vault.connection_or_leaving(subject, provider).await?;
        Ok(Some(Question {
            connected: connection.map(|connection| connection.account.label),
            new: pending.grant.account.label,
        }))
    }

    /// Answers the question under a handle, once. With `replace` the new account takes the
    /// old one's place: what is ahead is owed to it, our events in the old calendar are
    /// removed while the old grant still works, and that grant is revoked. Without it the
    /// old account stays as it was, and the new grant is revoked. No grant is revoked that
    /// another user needs.
    ///
    /// # Errors
    /// See [`FlowError`].
    pub async fn answer(
        &self,
        subject: &Subject,
        provider: &str,
        handle: &str,
        replace: bool,
    ) -> Result<Answered, FlowError> {
        let handle = random::digest(handle);
        let asked = self.vault.pending(subject, provider, &handle).await?;
        let asked = asked.ok_or(FlowError::UnknownHandle)?.grant.account.id;
        let connection = self.vault.connection_or_leaving(subject, provider).await?;
        if replace && connection.is_some_and(|connection| connection.account.id != asked) {
            // What a worker is pushing at this moment must not stay behind.
            self.deliveries.hold(subject, provider).await?;
        }
        let (mut transaction, now) = self.vault.database().write().await?;
        transaction.hold_user(subject).await?;
        let pending = self
            .vault
            .take_pending(&mut transaction, now, subject, provider, &handle)
            .await?
            .ok_or(FlowError::UnknownHandle)?;
        let answered = if replace {
            self.switch(transaction, now, pending).await
        } else {
            let ending = self.begin_release(&mut transaction, now, pending).await?;
            transaction.commit().await?;
            let revocation = self.revocations.end(ending).await?;
            Ok(Answered::Stayed { revocation })
        }?;
        tracing::info!(target: AUDIT, %subject, provider, ?answered, "the user has answered");
        Ok(answered)
    }

    async fn switch(
        &self,
        mut transaction: Transaction,
        now: i64,
        pending: Pending,
    ) -> Result<Answered, FlowError> {
        let Pending {
            subject,
            provider,
            grant,
        } = pending;
        let old = self
            .vault
            .connected(&mut transaction, &subject, &provider)
            .await?;
        if old.is_none() {
            // It was disconnected meanwhile, and may still be ending.
            sync::forget_all(&mut transaction, &subject, &provider).await?;
        }
        let old = old.filter(|(connection, _)| connection.account.id != grant.account.id);
        self.vault
            .connect(&mut transaction, now, &subject, &provider, &grant)
            .await?;
        let events = if old.is_some() {
            sync::switch_account(&mut transaction, &subject, &provider, now).await?
        } else {
            sync::owe_connection(&mut transaction, &subject, &provider, now).await?;
            Vec::new()
        };
        drift::watch(&mut transaction, &subject, &provider, now).await?;
        let old = match old {
            Some((connection, stored)) => {
                // What a dead grant cannot remove stays.
                let (events, stay) = match connection.reconnect_reason {
                    Some(_) => (Vec::new(), events.len()),
                    None => (events, 0),
                };
                let grant = Grant {
                    account: connection.account,
                    destination: connection.destination,
                    credentials: stored.credentials,
                };
                let ending = self
                    .revocations
                    .begin(&mut transaction, now, &subject, &provider, grant, &events)
                    .await?;
                Some((ending, events, stay))
            }
            None => None,
        };
        self.tell_connected(&mut transaction, now, &subject, &provider)
            .await?;
        transaction.commit().await?;
        self.webhooks.announce();
        self.news.announce();
        let Some((ending, events, stay)) = old else {
            return Ok(Answered::Switched(Left::default()));
        };
        let removing = events.len();
        // Goes on when the caller is dropped, or has waited long enough.
        let this = self.clone();
        let leaving = tokio::spawn(async move { this.leave(ending, events, stay).await });
        match tokio::time::timeout(PATIENCE, leaving).await {
            Ok(left) => left
                .map_err(|_| VaultError::Database(sqlx::Error::WorkerCrashed))?
                .map(Answered::Switched),
            Err(_) => Ok(Answered::Switched(Left {
                revocation: Revocation::Pending,
                removing,
                ..Left::default()
            })),
        }
    }

    /// Clears up in the account that was left, as far as its grant still works.
    async fn leave(
        &self,
        mut ending: Ending,
        events: Vec<RemoteEvent>,
        stay: usize,
    ) -> Result<Left, FlowError> {
        let removal = self.revocations.clear(&mut ending, events, AT_ONCE).await?;
        let revocation = self.revocations.end(ending).await?;
        let left = Left {
            revocation,
            removed: removal.removed,
            left: removal.refused + stay,
            removing: removal.rest.len(),
        };
        tracing::info!(?left, "an account that was left is cleared up");
        Ok(left)
    }

    /// Ends grants whose question nobody has answered in time.
    ///
    /// # Errors
    /// See [`FlowError`].
    pub async fn sweep(&self) -> Result<(), FlowError> {
        let (mut transaction, now) = self.vault.database().write().await?;
        let mut endings = Vec::new();
        for pending in self.vault.take_unanswered(&mut transaction, now).await? {
            endings.push(self.begin_release(&mut transaction, now, pending).await?);
        }
        transaction.commit().await?;
        for ending in endings {
            self.end_later(ending);
        }
        Ok(())
    }

    /// Takes charge of a grant that was not wanted after all.
    pub(super) async fn begin_release(
        &self,
        transaction: &mut Transaction,
        now: i64,
        pending: Pending,
    ) -> Result<Ending, VaultError> {
        let Pending {
            subject,
            provider,
            grant,
        } = pending;
        self.revocations
            .begin(transaction, now, &subject, &provider, grant, &[])
            .await
    }

    /// Ends a grant without anybody waiting for it.
    pub(super) fn end_later(&self, ending: Ending) {
        let revocations = self.revocations.clone();
        tokio::spawn(async move {
            if let Err(error) = revocations.end(ending).await {
                tracing::warn!(%error, "a grant that was not wanted is not revoked yet");
            }
        });
    }
}
