//! Forgets what nobody needs any more: bookings that have been over for long, and whatever
//! has run out. In small steps, by one process at a time, for ever in the background. It
//! touches no calendar: events stay where they are.

mod lanes;
mod past;
mod run_out;
mod worker;

use crate::{
    connect::{FlowError, Flows},
    db::Database,
    lease::Leases,
    metrics::Metrics,
};
use std::{collections::BTreeMap, time::Duration};
use tokio::sync::watch;

/// Rows that one transaction takes. Scattered over a file of 10,000,000 bookings, 200 of them
/// held SQLite's write lock for 100 ms.
const BATCH: i64 = 100;

/// Between two of them, so that others get their turn: some 1,000 rows a second. Ten million
/// bookings that are kept for 400 days are 25,000 a day.
const PAUSE: Duration = Duration::from_millis(50);

const DAY: i64 = 86_400;

/// For how long what is over is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Days after a booking's end, and after its last change, whichever is later. `None`: for
    /// ever.
    pub days: Option<u32>,
    /// Days of rows of the audit log.
    pub audit_days: u32,
}

impl Default for Options {
    /// A year and a month: what is looked up once a year is still there. Feeds need 30 days,
    /// links to files 90. And of the audit log a year, and time to audit it.
    fn default() -> Self {
        Self {
            days: Some(400),
            audit_days: 400,
        }
    }
}

/// Why a round ended early. The next one goes on where it stopped.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The grants of questions that nobody has answered are still there.
    #[error(transparent)]
    Questions(#[from] FlowError),
}

/// How many rows a round has removed, by what they were.
pub type Removed = BTreeMap<&'static str, u64>;

/// The moments before which things go, in seconds since 1970 on the database's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cutoffs {
    /// Bookings that ended, and were changed last, before this. `None`: none go.
    pub past: Option<i64>,
    /// Webhooks that happened before this, and were set aside or wait for a receiver.
    pub webhooks: i64,
    /// Rows of the audit log from before this.
    pub audit: i64,
    /// What ran out before this.
    pub now: i64,
}

/// What was set aside is kept for a month, in which somebody may look; so is what waits: tries
/// end sooner where there is a receiver.
const WEBHOOK_DAYS: i64 = 30;

impl Cutoffs {
    /// As they are at this time.
    pub fn at(now: i64, options: Options) -> Self {
        Self {
            past: options.days.map(|days| now - i64::from(days) * DAY),
            webhooks: now - WEBHOOK_DAYS * DAY,
            audit: now - i64::from(options.audit_days) * DAY,
            now,
        }
    }
}

/// Forgets. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Retention {
    database: Database,
    flows: Flows,
    leases: Leases,
    metrics: Metrics,
    options: Options,
}

impl Retention {
    /// In this database.
    pub fn new(database: Database, flows: Flows, metrics: Metrics, options: Options) -> Self {
        Self {
            leases: Leases::new(database.clone()),
            database,
            flows,
            metrics,
            options,
        }
    }

    /// Removes all that is to go, unless another process is at it or `stopped` says so.
    ///
    /// # Errors
    /// See [`RetentionError`]. What was removed before stays removed.
    pub async fn round(
        &self,
        cutoffs: &Cutoffs,
        stopped: &watch::Receiver<bool>,
    ) -> Result<Removed, RetentionError> {
        let mut round = Round {
            retention: self,
            stopped,
            removed: Removed::new(),
        };
        let done = round.all(cutoffs).await;
        self.leases.give_back(worker::LEASE).await?;
        done.map(|()| round.removed)
    }
}

/// One round on its way.
struct Round<'a> {
    retention: &'a Retention,
    stopped: &'a watch::Receiver<bool>,
    removed: Removed,
}

impl Round<'_> {
    async fn all(&mut self, cutoffs: &Cutoffs) -> Result<(), RetentionError> {
        if !self.may_go_on().await? {
            return Ok(());
        }
        // They hold grants, which are to be revoked: deleting them is not enough.
        self.retention.flows.sweep().await?;
        self.run_out(cutoffs).await?;
        if let Some(before) = cutoffs.past {
            self.past(before).await?;
        }
        Ok(self.idle_lanes(cutoffs.now).await?)
    }

    /// Whether this process is still the one, and is to go on. Between two steps others get
    /// the write lock.
    async fn may_go_on(&self) -> Result<bool, sqlx::Error> {
        if *self.stopped.borrow() {
            return Ok(false);
        }
        let leases = &self.retention.leases;
        leases.take(worker::LEASE, worker::LEASE_SECONDS).await
    }

    /// Notes a step's rows. Whether there may be more: then others get their turn first.
    async fn step(&mut self, what: &'static str, rows: u64) -> bool {
        self.note(what, rows);
        let has_more = rows >= BATCH.unsigned_abs();
        if has_more {
            tokio::time::sleep(PAUSE).await;
        }
        has_more
    }

    fn note(&mut self, what: &'static str, rows: u64) {
        if rows > 0 {
            *self.removed.entry(what).or_default() += rows;
            self.retention.metrics.removed(what, rows);
        }
    }
}
