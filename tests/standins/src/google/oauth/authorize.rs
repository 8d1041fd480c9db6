//! Reading an authorization request, as strictly as Google reads it.
//!
//! A wrong one never sends the browser anywhere: Google shows an error page instead.

use super::super::state::App;
use super::error::OAuthError;
use super::scope::{self, Granted};
use crate::oauth::is_challenge;
use crate::pairs::Pairs;

const KNOWN: &[&str] = &[
    "access_type",
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "display",
    "enable_granular_consent",
    "hd",
    "hl",
    "include_granted_scopes",
    "login_hint",
    "nonce",
    "prompt",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
];

/// A request that may be shown to a user.
pub(super) struct Authorize {
    pub(super) redirect_uri: String,
    pub(super) state: String,
    pub(super) scopes: Granted,
    pub(super) challenge: String,
    pub(super) offline: bool,
    pub(super) prompts: Vec<String>,
    pub(super) include_granted: bool,
    pub(super) login_hint: Option<String>,
}

impl Authorize {
    /// From the authorize URL's query.
    pub(super) fn parse(app: &App, query: &str) -> Result<Self, OAuthError> {
        let query = Pairs::parse(query);
        let wrong = OAuthError::invalid_request;
        let required = |name: &str| {
            let missing = || wrong(format!("Missing required parameter: {name}"));
            query.get(name).ok_or_else(missing)
        };
        if let Some(name) = query.doubled() {
            return Err(wrong(format!(
                "OAuth 2 parameters can only have a single value: {name}"
            )));
        }
        if let Some(name) = query.unknown(KNOWN) {
            return Err(wrong(format!(
                "Parameter not allowed for this message type: {name}"
            )));
        }
        if required("client_id")? != app.config.client_id {
            return Err(OAuthError::new(
                401,
                "invalid_client",
                "The OAuth client was not found.",
            ));
        }
        let redirect_uri = required("redirect_uri")?;
        if !app
            .state()
            .redirect_uris
            .iter()
            .any(|registered| registered == redirect_uri)
        {
            let message = format!(
                "The redirect URI in the request, {redirect_uri}, does not match the ones authorized for the \
                 OAuth client"
            );
            return Err(OAuthError::new(400, "redirect_uri_mismatch", message));
        }
        if required("response_type")? != "code" {
            return Err(OAuthError::new(
                400,
                "unsupported_response_type",
                "Invalid response_type: only code is supported here",
            ));
        }
        let one_of = |name: &str, allowed: &[&str]| match query.get(name) {
            Some(value) if !allowed.contains(&value) => {
                Err(wrong(format!("Invalid parameter value for {name}")))
            }
            value => Ok(value),
        };
        let offline = one_of("access_type", &["online", "offline"])? == Some("offline");
        let include_granted = one_of("include_granted_scopes", &["true", "false"])? == Some("true");
        one_of("code_challenge_method", &["S256"])?;
        required("code_challenge_method")?;
        let challenge = required("code_challenge")?;
        if !is_challenge(challenge) {
            return Err(wrong("Invalid parameter value for code_challenge".into()));
        }
        let prompts = prompts(query.get("prompt"))
            .ok_or_else(|| wrong("Invalid parameter value for prompt".into()))?;
        let scopes = required("scope")?.split(' ').map(scope::canonical);
        let scopes = scopes.collect::<Option<Granted>>().ok_or_else(|| {
            OAuthError::new(400, "invalid_scope", "Some requested scopes were invalid")
        })?;
        Ok(Self {
            redirect_uri: redirect_uri.to_owned(),
            state: required("state")?.to_owned(),
            scopes,
            challenge: challenge.to_owned(),
            offline,
            prompts,
            include_granted,
            login_hint: query.get("login_hint").map(str::to_owned),
        })
    }
}

/// `none` stands alone.
fn prompts(prompt: Option<&str>) -> Option<Vec<String>> {
    let prompts: Vec<String> = prompt.map_or(Vec::new(), |text| {
        text.split(' ').map(str::to_owned).collect()
    });
    let known = |prompt: &String| matches!(prompt.as_str(), "none" | "consent" | "select_account");
    let alone = prompts.len() == 1 || !prompts.iter().any(|prompt| prompt == "none");
    (prompts.iter().all(known) && alone).then_some(prompts)
}
