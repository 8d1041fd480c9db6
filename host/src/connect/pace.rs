//! How often one user may begin to connect: each time costs a call of the plugin and a row,
//! and nobody needs it more than a few times. Counted per process, as budgets are.

use super::FlowError;
use crate::{subject::Subject, sweep::Sweep};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock};
use std::{num::NonZeroU32, sync::Arc};

/// What a user may do at once and then a minute: far more than anybody who looks at a page.
pub const CONNECTS_PER_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(19);

/// Counts what users begin. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Pace(Arc<Counted>);

#[derive(Debug)]
struct Counted {
    limiter: DefaultKeyedRateLimiter<Subject>,
    sweep: Sweep,
}

impl Pace {
    pub(super) fn new(per_minute: NonZeroU32) -> Self {
        Self(Arc::new(Counted {
            limiter: RateLimiter::keyed(Quota::per_minute(per_minute)),
            sweep: Sweep::default(),
        }))
    }

    /// Counts one more.
    ///
    /// # Errors
    /// [`FlowError::TooOften`], where it is one too many; it is not counted then.
    pub(super) fn count(&self, subject: &Subject) -> Result<(), FlowError> {
        let Counted { limiter, sweep } = &*self.0;
        sweep.count(limiter);
        limiter.check_key(subject).map_err(|not_yet| {
            let wait = not_yet.wait_time_from(limiter.clock().now());
            // In whole seconds, and late rather than early.
            let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX);
            FlowError::TooOften(seconds.saturating_add(1))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::EVERY;

    #[test]
    fn a_user_who_connects_too_often_hears_how_long_and_nobody_else_waits() {
        let pace = Pace::new(CONNECTS_PER_MINUTE);
        let [ann, bob] = ["ann", "bob"].map(|user| Subject::new("t", user));
        let refused = (0..100).filter_map(|_| pace.count(&ann).err());
        let waits: Vec<_> = refused
            .map(|error| match error {
                FlowError::TooOften(seconds) => seconds,
                other => panic!("{other}"),
            })
            .collect();
        assert!(waits.len() >= 70, "{waits:?}");
        assert!(
            waits.iter().all(|seconds| (1..=4).contains(seconds)),
            "{waits:?}"
        );
        assert!(pace.count(&bob).is_ok());
        assert!(pace.count(&Subject::new("other", "ann")).is_ok());
    }

    #[test]
    fn users_who_have_rested_are_forgotten() {
        let pace = Pace::new(NonZeroU32::MAX);
        for user in 0..3 * EVERY {
            pace.count(&Subject::new("t", user.to_string())).unwrap();
        }
        let held = pace.0.limiter.len();
        assert!(held < 3 * EVERY as usize / 2, "{held} users are held");
    }
}
