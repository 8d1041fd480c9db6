//! Calls that compute for long go on in threads of their own, which the system runs after all
//! others: an endless loop takes what nobody else needs, and no worker's time.

use std::{
    future::pending,
    num::NonZero,
    panic::resume_unwind,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    thread,
};
use tokio::{
    runtime::{Builder, Handle, Runtime},
    task::JoinSet,
};
use tracing::Instrument;

/// How far behind others, from 0 to 19. With 10 a thread gets a tenth of a core that others
/// want, too: a call that has half a second to compute still ends within its budget of five on
/// a busy machine. On two cores kept busy by others one endless loop ended 130 to 200 ms after
/// its budget in their threads and 15 to 85 ms in its own, and left them 40 % more calls.
const NICENESS: i32 = 10;

/// The threads. Cheap to clone.
#[derive(Clone)]
pub(super) struct Heavy(Arc<Threads>);

impl Heavy {
    /// As many threads as there are cores.
    pub(super) fn start() -> std::io::Result<Self> {
        let threads = Builder::new_multi_thread()
            .worker_threads(thread::available_parallelism().map_or(1, NonZero::get))
            .thread_name("calport-heavy")
            .on_thread_start(give_way)
            .build()?;
        Ok(Self(Arc::new(Threads {
            handle: threads.handle().clone(),
            runtime: Some(threads),
        })))
    }

    /// Goes on with `work` there, as part of the caller's runtime: its timers, sockets and
    /// tasks stay with that one. Dropping this ends the work at its next stop.
    pub(super) async fn run<F>(&self, work: F) -> F::Output
    where
        F: Future + Send + Unpin + 'static,
        F::Output: Send + 'static,
    {
        let home = Handle::current();
        let work = AtHome {
            home,
            work: Some(work),
        };
        on(&self.0.handle, work).await
    }
}

/// Does `work` in the threads of the caller's runtime, also where a guest computes in others:
/// what holds rows, locks or connections must not wait behind guests, and threads that it
/// starts must not inherit a low priority. Dropping this ends the work at its next stop.
pub(super) async fn among_others<F>(work: F) -> F::Output
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    on(&Handle::current(), work).await
}

async fn on<F>(threads: &Handle, work: F) -> F::Output
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let mut alone = JoinSet::new();
    alone.spawn_on(work.in_current_span(), threads);
    match alone.join_next().await {
        Some(Ok(output)) => output,
        Some(Err(error)) => resume_unwind(error.into_panic()),
        // One was spawned.
        None => pending().await,
    }
}

/// A runtime that may be dropped anywhere.
struct Threads {
    handle: Handle,
    runtime: Option<Runtime>,
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Where the system knows priorities of threads; elsewhere a thread of its own must do. A
/// refusal changes nothing but latencies.
fn give_way() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, NICENESS);
}

/// Polls and drops `work` as its own runtime would.
struct AtHome<F> {
    home: Handle,
    work: Option<F>,
}

impl<F: Future + Unpin> Future for AtHome<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Self { home, work } = &mut *self;
        let _at_home = home.enter();
        match work {
            Some(work) => Pin::new(work).poll(context),
            // It is being dropped.
            None => Poll::Pending,
        }
    }
}

impl<F> Drop for AtHome<F> {
    fn drop(&mut self) {
        let _at_home = self.home.enter();
        self.work = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn thread_name() -> Option<String> {
        thread::current().name().map(str::to_owned)
    }

    #[tokio::test]
    async fn work_runs_behind_others_and_its_tasks_and_timers_stay_at_home() {
        let heavy = Heavy::start().unwrap();
        let here = Handle::current().id();
        let there = heavy.run(Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            let home = tokio::spawn(async { (Handle::current().id(), thread_name()) });
            let (id, task_thread) = home.await.unwrap();
            assert_eq!(id, here);
            assert_ne!(task_thread.as_deref(), Some("calport-heavy"));
            #[cfg(target_os = "linux")]
            assert_eq!(rustix::process::getpriority_process(None), Ok(NICENESS));
            let back = among_others(async { thread_name() }).await;
            assert_ne!(back.as_deref(), Some("calport-heavy"));
            thread_name()
        }));
        assert_eq!(there.await.as_deref(), Some("calport-heavy"));
    }

    #[tokio::test]
    async fn dropping_the_call_drops_the_work() {
        let heavy = Heavy::start().unwrap();
        let (held, mut dropped) = tokio::sync::mpsc::channel::<()>(1);
        let endless = heavy.run(Box::pin(async move {
            let _held = held;
            loop {
                tokio::task::yield_now().await;
            }
        }));
        let cut = tokio::time::timeout(Duration::from_millis(10), endless).await;
        assert!(cut.is_err());
        assert_eq!(dropped.recv().await, None);
    }

    #[tokio::test]
    #[should_panic(expected = "as the work did")]
    async fn a_panic_is_the_callers() {
        let heavy = Heavy::start().unwrap();
        heavy
            .run(Box::pin(async { panic!("as the work did") }))
            .await
    }
}
