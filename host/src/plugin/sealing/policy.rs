//! Which credential belongs where, from the plugin's description and the operator's settings.

use super::{Sealing, fault::RequestFault};
use crate::{
    config::Environment,
    egress::Target,
    plugin::{
        LoadError,
        calendar::{EndpointUse, PluginInfo, Scope},
    },
};
use http::Uri;
use secrecy::SecretString;
use std::collections::BTreeMap;
use url::Url;

/// The endpoints of all providers, and the app's secrets.
#[derive(Default)]
pub(in crate::plugin) struct Policy {
    sealing: Sealing,
    endpoints: Vec<Endpoint>,
    secrets: BTreeMap<String, AppSecret>,
    scopes: BTreeMap<String, Vec<Scope>>,
    /// All that guests are given, for tests that look for what must not be in it.
    #[cfg(test)]
    pub(in crate::plugin) tap: super::tests::Tap,
}

struct Endpoint {
    provider: String,
    target: Target,
    uses: EndpointUse,
}

/// One of the app's secrets.
pub(super) struct AppSecret {
    pub(super) provider: String,
    /// `None`: the operator has not set it.
    pub(super) value: Option<SecretString>,
}

/// What an endpoint takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Credentials in a form: to get tokens, to revoke them, or both.
    Form { token: bool, revoke: bool },
    /// An access token in the Authorization header.
    Api,
}

/// What a request that may leave asks for, and so what its reply may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Tokens for what the user has granted. Only this reply gives any that can be used.
    Tokens,
    /// The end of a token.
    Revocation,
    /// Anything of an API.
    Call,
}

impl Policy {
    /// Where the operator has moved an endpoint, that is where it is.
    pub(in crate::plugin) fn new(
        sealing: Sealing,
        info: &PluginInfo,
        settings: &Environment,
    ) -> Result<Self, LoadError> {
        let mut policy = Self {
            sealing,
            ..Self::default()
        };
        for provider in &info.providers {
            let scopes = provider.scopes.clone();
            policy.scopes.insert(provider.id.clone(), scopes);
            for credential in provider.credentials.iter().filter(|c| c.secret) {
                let secret = AppSecret {
                    provider: provider.id.clone(),
                    value: settings.get(&credential.name).map(Into::into),
                };
                policy.secrets.insert(credential.name.clone(), secret);
            }
            for endpoint in &provider.endpoints {
                let url = settings
                    .get(&endpoint.setting)
                    .unwrap_or(&endpoint.default_url);
                let target = target(url).ok_or_else(|| LoadError::Endpoint {
                    setting: endpoint.setting.clone(),
                    reason: "it is not a plain URL".to_owned(),
                })?;
                policy.endpoints.push(Endpoint {
                    provider: provider.id.clone(),
                    target,
                    uses: endpoint.uses,
                });
            }
        }
        Ok(policy)
    }

    pub(super) fn sealing(&self) -> Sealing {
        self.sealing
    }

    pub(super) fn app_secret(&self, name: &str) -> Option<&AppSecret> {
        self.secrets.get(name)
    }

    /// What may be asked for at a provider.
    pub(super) fn scopes(&self, provider: &str) -> &[Scope] {
        self.scopes
            .get(provider)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// What a target takes in a call to this provider. A token or revoke endpoint is its URL
    /// to the letter, query included; an API is everything below its URL.
    pub(super) fn way(&self, provider: &str, target: &Target) -> Result<Way, RequestFault> {
        let near = self.endpoints.iter().filter(|endpoint| {
            endpoint.provider == provider && endpoint.target.origin() == target.origin()
        });
        let (mut token, mut revoke, mut api) = (false, false, false);
        for Endpoint {
            target: at, uses, ..
        } in near
        {
            if at.path_and_query() == target.path_and_query() {
                token |= uses.contains(EndpointUse::TOKEN);
                revoke |= uses.contains(EndpointUse::REVOKE);
            }
            api |= uses.contains(EndpointUse::API) && is_below(target.path(), at.path());
        }
        match (token || revoke, api) {
            (true, _) => Ok(Way::Form { token, revoke }),
            (false, true) => Ok(Way::Api),
            (false, false) => Err(RequestFault::NoEndpoint),
        }
    }
}

/// As a guest's URL library writes it.
fn target(url: &str) -> Option<Target> {
    let uri: Uri = Url::parse(url).ok()?.as_str().parse().ok()?;
    Target::parse(&uri).ok()
}

/// Whether a path is the base or lies below it.
pub(crate) fn is_below(path: &str, base: &str) -> bool {
    path.strip_prefix(base.trim_end_matches('/'))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
