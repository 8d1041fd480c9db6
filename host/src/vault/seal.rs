//! Encryption of one field: XChaCha20-Poly1305 with the row's identity as associated
//! data, so that a value is worth nothing in another row, column or database.

use super::{KeyRing, keys::KEY_BYTES};
use crate::subject::Subject;
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// What a value that is sealed by a master key begins with.
const VERSION: &str = "v1";
const NONCE_BYTES: usize = 24;

/// Why a stored value cannot be read. Says nothing about its content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The key that it was sealed with is not configured.
    #[error("its master key {0} is not configured")]
    UnknownKey(String),
    /// It was changed, or belongs to another row or field.
    #[error("it was changed, or does not belong here")]
    Forged,
    /// The cipher or the system's random source refused.
    #[error("it could not be encrypted")]
    Refused,
}

/// Where a sealed value belongs.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Whose it is.
    pub subject: &'a Subject,
    /// Of which provider.
    pub provider: &'a str,
    /// Table and column, and whatever else tells one row from another.
    pub field: &'a str,
}

impl Context<'_> {
    /// Every part with its length in front, so that no two contexts give the same bytes.
    pub(super) fn associated_data(&self, kind: &[&str]) -> Vec<u8> {
        let place = [
            &*self.subject.tenant,
            &*self.subject.user,
            self.provider,
            self.field,
        ];
        let mut data = Vec::new();
        for part in kind.iter().chain(&place) {
            data.extend_from_slice(&(part.len() as u64).to_le_bytes());
            data.extend_from_slice(part.as_bytes());
        }
        data
    }
}

/// A sealed value as it is stored: `v1.KEYID.BASE64(nonce, ciphertext, tag)` where a master
/// key sealed it, `v2.BASE64(...)` where a data key did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed(String);

impl Sealed {
    /// What a column held.
    pub fn from_column(text: String) -> Self {
        Self(text)
    }

    /// What a column is to hold.
    pub fn as_column(&self) -> &str {
        &self.0
    }

    /// The id of the master key that sealed it; empty where none did.
    pub fn key_id(&self) -> &str {
        let mut parts = self.0.split('.');
        match (parts.next(), parts.next()) {
            (Some(VERSION), Some(id)) => id,
            _ => "",
        }
    }
}

impl KeyRing {
    /// Encrypts a value for its place.
    ///
    /// # Errors
    /// [`SealError::Refused`].
    pub fn seal(&self, secret: &SecretString, context: Context<'_>) -> Result<Sealed, SealError> {
        self.seal_bytes(secret.expose_secret().as_bytes(), context)
    }

    /// Decrypts a value from its place.
    ///
    /// # Errors
    /// See [`SealError`].
    pub fn open(&self, sealed: &Sealed, context: Context<'_>) -> Result<SecretString, SealError> {
        text(&self.open_bytes(sealed, context)?)
    }

    pub(super) fn seal_bytes(
        &self,
        plain: &[u8],
        context: Context<'_>,
    ) -> Result<Sealed, SealError> {
        let (id, key) = self.primary();
        let encoded = encrypt(key, plain, &context.associated_data(&[VERSION, id]))?;
        Ok(Sealed(format!("{VERSION}.{id}.{encoded}")))
    }

    pub(super) fn open_bytes(
        &self,
        sealed: &Sealed,
        context: Context<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let mut parts = sealed.0.splitn(3, '.');
        let (Some(VERSION), Some(id), Some(encoded)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(SealError::Forged);
        };
        let key = self
            .get(id)
            .ok_or_else(|| SealError::UnknownKey(id.to_owned()))?;
        decrypt(key, encoded, &context.associated_data(&[VERSION, id]))
    }
}

