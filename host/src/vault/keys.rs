//! The master keys by id: the first encrypts, all decrypt.

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use hmac::{Mac, SimpleHmac, digest::KeyInit};
use secrecy::{ExposeSecret, SecretBox};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Bytes of a key of XChaCha20-Poly1305.
pub(super) const KEY_BYTES: usize = 32;

/// Why `CALPORT_KEYS` cannot be used. Never repeats any of it but an id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyRingError {
    /// An entry is not `ID:BASE64` of 32 bytes.
    #[error("has an entry (number {number}) that is not a key id, a colon and 32 bytes in base64")]
    Malformed {
        /// Which entry, counted from 1.
        number: usize,
    },
    /// Two entries share an id.
    #[error("names the key id {id} twice")]
    Duplicate {
        /// The id.
        id: String,
    },
}

/// A key and the id under which rows refer to it.
#[derive(Debug)]
struct Key {
    id: String,
    bytes: SecretBox<[u8; KEY_BYTES]>,
}

/// One or more keys. Its `Debug` output shows ids only.
#[derive(Debug)]
pub struct KeyRing {
    primary: Key,
    older: Vec<Key>,
}

impl KeyRing {
    /// Reads `id:base64[,id:base64...]`.
    ///
    /// # Errors
    /// See [`KeyRingError`].
    pub fn parse(text: &str) -> Result<Self, KeyRingError> {
        let mut keys: Vec<Key> = Vec::new();
        for (index, entry) in text.split(',').enumerate() {
            let malformed = || KeyRingError::Malformed { number: index + 1 };
            let key = Key::parse(entry.trim()).ok_or_else(malformed)?;
            if keys.iter().any(|known| known.id == key.id) {
                return Err(KeyRingError::Duplicate { id: key.id });
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let primary = keys.next().ok_or(KeyRingError::Malformed { number: 1 })?;
        Ok(Self {
            primary,
            older: keys.collect(),
        })
    }

    /// The ids of all keys; the first one encrypts.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.all().map(|key| &*key.id)
    }

    /// The ids of keys that nobody's random source has made: of few different bytes, or of
    /// bytes that count up or down.
    pub fn weak(&self) -> impl Iterator<Item = &str> {
        let weak = self.all().filter(|key| is_weak(key.bytes.expose_secret()));
        weak.map(|key| &*key.id)
    }

    fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.primary).chain(&self.older)
    }

    /// A signature that [`KeyRing::verify`] accepts for the same purpose and message:
    /// `KEYID.BASE64` of HMAC-SHA256 (RFC 2104) under a key of the purpose's own.
    pub fn sign(&self, purpose: &str, message: &str) -> String {
        let (id, key) = self.primary();
        let tag = mac(key, purpose, message).finalize().into_bytes();
        format!("{id}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag))
    }

    /// Whether a signature was made for this purpose and message, by any of the keys.
    pub fn verify(&self, purpose: &str, message: &str, signature: &str) -> bool {
        let Some((id, encoded)) = signature.split_once('.') else {
            return false;
        };
        let (Some(key), Ok(tag)) = (self.get(id), BASE64_URL_SAFE_NO_PAD.decode(encoded)) else {
            return false;
        };
        mac(key, purpose, message).verify_slice(&tag).is_ok()
    }

    /// The id and bytes of the key that encrypts.
    pub(super) fn primary(&self) -> (&str, &[u8; KEY_BYTES]) {
        (&self.primary.id, self.primary.bytes.expose_secret())
    }

    /// The bytes of the key with this id.
    pub(super) fn get(&self, id: &str) -> Option<&[u8; KEY_BYTES]> {
        self.all()
            .find(|key| key.id == id)
            .map(|key| key.bytes.expose_secret())
    }
}

/// Random keys of 32 bytes have about 30 different ones; fewer than 16 happen once in more
/// than 10^15 keys.
fn is_weak(bytes: &[u8; KEY_BYTES]) -> bool {
    let different: std::collections::BTreeSet<u8> = bytes.iter().copied().collect();
    let mut steps = bytes
        .windows(2)
        .filter_map(|pair| <[u8; 2]>::try_from(pair).ok())
        .map(|[one, next]| next.wrapping_sub(one));
    let first = steps.next();
    different.len() < 16 || steps.all(|step| Some(step) == first)
}

/// Keyed with a hash of purpose and master key, so that neither the encryption nor another
/// purpose ever sees the same key.
fn mac(key: &[u8; KEY_BYTES], purpose: &str, message: &str) -> SimpleHmac<Sha256> {
    let derived = Sha256::new()
        .chain_update(purpose)
        .chain_update(key)
        .finalize();
    // A key shorter than the hash's block counts as one padded with zeros (RFC 2104).
    let mut block = hmac::digest::Key::<SimpleHmac<Sha256>>::default();
    block
        .iter_mut()
        .zip(derived)
        .for_each(|(to, from)| *to = from);
    <SimpleHmac<Sha256> as KeyInit>::new(&block).chain_update(message)
}

impl Clone for KeyRing {
    fn clone(&self) -> Self {
        Self {
            primary: self.primary.clone(),
            older: self.older.clone(),
        }
    }
}

impl Clone for Key {
    fn clone(&self) -> Self {
        Self {
            id: self.id.clone(),
            bytes: SecretBox::new(Box::new(*self.bytes.expose_secret())),
        }
    }
}

impl Key {
    fn parse(entry: &str) -> Option<Self> {
        let (id, encoded) = entry.split_once(':')?;
        let is_id = (1..=32).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        let bytes = Zeroizing::new(BASE64_STANDARD.decode(encoded).ok()?);
        let bytes: [u8; KEY_BYTES] = bytes.as_slice().try_into().ok()?;
        is_id.then(|| Self {
            id: id.to_owned(),
            bytes: SecretBox::new(Box::new(bytes)),
        })
    }
}
