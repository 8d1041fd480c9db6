//! What users do, in their own calendars, to the events that bookings put there.

mod calendar;
mod policies;
mod privacy;
mod readings;
mod seen;
mod undisturbed;
