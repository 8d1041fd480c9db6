//! Connecting an account: everything about an OAuth flow that is the same for every
//! provider. State, verifier and binding are made and checked here; a plugin only knows
//! its provider's way of saying things.

mod authorization;
mod flows;
pub(crate) mod random;

pub use flows::{Begun, FlowError, Flows, Landed, Origin, Returned};

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
