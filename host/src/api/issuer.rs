//! The keys that a platform publishes for its users' tokens (RFC 7517). They are asked for
//! beside the requests that need them: one that ends early, or a server that is slow, takes
//! nothing from others.

use crate::egress::{AllowList, Egress};
use axum::http::{Request, StatusCode};
use bytes::Bytes;
use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use jsonwebtoken::{
    DecodingKey,
    jwk::{Jwk, JwkSet},
};
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use url::Url;

/// How long published keys are used without asking again.
const FRESH: Duration = Duration::from_secs(600);

/// The least time between two fetches, whatever tokens with unknown keys arrive.
const PAUSE: Duration = Duration::from_secs(30);

/// Whoever signs users' tokens. Cheap to clone.
#[derive(Clone)]
pub(super) struct Issuer(Arc<Inner>);

struct Inner {
    url: Url,
    egress: Option<Egress>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    keys: Option<JwkSet>,
    asked: Option<Instant>,
    asking: Option<Shared<BoxFuture<'static, ()>>>,
}

impl Known {
    fn key(&self, id: &str) -> Option<&Jwk> {
        self.keys.as_ref()?.find(id)
    }
}

impl Issuer {
    pub(super) fn new(url: &Url) -> Self {
        let allowed = AllowList::operators_own(url.as_str()).ok();
        Self(Arc::new(Inner {
            url: url.clone(),
            egress: allowed.and_then(|allowed| Egress::builder(allowed).build().ok()),
            known: Mutex::default(),
        }))
    }

    /// The published key with this id. One that is known is there at once, also while they are
    /// asked for again; for another one they are asked for first.
    pub(super) async fn key(&self, id: &str) -> Option<DecodingKey> {
        let (known, asking) = self.look(id);
        let known = match (known, asking) {
            (None, Some(asking)) => {
                asking.await;
                self.known().key(id).cloned()
            }
            (known, _) => known,
        };
        DecodingKey::from_jwk(&known?).ok()
    }

    /// What is known of a key, and the asking that is under way, where it is time for it.
    fn look(&self, id: &str) -> (Option<Jwk>, Option<Shared<BoxFuture<'static, ()>>>) {
        let mut known = self.known();
        let key = known.key(id).cloned();
        let age = known.asked.map(|asked| asked.elapsed());
        let is_due = age.is_none_or(|age| age > if key.is_some() { FRESH } else { PAUSE });
        // One that has come to no end for so long never will.
        let is_free = known.asking.is_none() || age.is_some_and(|age| age > FRESH);
        if is_free && is_due {
            known.asked = Some(Instant::now());
            let this = self.clone();
            let asking = tokio::spawn(async move { this.ask().await });
            known.asking = Some(asking.map(drop).boxed().shared());
        }
        (key, known.asking.clone())
    }

    async fn ask(&self) {
        let keys = self.fetch().await;
        let mut known = self.known();
        known.asking = None;
        match keys {
            Some(keys) => known.keys = Some(keys),
            None => tracing::error!("CALPORT_JWKS_URL does not answer with keys"),
        }
    }

    async fn fetch(&self) -> Option<JwkSet> {
        let request = Request::get(self.0.url.as_str()).body(Bytes::new()).ok()?;
        let response = self.0.egress.as_ref()?.send_bytes(request).await.ok()?;
        let fine = response.status() == StatusCode::OK;
        fine.then(|| serde_json::from_slice(response.body()).ok())
            .flatten()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer").finish_non_exhaustive()
    }
}
