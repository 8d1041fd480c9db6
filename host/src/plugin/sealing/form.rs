//! Forms to token and revoke endpoints (RFC 6749, sections 4.1.3 and 6; RFC 7009, section
//! 2.1): read whole, credentials put into the fields that are for them, and written anew.

use super::{
    fault::RequestFault,
    table::{Kind, Table},
};
use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use std::borrow::Cow;
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

/// The form with the real values in it, in memory that is wiped.
pub(super) fn fill(
    table: &Table,
    token: bool,
    revoke: bool,
    body: &[u8],
) -> Result<Bytes, RequestFault> {
    if body.len() > LARGEST {
        return Err(RequestFault::LargeForm);
    }
    let mut filled: Vec<(Cow<'_, str>, Value<'_>)> = Vec::new();
    let mut length = 0;
    for (name, value) in form_urlencoded::parse(body) {
        if filled.len() == MOST_FIELDS {
            return Err(RequestFault::LargeForm);
        }
        let place = PLACES
            .iter()
            .filter(|place| (token && place.token) || (revoke && place.revoke))
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
    if token && !(revoke && has(&filled, "token")) {
        check_grant(&filled)?;
    }
    // With room for all of it: a buffer that grows leaves copies behind.
    let mut form = Serializer::new(String::with_capacity(length));
    for (name, value) in &filled {
        match value {
            Value::Plain(text) => form.append_pair(name, text),
            Value::Real(secret) => form.append_pair(name, secret.expose_secret()),
        };
    }
    let wiped = zeroize::Zeroizing::new(form.finish().into_bytes());
    Ok(Bytes::from_owner(wiped))
}

/// Only what the user has granted is exchanged: the host's own code, or a stored token. Any
/// other grant would be somebody else's.
fn check_grant(form: &[(Cow<'_, str>, Value<'_>)]) -> Result<(), RequestFault> {
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

fn has(form: &[(Cow<'_, str>, Value<'_>)], name: &str) -> bool {
    form.iter().any(|(found, _)| found == name)
}
