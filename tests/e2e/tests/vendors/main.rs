//! What is sent to Google and Microsoft, compared with what they publish about their own
//! interfaces: Google's discovery document, Microsoft's type declarations. The stand-ins are
//! ours and could share our mistakes; these are not.
//!
//! `tests/e2e/foreign/install` installs them.

mod google;
mod graph;
mod run;

pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;
