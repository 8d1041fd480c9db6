//! What a grant does before it is revoked: it removes events of ours from a calendar that its
//! user has left for another.

use super::{Ending, Revocations};
use crate::{
    plugin::calendar::RemoteEvent,
    sync::{self, Deliveries, Removal, State},
    vault::VaultError,
};
use std::{collections::BTreeSet, time::Duration};

impl Revocations {
    /// Removes events by a grant before it is revoked, as many as it can within this time, and
    /// keeps which are still to be removed. At the most half a minute later it is the next
    /// one's to go on.
    ///
    /// # Errors
    /// See [`VaultError`]. The removal is tried again by itself.
    pub async fn clear(
        &self,
        ending: &mut Ending,
        events: Vec<RemoteEvent>,
        within: Duration,
    ) -> Result<Removal, VaultError> {
        let Ending {
            id,
            account,
            binding,
            has_events,
        } = ending;
        let removal = sync::remove_events(&self.plugin, binding, events, within).await;
        *has_events = !removal.rest.is_empty();
        // A dead grant may be gone: there is nothing to keep for another try.
        if removal.removed + removal.refused > 0
            && let Some(id) = id
            && let Some(stored) = binding.load().await?
        {
            let credentials = &stored.credentials;
            let provider = binding.provider();
            self.vault
                .keep_revocation(id, provider, account, credentials, &removal.rest)
                .await?;
        }
        Ok(removal)
    }

    /// Those of the events that nobody wants to keep: whoever has connected the account again
    /// may have the same ones in it. `None`: some are on their way into it at this moment.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub(super) async fn unwanted(
        &self,
        provider: &str,
        account: &str,
        mut events: Vec<RemoteEvent>,
    ) -> Result<Option<Vec<RemoteEvent>>, VaultError> {
        let deliveries = Deliveries::new(self.vault.database().clone());
        let mut wanted = BTreeSet::new();
        for user in self.vault.users_of_account(provider, account).await? {
            for delivery in deliveries.of_connection(&user, provider).await? {
                if delivery.state == State::Waiting {
                    return Ok(None);
                }
                let there = delivery.remote_event();
                wanted.extend(there.map(|event| (event.calendar, event.id)));
            }
        }
        events.retain(|event| !wanted.contains(&(event.calendar.clone(), event.id.clone())));
        Ok(Some(events))
    }
}
