//! The rows of what the platform is to be told.

use super::Change;
use crate::{
    connect::random,
    db::{Database, Dialects, Transaction},
    subject::Subject,
};
use jiff::Timestamp;
use serde_json::json;
use sqlx::Row;
use std::time::Duration;

/// A literal: statements are never put together at run time.
macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE webhooks SET claimed_until = $1, attempts = attempts + 1 WHERE id = ( \
               SELECT w.id FROM webhooks w WHERE w.state = 'waiting' AND w.next_try <= $2 \
               AND (w.claimed_until IS NULL OR w.claimed_until <= $2) \
               AND NOT EXISTS (SELECT 1 FROM webhooks e WHERE e.subject = w.subject \
                 AND e.position < w.position AND e.state = 'waiting') \
               ORDER BY w.next_try, w.position LIMIT 1",
            $lock,
            ") RETURNING id, type, body, attempts, subject"
        )
    };
}

/// Takes a webhook; in PostgreSQL it passes over those that another replica is taking.
const CLAIM: Dialects = Dialects {
    sqlite: claim!(""),
    postgres: claim!(" FOR UPDATE OF w SKIP LOCKED"),
};

/// How long one worker may hold a webhook: longer than a try may take, so that it comes
/// free only after a crash.
const CLAIM_SECONDS: i64 = 60;

/// A webhook on its way into the table.
pub(super) struct Queued {
    id: String,
    subject: String,
    user: Subject,
    kind: &'static str,
    body: String,
}

impl Queued {
    pub(super) fn new(change: &Change, now: i64) -> Result<Self, getrandom::Error> {
        let id = format!("wh_{}", random::token()?);
        let body = json!({
            "id": id,
            "type": change.kind(),
            "created": Timestamp::from_second(now).ok(),
            "data": change.data(),
        });
        Ok(Self {
            id,
            subject: change.about(),
            user: change.user(),
            kind: change.kind(),
            body: body.to_string(),
        })
    }

    /// One that must wait for an earlier one is not due before it.
    pub(super) async fn insert(
        self,
        transaction: &mut Transaction,
        now: i64,
    ) -> Result<(), sqlx::Error> {
        transaction.hold_order(&self.subject).await?;
        sqlx::query(
            "INSERT INTO webhooks (id, subject, position, type, body, state, attempts, next_try, \
             created_at, tenant, user_id) \
             SELECT $1, $2, COALESCE(MAX(position), 0) + 1, $3, $4, 'waiting', 0, \
             COALESCE(MAX(next_try), $5), $5, $6, $7 FROM webhooks WHERE subject = $2",
        )
        .bind(self.id)
        .bind(self.subject)
        .bind(self.kind)
        .bind(self.body)
        .bind(now)
        .bind(self.user.tenant)
        .bind(self.user.user)
        .execute(&mut **transaction)
        .await?;
        Ok(())
    }
}

/// A webhook that a worker holds.
#[derive(Clone, Debug)]
pub(super) struct Claimed {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) body: String,
    /// This try's number, counted from 1.
    pub(super) tries: i64,
    subject: String,
}

/// A webhook that is not tried any more.
#[derive(Clone, Debug)]
pub struct SetAsideWebhook {
    /// Its id, the same in the body.
    pub id: String,
    /// Its type.
    pub kind: String,
    /// How often it was tried.
    pub attempts: i64,
    /// Why the last try failed, in plain words.
    pub reason: Option<String>,
    /// When it happened, in seconds since 1970.
    pub created_at: i64,
}

/// The table, to those who empty it. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    database: Database,
}

impl Queue {
    pub(super) fn new(database: Database) -> Self {
        Self { database }
    }

    pub(super) async fn now(&self) -> Result<i64, sqlx::Error> {
        self.database.now().await
    }

    /// Gives back what a crashed process had taken, where the database serves one process and
    /// none of its workers runs yet; elsewhere claims run out by themselves.
    pub(super) async fn free_claims(&self) -> Result<(), sqlx::Error> {
        if self.database.is_exclusive() {
            sqlx::query(
                "UPDATE webhooks SET claimed_until = NULL \
                 WHERE state = 'waiting' AND claimed_until IS NOT NULL",
            )
            .execute(self.database.pool())
            .await?;
        }
        Ok(())
    }

