//! The end of a flow: the plugin exchanges the code, and grant, account and what is now
//! owed to the calendar are stored together, or nothing is.

use super::{AUDIT, FlowError, Flows, Returned, standing::Standing};
use crate::{
    db::Transaction,
    drift,
    plugin::calendar,
    subject::Subject,
    sync,
    vault::{Account, Binding, Destination, Grant, Pending},
};

impl Flows {
    /// Lets the plugin exchange the code, and stores grant, account and what is now owed to
    /// the calendar together; not of a user who was erased since their flow was taken.
    pub(super) async fn finish(
        &self,
        subject: &Subject,
        standing: &Standing,
        provider: &calendar::ProviderInfo,
        callback: calendar::Callback,
    ) -> Result<Returned, FlowError> {
        let binding = Binding::new(self.vault.clone(), subject.clone(), &provider.id);
        let (binding, granted) = binding.granting();
        let account = self.plugin.complete_callback(binding, callback).await?;
        let credentials = granted.take().ok_or(FlowError::NoGrant)?;
        let destination = Destination {
            id: account.calendar.id.clone(),
            name: account.calendar.name,
        };
        let account = Account {
            id: account.id,
            label: account.label,
        };
        let grant = Grant {
            account,
            destination,
            credentials,
        };
        let database = self.vault.database();
        let (mut transaction, now) = database.write().await?;
        transaction.hold_user(subject).await?;
        let connected = self
            .vault
            .connected(&mut transaction, subject, &provider.id)
            .await?;
        let is_new = connected.is_none();
        let is_of_another =
            connected.is_some_and(|(connection, _)| connection.account.id != grant.account.id);
        let was_erased = standing.was_erased(&mut transaction).await?;
        if was_erased || is_of_another {
            let pending = Pending {
                subject: subject.clone(),
                provider: provider.id.clone(),
                grant,
            };
            if was_erased {
                self.refuse(transaction, now, pending).await?;
                return Err(FlowError::UnknownState);
            }
            let handle = self.ask(transaction, now, &pending).await?;
            return Ok(Returned::AccountChanged(handle));
        }
        if is_new {
            // An earlier connection may still be ending: nothing of it is this one's.
            sync::forget_all(&mut transaction, subject, &provider.id).await?;
        }
        self.vault
            .connect(&mut transaction, now, subject, &provider.id, &grant)
            .await?;
        sync::owe_connection(&mut transaction, subject, &provider.id, now).await?;
        drift::watch(&mut transaction, subject, &provider.id, now).await?;
        self.tell_connected(&mut transaction, now, subject, &provider.id)
            .await?;
        transaction.commit().await?;
        self.webhooks.announce();
        self.news.announce();
        tracing::info!(target: AUDIT, %subject, provider = provider.id, "connected");
        Ok(Returned::Connected)
    }

    /// Revokes the grant of a user who was erased while it was made, and stores nothing.
    async fn refuse(
        &self,
        mut transaction: Transaction,
        now: i64,
        pending: Pending,
    ) -> Result<(), FlowError> {
        let ending = self.begin_release(&mut transaction, now, pending).await?;
        transaction.commit().await?;
        self.end_later(ending);
        tracing::warn!(target: AUDIT, "a callback came back for a user who is erased");
        Ok(())
    }
}
