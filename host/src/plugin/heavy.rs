//! Calls that compute for long go on in threads of their own, which the system runs after all
//! others: an endless loop takes what nobody else needs, and no worker's time.

use std::{
    future::{pending, poll_fn},
    num::NonZero,
    panic::resume_unwind,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    thread,
};
use tokio::{
    runtime::{Builder, Handle, Runtime},
    task::JoinSet,
};
use tracing::Instrument;

/// How far behind others, from 0 to 19: with 7 a thread gets a fifth of a core that others want,
/// too, and less for giving way: a call that has half a second to compute still ends within its
/// budget of five on a busy machine. `cargo bench -p calport-e2e --bench hostile` measures what
/// is left to others, and how late a loop ends; with 10 it ended up to 200 ms late.
const NICENESS: i32 = 7;

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
            busy: Busy::default(),
        })))
    }

    /// Who computes there.
    pub(super) fn busy(&self) -> &Busy {
        &self.0.busy
    }

    /// Goes on with `work` there, as part of the caller's runtime: its timers, sockets and
    /// tasks stay with that one. Dropping this ends the work at its next stop.
    pub(super) async fn run<F>(&self, work: F) -> F::Output
    where
        F: Future + Send + Unpin + 'static,
        F::Output: Send + 'static,
    {
        let work = AtHome {
            home: Handle::current(),
            busy: self.0.busy.clone(),
            work: Some(work),
        };
        on(&self.0.handle, work).await
    }
}

/// Lets other threads go first whenever `work` gives way. By itself the system takes a thread off
/// its core with its own ticks alone, of 1 to 10 ms, and most calls take less than one.
pub(super) async fn courteous<F: Future>(work: F) -> F::Output {
    let mut work = pin!(work);
    poll_fn(move |context| {
        let polled = work.as_mut().poll(context);
        if polled.is_pending() {
            thread::yield_now();
        }
        polled
    })
    .await
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

/// How many compute in the threads at this moment. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Busy(Arc<AtomicUsize>);

impl Busy {
    /// Whether anybody does.
    pub(super) fn is_any(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    fn enter(&self) -> Computing<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Computing(&self.0)
    }
}

/// One of them, until it is dropped.
struct Computing<'a>(&'a AtomicUsize);

impl Drop for Computing<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A runtime that may be dropped anywhere.
struct Threads {
    handle: Handle,
    runtime: Option<Runtime>,
    busy: Busy,
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
    busy: Busy,
    work: Option<F>,
}

impl<F: Future + Unpin> Future for AtHome<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Self { home, busy, work } = &mut *self;
        let _at_home = home.enter();
        // It is there until it is dropped.
        let Some(work) = work else {
            return Poll::Pending;
        };
        let _computing = busy.enter();
        Pin::new(work).poll(context)
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
