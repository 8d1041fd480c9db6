//! Reading an authorization request.
//!
//! The browser is sent back only to a redirect URI that is registered; any other mistake shows a page.

use super::super::state::App;
use super::error::AadError;
use super::scope::{self, Granted};
use super::tenant;
use crate::oauth::is_challenge;
use crate::pairs::Pairs;

const KNOWN: &[&str] = &[
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "domain_hint",
    "login_hint",
    "nonce",
    "prompt",
    "redirect_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
];

/// A request that may be shown to a user.
pub(super) struct Authorize {
    pub(super) back: Back,
    pub(super) accounts: Vec<usize>,
    pub(super) scopes: Granted,
    pub(super) challenge: String,
    pub(super) silent: bool,
    pub(super) login_hint: Option<String>,
}

/// Where the browser goes afterwards.
pub(super) struct Back {
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
}

/// Why a request cannot be shown.
pub(super) enum Refused {
    Page(Box<AadError>),
    Back(Back, Box<AadError>),
}

impl Authorize {
    /// From the tenant of the path and the query.
    pub(super) fn parse(app: &App, tenant: &str, query: &str) -> Result<Self, Refused> {
        let query = Pairs::parse(query);
        let state = app.state();
        let page = |error| Err(Refused::Page(Box::new(error)));
        let Some(accounts) = tenant::accounts(&state, tenant) else {
            return page(AadError::of(90002));
        };
        if let Some(name) = query.doubled().or_else(|| query.unknown(KNOWN)) {
            return page(AadError::invalid(format!(
                "The parameter '{name}' is doubled or unknown."
            )));
        }
        match query.get("client_id") {
            None => return page(AadError::missing("client_id")),
            Some(id) if id != app.config.client_id => return page(AadError::of(700016)),
            Some(_) => {}
        }
        let redirect_uri = match query.get("redirect_uri") {
            None => return page(AadError::missing("redirect_uri")),
            Some(uri)
                if !state
                    .redirect_uris
                    .iter()
                    .any(|registered| registered == uri) =>
            {
                let message = format!(
                    "The redirect URI '{uri}' specified in the request does not match the redirect URIs \
                     configured for the application."
                );
                return page(AadError {
                    message,
                    ..AadError::of(50011)
                });
            }
            Some(uri) => uri.to_owned(),
        };
        let back = Back {
            redirect_uri,
            state: query.get("state").map(str::to_owned),
        };
        match Self::rest(&query) {
            Ok((scopes, challenge)) => Ok(Self {
                back,
                accounts,
                scopes,
                challenge,
                silent: query.get("prompt") == Some("none"),
                login_hint: query.get("login_hint").map(str::to_owned),
            }),
            Err(error) => Err(Refused::Back(back, Box::new(error))),
        }
    }

    fn rest(query: &Pairs) -> Result<(Granted, String), AadError> {
        let required = |name: &str| query.get(name).ok_or_else(|| AadError::missing(name));
        if required("response_type")? != "code" {
            let error = "unsupported_response_type".into();
            return Err(AadError {
                error,
                ..AadError::invalid("Only response_type=code is supported.")
            });
        }
        required("state")?;
        if query
            .get("response_mode")
            .is_some_and(|mode| mode != "query")
        {
            return Err(AadError::invalid("Only response_mode=query is supported."));
        }
        let prompts = ["none", "login", "consent", "select_account"];
        if query
            .get("prompt")
            .is_some_and(|prompt| !prompts.contains(&prompt))
        {
            return Err(AadError::invalid("The 'prompt' parameter is not valid."));
        }
        if required("code_challenge_method")? != "S256"
            || !is_challenge(required("code_challenge")?)
        {
            return Err(AadError::invalid(
                "The 'code_challenge' must be one of S256.",
            ));
        }
        let scopes = scope::parse(required("scope")?).ok_or_else(|| AadError::of(70011))?;
        Ok((scopes, required("code_challenge")?.to_owned()))
    }
}
