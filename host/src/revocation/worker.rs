//! Revokes what could not be revoked at once, and removes before what could not be removed.

use super::{AUDIT, Ending, MAX_WAIT, Revocation, Revocations, TRIED_FOR};
use crate::{
    backoff::backoff,
    plugin::calendar::RemoteEvent,
    subject::Subject,
    vault::{Binding, EndedGrant, VaultError},
};
use std::time::Duration;
use tokio::sync::watch;

/// How often the table is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// How long events are removed by one grant until it is the next one's turn.
const TURN: Duration = Duration::from_secs(5);

impl Revocations {
    /// Works until it is told to stop.
    pub async fn run(self, mut stopped: watch::Receiver<bool>) {
        if self.vault.database().is_exclusive()
            && let Err(error) = self.vault.free_revocations().await
        {
            tracing::error!(%error, "what an earlier run held cannot be given back yet");
        }
        while !*stopped.borrow() {
            match self.next().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => tracing::error!(%error, "a grant could not be revoked"),
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                _ = stopped.changed() => {}
            }
        }
    }

    /// Tries the one that is due longest; whether there was one.
    async fn next(&self) -> Result<bool, VaultError> {
        let Some(ended) = self.vault.claim_revocation().await? else {
            return Ok(false);
        };
        let EndedGrant {
            id,
            provider,
            grant,
            to_remove,
            attempts,
            ended_at,
        } = ended;
        let account = grant.account.id.clone();
        let nobody = Subject::new("", "");
        let mut ending = Ending {
            id: Some(id.clone()),
            account,
            has_events: !to_remove.is_empty(),
            binding: Binding::apart(self.vault.clone(), nobody, &provider, grant),
        };
        let is_last = self.vault.database().now().await? - ended_at >= TRIED_FOR;
        if !to_remove.is_empty() && !is_last {
            let unwanted = self.unwanted(&provider, &ending.account, to_remove).await?;
            let again_in = match unwanted {
                Some(unwanted) => {
                    self.clear_for_a_turn(&mut ending, unwanted, attempts)
                        .await?
                }
                None => Some(backoff(attempts, MAX_WAIT)),
            };
            if let Some(seconds) = again_in {
                self.vault.put_off_revocation(&id, seconds).await?;
                return Ok(true);
            }
        }
        let tried = self.revoke(&ending.account, ending.binding).await?;
        let revocation = self.note(&id, attempts, is_last, tried).await?;
        if revocation != Revocation::Pending {
            let revocation = revocation.as_str();
            tracing::info!(
                target: AUDIT,
                provider,
                revocation,
                "the revocation of an erased grant has come to its end"
            );
        }
        Ok(true)
    }

    /// Removes events for a while: after how many seconds to go on, if any are left.
    async fn clear_for_a_turn(
        &self,
        ending: &mut Ending,
        events: Vec<RemoteEvent>,
        attempts: i64,
    ) -> Result<Option<i64>, VaultError> {
        let removal = self.clear(ending, events, TURN).await?;
        let (removed, left) = (removal.removed, removal.left());
        let provider = ending.binding.provider();
        tracing::info!(
            provider,
            removed,
            left,
            "an account that was left is cleared up"
        );
        Ok(match (removal.rest.is_empty(), removed) {
            (true, _) => None,
            (false, 0) => Some(backoff(attempts, MAX_WAIT)),
            (false, _) => Some(0),
        })
    }
}
