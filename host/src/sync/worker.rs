//! One turn of one worker at one calendar: what is due there, one after the other.

use super::{
    catch_up::CatchUps,
    deliveries::Deliveries,
    delivery::{Delivery, State},
    drift::{DELETED, Drift, Kept},
    grants::grant_died,
    lanes::{Lane, Lanes},
    leaving::Leavings,
    ledger::{Ledger, LedgerError, Note, Rest, Settled},
    outcome::{Outcome, again, of_failure, set_aside},
    taking_out::Taken,
};
use crate::{
    bookings::{Bookings, PutError, Status, event_for},
    metrics::{DeliveryOutcome, Metrics},
    plugin::{
        Plugin,
        calendar::RemoteEvent,
        types::{self, Event},
    },
    steps,
    vault::{Binding, Connection, Vault, VaultError},
    webhooks::Webhooks,
};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tracing::Instrument;

/// Deliveries of one calendar before others get their turn.
const TURN: usize = 32;

/// How long a turn may take before others get theirs.
const TURN_TIME: Duration = Duration::from_secs(5);

/// Why a turn ended early. The lane comes free again by itself.
#[derive(Debug, thiserror::Error)]
pub(super) enum TurnError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Booking(#[from] PutError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// What a turn showed of the provider's health.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Health {
    /// Nothing was asked of it.
    #[default]
    Unknown,
    /// It answered.
    Up,
    /// It did not, or not sensibly.
    Down(String),
    /// It is to be left alone for so many seconds.
    Refuses(i64, String),
}

/// Does turns. Cheap to clone.
#[derive(Clone)]
pub(super) struct Worker {
    pub(super) vault: Vault,
    pub(super) plugin: Plugin,
    pub(super) bookings: Bookings,
    pub(super) lanes: Lanes,
    pub(super) ledger: Ledger,
    pub(super) deliveries: Deliveries,
    pub(super) leavings: Leavings,
    pub(super) catch_ups: CatchUps,
    pub(super) webhooks: Webhooks,
    pub(super) metrics: Metrics,
    pub(super) stopped: watch::Receiver<bool>,
}

/// After one delivery.
pub(super) enum Next {
    Goes(Health),
    Ends(Health, Rest),
}

impl Worker {
    /// One turn at a lane that was claimed; gives it back.
    pub(super) async fn turn(&self, lane: &Lane, at_most: usize) -> Result<Health, TurnError> {
        steps::at(steps::CLAIMED);
        let due = self.lanes.due(lane, at_most.min(TURN)).await?;
        self.catch_ups.note(lane, due.len() == TURN).await?;
        let (health, rest) = match self.left(lane).await? {
            Some(connection) => match self.take_out(lane, &connection, due).await? {
                Taken::Some(health, rest) => (health, rest),
                // The lane has ended with it.
                Taken::All => return Ok(Health::Up),
            },
            None => self.work_off(lane, due).await?,
        };
        self.ledger.note(lane, Note::Released(rest)).await?;
        steps::at(steps::RELEASED);
        Ok(health)
    }

    async fn work_off(&self, lane: &Lane, due: Vec<Delivery>) -> Result<(Health, Rest), TurnError> {
        let begun = Instant::now();
        let mut health = Health::Unknown;
        for due in due {
            if self.is_late(begun) {
                break;
            }
            // What is read here belongs together: a change of the booking or of the chosen
            // calendar that comes later makes the delivery due once more.
            let Some(delivery) = self.lanes.still_due(&due).await? else {
                continue;
            };
            let connection = self
                .vault
                .connection_or_leaving(&lane.subject, &lane.provider)
                .await?;
            let Some(connection) = connection else {
                self.ledger.note(lane, Note::Forgotten).await?;
                break;
            };
            if connection.leaving_at.is_some() {
                break;
            }
            if let Some(reason) = &connection.reconnect_reason {
                self.note(lane, Note::Suspended(reason.clone())).await?;
                break;
            }
            let id = &delivery.booking;
            let span = tracing::info_span!(
                "delivery",
                tenant = id.tenant,
                kind = id.kind.as_str(),
                booking = id.id,
                user = delivery.user,
                provider = delivery.provider,
            );
            let delivering = self.deliver(lane, delivery, &connection);
            match delivering.instrument(span).await? {
                Next::Goes(seen) => health = seen,
                Next::Ends(seen, rest) => return Ok((seen, rest)),
            }
        }
        Ok((health, Rest::default()))
    }

    /// Whether others are to get their turn.
    pub(super) fn is_late(&self, begun: Instant) -> bool {
        *self.stopped.borrow() || begun.elapsed() > TURN_TIME
    }

