//! Notes what workers did. All that waits to be noted goes into one transaction: each
//! commit costs a flush of the disk, and under load dozens of workers share one.

use super::{Delivery, Drift, State, lanes::Lane};
use crate::{
    bookings::BookingId,
    db::{Collisions, Database, Transaction},
    remote::Remote,
    steps,
    webhooks::{Change, Webhooks},
};
use sqlx::Any;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Notes in one transaction at most.
const BATCH: usize = 128;

/// How a try ended.
#[derive(Clone, Debug)]
pub(super) struct Settled {
    pub(super) state: State,
    pub(super) reason: Option<String>,
    pub(super) remote: Option<Remote>,
    /// What of the participant's doing stays.
    pub(super) drift: Option<Drift>,
    /// Tries in a row without success.
    pub(super) attempts: i64,
    /// Seconds until the next try, while waiting.
    pub(super) retry_in: Option<i64>,
}

/// What becomes of a lane when its worker's turn is over.
#[derive(Clone, Debug, Default)]
pub(super) struct Rest {
    /// Leaves the calendar alone for so many seconds, for this reason.
    pub(super) pause: Option<(i64, String)>,
    /// Pauses in a row, this one included.
    pub(super) strikes: i64,
}

/// One thing to note.
#[derive(Clone, Debug)]
pub(super) enum Note {
    /// A delivery was tried.
    Settled(Box<Delivery>, Box<Settled>),
    /// A delivery's event is gone, as it should be: there is nothing more to know.
    Done(Box<Delivery>),
    /// Nothing waits any more: the user has to connect again first.
    Suspended(String),
    /// The calendar is connected no longer.
    Forgotten,
    /// The turn is over.
    Released(Rest),
}

/// Why something was not noted.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum LedgerError {
    /// The lease ran out, and another worker may have the lane.
    #[error("the claim on the calendar has run out")]
    Lost,
    /// The database failed; the lease will run out.
    #[error("the database failed: {0}")]
    Database(Arc<sqlx::Error>),
    /// The process is ending.
    #[error("the ledger is closed")]
    Closed,
}

type Reply = oneshot::Sender<Result<(), LedgerError>>;

/// The way to the one who writes. Cheap to clone; the writer ends with the last of them.
#[derive(Clone, Debug)]
pub(super) struct Ledger(mpsc::Sender<(Lane, Note, Reply)>);

impl Ledger {
    /// Starts the writer.
    pub(super) fn start(database: Database, webhooks: Webhooks) -> Self {
        let (sender, receiver) = mpsc::channel(BATCH);
        tokio::spawn(write(database, webhooks, receiver));
        Self(sender)
    }

    /// Returns when the note is on disk.
    pub(super) async fn note(&self, lane: &Lane, note: Note) -> Result<(), LedgerError> {
        let (reply, noted) = oneshot::channel();
        let sent = self.0.send((lane.clone(), note, reply)).await;
        sent.map_err(|_| LedgerError::Closed)?;
        noted.await.map_err(|_| LedgerError::Closed)?
    }
}

async fn write(
    database: Database,
    webhooks: Webhooks,
    mut notes: mpsc::Receiver<(Lane, Note, Reply)>,
) {
    let mut batch = Vec::with_capacity(BATCH);
    while notes.recv_many(&mut batch, BATCH).await > 0 {
        // Lanes are locked in the order in which everybody locks them. A worker waits for
        // each of its notes, so that no two of them change places.
        batch.sort_by(|(one, ..), (other, ..)| one.cmp_place(other));
        let mut collisions = Collisions::default();
        let written = loop {
            match write_batch(&database, &webhooks, &batch).await {
                Err(error) if collisions.may_try_again(&error) => {}
                written => break written,
            }
        };
        let answers = match written {
            Ok(answers) => answers,
            Err(error) => {
                let error = LedgerError::Database(Arc::new(error));
                vec![Err(error); batch.len()]
            }
        };
        for ((_, _, reply), answer) in batch.drain(..).zip(answers) {
            // A worker that went away does not need to know.
            let _ = reply.send(answer);
        }
        webhooks.announce();
        steps::at(steps::SETTLED);
    }
}

