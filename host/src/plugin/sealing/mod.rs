//! Sealed credentials: what a guest holds of a secret, a token or a code is a placeholder.
//! The real value is put in on the way out, only where it belongs, and taken out on the way
//! in. What cannot be sealed safely is refused, not passed.

mod authorization;
mod echo;
mod fault;
mod form;
#[cfg(fuzzing)]
pub mod fuzzing;
mod outgoing;
mod percent;
mod policy;
mod reply;
#[cfg(any(test, fuzzing))]
mod samples;
mod table;
#[cfg(test)]
mod tests;

pub(super) use fault::SealingError;
pub(super) use policy::Policy;
pub(crate) use policy::is_below;
pub use table::holds_placeholder;
pub(super) use table::{Full, Kind};

use super::calendar::Callback;
use crate::egress::{Checked, CheckedParts, ReplyBody};
use bytes::Bytes;
use echo::Screened;
use fault::RequestFault;
use http::Response;
use http_body_util::{BodyExt, Full as Whole, combinators::UnsyncBoxBody};
use policy::Asked;
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use table::Table;

/// Whether guests hold placeholders in place of credentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sealing {
    /// They do, always.
    #[default]
    On,
    /// They hold the real values. For measuring and for developing a plugin against a
    /// provider of one's own: no setting and no command turns it on.
    Off,
}

/// What came back from a provider in a guest's terms.
pub(super) type Sealed = Response<UnsyncBoxBody<Bytes, SealingError>>;

/// The seals of one call: nothing that is handed out here means anything in another.
#[derive(Clone)]
pub(super) struct Seals {
    policy: Arc<Policy>,
    provider: Option<Arc<str>>,
    table: Arc<Table>,
}

impl Seals {
    /// For a call to this provider, or to none.
    pub(super) fn new(policy: Arc<Policy>, provider: Option<&str>) -> Self {
        Self {
            policy,
            provider: provider.map(Into::into),
            table: Arc::default(),
        }
    }

    fn is_off(&self) -> bool {
        self.policy.sealing() == Sealing::Off
    }

    /// What the guest gets for a credential.
    pub(super) fn hand_out(&self, kind: Kind, value: SecretString) -> Result<String, Full> {
        if self.is_off() {
            return Ok(value.expose_secret().to_owned());
        }
        self.table.seal(kind, value)
    }

    /// The credential that a guest means; `None` for anything that it was not given in this
    /// call as one of this kind.
    pub(super) fn take_back(&self, kind: Kind, value: String) -> Option<SecretString> {
        if self.is_off() {
            return Some(value.into());
        }
        self.table.open(&[kind], &value)
    }

    /// A secret among the settings, if it is one and not the call's own to have in plain.
    /// The secret of another provider than the call's is of no use in it.
    pub(super) fn app_secret(&self, name: &str) -> Option<Result<Option<String>, Full>> {
        let secret = self.policy.app_secret(name)?;
        let Some(value) = &secret.value else {
            return Some(Ok(None));
        };
        let kind = if self.provider.as_deref() == Some(&secret.provider) {
            Kind::ClientSecret
        } else {
            Kind::Other
        };
        Some(self.hand_out(kind, value.clone()).map(Some))
    }

    /// What came back with a browser, as the guest gets it. What makes no sense anyhow, more
    /// codes than a call has seals, comes as an empty text.
    pub(super) fn callback(&self, mut callback: Callback) -> Callback {
        let seal = |kind, value: &mut String| {
            let secret = std::mem::take(value);
            if !secret.is_empty() {
                *value = self.hand_out(kind, secret.into()).unwrap_or_default();
            }
        };
        for parameter in &mut callback.parameters {
            match parameter.name.as_str() {
                "code" => seal(Kind::Code, &mut parameter.value),
                // Never asked for; a provider that sends them all the same has them sealed.
                "access_token" | "id_token" | "refresh_token" => {
                    seal(Kind::Other, &mut parameter.value);
                }
                _ => {}
            }
        }
        seal(Kind::Verifier, &mut callback.code_verifier);
        #[cfg(test)]
        self.tap(format!("{callback:?}").as_bytes());
        callback
    }

    /// Writes down what a guest is about to get.
    #[cfg(test)]
    pub(super) fn tap(&self, given: &[u8]) {
        self.policy.tap.record(given);
    }

    /// Sends a request with the real values in it, and seals what comes back.
    pub(super) async fn send(&self, mut request: Checked<'_>) -> Result<Sealed, SealingError> {
        if self.is_off() {
            let reply = request.send().await?;
            return Ok(reply.map(|body| body.map_err(SealingError::from).boxed_unsync()));
        }
        let asked = self.fill(request.parts())?;
        let reply = request.send().await?;
        self.receive(asked, reply).await
    }

    /// Puts the real values in, where this call may send them.
    fn fill(&self, parts: &mut CheckedParts) -> Result<Asked, RequestFault> {
        let provider = self.provider.as_deref().unwrap_or_default();
        let way = self.policy.way(provider, parts.target())?;
        outgoing::fill(&self.table, way, self.policy.scopes(provider), parts)
    }

    async fn receive(
        &self,
        asked: Asked,
        reply: Response<ReplyBody>,
    ) -> Result<Sealed, SealingError> {
        let (mut head, body) = reply.into_parts();
        let is_form = asked != Asked::Call;
        if is_form {
            reply::keep_known(&mut head.headers);
        }
        let needles = self.table.needles();
        if head.headers.values().any(|v| needles.are_in(v.as_bytes())) {
            return Err(fault::ReplyFault::Echo.into());
        }
        let body = if is_form {
            let body = body.read(reply::LARGEST).await?;
            Whole::new(reply::seal(&self.table, asked, head.status, &body)?)
                .map_err(|never| match never {})
                .boxed_unsync()
        } else {
            Screened::new(body, needles).boxed_unsync()
        };
        Ok(Response::from_parts(head, body))
    }
}
