//! The host's own key: what signs links and hides erased users' names for longer than any
//! master key is kept. A master key seals it, and another one seals the same key anew.

use super::{
    Context, KeyRing, SealError, Sealed, Vault, VaultError,
    keys::{self, KEY_BYTES, KeyBytes},
    sealed_rows::{HOST_KEY, nobody},
};
use crate::subject::Subject;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Mac, SimpleHmac, digest::KeyInit};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use sqlx::Row;
use std::sync::Arc;
use zeroize::Zeroize;

/// The name of the only one that there is so far.
const NAME: &str = "signing";

/// Keeps hidden names from meaning anything elsewhere.
const PERSON: &str = "calport audit person v1";

/// Signs, and verifies what it signed. Cheap to clone; its `Debug` output shows no key.
#[derive(Clone, Debug)]
pub struct Signer {
    key: Arc<KeyBytes>,
    /// They signed before there was a key for it.
    master_keys: Arc<KeyRing>,
}

impl Vault {
    /// The host's own key. Made when there is none.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub async fn signer(&self) -> Result<Signer, VaultError> {
        let sealed = match self.host_key().await? {
            Some(sealed) => sealed,
            None => {
                self.make_host_key().await?;
                // Another replica may have been faster: the one that is stored counts.
                self.host_key().await?.ok_or(SealError::Refused)?
            }
        };
        let bytes = self.keys.open_bytes(&sealed, place(&nobody()))?;
        Ok(Signer {
            key: Arc::new(keys::from_bytes(&bytes).ok_or(SealError::Forged)?),
            master_keys: self.keys.clone(),
        })
    }

    async fn host_key(&self) -> Result<Option<Sealed>, VaultError> {
        let sealed: Option<String> =
            sqlx::query_scalar("SELECT sealed FROM host_keys WHERE name = $1")
                .bind(NAME)
                .fetch_optional(self.database.pool())
                .await?;
        Ok(sealed.map(Sealed::from_column))
    }

    async fn make_host_key(&self) -> Result<(), VaultError> {
        let key = keys::draw().map_err(|_| SealError::Refused)?;
        let sealed = self
            .keys
            .seal_bytes(key.expose_secret(), place(&nobody()))?;
        let (mut transaction, now) = self.database.write().await?;
        // Where there are bookings, links to their files may be out that a master key signed.
        let has_links: Option<i64> = sqlx::query_scalar("SELECT 1 FROM bookings LIMIT 1")
            .fetch_optional(&mut *transaction)
            .await?;
        sqlx::query(
            "INSERT INTO host_keys (name, sealed, key_id, succeeded_at) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING",
        )
        .bind(NAME)
        .bind(sealed.as_column())
        .bind(sealed.key_id())
        .bind(has_links.map(|_| now))
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// Until when master keys signed links, in seconds since 1970; `None`: they never did.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn master_keys_signed_until(&self) -> Result<Option<i64>, VaultError> {
        let row = sqlx::query("SELECT succeeded_at FROM host_keys WHERE name = $1")
            .bind(NAME)
            .fetch_optional(self.database.pool())
            .await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?.flatten())
    }
}

impl Signer {
    /// A signature that [`Signer::verify`] accepts for the same purpose and message: base64 of
    /// HMAC-SHA256 (RFC 2104) under a key of the purpose's own.
    pub fn sign(&self, purpose: &str, message: &str) -> String {
        let tag = mac(self.key.expose_secret(), purpose, message);
        BASE64_URL_SAFE_NO_PAD.encode(tag.finalize().into_bytes())
    }

    /// Whether a signature was made for this purpose and message; also `KEYID.BASE64`, which a
    /// master key made before there was a key for it, as long as that one is configured.
    pub fn verify(&self, purpose: &str, message: &str, signature: &str) -> bool {
        let (key, encoded) = match signature.split_once('.') {
            None => (Some(self.key.expose_secret()), signature),
            Some((id, encoded)) => (self.master_keys.get(id), encoded),
        };
        let (Some(key), Ok(tag)) = (key, BASE64_URL_SAFE_NO_PAD.decode(encoded)) else {
            return false;
        };
        mac(key, purpose, message).verify_slice(&tag).is_ok()
    }

    /// A name for a user that tells nobody who it is but those who have both the user's id and
    /// the key: proof of an erasure that does not keep what was to be erased.
    pub fn pseudonym(&self, subject: &Subject) -> String {
        let Subject { tenant, user } = subject;
        let message = format!("{}:{tenant}{user}", tenant.len());
        self.sign(PERSON, &message)
    }

    #[cfg(test)]
    pub(crate) fn of(master_keys: KeyRing) -> Self {
        Self {
            key: Arc::new(keys::draw().unwrap()),
            master_keys: Arc::new(master_keys),
        }
    }
}

fn place(nobody: &Subject) -> Context<'_> {
    Context {
        subject: nobody,
        provider: "",
        field: HOST_KEY,
    }
}

/// Keyed with a hash of purpose and key, so that neither the encryption nor another purpose
/// ever sees the same key.
fn mac(key: &[u8; KEY_BYTES], purpose: &str, message: &str) -> SimpleHmac<Sha256> {
    let mut derived = Sha256::new()
        .chain_update(purpose)
        .chain_update(key)
        .finalize();
    // A key shorter than the hash's block counts as one padded with zeros (RFC 2104).
    let mut block = hmac::digest::Key::<SimpleHmac<Sha256>>::default();
    block
        .iter_mut()
        .zip(&derived)
        .for_each(|(to, from)| *to = *from);
    let mac = <SimpleHmac<Sha256> as KeyInit>::new(&block).chain_update(message);
    block.as_mut_slice().zeroize();
    derived.as_mut_slice().zeroize();
    mac
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Database;

    const K1: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const K2: &str = "k2:HxsdHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

    #[tokio::test]
    async fn a_signature_and_a_hidden_name_are_the_same_after_a_restart_and_no_other_purposes() {
        let (database, _folder) = Database::temporary().await;
        let vault = |keys: &str| Vault::new(database.clone(), KeyRing::parse(keys).unwrap());
        let first = vault(K1).signer().await.unwrap();
        let later = vault(&format!("{K2},{K1}")).signer().await.unwrap();
        let signature = first.sign("a", "message");
        assert!(later.verify("a", "message", &signature));
        assert!(!later.verify("b", "message", &signature));
        assert!(!later.verify("a", "message2", &signature));
        assert!(!later.verify("a", "message", &format!("k1.{signature}")));
        assert!(!later.verify("a", "message", ""));
        let ann = Subject::new("default", "ann");
        assert_eq!(first.pseudonym(&ann), later.pseudonym(&ann));
        let others = ["tann", "bob"].map(|user| Subject::new("defaul", user));
        for other in others {
            assert_ne!(first.pseudonym(&ann), later.pseudonym(&other));
        }
        assert!(matches!(
            vault(K2).signer().await,
            Err(VaultError::Sealed(SealError::UnknownKey(_)))
        ));
    }

    #[test]
    fn what_a_master_key_signed_holds_while_it_is_configured() {
        let both = KeyRing::parse(&format!("{K2},{K1}")).unwrap();
        let tag = mac(both.get("k1").unwrap(), "a", "message").finalize();
        let signature = format!("k1.{}", BASE64_URL_SAFE_NO_PAD.encode(tag.into_bytes()));
        assert!(Signer::of(both).verify("a", "message", &signature));
        let without = KeyRing::parse(K2).unwrap();
        assert!(!Signer::of(without).verify("a", "message", &signature));
    }
}
