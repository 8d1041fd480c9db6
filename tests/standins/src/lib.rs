//! Stand-ins for the providers' servers: as strict as the providers, on loopback, with faults on demand.
//!
//! The end-to-end tests and `calport demo` run against them, so that no real account and no network is
//! needed. They never call anybody, keep everything in memory, and are no place for real credentials.
//!
//! ```
//! use calport_standins::{ConsentChoice, Google, GoogleConfig};
//!
//! let google = Google::start(GoogleConfig::default().redirect_uri("http://127.0.0.1:8000/cb"))?;
//! for (name, value) in google.environment() {
//!     println!("{name}={value}");
//! }
//! # let authorization_url = format!("{}/o/oauth2/v2/auth?client_id={}&redirect_uri={}&response_type=code&state=s\
//! #     &scope=openid&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
//! #     google.base_url(), "calport-demo.apps.googleusercontent.example", "http%3A%2F%2F127.0.0.1%3A8000%2Fcb");
//! let back = google.consent(&authorization_url, "casey.customer@gmail.example", &ConsentChoice::Allow)?;
//! assert!(back.starts_with("http://127.0.0.1:8000/cb?"));
//! assert!(google.requests().is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod clock;
mod consent;
mod control;
mod fault;
mod gate;
mod google;
mod mint;
mod oauth;
mod outlook;
mod page;
mod pairs;
mod quota;
mod record;
mod recurrence;
mod schema;
mod server;
mod standin;
mod zoned;

pub use consent::{ConsentChoice, ConsentError};
pub use fault::{Behaviour, Fault, FaultId, Faults};
pub use google::{Google, GoogleAccount, GoogleCalendar, GoogleConfig, GoogleRole};
pub use outlook::{
    Mailbox, Outlook, OutlookAccount, OutlookCalendar, OutlookConfig, Repeat, ScopeSpelling,
};
pub use record::{Recorded, Requests};
pub use standin::Standin;
