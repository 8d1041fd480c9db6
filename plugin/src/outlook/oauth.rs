//! Microsoft's consent page, token errors and identity. Source: "Microsoft identity
//! platform error codes" and "OAuth 2.0 authorization code flow", learn.microsoft.com.
//! `error` decides, `error_codes` refine it, the description is never read.

use serde_json::Value;

use super::{calendars, graph};
use crate::bindings::calport::calendar::types::{Error, RetryCause};
use crate::bindings::exports::calport::calendar::calendar::Account;
use crate::http::Method;
use crate::json::Fields as _;
use crate::oauth::Profile;
use crate::oauth::exchange::{Purpose, TokenRefusal, TokenTrouble, code_in_words};
use crate::oauth::session::Caller;
use crate::outside::Outside;
use crate::{fault, json};

/// An administrator has to consent, or a policy of theirs stands in the way.
const NEEDS_ADMIN: [i64; 3] = [90_094, 900_941, 53_003];

/// The user has to consent once more.
const NEEDS_CONSENT: [i64; 2] = [65_001, 65_004];

/// Microsoft is at fault, and only for now.
const TRANSIENT: [i64; 2] = [50_033, 70_012];

/// Scopes come short or with the resource in front, in any case.
pub(super) fn normal_scope(scope: &str) -> String {
    let name = match scope.split_once("://") {
        Some((_, rest)) => rest.rsplit('/').next().unwrap_or(rest),
        None => scope,
    };
    name.to_ascii_lowercase()
}

/// The account by its directory object, once its mailbox is seen to be usable.
pub(crate) fn identify(caller: &mut dyn Caller) -> Result<Account, Error> {
    let url = graph::url(
        caller,
        "/me",
        &[("$select", "id,displayName,mail,userPrincipalName")],
    )?;
    let who = graph::call(caller, graph::request(Method::Get, url))
        .and_then(|reply| Ok(reply.json()?))
        .map_err(graph::Refusal::into_error)?;
    let id = json::required(who.at("id"))?.to_owned();
    let calendar = calendars::list(caller)?
        .into_iter()
        .find(|calendar| calendar.primary);
    let calendar = calendar.ok_or_else(|| {
        Error::Rejected(
            "This Microsoft account has no calendar of its own that can be written to. Open Outlook once with \
             it, then connect again."
                .to_owned(),
        )
    })?;
    let label = ["mail", "userPrincipalName", "displayName"]
        .into_iter()
        .filter_map(|name| who.at(name).as_str())
        .map(fault::plain)
        .find(|label| !label.is_empty());
    Ok(Account {
        id,
        label: label.unwrap_or_else(|| calendar.name.clone()),
        calendar,
    })
}

/// Microsoft has no endpoint that revokes: what is stored here is all there is to
/// erase. The user takes the consent back on their own account's page.
pub(crate) fn disconnect(world: &dyn Outside) -> Result<(), Error> {
    Ok(world.clear()?)
}

