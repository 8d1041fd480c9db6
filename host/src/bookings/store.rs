//! The rows of bookings. A booking and what it owes to calendars change together or not
//! at all.

use super::{Body, BookingId, Kind, Status, When};
use crate::{
    db::{Collisions, Database, Transaction},
    steps,
    subject::Subject,
    sync,
};
use sqlx::{Any, Executor, Row, any::AnyRow};

/// Bookings in a database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bookings {
    database: Database,
}

/// A stored booking.
#[derive(Clone, Debug)]
pub struct Held {
    /// Its name.
    pub id: BookingId,
    /// What the platform stated.
    pub body: Body,
    /// When it last changed, in seconds since 1970.
    pub updated_at: i64,
}

/// What storing a booking did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is new, or changed.
    Stored,
    /// The same was there already.
    Unchanged,
}

/// Why a booking was not stored.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// A newer revision is there, or the same one with another content.
    #[error("revision {0} is stored")]
    Outdated(u32),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// What was stored earlier cannot be read.
    #[error("a stored booking cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
}

impl Bookings {
    /// The bookings of this database.
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// Stores a booking, and with it what every participant's calendars are owed.
    ///
    /// # Errors
    /// See [`PutError`].
    pub async fn put(&self, id: &BookingId, body: &Body) -> Result<Put, PutError> {
        let mut collisions = Collisions::default();
        loop {
            match self.put_once(id, body).await {
                Err(PutError::Database(error)) if collisions.may_try_again(&error) => {}
                done => return done,
            }
        }
    }

    async fn put_once(&self, id: &BookingId, body: &Body) -> Result<Put, PutError> {
        let (mut transaction, now) = self.begin(id, Some(body)).await?;
        if let Some(held) = read(&mut *transaction, id).await? {
            if held.body == *body {
                return Ok(Put::Unchanged);
            }
            if held.body.revision >= body.revision {
                return Err(PutError::Outdated(held.body.revision));
            }
        }
        write(&mut transaction, id, body, now).await?;
        sync::owe_booking(&mut transaction, id, now).await?;
        steps::at(steps::OWED);
        transaction.commit().await?;
        Ok(Put::Stored)
    }

    /// Cancels a booking: it goes from calendars and stays on record. `None`: there is no
    /// such booking.
    ///
    /// # Errors
    /// See [`PutError`].
    pub async fn cancel(&self, id: &BookingId) -> Result<Option<Put>, PutError> {
        let mut collisions = Collisions::default();
        loop {
            match self.cancel_once(id).await {
                Err(PutError::Database(error)) if collisions.may_try_again(&error) => {}
                done => return done,
            }
        }
    }

    async fn cancel_once(&self, id: &BookingId) -> Result<Option<Put>, PutError> {
        let (mut transaction, now) = self.begin(id, None).await?;
        let Some(held) = read(&mut *transaction, id).await? else {
            return Ok(None);
        };
        if held.body.status == Status::Cancelled {
            return Ok(Some(Put::Unchanged));
        }
        let revision = held.body.revision.saturating_add(1);
        let body = Body {
            status: Status::Cancelled,
            revision,
            ..held.body
        };
        write(&mut transaction, id, &body, now).await?;
        sync::owe_booking(&mut transaction, id, now).await?;
        steps::at(steps::OWED);
        transaction.commit().await?;
        Ok(Some(Put::Stored))
    }

    /// A booking by name.
    ///
    /// # Errors
    /// See [`PutError`].
    pub async fn get(&self, id: &BookingId) -> Result<Option<Held>, PutError> {
        read(self.database.pool(), id).await
    }

    /// A transaction that has a booking to itself, and what those who take part in it, or
    /// are to, have connected stands still. Who connects in the same moment either finds the
    /// booking or is found by it.
    async fn begin(
        &self,
        id: &BookingId,
        next: Option<&Body>,
    ) -> Result<(Transaction, i64), PutError> {
        let held = self.get(id).await?;
        let bodies = held.iter().map(|held| &held.body).chain(next);
        let users = bodies
            .flat_map(|body| &body.participants)
            .map(|participant| Subject::new(&id.tenant, &participant.user));
        let (mut transaction, now) = self.database.write().await?;
        transaction.rely_on_users(users).await?;
        transaction.hold_booking(id).await?;
        Ok((transaction, now))
    }

