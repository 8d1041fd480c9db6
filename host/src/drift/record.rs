//! Writes down what a look showed, in one transaction with what the platform is told of it,
//! and only where nothing has changed since: no newer revision, and the claim still stands.

use super::{judge::Verdict, known::Known};
use crate::{
    bookings::BookingId,
    db::Transaction,
    plugin::calendar::RemoteEvent,
    remote::Remote,
    sync::{self, CALENDAR_GONE, Drift, Lane, Policy, State},
    vault::Vault,
    webhooks::{Change, Webhooks},
};

/// Writes what was seen.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) vault: Vault,
    pub(super) webhooks: Webhooks,
}

/// What an event's row becomes.
struct Row<'a> {
    state: State,
    reason: Option<&'a str>,
    drift: Option<&'a Drift>,
    /// `None`: as it was.
    remote: Option<RemoteEvent>,
}

impl Record {
    /// `false`: the claim is lost.
    pub(super) async fn verdict(
        &self,
        lane: &Lane,
        known: &Known,
        verdict: Verdict,
    ) -> Result<bool, sqlx::Error> {
        let (mut transaction, now) = self.vault.database().write().await?;
        if !lane.renew(&mut transaction, now).await? {
            return Ok(false);
        }
        let delivery = &known.delivery;
        match verdict {
            Verdict::Known(remote) => {
                let row = Row {
                    state: delivery.state,
                    reason: delivery.reason.as_deref(),
                    drift: delivery.drift.as_ref(),
                    remote,
                };
                update(&mut transaction, known, row).await?;
            }
            Verdict::Right(remote) => {
                let row = Row {
                    state: State::InCalendar,
                    reason: None,
                    drift: None,
                    remote: Some(remote),
                };
                if update(&mut transaction, known, row).await? {
                    let change = state_changed(known, State::InCalendar, None);
                    self.webhooks.record(&mut transaction, now, &change).await?;
                }
            }
            Verdict::Stays {
                drift,
                state,
                reason,
                remote,
                policy,
            } => {
                let row = Row {
                    state,
                    reason,
                    drift: Some(&drift),
                    remote,
                };
                if update(&mut transaction, known, row).await? {
                    let change = drifted(known, drift, policy);
                    self.webhooks.record(&mut transaction, now, &change).await?;
                    if state != delivery.state {
                        let change = state_changed(known, state, reason);
                        self.webhooks.record(&mut transaction, now, &change).await?;
                    }
                }
            }
            Verdict::Restore {
                drift,
                reason,
                remote,
                restores,
                since,
            } => {
                let row = Row {
                    state: State::Waiting,
                    reason: Some(reason),
                    drift: Some(&drift),
                    remote,
                };
                if update(&mut transaction, known, row).await? {
                    owe(&mut transaction, known, restores, since, now).await?;
                    let (subject, provider) = (&lane.subject, &lane.provider);
                    sync::wake_lane(&mut transaction, subject, provider, now).await?;
                    let change = drifted(known, drift, Policy::Restore);
                    self.webhooks.record(&mut transaction, now, &change).await?;
                }
            }
        }
        transaction.commit().await?;
        self.webhooks.announce();
        Ok(true)
    }

    /// The whole calendar is gone, and all events with it.
    pub(super) async fn calendar_gone(
        &self,
        lane: &Lane,
        all: &[Known],
    ) -> Result<(), sqlx::Error> {
        let (mut transaction, now) = self.vault.database().write().await?;
        if !lane.renew(&mut transaction, now).await? {
            return Ok(());
        }
        let there = |known: &&Known| known.delivery.state == State::InCalendar;
        for known in all.iter().filter(there) {
            let row = Row {
                state: State::Failed,
                reason: Some(CALENDAR_GONE),
                drift: None,
                remote: None,
            };
            if update(&mut transaction, known, row).await? {
                let change = state_changed(known, State::Failed, Some(CALENDAR_GONE));
                self.webhooks.record(&mut transaction, now, &change).await?;
            }
        }
        transaction.commit().await?;
        self.webhooks.announce();
        Ok(())
    }
}

fn drifted(known: &Known, drift: Drift, policy: Policy) -> Change {
    let delivery = &known.delivery;
    Change::BookingDrifted {
        booking: delivery.booking.clone(),
        user: delivery.user.clone(),
        provider: delivery.provider.clone(),
        drift,
        policy,
    }
}

fn state_changed(known: &Known, state: State, reason: Option<&str>) -> Change {
    let delivery = &known.delivery;
    let is_there = state == State::InCalendar;
    let link = delivery.remote.as_ref().and_then(Remote::link);
    Change::BookingStateChanged {
        booking: delivery.booking.clone(),
        user: delivery.user.clone(),
        provider: delivery.provider.clone(),
        state,
        reason: reason.map(str::to_owned),
        link: link.filter(|_| is_there).map(str::to_owned),
    }
}

/// Whether the event is still as it was looked at.
async fn update(
    transaction: &mut Transaction,
    known: &Known,
    row: Row<'_>,
) -> Result<bool, sqlx::Error> {
    let encoded = |error: serde_json::Error| sqlx::Error::Encode(error.into());
    let drift = row.drift.map(serde_json::to_string).transpose();
    let remote = row
        .remote
        .map(|remote| serde_json::to_string(&Remote::from(remote)));
    let BookingId { tenant, kind, id } = &known.delivery.booking;
    let updated = sqlx::query(
        "UPDATE deliveries SET touched = NULL, state = $7, reason = $8, drift = $9, \
         remote = COALESCE($10, remote) \
         WHERE tenant = $1 AND kind = $2 AND booking_id = $3 AND user_id = $4 \
         AND provider = $5 AND generation = $6",
    )
    .bind(tenant)
    .bind(kind.as_str())
    .bind(id)
    .bind(&known.delivery.user)
    .bind(&known.delivery.provider)
    .bind(known.delivery.generation)
    .bind(row.state.as_str())
    .bind(row.reason)
    .bind(drift.map_err(encoded)?)
    .bind(remote.transpose().map_err(encoded)?)
    .execute(&mut **transaction)
    .await?;
    Ok(updated.rows_affected() > 0)
}

/// Makes a drifted event due.
async fn owe(
    transaction: &mut Transaction,
    known: &Known,
    restores: i64,
    since: i64,
    now: i64,
) -> Result<(), sqlx::Error> {
    let BookingId { tenant, kind, id } = &known.delivery.booking;
    sqlx::query(
        "UPDATE deliveries SET generation = generation + 1, attempts = 0, next_try = $6, \
         restores = $7, restoring_since = $8 \
         WHERE tenant = $1 AND kind = $2 AND booking_id = $3 AND user_id = $4 AND provider = $5",
    )
    .bind(tenant)
    .bind(kind.as_str())
    .bind(id)
    .bind(&known.delivery.user)
    .bind(&known.delivery.provider)
    .bind(now)
    .bind(restores)
    .bind(since)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
