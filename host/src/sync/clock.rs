//! Notices that the database's clock was set back, and brings what waits for a time that is
//! now far away near again (case 46). A clock that was set forward needs nothing: what is
//! due early is due, and budgets and turns keep it from being a storm.

use crate::db::Database;
use std::time::Instant;

/// A clock that loses less than this, in seconds, is corrected and not set back.
const NOTICED: i64 = 120;

/// Over how many seconds work is spread whose time is not known any more.
const SPREAD: i64 = 300;

/// What one dispatcher has seen of the clock.
#[derive(Debug, Default)]
pub(super) struct Clock {
    last: Option<(Instant, i64)>,
}

impl Clock {
    /// Looks at the clock. After a step back, what waits at this provider is spread over the
    /// next minutes; doing that twice does no harm.
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
        for bring_near in [
            "UPDATE deliveries SET next_try = $2 + (next_try - $2) % $3 \
             WHERE provider = $1 AND state = 'waiting' AND next_try > $2 + $3",
            "UPDATE lanes SET due_at = $2 + (due_at - $2) % $3 \
             WHERE provider = $1 AND due_at > $2 + $3",
            "UPDATE lanes SET paused_until = $2 + (paused_until - $2) % $3 \
             WHERE provider = $1 AND paused_until > $2 + $3",
            "UPDATE provider_pauses SET paused_until = $2 + (paused_until - $2) % $3 \
             WHERE provider = $1 AND paused_until > $2 + $3",
        ] {
            sqlx::query(bring_near)
                .bind(provider)
                .bind(now)
                .bind(SPREAD)
                .execute(&mut *transaction)
                .await?;
        }
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
    use std::time::Duration;

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
