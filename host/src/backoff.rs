//! How long to wait before something is tried again.

use backon::{BackoffBuilder, ExponentialBuilder};
use std::time::Duration;

/// The longest wait that a provider may ask for, in seconds: a `Retry-After` of ten years is
/// a mistake of theirs.
const LONGEST: i64 = 86_400;

/// Seconds until try number `tries` + 1: doubles with every try up to `ceiling`, and lasts
/// up to twice as long by chance, so that what failed together does not come back together.
pub(crate) fn backoff(tries: i64, ceiling: Duration) -> i64 {
    let schedule = ExponentialBuilder::new()
        .with_min_delay(Duration::from_secs(1))
        .with_max_delay(ceiling)
        .with_factor(2.0)
        .with_jitter()
        .without_max_times();
    let tries = usize::try_from(tries).unwrap_or_default();
    let wait = schedule.build().nth(tries).unwrap_or(ceiling);
    seconds(wait.as_secs().try_into().unwrap_or(LONGEST))
}

/// What a provider asked for, within reason: 1 second to a day.
pub(crate) fn seconds(asked: i64) -> i64 {
    asked.clamp(1, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_ceiling_and_never_vanish() {
        let ceiling = Duration::from_secs(3_600);
        for tries in 0..40 {
            let at_least = 2_i64.pow(u32::try_from(tries).unwrap().min(12)).min(3_600);
            let wait = backoff(tries, ceiling);
            assert!(
                (at_least..=at_least * 2).contains(&wait),
                "{wait} s after {tries} tries"
            );
        }
    }

    #[test]
    fn case_33_what_providers_ask_for_is_kept_between_a_second_and_a_day() {
        assert_eq!(
            [i64::MIN, -5, 0, 1, 90, 315_360_000].map(seconds),
            [1, 1, 1, 1, 90, 86_400]
        );
    }
}
