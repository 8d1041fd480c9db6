//! Brings calendars to the state that bookings ask for. What is owed is a row in the
//! database, written with the booking; workers take calendars, call the plugin, and note how
//! far they came. Any step may be repeated after a crash.

mod catch_up;
mod clock;
mod deliveries;
mod delivery;
mod dispatch;
mod drift;
mod ending;
mod grants;
mod lanes;
mod leaving;
mod ledger;
mod news;
mod outcome;
mod owe;
mod pauses;
mod removal;
mod restore;
mod switch;
mod taking_out;
mod worker;

use crate::backoff;

pub use deliveries::{Deliveries, Held, Progress, SetAside, forget_all};
pub(crate) use delivery::columns;
pub use delivery::{Delivery, State};
pub use dispatch::Workers;
pub(crate) use drift::{DELETED, Stated, Stays};
pub use drift::{Drift, Policy, SeenSpan, What};
pub use ending::{Endings, Erased, Turn};
pub use grants::grant_died;
pub(crate) use lanes::{Lane, Lanes};
pub use leaving::owe_leaving;
pub use news::News;
pub(crate) use outcome::CALENDAR_GONE;
pub(crate) use owe::wake_lane;
pub use owe::{owe_booking, owe_connection, probe_now};
pub use removal::{Removal, remove_events};
pub use switch::switch_account;
