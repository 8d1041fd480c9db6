//! The rows of what is owed.

use super::remote::Remote;
use crate::{
    bookings::{BookingId, Kind},
    db::Database,
    plugin::calendar::RemoteEvent,
    subject::Subject,
};
use sqlx::{Any, Row, Transaction, any::AnyRow};

/// How long one worker may hold a delivery: longer than a plugin call may take, so that
/// it comes free only after a crash.
const CLAIM_SECONDS: i64 = 60;

/// How far a delivery has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Work is left to do.
    Waiting,
    /// The calendar shows what it should.
    InCalendar,
    /// Nothing works until the user connects again.
    NeedsReconnect,
    /// Refused for good.
    Failed,
}

impl State {
    /// The word that stands in the database and in replies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::InCalendar => "in_calendar",
            Self::NeedsReconnect => "needs_reconnect",
            Self::Failed => "failed",
        }
    }

    fn parse(word: &str) -> Self {
        let all = [Self::Waiting, Self::InCalendar, Self::NeedsReconnect];
        all.into_iter()
            .find(|state| state.as_str() == word)
            .unwrap_or(Self::Failed)
    }
}

/// What is owed to one participant's calendar.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Of which booking.
    pub booking: BookingId,
    /// To whom.
    pub user: String,
    /// At which provider.
    pub provider: String,
    /// How far it has come.
    pub state: State,
    /// Why it waits or failed, in plain words.
    pub reason: Option<String>,
    /// When it is tried again, in seconds since 1970.
    pub next_try: Option<i64>,
    pub(super) generation: i64,
    pub(super) attempts: i64,
    pub(super) remote: Option<Remote>,
}

impl Delivery {
    /// Opens the event in the provider's own page.
    pub fn link(&self) -> Option<&str> {
        self.remote.as_ref().and_then(Remote::link)
    }

    /// Whose calendar it is.
    pub fn subject(&self) -> Subject {
        Subject::new(&self.booking.tenant, &self.user)
    }

    /// What an earlier call returned.
    pub fn remote_event(&self) -> Option<RemoteEvent> {
        self.remote.clone().map(Into::into)
    }
}

/// How a try ended.
#[derive(Clone, Debug)]
pub(super) struct Settled {
    pub(super) state: State,
    pub(super) reason: Option<String>,
    pub(super) remote: Option<Remote>,
    /// Seconds until the next try, while waiting.
    pub(super) retry_in: Option<i64>,
}

/// Everything that is owed. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Deliveries {
    database: Database,
}

/// What [`delivery`] reads, as a literal: statements are never put together at run time.
macro_rules! columns {
    () => {
        "tenant, kind, booking_id, user_id, provider, generation, state, reason, remote, \
         attempts, next_try"
    };
}

impl Deliveries {
    /// The deliveries of this database.
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// How far a booking has come in everybody's calendars.
    ///
    /// # Errors
    /// The database failed.
    pub async fn of_booking(&self, id: &BookingId) -> Result<Vec<Delivery>, sqlx::Error> {
        let rows = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM deliveries \
             WHERE tenant = $1 AND kind = $2 AND booking_id = $3 ORDER BY user_id, provider"
        ))
        .bind(&id.tenant)
        .bind(id.kind.as_str())
        .bind(&id.id)
        .fetch_all(self.database.pool())
        .await?;
        rows.iter().map(delivery).collect()
    }

    /// Everything that is or was in one connected calendar.
    ///
    /// # Errors
    /// The database failed.
    pub async fn of_connection(
        &self,
        subject: &Subject,
        provider: &str,
    ) -> Result<Vec<Delivery>, sqlx::Error> {
        let rows = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM deliveries \
             WHERE tenant = $1 AND user_id = $2 AND provider = $3"
        ))
        .bind(&subject.tenant)
        .bind(&subject.user)
        .bind(provider)
        .fetch_all(self.database.pool())
        .await?;
        rows.iter().map(delivery).collect()
    }

    /// Forgets what is owed to a calendar that is connected no longer.
    ///
    /// # Errors
    /// The database failed.
    pub async fn forget_connection(
        &self,
        subject: &Subject,
        provider: &str,
    ) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM deliveries WHERE tenant = $1 AND user_id = $2 AND provider = $3")
            .bind(&subject.tenant)
            .bind(&subject.user)
            .bind(provider)
            .execute(self.database.pool())
            .await?;
        Ok(())
    }

    /// Stops the work of a connection whose grant is dead.
    pub(super) async fn suspend_connection(
        &self,
        subject: &Subject,
        provider: &str,
        reason: &str,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE deliveries SET state = 'needs_reconnect', reason = $4, next_try = NULL \
             WHERE tenant = $1 AND user_id = $2 AND provider = $3 AND state = 'waiting'",
        )
        .bind(&subject.tenant)
        .bind(&subject.user)
        .bind(provider)
        .bind(reason)
        .execute(self.database.pool())
        .await?;
        Ok(())
    }

    /// Takes the delivery that is due longest, if any. Deliveries to one connection are
    /// handed out one at a time, so that changes of one event cannot overtake each other.
    pub(super) async fn claim(&self) -> Result<Option<Delivery>, sqlx::Error> {
        let now = self.database.now().await?;
        // Looking costs no lock; claiming does, even where there is nothing to claim.
        let is_due: Option<i64> = sqlx::query_scalar(
            "SELECT 1 FROM deliveries WHERE state = 'waiting' AND next_try <= $1 LIMIT 1",
        )
        .bind(now)
        .fetch_optional(self.database.pool())
        .await?;
        if is_due.is_none() {
            return Ok(None);
        }
        let row = sqlx::query(concat!(
            "UPDATE deliveries SET claimed_until = $1, attempts = attempts + 1 \
             WHERE (tenant, kind, booking_id, user_id, provider) IN ( \
               SELECT d.tenant, d.kind, d.booking_id, d.user_id, d.provider FROM deliveries d \
               WHERE d.state = 'waiting' AND d.next_try <= $2 \
               AND NOT EXISTS (SELECT 1 FROM deliveries o WHERE o.tenant = d.tenant \
                 AND o.user_id = d.user_id AND o.provider = d.provider AND o.claimed_until > $2) \
               ORDER BY d.next_try LIMIT 1) \
             RETURNING ",
            columns!(),
            ""
        ))
        .bind(now + CLAIM_SECONDS)
        .bind(now)
        .fetch_optional(self.database.pool())
        .await?;
        row.as_ref().map(delivery).transpose()
    }

    /// Notes how a try ended. Where the booking changed meanwhile, only what the calendar
    /// holds is noted, and the delivery stays due.
    pub(super) async fn settle(
        &self,
        delivery: &Delivery,
        settled: &Settled,
    ) -> Result<(), sqlx::Error> {
        let remote = settled
            .remote
            .as_ref()
            .map(serde_json::to_string)
            .transpose();
        let remote = remote.map_err(|error| sqlx::Error::Encode(error.into()))?;
        let now = self.database.now().await?;
        let BookingId { tenant, kind, id } = &delivery.booking;
        sqlx::query(
            "UPDATE deliveries SET claimed_until = NULL, remote = $6, \
             state = CASE WHEN generation = $7 THEN $8 ELSE state END, \
             reason = CASE WHEN generation = $7 THEN $9 ELSE reason END, \
             next_try = CASE WHEN generation = $7 THEN $10 ELSE next_try END \
             WHERE tenant = $1 AND kind = $2 AND booking_id = $3 AND user_id = $4 \
             AND provider = $5",
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
        .bind(settled.retry_in.map(|seconds| now + seconds))
        .execute(self.database.pool())
        .await?;
        Ok(())
    }

    /// Forgets a delivery whose event is gone, unless it is wanted again meanwhile.
    pub(super) async fn done(&self, delivery: &Delivery) -> Result<(), sqlx::Error> {
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
        .execute(self.database.pool())
        .await?;
        if gone.rows_affected() > 0 {
            return Ok(());
        }
        let waiting = Settled {
            state: State::Waiting,
            reason: None,
            remote: None,
            retry_in: Some(0),
        };
        self.settle(delivery, &waiting).await
    }
}

