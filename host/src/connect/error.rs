//! Why a flow did not go on, and the word for it. Never repeats what came in.

use crate::{
    plugin::{CallError, error_code},
    vault::VaultError,
};

/// Why a flow did not go on.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    /// No plugin serves this provider, or it has no accounts to connect.
    #[error("there is no such provider to connect")]
    UnknownProvider,
    /// The state is missing, unknown, used up, too old, or another provider's.
    #[error("this link is not valid, or not any more")]
    UnknownState,
    /// The handle is unknown, used up, too old, or another user's.
    #[error("this handle is not valid, or not any more")]
    UnknownHandle,
    /// The plugin wanted the browser sent to a place that is not the provider's, or the user
    /// asked for more than the plugin's description says.
    #[error("the plugin built an authorization URL that is refused: {0}")]
    RefusedUrl(&'static str),
    /// The plugin reported success and stored nothing.
    #[error("the plugin stored no grant")]
    NoGrant,
    /// The user begins too often; so many seconds to the next time.
    #[error("this user connects too often; the next time in {0} s")]
    TooOften(u32),
    /// The plugin's own answer, or its end.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The system has no randomness to give.
    #[error("the system's random source failed")]
    Random(#[from] getrandom::Error),
}

impl From<sqlx::Error> for FlowError {
    fn from(error: sqlx::Error) -> Self {
        Self::Vault(error.into())
    }
}

impl FlowError {
    /// The stable code of `status` on the way back to the platform.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownProvider => "unknown-provider",
            Self::UnknownState | Self::UnknownHandle => "expired",
            Self::TooOften(_) => "too-often",
            Self::RefusedUrl(_) | Self::NoGrant | Self::Vault(_) | Self::Random(_) => "internal",
            Self::Call(CallError::Plugin(error)) => error_code(error),
            Self::Call(CallError::TimedOut) => "retry",
            Self::Call(CallError::Trapped(_) | CallError::OutOfMemory | CallError::Improper(_)) => {
                "internal"
            }
        }
    }
}
