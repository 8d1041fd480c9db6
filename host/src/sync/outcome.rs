//! What the end of a push means: for its delivery, for its calendar, for its provider.

use super::{
    backoff::{backoff, seconds},
    delivery::{Delivery, State},
    ledger::Settled,
};
use crate::plugin::{CallError, types};
use std::time::Duration;

/// Tries of something that looks transient before it is set aside: with these waits, about
/// half a day of trouble.
const MAX_ATTEMPTS: i64 = 20;

/// The longest wait between two tries that no provider asked for.
const MAX_BACKOFF: Duration = Duration::from_secs(3_600);

/// The longest pause of a calendar whose provider said "slow down" without saying how long.
const MAX_SLOW_DOWN: Duration = Duration::from_secs(300);

/// How long an operator's mistake is left alone before it is tried again, in seconds.
const MISCONFIGURED_RETRY: i64 = 300;

/// How long a daily allowance that is used up is left alone when nobody says, in seconds.
const QUOTA_RETRY: i64 = 3_600;

/// The reason of deliveries to a calendar that is not there any more.
pub(crate) const CALENDAR_GONE: &str = "the chosen calendar no longer exists";

/// The reason of deliveries while the app itself is refused.
pub(crate) const UNAVAILABLE: &str = "the provider is temporarily unavailable";

/// What is to happen after a failed push.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Note this; the calendar's other work goes on.
    Settle(Settled),
    /// Note this; the provider may be down.
    Down(Settled),
    /// The grant is dead: all work of the connection stops.
    Reconnect(String),
    /// Nothing is connected any more.
    Forget,
    /// Leave this calendar alone for so many seconds. The delivery is not to blame.
    PauseLane(i64, &'static str),
    /// Leave the provider alone for so many seconds. No user is to blame.
    PauseProvider(i64, &'static str),
}

/// Decides by the error; the reason is for the platform and its user. `strikes`: how often
/// in a row the provider asked to slow down.
pub(super) fn of_failure(delivery: &Delivery, strikes: i64, error: &CallError) -> Outcome {
    use types::{Error, RetryCause};
    let error = match error {
        CallError::Plugin(error) => error,
        CallError::TimedOut => {
            return Outcome::Down(again(delivery, "the provider did not answer", None));
        }
        CallError::Trapped(_) | CallError::OutOfMemory | CallError::Improper(_) => {
            return Outcome::Settle(again(delivery, "the plugin failed", None));
        }
    };
    match error {
        Error::Retry(advice) => {
            let asked = advice.after.map(i64::from).map(seconds);
            match advice.cause {
                RetryCause::RateLimited => Outcome::PauseLane(
                    asked.unwrap_or_else(|| backoff(strikes, MAX_SLOW_DOWN)),
                    "the provider asked to slow down",
                ),
                RetryCause::QuotaExhausted => Outcome::PauseProvider(
                    asked.unwrap_or(QUOTA_RETRY),
                    "the provider's daily allowance is used up",
                ),
                RetryCause::Unavailable => {
                    Outcome::Down(again(delivery, "the provider is not available", asked))
                }
                RetryCause::NoReply => {
                    Outcome::Down(again(delivery, "the provider did not answer", asked))
                }
            }
        }
        Error::NotConfigured(_) | Error::Misconfigured(_) => {
            Outcome::PauseProvider(MISCONFIGURED_RETRY, UNAVAILABLE)
        }
        Error::NeedsReconnect(why) => Outcome::Reconnect(why.clone()),
        Error::NeedsScope(_) => {
            Outcome::Reconnect("a permission that calendar sync needs is missing".to_owned())
        }
        Error::NeedsAdmin(_) => {
            Outcome::Reconnect("an administrator has to approve the connection".to_owned())
        }
        Error::Denied => Outcome::Reconnect("access was declined".to_owned()),
        Error::NotConnected => Outcome::Forget,
        Error::Invalid(field) => never(
            delivery,
            &format!("{} {}: {}", field.field, field.problem, field.remedy),
        ),
        Error::Conflict => never(delivery, "the calendar holds a newer revision"),
        Error::Gone => never(delivery, CALENDAR_GONE),
        Error::Rejected(why) => never(delivery, &format!("the provider refused: {why}")),
        Error::Other(_) => never(delivery, "the provider refused"),
    }
}

pub(super) fn again(delivery: &Delivery, reason: &str, after: Option<i64>) -> Settled {
    let attempts = delivery.attempts + 1;
    if attempts >= MAX_ATTEMPTS {
        return set_aside(
            delivery,
            &format!("{reason}, {MAX_ATTEMPTS} times in a row"),
        );
    }
    Settled {
        state: State::Waiting,
        reason: Some(reason.to_owned()),
        remote: delivery.remote.clone(),
        drift: delivery.drift.clone(),
        attempts,
        retry_in: Some(after.unwrap_or_else(|| backoff(delivery.attempts, MAX_BACKOFF))),
    }
}

fn never(delivery: &Delivery, reason: &str) -> Outcome {
    Outcome::Settle(set_aside(delivery, reason))
}

/// Not tried again until somebody asks for it.
pub(super) fn set_aside(delivery: &Delivery, reason: &str) -> Settled {
    Settled {
        state: State::Failed,
        reason: Some(reason.to_owned()),
        remote: delivery.remote.clone(),
        drift: delivery.drift.clone(),
        attempts: delivery.attempts + 1,
        retry_in: None,
    }
}
