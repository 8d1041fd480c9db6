//! A connection's own key. A master key seals it, and it seals the connection's tokens, so
//! that another master key means to seal a short key anew, and no token.

use super::{
    Context, KeyRing, SealError, Sealed,
    keys::{self, KeyBytes},
    seal::{decrypt, encrypt, text},
};
use crate::subject::Subject;
use secrecy::{ExposeSecret, SecretString};

/// What a value that is sealed by a data key begins with.
const VERSION: &str = "v2";

/// The field in which a data key lies.
const FIELD: &str = "data_key";

/// A key. Erased when it is dropped, and absent from `Debug`.
#[derive(Debug)]
pub(super) struct DataKey(KeyBytes);

impl DataKey {
    pub(super) fn draw() -> Result<Self, SealError> {
        keys::draw().map(Self).map_err(|_| SealError::Refused)
    }

    /// Seals it by the master key that encrypts, for the connection whose key it is.
    pub(super) fn wrap(
        &self,
        keys: &KeyRing,
        subject: &Subject,
        provider: &str,
    ) -> Result<Sealed, SealError> {
        keys.seal_bytes(self.0.expose_secret(), place(subject, provider))
    }

    /// The key of a connection.
    pub(super) fn unwrap(
        keys: &KeyRing,
        wrapped: &Sealed,
        subject: &Subject,
        provider: &str,
    ) -> Result<Self, SealError> {
        let bytes = keys.open_bytes(wrapped, place(subject, provider))?;
        keys::from_bytes(&bytes).map(Self).ok_or(SealError::Forged)
    }

    /// Encrypts a value for its place.
    pub(super) fn seal(
        &self,
        secret: &SecretString,
        context: Context<'_>,
    ) -> Result<Sealed, SealError> {
        let associated = context.associated_data(&[VERSION]);
        let secret = secret.expose_secret().as_bytes();
        let encoded = encrypt(self.0.expose_secret(), secret, &associated)?;
        Ok(Sealed::from_column(format!("{VERSION}.{encoded}")))
    }

    /// Decrypts a value from its place.
    pub(super) fn open(
        &self,
        sealed: &Sealed,
        context: Context<'_>,
    ) -> Result<SecretString, SealError> {
        let Some((VERSION, encoded)) = sealed.as_column().split_once('.') else {
            return Err(SealError::Forged);
        };
        let associated = context.associated_data(&[VERSION]);
        text(&decrypt(self.0.expose_secret(), encoded, &associated)?)
    }
}

fn place<'a>(subject: &'a Subject, provider: &'a str) -> Context<'a> {
    Context {
        subject,
        provider,
        field: FIELD,
    }
}
