//! Makes tokens, codes and ids that look like a provider's and are the same in every run.
//!
//! They are predictable on purpose, and so never fit to protect anything real.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

#[derive(Debug)]
pub(crate) struct Mint {
    seed: u64,
    made: u64,
}

impl Mint {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, made: 0 }
    }

    /// `prefix` and then `bytes` bytes (at most 96) in URL-safe base64.
    pub(crate) fn token(&mut self, prefix: &str, bytes: usize) -> String {
        let raw = self.raw(prefix);
        let raw = raw.get(..bytes).unwrap_or(&raw);
        format!("{prefix}{}", URL_SAFE_NO_PAD.encode(raw))
    }

    /// `length` characters (at most 96) of base32hex in lower case, what Google makes event ids of.
    pub(crate) fn base32hex(&mut self, length: usize) -> String {
        const ALPHABET: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
        self.raw("base32hex")
            .iter()
            .take(length)
            .filter_map(|byte| ALPHABET.get(usize::from(byte & 31)))
            .map(|byte| char::from(*byte))
            .collect()
    }

    /// A number that no other call gave.
    pub(crate) fn serial(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    pub(crate) fn raw(&mut self, kind: &str) -> Vec<u8> {
        let serial = self.serial();
        (0..3u8)
            .flat_map(|block| {
                Sha256::new()
                    .chain_update(self.seed.to_be_bytes())
                    .chain_update(serial.to_be_bytes())
                    .chain_update([block])
                    .chain_update(kind)
                    .finalize()
            })
            .collect()
    }
}

/// What belongs to an account for life, in every run and under every seed: its id.
pub(crate) fn of_account(kind: &str, email: &str) -> Vec<u8> {
    Sha256::new()
        .chain_update(kind)
        .chain_update([0])
        .chain_update(email)
        .finalize()
        .to_vec()
}
