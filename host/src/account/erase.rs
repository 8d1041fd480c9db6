//! The end of a user: everything that is kept about them goes in one transaction, from the
//! file as well as from the tables. What the platform itself states of a booking in words
//! stays the platform's.

use super::{AccountError, binding};
use crate::{
    audit,
    connect::random,
    db::Transaction,
    plugin::calendar::RemoteEvent,
    revocation::{Ending, Revocation},
    service::Service,
    subject::Subject,
    sync,
    vault::{Connection, Pending},
};

use std::time::Duration;

/// How long events are removed while the platform waits; whoever revokes the grant removes the
/// rest.
const REMOVAL_TIME: Duration = Duration::from_secs(20);

/// Every table that holds something of a user by name; bookings and idempotency keys, which
/// hold it in other ways, are dealt with apart. Nothing refers to these; lanes, watches and
/// deliveries stand in the order in which everybody locks them.
const FORGET: [&str; 13] = [
    "DELETE FROM connections WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM pending_accounts WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM flows WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM parked_callbacks WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM participants WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM lanes WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM watches WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM deliveries WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM feed_tokens WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM page_tickets WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM page_sessions WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM webhooks WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM audit WHERE tenant = $1 AND user_id = $2",
];

/// The replies that are kept for requests which the user made with an idempotency key.
const FORGET_REPLIES: &str = "DELETE FROM idempotency_keys WHERE caller = $1";

/// The target of events that an auditor looks for.
const AUDIT: &str = "calport::audit";

/// What an erasure came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// What became of the grants, by provider; a provider stands twice where the user was
    /// asked which of two accounts it shall be.
    pub grants: Vec<(String, Revocation)>,
    /// Events that were removed from the user's calendars.
    pub removed: usize,
    /// Events of ours that stay in them.
    pub left: usize,
    /// Events that are still to be removed; the grants are revoked after it.
    pub removing: usize,
}

/// What is still to be removed from one account.
struct Rest {
    provider: String,
    account: String,
    events: Vec<RemoteEvent>,
}

/// Erases everything of a user; of an unknown one that is nothing. With `also_events` our
/// events are removed from their calendars first; what that leaves of them after a short time
/// is removed afterwards. The platform is not told by webhook: it asked.
///
/// # Errors
/// See [`AccountError`]. It can be repeated.
pub async fn erase(
    service: &Service,
    subject: &Subject,
    also_events: bool,
) -> Result<Erased, AccountError> {
    let connections = service.vault().connections_or_leaving(subject).await?;
    for connection in &connections {
        // What a worker is pushing at this moment must not come back afterwards.
        service
            .deliveries()
            .hold(subject, &connection.provider)
            .await?;
    }
    let (mut removed, mut left, mut rests) = (0, 0, Vec::new());
    for connection in &connections {
        let events = events(service, connection).await?;
        if also_events && connection.reconnect_reason.is_none() {
            let binding = binding(service, connection);
            let removal =
                sync::remove_events(service.plugin(), &binding, events, REMOVAL_TIME).await;
            removed += removal.removed;
            left += removal.refused;
            rests.push(Rest {
                provider: connection.provider.clone(),
                account: connection.account.id.clone(),
                events: removal.rest,
            });
        } else {
            left += events.len();
        }
    }
    let database = service.vault().database();
    let (mut transaction, now) = database.write().await?;
    transaction.hold_user(subject).await?;
    let endings = take_grants(service, &mut transaction, now, subject, &rests).await?;
    service.bookings().forget(&mut transaction, subject).await?;
    for forget in FORGET {
        sqlx::query(forget)
            .bind(&subject.tenant)
            .bind(&subject.user)
            .execute(&mut *transaction)
            .await?;
    }
    sqlx::query(FORGET_REPLIES)
        .bind(random::digest_of_subject(subject))
        .execute(&mut *transaction)
        .await?;
    let person = service.signer().pseudonym(subject);
    audit::record_erasure(&mut transaction, now, &subject.tenant, person).await?;
    transaction.commit().await?;
    let mut grants = Vec::new();
    for (provider, ending) in endings {
        grants.push((provider, service.revocations().end(ending).await?));
    }
    if !database.scrub().await? {
        tracing::warn!(
            "the write-ahead log is in use, and still holds what was erased for a while"
        );
    }
    let removing = rests.iter().map(|rest| rest.events.len()).sum();
    tracing::info!(target: AUDIT, %subject, ?grants, removed, left, removing, "the user is erased");
    Ok(Erased {
        grants,
        removed,
        left,
        removing,
    })
}

/// What a calendar holds of ours.
async fn events(
    service: &Service,
    connection: &Connection,
) -> Result<Vec<RemoteEvent>, AccountError> {
    let deliveries = service
        .deliveries()
        .of_connection(&connection.subject, &connection.provider)
        .await?;
    let known = deliveries.iter().filter_map(|it| it.remote_event());
    Ok(known.collect())
}

/// Takes charge of all of a user's grants, those that wait for their word included, and of what
/// they are still to remove.
async fn take_grants(
    service: &Service,
    transaction: &mut Transaction,
    now: i64,
    subject: &Subject,
    rests: &[Rest],
) -> Result<Vec<(String, Ending)>, AccountError> {
    let mut endings = Vec::new();
    let revocations = service.revocations();
    for info in &service.plugin().info().providers {
        let rest = rests.iter().find(|rest| rest.provider == info.id);
        let rest = rest.map(|rest| (rest.account.as_str(), rest.events.as_slice()));
        let ending = revocations.begin_connected(transaction, now, subject, &info.id, rest);
        if let Some(ending) = ending.await? {
            endings.push((info.id.clone(), ending));
        }
    }
    let waiting = service
        .vault()
        .take_all_pending(transaction, subject)
        .await?;
    for pending in waiting {
        let Pending {
            subject,
            provider,
            grant,
        } = pending;
        let ending = revocations.begin(transaction, now, &subject, &provider, grant, &[]);
        endings.push((provider.clone(), ending.await?));
    }
    Ok(endings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Database;
    use calport_databases::each_database;
    use std::collections::BTreeSet;

    #[each_database]
    async fn no_table_that_names_users_is_forgotten() {
        let (database, _folder) = Database::temporary().await;
        let forgotten: BTreeSet<_> = FORGET
            .into_iter()
            .chain([FORGET_REPLIES])
            .map(|statement| statement.split(' ').nth(2).unwrap().to_owned())
            .collect();
        assert_eq!(forgotten, database.tables_of_users().await);
    }
}
