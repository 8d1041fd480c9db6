//! A whole Calport for one test: stand-in providers, the real component, the real host on
//! a socket of loopback, SQLite in a temporary folder. It shares nothing with other tests
//! but compiled code.

mod balancer;
mod browser;
mod crowd;
mod event;
mod foreign;
mod grant;
mod log;
mod process;
mod receiver;
mod replicas;
mod rest;
mod switch;
mod threads;
mod world;

pub use balancer::Balancer;
pub use browser::{Browser, Landing};
pub use crowd::{BOOKINGS_EACH, Crowd};
pub use event::event;
pub use foreign::{Foreign, answer, libfaketime, not_tested};
pub use grant::grant;
pub use log::Log;
pub use process::{Exited, Process, compiled, connect, consent};
pub use receiver::{Received, Receiver, WEBHOOK_SECRETS};
pub use replicas::Replicas;
pub use rest::{JWT_SECRET, KEYS, METRICS_TOKEN, PLATFORM_TOKEN, Reply, Rest, token};
pub use switch::Switch;
pub use threads::processor_ticks;
pub use world::{PATIENCE, World, WorldOptions, plugin_options, runtime};

/// Accounts of the stand-ins that tests use.
pub mod accounts {
    /// The first of its default accounts.
    pub const CASEY: &str = "casey.customer@gmail.example";
    /// The second.
    pub const SAM: &str = "sam.staff@gmail.example";
    /// A personal account of Microsoft's.
    pub const PERSONAL: &str = "casey.customer@outlook.example";
    /// A work account of Microsoft's.
    pub const WORK: &str = "sam.staff@contoso.example";
    /// One whose organisation must approve first.
    pub const SCHOOL: &str = "kim@school.example";
}
