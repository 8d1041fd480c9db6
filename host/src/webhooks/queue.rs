//! The rows of what the platform is to be told.

use super::Change;
use crate::connect::random;
use jiff::Timestamp;
use serde_json::json;
use sqlx::{Any, Transaction};

/// A webhook on its way into the table.
pub(super) struct Queued {
    id: String,
    subject: String,
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
            kind: change.kind(),
            body: body.to_string(),
        })
    }

    pub(super) async fn insert(
        self,
        transaction: &mut Transaction<'static, Any>,
        now: i64,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO webhooks (id, subject, position, type, body, state, attempts, next_try, \
             created_at) SELECT $1, $2, COALESCE(MAX(position), 0) + 1, $3, $4, 'waiting', 0, $5, \
             $5 FROM webhooks WHERE subject = $2",
        )
        .bind(self.id)
        .bind(self.subject)
        .bind(self.kind)
        .bind(self.body)
        .bind(now)
        .execute(&mut **transaction)
        .await?;
        Ok(())
    }
}
