//! The one way out: every outgoing request of every plugin, and of the host itself, is sent here.
//!
//! Nothing here follows a redirect, reads a proxy from the environment, keeps a cookie, decodes a
//! compressed body or resolves a name twice. No error holds a path, a query or a header's value.

mod address;
mod body;
mod checked;
mod client;
mod connect;
mod error;
mod headers;
mod limits;
mod origin;
mod resolve;
mod target;
#[cfg(test)]
pub(crate) mod tests;

pub use address::is_global;
pub use body::ReplyBody;
pub use checked::{Checked, CheckedParts};
pub use client::{Egress, EgressBuilder};
pub use error::{BadReply, BadRequest, BuildError, Destination, EgressError, TlsFault};
pub use limits::Limits;
pub use origin::{AllowList, Loopback, Origin, OriginError};
pub use resolve::{Resolve, Resolving, SystemResolver};
pub use target::Target;
