//! Says in the log how a calendar with much to do comes along: at the beginning, every minute,
//! and at the end. A calendar with little to do is not mentioned.

use super::{Deliveries, lanes::Lane};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How often it is said.
const PERIOD: Duration = Duration::from_secs(60);

/// The calendars that are catching up. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct CatchUps {
    deliveries: Deliveries,
    /// When each was mentioned last.
    under_way: Arc<Mutex<HashMap<String, Instant>>>,
}

impl CatchUps {
    pub(super) fn new(deliveries: Deliveries) -> Self {
        Self {
            deliveries,
            under_way: Arc::default(),
        }
    }

    /// After a turn. `has_more`: it was full, so that another one follows.
    pub(super) async fn note(&self, lane: &Lane, has_more: bool) -> Result<(), sqlx::Error> {
        let Some(what) = self.news(lane, has_more) else {
            return Ok(());
        };
        let progress = self
            .deliveries
            .progress(&lane.subject, &lane.provider)
            .await?;
        tracing::info!(
            subject = %lane.subject,
            provider = lane.provider,
            waiting = progress.waiting,
            in_calendar = progress.in_calendar,
            needs_reconnect = progress.needs_reconnect,
            failed = progress.failed,
            "{what}"
        );
        Ok(())
    }

    fn news(&self, lane: &Lane, has_more: bool) -> Option<&'static str> {
        let key = format!("{}\0{}", lane.subject, lane.provider);
        let mut under_way = self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match (has_more, under_way.get(&key)) {
            (true, None) => {
                under_way.insert(key, Instant::now());
                Some("a calendar has much to catch up with")
            }
            (true, Some(said)) if said.elapsed() >= PERIOD => {
                under_way.insert(key, Instant::now());
                Some("a calendar is catching up")
            }
            (true, Some(_)) | (false, None) => None,
            (false, Some(_)) => {
                under_way.remove(&key);
                Some("a calendar has caught up")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{db::Database, subject::Subject};

    #[calport_databases::each_database]
    async fn only_calendars_with_much_to_do_are_mentioned_once_at_each_end() {
        let (database, _folder) = Database::temporary().await;
        let catch_ups = CatchUps::new(Deliveries::new(database));
        let lane = |user: &str| Lane {
            subject: Subject::new("default", user),
            provider: "google".to_owned(),
            claim: String::new(),
            strikes: 0,
        };
        let said = |user, has_more| catch_ups.news(&lane(user), has_more).is_some();
        assert!(!said("bob", false));
        assert_eq!(
            [true, true, false, false].map(|more| said("ann", more)),
            [true, false, true, false]
        );
        assert!(catch_ups.under_way.lock().unwrap().is_empty());
    }
}
