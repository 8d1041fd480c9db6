//! How long a call has kept a thread busy: what its guest computes, and what the host computes
//! for it, count; waiting does not. (Epochs that pass during a call into the host are not seen
//! by the guest's own checks: a guest that does little else was cut off four times too late.)

use std::{future::poll_fn, pin::pin, task::Poll, time::Duration};

#[cfg(unix)]
use rustix::time::{ClockId, clock_gettime};

/// What counts as being busy.
#[derive(Clone, Copy, Debug)]
pub(super) enum Clock {
    /// The time that passes meanwhile.
    Wall,
    /// What the thread computes, however long the system lets others go first.
    Processor,
}

impl Clock {
    /// Counted from anywhere.
    fn now(self) -> Duration {
        #[cfg(unix)]
        let id = match self {
            Self::Wall => ClockId::Monotonic,
            Self::Processor => ClockId::ThreadCPUTime,
        };
        #[cfg(unix)]
        return clock_gettime(id).try_into().unwrap_or_default();
        #[cfg(not(unix))]
        std::time::UNIX_EPOCH.elapsed().unwrap_or_default()
    }
}

/// Runs `work` until it has been busy for longer than `budget`; `None` then. It is looked at
/// whenever the work gives way, which a guest does with every epoch.
pub(super) async fn within<F: Future>(
    clock: Clock,
    budget: Duration,
    work: F,
) -> Option<F::Output> {
    let mut work = pin!(work);
    let mut left = budget;
    poll_fn(move |context| {
        let began = clock.now();
        let polled = work.as_mut().poll(context);
        left = left.saturating_sub(clock.now().saturating_sub(began));
        match polled {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left.is_zero() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waiting_costs_nothing() {
        // Longer than the budget, as a provider's answer may be.
        let waiting = tokio::time::sleep(Duration::from_millis(200));
        assert_eq!(
            within(Clock::Wall, Duration::from_millis(100), waiting).await,
            Some(())
        );
    }

    #[tokio::test]
    async fn work_that_gives_way_again_and_again_ends_with_its_budget() {
        let busy = async {
            loop {
                std::thread::sleep(Duration::from_millis(1));
                tokio::task::yield_now().await;
            }
        };
        let ended: Option<()> = within(Clock::Wall, Duration::from_millis(5), busy).await;
        assert_eq!(ended, None);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_thread_that_must_wait_for_its_processor_does_not_compute() {
        let kept_waiting = async {
            for _ in 0..50 {
                std::thread::sleep(Duration::from_millis(2));
                tokio::task::yield_now().await;
            }
        };
        let ended = within(Clock::Processor, Duration::from_millis(100), kept_waiting);
        assert_eq!(ended.await, Some(()));
        let busy = async {
            loop {
                std::hint::spin_loop();
                tokio::task::yield_now().await;
            }
        };
        let ended: Option<()> = within(Clock::Processor, Duration::from_millis(5), busy).await;
        assert_eq!(ended, None);
    }

    #[tokio::test]
    async fn an_answer_that_is_there_counts() {
        assert_eq!(
            within(Clock::Wall, Duration::ZERO, async { 7 }).await,
            Some(7)
        );
    }
}
