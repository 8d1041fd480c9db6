//! One look into one calendar: what was touched, and how that differs now. The calendar's
//! lane is held meanwhile, so that no push of ours is taken for its owner's doing.

use super::{
    judge::{Verdict, judge},
    known::{self, Known},
    reading::Reading,
    record::Record,
    watches::{Watch, Watches},
};
use crate::{
    bookings::{BookingId, Bookings, PutError, Status, event_for},
    plugin::{
        CallError, Plugin,
        changes::Finding,
        error_code,
        types::{Error, Event},
    },
    steps,
    subject::Subject,
    sync::{self, Lane, Lanes, News, Policy, State},
    vault::{Binding, Connection, Vault, VaultError},
    webhooks::Webhooks,
};
use std::time::{Duration, Instant};

/// How long events are compared before workers get their turn at the calendar.
const TURN_TIME: Duration = Duration::from_secs(5);

/// The most pages of a reading: a million entries at Google, 25,000 dates of a year at
/// Microsoft.
const MOST_PAGES: usize = 500;

/// When a calendar is looked at that a worker has at this moment.
const BUSY: Duration = Duration::from_secs(2);

/// The longest wait that a provider may ask for.
const LONGEST: Duration = Duration::from_secs(86_400);

/// What became of a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looked {
    /// All that was touched has been compared.
    Through,
    /// Time ran out. The next look goes on.
    Partly,
    /// Some of it is pushed first. The next look goes on.
    Pending,
    /// Somebody else is at this calendar.
    Busy,
    /// Nothing is connected, or nothing can be read: paused, dead, or a plugin that cannot.
    Nothing,
    /// The provider asked to come back after so long, or failed.
    Later(Option<Duration>),
}

/// Why a look ended early. What it had seen by then is kept.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A booking cannot be read.
    #[error(transparent)]
    Booking(#[from] PutError),
}

/// Looks into calendars. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Poller {
    vault: Vault,
    plugin: Plugin,
    bookings: Bookings,
    lanes: Lanes,
    news: News,
    record: Record,
    policy: Policy,
    pub(super) watches: Watches,
}

impl Poller {
    /// One that does this about what it sees.
    pub fn new(
        vault: &Vault,
        plugin: &Plugin,
        webhooks: &Webhooks,
        news: &News,
        policy: Policy,
    ) -> Self {
        let database = vault.database();
        Self {
            vault: vault.clone(),
            plugin: plugin.clone(),
            bookings: Bookings::new(database.clone()),
            lanes: Lanes::new(database.clone()),
            news: news.clone(),
            record: Record {
                vault: vault.clone(),
                webhooks: webhooks.clone(),
            },
            policy,
            watches: Watches::new(database.clone()),
        }
    }

    /// Looks into one calendar now, whether it is its turn or not.
    ///
    /// # Errors
    /// See [`PollError`].
    pub async fn poll_now(&self, subject: &Subject, provider: &str) -> Result<Looked, PollError> {
        if self.vault.connection(subject, provider).await?.is_none() {
            return Ok(Looked::Nothing);
        }
        let Some(watch) = self.watches.claim_one(subject, provider).await? else {
            return Ok(Looked::Busy);
        };
        self.poll(&watch, Duration::ZERO).await
    }

    /// Looks into a calendar that was claimed, and gives it back until its next turn.
    pub(super) async fn poll(
        &self,
        watch: &Watch,
        interval: Duration,
    ) -> Result<Looked, PollError> {
        let looked = self.look(watch).await;
        let after = match &looked {
            Ok(Looked::Through | Looked::Pending | Looked::Nothing | Looked::Later(None))
            | Err(_) => interval,
            // Others get their turn in between.
            Ok(Looked::Partly) => interval.min(BUSY),
            Ok(Looked::Busy) => BUSY,
            Ok(Looked::Later(Some(asked))) => (*asked).clamp(Duration::from_secs(1), LONGEST),
        };
        self.watches.release(watch, after).await?;
        looked
    }

    async fn look(&self, watch: &Watch) -> Result<Looked, PollError> {
        let can = self.plugin.provider(&watch.provider);
        if !can.is_some_and(|provider| provider.changes) {
            return Ok(Looked::Nothing);
        }
        let Watch {
            subject, provider, ..
        } = watch;
        let Some(lane) = self.lanes.take(subject, provider).await? else {
            return Ok(Looked::Busy);
        };
        let looked = self.look_in(watch, &lane).await;
        if let Err(error) = self.lanes.leave(&lane).await {
            self.lanes.leave_when_possible(lane);
            return Err(error.into());
        }
        // What became due meanwhile, or was made so.
        self.news.announce();
        looked
    }

    async fn look_in(&self, watch: &Watch, lane: &Lane) -> Result<Looked, PollError> {
        // Read under the lane: what a worker has settled is in it.
        let connection = self.vault.connection(&lane.subject, &lane.provider).await?;
        let Some(connection) = connection.filter(|found| found.reconnect_reason.is_none()) else {
            return Ok(Looked::Nothing);
        };
        let known = known::of_lane(self.vault.database(), lane).await?;
        if let Some(end) = self.read(watch, lane, &connection, &known).await? {
            return Ok(end);
        }
        let known = known::of_lane(self.vault.database(), lane).await?;
        self.compare_all(lane, &connection, &known).await
    }

