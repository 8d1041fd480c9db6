//! What the end of a push means for its delivery: done, again later, or never.

use super::{
    deliveries::{Delivery, Settled, State},
    remote::Remote,
};
use crate::plugin::{CallError, types};

/// Tries of something that looks transient before it is set aside.
const MAX_ATTEMPTS: i64 = 20;

/// The longest wait between two tries that no provider asked for, in seconds.
const MAX_BACKOFF: i64 = 3_600;

/// How long an operator's mistake is left alone before it is tried again, in seconds.
const MISCONFIGURED_RETRY: i64 = 300;

/// The reason of deliveries to a calendar that is not there any more.
pub(crate) const CALENDAR_GONE: &str = "the chosen calendar no longer exists";

/// What is to happen after a failed push.
pub(super) enum Outcome {
    /// Note this.
    Settle(Settled),
    /// The grant is dead: all work of the connection stops.
    Reconnect(String),
    /// Nothing is connected any more.
    Forget,
}

/// Decides by the error; the reason is for the platform and its user.
pub(super) fn of_failure(delivery: &Delivery, error: &CallError) -> Outcome {
    use types::Error;
    let error = match error {
        CallError::Plugin(error) => error,
        CallError::Trapped(_) | CallError::TimedOut | CallError::OutOfMemory => {
            return again(delivery, "the calendar could not be reached", None);
        }
    };
    match error {
        Error::Retry(advice) => {
            let reason = match advice.cause {
                types::RetryCause::RateLimited => "the provider asked to slow down",
                types::RetryCause::QuotaExhausted => "the provider's daily allowance is used up",
                types::RetryCause::Unavailable => "the provider is not available",
                types::RetryCause::NoReply => "the provider did not answer",
            };
            again(delivery, reason, advice.after.map(i64::from))
        }
        Error::NotConfigured(_) | Error::Misconfigured(_) => again(
            delivery,
            "the provider is temporarily unavailable",
            Some(MISCONFIGURED_RETRY),
        ),
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

fn again(delivery: &Delivery, reason: &str, after: Option<i64>) -> Outcome {
    if delivery.attempts >= MAX_ATTEMPTS {
        return never(
            delivery,
            &format!("{reason}, {MAX_ATTEMPTS} times in a row"),
        );
    }
    settle(
        delivery,
        State::Waiting,
        reason,
        Some(after.unwrap_or_else(|| backoff(delivery))),
    )
}

fn never(delivery: &Delivery, reason: &str) -> Outcome {
    settle(delivery, State::Failed, reason, None)
}

fn settle(delivery: &Delivery, state: State, reason: &str, retry_in: Option<i64>) -> Outcome {
    let remote: Option<Remote> = delivery.remote.clone();
    Outcome::Settle(Settled {
        state,
        reason: Some(reason.to_owned()),
        remote,
        retry_in,
    })
}

/// Doubles with every try, with full jitter, so that what failed together does not come
/// back together.
fn backoff(delivery: &Delivery) -> i64 {
    let exponent = u32::try_from(delivery.attempts.clamp(0, 12)).unwrap_or_default();
    let ceiling = 2_i64.pow(exponent).min(MAX_BACKOFF);
    let mut random = [0; 8];
    // Without randomness the ceiling itself serves.
    match getrandom::fill(&mut random) {
        Ok(()) => 1 + (u64::from_le_bytes(random) % ceiling.cast_unsigned()).cast_signed(),
        Err(_) => ceiling,
    }
}
