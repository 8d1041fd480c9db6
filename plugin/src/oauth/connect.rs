//! The second half of connecting: what came back with the browser becomes stored
//! credentials, or nothing changes at all. Never echoes what the callback holds.

use super::exchange::{self, Grant, Purpose, TokenRefusal};
use super::session::{Caller, Fresh, Session};
use super::{App, Profile};
use crate::bindings::calport::calendar::types::Error;
use crate::bindings::exports::calport::calendar::calendar::{Account, Callback, Parameter};
use crate::fault;
use crate::outside::{Credentials, Outside, Secret, StoreFailure};

/// Saves against other saves at the same time; more than two are a fault.
const MOST_SAVES: usize = 4;

/// Who an account is: its id, what the user calls it, and its main calendar.
pub(crate) type Identify = fn(&mut dyn Caller) -> Result<Account, Error>;

pub(crate) fn complete(
    world: &dyn Outside,
    profile: &'static Profile,
    callback: &Callback,
    identify: Identify,
) -> Result<Account, Error> {
    let app = profile.app(world)?;
    let code = code(world, profile, callback)?;
    let stored = world.load()?;
    let purpose = Purpose::Code {
        code: &code,
        redirect_uri: &callback.redirect_uri,
        verifier: &Secret::new(callback.code_verifier.as_str()),
    };
    let grant = exchange::ask(world, profile, &app, &purpose).map_err(|refusal| match refusal {
        TokenRefusal::Dead(_) => Error::NeedsReconnect(
            "The provider no longer accepts the code of this consent. Begin connecting again."
                .to_owned(),
        ),
        TokenRefusal::Fault(error) => error,
    })?;

    let asked = || {
        profile
            .scopes
            .iter()
            .map(|scope| scope.name.to_owned())
            .collect()
    };
    let scopes: Vec<String> = grant.scopes.clone().unwrap_or_else(asked);
    let missing = profile.missing_scopes(&scopes);
    if !missing.is_empty() {
        return Err(Error::NeedsScope(missing));
    }

    let mut fresh = Fresh {
        world,
        token: &grant.access_token,
        scopes: &scopes,
    };
    let account = identify(&mut fresh)?;
    if grant.refresh_token.is_none() {
        let has_one = stored
            .as_ref()
            .is_some_and(|stored| stored.credentials.refresh_token.is_some());
        if !has_one || !is_same_account(world, profile, identify, &account) {
            return Err(Error::NeedsReconnect(format!(
                "{} gave no refresh token, so that the connection would end within the hour. Remove this app \
                 from the account's list of connected apps and connect again.",
                profile.company
            )));
        }
    }
    save(world, app, grant, scopes)?;
    Ok(account)
}

/// Whether what is stored is of the same account: the access token of one must
/// never stand beside the refresh token of another.
fn is_same_account(
    world: &dyn Outside,
    profile: &'static Profile,
    identify: Identify,
    account: &Account,
) -> bool {
    Session::open(world, profile)
        .and_then(|mut session| identify(&mut session))
        .is_ok_and(|stored| stored.id == account.id)
}

fn save(world: &dyn Outside, app: App, grant: Grant, scopes: Vec<String>) -> Result<(), Error> {
    let credentials = Credentials {
        access_token: grant.access_token,
        refresh_token: grant.refresh_token,
        expires_at: Some(grant.expires_at),
        scopes,
        client_id: app.client_id,
    };
    let mut expected = world.load()?.map(|stored| stored.revision);
    for _ in 0..MOST_SAVES {
        // A grant without a refresh token lives on the stored one's.
        if credentials.refresh_token.is_none() && expected.is_none() {
            break;
        }
        match world.save(&credentials, expected) {
            Ok(_) => return Ok(()),
            // A refresh of the old grant was under way: the new consent is later.
            Err(StoreFailure::Conflict(now)) => expected = now,
            Err(
                failure
                @ (StoreFailure::NoUser | StoreFailure::Unavailable | StoreFailure::Refused),
            ) => {
                return Err(failure.into());
            }
        }
    }
    Err(fault::unavailable())
}

/// The code, once the callback is seen to be an answer to us and not a refusal.
fn code(world: &dyn Outside, profile: &Profile, callback: &Callback) -> Result<Secret, Error> {
    if let Some(issuer) = single(&callback.parameters, "iss")? {
        let origin = profile.authorize.url(world)?.origin().ascii_serialization();
        if !(profile.is_issuer)(issuer, &origin) {
            return Err(again("names another issuer than the provider's own"));
        }
    }
    if let Some(error) = single(&callback.parameters, "error")? {
        return Err((profile.consent_refusal)(
            profile,
            error,
            &callback.redirect_uri,
        ));
    }
    match single(&callback.parameters, "code")? {
        Some(code) if !code.is_empty() => Ok(Secret::new(code)),
        Some(_) | None => Err(again("holds neither a code nor an error")),
    }
}

/// A parameter that may stand once (RFC 6749, section 3.1).
fn single<'a>(parameters: &'a [Parameter], name: &str) -> Result<Option<&'a str>, Error> {
    let mut found = parameters.iter().filter(|parameter| parameter.name == name);
    match (found.next(), found.next()) {
        (None, _) => Ok(None),
        (Some(only), None) => Ok(Some(&only.value)),
        (Some(_), Some(_)) => Err(again(format!("holds `{name}` twice"))),
    }
}

fn again(problem: impl Into<String>) -> Error {
    fault::invalid("callback.parameters", problem, "begin connecting again")
}