async fn write_batch(
    database: &Database,
    webhooks: &Webhooks,
    batch: &[(Lane, Note, Reply)],
) -> Result<Vec<Result<(), LedgerError>>, sqlx::Error> {
    let (mut transaction, now) = database.write().await?;
    let mut answers = Vec::with_capacity(batch.len());
    for (lane, note, _) in batch {
        answers.push(match lane.renew(&mut transaction, now).await? {
            true => {
                write_note(&mut transaction, webhooks, lane, note, now).await?;
                Ok(())
            }
            false => Err(LedgerError::Lost),
        });
    }
    steps::at(steps::SETTLING);
    transaction.commit().await?;
    Ok(answers)
}

async fn write_note(
    transaction: &mut Transaction,
    webhooks: &Webhooks,
    lane: &Lane,
    note: &Note,
    now: i64,
) -> Result<(), sqlx::Error> {
    match note {
        Note::Settled(delivery, settled) => {
            let is_current = settle(transaction, delivery, settled, now).await?;
            // That something waits is no news: it was so since the booking was stated.
            if is_current && settled.state != State::Waiting {
                let change = state_changed(delivery, settled);
                webhooks.record(transaction, now, &change).await?;
            }
            Ok(())
        }
        Note::Done(delivery) => done(transaction, delivery, now).await,
        Note::Suspended(reason) => {
            // Not where the user has connected again since the worker looked: nothing would
            // wake the calendar a second time.
            let suspend = "UPDATE deliveries SET state = 'needs_reconnect', reason = $4, \
                 next_try = NULL WHERE tenant = $1 AND user_id = $2 AND provider = $3 \
                 AND state = 'waiting' AND EXISTS (SELECT 1 FROM connections c \
                   WHERE c.tenant = $1 AND c.user_id = $2 AND c.provider = $3 \
                   AND c.reconnect_reason IS NOT NULL)";
            on_lane(suspend, lane)
                .bind(reason)
                .execute(&mut **transaction)
                .await?;
            Ok(())
        }
        Note::Forgotten => {
            // Nor here where it is connected again: what is owed is owed to the new one.
            let forget = "DELETE FROM deliveries WHERE tenant = $1 AND user_id = $2 \
                 AND provider = $3 AND NOT EXISTS (SELECT 1 FROM connections c \
                   WHERE c.tenant = $1 AND c.user_id = $2 AND c.provider = $3)";
            on_lane(forget, lane).execute(&mut **transaction).await?;
            Ok(())
        }
        Note::Released(rest) => release(transaction, lane, rest, now).await,
    }
}

type Query<'q> = sqlx::query::Query<'q, Any, <Any as sqlx::Database>::Arguments>;

fn on_lane<'q>(statement: &'static str, lane: &'q Lane) -> Query<'q> {
    sqlx::query(statement)
        .bind(&lane.subject.tenant)
        .bind(&lane.subject.user)
        .bind(&lane.provider)
}

fn state_changed(delivery: &Delivery, settled: &Settled) -> Change {
    Change::BookingStateChanged {
        booking: delivery.booking.clone(),
        user: delivery.user.clone(),
        provider: delivery.provider.clone(),
        state: settled.state,
        reason: settled.reason.clone(),
        link: settled
            .remote
            .as_ref()
            .and_then(Remote::link)
            .map(str::to_owned),
    }
}

