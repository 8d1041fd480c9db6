//! What a user does on a provider's consent page, for tests that have no browser.
//!
//! It never bypasses the page's own checks: the same request that the page refuses is refused here.

use serde::{Deserialize, Serialize};

/// What the user decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConsentChoice {
    /// Allows all that is asked for.
    #[default]
    Allow,
    /// Leaves these boxes unticked (full scope names) and allows the rest.
    AllowWithout(Vec<String>),
    /// Says no.
    Cancel,
    /// The provider itself refuses, with this `error` on the callback, e.g. `admin_policy_enforced`.
    Refused(String),
}

/// Why there is no callback.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ConsentError {
    /// The provider would have shown an error page and sent the browser nowhere.
    #[error("the provider shows an error page: {status} {code}: {message}")]
    Page {
        /// Status of the error page.
        status: u16,
        /// The provider's name of the error, e.g. `redirect_uri_mismatch`.
        code: String,
        /// What the page says.
        message: String,
    },
    /// The URL is not one of this stand-in's authorize page.
    #[error("not an authorize URL of this stand-in")]
    OtherUrl,
    /// There is no such account.
    #[error("no such account here")]
    UnknownAccount,
}