    /// The bookings that a user takes part in and that are not over, soonest first.
    ///
    /// # Errors
    /// See [`PutError`].
    pub async fn upcoming(&self, subject: &Subject) -> Result<Vec<Held>, PutError> {
        self.recent(subject, 0).await
    }

    /// The same with those that were over or cancelled within so many seconds. What was
    /// cancelled longer ago is left out even where it lies ahead.
    ///
    /// # Errors
    /// See [`PutError`].
    pub async fn recent(&self, subject: &Subject, seconds: i64) -> Result<Vec<Held>, PutError> {
        let since = self.database.now().await? - seconds;
        let rows = sqlx::query(
            "SELECT b.kind, b.id, b.body, b.updated_at FROM bookings b \
             JOIN participants p ON p.tenant = b.tenant AND p.kind = b.kind \
             AND p.booking_id = b.id \
             WHERE p.tenant = $1 AND p.user_id = $2 \
             AND (b.ends_at IS NULL OR b.ends_at > $3) ORDER BY b.ends_at, b.id",
        )
        .bind(&subject.tenant)
        .bind(&subject.user)
        .bind(since)
        .fetch_all(self.database.pool())
        .await?;
        let mut held = Vec::new();
        for row in &rows {
            let kind: String = row.try_get("kind")?;
            let Some(kind) = Kind::parse(&kind) else {
                continue;
            };
            let tenant = subject.tenant.clone();
            let id = BookingId {
                tenant,
                kind,
                id: row.try_get("id")?,
            };
            held.push(from_row(id, row)?);
        }
        held.retain(|held| held.body.status != Status::Cancelled || held.updated_at > since);
        Ok(held)
    }
}

pub(crate) async fn read(
    database: impl Executor<'_, Database = Any>,
    id: &BookingId,
) -> Result<Option<Held>, PutError> {
    let row = sqlx::query(
        "SELECT body, updated_at FROM bookings WHERE tenant = $1 AND kind = $2 AND id = $3",
    )
    .bind(&id.tenant)
    .bind(id.kind.as_str())
    .bind(&id.id)
    .fetch_optional(database)
    .await?;
    row.map(|row| from_row(id.clone(), &row)).transpose()
}

fn from_row(id: BookingId, row: &AnyRow) -> Result<Held, PutError> {
    let body: String = row.try_get("body")?;
    Ok(Held {
        id,
        body: serde_json::from_str(&body)?,
        updated_at: row.try_get("updated_at")?,
    })
}

async fn write(
    transaction: &mut Transaction,
    id: &BookingId,
    body: &Body,
    now: i64,
) -> Result<(), PutError> {
    sqlx::query(
        "INSERT INTO bookings (tenant, kind, id, revision, body, ends_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (tenant, kind, id) DO UPDATE SET revision = excluded.revision, \
         body = excluded.body, ends_at = excluded.ends_at, updated_at = excluded.updated_at",
    )
    .bind(&id.tenant)
    .bind(id.kind.as_str())
    .bind(&id.id)
    .bind(i64::from(body.revision))
    .bind(serde_json::to_string(body)?)
    .bind(ends_at(body))
    .bind(now)
    .execute(&mut **transaction)
    .await?;
    sqlx::query("DELETE FROM participants WHERE tenant = $1 AND kind = $2 AND booking_id = $3")
        .bind(&id.tenant)
        .bind(id.kind.as_str())
        .bind(&id.id)
        .execute(&mut **transaction)
        .await?;
    for participant in &body.participants {
        sqlx::query(
            "INSERT INTO participants (tenant, kind, booking_id, user_id, role) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(&id.tenant)
        .bind(id.kind.as_str())
        .bind(&id.id)
        .bind(&participant.user)
        .bind(&participant.role)
        .execute(&mut **transaction)
        .await?;
    }
    Ok(())
}

/// When nothing of it lies ahead any more, a day late for zones; `None` while it repeats.
fn ends_at(body: &Body) -> Option<i64> {
    const DAY: i64 = 86_400;
    if body.recurrence.is_some() {
        return None;
    }
    match body.when().ok()? {
        When::Timed { end, .. } => Some(end.as_second()),
        When::AllDay { end, .. } => {
            let midnight = end.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
            Some(midnight.timestamp().as_second() + DAY)
        }
    }
}