    /// Reads what has happened to its end, and stores it. Some: it ends here.
    async fn read(
        &self,
        watch: &Watch,
        lane: &Lane,
        connection: &Connection,
        known: &[Known],
    ) -> Result<Option<Looked>, PollError> {
        let mut reading = Reading::new(known);
        let mut since = watch.cursor_for(connection).map(str::to_owned);
        for _ in 0..MOST_PAGES {
            let calendar = Some(connection.destination.id.clone());
            let page = self
                .plugin
                .read_changes(self.binding(connection), calendar, since)
                .await;
            let page = match page {
                Ok(page) => page,
                Err(CallError::Plugin(Error::Gone)) => {
                    self.record.calendar_gone(lane, known).await?;
                    return Ok(Some(Looked::Nothing));
                }
                Err(error) => {
                    if let CallError::Plugin(Error::Invalid(_)) = error {
                        self.watches.begin_anew(watch).await?;
                    }
                    return self.fail(connection, &error).await.map(Some);
                }
            };
            let (next, more) = (page.next.clone(), page.more);
            reading.take(page);
            if !more {
                let touched = reading.finish();
                let stored = self
                    .watches
                    .store(watch, lane, connection, &next, &touched)
                    .await?;
                steps::at(steps::MARKED);
                return Ok((!stored).then_some(Looked::Busy));
            }
            if !self.watches.renew(watch, lane).await? {
                return Ok(Some(Looked::Busy));
            }
            since = Some(next);
        }
        tracing::warn!(subject = %lane.subject, lane.provider, "a calendar is too large to be read");
        Ok(Some(Looked::Nothing))
    }

    async fn compare_all(
        &self,
        lane: &Lane,
        connection: &Connection,
        known: &[Known],
    ) -> Result<Looked, PollError> {
        let begun = Instant::now();
        let mut looked = Looked::Through;
        for known in known.iter().filter(|known| known.touched.is_some()) {
            if begun.elapsed() > TURN_TIME {
                return Ok(Looked::Partly);
            }
            let delivery = &known.delivery;
            match delivery.state {
                State::InCalendar => {}
                State::Failed if delivery.is_deleted() => {}
                // What is there is not known to be what was pushed last.
                State::Failed => {
                    self.record
                        .verdict(lane, known, Verdict::Known(None))
                        .await?;
                    continue;
                }
                State::Waiting | State::NeedsReconnect => {
                    looked = Looked::Pending;
                    continue;
                }
            }
            let verdict = match self.compare(connection, known).await? {
                Ok(verdict) => verdict,
                Err(error) => return self.fail(connection, &error).await,
            };
            if !self.record.verdict(lane, known, verdict).await? {
                return Ok(Looked::Busy);
            }
        }
        Ok(looked)
    }

    async fn compare(
        &self,
        connection: &Connection,
        known: &Known,
    ) -> Result<Result<Verdict, CallError>, PollError> {
        let delivery = &known.delivery;
        let Some((event, remote)) = self.pushed(known).await?.zip(delivery.remote_event()) else {
            return Ok(Ok(Verdict::Known(None)));
        };
        let compared = self
            .plugin
            .compare_event(self.binding(connection), event.clone(), remote)
            .await;
        steps::at(steps::COMPARED);
        let now = self.vault.database().now().await?;
        let finding = match compared {
            Ok(finding) => finding,
            // Nothing is to be learned of this one; the others are not to wait for it.
            Err(CallError::Plugin(
                error
                @ (Error::Conflict | Error::Invalid(_) | Error::Rejected(_) | Error::Other(_)),
            )) => {
                let BookingId { kind, id, .. } = &delivery.booking;
                let code = error_code(&error);
                tracing::warn!(
                    subject = %connection.subject, connection.provider, kind = kind.as_str(), id, code,
                    "an event cannot be compared"
                );
                return Ok(Ok(Verdict::Known(None)));
            }
            Err(error) => return Ok(Err(error)),
        };
        if let Finding::Missing | Finding::Different(_) = finding {
            tracing::info!(subject = %connection.subject, connection.provider, "an event was changed by hand");
        }
        Ok(Ok(judge(self.policy, known, &event, finding, now)))
    }

    /// What was pushed, if it is still wanted.
    async fn pushed(&self, known: &Known) -> Result<Option<Event>, PollError> {
        let delivery = &known.delivery;
        let Some(held) = self.bookings.get(&delivery.booking).await? else {
            return Ok(None);
        };
        let takes_part = held
            .body
            .participants
            .iter()
            .any(|participant| participant.user == delivery.user);
        if held.body.status == Status::Cancelled || !takes_part {
            return Ok(None);
        }
        Ok(event_for(&held.id, &delivery.user, &held.body, held.updated_at).ok())
    }

    /// Bound to the account: no other one's grant can take its place on the way.
    fn binding(&self, connection: &Connection) -> Binding {
        Binding::to(self.vault.clone(), connection.slot())
    }

    /// When to come back after a call that failed.
    async fn fail(&self, connection: &Connection, error: &CallError) -> Result<Looked, PollError> {
        tracing::info!(subject = %connection.subject, connection.provider, %error, "a calendar cannot be looked at");
        let error = match error {
            CallError::Plugin(error) => error,
            CallError::TimedOut
            | CallError::Trapped(_)
            | CallError::OutOfMemory
            | CallError::Improper(_) => {
                return Ok(Looked::Later(None));
            }
        };
        match error {
            Error::Retry(advice) => {
                let after = advice.after.map(u64::from).map(Duration::from_secs);
                Ok(Looked::Later(after))
            }
            Error::NeedsReconnect(reason) => {
                let webhooks = &self.record.webhooks;
                sync::grant_died(&self.vault, webhooks, connection, reason).await?;
                Ok(Looked::Nothing)
            }
            Error::Invalid(_)
            | Error::NotConfigured(_)
            | Error::Misconfigured(_)
            | Error::NotConnected
            | Error::NeedsScope(_)
            | Error::NeedsAdmin(_)
            | Error::Denied
            | Error::Conflict
            | Error::Gone
            | Error::Rejected(_)
            | Error::Other(_) => Ok(Looked::Later(None)),
        }
    }
}
