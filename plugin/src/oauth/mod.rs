//! What every OAuth provider shares: who the app is, where its endpoints are, and
//! the consent page's URL. Never stores anything.

pub(crate) mod connect;
pub(crate) mod exchange;
pub(crate) mod session;

use url::Url;

use crate::bindings::calport::calendar::types::{Error, RetryAdvice};
use crate::bindings::exports::calport::calendar::calendar::{
    Authorization, ConnectRequest, Credential, Endpoint as EndpointInfo, EndpointUse, ProviderInfo,
    ProviderKind, Revocation, Scope as ScopeInfo,
};
use crate::fault;
use crate::http::Response;
use crate::outside::{Outside, Secret};
use exchange::{Purpose, TokenRefusal, TokenTrouble};

/// What is specific to one provider, as data.
pub(crate) struct Profile {
    pub(crate) id: &'static str,
    /// For people: `Google Calendar`.
    pub(crate) label: &'static str,
    /// The company, for sentences: `Google`.
    pub(crate) company: &'static str,
    pub(crate) client_id: &'static str,
    pub(crate) client_secret: &'static str,
    pub(crate) redirect_setting: &'static str,
    pub(crate) authorize: Endpoint,
    pub(crate) token: Endpoint,
    pub(crate) others: &'static [Endpoint],
    pub(crate) scopes: &'static [Scope],
    /// The pages where users take a grant back; none where the provider has a call for it.
    pub(crate) revoked_at: &'static [&'static str],
    /// Parameters of the consent page beyond RFC 6749 and RFC 7636.
    pub(crate) authorize_extras: &'static [(&'static str, &'static str)],
    /// Brings the spellings of one scope together.
    pub(crate) normal_scope: fn(&str) -> String,
    /// What an error of the consent page means.
    pub(crate) consent_refusal: fn(&Profile, &str, &str) -> Error,
    /// What an error of the token endpoint means.
    pub(crate) token_refusal: fn(&Profile, &TokenTrouble, &Purpose<'_>) -> TokenRefusal,
    /// Whether a callback's issuer (RFC 9207) is the provider; the second one is the
    /// authorize endpoint's origin.
    pub(crate) is_issuer: fn(&str, &str) -> bool,
}

pub(crate) struct Endpoint {
    pub(crate) setting: &'static str,
    pub(crate) default_url: &'static str,
    pub(crate) uses: EndpointUse,
}

pub(crate) struct Scope {
    pub(crate) name: &'static str,
    pub(crate) reason: &'static str,
    /// Whether the token endpoint repeats it when it was granted.
    pub(crate) echoed: bool,
}

/// The app's registration at the provider.
pub(crate) struct App {
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret,
}

impl Profile {
    pub(crate) fn describe(&self) -> ProviderInfo {
        let endpoints = [&self.authorize, &self.token]
            .into_iter()
            .chain(self.others);
        ProviderInfo {
            id: self.id.to_owned(),
            label: self.label.to_owned(),
            kind: ProviderKind::Oauth,
            credentials: vec![
                Credential {
                    name: self.client_id.to_owned(),
                    secret: false,
                },
                Credential {
                    name: self.client_secret.to_owned(),
                    secret: true,
                },
            ],
            redirect_setting: Some(self.redirect_setting.to_owned()),
            endpoints: endpoints
                .map(|endpoint| EndpointInfo {
                    setting: endpoint.setting.to_owned(),
                    default_url: endpoint.default_url.to_owned(),
                    uses: endpoint.uses,
                })
                .collect(),
            scopes: self
                .scopes
                .iter()
                .map(|scope| ScopeInfo {
                    name: scope.name.to_owned(),
                    reason: scope.reason.to_owned(),
                })
                .collect(),
            changes: true,
            revocation: Some(match self.revoked_at {
                [] => Revocation::ByCall,
                pages => Revocation::ByUser(pages.iter().map(|&page| page.to_owned()).collect()),
            }),
        }
    }

