//! Brings calendars to the state that bookings ask for. What is owed is a row in the
//! database, written with the booking; workers take rows, call the plugin, and note how
//! far they came. Any step may be repeated after a crash.

mod deliveries;
mod outcome;
mod remote;
mod worker;

pub use deliveries::{Deliveries, Delivery, State, owe_booking, owe_connection};
pub(crate) use outcome::CALENDAR_GONE;
pub use worker::Workers;