    pub(super) async fn deliver(
        &self,
        lane: &Lane,
        delivery: Delivery,
        connection: &Connection,
    ) -> Result<Next, TurnError> {
        let Some(held) = self.bookings.get(&delivery.booking).await? else {
            self.note(lane, Note::Done(Box::new(delivery))).await?;
            return Ok(Next::Goes(Health::Unknown));
        };
        let mut body = held.body;
        let takes_part = body
            .participants
            .iter()
            .any(|participant| participant.user == delivery.user);
        if !takes_part || connection.leaving_at.is_some() {
            body.status = Status::Cancelled;
        }
        let mut event = match event_for(&held.id, &delivery.user, &body, held.updated_at) {
            Ok(event) => event,
            Err(error) => {
                let reason = format!("{} {}", error.field, error.problem);
                let settled = set_aside(&delivery, &reason);
                self.settle(lane, delivery, settled).await?;
                return Ok(Next::Goes(Health::Unknown));
            }
        };
        let mut drift = None;
        if let Some(found) = kept(&delivery, &event, &connection.destination.id) {
            match found {
                (Kept::Event, _) => {
                    let settled = left_alone(&delivery);
                    self.settle(lane, delivery, settled).await?;
                    return Ok(Next::Goes(Health::Unknown));
                }
                (Kept::Time(span), found) => {
                    drift = Some(found.under(event.revision));
                    event.when = span;
                }
            }
        }
        let known = known(&delivery, &event);
        // Bound to the account: no other one's grant can take its place on the way.
        let binding = Binding::to(self.vault.clone(), connection.slot());
        let destination = Some(connection.destination.id.clone());
        let pushed = self
            .plugin
            .push_event(binding, destination, event, known)
            .await;
        steps::at(steps::PUSHED);
        let remote = match pushed {
            Ok(Some(remote)) => remote,
            Ok(None) => {
                self.note(lane, Note::Done(Box::new(delivery))).await?;
                return Ok(Next::Goes(Health::Up));
            }
            Err(error) => {
                let outcome = of_failure(&delivery, lane.strikes, &error);
                return self.fail(lane, connection, delivery, outcome).await;
            }
        };
        let there = Settled {
            state: State::InCalendar,
            reason: None,
            remote: Some(remote.into()),
            drift,
            attempts: 0,
            retry_in: None,
        };
        self.settle(lane, delivery, there).await?;
        Ok(Next::Goes(Health::Up))
    }

    pub(super) async fn fail(
        &self,
        lane: &Lane,
        connection: &Connection,
        delivery: Delivery,
        outcome: Outcome,
    ) -> Result<Next, TurnError> {
        let rest = Rest::default();
        Ok(match outcome {
            Outcome::Settle(settled) => {
                self.settle(lane, delivery, settled).await?;
                Next::Goes(Health::Up)
            }
            Outcome::Down(settled) => {
                let reason = settled.reason.clone().unwrap_or_default();
                self.settle(lane, delivery, settled).await?;
                Next::Ends(Health::Down(reason), rest)
            }
            Outcome::Reconnect(reason) => {
                let reason = grant_died(&self.vault, &self.webhooks, connection, &reason).await?;
                self.note(lane, Note::Suspended(reason)).await?;
                Next::Ends(Health::Up, rest)
            }
            Outcome::Forget if self.is_still(connection).await? => {
                // Only the plugin does not see it: that is tried again like its other failures.
                let settled = again(&delivery, "the plugin failed", None);
                self.settle(lane, delivery, settled).await?;
                Next::Goes(Health::Up)
            }
            Outcome::Forget => {
                self.note(lane, Note::Forgotten).await?;
                Next::Ends(Health::Up, rest)
            }
            Outcome::PauseLane(seconds, reason) => {
                let rest = Rest {
                    pause: Some((seconds, reason.to_owned())),
                    strikes: lane.strikes + 1,
                };
                Next::Ends(Health::Up, rest)
            }
            Outcome::PauseProvider(seconds, reason) => {
                Next::Ends(Health::Refuses(seconds, reason.to_owned()), rest)
            }
        })
    }

    /// Whether this very grant is still stored.
    async fn is_still(&self, connection: &Connection) -> Result<bool, VaultError> {
        let Connection {
            subject, provider, ..
        } = connection;
        let now = self.vault.connection_or_leaving(subject, provider).await?;
        Ok(now.is_some_and(|now| {
            now.account.id == connection.account.id && now.connected_at == connection.connected_at
        }))
    }

    async fn settle(
        &self,
        lane: &Lane,
        delivery: Delivery,
        settled: Settled,
    ) -> Result<(), LedgerError> {
        self.note(lane, Note::Settled(Box::new(delivery), Box::new(settled)))
            .await
    }

    pub(super) async fn note(&self, lane: &Lane, note: Note) -> Result<(), LedgerError> {
        let outcome = match &note {
            Note::Settled(_, settled) => Some(match settled.state {
                State::InCalendar => DeliveryOutcome::InCalendar,
                State::Waiting => DeliveryOutcome::Retried,
                State::NeedsReconnect => DeliveryOutcome::NeedsReconnect,
                State::Failed => DeliveryOutcome::Failed,
            }),
            Note::Done(_) => Some(DeliveryOutcome::Removed),
            Note::Suspended(_) => Some(DeliveryOutcome::NeedsReconnect),
            Note::Forgotten | Note::Released(_) => None,
        };
        self.ledger.note(lane, note).await?;
        if let Some(outcome) = outcome {
            self.metrics.delivered(&lane.provider, outcome);
        }
        Ok(())
    }
}

/// What of the participant's own doing this push leaves alone. What goes to another calendar,
/// or has to go, goes whatever they did.
fn kept(delivery: &Delivery, event: &Event, destination: &str) -> Option<(Kept, Drift)> {
    let remote = delivery.remote.as_ref()?;
    if event.status == types::Status::Cancelled || remote.calendar() != destination {
        return None;
    }
    let drift = delivery.drift.clone()?;
    Some((drift.keeps(event)?, drift))
}

/// How a delivery stands that nothing was pushed for.
fn left_alone(delivery: &Delivery) -> Settled {
    let is_deleted = delivery.is_deleted();
    Settled {
        state: match is_deleted {
            true => State::Failed,
            false => State::InCalendar,
        },
        reason: is_deleted.then(|| DELETED.to_owned()),
        remote: delivery.remote.clone(),
        drift: delivery.drift.clone(),
        attempts: 0,
        retry_in: None,
    }
}

/// What the plugin is told of an earlier push. A deleted event may still be found in the bin
/// by its id, where nobody would see what is pushed to it.
fn known(delivery: &Delivery, event: &Event) -> Option<RemoteEvent> {
    let is_wanted = event.status != types::Status::Cancelled;
    match is_wanted && delivery.is_deleted() {
        true => None,
        false => delivery.remote_event(),
    }
}
