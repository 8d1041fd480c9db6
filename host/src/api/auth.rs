//! Who is asking: a user by the platform's signed token (RFC 7519), or the platform's own
//! server by its bearer. Nobody is told why a token was refused, only what it must be.

use super::{Problem, Shared, issuer::Issuer};
use crate::{
    config::UserTokenKeys,
    service::ServiceOptions,
    subject::{self, Subject},
};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use subtle::ConstantTimeEq;

/// Seconds by which the platform's clock may differ from ours.
const CLOCK_LEEWAY: u64 = 30;

/// The header by which the platform's server says whose booking it speaks of, where it
/// has several tenants.
const TENANT_HEADER: &str = "calport-tenant";

/// What is read of a user's token.
#[derive(Debug, Deserialize)]
pub struct Claims {
    /// The user.
    pub sub: String,
    /// The user's tenant, where the platform has several.
    pub tenant: Option<String>,
}

/// Verifies bearers.
#[derive(Debug)]
pub struct Authenticator {
    platform_token: SecretString,
    metrics_token: Option<SecretString>,
    signer: Signer,
    audience: Option<String>,
}

/// Whose signature a user's token bears.
#[derive(Debug)]
enum Signer {
    Shared(SecretString),
    Publisher(Issuer),
}

impl Authenticator {
    /// Verifies by these keys.
    pub fn new(options: &ServiceOptions) -> Self {
        let signer = match &options.user_tokens.keys {
            UserTokenKeys::Shared(secret) => Signer::Shared(secret.clone()),
            UserTokenKeys::Jwks(url) => Signer::Publisher(Issuer::new(url)),
        };
        Self {
            platform_token: options.platform_token.clone(),
            metrics_token: options.metrics_token.clone(),
            signer,
            audience: options.user_tokens.audience.clone(),
        }
    }

    async fn user(&self, token: &str) -> Option<Subject> {
        let header = decode_header(token).ok()?;
        let claims = match &self.signer {
            Signer::Shared(secret) => {
                let key = DecodingKey::from_secret(secret.expose_secret().as_bytes());
                self.claims(token, &key, &[Algorithm::HS256])?
            }
            Signer::Publisher(issuer) => {
                let key = issuer.key(header.kid.as_deref()?).await?;
                let asymmetric = [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];
                let fits = asymmetric.into_iter().find(|known| *known == header.alg)?;
                self.claims(token, &key, &[fits])?
            }
        };
        let tenant = claims
            .tenant
            .unwrap_or_else(|| Subject::DEFAULT_TENANT.to_owned());
        let valid = subject::is_valid_id(&claims.sub) && subject::is_valid_id(&tenant);
        valid.then(|| Subject::new(tenant, claims.sub))
    }

    fn claims(&self, token: &str, key: &DecodingKey, algorithms: &[Algorithm]) -> Option<Claims> {
        let mut validation = Validation::new(*algorithms.first()?);
        validation.algorithms = algorithms.to_vec();
        validation.leeway = CLOCK_LEEWAY;
        validation.validate_nbf = true;
        validation.set_required_spec_claims(&["exp", "sub"]);
        match &self.audience {
            Some(audience) => {
                validation.set_audience(&[audience]);
                validation.set_required_spec_claims(&["exp", "sub", "aud"]);
            }
            None => validation.validate_aud = false,
        }
        Some(decode::<Claims>(token, key, &validation).ok()?.claims)
    }

    fn is_platform(&self, token: &str) -> bool {
        is_same(token, &self.platform_token)
    }

    fn is_operator(&self, token: &str) -> bool {
        let own = self.metrics_token.as_ref();
        own.is_some_and(|own| is_same(token, own)) || self.is_platform(token)
    }
}

fn is_same(token: &str, secret: &SecretString) -> bool {
    token
        .as_bytes()
        .ct_eq(secret.expose_secret().as_bytes())
        .into()
}

/// Whoever watches this host: by a bearer that can do nothing else, or the platform's.
pub(super) struct Operator;

/// A user of the platform.
pub(super) struct User(pub(super) Subject);

/// The platform's own server, speaking for a tenant.
pub(super) struct Platform {
    pub(super) tenant: String,
}

/// Either of them.
pub(super) enum Caller {
    User(Subject),
    Platform { tenant: String },
}

impl Caller {
    pub(super) fn tenant(&self) -> &str {
        match self {
            Self::User(subject) => &subject.tenant,
            Self::Platform { tenant } => tenant,
        }
    }
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Problem> {
        let token = bearer(&parts.headers).ok_or_else(unauthorized)?;
        if shared.authenticator.is_platform(token) {
            return Ok(Self::Platform {
                tenant: tenant(&parts.headers)?,
            });
        }
        shared
            .authenticator
            .user(token)
            .await
            .map(Self::User)
            .ok_or_else(unauthorized)
    }
}

impl FromRequestParts<Shared> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Problem> {
        let token = bearer(&parts.headers);
        token
            .is_some_and(|token| shared.authenticator.is_operator(token))
            .then_some(Self)
            .ok_or_else(|| {
                let title = "A valid bearer token is needed";
                Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", title)
                    .remedy("send CALPORT_METRICS_TOKEN, or CALPORT_PLATFORM_TOKEN, as the bearer")
            })
    }
}

impl FromRequestParts<Shared> for User {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Problem> {
        match Caller::from_request_parts(parts, shared).await? {
            Caller::User(subject) => Ok(Self(subject)),
            Caller::Platform { .. } => Err(forbidden("a user's token")),
        }
    }
}

impl FromRequestParts<Shared> for Platform {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Problem> {
        match Caller::from_request_parts(parts, shared).await? {
            Caller::Platform { tenant } => Ok(Self { tenant }),
            Caller::User(_) => Err(forbidden("the platform's own token")),
        }
    }
}

/// The token of an Authorization header (RFC 6750, section 2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn tenant(headers: &HeaderMap) -> Result<String, Problem> {
    let Some(value) = headers.get(TENANT_HEADER) else {
        return Ok(Subject::DEFAULT_TENANT.to_owned());
    };
    let tenant = value
        .to_str()
        .ok()
        .filter(|tenant| subject::is_valid_id(tenant));
    tenant.map(str::to_owned).ok_or_else(|| {
        Problem::invalid(
            TENANT_HEADER,
            "is not a tenant",
            "1 to 128 visible ASCII characters",
        )
    })
}

fn unauthorized() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "unauthorized",
        "A valid bearer token is needed",
    )
    .remedy(
        "send Authorization: Bearer with a token that the platform signed, with sub and an \
             exp in the future",
    )
}

fn forbidden(needed: &'static str) -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "forbidden",
        "This is not for this caller",
    )
    .detail(format!("it needs {needed}"))
}
