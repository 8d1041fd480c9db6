//! Calendars whose turn it is and that cannot be looked at: dead, left, paused. Their turn is
//! passed over; otherwise they would stand before all others, and be walked past at every look.

use super::{Watches, spread};
use crate::db::Dialects;
use std::time::Duration;

/// Those at the head of the list. A literal: statements are never put together at run time.
macro_rules! idle {
    ($columns:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM watches w WHERE w.next_poll <= $1 \
             AND w.next_poll <= COALESCE((SELECT h.next_poll FROM watches h \
               WHERE h.next_poll <= $1 ORDER BY h.next_poll LIMIT 1 OFFSET $2), $1) \
             AND (NOT EXISTS (SELECT 1 FROM connections c WHERE c.tenant = w.tenant \
                 AND c.user_id = w.user_id AND c.provider = w.provider \
                 AND c.reconnect_reason IS NULL AND c.leaving_at IS NULL) \
               OR EXISTS (SELECT 1 FROM provider_pauses p \
                 WHERE p.provider = w.provider AND p.paused_until > $1) \
               OR EXISTS (SELECT 1 FROM lanes l WHERE l.tenant = w.tenant \
                 AND l.user_id = w.user_id AND l.provider = w.provider \
                 AND l.paused_until > $1)) \
             ORDER BY w.next_poll LIMIT $2"
        )
    };
}

/// Passes over those; what another replica is at is left as it is.
const PASS_OVER: Dialects = Dialects {
    sqlite: concat!(
        "UPDATE watches SET next_poll = $3 WHERE (tenant, user_id, provider) IN (",
        idle!("w.tenant, w.user_id, w.provider"),
        ")"
    ),
    postgres: concat!(
        "UPDATE watches SET next_poll = $3 WHERE ctid = ANY (ARRAY (",
        idle!("w.ctid"),
        " FOR UPDATE OF w SKIP LOCKED))"
    ),
};

/// How far the list is looked through for them at once: nothing that can be looked at waits
/// for all that cannot.
const HEAD: i64 = 200;

impl Watches {
    /// Passes over some, until their next turn in an interval.
    pub(super) async fn pass_over(&self, now: i64, interval: Duration) -> Result<(), sqlx::Error> {
        // Looking costs no lock; writing does, even where there is nothing to write.
        let is_any: Option<i64> = sqlx::query_scalar(concat!(
            "SELECT CAST(1 AS BIGINT) FROM (",
            idle!("w.next_poll"),
            ") i LIMIT 1"
        ))
        .bind(now)
        .bind(HEAD)
        .fetch_optional(self.database.pool())
        .await?;
        if is_any.is_none() {
            return Ok(());
        }
        sqlx::query(self.database.dialect(PASS_OVER))
            .bind(now)
            .bind(HEAD)
            .bind(now + spread(interval).max(1))
            .execute(self.database.pool())
            .await?;
        Ok(())
    }
}
