//! What runs out by itself, and what was set aside or noted long ago.

use super::{BATCH, Cutoffs, Round};
use crate::db::Database;

/// Rows of one table that have run out.
struct RunOut {
    what: &'static str,
    remove: &'static str,
    before: fn(&Cutoffs) -> i64,
}

const ALL: [RunOut; 8] = [
    RunOut {
        what: "flows",
        remove: "DELETE FROM flows WHERE state_hash IN (SELECT state_hash FROM flows \
                 WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        before: |cutoffs| cutoffs.now,
    },
    RunOut {
        what: "parked_callbacks",
        remove: "DELETE FROM parked_callbacks WHERE handle_hash IN (SELECT handle_hash \
                 FROM parked_callbacks WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        before: |cutoffs| cutoffs.now,
    },
    RunOut {
        what: "page_tickets",
        remove: "DELETE FROM page_tickets WHERE ticket_hash IN (SELECT ticket_hash \
                 FROM page_tickets WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        before: |cutoffs| cutoffs.now,
    },
    RunOut {
        what: "page_sessions",
        remove: "DELETE FROM page_sessions WHERE session_hash IN (SELECT session_hash \
                 FROM page_sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        before: |cutoffs| cutoffs.now,
    },
    RunOut {
        what: "idempotency_keys",
        remove: "DELETE FROM idempotency_keys WHERE key_hash IN (SELECT key_hash \
                 FROM idempotency_keys WHERE expires_at < $1 ORDER BY expires_at LIMIT $2) \
                 AND expires_at < $1",
        before: |cutoffs| cutoffs.now,
    },
    RunOut {
        what: "webhooks",
        remove: "DELETE FROM webhooks WHERE id IN (SELECT id FROM webhooks \
                 WHERE state = 'set_aside' AND created_at < $1 ORDER BY created_at LIMIT $2) \
                 AND state = 'set_aside'",
        before: |cutoffs| cutoffs.webhooks,
    },
    // Where the receiver was taken away nobody tries them, nor sets them aside.
    RunOut {
        what: "webhooks",
        remove: "DELETE FROM webhooks WHERE id IN (SELECT id FROM webhooks \
                 WHERE state = 'waiting' AND created_at < $1 ORDER BY next_try LIMIT $2) \
                 AND state = 'waiting'",
        before: |cutoffs| cutoffs.webhooks,
    },
    RunOut {
        what: "audit",
        remove: "DELETE FROM audit WHERE id IN (SELECT id FROM audit \
                 WHERE at < $1 ORDER BY at LIMIT $2)",
        before: |cutoffs| cutoffs.audit,
    },
];

impl Round<'_> {
    pub(super) async fn run_out(&mut self, cutoffs: &Cutoffs) -> Result<(), sqlx::Error> {
        for kind in ALL {
            while self.may_go_on().await? {
                let rows = kind.remove(&self.retention.database, cutoffs).await?;
                if !self.step(kind.what, rows).await {
                    break;
                }
            }
        }
        Ok(())
    }
}

impl RunOut {
    async fn remove(&self, database: &Database, cutoffs: &Cutoffs) -> Result<u64, sqlx::Error> {
        let (mut transaction, _) = database.write().await?;
        let gone = sqlx::query(self.remove)
            .bind((self.before)(cutoffs))
            .bind(BATCH)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(gone.rows_affected())
    }
}
