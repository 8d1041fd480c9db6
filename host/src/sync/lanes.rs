//! Who works on which calendar. A lane is one connected calendar; a claim on it is a lease
//! under a word of its own, so that a worker whose lease ran out can change nothing.

use super::{Delivery, delivery::columns};
use crate::{
    db::{Database, Dialects, Transaction},
    subject::Subject,
};
use sqlx::Row;
use std::{cmp::Ordering, time::Duration};
use uuid::Uuid;

/// The lanes that are to be taken. A literal: statements are never put together at run time.
macro_rules! due {
    ($columns:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM lanes l WHERE l.provider = $3 AND l.due_at <= $4 \
             AND (l.claimed_until IS NULL OR l.claimed_until <= $4 OR l.claimed_until > $5) \
             ORDER BY l.due_at LIMIT $6"
        )
    };
}

/// How long one claim holds without being renewed, in seconds: longer than a plugin call
/// may take, so that it comes free only after a crash. Every settled delivery renews it.
pub(super) const CLAIM_SECONDS: i64 = 60;

/// A claim that ends later than any claim can is from before the clock was set back.
const IMPOSSIBLE_SECONDS: i64 = 2 * CLAIM_SECONDS;

/// How long to wait before a calendar is given back once more.
const LEAVE_AGAIN: Duration = Duration::from_secs(1);

/// How often a calendar that is to be held is looked at while a worker ends its push.
const HOLD_LOOK: Duration = Duration::from_millis(20);

/// Takes lanes; in PostgreSQL it passes over those that another replica is taking. An array
/// is made once, and leads straight to the rows: a subquery may be run again and pick others,
/// and with a limit that it does not know PostgreSQL reads the whole table beside it.
const CLAIM: Dialects = Dialects {
    sqlite: concat!(
        "UPDATE lanes SET claim = $1, claimed_until = $2 WHERE (tenant, user_id, provider) IN (",
        due!("l.tenant, l.user_id, l.provider"),
        ") RETURNING tenant, user_id, strikes"
    ),
    postgres: concat!(
        "UPDATE lanes SET claim = $1, claimed_until = $2 WHERE ctid = ANY (ARRAY (",
        due!("l.ctid"),
        " FOR UPDATE SKIP LOCKED)) RETURNING tenant, user_id, strikes"
    ),
};

/// A calendar that this worker alone works on.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    pub(crate) subject: Subject,
    pub(crate) provider: String,
    pub(super) claim: String,
    /// How often in a row the provider asked to slow down.
    pub(super) strikes: i64,
}

/// The lanes of a database.
#[derive(Clone, Debug)]
pub(crate) struct Lanes {
    database: Database,
}

impl Lane {
    /// The order in which transactions that touch several lanes lock them.
    pub(super) fn cmp_place(&self, other: &Self) -> Ordering {
        let place = |lane: &Self| (lane.subject.clone(), lane.provider.clone());
        place(self).cmp(&place(other))
    }

    /// Whether the claim still stands; if so, it begins anew.
    pub(crate) async fn renew(
        &self,
        transaction: &mut Transaction,
        now: i64,
    ) -> Result<bool, sqlx::Error> {
        let renewed = sqlx::query(
            "UPDATE lanes SET claimed_until = $1 \
             WHERE tenant = $2 AND user_id = $3 AND provider = $4 AND claim = $5",
        )
        .bind(now + CLAIM_SECONDS)
        .bind(&self.subject.tenant)
        .bind(&self.subject.user)
        .bind(&self.provider)
        .bind(&self.claim)
        .execute(&mut **transaction)
        .await?;
        Ok(renewed.rows_affected() > 0)
    }
}

