//! `CALPORT_JWT_SECRET`, `CALPORT_JWKS_URL` and `CALPORT_JWT_AUDIENCE`: how users prove who
//! they are.

use super::Reader;
use secrecy::SecretString;
use url::Url;

/// How users' bearer tokens are verified.
#[derive(Clone, Debug)]
pub struct UserTokens {
    /// Where the keys come from.
    pub keys: UserTokenKeys,
    /// `aud` that tokens must carry, if any.
    pub audience: Option<String>,
}

/// The keys that users' tokens are signed with.
#[derive(Clone, Debug)]
pub enum UserTokenKeys {
    /// HS256 with this secret of at least 32 bytes.
    Shared(SecretString),
    /// RS256, ES256 or EdDSA by the keys published here.
    Jwks(Url),
}

impl Reader<'_> {
    pub(super) fn user_tokens(&mut self) -> Option<UserTokens> {
        let secret = self.environment.get("CALPORT_JWT_SECRET");
        let jwks = self.environment.get("CALPORT_JWKS_URL");
        let keys = match (secret, jwks) {
            (Some(_), None) => UserTokenKeys::Shared(self.secret("CALPORT_JWT_SECRET")?),
            (None, Some(_)) => UserTokenKeys::Jwks(self.own_url("CALPORT_JWKS_URL")?),
            (None, None) => {
                self.mistake(
                    "CALPORT_JWT_SECRET",
                    "is missing, and so is CALPORT_JWKS_URL",
                    "the secret of 32 bytes or more that the platform signs its users' \
                     tokens with (HS256), or set CALPORT_JWKS_URL instead",
                );
                return None;
            }
            (Some(_), Some(_)) => {
                self.mistake(
                    "CALPORT_JWT_SECRET",
                    "and CALPORT_JWKS_URL are both set",
                    "nothing, or unset the other: tokens are verified in one way only",
                );
                return None;
            }
        };
        let audience = self
            .environment
            .get("CALPORT_JWT_AUDIENCE")
            .map(str::to_owned);
        Some(UserTokens { keys, audience })
    }
}
