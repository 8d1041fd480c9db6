//! Faults on demand: which request meets one, how often, and what then happens.
//!
//! A fault is a value, never code in a test: a table of them is a table of test rows.

mod behaviour;
mod body;

use std::sync::Mutex;

use bytes::Bytes;
use http::Method;
use serde::{Deserialize, Serialize};

pub use behaviour::Behaviour;
pub(crate) use behaviour::{ErrorBody, NoReply};

use crate::record::path_matches;
use crate::server::locked;

/// One rule: the requests that it fits meet its behaviour.
///
/// ```
/// use calport_standins::{Behaviour, Fault};
/// let fault = Fault::on("POST", "/calendar/v3/calendars/*/events")
///     .times(2)
///     .behaviour(Behaviour::error(429, "rateLimitExceeded").retry_after("3"));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Method, `None` for any.
    #[serde(default)]
    method: Option<String>,
    /// Path pattern: `*` is one segment, a last `**` is any rest.
    path: String,
    /// Only requests whose body holds this text.
    #[serde(default)]
    body_contains: Option<String>,
    /// Lets this many fitting requests pass first.
    #[serde(default)]
    after: u64,
    /// How often it strikes; `None`: always.
    #[serde(default = "once")]
    times: Option<u64>,
    /// What then happens.
    behaviour: Behaviour,
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "serde's default of an optional field"
)]
fn once() -> Option<u64> {
    Some(1)
}

impl Fault {
    /// For requests of one method whose path fits the pattern (percent-encoded as it is sent; `*` is one
    /// segment, a last `**` is any rest). Strikes once, with a 503, unless told otherwise.
    pub fn on(method: impl AsRef<str>, path: impl Into<String>) -> Self {
        let method = Some(method.as_ref().to_ascii_uppercase());
        let behaviour = Behaviour::error(503, "backendError");
        Self {
            method,
            path: path.into(),
            body_contains: None,
            after: 0,
            times: once(),
            behaviour,
        }
    }

    /// For every request that the product or a browser makes.
    pub fn everywhere() -> Self {
        Self {
            method: None,
            ..Self::on("GET", "/**")
        }
    }

    /// Strikes this often.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        Self {
            times: Some(times),
            ..self
        }
    }

    /// Strikes every time.
    #[must_use]
    pub fn always(self) -> Self {
        Self {
            times: None,
            ..self
        }
    }

    /// Lets this many fitting requests pass first.
    #[must_use]
    pub fn after(self, passed: u64) -> Self {
        Self {
            after: passed,
            ..self
        }
    }

    /// Strikes only requests whose body holds this text, e.g. `grant_type=refresh_token`.
    #[must_use]
    pub fn body_contains(self, text: impl Into<String>) -> Self {
        Self {
            body_contains: Some(text.into()),
            ..self
        }
    }

    /// What happens.
    #[must_use]
    pub fn behaviour(self, behaviour: Behaviour) -> Self {
        Self { behaviour, ..self }
    }

    fn fits(&self, method: &Method, path: &str, body: &Bytes) -> bool {
        let contains = |text: &String| {
            let text = text.as_bytes();
            text.is_empty() || body.windows(text.len()).any(|window| window == text)
        };
        self.method
            .as_deref()
            .is_none_or(|wanted| wanted == method.as_str())
            && path_matches(&self.path, path)
            && self.body_contains.as_ref().is_none_or(contains)
    }
}

/// Names a fault that was added, to ask how often it struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FaultId(usize);

/// The faults of one stand-in. The first that fits and is not used up strikes.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<Armed>>);

#[derive(Debug)]
struct Armed {
    fault: Fault,
    seen: u64,
    hits: u64,
    cleared: bool,
}

impl Faults {
    /// Arms a fault.
    pub fn add(&self, fault: Fault) -> FaultId {
        let mut faults = locked(&self.0);
        faults.push(Armed {
            fault,
            seen: 0,
            hits: 0,
            cleared: false,
        });
        FaultId(faults.len() - 1)
    }

    /// How often it struck: what a test asserts to know that it tested anything.
    pub fn hits(&self, id: FaultId) -> u64 {
        locked(&self.0).get(id.0).map_or(0, |armed| armed.hits)
    }

    /// Disarms one fault.
    pub fn remove(&self, id: FaultId) {
        if let Some(armed) = locked(&self.0).get_mut(id.0) {
            armed.cleared = true;
        }
    }

    /// Disarms all faults. Their hits can still be asked for.
    pub fn clear(&self) {
        locked(&self.0)
            .iter_mut()
            .for_each(|armed| armed.cleared = true);
    }

    /// Every fault that was ever added, with its hits.
    pub(crate) fn all(&self) -> Vec<(FaultId, Fault, u64)> {
        let faults = locked(&self.0);
        let list = faults.iter().enumerate();
        list.map(|(index, armed)| (FaultId(index), armed.fault.clone(), armed.hits))
            .collect()
    }

    pub(crate) fn take(&self, method: &Method, path: &str, body: &Bytes) -> Option<Behaviour> {
        locked(&self.0).iter_mut().find_map(|armed| {
            let spent = armed.fault.times.is_some_and(|times| armed.hits >= times);
            if armed.cleared || spent || !armed.fault.fits(method, path, body) {
                return None;
            }
            armed.seen += 1;
            if armed.seen <= armed.fault.after {
                return None;
            }
            armed.hits += 1;
            Some(armed.fault.behaviour.clone())
        })
    }
}
