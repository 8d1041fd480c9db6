//! Notices that the database's clock was set back, and brings what waits for a time that is
//! now far away near again (case 46). A clock that was set forward needs nothing: what is
//! due early is due, and budgets and turns keep it from being a storm.

use crate::db::Database;
use std::time::Instant;

/// A clock that loses less than this, in seconds, is corrected and not set back.
const NOTICED: i64 = 120;

/// Over how many seconds work is spread whose time is not known any more.
const SPREAD: i64 = 300;

/// What waits at one provider, for the time, the spread and the provider's id.
const OF_A_PROVIDER: [&str; 6] = [
    "UPDATE deliveries SET next_try = $1 + (next_try - $1) % $2 \
     WHERE provider = $3 AND state = 'waiting' AND next_try > $1 + $2",
    "UPDATE lanes SET due_at = $1 + (due_at - $1) % $2 \
     WHERE provider = $3 AND due_at > $1 + $2",
    "UPDATE lanes SET paused_until = $1 + (paused_until - $1) % $2 \
     WHERE provider = $3 AND paused_until > $1 + $2",
    "UPDATE provider_pauses SET paused_until = $1 + (paused_until - $1) % $2 \
     WHERE provider = $3 AND paused_until > $1 + $2",
    "UPDATE watches SET next_poll = $1 + (next_poll - $1) % $2 \
     WHERE provider = $3 AND next_poll > $1 + $2",
    "UPDATE revocations SET next_try = $1 + (next_try - $1) % $2 \
     WHERE provider = $3 AND next_try > $1 + $2",
];

/// What waits for the platform.
const OF_NONE: &str = "UPDATE webhooks SET next_try = $1 + (next_try - $1) % $2 \
     WHERE state = 'waiting' AND next_try > $1 + $2";

/// What one dispatcher has seen of the clock.
#[derive(Debug, Default)]
pub(super) struct Clock {
    last: Option<(Instant, i64)>,
}

impl Clock {
    /// Looks at the clock. After a step back, what waits at this provider, or for the
    /// platform, is spread over the next minutes; doing that twice does no harm.
    pub(super) async fn look(
        &mut self,
        database: &Database,
        provider: &str,
    ) -> Result<(), sqlx::Error> {
        let now = database.now().await?;
        let lost = self.lost(Instant::now(), now);
        if lost <= NOTICED {
            return Ok(());
        }
        tracing::warn!(provider, lost, "the database's clock was set back");
        let (mut transaction, now) = database.write().await?;
        for bring_near in OF_A_PROVIDER {
            sqlx::query(bring_near)
                .bind(now)
                .bind(SPREAD)
                .bind(provider)
                .execute(&mut *transaction)
                .await?;
        }
        sqlx::query(OF_NONE)
            .bind(now)
            .bind(SPREAD)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    /// Seconds by which the clock is behind where it should be.
    fn lost(&mut self, at: Instant, now: i64) -> i64 {
        let last = self.last.replace((at, now));
        let Some((last_at, last)) = last else {
            return 0;
        };
        let passed = i64::try_from((at - last_at).as_secs()).unwrap_or(i64::MAX);
        last.saturating_add(passed).saturating_sub(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calport_databases::each_database;
    use std::time::Duration;

    #[each_database]
    async fn case_46_whatever_waited_for_a_time_on_the_old_clock_waits_minutes_at_most() {
        let (database, _folder) = Database::temporary().await;
        let now = database.now().await.unwrap();
        let far = now + 86_400;
        for insert in [
            "INSERT INTO watches (tenant, user_id, provider, account_id, calendar_id, next_poll) \
             VALUES ('t', 'ann', 'google', 'a', 'c', $1)",
            "INSERT INTO revocations (id, provider, held, attempts, next_try, created_at) \
             VALUES ('r', 'google', '', 1, $1, 0)",
            "INSERT INTO webhooks (id, subject, position, type, body, state, attempts, next_try, \
             created_at) VALUES ('w', '', 1, '', '{}', 'waiting', 1, $1, 0)",
        ] {
            let insert = sqlx::query(insert).bind(far);
            insert.execute(database.pool()).await.unwrap();
        }
        let mut clock = Clock {
            last: Some((Instant::now(), far)),
        };
        clock.look(&database, "google").await.unwrap();
        for waiting in [
            "SELECT next_poll FROM watches",
            "SELECT next_try FROM revocations",
            "SELECT next_try FROM webhooks",
        ] {
            let until: i64 = sqlx::query_scalar(waiting)
                .fetch_one(database.pool())
                .await
                .unwrap();
            assert!((now..=now + SPREAD + 60).contains(&until), "{waiting}");
        }
    }

    #[test]
    fn case_46_only_a_clock_that_was_set_back_has_lost_time() {
        let mut clock = Clock::default();
        let begin = Instant::now();
        assert_eq!(clock.lost(begin, 1_000_000), 0);
        let later = begin + Duration::from_secs(60);
        assert_eq!(clock.lost(later, 1_000_060), 0);
        assert!(clock.lost(later + Duration::from_secs(1), 1_086_461) < 0);
        assert_eq!(
            clock.lost(later + Duration::from_secs(2), 1_000_062),
            86_400
        );
        assert_eq!(clock.lost(later + Duration::from_secs(3), 1_000_063), 0);
    }
}
