//! Connecting an account: everything about an OAuth flow that is the same for every
//! provider. State, verifier and binding are made and checked here; a plugin only knows
//! its provider's way of saying things.

pub(crate) mod authorization;
mod begin;
mod error;
mod finish;
mod flows;
#[cfg(fuzzing)]
pub mod fuzzing;
mod landing;
mod pace;
mod parked;
mod question;
pub(crate) mod random;
mod standing;

pub use begin::Begun;
pub use error::FlowError;
pub use flows::{Flows, Origin, redirect_uri};
pub use landing::{Landed, Returned};
pub use pace::CONNECTS_PER_MINUTE;
pub use question::{Answered, Left, Question};

use crate::cookie::Cookie;

/// How long a browser may take at the provider, and how long a parked callback waits, in
/// seconds. Providers' codes live about as long.
pub const FLOW_SECONDS: i64 = 600;

/// What ties a flow to the browser that began it.
pub const FLOW_COOKIE: Cookie = Cookie {
    secure_name: "__Host-calport-flow",
    plain_name: "calport-flow",
    seconds: FLOW_SECONDS,
};

/// The `status` of a flow that came to an account other than the connected one.
pub const ACCOUNT_CHANGED: &str = "account-changed";

/// The target of events that an auditor looks for: who was linked to what, and who tried.
const AUDIT: &str = "calport::audit";
