//! How far each connected calendar has been looked through, and whose turn it is to look. A
//! claim is a lease on the database's time under a word of its own: who lost it stores nothing.

mod passed_over;

use super::known::{Known, Touched};
use crate::{
    bookings::BookingId,
    db::{Database, Dialects, Transaction},
    subject::Subject,
    sync::Lane,
    vault::Connection,
};
use sqlx::Row;
use std::time::Duration;
use uuid::Uuid;

/// The calendars that are to be taken. A literal: statements are never put together at run
/// time.
macro_rules! due {
    ($columns:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM watches w \
             JOIN connections c ON c.tenant = w.tenant AND c.user_id = w.user_id \
               AND c.provider = w.provider AND c.reconnect_reason IS NULL \
               AND c.leaving_at IS NULL \
             WHERE w.next_poll <= $3 \
             AND (w.claimed_until IS NULL OR w.claimed_until <= $3 OR w.claimed_until > $4) \
             AND NOT EXISTS (SELECT 1 FROM provider_pauses p \
               WHERE p.provider = w.provider AND p.paused_until > $3) \
             AND NOT EXISTS (SELECT 1 FROM lanes l WHERE l.tenant = w.tenant \
               AND l.user_id = w.user_id AND l.provider = w.provider AND l.paused_until > $3) \
             ORDER BY w.next_poll LIMIT $5"
        )
    };
}

/// Takes calendars to look at; in PostgreSQL it passes over those that another replica is
/// taking, by an array, for the reasons that lanes are.
const CLAIM: Dialects = Dialects {
    sqlite: concat!(
        "UPDATE watches SET claim = $1, claimed_until = $2 WHERE (tenant, user_id, provider) IN (",
        due!("w.tenant, w.user_id, w.provider"),
        ") RETURNING tenant, user_id, provider, account_id, calendar_id, cursor"
    ),
    postgres: concat!(
        "UPDATE watches SET claim = $1, claimed_until = $2 WHERE ctid = ANY (ARRAY (",
        due!("w.ctid"),
        " FOR UPDATE OF w SKIP LOCKED)) \
         RETURNING tenant, user_id, provider, account_id, calendar_id, cursor"
    ),
};

/// How long one claim holds: longer than any look may take, so that it comes free only after
/// a crash.
const CLAIM_SECONDS: i64 = 120;

/// A claim that ends later than any claim can is from before the clock was set back.
const IMPOSSIBLE_SECONDS: i64 = 2 * CLAIM_SECONDS;

/// New calendars that are noted at once.
const NEW: usize = 500;

/// A calendar whose turn it is.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    pub(super) subject: Subject,
    pub(super) provider: String,
    account: String,
    calendar: String,
    cursor: Option<String>,
    claim: String,
}

impl Watch {
    /// Where the last reading ended, if it was one of the same calendar.
    pub(super) fn cursor_for(&self, connection: &Connection) -> Option<&str> {
        let is_same =
            self.account == connection.account.id && self.calendar == connection.destination.id;
        self.cursor.as_deref().filter(|_| is_same)
    }
}

/// The watches of a database.
#[derive(Clone, Debug)]
pub(super) struct Watches {
    database: Database,
}

