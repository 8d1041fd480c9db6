//! One call: a fresh store, its limits, and an end in every case.

use super::{Loaded, Plugin, bindings, error::CallError, state::State, types};
use crate::vault::Binding;
use futures::future::BoxFuture;
use std::{sync::Arc, time::Instant};
use tracing::Instrument;
use wasmtime::{AsContextMut, Engine, Store, Trap, UpdateDeadline};

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
        T: Send + 'static,
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
            Err(_) => Err(CallError::Trapped(None)),
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
    F: for<'a> FnOnce(&'a bindings::Plugin, &'a mut Store<State>) -> BoxFuture<'a, Export<T>>,
{
    let limits = loaded.limits;
    let work = async {
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
        let result = match loaded.pre.instantiate_async(&mut store).await {
            Ok(guest) => export(&guest, &mut store).await,
            Err(error) => Err(error),
        };
        result.map_err(|error| failure(&error, &store))
    };
    match tokio::time::timeout(limits.wall, work).await {
        Ok(Ok(result)) => result.map_err(CallError::Plugin),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(CallError::TimedOut),
    }
    .inspect_err(|error| log(&loaded, error))
}

/// A store that counts what its guest computes, and gives way to others meanwhile.
pub(super) fn store(engine: &Engine, state: State) -> Store<State> {
    let mut store = Store::new(engine, state);
    store.limiter(|state| &mut state.store_limits);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|mut context| {
        let mut context = context.as_context_mut();
        let left = &mut context.data_mut().ticks_left;
        *left = left.saturating_sub(1);
        Ok(if *left == 0 {
            UpdateDeadline::Interrupt
        } else {
            UpdateDeadline::Yield(1)
        })
    });
    store
}

/// What a failed call is to its caller.
pub(super) fn failure(error: &wasmtime::Error, store: &Store<State>) -> CallError {
    if error.downcast_ref::<Trap>() == Some(&Trap::Interrupt) {
        return CallError::TimedOut;
    }
    if error
        .downcast_ref::<wasmtime::component::ResourceTableError>()
        .is_some()
    {
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
        CallError::Trapped(_) | CallError::TimedOut | CallError::OutOfMemory => {
            let plugin = &loaded.info.name;
            tracing::warn!(plugin, version = loaded.info.version, %error, "a call failed");
        }
    }
}
