//! What providers allow an app and each of its users, and what an operator says instead.
//! It counts nothing.

use crate::config::Environment;
use governor::Quota;
use std::{num::NonZeroU32, time::Duration};

const MINUTE: Duration = Duration::from_secs(60);

/// How the names of settings end, after the provider's id in capitals.
const PER_APP: &str = "_REQUESTS_PER_MINUTE";
const PER_USER: &str = "_REQUESTS_PER_MINUTE_PER_USER";

/// The least that can be configured, in requests a minute. A push takes up to four requests,
/// and a call ends after half a minute: with fewer, calls would end before they could begin.
const LEAST: u32 = 60;

/// Percent of an allowance that is spent evenly.
const EVENLY: u32 = 95;

/// Percent of it that may be spent at once after a rest. The last percent is left to requests
/// that overtake each other on the road: the provider counts when they arrive.
const AT_ONCE: u32 = 4;

/// How long a request may wait for its turn among those of all workers of a provider.
const WAIT: Duration = Duration::from_secs(2);

/// So many requests in any window of this length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Requests.
    pub requests: u32,
    /// The length of the window.
    pub window: Duration,
}

impl Allowance {
    const fn per_minute(requests: u32) -> Self {
        Self {
            requests,
            window: MINUTE,
        }
    }

    /// Requests that may go out one after the other in a window, without the burst.
    fn evenly(self) -> u32 {
        percent(self.requests, EVENLY)
    }

    /// In any window at most `AT_ONCE + EVENLY` percent of it leave: the burst, and what
    /// comes back during the window.
    pub(super) fn quota(self) -> Option<Quota> {
        let burst = NonZeroU32::new(percent(self.requests, AT_ONCE))?;
        let quota = Quota::with_period(self.window.checked_div(self.evenly())?)?;
        Some(quota.allow_burst(burst))
    }
}

/// At least one.
fn percent(of: u32, percent: u32) -> u32 {
    let part = u64::from(of) * u64::from(percent) / 100;
    u32::try_from(part).unwrap_or(u32::MAX).max(1)
}

/// What one provider allows. `None`: no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Requests for one user's account.
    pub per_user: Option<Allowance>,
    /// Requests for all users together.
    pub per_app: Option<Allowance>,
    /// Calls for one user's account that run at the same time.
    pub at_once: Option<usize>,
}

/// A budget that is not one.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "{setting} is not a number of requests that calls can do with. Set it to {LEAST} or more \
     a minute, to 0 for no limit, or leave it out for the provider's own figure"
)]
pub struct BudgetError {
    /// The name of the setting.
    pub setting: String,
}

impl Budget {
    /// What the vendors publish: Google's "Manage quotas" of the Calendar API (600 a minute
    /// and user, 10,000 a minute and project), Microsoft's "Throttling limits" of Outlook
    /// (10,000 in 10 minutes and 4 at a time, per app and mailbox). Others: no limit.
    pub fn published(provider: &str) -> Self {
        match provider {
            "google" => Self {
                per_user: Some(Allowance::per_minute(600)),
                per_app: Some(Allowance::per_minute(10_000)),
                at_once: None,
            },
            "outlook" => Self {
                per_user: Some(Allowance {
                    requests: 10_000,
                    window: MINUTE.saturating_mul(10),
                }),
                per_app: None,
                at_once: Some(4),
            },
            _ => Self::default(),
        }
    }

    /// The published one, unless the operator says otherwise: `GOOGLE_REQUESTS_PER_MINUTE` for
    /// the app and `GOOGLE_REQUESTS_PER_MINUTE_PER_USER`, with any provider's id.
    ///
    /// # Errors
    /// Names the setting that is wrong.
    pub fn configured(provider: &str, settings: &Environment) -> Result<Self, BudgetError> {
        let published = Self::published(provider);
        let provider = provider.to_ascii_uppercase();
        let per_app = format!("{provider}{PER_APP}");
        let per_user = format!("{provider}{PER_USER}");
        Ok(Self {
            per_user: read(per_user, settings, published.per_user)?,
            per_app: read(per_app, settings, published.per_app)?,
            ..published
        })
    }

