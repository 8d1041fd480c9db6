//! Keeps what leaves for a provider within what it allows: a request waits for its turn.
//! Counted where requests leave, whatever caused them; per process, so that replicas divide
//! what they configure. It never drops a request in silence.

mod allowance;

pub use allowance::{Allowance, Budget, BudgetError};

use crate::{sweep::Sweep, vault::Binding};
use governor::{DefaultKeyedRateLimiter, NotUntil, RateLimiter, clock::Clock};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The longest that one request waits: four of them, as many as a push takes, end before the
/// call does. Workers are so few that it takes much else to come near it.
const LONGEST: Duration = Duration::from_secs(5);

type Limiter = DefaultKeyedRateLimiter<String>;

/// The budgets of a plugin's providers.
#[derive(Debug, Default)]
pub(super) struct Budgets(HashMap<String, Arc<Spending>>);

impl Budgets {
    pub(super) fn new(budgets: impl IntoIterator<Item = (String, Budget)>) -> Self {
        let spending = budgets
            .into_iter()
            .map(|(provider, budget)| (provider, Arc::new(Spending::new(budget))));
        Self(spending.collect())
    }

    /// What a provider allows.
    pub(super) fn of(&self, provider: &str) -> Budget {
        let spending = self.0.get(provider);
        spending.map(|spending| spending.budget).unwrap_or_default()
    }

    /// What a call for this account may spend.
    pub(super) fn purse(&self, binding: &Binding) -> Option<Purse> {
        let spending = self.0.get(binding.provider())?.clone();
        let slot = binding.slot();
        // Providers count by account. Until it is known, everybody is one of their own.
        let user = match &slot.account {
            Some(account) => account.clone(),
            None => format!("\0{}\0{}", slot.subject.tenant, slot.subject.user),
        };
        Some(Purse { spending, user })
    }
}

/// One provider's budget and what of it is spent.
#[derive(Debug)]
struct Spending {
    budget: Budget,
    per_user: Option<Limiter>,
    per_app: Option<Limiter>,
    sweep: Sweep,
    at_once: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Spending {
    fn new(budget: Budget) -> Self {
        let limiter = |allowance: Option<Allowance>| Some(RateLimiter::keyed(allowance?.quota()?));
        Self {
            budget,
            per_user: limiter(budget.per_user),
            per_app: limiter(budget.per_app),
            sweep: Sweep::default(),
            at_once: Mutex::default(),
        }
    }

    fn sweep(&self) {
        if let Some(per_user) = &self.per_user {
            self.sweep.count(per_user);
        }
    }

    /// The places of one user's calls.
    fn places(&self, user: &str, at_once: usize) -> Arc<Semaphore> {
        let mut all = self.at_once.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = all.get(user) {
            return places.clone();
        }
        all.retain(|_, places| Arc::strong_count(places) > 1);
        let places = Arc::new(Semaphore::new(at_once));
        all.insert(user.to_owned(), places.clone());
        places
    }
}

/// What one call may spend.
#[derive(Clone, Debug)]
pub(super) struct Purse {
    spending: Arc<Spending>,
    user: String,
}

impl Purse {
    /// Waits for a place among the calls of the same account; kept until the call ends.
    pub(super) async fn enter(&self) -> Option<OwnedSemaphorePermit> {
        let at_once = self.spending.budget.at_once?;
        let places = self.spending.places(&self.user, at_once);
        places.acquire_owned().await.ok()
    }

    /// Waits until one more request may leave.
    ///
    /// # Errors
    /// How long it would take, where that is too long.
    pub(super) async fn spend(&self) -> Result<(), Duration> {
        let until = Instant::now() + LONGEST;
        self.spending.sweep();
        if let Some(per_user) = &self.spending.per_user {
            turn(per_user, &self.user, until).await?;
        }
        if let Some(per_app) = &self.spending.per_app {
            turn(per_app, &String::new(), until).await?;
        }
        Ok(())
    }
}

async fn turn(limiter: &Limiter, key: &String, until: Instant) -> Result<(), Duration> {
    loop {
        let Err(not_yet) = limiter.check_key(key) else {
            return Ok(());
        };
        let wait = wait(&not_yet, limiter);
        if Instant::now() + wait > until {
            return Err(wait);
        }
        tokio::time::sleep(wait).await;
    }
}

fn wait(not_yet: &NotUntil<Instant>, limiter: &Limiter) -> Duration {
    not_yet.wait_time_from(limiter.clock().now())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::EVERY;

    fn spending(requests: u32, window: Duration) -> Arc<Spending> {
        let per_user = Some(Allowance { requests, window });
        Arc::new(Spending::new(Budget {
            per_user,
            at_once: Some(4),
            ..Budget::default()
        }))
    }

    fn purse(spending: &Arc<Spending>, user: &str) -> Purse {
        Purse {
            spending: spending.clone(),
            user: user.to_owned(),
        }
    }

    #[tokio::test]
    async fn who_would_wait_too_long_hears_how_long_and_nobody_else_waits() {
        let spending = spending(25, Duration::from_secs(3_600));
        let ann = purse(&spending, "ann");
        assert_eq!(ann.spend().await, Ok(()));
        let wait = ann.spend().await.unwrap_err();
        assert!(
            wait > LONGEST && wait <= Duration::from_secs(3_600 / 23 + 1),
            "{wait:?}"
        );
        assert_eq!(purse(&spending, "bob").spend().await, Ok(()));
    }

    #[tokio::test]
    async fn users_who_have_rested_are_forgotten() {
        let spending = spending(60_000, Duration::from_millis(60));
        for user in 0..3 * EVERY {
            assert_eq!(purse(&spending, &user.to_string()).spend().await, Ok(()));
        }
        let held = spending.per_user.as_ref().unwrap().len();
        assert!(held < 3 * EVERY as usize / 2, "{held} users are held");
    }

    #[tokio::test]
    async fn an_account_has_so_many_calls_at_once_and_its_places_come_free() {
        let spending = spending(1_000, Duration::from_secs(1));
        let ann = purse(&spending, "ann");
        let mut held = Vec::new();
        for _ in 0..4 {
            held.push(ann.enter().await.unwrap());
        }
        let mut fifth = Box::pin(ann.enter());
        assert!(futures::poll!(&mut fifth).is_pending());
        assert!(purse(&spending, "bob").enter().await.is_some());
        held.pop();
        assert!(fifth.await.is_some());
        drop(held);
        drop(purse(&spending, "eve").enter().await);
        assert_eq!(spending.at_once.lock().unwrap().len(), 1, "only the newest");
    }
}
