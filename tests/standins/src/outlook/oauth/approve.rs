//! From a user's decision to the callback URL.
//!
//! The page and the programmatic consent both end here, so that neither can do what the other cannot.

use std::time::Duration;

use chrono::TimeDelta;
use url::Url;

use super::super::state::{App, Code};
use super::authorize::{Authorize, Back, Refused};
use super::error::AadError;
use super::scope::Granted;
use crate::consent::{ConsentChoice, ConsentError};

/// "Authorization codes are short lived, typically they expire after about 10 minutes."
const CODE_LIFETIME: Duration = Duration::from_secs(600);

/// What a user decides on an authorize URL, without a browser.
pub(in crate::outlook) fn consent(
    app: &App,
    authorization_url: &str,
    email: &str,
    choice: &ConsentChoice,
) -> Result<String, ConsentError> {
    let rest = authorization_url.strip_prefix(&app.shell.base_url);
    let (path, query) = rest
        .and_then(|rest| rest.split_once('?'))
        .ok_or(ConsentError::OtherUrl)?;
    let tenant = path
        .strip_prefix('/')
        .and_then(|path| path.strip_suffix("/oauth2/v2.0/authorize"));
    let tenant = tenant
        .filter(|tenant| !tenant.contains('/'))
        .ok_or(ConsentError::OtherUrl)?;
    let request = match Authorize::parse(app, tenant, query) {
        Ok(request) => request,
        Err(Refused::Back(back, error)) => return Ok(denied(&back, &error, None)),
        Err(Refused::Page(error)) => {
            let (status, code) = (error.status, format!("AADSTS{}", error.code));
            return Err(ConsentError::Page {
                status,
                code,
                message: error.message,
            });
        }
    };
    let account = app
        .state()
        .find_account(email)
        .ok_or(ConsentError::UnknownAccount)?;
    if !request.accounts.contains(&account) {
        let error = AadError::of(50020);
        let code = format!("AADSTS{}", error.code);
        return Err(ConsentError::Page {
            status: 400,
            code,
            message: error.message,
        });
    }
    Ok(decided(app, &request, Some(account), choice))
}

/// Where the browser goes after the decision.
pub(super) fn decided(
    app: &App,
    request: &Authorize,
    account: Option<usize>,
    choice: &ConsentChoice,
) -> String {
    let Some(account) = account.filter(|_| *choice != ConsentChoice::Cancel) else {
        let message =
            "The user has denied access to the scope requested by the client application.";
        let error = "access_denied".to_owned();
        let error = AadError {
            error,
            message: message.into(),
            ..AadError::of(65004)
        };
        return denied(&request.back, &error, Some("cancel"));
    };
    if app
        .state()
        .accounts
        .get(account)
        .is_some_and(|account| account.needs_admin)
    {
        return denied(&request.back, &AadError::of(90094), None);
    }
    match choice {
        ConsentChoice::Allow => allowed(app, request, account, request.scopes.clone()),
        // No box can be unticked here; an administrator can grant less, though.
        ConsentChoice::AllowWithout(left_out) => {
            let kept = request
                .scopes
                .iter()
                .filter(|scope| !left_out.contains(scope));
            allowed(app, request, account, kept.cloned().collect())
        }
        ConsentChoice::Refused(error) => {
            let error = AadError::named(400, error, "The request was refused.");
            denied(&request.back, &error, None)
        }
        ConsentChoice::Cancel => denied(&request.back, &AadError::of(65004), None),
    }
}

/// The callback of a refusal.
pub(super) fn denied(back: &Back, error: &AadError, subcode: Option<&str>) -> String {
    let description = error.description();
    let mut parameters = vec![
        ("error", error.error.as_str()),
        ("error_description", &description),
    ];
    parameters.extend(subcode.map(|subcode| ("error_subcode", subcode)));
    callback(back, &parameters)
}

fn allowed(app: &App, request: &Authorize, account: usize, scopes: Granted) -> String {
    let mut state = app.state();
    let code = state.mint.token("0.AXoA", 90);
    let lifetime = TimeDelta::from_std(CODE_LIFETIME).unwrap_or_default();
    state.codes.insert(
        code.clone(),
        Code {
            account,
            scopes,
            redirect_uri: request.back.redirect_uri.clone(),
            challenge: request.challenge.clone(),
            expires: app.now() + lifetime,
            used: false,
        },
    );
    callback(
        &request.back,
        &[
            ("code", &code),
            ("session_state", "00000000-0000-4000-8000-000000000003"),
        ],
    )
}

fn callback(back: &Back, parameters: &[(&str, &str)]) -> String {
    let Ok(mut url) = Url::parse(&back.redirect_uri) else {
        return back.redirect_uri.clone();
    };
    url.query_pairs_mut()
        .extend_pairs(parameters)
        .extend_pairs(back.state.iter().map(|state| ("state", state)));
    url.into()
}