impl Lanes {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Gives back what a process held that is no more. Only for a database that serves one
    /// process: elsewhere leases run out by themselves.
    pub(super) async fn free_all(&self, provider: &str) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE lanes SET claim = NULL, claimed_until = NULL \
             WHERE provider = $1 AND claim IS NOT NULL",
        )
        .bind(provider)
        .execute(self.database.pool())
        .await?;
        Ok(())
    }

    /// Takes the lanes of a provider that are due longest, at most so many.
    pub(super) async fn claim(
        &self,
        provider: &str,
        limit: usize,
    ) -> Result<Vec<Lane>, sqlx::Error> {
        let now = self.database.now().await?;
        // Looking costs no lock; claiming does, even where there is nothing to claim. Without
        // an order PostgreSQL expects to meet one soon, and reads the whole table in vain.
        let is_due: Option<i64> = sqlx::query_scalar(
            "SELECT 1 FROM lanes WHERE provider = $1 AND due_at <= $2 \
             AND (claimed_until IS NULL OR claimed_until <= $2 OR claimed_until > $3) \
             ORDER BY due_at LIMIT 1",
        )
        .bind(provider)
        .bind(now)
        .bind(now + IMPOSSIBLE_SECONDS)
        .fetch_optional(self.database.pool())
        .await?;
        if is_due.is_none() {
            return Ok(Vec::new());
        }
        let claim = Uuid::new_v4().simple().to_string();
        let rows = sqlx::query(self.database.dialect(CLAIM))
            .bind(&claim)
            .bind(now + CLAIM_SECONDS)
            .bind(provider)
            .bind(now)
            .bind(now + IMPOSSIBLE_SECONDS)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(self.database.pool())
            .await?;
        let lane = |row: &sqlx::any::AnyRow| {
            Ok(Lane {
                subject: Subject::new(
                    row.try_get::<String, _>("tenant")?,
                    row.try_get::<String, _>("user_id")?,
                ),
                provider: provider.to_owned(),
                claim: claim.clone(),
                strikes: row.try_get("strikes")?,
            })
        };
        rows.iter().map(lane).collect()
    }

    /// The deliveries of a lane that are due, oldest first; at most so many.
    pub(super) async fn due(
        &self,
        lane: &Lane,
        limit: usize,
    ) -> Result<Vec<Delivery>, sqlx::Error> {
        let now = self.database.now().await?;
        let rows = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM deliveries d WHERE d.tenant = $1 AND d.user_id = $2 AND d.provider = $3 \
             AND d.state = 'waiting' AND d.next_try <= $4 ORDER BY d.next_try LIMIT $5"
        ))
        .bind(&lane.subject.tenant)
        .bind(&lane.subject.user)
        .bind(&lane.provider)
        .bind(now)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(self.database.pool())
        .await?;
        rows.iter().map(Delivery::from_row).collect()
    }

    /// A delivery as it stands now, if it still waits.
    pub(super) async fn still_due(
        &self,
        delivery: &Delivery,
    ) -> Result<Option<Delivery>, sqlx::Error> {
        let row = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM deliveries d WHERE d.tenant = $1 AND d.kind = $2 AND d.booking_id = $3 \
             AND d.user_id = $4 AND d.provider = $5 AND d.state = 'waiting'"
        ))
        .bind(&delivery.booking.tenant)
        .bind(delivery.booking.kind.as_str())
        .bind(&delivery.booking.id)
        .bind(&delivery.user)
        .bind(&delivery.provider)
        .fetch_optional(self.database.pool())
        .await?;
        row.as_ref().map(Delivery::from_row).transpose()
    }

    /// Takes a calendar to look at it, if no worker is there and it is not paused. What is
    /// owed to it waits until [`Lanes::leave`].
    pub(crate) async fn take(
        &self,
        subject: &Subject,
        provider: &str,
    ) -> Result<Option<Lane>, sqlx::Error> {
        let now = self.database.now().await?;
        let claim = Uuid::new_v4().simple().to_string();
        let strikes: Option<i64> = sqlx::query_scalar(
            "UPDATE lanes SET claim = $1, claimed_until = $2 \
             WHERE tenant = $3 AND user_id = $4 AND provider = $5 \
             AND (claimed_until IS NULL OR claimed_until <= $6 OR claimed_until > $7) \
             AND (paused_until IS NULL OR paused_until <= $6) RETURNING strikes",
        )
        .bind(&claim)
        .bind(now + CLAIM_SECONDS)
        .bind(&subject.tenant)
        .bind(&subject.user)
        .bind(provider)
        .bind(now)
        .bind(now + IMPOSSIBLE_SECONDS)
        .fetch_optional(self.database.pool())
        .await?;
        Ok(strikes.map(|strikes| Lane {
            subject: subject.clone(),
            provider: provider.to_owned(),
            claim,
            strikes,
        }))
    }

    /// Gives back what was taken to look at it: what is owed is as it was.
    pub(crate) async fn leave(&self, lane: &Lane) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE lanes SET claim = NULL, claimed_until = NULL \
             WHERE tenant = $1 AND user_id = $2 AND provider = $3 AND claim = $4",
        )
        .bind(&lane.subject.tenant)
        .bind(&lane.subject.user)
        .bind(&lane.provider)
        .bind(&lane.claim)
        .execute(self.database.pool())
        .await?;
        Ok(())
    }

    /// The same as soon as the database takes it, for whom it failed (case 45): otherwise
    /// the calendar would wait until the claim has run out.
    pub(crate) fn leave_when_possible(&self, lane: Lane) {
        let lanes = self.clone();
        tokio::spawn(async move {
            for _ in 0..CLAIM_SECONDS {
                if lanes.leave(&lane).await.is_ok() {
                    return;
                }
                tokio::time::sleep(LEAVE_AGAIN).await;
            }
        });
    }

    /// Keeps workers away from a calendar: returns once none is at it, within the length of
    /// a claim. They stay away until the lane is forgotten or the claim has run out, from a
    /// calendar that was never owed anything, too.
    pub(super) async fn hold(
        &self,
        subject: &Subject,
        provider: &str,
    ) -> Result<Lane, sqlx::Error> {
        let claim = Uuid::new_v4().simple().to_string();
        loop {
            let now = self.database.now().await?;
            let strikes: Option<i64> = sqlx::query_scalar(
                "INSERT INTO lanes (claim, claimed_until, tenant, user_id, provider) \
                 VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (tenant, user_id, provider) DO UPDATE SET \
                 claim = excluded.claim, claimed_until = excluded.claimed_until \
                 WHERE lanes.claimed_until IS NULL OR lanes.claimed_until <= $6 \
                 OR lanes.claimed_until > $7 RETURNING strikes",
            )
            .bind(&claim)
            .bind(now + CLAIM_SECONDS)
            .bind(&subject.tenant)
            .bind(&subject.user)
            .bind(provider)
            .bind(now)
            .bind(now + IMPOSSIBLE_SECONDS)
            .fetch_optional(self.database.pool())
            .await?;
            if let Some(strikes) = strikes {
                return Ok(Lane {
                    subject: subject.clone(),
                    provider: provider.to_owned(),
                    claim,
                    strikes,
                });
            }
            tokio::time::sleep(HOLD_LOOK).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    /// So many users with so many due deliveries each.
    async fn due(users: usize, each: usize) -> (Lanes, tempfile::TempDir) {
        let (database, folder) = Database::temporary().await;
        let (mut transaction, now) = database.write().await.unwrap();
        for user in 0..users {
            for number in 0..each {
                sqlx::query(
                    "INSERT INTO deliveries (tenant, kind, booking_id, user_id, provider, \
                     generation, state, attempts, next_try) \
                     VALUES ('t', 'jobs', $1, $2, 'google', 1, 'waiting', 0, $3)",
                )
                .bind(number.to_string())
                .bind(user.to_string())
                .bind(now)
                .execute(&mut *transaction)
                .await
                .unwrap();
            }
        }
        sqlx::query(
            "INSERT INTO lanes (tenant, user_id, provider, due_at) \
             SELECT DISTINCT tenant, user_id, provider, next_try FROM deliveries",
        )
        .execute(&mut *transaction)
        .await
        .unwrap();
        transaction.commit().await.unwrap();
        (Lanes::new(database), folder)
    }

    #[tokio::test]
    #[ignore = "prints what claiming costs with 100,000 due deliveries"]
    async fn claiming_costs() {
        for (users, each) in [(1, 100_000), (1_000, 100), (100_000, 1)] {
            let (lanes, _folder) = due(users, each).await;
            let rounds = 20;
            let begun = Instant::now();
            let mut held = Vec::new();
            for _ in 0..rounds {
                held.extend(lanes.claim("google", 24).await.unwrap());
            }
            let claiming = begun.elapsed() / rounds;
            let begun = Instant::now();
            let lane = held.first().unwrap();
            for _ in 0..rounds {
                lanes.due(lane, 32).await.unwrap();
            }
            let reading = begun.elapsed() / rounds;
            println!("{users} users, {each} due each: claim {claiming:?}, turn's list {reading:?}");
        }
    }
}