/// Whether this is how it stands. Where the booking changed meanwhile, only what the calendar
/// holds is noted, and the delivery stays due.
async fn settle(
    transaction: &mut Transaction,
    delivery: &Delivery,
    settled: &Settled,
    now: i64,
) -> Result<bool, sqlx::Error> {
    let remote = settled
        .remote
        .as_ref()
        .map(serde_json::to_string)
        .transpose();
    let remote = remote.map_err(|error| sqlx::Error::Encode(error.into()))?;
    let drift = settled
        .drift
        .as_ref()
        .map(serde_json::to_string)
        .transpose();
    let drift = drift.map_err(|error| sqlx::Error::Encode(error.into()))?;
    let BookingId { tenant, kind, id } = &delivery.booking;
    let generation: Option<i64> = sqlx::query_scalar(
        "UPDATE deliveries SET remote = $6, \
         state = CASE WHEN generation = $7 THEN $8 ELSE state END, \
         reason = CASE WHEN generation = $7 THEN $9 ELSE reason END, \
         attempts = CASE WHEN generation = $7 THEN $10 ELSE attempts END, \
         next_try = CASE WHEN generation = $7 THEN $11 ELSE next_try END, \
         drift = CASE WHEN generation = $7 THEN $12 ELSE drift END \
         WHERE tenant = $1 AND kind = $2 AND booking_id = $3 AND user_id = $4 \
         AND provider = $5 RETURNING generation",
    )
    .bind(tenant)
    .bind(kind.as_str())
    .bind(id)
    .bind(&delivery.user)
    .bind(&delivery.provider)
    .bind(remote)
    .bind(delivery.generation)
    .bind(settled.state.as_str())
    .bind(&settled.reason)
    .bind(settled.attempts)
    .bind(settled.retry_in.map(|seconds| now + seconds))
    .bind(drift)
    .fetch_optional(&mut **transaction)
    .await?;
    Ok(generation == Some(delivery.generation))
}

/// Forgets a delivery whose event is gone, unless it is wanted again meanwhile.
async fn done(
    transaction: &mut Transaction,
    delivery: &Delivery,
    now: i64,
) -> Result<(), sqlx::Error> {
    let BookingId { tenant, kind, id } = &delivery.booking;
    let gone = sqlx::query(
        "DELETE FROM deliveries WHERE tenant = $1 AND kind = $2 AND booking_id = $3 \
         AND user_id = $4 AND provider = $5 AND generation = $6",
    )
    .bind(tenant)
    .bind(kind.as_str())
    .bind(id)
    .bind(&delivery.user)
    .bind(&delivery.provider)
    .bind(delivery.generation)
    .execute(&mut **transaction)
    .await?;
    if gone.rows_affected() > 0 {
        return Ok(());
    }
    let waiting = Settled {
        state: State::Waiting,
        reason: None,
        remote: None,
        drift: None,
        attempts: 0,
        retry_in: Some(0),
    };
    settle(transaction, delivery, &waiting, now).await.map(drop)
}

/// Gives a lane back. It is due again when its next delivery is, but never before those
/// lanes that have waited meanwhile: users take turns.
async fn release(
    transaction: &mut Transaction,
    lane: &Lane,
    rest: &Rest,
    now: i64,
) -> Result<(), sqlx::Error> {
    let paused_until = rest.pause.as_ref().map(|(seconds, _)| now + seconds);
    let release = "UPDATE lanes SET claim = NULL, claimed_until = NULL, strikes = $4, \
         paused_until = $5, pause_reason = $6, \
         due_at = (SELECT CASE WHEN MIN(d.next_try) < $7 THEN $7 ELSE MIN(d.next_try) END \
           FROM deliveries d WHERE d.tenant = lanes.tenant AND d.user_id = lanes.user_id \
           AND d.provider = lanes.provider AND d.state = 'waiting') \
         WHERE tenant = $1 AND user_id = $2 AND provider = $3";
    on_lane(release, lane)
        .bind(rest.strikes)
        .bind(paused_until)
        .bind(rest.pause.as_ref().map(|(_, reason)| reason.as_str()))
        .bind(paused_until.unwrap_or(now))
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests;
