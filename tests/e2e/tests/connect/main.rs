//! Connecting an account through the whole stack, and everything that can go wrong on the
//! way.

mod browsers;
mod connecting;
mod ending;
mod issuers;
mod leaving;
mod refusals;
mod states;
mod targets;

const OVERVIEW: &str = "/api/calendar/";
