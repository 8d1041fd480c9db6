//! Google's consent page, token errors, identity and revocation. Sources: "Using
//! OAuth 2.0 for Web Server Applications", "OpenID Connect" at developers.google.com.

use super::{PROFILE, REVOKE, USERINFO, calendars, errors};
use crate::bindings::calport::calendar::types::{Error, RetryCause};
use crate::bindings::exports::calport::calendar::calendar::Account;
use crate::http::{Method, Request};
use crate::json::Fields as _;
use crate::oauth::exchange::{Purpose, TokenRefusal, TokenTrouble, code_in_words};
use crate::oauth::session::Caller;
use crate::oauth::{Profile, not_now};
use crate::outside::Outside;
use crate::{fault, json};

/// Google answers `email` and `profile` with their long names.
pub(super) fn normal_scope(scope: &str) -> String {
    scope
        .strip_prefix("https://www.googleapis.com/auth/userinfo.")
        .unwrap_or(scope)
        .to_owned()
}

/// The account by its OpenID Connect subject, once its calendar is seen to be usable.
pub(crate) fn identify(caller: &mut dyn Caller) -> Result<Account, Error> {
    let url = USERINFO.url(caller.world())?;
    let response = caller.send(Request::new(Method::Get, url))?;
    if !response.is_success() {
        return Err(errors::refusal(&response, caller).into_error());
    }
    let who = response.json()?;
    let id = json::required(who.at("sub"))?.to_owned();
    let calendar = calendars::list(caller)?
        .into_iter()
        .find(|calendar| calendar.primary);
    let calendar = calendar.ok_or_else(|| {
        Error::Rejected(
            "This Google account has no calendar of its own that can be written to. Open Google Calendar once \
             with it, then connect again."
                .to_owned(),
        )
    })?;
    let label = json::text(who.at("email"))?.map_or(String::new(), fault::plain);
    let label = if label.is_empty() {
        calendar.name.clone()
    } else {
        label
    };
    Ok(Account {
        id,
        label,
        calendar,
    })
}

/// Revokes the grant. The refresh token stands for all of it; a token that Google no
/// longer knows is what was wanted.
pub(crate) fn disconnect(world: &dyn Outside, revoke: bool) -> Result<(), Error> {
    let Some(stored) = world.load()? else {
        return Ok(());
    };
    let credentials = &stored.credentials;
    let token = credentials
        .refresh_token
        .as_ref()
        .unwrap_or(&credentials.access_token);
    let revoked = if revoke {
        revoke_token(world, token.expose())
    } else {
        Ok(())
    };
    // Whatever the answer was. Not before it: a sealing host needs the record to put
    // the token into the request.
    world.clear()?;
    revoked
}

fn revoke_token(world: &dyn Outside, token: &str) -> Result<(), Error> {
    let url = REVOKE.url(world)?;
    let response = world.send(&Request::new(Method::Post, url).form(&[("token", token)]))?;
    match response.status {
        200..300 if response.is_deletion() || response.json().is_ok() => Ok(()),
        429 => Err(not_now(&response, RetryCause::RateLimited, world.now())),
        400..500 => match response.json().and_then(|reply| TokenTrouble::read(&reply)) {
            Ok(trouble) if trouble.error == "invalid_token" => Ok(()),
            Ok(trouble) => Err(Error::Rejected(format!(
                "Google did not revoke the grant ({}).",
                code_in_words(&trouble.error)
            ))),
            Err(_) => Err(Error::Rejected(
                "Google did not revoke the grant.".to_owned(),
            )),
        },
        _ => Err(not_now(&response, RetryCause::Unavailable, world.now())),
    }
}

/// `error` of a callback.
pub(super) fn consent_refusal(profile: &Profile, error: &str, redirect_uri: &str) -> Error {
    match error {
        "access_denied" => Error::Denied,
        "disallowed_useragent" => Error::Rejected(
            "Google does not show its consent page inside apps. Open it in the browser.".to_owned(),
        ),
        "server_error" | "temporarily_unavailable" => fault::unavailable(),
        "interaction_required"
        | "login_required"
        | "consent_required"
        | "account_selection_required" => Error::NeedsReconnect(
            "Google has to ask the user first. Begin connecting again.".to_owned(),
        ),
        _ => app_refusal(profile, error, redirect_uri).unwrap_or_else(|| {
            Error::Rejected(format!(
                "Google refused to connect ({}).",
                code_in_words(error)
            ))
        }),
    }
}

/// `error` of the token endpoint.
pub(super) fn token_refusal(
    profile: &Profile,
    trouble: &TokenTrouble,
    purpose: &Purpose<'_>,
) -> TokenRefusal {
    let redirect_uri = match purpose {
        Purpose::Code { redirect_uri, .. } => redirect_uri,
        Purpose::Refresh { .. } => "",
    };
    match trouble.error.as_str() {
        "invalid_grant" => {
            TokenRefusal::Dead("Google says that the grant has expired or was taken back.")
        }
        "server_error" | "temporarily_unavailable" | "internal_failure" => {
            fault::unavailable().into()
        }
        "rate_limit_exceeded" => fault::retry(RetryCause::RateLimited).into(),
        error => app_refusal(profile, error, redirect_uri)
            .unwrap_or_else(|| {
                Error::Rejected(format!("Google gave no token ({}).", code_in_words(error)))
            })
            .into(),
    }
}

/// What the app's operator or the user's administrator has to mend, whichever
/// endpoint says it.
fn app_refusal(profile: &Profile, error: &str, redirect_uri: &str) -> Option<Error> {
    let Profile {
        client_id,
        client_secret,
        redirect_setting,
        ..
    } = profile;
    match error {
        "redirect_uri_mismatch" => Some(Error::Misconfigured(format!(
            "Google does not know this app's redirect URI. Register exactly {} with the OAuth client, or set \
             {redirect_setting} to the one that is registered.",
            if redirect_uri.is_empty() { "the one in use" } else { redirect_uri }
        ))),
        "invalid_client" | "unauthorized_client" | "deleted_client" | "disabled_client" => {
            Some(Error::Misconfigured(format!(
                "Google does not accept this app's credentials ({error}). Check {client_id} and {client_secret} \
                 against the OAuth client in the Google Cloud console."
            )))
        }
        "invalid_scope" => Some(Error::Misconfigured(
            "Google does not let this app ask for its scopes. Add them to the OAuth consent screen of the \
             Google Cloud project, and enable the Google Calendar API."
                .to_owned(),
        )),
        "admin_policy_enforced" => Some(Error::NeedsAdmin(
            "The administrator of this Google Workspace has to allow the app first.".to_owned(),
        )),
        "org_internal" => Some(Error::NeedsAdmin(
            "This app is open to accounts of its own organisation only.".to_owned(),
        )),
        _ => None,
    }
}

/// For `describe` and for every call.
pub(super) fn scopes_missing(granted: &[String]) -> Vec<String> {
    let missing = PROFILE.missing_scopes(granted);
    if missing.is_empty() {
        // The record says that all are there, Google says no: which one it does not say.
        vec![super::EVENTS_SCOPE.to_owned()]
    } else {
        missing
    }
}
