//! Takes our events out of a calendar that its user has left, however many there are, and
//! ends the connection then. Every step may be repeated after a crash; who connects again
//! meanwhile keeps the calendar.

use super::{
    ending::{Endings, Turn},
    owe::wake_lane,
};
use crate::{
    db::Transaction,
    revocation::{Revocation, Revocations},
    subject::Subject,
    vault::{Connection, Vault, VaultError},
};
use tokio::sync::watch;

/// How long it may take, in seconds. Credentials that nobody wants to be kept are not kept
/// for a provider that is down.
const LONGEST: i64 = 86_400;

/// Connections that are ended at once. The next ones wait for the next look.
const SWEPT: usize = 100;

/// Makes all that was put into a calendar due to be taken out of it.
///
/// # Errors
/// The database failed.
pub async fn owe_leaving(
    transaction: &mut Transaction,
    subject: &Subject,
    provider: &str,
    now: i64,
) -> Result<(), sqlx::Error> {
    wake_lane(transaction, subject, provider, now).await?;
    sqlx::query(
        "UPDATE deliveries SET generation = generation + 1, state = 'waiting', reason = NULL, \
         attempts = 0, next_try = $4 WHERE tenant = $1 AND user_id = $2 AND provider = $3",
    )
    .bind(&subject.tenant)
    .bind(&subject.user)
    .bind(provider)
    .bind(now)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Ends connections that were left. Cheap to clone.
#[derive(Clone)]
pub(super) struct Leavings {
    pub(super) vault: Vault,
    pub(super) revocations: Revocations,
    pub(super) endings: Endings,
}

impl Leavings {
    /// Whether there is nothing to wait for any more: the grant is dead, or it has taken
    /// too long.
    pub(super) fn is_over(connection: &Connection, now: i64) -> bool {
        let left_at = connection.leaving_at.unwrap_or(now);
        connection.reconnect_reason.is_some() || left_at + LONGEST <= now
    }

    /// Erases a connection with what was owed to it, and sees to the end of its grant; not of
    /// one that its user has connected again at this moment.
    pub(super) async fn end(&self, connection: &Connection) -> Result<(), VaultError> {
        let Some(erased) = self.endings.erase(connection, Turn::Goes).await? else {
            return Ok(());
        };
        let revocation = match erased.ending {
            Some(ending) => self.revocations.end(ending).await?,
            None => Revocation::Nothing,
        };
        told(connection, revocation);
        Ok(())
    }

    /// Ends those that have taken too long, also where nobody may work on them; at most so many
    /// at once, and none once it is to stop. Their grants are left to whoever revokes: others
    /// wait for this.
    pub(super) async fn sweep(
        &self,
        provider: &str,
        stopped: &watch::Receiver<bool>,
    ) -> Result<(), VaultError> {
        let now = self.vault.database().now().await?;
        let left = self.vault.left_before(provider, now - LONGEST).await?;
        for connection in left.iter().take(SWEPT) {
            if *stopped.borrow() {
                break;
            }
            if let Some(erased) = self.endings.erase(connection, Turn::Goes).await? {
                let revocation = match erased.ending {
                    Some(ending) => self.revocations.leave(ending).await?,
                    None => Revocation::Nothing,
                };
                told(connection, revocation);
            }
        }
        Ok(())
    }
}

fn told(connection: &Connection, revocation: Revocation) {
    let Connection {
        subject, provider, ..
    } = connection;
    tracing::info!(%subject, provider, ?revocation, "disconnected");
}