impl Watches {
    pub(super) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Gives back what an earlier process held. Only for a database that serves one process.
    pub(super) async fn free_all(&self) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE watches SET claim = NULL, claimed_until = NULL")
            .execute(self.database.pool())
            .await?;
        Ok(())
    }

    /// Notes calendars that were connected while nobody looked into any. Their first looks
    /// are spread over one interval, so that not all come at once. It compares two tables as
    /// a whole, and is for a start.
    pub(super) async fn note_all(&self, interval: Duration) -> Result<(), sqlx::Error> {
        while self.note_some(interval).await? == NEW {}
        Ok(())
    }

    async fn note_some(&self, interval: Duration) -> Result<usize, sqlx::Error> {
        let rows = sqlx::query(
            "SELECT c.tenant, c.user_id, c.provider FROM connections c WHERE NOT EXISTS ( \
             SELECT 1 FROM watches w WHERE w.tenant = c.tenant AND w.user_id = c.user_id \
             AND w.provider = c.provider) ORDER BY c.tenant, c.user_id, c.provider LIMIT $1",
        )
        .bind(i64::try_from(NEW).unwrap_or(i64::MAX))
        .fetch_all(self.database.pool())
        .await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let (mut transaction, now) = self.database.write().await?;
        for row in &rows {
            let subject = Subject::new(
                row.try_get::<String, _>("tenant")?,
                row.try_get::<String, _>("user_id")?,
            );
            let provider: String = row.try_get("provider")?;
            let first = now + seconds(interval.mul_f64(fastrand::f64()));
            insert(&mut transaction, &subject, &provider, first).await?;
        }
        transaction.commit().await?;
        Ok(rows.len())
    }

    /// Takes the calendars whose turn came longest ago, at most so many. Those that are
    /// paused or whose grant is dead are passed over until their next one, in an interval.
    pub(super) async fn claim(
        &self,
        limit: usize,
        interval: Duration,
    ) -> Result<Vec<Watch>, sqlx::Error> {
        let now = self.database.now().await?;
        let is_due: Option<i64> = sqlx::query_scalar(
            "SELECT 1 FROM watches WHERE next_poll <= $1 ORDER BY next_poll LIMIT 1",
        )
        .bind(now)
        .fetch_optional(self.database.pool())
        .await?;
        if is_due.is_none() {
            return Ok(Vec::new());
        }
        self.pass_over(now, interval).await?;
        let claim = Uuid::new_v4().simple().to_string();
        let rows = sqlx::query(self.database.dialect(CLAIM))
            .bind(&claim)
            .bind(now + CLAIM_SECONDS)
            .bind(now)
            .bind(now + IMPOSSIBLE_SECONDS)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(self.database.pool())
            .await?;
        rows.iter().map(|row| from_row(row, &claim)).collect()
    }

    /// Takes one calendar, whether it is its turn or not. `None`: somebody has it.
    pub(super) async fn claim_one(
        &self,
        subject: &Subject,
        provider: &str,
    ) -> Result<Option<Watch>, sqlx::Error> {
        let (mut transaction, now) = self.database.write().await?;
        insert(&mut transaction, subject, provider, now).await?;
        let claim = Uuid::new_v4().simple().to_string();
        let row = sqlx::query(
            "UPDATE watches SET claim = $1, claimed_until = $2 \
             WHERE tenant = $3 AND user_id = $4 AND provider = $5 \
             AND (claimed_until IS NULL OR claimed_until <= $6 OR claimed_until > $7) \
             RETURNING tenant, user_id, provider, account_id, calendar_id, cursor",
        )
        .bind(&claim)
        .bind(now + CLAIM_SECONDS)
        .bind(&subject.tenant)
        .bind(&subject.user)
        .bind(provider)
        .bind(now)
        .bind(now + IMPOSSIBLE_SECONDS)
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.commit().await?;
        row.map(|row| from_row(&row, &claim)).transpose()
    }

    /// Keeps both claims while a reading goes on. `false`: one of them is lost.
    pub(super) async fn renew(&self, watch: &Watch, lane: &Lane) -> Result<bool, sqlx::Error> {
        let (mut transaction, now) = self.database.write().await?;
        let still = renew(&mut transaction, watch, lane, now).await?;
        transaction.commit().await?;
        Ok(still)
    }

    /// Stores that a calendar was read to its end, together with what is to be compared: a
    /// crash loses neither. `false`: the claim is lost, and nothing is stored.
    pub(super) async fn store(
        &self,
        watch: &Watch,
        lane: &Lane,
        connection: &Connection,
        cursor: &str,
        touched: &[(&Known, Touched)],
    ) -> Result<bool, sqlx::Error> {
        let (mut transaction, now) = self.database.write().await?;
        if !renew(&mut transaction, watch, lane, now).await? {
            return Ok(false);
        }
        for (known, touched) in touched {
            let BookingId { tenant, kind, id } = &known.delivery.booking;
            let most = known.touched.map_or(*touched, |known| known.max(*touched));
            sqlx::query(
                "UPDATE deliveries SET touched = $6 WHERE tenant = $1 AND kind = $2 \
                 AND booking_id = $3 AND user_id = $4 AND provider = $5",
            )
            .bind(tenant)
            .bind(kind.as_str())
            .bind(id)
            .bind(&known.delivery.user)
            .bind(&known.delivery.provider)
            .bind(most.as_str())
            .execute(&mut *transaction)
            .await?;
        }
        sqlx::query(
            "UPDATE watches SET account_id = $4, calendar_id = $5, cursor = $6 \
             WHERE tenant = $1 AND user_id = $2 AND provider = $3",
        )
        .bind(&watch.subject.tenant)
        .bind(&watch.subject.user)
        .bind(&watch.provider)
        .bind(&connection.account.id)
        .bind(&connection.destination.id)
        .bind(cursor)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Forgets where the last reading ended: the next one is a full one.
    pub(super) async fn begin_anew(&self, watch: &Watch) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE watches SET cursor = NULL \
             WHERE tenant = $1 AND user_id = $2 AND provider = $3 AND claim = $4",
        )
        .bind(&watch.subject.tenant)
        .bind(&watch.subject.user)
        .bind(&watch.provider)
        .bind(&watch.claim)
        .execute(self.database.pool())
        .await?;
        Ok(())
    }

    /// Gives a calendar back until its next turn, in about so long.
    pub(super) async fn release(&self, watch: &Watch, after: Duration) -> Result<(), sqlx::Error> {
        let now = self.database.now().await?;
        sqlx::query(
            "UPDATE watches SET claim = NULL, claimed_until = NULL, next_poll = $5 \
             WHERE tenant = $1 AND user_id = $2 AND provider = $3 AND claim = $4",
        )
        .bind(&watch.subject.tenant)
        .bind(&watch.subject.user)
        .bind(&watch.provider)
        .bind(&watch.claim)
        .bind(now + spread(after))
        .execute(self.database.pool())
        .await?;
        Ok(())
    }
}

