//! The component under trial: twice, with and without the app's credentials, and with a vault
//! in which nobody is connected.

use super::{ConformError, Failure};
use crate::{
    config::Environment,
    db::Database,
    plugin::{
        Attempt, Attempts, CallError, Options, Plugin,
        calendar::{EndpointUse, ProviderInfo},
        is_below,
        types::Error,
    },
    subject::Subject,
    vault::{Account, Binding, Credentials, Destination, Grant, KeyRing, Vault},
};
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;
use url::Url;

/// In no year that anybody will see.
const FAR: i64 = 32_503_680_000;

pub(super) struct Trial {
    /// Without the app's credentials.
    pub(super) bare: Plugin,
    /// With made-up ones.
    pub(super) plugin: Plugin,
    attempts: Attempts,
    vault: Vault,
    _folder: TempDir,
}

impl Trial {
    pub(super) async fn new(
        plugin: &Plugin,
        options: &Options,
        attempts: Attempts,
    ) -> Result<Self, ConformError> {
        let providers = plugin.info().providers.iter();
        let credentials = providers.flat_map(|provider| &provider.credentials);
        let made_up = credentials.map(|it| (it.name.clone(), format!("made-up-{}", it.name)));
        let options = Options {
            settings: Environment::from_pairs(made_up),
            ..options.clone()
        };
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("trial.db");
        let database = Database::open(&format!("sqlite:{}", file.display())).await?;
        let key = KeyRing::draw("trial")?;
        let keys = KeyRing::parse(key.expose_secret()).map_err(std::io::Error::other)?;
        Ok(Self {
            bare: plugin.clone(),
            plugin: plugin.configured(&options)?,
            attempts,
            vault: Vault::new(database, keys),
            _folder: folder,
        })
    }

    pub(super) async fn end(self) {
        self.vault.database().close().await;
    }

    /// Somebody who has connected nothing.
    pub(super) fn nobody(&self, provider: &ProviderInfo) -> Binding {
        Binding::new(self.vault.clone(), somebody(), &provider.id)
    }

    /// Somebody with a grant, in memory alone, whose token is good or has run out.
    pub(super) fn connected(&self, provider: &ProviderInfo, is_expired: bool) -> Binding {
        let token = |kind| SecretString::from(format!("made-up-{kind}-token"));
        let id = provider.credentials.iter().find(|it| !it.secret);
        let grant = Grant {
            account: Account {
                id: "made-up-account".to_owned(),
                label: "casey@platform.example".to_owned(),
            },
            destination: Destination {
                id: "made-up-calendar".to_owned(),
                name: "Casey".to_owned(),
            },
            credentials: Credentials {
                access_token: token("access"),
                refresh_token: Some(token("refresh")),
                expires_at: Some(if is_expired { 1 } else { FAR }),
                scopes: provider.scopes.iter().map(|it| it.name.clone()).collect(),
                client_id: id
                    .map(|id| format!("made-up-{}", id.name))
                    .unwrap_or_default(),
            },
        };
        Binding::apart(self.vault.clone(), somebody(), &provider.id, grant)
    }

    /// What it wanted to send since the last time.
    pub(super) fn sent(&self) -> Vec<Attempt> {
        self.attempts.take()
    }

    /// Whether nothing was to be sent since the last time.
    pub(super) fn silent(&self) -> Result<(), Failure> {
        match self.sent().first() {
            None => Ok(()),
            Some(attempt) => Err(Failure::new(
                format!("it wanted to reach {}", attempt.url),
                "Send nothing in this call: there is no reason to.",
            )),
        }
    }

    /// Whether all that was to be sent went to described endpoints for this use, and
    /// something was.
    pub(super) fn asked(&self, provider: &ProviderInfo, uses: EndpointUse) -> Result<(), Failure> {
        let sent = self.sent();
        if sent.is_empty() {
            return Err(Failure::new(
                "it sent nothing",
                "Ask the provider with wasi:http, and let what it answers decide.",
            ));
        }
        match sent.iter().find(|attempt| !is_at(attempt, provider, uses)) {
            None => Ok(()),
            Some(attempt) => Err(Failure::new(
                format!("it wanted to reach {}", attempt.url),
                "Ask the endpoints that `describe` names for this use and no others: a host \
                 refuses them.",
            )),
        }
    }
}

fn somebody() -> Subject {
    Subject::new(Subject::DEFAULT_TENANT, "casey")
}

fn is_at(attempt: &Attempt, provider: &ProviderInfo, uses: EndpointUse) -> bool {
    let Ok(sent) = Url::parse(&attempt.url) else {
        return false;
    };
    let endpoints = provider.endpoints.iter();
    let mut endpoints = endpoints.filter(|it| it.uses.contains(uses));
    endpoints.any(|endpoint| {
        Url::parse(&endpoint.default_url)
            .is_ok_and(|at| sent.origin() == at.origin() && is_below(sent.path(), at.path()))
    })
}

/// Whether a call ended with an error of the contract that is wanted.
pub(super) fn ended<T>(
    result: &Result<T, CallError>,
    is_wanted: impl Fn(&Error) -> bool,
    remedy: &str,
) -> Result<(), Failure> {
    match result {
        Err(CallError::Plugin(error)) if is_wanted(error) => Ok(()),
        other => Err(Failure::new(answered(other), remedy)),
    }
}

/// Whether a call succeeded.
pub(super) fn succeeded<T>(result: &Result<T, CallError>, remedy: &str) -> Result<(), Failure> {
    match result {
        Ok(_) => Ok(()),
        failed => Err(Failure::new(answered(failed), remedy)),
    }
}

/// What a call came to, in words.
pub(super) fn answered<T>(result: &Result<T, CallError>) -> String {
    match result {
        Ok(_) => "it succeeded".to_owned(),
        Err(CallError::Plugin(error)) => {
            let code = crate::plugin::error_code(error);
            format!(
                "it answered `{code}` ({})",
                CallError::Plugin(error.clone())
            )
        }
        Err(failed) => failed.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::calendar::{Endpoint, ProviderKind};

    #[test]
    fn what_is_sent_elsewhere_than_to_a_described_endpoint_of_its_use_is_seen() {
        let endpoint = |url: &str, uses| Endpoint {
            setting: "ACME_X_URL".to_owned(),
            default_url: url.to_owned(),
            uses,
        };
        let provider = ProviderInfo {
            id: "acme".to_owned(),
            label: "Acme".to_owned(),
            kind: ProviderKind::Oauth,
            credentials: Vec::new(),
            redirect_setting: None,
            endpoints: vec![
                endpoint("https://acme.example/token", EndpointUse::TOKEN),
                endpoint("https://api.acme.example/v1/", EndpointUse::API),
            ],
            scopes: Vec::new(),
            changes: false,
            revocation: None,
        };
        for (url, uses, is_there) in [
            ("https://acme.example/token", EndpointUse::TOKEN, true),
            ("https://acme.example/token", EndpointUse::API, false),
            ("https://acme.example/tokens", EndpointUse::TOKEN, false),
            (
                "https://api.acme.example/v1/events/7",
                EndpointUse::API,
                true,
            ),
            ("https://api.acme.example/v1", EndpointUse::API, true),
            ("https://api.acme.example/v10", EndpointUse::API, false),
            ("http://api.acme.example/v1/events", EndpointUse::API, false),
            ("https://evil.example/v1/events", EndpointUse::API, false),
        ] {
            let attempt = Attempt {
                url: url.to_owned(),
            };
            assert_eq!(is_at(&attempt, &provider, uses), is_there, "{url}");
        }
    }
}
