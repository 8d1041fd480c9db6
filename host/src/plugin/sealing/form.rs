//! Forms to token and revoke endpoints (RFC 6749, sections 4.1.3 and 6; RFC 7009, section
//! 2.1): read whole, credentials put into the fields that are for them, and written anew.

use super::{
    fault::RequestFault,
    policy::Asked,
    table::{Kind, Table},
};
use crate::plugin::{calendar::Scope, undescribed};
use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use std::{borrow::Cow, collections::BTreeSet};
use url::form_urlencoded::{self, Serializer};

/// The largest form in bytes; a connect sends under 4 KiB.
const LARGEST: usize = 64 * 1024;

/// The most fields of a form; a connect sends six.
const MOST_FIELDS: usize = 64;

/// A field that a credential belongs in.
struct Place {
    name: &'static str,
    kinds: &'static [Kind],
    token: bool,
    revoke: bool,
}

const PLACES: &[Place] = &[
    place("client_secret", &[Kind::ClientSecret], true, true),
    place("code", &[Kind::Code], true, false),
    place("code_verifier", &[Kind::Verifier], true, false),
    place("refresh_token", &[Kind::RefreshToken], true, false),
    place(
        "token",
        &[Kind::RefreshToken, Kind::AccessToken],
        false,
        true,
    ),
];

const fn place(name: &'static str, kinds: &'static [Kind], token: bool, revoke: bool) -> Place {
    Place {
        name,
        kinds,
        token,
        revoke,
    }
}

enum Value<'a> {
    Plain(Cow<'a, str>),
    Real(SecretString),
}

type Fields<'a> = [(Cow<'a, str>, Value<'a>)];

/// The form with the real values in it, in memory that is wiped, and what it asks for.
pub(super) fn fill(
    table: &Table,
    scopes: &[Scope],
    (token, revoke): (bool, bool),
    body: &[u8],
) -> Result<(Bytes, Asked), RequestFault> {
    if body.len() > LARGEST {
        return Err(RequestFault::LargeForm);
    }
    let revokes =
        revoke && (!token || form_urlencoded::parse(body).any(|(name, _)| name == "token"));
    let mut filled: Vec<(Cow<'_, str>, Value<'_>)> = Vec::new();
    let mut length = 0;
    for (name, value) in form_urlencoded::parse(body) {
        if filled.len() == MOST_FIELDS {
            return Err(RequestFault::LargeForm);
        }
        let place = PLACES
            .iter()
            .filter(|place| if revokes { place.revoke } else { place.token })
            .find(|place| place.name == name);
        let value = match place {
            Some(place) if filled.iter().any(|(other, _)| *other == place.name) => {
                return Err(RequestFault::Twice(place.name));
            }
            Some(place) => {
                let real = table.open(place.kinds, &value);
                Value::Real(real.ok_or(RequestFault::Field(place.name))?)
            }
            None if table.is_in(name.as_bytes()) || table.is_in(value.as_bytes()) => {
                return Err(RequestFault::Body);
            }
            None => Value::Plain(value),
        };
        let bytes = match &value {
            Value::Plain(text) => text.len(),
            Value::Real(secret) => secret.expose_secret().len(),
        };
        // Three for one is the most that encoding takes; `&` and `=` on top.
        length += 3 * (name.len() + bytes) + 2;
        filled.push((name, value));
    }
    let asked = if revokes {
        check_revocation(&filled)?;
        Asked::Revocation
    } else {
        check_grant(&filled)?;
        check_scopes(&filled, scopes)?;
        Asked::Tokens
    };
    check_once(&filled)?;
    // With room for all of it: a buffer that grows leaves copies behind.
    let mut form = Serializer::new(String::with_capacity(length));
    for (name, value) in &filled {
        match value {
            Value::Plain(text) => form.append_pair(name, text),
            Value::Real(secret) => form.append_pair(name, secret.expose_secret()),
        };
    }
    let wiped = zeroize::Zeroizing::new(form.finish().into_bytes());
    Ok((Bytes::from_owner(wiped), asked))
}

/// Only what the user has granted is exchanged: the host's own code, or a stored token. Any
/// other grant would be somebody else's.
fn check_grant(form: &Fields<'_>) -> Result<(), RequestFault> {
    let mut types = form.iter().filter(|(name, _)| name == "grant_type");
    let (Some((_, Value::Plain(grant))), None) = (types.next(), types.next()) else {
        return Err(RequestFault::GrantType);
    };
    let (needed, foreign) = match grant.as_ref() {
        "authorization_code" => ("code", "refresh_token"),
        "refresh_token" => ("refresh_token", "code"),
        _ => return Err(RequestFault::GrantType),
    };
    if !has(form, needed) || has(form, foreign) {
        return Err(RequestFault::GrantType);
    }
    Ok(())
}

/// A revoke endpoint may be described at the URL of a token endpoint: no grant is exchanged
/// there under the name of a revocation.
fn check_revocation(form: &Fields<'_>) -> Result<(), RequestFault> {
    let is_grant = |name: &str| name.eq_ignore_ascii_case("grant_type");
    if !has(form, "token") || form.iter().any(|(name, _)| is_grant(name)) {
        return Err(RequestFault::Revocation);
    }
    Ok(())
}

/// Microsoft takes a `scope` with a refresh token, and gives what the app may have beyond it.
fn check_scopes(form: &Fields<'_>, scopes: &[Scope]) -> Result<(), RequestFault> {
    for (name, value) in form {
        let Value::Plain(scope) = value else { continue };
        if name.eq_ignore_ascii_case("scope") && undescribed(scope, scopes).is_some() {
            return Err(RequestFault::Scope);
        }
    }
    Ok(())
}

/// Who reads the form finds the fields that were checked here, whatever the case of a name
/// means to them (RFC 6749, section 3.2: none stands twice).
fn check_once(form: &Fields<'_>) -> Result<(), RequestFault> {
    let mut seen = BTreeSet::new();
    let mut names = form.iter().map(|(name, _)| name.to_ascii_lowercase());
    match names.all(|name| seen.insert(name)) {
        true => Ok(()),
        false => Err(RequestFault::Repeated),
    }
}

fn has(form: &Fields<'_>, name: &str) -> bool {
    form.iter().any(|(found, _)| found == name)
}
