//! Brings calendars to the state that bookings ask for. What is owed is a row in the
//! database, written with the booking; workers take calendars, call the plugin, and note how
//! far they came. Any step may be repeated after a crash.

mod backoff;
mod deliveries;
mod delivery;
mod dispatch;
mod grants;
mod lanes;
mod ledger;
mod news;
mod outcome;
mod owe;
mod pauses;
mod remote;
mod removal;
mod switch;
mod worker;

pub use deliveries::{Deliveries, Progress, SetAside};
pub use delivery::{Delivery, State};
pub use dispatch::Workers;
pub use grants::grant_died;
pub use news::News;
pub(crate) use outcome::CALENDAR_GONE;
pub use owe::{owe_booking, owe_connection};
pub use removal::remove_events;
pub use switch::switch_account;