/// Seconds, a tenth more or less by chance: what began together does not stay together.
fn spread(time: Duration) -> i64 {
    seconds(time.mul_f64(0.9 + fastrand::f64() * 0.2))
}

fn seconds(time: Duration) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX / 2)
}

/// Has a calendar looked into, in the transaction that connects it, for the first time or again.
///
/// # Errors
/// The database failed.
pub async fn watch(
    transaction: &mut Transaction,
    subject: &Subject,
    provider: &str,
    now: i64,
) -> Result<(), sqlx::Error> {
    insert(transaction, subject, provider, now).await?;
    sqlx::query(
        "UPDATE watches SET next_poll = $4 \
         WHERE tenant = $1 AND user_id = $2 AND provider = $3 AND next_poll > $4",
    )
    .bind(&subject.tenant)
    .bind(&subject.user)
    .bind(provider)
    .bind(now)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

async fn insert(
    transaction: &mut Transaction,
    subject: &Subject,
    provider: &str,
    next_poll: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO watches (tenant, user_id, provider, account_id, calendar_id, next_poll) \
         VALUES ($1, $2, $3, '', '', $4) ON CONFLICT (tenant, user_id, provider) DO NOTHING",
    )
    .bind(&subject.tenant)
    .bind(&subject.user)
    .bind(provider)
    .bind(next_poll)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

async fn renew(
    transaction: &mut Transaction,
    watch: &Watch,
    lane: &Lane,
    now: i64,
) -> Result<bool, sqlx::Error> {
    // Lanes are locked before watches.
    if !lane.renew(transaction, now).await? {
        return Ok(false);
    }
    let renewed = sqlx::query(
        "UPDATE watches SET claimed_until = $5 \
         WHERE tenant = $1 AND user_id = $2 AND provider = $3 AND claim = $4",
    )
    .bind(&watch.subject.tenant)
    .bind(&watch.subject.user)
    .bind(&watch.provider)
    .bind(&watch.claim)
    .bind(now + CLAIM_SECONDS)
    .execute(&mut **transaction)
    .await?;
    Ok(renewed.rows_affected() > 0)
}

fn from_row(row: &sqlx::any::AnyRow, claim: &str) -> Result<Watch, sqlx::Error> {
    Ok(Watch {
        subject: Subject::new(
            row.try_get::<String, _>("tenant")?,
            row.try_get::<String, _>("user_id")?,
        ),
        provider: row.try_get("provider")?,
        account: row.try_get("account_id")?,
        calendar: row.try_get("calendar_id")?,
        cursor: row.try_get("cursor")?,
        claim: claim.to_owned(),
    })
}

#[cfg(test)]
mod tests;
