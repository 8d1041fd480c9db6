//! What can go wrong with a plugin: when it is loaded, and when it is called.

use super::{BudgetError, DescriptionError, types};
use std::path::PathBuf;

/// Why a component cannot serve as a plugin.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// wasmtime does not run on this machine.
    #[error("WebAssembly cannot be run on this machine: {0}")]
    Engine(#[source] wasmtime::Error),
    /// The file is not there or cannot be read.
    #[error("the component {} cannot be read: {source}. Set CALPORT_PLUGIN to a component's path, or leave it out to use the built-in one", path.display())]
    File {
        /// Where it was looked for.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It is larger than any plugin.
    #[error("the component has more than 64 MiB, which is more than any plugin needs")]
    TooLarge,
    /// It is no WebAssembly component.
    #[error("this is not a WebAssembly component: {reason}. Build it for wasm32-wasip2")]
    NotAComponent {
        /// What the decoder said.
        reason: String,
    },
    /// It imports what no plugin gets.
    #[error("the component wants what no plugin gets: {}. Plugins reach the outside only through wasi:http and the contract's own imports", .0.join(", "))]
    ForbiddenImports(Vec<String>),
    /// It is not written for this contract.
    #[error("the component does not export {expected}{}. Build it against the contract in this project's wit folder", found.as_ref().map(|f| format!(" but {f}")).unwrap_or_default())]
    WrongContract {
        /// The export that is missing.
        expected: &'static str,
        /// The export of another version, if there is one.
        found: Option<String>,
    },
    /// It has the right names with the wrong shapes.
    #[error(
        "the component does not fit the contract: {0}. Build it against the contract in this project's wit folder"
    )]
    Mismatch(String),
    /// It could not say what it is.
    #[error("the plugin failed to describe itself: {0}")]
    Describe(#[source] Box<CallError>),
    /// What it says of itself is refused.
    #[error("the plugin's description is refused: {0}")]
    Description(#[from] DescriptionError),
    /// What a provider is said to allow is no such thing.
    #[error(transparent)]
    Budget(#[from] BudgetError),
    /// One of its endpoints may not be reached.
    #[error("{setting} is refused: {reason}")]
    Endpoint {
        /// The setting, or the endpoint that has a wrong default.
        setting: String,
        /// Why.
        reason: String,
    },
}

/// Why a call gave no result.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The plugin's own answer.
    #[error("{}", describe(.0))]
    Plugin(types::Error),
    /// It trapped. Nobody else was affected.
    #[error("the plugin crashed{}", .0.as_ref().map(|at| format!(" at {at}")).unwrap_or_default())]
    Trapped(Option<String>),
    /// It computed or waited for too long.
    #[error("the plugin took too long")]
    TimedOut,
    /// It asked for more memory or handles than a call may have.
    #[error("the plugin wanted more memory than a call may have")]
    OutOfMemory,
    /// Its answer is none that the contract allows. What is wrong with it.
    #[error("the plugin's answer is refused: {0} is not as the contract says")]
    Improper(&'static str),
}

impl CallError {
    /// Its name in metrics: the contract's, where the plugin answered.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Plugin(error) => error_code(error),
            Self::Trapped(_) => "trapped",
            Self::TimedOut => "timed-out",
            Self::OutOfMemory => "out-of-memory",
            Self::Improper(_) => "improper",
        }
    }

    /// Whether the same call may succeed at another time, though its user does nothing.
    pub fn may_pass(&self) -> bool {
        use types::Error;
        match self {
            Self::Plugin(error) => match error {
                Error::Retry(_)
                | Error::NotConfigured(_)
                | Error::Misconfigured(_)
                | Error::Conflict => true,
                Error::Invalid(_)
                | Error::NotConnected
                | Error::NeedsReconnect(_)
                | Error::NeedsScope(_)
                | Error::NeedsAdmin(_)
                | Error::Denied
                | Error::Rejected(_)
                | Error::Gone
                | Error::Other(_) => false,
            },
            Self::Trapped(_) | Self::TimedOut | Self::OutOfMemory | Self::Improper(_) => true,
        }
    }
}

/// The contract's name of an error.
pub fn error_code(error: &types::Error) -> &'static str {
    use types::Error;
    match error {
        Error::Invalid(_) => "invalid",
        Error::NotConfigured(_) => "not-configured",
        Error::Misconfigured(_) => "misconfigured",
        Error::NotConnected => "not-connected",
        Error::NeedsReconnect(_) => "needs-reconnect",
        Error::NeedsScope(_) => "needs-scope",
        Error::NeedsAdmin(_) => "needs-admin",
        Error::Denied => "denied",
        Error::Retry(_) => "retry",
        Error::Conflict => "conflict",
        Error::Gone => "gone",
        Error::Rejected(_) => "rejected",
        Error::Other(_) => "other",
    }
}

impl From<types::Error> for CallError {
    fn from(error: types::Error) -> Self {
        Self::Plugin(error)
    }
}

/// The contract's error as a sentence. The REST interface has its own words for users.
fn describe(error: &types::Error) -> String {
    use types::Error;
    match error {
        Error::Invalid(field) => {
            format!("{} {}: {}", field.field, field.problem, field.remedy)
        }
        Error::NotConfigured(names) => format!("not configured: {}", names.join(", ")),
        Error::Misconfigured(what) => format!("the app is misconfigured: {what}"),
        Error::NotConnected => "no account is connected".to_owned(),
        Error::NeedsReconnect(why) => format!("the account must be connected again: {why}"),
        Error::NeedsScope(scopes) => format!("permissions are missing: {}", scopes.join(", ")),
        Error::NeedsAdmin(why) => format!("an administrator must approve: {why}"),
        Error::Denied => "the user declined".to_owned(),
        Error::Retry(advice) => format!("try again later ({:?})", advice.cause),
        Error::Conflict => "the calendar holds a newer revision".to_owned(),
        Error::Gone => "the calendar is no longer there".to_owned(),
        Error::Rejected(why) => format!("the provider refused: {why}"),
        Error::Other(why) => why.clone().unwrap_or_else(|| "an unknown error".to_owned()),
    }
}
