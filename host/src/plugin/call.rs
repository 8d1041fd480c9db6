//! One call: a fresh store, its limits, and an end in every case.

use super::{
    Loaded, Plugin, bindings,
    bounded::Bounded,
    error::CallError,
    heavy,
    meter::{self, Clock},
    state::State,
    types,
};
use crate::vault::Binding;
use futures::{FutureExt, future::BoxFuture};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tracing::Instrument;
use wasmtime::{CallHook, Engine, Store, UpdateDeadline};

/// Handles that instances of one component may hold, those of their own resources among them.
/// The host's own limit is far below it.
const OWN_HANDLES: usize = 1_000;

/// What a call may compute among the others before it goes on behind them. Nearly all take
/// less than a tenth of it.
const LIGHT: Duration = Duration::from_millis(4);

/// What an export gives: the host's failure outside, the contract's error inside.
type Export<T> = wasmtime::Result<Result<T, types::Error>>;

impl Plugin {
    /// Runs `export` in a fresh instance. The call goes on when its caller is dropped:
    /// what a provider has already granted must be saved (case 18).
    pub(super) async fn call<T, F>(
        &self,
        name: &'static str,
        binding: Option<Binding>,
        export: F,
    ) -> Result<T, CallError>
    where
        T: Bounded + Send + 'static,
        F: for<'a> FnOnce(&'a bindings::Plugin, &'a mut Store<State>) -> BoxFuture<'a, Export<T>>
            + Send
            + 'static,
    {
        let loaded = self.0.clone();
        let provider = binding
            .as_ref()
            .map(|binding| binding.provider().to_owned());
        let began = Instant::now();
        let span = tracing::info_span!("plugin", export = name, provider = provider.as_deref());
        let running = tokio::spawn(call(loaded, binding, export).instrument(span));
        let result = match running.await {
            Ok(result) => result,
            // The host itself panicked, for this call alone.
            Err(_) => Err(CallError::Trapped(None)).inspect_err(|error| log(&self.0, error)),
        };
        let ended = result.as_ref().map_or_else(CallError::name, |_| "ok");
        self.0.metrics.called(name, ended, began.elapsed());
        if let Some(provider) = provider {
            self.0.refused.note(&provider, &result);
        }
        result
    }
}

async fn call<T, F>(
    loaded: Arc<Loaded>,
    binding: Option<Binding>,
    export: F,
) -> Result<T, CallError>
where
    T: Bounded + Send + 'static,
    F: for<'a> FnOnce(&'a bindings::Plugin, &'a mut Store<State>) -> BoxFuture<'a, Export<T>>
        + Send
        + 'static,
{
    let answered = limited(&loaded, binding, |loaded, store| {
        async move {
            let guest = loaded.pre.instantiate_async(&mut *store).await?;
            export(&guest, store).await
        }
        .boxed()
    });
    match answered.await {
        Ok(Ok(answer)) => answer.bounded(),
        Ok(Err(error)) => error
            .bounded()
            .and_then(|error| Err(CallError::Plugin(error))),
        Err(error) => Err(error),
    }
    .inspect_err(|error| log(&loaded, error))
}

/// Does one call's work in a store of its own, within everything that a call may take.
pub(super) async fn limited<R, F>(
    loaded: &Arc<Loaded>,
    binding: Option<Binding>,
    work: F,
) -> Result<R, CallError>
where
    R: Send + 'static,
    F: for<'a> FnOnce(&'a Loaded, &'a mut Store<State>) -> BoxFuture<'a, wasmtime::Result<R>>
        + Send
        + 'static,
{
    let limits = loaded.limits;
    let threads = loaded.runtime.heavy();
    let loaded = loaded.clone();
    let mut work = Box::pin(async move {
        // Before the slot: who waits for their own other calls keeps nobody else from theirs.
        let purse = binding
            .as_ref()
            .and_then(|binding| loaded.budgets.purse(binding));
        let _place = match &purse {
            Some(purse) => purse.enter().await,
            None => None,
        };
        let _slot = loaded.runtime.slots().acquire().await;
        let mut store = store(loaded.runtime.engine(), State::new(&loaded, binding));
        let result = work(&loaded, &mut store).await;
        if result.is_ok() {
            store.data_mut().give_turn_back().await;
        }
        result.map_err(|error| failure(&error, &store))
    });
    let metered = async move {
        match meter::within(Clock::Processor, LIGHT, &mut work).await {
            Some(result) => Some(result),
            None => {
                let rest = limits.computing.saturating_sub(LIGHT);
                // Whom it lets go first counts, too: a loop's end is not put off by being polite.
                let rest = meter::within(Clock::Wall, rest, heavy::courteous(work));
                threads.run(Box::pin(rest)).await
            }
        }
    };
    match tokio::time::timeout(limits.wall, metered).await {
        Ok(Some(result)) => result,
        Ok(None) | Err(_) => Err(CallError::TimedOut),
    }
}

/// A store whose guest is held to its limits, and gives way to others with every epoch.
pub(super) fn store(engine: &Engine, state: State) -> Store<State> {
    let mut store = Store::new(engine, state);
    store.limiter(|state| &mut state.room);
    store.set_max_component_handles(OWN_HANDLES);
    // What is handed over in a call to the host is small; only answers may be large.
    store.call_hook(|mut context, change| {
        let limits = &context.data().limits;
        match change {
            CallHook::CallingHost => {
                let most = limits.argument_bytes;
                context.set_hostcall_fuel(most);
            }
            CallHook::ReturningFromWasm => {
                let most = limits.answer_bytes;
                context.set_hostcall_fuel(most);
            }
            CallHook::CallingWasm | CallHook::ReturningFromHost => {}
        }
        Ok(())
    });
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(1)));
    store
}

/// What a failed call is to its caller.
pub(super) fn failure(error: &wasmtime::Error, store: &Store<State>) -> CallError {
    if error
        .downcast_ref::<wasmtime::component::ResourceTableError>()
        .is_some()
    {
        return CallError::OutOfMemory;
    }
    // It has no type of its own.
    let handed_over_too_much = error
        .root_cause()
        .to_string()
        .starts_with("too much data is being copied");
    if handed_over_too_much || store.data().room.was_refused() {
        return CallError::OutOfMemory;
    }
    let stderr = store.data().stderr.contents();
    let stderr = String::from_utf8_lossy(&stderr);
    if stderr.contains("memory allocation of") {
        return CallError::OutOfMemory;
    }
    CallError::Trapped(panic_location(&stderr))
}

/// Where a Rust guest panicked. Its message stays unread: it may quote a credential.
fn panic_location(stderr: &str) -> Option<String> {
    let (_, after) = stderr.split_once("panicked at ")?;
    let place = after.lines().next()?.trim_end_matches(':');
    let is_place = place.len() <= 200
        && place
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"/._-:".contains(&b));
    is_place.then(|| place.to_owned())
}

fn log(loaded: &Loaded, error: &CallError) {
    match error {
        CallError::Plugin(_) => {}
        CallError::Trapped(_)
        | CallError::TimedOut
        | CallError::OutOfMemory
        | CallError::Improper(_) => {
            let plugin = &loaded.info.name;
            tracing::warn!(plugin, version = loaded.info.version, %error, "a call failed");
        }
    }
}
