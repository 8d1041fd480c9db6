//! From a user's decision to the callback URL.
//!
//! The page and the programmatic consent both end here, so that neither can do what the other cannot.

use chrono::TimeDelta;
use url::Url;

use super::super::state::{App, Code};
use super::authorize::Authorize;
use super::scope::{self, Granted};
use crate::consent::{ConsentChoice, ConsentError};

/// What a user decides on an authorize URL, without a browser.
pub(in crate::google) fn consent(
    app: &App,
    authorization_url: &str,
    email: &str,
    choice: &ConsentChoice,
) -> Result<String, ConsentError> {
    let page = format!("{}/o/oauth2/v2/auth?", app.shell.base_url);
    let query = authorization_url
        .strip_prefix(&page)
        .ok_or(ConsentError::OtherUrl)?;
    let request = Authorize::parse(app, query).map_err(|error| ConsentError::Page {
        status: error.status,
        code: error.code,
        message: error.description,
    })?;
    let account = app
        .state()
        .find_account(email)
        .ok_or(ConsentError::UnknownAccount)?;
    Ok(decided(app, &request, account, choice))
}

/// Where the browser goes after the decision.
pub(super) fn decided(
    app: &App,
    request: &Authorize,
    account: usize,
    choice: &ConsentChoice,
) -> String {
    let refused = app
        .state()
        .accounts
        .get(account)
        .and_then(|account| account.refused.clone());
    if let Some(error) = refused {
        return denied(app, request, &error);
    }
    match choice {
        ConsentChoice::Allow => allowed(app, request, account, request.scopes.clone()),
        ConsentChoice::AllowWithout(unticked) => {
            let ticked =
                |scope: &&String| !unticked.contains(scope) || scope::words(scope).is_none();
            allowed(
                app,
                request,
                account,
                request.scopes.iter().filter(ticked).cloned().collect(),
            )
        }
        ConsentChoice::Cancel => denied(app, request, "access_denied"),
        ConsentChoice::Refused(error) => denied(app, request, error),
    }
}

fn denied(app: &App, request: &Authorize, error: &str) -> String {
    callback(app, request, &[("error", error)])
}

fn allowed(app: &App, request: &Authorize, account: usize, mut scopes: Granted) -> String {
    if scopes.is_empty() {
        return denied(app, request, "access_denied");
    }
    let mut guard = app.state();
    let state = &mut *guard;
    let Some(owner) = state.accounts.get_mut(account) else {
        return denied(app, request, "access_denied");
    };
    let first = owner.granted.is_empty();
    let asked = request.prompts.iter().any(|prompt| prompt == "consent");
    owner.granted.extend(scopes.iter().cloned());
    if request.include_granted {
        scopes.clone_from(&owner.granted);
    }
    let code = state.mint.token("4/0A", 54);
    let consent = state.mint.serial();
    let lifetime = TimeDelta::from_std(app.config.code_lifetime).unwrap_or(TimeDelta::MAX);
    let joined = scope::joined(&scopes);
    state.codes.insert(
        code.clone(),
        Code {
            account,
            scopes,
            redirect_uri: request.redirect_uri.clone(),
            challenge: request.challenge.clone(),
            expires: app.now() + lifetime,
            refreshable: request.offline && (first || asked),
            used: false,
            consent,
        },
    );
    let prompt = if first || asked { "consent" } else { "none" };
    let parameters = [
        ("code", code.as_str()),
        ("scope", joined.as_str()),
        ("authuser", "0"),
        ("prompt", prompt),
    ];
    callback(app, request, &parameters)
}

fn callback(app: &App, request: &Authorize, parameters: &[(&str, &str)]) -> String {
    let Ok(mut url) = Url::parse(&request.redirect_uri) else {
        return request.redirect_uri.clone();
    };
    {
        let mut query = url.query_pairs_mut();
        query.append_pair("state", &request.state);
        if !app.config.issuer.is_empty() {
            query.append_pair("iss", &app.config.issuer);
        }
        query.extend_pairs(parameters);
    }
    url.into()
}