/// Makes a changed booking due in the calendars of all who take part, or did.
///
/// # Errors
/// The database failed.
pub async fn owe_booking(
    transaction: &mut Transaction<'static, Any>,
    id: &BookingId,
    now: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE deliveries SET generation = generation + 1, state = 'waiting', reason = NULL, \
         attempts = 0, next_try = $4 WHERE tenant = $1 AND kind = $2 AND booking_id = $3",
    )
    .bind(&id.tenant)
    .bind(id.kind.as_str())
    .bind(&id.id)
    .bind(now)
    .execute(&mut **transaction)
    .await?;
    sqlx::query(
        "INSERT INTO deliveries (tenant, kind, booking_id, user_id, provider, generation, \
         state, attempts, next_try) \
         SELECT p.tenant, p.kind, p.booking_id, p.user_id, c.provider, 1, 'waiting', 0, $4 \
         FROM participants p JOIN connections c ON c.tenant = p.tenant AND c.user_id = p.user_id \
         WHERE p.tenant = $1 AND p.kind = $2 AND p.booking_id = $3 \
         ON CONFLICT (tenant, kind, booking_id, user_id, provider) DO NOTHING",
    )
    .bind(&id.tenant)
    .bind(id.kind.as_str())
    .bind(&id.id)
    .bind(now)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Makes all that a user has ahead due in one connected calendar: after connecting, after
/// connecting again, and when another calendar was chosen.
///
/// # Errors
/// The database failed.
pub async fn owe_connection(
    transaction: &mut Transaction<'static, Any>,
    subject: &Subject,
    provider: &str,
    now: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO deliveries (tenant, kind, booking_id, user_id, provider, generation, \
         state, attempts, next_try) \
         SELECT p.tenant, p.kind, p.booking_id, p.user_id, $3, 1, 'waiting', 0, $4 \
         FROM participants p JOIN bookings b ON b.tenant = p.tenant AND b.kind = p.kind \
         AND b.id = p.booking_id \
         WHERE p.tenant = $1 AND p.user_id = $2 AND (b.ends_at IS NULL OR b.ends_at > $4) \
         ON CONFLICT (tenant, kind, booking_id, user_id, provider) DO NOTHING",
    )
    .bind(&subject.tenant)
    .bind(&subject.user)
    .bind(provider)
    .bind(now)
    .execute(&mut **transaction)
    .await?;
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

fn delivery(row: &AnyRow) -> Result<Delivery, sqlx::Error> {
    let kind: String = row.try_get("kind")?;
    let state: String = row.try_get("state")?;
    let remote: Option<String> = row.try_get("remote")?;
    Ok(Delivery {
        booking: BookingId {
            tenant: row.try_get("tenant")?,
            kind: Kind::parse(&kind).ok_or_else(|| sqlx::Error::Decode("booking kind".into()))?,
            id: row.try_get("booking_id")?,
        },
        user: row.try_get("user_id")?,
        provider: row.try_get("provider")?,
        generation: row.try_get("generation")?,
        state: State::parse(&state),
        reason: row.try_get("reason")?,
        remote: remote
            .map(|json| serde_json::from_str(&json))
            .transpose()
            .map_err(|error| sqlx::Error::Decode(error.into()))?,
        attempts: row.try_get("attempts")?,
        next_try: row.try_get("next_try")?,
    })
}