/// Base64 of a fresh nonce, the ciphertext and its tag.
pub(super) fn encrypt(
    key: &[u8; KEY_BYTES],
    plain: &[u8],
    associated: &[u8],
) -> Result<String, SealError> {
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce).map_err(|_| SealError::Refused)?;
    let payload = Payload {
        msg: plain,
        aad: associated,
    };
    let ciphertext = XChaCha20Poly1305::new(key.into())
        .encrypt(XNonce::from_slice(&nonce), payload)
        .map_err(|_| SealError::Refused)?;
    let bytes = [nonce.as_slice(), &ciphertext].concat();
    Ok(BASE64_STANDARD_NO_PAD.encode(bytes))
}

/// What [`encrypt`] was given.
pub(super) fn decrypt(
    key: &[u8; KEY_BYTES],
    encoded: &str,
    associated: &[u8],
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let bytes = BASE64_STANDARD_NO_PAD
        .decode(encoded)
        .map_err(|_| SealError::Forged)?;
    let (nonce, ciphertext) = bytes
        .split_at_checked(NONCE_BYTES)
        .ok_or(SealError::Forged)?;
    let payload = Payload {
        msg: ciphertext,
        aad: associated,
    };
    XChaCha20Poly1305::new(key.into())
        .decrypt(XNonce::from_slice(nonce), payload)
        .map(Zeroizing::new)
        .map_err(|_| SealError::Forged)
}

/// What was opened, as text.
pub(super) fn text(plain: &[u8]) -> Result<SecretString, SealError> {
    let text = std::str::from_utf8(plain).map_err(|_| SealError::Forged)?;
    Ok(SecretString::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    #[test]
    fn case_12_a_value_opens_only_in_its_own_place_and_unchanged() {
        let keys = KeyRing::parse(KEYS).unwrap();
        let [ann, bob] = ["ann", "bob"].map(|user| Subject::new("default", user));
        let elsewhere = Subject::new("defaul", "tann");
        let home = Context {
            subject: &ann,
            provider: "google",
            field: "access_token",
        };
        let sealed = keys.seal(&SecretString::from("canary-1"), home).unwrap();
        assert!(!sealed.as_column().contains("canary"));
        assert_eq!(
            keys.open(&sealed, home).unwrap().expose_secret(),
            "canary-1"
        );
        for other in [
            Context {
                subject: &bob,
                ..home
            },
            Context {
                subject: &elsewhere,
                ..home
            },
            Context {
                provider: "outlook",
                ..home
            },
            Context {
                field: "refresh_token",
                ..home
            },
        ] {
            assert_eq!(keys.open(&sealed, other).unwrap_err(), SealError::Forged);
        }
        for position in 0..sealed.as_column().len() {
            let mut bytes = sealed.as_column().as_bytes().to_vec();
            bytes[position] ^= 1;
            let Ok(text) = String::from_utf8(bytes) else {
                continue;
            };
            assert!(
                keys.open(&Sealed(text), home).is_err(),
                "byte {position} flipped"
            );
        }
        for cut in ["", "v1", "v1.k1", "v1.k1.", "v1.k1.AAAA", "v2.k1.AAAA"] {
            assert_eq!(
                keys.open(&Sealed(cut.into()), home).unwrap_err(),
                SealError::Forged
            );
        }
    }

    #[test]
    fn an_older_key_still_reads_and_a_removed_one_is_named() {
        const NEWER: &str = "k2:HxsdHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";
        let subject = Subject::new("default", "ann");
        let place = Context {
            subject: &subject,
            provider: "google",
            field: "access_token",
        };
        let sealed = KeyRing::parse(KEYS)
            .unwrap()
            .seal(&"token".into(), place)
            .unwrap();
        let both = KeyRing::parse(&format!("{NEWER},{KEYS}")).unwrap();
        assert_eq!(both.open(&sealed, place).unwrap().expose_secret(), "token");
        assert!(
            both.seal(&"token".into(), place)
                .unwrap()
                .as_column()
                .starts_with("v1.k2.")
        );
        assert_eq!(sealed.key_id(), "k1");
        assert_eq!(Sealed("v2.AAAA".into()).key_id(), "");
        let without = KeyRing::parse(NEWER).unwrap();
        assert_eq!(
            without.open(&sealed, place).unwrap_err(),
            SealError::UnknownKey("k1".into())
        );
    }
}
