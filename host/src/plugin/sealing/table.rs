//! The placeholders of one call, and what each stands for.

use super::echo::Needles;
use crate::connect::random;
use memchr::memmem;
use secrecy::{ExposeSecret, SecretString};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What every placeholder begins with, so that one search finds them all.
const PREFIX: &str = "sealed_";

/// Whether what may be a placeholder stands in a text of a guest's.
pub fn holds_placeholder(text: &str) -> bool {
    text.to_ascii_lowercase().contains(PREFIX)
}

/// 256 random bits in URL-safe base64 behind the prefix: the same in a form, in a header and
/// in JSON, however it is encoded.
const LENGTH: usize = PREFIX.len() + 43;

/// Credentials of one call. A connect has nine.
const MOST: usize = 64;

/// What a credential may be used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plugin) enum Kind {
    ClientSecret,
    AccessToken,
    RefreshToken,
    Code,
    Verifier,
    /// Nothing: it is hidden from the guest, and never leaves.
    Other,
}

/// The call has no room for a further credential, or the system no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plugin) struct Full;

/// The placeholders of one call.
#[derive(Default)]
pub(super) struct Table(Mutex<Vec<Entry>>);

struct Entry {
    placeholder: String,
    kind: Kind,
    value: SecretString,
}

impl Table {
    /// The placeholder of a value; the same for the same, so that a guest can still tell
    /// whether a token has changed.
    pub(super) fn seal(&self, kind: Kind, value: SecretString) -> Result<String, Full> {
        let mut entries = self.lock();
        let known = entries.iter().find(|entry| {
            entry.kind == kind && entry.value.expose_secret() == value.expose_secret()
        });
        if let Some(known) = known {
            return Ok(known.placeholder.clone());
        }
        if entries.len() >= MOST {
            return Err(Full);
        }
        let placeholder = format!("{PREFIX}{}", random::token().map_err(|_| Full)?);
        entries.push(Entry {
            placeholder: placeholder.clone(),
            kind,
            value,
        });
        Ok(placeholder)
    }

    /// What a placeholder stands for, if it is one of these kinds.
    pub(super) fn open(&self, kinds: &[Kind], placeholder: &str) -> Option<SecretString> {
        self.lock()
            .iter()
            .find(|entry| entry.placeholder == placeholder && kinds.contains(&entry.kind))
            .map(|entry| entry.value.clone())
    }

    /// Whether a placeholder of this call stands anywhere in a text. Header names are written in
    /// lower case, so that case does not matter.
    pub(super) fn is_in(&self, text: &[u8]) -> bool {
        let mut entries = None;
        memmem::find_iter(text, PREFIX).any(|at| {
            let Some(found) = text.get(at..at + LENGTH) else {
                return false;
            };
            entries
                .get_or_insert_with(|| self.lock())
                .iter()
                .any(|entry| entry.placeholder.as_bytes().eq_ignore_ascii_case(found))
        })
    }

    /// What must not come back from a provider.
    pub(super) fn needles(&self) -> Needles {
        let entries = self.lock();
        Needles::new(
            entries
                .iter()
                .map(|entry| (entry.value.expose_secret(), entry.placeholder.as_str())),
        )
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
