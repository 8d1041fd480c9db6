//! Another account than the one that is connected (case 10): the new grant waits for the
//! user's word, and what is queued for the old account stays with it until then. Whoever
//! closes the browser at the question has changed nothing.

use super::{AUDIT, FLOW_SECONDS, FlowError, Flows, random};
use crate::{
    plugin::calendar::RemoteEvent,
    subject::Subject,
    sync,
    vault::{Binding, Connection, Grant, Pending, Stored, VaultError},
};
use secrecy::SecretString;
use sqlx::{Any, Transaction};
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

/// What an answer came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The new account is connected.
    Switched {
        /// Whether the provider has taken the old grant back.
        revoked: bool,
        /// Events that were removed from the old account's calendar.
        removed: usize,
        /// Events that could not be removed from it, and stay.
        left: usize,
    },
    /// The old account is connected, as it was.
    Stayed {
        /// Whether the provider has taken the new grant back.
        revoked: bool,
    },
}

impl Flows {
    /// Lets a new grant wait for the user's word, and ends the transaction. The handle of
    /// the question.
    pub(super) async fn ask(
        &self,
        mut transaction: Transaction<'static, Any>,
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
        transaction.commit().await?;
        tracing::info!(
            target: AUDIT,
            subject = %pending.subject,
            provider = pending.provider,
            "another account than the connected one was consented to: the user is asked"
        );
        if let Some(replaced) = replaced {
            self.release_later(replaced);
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
        let pending = self
            .vault
            .take_pending(&mut transaction, now, subject, provider, &handle)
            .await?
            .ok_or(FlowError::UnknownHandle)?;
        let answered = if replace {
            self.switch(transaction, now, pending).await
        } else {
            transaction.commit().await?;
            let revoked = self.release(pending).await?;
            Ok(Answered::Stayed { revoked })
        }?;
        tracing::info!(target: AUDIT, %subject, provider, ?answered, "the user has answered");
        Ok(answered)
    }

    async fn switch(
        &self,
        mut transaction: Transaction<'static, Any>,
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
            .await?
            .filter(|(connection, _)| connection.account.id != grant.account.id);
        self.vault
            .connect(&mut transaction, now, &subject, &provider, &grant)
            .await?;
        let events = if old.is_some() {
            sync::switch_account(&mut transaction, &subject, &provider, now).await?
        } else {
            sync::owe_connection(&mut transaction, &subject, &provider, now).await?;
            Vec::new()
        };
        self.tell_connected(&mut transaction, now, &subject, &provider)
            .await?;
        transaction.commit().await?;
        self.webhooks.announce();
        self.news.announce();
        let Some((connection, stored)) = old else {
            return Ok(Answered::Switched {
                revoked: false,
                removed: 0,
                left: 0,
            });
        };
        // Goes on when the caller is dropped: the old grant is nowhere else any more.
        let this = self.clone();
        let leaving = tokio::spawn(async move { this.leave(connection, stored, events).await });
        leaving
            .await
            .map_err(|_| VaultError::Database(sqlx::Error::WorkerCrashed))?
    }

    /// Clears up in the account that was left, as far as its grant still works.
    async fn leave(
        &self,
        old: Connection,
        stored: Stored,
        events: Vec<RemoteEvent>,
    ) -> Result<Answered, FlowError> {
        let grant = Grant {
            account: old.account,
            destination: old.destination,
            credentials: stored.credentials,
        };
        let account = grant.account.id.clone();
        let binding = Binding::apart(self.vault.clone(), old.subject, &old.provider, grant);
        let (removed, left) = if old.reconnect_reason.is_some() {
            (0, events.len())
        } else {
            sync::remove_events(&self.plugin, &binding, events).await
        };
        let revoked = self.revoke(&account, binding).await?;
        Ok(Answered::Switched {
            revoked,
            removed,
            left,
        })
    }

    /// Ends grants whose question nobody has answered in time.
    ///
    /// # Errors
    /// See [`FlowError`].
    pub async fn sweep(&self) -> Result<(), FlowError> {
        for pending in self.vault.take_unanswered().await? {
            self.release_later(pending);
        }
        Ok(())
    }

    /// Ends a grant that was not wanted after all.
    async fn release(&self, pending: Pending) -> Result<bool, FlowError> {
        let Pending {
            subject,
            provider,
            grant,
        } = pending;
        let account = grant.account.id.clone();
        let binding = Binding::apart(self.vault.clone(), subject, provider, grant);
        self.revoke(&account, binding).await
    }

    /// The same without anybody waiting for it.
    fn release_later(&self, pending: Pending) {
        let this = self.clone();
        tokio::spawn(async move {
            if let Err(error) = this.release(pending).await {
                tracing::warn!(%error, "a grant that was not wanted was not revoked");
            }
        });
    }

    /// Revokes a grant that the vault does not hold any more, where it holds no other of
    /// the same account, neither in use nor waiting.
    async fn revoke(&self, account: &str, binding: Binding) -> Result<bool, FlowError> {
        let provider = binding.provider().to_owned();
        let users = self.vault.users_of_account(&provider, account).await?;
        match self.plugin.disconnect(binding, users.is_empty()).await {
            Ok(()) => Ok(users.is_empty()),
            Err(error) => {
                tracing::warn!(provider, %error, "a grant was not revoked");
                Ok(false)
            }
        }
    }
}