    /// The app's credentials; `not-configured` names all that are missing.
    pub(crate) fn app(&self, world: &dyn Outside) -> Result<App, Error> {
        let get = |name| {
            world
                .setting(name)
                .map(|value| value.filter(|value| !value.is_empty()))
        };
        match (get(self.client_id)?, get(self.client_secret)?) {
            (Some(client_id), Some(client_secret)) => Ok(App {
                client_id,
                client_secret: Secret::new(client_secret),
            }),
            (client_id, client_secret) => {
                let missing = [
                    client_id.is_none().then_some(self.client_id),
                    client_secret.is_none().then_some(self.client_secret),
                ];
                Err(Error::NotConfigured(
                    missing.into_iter().flatten().map(str::to_owned).collect(),
                ))
            }
        }
    }

    /// The consent page, with exactly the state, challenge and redirect URI asked for.
    pub(crate) fn authorization(
        &self,
        world: &dyn Outside,
        request: &ConnectRequest,
    ) -> Result<Authorization, Error> {
        let app = self.app(world)?;
        let mut url = self.authorize.url(world)?;
        let scopes: Vec<&str> = self.scopes.iter().map(|scope| scope.name).collect();
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("client_id", &app.client_id)
                .append_pair("redirect_uri", &request.redirect_uri)
                .append_pair("response_type", "code")
                .append_pair("scope", &scopes.join(" "))
                .append_pair("state", &request.state)
                .append_pair("code_challenge", &request.code_challenge)
                .append_pair("code_challenge_method", "S256")
                .extend_pairs(self.authorize_extras);
            if let Some(hint) = request
                .login_hint
                .as_deref()
                .filter(|hint| !hint.is_empty())
            {
                query.append_pair("login_hint", hint);
            }
        }
        Ok(Authorization { url: url.into() })
    }

    /// The scopes that were asked for and not granted, by their own names.
    pub(crate) fn missing_scopes(&self, granted: &[String]) -> Vec<String> {
        let granted: Vec<String> = granted
            .iter()
            .map(|scope| (self.normal_scope)(scope))
            .collect();
        self.scopes
            .iter()
            .filter(|scope| scope.echoed && !granted.contains(&(self.normal_scope)(scope.name)))
            .map(|scope| scope.name.to_owned())
            .collect()
    }
}

impl Endpoint {
    /// Where it is: as the operator says, else its default.
    pub(crate) fn url(&self, world: &dyn Outside) -> Result<Url, Error> {
        let moved = world
            .setting(self.setting)?
            .filter(|value| !value.is_empty());
        let text = moved.as_deref().unwrap_or(self.default_url);
        Url::parse(text)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| {
                Error::Misconfigured(format!(
                    "{} does not hold an http or https URL.",
                    self.setting
                ))
            })
    }

    /// A path below it; its segments are encoded already.
    pub(crate) fn below(&self, world: &dyn Outside, path: &str) -> Result<Url, Error> {
        let base = self.url(world)?;
        let text = format!("{}{path}", base.as_str().trim_end_matches('/'));
        Url::parse(&text).map_err(|_| {
            Error::Misconfigured(format!("{} does not hold a base URL.", self.setting))
        })
    }
}

/// One segment of a path. Encodes whatever could end it; refuses what no encoding
/// keeps a URL parser from resolving.
pub(crate) fn segment(name: &str, id: &str) -> Result<String, Error> {
    const LONGEST_ID: usize = 2_048;
    if id.is_empty() || id.len() > LONGEST_ID || matches!(id, "." | "..") {
        return Err(fault::invalid(
            name,
            "is not an id of the provider",
            "send an id that it gave out",
        ));
    }
    let encoded: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
    Ok(encoded.replace('+', "%20"))
}

/// The reaction that all providers share to a reply which says "not now".
pub(crate) fn not_now(
    response: &Response,
    cause: crate::bindings::calport::calendar::types::RetryCause,
    now: i64,
) -> Error {
    let after = fault::retry_after(response.retry_after.as_deref(), now);
    Error::Retry(RetryAdvice { cause, after })
}