    /// Takes the webhook that is due longest, if any, and never one before an earlier one
    /// of the same subject.
    pub(super) async fn claim(&self) -> Result<Option<Claimed>, sqlx::Error> {
        let now = self.database.now().await?;
        // Looking costs no lock; claiming does, even where there is nothing to claim.
        let is_due: Option<i64> = sqlx::query_scalar(
            "SELECT 1 FROM webhooks WHERE state = 'waiting' AND next_try <= $1 \
             ORDER BY next_try LIMIT 1",
        )
        .bind(now)
        .fetch_optional(self.database.pool())
        .await?;
        if is_due.is_none() {
            return Ok(None);
        }
        let row = sqlx::query(self.database.dialect(CLAIM))
            .bind(now + CLAIM_SECONDS)
            .bind(now)
            .fetch_optional(self.database.pool())
            .await?;
        row.map(|row| {
            Ok(Claimed {
                id: row.try_get("id")?,
                kind: row.try_get("type")?,
                body: row.try_get("body")?,
                tries: row.try_get("attempts")?,
                subject: row.try_get("subject")?,
            })
        })
        .transpose()
    }

    /// The platform has taken it.
    pub(super) async fn delivered(&self, claimed: &Claimed) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM webhooks WHERE id = $1")
            .bind(&claimed.id)
            .execute(self.database.pool())
            .await?;
        Ok(())
    }

    /// Tries it again later, and with it all that waits for it.
    pub(super) async fn again(
        &self,
        claimed: &Claimed,
        after: Duration,
        why: &str,
    ) -> Result<(), sqlx::Error> {
        let (mut transaction, now) = self.database.write().await?;
        let seconds = i64::try_from(after.as_secs()).unwrap_or(i64::MAX);
        let next_try = now.saturating_add(seconds);
        sqlx::query("UPDATE webhooks SET claimed_until = NULL, last_error = $2 WHERE id = $1")
            .bind(&claimed.id)
            .bind(why)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("UPDATE webhooks SET next_try = $2 WHERE subject = $1 AND state = 'waiting'")
            .bind(&claimed.subject)
            .bind(next_try)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    /// Does not try it again, and holds up the next of its subject no longer.
    pub(super) async fn set_aside(&self, claimed: &Claimed, why: &str) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE webhooks SET state = 'set_aside', claimed_until = NULL, last_error = $2 \
             WHERE id = $1",
        )
        .bind(&claimed.id)
        .bind(why)
        .execute(self.database.pool())
        .await?;
        Ok(())
    }

    /// What was set aside, oldest first.
    pub(super) async fn in_set_aside(
        &self,
        limit: u32,
    ) -> Result<Vec<SetAsideWebhook>, sqlx::Error> {
        let rows = sqlx::query(
            "SELECT id, type, attempts, last_error, created_at FROM webhooks \
             WHERE state = 'set_aside' ORDER BY created_at, id LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(self.database.pool())
        .await?;
        let webhook = |row: &sqlx::any::AnyRow| {
            Ok(SetAsideWebhook {
                id: row.try_get("id")?,
                kind: row.try_get("type")?,
                attempts: row.try_get("attempts")?,
                reason: row.try_get("last_error")?,
                created_at: row.try_get("created_at")?,
            })
        };
        rows.iter().map(webhook).collect()
    }

    /// Tries all of them again.
    pub(super) async fn retry_set_aside(&self) -> Result<u64, sqlx::Error> {
        let (mut transaction, now) = self.database.write().await?;
        let retried = sqlx::query(
            "UPDATE webhooks SET state = 'waiting', attempts = 0, next_try = $1, \
             claimed_until = NULL WHERE state = 'set_aside'",
        )
        .bind(now)
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        transaction.commit().await?;
        Ok(retried)
    }
}
