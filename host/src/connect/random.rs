//! Unguessable values, and the hashes under which they are stored.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// 256 bits as 43 characters that are safe in URLs and cookies. Long enough to be a PKCE
/// verifier (RFC 7636, section 4.1).
pub(crate) fn token() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// What is stored of a token, so that a reader of the database cannot use it; also the
/// S256 challenge of a verifier (RFC 7636, section 4.2).
pub(crate) fn digest(token: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(token))
}

/// What is stored of a user where their id must not stand.
pub(crate) fn digest_of_subject(subject: &crate::subject::Subject) -> String {
    let parts = [&subject.tenant, &subject.user];
    digest(&parts.map(|part| format!("{}:{part}", part.len())).join("/"))
}
