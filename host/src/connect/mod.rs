//! Connecting an account: everything about an OAuth flow that is the same for every
//! provider. State, verifier and binding are made and checked here; a plugin only knows
//! its provider's way of saying things.

mod authorization;
mod flows;
pub(crate) mod random;

pub use flows::{Begun, FlowError, Flows, Returned, error_code};

/// How long a browser may take at the provider, and how long a parked callback waits, in
/// seconds. Providers' codes live about as long.
pub const FLOW_SECONDS: i64 = 600;