/// `error` of a callback.
pub(super) fn consent_refusal(profile: &Profile, error: &str, redirect_uri: &str) -> Error {
    match error {
        "access_denied" => Error::Denied,
        "server_error" | "temporarily_unavailable" => fault::unavailable(),
        // The user was just asked. Where consent is still missing, it is not theirs to give
        // (AADSTS90094 and its kin; a callback carries no error_codes to tell them apart).
        "consent_required" => needs_admin(),
        "interaction_required" | "login_required" => Error::NeedsReconnect(
            "Microsoft has to ask the user first. Begin connecting again.".to_owned(),
        ),
        _ => app_refusal(profile, error, &[], redirect_uri).unwrap_or_else(|| {
            Error::Rejected(format!(
                "Microsoft refused to connect ({}).",
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
    let codes = &trouble.error_codes;
    let any = |known: &[i64]| codes.iter().any(|code| known.contains(code));
    match trouble.error.as_str() {
        "temporarily_unavailable" | "server_error" => fault::unavailable().into(),
        "slow_down" => fault::retry(RetryCause::RateLimited).into(),
        "invalid_grant" | "interaction_required" | "login_required" | "consent_required" => {
            if any(&NEEDS_ADMIN) {
                needs_admin().into()
            } else if any(&TRANSIENT) {
                fault::unavailable().into()
            } else if let Some(error) = app_fault(profile, codes, redirect_uri) {
                error.into()
            } else {
                TokenRefusal::Dead(why_dead(codes))
            }
        }
        "access_denied" => Error::Denied.into(),
        error => app_refusal(profile, error, codes, redirect_uri)
            .unwrap_or_else(|| {
                if any(&NEEDS_ADMIN) {
                    needs_admin()
                } else if any(&TRANSIENT) {
                    fault::unavailable()
                } else {
                    Error::Rejected(format!(
                        "Microsoft gave no token ({}).",
                        code_in_words(error)
                    ))
                }
            })
            .into(),
    }
}

fn why_dead(codes: &[i64]) -> &'static str {
    let any = |known: &[i64]| codes.iter().any(|code| known.contains(code));
    if any(&NEEDS_CONSENT) {
        "Microsoft says that the user has not consented, or no longer does."
    } else if any(&[700_082, 70_043]) {
        "Microsoft says that the grant has expired: it was not used for too long, or a policy ended it."
    } else if any(&[50_173]) {
        "Microsoft says that the grant was taken back, for example by a new password."
    } else {
        "Microsoft says that the grant has expired or was taken back."
    }
}

fn needs_admin() -> Error {
    Error::NeedsAdmin(
        "The administrator of this Microsoft 365 organisation has to allow the app first."
            .to_owned(),
    )
}

/// What an error name alone says about the app's registration; its numbers, where
/// there are some, say it better.
fn app_refusal(profile: &Profile, error: &str, codes: &[i64], redirect_uri: &str) -> Option<Error> {
    if let Some(error) = app_fault(profile, codes, redirect_uri) {
        return Some(error);
    }
    let Profile {
        client_id,
        client_secret,
        ..
    } = profile;
    match error {
        "invalid_client" | "unauthorized_client" => Some(Error::Misconfigured(format!(
            "Microsoft does not accept this app's credentials ({error}). Check {client_id} and {client_secret} \
             against the app registration in Microsoft Entra, and that it takes the kind of account in use."
        ))),
        "invalid_scope" | "invalid_resource" => Some(scopes_refused()),
        _ => None,
    }
}

fn app_fault(profile: &Profile, codes: &[i64], redirect_uri: &str) -> Option<Error> {
    let Profile {
        client_id,
        client_secret,
        redirect_setting,
        ..
    } = profile;
    codes.iter().find_map(|code| {
        Some(match code {
            50_011 => Error::Misconfigured(format!(
                "Microsoft does not know this app's redirect URI. Add exactly {} to the app registration as a \
                 Web platform, or set {redirect_setting} to the one that is registered.",
                if redirect_uri.is_empty() { "the one in use" } else { redirect_uri }
            )),
            7_000_215 => Error::Misconfigured(format!(
                "Microsoft does not accept {client_secret}. Check that it holds the secret's value, not its id."
            )),
            7_000_222 => Error::Misconfigured(format!(
                "The secret in {client_secret} has expired. Make a new one in the app registration."
            )),
            700_025 => Error::Misconfigured(format!(
                "The app registration of {client_id} is that of a public client. Register the redirect URI as a \
                 Web platform."
            )),
            70_002 => Error::Misconfigured(format!(
                "Microsoft does not accept this app's credentials. Check {client_id} and {client_secret}."
            )),
            650_053 => scopes_refused(),
            _ => return None,
        })
    })
}

fn scopes_refused() -> Error {
    Error::Misconfigured(
        "Microsoft does not let this app ask for its scopes. Add User.Read, Calendars.ReadWrite and \
         offline_access of Microsoft Graph to the app registration as delegated permissions."
            .to_owned(),
    )
}

/// Whether Graph says by its code that there is no mailbox behind the account.
pub(super) fn has_no_mailbox(error: &Value) -> bool {
    matches!(
        error.at("code").as_str(),
        Some(
            "MailboxNotEnabledForRESTAPI"
                | "MailboxNotSupportedForRESTAPI"
                | "ResourceNotFound"
                | "ErrorNonExistentMailbox"
                | "ErrorMissingEmailAddress"
        )
    )
}
