//! How long a call has kept a thread busy: what its guest computes, and what the host computes
//! for it, count; waiting does not. (Epochs that pass during a call into the host are not seen
//! by the guest's own checks: a guest that does little else was cut off four times too late.)

use std::{
    future::poll_fn,
    pin::pin,
    task::Poll,
    time::{Duration, Instant},
};

/// Runs `work` until it has been busy for longer than `budget`; `None` then. It is looked at
/// whenever the work gives way, which a guest does with every epoch.
pub(super) async fn within<F: Future>(budget: Duration, work: F) -> Option<F::Output> {
    let mut work = pin!(work);
    let mut left = budget;
    poll_fn(move |context| {
        let began = Instant::now();
        let polled = work.as_mut().poll(context);
        left = left.saturating_sub(began.elapsed());
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
        assert_eq!(within(Duration::from_millis(100), waiting).await, Some(()));
    }

    #[tokio::test]
    async fn work_that_gives_way_again_and_again_ends_with_its_budget() {
        let busy = async {
            loop {
                std::thread::sleep(Duration::from_millis(1));
                tokio::task::yield_now().await;
            }
        };
        let ended: Option<()> = within(Duration::from_millis(5), busy).await;
        assert_eq!(ended, None);
    }

    #[tokio::test]
    async fn an_answer_that_is_there_counts() {
        assert_eq!(within(Duration::ZERO, async { 7 }).await, Some(7));
    }
}