    /// Whether a setting by this name, of any provider's, is a budget that calls can do with.
    /// What is no budget by its name passes.
    ///
    /// # Errors
    /// It is not.
    pub fn check(name: &str, settings: &Environment) -> Result<(), BudgetError> {
        let is_budget = [PER_APP, PER_USER]
            .iter()
            .any(|suffix| name.ends_with(suffix));
        match is_budget {
            true => read(name.to_owned(), settings, None).map(drop),
            false => Ok(()),
        }
    }

    /// How many workers may push to this provider, of `most`. Each has one request on its way
    /// or waiting, so that none waits longer than their number divided by what the app may send
    /// in a second: here 2 s. Google's 158 a second keep 24 workers waiting 0.15 s.
    pub fn workers(&self, most: usize) -> usize {
        let Some(allowance) = self.per_app else {
            return most;
        };
        let window = allowance.window.as_millis().max(1);
        let turns = u128::from(allowance.evenly()) * WAIT.as_millis() / window;
        usize::try_from(turns).unwrap_or(most).clamp(1, most.max(1))
    }
}

fn read(
    setting: String,
    settings: &Environment,
    published: Option<Allowance>,
) -> Result<Option<Allowance>, BudgetError> {
    let Some(text) = settings.get(&setting) else {
        return Ok(published);
    };
    match text.parse() {
        Ok(0) => Ok(None),
        Ok(requests) if requests >= LEAST => Ok(Some(Allowance::per_minute(requests))),
        Ok(_) | Err(_) => Err(BudgetError { setting }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::{RateLimiter, clock::FakeRelativeClock};

    #[test]
    fn no_sliding_window_holds_more_than_the_allowance() {
        for (requests, window) in [(60, 60), (600, 60), (10_000, 60), (10_000, 600)] {
            let allowance = Allowance {
                requests,
                window: Duration::from_secs(window),
            };
            let clock = FakeRelativeClock::default();
            let limiter = RateLimiter::direct_with_clock(allowance.quota().unwrap(), clock.clone());
            let step = Duration::from_secs(window) / (4 * requests);
            let mut left = std::collections::VecDeque::new();
            let mut most = 0;
            // A greedy caller, with a rest in the middle that fills the burst up again.
            for tick in 0..12 * requests {
                clock.advance(step);
                let is_resting = (5 * requests..6 * requests).contains(&tick);
                while !is_resting && limiter.check().is_ok() {
                    left.push_back(tick);
                }
                while left
                    .front()
                    .is_some_and(|first| first + 4 * requests <= tick)
                {
                    left.pop_front();
                }
                most = most.max(left.len());
            }
            let allowed = usize::try_from(requests).unwrap();
            assert!(most <= allowed, "{most} of {requests} in {window} s");
            assert!(most * 100 >= allowed * 95, "{most} of {requests}");
        }
    }

    #[test]
    fn operators_raise_lower_and_lift_budgets_by_name() {
        let read = |pairs: &[(&str, &str)]| {
            let settings = Environment::from_pairs(pairs.iter().copied());
            Budget::configured("google", &settings)
        };
        assert_eq!(read(&[]).unwrap(), Budget::published("google"));
        let other = read(&[
            ("GOOGLE_REQUESTS_PER_MINUTE", "0"),
            ("GOOGLE_REQUESTS_PER_MINUTE_PER_USER", "1200"),
        ]);
        let other = other.unwrap();
        assert_eq!(other.per_app, None);
        assert_eq!(other.per_user, Some(Allowance::per_minute(1_200)));
        for wrong in ["59", "-1", "many", "1e9", "99999999999"] {
            let error = read(&[("GOOGLE_REQUESTS_PER_MINUTE_PER_USER", wrong)]).unwrap_err();
            assert_eq!(error.setting, "GOOGLE_REQUESTS_PER_MINUTE_PER_USER");
        }
    }

    #[test]
    fn fewer_workers_push_where_the_app_may_send_little() {
        let workers = |requests: Option<u32>| {
            let budget = Budget {
                per_app: requests.map(Allowance::per_minute),
                ..Budget::default()
            };
            budget.workers(24)
        };
        assert_eq!(
            [None, Some(10_000), Some(600), Some(60)].map(workers),
            [24, 24, 19, 1]
        );
    }
}
