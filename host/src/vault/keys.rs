//! The master keys by id: the first encrypts, all decrypt.

use base64::{Engine, prelude::BASE64_STANDARD};
use secrecy::{ExposeSecret, ExposeSecretMut, SecretBox, SecretString};
use zeroize::Zeroizing;

/// Bytes of a key of XChaCha20-Poly1305.
pub(super) const KEY_BYTES: usize = 32;

/// A key in memory: erased when it is dropped, and absent from `Debug`.
pub(super) type KeyBytes = SecretBox<[u8; KEY_BYTES]>;

/// Why keys cannot be used. Never repeats any of them but an id.
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
    bytes: KeyBytes,
}

/// One or more keys. Its `Debug` output shows ids only.
#[derive(Debug)]
pub struct KeyRing {
    primary: Key,
    older: Vec<Key>,
}

impl KeyRing {
    /// Reads `ID:BASE64` entries, separated by commas or line breaks.
    ///
    /// # Errors
    /// See [`KeyRingError`].
    pub fn parse(text: &str) -> Result<Self, KeyRingError> {
        let mut keys: Vec<Key> = Vec::new();
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        for (index, entry) in lines.flat_map(|line| line.split(',')).enumerate() {
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

    /// The ids of keys that nobody's random source has made: of few different bytes, or of
    /// bytes that count up or down.
    pub fn weak(&self) -> impl Iterator<Item = &str> {
        let weak = self.keys().filter(|key| is_weak(key.bytes.expose_secret()));
        weak.map(|key| &*key.id)
    }

    /// A fresh key as an entry that [`KeyRing::parse`] reads.
    ///
    /// # Errors
    /// The system's random source refused.
    pub fn draw(id: &str) -> Result<SecretString, getrandom::Error> {
        let key = draw()?;
        let encoded = Zeroizing::new(BASE64_STANDARD.encode(key.expose_secret()));
        Ok(SecretString::from(format!("{id}:{}", *encoded)))
    }

    /// The ids, that of the key that encrypts first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys().map(|key| key.id.as_str())
    }

    /// The id of the key that encrypts.
    pub fn primary_id(&self) -> &str {
        &self.primary.id
    }

    /// The id and bytes of the key that encrypts.
    pub(super) fn primary(&self) -> (&str, &[u8; KEY_BYTES]) {
        (&self.primary.id, self.primary.bytes.expose_secret())
    }

    /// The bytes of the key with this id.
    pub(super) fn get(&self, id: &str) -> Option<&[u8; KEY_BYTES]> {
        self.keys()
            .find(|key| key.id == id)
            .map(|key| key.bytes.expose_secret())
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.primary).chain(&self.older)
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

/// Bytes that nobody can guess.
pub(super) fn draw() -> Result<KeyBytes, getrandom::Error> {
    let mut key = KeyBytes::default();
    getrandom::fill(key.expose_secret_mut())?;
    Ok(key)
}

/// A key from what it was kept as.
pub(super) fn from_bytes(bytes: &[u8]) -> Option<KeyBytes> {
    (bytes.len() == KEY_BYTES).then(|| KeyBytes::init_with_mut(|key| key.copy_from_slice(bytes)))
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
            bytes: KeyBytes::init_with_mut(|key| key.copy_from_slice(self.bytes.expose_secret())),
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
        let bytes = from_bytes(&bytes)?;
        is_id.then(|| Self {
            id: id.to_owned(),
            bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const K1: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const K2: &str = "k2:HxsdHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

    #[test]
    fn keys_stand_in_one_line_or_one_a_line_and_the_first_encrypts() {
        for text in [
            format!("{K1},{K2}"),
            format!("{K1}, {K2}\n"),
            format!("{K1}\n{K2}\n"),
            format!("\r\n{K1}\r\n\r\n  {K2}  "),
        ] {
            let keys = KeyRing::parse(&text).unwrap();
            assert_eq!(keys.ids().collect::<Vec<_>>(), ["k1", "k2"], "{text:?}");
            assert_eq!(keys.primary_id(), "k1");
        }
    }

    #[test]
    fn what_is_no_key_is_named_by_its_number_alone() {
        let long = format!("{}:{}", "k".repeat(33), &K1[3..]);
        for (text, error) in [
            (String::new(), KeyRingError::Malformed { number: 1 }),
            (" \n ".into(), KeyRingError::Malformed { number: 1 }),
            (format!("{K1},"), KeyRingError::Malformed { number: 2 }),
            (
                format!("{K1}\nk2:c2hvcnQ="),
                KeyRingError::Malformed { number: 2 },
            ),
            (
                format!("k.1:{}", &K1[3..]),
                KeyRingError::Malformed { number: 1 },
            ),
            (long, KeyRingError::Malformed { number: 1 }),
            (
                format!("{K2}\n{K1}\n{K1}"),
                KeyRingError::Duplicate { id: "k1".into() },
            ),
        ] {
            assert_eq!(KeyRing::parse(&text).unwrap_err(), error, "{text:?}");
        }
    }

    #[test]
    fn a_drawn_key_is_an_entry_and_never_drawn_again() {
        let [one, other] = [(); 2].map(|()| KeyRing::draw("k20261125").unwrap());
        assert_ne!(one.expose_secret(), other.expose_secret());
        let keys = KeyRing::parse(one.expose_secret()).unwrap();
        assert_eq!(keys.primary_id(), "k20261125");
        let debug = format!("{keys:?} {:?}", keys.clone());
        assert!(!debug.contains(&one.expose_secret()[10..]), "{debug}");
    }
}
