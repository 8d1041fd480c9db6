//! Providers that refused the app's own credentials: no user can mend that, so none is sent
//! into a flow that must fail, until the operator has had time to look.

use super::{CallError, types};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long a refusal is believed without asking again.
const BELIEVED: Duration = Duration::from_secs(300);

/// The last refusal of each provider.
#[derive(Default)]
pub(super) struct RefusedApps(Mutex<BTreeMap<String, (Instant, String)>>);

impl RefusedApps {
    /// Learns from the end of a call to a provider.
    pub(super) fn note<T>(&self, provider: &str, result: &Result<T, CallError>) {
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Err(CallError::Plugin(types::Error::Misconfigured(what))) => {
                refused.insert(provider.to_owned(), (Instant::now(), what.clone()));
            }
            Ok(_) => {
                refused.remove(provider);
            }
            Err(_) => {}
        }
    }

    /// The refusal that still stands.
    pub(super) fn check(&self, provider: &str) -> Result<(), CallError> {
        let refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match refused.get(provider) {
            Some((at, what)) if at.elapsed() < BELIEVED => {
                Err(CallError::Plugin(types::Error::Misconfigured(what.clone())))
            }
            Some(_) | None => Ok(()),
        }
    }
}
