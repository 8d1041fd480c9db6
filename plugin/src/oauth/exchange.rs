//! The token endpoint (RFC 6749, sections 4.1.3, 5 and 6). Never stores what comes
//! back, and never repeats what the endpoint says about an error.

use serde_json::Value;

use super::{App, Profile, not_now};
use crate::bindings::calport::calendar::types::{Error, RetryCause};
use crate::http::{Method, Request};
use crate::json::Fields as _;
use crate::outside::{Outside, Secret};
use crate::{fault, json};

/// A year and a day. Access tokens live for hours; what claims more is not to be
/// believed.
const LONGEST_LIFE: i64 = 366 * 86_400;

/// What tokens are asked for with.
pub(crate) enum Purpose<'a> {
    Code {
        code: &'a Secret,
        redirect_uri: &'a str,
        verifier: &'a Secret,
    },
    Refresh {
        token: &'a Secret,
    },
}

/// What was granted.
pub(crate) struct Grant {
    pub(crate) access_token: Secret,
    pub(crate) refresh_token: Option<Secret>,
    /// Seconds since the epoch.
    pub(crate) expires_at: i64,
    /// `None`: just what was asked for (RFC 6749, section 5.1).
    pub(crate) scopes: Option<Vec<String>>,
}

/// An error reply of the token endpoint. The description is left out on purpose: it
/// is prose, changes, and may hold markup (case 8).
#[derive(Debug, Default)]
pub(crate) struct TokenTrouble {
    pub(crate) error: String,
    /// Microsoft's numbers; they only refine.
    pub(crate) error_codes: Vec<i64>,
}

/// What an error reply means.
#[derive(Debug)]
pub(crate) enum TokenRefusal {
    /// This grant is dead; why.
    Dead(&'static str),
    /// Anything else.
    Fault(Error),
}

impl From<Error> for TokenRefusal {
    fn from(error: Error) -> Self {
        Self::Fault(error)
    }
}

impl TokenTrouble {
    pub(crate) fn read(reply: &Value) -> Result<Self, Error> {
        let codes = json::list(reply.at("error_codes"))?;
        Ok(Self {
            error: json::required(reply.at("error"))?.to_owned(),
            error_codes: codes.iter().filter_map(Value::as_i64).collect(),
        })
    }
}

pub(crate) fn ask(
    world: &dyn Outside,
    profile: &Profile,
    app: &App,
    purpose: &Purpose<'_>,
) -> Result<Grant, TokenRefusal> {
    let mut fields = match purpose {
        Purpose::Code {
            code,
            redirect_uri,
            verifier,
        } => vec![
            ("grant_type", "authorization_code"),
            ("code", code.expose()),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier.expose()),
        ],
        Purpose::Refresh { token } => {
            vec![
                ("grant_type", "refresh_token"),
                ("refresh_token", token.expose()),
            ]
        }
    };
    fields.push(("client_id", &app.client_id));
    fields.push(("client_secret", app.client_secret.expose()));

    let url = profile.token.url(world)?;
    let response = world
        .send(&Request::new(Method::Post, url).form(&fields))
        .map_err(Error::from)?;
    match response.status {
        200..300 => Ok(grant(&response.json()?, world.now())?),
        429 => Err(not_now(&response, RetryCause::RateLimited, world.now()).into()),
        400..500 => {
            let trouble = TokenTrouble::read(&response.json()?)?;
            Err((profile.token_refusal)(profile, &trouble, purpose))
        }
        _ => Err(not_now(&response, RetryCause::Unavailable, world.now()).into()),
    }
}

fn grant(reply: &Value, now: i64) -> Result<Grant, Error> {
    let access_token = json::required(reply.at("access_token"))?;
    let refresh_token = json::text(reply.at("refresh_token"))?;
    let is_bearer =
        json::text(reply.at("token_type"))?.is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"));
    let life = reply
        .at("expires_in")
        .as_i64()
        .filter(|seconds| (1..=LONGEST_LIFE).contains(seconds));
    let scopes = json::text(reply.at("scope"))?
        .map(|scopes| {
            scopes
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .filter(|scopes| !scopes.is_empty());
    match life {
        Some(life) if is_bearer => Ok(Grant {
            access_token: Secret::new(access_token),
            refresh_token: refresh_token.map(Secret::new),
            expires_at: now.saturating_add(life),
            scopes,
        }),
        Some(_) | None => Err(fault::unavailable()),
    }
}

/// An error code of RFC 6749 as it may stand in a text: the codes have no other
/// characters, so that nothing else gets through.
pub(crate) fn code_in_words(code: &str) -> &str {
    let is_code = !code.is_empty()
        && code.len() <= 64
        && code
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if is_code { code } else { "an unknown error" }
}
