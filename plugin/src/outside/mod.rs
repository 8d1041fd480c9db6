//! Everything that the plugin gets from outside, as one trait: HTTP, the app's
//! settings, the user's credentials, the time. Provider logic knows nothing else,
//! and is tested natively against a fake.

#[cfg(any(test, fuzzing))]
#[cfg_attr(
    fuzzing,
    expect(dead_code, reason = "tests make up more than fuzzing needs")
)]
#[expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a world that was not made up right stops what runs in it"
)]
pub(crate) mod fake;
pub(crate) mod wasi;

use std::fmt;

use crate::bindings::calport::calendar::types::{Error, RetryCause};
use crate::fault;
use crate::http::{Failure, Request, Response};

pub(crate) trait Outside {
    fn send(&self, request: &Request) -> Result<Response, Failure>;
    /// A setting that `describe` names, `None` when it is unset.
    fn setting(&self, name: &str) -> Result<Option<String>, SettingFailure>;
    fn load(&self) -> Result<Option<Stored>, StoreFailure>;
    fn save(&self, credentials: &Credentials, expected: Option<u64>) -> Result<u64, StoreFailure>;
    fn clear(&self) -> Result<(), StoreFailure>;
    fn begin_refresh(&self, seen: u64) -> Result<RefreshTurn, StoreFailure>;
    /// Seconds since the epoch.
    fn now(&self) -> i64;
}

/// An opaque token. It has no `Display`, and its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// For a request to the provider, and for nothing else.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// token-store.wit, `credentials`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) access_token: Secret,
    pub(crate) refresh_token: Option<Secret>,
    pub(crate) expires_at: Option<i64>,
    pub(crate) scopes: Vec<String>,
    pub(crate) client_id: String,
}

/// token-store.wit, `stored`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) credentials: Credentials,
    pub(crate) revision: u64,
}

/// token-store.wit, `refresh-turn`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RefreshTurn {
    Mine,
    Changed(Stored),
    Erased,
}

/// secrets.wit, `secrets-error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SettingFailure {
    #[error("the host says that `describe` does not name this setting")]
    Denied,
    #[error("the host's settings are out of reach")]
    Unavailable,
}

/// token-store.wit, `store-error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StoreFailure {
    #[error("this call is made for no user")]
    NoUser,
    #[error("somebody saved in between")]
    Conflict(Option<u64>),
    #[error("the credential store is out of reach")]
    Unavailable,
    #[error("the host says that it has not given out this token")]
    Refused,
}

impl From<SettingFailure> for Error {
    fn from(failure: SettingFailure) -> Self {
        match failure {
            SettingFailure::Denied => Self::Other(Some(failure.to_string())),
            SettingFailure::Unavailable => fault::retry(RetryCause::Unavailable),
        }
    }
}

impl From<StoreFailure> for Error {
    fn from(failure: StoreFailure) -> Self {
        match failure {
            StoreFailure::NoUser | StoreFailure::Refused => Self::Other(Some(failure.to_string())),
            StoreFailure::Conflict(_) | StoreFailure::Unavailable => {
                fault::retry(RetryCause::Unavailable)
            }
        }
    }
}
