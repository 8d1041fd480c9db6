//! What both providers' OAuth endpoints read in the same way.
//!
//! It only reads and compares; what follows from it is each provider's own.

mod client;
mod form;
mod pkce;

pub(crate) use client::{Client, client};
pub(crate) use form::{form, required};
pub(crate) use pkce::{is_challenge, verifies};
